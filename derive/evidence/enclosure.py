"""Rigorous enclosures of ∫ p (log p − log q), from the definition and nothing else.

What is used: the families' densities and supports, Arb's integrator (which bounds its own error,
given the analyticity that the ``analytic`` flag tests) and the tail bounds of ``tails``.  No claim, rule,
lemma or closed form enters; the closed form is only held against the result.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from flint import acb, arb, ctx
from sympy import Expr, Symbol, oo

from derive.derivation import Derivation
from derive.evidence.ball import (
    BallError,
    Compiler,
    Frame,
    Point,
    Program,
    bits_for,
    frame_at,
)
from derive.evidence.tails import TAILS, Parameters, Window
from derive.scope import Family, Scope
from derive.terms import KL, Law, Minus, OpenInterval, ProductLaw

GUARD = 15
SHIFT = -40
LARGEST = 40
"""The working precision never exceeds this multiple of the digits that were asked for."""


class EnclosureError(ValueError):
    """No enclosure was made; the message says why."""


class InfiniteDivergenceError(EnclosureError):
    """The divergence is +∞ because p has mass where q has none: there is nothing to enclose."""


@dataclass(frozen=True)
class Enclosure:
    """``value`` ± ``radius`` contains the integral that defines the divergence at ``point``.

    ``contains``: the closed form, as a much smaller ball, lies inside.  ``excludes_shifted``: the
    closed form changed by 1e-40, absolutely and relatively and in both directions, lies outside.
    ``relative_radius`` is "" where the integral is not distinguished from 0 (p = q).
    """

    point: Point
    digits: int
    value: str
    radius: str
    relative_radius: str
    contains: bool
    excludes_shifted: bool
    method: str
    seconds: float = field(compare=False)
    ball: arb = field(repr=False, compare=False)


@dataclass(frozen=True)
class Coordinate:
    """One coordinate of the pair: its families and the values of their parameters."""

    p: Family
    q: Family
    p_at: Parameters
    q_at: Parameters

    def log_densities(self) -> tuple[Program, Program]:
        """log p and log q, from the families' definitions."""
        p = Compiler(known=_known(self.p, self.p_at)).log_of(self.p.density)
        q = Compiler(known=_known(self.q, self.q_at)).log_of(self.q.density)
        return p, q

    def density(self) -> Program:
        """p, from its family's definition."""
        return Compiler(known=_known(self.p, self.p_at))(self.p.density)

    def window(self, digits: int) -> Window:
        """Where to integrate so that less than about 10^-digits is left out."""
        self._require_support()
        try:
            bound = TAILS[self.p.name, self.q.name]
        except KeyError:
            raise EnclosureError(
                f"no tail bound is proved for p in {self.p.name}, q in {self.q.name}: "
                "add an entry to derive.evidence.tails"
            ) from None
        return bound(self.p_at, self.q_at, digits)

    def _require_support(self) -> None:
        inner, outer = (
            _ends(family, values) for family, values in ((self.p, self.p_at), (self.q, self.q_at))
        )
        if outer[0] <= inner[0] and inner[1] <= outer[1]:
            return
        if outer[0] > inner[0] or inner[1] > outer[1]:
            raise InfiniteDivergenceError(
                f"KL = +∞, not enclosed: p ({self.p.name}) has positive density where "
                f"q ({self.q.name}) has none"
            )
        raise EnclosureError("the supports could not be compared at this precision")


def covers(coordinate: Coordinate) -> bool:
    """Whether a tail bound is proved for the two families."""
    return (coordinate.p.name, coordinate.q.name) in TAILS


def _known(family: Family, values: Parameters) -> Mapping[str, arb]:
    return {d.name: value for d, value in zip(family.parameters, values, strict=True)}


def _ends(family: Family, values: Parameters) -> tuple[arb, arb]:
    if not isinstance(family.support, OpenInterval):
        raise EnclosureError(f"the support of {family.name} is not an interval")
    compiler, infinity = Compiler(known=_known(family, values)), arb("inf")
    low, high = family.support.args
    return (
        -infinity if low == Minus(oo) else compiler(low)(Frame()),
        infinity if high == oo else compiler(high)(Frame()),
    )


def coordinates(p: Expr, q: Expr, point: Point, scope: Scope) -> tuple[Coordinate, ...]:
    """The pair (p, q) at a point, coordinate by coordinate, at the current precision."""
    frame, compiler = frame_at(point), Compiler()

    def one(p: Expr, q: Expr) -> Coordinate:
        if not (isinstance(p, Law) and isinstance(q, Law)):
            raise EnclosureError(f"{p} and {q} are not both laws on the line")
        p_at, q_at = (tuple(compiler(a)(frame) for a in law.args[1:]) for law in (p, q))
        return Coordinate(scope.family(p), scope.family(q), p_at, q_at)

    if not isinstance(p, ProductLaw):
        return (one(p, q),)
    if not isinstance(q, ProductLaw) or p.args[1:] != q.args[1:]:
        raise EnclosureError("p and q are not product laws over the same index")
    index, dimension = p.args[1:]
    assert isinstance(index, Symbol)
    count = compiler(dimension)(frame).unique_fmpz()
    if count is None or count < 1:
        raise EnclosureError(f"the dimension {dimension} is not a positive whole number here")
    found = []
    for j in range(1, int(count) + 1):
        frame[index.name] = arb(j)
        found.append(one(p.args[0], q.args[0]))
    return tuple(found)


def _symmetric(bound: arb) -> arb:
    """A ball around 0 that contains every number of absolute value ≤ bound."""
    return arb(0, bound.upper())


def _real(value: acb) -> arb:
    if not value.imag.contains(0):
        raise EnclosureError("the integral of a real function came out complex")
    return value.real


def divergence(coordinate: Coordinate, digits: int, wider: int = 0) -> arb:
    """∫ p (log p − log q) dx over one coordinate.  ``wider`` moves the cut-off outwards, which may
    only make a better enclosure of the same number (a test of the tail bound)."""
    window = coordinate.window(digits + wider)
    density, (log_p, log_q) = coordinate.density(), coordinate.log_densities()
    x, y = coordinate.p.variable.name, coordinate.q.variable.name

    def integrand(z: acb, analytic: bool) -> acb:
        frame = Frame()
        frame.analytic = analytic
        frame[x] = frame[y] = window.shift + window.scale * z
        return density(frame) * (log_p(frame) - log_q(frame))

    inside = window.scale * acb.integral(integrand, window.low, window.high)
    return _real(inside) + _symmetric(window.tail)


def mass(coordinate: Coordinate, digits: int) -> arb:
    """∫ p dx over one coordinate: enclosed like everything else, not taken to be 1."""
    window, density = coordinate.window(digits), coordinate.density()
    x = coordinate.p.variable.name

    def integrand(z: acb, analytic: bool) -> acb:
        frame = Frame({x: window.shift + window.scale * z})
        frame.analytic = analytic
        return density(frame)

    inside = window.scale * acb.integral(integrand, window.low, window.high)
    return _real(inside) + _symmetric(window.mass_tail)


def by_fubini(pair: tuple[Coordinate, ...], digits: int) -> arb:
    """∫ p (log p − log q) over the product space, as a sum of products of integrals on the line.

    The log-ratio is Σ_j r_j(x_j) and p is Π_k p_k(x_k).  Each ∫ p_j |r_j| is finite (the tail bound and
    continuity show it), so Fubini's theorem gives Σ_j (∫ p_j r_j) Π_{k≠j} ∫ p_k.
    """
    parts = [divergence(c, digits) for c in pair]
    if len(pair) == 1:
        return parts[0]
    masses = [mass(c, digits) for c in pair]
    total = arb(0)
    for j, part in enumerate(parts):
        total += math.prod((m for k, m in enumerate(masses) if k != j), start=part)
    return total


def double_integral(first: Coordinate, second: Coordinate, digits: int = 12) -> arb:
    """∬ p₁(x) p₂(y) [log p₁(x) + log p₂(y) − log q₁(x) − log q₂(y)] dx dy, as a double integral.

    Inside the rectangle of the two windows the integrator is nested.  What lies outside is covered by
    {x outside} and {y outside}; over the first, ∬ p₁p₂ (|r₁| + |r₂|) ≤ tail₁·M₂ + mass tail₁·A₂, with
    M ≥ ∫ p dy and A ≥ ∫ p|r| dy (the window's crude bound plus its tail), and likewise the second.
    """
    with ctx.workprec(bits_for(digits + 6)):
        windows = [c.window(digits) for c in (first, second)]
        densities = [c.density() for c in (first, second)]
        logs = [c.log_densities() for c in (first, second)]

        def at(i: int, z: acb, analytic: bool) -> tuple[acb, acb]:
            c, window = (first, second)[i], windows[i]
            x = window.shift + window.scale * z
            frame = Frame({c.p.variable.name: x, c.q.variable.name: x})
            frame.analytic = analytic
            return densities[i](frame), logs[i][0](frame) - logs[i][1](frame)

        goal = arb(10) ** -digits

        def outer(y: acb, analytic: bool) -> acb:
            p_2, r_2 = at(1, y, analytic)

            def inner(x: acb, inner_analytic: bool) -> acb:
                p_1, r_1 = at(0, x, inner_analytic)
                return p_1 * (r_1 + r_2)

            blur = r_2.real.rad() + r_2.imag.rad()  # no use in being sharper than the ball y allows
            return p_2 * acb.integral(
                inner, windows[0].low, windows[0].high, rel_tol=goal, abs_tol=goal / 100 + blur
            )

        inside = acb.integral(outer, windows[1].low, windows[1].high, rel_tol=goal, abs_tol=goal)
        inside *= windows[0].scale * windows[1].scale
        totals = [w.inside + w.tail for w in windows]
        masses = [mass(c, digits) for c in (first, second)]
        outside = sum(
            (windows[i].tail * masses[1 - i] + windows[i].mass_tail * totals[1 - i] for i in (0, 1)),
            start=arb(0),
        )
        return _real(inside) + _symmetric(outside)


def integral(left: Expr, scope: Scope, point: Point, digits: int = 50) -> tuple[arb, str]:
    """An enclosure of the left side of a statement, KL(p, q) or its negative, and how it was made.

    The working precision is raised until the radius is at most 10^-digits, both absolutely and
    relatively; when the integral cannot be told from 0 at 5·digits, absolutely only.

    Raises:
        InfiniteDivergenceError: when the supports show that the divergence is +∞.
        EnclosureError: when no tail bound is known or the goal is out of reach.
    """
    if isinstance(left, Minus):
        ball, method = integral(left.args[0], scope, point, digits)
        with ctx.workprec(ball.bits() + 64):  # else the sign would round it
            return -ball, f"the negative of: {method}"
    if not isinstance(left, KL):
        raise EnclosureError(f"{left} is not a divergence")
    p, q = left.args
    work = digits + GUARD
    while True:
        with ctx.workprec(bits_for(work)):
            pair = coordinates(p, q, point, scope)
            ball = by_fubini(pair, work)
            if not ball.is_finite():
                raise EnclosureError("the integrator met a point where the integrand is not analytic")
            missing = _power_of_ten(ball.rad()) + digits
            if ball.contains(0):
                if missing <= 0 and work >= 5 * digits:
                    return ball, _method(pair)
                missing = max(missing, work)
            else:
                missing = max(missing, _power_of_ten(ball.rad() / ball.abs_lower()) + digits)
            if missing <= 0:
                return ball, _method(pair)
        work += missing + 5
        if work > LARGEST * digits:
            raise EnclosureError(f"{digits} digits are out of reach at {LARGEST * digits} digits of work")


def as_double_integral(left: Expr, scope: Scope, point: Point, digits: int) -> arb | None:
    """The left side as a nested integral over the plane; None where the space is not a plane."""
    turned = isinstance(left, Minus)
    p, q = (left.args[0] if turned else left).args
    with ctx.workprec(bits_for(digits + GUARD)):
        pair = coordinates(p, q, point, scope)
        if len(pair) != 2:
            return None
        ball = double_integral(*pair, digits)
        return -ball if turned else ball


def _method(pair: tuple[Coordinate, ...]) -> str:
    line = "Arb integral of p·(log p − log q) on a finite interval, with a proved tail bound"
    if len(pair) == 1:
        return line
    return f"{len(pair)} coordinates by Fubini, each: {line}; total masses enclosed alike"


def _power_of_ten(size: arb) -> int:
    """The least k (up to rounding) with size ≤ 10^k."""
    if size.is_zero():
        return -(10**6)
    return math.ceil(float((size.upper().log() / arb(10).log()).upper()))


def enclose(
    derivation: Derivation,
    point: Point,
    digits: int = 50,
    *,
    nested: int = 0,
    closed_form: Expr | None = None,
) -> Enclosure:
    """Enclose the integral that the derivation starts from and hold its closed form against it.

    ``nested`` > 0 asks, where the space is a plane, for a second enclosure with so many digits as a
    genuine double integral; then the closed form has to lie in both.  ``closed_form`` puts another
    formula in the place of the derivation's, to be refuted.
    """
    start = time.perf_counter()
    left, scope = derivation.left, derivation.scope
    formula = derivation.right if closed_form is None else closed_form
    ball, method = integral(left, scope, point, digits)
    contains, excludes = compare(ball, formula, point)
    if nested and (plane := as_double_integral(left, scope, point, nested)) is not None:
        contains = contains and compare(plane, formula, point)[0]
        method += f"; and as a double integral to {nested} digits"
    relative = "" if ball.contains(0) else f"1e{_power_of_ten(ball.rad() / ball.abs_lower())}"
    with ctx.workprec(bits_for(2 * digits)):
        value = ball.mid().str(digits, radius=False)
    return Enclosure(
        point, digits, value, f"1e{_power_of_ten(ball.rad())}", relative, contains, excludes, method,
        time.perf_counter() - start, ball,
    )  # fmt: skip


def compare(ball: arb, closed_form: Expr, point: Point) -> tuple[bool, bool]:
    """Whether the ball contains the closed form, and whether it excludes it shifted by 1e-40.

    The closed form is evaluated with a radius far below the ball's; the shifts are absolute and,
    where the integral is not 0, relative.

    Raises:
        BallError: when the closed form has no value at the point.
    """
    digits = 2 * max(50, -_power_of_ten(ball.rad())) + 50
    with ctx.workprec(bits_for(digits)):
        exact = arb(Compiler()(closed_form)(frame_at(point)))
        if not exact.is_finite():
            raise BallError("the closed form has no finite value at this point")
        shift = arb(10) ** SHIFT
        shifts = [shift] if ball.contains(0) else [shift, shift * exact]
        excluded = not any(ball.overlaps(exact + s) or ball.overlaps(exact - s) for s in shifts)
        return bool(ball.contains(exact)), excluded
