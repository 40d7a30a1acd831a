"""Conclusions, guard by guard: what is concluded, and why what is false or outside the class is not.

Found by changing the source and seeing that nothing noticed (``attack.mutate_checker``).
"""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Expr, Integer, Rational, Symbol, oo

from derive.conclusions import LARGEST_HESSIAN
from derive.distributions import FAMILIES
from derive.field import Undetermined
from derive.kernel import Condition, Refused, conclude, discharge
from derive.scope import Declaration, Scope
from derive.terms import (
    HALF,
    ONE,
    REALS,
    TWO,
    ZERO,
    Exp,
    Log,
    Minus,
    Plus,
    Power,
    Quotient,
    Root,
    Times,
    as_term,
    symbol,
)

mu, s, t, sigma, v, n, w, a, b, c = map(symbol, ("mu", "s", "t", "sigma", "v", "n", "w", "a", "b", "c"))
DOWN, THREE, FOUR = Minus(oo), Integer(3), Integer(4)
DECLARED = (
    *(Declaration(name, "real") for name in ("mu", "s", "t", "a", "b", "c")),
    *(Declaration(name, "positive") for name in ("sigma", "v")),
    Declaration("n", "natural"),
    Declaration("w", "real", True),
)


def scope() -> Scope:
    """A scope that has found nothing out yet."""
    return Scope(DECLARED, FAMILIES)


def square(term: Expr) -> Expr:
    return Power(term, TWO)


def squares(*terms: Expr) -> Expr:
    return Plus(*map(square, terms))


FADING = Exp(Minus(t))
POSITIVE, LEAST, CONVEX = "everywhere positive", "least", "convex"
NEGATIVE, SIGN, TENDS = "negative at", "sign of", "tends to"
TRUE: tuple[tuple[str, Expr, tuple[Any, ...]], ...] = (
    (POSITIVE, ONE, ()),
    (POSITIVE, sigma, ()),
    (POSITIVE, Plus(square(mu), ONE), ()),
    (POSITIVE, Plus(Power(mu, FOUR), ONE), ()),
    (POSITIVE, Plus(ZERO, square(Plus(mu, s)), ONE), ()),
    (POSITIVE, Plus(Quotient(square(mu), sigma), sigma), ()),
    (POSITIVE, Plus(Times(square(mu), square(s)), sigma), ()),
    (POSITIVE, Plus(Plus(square(mu), square(Plus(s, mu))), sigma), ()),
    (POSITIVE, Times(Plus(square(Plus(mu, s)), ONE), sigma), ()),
    (POSITIVE, Quotient(Plus(square(Plus(mu, s)), ONE), Plus(sigma, TWO)), ()),
    (LEAST, Plus(square(Plus(mu, Minus(s))), ONE), (1, mu, s)),
    (LEAST, square(Plus(mu, Minus(Quotient(s, sigma)))), (0, mu, Quotient(s, sigma))),
    (LEAST, Plus(square(mu), square(s), THREE), (3, mu, 0, s, 0)),
    (LEAST, Plus(sigma, Quotient(ONE, sigma)), (2, sigma, 1)),
    (CONVEX, square(mu), (mu,)),
    (CONVEX, Minus(Log(sigma)), (sigma,)),
    (CONVEX, squares(mu, s, t, a), (mu, s, t, a)),
    (CONVEX, Plus(squares(mu, s, t), Times(mu, s), Times(s, t)), (mu, s, t)),
    (NEGATIVE, Plus(mu, s), (mu, -1, s, 0)),
    (NEGATIVE, Log(sigma), (sigma, HALF)),
    (SIGN, Plus(mu, Power(mu, THREE)), (mu, 0, Plus(ONE, Times(THREE, square(mu))))),
    (SIGN, Power(mu, THREE), (mu, 0, Times(THREE, square(mu)))),
    (SIGN, Quotient(Power(mu, THREE), THREE), (mu, 0, Quotient(square(mu), ONE))),
    (SIGN, Power(Plus(mu, Minus(s)), THREE), (mu, s, Times(THREE, square(Plus(mu, Minus(s)))))),
    (SIGN, Power(Plus(mu, Minus(s)), THREE), (mu, s, Times(THREE, square(Plus(s, Minus(mu)))))),
    (SIGN, Plus(Power(mu, THREE), Times(square(s), mu)), (mu, 0, Plus(Times(THREE, square(mu)), square(s)))),
    (TENDS, Plus(s, FADING), (t, oo, s, FADING)),
    (TENDS, Plus(ONE, FADING), (t, oo, 1, FADING)),
    (TENDS, Plus(Minus(s), FADING), (t, oo, Minus(s), FADING)),
    (TENDS, Plus(s, Exp(t)), (t, DOWN, s, Exp(t))),
    (TENDS, Plus(s, Quotient(ONE, sigma)), (sigma, oo, s, Quotient(ONE, sigma))),
    (TENDS, Plus(s, sigma), (sigma, 0, s, sigma)),
    (TENDS, Times(sigma, Log(sigma)), (sigma, 0, 0, Times(sigma, Log(sigma)))),
    (TENDS, square(mu), (mu, DOWN, oo, square(mu))),
    (TENDS, Plus(Minus(Power(mu, THREE)), mu), (mu, DOWN, oo, Minus(Power(mu, THREE)))),
    (TENDS, Times(Log(sigma), sigma), (sigma, oo, oo, Times(Log(sigma), sigma))),
    (TENDS, Plus(Log(sigma), Root(sigma)), (sigma, oo, oo, Root(sigma))),
    (TENDS, Plus(Exp(Times(TWO, t)), Exp(t)), (t, oo, oo, Exp(Times(TWO, t)))),
    (TENDS, Plus(Exp(t), square(t)), (t, oo, oo, Exp(t))),
    (TENDS, Plus(Exp(Quotient(t, FOUR)), square(t)), (t, oo, oo, Exp(Quotient(t, FOUR)))),
    (TENDS, Plus(Times(Exp(t), t), Exp(t)), (t, oo, oo, Times(Exp(t), t))),
    (TENDS, Plus(Times(sigma, Power(t, TWO)), Times(s, t)), (t, oo, oo, Times(sigma, Power(t, TWO)))),
    (TENDS, Minus(Power(Log(sigma), THREE)), (sigma, 0, oo, Minus(Power(Log(sigma), THREE)))),
    (TENDS, Power(Log(sigma), THREE), (sigma, 0, DOWN, Power(Log(sigma), THREE))),
)

SQUARES = "not written as a sum of squares"
AT_THE_POINT, NOT_NEGATIVE = "the value at the point is another one", "not certified negative"
NO_VARIABLE = "not declared as a real or a positive number"
PAIRS, HESSIAN = "it takes variables, each with a value", "it takes one to 4 different variables"
RATIONAL, MINOR = "each coordinate is a rational number, given once", "the leading minor of order"
STILL, VANISHES = "the point may not move", "that vanishes at the point alone"
END, LARGER = "is no end of the domain of", "another term is of the same order or larger"
FALSE: tuple[tuple[str, Expr, tuple[Any, ...], str], ...] = (
    (POSITIVE, ZERO, (), SQUARES),
    (POSITIVE, Plus(mu, ONE), (), SQUARES),
    (POSITIVE, squares(mu, s), (), SQUARES),
    (POSITIVE, Plus(Power(mu, THREE), ONE), (), SQUARES),
    (POSITIVE, Plus(Quotient(mu, sigma), ONE), (), SQUARES),
    (POSITIVE, Plus(Quotient(square(mu), Minus(sigma)), ONE), (), SQUARES),
    (POSITIVE, Plus(Times(mu, square(s)), ONE), (), SQUARES),
    (POSITIVE, Plus(Log(sigma), ONE), (), SQUARES),
    (POSITIVE, Plus(Minus(sigma), ONE), (), SQUARES),
    (POSITIVE, Plus(Minus(square(mu)), ONE), (), SQUARES),
    (POSITIVE, Plus(Minus(ONE), Minus(square(mu))), (), SQUARES),
    (POSITIVE, Times(Plus(square(mu), ONE), square(s)), (), SQUARES),
    (POSITIVE, Times(Minus(sigma), Minus(sigma), mu), (), SQUARES),
    (POSITIVE, Minus(Plus(square(mu), ONE)), (), SQUARES),
    (POSITIVE, Log(Plus(ONE, square(mu))), (), SQUARES),
    (POSITIVE, Quotient(square(mu), sigma), (), SQUARES),
    (LEAST, square(mu), (0,), PAIRS),
    (LEAST, square(mu), (0, mu), PAIRS),
    (LEAST, square(mu), (0, mu, 0, s), PAIRS),
    (LEAST, square(mu), (0, mu, 0, mu, 0), "a variable is named twice"),
    (LEAST, square(Plus(mu, Minus(s))), (0, mu, s, s, 0), STILL),
    (LEAST, square(mu), (0, mu, mu), STILL),
    (LEAST, square(mu), (1, mu, 0), AT_THE_POINT),
    (LEAST, square(mu), (0, w, 0), NO_VARIABLE),
    (LEAST, square(mu), (0, ONE, 0), NO_VARIABLE),
    (LEAST, square(sigma), (0, sigma, 0), "not certified to lie in the domain of sigma"),
    (LEAST, square(sigma), (1, sigma, -1), "not certified to lie in the domain of sigma"),
    (LEAST, square(sigma), (1, sigma, mu), "not certified to lie in the domain of sigma"),
    (LEAST, Minus(square(mu)), (0, mu, 0), "not certified to have the sign of"),
    (LEAST, Power(mu, THREE), (0, mu, 0), "not certified to have the sign of"),
    (LEAST, ONE, (1, mu, 0), "not certified to have the sign of"),
    (CONVEX, square(mu), (), HESSIAN),
    (CONVEX, squares(mu, s), (mu, mu), HESSIAN),
    (CONVEX, squares(mu, s, t, a, b), (mu, s, t, a, b), HESSIAN),
    (CONVEX, square(mu), (symbol("nobody"),), NO_VARIABLE),
    (CONVEX, square(mu), (w,), NO_VARIABLE),
    (CONVEX, square(n), (n,), NO_VARIABLE),
    (CONVEX, square(mu), (ONE,), NO_VARIABLE),
    (CONVEX, Minus(square(mu)), (mu,), f"{MINOR} 1"),
    (CONVEX, Power(mu, FOUR), (mu,), f"{MINOR} 1"),
    (CONVEX, square(mu), (mu, s), f"{MINOR} 2"),
    (CONVEX, Plus(squares(mu, s), Times(THREE, mu, s)), (mu, s), f"{MINOR} 2"),
    (CONVEX, Plus(squares(mu, s, t), Times(TWO, s, t)), (mu, s, t), f"{MINOR} 3"),
    (CONVEX, Plus(squares(mu, s, t), Times(TWO, mu, t)), (mu, s, t), f"{MINOR} 3"),
    (NEGATIVE, mu, (), PAIRS),
    (NEGATIVE, mu, (mu, -1, s), PAIRS),
    (NEGATIVE, mu, (mu, Minus(ONE)), RATIONAL),
    (NEGATIVE, mu, (mu, s), RATIONAL),
    (NEGATIVE, mu, (mu, -1, mu, -2), RATIONAL),
    (NEGATIVE, mu, (mu, 1), NOT_NEGATIVE),
    (NEGATIVE, mu, (mu, 0), NOT_NEGATIVE),
    (NEGATIVE, Plus(mu, s), (mu, -1), NOT_NEGATIVE),
    (NEGATIVE, mu, (mu, -1, n, 1), NO_VARIABLE),
    (NEGATIVE, Minus(sigma), (sigma, 0), "not certified to lie in the domain of sigma"),
    (SIGN, Plus(mu, Minus(mu)), (mu, mu, ZERO), STILL),
    (SIGN, mu, (n, 0, ONE), NO_VARIABLE),
    (SIGN, sigma, (sigma, 0, ONE), "not certified to lie in the domain of sigma"),
    (SIGN, Plus(mu, ONE), (mu, 0, ONE), "it is not 0 at the point"),
    (SIGN, mu, (mu, 0, TWO), "its derivative is not the stated slope"),
    (SIGN, Plus(Quotient(square(mu), TWO), mu), (mu, 0, Plus(mu, ONE)), VANISHES),
    (SIGN, Times(square(s), mu), (mu, 0, square(s)), VANISHES),
    (SIGN, Times(square(s), mu), (mu, 0, Times(ONE, square(s))), VANISHES),
    (SIGN, Times(square(s), mu), (mu, 0, Quotient(square(s), ONE)), VANISHES),
    (SIGN, Times(square(Plus(s, t)), mu), (mu, 0, square(Plus(s, t))), VANISHES),
    (SIGN, Times(ZERO, mu), (mu, 0, Log(ONE)), VANISHES),
    (SIGN, Minus(mu), (mu, 0, Minus(ONE)), VANISHES),
    (SIGN, Quotient(Power(mu, FOUR), FOUR), (mu, 0, Power(mu, THREE)), VANISHES),
    (SIGN, Minus(Quotient(Power(mu, THREE), THREE)), (mu, 0, Quotient(square(mu), Minus(ONE))), VANISHES),
    (SIGN, Plus(Quotient(Power(mu, THREE), THREE), Minus(square(mu)), mu),
     (mu, 0, square(Plus(mu, Minus(ONE)))), VANISHES),
    (TENDS, FADING, (t, ONE, 0, FADING), END),
    (TENDS, FADING, (t, ZERO, 0, FADING), END),
    (TENDS, sigma, (sigma, DOWN, 0, sigma), END),
    (TENDS, t, (n, oo, oo, t), NO_VARIABLE),
    (TENDS, Plus(Times(TWO, s), FADING), (t, oo, Times(TWO, s), FADING), "±∞, a number or a symbol"),
    (TENDS, Plus(t, FADING), (t, oo, t, FADING), "may not mention the variable"),
    (TENDS, Plus(t, square(t)), (t, oo, oo, Plus(t, square(t))), "a constant times one monomial"),
    (TENDS, t, (t, oo, oo, ZERO), "a constant times one monomial"),
    (TENDS, Plus(t, square(t)), (t, oo, oo, t), LARGER),
    (TENDS, Times(TWO, t), (t, oo, oo, t), LARGER),
    (TENDS, Plus(Exp(t), Exp(Times(Rational(7, 6), t))), (t, oo, oo, Exp(t)), LARGER),
    (TENDS, Plus(Exp(t), Exp(Times(Rational(4, 3), t))), (t, oo, oo, Exp(t)), LARGER),
    (TENDS, Plus(ONE, FADING), (t, oo, 0, FADING), LARGER),
    (TENDS, ONE, (t, oo, oo, ONE), "does not tend to oo"),
    (TENDS, FADING, (t, oo, oo, FADING), "does not tend to oo"),
    (TENDS, ONE, (t, oo, 0, ONE), "what is left does not tend to 0"),
    (TENDS, t, (t, oo, 0, t), "what is left does not tend to 0"),
    (TENDS, t, (t, oo, DOWN, t), "does not tend to Minus"),
    (TENDS, Minus(t), (t, oo, oo, Minus(t)), "does not tend to oo"),
    (TENDS, Power(mu, THREE), (mu, DOWN, oo, Power(mu, THREE)), "does not tend to oo"),
    (TENDS, square(mu), (mu, DOWN, DOWN, square(mu)), "does not tend to Minus"),
    (TENDS, Log(sigma), (sigma, 0, oo, Log(sigma)), "does not tend to oo"),
    (TENDS, square(Log(sigma)), (sigma, 0, DOWN, square(Log(sigma))), "does not tend to Minus"),
    (TENDS, Times(mu, t), (t, oo, oo, Times(mu, t)), "the sign of the leading term is not certified"),
    (TENDS, Exp(sigma), (sigma, 0, oo, Exp(sigma)), "an exponential at a finite end"),
    (TENDS, Plus(Quotient(ONE, sigma), Exp(sigma)), (sigma, 0, oo, Quotient(ONE, sigma)),
     "an exponential at a finite end"),
    (TENDS, sigma, (sigma, 0, oo, sigma), "does not tend to oo"),
    (TENDS, Quotient(ONE, sigma), (sigma, oo, oo, Quotient(ONE, sigma)), "does not tend to oo"),
    (TENDS, Plus(Log(sigma), square(Log(sigma))), (sigma, oo, oo, Log(sigma)), LARGER),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "line", "terms"), TRUE, ids=lambda part: str(part)[:60])
def test_what_is_true_is_concluded(kind: str, line: Expr, terms: tuple[Any, ...]) -> None:
    given = tuple(map(as_term, terms))
    assert conclude(line, kind, given, scope()).condition == Condition(kind, (line, *given))


@pytest.mark.parametrize(("kind", "line", "terms", "why"), FALSE, ids=lambda part: str(part)[:60])
def test_what_is_not_shown_is_not_concluded(kind: str, line: Expr, terms: tuple[Any, ...], why: str) -> None:
    with pytest.raises(Refused) as refusal:
        conclude(line, kind, tuple(map(as_term, terms)), scope())
    assert isinstance(refusal.value.__cause__, Undetermined), refusal.value
    assert why in refusal.value.reason


def test_a_conclusion_is_about_a_whole_line() -> None:
    inside = scope().bind(Symbol("x"), REALS)
    assert discharge(Condition(CONVEX, (square(mu), mu)), scope())
    with pytest.raises(Undetermined, match="a conclusion is about a whole line"):
        discharge(Condition(CONVEX, (square(mu), mu)), inside)


def test_a_determinant_is_expanded_no_further_than_this() -> None:
    assert LARGEST_HESSIAN == 4
