"""Mistakes with logarithms."""

from __future__ import annotations

from sympy import Expr, Symbol

from derive.course.mistakes.mistake import Book, ends_with_minus, ratio_of
from derive.terms import (
    HALF,
    ONE,
    TWO,
    Component,
    Log,
    Minus,
    Plus,
    Power,
    ProductOver,
    Quotient,
    SumOver,
    Times,
    plus,
    times,
)

BOOK = Book()


def _difference_of_logs(t: Expr) -> tuple[Expr, Expr] | None:
    if isinstance(t, Plus) and len(t.args) == 2 and isinstance(t.args[1], Minus):
        first, second = t.args[0], t.args[1].args[0]
        if isinstance(first, Log) and isinstance(second, Log):
            return first, second
    return None


@BOOK.mistake(
    "a quotient of logarithms",
    "The logarithm of a quotient is the difference of the logarithms, not their quotient.",
    "log-quotient",
)
def _quotient_of_logs(t: Expr) -> Expr | None:
    return None if (found := _difference_of_logs(t)) is None else Quotient(*found)


@BOOK.mistake(
    "a sum for a difference",
    "Dividing inside the logarithm subtracts outside; it is multiplying that adds.",
    "log-quotient",
    "merge-sums",
)
def _sum_for_difference(t: Expr) -> Expr | None:
    return None if (found := _difference_of_logs(t)) is None else Plus(*found)


@BOOK.mistake(
    "the difference turned round",
    "The numerator's logarithm comes first and the denominator's is taken away.",
    "log-quotient",
    "merge-sums",
    "marginalisation",
)
def _difference_turned_round(t: Expr) -> Expr | None:
    return None if (found := _difference_of_logs(t)) is None else Plus(found[1], Minus(found[0]))


@BOOK.mistake(
    "the ratio upside down",
    "The logarithm that is added goes on top and the one that is taken away goes below; turning the "
    "ratio changes the sign of the term.",
    "combine-logs",
    "arithmetic",
    "collect",
    "lemma",
)
def _ratio_upside_down(t: Expr) -> Expr | None:
    if isinstance(t, Log) and isinstance(t.args[0], Quotient) and ratio_of(t) is None:
        return Log(Quotient(*reversed(t.args[0].args)))
    return None


@BOOK.mistake(
    "log σ² where log σ stands",
    "The factor 1/(σ√(2π)) in front of the density has σ, not σ², so its logarithm has log σ: log σ² is "
    "twice that.",
    "combine-logs",
    "collect",
)
def _log_of_the_variance(t: Expr) -> Expr | None:
    if isinstance(t, Log) and isinstance(t.args[0], Quotient):
        top, bottom = t.args[0].args
        if all(isinstance(a, (Symbol, Component)) or a == ONE for a in (top, bottom)):
            return Log(Quotient(*(a if a == ONE else Power(a, TWO) for a in (top, bottom))))
    return None


@BOOK.mistake(
    "log σ where log σ² stands",
    "Once the half is outside, it is the logarithm of the square that stands inside: log σ = ½ log σ².",
    "log-as-log-square",
    "collect",
)
def _log_of_the_deviation(t: Expr) -> Expr | None:
    if isinstance(t, Log) and isinstance(t.args[0], Power) and t.args[0].args[1] == TWO:
        return Log(t.args[0].args[0])
    return None


@BOOK.mistake(
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


@BOOK.mistake(
    "a constant pulled inside the logarithm",
    "k·log a is the logarithm of the k-th power of a: a factor in front becomes an exponent inside, not a "
    "factor inside.",
    "lemma",
    "log-root",
    "arithmetic",
    "collect",
)
def _constant_inside_the_log(t: Expr) -> Expr | None:
    if isinstance(t, Times) and t.args[0] == HALF and isinstance(t.args[1], Log):
        return times(Log(Quotient(t.args[1].args[0], TWO)), *t.args[2:])
    return None


@BOOK.mistake(
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


@BOOK.mistake(
    "the sign of the exponent lost",
    "The logarithm undoes the exponential and gives back its exponent, with its minus sign.",
    "log-exp",
)
def _sign_of_the_exponent(t: Expr) -> Expr | None:
    return plus(*t.args[:-1], t.args[-1].args[0]) if ends_with_minus(t) else None


@BOOK.mistake(
    "a sum of the densities",
    "The joint density of independent coordinates is the product of their densities.",
    "definition-of-density",
)
def _sum_of_densities(t: Expr) -> Expr | None:
    return SumOver(*t.args) if isinstance(t, ProductOver) else None
