"""Mistakes with integrals and moments."""

from __future__ import annotations

from sympy import Expr, Symbol

from derive.course.mistakes.mistake import Book, contains_integral, exchange, weighted, with_body
from derive.course.transition import Change, Transition
from derive.terms import (
    KL,
    ONE,
    TWO,
    ZERO,
    Component,
    Density,
    IntegralOver,
    Law,
    Log,
    Minus,
    Plus,
    Power,
    Quotient,
    Times,
    free_symbols,
    plus,
    times,
)

BOOK = Book()


@BOOK.mistake(
    "the sign lost when the integral was split",
    "Linearity carries the sign of each part along: −a under the integral is −∫a.",
    "linearity",
    "constant-factor",
)
def _sign_lost_in_the_split(t: Expr) -> Expr | None:
    if isinstance(t, Plus):
        for i, part in enumerate(t.args):
            if isinstance(part, Minus) and contains_integral(part):
                return plus(*t.args[:i], part.args[0], *t.args[i + 1 :])
    return None


@BOOK.mistake(
    "the constant lost when the integral was split",
    "A constant factor comes out of the integral; it does not vanish.",
    "linearity",
    "constant-factor",
)
def _constant_lost_in_the_split(t: Expr) -> Expr | None:
    if isinstance(t, Times) and isinstance(t.args[-1], IntegralOver) and not isinstance(t.args[0], Log):
        return t.args[-1]
    return None


@BOOK.mistake(
    "the integral of a product as a product of integrals",
    "∫fg is not ∫f·∫g: averages multiply only for independent factors, each under its own density.",
    "linearity",
)
def _product_of_integrals(t: Expr) -> Expr | None:
    found = weighted(t)
    if found is None:
        return None
    return Times(with_body(t, found[0]), with_body(t, times(*found[1])))


@BOOK.mistake(
    "the mean of the square as the square of the mean",
    "The average of x² is the square of the average plus the variance: averaging first loses the spread.",
    "linearity",
    "lemma",
    "arithmetic",
    anywhere=True,
)
def _square_of_the_mean(t: Expr) -> Expr | None:
    found = weighted(t)
    if found is None or len(found[1]) != 1:
        return None
    square = found[1][0]
    if isinstance(square, Power) and square.args[1] == TWO and isinstance(square.args[0], Plus):
        return Power(with_body(t, Times(found[0], square.args[0])), TWO)
    return None


def _density_to_zero(transition: Transition) -> Change:
    """The 1 that the lemma of the total mass gave, written as 0."""
    cited = {str(dict(s.bindings).get("lemma")) for s in transition.steps if s.rule == "lemma"}
    mass = any(transition.derivation.lemmas[id].right == ONE for id in cited)
    return lambda t: ZERO if mass and t == ONE else None


BOOK.add(
    "density_to_zero",
    "the density integrated to 0",
    "A density integrates to 1, not to 0: the probabilities of all outcomes add up to one.",
    ("lemma",),
    _density_to_zero,
)


def _moment_of_q(transition: Transition) -> Change:
    """∫ p(x)·(x − μ₂)² dx written as the variance of q; ∫₀^∞ p(x)·x dx as the mean of q."""
    named = dict(transition.derivation.names)
    known = {
        lemma.left: lemma.right
        for lemma in transition.derivation.lemmas.values()
        if weighted(lemma.left) is not None
    }

    def change(t: Expr) -> Expr | None:
        found = weighted(t)
        q = named.get("q")
        if found is None or not isinstance(q, Law) or found[0].args[0] == q:
            return None
        for left, right in known.items():
            own = weighted(left)
            law = own[0].args[0] if own else None
            if not isinstance(law, Law) or law.family != q.family:
                continue
            stands = dict(zip(law.args[1:], q.args[1:], strict=True))
            of_q = _instance(left, stands)
            if weighted(of_q) and t.args[0].args[1:] == of_q.args[0].args[1:]:
                return _instance(right, stands)
        return None

    return change


BOOK.add(
    "moment_of_q",
    "a moment of q for one of p",
    "The average is taken under p, so p's moments are what comes out, whatever law the function came from.",
    ("lemma", "arithmetic"),
    _moment_of_q,
    anywhere=True,
)


def _instance(term: Expr, stands: dict[Expr, Expr]) -> Expr:
    if term in stands:
        return stands[term]
    if not term.args or isinstance(term, Symbol):
        return term
    return type(term)(*(_instance(a, stands) for a in term.args))


def _moment_by_q(transition: Transition) -> Change:
    """The value that a lemma gave, with q's parameters in the place of p's."""

    def change(t: Expr) -> Expr | None:
        if not free_symbols(t) or isinstance(t, (IntegralOver, Log, KL, Density)):
            return None
        small = isinstance(t, (Power, Quotient)) and all(
            a.is_Rational or isinstance(a, (Symbol, Component)) for a in t.args
        )
        return exchange(t) if small else None

    return change


BOOK.add(
    "parameters_of_q",
    "the parameters of the other law",
    "Put in the parameters of the density that stands there, not those of the other law.",
    ("lemma",),
    _moment_by_q,
)


@BOOK.mistake(
    "a ratio of equal terms cancelled to 0",
    "Equal factors above and below leave 1: a/(2a) is ½, it does not vanish.",
    "arithmetic",
    anywhere=True,
)
def _cancelled_to_nothing(t: Expr) -> Expr | None:
    if isinstance(t, Plus):
        kept = [
            a for a in t.args if not (isinstance(a, Minus) and a.args[0].is_Rational) and not a.is_Rational
        ]
        return plus(*kept) if 0 < len(kept) < len(t.args) else None
    return None
