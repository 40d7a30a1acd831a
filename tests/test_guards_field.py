"""The field of fractions, guard by guard: arithmetic, caps, certificates of sign.

Found by changing the source and seeing that nothing noticed (``attack.mutate_checker``).
"""

from __future__ import annotations

import pytest
from flint import fmpq

from derive import field
from derive.field import Element, Field, Generator, OutOfGenerators, Undetermined, primes


def ring() -> tuple[Field, Element, Element, Element]:
    """A field with a positive generator g0, one of unknown sign g1, and the root of 2 as g2."""
    made = Field()
    positive = made.element("p", Generator("symbol", True, frozenset({"p"})))
    unknown = made.element("u", Generator("symbol", False, frozenset({"u"})))
    root = made.element("r", Generator("root of prime", True, frozenset(), 2))
    return made, positive, unknown, root


def test_the_caps_of_the_field_are_where_they_are_said_to_be() -> None:
    assert (field.GENERATORS, field.ROOM, field.EXPONENT_DENOMINATOR, field.LARGEST_POWER) == (40, 24, 4, 64)
    assert (field.MOST_TERMS, field.MOST_BITS, field.LARGEST_FACTORED) == (4_000, 20_000, 400)


def test_numbers_are_factored_up_to_64_bits() -> None:
    assert primes(360) == [(2, 3), (3, 2), (5, 1)]
    assert primes(1) == []
    assert primes(2**63) == [(2, 63)]
    assert primes(2**64 - 1)[0] == (3, 1)
    with pytest.raises(Undetermined, match="more than 64 bits"):
        primes(2**64)


def test_fractions_are_reduced_and_made_monic() -> None:
    f, p, u, r = ring()
    g, h = p[0], u[0]
    assert f.constant(3) == f.constant(fmpq(3)) == (f.ring.constant(3), f.one[0])
    assert f.make(2 * g, 4 * g * h) == (f.ring.constant(fmpq(1, 2)), h)
    assert f.make(g * h, h) == (g, f.one[0])
    assert f.make(g, f.ring.constant(2)) == (g / 2, f.one[0])
    assert f.make(g - g, h) == f.zero
    assert f.make(g, -h) == (-g, h)
    for bad in (f.zero[0], h - h):
        for top in (g, g - g):
            with pytest.raises(Undetermined, match="division by zero"):
                f.make(top, bad)
    assert f.make(r[0] ** 2, h) == (f.ring.constant(2), h)
    assert f.make(r[0] ** 3 * g, f.one[0]) == (2 * r[0] * g, f.one[0])


def test_sums_and_products_of_fractions() -> None:
    f, p, u, r = ring()
    g, h = p[0], u[0]
    over_g, over_h = f.inverse(p), f.make(g, h)
    assert f.add(f.zero, p) is p
    assert f.add(p, f.zero) is p
    assert f.add(p, u) == (g + h, f.one[0])
    assert f.add(over_g, over_g) == (f.ring.constant(2), g)
    assert f.add(over_g, p) == (g**2 + 1, g)
    assert f.add(over_h, over_g) == (g**2 + h, g * h)
    assert f.add(p, f.negative(p)) == f.zero
    assert f.multiply(f.one, p) is p
    assert f.multiply(p, f.one) is p
    assert f.multiply(p, over_g) == f.multiply(over_g, p) == f.one
    assert f.multiply(over_h, over_g) == (f.one[0], h)
    assert f.multiply(r, r) == f.constant(2)
    assert f.multiply(f.make(r[0], g), r) == (f.ring.constant(2), g)


def test_powers_of_fractions() -> None:
    f, p, u, r = ring()
    g, h = p[0], u[0]
    assert f.power(p, 1) is p
    assert f.power(p, 0) == f.one
    assert f.power(f.negative(p), 0) == f.one
    assert f.power(u, 2) == (h**2, f.one[0])
    assert f.power(f.make(h, g), 3) == (h**3, g**3)
    assert f.power(p, -2) == (f.one[0], g**2)
    assert f.power(p, -1) == (f.one[0], g)
    assert f.power(p, 64)[0] == g**64
    assert f.power(r, 2) == f.constant(2)
    for base, k, why in (
        (u, 0, "the power zero"),
        (f.zero, 0, "the power zero"),
        (u, -1, "not certified nonzero"),
        (f.zero, -1, "division by zero"),
        (p, 65, "larger than 64"),
        (p, -65, "larger than 64"),
    ):
        with pytest.raises(Undetermined, match=why):
            f.power(base, k)


def many(f: Field, terms: int) -> Element:
    """A sum of that many powers of g0."""
    return Element(f.ring.from_dict({(i,) + (0,) * 39: fmpq(1) for i in range(terms)}), f.one[0])


def test_what_is_too_large_is_refused_and_never_computed() -> None:
    f, p, u, _ = ring()
    with pytest.raises(Undetermined, match="a product of more than 4000 terms"):
        f.multiply(many(f, 4_001), many(f, 2))
    assert f.multiply(many(f, 2_000), Element(u[0] + 1, f.one[0]))
    assert f.multiply(many(f, 4_000), u)
    assert f.multiply(many(f, 4_001), u)  # a monomial makes no more terms
    wide = f.constant(2**15_000)
    with pytest.raises(Undetermined, match="a number of more than 20000 bits"):
        f.multiply(wide, f.constant(2**15_000))
    assert f.multiply(wide, p)
    for over in (many(f, 4_001), many(f, 4_002)):
        with pytest.raises(Undetermined, match="an expression of more than 4000 terms"):
            f.add(over, p)
        with pytest.raises(Undetermined, match="an expression of more than 4000 terms"):
            f.make(over[0], u[0])
        with pytest.raises(Undetermined, match="an expression of more than 4000 terms"):
            f.make(u[0], over[0])
    assert f.add(many(f, 4_000), p)
    with pytest.raises(Undetermined, match="more than 400 terms to factor"):
        f.factor(many(f, 401)[0])
    assert f.factor(many(f, 400)[0])
    with pytest.raises(Undetermined, match="the power 3 of an expression this large"):
        f.power(many(f, 300), 3)
    with pytest.raises(Undetermined, match="the power 2 of an expression this large"):
        f.power(many(f, 89), 2)
    with pytest.raises(Undetermined, match="the power 3 of an expression this large"):
        f.power(f.constant(2**7_000), 3)
    with pytest.raises(Undetermined, match="the power 64 of an expression this large"):
        f.power(f.inverse(f.constant(2**400)), 64)
    with pytest.raises(Undetermined, match="a degree of more than 4000"):
        f.power(f.power(f.power(p, 64), 2), 64)
    assert f.power(f.constant(2**6_000), 3)
    with pytest.raises(Undetermined, match="a product of more than 4000 terms"):
        f.multiply(many(f, 100), many(f, 100))


def test_what_is_just_small_enough_is_computed() -> None:
    f, p, _, _ = ring()
    assert f.multiply(f.constant(2**10_000), f.constant(2**9_999)) == f.constant(2**19_999)
    assert f.power(f.constant(2**4_999), 4) == f.constant(2**19_996)
    assert len(f.power(many(f, 88), 2)[0]) == 175
    assert f.power(Element(p[0] ** 80, f.one[0]), 50)[0] == p[0] ** 4_000


def test_a_ring_is_full_after_forty_generators() -> None:
    f = Field()
    for i in range(40):
        f.generator(i, Generator("symbol", False, frozenset()))
    assert f.generator(39, Generator("symbol", True, frozenset())) == f.ring.gen(39)
    with pytest.raises(OutOfGenerators, match="more than 40 generators"):
        f.generator(40, Generator("symbol", False, frozenset()))


def test_what_a_polynomial_uses_and_depends_on() -> None:
    f, p, u, r = ring()
    assert f.used(p[0] * u[0] + 1) == [0, 1]
    assert f.used(r[0]) == [2]
    assert f.used(f.one[0]) == []
    assert f.depends(p[0], u[0] * r[0]) == {"p", "u"}
    assert f.depends(r[0], f.one[0]) == frozenset()


def test_signs_of_polynomials() -> None:
    f, p, u, r = ring()
    g, h = p[0], u[0]
    signs = (
        (g, 1), (-g, -1), (g + 1, 1), (g - 1, None), (-g - 1, -1), (h, None), (h**2, None), (h**2 + 1, 1),
        (-(h**2) - 1, -1), (h**2 + h + 1, None), (h**2 - 1, None), (h**3, None), (g * h**2 + g, 1),
        (h**2 * g, None), (g**3 + h**2, 1), (f.one[0], 1), (-f.one[0], -1),
        (h**2 + g, 1), (g * h, None), (r[0], 1),
    )  # fmt: skip
    for polynomial, sign in signs:
        assert f.sign(polynomial) == sign, str(polynomial)
    assert f.sign(f.zero[0]) is None
    lone = Field()
    made = lone.element("p", Generator("symbol", True, frozenset()))
    assert lone.sign(made[0]) == 1
    assert lone.sign(made[0] - 1) is None
    assert lone.sign(lone.zero[0]) is None


def test_signs_of_fractions() -> None:
    f, p, u, _ = ring()
    g, h = p[0], u[0]
    square = h**2 + 1
    signs = (
        (f.zero, 0), (f.one, 1), (p, 1), (f.negative(p), -1), (u, None), (f.make(h, g), None),
        (f.make(square, g), 1), (f.make(-square, g), -1), (f.make(g, -square), -1),
        (f.make(g - 1, g), None), (f.make((g - 1) * square, g), None), (f.make(g - 1, h), None),
        (f.make(-2 * square * (g + 1) ** 2, f.one[0]), -1), (f.make((square * (h**2 + 2)), g), 1),
        (Element((h**4 + h**2 + 1) * g, f.one[0]), 1), (f.make(g * (h**2 - h + 1), h**2 - h + 1), 1),
    )  # fmt: skip
    for element, sign in signs:
        assert f.element_sign(element) == sign, str(element)
    assert f.element_sign(Element(g, g - 1)) is None
    assert f.element_sign(Element(g, -g)) == -1
    # h⁴ + 4 has factors that are not certified, but is itself.
    assert f.element_sign(Element(h**4 + 4, f.one[0])) == 1
    # (g + 1)/(g³ + 1): what is left of a certified denominator need not be certified.
    assert f.element_sign(f.make(g + 1, g**3 + 1)) is None
    # (g + 1)·(h² + 1)·(1 − …): the product of certified factors is certified though its terms differ in sign.
    mixed = (h**2 + 1) * (-g - 1) * (h**2 + 3)
    assert f.element_sign(Element(mixed, f.one[0])) == -1
    assert f.inverse(Element(mixed, f.one[0])) == f.make(f.one[0], mixed)


def test_what_is_certified_nonzero_has_an_inverse() -> None:
    f, p, u, _ = ring()
    g, h = p[0], u[0]
    assert f.inverse(p) == (f.one[0], g)
    assert f.inverse(f.constant(-2)) == f.constant(fmpq(-1, 2))
    assert f.inverse(Element(h**2 + 1, f.one[0])) == (f.one[0], h**2 + 1)
    for top in (h, g - 1, (g - 1) * (h**2 + 1), g * h):
        with pytest.raises(Undetermined, match="not certified nonzero"):
            f.inverse(Element(top, f.one[0]))
    with pytest.raises(Undetermined, match=r"not certified nonzero: \[u\], \[p\] - 1$"):
        f.inverse(Element(g * h * (g - 1), g + 1))
