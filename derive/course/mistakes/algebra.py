"""Mistakes with squares, fractions and signs."""

from __future__ import annotations

from sympy import Expr, Symbol

from derive.course.mistakes.mistake import Book, ends_with_minus
from derive.terms import KL, TWO, Component, Minus, Plus, Power, Quotient, Times, plus, times

BOOK = Book()


@BOOK.mistake(
    "(a + b)² as a² + b²",
    "The square of a sum has a cross term: (a + b)² = a² + 2ab + b².",
    "expand-square",
)
def _cross_term_lost(t: Expr) -> Expr | None:
    if isinstance(t, Plus) and len(t.args) == 3 and isinstance(t.args[1], Times) and t.args[1].args[0] == TWO:
        return Plus(t.args[0], t.args[2])
    return None


@BOOK.mistake(
    "the cross term taken once",
    "The product ab comes up twice, as ab and as ba: the cross term is 2ab.",
    "expand-square",
)
def _cross_term_once(t: Expr) -> Expr | None:
    if isinstance(t, Times) and len(t.args) == 3 and t.args[0] == TWO:
        return times(*t.args[1:])
    return None


@BOOK.mistake(
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


@BOOK.mistake(
    "only one term divided",
    "A fraction divides the whole numerator: (a + b)/c is a/c + b/c.",
    "arithmetic",
    "collect",
)
def _one_term_divided(t: Expr) -> Expr | None:
    if isinstance(t, Quotient) and isinstance(t.args[0], Plus) and len(t.args[0].args) == 2:
        return Plus(t.args[0].args[0], Quotient(t.args[0].args[1], t.args[1]))
    return None


@BOOK.mistake(
    "the sign of the last term lost",
    "What is subtracted stays subtracted when the terms are put in order.",
    "collect",
    "arithmetic",
    "lemma",
)
def _last_sign_lost(t: Expr) -> Expr | None:
    if ends_with_minus(t) and not isinstance(t.args[-1].args[0], (Symbol, Component)):
        return plus(*t.args[:-1], t.args[-1].args[0])
    return None


@BOOK.mistake(
    "p and q swapped in the part",
    "KL(q‖p) is another number than KL(p‖q): keep the order of the two laws.",
    "recognise-kl",
)
def _part_swapped(t: Expr) -> Expr | None:
    return KL(*reversed(t.args)) if isinstance(t, KL) else None
