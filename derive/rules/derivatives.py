"""Rules of differentiation, one idea each, and putting a value in.

Each is replayed on the term as it is written, and the kernel compares both sides with the exact derivative
of the normal form as well: no rule is taken at its word.
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Symbol

from derive.kernel import Bindings, Condition, Lemmas, Rewrite, Rule, RuleError
from derive.scope import Scope
from derive.terms import (
    ONE,
    TWO,
    ZERO,
    DerivativeIn,
    Exp,
    Log,
    Minus,
    Plus,
    Power,
    Quotient,
    Root,
    Times,
    ValueAt,
    addends,
    as_term,
    factors,
    free_symbols,
    plus,
    substitute,
    times,
)

Differentiate = Callable[[Expr, Symbol], Rewrite]


def _rule(id: str, title: str, because: str, apply: Differentiate) -> Rule:
    """A rule for the derivative of a term in a variable."""

    def on_derivative(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
        if not isinstance(term, DerivativeIn):
            raise RuleError("it expects a derivative")
        return apply(*term.args)

    return Rule(id, title, because, on_derivative)


def inner(u: Expr, x: Symbol) -> tuple[Expr, ...]:
    """The factor that the chain rule adds: nothing when u is the variable itself."""
    return () if u == x else (DerivativeIn(u, x),)


def split_coefficient(term: Expr, x: Symbol) -> tuple[int, Expr, Expr]:
    """sign, constant, rest of one addend: sign·constant·rest with x in the rest alone."""
    sign = 1
    while isinstance(term, Minus):
        sign, term = -sign, term.args[0]
    if isinstance(term, Quotient):
        top, bottom = term.args
        if x not in free_symbols(bottom):
            inside, constant, rest = split_coefficient(top, x)
            return sign * inside, Quotient(constant, bottom), rest
        if x not in free_symbols(top) and top != ONE:
            return sign, top, Quotient(ONE, bottom)
        return sign, ONE, term
    constant = times(*(f for f in factors(term) if x not in free_symbols(f)))
    return sign, constant, times(*(f for f in factors(term) if x in free_symbols(f)))


def _linear(body: Expr, x: Symbol) -> Rewrite:
    """(Σ ± c·f)′ = Σ ± c·f′; of a constant there is only its derivative."""
    out: list[Expr] = []
    for part in addends(body):
        sign, constant, rest = split_coefficient(part, x)
        if x not in free_symbols(part):
            constant, rest = ONE, part.args[0] if sign == -1 else part
        done = DerivativeIn(rest, x)
        made = done if constant == ONE else times(constant, done)
        out.append(made if sign == 1 else Minus(made))
    return Rewrite(plus(*out))


def _constant(body: Expr, x: Symbol) -> Rewrite:
    if x in free_symbols(body):
        raise RuleError(f"it expects a term without {x}")
    return Rewrite(ZERO)


def _variable(body: Expr, x: Symbol) -> Rewrite:
    if body != x:
        raise RuleError(f"it expects {x} itself")
    return Rewrite(ONE)


def _power(body: Expr, x: Symbol) -> Rewrite:
    if not isinstance(body, Power) or not body.args[1].is_Rational:
        raise RuleError("it expects a power with a number as its exponent")
    u, n = body.args
    lower = u if n == TWO else Power(u, as_term(n - 1))
    positive = n.is_Integer and n > 0
    return Rewrite(times(n, lower, *inner(u, x)), () if positive else (Condition("positive", (u,)),))


def _root(body: Expr, x: Symbol) -> Rewrite:
    if not isinstance(body, Root):
        raise RuleError("it expects a square root")
    (u,) = body.args
    slope = Quotient(ONE, Times(TWO, body))
    return Rewrite(times(slope, *inner(u, x)), (Condition("positive", (u,)),))


def _reciprocal(body: Expr, x: Symbol) -> Rewrite:
    if not isinstance(body, Quotient) or body.args[0] != ONE:
        raise RuleError("it expects 1 over a term")
    u = body.args[1]
    return Rewrite(Minus(times(Quotient(ONE, Power(u, TWO)), *inner(u, x))))


def _logarithm(body: Expr, x: Symbol) -> Rewrite:
    if not isinstance(body, Log):
        raise RuleError("it expects a logarithm")
    (u,) = body.args
    return Rewrite(times(Quotient(ONE, u), *inner(u, x)), (Condition("positive", (u,)),))


def _exponential(body: Expr, x: Symbol) -> Rewrite:
    if not isinstance(body, Exp):
        raise RuleError("it expects an exponential")
    return Rewrite(times(body, *inner(body.args[0], x)))


def _product(body: Expr, x: Symbol) -> Rewrite:
    if not isinstance(body, Times):
        raise RuleError("it expects a product")
    parts = body.args
    rest = [parts[:i] + parts[i + 1 :] for i in range(len(parts))]
    return Rewrite(Plus(*(times(*r, DerivativeIn(f, x)) for f, r in zip(parts, rest, strict=True))))


def _quotient(body: Expr, x: Symbol) -> Rewrite:
    if not isinstance(body, Quotient):
        raise RuleError("it expects a quotient")
    u, v = body.args
    top = Plus(Times(v, DerivativeIn(u, x)), Minus(Times(u, DerivativeIn(v, x))))
    return Rewrite(Quotient(top, Power(v, TWO)))


def _value_at(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """f at x = a; refused while a derivative in x is still to be taken."""
    if not isinstance(term, ValueAt):
        raise RuleError("it expects a function at a point")
    body, x, point, _ = term.args
    return Rewrite(substitute(body, {x: point}))


RULES = (
    _rule(
        "derivative-linearity",
        "linearity of the derivative",
        "The derivative of a sum is the sum of the derivatives, and constants come out.",
        _linear,
    ),
    _rule(
        "derivative-of-constant",
        "derivative of a constant",
        "What does not depend on the variable has derivative 0.",
        _constant,
    ),
    _rule("derivative-of-variable", "derivative of the variable", "The variable grows at rate 1.", _variable),
    _rule(
        "derivative-of-power",
        "derivative of a power",
        "The derivative of u to the power n is n times u to the power n − 1, times the derivative of u "
        "(chain rule).",
        _power,
    ),
    _rule(
        "derivative-of-root",
        "derivative of a square root",
        "The derivative of the square root of u is 1 over twice the root, times the derivative of u (chain "
        "rule), for positive u.",
        _root,
    ),
    _rule(
        "derivative-of-reciprocal",
        "derivative of a reciprocal",
        "The derivative of 1/u is minus 1 over the square of u, times the derivative of u (chain rule).",
        _reciprocal,
    ),
    _rule(
        "derivative-of-log",
        "derivative of the logarithm",
        "The derivative of the logarithm of u is 1/u times the derivative of u (chain rule), for positive u.",
        _logarithm,
    ),
    _rule(
        "derivative-of-exp",
        "derivative of the exponential",
        "The exponential is its own derivative, times the derivative of the exponent (chain rule).",
        _exponential,
    ),
    _rule(
        "derivative-of-product",
        "derivative of a product",
        "The derivative of a product is the sum of the products in which one factor is differentiated.",
        _product,
    ),
    _rule(
        "derivative-of-quotient",
        "derivative of a quotient",
        "The derivative of u/v is v times the derivative of u less u times the derivative of v, over the "
        "square of v.",
        _quotient,
    ),
    Rule("put-in", "put the value in", "The variable of a function is replaced by its value.", _value_at),
)
