"""The exponential family of waiting times Exp(λ), with rate λ, on the positive half-line."""

from __future__ import annotations

from derive.distributions.claims import ByAntiderivative, ByLogLaws, Claim, Distribution
from derive.scope import Declaration, Family
from derive.terms import (
    INFINITY,
    ONE,
    TWO,
    ZERO,
    Exp,
    Log,
    Minus,
    OpenInterval,
    Plus,
    Power,
    Quotient,
    Times,
    symbol,
)

x, rate = symbol("x"), symbol("lambda")
decay = Exp(Minus(Times(rate, x)))
mean = Quotient(ONE, rate)
second_moment = Quotient(TWO, Power(rate, TWO))

EXPONENTIAL = Distribution(
    Family(
        name="Exponential",
        parameters=(Declaration("lambda", "positive"),),
        variable=x,
        support=OpenInterval(ZERO, INFINITY),
        density=Times(rate, decay),
    ),
    title="exponential distribution",
    notation=r"\mathrm{Exp}({lambda})",
    plain="Exp({lambda})",
    code_names={"lambda": "rate"},
    meanings={"lambda": "the rate"},
    claims=(
        Claim(
            "log-density",
            "Logarithm of the exponential density",
            None,
            Plus(Log(rate), Minus(Times(rate, x))),
            ByLogLaws(),
        ),
        Claim(
            "total-mass",
            "Total mass of the exponential density",
            ONE,
            ONE,
            ByAntiderivative(Minus(decay), Minus(ONE), ZERO),
        ),
        Claim(
            "mean",
            "Mean of the exponential density",
            x,
            mean,
            ByAntiderivative(Minus(Times(Plus(x, mean), decay)), Minus(mean), ZERO),
        ),
        Claim(
            "second-moment",
            "Second moment of the exponential density",
            Power(x, TWO),
            second_moment,
            ByAntiderivative(
                Minus(Times(Plus(Power(x, TWO), Quotient(Times(TWO, x), rate), second_moment), decay)),
                Minus(second_moment),
                ZERO,
            ),
        ),
    ),
)
