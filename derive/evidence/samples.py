"""Input points for generated code, and the truth at them.

The inputs are numbers of the format that is measured, taken as exact; the truth is the closed form at
them in ball arithmetic, at a precision that is raised until 106 bits are certain.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from flint import arb, ctx
from sympy import Expr, Rational, Symbol

from derive.derivation import Derivation
from derive.evidence.ball import Compiler, Frame, Program
from derive.evidence.floats import FORMATS, Floats, Format
from derive.evidence.points import Slot, is_pair, slots, unscaled
from derive.terms import (
    ONE,
    TWO,
    ZERO,
    Component,
    Exp,
    Log,
    Minus,
    Plus,
    Power,
    Quotient,
    Root,
    SumOver,
    TermError,
    Times,
    as_term,
    contains,
    factors,
    rebuild,
    substitute,
)

PRECISIONS = (192, 448, 1024, 2560)
CERTAIN = 106
NOTHING = -1200
"""A number below 2^NOTHING in size is 0 in every format here, far below half its least number."""

STRATA = ("random", "moderate", "near", "extreme", "collapse")


@dataclass(frozen=True)
class Truth:
    """Exact values as unevaluated sums high + low of two float64 numbers (106 bits)."""

    high: Floats
    low: Floats


@dataclass(frozen=True)
class Reference:
    """The closed form that a function is held against: its parameters in order, one coordinate.

    For a product law ``body`` is the summand, and the function's value is its sum over the last axis.
    """

    derivation: Derivation

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The parameters with their roles, in the order of the function's arguments."""
        return slots(self.derivation)

    @property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(slot.name for slot in self.slots)

    @cached_property
    def body(self) -> Expr:
        """One coordinate's part of the closed form."""
        return _summand(self.derivation.right)

    @property
    def summed(self) -> bool:
        """Whether the function sums over coordinates."""
        return contains(self.derivation.right, SumOver)

    def values(self, arrays: Sequence[Floats]) -> Truth:
        """The truth; for a summed function, of the sums over the last axis."""
        return _truth(self.body, self.names, arrays, self.summed)

    def gradient(self, name: str, arrays: Sequence[Floats]) -> tuple[Truth, Floats]:
        """The exact partial derivative and its size.

        The size is |g₀| + |g − g₀| where g₀ is the derivative at equal locations: where the derivative
        crosses 0 because a part from the locations and a part from the scales cancel, this is what an
        error is measured against; elsewhere it is |g|.
        """
        slope = derivative(self.body, Symbol(name))
        g = _truth(slope, self.names, arrays, summed=False)
        locations = [slot.name for slot in self.slots if slot.role == "location"]
        if not locations:
            return g, np.abs(g.high)
        to: Expr = Symbol(locations[1]) if len(locations) > 1 else ZERO
        rest = _truth(substitute(slope, {Symbol(locations[0]): to}), self.names, arrays, summed=False)
        with np.errstate(invalid="ignore", over="ignore"):
            moved = np.abs((g.high - rest.high) + (g.low - rest.low))
            size = np.abs(rest.high) + moved
        return g, np.where(np.isfinite(size), size, np.inf)

    def sample(self, dtype: str, count: int, width: int = 0, seed: int = 0) -> Sample:
        """``count`` points (rows of ``width`` coordinates, for a summed function) with the truth."""
        wide = max(1, width)
        arrays, strata = inputs(self, FORMATS[dtype], max(4, count // wide), wide, seed)
        if not self.summed:
            arrays = tuple(a[:, 0] for a in arrays)
        return Sample(self, dtype, arrays, strata, self.values(arrays))


@dataclass(frozen=True)
class Sample:
    """Inputs in a format, their strata and the truth."""

    reference: Reference
    dtype: str
    arrays: tuple[Floats, ...]
    strata: tuple[str, ...]
    truth: Truth

    @property
    def format(self) -> Format:
        """The floating-point format of the inputs."""
        return FORMATS[self.dtype]

    @property
    def width(self) -> int:
        """Coordinates of a point."""
        return self.arrays[0].shape[1] if self.arrays[0].ndim > 1 else 1

    def point(self, i: int) -> dict[str, str]:
        """The i-th point, its floats written so that they read back exactly."""
        if self.width > 1:
            return {"row": str(i), "stratum": self.strata[i]}
        values = (repr(float(a.reshape(-1)[i])) for a in self.arrays)
        return dict(zip(self.reference.names, values, strict=True))


def _summand(term: Expr) -> Expr:
    """One coordinate's part of a closed form, components written as plain symbols."""
    if isinstance(term, SumOver):
        return _plain(term.args[0])
    if isinstance(term, Minus) and contains(term, SumOver):
        return Minus(_summand(term.args[0]))
    constant = all(isinstance(f, Rational) or contains(f, SumOver) for f in factors(term))
    if isinstance(term, Times) and contains(term, SumOver) and constant:
        return Times(*(_summand(f) for f in factors(term)))
    if contains(term, SumOver):
        raise TermError(f"{term} is not a constant times a sum over coordinates")
    return term


def _plain(term: Expr) -> Expr:
    if isinstance(term, Component):
        return term.args[0]
    return rebuild(term, tuple(_plain(a) for a in term.args)) if term.args else term


def derivative(term: Expr, x: Symbol) -> Expr:
    """The derivative of an elementary term, by the table of derivatives.

    >>> from derive.terms import symbol
    >>> derivative(Log(symbol("t")), symbol("t"))
    Quotient(1, t)
    """
    if term == x:
        return ONE
    if isinstance(term, Symbol | Rational) or not term.args:
        return ZERO
    slopes = [derivative(a, x) for a in term.args]
    if all(s == ZERO for s in slopes):
        return ZERO
    u, du = term.args[0], slopes[0]
    if isinstance(term, Plus):
        kept = [s for s in slopes if s != ZERO]
        return kept[0] if len(kept) == 1 else Plus(*kept)
    if isinstance(term, Minus):
        return Minus(du)
    if isinstance(term, Times):
        parts = [Times(*term.args[:i], s, *term.args[i + 1 :]) for i, s in enumerate(slopes) if s != ZERO]
        return parts[0] if len(parts) == 1 else Plus(*parts)
    if isinstance(term, Quotient):
        v, dv = term.args[1], slopes[1]
        if dv == ZERO:
            return Quotient(du, v)
        return Quotient(Plus(Times(du, v), Minus(Times(u, dv))), Power(v, TWO))
    if isinstance(term, Power) and isinstance(term.args[1], Rational):
        k = term.args[1]
        return Times(k, Power(u, as_term(k - 1)), du)
    if isinstance(term, Root):
        return Quotient(du, Times(TWO, term))
    if isinstance(term, Log):
        return Quotient(du, u)
    if isinstance(term, Exp):
        return Times(term, du)
    raise TermError(f"the derivative of {type(term).__name__} is not in the table")


def _truth(term: Expr, names: Sequence[str], arrays: Sequence[Floats], summed: bool) -> Truth:
    program = Compiler()(term)
    flat = [a.reshape(-1).tolist() for a in arrays]
    frames = [Frame(zip(names, map(arb, point), strict=True)) for point in zip(*flat, strict=True)]
    size = arrays[0].shape[1] if summed else 1
    count = len(frames) // size
    high, low = np.zeros(count), np.zeros(count)
    for i in range(count):
        value, bits = _certain(program, frames[i * size : (i + 1) * size])
        with ctx.workprec(bits):
            high[i] = float(value.mid())
            low[i] = float((value - arb(high[i])).mid()) if abs(high[i]) < np.inf else 0.0
    shape = arrays[0].shape[:-1] if summed else arrays[0].shape
    return Truth(high.reshape(shape), low.reshape(shape))


def _certain(program: Program, frames: list[Frame]) -> tuple[arb, int]:
    """The sum of the program over the frames, certain to 106 bits or certain to be next to nothing."""
    for bits in PRECISIONS:
        with ctx.workprec(bits):
            value = arb(program(frames[0]))
            for frame in frames[1:]:
                value += program(frame)
            if value.rel_accuracy_bits() >= CERTAIN or value.is_zero():
                return value, bits
            if abs(value) < arb(2) ** NOTHING:
                return arb(0), bits
    raise ArithmeticError(f"no certain value at {dict(frames[0])} with {PRECISIONS[-1]} bits")


# -- inputs ----------------------------------------------------------------------------------------


def inputs(
    reference: Reference, form: Format, count: int, width: int, seed: int
) -> tuple[tuple[Floats, ...], tuple[str, ...]]:
    """Arrays of shape (count, width) and each row's stratum; the same for the same arguments."""
    name = f"{reference.derivation.id} {form.name} {width}" + (f" {seed}" if seed else "")
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    parts: list[list[Floats]] = []
    strata: list[str] = []
    for k, stratum in enumerate(STRATA):
        rows = count // len(STRATA) + (k < count % len(STRATA))
        parts.append(_stratum(reference, form, stratum, (rows, width), rng))
        strata += [stratum] * rows
    arrays = tuple(form.round(np.concatenate(columns)) for columns in zip(*parts, strict=True))
    limit = form.largest / 4
    for i, slot in enumerate(reference.slots):
        low = form.least_normal if slot.role == "scale" else -limit
        arrays[i][...] = np.clip(arrays[i], low, limit)
    return arrays, tuple(strata)


def _stratum(
    reference: Reference, form: Format, stratum: str, shape: tuple[int, int], rng: np.random.Generator
) -> list[Floats]:
    """One array for each parameter.  Scales are drawn as (p, q) and locations follow."""
    pair = is_pair(reference.derivation)
    reach = float(np.log10(form.largest))
    sign = rng.choice([-1.0, 1.0], (2, *shape))
    if stratum == "random":
        logs = rng.uniform(-1, 1, (2, *shape)) * min(4.0, reach / 4)
        locations = sign * 10.0 ** rng.uniform(-min(6.0, reach / 2), min(3.0, reach / 4), (2, *shape))
    elif stratum == "moderate":  # scales within ten of each other, locations often the same
        base = rng.uniform(-1, 1, shape) * min(3.0, reach / 4) if pair else np.zeros(shape)
        logs = np.stack([base + rng.uniform(-1, 1, shape), base])
        apart = sign * 10.0 ** (rng.uniform(-min(5.0, reach / 4), 1, (2, *shape)) + base)
        locations = np.where(rng.random((2, *shape)) < 0.5, 0.0, apart)
    elif stratum == "near":
        finest = -np.log10(2.0) * form.precision
        apart = sign * 10.0 ** rng.uniform(finest, -1, (2, *shape))
        base = rng.uniform(-1, 1, shape) * min(3.0, reach / 4) if pair else np.zeros(shape)
        logs = np.stack([base + np.log1p(apart[0]) / np.log(10.0), base])
        centre = rng.normal(size=shape) if pair else np.zeros(shape)
        locations = np.stack([centre + apart[1] * (np.abs(centre) if pair else 1), centre])
    elif stratum == "extreme":
        half = reach / 2 - 1
        logs = rng.choice([-half, 0.0, half], (2, *shape)) + rng.uniform(-1, 1, (2, *shape))
        edge = rng.random(shape) < 0.25  # ratios whose square, or that themselves, nearly overflow
        ratio = rng.choice([reach / 2, reach], shape) + rng.uniform(-0.5, 0.5, shape)
        logs = np.where(edge, np.stack([ratio / 2, -ratio / 2]), logs)
        locations = sign * 10.0 ** (logs[1] + rng.uniform(-6, 6, (2, *shape)))
        locations[1] = np.where(rng.random(shape) < 0.3, 0.0, locations[1])
    else:
        small = 10.0 ** rng.uniform(-6, -3, (4, *shape)) * rng.normal(size=(4, *shape))
        logs, locations = small[:2] / np.log(10.0), small[2:]
    with np.errstate(over="ignore", under="ignore"):
        return [_as_parameter(slot, logs, locations, stratum, form) for slot in reference.slots]


def _as_parameter(slot: Slot, logs: Floats, locations: Floats, stratum: str, form: Format) -> Floats:
    if slot.role == "location":
        return locations[slot.side]
    scale = 10.0 ** logs[slot.side]
    if slot.role == "log-scale":
        return np.asarray(unscaled(slot.argument, scale, np))
    if stratum == "near" and slot.side == 0:
        other = form.round(10.0 ** logs[1])
        scale[::7] = other[::7] + form.ulp(other[::7])  # the very next number
    return scale
