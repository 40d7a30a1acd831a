"""Computes and certifies the polynomials of the primitives: ``python -m derive.codegen.coefficients``.

Functions, all power series in w:

``coth``   (t coth(t/2) − 2)/t² = Σ_k 2 B_(2k+2)/(2k+2)! wᵏ   with w = t² in [0, 1]
``coth_wide``  the same on [0, (105/64)²]
``atanh``  (atanh v − v)/v³     = Σ_k wᵏ/(2k + 3)             with w = v² in [0, 1/9 (1 + 2⁻¹⁶)]
``softplus``        F(w)/w²  with F = ½(σ² − 1) − log σ, σ = log(1 + e^ρ), ρ = log(e − 1) + w, w in [−1, 1]
``softplus_slope``  F′(w)/w  on the same interval
``log_softplus_slope``  κ(ρ) − 5/8 with κ = (log σ)′ and ρ = ½ + w, w in [−3/2, 3/2]
``small_softplus_slope``  the derivative of log(log(1 + w)/w) on [0, 3/8]
``softplus_even``  log cosh(ρ/2)/ρ², for σ = ½ρ + log 2 + log cosh(ρ/2), with w = ρ² in [0, 4]

(The first two: NIST Digital Library of Mathematical Functions, 4.19 and 4.38.  F and F′ are 0 at w = 0,
where σ = 1.)  A Remez exchange in 60 digits gives
the best polynomial; its coefficients are rounded one after the other, and the rest is fitted again
after each rounding.  The bound is then *proved* in ball arithmetic over the whole interval: the
difference between the rounded polynomial and the truncated series is enclosed on pieces by its Taylor
form at the centre of each, and the tail of the series is bounded by a geometric sum: for all but the first
three by Cauchy's estimate, with the largest value on a circle enclosed in balls too.
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
"""Of Cauchy's circle.  F and κ are analytic in the strip |Im ρ| < π: there 1 + e^ρ meets the negative axis
nowhere, and σ, its principal logarithm, is real only for real ρ, where it is positive."""
SMALL_RADIUS = fmpq(3, 4)
"""log(1 + w)/w is analytic for |w| < 1 and 0 nowhere there."""
EVEN_RADIUS = fmpq(14, 5)
"""Of ρ: the real part of cosh(ρ/2) is positive where |Im ρ| < π, so that its logarithm is analytic."""

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


def _largest_on_circle(function: Callable[[Any], Any], centre: arb, radius: fmpq) -> arb:
    """A bound of |function| on a circle around a real centre."""
    worst = arb(0)
    for arc in range(ARCS):
        angle = arb(fmpq(2 * arc + 1, ARCS), arb(fmpq(1, ARCS)).abs_upper()) * arb.pi()
        worst = worst.max(abs(function(acb(centre + arb(radius) * angle.cos(), arb(radius) * angle.sin()))))
    return worst


def _excess_tail() -> tuple[arb, arb]:
    """M/R² and q with M/R² qᵏ a bound of the k-th coefficient of F/w², by Cauchy's estimate of F."""
    centre = (arb(1).exp() - 1).log()
    q = arb(1 / RADIUS)
    return _largest_on_circle(_softplus_excess, centre, RADIUS) * q**2, q


def _softplus_tail() -> arb:
    """M/R² Σ_(k≥N) qᵏ."""
    largest, q = _excess_tail()
    return largest * q**SERIES_TERMS / (1 - q)


def _softplus_slope_tail() -> arb:
    """M/R² Σ_(k≥N) (k + 2) qᵏ = M/R² q^N ((N + 2)/(1 − q) + q/(1 − q)²)."""
    largest, q = _excess_tail()
    n = SERIES_TERMS
    return largest * q**n * ((n + 2) / (1 - q) + q / (1 - q) ** 2)


def _cauchy_tail(largest: arb, upper: fmpq, radius: fmpq) -> arb:
    """M Σ_(k≥N) qᵏ with q = upper/radius: of a series whose function is at most M on the circle."""
    q = arb(upper / radius)
    return largest * q**SERIES_TERMS / (1 - q)


HALF = fmpq(1, 2)
SLOPE_AT_HALF = fmpq(5, 8)
"""Near κ(½), and short: a product with it is exact, or nearly."""
SLOPE_UPPER, SMALL_UPPER, EVEN_UPPER = fmpq(3, 2), fmpq(3, 8), fmpq(4)


def _log_softplus_slope(rho: Any) -> Any:
    """κ − 5/8 as a ball or as a power series of balls."""
    return 1 / ((1 + (-rho).exp()) * (1 + rho.exp()).log()) - SLOPE_AT_HALF


def _small_softplus_slope(w: Any) -> Any:
    return 1 / ((1 + w) * (1 + w).log()) - 1 / w


def _softplus_even(rho: Any) -> Any:
    return ((rho / 2).exp() / 2 + (-rho / 2).exp() / 2).log() / (rho * rho)


@cache
def _series(name: str, bits: int) -> tuple[arb, ...]:
    """The coefficients of a function that is given as a power series of balls, at a precision."""
    with ctx.workprec(bits):
        saved, ctx.cap = ctx.cap, 2 * SERIES_TERMS + 4
        try:
            if name == "log_softplus_slope":
                found = _log_softplus_slope(arb_series([arb(HALF), 1]))
                return tuple(found[k] for k in range(SERIES_TERMS))
            if name == "small_softplus_slope":
                ratio = arb_series([arb(fmpq((-1) ** k, k + 1)) for k in range(SERIES_TERMS + 2)]).log()
                return tuple((k + 1) * ratio[k + 1] for k in range(SERIES_TERMS))
            rho = arb_series([0, 1])
            even = ((rho / 2).exp() / 2 + (-rho / 2).exp() / 2).log()
            return tuple(even[2 * k + 2] for k in range(SERIES_TERMS))
        finally:
            ctx.cap = saved


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
    Function(
        "log_softplus_slope", lambda k: _series("log_softplus_slope", ctx.prec)[k], -SLOPE_UPPER, SLOPE_UPPER,
        {"float32": 13, "float64": 26},
        lambda: _cauchy_tail(_largest_on_circle(_log_softplus_slope, arb(HALF), RADIUS), SLOPE_UPPER, RADIUS),
        weighted=False,
    ),
    Function(
        "small_softplus_slope", lambda k: _series("small_softplus_slope", ctx.prec)[k], fmpq(0), SMALL_UPPER,
        {"float32": 7, "float64": 15},
        lambda: _cauchy_tail(
            _largest_on_circle(_small_softplus_slope, arb(0), SMALL_RADIUS), SMALL_UPPER, SMALL_RADIUS
        ),
        weighted=False,
    ),
    Function(
        "softplus_even", lambda k: _series("softplus_even", ctx.prec)[k], fmpq(0), EVEN_UPPER,
        {"float32": 7, "float64": 15},
        lambda: _cauchy_tail(
            _largest_on_circle(_softplus_even, arb(0), EVEN_RADIUS), EVEN_UPPER, EVEN_RADIUS**2
        ),
        weighted=False,
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
