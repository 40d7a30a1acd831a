"""Mistakes that people really make, as data: where each is made, what it writes, why it is wrong.

A mistake is a small transformation of the right line.  It is offered as a choice only when numbers
show it wrong at that line, and nothing it writes is ever accepted: the checker refuses each one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sympy import Expr, Symbol

from derive.course.transition import TRIVIAL, Change, Transition, rewritten
from derive.terms import (
    HALF,
    KL,
    ONE,
    TWO,
    ZERO,
    Component,
    Density,
    Exp,
    IntegralOver,
    Law,
    Log,
    Minus,
    Plus,
    Power,
    ProductOver,
    Quotient,
    Root,
    SumOver,
    Times,
    factors,
    free_symbols,
    plus,
    times,
    walk,
)


@dataclass(frozen=True)
class Mistake:
    """One way to go wrong.

    ``rules``: it is made when one of these is used; empty for any.  ``change`` makes the wrong
    sub-term of the right one.  ``anywhere``: it may touch what the step left alone.
    """

    id: str
    title: str
    because: str
    rules: frozenset[str]
    change: Callable[[Transition], Change]
    anywhere: bool = False

    def wrong_lines(self, transition: Transition) -> Iterator[Expr]:
        """The right line with this mistake in it, at each place where it can be made."""
        if self.rules and not self.rules & transition.rules:
            return
        everywhere = self.anywhere or transition.rules <= set(TRIVIAL)
        within = ((),) if everywhere else transition.new
        yield from rewritten(transition.after, within, self.change(transition))


MISTAKES: tuple[Mistake, ...] = ()


def _mistake(
    title: str, because: str, *rules: str, anywhere: bool = False
) -> Callable[[Callable[[Expr], Expr | None]], Change]:
    """Keep a change of a sub-term as a mistake; its name, with dashes, is the id."""

    def keep(change: Callable[[Expr], Expr | None]) -> Change:
        _keep(change.__name__, title, because, rules, lambda _: change, anywhere)
        return change

    return keep


def _keep(
    name: str,
    title: str,
    because: str,
    rules: tuple[str, ...],
    change: Callable[[Transition], Change],
    anywhere: bool = False,
) -> None:
    global MISTAKES
    id = name.strip("_").replace("_", "-")
    MISTAKES += (Mistake(id, title, because, frozenset(rules), change, anywhere),)


def exchange(term: Expr) -> Expr:
    """The term with every name that ends in _1 written with _2, and the other way round."""
    if isinstance(term, Symbol):
        stem, _, number = term.name.rpartition("_")
        return Symbol(f"{stem}_{3 - int(number)}") if number in ("1", "2") else term
    return term if not term.args else type(term)(*(exchange(a) for a in term.args))


def _weighted(t: Expr) -> tuple[Expr, list[Expr]] | None:
    """The density and the other factors of an integrand p(x)·…, None when it is not one."""
    if isinstance(t, IntegralOver) and isinstance(t.args[0], Times):
        first, *rest = factors(t.args[0])
        if isinstance(first, Density):
            return first, rest
    return None


def _with_body(t: Expr, body: Expr) -> Expr:
    return type(t)(body, *t.args[1:])


def _ratio(t: Expr) -> Expr | None:
    """The quotient under a logarithm of densities."""
    if isinstance(t, Log) and isinstance(t.args[0], Quotient) and isinstance(t.args[0].args[0], Density):
        return t.args[0]
    return None


# -- the definition -----------------------------------------------------------------------------------


@_mistake(
    "averaged under q",
    "The average is taken under p, the first of the two laws: where p puts its mass is what counts.",
    "definition-of-kl",
    "sum-through-integral",
    "marginalisation",
)
def _averaged_under_q(t: Expr) -> Expr | None:
    found = _weighted(t)
    if found is None:
        return None
    own, rest = found
    others = [d for f in rest for _, d in walk(f) if isinstance(d, Density) and d.args[0] != own.args[0]]
    same = [d for d in others if d.args[1] == own.args[1]] or [
        Density(exchange(own.args[0]), own.args[1])
    ]
    return _with_body(t, times(same[0], *rest)) if others and same[0] != own else None


@_mistake(
    "p and q swapped",
    "The divergence is not symmetric: in KL(p‖q) the law p stands on top of the ratio.",
    "definition-of-kl",
)
def _swapped_p_and_q(t: Expr) -> Expr | None:
    return None if (ratio := _ratio(t)) is None else Log(Quotient(*reversed(ratio.args)))


@_mistake(
    "the logarithm of the average",
    "The average of a logarithm is not the logarithm of the average; by Jensen's inequality the latter "
    "is never smaller.",
    "definition-of-kl",
)
def _log_of_the_average(t: Expr) -> Expr | None:
    found = _weighted(t)
    if found is None or len(found[1]) != 1 or not isinstance(found[1][0], Log):
        return None
    return Log(_with_body(t, Times(found[0], found[1][0].args[0])))


@_mistake(
    "the weight forgotten",
    "An expectation is an integral against the density; without p(x) there is nothing to average with.",
    "definition-of-kl",
    "linearity",
)
def _weight_forgotten(t: Expr) -> Expr | None:
    found = _weighted(t)
    return None if found is None else _with_body(t, times(*found[1]))


# -- logarithms ---------------------------------------------------------------------------------------


def _difference_of_logs(t: Expr) -> tuple[Expr, Expr] | None:
    if isinstance(t, Plus) and len(t.args) == 2 and isinstance(t.args[1], Minus):
        first, second = t.args[0], t.args[1].args[0]
        if isinstance(first, Log) and isinstance(second, Log):
            return first, second
    return None


@_mistake(
    "a quotient of logarithms",
    "The logarithm of a quotient is the difference of the logarithms, not their quotient.",
    "log-quotient",
)
def _quotient_of_logs(t: Expr) -> Expr | None:
    return None if (found := _difference_of_logs(t)) is None else Quotient(*found)


@_mistake(
    "a sum for a difference",
    "Dividing inside the logarithm subtracts outside; it is multiplying that adds.",
    "log-quotient",
    "merge-sums",
)
def _sum_for_difference(t: Expr) -> Expr | None:
    return None if (found := _difference_of_logs(t)) is None else Plus(*found)


@_mistake(
    "the difference turned round",
    "The numerator's logarithm comes first and the denominator's is taken away.",
    "log-quotient",
    "merge-sums",
    "marginalisation",
)
def _difference_turned_round(t: Expr) -> Expr | None:
    return None if (found := _difference_of_logs(t)) is None else Plus(found[1], Minus(found[0]))


@_mistake(
    "the ratio upside down",
    "The logarithm that is added goes on top and the one that is taken away goes below; turning the "
    "ratio changes the sign of the term.",
    "combine-logs",
    "arithmetic",
    "collect",
    "lemma",
)
def _ratio_upside_down(t: Expr) -> Expr | None:
    if isinstance(t, Log) and isinstance(t.args[0], Quotient) and _ratio(t) is None:
        return Log(Quotient(*reversed(t.args[0].args)))
    return None


@_mistake(
    "log σ² where log σ stands",
    "The normaliser holds the standard deviation once, so its logarithm is log σ: log σ² is twice as much.",
    "combine-logs",
    "collect",
)
def _log_of_the_variance(t: Expr) -> Expr | None:
    if isinstance(t, Log) and isinstance(t.args[0], Quotient):
        top, bottom = t.args[0].args
        if all(isinstance(a, (Symbol, Component)) or a == ONE for a in (top, bottom)):
            return Log(Quotient(*(a if a == ONE else Power(a, TWO) for a in (top, bottom))))
    return None


@_mistake(
    "log σ where log σ² stands",
    "Once the half is outside, it is the logarithm of the square that stands inside: log σ = ½ log σ².",
    "log-as-log-square",
    "collect",
)
def _log_of_the_deviation(t: Expr) -> Expr | None:
    if isinstance(t, Log) and isinstance(t.args[0], Power) and t.args[0].args[1] == TWO:
        return Log(t.args[0].args[0])
    return None


@_mistake(
    "the square moved outside the logarithm",
    "log(a²) is 2 log a; the square of the logarithm is another number.",
    "log-square",
    "log-as-log-square",
    "collect",
)
def _square_outside_the_log(t: Expr) -> Expr | None:
    if isinstance(t, Log) and isinstance(t.args[0], Power) and t.args[0].args[1] == TWO:
        return Power(Log(t.args[0].args[0]), TWO)
    return None


@_mistake(
    "a constant pulled inside the logarithm",
    "k·log a is log(a^k): a factor in front becomes an exponent inside, not a factor inside.",
    "lemma",
    "log-root",
    "arithmetic",
    "collect",
)
def _constant_inside_the_log(t: Expr) -> Expr | None:
    if isinstance(t, Times) and t.args[0] == HALF and isinstance(t.args[1], Log):
        return times(Log(Quotient(t.args[1].args[0], TWO)), *t.args[2:])
    return None


@_mistake(
    "a product of logarithms",
    "The logarithm turns a product into a sum: the logarithms are added, not multiplied.",
    "log-product-over",
    "log-product",
)
def _product_of_logs(t: Expr) -> Expr | None:
    if isinstance(t, SumOver) and isinstance(t.args[0], Log):
        return ProductOver(*t.args)
    if isinstance(t, Plus) and all(isinstance(a, Log) for a in t.args):
        return Times(*t.args)
    return None


@_mistake(
    "the sign of the exponent lost",
    "The logarithm undoes the exponential and gives back its exponent, with its minus sign.",
    "log-exp",
)
def _sign_of_the_exponent(t: Expr) -> Expr | None:
    return plus(*t.args[:-1], t.args[-1].args[0]) if _ends_with_minus(t) else None


def _ends_with_minus(t: Expr) -> bool:
    return isinstance(t, Plus) and isinstance(t.args[-1], Minus)


@_mistake(
    "a sum of the densities",
    "The joint density of independent coordinates is the product of their densities.",
    "definition-of-density",
)
def _sum_of_densities(t: Expr) -> Expr | None:
    return SumOver(*t.args) if isinstance(t, ProductOver) else None


# -- the densities ------------------------------------------------------------------------------------


@_mistake(
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


@_mistake(
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


_keep(
    "deviation_for_variance",
    "σ where σ² stands",
    "The variance σ² is in the squared units of x, as is what it stands beside; σ is its root.",
    ("lemma", "arithmetic", "collect", "combine-logs", "definition-of-density", "log-exp"),
    _deviation_for_variance,
)


@_mistake(
    "the ½ dropped",
    "The ½ comes from the normal exponent −(x − μ)²/(2σ²) or from a square root, and stays to the end.",
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


@_mistake(
    "the minus sign reached only the first term",
    "A minus before a bracket turns every sign inside it.",
    "cancel",
    "combine-logs",
    "arithmetic",
)
def _minus_reached_one_term(t: Expr) -> Expr | None:
    if isinstance(t, Plus) and len(t.args) > 2 and not isinstance(t.args[-1], Minus):
        return None if t.args[-1].is_Rational else plus(*t.args[:-1], Minus(t.args[-1]))
    return None


# -- integrals and moments -----------------------------------------------------------------------------


@_mistake(
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


@_mistake(
    "the constant lost when the integral was split",
    "A constant factor comes out of the integral; it does not vanish.",
    "linearity",
    "constant-factor",
)
def _constant_lost_in_the_split(t: Expr) -> Expr | None:
    if isinstance(t, Times) and isinstance(t.args[-1], IntegralOver) and not isinstance(t.args[0], Log):
        return t.args[-1]
    return None


@_mistake(
    "the integral of a product as a product of integrals",
    "∫fg is not ∫f·∫g: averages multiply only for independent factors, each under its own density.",
    "linearity",
)
def _product_of_integrals(t: Expr) -> Expr | None:
    found = _weighted(t)
    if found is None:
        return None
    return Times(_with_body(t, found[0]), _with_body(t, times(*found[1])))


@_mistake(
    "the mean of the square as the square of the mean",
    "E[x²] is E[x]² plus the variance: averaging first loses the spread.",
    "linearity",
    "lemma",
    "arithmetic",
    anywhere=True,
)
def _square_of_the_mean(t: Expr) -> Expr | None:
    found = _weighted(t)
    if found is None or len(found[1]) != 1:
        return None
    square = found[1][0]
    if isinstance(square, Power) and square.args[1] == TWO and isinstance(square.args[0], Plus):
        return Power(_with_body(t, Times(found[0], square.args[0])), TWO)
    return None


def _density_to_zero(transition: Transition) -> Change:
    """The 1 that the lemma of the total mass gave, written as 0."""
    cited = {str(dict(s.bindings).get("lemma")) for s in transition.steps if s.rule == "lemma"}
    mass = any(transition.derivation.lemmas[id].right == ONE for id in cited)
    return lambda t: ZERO if mass and t == ONE else None


_keep(
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
        if _weighted(lemma.left) is not None
    }

    def change(t: Expr) -> Expr | None:
        found = _weighted(t)
        q = named.get("q")
        if found is None or not isinstance(q, Law) or found[0].args[0] == q:
            return None
        for left, right in known.items():
            own = _weighted(left)
            law = own[0].args[0] if own else None
            if not isinstance(law, Law) or law.family != q.family:
                continue
            stands = dict(zip(law.args[1:], q.args[1:], strict=True))
            of_q = _instance(left, stands)
            if _weighted(of_q) and t.args[0].args[1:] == of_q.args[0].args[1:]:
                return _instance(right, stands)
        return None

    return change


_keep(
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


_keep(
    "parameters_of_q",
    "the parameters of the other law",
    "The lemma is used for the law under the integral, so that law's parameters go into it.",
    ("lemma",),
    _moment_by_q,
)


@_mistake(
    "a ratio of equal terms cancelled to 0",
    "Equal factors above and below leave 1: a/(2a) is ½, it does not vanish.",
    "arithmetic",
    anywhere=True,
)
def _cancelled_to_nothing(t: Expr) -> Expr | None:
    if isinstance(t, Plus):
        kept = [a for a in t.args if not (isinstance(a, Minus) and a.args[0].is_Rational) and not a.is_Rational]
        return plus(*kept) if 0 < len(kept) < len(t.args) else None
    return None


# -- algebra --------------------------------------------------------------------------------------------


@_mistake(
    "(a + b)² as a² + b²",
    "The square of a sum has a cross term: (a + b)² = a² + 2ab + b².",
    "expand-square",
)
def _cross_term_lost(t: Expr) -> Expr | None:
    if isinstance(t, Plus) and len(t.args) == 3 and isinstance(t.args[1], Times) and t.args[1].args[0] == TWO:
        return Plus(t.args[0], t.args[2])
    return None


@_mistake(
    "the cross term taken once",
    "The product ab comes up twice, as ab and as ba: the cross term is 2ab.",
    "expand-square",
)
def _cross_term_once(t: Expr) -> Expr | None:
    if isinstance(t, Times) and len(t.args) == 3 and t.args[0] == TWO:
        return times(*t.args[1:])
    return None


@_mistake(
    "(a − b)² as a² − b²",
    "a² − b² is (a − b)(a + b); the square of a difference is a² − 2ab + b².",
    "arithmetic",
    "collect",
    "lemma",
)
def _difference_of_squares(t: Expr) -> Expr | None:
    if isinstance(t, Power) and t.args[1] == TWO and isinstance(t.args[0], Plus) and len(t.args[0].args) == 2:
        first, second = t.args[0].args
        if isinstance(second, Minus) and not isinstance(second.args[0], Plus):
            return Plus(Power(first, TWO), Minus(Power(second.args[0], TWO)))
    return None


@_mistake(
    "only one term divided",
    "A fraction divides the whole numerator: (a + b)/c is a/c + b/c.",
    "arithmetic",
    "collect",
)
def _one_term_divided(t: Expr) -> Expr | None:
    if isinstance(t, Quotient) and isinstance(t.args[0], Plus) and len(t.args[0].args) == 2:
        return Plus(t.args[0].args[0], Quotient(t.args[0].args[1], t.args[1]))
    return None


@_mistake(
    "the sign of the last term lost",
    "What is subtracted stays subtracted when the terms are put in order.",
    "collect",
    "arithmetic",
    "lemma",
)
def _last_sign_lost(t: Expr) -> Expr | None:
    if _ends_with_minus(t) and not isinstance(t.args[-1].args[0], (Symbol, Component)):
        return plus(*t.args[:-1], t.args[-1].args[0])
    return None


@_mistake(
    "p and q swapped in the part",
    "KL(q‖p) is another number than KL(p‖q): keep the order of the two laws.",
    "recognise-kl",
)
def _part_swapped(t: Expr) -> Expr | None:
    return KL(*reversed(t.args)) if isinstance(t, KL) else None


# -- in the lemmas ----------------------------------------------------------------------------------------


@_mistake(
    "the slope of the substitution forgotten",
    "dx = g′(u) du: a change of variable brings its slope along.",
    "substitution",
)
def _slope_forgotten(t: Expr) -> Expr | None:
    if isinstance(t, IntegralOver) and isinstance(t.args[0], Times):
        return _with_body(t, t.args[0].args[0])
    return None


@_mistake(
    "dx dy = dr dθ",
    "A patch of the plane far from the centre is wider: the area element is r dr dθ.",
    "polar-coordinates",
)
def _radius_forgotten(t: Expr) -> Expr | None:
    if isinstance(t, IntegralOver) and isinstance(t.args[0], Times) and isinstance(t.args[0].args[-1], Symbol):
        return _with_body(t, times(*t.args[0].args[:-1]))
    return None


@_mistake(
    "plus in integration by parts",
    "∫u·v′ = [u·v] − ∫v·u′: the second integral is taken away.",
    "integration-by-parts",
)
def _plus_by_parts(t: Expr) -> Expr | None:
    return plus(t.args[0], t.args[1].args[0]) if _ends_with_minus(t) and len(t.args) == 2 else None


@_mistake(
    "the ends the wrong way round",
    "The value at the upper end comes first and the one at the lower end is taken away.",
    "boundary-limits",
)
def _ends_turned(t: Expr) -> Expr | None:
    if isinstance(t, Plus) and len(t.args) == 2 and isinstance(t.args[1], Minus):
        return Plus(t.args[1].args[0], Minus(t.args[0]))
    return None


@_mistake(
    "the root forgotten",
    "What was found is the square of the integral: the integral itself is the root.",
    "lemma",
    "arithmetic",
)
def _root_forgotten(t: Expr) -> Expr | None:
    return t.args[0] if isinstance(t, Root) and not contains_integral(t) else None


def contains_integral(t: Expr) -> bool:
    """Whether an integral stands in a term."""
    return isinstance(t, IntegralOver) or any(contains_integral(a) for a in t.args)


@_mistake(
    "the sign of the antiderivative lost",
    "An antiderivative of e^{−ax} is −e^{−ax}/a: differentiate it to see its sign and its factor.",
    "antiderivative",
)
def _antiderivative_sign(t: Expr) -> Expr | None:
    if type(t).__name__ == "Between" and isinstance(t.args[0], Minus):
        return _with_body(t, t.args[0].args[0])
    return None


BY_ID = {mistake.id: mistake for mistake in MISTAKES}

__all__ = ["BY_ID", "MISTAKES", "Mistake", "exchange"]
