"""Computes and certifies the polynomials of the primitives: ``python -m derive.codegen.coefficients``.

Functions, all power series in w:

``coth``   (t coth(t/2) − 2)/t² = Σ_k 2 B_(2k+2)/(2k+2)! wᵏ   with w = t² in [0, 1]
``coth_wide``  the same on [0, (105/64)²]
``atanh``  (atanh v − v)/v³     = Σ_k wᵏ/(2k + 3)             with w = v² in [0, 1/9 (1 + 2⁻¹⁶)]
``softplus``        F(w)/w²  with F = ½(σ² − 1) − log σ, σ = log(1 + e^ρ), ρ = log(e − 1) + w, w in [−1, 1]
``softplus_slope``  F′(w)/w  on the same interval

(The first two: NIST Digital Library of Mathematical Functions, 4.19 and 4.38.  F and F′ are 0 at w = 0,
where σ = 1.)  A Remez exchange in 60 digits gives
the best polynomial; its coefficients are rounded one after the other, and the rest is fitted again
after each rounding.  The bound is then *proved* in ball arithmetic over the whole interval: the
difference between the rounded polynomial and the truncated series is enclosed on pieces by its Taylor
form at the centre of each, and the tail of the series is bounded by a geometric sum: for F by Cauchy's
estimate, with the largest |F| on a circle enclosed in balls too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_UP, Context, Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import mpmath
import numpy as np
from flint import acb, arb, arb_poly, arb_series, ctx, fmpq

from derive.codegen.primitives import Polynomial

WORKING_BITS = 300
SERIES_TERMS = 160
PIECES = 400
ARCS = 256
RADIUS = fmpq(5, 2)
"""Of Cauchy's circle.  F is analytic in the strip |Im ρ| < π: there 1 + e^ρ meets the negative axis nowhere,
and σ, its principal logarithm, is real only for real ρ, where it is positive."""

Series = Callable[[int], Any]
Real: TypeAlias = Any  # mpmath.mpf, which has no type stubs


@dataclass(frozen=True)
class Function:
    """A power series on [lower, upper], how many coefficients each dtype takes, and a bound of its tail.

    ``weighted``: the fit weighs its error by about √w.
    """

    name: str
    coefficient: Series
    lower: fmpq
    upper: fmpq
    counts: dict[str, int]
    tail: Callable[[], arb]
    weighted: bool = True


def _coth_coefficient(k: int) -> fmpq:
    top, bottom = mpmath.bernfrac(2 * k + 2)
    return fmpq(int(top), int(bottom)) * fmpq(2, int(mpmath.factorial(2 * k + 2)))


COTH_WIDE = fmpq(105, 64) ** 2


def _coth_tail(upper: fmpq) -> arb:
    """|2 B_2n/(2n)!| = 4 ζ(2n)/(2π)^(2n) ≤ 8/(2π)^(2n), so the tail is at most a geometric sum."""
    outer = 1 / (2 * arb.pi()) ** 2
    ratio = arb(upper) * outer
    return 8 * outer * ratio**SERIES_TERMS / (1 - ratio)


ATANH_UPPER = fmpq(1, 9) * fmpq(65537, 65536)


def _atanh_tail() -> arb:
    """Σ_(k≥N) wᵏ/(2k + 3) ≤ w^N/(1 − w)."""
    w = arb(ATANH_UPPER)
    return w**SERIES_TERMS / (1 - w)


def _softplus_excess(rho: Any) -> Any:
    """F as a ball or as a power series of balls."""
    sigma = (1 + rho.exp()).log()
    return (sigma * sigma - 1) / 2 - sigma.log()


@cache
def _softplus_coefficients(bits: int) -> tuple[arb, ...]:
    """Those of F/w², at a precision."""
    with ctx.workprec(bits):
        saved, ctx.cap = ctx.cap, SERIES_TERMS + 2
        try:
            excess = _softplus_excess(arb_series([(arb(1).exp() - 1).log(), 1]))
            return tuple(excess[k + 2] for k in range(SERIES_TERMS))
        finally:
            ctx.cap = saved


def _softplus_coefficient(k: int) -> arb:
    return _softplus_coefficients(ctx.prec)[k]


def _softplus_slope_coefficient(k: int) -> arb:
    return (k + 2) * _softplus_coefficient(k)


def _largest_on_circle() -> arb:
    """A bound of |F| where |w| is the radius of the circle."""
    centre, worst = (arb(1).exp() - 1).log(), arb(0)
    for arc in range(ARCS):
        angle = arb(fmpq(2 * arc + 1, ARCS), arb(fmpq(1, ARCS)).abs_upper()) * arb.pi()
        rho = acb(centre + arb(RADIUS) * angle.cos(), arb(RADIUS) * angle.sin())
        worst = worst.max(abs(_softplus_excess(rho)))
    return worst


def _softplus_tail() -> arb:
    """Cauchy: F has coefficients of at most M/Rᵏ, so that of F/w² is at most M/R² Σ_(k≥N) qᵏ, q = 1/R."""
    q = arb(1 / RADIUS)
    return _largest_on_circle() * q**2 * q**SERIES_TERMS / (1 - q)


def _softplus_slope_tail() -> arb:
    """M/R² Σ_(k≥N) (k + 2) qᵏ = M/R² q^N ((N + 2)/(1 − q) + q/(1 − q)²)."""
    q, n = arb(1 / RADIUS), SERIES_TERMS
    return _largest_on_circle() * q**2 * q**n * ((n + 2) / (1 - q) + q / (1 - q) ** 2)


FUNCTIONS = (
    Function(
        "coth", _coth_coefficient, fmpq(0), fmpq(1), {"float32": 4, "float64": 8},
        lambda: _coth_tail(fmpq(1)),
    ),
    Function(
        "coth_wide", _coth_coefficient, fmpq(0), COTH_WIDE, {"float32": 5, "float64": 10},
        lambda: _coth_tail(COTH_WIDE),
    ),
    Function(
        "atanh", lambda k: fmpq(1, 2 * k + 3), fmpq(0), ATANH_UPPER, {"float32": 5, "float64": 10},
        _atanh_tail,
    ),
    Function(
        "softplus", _softplus_coefficient, fmpq(-1), fmpq(1), {"float32": 9, "float64": 20}, _softplus_tail,
        weighted=False,
    ),
    Function(
        "softplus_slope", _softplus_slope_coefficient, fmpq(-1), fmpq(1), {"float32": 11, "float64": 22},
        _softplus_slope_tail, weighted=False,
    ),
)  # fmt: skip


def polynomial(function: Function, dtype: str) -> Polynomial:
    """The rounded best polynomial of a function with its proved bound."""
    terms = [_real(function.coefficient(k)) for k in range(SERIES_TERMS)][::-1]
    coefficients = _rounded(lambda w: mpmath.polyval(terms, w), function, dtype)
    return Polynomial(
        function.name,
        dtype,
        str(function.lower),
        str(function.upper),
        tuple(repr(float(c)) for c in coefficients),
        prove(coefficients, function),
    )


def prove(coefficients: Sequence[float], function: Function) -> str:
    """A decimal upper bound of |polynomial − function| on the whole interval."""
    difference = arb_poly(
        [
            (arb(float(coefficients[k])) if k < len(coefficients) else arb(0)) - arb(function.coefficient(k))
            for k in range(SERIES_TERMS)
        ]
    )
    tail, worst, step = function.tail(), arb(0), (function.upper - function.lower) / (2 * PIECES)
    for piece in range(PIECES):
        centre = arb(function.lower + (2 * piece + 1) * step)
        radius = arb(0, arb(step).abs_upper())
        worst = worst.max(abs(difference(arb_poly([centre, 1]))(radius)) + tail)
    largest = Decimal(worst.abs_upper().str(12, radius=False))
    return str(Context(prec=2, rounding=ROUND_UP).create_decimal(largest * Decimal("1.0001"))).lower()


def _real(q: fmpq | arb) -> Real:
    if isinstance(q, arb):
        return mpmath.mpf(q.str(90, radius=False))
    return mpmath.mpf(int(q.p)) / int(q.q)


def _rounded(values: Callable[[Real], Real], function: Function, dtype: str) -> list[float]:
    """Coefficients rounded to the dtype one by one from the lowest, the rest refitted each time."""
    fixed: list[float] = []
    count = function.counts[dtype]
    while len(fixed) < count:
        best = _remez(values, function, [mpmath.mpf(c) for c in fixed], count - len(fixed))
        nearest = float(mpmath.nstr(best[0], 40))
        fixed.append(float(np.float32(nearest)) if dtype == "float32" else nearest)
    return fixed


def _remez(exact: Callable[[Real], Real], function: Function, fixed: list[Real], free: int) -> list[Real]:
    """Best fit of ``free`` further coefficients on [lower, upper].

    A weight of about √w is what the error does to the two primitives of coth and atanh, relative to
    their value.
    """
    start, count = len(fixed), free + 1
    lower, upper = _real(function.lower), _real(function.upper)

    def weight(w: Real) -> Real:
        return mpmath.sqrt(w / upper) + mpmath.mpf(1) / 64 if function.weighted else mpmath.mpf(1)

    points = 16 * count
    grid = [
        lower + (upper - lower) * (1 - mpmath.cos(mpmath.pi * (k + mpmath.mpf(1) / 2) / points)) / 2
        for k in range(points)
    ]
    values = [exact(w) - (mpmath.polyval(fixed[::-1], w) if fixed else 0) for w in grid]

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
        where = f"[{entry['lower']}, {entry['upper']}]"
        print(f"{entry['name']:14} {entry['dtype']}  on {where}  error <= {entry['bound']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
