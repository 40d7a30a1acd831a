"""Mistakes with derivatives, and with the order in which values are put in."""

from __future__ import annotations

from sympy import Expr

from derive.course.mistakes.mistake import Book
from derive.terms import (
    ONE,
    ZERO,
    DerivativeIn,
    Exp,
    Minus,
    Plus,
    Power,
    Quotient,
    Times,
    ValueAt,
    contains,
    times,
)

BOOK = Book()


@BOOK.mistake(
    "the constant in front lost",
    "A constant factor stays in front of the derivative; only a constant addend goes away.",
    "derivative-linearity",
)
def _factor_lost(t: Expr) -> Expr | None:
    if isinstance(t, Times) and not contains(t.args[0], DerivativeIn) and contains(t.args[-1], DerivativeIn):
        return times(*t.args[1:])
    return None


@BOOK.mistake(
    "a difference differentiated as a sum",
    "The derivative of a difference is the difference of the derivatives.",
    "derivative-linearity",
)
def _difference_as_sum(t: Expr) -> Expr | None:
    if isinstance(t, Plus) and contains(t, DerivativeIn):
        return Plus(*(a.args[0] if isinstance(a, Minus) else a for a in t.args))
    return None


@BOOK.mistake(
    "a constant differentiated to itself",
    "A constant does not change, so its derivative is 0.",
    "derivative-of-constant",
)
def _constant_kept(t: Expr) -> Expr | None:
    return ONE if t == ZERO else None


@BOOK.mistake(
    "the exponent not brought down",
    "The derivative of u² is 2u, and that of u³ is 3u²: the exponent comes down as a factor.",
    "derivative-of-power",
)
def _exponent_lost(t: Expr) -> Expr | None:
    return times(*t.args[1:]) if isinstance(t, Times) and t.args[0].is_Rational else None


@BOOK.mistake(
    "the inner derivative forgotten",
    "The chain rule multiplies by the derivative of what stands inside.",
    "derivative-of-log",
    "derivative-of-exp",
)
def _inner_forgotten(t: Expr) -> Expr | None:
    outer = t.args[0] if isinstance(t, Times) else t
    ok = isinstance(outer, Exp) or (isinstance(outer, Quotient) and outer.args[0] == ONE)
    return outer if isinstance(t, Times) and ok else None


@BOOK.mistake(
    "the minus of 1/u lost",
    "1/u falls where u grows: its derivative is −1/u² times the derivative of u.",
    "derivative-of-reciprocal",
)
def _reciprocal_sign(t: Expr) -> Expr | None:
    top = t.args[0] if isinstance(t, Minus) else t
    leads = top.args[0] if isinstance(top, Times) else top
    return top if isinstance(t, Minus) and isinstance(leads, Quotient) else None


@BOOK.mistake(
    "the sign of the exponent lost",
    "The exponential keeps its exponent, sign included, when it is differentiated or a value is put in.",
    "derivative-of-exp",
    "put-in",
)
def _exponent_sign(t: Expr) -> Expr | None:
    return Exp(t.args[0].args[0]) if isinstance(t, Exp) and isinstance(t.args[0], Minus) else None


@BOOK.mistake(
    "the power left behind",
    "A value is put in for the variable alone: what was raised to a power still is.",
    "put-in",
)
def _power_left_behind(t: Expr) -> Expr | None:
    return t.args[0] if isinstance(t, Power) else None


@BOOK.mistake(
    "uphill for downhill",
    "The flow goes down the divergence: its velocity is minus the derivative, so the two add up to 0.",
    "lemma",
    anywhere=True,
)
def _uphill(t: Expr) -> Expr | None:
    if isinstance(t, Plus) and isinstance(t.args[0], DerivativeIn) and isinstance(t.args[-1], ValueAt):
        return Plus(*t.args[:-1], Minus(t.args[-1]))
    return None
