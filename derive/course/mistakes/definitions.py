"""Mistakes with the definition of the divergence and with the densities."""

from __future__ import annotations

from sympy import Expr, Symbol

from derive.course.mistakes.mistake import Book, exchange, ratio_of, weighted, with_body
from derive.course.transition import Change, Transition
from derive.terms import (
    HALF,
    TWO,
    Component,
    Density,
    Exp,
    Log,
    Minus,
    Plus,
    Power,
    Quotient,
    Times,
    plus,
    times,
    walk,
)

BOOK = Book()


@BOOK.mistake(
    "averaged under q",
    "The average is taken under p, the first of the two laws: where p puts its mass is what counts.",
    "definition-of-kl",
    "sum-through-integral",
    "marginalisation",
)
def _averaged_under_q(t: Expr) -> Expr | None:
    found = weighted(t)
    if found is None:
        return None
    own, rest = found
    others = [d for f in rest for _, d in walk(f) if isinstance(d, Density) and d.args[0] != own.args[0]]
    same = [d for d in others if d.args[1] == own.args[1]] or [Density(exchange(own.args[0]), own.args[1])]
    return with_body(t, times(same[0], *rest)) if others and same[0] != own else None


@BOOK.mistake(
    "p and q swapped",
    "The divergence is not symmetric: in KL(p‖q) the law p stands on top of the ratio.",
    "definition-of-kl",
)
def _swapped_p_and_q(t: Expr) -> Expr | None:
    return None if (ratio := ratio_of(t)) is None else Log(Quotient(*reversed(ratio.args)))


@BOOK.mistake(
    "the logarithm of the average",
    "The average of a logarithm is not the logarithm of the average; here the second is "
    "never the smaller one (Jensen's inequality).",
    "definition-of-kl",
)
def _log_of_the_average(t: Expr) -> Expr | None:
    found = weighted(t)
    if found is None or len(found[1]) != 1 or not isinstance(found[1][0], Log):
        return None
    return Log(with_body(t, Times(found[0], found[1][0].args[0])))


@BOOK.mistake(
    "the weight forgotten",
    "An expectation is an integral against the density; without p(x) there is nothing to average with.",
    "definition-of-kl",
    "linearity",
)
def _weight_forgotten(t: Expr) -> Expr | None:
    found = weighted(t)
    return None if found is None else with_body(t, times(*found[1]))


@BOOK.mistake(
    "the normaliser forgotten",
    "A density has a factor in front that makes it integrate to 1, and its logarithm is part of the line.",
    "lemma",
    "definition-of-density",
)
def _normaliser_forgotten(t: Expr) -> Expr | None:
    if isinstance(t, Plus) and len(t.args) > 1 and any(_is_log(a) for a in t.args[:1]):
        return plus(*t.args[1:])
    if isinstance(t, Times) and isinstance(t.args[-1], Exp):
        return t.args[-1]
    return None


def _is_log(t: Expr) -> bool:
    return isinstance(t.args[0] if isinstance(t, Minus) else t, Log)


@BOOK.mistake(
    "the square forgotten",
    "The distance counts squared: without the square, points on one side would count as negative.",
    "lemma",
    "definition-of-density",
    "combine-logs",
    "linearity",
    "log-exp",
)
def _square_forgotten(t: Expr) -> Expr | None:
    if isinstance(t, Power) and t.args[1] == TWO and isinstance(t.args[0], Plus):
        return t.args[0]
    return None


def _deviation_for_variance(transition: Transition) -> Change:
    """σ² written as σ, for a parameter that is declared positive."""
    positive = {d.name for d in transition.scope.declarations if d.domain == "positive"}

    def change(t: Expr) -> Expr | None:
        if not isinstance(t, Power) or t.args[1] != TWO:
            return None
        base = t.args[0].args[0] if isinstance(t.args[0], Component) else t.args[0]
        return t.args[0] if isinstance(base, Symbol) and base.name in positive else None

    return change


BOOK.add(
    "deviation_for_variance",
    "σ where σ² stands",
    "The variance σ² is in the squared units of x, as is what it stands beside; σ is its root.",
    ("lemma", "arithmetic", "collect", "combine-logs", "definition-of-density", "log-exp"),
    _deviation_for_variance,
)


@BOOK.mistake(
    "the ½ dropped",
    "The ½ comes from the exponent −(x − μ)²/(2σ²) of the density or from a square root, and stays to the "
    "end.",
    "lemma",
    "arithmetic",
    "collect",
    "combine-logs",
    "log-exp",
    "definition-of-density",
    "linearity",
)
def _half_dropped(t: Expr) -> Expr | None:
    if isinstance(t, Quotient) and isinstance(t.args[1], Times) and t.args[1].args[0] == TWO:
        return Quotient(t.args[0], times(*t.args[1].args[1:]))
    if isinstance(t, Times) and t.args[0] == HALF:
        return times(*t.args[1:])
    return None


@BOOK.mistake(
    "the sign of the last term lost",
    "A minus before a bracket turns every sign inside it, and a term that is added stays added.",
    "cancel",
    "combine-logs",
    "arithmetic",
)
def _minus_reached_one_term(t: Expr) -> Expr | None:
    if isinstance(t, Plus) and len(t.args) > 2 and not isinstance(t.args[-1], Minus):
        return None if t.args[-1].is_Rational else plus(*t.args[:-1], Minus(t.args[-1]))
    return None
