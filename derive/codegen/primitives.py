"""The brackets that generated code computes as one function each, and their polynomials.

Each function gives *half* of its bracket: without the half the brackets overflow where the divergence
does not.  All are non-negative and exactly 0 at equality.

``_half_log_excess(a, b)``   r − 1 − log r   with r = a/b, for positive a and b
``_half_log_excess_of_square(a, b)``         the same of r²
``_half_exp_excess(a, b)``   eᵗ − 1 − t      with t = a − b (or t = a)
``_half_…square…``           squares; a difference is passed as its two parts, so that what its rounding
                             leaves out can be put back

Each also has a function of the same name with ``_slopes`` behind it: its partial derivatives in closed
form.  A gradient of a divergence is a sum of those, so nothing cancels in it that does not cancel in
the truth.

Templates hold the functions; the coefficients are computed and certified by
``derive.codegen.coefficients`` and lie in ``coefficients.json`` beside this file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sympy import Expr, Symbol

from derive.rules.identity import fill, match, meta
from derive.terms import HALF, ONE, TWO, Exp, Log, Minus, Plus, Power, Quotient, Times

A, B, S, X = (meta(name) for name in "absx")


@dataclass(frozen=True)
class Shape:
    """A way to write a bracket, and the arguments of its function then."""

    bracket: Expr
    arguments: tuple[Expr, ...]


@dataclass(frozen=True)
class Primitive:
    """A bracket of the evaluation form, and the function that computes half of it.

    The first shape that fits is taken.
    """

    name: str
    shapes: tuple[Shape, ...]

    @property
    def short(self) -> str:
        """The name without its leading ``_half_``, for a local variable."""
        return self.name.removeprefix("_half_")

    def arguments(self, term: Expr) -> tuple[Expr, ...] | None:
        """The function's arguments when ``term`` is an instance of the bracket, else None."""
        for shape in self.shapes:
            found: dict[Symbol, Expr] = {}
            if match(shape.bracket, term, found):
                return tuple(fill(a, found) for a in shape.arguments)
        return None


def _log_excess(ratio: Expr) -> Expr:
    return Plus(ratio, Minus(ONE), Minus(Log(ratio)))


def _exp_excess(t: Expr) -> Expr:
    return Plus(Exp(t), Minus(ONE), Minus(t))


def _of_square(d: Expr, r: Expr) -> Expr:
    """r² − 1 − log r² with r = 1 + d, as the two addends of which an evaluation form holds the halves."""
    return Times(TWO, Plus(Times(HALF, Power(d, TWO)), _log_excess(r)))


DIFFERENCE = Plus(A, Minus(B))
LOG_EXCESS = Primitive(
    "_half_log_excess",
    (Shape(_log_excess(Quotient(A, B)), (A, B)), Shape(_log_excess(X), (X, ONE))),
)
LOG_EXCESS_OF_SQUARE = Primitive(
    "_half_log_excess_of_square",
    (
        Shape(_of_square(Quotient(DIFFERENCE, B), Quotient(A, B)), (A, B)),
        Shape(_of_square(Plus(X, Minus(ONE)), X), (X, ONE)),
    ),
)
EXP_EXCESS = Primitive(
    "_half_exp_excess",
    (Shape(_exp_excess(DIFFERENCE), (A, B)), Shape(_exp_excess(X), (X,))),
)
BY_STD = Primitive(
    "_half_square_by_std",
    (Shape(Power(Quotient(DIFFERENCE, S), TWO), (A, B, S)),),
)
BY_VAR = Primitive(
    "_half_square_by_var",
    (Shape(Quotient(Power(DIFFERENCE, TWO), S), (A, B, S)),),
)
BY_LOGVAR = Primitive(
    "_half_square_by_logvar",
    (
        Shape(Power(Times(DIFFERENCE, Exp(Minus(Quotient(S, TWO)))), TWO), (A, B, S)),
        Shape(Power(Times(DIFFERENCE, Exp(Minus(S))), TWO), (A, B, Times(TWO, S))),
    ),
)
SQUARE = Primitive("_half_square", (Shape(Power(X, TWO), (X,)),))
PRIMITIVES = (LOG_EXCESS_OF_SQUARE, LOG_EXCESS, EXP_EXCESS, BY_STD, BY_VAR, BY_LOGVAR, SQUARE)


@dataclass(frozen=True)
class Polynomial:
    """A certified polynomial: |polynomial − function| ≤ ``bound`` on [0, upper], proved with Arb."""

    name: str
    dtype: str
    upper: str
    coefficients: tuple[str, ...]
    bound: str


@cache
def polynomials() -> dict[tuple[str, str], Polynomial]:
    """(name, dtype) → polynomial, as last computed by ``python -m derive.codegen.coefficients``."""
    data = json.loads(Path(__file__).with_name("coefficients.json").read_text(encoding="utf-8"))
    return {
        (entry["name"], entry["dtype"]): Polynomial(
            entry["name"],
            entry["dtype"],
            entry["upper"],
            tuple(entry["coefficients"]),
            entry["bound"],
        )
        for entry in data
    }
