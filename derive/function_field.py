"""Logarithms, exponentials, roots and linear functionals of elements of the fraction field.

The laws used are those of positive numbers, and every use asks for a certificate of positivity.
"""

from __future__ import annotations

from typing import Any

from flint import fmpq

from derive.field import (
    EXPONENT_DENOMINATOR,
    Element,
    Field,
    Generator,
    Polynomial,
    Undetermined,
    primes,
)


class FunctionField(Field):
    """The field with the elementary functions and with integrals and sums that are not done.

    ``laws_of_functions=False`` leaves every logarithm and exponential opaque.
    """

    def __init__(self, *, laws_of_functions: bool = True) -> None:
        super().__init__()
        self.laws = laws_of_functions

    # -- logarithm, exponential, root ----------------------------------------------------------

    def _log_of_rational(self, q: fmpq) -> Element:
        if q <= 0:
            raise Undetermined("the logarithm of a number that is not positive")
        out = self.zero
        for integer, side in ((q.p, 1), (q.q, -1)):
            for prime, k in primes(integer):
                argument = self.constant(int(prime))
                g = self.generator(("log", str(prime)), Generator("log", True, frozenset(), argument))
                out = self.add(out, Element(g * (side * int(k)), self.one[0]))
        return out

    def _opaque(self, kind: str, a: Element, *, positive: bool) -> Element:
        key = (kind, str(a[0]), str(a[1]))
        return self.element(key, Generator(kind, positive, self.depends(*a), a))

    def log(self, a: Element) -> Element:
        """The logarithm of an element that is certified positive."""
        if self.element_sign(a) != 1:
            raise Undetermined(
                f"the argument of a logarithm is not certified positive: {self.describe(a[0])}"
            )
        if not self.laws:
            above_one = self.element_sign(self.add(a, self.negative(self.one))) == 1
            return self._opaque("log", a, positive=above_one)
        out, number = self.zero, fmpq(1)
        for p, side in zip(a, (1, -1), strict=True):
            content, factors = self.factor(p)
            number *= content if side == 1 else 1 / content
            for factor, k in factors:
                if self.sign(factor) != 1:
                    raise Undetermined("the logarithm of a factor of unknown sign")
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
                g = self.generator(("log", used[0]), Generator("log", False, generator.depends, argument))
                return Element(g * fmpq(k, 2), self.one[0])
            if generator.kind == "product":
                body, marker, dimension = generator.payload
                total = self._functional(self.log(body), marker, "sum", (dimension,), dimension)
                return self.multiply(total, self.constant(k))
        argument = Element(factor, self.one[0])
        above_one = self.sign(factor - self.one[0]) == 1
        g = self.generator(("log", str(factor)), Generator("log", above_one, self.depends(factor), argument))
        return Element(g * k, self.one[0])

    def exp(self, a: Element) -> Element:
        """The exponential, as a product over the exponent's monomials."""
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
            # One generator serves all quarters of an exponent; other denominators get their own.
            root = EXPONENT_DENOMINATOR if (c * EXPONENT_DENOMINATOR).q == 1 else int(c.q)
            exponent = self.multiply(canonical, Element(self.ring.constant(fmpq(1, root)), self.one[0]))
            k = c * root
            g = self.element(
                ("exp", str(canonical[0]), str(canonical[1]), root),
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
        """The square root of a certified non-negative element that is a square up to numbers."""
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
                if k % 2 or self.sign(factor) != 1:
                    raise Undetermined(f"the square root of {self.describe(factor)}")
                out = self.multiply(out, self.power(Element(factor, self.one[0]), k // 2))
        for integer, side in ((number.p, 1), (number.q, -1)):
            for prime, k in primes(integer):
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
        bound = {i for i, g in enumerate(self.generators) if marker in g.depends}
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
        movable = denominator == 1 and [self.generators[i].kind for i, _ in basis].count("sum") == 1
        for i, k in basis:
            if kind == "integral" and self.generators[i].kind == "sum" and k == 1 and movable:
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
