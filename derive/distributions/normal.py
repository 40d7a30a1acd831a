"""The normal (Gaussian) family N(μ, σ²) on the line."""

from __future__ import annotations

from derive.distributions.claims import (
    ByAntiderivative,
    ByLogLaws,
    ByParts,
    BySubstitution,
    Claim,
    Distribution,
    Parameterisation,
)
from derive.scope import Declaration, Family
from derive.terms import (
    HALF,
    ONE,
    PI,
    REALS,
    TWO,
    ZERO,
    Density,
    Exp,
    Law,
    Log,
    Minus,
    Plus,
    Power,
    Quotient,
    Root,
    Times,
    symbol,
)

x, u, v, s, ell, rho, mu, sigma = (symbol(n) for n in ("x", "u", "v", "s", "ell", "rho", "mu", "sigma"))
centred = Plus(x, Minus(mu))
variance = Power(sigma, TWO)
exponent = Quotient(Power(centred, TWO), Times(TWO, variance))
density = Density(Law(symbol("Normal"), mu, sigma), x)

NORMAL = Distribution(
    Family(
        name="Normal",
        parameters=(Declaration("mu", "real"), Declaration("sigma", "positive")),
        variable=x,
        support=REALS,
        density=Times(Quotient(ONE, Times(sigma, Root(Times(TWO, PI)))), Exp(Minus(exponent))),
    ),
    title="normal distribution",
    notation=r"\mathcal{N}({mu}, {sigma})",
    plain="N({mu}, {sigma})",
    squared=("sigma",),
    code_names={"mu": "mean", "sigma": "std"},
    meanings={"mu": "the mean", "sigma": "the standard deviation"},
    standard=(ZERO, ONE),
    parameterisations=(
        Parameterisation("var", "variance", "sigma", "v", "positive", Root(v), "var", "the variance"),
        Parameterisation(
            "logvar",
            "log-variance",
            "sigma",
            "s",
            "real",
            Exp(Quotient(s, TWO)),
            "logvar",
            "the logarithm of the variance",
        ),
        Parameterisation(
            "logstd",
            "logarithm of the standard deviation",
            "sigma",
            "ell",
            "real",
            Exp(ell),
            "logstd",
            "the logarithm of the standard deviation",
        ),
        Parameterisation(
            "softplus",
            "softplus",
            "sigma",
            "rho",
            "real",
            Log(Plus(ONE, Exp(rho))),
            "rho",
            "the number whose softplus is the standard deviation",
            easily_confused=False,
        ),
    ),
    claims=(
        Claim(
            "log-density",
            "Logarithm of the normal density",
            None,
            Plus(Minus(Log(sigma)), Minus(Times(HALF, Log(Times(TWO, PI)))), Minus(exponent)),
            ByLogLaws(),
        ),
        Claim(
            "total-mass",
            "Total mass of the normal density",
            ONE,
            ONE,
            BySubstitution(
                u,
                Plus(mu, Times(Root(TWO), sigma, u)),
                Times(Root(TWO), sigma),
                Times(Root(TWO), sigma, Exp(Minus(Power(u, TWO)))),
                "gaussian-integral",
            ),
        ),
        Claim(
            "mean",
            "Mean: the first central moment of the normal density",
            centred,
            ZERO,
            ByAntiderivative(Minus(Times(variance, density)), ZERO, ZERO),
        ),
        Claim(
            "variance",
            "Variance: the second central moment of the normal density",
            Power(centred, TWO),
            variance,
            ByParts(
                u=centred,
                v=Minus(Times(variance, density)),
                du=ONE,
                dv=Times(centred, density),
                rest=Minus(Times(variance, density)),
                lower=ZERO,
                upper=ZERO,
            ),
        ),
    ),
)
