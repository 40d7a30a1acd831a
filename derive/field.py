"""The fraction field Q(g_1, …, g_n) in which terms are compared, and certificates of sign.

FLINT does the polynomial arithmetic.  A generator stands for something that is algebraically
independent of the others, or is taken to be so: that can make equal things look different, never
different things equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Any, NamedTuple

from flint import Ordering, fmpq, fmpq_mpoly_ctx, fmpz

Polynomial = Any  # flint.fmpq_mpoly has no type stubs
GENERATORS = 40
ROOM = 24
EXPONENT_DENOMINATOR = 4
LARGEST_POWER = 64
MOST_TERMS = 4_000
MOST_BITS = 20_000
LARGEST_FACTORED = 400
"""Caps that keep hostile input from exhausting memory: terms of a polynomial, bits of a number, terms
of a polynomial that is factored."""


class Undetermined(ArithmeticError):
    """The normal form cannot decide; the message says what it met."""


class OutOfGenerators(Undetermined):
    """The ring is full; a new one may have room."""


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
    return max([c.height_bits() for c in p.coeffs()], default=0)


def primes(integer: int) -> list[tuple[int, int]]:
    """Prime factors of a positive whole number of at most 64 bits."""
    if int(integer).bit_length() > 64:
        raise Undetermined("a whole number of more than 64 bits to factor")
    return [(int(p), int(k)) for p, k in fmpz(integer).factor()]


class Field:
    """One ring of polynomials with its generators, and arithmetic in its fraction field."""

    def __init__(self) -> None:
        self.ring = fmpq_mpoly_ctx.get([f"g{i}" for i in range(GENERATORS)], Ordering.degrevlex)
        self.zero = Element(self.ring.constant(0), self.ring.constant(1))
        self.one = Element(self.ring.constant(1), self.ring.constant(1))
        self.generators: list[Generator] = []
        self._index: dict[object, int] = {}
        self._roots_of_primes: list[int] = []
        self._unsigned: list[int] = []

    def constant(self, value: object) -> Element:
        """A number as an element."""
        return Element(self.ring.constant(fmpq(value) if isinstance(value, int) else value), self.one[0])

    def _reduce(self, p: Polynomial) -> Polynomial:
        """Apply r² = prime to the roots of primes."""
        if p.total_degree() < 2:
            return p
        degrees = p.degrees()
        for i in self._roots_of_primes:
            if degrees[i] >= 2:
                prime = fmpq(self.generators[i].payload)
                out: dict[tuple[int, ...], fmpq] = {}
                for powers, c in p.to_dict().items():
                    half, odd = divmod(powers[i], 2)
                    key = (*powers[:i], odd, *powers[i + 1 :])
                    out[key] = out.get(key, fmpq(0)) + c * prime**half
                p = self.ring.from_dict(out)
        return p

    def _product(self, p: Polynomial, q: Polynomial) -> Polynomial:
        """p·q within the caps: FLINT aborts the process when memory runs out."""
        if p.is_one():
            return q
        if q.is_one():
            return p
        if len(p) * len(q) > MOST_TERMS and min(len(p), len(q)) > 1:
            raise Undetermined(f"a product of more than {MOST_TERMS} terms")
        product = p * q
        if _bits(product) > MOST_BITS:
            raise Undetermined(f"a number of more than {MOST_BITS} bits")
        return product

    def factor(self, p: Polynomial) -> Any:
        """Content and irreducible factors, within the caps; a monomial is read off."""
        if len(p) == 1:
            ((powers, c),) = p.to_dict().items()
            return c, [(self.ring.gen(i), k) for i, k in enumerate(powers) if k]
        if len(p) > LARGEST_FACTORED:
            raise Undetermined(f"a polynomial of more than {LARGEST_FACTORED} terms to factor")
        return p.factor()

    def make(self, n: Polynomial, d: Polynomial) -> Element:
        """The reduced fraction n/d."""
        n, d = self._capped(n), self._capped(d)
        if self._roots_of_primes:
            n, d = self._reduce(n), self._reduce(d)
        if n.is_zero():
            return self._zero_over(d)
        if d.is_one():
            return Element(n, d)
        if d.is_zero():
            raise Undetermined("division by zero")
        common = n.gcd(d)
        if not common.is_one():
            n, d = n // common, d // common
        lead = d.leading_coefficient()
        return Element(n, d) if lead == 1 else Element(n / lead, d / lead)

    def _capped(self, p: Polynomial) -> Polynomial:
        if len(p) > MOST_TERMS:
            raise Undetermined(f"an expression of more than {MOST_TERMS} terms")
        return p

    def _zero_over(self, d: Polynomial) -> Element:
        if d.is_zero():
            raise Undetermined("division by zero")
        return self.zero

    def add(self, a: Element, b: Element) -> Element:
        """The sum."""
        if a is self.zero or b is self.zero:
            return b if a is self.zero else a
        if a[1].is_one() and b[1].is_one():
            return Element(self._capped(a[0] + b[0]), a[1])
        if a[1] == b[1]:
            return self.make(a[0] + b[0], a[1])
        top = self._product(a[0], b[1]) + self._product(b[0], a[1])
        return self.make(top, self._product(a[1], b[1]))

    def negative(self, a: Element) -> Element:
        """The negative."""
        return Element(-a[0], a[1])

    def multiply(self, a: Element, b: Element) -> Element:
        """The product."""
        if a is self.one:
            return b
        if b is self.one:
            return a
        if a[1].is_one() and b[1].is_one():
            product = self._product(a[0], b[0])
            return Element(self._reduce(product) if self._roots_of_primes else product, a[1])
        return self.make(self._product(a[0], b[0]), self._product(a[1], b[1]))

    def inverse(self, a: Element) -> Element:
        """The reciprocal, when the numerator is certified nonzero."""
        if a[0] == 0:
            raise Undetermined("division by zero")
        if self.sign(a[0]) is None:
            parts = [self.describe(f) for f, _ in self.factor(a[0])[1] if self.sign(f) is None]
            raise Undetermined(f"a denominator is not certified nonzero: {', '.join(parts)}")
        return self.make(a[1], a[0])

    def power(self, a: Element, k: int) -> Element:
        """A whole power."""
        if k < 0:
            a, k = self.inverse(a), -k
        if k == 0:
            if self.element_sign(a) not in (1, -1):
                raise Undetermined("the power zero of a term that is not certified nonzero")
            return self.one
        if k > LARGEST_POWER:
            raise Undetermined(f"the exponent {k} is larger than {LARGEST_POWER}")
        if k == 1:
            return a
        for p in a:
            if comb(len(p) + k - 1, k) > MOST_TERMS or k * _bits(p) > MOST_BITS:
                raise Undetermined(f"the power {k} of an expression this large")
            if k * p.total_degree() > MOST_TERMS:
                raise Undetermined(f"a degree of more than {MOST_TERMS}")
        return self.make(a[0] ** k, a[1] ** k)

    def generator(self, key: object, make: Generator) -> Polynomial:
        """The ring variable for a key, made when it is new."""
        if key not in self._index:
            if len(self.generators) >= GENERATORS:
                raise OutOfGenerators(f"the line needs more than {GENERATORS} generators")
            self._index[key] = len(self.generators)
            if not make.positive:
                self._unsigned.append(len(self.generators))
            if make.kind == "root of prime":
                self._roots_of_primes.append(len(self.generators))
            self.generators.append(make)
        return self.ring.gen(self._index[key])

    def element(self, key: object, make: Generator) -> Element:
        """The generator of a key as an element."""
        return Element(self.generator(key, make), self.one[0])

    def used(self, p: Polynomial) -> list[int]:
        """Indices of the generators in a polynomial."""
        if p.is_constant():
            return []
        return [i for i, k in enumerate(p.degrees()[: len(self.generators)]) if k > 0]

    def depends(self, *polynomials: Polynomial) -> frozenset[object]:
        """Markers that the value of polynomials depends on."""
        out: frozenset[object] = frozenset()
        for p in polynomials:
            for i in self.used(p):
                out |= self.generators[i].depends
        return out

    def describe(self, p: Polynomial) -> str:
        """A polynomial in terms of what its generators stand for, for messages."""
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
        signs = {1 if c > 0 else -1 for c in p.coeffs()}
        if len(signs) != 1:
            return None
        strict = not self._unsigned
        for powers in p.monoms() if self._unsigned else ():
            unknown = [powers[i] for i in self._unsigned if powers[i]]
            if any(k % 2 for k in unknown):
                return None
            strict = strict or not unknown
        return signs.pop() if strict else None

    def element_sign(self, a: Element) -> int | None:
        """+1, -1 or 0 when an element is certified so, else None."""
        if a[0] == 0:
            return 0
        over, under = self.sign(a[0]), 1 if a[1].is_one() else self.sign(a[1])
        return None if over is None or under is None else over * under
