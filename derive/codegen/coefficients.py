"""Computes and certifies the polynomials of the primitives: ``python -m derive.codegen.coefficients``.

The functions are those of ``derive.approximation``, on these intervals:

``coth``       w in [0, 1]
``exp_excess``  w in [−1, 25/16]
``atanh``      w in [0, 1/9 (1 + 2⁻¹⁶)]
``softplus``, ``softplus_slope``  w in [−1, 1]
``log_softplus_slope``  w in [−3/2, 3/2]
``small_softplus_slope``  w in [0, 3/8], which holds 1/e
``softplus_even``  w in [0, 4]

A Remez exchange in 60 digits gives the best polynomial; its coefficients are rounded one after the other, and
the rest is fitted again after each rounding.  The bound is the largest error at many points, rounded up until
``derive.approximation`` *proves* it for the whole interval.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from decimal import ROUND_UP, Context, Decimal
from pathlib import Path
from typing import Any, TypeAlias

import mpmath
import numpy as np
from flint import arb, ctx, fmpq

from derive.approximation import FUNCTIONS as SERIES
from derive.approximation import Polynomial, is_proved, prove

WORKING_BITS = 300
SERIES_TERMS = 160
POINTS = 1000
"""At which the largest error is looked for."""
TRIES = 10

Real: TypeAlias = Any  # mpmath.mpf, which has no type stubs


@dataclass(frozen=True)
class Function:
    """A power series on [lower, upper], and how many coefficients each dtype takes.

    ``weighted``: the fit weighs its error by about √w.
    """

    name: str
    lower: fmpq
    upper: fmpq
    counts: dict[str, int]
    weighted: bool = True


FUNCTIONS = (
    Function("coth", fmpq(0), fmpq(1), {"float32": 4, "float64": 8}),
    Function("exp_excess", fmpq(-1), fmpq(25, 16), {"float32": 9, "float64": 16}, weighted=False),
    Function("atanh", fmpq(0), fmpq(1, 9) * fmpq(65537, 65536), {"float32": 5, "float64": 10}),
    Function("softplus", fmpq(-1), fmpq(1), {"float32": 9, "float64": 20}, weighted=False),
    Function("softplus_slope", fmpq(-1), fmpq(1), {"float32": 11, "float64": 22}, weighted=False),
    Function("log_softplus_slope", fmpq(-3, 2), fmpq(3, 2), {"float32": 13, "float64": 26}, weighted=False),
    Function("small_softplus_slope", fmpq(0), fmpq(3, 8), {"float32": 7, "float64": 15}, weighted=False),
    Function("softplus_even", fmpq(0), fmpq(4), {"float32": 7, "float64": 15}, weighted=False),
)


def polynomial(function: Function, dtype: str) -> Polynomial:
    """The rounded best polynomial of a function with its proved bound."""
    with ctx.workprec(WORKING_BITS):
        terms = [_real(c) for c in SERIES[function.name].coefficients(SERIES_TERMS)][::-1]
    coefficients = _rounded(lambda w: mpmath.polyval(terms, w), function, dtype)
    claim = Polynomial(
        function.name,
        dtype,
        str(function.lower),
        str(function.upper),
        tuple(repr(float(c)) for c in coefficients),
        "",
    )
    lower, upper = _real(function.lower), _real(function.upper)
    points = (lower + (upper - lower) * k / POINTS for k in range(POINTS + 1))
    errors = (abs(mpmath.polyval(coefficients[::-1], w) - mpmath.polyval(terms, w)) for w in points)
    return certified(claim, Decimal(mpmath.nstr(max(errors), 12)))


def certified(claim: Polynomial, largest: Decimal) -> Polynomial:
    """The claim with a bound of two digits that is proved: the first above the largest error that was seen.

    Raises:
        Unproved: when none of the next few is, and why the last one is not.
    """
    rounding = Context(prec=2, rounding=ROUND_UP)
    bound = rounding.create_decimal(largest)
    for _ in range(TRIES):
        found = replace(claim, bound=str(bound).lower())
        if is_proved(found):
            break
        bound = rounding.next_plus(bound)
    prove(found)
    return found


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
        return [polynomial(f, dtype) for f in FUNCTIONS for dtype in f.counts]


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
