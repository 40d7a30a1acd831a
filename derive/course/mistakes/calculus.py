"""Mistakes with substitution, parts and limits: in the lemmas."""

from __future__ import annotations

from sympy import Expr, Symbol

from derive.course.mistakes.mistake import Book, contains_integral, ends_with_minus, with_body
from derive.terms import IntegralOver, Minus, Plus, Root, Times, plus, times

BOOK = Book()


@BOOK.mistake(
    "the slope of the substitution forgotten",
    "dx = g′(u) du: a change of variable brings its slope along.",
    "substitution",
)
def _slope_forgotten(t: Expr) -> Expr | None:
    if isinstance(t, IntegralOver) and isinstance(t.args[0], Times):
        return with_body(t, t.args[0].args[0])
    return None


@BOOK.mistake(
    "dx dy = dr dθ",
    "A patch of the plane far from the centre is wider: the area element is r dr dθ.",
    "polar-coordinates",
)
def _radius_forgotten(t: Expr) -> Expr | None:
    if (
        isinstance(t, IntegralOver)
        and isinstance(t.args[0], Times)
        and isinstance(t.args[0].args[-1], Symbol)
    ):
        return with_body(t, times(*t.args[0].args[:-1]))
    return None


@BOOK.mistake(
    "plus in integration by parts",
    "∫u·v′ = [u·v] − ∫v·u′: the second integral is taken away.",
    "integration-by-parts",
)
def _plus_by_parts(t: Expr) -> Expr | None:
    return plus(t.args[0], t.args[1].args[0]) if ends_with_minus(t) and len(t.args) == 2 else None


@BOOK.mistake(
    "the ends the wrong way round",
    "The value at the upper end comes first and the one at the lower end is taken away.",
    "boundary-limits",
)
def _ends_turned(t: Expr) -> Expr | None:
    if isinstance(t, Plus) and len(t.args) == 2 and isinstance(t.args[1], Minus):
        return Plus(t.args[1].args[0], Minus(t.args[0]))
    return None


@BOOK.mistake(
    "the root forgotten",
    "What was found is the square of the integral: the integral itself is the root.",
    "lemma",
    "arithmetic",
)
def _root_forgotten(t: Expr) -> Expr | None:
    return t.args[0] if isinstance(t, Root) and not contains_integral(t) else None


@BOOK.mistake(
    "the sign of the antiderivative lost",
    "An antiderivative of e^{−ax} is −e^{−ax}/a: differentiate it to see its sign and its factor.",
    "antiderivative",
)
def _antiderivative_sign(t: Expr) -> Expr | None:
    if type(t).__name__ == "Between" and isinstance(t.args[0], Minus):
        return with_body(t, t.args[0].args[0])
    return None
