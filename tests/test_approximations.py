"""What documents and ``derive verify`` say of the polynomials in generated code is true of them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
from fractions import Fraction
from typing import Any

import pytest
from click.testing import CliRunner
from flint import arb, arb_poly, ctx
from sympy import Symbol

import derive
import derive.codegen.render
from derive import build
from derive.approximation import encode, is_proved
from derive.build import checks_of
from derive.catalogue import DIVERGENCES, result
from derive.checker import check
from derive.cli import main
from derive.codegen import approximations as module
from derive.codegen.approximations import DTYPES, STANDS_FOR, approximations, polynomials_in
from derive.codegen.primitives import polynomials
from derive.codegen.render import module_text
from derive.codegen.targets import TARGETS
from derive.derivation import dumps
from derive.document import render
from derive.evidence.ball import evaluate
from derive.terms import Quotient, substitute
from derive.verification import _add_polynomials

USED = {
    "kl-normal": (
        "coth", "exp_excess", "atanh", "small_softplus_slope", "log_softplus_slope", "softplus_even",
    ),
    "kl-normal-standard": ("coth", "exp_excess", "atanh", "softplus", "softplus_slope"),
    "kl-exponential": ("atanh",),
}  # fmt: skip


def error(name: str, dtype: str, at: Fraction) -> arb:
    """|polynomial − function| where the polynomial's variable is the square of ``at``, or ``at``."""
    function, factor, variable, given = STANDS_FOR[name]
    function = Quotient(function, factor)
    (symbol,) = variable.free_symbols
    for known, meaning in given:
        function = substitute(function, {known: meaning})
    point = {symbol.name: at}
    coefficients = [arb(float(c)) for c in polynomials()[name, dtype].coefficients]
    with ctx.workprec(300):
        return abs(arb_poly(coefficients)(evaluate(variable, point, 80)) - evaluate(function, point, 80))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", STANDS_FOR)
def test_a_polynomial_stands_for_what_is_said(name: str, dtype: str) -> None:
    """At random points of the interval it is within its bound of the function that documents show."""
    draw, stored = random.Random(name), polynomials()[name, dtype]
    low, high = Fraction(stored.lower), Fraction(stored.upper)
    bound, errors = arb(stored.bound), []
    while len(errors) < 40:
        at = Fraction(draw.randint(-2000, 2000), 1000) or Fraction(1, 7)
        value = at if isinstance(STANDS_FOR[name][2], Symbol) else at * at
        if low <= value <= high:
            errors.append(error(name, dtype, at))
    assert all(e < bound for e in errors)
    assert max(float(e.mid()) for e in errors) > float(stored.bound) / 100  # the bound is not an idle one


@pytest.mark.parametrize("id", USED)
def test_the_code_holds_the_polynomials_that_are_named(id: str) -> None:
    found = approximations(result(id))
    assert tuple(a.name for a in found) == USED[id]
    texts = [module_text(result(id), target) for target in TARGETS.values()]
    for a in found:
        for c in a.polynomials[1].coefficients:
            assert any(c in text for text in texts), (a.name, c)


@pytest.mark.parametrize("id", DIVERGENCES)
def test_documents_say_what_was_proved(id: str) -> None:
    written = render.documents(result(id), checks_of(result(id)))
    for a in approximations(result(id)):
        for p in a.polynomials:
            digits, exponent = p.bound.split("e")
            assert rf"{digits} \cdot 10^{{{int(exponent)}}}" in written["derivation.md"]


@pytest.mark.parametrize("id", DIVERGENCES)
def test_the_certificate_lists_what_the_code_uses_and_no_more(id: str) -> None:
    found = result(id)
    written = build.files(found)
    listed = json.loads(written["certificate.json"])["approximations"]
    code = "".join(text for name, text in written.items() if name.endswith(".py"))
    assert {(a["name"], a["dtype"]) for a in listed} == polynomials_in(code)
    assert listed == [encode(p) for a in approximations(found) for p in a.polynomials]
    for a in listed:
        assert all(f"    {c},\n" in code for c in a["coefficients"])
        assert a["bound"] in code


@pytest.mark.parametrize("id", [*DIVERGENCES, "kl-normal-standard-minimum"])
def test_the_file_the_command_and_python_hold_the_same_certificate(id: str) -> None:
    found = derive.result(id)
    written = build.files(result(id))
    text = written["certificate.json"]
    assert dumps(found.certificate) == text
    assert CliRunner().invoke(main, ["show", id, "--format", "json"]).output == text
    assert ("approximations" in found.certificate) is (id in DIVERGENCES)
    proved = check(json.loads(text))
    assert {d.id for d in result(id).derivations()} <= set(proved)
    shown = hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
    assert all(f"certificate {shown}" in code for name, code in written.items() if name.endswith(".py"))


def test_the_article_lists_the_polynomials_of_its_theorems() -> None:
    data = json.loads(build.article_files()["certificate.json"])
    assert {(a["name"], a["dtype"]) for a in data["approximations"]} == set(polynomials())
    assert check(data)


def test_an_unlisted_polynomial_fails_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    row: dict[str, Any] = {"failures": [], "verified": True}
    monkeypatch.setattr(module, "names_of", lambda primitives: ("coth",))
    _add_polynomials(row, result("kl-exponential"))
    names = ("atanh in float32", "atanh in float64", "coth in float32", "coth in float64")
    assert row["failures"] == [f"certificate and code differ in: {name}" for name in names]
    assert not row["verified"]


def test_a_bound_that_does_not_hold_fails_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    row: dict[str, Any] = {"failures": [], "verified": True}
    _add_polynomials(row, result("kl-exponential"))
    assert row["verified"]
    assert [p["proved"] for p in row["polynomials"]] == [True, True]
    good = polynomials()["atanh", "float64"]
    nudged = [*good.coefficients]
    nudged[3] = repr(float(nudged[3]) * (1 + 2.0**-30))
    wrong = dataclasses.replace(good, coefficients=tuple(nudged))
    assert not is_proved(wrong)
    assert not is_proved(dataclasses.replace(good, bound="1e-17"))
    faulty = {**polynomials(), ("atanh", "float64"): wrong}
    for place in (module, derive.codegen.render):
        monkeypatch.setattr(place, "polynomials", lambda: faulty)
    _add_polynomials(row, result("kl-exponential"))
    assert not row["verified"]
    assert row["failures"] == ["polynomial: atanh in float64"]
