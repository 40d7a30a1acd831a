"""How a document says that a result was checked: points and radii as a reader would write them."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive import build, catalogue
from derive.document import layout, render
from derive.document.checks import ENCLOSED, number_node, value_node
from derive.document.layout import Fence, Listing, Node, Number, Product, Script, Sum
from derive.document.text import spell
from derive.kernel import Detail


def value(node: Node) -> Fraction:
    """What a layout of a number says."""
    match node:
        case Number(text):
            return Fraction(text)
        case layout.Fraction(top, bottom):
            return value(top) / value(bottom)
        case Sum(parts):
            return sum((sign * value(part) for sign, part in parts), Fraction(0))
        case Product((factor, _, power)):
            return value(factor) * value(power)
        case Script(base, None, up) if up is not None:
            return value(base) ** int(value(up))
    raise AssertionError(node)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0", "0"), ("7", "7"), ("-2/5", "−2/5"), ("1/100", "1/100"), ("1000000", "10⁶"),
        ("1/1000000", "10⁻⁶"), ("-1/1000000", "−10⁻⁶"), ("1/1000000000000", "10⁻¹²"),
        ("2000000000003/3000000000000", "2/3 + 10⁻¹²"), ("2000000000001/2000000000000", "1 + 5 · 10⁻¹³"),
        ("1999999999999/2000000000000", "1 − 5 · 10⁻¹³"), ("123457/1000001", "123457/1000001"),
        ("(1/3, 2000000000003/3000000000000)", "(1/3, 2/3 + 10⁻¹²)"), ("(1)", "(1)"),
    ],
)  # fmt: skip
def test_a_value_is_written_as_a_reader_would(text: str, shown: str) -> None:
    assert spell(value_node(text)) == shown


@given(st.fractions(), st.integers(-30, 30), st.integers(-400, 400))
def test_what_is_written_is_the_value(near: Fraction, exponent: int, factor: int) -> None:
    exact = near + factor * Fraction(10) ** exponent
    assert value(number_node(exact)) == exact


def test_points_in_documents_are_the_points_of_the_enclosures() -> None:
    for id in catalogue.DIVERGENCES:
        for row in build.checks_of(catalogue.result(id)).enclosures:
            assert row.contains
            assert value(row.within.parts[0]) == Fraction(row.radius) < Fraction(1, 10**50)
            for _, text in row.point:
                node = value_node(text)
                nodes = (
                    node.body.items if isinstance(node, Fence) and isinstance(node.body, Listing) else (node,)
                )
                assert [value(n) for n in nodes] == [Fraction(v) for v in text.strip("()").split(",")]


def test_documents_say_what_an_enclosure_is_and_write_powers_of_ten() -> None:
    result = catalogue.result("kl-normal")
    checks = build.checks_of(result)
    for make in (render.article, render.fragment, render.markdown, render.html):
        made = make(result, checks, Detail.STANDARD)
        assert ENCLOSED in made
        assert not re.search(r"\d1?e-\d", made[made.index(ENCLOSED) :])
    told = render.text(result, checks, Detail.STANDARD, 10_000)
    assert ENCLOSED in told
    assert "μ₁ = 2/3 + 10⁻¹², σ₁ = 1 + 5 · 10⁻¹³, μ₂ = 2/3, σ₂ = 1: 50 digits, radius 10⁻⁷⁹" in told
