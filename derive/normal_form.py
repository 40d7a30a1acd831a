"""The exact normal form that decides whether two terms are equal.  No heuristics live here.

A term becomes an element of the fraction field Q(g_1, …, g_n) (FLINT polynomials), whose
generators are: real symbols; the square roots of positive symbols, of pi and of primes; logarithms
of positive irreducible polynomials; exponentials of canonical exponents; densities that have not
been opened; and integrals, sums and products that have not been done.  An integral or a sum is a
linear functional: its body is expanded, what does not depend on the bound variable is pulled out,
and what remains is one generator for each basis element.  No family of distributions is known here.

Equality of images implies equality of the functions wherever the scope's declarations hold, so an
``equal`` that answers True can be relied on.  What falls outside the class raises
:class:`Undetermined`, and the caller must refuse.
"""

from __future__ import annotations

from flint import fmpq
from sympy import Expr, Symbol, oo, pi

from derive.derivative import derivative
from derive.field import GENERATORS, ROOM, Element, Generator, Undetermined
from derive.function_field import FunctionField
from derive.scope import Scope, is_positive_line
from derive.terms import (
    REALS,
    ZERO,
    Between,
    Component,
    Density,
    DerivativeIn,
    Exp,
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
    TermError,
    Times,
    ValueAt,
    free_symbols,
    is_infinite,
    substitute,
)


class NormalForm(FunctionField):
    """One ring, in which terms of one scope can be compared.

    ``laws_of_functions=False`` is plain field arithmetic: every logarithm and exponential is opaque
    (up to equality of its argument), so a line that needs a law of the logarithm is not accepted
    under the name of arithmetic.  ``open_densities=True`` replaces p(x) by its family's definition.
    """

    def __init__(self, scope: Scope, *, laws_of_functions: bool = True, open_densities: bool = False) -> None:
        super().__init__(laws_of_functions=laws_of_functions)
        self.scope = scope
        self.open_densities = open_densities
        self._environment: tuple[tuple[Symbol, tuple[str, int], bool, Expr | None], ...] = ()
        self.growths: dict[object, int] = {}
        """Answers about exponents that ``derive.calculus`` has found in this ring."""
        self._cache: dict[tuple[Expr, object], Element] = {}

    @classmethod
    def of(cls, scope: Scope, *, laws_of_functions: bool = True, open_densities: bool = False) -> NormalForm:
        """A ring for the scope, one that was used before when it has room left."""
        key = (scope.bound, laws_of_functions, open_densities)
        form = scope.forms.get(key)
        if form is None or len(form.generators) > GENERATORS - ROOM:
            form = cls(scope, laws_of_functions=laws_of_functions, open_densities=open_densities)
            scope.forms[key] = form
        return form

    def __call__(self, term: Expr) -> Element:
        """The image of a term.  Raises Undetermined outside the class."""
        key = (term, self._environment)
        if key not in self._cache:
            self._cache[key] = self._image(term)
        return self._cache[key]

    def equal(self, left: Expr, right: Expr) -> bool:
        """Whether both sides have the same image; True can be relied on, False is a refusal."""
        a, b = self(left), self(right)
        return bool(self._reduce(a[0] * b[1] - b[0] * a[1]) == 0)

    def marker(self, variable: Symbol) -> object:
        """The name under which dependence on a free symbol is recorded."""
        for other, marker, _, _ in reversed(self._environment):
            if other == variable:
                return marker
        return variable.name

    def _image(self, term: Expr) -> Element:
        if term.is_Rational:
            return Element(self.ring.constant(fmpq(int(term.p), int(term.q))), self.one[0])
        if term is pi:
            return self._rooted(("constant", "pi"), frozenset())
        if isinstance(term, Symbol):
            return self._symbol(term)
        if isinstance(term, Plus):
            out = self.zero
            for arg in term.args:
                out = self.add(out, self(arg))
            return out
        if isinstance(term, Times):
            out = self.one
            for arg in term.args:
                out = self.multiply(out, self(arg))
            return out
        if isinstance(term, Minus):
            return self.negative(self(term.args[0]))
        if isinstance(term, Quotient):
            return self.multiply(self(term.args[0]), self.inverse(self(term.args[1])))
        if isinstance(term, Power):
            return self._power_of(*term.args)
        if isinstance(term, Root):
            return self.root(self(term.args[0]))
        if isinstance(term, Log):
            return self.log(self(term.args[0]))
        if isinstance(term, Exp):
            return self.exp(self(term.args[0]))
        if isinstance(term, Component):
            return self._component(*term.args)
        if isinstance(term, IntegralOver):
            return self._integral(*term.args)
        if isinstance(term, SumOver):
            body, index, dimension = term.args
            count = self(dimension)
            marker, value = self._under(body, index, None, "j")
            return self._functional(value, marker, "sum", (count,), count)
        if isinstance(term, ProductOver):
            body, index, dimension = term.args
            count = self(dimension)
            marker, value = self._under(body, index, None, "j")
            positive = self.element_sign(value) == 1
            return self.element(
                ("product", str(value[0]), str(value[1]), str(count[0]), str(count[1])),
                Generator(
                    "product",
                    positive,
                    (self.depends(*value) - {marker}) | self.depends(*count),
                    (value, marker, count),
                ),
            )
        if isinstance(term, Between):
            body, variable, low, high = term.args
            where = (self._end(low), self._end(high))
            marker, value = self._under(body, variable, OpenInterval(low, high), "x")
            return self._functional(value, marker, "between", where, self.zero)
        if isinstance(term, DerivativeIn):
            body, variable = term.args
            return derivative(self, self(body), self.marker(variable))
        if isinstance(term, ValueAt):
            return self._value_at(*term.args)
        if isinstance(term, Density):
            return self._density(term)
        raise Undetermined(f"{type(term).__name__} has no normal form")

    def _value_at(self, body: Expr, variable: Symbol, point: Expr, space: Expr) -> Element:
        try:
            return self(substitute(body, {variable: point}))
        except TermError as error:
            raise Undetermined(str(error)) from error

    def _rooted(self, key: object, depends: frozenset[object]) -> Element:
        return Element(self.generator(key, Generator("root", True, depends)) ** 2, self.one[0])

    def _symbol(self, term: Symbol) -> Element:
        for name, marker, positive, _ in reversed(self._environment):
            if name == term:
                return self._variable(("bound", marker, positive), positive, marker)
        if self.scope.is_bound(term):
            space = self.scope.space(term)
            return self._variable(("symbol", term.name), is_positive_line(space), term.name)
        declaration = self.scope.declared(term)
        if declaration is None:
            raise Undetermined(f"the symbol {term} is not declared")
        if declaration.indexed:
            raise Undetermined(f"{term} is a vector: write a component of it")
        return self._variable(("symbol", term.name), declaration.domain != "real", term.name)

    def _variable(self, key: object, positive: bool, marker: object) -> Element:
        depends = frozenset((marker,))
        if positive:
            return self._rooted(key, depends)
        return self.element(key, Generator("symbol", False, depends))

    def _component(self, vector: Expr, index: Expr) -> Element:
        if not isinstance(vector, Symbol) or not isinstance(index, Symbol):
            raise Undetermined("a component is written v_j with symbols v and j")
        i = self(index)
        space = self._space_of(Component(vector, index))
        if space is None:
            raise Undetermined(f"{vector} is not a vector")
        marker, positive = self.marker(vector), is_positive_line(space)
        depends = frozenset((marker,)) | self.depends(*i)
        key = ("component", marker, str(i[0]), positive)
        if positive:
            root = self.generator(key, Generator("component root", True, depends))
            return Element(root**2, self.one[0])
        return self.element(key, Generator("component", False, depends))

    def _power_of(self, base: Expr, exponent: Expr) -> Element:
        k = self(exponent)
        if k[1] == 1 and not self.used(k[0]):
            number = k[0].leading_coefficient() if k[0] != 0 else fmpq(0)
            if number.q <= 2:
                return self._rational_power(self(base), number)
        if not self.laws:
            raise Undetermined("a power that is neither whole nor half is not field arithmetic")
        return self.exp(self.multiply(k, self.log(self(base))))

    def _end(self, end: Expr) -> object:
        if is_infinite(end):
            return str(end)
        return self(end)

    def _under(
        self, body: Expr, variable: Symbol, space: Expr | None, letter: str
    ) -> tuple[tuple[str, int], Element]:
        depth = sum(1 for _, m, _, _ in self._environment if m[0] == letter)
        marker = (letter, depth)
        saved = self._environment
        self._environment = (*saved, (variable, marker, is_positive_line(space), space))
        try:
            return marker, self(body)
        finally:
            self._environment = saved

    def _integral(self, body: Expr, variable: Symbol, space: Expr) -> Element:
        of_one: Element | None = None
        if isinstance(space, OpenInterval):
            where: tuple[object, ...] = tuple(self._end(e) for e in space.args)
            low, high = where
            if isinstance(low, Element) and isinstance(high, Element):
                of_one = self.add(high, self.negative(low))
        elif isinstance(space, ProductSpace):
            inner, index, dimension = space.args
            if not isinstance(inner, OpenInterval):
                raise Undetermined("a product of spaces other than intervals")
            if index in free_symbols(inner):
                raise Undetermined("a product space whose factors differ")
            where = ("product", *(self._end(e) for e in inner.args), self(dimension))
        else:
            raise Undetermined(f"{space} is not a space")
        marker, value = self._under(body, variable, space, "x")
        return self._functional(value, marker, "integral", where, of_one)

    def _law(self, law: Expr) -> tuple[object, frozenset[object]]:
        if isinstance(law, ProductLaw):
            inner, index, dimension = law.args
            count = self(dimension)
            # An index of its own letter: a law reads the same wherever it stands.
            depth = sum(1 for _, m, _, _ in self._environment if m[0] == "law")
            marker, saved = ("law", depth), self._environment
            self._environment = (*saved, (index, marker, False, None))
            try:
                name, depends = self._law(inner)
            finally:
                self._environment = saved
            return ("product", name, str(count[0]), str(count[1])), (depends - {marker}) | self.depends(
                *count
            )
        family = self.scope.family(law)
        family.bind(law)
        arguments = [self(a) for a in law.args[1:]]
        depends = frozenset().union(*(self.depends(*a) for a in arguments))
        return (family.name, tuple(f"{a[0]}/{a[1]}" for a in arguments)), depends

    def _density(self, term: Density) -> Element:
        law, point = term.args
        inside = self.supported(law, point)
        if self.open_densities:
            if not inside:
                raise Undetermined(f"{point} is not known to lie in the support of {law}")
            return self(self.scope.open_density(term))
        name, depends = self._law(law)
        if isinstance(law, ProductLaw):
            where: object = ("vector", self.marker(point))
            at_point: frozenset[object] = frozenset((self.marker(point),))
        else:
            value = self(point)
            where, at_point = f"{value[0]}/{value[1]}", self.depends(*value)
        return self.element(
            ("density", name, where, inside), Generator("density", inside, depends | at_point)
        )

    def _space_of(self, point: Expr) -> Expr | None:
        """The space that a variable, or the coordinate of a vector, ranges over; None if unknown."""
        coordinate = isinstance(point, Component)
        name = point.args[0] if coordinate else point
        if not isinstance(name, Symbol):
            return None
        inside = [space for other, _, _, space in self._environment if other == name]
        if inside:
            space = inside[-1]
        elif self.scope.is_bound(name):
            space = self.scope.space(name)
        else:
            declaration = self.scope.declared(name)
            if declaration is None or declaration.indexed != coordinate:
                return None
            return REALS if declaration.domain == "real" else OpenInterval(ZERO, oo)
        if coordinate:
            return space.args[0] if isinstance(space, ProductSpace) else None
        return space

    def supported(self, law: Expr, point: Expr) -> bool:
        """Whether the point is known to lie in the law's support, where the density is positive."""
        space = self._space_of(point)
        if isinstance(law, ProductLaw):
            if not isinstance(space, ProductSpace) or space.args[2] != law.args[2]:
                return False
            law, space = law.args[0], space.args[0]
        return isinstance(space, OpenInterval) and self.within(space, self.scope.support(law))

    def within(self, inner: Expr, outer: Expr) -> bool:
        """Whether one interval is certified to lie in another, up to null sets."""
        if not isinstance(inner, OpenInterval) or not isinstance(outer, OpenInterval):
            return False
        for a, b, side in ((inner.args[0], outer.args[0], 1), (inner.args[1], outer.args[1], -1)):
            if a == b or b == (Minus(oo) if side == 1 else oo):
                continue
            if is_infinite(a) or is_infinite(b):
                return False
            if self.element_sign(self.add(self(a), self.negative(self(b)))) not in (0, side):
                return False
        return True
