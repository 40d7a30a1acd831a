"""What the polynomials of certificates stand for, in closed form: judges claims without the series."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import mpmath

from derive.approximation import Polynomial

Real = Any
DIGITS = 110
NEXT_TO_ZERO = mpmath.mpf("1e-30")
"""Stands for w = 0, where the closed forms are 0/0."""


def _coth(w: Real) -> Real:
    t = mpmath.sqrt(w)
    return (t * mpmath.coth(t / 2) - 2) / w


def _exp_excess(w: Real) -> Real:
    return (mpmath.expm1(w) - w) / (2 * w**2)


def _atanh(w: Real) -> Real:
    v = mpmath.sqrt(w)
    return (mpmath.atanh(v) - v) / v**3


def _sigma(w: Real) -> Real:
    return mpmath.log(1 + mpmath.exp(_rho(w)))


def _rho(w: Real) -> Real:
    return mpmath.log(mpmath.e - 1) + w


def _softplus(w: Real) -> Real:
    return ((_sigma(w) ** 2 - 1) / 2 - mpmath.log(_sigma(w))) / w**2


def _softplus_slope(w: Real) -> Real:
    return (_sigma(w) - 1 / _sigma(w)) / (1 + mpmath.exp(-_rho(w))) / w


def _log_softplus_slope(w: Real) -> Real:
    rho = w + mpmath.mpf(1) / 2
    return 1 / ((1 + mpmath.exp(-rho)) * mpmath.log1p(mpmath.exp(rho))) - (mpmath.mpf(11) / 2 - rho) / 8


def _small_softplus_slope(w: Real) -> Real:
    return 1 / ((1 + w) * mpmath.log1p(w)) - 1 / w


def _softplus_even(w: Real) -> Real:
    return mpmath.log(mpmath.cosh(mpmath.sqrt(w) / 2)) / w


CLOSED: dict[str, Callable[[Real], Real]] = {
    "coth": _coth, "exp_excess": _exp_excess, "atanh": _atanh, "softplus": _softplus,
    "softplus_slope": _softplus_slope, "log_softplus_slope": _log_softplus_slope,
    "small_softplus_slope": _small_softplus_slope, "softplus_even": _softplus_even,
}  # fmt: skip


def errors(claim: Polynomial, points: int) -> Iterator[tuple[Fraction, Real]]:
    """(w, |polynomial − function|) at points of the interval, its ends included, near which they are dense:
    there the error changes fastest."""
    lower, upper = Fraction(claim.lower), Fraction(claim.upper)
    with mpmath.workdps(DIGITS):
        coefficients = [mpmath.mpf(float(c)) for c in claim.coefficients][::-1]
        for k in range(points + 1):
            part = Fraction(k, points)
            at = lower + (upper - lower) * part * part * (3 - 2 * part)
            w = mpmath.mpf(at.numerator) / at.denominator or NEXT_TO_ZERO
            value = mpmath.re(CLOSED[claim.name](w))
            yield at, abs(mpmath.polyval(coefficients, w) - value)


def largest_error(claim: Polynomial, points: int = 400) -> Fraction:
    """The largest of these errors, to twenty digits."""
    return max(Fraction(mpmath.nstr(error, 20)) for _, error in errors(claim, points))


def is_true(claim: Polynomial) -> bool:
    """Whether no error is seen to be larger than the bound."""
    with mpmath.workdps(DIGITS):
        most = mpmath.mpmathify(claim.bound) * (1 + mpmath.mpf("1e-9"))
        return all(mpmath.isfinite(error) and error <= most for _, error in errors(claim, 100))
