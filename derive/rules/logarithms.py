"""Laws of the logarithm, the exponential and the square root, each with its positivity."""

from __future__ import annotations

from sympy import Expr

from derive.kernel import Bindings, Condition, Lemmas, Rewrite, Rule, RuleError
from derive.rules.algebra import term_binding
from derive.rules.identity import Identity, meta
from derive.scope import Scope
from derive.terms import (
    HALF,
    ONE,
    TWO,
    ZERO,
    Exp,
    Log,
    Minus,
    Plus,
    Power,
    ProductOver,
    Quotient,
    Root,
    SumOver,
    Times,
    addends,
    contains,
    plus,
)

A, B = meta("a"), meta("b")


def _positive(*terms: Expr) -> tuple[Condition, ...]:
    return tuple(Condition("positive", (t,)) for t in terms)


IDENTITIES = (
    Identity(
        "log-quotient",
        "logarithm of a quotient",
        "The logarithm of a quotient of positive numbers is the difference of their logarithms.",
        Log(Quotient(A, B)),
        Plus(Log(A), Minus(Log(B))),
        _positive(A, B),
    ),
    Identity(
        "log-reciprocal",
        "logarithm of a reciprocal",
        "The logarithm of 1/a is minus the logarithm of a, for positive a.",
        Log(Quotient(ONE, A)),
        Minus(Log(A)),
        _positive(A),
    ),
    Identity(
        "log-exp",
        "logarithm undoes the exponential",
        "The logarithm is the inverse of the exponential.",
        Log(Exp(A)),
        A,
    ),
    Identity(
        "exp-minus-log",
        "the exponential undoes the logarithm",
        "The exponential of minus the logarithm of a is 1/a, for positive a.",
        Exp(Minus(Log(A))),
        Quotient(ONE, A),
        _positive(A),
    ),
    Identity(
        "log-root",
        "logarithm of a square root",
        "The logarithm of a square root is half the logarithm.",
        Log(Root(A)),
        Times(HALF, Log(A)),
        _positive(A),
    ),
    Identity(
        "log-as-log-square",
        "logarithm of a square, read backwards",
        "For positive a, the logarithm of a is half the logarithm of its square.",
        Log(A),
        Times(HALF, Log(Power(A, TWO))),
        _positive(A),
    ),
    Identity(
        "log-square",
        "logarithm of a square",
        "For positive a, the logarithm of its square is twice its logarithm.",
        Log(Power(A, TWO)),
        Times(TWO, Log(A)),
        _positive(A),
    ),
    Identity(
        "log-inverse",
        "logarithm of the inverse ratio",
        "Turning a ratio of positive numbers upside down changes the sign of its logarithm.",
        Log(Quotient(A, B)),
        Minus(Log(Quotient(B, A))),
        _positive(A, B),
    ),
    Identity(
        "log-one",
        "log 1 = 0",
        "The logarithm of 1 is 0.",
        Log(ONE),
        ZERO,
    ),
    Identity(
        "exp-zero",
        "the exponential of 0",
        "The exponential of 0 is 1.",
        Exp(ZERO),
        ONE,
    ),
    Identity(
        "root-square",
        "square of a square root",
        "Squaring undoes the square root of a positive number.",
        Power(Root(A), TWO),
        A,
        _positive(A),
    ),
    Identity(
        "root-of-square",
        "a positive number is the root of its square",
        "A positive number equals the square root of its own square.",
        A,
        Root(Power(A, TWO)),
        _positive(A),
    ),
    Identity(
        "exp-product",
        "product of exponentials",
        "A product of exponentials is the exponential of the sum.",
        Times(Exp(A), Exp(B)),
        Exp(Plus(A, B)),
    ),
    Identity(
        "exp-half-squared",
        "square of an exponential",
        "Squaring an exponential doubles its exponent.",
        Power(Exp(Quotient(A, TWO)), TWO),
        Exp(A),
    ),
    Identity(
        "exp-squared",
        "square of an exponential",
        "Squaring an exponential doubles its exponent.",
        Power(Exp(A), TWO),
        Exp(Times(TWO, A)),
    ),
)

# Rejected, each with its counterexample (tests/test_rules_sampled.py finds them out):
#   √(a²) = a         for real a: a = −3 gives 3 = −3.  It stands here for positive a.
#   log(a²) = 2 log a for real a: a = −3 gives log 9 on the left and no number on the right.
#   log(a + b) = log a + log b: a = b = 1 gives log 2 = 0.


def _log_product(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    if not isinstance(term, Log) or not isinstance(term.args[0], Times):
        raise RuleError("it expects the logarithm of a product")
    parts = term.args[0].args
    return Rewrite(plus(*(Log(f) for f in parts)), _positive(*parts))


def _log_product_over(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    if not isinstance(term, Log) or not isinstance(term.args[0], ProductOver):
        raise RuleError("it expects the logarithm of a product over an index")
    body, index, dimension = term.args[0].args
    return Rewrite(SumOver(Log(body), index, dimension), _positive(term.args[0]))


def _combine(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """In a sum, the first log a and the first -log b become log(a/b), where log a or -log b stood."""
    parts = list(addends(term))
    ups = [i for i, t in enumerate(parts) if isinstance(t, Log)]
    downs = [i for i, t in enumerate(parts) if isinstance(t, Minus) and isinstance(t.args[0], Log)]
    if not ups or not downs:
        raise RuleError("it expects a sum with a logarithm and a subtracted logarithm")
    up, down = ups[0], downs[0]
    a, b = parts[up].args[0], parts[down].args[0].args[0]
    parts[min(up, down)] = Log(Quotient(a, b))
    del parts[max(up, down)]
    return Rewrite(plus(*parts), _positive(a, b))


def _exponents(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    to = term_binding(bindings, "to")
    if contains(term, Log) or contains(to, Log):
        raise RuleError("the laws of exponents do not speak of logarithms")
    return Rewrite(to)


RULES = (
    *(identity.rule() for identity in IDENTITIES),
    Rule(
        "log-product",
        "logarithm of a product",
        "The logarithm of a product of positive factors is the sum of their logarithms.",
        _log_product,
    ),
    Rule(
        "log-product-over",
        "logarithm of a product",
        "The logarithm of a product of positive factors is the sum of their logarithms.",
        _log_product_over,
    ),
    Rule(
        "laws-of-exponents",
        "laws of exponents",
        "Exponentials multiply by adding their exponents and divide by subtracting them.",
        _exponents,
        ("to",),
    ),
    Rule(
        "combine-logs",
        "difference of logarithms",
        "A difference of logarithms of positive numbers is the logarithm of their quotient.",
        _combine,
    ),
)
