"""The brackets that generated code computes as one function each, and their polynomials.

Each function gives *half* of its bracket: without the half the brackets overflow where the divergence
does not.  All are non-negative and exactly 0 at equality.

``_half_log_excess(a, b)``   r − 1 − log r   with r = a/b, for positive a and b
``_half_log_excess_of_square(a, b)``         the same of r²
``_half_exp_excess(a, b)``   eᵗ − 1 − t      with t = a − b (or t = a)
``_half_exp_excess_of_double(a, b)``         the same of 2t, also where 2t overflows
``_half_softplus_excess(ρ)`` σ² − 1 − log σ²  with σ = log(1 + e^ρ)
``_half_softplus_ratio_excess(ρ, τ)``        r² − 1 − log r² with r the ratio of two such σ
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
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import mpmath
import numpy as np
from sympy import Expr, Symbol

from derive.approximation import Polynomial, decode
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


def _softplus(rho: Symbol) -> Expr:
    return Log(Plus(ONE, Exp(rho)))


SOFTPLUS_EXCESS = Primitive(
    "_half_softplus_excess",
    (Shape(_of_square(Plus(_softplus(X), Minus(ONE)), _softplus(X)), (X,)),),
)
SOFTPLUS_RATIO_EXCESS = Primitive(
    "_half_softplus_ratio_excess",
    (
        Shape(
            _of_square(
                Quotient(Plus(_softplus(A), Minus(_softplus(B))), _softplus(B)),
                Quotient(_softplus(A), _softplus(B)),
            ),
            (A, B),
        ),
    ),
)
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
EXP_EXCESS_OF_DOUBLE = Primitive(
    "_half_exp_excess_of_double",
    (
        Shape(_exp_excess(Plus(Times(TWO, A), Minus(Times(TWO, B)))), (A, B)),
        Shape(_exp_excess(Times(TWO, X)), (X,)),
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
BY_SOFTPLUS = Primitive(
    "_half_square_by_softplus",
    (Shape(Power(Quotient(DIFFERENCE, _softplus(S)), TWO), (A, B, S)),),
)
SQUARE = Primitive("_half_square", (Shape(Power(X, TWO), (X,)),))
PRIMITIVES = (
    SOFTPLUS_EXCESS, SOFTPLUS_RATIO_EXCESS, LOG_EXCESS_OF_SQUARE, LOG_EXCESS, EXP_EXCESS_OF_DOUBLE,
    EXP_EXCESS, BY_SOFTPLUS, BY_STD, BY_VAR, BY_LOGVAR, SQUARE,
)  # fmt: skip
EXPONENTIAL = frozenset((EXP_EXCESS, EXP_EXCESS_OF_DOUBLE))
"""Those whose value and slopes share most of the work."""
OF_SOFTPLUS = frozenset((SOFTPLUS_RATIO_EXCESS, BY_SOFTPLUS))
"""Those that are computed with the logarithms of two softplus numbers."""
LOGARITHMIC = frozenset((LOG_EXCESS, LOG_EXCESS_OF_SQUARE, SOFTPLUS_EXCESS, *OF_SOFTPLUS))
"""Those that are computed with a logarithm of a ratio near 1."""
WITHOUT_SPARE = (SQUARE, SOFTPLUS_EXCESS, SOFTPLUS_RATIO_EXCESS, BY_SOFTPLUS)
"""Those that are computed in the same way whether there are digits to spare or not."""


def where_softplus_is_one(dtype: str) -> tuple[str, str]:
    """log(e − 1) as the sum of two numbers of a dtype, nearest first.

    >>> where_softplus_is_one("float64")
    ('0.5413248546129181', '-1.8138570925507326e-17')
    """
    return _in_two(dtype, lambda: mpmath.log(mpmath.e - 1))


def _in_two(dtype: str, number: Callable[[], mpmath.mpf]) -> tuple[str, str]:
    kind = np.dtype(dtype).type
    with mpmath.workdps(50):
        exact = number()
        high = kind(exact)
        return repr(float(high)), repr(float(kind(exact - mpmath.mpf(float(high)))))


def logarithm_of_two(dtype: str) -> tuple[str, str]:
    """log 2 as the sum of two numbers of a dtype, nearest first."""
    return _in_two(dtype, lambda: mpmath.log(2))


@cache
def polynomials() -> dict[tuple[str, str], Polynomial]:
    """(name, dtype) → polynomial, as last computed by ``python -m derive.codegen.coefficients``."""
    data = json.loads(Path(__file__).with_name("coefficients.json").read_text(encoding="utf-8"))
    return {(entry["name"], entry["dtype"]): decode(entry) for entry in data}
