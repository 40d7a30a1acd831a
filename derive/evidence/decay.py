"""How fast a term falls towards infinity: proved bounds, and the cut beyond which hardly anything is left.

Beyond a cut T ≥ 1 a term is bounded by C·|x|ⁿ·e^{−A|x|}, built up from its parts: sums add C and take
the larger n and the smaller A (|x| ≥ 1), products multiply C and add n and A, and for a concave quadratic
x² ≥ 2T|x| − T², so e^{ax² + bx + c} ≤ e^{c − aT²}·e^{(2aT ± b)|x|} with a ≤ 0.  For A > 0 and T ≥ 2n/A the
factor xⁿe^{−Ax/2} decreases, hence ∫_T^∞ ≤ C Tⁿ e^{−AT}·2/A; and for T ≥ n/A the bound itself decreases.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flint import arb
from sympy import Expr, Symbol

from derive.evidence.ball import BallError
from derive.terms import (
    Density,
    Exp,
    Log,
    Minus,
    Plus,
    Power,
    Quotient,
    Root,
    SumOver,
    Times,
    free_symbols,
)

LARGEST_CUT = 4096

Values = dict[str, Any]


class Valueless(BallError):
    """A term has no finite value here; the message says which part and why."""


@dataclass(frozen=True)
class Bound:
    """|f(x)| ≤ size·|x|^degree·e^{−decay·|x|} beyond the cut, on one side."""

    size: arb
    degree: int
    decay: arb

    def at(self, cut: int) -> arb:
        """The bound at the cut, or Valueless when it is not yet decreasing there."""
        if not (self.degree == 0 and self.decay >= 0) and not self.decay * cut > 2 * self.degree:
            raise Valueless("the bound does not decrease beyond the cut")
        return self.size * arb(cut) ** self.degree * (-self.decay * cut).exp()

    def tail(self, cut: int) -> arb:
        """A bound of the integral beyond the cut."""
        if not self.decay > 0:
            raise Valueless("the integrand is not seen to decay at infinity")
        return self.at(cut) * 2 / self.decay


class AtInfinity:
    """Bounds of terms.

    ``value`` gives the value of a part without the variable, ``opened`` a density's formula; an error below
    10^−``digits`` is small enough.
    """

    def __init__(
        self, value: Callable[[Expr, Values], arb], opened: Callable[[Density], Expr], digits: int
    ) -> None:
        self._value, self._opened, self.digits = value, opened, digits

    def cut(
        self, measure: Callable[[Bound, int], arb], body: Expr, x: Symbol, side: int, values: Values
    ) -> tuple[int, arb]:
        """A cut beyond which the measure of the bound is small enough."""
        goal, cut = arb(10) ** -self.digits, 4
        reason = "no bound"
        while cut <= LARGEST_CUT:
            try:
                error = measure(self._bound(body, x, side, cut, values), cut)
                if error < goal:
                    return cut, error
            except Valueless as refusal:
                reason = str(refusal)
            cut = cut + max(1, cut // 3)
        raise Valueless(f"{body} is not seen to decay: {reason}")

    def _bound(self, term: Expr, x: Symbol, side: int, cut: int, values: Values) -> Bound:
        """A bound of |term| for |x| ≥ cut on this side (see the module's first lines)."""

        def of(part: Expr) -> Bound:
            return self._bound(part, x, side, cut, values)

        if x not in free_symbols(term):
            return Bound(abs(self._value(term, values)).upper(), 0, arb(0))
        if term == x:
            return Bound(arb(1), 1, arb(0))
        if isinstance(term, Density):
            return of(self._opened(term))
        if isinstance(term, Minus):
            return of(term.args[0])
        if isinstance(term, Quotient) and x not in free_symbols(term.args[1]):
            top = of(term.args[0])
            return replace(top, size=top.size / abs(self._value(term.args[1], values)))
        if isinstance(term, Plus | SumOver):
            parts = (
                [of(a) for a in term.args]
                if isinstance(term, Plus)
                else self._each(term, x, side, cut, values)
            )
            decay = parts[0].decay
            for part in parts[1:]:
                decay = decay.min(part.decay)
            return Bound(sum((p.size for p in parts), start=arb(0)), max(p.degree for p in parts), decay)
        if isinstance(term, Times):
            parts = [of(a) for a in term.args]
            return Bound(
                math.prod((p.size for p in parts), start=arb(1)),
                sum(p.degree for p in parts),
                sum((p.decay for p in parts), start=arb(0)),
            )
        if isinstance(term, Power) and term.args[1].is_Integer and term.args[1] > 0:
            k, base = int(term.args[1]), of(term.args[0])
            return Bound(base.size**k, base.degree * k, base.decay * k)
        if isinstance(term, Root) and isinstance(term.args[0], Power) and term.args[0].args[1] == 2:
            return of(term.args[0].args[0])
        if isinstance(term, Exp):
            c, b, a = self._quadratic(term.args[0], x, side, values)
            if not a <= 0:
                raise Valueless("an exponent that grows")
            return Bound((c - a * cut * cut).exp(), 0, -(2 * a * cut + side * b))
        if isinstance(term, Log):
            return self._bound_of_log(term.args[0], x, side, cut, values)
        raise Valueless(f"no bound at infinity for {type(term).__name__}")

    def _each(self, term: SumOver, x: Symbol, side: int, cut: int, values: Values) -> list[Bound]:
        body, index, dimension = term.args
        count = int(self._value(dimension, values).unique_fmpz())
        return [self._bound(body, x, side, cut, {**values, index.name: arb(j)}) for j in range(1, count + 1)]

    def _bound_of_log(self, term: Expr, x: Symbol, side: int, cut: int, values: Values) -> Bound:
        """|log| of products, quotients and exponentials, factor by factor; |log|x|| ≤ |x| for |x| ≥ 1."""
        if isinstance(term, Density):
            term = self._opened(term)
        if x not in free_symbols(term):
            return Bound(abs(self._value(term, values).log()).upper(), 0, arb(0))
        if term == x and side == 1:
            return Bound(arb(1), 1, arb(0))
        if isinstance(term, Exp):
            return self._bound(term.args[0], x, side, cut, values)
        if isinstance(term, Times | Quotient):
            parts = [self._bound_of_log(a, x, side, cut, values) for a in term.args]
            return Bound(sum((p.size for p in parts), start=arb(0)), max(p.degree for p in parts), arb(0))
        raise Valueless("a logarithm without a bound at infinity")

    def _quadratic(self, term: Expr, x: Symbol, side: int, values: Values) -> list[arb]:
        """Coefficients of a polynomial of degree at most 2 in x, which the term is on this side."""
        coefficients = self._polynomial(term, x, side, values)
        if len(coefficients) > 3:
            raise Valueless("an exponent of degree above 2")
        return coefficients + [arb(0)] * (3 - len(coefficients))

    def _polynomial(self, term: Expr, x: Symbol, side: int, values: Values) -> list[arb]:
        if x not in free_symbols(term):
            return [self._value(term, values)]
        if term == x:
            return [arb(0), arb(1)]
        if isinstance(term, Minus):
            return [-c for c in self._polynomial(term.args[0], x, side, values)]
        if isinstance(term, Plus):
            parts = [self._polynomial(a, x, side, values) for a in term.args]
            size = max(map(len, parts))
            return [sum((p[i] for p in parts if i < len(p)), start=arb(0)) for i in range(size)]
        if isinstance(term, Quotient) and x not in free_symbols(term.args[1]):
            below = self._value(term.args[1], values)
            return [c / below for c in self._polynomial(term.args[0], x, side, values)]
        if isinstance(term, Power) and term.args[1] == 2:
            return _convolve(*[self._polynomial(term.args[0], x, side, values)] * 2)
        if isinstance(term, Times):
            out = [arb(1)]
            for part in term.args:
                out = _convolve(out, self._polynomial(part, x, side, values))
            return out
        if isinstance(term, Root) and isinstance(term.args[0], Power) and term.args[0].args[1] == 2:
            inner = self._polynomial(term.args[0].args[0], x, side, values)
            seen = [c * side**i for i, c in enumerate(inner)]
            if all(c >= 0 for c in seen):
                return inner
            if all(c <= 0 for c in seen):
                return [-c for c in inner]
        raise Valueless("an exponent that is not a polynomial")


def vanishing(bound: Bound, cut: int) -> arb:
    """A bound of the size beyond the cut."""
    if not bound.decay > 0:
        raise Valueless("the function is not seen to vanish at infinity")
    return bound.at(cut)


def _convolve(a: list[arb], b: list[arb]) -> list[arb]:
    out = [arb(0)] * (len(a) + len(b) - 1)
    for i, u in enumerate(a):
        for j, v in enumerate(b):
            out[i + j] += u * v
    return out
