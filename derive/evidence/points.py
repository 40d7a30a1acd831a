"""Where evidence is taken: stratified parameter points, the same for everybody, every time.

A parameter's role is read off the law that it stands in: a *location* is a real parameter of the
family, a *scale* a positive one, and a *log-scale* a real number that a positive one is computed from.
A new family or parameterisation therefore gets its points without an entry here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import mpmath
from sympy import Expr, Integer, Symbol

from derive import catalogue
from derive.derivation import Derivation
from derive.scope import Declaration
from derive.terms import (
    KL,
    ONE,
    Component,
    Exp,
    Law,
    Log,
    Minus,
    Plus,
    ProductLaw,
    Quotient,
    free_symbols,
)

Role = Literal["location", "scale", "log-scale"]


@dataclass(frozen=True)
class Slot:
    """A parameter, its role, which of the two laws it belongs to (0 for p, 1 for q), and the law's
    argument that is computed from it."""

    declaration: Declaration
    role: Role
    side: int
    argument: Expr

    @property
    def name(self) -> str:
        """The parameter's name."""
        return self.declaration.name


def laws_of(derivation: Derivation) -> tuple[Law, Law]:
    """The laws p and q of a derivation's left side; of one coordinate, for product laws."""
    left: Expr = derivation.left
    if isinstance(left, Minus):
        left = left.args[0]
    if not isinstance(left, KL):
        raise ValueError(f"{derivation.id} is not about a divergence")
    p, q = (law.args[0] if isinstance(law, ProductLaw) else law for law in left.args)
    assert isinstance(p, Law), p
    assert isinstance(q, Law), q
    return p, q


def slots(derivation: Derivation) -> tuple[Slot, ...]:
    """Every parameter in the order of its declaration, without dimensions."""
    found: dict[str, Slot] = {}
    declared = {d.name: d for d in derivation.scope.declarations}
    for side, law in enumerate(laws_of(derivation)):
        family = derivation.scope.family(law)
        for argument, of_family in zip(law.args[1:], family.parameters, strict=True):
            for used in sorted(free_symbols(argument), key=str):
                if used.name not in declared:
                    continue  # the index of a product
                own = declared[used.name]
                role: Role = "location"
                if of_family.domain == "positive":
                    role = "scale" if own.domain == "positive" else "log-scale"
                found.setdefault(used.name, Slot(own, role, side, argument))
    return tuple(found[name] for name in declared if name in found)


def dimension_name(derivation: Derivation) -> str | None:
    """The name of the symbolic dimension, if there is one."""
    names = [d.name for d in derivation.scope.declarations if d.domain == "natural"]
    return names[0] if names else None


def is_pair(derivation: Derivation) -> bool:
    """Whether both laws have parameters of their own (otherwise q is a standard member)."""
    return any(slot.side == 1 for slot in slots(derivation))


@dataclass(frozen=True)
class Stratum:
    """Locations and scales of p and q, and a name for the table."""

    name: str
    locations: tuple[Fraction, Fraction]
    scales: tuple[Fraction, Fraction]


def _stratum(name: str, *values: str | int) -> Stratum:
    a, b, c, d = (Fraction(v) for v in values)
    return Stratum(name, (a, b), (c, d))


def _near(power: int) -> Stratum:
    e = Fraction(1, 10**power)
    return Stratum(f"near-equal 1e-{power}", (Fraction(2, 3) + e, Fraction(2, 3)), (1 + e / 2, Fraction(1)))


MILLION = 10**6
STRATA = (
    _stratum("generic", "1/3", "-2/5", "3/2", "7/4"),
    _near(12),
    _stratum("scale ratio 1e6", "1/2", 0, MILLION, 1),
    _stratum("means 1e6 apart", MILLION, 0, "5/4", 1),
    _stratum("scale ratio 1e-6", "-1/7", 0, 1, MILLION),
    _stratum("simple", 0, 1, 1, "3/2"),
    _near(3),
    _stratum("equal means", "7/3", "7/3", 2, "1/3"),
    _near(8),
    _stratum("zero means", 0, 0, "5/7", "9/4"),
    _stratum("simple", 1, 0, 1, 1),
    _stratum("means 1e6 apart, wide", -MILLION, 0, MILLION, "1/2"),
    _stratum("narrow against wide", 3, "-1/2", "1/1000", "1000"),
    _near(20),
    _stratum("wide against narrow", "-5/2", "1/4", "1000", "1/1000"),
    _stratum("means 1e6 apart, narrow", MILLION, "1/3", "1/1000000", 1),
)


def strata() -> Iterator[Stratum]:
    """The table above, then generic ones without end (quotients of a fixed sequence of integers)."""
    yield from STRATA
    state = 20250101
    while True:
        values = []
        for _ in range(8):
            state = (state * 1103515245 + 12345) % 2**31
            values.append(1 + (state >> 12) % 97)
        a, b, c, d, e, f, g, h = values
        yield _stratum("generic", f"{a - 49}/{b}", f"{c - 49}/{d}", f"{e}/{f}", f"{g}/{h}")


def points(of: Derivation | str, count: int = 20) -> list[dict[str, Fraction | tuple[Fraction, ...]]]:
    """``count`` rational points in the parameters of a derivation, or of the result with an id.

    The first five are stratified already.  Dimensions go 2, 1, 3, 2, …; the coordinates of a
    near-equal point are all near-equal.

    >>> points("kl-exponential", 1)
    [{'lambda_1': Fraction(3, 2), 'lambda_2': Fraction(7, 4)}]
    """
    derivation = catalogue.result(of).derivation if isinstance(of, str) else of
    roles, pair, dimension = slots(derivation), is_pair(derivation), dimension_name(derivation)
    source = strata()
    chosen = [next(source) for _ in range(count + 2)]
    out = []
    for i in range(count):
        size = (2, 1, 3)[i % 3] if dimension else 1
        members = [_coordinate(chosen, i, j) for j in range(size)]
        point: dict[str, Fraction | tuple[Fraction, ...]] = {}
        for slot in roles:
            values = tuple(value_of(slot, member, pair) for member in members)
            point[slot.name] = values if slot.declaration.indexed else values[0]
        if dimension:
            point[dimension] = Fraction(size)
        out.append(point)
    return out


def _coordinate(chosen: list[Stratum], i: int, j: int) -> Stratum:
    """The stratum of the j-th coordinate of the i-th point."""
    own = chosen[i]
    if j == 0:
        return own
    if own.name.startswith("near"):
        move = Fraction(j, 3)
        return Stratum(own.name, (own.locations[0] - move, own.locations[1] - move), own.scales)
    return chosen[i + j]


def value_of(slot: Slot, stratum: Stratum, pair: bool) -> Fraction:
    """A parameter's value; against a standard member, the difference or the ratio counts."""
    if slot.role == "location":
        p, q = stratum.locations
        return stratum.locations[slot.side] if pair else p - q
    p, q = stratum.scales
    scale = stratum.scales[slot.side] if pair else p / q
    return scale if slot.role == "scale" else _rational(slot.argument, scale)


def unscaled(argument: Expr, scale: Any, maths: Any) -> Any:
    """The number from which a law's argument computes ``scale``; ``maths`` is NumPy or mpmath.

    >>> import math
    >>> from derive.terms import symbol
    >>> unscaled(Exp(symbol("t")), 1, math)
    0.0
    """
    if isinstance(argument, Symbol | Component):
        return scale
    if isinstance(argument, Exp):
        return unscaled(argument.args[0], maths.log(scale), maths)
    if isinstance(argument, Quotient) and isinstance(argument.args[1], Integer):
        return unscaled(argument.args[0], scale * int(argument.args[1]), maths)
    if isinstance(argument, Log) and isinstance(argument.args[0], Plus):
        one, exponential = argument.args[0].args
        if one == ONE and isinstance(exponential, Exp):  # log(e^σ − 1) without overflow
            return unscaled(exponential.args[0], scale + maths.log(-maths.expm1(-scale)), maths)
    raise ValueError(f"it is not known which number {argument} is computed from")


def _rational(argument: Expr, scale: Fraction) -> Fraction:
    """A short rational near the number that gives ``scale``; it keeps scale − 1 where that is small."""
    with mpmath.workdps(60):
        exact = unscaled(argument, mpmath.mpf(scale.numerator) / scale.denominator, mpmath)
        value = Fraction(int(mpmath.nint(exact * 10**50)), 10**50)
    gap = abs(scale - 1)
    if 0 < gap < Fraction(1, 100):
        return value.limit_denominator(int(10 / gap))
    return Fraction(round(value * 8), 8)


def as_text(point: Mapping[str, object]) -> dict[str, str]:
    """The point for a report: rationals as text, vectors in brackets."""
    return {
        name: f"({', '.join(str(v) for v in value)})" if isinstance(value, tuple) else str(value)
        for name, value in point.items()
    }
