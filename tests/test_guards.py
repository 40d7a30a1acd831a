"""Faults that one guard of the checker keeps out, and that no other test noticed when it was gone.

Found by changing the checker's source (``attack.mutate_checker``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sympy import Expr, Symbol, oo

from derive.derivation import Chain
from derive.distributions import FAMILIES
from derive.field import Undetermined
from derive.kernel import Condition, Detail, Refused, Statement, Step, accept, conclude, discharge, relabel
from derive.rules import RULES
from derive.scope import Declaration, Domain, Family, Scope
from derive.terms import (
    HALF,
    KL,
    ONE,
    REALS,
    TWO,
    ZERO,
    Between,
    Component,
    Density,
    DerivativeIn,
    Exp,
    IntegralOver,
    Law,
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
    ValueAt,
    as_term,
    symbol,
)
from derive.wellformed import IllFormed, require_well_formed

mu, sigma, rate, x, u, v = map(symbol, ("mu", "sigma", "lambda", "x", "u", "v"))
HALF_LINE = OpenInterval(ZERO, oo)
NORMAL, EXPONENTIAL = Law(Symbol("Normal"), mu, sigma), Law(Symbol("Exponential"), rate)
MIRRORED, UNIFORM = Law(Symbol("Mirrored")), Law(Symbol("Uniform"))
MORE: Mapping[str, Family] = {
    **FAMILIES,
    "Mirrored": Family("Mirrored", (), x, OpenInterval(Minus(oo), ZERO), Exp(x)),
    "Counted": Family(
        "Counted",
        (Declaration("n", "natural"), Declaration("s", "positive")),
        x,
        OpenInterval(ZERO, ONE),
        ONE,
    ),
    "Uniform": Family("Uniform", (), x, OpenInterval(ZERO, ONE), ONE),
}


def scope(*names: tuple[str, Domain]) -> Scope:
    return Scope(tuple(Declaration(name, domain) for name, domain in names), MORE)


def laws() -> Scope:
    """A scope that has found nothing out yet."""
    return scope(("mu", "real"), ("sigma", "positive"), ("lambda", "positive"), ("nu", "positive"))


def step(rule: str, line: Expr, where: Scope, lemmas: Any = None, **bindings: Any) -> Step:
    return accept(RULES[rule], line, (), bindings, where, lemmas or {})


# -- the kernel ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "q", "low", "high"),
    [
        (NORMAL, EXPONENTIAL, Minus(oo), ZERO),
        (NORMAL, EXPONENTIAL, Minus(TWO), Minus(ONE)),
        (NORMAL, MIRRORED, ZERO, oo),
        (NORMAL, MIRRORED, ONE, TWO),
        (NORMAL, UNIFORM, ONE, oo),
        (NORMAL, UNIFORM, Minus(oo), Minus(ONE)),
        (EXPONENTIAL, UNIFORM, TWO, oo),
    ],
    ids=str,
)
def test_a_witness_may_lie_anywhere_outside_the_support(p: Expr, q: Expr, low: Expr, high: Expr) -> None:
    assert step("infinite-outside-support", KL(p, q), laws(), low=low, high=high).after == oo


@pytest.mark.parametrize(
    ("p", "q", "low", "high"),
    [
        (EXPONENTIAL, Law(Symbol("Exponential"), symbol("nu")), Minus(TWO), Minus(ONE)),
        (EXPONENTIAL, Law(Symbol("Exponential"), symbol("nu")), Minus(oo), ZERO),
        (UNIFORM, EXPONENTIAL, Minus(TWO), Minus(ONE)),
        (UNIFORM, MIRRORED, ONE, TWO),
        (NORMAL, UNIFORM, ZERO, oo),
        (NORMAL, UNIFORM, Minus(oo), ONE),
        (NORMAL, MIRRORED, Minus(ONE), oo),
        (NORMAL, EXPONENTIAL, Minus(ONE), Minus(TWO)),
        (NORMAL, EXPONENTIAL, Minus(ONE), Minus(ONE)),
        (NORMAL, EXPONENTIAL, mu, ZERO),
    ],
    ids=str,
)
def test_a_divergence_that_is_finite_is_not_proved_infinite(p: Expr, q: Expr, low: Expr, high: Expr) -> None:
    """Where q has no mass and p has none either, nothing follows: KL(Exp(λ)‖Exp(ν)) is finite."""
    with pytest.raises(Refused, match="witness"):
        step("infinite-outside-support", KL(p, q), laws(), low=low, high=high)


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        ("integrable", (Quotient(ONE, x), x, HALF_LINE)),
        ("integrable", (ONE, x, REALS)),
        ("diverges", (Exp(u), u, REALS, Minus(oo), Minus(oo))),
        ("diverges", (u, u, REALS, oo, Minus(oo))),
        ("diverges", (Minus(u), u, REALS, oo, oo)),
        ("diverges", (Power(u, TWO), u, REALS, Minus(oo), Minus(oo))),
        ("diverges", (u, u, HALF_LINE, ZERO, oo)),
        ("real", (Log(mu),)),
        ("real", (symbol("nobody"),)),
        ("natural", (as_term(3),)),
        ("natural", (symbol("nobody"),)),
        ("natural", (sigma,)),
        ("positive", (mu,)),
        ("equal", (mu, sigma)),
        ("limit", (Quotient(ONE, x), x, HALF_LINE, oo, ONE)),
        ("derivative", (x, x, REALS, TWO)),
        ("no such kind", ()),
    ],
    ids=str,
)
def test_a_condition_that_does_not_hold_is_not_discharged(kind: str, terms: tuple[Expr, ...]) -> None:
    with pytest.raises(Undetermined):
        discharge(Condition(kind, terms), laws())


def test_a_lemma_takes_no_value_that_does_not_exist() -> None:
    """Not even for a symbol that its statement does not mention."""
    lemma = Statement((Declaration("u", "real"), Declaration("v", "real")), Plus(u, u), Times(TWO, u))
    where = scope(("mu", "real"))
    given = {"lemma": "double", "u": mu, "v": mu}
    assert step("lemma", Plus(mu, mu), where, {"double": lemma}, **given).after == Times(TWO, mu)
    for junk in (Log(mu), symbol("nobody"), Quotient(ONE, ZERO)):
        with pytest.raises(Refused):
            step("lemma", Plus(mu, mu), where, {"double": lemma}, **{**given, "v": junk})


DIVERGENT = IntegralOver(u, u, REALS)


@pytest.mark.parametrize(
    ("line", "kind", "terms", "why"),
    [
        (Plus(Power(mu, TWO), DIVERGENT), "convex", (mu,), "'integrable' of u is not established"),
        (Power(mu, TWO), "convex", (sigma, mu, sigma), "different variables"),
        (Power(mu, TWO), "least", (), "it takes other terms: .*'value'"),
        (Power(mu, TWO), "no such kind", (), "no conclusion is drawn by this name"),
        (Power(mu, TWO), "positive", (), "no conclusion is drawn by this name"),
        (DerivativeIn(Power(mu, as_term(3)), mu), "negative at", (mu, ONE), "put a value in afterwards"),
        (Density(Law(Symbol("Cauchy"), mu), mu), "convex", (mu,), "no family 'Cauchy'"),
    ],
    ids=str,
)
def test_a_conclusion_is_refused_for_a_reason(
    line: Expr, kind: str, terms: tuple[Expr, ...], why: str
) -> None:
    assert conclude(Power(mu, TWO), "convex", (mu,), laws())
    with pytest.raises(Refused, match=f"conclusion: {kind}.*{why}"):
        conclude(line, kind, terms, laws())


def test_a_step_says_how_it_is_known() -> None:
    made = step("log-exp", Log(Exp(mu)), scope(("mu", "real")))
    assert made.evidence == "PROVED"


def test_only_the_binding_lemma_names_a_lemma() -> None:
    work = Chain("main", "", laws(), Plus(ONE, ONE))
    work.apply(RULES["arithmetic"], to=TWO, lemma=ONE, about="nothing", remark="nothing")
    assert work.done().lemmas == {}


def test_the_current_line_is_shown_at_another_level_and_no_other_is() -> None:
    work = Chain("main", "", laws(), Plus(ONE, ONE, ONE, ONE))
    for to in (Plus(TWO, ONE, ONE), Plus(TWO, TWO), Times(TWO, TWO)):
        work.apply(RULES["arithmetic"], to=to, detail=Detail.FULL)
    before = list(work.steps)
    work.show(Detail.BRIEF)
    assert work.steps[:2] == before[:2]
    assert work.steps[2] == relabel(before[2], Detail.BRIEF) != before[2]
    assert work.line == Times(TWO, TWO)


# -- well-formed lines -----------------------------------------------------------------------------------

j, k, d, w = map(symbol, "jkdw")


def vectors() -> Scope:
    """A scope that has found nothing out yet, with vectors."""
    declared = (
        Declaration("mu", "real"),
        Declaration("sigma", "positive"),
        Declaration("v", "real", indexed=True),
        Declaration("w", "positive", indexed=True),
        Declaration("d", "natural"),
    )
    return Scope(declared, MORE)


EACH = Law(Symbol("Normal"), Component(v, j), Component(w, j))
JOINT = ProductLaw(EACH, j, d)
PLANE = ProductSpace(REALS, j, d)
BELL = Exp(Minus(Power(x, TWO)))

WELL_FORMED = (
    Power(sigma, as_term(-1)),
    Power(mu, TWO),
    Power(mu, ONE),
    Root(sigma),
    Quotient(mu, Minus(sigma)),
    SumOver(Component(v, j), j, d),
    ProductOver(Component(w, j), j, d),
    SumOver(Plus(Component(v, j), SumOver(Component(w, k), k, d)), j, d),
    IntegralOver(BELL, x, REALS),
    IntegralOver(Density(NORMAL, x), x, REALS),
    IntegralOver(ONE, x, OpenInterval(ZERO, sigma)),
    IntegralOver(Density(JOINT, x), x, PLANE),
    Between(BELL, x, ZERO, oo),
    KL(JOINT, JOINT),
    KL(Law(Symbol("Counted"), d, sigma), Law(Symbol("Counted"), d, sigma)),
    Root(ZERO),
    ValueAt(Power(x, TWO), x, HALF, OpenInterval(ZERO, ONE)),
    ValueAt(Power(x, TWO), x, sigma, HALF_LINE),
    DerivativeIn(Power(mu, TWO), mu),
    oo,
)
ILL_FORMED = (
    (Power(mu, as_term(-1)), "positive"),
    (Power(mu, ONE / 2), "positive"),
    (Power(mu, ZERO), "positive"),
    (Power(mu, mu), "positive"),
    (Quotient(ONE, mu), "nonzero"),
    (Quotient(ONE, Plus(sigma, Minus(ONE))), "nonzero"),
    (Log(mu), "positive"),
    (Log(Power(mu, TWO)), "positive"),
    (Root(mu), "positive"),
    (Plus(mu, oo), "∞"),
    (mu + sigma, "no.*head of terms"),
    (Plus(NORMAL, ONE), "number is expected"),
    (Plus(JOINT, ONE), "number is expected"),
    (Plus(REALS, ONE), "number is expected"),
    (Plus(PLANE, ONE), "number is expected"),
    (Plus(v, ONE), "vector"),
    (SumOver(v, j, d), "vector"),
    (SumOver(Component(mu, j), j, d), "not a vector"),
    (SumOver(Component(symbol("nobody"), j), j, d), "not a vector"),
    (SumOver(Component(Plus(v, v), j), j, d), "not a vector"),
    (Component(v, j), "index"),
    (Component(v, mu), "index"),
    (Component(v, ONE), "index"),
    (SumOver(Component(v, Plus(j, ONE)), j, d), "index"),
    (IntegralOver(Times(BELL, Component(v, x)), x, REALS), "index"),
    (IntegralOver(Times(BELL, Component(x, x)), x, REALS), "vector"),
    (SumOver(ONE, j, mu), "natural"),
    (SumOver(ONE, j, as_term(3)), "natural"),
    (ProductOver(ONE, j, symbol("nobody")), "natural"),
    (IntegralOver(BELL, x, mu), "space"),
    (IntegralOver(BELL, x, NORMAL), "space"),
    (IntegralOver(ONE, x, OpenInterval(ZERO, mu)), "length"),
    (IntegralOver(ONE, x, OpenInterval(ONE, ZERO)), "length"),
    (IntegralOver(ONE, x, OpenInterval(sigma, sigma)), "length"),
    (IntegralOver(ONE, x, OpenInterval(ZERO, symbol("nobody"))), "declared"),
    (IntegralOver(ONE, x, REALS), "integrable"),
    (IntegralOver(Times(BELL, Component(v, mu)), x, REALS), "index"),
    (Between(Times(BELL, Component(v, mu)), x, ZERO, oo), "index"),
    (SumOver(Component(v, mu), j, d), "index"),
    (Density(NORMAL, Component(v, mu)), "index"),
    (Density(Law(Symbol("Normal"), Component(v, mu), sigma), mu), "index"),
    (IntegralOver(BELL, x, OpenInterval(ZERO, Plus(ONE, Times(ZERO, Log(mu))))), "positive"),
    (KL(NORMAL, Law(Symbol("Normal"), Plus(mu, Times(ZERO, Log(mu))), sigma)), "positive"),
    (IntegralOver(ONE, x, OpenInterval(ZERO, Component(w, mu))), "index"),
    (KL(JOINT, ProductLaw(mu, j, d)), "not a law"),
    (KL(JOINT, ProductLaw(Law(Symbol("Normal"), Component(v, j), Component(v, j)), j, d)), "positive"),
    (IntegralOver(Density(JOINT, x), x, ProductSpace(mu, j, d)), "space"),
    (IntegralOver(Density(JOINT, x), x, ProductSpace(OpenInterval(ONE, ZERO), j, d)), "length"),
    (IntegralOver(Density(JOINT, x), x, ProductSpace(REALS, x, d)), "variable and the index"),
    (IntegralOver(Density(JOINT, x), x, ProductSpace(REALS, j, mu)), "natural"),
    (IntegralOver(Times(Density(JOINT, x), x), x, PLANE), "vector"),
    (Density(mu, sigma), "not a law"),
    (Density(JOINT, ZERO), "vector"),
    (Density(Law(Symbol("Exponential"), sigma), mu), "support"),
    (Density(Law(Symbol("Normal"), mu, mu), mu), "positive"),
    (Density(Law(Symbol("Normal"), mu, ZERO), mu), "positive"),
    (KL(mu, NORMAL), "not a law"),
    (KL(NORMAL, ProductLaw(EACH, j, mu)), "natural"),
    (KL(NORMAL, Law(Symbol("Normal"), mu, Minus(sigma))), "positive"),
    (Between(Quotient(ONE, x), x, ZERO, oo), "limit"),
    (Between(x, x, ZERO, oo), "limit"),
    (Between(x, x, ONE, ZERO), "length"),
    (KL(NORMAL, Law(Symbol("Counted"), d, mu)), "positive"),
    (KL(NORMAL, Law(Symbol("Counted"), sigma, sigma)), "natural"),
    (DerivativeIn(Plus(mu, DIVERGENT), mu), "integrable"),
    (DerivativeIn(IntegralOver(Exp(Minus(Times(sigma, Power(x, TWO)))), x, REALS), sigma), "differentiable"),
    (ValueAt(ONE, x, ONE, PLANE), "is not an interval"),
    (ValueAt(ONE, x, ONE, mu), "is not an interval"),
    (ValueAt(x, x, ONE, OpenInterval(oo, Minus(oo))), "∞"),
    (ValueAt(Plus(x, DIVERGENT), x, ONE, REALS), "integrable"),
    (ValueAt(x, x, DIVERGENT, REALS), "integrable"),
    (ValueAt(x, x, ZERO, OpenInterval(ZERO, ONE)), "within"),
    (ValueAt(x, x, ONE, OpenInterval(ZERO, ONE)), "within"),
    (ValueAt(x, x, mu, OpenInterval(ZERO, ONE)), "within"),
    (ValueAt(x, x, Plus(ONE, sigma), OpenInterval(ZERO, ONE)), "within"),
    (symbol("nobody"), "declared"),
)


@pytest.mark.parametrize("line", WELL_FORMED, ids=str)
def test_a_line_is_well_formed(line: Expr) -> None:
    require_well_formed(line, vectors())


@pytest.mark.parametrize(("line", "why"), ILL_FORMED, ids=str)
def test_a_line_is_not_well_formed(line: Expr, why: str) -> None:
    with pytest.raises(IllFormed, match=why):
        require_well_formed(line, vectors())


def test_one_dimension_is_declared() -> None:
    two = Scope((Declaration("d", "natural"), Declaration("e", "natural")), MORE)
    with pytest.raises(IllFormed, match="one dimension"):
        require_well_formed(SumOver(ONE, j, d), two)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Times(mu, Power(mu, as_term(-1))), ONE),
        (Times(mu, Quotient(ONE, mu)), ONE),
        (Power(mu, ZERO), ONE),
        (Power(Power(mu, ONE / 2), TWO), mu),
    ],
    ids=str,
)
def test_what_holds_only_where_it_is_defined_is_refused(left: Expr, right: Expr) -> None:
    """0·(1/0) is not 1."""
    for line, to in ((left, right), (right, left)):
        with pytest.raises(Refused):
            step("arithmetic", line, scope(("mu", "real")), to=to)
