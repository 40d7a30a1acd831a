"""Dual numbers over balls: a value with its derivative, carried through arithmetic by the chain rule.

They nest: each derivative that is taken has a level of its own, and what belongs to a lower level is a
constant at a higher one.  Nothing of the kernel's normal form is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flint import arb

Number = Any
"""A ball or a dual number."""


@dataclass(frozen=True)
class Dual:
    """value + slope·ε with ε² = 0, for the ε of one level."""

    level: int
    value: Number
    slope: Number

    def _other(self, other: Number) -> Dual:
        if isinstance(other, Dual) and other.level == self.level:
            return other
        return Dual(self.level, other, arb(0))

    def _above(self, other: Number) -> bool:
        """Whether the other number is of a higher level, which then decides."""
        return isinstance(other, Dual) and other.level > self.level

    def __add__(self, other: Number) -> Number:
        if self._above(other):
            return other + self
        o = self._other(other)
        return Dual(self.level, self.value + o.value, self.slope + o.slope)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(self.level, -self.value, -self.slope)

    def __sub__(self, other: Number) -> Number:
        return self + (-other)

    def __rsub__(self, other: Number) -> Number:
        return (-self) + other

    def __mul__(self, other: Number) -> Number:
        if self._above(other):
            return other * self
        o = self._other(other)
        return Dual(self.level, self.value * o.value, self.slope * o.value + self.value * o.slope)

    __rmul__ = __mul__

    def inverse(self) -> Dual:
        """One over it."""
        value = self.value.inverse() if isinstance(self.value, Dual) else 1 / self.value
        return Dual(self.level, value, -self.slope * value * value)

    def __truediv__(self, other: Number) -> Number:
        return self * (other.inverse() if isinstance(other, Dual) else 1 / arb(other))

    def __rtruediv__(self, other: Number) -> Number:
        return self.inverse() * other

    def exp(self) -> Dual:
        """The exponential."""
        value = self.value.exp()
        return Dual(self.level, value, value * self.slope)

    def log(self) -> Dual:
        """The natural logarithm."""
        return Dual(self.level, self.value.log(), self.slope / self.value)

    def sqrt(self) -> Dual:
        """The square root."""
        root = self.value.sqrt()
        return Dual(self.level, root, self.slope / (2 * root))


def level_of(number: Number) -> int:
    """The highest level in a number; 0 for a ball."""
    return number.level if isinstance(number, Dual) else 0


def finite(number: Number) -> bool:
    """Whether the value itself is finite: where it is not, its slope means nothing."""
    return finite(number.value) if isinstance(number, Dual) else bool(number.is_finite())


__all__ = ["Dual", "finite", "level_of"]
