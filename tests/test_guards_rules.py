"""What each rule of arithmetic, logarithms, integrals and laws refuses in its own words, and exactly what it
makes of a line that it takes.

Behind a rule stand the side conditions and the comparison of both sides; where these were the only thing
that kept a fault out, changing the rule's own source went unnoticed (``attack.mutate_checker``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sympy import Expr, Integer, Symbol, oo

from derive.distributions import FAMILIES
from derive.kernel import Refused, Statement, accept
from derive.rules import RULES
from derive.rules.identity import meta
from derive.rules.integrals import is_total_mass
from derive.scope import Declaration, Family, Scope
from derive.terms import (
    HALF,
    KL,
    ONE,
    PI,
    REALS,
    TWO,
    ZERO,
    Between,
    Component,
    Density,
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
    SumOver,
    Times,
    symbol,
)

mu, nu, sigma, rate, x, y, u, r, t = map(symbol, ("mu", "nu", "sigma", "lambda", "x", "y", "u", "r", "t"))
j, k, d, v, w, angle = map(symbol, ("j", "k", "d", "v", "w", "theta"))
THREE = Integer(3)
HALF_LINE, UNIT = OpenInterval(ZERO, oo), OpenInterval(ZERO, ONE)
DECLARED = (
    Declaration("mu", "real"),
    Declaration("nu", "real"),
    Declaration("sigma", "positive"),
    Declaration("lambda", "positive"),
    Declaration("v", "real", True),
    Declaration("w", "positive", True),
    Declaration("d", "natural"),
)
NORMAL = Law(Symbol("Normal"), mu, sigma)
BELL = Exp(Minus(Power(x, TWO)))
WHOLE = IntegralOver(BELL, x, REALS)
JOINT = ProductLaw(Law(Symbol("Normal"), Component(v, j), Component(w, j)), j, d)
PLANE = ProductSpace(REALS, j, d)
MASS = Statement(
    (Declaration("m", "real"), Declaration("s", "positive")),
    IntegralOver(Density(Law(Symbol("Normal"), symbol("m"), symbol("s")), y), y, REALS),
    ONE,
)
TWICE = Statement(
    (Declaration("z", "real", True), Declaration("n", "natural")),
    SumOver(Plus(Component(symbol("z"), j), Component(symbol("z"), j)), j, symbol("n")),
    Times(TWO, SumOver(Component(symbol("z"), j), j, symbol("n"))),
)
LEMMAS = {"mass": MASS, "twice": TWICE}


def after(rule: str, line: Expr, bindings: Mapping[str, Any]) -> Expr:
    return accept(RULES[rule], line, (), bindings, Scope(DECLARED, FAMILIES), LEMMAS).after


def in_x(function: Expr, space: Expr = REALS) -> IntegralOver:
    return IntegralOver(function, x, space)


def over_plane(exponent: Expr, inner: Expr = REALS, outer: Expr = REALS) -> IntegralOver:
    return IntegralOver(IntegralOver(Exp(Minus(exponent)), y, inner), x, outer)


def under_joint(function: Expr, space: Expr = PLANE, law: Expr = JOINT) -> IntegralOver:
    return IntegralOver(Times(Density(law, x), function), x, space)


INVERSE, TAIL = Quotient(ONE, Power(x, TWO)), OpenInterval(ONE, oo)
SQUARES = Plus(Power(x, TWO), Power(y, TWO))
POLAR = {"r": r, "angle": angle, "k": ONE}
FIRST = SumOver(Component(v, j), j, d)
COORDINATE = SumOver(under_joint(Power(Component(x, k), TWO)), k, d)
KL_EXPECTED = "it expects a divergence KL(p, q)"
INTERVAL = "it expects an integral over an interval"
LINEAR = "it expects an integral or a sum"
SUMS = "it expects sums over one index and one range"
PAIR = "it expects a difference of two terms, or one term that is no sum"
PRODUCT = "it expects the logarithm of a product"
OVER_INDEX = "it expects the logarithm of a product over an index"
LOGS = "it expects a sum with a logarithm and a subtracted logarithm"
NO_LOGS = "the laws of exponents do not speak of logarithms"
DOUBLE = "it expects a double integral over the plane"
SQUARE = "it expects the square of an integral"
ON_PRODUCT = "it expects an integral over a product space"
CLOSE = {"p": NORMAL, "q": NORMAL}
LINE = {"u": u, "g": Times(TWO, u), "slope": TWO}

REFUSED: tuple[tuple[str, Expr, dict[str, Any], str], ...] = (
    ("arithmetic", mu, {}, "it needs a binding for to"),
    ("arithmetic", mu, {"from": ONE}, "it needs a term as the binding to"),
    ("arithmetic", mu, {"to": "mu"}, "it needs a term as the binding to"),
    ("add-and-subtract", Plus(mu, nu), {"m": sigma}, PAIR),
    ("add-and-subtract", Plus(mu, nu, Minus(sigma)), {"m": sigma}, PAIR),
    ("add-and-subtract", Plus(mu, Minus(nu), sigma), {"m": sigma}, PAIR),
    ("log-square", Log(Power(sigma, THREE)), {}, "it expects the shape Log(Power(?a, 2)), not Log"),
    ("log-square", Log(Power(sigma, -THREE)), {}, "it expects the shape Log(Power(?a, 2)), not Log"),
    ("log-square", Log(sigma), {}, "it expects the shape Log(Power(?a, 2)), not Log"),
    ("log-square", Exp(Power(sigma, TWO)), {}, "it expects the shape Log(Power(?a, 2)), not Exp"),
    ("log-quotient", Log(Times(sigma, rate)), {}, "it expects the shape Log(Quotient(?a, ?b)), not Log"),
    ("log-one", Log(TWO), {}, "it expects the shape Log(1), not Log"),
    (
        "expand-square", Power(Plus(mu, nu, sigma), TWO), {},
        "it expects the shape Power(Plus(?a, ?b), 2), not Power",
    ),
    ("definition-of-kl", Plus(mu, nu), {"x": x}, KL_EXPECTED),
    ("definition-of-kl", KL(NORMAL, NORMAL), {"x": ONE}, "the binding x has to be a variable"),
    ("recognise-kl", FIRST, CLOSE, "it expects an integral"),
    ("recognise-kl", Plus(mu, nu), CLOSE, "it expects an integral"),
    ("infinite-outside-support", Plus(mu, nu), {"low": ONE, "high": TWO}, KL_EXPECTED),
    ("lemma", mu, {"lemma": "nowhere"}, "there is no lemma 'nowhere' here"),
    ("lemma", mu, {"lemma": ONE}, "there is no lemma 1 here"),
    ("log-product", Exp(Times(sigma, rate)), {}, PRODUCT),
    ("log-product", Log(Quotient(sigma, rate)), {}, PRODUCT),
    ("log-product", mu, {}, PRODUCT),
    ("log-product-over", Exp(ProductOver(Component(w, j), j, d)), {}, OVER_INDEX),
    ("log-product-over", Log(SumOver(Component(w, j), j, d)), {}, OVER_INDEX),
    ("log-product-over", mu, {}, OVER_INDEX),
    ("combine-logs", Plus(Log(sigma), mu), {}, LOGS),
    ("combine-logs", Plus(mu, Minus(Log(sigma))), {}, LOGS),
    ("combine-logs", Plus(mu, nu), {}, LOGS),
    ("laws-of-exponents", Log(sigma), {"to": sigma}, NO_LOGS),
    ("laws-of-exponents", sigma, {"to": Log(Exp(sigma))}, NO_LOGS),
    ("laws-of-exponents", Log(sigma), {"to": Plus(Log(sigma), ZERO)}, NO_LOGS),
    ("linearity", Plus(mu, nu), {}, LINEAR),
    ("linearity", Between(Plus(BELL, BELL), x, ZERO, ONE), {}, LINEAR),
    ("constant-factor", ProductOver(Component(w, j), j, d), {}, LINEAR),
    ("constant-factor", Plus(mu, nu), {}, LINEAR),
    ("constant-factor", WHOLE, {}, "there is no constant factor"),
    ("constant-factor", in_x(INVERSE, TAIL), {}, "there is no constant factor"),
    ("sum-through-integral", SumOver(FIRST, k, d), {}, "it expects an integral"),
    ("sum-through-integral", mu, {}, "it expects an integral"),
    ("sum-through-integral", WHOLE, {}, "it expects a sum over an index under the integral"),
    ("merge-sums", Plus(FIRST, mu), {}, SUMS),
    ("merge-sums", Plus(mu, FIRST), {}, SUMS),
    ("merge-sums", Plus(FIRST, WHOLE), {}, SUMS),
    ("merge-sums", Plus(FIRST, SumOver(Component(v, k), k, d)), {}, SUMS),
    ("merge-sums", Plus(SumOver(Component(v, k), k, d), FIRST), {}, SUMS),
    ("merge-sums", FIRST, {}, "it expects at least two sums"),
    ("antiderivative", FIRST, {"F": x}, INTERVAL),
    ("antiderivative", mu, {"F": x}, INTERVAL),
    ("antiderivative", IntegralOver(Density(JOINT, x), x, PLANE), {"F": x}, INTERVAL),
    ("boundary-limits", WHOLE, {"lower": ZERO, "upper": ONE}, "it expects a boundary difference [F]"),
    (
        "boundary-limits", Density(NORMAL, mu), {"lower": ZERO, "upper": ONE},
        "it expects a boundary difference [F]",
    ),
    (
        "substitution", in_x(BELL, HALF_LINE), LINE,
        "the substitution is stated for integrals over the whole line",
    ),
    ("substitution", WHOLE, {**LINE, "u": x, "g": Times(TWO, x)}, "the variable x is still in use"),
    ("square-as-double-integral", Power(WHOLE, THREE), {"y": y}, SQUARE),
    ("square-as-double-integral", Power(WHOLE, ONE), {"y": y}, SQUARE),
    ("square-as-double-integral", Times(WHOLE, TWO), {"y": y}, SQUARE),
    ("square-as-double-integral", Quotient(WHOLE, TWO), {"y": y}, SQUARE),
    ("square-as-double-integral", Power(FIRST, TWO), {"y": y}, INTERVAL),
    ("square-as-double-integral", Power(WHOLE, TWO), {"y": x}, "the variable x is already in use"),
    (
        "square-as-double-integral", Power(in_x(ONE, UNIT), TWO), {"y": x},
        "the variable x is already in use",
    ),
    (
        "square-as-double-integral", Power(in_x(Times(BELL, mu)), TWO), {"y": mu},
        "the variable mu is already in use",
    ),
    ("polar-coordinates", mu, POLAR, DOUBLE),
    ("polar-coordinates", WHOLE, POLAR, DOUBLE),
    ("polar-coordinates", SumOver(over_plane(SQUARES), j, d), POLAR, DOUBLE),
    ("polar-coordinates", Between(BELL, x, ZERO, ONE), POLAR, DOUBLE),
    ("polar-coordinates", over_plane(SQUARES, HALF_LINE), POLAR, DOUBLE),
    ("polar-coordinates", over_plane(SQUARES, outer=HALF_LINE), POLAR, DOUBLE),
    ("polar-coordinates", over_plane(SQUARES), {**POLAR, "k": r}, "the rate k has to be a constant"),
    (
        "polar-coordinates", over_plane(Times(sigma, SQUARES)), {**POLAR, "k": sigma, "r": sigma},
        "the rate k has to be a constant",
    ),
    (
        "polar-coordinates", over_plane(SQUARES), {**POLAR, "k": TWO},
        "it expects an integrand that depends on x² + y² alone, as e^{-k(x²+y²)}",
    ),
    ("marginalisation", WHOLE, {"t": t, "lemma": "mass"}, ON_PRODUCT),
    ("marginalisation", mu, {"t": t, "lemma": "mass"}, ON_PRODUCT),
    ("marginalisation", FIRST, {"t": t, "lemma": "mass"}, ON_PRODUCT),
)  # fmt: skip


@pytest.mark.parametrize(("rule", "line", "bindings", "why"), REFUSED, ids=lambda part: str(part)[:60])
def test_a_rule_says_what_it_expects(rule: str, line: Expr, bindings: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused) as refusal:
        after(rule, line, bindings)
    assert refusal.value.reason == why


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"t": mu}, "the variable mu is already in use"),
        ({"lemma": "nowhere"}, "it needs the lemma that the factor's density integrates to 1"),
        ({"lemma": "twice"}, "it needs the lemma that the factor's density integrates to 1"),
    ],
)
def test_marginalisation_needs_a_name_and_a_lemma(change: dict[str, Any], why: str) -> None:
    line = SumOver(under_joint(Times(mu, Component(x, k))), k, d)
    good = {"t": t, "lemma": "mass"}
    scope = Scope(DECLARED, FAMILIES)
    assert accept(RULES["marginalisation"], line, (0,), good, scope, LEMMAS)
    with pytest.raises(Refused) as refusal:
        accept(RULES["marginalisation"], line, (0,), {**good, **change}, scope, LEMMAS)
    assert refusal.value.reason == why


def test_marginalisation_is_over_the_whole_support() -> None:
    """Over the positive orthant the other factors do not integrate to 1."""
    line = SumOver(under_joint(Component(x, k), ProductSpace(HALF_LINE, j, d)), k, d)
    scope, given = Scope(DECLARED, FAMILIES), {"t": t, "lemma": "mass"}
    with pytest.raises(Refused) as refusal:
        accept(RULES["marginalisation"], line, (0,), given, scope, LEMMAS)
    assert refusal.value.reason == "the space is not the product of the supports"


def test_the_factor_of_a_coordinate_has_that_coordinates_parameters() -> None:
    scope, given = Scope(DECLARED, FAMILIES), {"t": t, "lemma": "mass"}
    line = accept(RULES["marginalisation"], COORDINATE, (0,), given, scope, LEMMAS).after
    factor = Law(Symbol("Normal"), Component(v, k), Component(w, k))
    assert line == SumOver(IntegralOver(Times(Density(factor, t), Power(t, TWO)), t, REALS), k, d)


BUMPS = Plus(BELL, Quotient(Minus(BELL), sigma), Times(TWO, BELL))
MADE: tuple[tuple[str, Expr, dict[str, Any], Expr], ...] = (
    ("add-and-subtract", mu, {"m": sigma}, Plus(Plus(mu, Minus(sigma)), sigma)),
    ("add-and-subtract", Plus(mu, Minus(nu)), {"m": sigma},
     Plus(Plus(mu, Minus(sigma)), Plus(sigma, Minus(nu)))),
    ("cancel", Plus(mu, Minus(Plus(nu, Minus(sigma))), Minus(mu)), {}, Plus(Minus(nu), sigma)),
    ("combine-logs", Plus(mu, Log(sigma), Log(rate), Minus(Log(TWO)), Minus(Log(THREE)), Minus(nu)), {},
     Plus(mu, Log(Quotient(sigma, TWO)), Log(rate), Minus(Log(THREE)), Minus(nu))),
    ("log-product", Log(Times(sigma, rate, TWO)), {}, Plus(Log(sigma), Log(rate), Log(TWO))),
    ("log-product-over", Log(ProductOver(Component(w, j), j, d)), {}, SumOver(Log(Component(w, j)), j, d)),
    ("linearity", in_x(Times(TWO, BELL)), {}, Times(TWO, WHOLE)),
    ("linearity", in_x(BUMPS), {},
     Plus(WHOLE, Minus(Times(Quotient(ONE, sigma), WHOLE)), Times(TWO, WHOLE))),
    ("linearity", in_x(Times(Plus(x, ONE), mu, BELL)), {},
     Plus(Times(mu, in_x(Times(BELL, x))), Times(mu, ONE, WHOLE))),
    ("linearity", in_x(Plus(INVERSE, BELL), TAIL), {}, Plus(in_x(INVERSE, TAIL), in_x(BELL, TAIL))),
    ("constant-factor", in_x(Quotient(BELL, sigma)), {}, Times(Quotient(ONE, sigma), WHOLE)),
    ("constant-factor", in_x(Quotient(BELL, TWO)), {}, Times(Quotient(ONE, TWO), WHOLE)),
    ("constant-factor", in_x(Quotient(Minus(Times(mu, BELL)), sigma)), {},
     Minus(Times(Quotient(mu, sigma), WHOLE))),
    ("constant-factor", in_x(Minus(BELL)), {}, Minus(WHOLE)),
    ("constant-factor", SumOver(Times(TWO, Component(v, j)), j, d), {}, Times(TWO, FIRST)),
    ("sum-through-integral", in_x(Times(BELL, FIRST, x)), {},
     SumOver(in_x(Times(BELL, Component(v, j), x)), j, d)),
    ("merge-sums", Plus(FIRST, Minus(SumOver(Component(w, j), j, d))), {},
     SumOver(Plus(Component(v, j), Minus(Component(w, j))), j, d)),
    ("square-as-double-integral", Power(WHOLE, TWO), {"y": y},
     IntegralOver(IntegralOver(Times(BELL, Exp(Minus(Power(y, TWO)))), y, REALS), x, REALS)),
    *(
        ("polar-coordinates", over_plane(Times(rate, SQUARES)), {**POLAR, "k": rate},
         IntegralOver(
             IntegralOver(Times(Exp(Minus(Times(rate, Power(r, TWO)))), r), r, HALF_LINE),
             angle, OpenInterval(ZERO, Times(TWO, PI)),
         ))
        for rate in (HALF, TWO, sigma)
    ),
    ("lemma", SumOver(Plus(mu, mu), j, d), {"lemma": "twice", "z": mu, "n": d, "index": j},
     Times(TWO, SumOver(mu, j, d))),
)  # fmt: skip


@pytest.mark.parametrize(("rule", "line", "bindings", "made"), MADE, ids=lambda part: str(part)[:60])
def test_a_rule_makes_exactly_this(rule: str, line: Expr, bindings: dict[str, Any], made: Expr) -> None:
    assert after(rule, line, bindings) == made


def test_a_metavariable_is_marked_as_one() -> None:
    assert meta("a") == Symbol("?a")


# -- the lemma that a density has mass 1 -----------------------------------------------------------------

a, b, s = map(symbol, "abs")
SPREAD = Family("Spread", (Declaration("a", "real"), Declaration("b", "real")), x, REALS, BELL)
SPREAD_LAW = Law(Symbol("Spread"), a, b)
BOTH_REAL = (Declaration("a", "real"), Declaration("b", "real"))


def mass(law: Expr, point: Expr = x, space: Expr = REALS) -> Expr:
    return IntegralOver(Density(law, point), x, space)


@pytest.mark.parametrize(
    ("declared", "left", "right", "holds"),
    [
        (BOTH_REAL, mass(SPREAD_LAW), ONE, True),
        (BOTH_REAL, mass(Law(Symbol("Spread"), b, a)), ONE, True),
        (BOTH_REAL, mass(SPREAD_LAW), TWO, False),
        (BOTH_REAL, mass(SPREAD_LAW), ZERO, False),
        (BOTH_REAL, mass(Law(Symbol("Spread"), a, a)), ONE, False),  # of the members with a = b only
        (BOTH_REAL, mass(Law(Symbol("Spread"), a, ONE)), ONE, False),
        (BOTH_REAL, mass(Law(Symbol("Ahead"), a, b)), ONE, False),
        (BOTH_REAL, mass(Law(Symbol("Zeta"), a, b)), ONE, False),
        (BOTH_REAL, mass(SPREAD_LAW, mu), ONE, False),
        (BOTH_REAL, mass(SPREAD_LAW, space=HALF_LINE), ONE, False),
        (BOTH_REAL, mass(ProductLaw(SPREAD_LAW, j, d)), ONE, False),
        (BOTH_REAL, SumOver(Density(SPREAD_LAW, x), x, REALS), ONE, False),
        (BOTH_REAL, IntegralOver(Times(SPREAD_LAW, x), x, REALS), ONE, False),
        (BOTH_REAL, ONE, ONE, False),
        ((Declaration("a", "real"), Declaration("b", "positive")), mass(SPREAD_LAW), ONE, False),
        ((Declaration("a", "real"), Declaration("b", "real", True)), mass(SPREAD_LAW), ONE, False),
    ],
    ids=str,
)  # fmt: skip
def test_only_the_mass_of_every_member_is_the_total_mass(
    declared: tuple[Declaration, ...], left: Expr, right: Expr, holds: bool
) -> None:
    assert is_total_mass(Statement(declared, left, right), SPREAD) is holds
