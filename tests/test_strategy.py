"""The general strategy: what it derives, that it knows no answer, and what it says when it cannot."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
import sympy
from sympy import Expr

from derive import DiagonalNormal, Exponential, Normal, StandardNormal, kl
from derive.catalogue import IDS, result
from derive.derivation import Derivation
from derive.evaluate import as_sympy
from derive.kernel import Detail, Refused
from derive.normal_form import NormalForm
from derive.scope import Declaration
from derive.strategies import kl as strategy
from derive.strategies import lemmas, specialise
from derive.terms import (
    HALF as HALF_TERM,
)
from derive.terms import (
    INFINITY,
    ONE,
    TWO,
    Exp,
    Log,
    Minus,
    Plus,
    Power,
    SumOver,
    symbol,
)

# The results as the literature states them, written here in SymPy and nowhere in the package.
# Kingma and Welling (2014), appendix B; Cover and Thomas (2006), chapter 8.
m1, m2 = sympy.symbols("mu_1 mu_2", real=True)
s1, s2 = sympy.symbols("sigma_1 sigma_2", positive=True)
l1, l2 = sympy.symbols("lambda_1 lambda_2", positive=True)
m = sympy.Symbol("mu", real=True)
s = sympy.Symbol("sigma", positive=True)
HALF = sympy.Rational(1, 2)
LITERATURE = {
    "kl-normal": sympy.log(s2 / s1) + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - HALF,
    "kl-normal-standard": HALF * (m**2 + s**2 - 1 - sympy.log(s**2)),
    "kl-exponential": sympy.log(l1 / l2) + l2 / l1 - 1,
}


@pytest.mark.parametrize("id", sorted(LITERATURE))
def test_the_result_is_the_one_of_the_literature(id: str) -> None:
    derivation = result(id).derivation
    found = as_sympy(derivation.right, derivation.scope.declarations)
    difference = sympy.expand_log(sympy.expand(found - LITERATURE[id]), force=False)
    assert difference == 0


@pytest.mark.parametrize("id", ["kl-diagonal-normal", "kl-diagonal-normal-standard"])
def test_the_diagonal_result_is_the_sum_of_the_univariate_one(id: str) -> None:
    one = result(id.replace("diagonal-", "")).derivation
    many = result(id).derivation
    names = {d.name: d.name for d in many.scope.declarations if d.indexed}
    sums = [t for t in sympy.preorder_traversal(many.right) if isinstance(t, SumOver)]
    assert len(sums) == 1
    line = many.right
    body = sums[0].args[0] if line == sums[0] else type(line)(line.args[0], sums[0].args[0])
    declared = one.scope.declarations
    assert sympy.simplify(as_sympy(body, declared, names=names) - as_sympy(one.right, declared)) == 0


def test_the_vae_term_has_the_sign_and_the_half_of_kingma_and_welling() -> None:
    forms = {f.name: f.derivation for f in result("kl-diagonal-normal-standard").forms}
    half, total = forms["negative"].right.args
    assert half == HALF
    names = {"mu": "mu", "sigma": "sigma"}
    body = as_sympy(total.args[0], result("kl-normal-standard").derivation.scope.declarations, names=names)
    assert sympy.expand(body - (1 + sympy.log(s**2) - m**2 - s**2)) == 0
    half, total = forms["logvar"].right.args
    v = sympy.Symbol("s")
    body = as_sympy(total.args[0], names={"mu": "mu", "s": "s"})
    assert half == HALF
    assert sympy.expand(body - (sympy.Symbol("mu") ** 2 + sympy.exp(v) - 1 - v)) == 0


@pytest.mark.parametrize(
    ("form", "scale"),
    [
        ("var", lambda t: sympy.sqrt(t)),
        ("logvar", lambda t: sympy.exp(t / 2)),
        ("logstd", lambda t: sympy.exp(t)),
        ("softplus", lambda t: sympy.log(1 + sympy.exp(t))),
    ],
)
@pytest.mark.parametrize("id", ["kl-normal", "kl-normal-standard"])
def test_every_parameterisation_is_the_literature_in_other_parameters(
    id: str, form: str, scale: Callable[[sympy.Expr], sympy.Expr]
) -> None:
    found = {f.name: f for f in result(id).forms}[form]
    raw = found.parameterisation.symbol
    stated = LITERATURE[id].subs({v: scale(sympy.Symbol(v.name.replace("sigma", raw))) for v in (s, s1, s2)})
    written = as_sympy(found.derivation.right)
    for k in range(6):
        point = {name: 0.3 + 0.45 * k - 0.2 * len(name) for name in ("mu", "mu_1", "mu_2")}
        point |= {name: 0.2 + 0.31 * k + 0.1 * len(name) for name in (raw, f"{raw}_1", f"{raw}_2")}
        difference = sympy.N((stated - written).subs({symbol(n): v for n, v in point.items()} | {
            v: point[v.name] for v in (m, m1, m2)
        }), 30)  # fmt: skip
        assert abs(difference) < 1e-12


def reparameterised(scale: Expr) -> Derivation:
    return specialise.specialise(
        result("kl-normal-standard").derivation,
        {"mu": symbol("mu"), "sigma": scale},
        (Declaration("mu", "real"), Declaration("rho", "real")),
        id="planted",
        title="planted",
    )


@pytest.mark.parametrize(
    "scale",
    [
        symbol("rho"),
        Log(Exp(symbol("rho"))),
        Log(Plus(HALF_TERM, Exp(symbol("rho")))),  # negative for ρ below −log 2
        Log(Plus(ONE, Power(symbol("rho"), TWO))),  # 0 at ρ = 0
        Minus(Log(Plus(ONE, Exp(symbol("rho"))))),
    ],
    ids=str,
)
def test_a_planted_scale_that_is_not_positive_everywhere_is_refused(scale: Expr) -> None:
    assert reparameterised(Log(Plus(ONE, Exp(symbol("rho"))))).grade == "PROVED"
    with pytest.raises(Refused, match="positive"):
        reparameterised(scale)


@pytest.mark.parametrize("id", IDS)
def test_every_derivation_is_proved_and_assumes_nothing(id: str) -> None:
    for derivation in result(id).derivations():
        assert derivation.grade == "PROVED"
        assert derivation.assumed == ()


def test_kl_normal_has_at_least_eight_steps_at_standard_detail() -> None:
    steps = result("kl-normal").derivation.steps
    assert sum(step.detail <= Detail.STANDARD for step in steps) >= 8


def test_the_gaussian_integral_is_derived_and_not_assumed() -> None:
    tree = {d.id: d for d in result("kl-normal").derivation.tree()}
    assert {"gaussian-integral", "normal-total-mass", "normal-mean", "normal-variance"} <= set(tree)
    assert "polar-coordinates" in {step.rule for step in tree["gaussian-integral-squared"].steps}


def test_the_strategy_names_no_family() -> None:
    for module in (strategy, specialise, lemmas):
        source = inspect.getsource(module).lower()
        code = source.replace("gaussian_integral", "").replace("gaussian-integral", "")
        for name in ("normal(", "exponential(", '"normal"', '"exponential"', "mu_", "sigma_", "lambda_"):
            assert name not in code, f"{module.__name__} mentions {name}"


@pytest.mark.parametrize(
    ("direct", "id"),
    [
        ((Normal("mu", "sigma"), StandardNormal()), "kl-normal-standard"),
        ((DiagonalNormal("mu", "sigma"), StandardNormal()), "kl-diagonal-normal-standard"),
    ],
)
def test_asked_directly_and_by_specialisation_the_result_is_the_same(direct, id) -> None:
    assert kl(*direct).derivation.right == result(id).derivation.right


def test_a_mixed_pair_goes_through_the_same_strategy() -> None:
    d = kl(Exponential("lambda"), Normal("mu", "sigma"))
    lam = sympy.Symbol("lambda", positive=True)
    expected = (
        sympy.log(lam) - 1 + sympy.log(s) + sympy.log(2 * sympy.pi) / 2
        + (2 / lam**2 - 2 * m / lam + m**2) / (2 * s**2)
    )  # fmt: skip
    assert sympy.expand(d.result - expected) == 0


def test_no_mass_where_p_has_mass_is_infinite_with_a_witness() -> None:
    d = kl(Normal("mu", "sigma"), Exponential("lambda"))
    assert d.derivation.right == INFINITY
    assert d.result == sympy.oo
    (step,) = d.steps
    assert step.rule == "infinite-outside-support"
    assert dict(step.bindings)["high"] == 0


def test_a_law_diverges_from_itself_by_zero() -> None:
    assert kl(Normal("mu", "sigma"), Normal("mu", "sigma")).result == 0


def test_a_missing_claim_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from derive.distributions import DISTRIBUTIONS

    exponential = DISTRIBUTIONS["Exponential"]
    poorer = replace(exponential, claims=exponential.claims[:3])
    monkeypatch.setitem(DISTRIBUTIONS, "Exponential", poorer)
    with pytest.raises(strategy.NoDerivation, match="exponential distribution covers"):
        kl(Exponential("rate"), Normal("mu", "sigma"))


def test_cost_does_not_depend_on_the_dimension_because_it_is_a_symbol() -> None:
    scope = result("kl-diagonal-normal").derivation.scope
    assert [d.domain for d in scope.declarations if d.name == "d"] == ["natural"]
    line = result("kl-diagonal-normal").derivation.right
    assert isinstance(line, SumOver)
    NormalForm(scope)(line)
