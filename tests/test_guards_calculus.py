"""What derivatives, limits and integrability are asked of directly: each guard of ``derive.calculus`` alone.

On the way through the kernel a second guard often stands behind the first, so a fault in one went unnoticed
(``attack.mutate_checker``).
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sympy import Expr, Integer, Symbol, oo

from derive.calculus import (
    coordinate_to_scalar,
    has_limit,
    is_derivative,
    joint_density_times,
    limit,
    only_coordinate,
    require_divergence,
    require_integrable,
)
from derive.distributions import FAMILIES
from derive.field import Undetermined
from derive.scope import Declaration, Family, Scope
from derive.terms import (
    HALF,
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
    Root,
    SumOver,
    Times,
    symbol,
)

mu, sigma, x, y, z, t, j, k, i, d, v = map(
    symbol, ("mu", "sigma", "x", "y", "z", "t", "j", "k", "i", "d", "v")
)
DOWN, THREE = Minus(oo), Integer(3)
HALF_LINE, UNIT, TAIL = OpenInterval(ZERO, oo), OpenInterval(ZERO, ONE), OpenInterval(ONE, oo)
SHORT = OpenInterval(ONE, TWO)
NORMAL = Law(Symbol("Normal"), mu, sigma)
EXPONENTIAL = Law(Symbol("Exponential"), sigma)
CAUCHY = Law(Symbol("Cauchy"))
MORE: Mapping[str, Family] = {
    **FAMILIES,
    "Cauchy": Family("Cauchy", (), x, REALS, Quotient(ONE, Times(PI, Plus(ONE, Power(x, TWO))))),
}
JOINT = ProductLaw(NORMAL, j, d)
OF_EACH = ProductLaw(Law(Symbol("Normal"), Component(v, j), sigma), j, d)
PLANE = ProductSpace(REALS, j, d)
BELL, BELL_Y = Exp(Minus(Power(x, TWO))), Exp(Minus(Power(y, TWO)))
BOTH = Exp(Times(x, y))
X_K, X_I, X_J = (Component(x, index) for index in (k, i, j))
STEEP = Exp(Power(X_K, Integer(4)))


def power(base: Expr, exponent: Expr) -> Expr:
    return Power(base, exponent)


def in_y(function: Expr, space: Expr = REALS) -> Expr:
    return IntegralOver(function, y, space)


def scope() -> Scope:
    """A scope that has found nothing out yet, inside sums over k and i."""
    declared = (
        Declaration("mu", "real"),
        Declaration("sigma", "positive"),
        Declaration("v", "real", True),
        Declaration("d", "natural"),
    )
    return Scope(declared, MORE).bind(k, None).bind(i, None)


INTEGRABLE: tuple[tuple[Expr, Expr], ...] = (
    (Power(x, -TWO), TAIL),
    (Power(x, -THREE / 2), TAIL),
    (Times(Log(x), Power(x, -TWO)), TAIL),
    (Power(x, -HALF), UNIT),
    (Log(x), UNIT),
    (Times(Log(x), Power(x, -HALF)), UNIT),
    (Quotient(ONE, x), SHORT),
    (Times(x, Exp(Minus(x))), HALF_LINE),
    (Times(Power(x, THREE), BELL), REALS),
    (Quotient(BELL, Plus(ONE, Power(mu, TWO))), REALS),
    (Exp(x), OpenInterval(DOWN, ZERO)),
    (Density(EXPONENTIAL, x), HALF_LINE),
    (in_y(Times(BELL, BELL_Y)), REALS),
    (in_y(Plus(Times(BELL, BELL_Y), Times(x, BELL, BELL_Y))), REALS),
    (in_y(Times(Density(NORMAL, x), Density(NORMAL, y))), REALS),
    (IntegralOver(Density(JOINT, z), z, PLANE), UNIT),
    (Density(JOINT, x), PLANE),
    (Times(Density(JOINT, x), Plus(X_K, Minus(X_I), ONE)), PLANE),
    (Times(Density(JOINT, x), SumOver(Power(X_J, TWO), j, d)), PLANE),
    (Times(Density(JOINT, x), Log(Quotient(Density(JOINT, x), Density(JOINT, x)))), PLANE),
    (Times(Density(JOINT, x), Log(ProductOver(Density(NORMAL, X_J), j, d))), PLANE),
    (Times(Density(JOINT, x), Log(Density(NORMAL, X_K))), PLANE),
    (Times(Density(OF_EACH, x), X_K), PLANE),
)
DECAY, SINGULAR = "does not decay fast enough", "a singularity that is not integrable"
LARGER_LOG = "a logarithm of more than the variable"
ONE_COORDINATE = "does not depend on exactly one coordinate"
NOT_INTEGRABLE: tuple[tuple[Expr, Expr, str], ...] = (
    (ONE, REALS, DECAY),
    (ONE, HALF_LINE, DECAY),
    (Quotient(ONE, x), TAIL, DECAY),
    (Power(x, -HALF), TAIL, DECAY),
    (Exp(x), HALF_LINE, DECAY),
    (Exp(x), REALS, DECAY),
    (Exp(Minus(x)), OpenInterval(DOWN, ZERO), DECAY),
    (Quotient(ONE, x), UNIT, SINGULAR),
    (Power(x, -THREE / 2), UNIT, SINGULAR),
    (Quotient(Exp(Minus(x)), x), HALF_LINE, SINGULAR),
    (x, mu, "is not an interval"),
    (Quotient(ONE, Plus(ONE, Power(x, TWO))), REALS, "a denominator with several terms"),
    (Times(BELL, Log(Plus(ONE, Power(x, TWO)))), REALS, LARGER_LOG),
    (Times(Exp(Minus(x)), Log(Plus(ONE, x))), HALF_LINE, LARGER_LOG),
    (Times(Exp(Minus(x)), Log(Plus(sigma, x))), HALF_LINE, LARGER_LOG),
    (Quotient(BELL, Log(Plus(TWO, Power(x, TWO)))), REALS, "a term of kind log"),
    (Times(BELL, SumOver(Exp(Times(Component(v, j), x)), j, d)), REALS, "a term of kind sum"),
    (Times(BELL, Between(Exp(Times(x, y)), y, ZERO, ONE)), REALS, "a term of kind between"),
    (Times(BELL, SumOver(Component(x, j), j, d)), PLANE, "not written as a joint density"),
    (Times(BELL, in_y(Times(BELL_Y, x, Exp(Times(x, y))))), REALS, "a term of kind integral"),
    (Exp(Quotient(ONE, x)), SHORT, "an exponent with a negative power"),
    (Exp(Minus(Times(x, Log(x)))), TAIL, "an exponent that is not a polynomial"),
    (Exp(Minus(Plus(Times(x, Log(x)), x))), TAIL, "an exponent that is not a polynomial"),
    (Exp(Minus(Exp(x))), HALF_LINE, "an exponent that is not a polynomial"),
    (Exp(Minus(Plus(Exp(x), x))), HALF_LINE, "an exponent that is not a polynomial"),
    (Exp(Times(mu, x)), HALF_LINE, "the sign of an exponent's leading coefficient"),
    (in_y(Times(x, BELL_Y)), REALS, DECAY),
    (in_y(Times(y, BELL)), REALS, DECAY),
    (in_y(Times(BELL, BELL_Y, BOTH)), REALS, "not a sum of products"),
    (in_y(Quotient(x, BOTH), SHORT), SHORT, "not a sum of products"),
    (in_y(Times(x, BOTH), SHORT), SHORT, "not a sum of products"),
    (in_y(x, OpenInterval(ZERO, x)), UNIT, "the inner space depends"),
    (Times(Density(JOINT, x), STEEP), PLANE, DECAY),
    (Times(Density(JOINT, x), Plus(X_K, STEEP)), PLANE, DECAY),
    (Times(Density(JOINT, x), Minus(STEEP)), PLANE, DECAY),
    (Times(Density(JOINT, x), SumOver(Exp(Power(X_J, Integer(4))), j, d)), PLANE, DECAY),
    (Times(Density(JOINT, x), SumOver(X_K, j, d)), PLANE, "a function of another coordinate"),
    (Times(Density(JOINT, x), Times(X_K, X_I)), PLANE, ONE_COORDINATE),
    (Times(Density(JOINT, x), Log(Plus(ONE, Power(X_K, TWO)))), PLANE, LARGER_LOG),
    (Times(Density(JOINT, x), Log(Quotient(Density(NORMAL, X_K), Plus(ONE, STEEP)))), PLANE, LARGER_LOG),
    (Times(Density(JOINT, x), Log(Quotient(sigma, Exp(X_K)))), PLANE, ONE_COORDINATE),
    (Times(Density(JOINT, x), Log(ProductOver(Plus(ONE, Power(X_J, TWO)), j, d))), PLANE, LARGER_LOG),
    (Times(Density(JOINT, x), Log(Density(ProductLaw(CAUCHY, j, d), x))), PLANE, LARGER_LOG),
)


@pytest.mark.parametrize(("integrand", "space"), INTEGRABLE, ids=str)
def test_an_integrand_is_integrable(integrand: Expr, space: Expr) -> None:
    require_integrable(scope(), integrand, x, space)


@pytest.mark.parametrize(("integrand", "space", "why"), NOT_INTEGRABLE, ids=str)
def test_an_integrand_is_not_shown_to_be_integrable(integrand: Expr, space: Expr, why: str) -> None:
    with pytest.raises(Undetermined, match=why):
        require_integrable(scope(), integrand, x, space)


LIMITS: tuple[tuple[Expr, Expr, Expr, Expr], ...] = (
    (ONE, REALS, oo, ONE),
    (Plus(mu, Exp(Minus(x))), HALF_LINE, oo, mu),
    (Plus(mu, Times(Power(x, THREE), Exp(x))), REALS, DOWN, mu),
    (Plus(ONE, Power(x, -HALF)), TAIL, oo, ONE),
    (Times(Log(x), Quotient(ONE, x)), TAIL, oo, ZERO),
    (Times(x, Log(x), Exp(Minus(x))), TAIL, oo, ZERO),
    (Quotient(Plus(x, ONE), Times(x, Plus(ONE, Power(mu, TWO)))), TAIL, oo,
     Quotient(ONE, Plus(ONE, Power(mu, TWO)))),
    (Quotient(Plus(x, ONE), Times(x, Power(Plus(ONE, Power(mu, TWO)), TWO))), TAIL, oo,
     Power(Plus(ONE, Power(mu, TWO)), -TWO)),
    (Times(TWO, Power(x, TWO)), REALS, TWO, Integer(8)),
    (Density(EXPONENTIAL, x), HALF_LINE, ZERO, sigma),
    (Density(EXPONENTIAL, x), HALF_LINE, oo, ZERO),
    (Density(NORMAL, x), REALS, DOWN, ZERO),
)  # fmt: skip
NO_LIMIT: tuple[tuple[Expr, Expr, Expr], ...] = (
    (x, REALS, oo),
    (Exp(x), REALS, oo),
    (Quotient(Exp(x), x), TAIL, oo),
    (Exp(Minus(x)), REALS, DOWN),
    (Log(x), TAIL, oo),
    (Root(x), TAIL, oo),
    (Times(x, Exp(x)), REALS, oo),
    (Log(x), UNIT, ZERO),
    (Quotient(ONE, x), UNIT, ZERO),
    (in_y(Times(x, BELL_Y)), UNIT, ONE),
)


@pytest.mark.parametrize(("function", "space", "end", "value"), LIMITS, ids=str)
def test_a_limit_is_found_and_is_no_other(function: Expr, space: Expr, end: Expr, value: Expr) -> None:
    assert has_limit(scope(), function, x, end, space, value)
    assert not has_limit(scope(), function, x, end, space, Plus(value, ONE))


@pytest.mark.parametrize(("function", "space", "end"), NO_LIMIT, ids=str)
def test_where_there_is_no_limit_none_is_found(function: Expr, space: Expr, end: Expr) -> None:
    with pytest.raises(Undetermined):
        limit(scope(), function, x, end, space)


def test_a_limit_does_not_mention_the_variable() -> None:
    with pytest.raises(Undetermined, match="may not mention the variable"):
        has_limit(scope(), ONE, x, oo, REALS, x)


@pytest.mark.parametrize(
    ("function", "space", "end", "to"),
    [
        (Plus(Times(TWO, x), ONE), REALS, oo, oo),
        (Plus(Times(TWO, x), ONE), REALS, DOWN, DOWN),
        (Power(x, TWO), REALS, DOWN, oo),
        (Plus(x, Minus(Power(x, THREE))), REALS, oo, DOWN),
        (Plus(x, Minus(Power(x, THREE))), REALS, DOWN, oo),
        (Root(x), HALF_LINE, oo, oo),
    ],
    ids=str,
)
def test_a_polynomial_grows_to_that_infinity_alone(function: Expr, space: Expr, end: Expr, to: Expr) -> None:
    require_divergence(scope(), function, x, space, end, to)
    with pytest.raises(Undetermined, match="does not tend to"):
        require_divergence(scope(), function, x, space, end, DOWN if to == oo else oo)


@pytest.mark.parametrize(
    ("function", "space", "end", "to", "why"),
    [
        (ONE, REALS, oo, oo, "does not tend to"),
        (Minus(ONE), REALS, oo, DOWN, "does not tend to"),
        (x, REALS, ONE, oo, "only infinite ends"),
        (x, REALS, oo, ONE, "only infinite ends"),
        (x, REALS, ONE, ONE, "only infinite ends"),
        (Times(mu, x), REALS, oo, oo, "the sign of an exponent's leading"),
        (Log(x), TAIL, oo, oo, "not a polynomial"),
        (Exp(x), REALS, oo, oo, "not a polynomial"),
        (Plus(x, Quotient(ONE, x)), HALF_LINE, oo, oo, "a negative power"),
        (Root(x), HALF_LINE, DOWN, oo, "a fractional power on the negative axis"),
    ],
    ids=str,
)
def test_a_divergence_that_is_not_shown(function: Expr, space: Expr, end: Expr, to: Expr, why: str) -> None:
    with pytest.raises(Undetermined, match=why):
        require_divergence(scope(), function, x, space, end, to)


def test_a_derivative_is_the_one_of_that_function() -> None:
    slope = Times(Minus(Quotient(Plus(x, Minus(mu)), Power(sigma, TWO))), Density(NORMAL, x))
    assert is_derivative(scope(), Density(NORMAL, x), x, REALS, slope)
    assert not is_derivative(scope(), Density(NORMAL, x), x, REALS, Minus(slope))
    assert not is_derivative(scope(), Density(NORMAL, x), x, REALS, ZERO)


# -- coordinates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "integrand",
    [
        X_K,
        x,
        Times(X_K, Density(JOINT, x)),
        Times(Density(NORMAL, X_K), X_K),
        Times(Density(NORMAL, x), x),
        Density(JOINT, y),
        Quotient(JOINT, x),
        Times(Minus(Density(JOINT, x)), X_K),
    ],
    ids=str,
)
def test_a_joint_density_stands_first(integrand: Expr) -> None:
    assert joint_density_times(Times(Density(JOINT, x), X_K, TWO), x) == (JOINT, Times(X_K, TWO))
    with pytest.raises(Undetermined, match="not written as a joint density times a function"):
        joint_density_times(integrand, x)


def test_the_one_coordinate_of_a_function() -> None:
    assert only_coordinate(Times(Component(v, i), X_K), x) == k
    for function in (mu, Component(v, k), Times(X_K, X_I), SumOver(X_J, j, d), Plus(X_K, SumOver(X_J, j, d))):
        with pytest.raises(Undetermined, match=ONE_COORDINATE):
            only_coordinate(function, x)


def test_a_coordinate_becomes_a_variable() -> None:
    inside = Times(X_K, in_y(BELL_Y))
    assert coordinate_to_scalar(inside, x, k, t) == Times(t, in_y(BELL_Y))
    for bound in (SumOver(X_K, k, d), IntegralOver(X_K, x, PLANE)):
        with pytest.raises(Undetermined, match="is bound again"):
            coordinate_to_scalar(Times(X_K, bound), x, k, t)
    with pytest.raises(Undetermined, match="through more than one coordinate"):
        coordinate_to_scalar(Plus(X_K, X_I), x, k, t)
