"""The form in which a divergence is computed, derived from the closed form by the same kernel.

Near p = q the closed form subtracts numbers that are almost equal.  The evaluation form is a sum of
terms that are each non-negative, so nothing cancels:

    c·(r − 1 − log r)  for a ratio r,   ½(eᵗ − 1 − t)  for a difference t,   and squares.

Each bracket is 0 at equality and computed as one function (see ``derive.codegen.primitives``).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from sympy import Expr, Rational, Symbol

from derive.catalogue import Result
from derive.derivation import Chain, Derivation
from derive.evaluate import as_sympy
from derive.kernel import Detail
from derive.rules import RULES
from derive.strategies.lemmas import places
from derive.strategies.tidy import tidy
from derive.terms import (
    HALF,
    INFINITY,
    ONE,
    TWO,
    Component,
    Exp,
    Log,
    Minus,
    Place,
    Plus,
    Power,
    ProductLaw,
    Quotient,
    SumOver,
    Times,
    as_term,
    at,
    contains,
    free_symbols,
    plus,
)

Parts = list[tuple[Fraction, Expr]]


class NoEvaluationForm(ValueError):
    """No cancellation-free form was found; the message says for what."""


@cache
def evaluation_form(closed: Derivation) -> Derivation:
    """A derivation of the same divergence whose last line is a sum of non-negative terms.

    Raises:
        NoEvaluationForm: when the closed form is not of a kind that is known here.
    """
    if closed.right == INFINITY:
        raise NoEvaluationForm(f"{closed.id} is +∞ everywhere: there is nothing to compute")
    chain = Chain(
        f"{closed.id}-evaluation",
        f"{closed.title}: the form that is computed",
        closed.scope,
        closed.left,
        closed.names,
    )
    bindings: dict[str, Expr] = {d.name: Symbol(d.name) for d in closed.scope.declarations}
    p = closed.left.args[0]
    if isinstance(p, ProductLaw):
        bindings["index"] = p.args[1]
    chain.apply(RULES["lemma"], lemma=chain.cite(closed), **bindings)
    _put_constants_back(chain)
    base: Place = (0,) if isinstance(chain.line, SumOver) else ()
    _prepare_logs(chain, base)
    real = frozenset(Symbol(d.name) for d in closed.scope.declarations if d.domain == "real")
    located = frozenset(s for s in real if not _in_exponent(at(chain.line, base), s))
    target, exponents = _propose(at(chain.line, base), located)
    if at(chain.line, base) != target:
        rule = "laws-of-exponents" if exponents else "arithmetic"
        chain.apply(RULES[rule], base, to=target, detail=Detail.BRIEF)
    return chain.done()


def _put_constants_back(chain: Chain) -> None:
    """½ Σ_j a_j becomes Σ_j ½ a_j, so that each coordinate's term stands whole."""
    line = chain.line
    if isinstance(line, Times) and isinstance(line.args[-1], SumOver):
        body, index, dimension = line.args[-1].args
        inside = SumOver(Times(*line.args[:-1], body), index, dimension)
        chain.apply(RULES["arithmetic"], to=inside, detail=Detail.FULL)


def _prepare_logs(chain: Chain, base: Place) -> None:
    """log a² becomes 2 log a, and log(b/a) with a plus sign becomes −log(a/b)."""
    for place in reversed(places(at(chain.line, base), Log)):  # the inner ones first
        where = (*base, *place)
        argument = at(chain.line, where).args[0]
        if isinstance(argument, Power) and argument.args[1] == TWO:
            chain.apply(RULES["log-square"], where, detail=Detail.FULL)
        elif isinstance(argument, Quotient):
            chain.apply(RULES["log-inverse"], where)


def spread(term: Expr, factor: Fraction = Fraction(1)) -> Parts:
    """A term as number · addend pairs: halves multiplied out, fractions of sums split."""
    if isinstance(term, Plus):
        return [pair for a in term.args for pair in spread(a, factor)]
    if isinstance(term, Minus):
        return spread(term.args[0], -factor)
    if term.is_Rational:
        return [(factor * Fraction(int(term.p), int(term.q)), ONE)]
    if isinstance(term, Times) and term.args[0].is_Rational:
        number = term.args[0]
        rest = term.args[1] if len(term.args) == 2 else Times(*term.args[1:])
        return spread(rest, factor * Fraction(int(number.p), int(number.q)))
    if isinstance(term, Quotient) and isinstance(term.args[0], Plus):
        return [pair for a in term.args[0].args for pair in spread(tidy(Quotient(a, term.args[1])), factor)]
    if isinstance(term, Quotient):
        below = term.args[1]
        if below.is_Rational:
            return spread(term.args[0], factor / Fraction(int(below.p), int(below.q)))
        if isinstance(below, Times) and below.args[0].is_Rational:
            rest = below.args[1] if len(below.args) == 2 else Times(*below.args[1:])
            return spread(
                Quotient(term.args[0], rest),
                factor / Fraction(int(below.args[0].p), int(below.args[0].q)),
            )
    return [(factor, term)]


def _in_exponent(term: Expr, symbol: Symbol) -> bool:
    return any(symbol in free_symbols(at(term, place)) for place in places(term, Exp))


def _propose(body: Expr, located: frozenset[Symbol]) -> tuple[Expr, bool]:
    """The sum of non-negative terms, and whether the laws of exponents are needed to see it."""
    parts = spread(body)
    squares = [(c, t) for c, t in parts if free_symbols(t) & located]
    rest = [(c, t) for c, t in parts if not free_symbols(t) & located]
    terms = [_as_square(c, t) for c, t in squares]
    if contains(body, Log):
        return plus(*terms, *_ratio_terms(rest)), False
    divided = any(isinstance(t, Quotient) and contains(t.args[1], Exp) for _, t in parts)
    return plus(*terms, *_difference_terms(rest)), divided


def _scaled(c: Fraction, term: Expr) -> Expr:
    if c <= 0:
        raise NoEvaluationForm(
            "no form without cancellation is known for this divergence: "
            f"{term} has a coefficient that is not positive"
        )
    return term if c == 1 else Times(as_term(c), term)


def _as_square(c: Fraction, term: Expr) -> Expr:
    """c·m²/s² as c·(m/s)², and c·m²/eˢ as c·(m e^{−s/2})²."""
    if isinstance(term, Quotient) and isinstance(term.args[0], Power) and term.args[0].args[1] == TWO:
        m, below = term.args[0].args[0], term.args[1]
        if isinstance(below, Power) and below.args[1] == TWO:
            return _scaled(c, Power(Quotient(m, below.args[0]), TWO))
        if isinstance(below, Exp):
            root = Exp(Minus(tidy(Quotient(below.args[0], TWO))))
            return _scaled(c, Power(Times(m, root), TWO))
    return _scaled(c, term)


def _ratio_terms(rest: Parts) -> list[Expr]:
    """A(r) − c log r as α(r − 1)² + c(r − 1 − log r), α found by evaluation at two points."""
    logs, others = Parts(), Parts()
    for k, t in rest:
        if isinstance(t, Times) and t.args[0].is_Rational and isinstance(t.args[1], Log):
            logs.append((k * Fraction(int(t.args[0].p), int(t.args[0].q)), t.args[1].args[0]))
        elif isinstance(t, Log):
            logs.append((k, t.args[0]))
        else:
            others.append((k, t))
    if len(logs) != 1 or logs[0][0] >= 0:
        raise NoEvaluationForm(
            "no form without cancellation is known for this divergence: it is not one logarithm of a ratio"
        )
    c, ratio = -logs[0][0], logs[0][1]
    alpha = _square_coefficient(others, c, ratio)
    bracket = Plus(ratio, Minus(ONE), Minus(Log(ratio)))
    out = [_scaled(c, bracket)]
    if alpha:
        if isinstance(ratio, Quotient):
            relative: Expr = Quotient(Plus(ratio.args[0], Minus(ratio.args[1])), ratio.args[1])
        else:
            relative = Plus(ratio, Minus(ONE))
        out.insert(0, _scaled(alpha, Power(relative, TWO)))
    return out


def _square_coefficient(others: Parts, c: Fraction, ratio: Expr) -> Fraction:
    """α with Σ others − c(r − 1) = α(r − 1)², from one exact evaluation; the kernel verifies it."""
    leaves = sorted(_leaves(ratio), key=str)
    values = {leaf: Rational(k + 2, 2 * k + 3) for k, leaf in enumerate(leaves)}

    def number(term: Expr) -> Fraction:
        value = as_sympy(term, replace=values.get)
        if not value.is_Rational:
            raise NoEvaluationForm(f"not a rational function of the ratio: {term}")
        return Fraction(int(value.p), int(value.q))

    r = number(ratio)
    total = sum((k * number(t) for k, t in others), Fraction(0))
    return (total - c * (r - 1)) / (r - 1) ** 2


def _leaves(term: Expr) -> frozenset[Expr]:
    """What a term is a rational function of: its symbols, components, logarithms and exponentials."""
    if isinstance(term, (Symbol, Component, Log, Exp)):
        return frozenset((term,))
    return frozenset().union(*(_leaves(a) for a in term.args))


def _difference_terms(rest: Parts) -> list[Expr]:
    """c eᵗ − c − c t as 2c · ½(eᵗ − 1 − t), where eᵗ may be written as a quotient of two."""
    exponentials = [(c, t) for c, t in rest if contains(t, Exp)]
    if len(exponentials) != 1:
        raise NoEvaluationForm(
            "no form without cancellation is known for this divergence: it is not one exponential"
        )
    c, term = exponentials[0]
    if isinstance(term, Quotient):
        t: Expr = Plus(term.args[0].args[0], Minus(term.args[1].args[0]))
    else:
        t = term.args[0]
    return [_scaled(2 * c, Times(HALF, Plus(Exp(t), Minus(ONE), Minus(t))))]


def evaluation_forms(result: Result) -> dict[str, Derivation]:
    """Name of the parameterisation ("" for the family's own) → evaluation form; a study has none."""
    if result.is_study:
        return {}
    forms = {"": evaluation_form(result.derivation)}
    for form in result.forms:
        if form.parameterisation is not None:
            forms[form.name] = evaluation_form(form.derivation)
    return forms
