"""What each rule of differentiation refuses in its own words, and exactly what it makes of a line it takes.

Found by changing the source and seeing that nothing noticed (``attack.mutate_checker``): the kernel compares
both sides as well, so a rule that errs is refused behind it.
"""

from __future__ import annotations

import pytest
from sympy import Expr, Integer, Rational

from derive.distributions import FAMILIES
from derive.kernel import Condition, Refused, Step, accept
from derive.rules import RULES
from derive.scope import Declaration, Scope
from derive.terms import (
    ONE,
    REALS,
    TWO,
    ZERO,
    DerivativeIn,
    Exp,
    Log,
    Minus,
    Plus,
    Power,
    Quotient,
    Root,
    Times,
    ValueAt,
    symbol,
)

mu, nu, sigma, rate, x = map(symbol, ("mu", "nu", "sigma", "lambda", "x"))
THREE = Integer(3)
DECLARED = (
    *(Declaration(name, "real") for name in ("mu", "nu")),
    *(Declaration(name, "positive") for name in ("sigma", "lambda")),
)


def step(rule: str, line: Expr) -> Step:
    return accept(RULES[rule], line, (), {}, Scope(DECLARED, FAMILIES), {})


def by(body: Expr) -> Expr:
    return DerivativeIn(body, sigma)


RULES_OF_DERIVATIVES = [name for name in RULES if name.startswith("derivative-")]
POWER, RECIPROCAL = "it expects a power with a number as its exponent", "it expects 1 over a term"
DERIVATIVE = "it expects a derivative"
REFUSED = (
    *((name, line, DERIVATIVE) for name in RULES_OF_DERIVATIVES for line in (sigma, Plus(mu, nu))),
    ("derivative-of-constant", by(sigma), "it expects a term without sigma"),
    ("derivative-of-constant", by(Times(mu, sigma)), "it expects a term without sigma"),
    ("derivative-of-variable", by(Power(sigma, TWO)), "it expects sigma itself"),
    ("derivative-of-variable", by(mu), "it expects sigma itself"),
    ("derivative-of-power", by(Power(sigma, mu)), POWER),
    ("derivative-of-power", by(Quotient(sigma, TWO)), POWER),
    ("derivative-of-power", by(sigma), POWER),
    ("derivative-of-root", by(Log(sigma)), "it expects a square root"),
    ("derivative-of-reciprocal", by(Quotient(TWO, sigma)), RECIPROCAL),
    ("derivative-of-reciprocal", by(Quotient(ONE / 2, sigma)), RECIPROCAL),
    ("derivative-of-reciprocal", by(Times(ONE, sigma)), RECIPROCAL),
    ("derivative-of-reciprocal", by(sigma), RECIPROCAL),
    ("derivative-of-log", by(Exp(sigma)), "it expects a logarithm"),
    ("derivative-of-exp", by(Log(sigma)), "it expects an exponential"),
    ("derivative-of-exp", by(sigma), "it expects an exponential"),
    ("derivative-of-product", by(Plus(sigma, mu)), "it expects a product"),
    ("derivative-of-product", by(sigma), "it expects a product"),
    ("derivative-of-quotient", by(Times(sigma, mu)), "it expects a quotient"),
    ("put-in", sigma, "it expects a function at a point"),
    ("put-in", Plus(mu, nu, sigma, rate), "it expects a function at a point"),
)  # fmt: skip


@pytest.mark.parametrize(("rule", "line", "why"), REFUSED, ids=str)
def test_a_rule_of_differentiation_says_what_it_expects(rule: str, line: Expr, why: str) -> None:
    with pytest.raises(Refused) as refusal:
        step(rule, line)
    assert refusal.value.reason == why


SHIFTED = Plus(sigma, ONE)
D_SHIFTED = by(SHIFTED)
SIGMA_POSITIVE, SHIFTED_POSITIVE = (Condition("positive", (u,)) for u in (sigma, SHIFTED))
MADE: tuple[tuple[str, Expr, Expr, tuple[Condition, ...]], ...] = (
    ("linearity", Plus(sigma, mu), Plus(by(sigma), by(mu)), ()),
    ("linearity", Minus(sigma), Minus(by(sigma)), ()),
    ("linearity", Minus(Minus(Times(TWO, sigma))), Times(TWO, by(sigma)), ()),
    ("linearity", Plus(sigma, Minus(mu)), Plus(by(sigma), Minus(by(mu))), ()),
    ("linearity", Quotient(Minus(Log(sigma)), rate), Minus(Times(Quotient(ONE, rate), by(Log(sigma)))), ()),
    ("linearity", Quotient(Times(mu, Log(sigma)), rate), Times(Quotient(mu, rate), by(Log(sigma))), ()),
    ("linearity", Quotient(mu, SHIFTED), Times(mu, by(Quotient(ONE, SHIFTED))), ()),
    ("linearity", Plus(Quotient(sigma, SHIFTED), sigma),
     Plus(by(Quotient(sigma, SHIFTED)), by(sigma)), ()),
    ("linearity", Plus(Quotient(ONE, sigma), sigma), Plus(by(Quotient(ONE, sigma)), by(sigma)), ()),
    ("linearity", Times(mu, sigma, Log(sigma)), Times(mu, by(Times(sigma, Log(sigma)))), ()),
    ("of-constant", Times(mu, nu), ZERO, ()),
    ("of-variable", sigma, ONE, ()),
    ("of-power", Power(sigma, TWO), Times(TWO, sigma), ()),
    ("of-power", Power(sigma, THREE), Times(THREE, Power(sigma, TWO)), ()),
    ("of-power", Power(SHIFTED, THREE), Times(THREE, Power(SHIFTED, TWO), D_SHIFTED), ()),
    ("of-power", Power(sigma, ONE), Times(ONE, Power(sigma, ZERO)), ()),
    ("of-power", Power(sigma, ZERO), Times(ZERO, Power(sigma, Integer(-1))), (SIGMA_POSITIVE,)),
    ("of-power", Power(sigma, -THREE), Times(-THREE, Power(sigma, Integer(-4))), (SIGMA_POSITIVE,)),
    ("of-power", Power(sigma, Rational(3, 2)), Times(Rational(3, 2), Power(sigma, ONE / 2)),
     (SIGMA_POSITIVE,)),
    ("of-root", Root(sigma), Quotient(ONE, Times(TWO, Root(sigma))), (SIGMA_POSITIVE,)),
    ("of-reciprocal", Quotient(ONE, SHIFTED),
     Minus(Times(Quotient(ONE, Power(SHIFTED, TWO)), D_SHIFTED)), ()),
    ("of-log", Log(SHIFTED), Times(Quotient(ONE, SHIFTED), D_SHIFTED), (SHIFTED_POSITIVE,)),
    ("of-exp", Exp(SHIFTED), Times(Exp(SHIFTED), D_SHIFTED), ()),
    ("of-product", Times(sigma, mu, SHIFTED),
     Plus(Times(mu, SHIFTED, by(sigma)), Times(sigma, SHIFTED, by(mu)), Times(sigma, mu, D_SHIFTED)),
     ()),
    ("of-quotient", Quotient(mu, SHIFTED),
     Quotient(Plus(Times(SHIFTED, by(mu)), Minus(Times(mu, D_SHIFTED))), Power(SHIFTED, TWO)), ()),
)  # fmt: skip


@pytest.mark.parametrize(("rule", "body", "made", "conditions"), MADE, ids=str)
def test_a_rule_of_differentiation_makes_exactly_this(
    rule: str, body: Expr, made: Expr, conditions: tuple[Condition, ...]
) -> None:
    done = step(f"derivative-{rule}", by(body))
    assert done.after == made
    assert tuple(c.condition for c in done.conditions) == conditions


def test_a_value_is_put_in_for_its_own_variable() -> None:
    line = ValueAt(Times(x, mu, Exp(x)), x, Plus(nu, ONE), REALS)
    assert step("put-in", line).after == Times(Plus(nu, ONE), mu, Exp(Plus(nu, ONE)))
