"""Derivatives, limits and integrability, proved on the exact normal form.

The class is small on purpose: sums of monomials in the variable (half-integer powers where it is
positive), logarithms and exponentials of such.  A question outside it raises ``Undetermined``,
never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flint import fmpq
from sympy import Expr, Symbol, oo

from derive.derivative import derivative
from derive.field import Element, Polynomial, Undetermined
from derive.normal_form import NormalForm
from derive.scope import Scope, is_positive_line
from derive.terms import (
    Between,
    Component,
    Density,
    Inert,
    IntegralOver,
    Log,
    Minus,
    OpenInterval,
    Plus,
    ProductLaw,
    ProductOver,
    ProductSpace,
    Quotient,
    SumOver,
    Times,
    factors,
    free_symbols,
    is_infinite,
    rebuild,
    substitute,
    times,
    walk,
)

MINUS_INFINITY = Minus(oo)


Exponentials = tuple[tuple[int, int], ...]
"""Exponential generators that hold the variable, each with its power."""


@dataclass(frozen=True)
class Monomial:
    """number · rest / free · x^power · (log x)^logs · exponentials, of which rest and free hold no x."""

    number: fmpq
    rest: tuple[int, ...]
    free: Polynomial
    power: fmpq
    logs: int
    exponentials: Exponentials

    def coefficient(self, form: NormalForm) -> Element:
        """The factor that does not depend on the variable."""
        return form.make(form.ring.from_dict({self.rest: self.number}), self.free)


def monomials(form: NormalForm, value: Element, marker: object) -> list[Monomial]:
    """``value`` as a sum of monomials in the variable; Undetermined when it is not one."""
    shift: dict[int, int] = {}
    free = form.one[0]
    for factor, k in form.factor(value[1])[1]:
        if marker not in form.depends(factor):
            free *= factor ** int(k)
            continue
        used = form.used(factor)
        if len(used) != 1 or factor != form.ring.gen(used[0]):
            raise Undetermined("the variable stands in a denominator with several terms")
        shift[used[0]] = int(k)
    holding = [i for i, g in enumerate(form.generators) if marker in g.depends]
    out: list[Monomial] = []
    for powers, c in value[0].to_dict().items():
        rest, power, logs, exponentials = list(powers), fmpq(0), 0, []
        for i in holding:
            k, rest[i] = powers[i] - shift.get(i, 0), 0
            if k == 0:
                continue
            kind = form.generators[i].kind
            if kind == "symbol":
                power += k
            elif kind == "root":
                power += fmpq(k, 2)
            elif kind == "exp":
                exponentials.append((i, k))
            elif kind == "log" and k > 0:
                if not _is_log_of_variable(form, i):
                    raise Undetermined("a logarithm of more than the variable")
                logs += k
            else:
                raise Undetermined(f"a term of kind {kind} depends on the variable")
        out.append(Monomial(c, tuple(rest), free, power, logs, tuple(exponentials)))
    return out


def exponent_of(form: NormalForm, exponentials: Exponentials) -> Element:
    """The exponent of a product of exponentials."""
    total = form.zero
    for i, k in exponentials:
        total = form.add(total, form.multiply(form.constant(k), form.generators[i].payload))
    return total


def _is_log_of_variable(form: NormalForm, i: int) -> bool:
    """Whether the i-th generator is log x for a positive variable x (itself the square of a root)."""
    argument = form.generators[i].payload[0]
    used = form.used(argument)
    return len(used) == 1 and argument == form.ring.gen(used[0]) ** 2


def growth(form: NormalForm, exponentials: Exponentials, marker: object, side: int) -> int:
    """Sign of the exponent's leading term as x → side·∞: -1 decays, +1 grows, 0 no exponent."""
    key = (exponentials, marker, side)
    if key not in form.growths:
        form.growths[key] = _growth(form, exponent_of(form, exponentials), marker, side)
    return form.growths[key]


def _growth(form: NormalForm, exponent: Element, marker: object, side: int) -> int:
    parts = monomials(form, exponent, marker)
    if any(p.power < 0 for p in parts):
        raise Undetermined("an exponent with a negative power of the variable")
    parts = [p for p in parts if p.power != 0 or p.logs or p.exponentials]
    if not parts:
        return 0
    if any(p.logs or p.exponentials for p in parts):
        raise Undetermined("an exponent that is not a polynomial in the variable")
    top = max(p.power for p in parts)
    lead = form.zero
    for p in parts:
        if p.power == top:
            lead = form.add(lead, p.coefficient(form))
    sign = form.element_sign(lead)
    if sign in (None, 0):
        raise Undetermined("the sign of an exponent's leading coefficient is not certified")
    if side < 0:
        if top.q != 1:
            raise Undetermined("a fractional power on the negative axis")
        sign *= (-1) ** int(top.p)
    return int(sign)


def limit(
    scope: Scope, function: Expr, variable: Symbol, end: Expr, space: Expr
) -> tuple[NormalForm, Element]:
    """The limit of ``function`` as the variable tends to an end of its interval.

    At a finite end the function must be continuous there; at ±∞ every exponential must decay or
    every power be negative, up to a constant.
    """
    if not is_infinite(end):
        if any(isinstance(t, (IntegralOver, Between, SumOver, ProductOver)) for _, t in walk(function)):
            raise Undetermined("a limit under an integral or a sum")
        form = NormalForm.of(scope, open_densities=True)
        return form, form(_open_and_put(scope, function, variable, end, space))
    form = NormalForm.of(scope.bind(variable, space), open_densities=True)
    side = 1 if end == oo else -1
    total = form.zero
    for part in monomials(form, form(function), form.marker(variable)):
        sign = growth(form, part.exponentials, form.marker(variable), side)
        if sign < 0 or (sign == 0 and part.power < 0):
            continue
        if sign > 0 or part.power > 0 or part.logs:
            raise Undetermined("the function does not tend to a finite limit")
        fixed = form.multiply(part.coefficient(form), form.exp(exponent_of(form, part.exponentials)))
        total = form.add(total, fixed)
    return form, total


def _open_and_put(scope: Scope, function: Expr, variable: Symbol, end: Expr, space: Expr) -> Expr:
    """``function`` at a finite end, densities opened first (they are continuous up to the end)."""

    def open_all(term: Expr) -> Expr:
        if isinstance(term, Density):
            return open_all(scope.open_density(term))
        return term if not term.args else type(term)(*(open_all(a) for a in term.args))

    return substitute(open_all(function), {variable: end})


def has_limit(scope: Scope, function: Expr, variable: Symbol, end: Expr, space: Expr, value: Expr) -> bool:
    """Whether the limit exists and equals ``value``, exactly."""
    if variable in free_symbols(value):
        raise Undetermined("the limit may not mention the variable")
    form, found = limit(scope, function, variable, end, space)
    expected = form(value)
    difference = form.add(found, form.negative(expected))
    return bool(difference[0] == 0)


def is_derivative(scope: Scope, function: Expr, variable: Symbol, space: Expr, slope: Expr) -> bool:
    """Whether d(function)/d(variable) equals ``slope`` on the interval, densities opened."""
    form = NormalForm.of(scope.bind(variable, space), open_densities=True)
    found = derivative(form, form(function), form.marker(variable))
    difference = form.add(found, form.negative(form(slope)))
    return bool(difference[0] == 0)


def require_integrable(scope: Scope, integrand: Expr, variable: Symbol, space: Expr) -> None:
    """Return when ∫|integrand| < ∞ is proved; raise Undetermined otherwise."""
    key = ("integrable", integrand, variable, space, scope.bound)
    if key not in scope.known:
        _require_integrable(scope, integrand, variable, space)
        scope.known.add(key)


def _require_integrable(scope: Scope, integrand: Expr, variable: Symbol, space: Expr) -> None:
    if isinstance(space, ProductSpace):
        _require_integrable_product(scope, integrand, variable, space)
        return
    inside = scope.bind(variable, space)
    form = NormalForm.of(inside, open_densities=True)
    if isinstance(integrand, IntegralOver) and variable in free_symbols(integrand):
        _require_integrable_twice(inside, integrand, variable, space)
        return
    _require_integrable_element(form, form(integrand), form.marker(variable), space)


def _require_integrable_twice(scope: Scope, inner: IntegralOver, x: Symbol, space: Expr) -> None:
    """∬|f| < ∞ for f a sum of products of a function of x and a function of y (Tonelli)."""
    body, y, inner_space = inner.args
    if x in free_symbols(inner_space):
        raise Undetermined("the inner space depends on the outer variable")
    form = NormalForm.of(scope.bind(y, inner_space), open_densities=True)
    value = form(body)
    markers = (form.marker(x), form.marker(y))
    for i in {*form.used(value[0]), *form.used(value[1])}:
        if form.generators[i].depends >= set(markers):
            raise Undetermined("the integrand is not a sum of products in the two variables")
    _require_integrable_element(form, value, markers[0], space)
    _require_integrable_element(form, value, markers[1], inner_space)


def _require_integrable_element(form: NormalForm, value: Element, marker: object, space: Expr) -> None:
    if not isinstance(space, OpenInterval):
        raise Undetermined(f"{space} is not an interval")
    low, high = space.args
    for part in monomials(form, value, marker):
        growth(form, part.exponentials, marker, 1)  # refuses exponents with a pole
        for end, side in ((low, -1), (high, 1)):
            if is_infinite(end):
                sign = growth(form, part.exponentials, marker, side)
                if sign > 0 or (sign == 0 and part.power >= -1):
                    raise Undetermined("the integrand does not decay fast enough at infinity")
        if is_positive_line(space):
            singular = low == 0 and part.power <= -1
        else:
            singular = part.power < 0
        if singular or (part.logs and not is_positive_line(space)):
            raise Undetermined("the integrand has a singularity that is not integrable")


def _require_integrable_product(scope: Scope, integrand: Expr, vector: Symbol, space: ProductSpace) -> None:
    """p(x)·g(x) for a joint density p and a g that adds up functions of one coordinate each.

    By Tonelli the other factors integrate to 1, so what is needed is ∫ p_k |g_k| < ∞ for each part.
    """
    law, function = joint_density_times(integrand, vector)
    for part, index, inner in _coordinate_parts(function, vector, scope.bind(vector, space)):
        scalar = scalar_for(vector, integrand)
        body = coordinate_to_scalar(part, vector, index, scalar)
        factor = substitute(law.args[0], {law.args[1]: index})
        outside = inner.without(vector)
        require_integrable(outside, Times(Density(factor, scalar), body), scalar, space.args[0])


def _coordinate_parts(function: Expr, vector: Symbol, scope: Scope) -> Iterator[tuple[Expr, Symbol, Scope]]:
    """Functions of one coordinate x_k that ``function`` adds up, each with its index and scope."""
    if vector not in free_symbols(function):
        return
    if isinstance(function, (Plus, Minus)):
        for arg in function.args:
            yield from _coordinate_parts(arg, vector, scope)
    elif isinstance(function, SumOver):
        body, index, _ = function.args
        inside = scope.bind(index, None)
        if only_coordinate(body, vector) != index:
            raise Undetermined("a sum over an index of a function of another coordinate")
        yield body, index, inside
    elif isinstance(function, Log):
        yield from _log_parts(function.args[0], vector, scope)
    else:
        yield function, only_coordinate(function, vector), scope


def _log_parts(argument: Expr, vector: Symbol, scope: Scope) -> Iterator[tuple[Expr, Symbol, Scope]]:
    """The parts of log of products and quotients of joint densities."""
    if isinstance(argument, Quotient):
        for side in argument.args:
            yield from _log_parts(side, vector, scope)
    elif isinstance(argument, ProductOver):
        body, index, dimension = argument.args
        yield from _coordinate_parts(SumOver(Log(body), index, dimension), vector, scope)
    elif isinstance(argument, Density) and isinstance(argument.args[0], ProductLaw):
        yield from _log_parts(scope.open_density(argument), vector, scope)
    else:
        yield Log(argument), only_coordinate(argument, vector), scope


def joint_density_times(integrand: Expr, vector: Symbol) -> tuple[ProductLaw, Expr]:
    """Split p(x)·g into the product law of p and g; Undetermined when it is not written so."""
    parts = factors(integrand)
    if not (
        isinstance(parts[0], Density)
        and isinstance(parts[0].args[0], ProductLaw)
        and parts[0].args[1] == vector
    ):
        raise Undetermined("the integrand is not written as a joint density times a function")
    return parts[0].args[0], times(*parts[1:])


def only_coordinate(function: Expr, vector: Symbol) -> Symbol:
    """The index k when ``function`` depends on the vector through x_k alone."""
    indices = {t.args[1] for _, t in walk(function) if isinstance(t, Component) and t.args[0] == vector}
    if len(indices) != 1 or not indices <= free_symbols(function):
        raise Undetermined("the function does not depend on exactly one coordinate")
    return indices.pop()


def coordinate_to_scalar(function: Expr, vector: Symbol, index: Symbol, scalar: Symbol) -> Expr:
    """``function`` with the coordinate x_k written as a scalar variable."""

    def change(term: Expr) -> Expr:
        if isinstance(term, Inert) and term.binds is not None and term.args[term.binds] in (index, vector):
            raise Undetermined(f"{index} is bound again inside the function")
        if term == Component(vector, index):
            return scalar
        return rebuild(term, tuple(change(a) for a in term.args))

    changed = change(function)
    if vector in free_symbols(changed):
        raise Undetermined(f"the function depends on {vector} through more than one coordinate")
    return changed


def scalar_for(vector: Symbol, term: Expr) -> Symbol:
    """A name for one coordinate of the vector that the term does not use."""
    taken = {t.name for _, t in walk(term) if isinstance(t, Symbol)}
    return next(Symbol(n) for n in (vector.name + "_" + c for c in "ijkabc") if n not in taken)


def require_divergence(
    scope: Scope, function: Expr, variable: Symbol, space: Expr, end: Expr, to: Expr
) -> None:
    """Return when a polynomial ``function`` is proved to tend to ±∞ at an infinite end."""
    if not is_infinite(end) or not is_infinite(to):
        raise Undetermined("only infinite ends and infinite limits are compared here")
    form = NormalForm.of(scope.bind(variable, space), open_densities=True)
    side = 1 if end == oo else -1
    if _growth(form, form(function), form.marker(variable), side) != (1 if to == oo else -1):
        raise Undetermined(f"the function does not tend to {to}")
