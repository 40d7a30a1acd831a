"""Computes and certifies the polynomials of the primitives: ``python -m derive.codegen.coefficients``.

Two functions, both power series in w:

``coth``   (h coth h − 1)/h² = Σ_k 2^(2k+2) B_(2k+2)/(2k+2)! wᵏ   with w = h² in [0, 1]
``atanh``  (atanh v − v)/v³  = Σ_k wᵏ/(2k + 3)                    with w = v² in [0, 1/9 (1 + 2⁻¹⁶)]

(NIST Digital Library of Mathematical Functions, 4.19 and 4.38.)  A Remez exchange in 60 digits gives
the best polynomial; its coefficients are rounded one after the other, and the rest is fitted again
after each rounding.  The bound is then *proved* in ball arithmetic over the whole interval: the
difference between the rounded polynomial and the truncated series is enclosed on pieces by its Taylor
form at the centre of each, and the tail of the series is bounded by a geometric sum.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_UP, Context, Decimal
from pathlib import Path
from typing import Any, TypeAlias

import mpmath
import numpy as np
from flint import arb, arb_poly, ctx, fmpq

from derive.codegen.primitives import Polynomial

WORKING_BITS = 300
SERIES_TERMS = 160
PIECES = 400
Series = Callable[[int], fmpq]
Real: TypeAlias = Any  # mpmath.mpf, which has no type stubs


@dataclass(frozen=True)
class Function:
    """A power series on [0, upper], how many coefficients each dtype takes, and a bound of its tail."""

    name: str
    coefficient: Series
    upper: fmpq
    counts: dict[str, int]
    tail: Callable[[], arb]


def _coth_coefficient(k: int) -> fmpq:
    top, bottom = mpmath.bernfrac(2 * k + 2)
    return fmpq(int(top), int(bottom)) * fmpq(2 ** (2 * k + 2), int(mpmath.factorial(2 * k + 2)))


def _coth_tail() -> arb:
    """|2^(2n) B_2n/(2n)!| = 2 ζ(2n)/π^(2n) ≤ 4/π^(2n), so the tail is at most a geometric sum."""
    ratio = 1 / arb.pi() ** 2
    return 4 / arb.pi() ** 2 * ratio**SERIES_TERMS / (1 - ratio)


ATANH_UPPER = fmpq(1, 9) * fmpq(65537, 65536)


def _atanh_tail() -> arb:
    """Σ_(k≥N) wᵏ/(2k + 3) ≤ w^N/(1 − w)."""
    w = arb(ATANH_UPPER)
    return w**SERIES_TERMS / (1 - w)


FUNCTIONS = (
    Function("coth", _coth_coefficient, fmpq(1), {"float32": 5, "float64": 11}, _coth_tail),
    Function("atanh", lambda k: fmpq(1, 2 * k + 3), ATANH_UPPER, {"float32": 5, "float64": 10}, _atanh_tail),
)


def polynomial(function: Function, dtype: str) -> Polynomial:
    """The rounded best polynomial of a function with its proved bound."""
    terms = [_real(function.coefficient(k)) for k in range(SERIES_TERMS)][::-1]
    coefficients = _rounded(
        lambda w: mpmath.polyval(terms, w), _real(function.upper), function.counts[dtype], dtype
    )
    bound = prove(coefficients, function)
    return Polynomial(
        function.name, dtype, str(function.upper), tuple(repr(float(c)) for c in coefficients), bound
    )


def prove(coefficients: Sequence[float], function: Function) -> str:
    """A decimal upper bound of |polynomial − function| on the whole interval."""
    difference = arb_poly(
        [
            (arb(float(coefficients[k])) if k < len(coefficients) else arb(0)) - arb(function.coefficient(k))
            for k in range(SERIES_TERMS)
        ]
    )
    tail, worst = function.tail(), arb(0)
    for piece in range(PIECES):
        centre = arb(function.upper * fmpq(2 * piece + 1, 2 * PIECES))
        radius = arb(0, arb(function.upper * fmpq(1, 2 * PIECES)).abs_upper())
        worst = worst.max(abs(difference(arb_poly([centre, 1]))(radius)) + tail)
    largest = Decimal(worst.abs_upper().str(12, radius=False))
    return str(Context(prec=2, rounding=ROUND_UP).create_decimal(largest * Decimal("1.0001"))).lower()


def _real(q: fmpq) -> Real:
    return mpmath.mpf(int(q.p)) / int(q.q)


def _rounded(function: Callable[[Real], Real], upper: Real, count: int, dtype: str) -> list[float]:
    """Coefficients rounded to the dtype one by one from the lowest, the rest refitted each time."""
    fixed: list[float] = []
    while len(fixed) < count:
        best = _remez(function, upper, [mpmath.mpf(c) for c in fixed], count - len(fixed))
        nearest = float(mpmath.nstr(best[0], 40))
        fixed.append(float(np.float32(nearest)) if dtype == "float32" else nearest)
    return fixed


def _remez(function: Callable[[Real], Real], upper: Real, fixed: list[Real], free: int) -> list[Real]:
    """Best fit of ``free`` further coefficients on [0, upper], the error weighted by about √w.

    The weight is what the error does to both primitives, relative to their value.
    """
    start, count = len(fixed), free + 1

    def weight(w: Real) -> Real:
        return mpmath.sqrt(w / upper) + mpmath.mpf(1) / 64

    points = 16 * count
    grid = [upper * (1 - mpmath.cos(mpmath.pi * (k + mpmath.mpf(1) / 2) / points)) / 2 for k in range(points)]
    values = [function(w) - (mpmath.polyval(fixed[::-1], w) if fixed else 0) for w in grid]

    def errors_of(candidate: list[Real]) -> list[Real]:
        return [
            weight(w) * (v - w**start * mpmath.polyval(candidate[::-1], w))
            for w, v in zip(grid, values, strict=True)
        ]

    rows = mpmath.matrix(points, free)
    for i, w in enumerate(grid):
        for j in range(free):
            rows[i, j] = weight(w) * w ** (start + j)
    right = mpmath.matrix([weight(w) * v for w, v in zip(grid, values, strict=True)])
    best = list(mpmath.lu_solve(rows.T * rows, rows.T * right))  # least squares: nearly the best
    errors = errors_of(best)
    for _ in range(6):  # exchange, kept only while it improves
        extrema = _alternating(errors, count)
        if len(extrema) < count:
            break
        system, right = mpmath.matrix(count, count), mpmath.matrix(count, 1)
        for i, index in enumerate(extrema):
            w = grid[index]
            for j in range(free):
                system[i, j] = w ** (start + j)
            system[i, free] = (-1) ** i / weight(w)
            right[i] = values[index]
        candidate = list(mpmath.lu_solve(system, right))[:free]
        found = errors_of(candidate)
        if max(map(abs, found)) >= max(map(abs, errors)):
            break
        best, errors = candidate, found
    return best


def _alternating(errors: list[Real], count: int) -> list[int]:
    """Where the error is largest in each run of one sign; at most ``count`` of them, the largest."""
    extrema: list[int] = []
    for i, error in enumerate(errors):
        if extrema and (error > 0) == (errors[extrema[-1]] > 0):
            if abs(error) > abs(errors[extrema[-1]]):
                extrema[-1] = i
        else:
            extrema.append(i)
    while len(extrema) > count:
        extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
    return extrema


def compute() -> list[Polynomial]:
    """Every polynomial, computed and certified anew (a few seconds)."""
    with mpmath.workprec(WORKING_BITS):
        saved, ctx.prec = ctx.prec, WORKING_BITS
        try:
            return [polynomial(f, dtype) for f in FUNCTIONS for dtype in f.counts]
        finally:
            ctx.prec = saved


def main() -> int:
    """Write ``coefficients.json`` beside this file."""
    entries = [asdict(p) for p in compute()]
    path = Path(__file__).with_name("coefficients.json")
    path.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    for entry in entries:
        print(f"{entry['name']:6} {entry['dtype']}  on [0, {entry['upper']}]  error <= {entry['bound']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
