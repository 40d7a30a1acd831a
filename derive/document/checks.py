"""How a result was checked, as its documents say it; no measured times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction as Ratio

from sympy import Expr, Symbol

from derive.document import layout
from derive.document.compose import Composer
from derive.document.layout import Fence, Listing, Node, Number, Relation, Script, Sum
from derive.document.notation import Notation
from derive.document.prose import Prose, joined, prose
from derive.terms import ONE

ENCLOSED = (
    "An enclosure is an interval in which the integral is proved to lie; its radius is half its length, and "
    "its digits are how many digits of the integral it settles at least; the closed form is contained when "
    "it lies in that interval, so that it agrees with the integral to all of these digits."
)
"""What a reader has to know to read a table of enclosures."""


@dataclass(frozen=True)
class _AtPoint:
    """A row about one point of the parameters: names with rationals, or vectors of them, as text."""

    point: tuple[tuple[str, str], ...]

    def where(self, notation: Notation) -> Prose:
        """The point, as equations."""
        parts = (prose(Relation(notation.symbol(name), "=", value_node(text))) for name, text in self.point)
        return joined(parts)


@dataclass(frozen=True)
class Enclosure(_AtPoint):
    """A point at which the integral was enclosed and compared with the closed form."""

    digits: int
    radius: str
    contains: bool

    @property
    def within(self) -> Prose:
        """The radius, as a power of ten."""
        return prose(number_node(Ratio(self.radius)))


@dataclass(frozen=True)
class Average(_AtPoint):
    """The mean of log p(x) − log q(x) over draws from p, as text beside the closed form."""

    draws: str
    mean: str
    standard_error: str
    closed_form: str


@dataclass(frozen=True)
class Approximation:
    """A function that code computes as a factor times a polynomial: in what, where, and for each dtype how
    many coefficients it has and how far off it is at most."""

    function: Expr
    factor: Expr
    variable: Expr
    given: tuple[tuple[Symbol, Expr], ...]
    """What the symbols stand for."""
    lower: str
    upper: str
    polynomials: tuple[tuple[str, int, str], ...]

    def sentence(self, notation: Notation) -> Prose:
        """What stands for what, and how far off it is."""
        compose = Composer(notation).compose
        low, high = (number_node(Ratio(end)) for end in (self.lower, self.upper))
        given = [prose(Relation(compose(s), "=", compose(meaning))) for s, meaning in self.given]
        counts = " and ".join(f"{count} in {dtype}" for dtype, count, _ in self.polynomials)
        bounds = joined((prose(_bound(bound)) for _, _, bound in self.polynomials), last=" and ")
        return (
            prose("The code computes ", compose(self.function))
            + (prose(", where ") + joined(given, last=" and ") + prose(",") if given else prose())
            + prose(" as ", *(() if self.factor == ONE else (compose(self.factor), " times ")))
            + prose("a polynomial in ", compose(self.variable))
            + prose(
                " from ", low, " to ", high, f" (coefficients: {counts}). The polynomial is off by at most "
            )
            + bounds
            + prose(
                ", proved in ball arithmetic for the whole interval; both bounds stand in the certificate, "
                "whose checker proves them again."
            )
        )


@dataclass(frozen=True)
class CheckSummary:
    """How a result was checked, as the command line fills it in."""

    replayed_steps: int | None = None
    enclosures: tuple[Enclosure, ...] = ()
    accuracy: tuple[str, ...] = ()
    averages: tuple[Average, ...] = ()
    approximations: tuple[Approximation, ...] = ()
    enclosed: str = ENCLOSED


SIMPLE = 1000
"""Largest denominator of a fraction that is written out."""


def value_node(text: str) -> Node:
    """A rational, or a vector of rationals in parentheses, as a reader would write it."""
    inside = re.fullmatch(r"\((.*)\)", text)
    if inside is None:
        return number_node(Ratio(text))
    return Fence(Listing(tuple(number_node(Ratio(v)) for v in inside[1].split(","))))


def number_node(value: Ratio) -> Node:
    """A rational as a simple fraction, a power of ten, or a simple fraction and a decimal trifle.

    >>> from derive.document.text import spell
    >>> [spell(number_node(Ratio(x))) for x in ("-2/5", "1000000", "2000000000003/3000000000000")]
    ['−2/5', '10⁶', '2/3 + 10⁻¹²']
    """
    if value < 0:
        return Sum(((-1, number_node(-value)),))
    scaled = _decimal(value)
    if scaled is not None and not -3 <= scaled[1] <= 3:
        return _scaled(*scaled)
    near = value.limit_denominator(SIMPLE)
    rest = _decimal(abs(value - near)) if near and near != value else None
    if rest is None:
        return _simple(value)
    return Sum(((1, _simple(near)), (1 if value > near else -1, _scaled(*rest))))


def _bound(text: str) -> Node:
    """A bound such as 9.3e-18, with its digits as they stand."""
    digits, exponent = text.split("e")
    return layout.Product((Number(digits), layout.Sign("·"), _scaled(1, int(exponent))))


def _decimal(value: Ratio) -> tuple[int, int] | None:
    """(m, k) with value = m·10^k and m below the bound of what is simple, if there are such."""
    if value == 0:
        return None
    exponent = 0
    while value.denominator > 1 and exponent > -400:
        value, exponent = value * 10, exponent - 1
    while value.denominator == 1 and value.numerator % 10 == 0:
        value, exponent = value / 10, exponent + 1
    return (value.numerator, exponent) if value.denominator == 1 and value < SIMPLE else None


def _simple(value: Ratio) -> Node:
    top, bottom = Number(str(value.numerator)), Number(str(value.denominator))
    return top if value.denominator == 1 else layout.Fraction(top, bottom, linear=True)


def _scaled(factor: int, exponent: int) -> Node:
    size: Node = Number(str(abs(exponent)))
    power = Script(Number("10"), None, size if exponent > 0 else Sum(((-1, size),)))
    return power if factor == 1 else layout.Product((Number(str(factor)), layout.Sign("·"), power))


__all__ = ["ENCLOSED", "Average", "CheckSummary", "Enclosure", "number_node", "value_node"]
