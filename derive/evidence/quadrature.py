"""The value of any term at a point, its integrals included, in ball arithmetic with proved tails.

Used to hold rules and attacked certificates against numbers.  It shares no code with the normal form:
an integral is a number that Arb's integrator encloses, and what lies beyond the cut is bounded here.

Beyond a cut T ≥ 1 a term is bounded by C·|x|ⁿ·e^{−A|x|}, built up from its parts: sums add C and take
the larger n and the smaller A (|x| ≥ 1), products multiply C and add n and A, and for a concave quadratic
x² ≥ 2T|x| − T², so e^{ax² + bx + c} ≤ e^{c − aT²}·e^{(2aT ± b)|x|} with a ≤ 0.  For A > 0 and T ≥ 2n/A the
factor xⁿe^{−Ax/2} decreases, hence ∫_T^∞ ≤ C Tⁿ e^{−AT}·2/A; and for T ≥ n/A the bound itself decreases.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flint import acb, arb, ctx
from sympy import Expr, Rational, Symbol

from derive.evidence.ball import BallError, Compiler, Frame, Point, bits_for, frame_at
from derive.evidence.dual import Dual, finite, level_of
from derive.scope import Family
from derive.terms import (
    KL,
    Between,
    Component,
    Density,
    DerivativeIn,
    Exp,
    Inert,
    IntegralOver,
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
    Times,
    ValueAt,
    factors,
    free_symbols,
    is_infinite,
    substitute,
    symbol,
    times,
    walk,
)

LARGEST_CUT = 4096
FUNCTIONALS = (IntegralOver, Between, KL, DerivativeIn, ValueAt)

Values = dict[str, Any]
Divergence = Callable[[Mapping[str, arb]], arb]


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


class Evaluator:
    """Values of terms at one point.  ``divergences`` gives KL heads a value from elsewhere."""

    def __init__(
        self,
        families: Mapping[str, Family],
        divergences: Mapping[tuple[str, str], Callable[..., arb]] | None = None,
        digits: int = 40,
    ) -> None:
        self.families, self.divergences, self.digits = families, divergences or {}, digits
        self.compiler = Compiler(families=families)

    def __call__(self, term: Expr, point: Point) -> arb:
        """A ball that holds the value; Valueless when there is none to be found."""
        with ctx.workprec(bits_for(self.digits) + 40):
            try:
                found = self._value(term, dict(frame_at(point)))
            except (ZeroDivisionError, OverflowError, TypeError) as error:
                raise Valueless(f"{type(error).__name__}: {error}") from error
            if not found.is_finite():
                raise Valueless(f"no finite value of {term}")
            return found

    # -- values -------------------------------------------------------------------------------------

    def _value(self, term: Expr, values: Values) -> arb:
        if isinstance(term, SumOver | ProductOver) and self._has_functional(term.args[0]):
            body, index, dimension = term.args
            count = int(self._value(dimension, values).unique_fmpz())
            parts = [self._value(body, {**values, index.name: arb(j)}) for j in range(1, count + 1)]
            return sum(parts, start=arb(0)) if isinstance(term, SumOver) else math.prod(parts, start=arb(1))
        if isinstance(term, IntegralOver):
            return self._integral(term, values)
        if isinstance(term, Between):
            return self._between(term, values)
        if isinstance(term, KL):
            return self._divergence(term, values)
        if isinstance(term, DerivativeIn):
            return self._derivative(term, values)
        if isinstance(term, ValueAt):
            body, x, point, _ = term.args
            return self._value(body, {**values, x.name: self._value(point, values)})
        closed, values = self._closed(term, values)
        found = self.compiler(closed)(Frame(values))
        return found if isinstance(found, arb | Dual) else arb(found)

    def _derivative(self, term: DerivativeIn, values: Values) -> arb:
        """By dual numbers: the slope of the body where the variable moves at rate 1."""
        body, x = term.args
        level = 1 + max((level_of(v) for v in values.values()), default=0)
        found = self._value(body, {**values, x.name: Dual(level, values[x.name], arb(1))})
        if not finite(found):
            raise Valueless(f"no finite value of {body}")
        return found.slope if level_of(found) == level else arb(0)

    def _has_functional(self, term: Expr) -> bool:
        return any(isinstance(t, FUNCTIONALS) for _, t in walk(term))

    def _closed(
        self, term: Expr, values: Values, bound: frozenset[Symbol] = frozenset()
    ) -> tuple[Expr, Values]:
        """``term`` with its functionals that hold none of ``bound`` replaced by names of their values."""
        values = dict(values)

        def visit(part: Expr, inner: frozenset[Symbol]) -> Expr:
            hides = isinstance(part, FUNCTIONALS) or (
                isinstance(part, SumOver | ProductOver) and self._has_functional(part)
            )
            if hides and not free_symbols(part) & inner:
                name = f"value_{len(values)}"
                values[name] = self._value(part, values)
                return symbol(name)
            if not part.args or isinstance(part, Density | Component):
                return part
            if isinstance(part, Inert) and part.binds is not None:
                inner |= {part.args[part.binds]}
            return type(part)(*(visit(a, inner) for a in part.args))

        return visit(term, bound), values

    def _integral(self, term: IntegralOver, values: Values) -> arb:
        body, x, space = term.args
        if isinstance(space, ProductSpace):
            return self._over_product(body, x, space, values)
        body, values = self._closed(body, values, frozenset({x}))
        if isinstance(body, IntegralOver):
            return self._double(body, x, space, values)
        if self._has_functional(body):
            raise Valueless("an integral inside a larger integrand")
        body = self._logs_opened(body)
        low, high = self._window(body, x, space, values)
        program = self.compiler(body)

        def integrand(z: acb, analytic: bool) -> acb:
            frame = Frame({**values, x.name: z})
            frame.analytic = analytic
            return acb(1) * program(frame)

        inside = acb.integral(integrand, low[0], high[0])
        if not inside.is_finite():
            raise Valueless(f"the integral of {body} is not enclosed")
        return inside.real + arb(0, (low[1] + high[1]).upper())

    def _logs_opened(self, term: Expr) -> Expr:
        """Logarithms of densities written out factor by factor.

        Where a factor is not positive its logarithm has no value, and then neither has the integral.
        """
        if isinstance(term, Log) and any(isinstance(t, Density) for _, t in walk(term)):
            return self._log_opened(term.args[0])
        if not term.args or isinstance(term, Density | Component):
            return term
        return type(term)(*(self._logs_opened(a) for a in term.args))

    def _log_opened(self, term: Expr) -> Expr:
        if isinstance(term, Density):
            return self._log_opened(self.compiler.opened(term))
        if isinstance(term, Times):
            return Plus(*(self._log_opened(a) for a in term.args))
        if isinstance(term, Quotient):
            return Plus(self._log_opened(term.args[0]), Minus(self._log_opened(term.args[1])))
        if isinstance(term, ProductOver):
            return SumOver(self._log_opened(term.args[0]), *term.args[1:])
        return term.args[0] if isinstance(term, Exp) else Log(term)

    def _window(self, body: Expr, x: Symbol, space: Expr, values: Values) -> tuple[tuple[arb, arb], ...]:
        if not isinstance(space, OpenInterval):
            raise Valueless(f"{space} is not an interval")
        ends = []
        for end, side in zip(space.args, (-1, 1), strict=True):
            if is_infinite(end):
                cut, error = self._cut(lambda b, cut: b.tail(cut), body, x, side, values)
                ends.append((arb(side * cut), error))
            else:
                ends.append((self._value(end, values), arb(0)))
        return tuple(ends)

    def _cut(
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
            return of(self.compiler.opened(term))
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
            term = self.compiler.opened(term)
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

    # -- several variables, boundary terms, divergences -----------------------------------------------

    def _double(self, inner: IntegralOver, x: Symbol, space: Expr, values: Values) -> arb:
        """∬ of a sum of products f(x)·g(y), by Fubini's theorem (both factors are absolutely integrable)."""
        body, y, inner_space = inner.args
        if x in free_symbols(inner_space):
            raise Valueless("an inner space that depends on the outer variable")
        total = arb(0)
        for sides in _separated(body, (x, y)):
            f, g = sides
            total += self._integral(IntegralOver(f, x, space), values) * self._integral(
                IntegralOver(g, y, inner_space), values
            )
        return total

    def _over_product(self, body: Expr, vector: Symbol, space: ProductSpace, values: Values) -> arb:
        """∫ over a product space of a sum of products of functions of single coordinates."""
        inner, _, dimension = space.args
        count = int(self._value(dimension, values).unique_fmpz())
        names = [symbol(f"{vector.name}_at_{j}") for j in range(1, count + 1)]

        def spread(term: Expr, indices: dict[Symbol, int]) -> Expr:
            if isinstance(term, Density) and isinstance(term.args[0], ProductLaw):
                return spread(self.compiler.opened(term), indices)
            if isinstance(term, Component):
                at, j = term.args
                whole = indices.get(j) or int(values[j.name].unique_fmpz())
                if at == vector:
                    return names[whole - 1]
                name = f"{at.name}_at_{whole}"
                values[name] = values[at.name][whole - 1]
                return symbol(name)
            if isinstance(term, SumOver | ProductOver):
                part, index, size = term.args
                many = range(1, int(self._value(size, values).unique_fmpz()) + 1)
                parts = [spread(part, {**indices, index: j}) for j in many]
                return times(*parts) if isinstance(term, ProductOver) else Plus(*parts, 0)
            if isinstance(term, Symbol) or not term.args:
                return term
            return type(term)(*(spread(a, indices) for a in term.args))

        values = dict(values)
        total = arb(0)
        for sides in _separated(spread(self._logs_opened(body), {}), tuple(names)):
            total += math.prod(
                (
                    self._integral(IntegralOver(f, n, inner), values)
                    for f, n in zip(sides, names, strict=True)
                ),
                start=arb(1),
            )
        return total

    def _between(self, term: Between, values: Values) -> arb:
        """The limits of F at both ends; F is continuous at a finite end, and decays at an infinite one."""
        body, x, low, high = term.args
        found = []
        for end, side in ((low, -1), (high, 1)):
            if not is_infinite(end):
                found.append(self._value(body, {**values, x.name: self._value(end, values)}))
                continue
            parts = _distributed(body, x)
            constant = [a for a in parts if x not in free_symbols(a)]
            rest = [a for a in parts if x in free_symbols(a)]
            limit = sum((self._value(a, values) for a in constant), start=arb(0))
            for part in rest:
                _, error = self._cut(_vanishing, part, x, side, values)
                limit += arb(0, error.upper())
            found.append(limit)
        return found[1] - found[0]

    def _divergence(self, term: KL, values: Values) -> arb:
        """A divergence by a formula that was given for the two families (a textbook's)."""
        p, q = term.args
        if isinstance(p, ProductLaw) and isinstance(q, ProductLaw):
            inner = KL(p.args[0], substitute(q.args[0], {q.args[1]: p.args[1]}))
            return self._value(SumOver(inner, p.args[1], p.args[2]), values)
        try:
            formula = self.divergences[p.family, q.family]
        except KeyError:
            raise Valueless(f"no reference for KL of {p.family} and {q.family}") from None
        return formula(*(self._value(a, values) for law in (p, q) for a in law.args[1:]))


def _vanishing(bound: Bound, cut: int) -> arb:
    if not bound.decay > 0:
        raise Valueless("the function is not seen to vanish at infinity")
    return bound.at(cut)


def _convolve(a: list[arb], b: list[arb]) -> list[arb]:
    out = [arb(0)] * (len(a) + len(b) - 1)
    for i, u in enumerate(a):
        for j, v in enumerate(b):
            out[i + j] += u * v
    return out


def _distributed(term: Expr, x: Symbol) -> list[Expr]:
    """Terms that add up to ``term``, each free of x or a product that holds it."""
    if x not in free_symbols(term):
        return [term]
    if isinstance(term, Plus):
        return [t for a in term.args for t in _distributed(a, x)]
    if isinstance(term, Minus):
        return [Minus(t) for t in _distributed(term.args[0], x)]
    if isinstance(term, Quotient) and x not in free_symbols(term.args[1]):
        return [Quotient(t, term.args[1]) for t in _distributed(term.args[0], x)]
    if isinstance(term, Times):
        products: list[tuple[Expr, ...]] = [()]
        for a in term.args:
            products = [(*p, t) for p in products for t in _distributed(a, x)]
        return [times(*p) for p in products]
    return [term]


def _separated(term: Expr, variables: tuple[Symbol, ...]) -> list[tuple[Expr, ...]]:
    """A function as a sum of products with one factor for each variable (constants go to the first)."""
    out: list[tuple[Expr, ...]] = []
    for part in _expanded(term, variables):
        sides: list[list[Expr]] = [[] for _ in variables]
        for factor in part:
            mine = [i for i, v in enumerate(variables) if v in free_symbols(factor)]
            if len(mine) > 1:
                raise Valueless(f"{factor} holds several of the variables")
            sides[mine[0] if mine else 0].append(factor)
        out.append(tuple(times(*side) for side in sides))
    return out


def _expanded(term: Expr, variables: tuple[Symbol, ...]) -> list[list[Expr]]:
    """Products (lists of factors) that add up to the term, as far as the variables need it."""
    if sum(v in free_symbols(term) for v in variables) < 2:
        return [[term]]
    if isinstance(term, Plus):
        return [p for a in term.args for p in _expanded(a, variables)]
    if isinstance(term, Minus):
        return [[Rational(-1), *p] for p in _expanded(term.args[0], variables)]
    if isinstance(term, Times):
        parts: list[list[Expr]] = [[]]
        for a in term.args:
            parts = [[*p, *q] for p in parts for q in _expanded(a, variables)]
        return parts
    if isinstance(term, Quotient):
        below = [Quotient(1, f) for f in factors(term.args[1])]
        return [[*p, *below] for p in _expanded(term.args[0], variables)]
    if isinstance(term, Exp):
        return [[Exp(times(*p)) for p in _expanded(term.args[0], variables)]]
    if isinstance(term, Log):
        return _expanded(_log_split(term.args[0]), variables)
    if isinstance(term, Power) and term.args[1] == 2:
        return _expanded(Times(term.args[0], term.args[0]), variables)
    raise Valueless(f"{type(term).__name__} of several variables")


def _log_split(term: Expr) -> Expr:
    """log of a product or quotient of positive factors as a sum."""
    if isinstance(term, Times):
        return Plus(0, *(_log_split(a) for a in term.args))
    if isinstance(term, Quotient):
        return Plus(_log_split(term.args[0]), Minus(_log_split(term.args[1])))
    return Log(term)
