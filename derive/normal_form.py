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

from dataclasses import dataclass
from math import comb
from typing import Any, NamedTuple

from flint import Ordering, fmpq, fmpq_mpoly_ctx, fmpz
from sympy import Expr, Symbol, oo, pi

from derive.scope import Scope, is_positive_line
from derive.terms import (
    REALS,
    ZERO,
    Between,
    Component,
    Density,
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
    Times,
    free_symbols,
)

Polynomial = Any  # flint.fmpq_mpoly has no type stubs
GENERATORS = 48
EXPONENT_DENOMINATOR = 4
LARGEST_POWER = 64
MOST_TERMS = 4_000
MOST_BITS = 20_000
LARGEST_FACTORED = 400
"""Caps that keep hostile input from exhausting memory: terms of a polynomial, bits of a number, terms
of a polynomial that is factored."""


class Undetermined(ArithmeticError):
    """The normal form cannot decide; the message says what it met."""


class Element(NamedTuple):
    """A reduced fraction of polynomials, denominator with leading coefficient 1."""

    numerator: Polynomial
    denominator: Polynomial


@dataclass(frozen=True)
class Generator:
    """What a variable of the polynomial ring stands for."""

    kind: str
    positive: bool
    depends: frozenset[object]
    """Markers of the symbols and bound variables that its value depends on."""
    payload: Any = None
    """exp: the exponent; log: the argument; sum: (body, marker, dimension); product: (body, …)."""


def _bits(p: Polynomial) -> int:
    """Bits of the largest coefficient, roughly."""
    return max(
        (int(c.p).bit_length() + int(c.q).bit_length() for c in p.coeffs()), default=0
    )


def _primes(integer: int) -> list[tuple[int, int]]:
    """Prime factors of a positive whole number of at most 64 bits."""
    if int(integer).bit_length() > 64:
        raise Undetermined("a whole number of more than 64 bits to factor")
    return [(int(p), int(k)) for p, k in fmpz(integer).factor()]


class NormalForm:
    """One ring, in which terms of one scope can be compared.

    ``laws_of_functions=False`` is plain field arithmetic: every logarithm and exponential is opaque
    (up to equality of its argument), so a line that needs a law of the logarithm is not accepted
    under the name of arithmetic.  ``open_densities=True`` replaces p(x) by its family's definition.
    """

    def __init__(
        self, scope: Scope, *, laws_of_functions: bool = True, open_densities: bool = False
    ) -> None:
        self.scope = scope
        self.laws = laws_of_functions
        self.open_densities = open_densities
        self.ring = fmpq_mpoly_ctx.get([f"g{i}" for i in range(GENERATORS)], Ordering.degrevlex)
        self.zero = Element(self.ring.constant(0), self.ring.constant(1))
        self.one = Element(self.ring.constant(1), self.ring.constant(1))
        self.generators: list[Generator] = []
        self._index: dict[object, int] = {}
        self._environment: tuple[tuple[Symbol, object, bool, Expr | None], ...] = ()
        self._cache: dict[tuple[Expr, object], Element] = {}

    # -- the field ---------------------------------------------------------------------------

    def constant(self, value: object) -> Element:
        return Element(self.ring.constant(fmpq(value) if isinstance(value, int) else value), self.one[0])

    def _reduce(self, p: Polynomial) -> Polynomial:
        """Apply r² = prime to the roots of primes."""
        for i, generator in enumerate(self.generators):
            if generator.kind == "root of prime" and p != 0 and p.degrees()[i] >= 2:
                out: dict[tuple[int, ...], fmpq] = {}
                for powers, c in p.to_dict().items():
                    half, odd = divmod(powers[i], 2)
                    key = (*powers[:i], odd, *powers[i + 1 :])
                    out[key] = out.get(key, fmpq(0)) + c * fmpq(generator.payload) ** half
                p = self.ring.from_dict(out)
        return p

    def _product(self, p: Polynomial, q: Polynomial) -> Polynomial:
        """p·q within the caps: FLINT aborts the process when memory runs out."""
        if len(p) * len(q) > MOST_TERMS and min(len(p), len(q)) > 1:
            raise Undetermined(f"a product of more than {MOST_TERMS} terms")
        if _bits(p) + _bits(q) > MOST_BITS:
            raise Undetermined(f"a number of more than {MOST_BITS} bits")
        return p * q

    def factor(self, p: Polynomial) -> Any:
        """Content and irreducible factors, within the caps."""
        if len(p) > LARGEST_FACTORED:
            raise Undetermined(f"a polynomial of more than {LARGEST_FACTORED} terms to factor")
        return p.factor()

    def make(self, n: Polynomial, d: Polynomial) -> Element:
        if len(n) > MOST_TERMS or len(d) > MOST_TERMS:
            raise Undetermined(f"an expression of more than {MOST_TERMS} terms")
        n, d = self._reduce(n), self._reduce(d)
        if d == 0:
            raise Undetermined("division by zero")
        if n == 0:
            return self.zero
        common = n.gcd(d)
        if common != 1:
            n, d = n // common, d // common
        lead = d.leading_coefficient()
        return Element(n / lead, d / lead)

    def add(self, a: Element, b: Element) -> Element:
        if a[1] == b[1]:
            return self.make(a[0] + b[0], a[1])
        top = self._product(a[0], b[1]) + self._product(b[0], a[1])
        return self.make(top, self._product(a[1], b[1]))

    def negative(self, a: Element) -> Element:
        return Element(-a[0], a[1])

    def multiply(self, a: Element, b: Element) -> Element:
        return self.make(self._product(a[0], b[0]), self._product(a[1], b[1]))

    def inverse(self, a: Element) -> Element:
        if a[0] == 0:
            raise Undetermined("division by zero")
        for factor, _ in self.factor(a[0])[1]:
            if self.sign(factor) is None:
                raise Undetermined(f"a denominator is not certified nonzero: {self.describe(factor)}")
        return self.make(a[1], a[0])

    def power(self, a: Element, k: int) -> Element:
        if k < 0:
            a, k = self.inverse(a), -k
        if k == 0:
            if a[0] == 0:
                raise Undetermined("zero to the power zero")
            return self.one
        if k > LARGEST_POWER:
            raise Undetermined(f"the exponent {k} is larger than {LARGEST_POWER}")
        for p in a:
            if comb(len(p) + k - 1, k) > MOST_TERMS or k * _bits(p) > MOST_BITS:
                raise Undetermined(f"the power {k} of an expression this large")
            if k * p.total_degree() > MOST_TERMS:
                raise Undetermined(f"a degree of more than {MOST_TERMS}")
        return self.make(a[0] ** k, a[1] ** k)

    # -- generators --------------------------------------------------------------------------

    def generator(self, key: object, make: Generator) -> Polynomial:
        if key not in self._index:
            if len(self.generators) >= GENERATORS:
                raise Undetermined(f"the line needs more than {GENERATORS} generators")
            self._index[key] = len(self.generators)
            self.generators.append(make)
        return self.ring.gen(self._index[key])

    def element(self, key: object, make: Generator) -> Element:
        return Element(self.generator(key, make), self.one[0])

    def used(self, p: Polynomial) -> list[int]:
        return [i for i, k in enumerate(p.degrees()[: len(self.generators)]) if k > 0]

    def depends(self, *polynomials: Polynomial) -> frozenset[object]:
        out: frozenset[object] = frozenset()
        for p in polynomials:
            for i in self.used(p):
                out |= self.generators[i].depends
        return out

    def describe(self, p: Polynomial) -> str:
        text = str(p)
        for i in sorted(self.used(p), reverse=True):
            key = next(k for k, index in self._index.items() if index == i)
            name = key[1] if isinstance(key, tuple) and len(key) > 1 else key
            root = self.generators[i].kind.startswith("root")
            text = text.replace(f"g{i}", f"sqrt({name})" if root else f"[{name}]")
        return text

    def sign(self, p: Polynomial) -> int | None:
        """+1 or -1 when the polynomial is certified so everywhere in scope, else None.

        The certificate: all coefficients of one sign, generators of unknown sign to even powers,
        and one monomial that cannot vanish.
        """
        signs, strict = set(), False
        for powers, c in p.to_dict().items():
            unknown = [
                k for i, k in enumerate(powers) if k and not self.generators[i].positive
            ]
            if any(k % 2 for k in unknown):
                return None
            signs.add(1 if c > 0 else -1)
            strict = strict or not unknown
        return signs.pop() if len(signs) == 1 and strict else None

    def element_sign(self, a: Element) -> int | None:
        if a[0] == 0:
            return 0
        total = 1
        for p in a:
            content, factors = self.factor(p)
            total *= 1 if content > 0 else -1
            for factor, k in factors:
                sign = self.sign(factor)
                if sign is None:
                    return None
                total *= sign**k
        return total

    # -- logarithm, exponential, root ----------------------------------------------------------

    def _log_of_rational(self, q: fmpq) -> Element:
        if q <= 0:
            raise Undetermined("the logarithm of a number that is not positive")
        out = self.zero
        for integer, side in ((q.p, 1), (q.q, -1)):
            for prime, k in _primes(integer):
                argument = self.constant(int(prime))
                g = self.generator(
                    ("log", str(prime)), Generator("log", True, frozenset(), argument)
                )
                out = self.add(out, Element(g * (side * int(k)), self.one[0]))
        return out

    def _opaque(self, kind: str, a: Element, *, positive: bool) -> Element:
        key = (kind, str(a[0]), str(a[1]))
        return self.element(key, Generator(kind, positive, self.depends(*a), a))

    def log(self, a: Element) -> Element:
        if self.element_sign(a) != 1:
            raise Undetermined(
                f"the argument of a logarithm is not certified positive: {self.describe(a[0])}"
            )
        if not self.laws:
            return self._opaque("log", a, positive=False)
        out, number = self.zero, fmpq(1)
        for p, side in zip(a, (1, -1), strict=True):
            content, factors = self.factor(p)
            number *= content if side == 1 else 1 / content
            for factor, k in factors:
                sign = self.sign(factor)
                if sign is None:
                    raise Undetermined("the logarithm of a factor of unknown sign")
                if sign == -1:
                    factor, number = -factor, number * (-1) ** int(k)
                out = self.add(out, self._log_of_factor(factor, side * int(k)))
        return self.add(out, self._log_of_rational(number))

    def _log_of_factor(self, factor: Polynomial, k: int) -> Element:
        used = self.used(factor)
        if len(used) == 1 and factor == self.ring.gen(used[0]):
            generator = self.generators[used[0]]
            if generator.kind == "exp":
                return self.multiply(generator.payload, self.constant(k))
            if generator.kind == "root of prime":
                half = self._log_of_rational(fmpq(generator.payload))
                return self.multiply(half, Element(self.ring.constant(fmpq(k, 2)), self.one[0]))
            if generator.kind in ("root", "component root"):
                argument = Element(factor**2, self.one[0])
                g = self.generator(
                    ("log", used[0]), Generator("log", False, generator.depends, argument)
                )
                return Element(g * fmpq(k, 2), self.one[0])
            if generator.kind == "product":
                body, marker, dimension = generator.payload
                total = self._functional(self.log(body), marker, "sum", (dimension,), dimension)
                return self.multiply(total, self.constant(k))
        argument = Element(factor, self.one[0])
        g = self.generator(
            ("log", str(factor)), Generator("log", False, self.depends(factor), argument)
        )
        return Element(g * k, self.one[0])

    def exp(self, a: Element) -> Element:
        if not self.laws:
            return self._opaque("exp", a, positive=True)
        out = self.one
        for powers, c in a[0].to_dict().items():
            canonical = self.make(self.ring.from_dict({powers: fmpq(1)}), a[1])
            lead = canonical[0].leading_coefficient()
            canonical, c = Element(canonical[0] / lead, canonical[1]), c * lead
            used = self.used(canonical[0])
            if canonical[1] == 1 and len(used) == 1 and sum(powers) == 1:
                generator = self.generators[used[0]]
                if generator.kind == "log":
                    out = self.multiply(out, self._rational_power(generator.payload, c))
                    continue
            k = c * EXPONENT_DENOMINATOR
            if k.q != 1:
                raise Undetermined(f"an exponent's denominator exceeds {EXPONENT_DENOMINATOR}")
            exponent = self.multiply(
                canonical, Element(self.ring.constant(fmpq(1, EXPONENT_DENOMINATOR)), self.one[0])
            )
            g = self.element(
                ("exp", str(canonical[0]), str(canonical[1])),
                Generator("exp", True, self.depends(*canonical), exponent),
            )
            out = self.multiply(out, self.power(g, int(k.p)))
        return out

    def _rational_power(self, a: Element, k: fmpq) -> Element:
        if k.q == 1:
            return self.power(a, int(k.p))
        if k.q == 2:
            return self.power(self.root(a), int(k.p))
        raise Undetermined(f"a root of order {k.q}")

    def root(self, a: Element) -> Element:
        if a[0] == 0:
            return self.zero
        out, number = self.one, fmpq(1)
        if self.element_sign(a) != 1:
            raise Undetermined("the square root of a term that is not certified non-negative")
        for p, side in zip(a, (1, -1), strict=True):
            content, factors = self.factor(p)
            number *= content if side == 1 else 1 / content
            for factor, k in factors:
                k = side * int(k)
                sign = self.sign(factor)
                if k % 2 or sign is None:
                    raise Undetermined(f"the square root of {self.describe(factor)}")
                out = self.multiply(
                    out, self.power(Element(factor * sign, self.one[0]), k // 2)
                )
        for integer, side in ((number.p, 1), (number.q, -1)):
            for prime, k in _primes(integer):
                g = self.element(
                    ("root", int(prime)), Generator("root of prime", True, frozenset(), int(prime))
                )
                out = self.multiply(out, self.power(g, side * int(k)))
        return out

    # -- linear functionals: integral, sum, boundary difference ----------------------------------

    def _functional(
        self, value: Element, marker: object, kind: str, where: tuple[Any, ...], of_one: Element | None
    ) -> Element:
        """Apply a linear functional in the bound variable ``marker`` to ``value``.

        ``where`` identifies the functional (its space, or its number of terms); ``of_one`` is its
        value at the constant 1, or None when that is not finite.
        """
        free_denominator, bound_denominator = self.one[0], self.one[0]
        shift: dict[int, int] = {}
        for factor, k in self.factor(value[1])[1]:
            if marker not in self.depends(factor):
                free_denominator *= factor ** int(k)
                continue
            used = self.used(factor)
            if len(used) == 1 and factor == self.ring.gen(used[0]):
                shift[used[0]] = int(k)
            else:
                bound_denominator *= factor ** int(k)
        bound = {
            i for i, g in enumerate(self.generators) if marker in g.depends
        }
        groups: dict[tuple[tuple[int, int], ...], dict[tuple[int, ...], fmpq]] = {}
        for powers, c in value[0].to_dict().items():
            basis = tuple(
                (i, powers[i] - shift.get(i, 0)) for i in sorted(bound) if powers[i] != shift.get(i, 0)
            )
            rest = tuple(0 if i in bound else k for i, k in enumerate(powers))
            group = groups.setdefault(basis, {})
            group[rest] = group.get(rest, fmpq(0)) + c
        out = self.zero
        for basis, coefficient in groups.items():
            part = self._basis_value(basis, bound_denominator, marker, kind, where, of_one)
            factor = self.make(self.ring.from_dict(coefficient), free_denominator)
            out = self.add(out, self.multiply(factor, part))
        return out

    def _basis_value(
        self,
        basis: tuple[tuple[int, int], ...],
        denominator: Polynomial,
        marker: object,
        kind: str,
        where: tuple[Any, ...],
        of_one: Element | None,
    ) -> Element:
        if not basis and denominator == 1:
            if of_one is None:
                raise Undetermined("the integral of a constant over an unbounded space")
            return of_one
        monomial = self.one
        swap = None
        sums = sum(1 for i, _ in basis if self.generators[i].kind == "sum")
        for i, k in basis:
            if kind == "integral" and self.generators[i].kind == "sum" and k == 1 and sums == 1:
                swap = self.generators[i]
            else:
                monomial = self.multiply(monomial, self.power(Element(self.ring.gen(i), self.one[0]), k))
        if swap is not None:  # an integral of a sum is the sum of the integrals
            body, index, dimension = swap.payload
            inner = self._functional(self.multiply(monomial, body), marker, kind, where, of_one)
            return self._functional(inner, index, "sum", (dimension,), dimension)
        body = self.make(monomial[0], monomial[1] * denominator)
        ends = frozenset[object]().union(*(self.depends(*e) for e in where if isinstance(e, Element)))
        depends = (self.depends(*body) - {marker}) | ends
        positive = kind != "between" and self.element_sign(body) == 1
        names = tuple(f"{e[0]}/{e[1]}" if isinstance(e, Element) else e for e in where)
        payload = (body, marker, where[0]) if kind == "sum" else None
        return self.element(
            (kind, names, basis, str(denominator)), Generator(kind, positive, depends, payload)
        )

    # -- terms -----------------------------------------------------------------------------------

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

    def _image(self, term: Expr) -> Element:  # noqa: PLR0911, PLR0912
        if term.is_Rational:
            return Element(self.ring.constant(fmpq(int(term.p), int(term.q))), self.one[0])
        if term == pi:
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
        if isinstance(term, Density):
            return self._density(term)
        raise Undetermined(f"{type(term).__name__} has no normal form")

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
        if end in (oo, Minus(oo)):
            return str(end)
        return self(end)

    def _under(self, body: Expr, variable: Symbol, space: Expr | None, letter: str) -> tuple[object, Element]:
        depth = sum(1 for _, m, _, _ in self._environment if m[0] == letter)  # type: ignore[index]
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
            where = tuple(self._end(e) for e in space.args)
            if all(isinstance(e, Element) for e in where):
                of_one = self.add(where[1], self.negative(where[0]))
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
            depth = sum(1 for _, m, _, _ in self._environment if m[0] == "law")  # type: ignore[index]
            marker, saved = ("law", depth), self._environment
            self._environment = (*saved, (index, marker, False, None))
            try:
                name, depends = self._law(inner)
            finally:
                self._environment = saved
            return ("product", name, str(count[0]), str(count[1])), (depends - {marker}) | self.depends(*count)
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
        for other, _, _, space in reversed(self._environment):
            if other == name:
                break
        else:
            if self.scope.is_bound(name):
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

    def within(self, inner: OpenInterval, outer: OpenInterval) -> bool:
        """Whether one interval is certified to lie in another, up to null sets."""
        if not isinstance(inner, OpenInterval) or not isinstance(outer, OpenInterval):
            return False
        for a, b, side in ((inner.args[0], outer.args[0], 1), (inner.args[1], outer.args[1], -1)):
            if a == b or b == (Minus(oo) if side == 1 else oo):
                continue
            if a in (oo, Minus(oo)) or b in (oo, Minus(oo)):
                return False
            if self.element_sign(self.add(self(a), self.negative(self(b)))) not in (0, side):
                return False
        return True
