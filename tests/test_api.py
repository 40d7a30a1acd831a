"""The Python face: what it answers, and how it refuses wrong input."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction

import pytest
import sympy

import derive
from derive import DiagonalNormal, Exponential, Normal, StandardNormal, kl
from derive.api import ParameterError


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, derive, derive.cli; "
        "print(sorted({'sympy', 'torch', 'flint', 'numpy', 'jinja2', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_example_of_the_design() -> None:
    d = kl(Normal("mu_1", "sigma_1"), Normal("mu_2", "sigma_2"))
    assert d.steps
    assert d.result.free_symbols == {
        sympy.Symbol("mu_1", real=True), sympy.Symbol("mu_2", real=True),
        sympy.Symbol("sigma_1", positive=True), sympy.Symbol("sigma_2", positive=True),
    }  # fmt: skip
    assert r"\frac" in d.latex()
    assert "def kl_normal(" in d.code("torch")
    assert d._repr_latex_().startswith("$")
    assert "<math" in d._repr_html_()
    assert "KL(p" in repr(d)
    assert json.dumps(d.certificate)


def test_code_does_not_depend_on_the_names_given() -> None:
    d = kl(Normal("a", "b"), Normal("c", "e"))
    assert d.code("numpy") == derive.result("kl-normal").code("numpy")
    with pytest.raises(ValueError, match="code is written for the divergences of the catalogue"):
        kl(Normal("mu", "sigma"), Normal("mu", "tau")).code()
    with pytest.raises(ValueError, match="code is written for"):
        kl(Normal("mu", "sigma"), Exponential("rate")).code()


def test_what_is_not_in_the_catalogue_is_verified_without_code() -> None:
    row = kl(Normal(0, 1), Normal(1, 2)).verify()
    assert row["verified"]
    assert row["code"] == []
    assert "catalogue" in row["not_measured"]
    assert kl(Normal("mu", "sigma"), Exponential("rate")).verify()["verified"]
    mixed = kl(Exponential("rate"), Normal("mu", "sigma")).verify()
    assert not mixed["verified"], "what cannot be enclosed is not called verified"
    assert "no tail bound" in mixed["not_enclosed"]


def test_numbers_are_allowed_where_they_are_exact() -> None:
    assert kl(Normal(0, 1), Normal(1, 2)).result == sympy.log(2) - sympy.Rational(1, 4)
    assert kl(Normal(Fraction(1, 2), 1), StandardNormal()).result == sympy.Rational(1, 8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Normal(1j, "sigma"), "mean = 1j is complex"),
        (lambda: Normal(sympy.Symbol("m", imaginary=True), "sigma"), "complex"),
        (lambda: Normal("mu", 0.5), "Fraction"),
        (lambda: Normal("mu", 0), "std = 0 has to be positive"),
        (lambda: Normal("mu", -1), "std = -1 has to be positive"),
        (lambda: Normal("a b", "sigma"), "cannot be a parameter name"),
        (lambda: Normal(r"\input{x}", "sigma"), "cannot be a parameter name"),
        (lambda: Normal("<script>", "sigma"), "cannot be a parameter name"),
        (lambda: Normal("", "sigma"), "cannot be a parameter name"),
        (lambda: Exponential(None), "give a name"),
        (lambda: kl(Normal("a", "a"), StandardNormal()), "the name a is used twice"),
        (lambda: kl(Normal("a", "s"), Exponential("a")), "the name a is used twice"),
        (lambda: kl(Normal("a", "s"), DiagonalNormal("b", "t")), "use DiagonalNormal for both"),
        (lambda: kl(DiagonalNormal("d", "s"), StandardNormal()), "the name d is taken"),
    ],
)
def test_wrong_input_is_refused_with_a_sentence(make, message: str) -> None:
    with pytest.raises(ParameterError, match=message.replace("(", r"\(")):
        make()


def test_unknown_names() -> None:
    with pytest.raises(derive.catalogue.UnknownResult, match="did you mean kl-normal"):
        derive.result("kl-norml")
    with pytest.raises(AttributeError):
        derive.nothing  # noqa: B018
    with pytest.raises(ValueError, match="brief, standard or full"):
        derive.result("kl-normal").latex("tiny")
    with pytest.raises(ValueError, match="no parameterisation 'precision': there are std, var, log"):
        derive.result("kl-normal").code("numpy", "precision")
    with pytest.raises(ValueError, match="no target is called 'fortran'"):
        derive.result("kl-normal").code("fortran")
