"""Polynomials in place of functions: what a certificate claims of one, and the proof in ball arithmetic.

The functions are power series in w, Σ a_k wᵏ:

``coth``            (t coth(t/2) − 2)/t² = Σ 2 B_(2k+2)/(2k+2)! wᵏ   with w = t²
``exp_excess``      (e^w − 1 − w)/(2 w²) = Σ wᵏ/(2 (k + 2)!)
``atanh``           (atanh v − v)/v³ = Σ wᵏ/(2k + 3)                      with w = v²
``softplus``        F(w)/w²  with F = ½(σ² − 1) − log σ, σ = log(1 + e^ρ), ρ = log(e − 1) + w
``softplus_slope``  F′(w)/w
``log_softplus_slope``    κ(ρ) − (11/2 − ρ)/8  with κ = (log σ)′ and ρ = ½ + w
``small_softplus_slope``  the derivative of log(log(1 + w)/w)
``softplus_even``   log cosh(ρ/2)/ρ² with w = ρ², which is in σ = log 2 + ρ/2 + log cosh(ρ/2)

(The first three: NIST Digital Library of Mathematical Functions, 4.19, 4.2 and 4.38.  F and F′ are 0 at
w = 0, where σ = 1.)  Of each a radius R and a size A are known with |a_k| ≤ A (k + 2)/Rᵏ, which bounds the
tail of the series for |w| < R.  The difference between a polynomial and the terms before the tail is enclosed
on pieces of the interval, by its Taylor form at the centre of each, and a piece is halved until its enclosure
is small enough.  Every number is a ball or an exact fraction; no floating-point comparison decides.

An entry of a certificate is an object of text: ``name``, ``dtype`` (float32 or float64), ``lower`` and
``upper`` (integers, fractions or decimals), ``coefficients`` (lowest first, each as Python writes the number
of that dtype) and ``bound`` (a decimal).  It says |polynomial − function| ≤ bound on [lower, upper]; what
rounding adds when the polynomial is evaluated is not in it.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from flint import acb, arb, arb_poly, arb_series, ctx, fmpq, fmpz

BITS = 128
COUNTS = (8, 16, 32, 64, 128)
"""Numbers of terms of the series that are tried."""
TAIL = fmpq(1, 2**10)
"""The part of the bound that the tail may take, and the last terms before it once more."""
MOST_PIECES = 512
MOST_COEFFICIENTS = 64
LONGEST = 40
"""Characters of a number."""
FORMATS = {"float32": "<f", "float64": "<d"}
RATIONAL = re.compile(r"-?[0-9]{1,20}(/[1-9][0-9]{0,19}|(\.[0-9]{1,20})?(e-?[0-9]{1,3})?)")


class Unproved(ValueError):
    """An approximation is malformed or its bound is not proved; the message says which and why."""


@dataclass(frozen=True)
class Polynomial:
    """The claim |polynomial − function| ≤ ``bound`` on [lower, upper]; numbers as they are written."""

    name: str
    dtype: str
    lower: str
    upper: str
    coefficients: tuple[str, ...]
    bound: str


KEYS = frozenset(Polynomial.__dataclass_fields__)


@dataclass(frozen=True)
class Series:
    """Σ a_k wᵏ: its first coefficients, so many as are asked for, as balls; |a_k| ≤ size (k + 2)/radiusᵏ."""

    coefficients: Callable[[int], Sequence[arb]]
    radius: fmpq
    size: Callable[[], arb]

    def tail(self, count: int, reach: fmpq) -> arb:
        """A bound of |Σ_(k ≥ count) a_k wᵏ| for |w| ≤ reach, which has to be below the radius.

        With q = reach/radius, Σ_(k≥N) (k + 2) qᵏ = q^N ((N + 2)/(1 − q) + q/(1 − q)²).
        """
        q = reach / self.radius
        if not q < 1:
            raise Unproved(
                f"its interval reaches beyond the disk |w| < {self.radius}, where its series is known"
            )
        return self.size() * arb(q) ** count * arb((count + 2) / (1 - q) + q / (1 - q) ** 2)


# -- the functions -----------------------------------------------------------------------------------------


def _coth(count: int) -> list[arb]:
    """|2 B_2n/(2n)!| = 4 ζ(2n)/(2π)^(2n) < 8/39ⁿ, so that the radius is 39 and the size 1 is enough."""
    return [arb(2 * fmpq.bernoulli(2 * k + 2) / fmpz.fac_ui(2 * k + 2)) for k in range(count)]


def _exp_excess(count: int) -> list[arb]:
    """8ᵏ/(2 (k + 2)!) is below 1 for k < 2 and at most 3.3, at k = 5; with radius 8 the size 1 is enough."""
    return [arb(fmpq(1, 2 * fmpz.fac_ui(k + 2))) for k in range(count)]


def _atanh(count: int) -> list[arb]:
    return [arb(fmpq(1, 2 * k + 3)) for k in range(count)]


RADIUS = fmpq(5, 2)
"""Of Cauchy's circle.  F and κ are analytic in the strip |Im ρ| < π: there 1 + e^ρ meets the negative axis
nowhere, and σ, its principal logarithm, is real only for real ρ, where it is positive."""
SMALL_RADIUS = fmpq(3, 4)
"""log(1 + w)/w is analytic for |w| < 1, and 0 nowhere there."""
EVEN_RADIUS = fmpq(14, 5)
"""Of ρ: where |Im ρ| < π the real part of cosh(ρ/2) is positive, so that its logarithm is analytic."""
ARCS = 64


def _excess(rho: Any) -> Any:
    """F as a ball or as a power series of balls."""
    sigma = (1 + rho.exp()).log()
    return (sigma * sigma - 1) / 2 - sigma.log()


def _where_one() -> arb:
    """The ρ at which σ is 1."""
    return (arb(1).exp() - 1).log()


def _softplus(count: int) -> list[arb]:
    saved, ctx.cap = ctx.cap, count + 2
    try:
        excess = _excess(arb_series([_where_one(), 1]))
        return [excess[k + 2] for k in range(count)]
    finally:
        ctx.cap = saved


def _softplus_slope(count: int) -> list[arb]:
    return [(k + 2) * a for k, a in enumerate(_softplus(count))]


def _mean_on_circle(function: Callable[[acb], acb], centre: arb, radius: fmpq) -> arb:
    """A bound of the mean of |function| on a circle: by Cauchy, of |a_k| Rᵏ for every k.

    That is half of it times (k + 2), at most.
    """
    total = arb(0)
    for arc in range(ARCS):
        angle = arb(fmpq(2 * arc + 1, ARCS), fmpq(1, ARCS)) * arb.pi()
        total += abs(function(acb(centre + arb(radius) * angle.cos(), arb(radius) * angle.sin())))
    return total / ARCS


@cache
def _softplus_size() -> arb:
    """a_k is F_(k+2), or (k + 2) F_(k+2)."""
    return (_mean_on_circle(_excess, _where_one(), RADIUS) / RADIUS**2).abs_upper()


def _slope(rho: Any) -> Any:
    """κ − (11/2 − ρ)/8 as a ball or as a power series of balls."""
    return 1 / ((1 + (-rho).exp()) * (1 + rho.exp()).log()) - (fmpq(11, 2) - rho) / 8


def _log_softplus_slope(count: int) -> list[arb]:
    saved, ctx.cap = ctx.cap, count
    try:
        slope = _slope(arb_series([arb(fmpq(1, 2)), 1]))
        return [slope[k] for k in range(count)]
    finally:
        ctx.cap = saved


@cache
def _log_softplus_slope_size() -> arb:
    return (_mean_on_circle(_slope, arb(fmpq(1, 2)), RADIUS) / 2).abs_upper()


def _small_softplus_slope(count: int) -> list[arb]:
    saved, ctx.cap = ctx.cap, count + 1
    try:
        log = arb_series([arb(fmpq((-1) ** k, k + 1)) for k in range(count + 1)]).log()
        return [(k + 1) * log[k + 1] for k in range(count)]
    finally:
        ctx.cap = saved


def _slope_of_log_ratio(w: acb) -> acb:
    """The derivative of log(log(1 + w)/w) as a ball."""
    return 1 / ((1 + w) * (1 + w).log()) - 1 / w


@cache
def _small_softplus_slope_size() -> arb:
    return (_mean_on_circle(_slope_of_log_ratio, arb(0), SMALL_RADIUS) / 2).abs_upper()


def _log_cosh(rho: Any) -> Any:
    """log cosh(ρ/2) as a ball or as a power series of balls."""
    return ((rho / 2).exp() / 2 + (-rho / 2).exp() / 2).log()


def _softplus_even(count: int) -> list[arb]:
    saved, ctx.cap = ctx.cap, 2 * count + 1
    try:
        even = _log_cosh(arb_series([0, 1]))
        return [even[2 * k + 2] for k in range(count)]
    finally:
        ctx.cap = saved


@cache
def _softplus_even_size() -> arb:
    mean = _mean_on_circle(lambda rho: _log_cosh(rho) / (rho * rho), arb(0), EVEN_RADIUS)
    return (mean / 2).abs_upper()


def _one() -> arb:
    return arb(1)


FUNCTIONS = {
    "coth": Series(_coth, fmpq(39), _one),
    "exp_excess": Series(_exp_excess, fmpq(8), _one),
    "atanh": Series(_atanh, fmpq(1), _one),
    "softplus": Series(_softplus, RADIUS, _softplus_size),
    "softplus_slope": Series(_softplus_slope, RADIUS, _softplus_size),
    "log_softplus_slope": Series(_log_softplus_slope, RADIUS, _log_softplus_slope_size),
    "small_softplus_slope": Series(_small_softplus_slope, SMALL_RADIUS, _small_softplus_slope_size),
    "softplus_even": Series(_softplus_even, EVEN_RADIUS**2, _softplus_even_size),
}


# -- the proof ---------------------------------------------------------------------------------------------


def prove(polynomial: Polynomial) -> None:
    """Prove the bound of an approximation on the whole interval.

    Raises:
        Unproved: when a number is malformed, when the bound is false, and when it is too close to call.
    """
    with ctx.workprec(BITS):
        lower, upper, bound = map(_rational, (polynomial.lower, polynomial.upper, polynomial.bound))
        if not lower < upper:
            raise Unproved("the lower end of its interval is not below the upper one")
        if not bound > 0:
            raise Unproved("its bound is not positive")
        coefficients = [arb(_exact(c, polynomial.dtype)) for c in polynomial.coefficients]
        series = FUNCTIONS[polynomial.name]
        reach = max(abs(lower), abs(upper))
        for count in COUNTS:
            tail = series.tail(count, reach)
            if tail < bound * TAIL:
                break
        else:
            raise Unproved(f"its bound is smaller than what {count} terms of the series can tell")
        difference = arb_poly(coefficients) - arb_poly(series.coefficients(count))
        low_order, rest = _without_last(difference, reach, bound * TAIL)
        _require_small(low_order, lower, upper, arb(bound, tail + rest))


def is_proved(polynomial: Polynomial) -> bool:
    """Whether the bound of an approximation can be proved."""
    try:
        prove(polynomial)
    except Unproved:
        return False
    return True


def _without_last(difference: arb_poly, reach: fmpq, small: fmpq) -> tuple[arb_poly, arb]:
    """A polynomial without its last terms, and a bound below ``small`` of these for |w| ≤ reach.

    The fewer terms, the faster the proof.
    """
    terms, rest = list(difference), arb(0)
    while terms:
        more = rest + abs(terms[-1]) * arb(reach) ** (len(terms) - 1)
        if not more < small:
            break
        terms.pop()
        rest = more
    return arb_poly(terms), rest.abs_upper()


def _require_small(difference: arb_poly, lower: fmpq, upper: fmpq, largest: arb) -> None:
    """That |difference| is below the ball ``largest`` on [lower, upper]."""
    waiting, pieces = [(lower, upper)], 0
    while waiting:
        low, high = waiting.pop()
        centre, half = (low + high) / 2, (high - low) / 2
        around = difference(arb_poly([arb(centre), 1]))
        if abs(around(arb(0, half))) < largest:
            continue
        if abs(around[0]) > largest:
            raise Unproved(f"its bound is false: at w = {centre} the polynomial is further off")
        pieces += 1
        if pieces > MOST_PIECES:
            raise Unproved(f"its bound is not proved with {MOST_PIECES} pieces of the interval")
        waiting += [(low, centre), (centre, high)]


# -- what a certificate holds ------------------------------------------------------------------------------


def prove_all(data: Any) -> tuple[Polynomial, ...]:
    """Read and prove the approximations of a certificate.

    Nothing says that they are all that some code uses: what is listed holds, and that is all.

    Raises:
        Unproved: names the approximation, and the reason.
    """
    most = len(FUNCTIONS) * len(FORMATS)
    if not isinstance(data, list) or len(data) > most:
        raise Unproved(f"the approximations are a list of at most {most}")
    proved: dict[tuple[str, str], Polynomial] = {}
    for number, entry in enumerate(data, 1):
        where = f"approximation {number}"
        try:
            found = decode(entry)
            where += f", {found.name} in {found.dtype}"
            if (found.name, found.dtype) in proved:
                raise Unproved("it is there twice")
            prove(found)
        except Unproved as error:
            raise Unproved(f"{where}: {error}") from error
        proved[found.name, found.dtype] = found
    return tuple(proved.values())


def encode(polynomial: Polynomial) -> dict[str, Any]:
    """A claim as JSON data."""
    return asdict(polynomial) | {"coefficients": list(polynomial.coefficients)}


def decode(data: Any) -> Polynomial:
    """A claim from JSON data; its numbers are looked at when it is proved.

    Raises:
        Unproved: when it is none.
    """
    if not isinstance(data, dict) or set(data) != KEYS:
        raise Unproved(f"it has {', '.join(sorted(KEYS))} and nothing else")
    coefficients = data["coefficients"]
    if not isinstance(coefficients, list) or not 1 <= len(coefficients) <= MOST_COEFFICIENTS:
        raise Unproved(f"its coefficients are a list of 1 to {MOST_COEFFICIENTS}")
    texts = [*coefficients, *(v for k, v in data.items() if k != "coefficients")]
    if not all(isinstance(t, str) and len(t) <= LONGEST for t in texts):
        raise Unproved(f"every part of it is text of at most {LONGEST} characters")
    if data["name"] not in FUNCTIONS:
        raise Unproved(f"no function is called {data['name']!r}: there are {', '.join(FUNCTIONS)}")
    if data["dtype"] not in FORMATS:
        raise Unproved(f"no dtype is called {data['dtype']!r}: there are {', '.join(FORMATS)}")
    return Polynomial(**data | {"coefficients": tuple(coefficients)})


def _rational(text: str) -> fmpq:
    """An integer, a fraction or a decimal, exactly."""
    if not RATIONAL.fullmatch(text):
        raise Unproved(f"{text!r} is no integer, fraction or decimal")
    return fmpq(*Fraction(text).as_integer_ratio())


def _exact(text: str, dtype: str) -> fmpq:
    """The exact value of a number of a dtype, written as Python writes it."""
    try:
        value = float(text)
        (kept,) = struct.unpack(FORMATS[dtype], struct.pack(FORMATS[dtype], value))
    except (ValueError, OverflowError):
        kept = value = math.nan
    if not math.isfinite(value) or kept != value or repr(value) != text:
        raise Unproved(f"{text!r} is no {dtype} as Python writes it")
    return fmpq(*value.as_integer_ratio())
