"""The value of a line at a point, integrals included: what a counterexample is made of.

A float is never evidence here.  It is shown to a learner beside a line that the exact checker has
refused already, and it is shown only when two grids agree on it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from sympy import Expr, Symbol, pi

from derive.rules.definitions import definition_of_kl
from derive.scope import Scope
from derive.terms import (
    KL,
    Between,
    Component,
    Density,
    DerivativeIn,
    Exp,
    IntegralOver,
    Law,
    Log,
    Minus,
    OpenInterval,
    Plus,
    Power,
    ProductLaw,
    ProductOver,
    ProductSpace,
    Quotient,
    Root,
    SumOver,
    TermError,
    Times,
    ValueAt,
    is_infinite,
    symbol,
)

Coordinate: TypeAlias = Fraction | tuple[Fraction, ...]
Point: TypeAlias = Mapping[str, Coordinate]
Environment: TypeAlias = Mapping[str, Any]

FAR = 22.0
"""The line is cut here: the points of a counterexample keep their laws well inside."""
TAIL = 1e-6
"""An integrand that is larger than this where the line is cut has no integral."""
STEPS = (0.4, 0.3)
AGREE = 1e-9
STENCIL = ((1, 4 / 5), (2, -1 / 5), (3, 4 / 105), (4, -1 / 280))
APART = 1 / 32
"""A derivative is a central difference of eighth order, with values this far apart."""


class NoValue(ValueError):
    """A term has no finite value at a point, or none that two grids agree on."""


class Diverges(NoValue):
    """An integrand does not fall to zero at the ends of an infinite interval."""


def value(term: Expr, scope: Scope, point: Point) -> float:
    """The value of a term at a point that gives each of its free symbols a number or a vector.

    Raises:
        NoValue: when the term is undefined there, or its integrals cannot be trusted.
        Diverges: when an integral of it does not converge.
    """
    environment = {name: _floats(given) for name, given in point.items()}
    with np.errstate(all="ignore"):
        found = [float(_Grid(scope, step).value(term, environment, 0)) for step in STEPS]
    if not all(math.isfinite(v) for v in found):
        raise NoValue(f"{term} is not finite there")
    if abs(found[0] - found[1]) > AGREE * max(1.0, abs(found[0])):
        raise NoValue(f"the integral in {term} was not resolved")
    return found[1]


def _floats(given: Coordinate) -> Any:
    return [float(v) for v in given] if isinstance(given, tuple) else float(given)


class _Grid:
    """Evaluates terms with the trapezoidal rule, which converges geometrically for these integrands."""

    def __init__(self, scope: Scope, step: float) -> None:
        self.scope, self.step = scope, step

    def value(self, t: Expr, env: Environment, axes: int) -> Any:
        """The value of a term; ``axes`` integrals are open around it, each an axis of the arrays."""
        if isinstance(t, Symbol):
            return env[t.name]
        if t is pi or t.is_Rational:
            return float(t)
        if isinstance(t, Component):
            return env[t.args[0].name][int(env[t.args[1].name]) - 1]
        if isinstance(t, (SumOver, ProductOver)):
            return self._over_index(t, env, axes)
        if isinstance(t, IntegralOver):
            return self._integral(t, env, axes)
        if isinstance(t, Between):
            f, x, low, high = t.args
            ends = (self.value(f, {**env, x.name: self._end(e, env, axes)}, axes) for e in (high, low))
            return next(ends) - next(ends)
        if isinstance(t, DerivativeIn):
            f, x = t.args
            around = [(k * APART, w / APART) for n, w in STENCIL for k, w in ((n, w), (-n, -w))]
            return sum(w * self.value(f, {**env, x.name: env[x.name] + k}, axes) for k, w in around)
        if isinstance(t, ValueAt):
            f, x, point, _ = t.args
            return self.value(f, {**env, x.name: self.value(point, env, axes)}, axes)
        if isinstance(t, Density):
            return self._density(t, env, axes)
        if isinstance(t, KL):
            x = symbol("x")
            if "x" in env:
                raise NoValue("the name x is taken")
            p, q = t.args
            return self.value(definition_of_kl(p, q, x, self.scope), env, axes)
        return _combine(t, [self.value(a, env, axes) for a in t.args])

    def _end(self, end: Expr, env: Environment, axes: int) -> Any:
        if is_infinite(end):
            return -2 * FAR if isinstance(end, Minus) else 2 * FAR
        return self.value(end, env, axes)

    def _over_index(self, t: Expr, env: Environment, axes: int) -> Any:
        body, index, dimension = t.args
        count = int(self.value(dimension, env, axes))
        parts = [self.value(body, {**env, index.name: k}, axes) for k in range(1, count + 1)]
        return sum(parts) if isinstance(t, SumOver) else _product(parts)

    def _density(self, t: Expr, env: Environment, axes: int) -> Any:
        law, point = t.args
        if isinstance(law, ProductLaw):
            factor, index, dimension = law.args
            count = int(self.value(dimension, env, axes))
            at = self.value(point, env, axes)
            inner = Density(factor, symbol("at"))
            return _product(
                [
                    self.value(inner, {**env, index.name: k, "at": at[k - 1]}, axes)
                    for k in range(1, count + 1)
                ]
            )
        if not isinstance(law, Law):
            raise TermError(f"{law} is not a law")
        family = self.scope.family(law)
        own = {p.name: self.value(a, env, axes) for p, a in zip(family.parameters, law.args[1:], strict=True)}
        own[family.variable.name] = self.value(point, env, axes)
        return self.value(family.density, own, axes)

    def _integral(self, t: Expr, env: Environment, axes: int) -> Any:
        body, x, space = t.args
        if not isinstance(space, ProductSpace):
            nodes, weights, open_ended = self._nodes(space, env, axes)
            return self._sum(body, {**env, x.name: _axis(nodes, axes)}, axes, weights, open_ended)
        base, index, dimension = space.args
        count = int(self.value(dimension, env, axes))
        nodes, weights, open_ended = self._nodes(base, {**env, index.name: 1}, axes)
        vector = [_axis(nodes, axes + k) for k in range(count)]
        inside = {**env, x.name: vector}
        found = self.value(body, inside, axes + count)
        for k in reversed(range(count)):
            found = _integrate(found, axes + k, weights, open_ended)
        return found

    def _sum(self, body: Expr, env: Environment, axes: int, weights: Any, open_ended: bool) -> Any:
        return _integrate(self.value(body, env, axes + 1), axes, weights, open_ended)

    def _nodes(self, space: Expr, env: Environment, axes: int) -> tuple[Any, Any, bool]:
        """Nodes and weights on an interval, and whether an end of it is infinite."""
        if not isinstance(space, OpenInterval):
            raise NoValue(f"no grid on {space}")
        low, high = space.args
        h = self.step
        if is_infinite(low) and is_infinite(high):
            nodes = np.arange(-FAR, FAR + h / 2, h)
            return nodes, np.full_like(nodes, h), True
        if is_infinite(high):
            t = np.arange(-40.0, 4.0, h / 3)
            return float(self.value(low, env, axes)) + np.exp(t), np.exp(t) * h / 3, True
        a, b = (float(self.value(end, env, axes)) for end in (low, high))
        nodes, weights = np.polynomial.legendre.leggauss(48)
        return (a + b) / 2 + (b - a) / 2 * nodes, (b - a) / 2 * weights, False


def _axis(nodes: Any, axes: int) -> Any:
    return nodes.reshape((-1,) + (1,) * axes)


def _integrate(values: Any, axes: int, weights: Any, open_ended: bool) -> Any:
    """Sum over the newest axis."""
    shape = np.broadcast_shapes(np.shape(values), (len(weights),) + (1,) * axes)
    summed = np.broadcast_to(values, shape) * _axis(weights, axes)
    if open_ended and float(np.max(np.abs(summed[[0, -1]]))) > TAIL:
        raise Diverges("the integrand does not fall to zero at the ends")
    return np.sum(summed, axis=0)


def _product(parts: Iterable[Any]) -> Any:
    out: Any = 1.0
    for part in parts:
        out = out * part
    return out


def _combine(t: Expr, parts: list[Any]) -> Any:
    match t:
        case Plus():
            return sum(parts)
        case Times():
            return _product(parts)
        case Minus():
            return -parts[0]
        case Quotient():
            return np.divide(parts[0], parts[1])
        case Power():
            return np.power(parts[0], parts[1])
        case Root():
            return np.sqrt(parts[0])
        case Log():
            return np.log(parts[0])
        case Exp():
            return np.exp(parts[0])
        case _:
            raise NoValue(f"{type(t).__name__} has no value")


__all__ = ["Coordinate", "Diverges", "NoValue", "Point", "value"]
