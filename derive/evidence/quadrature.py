"""The value of any term at a point, its integrals included, in ball arithmetic with proved tails.

Used to hold rules and attacked certificates against numbers.  It shares no code with the normal form:
an integral is a number that Arb's integrator encloses, and what lies beyond the cut is bounded
(``derive.evidence.decay``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from flint import acb, arb, ctx
from sympy import Expr, Rational, Symbol

from derive.evidence.ball import Compiler, Frame, Point, bits_for, frame_at
from derive.evidence.decay import AtInfinity, Bound, Valueless, Values, vanishing
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

FUNCTIONALS = (IntegralOver, Between, KL, DerivativeIn, ValueAt)


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
        self.at_infinity = AtInfinity(self._value, self.compiler.opened, digits)

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
                cut, error = self.at_infinity.cut(Bound.tail, body, x, side, values)
                ends.append((arb(side * cut), error))
            else:
                ends.append((self._value(end, values), arb(0)))
        return tuple(ends)

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
                _, error = self.at_infinity.cut(vanishing, part, x, side, values)
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
