"""Terms in ball arithmetic: a term becomes a function of its parameters, evaluated in Arb.

A ball is a midpoint with a radius, and every operation returns a ball that contains all exact
results (Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic", 2017),
so what is computed here is a theorem about the value, not an approximation of it.  A term is
compiled once into nested closures and then evaluated as often as wanted.

Integrals, expectations and divergences that are not yet done have no value here: asking for one is
a :class:`BallError`.  This module knows the heads of terms and the *definitions* of families, and
no rule, claim or closed form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import acb, arb, ctx, fmpq
from sympy import Expr, Integer, Rational, Symbol
from sympy import pi as symbolic_pi

from derive.scope import Family
from derive.terms import (
    ONE,
    Between,
    Component,
    Density,
    Exp,
    Law,
    Log,
    Minus,
    Plus,
    Power,
    ProductLaw,
    ProductOver,
    Quotient,
    Root,
    SumOver,
    Times,
    plus,
    substitute,
)

Number = Any
"""A real ball, a complex ball or a NumPy array: flint has no type stubs."""

Coordinate = Fraction | int
Point = Mapping[str, Coordinate | tuple[Coordinate, ...]]
"""Parameter name → rational value; a tuple for the components of a vector."""


class BallError(ValueError):
    """A term has no value in ball arithmetic; the message names the head and why."""


class Frame(dict[str, Any]):
    """Values by name.  ``analytic`` asks complex operations to fail off their domain of analyticity
    (a non-finite ball), as the integrator requires."""

    analytic: bool = False


Program = Callable[[Frame], Number]


@dataclass(frozen=True)
class Constant:
    """A program that does not look at its frame."""

    value: Number

    def __call__(self, frame: Frame) -> Number:
        """The value, whatever the frame."""
        return self.value


@dataclass(frozen=True)
class Arithmetic:
    """How the heads compute.  ``log`` and ``root`` take the frame's analytic flag."""

    number: Callable[[int, int], Number]
    pi: Callable[[], Number]
    exp: Callable[[Number], Number]
    log: Callable[[Number, bool], Number]
    root: Callable[[Number, bool], Number]


BALLS = Arithmetic(
    number=lambda n, d: arb(n) if d == 1 else arb(fmpq(n, d)),
    pi=arb.pi,
    exp=lambda x: x.exp(),
    log=lambda x, analytic: x.log(analytic=analytic) if isinstance(x, acb) else x.log(),
    root=lambda x, analytic: x.sqrt(analytic=analytic) if isinstance(x, acb) else x.sqrt(),
)
"""Real balls where the arguments are real, complex balls where they are complex."""


@dataclass(frozen=True)
class Compiler:
    """Turns terms into programs.

    ``families`` opens densities.  ``known`` gives values to some symbols when compiling: what
    depends on nothing else is then computed once, at the precision of that moment.
    """

    arithmetic: Arithmetic = BALLS
    families: Mapping[str, Family] | None = None
    known: Mapping[str, Number] | None = None

    def __call__(self, term: Expr) -> Program:
        """A program for the term; BallError for a head that has no value."""
        if isinstance(term, Rational):
            return self._number(int(term.p), int(term.q))
        if term is symbolic_pi:
            return self._fold((), lambda frame: self.arithmetic.pi())
        if isinstance(term, Symbol):
            return self._symbol(term.name)
        if isinstance(term, Density):
            return self(self.opened(term))
        if isinstance(term, SumOver | ProductOver):
            return self._over_index(term)
        if isinstance(term, Component):
            return self._component(term)
        if isinstance(term, Power):
            return self._power(term)
        if isinstance(term, Between):
            body, variable, low, high = term.args
            return self(Plus(substitute(body, {variable: high}), Minus(substitute(body, {variable: low}))))
        if isinstance(term, Log) and isinstance(term.args[0], Plus) and term.args[0].args[0] == ONE:
            return self._log_of_one_and(plus(*term.args[0].args[1:]))
        make = _HEADS.get(type(term))
        if make is None:
            raise BallError(
                f"{type(term).__name__} has no value in ball arithmetic: only arithmetic, roots, "
                "logarithms, exponentials, densities, finite sums and products of them do"
            )
        parts = tuple(self(argument) for argument in term.args)
        return self._fold(parts, make(self.arithmetic, parts))

    def log_of(self, term: Expr) -> Program:
        """The logarithm of a density, as a sum of the logarithms of its factors.

        For positive factors log(uv) = log u + log v, log(u/v) = log u − log v, log(u^k) = k log u
        and log(exp u) = u.  A factor that no law opens goes through the arithmetic's own logarithm,
        which for a factor that is not positive gives a non-finite ball: then nothing is enclosed.
        The result is the branch that is real on the support, continued analytically.
        """
        if isinstance(term, Density):
            return self.log_of(self.opened(term))
        if isinstance(term, Exp):
            return self(term.args[0])
        if isinstance(term, Times | Quotient):
            parts = tuple(self.log_of(factor) for factor in term.args)
            head = Plus if isinstance(term, Times) else None
            made = _HEADS[Plus](self.arithmetic, parts) if head else _difference(parts)
            return self._fold(parts, made)
        if isinstance(term, Power) and isinstance(term.args[1], Integer):
            count, base = int(term.args[1]), self.log_of(term.args[0])
            return self._fold((base,), lambda frame: base(frame) * count)
        if isinstance(term, Root):
            inner = self.log_of(term.args[0])
            return self._fold((inner,), lambda frame: inner(frame) / 2)
        return self(Log(term))

    def opened(self, term: Density) -> Expr:
        """A density by its definition: the family's, or the product over the coordinates."""
        law, point = term.args
        if isinstance(law, ProductLaw):
            factor, index, dimension = law.args
            return ProductOver(Density(factor, Component(point, index)), index, dimension)
        if isinstance(law, Law) and self.families is not None and law.family in self.families:
            return self.families[law.family].density_at(law, point)
        raise BallError(f"the density of {law} is not known here: no such family was given")

    def _fold(self, parts: tuple[Program, ...], program: Program) -> Program:
        if self.known is not None and all(isinstance(part, Constant) for part in parts):
            return Constant(program(Frame()))
        return program

    def _number(self, numerator: int, denominator: int) -> Program:
        if denominator == 1 or self.known is not None:
            return Constant(self.arithmetic.number(numerator, denominator))
        return lambda frame: self.arithmetic.number(numerator, denominator)

    def _symbol(self, name: str) -> Program:
        if self.known is not None and name in self.known:
            return Constant(self.known[name])

        def look_up(frame: Frame) -> Number:
            try:
                return frame[name]
            except KeyError:
                raise BallError(f"no value is given for {name}") from None

        return look_up

    def _component(self, term: Component) -> Program:
        vector, index = (self(argument) for argument in term.args)

        def look_up(frame: Frame) -> Number:
            values, at = vector(frame), _whole(index(frame))
            if not isinstance(values, tuple) or not 1 <= at <= len(values):
                raise BallError(f"{term} has no value: component {at} of {values!r}")
            return values[at - 1]

        return look_up

    def _power(self, term: Power) -> Program:
        base, exponent = self(term.args[0]), term.args[1]
        if isinstance(exponent, Integer):
            count = int(exponent)
            return self._fold((base,), lambda frame: _power_of(base(frame), count))
        if isinstance(exponent, Rational) and exponent.q == 2:
            count = int(exponent.p)
            root = self.arithmetic.root
            return self._fold((base,), lambda frame: _power_of(root(base(frame), frame.analytic), count))
        logarithm, factor, exp = self(Log(term.args[0])), self(exponent), self.arithmetic.exp
        return self._fold((logarithm, factor), lambda frame: exp(factor(frame) * logarithm(frame)))

    def _log_of_one_and(self, term: Expr) -> Program:
        """log(1 + x), for a real ball without forming 1 + x: no precision is enough for a small x."""
        inner, one, log = self(term), self._number(1, 1), self.arithmetic.log

        def run(frame: Frame) -> Number:
            x = inner(frame)
            return x.log1p() if isinstance(x, arb) else log(one(frame) + x, frame.analytic)

        return self._fold((inner,), run)

    def _over_index(self, term: SumOver | ProductOver) -> Program:
        body, index, dimension = term.args
        inner, count, name = self(body), self(dimension), str(index)
        adding = isinstance(term, SumOver)
        number = self.arithmetic.number
        start = number(0 if adding else 1, 1)

        def run(frame: Frame) -> Number:
            total, kept = start, frame.get(name)
            for j in range(1, _whole(count(frame)) + 1):
                frame[name] = number(j, 1)
                total = total + inner(frame) if adding else total * inner(frame)
            if kept is None:
                frame.pop(name, None)
            else:
                frame[name] = kept
            return total

        return run


def _whole(value: Number) -> int:
    """The value of an index or a dimension, which must be an exact whole number."""
    whole = value.unique_fmpz() if isinstance(value, arb) else value
    if whole is None or whole != int(whole):
        raise BallError(f"an index or a dimension is a whole number, not {value}")
    return int(whole)


def _power_of(base: Number, count: int) -> Number:
    """base^count by repeated multiplication (flint's ** makes NaN of a real ball around 0)."""
    if count < 0:
        return 1 / _power_of(base, -count)
    result, square = None, base
    while count:
        if count & 1:
            result = square if result is None else result * square
        count >>= 1
        if count:
            square = square * square
    return base * 0 + 1 if result is None else result


Make = Callable[[Arithmetic, tuple[Program, ...]], Program]


def _sum(arithmetic: Arithmetic, parts: tuple[Program, ...]) -> Program:
    first, *rest = parts

    def run(frame: Frame) -> Number:
        total = first(frame)
        for part in rest:
            total = total + part(frame)
        return total

    return run


def _product(arithmetic: Arithmetic, parts: tuple[Program, ...]) -> Program:
    return lambda frame: math.prod((part(frame) for part in parts[1:]), start=parts[0](frame))


def _difference(parts: tuple[Program, ...]) -> Program:
    left, right = parts
    return lambda frame: left(frame) - right(frame)


def _quotient(arithmetic: Arithmetic, parts: tuple[Program, ...]) -> Program:
    numerator, denominator = parts
    return lambda frame: numerator(frame) / denominator(frame)


def _negative(arithmetic: Arithmetic, parts: tuple[Program, ...]) -> Program:
    (inner,) = parts
    return lambda frame: -inner(frame)


def _root(arithmetic: Arithmetic, parts: tuple[Program, ...]) -> Program:
    (inner,), root = parts, arithmetic.root
    return lambda frame: root(inner(frame), frame.analytic)


def _log(arithmetic: Arithmetic, parts: tuple[Program, ...]) -> Program:
    (inner,), log = parts, arithmetic.log
    return lambda frame: log(inner(frame), frame.analytic)


def _exp(arithmetic: Arithmetic, parts: tuple[Program, ...]) -> Program:
    (inner,), exp = parts, arithmetic.exp
    return lambda frame: exp(inner(frame))


_HEADS: Mapping[type[Expr], Make] = {
    Plus: _sum, Times: _product, Minus: _negative, Quotient: _quotient,
    Root: _root, Log: _log, Exp: _exp,
}  # fmt: skip


def frame_at(point: Point) -> Frame:
    """The point's values as balls at the current precision."""
    return Frame({name: _ball(value) for name, value in point.items()})


def _ball(value: Coordinate | tuple[Coordinate, ...]) -> Number:
    if isinstance(value, tuple):
        return tuple(_ball(v) for v in value)
    return arb(fmpq(value.numerator, value.denominator))


def bits_for(digits: int) -> int:
    """Bits that hold so many decimal digits (log2 10 < 3.3220)."""
    return math.ceil(digits * 3.322) + 4


def evaluate(term: Expr, point: Point, digits: int = 50, families: Mapping[str, Family] | None = None) -> arb:
    """An enclosure of the term at a point.  ``digits`` is the working precision, not a promise: read
    the radius, or ask again with more.

    >>> from derive.terms import Log, Plus, Minus, ONE, symbol
    >>> evaluate(Plus(Log(symbol("t")), Minus(ONE)), {"t": Fraction(1)}, digits=20)
    -1.00000000000000

    Raises:
        BallError: when a head has no value, or a symbol none at this point.
    """
    with ctx.workprec(bits_for(digits)):
        return arb(Compiler(families=families)(term)(frame_at(point)))
