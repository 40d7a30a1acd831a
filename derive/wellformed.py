"""What a line must be before it can be reasoned about: every symbol known, every part defined.

A rule may assume this of each line, and the kernel checks it of each line: no symbol is free that is
not declared, no binder shadows a name, intervals run upwards, parameters of laws lie in their domains,
a density stands only inside its support, every integral converges absolutely, and ∞ is never part of
a larger expression.
"""

from __future__ import annotations

from collections.abc import Set

from sympy import Expr, Symbol, oo

from derive.calculus import limit, require_integrable
from derive.field import OutOfGenerators, Undetermined
from derive.normal_form import NormalForm
from derive.scope import Scope
from derive.terms import (
    KL,
    Between,
    Component,
    Density,
    DerivativeIn,
    Inert,
    IntegralOver,
    Law,
    Log,
    Minus,
    OpenInterval,
    Place,
    Power,
    ProductLaw,
    ProductOver,
    ProductSpace,
    Quotient,
    Root,
    SumOver,
    ValueAt,
    at,
    contains,
    is_infinite,
)

MINUS_INFINITY = Minus(oo)


class IllFormed(ValueError):
    """A line is not well formed; the message says which part and why."""


Part = tuple[Expr, object]
"""A part of a line with the variables bound above it."""


def require_well_formed(line: Expr, scope: Scope) -> None:
    """Return when the line is well formed in the scope, and remember it.

    Raises:
        IllFormed: naming the part and the condition that is not established.
    """
    scope.known.update(well_formed(line, scope))


def well_formed(line: Expr, scope: Scope, same_integrand: Set[Part] = frozenset()) -> set[Part]:
    """The parts of a line that were found well formed and were not known to be.

    ``same_integrand`` are integrals whose integrand has, at every point, the value of one that converges:
    their convergence is not proved again, and what is found rests on that.

    Raises:
        IllFormed: naming the part and the condition that is not established.
    """
    checker = _Checker(same_integrand)
    if line != oo:
        checker.term(line, scope)
    return checker.found


def integrals_above(line: Expr, place: Place, scope: Scope) -> Set[Part]:
    """The integrals whose integrand holds the place."""
    found = []
    for depth, index in enumerate(place):
        node = at(line, place[:depth])
        if isinstance(node, IntegralOver) and index == 0:
            found.append((node, scope.enter(line, place[:depth]).bound))
    return frozenset(found)


class _Checker:
    def __init__(self, same_integrand: Set[Part]) -> None:
        self.same_integrand = same_integrand
        self.found: set[Part] = set()

    def term(self, term: Expr, scope: Scope) -> None:
        key = (term, scope.bound)
        if key in scope.known or key in self.found:
            return
        self._look(term, scope)
        self.found.add(key)

    def _look(self, term: Expr, scope: Scope) -> None:
        if isinstance(term, Symbol):
            self._scalar(term, scope)
        elif is_infinite(term):
            raise IllFormed("∞ may be an end of an interval or a whole line, not part of an expression")
        elif not isinstance(term, Inert):
            if term.args:
                raise IllFormed(f"{type(term).__name__} is not a head of terms")
        elif isinstance(term, (SumOver, ProductOver)):
            body, index, dimension = term.args
            self._dimension(dimension, scope)
            self.term(body, scope.bind(index, None))
        elif isinstance(term, IntegralOver):
            body, variable, space = term.args
            if isinstance(space, ProductSpace) and space.args[1] == variable:
                raise IllFormed(f"{variable} is both the variable and the index of its space")
            self._space(space, scope)
            self.term(body, scope.bind(variable, space))
            if (term, scope.bound) not in self.same_integrand:
                self._converges(term, scope)
        elif isinstance(term, Between):
            body, variable, low, high = term.args
            space = OpenInterval(low, high)
            self._space(space, scope)
            self.term(body, scope.bind(variable, space))
            for end in (low, high):
                self._has_limit(body, variable, end, space, scope)
        elif isinstance(term, DerivativeIn):
            self._derivative(term, scope)
        elif isinstance(term, ValueAt):
            self._value_at(term, scope)
        elif isinstance(term, Component):
            self._component(term, scope)
        elif isinstance(term, Density):
            self._density(term, scope)
        elif isinstance(term, KL):
            for law in term.args:
                self._law(law, scope)
        elif isinstance(term, (Law, ProductLaw, OpenInterval, ProductSpace)):
            raise IllFormed(f"{type(term).__name__} stands where a number is expected")
        else:
            for arg in term.args:
                self.term(arg, scope)
            self._defined(term, scope)

    def _defined(self, term: Expr, scope: Scope) -> None:
        """Denominators are nonzero, arguments of logarithms and roots in their domains."""
        signs: tuple[int, ...]
        if isinstance(term, Quotient):
            part, needed, signs = term.args[1], "nonzero", (1, -1)
        elif isinstance(term, Log):
            part, needed, signs = term.args[0], "positive", (1,)
        elif isinstance(term, Root):
            part, needed, signs = term.args[0], "positive", (0, 1)
        elif isinstance(term, Power) and not (term.args[1].is_Integer and term.args[1] > 0):
            part, needed, signs = term.args[0], "positive", (1,)
        else:
            return
        form = NormalForm.of(scope)
        if form.element_sign(form(part)) not in signs:
            raise IllFormed(f"the condition {needed!r} of {part} is not established")

    def _derivative(self, term: DerivativeIn, scope: Scope) -> None:
        """The variable moves in an open interval, and the term is differentiable there.

        Of a divergence that is not opened yet the second is not asked: its line equals the next one, so it
        has a derivative exactly when the closed form has.
        """
        body, variable = term.args
        self._scalar(variable, scope)
        if scope.is_bound(variable):
            moves = isinstance(scope.space(variable), OpenInterval)
        else:
            declaration = scope.declared(variable)
            moves = declaration is not None and declaration.domain != "natural"
        if not moves:
            raise IllFormed(f"{variable} does not range over an interval: no derivative is taken in it")
        self.term(body, scope)
        if contains(body, KL):
            return
        try:
            NormalForm.of(scope)(term)
        except OutOfGenerators:
            raise
        except Undetermined as error:
            raise IllFormed(
                f"the condition 'differentiable' of {body} in {variable} is not established: {error}"
            ) from error

    def _value_at(self, term: ValueAt, scope: Scope) -> None:
        body, variable, point, space = term.args
        if not isinstance(space, OpenInterval):
            raise IllFormed(f"{space} is not an interval")
        self._space(space, scope)
        self.term(body, scope.bind(variable, space))
        self.term(point, scope)
        form = NormalForm.of(scope)
        value = form(point)
        for end, side in zip(space.args, (1, -1), strict=True):
            if not is_infinite(end) and form.element_sign(form.add(value, form.negative(form(end)))) != side:
                raise IllFormed(f"the condition 'within' of {point} in {space} is not established")

    def _scalar(self, symbol: Symbol, scope: Scope) -> None:
        if scope.is_bound(symbol):
            if isinstance(scope.space(symbol), ProductSpace):
                raise IllFormed(f"{symbol} is a vector: write a component of it")
            return
        declaration = scope.declared(symbol)
        if declaration is None:
            raise IllFormed(f"the symbol {symbol} is neither declared nor bound")
        if declaration.indexed:
            raise IllFormed(f"{symbol} is a vector: write a component of it")

    def _component(self, term: Component, scope: Scope) -> None:
        vector, index = term.args
        bound = isinstance(vector, Symbol) and scope.is_bound(vector)
        declared = scope.declared(vector) if isinstance(vector, Symbol) else None
        if bound:
            vector_like = isinstance(scope.space(vector), ProductSpace)
        else:
            vector_like = declared is not None and declared.indexed
        if not vector_like:
            raise IllFormed(f"{vector} is not a vector")
        if not isinstance(index, Symbol) or not scope.is_bound(index) or scope.space(index) is not None:
            raise IllFormed(f"{index} is not an index bound by a sum or a product")

    def _natural(self, number: Expr, scope: Scope) -> None:
        declaration = scope.declared(number) if isinstance(number, Symbol) else None
        if declaration is None or declaration.domain != "natural":
            raise IllFormed(f"the condition 'natural' of {number} is not established")

    def _dimension(self, dimension: Expr, scope: Scope) -> None:
        self._natural(dimension, scope)
        if [d.domain for d in scope.declarations].count("natural") > 1:
            raise IllFormed("a line with vectors or sums has one dimension: declare one natural number")

    def _space(self, space: Expr, scope: Scope) -> None:
        if isinstance(space, ProductSpace):
            inner, index, dimension = space.args
            self._dimension(dimension, scope)
            self._space(inner, scope.index_of_law(index))
            return
        if not isinstance(space, OpenInterval):
            raise IllFormed(f"{space} is not a space to integrate over")
        low, high = space.args
        finite = [e for e, infinite in ((low, MINUS_INFINITY), (high, oo)) if e != infinite]
        for end in finite:
            self.term(end, scope)
        if len(finite) == 2:
            form = NormalForm.of(scope)
            gap = form.add(form(high), form.negative(form(low)))
            if form.element_sign(gap) != 1:
                raise IllFormed(
                    f"the condition 'positive' of the length of ({low}, {high}) is not established"
                )

    def _law(self, law: Expr, scope: Scope) -> None:
        if isinstance(law, ProductLaw):
            factor, index, dimension = law.args
            self._dimension(dimension, scope)
            self._law(factor, scope.index_of_law(index))
            return
        if not isinstance(law, Law):
            raise IllFormed(f"{law} is not a law")
        family = scope.family(law)
        family.bind(law)
        for declaration, argument in zip(family.parameters, law.args[1:], strict=True):
            if declaration.domain == "natural":
                self._natural(argument, scope)
                continue
            self.term(argument, scope)
            form = NormalForm.of(scope)
            value = form(argument)
            if declaration.domain == "positive" and form.element_sign(value) != 1:
                raise IllFormed(
                    f"the condition 'positive' of {argument}, the parameter {declaration.name} of "
                    f"{family.name}, is not established: declare it positive"
                )

    def _density(self, term: Density, scope: Scope) -> None:
        law, point = term.args
        self._law(law, scope)
        if isinstance(law, ProductLaw):
            if not isinstance(point, Symbol):
                raise IllFormed("the density of a product law takes a vector")
        else:
            self.term(point, scope)
        if not NormalForm.of(scope).supported(law, point):
            raise IllFormed(f"the condition 'in the support' of {point} for {law} is not established")

    def _has_limit(self, body: Expr, variable: Symbol, end: Expr, space: Expr, scope: Scope) -> None:
        try:
            limit(scope, body, variable, end, space)
        except OutOfGenerators:
            raise
        except Undetermined as error:
            raise IllFormed(
                f"the condition 'limit' of {body} at {end} is not established: {error}"
            ) from error

    def _converges(self, term: IntegralOver, scope: Scope) -> None:
        try:
            require_integrable(scope, *term.args)
        except OutOfGenerators:
            raise
        except Undetermined as error:
            raise IllFormed(
                f"the condition 'integrable' of {term.args[0]} is not established: {error}"
            ) from error
