"""Counterexamples to dropped conditions.

A counterexample is an instance at which one side condition of a rule fails, and with it the equality: it
shows what the condition is for.  ``UNNEEDED`` lists conditions that are asked for although no
counterexample exists, each with the reason why it stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from sympy import Expr

from derive.distributions import FAMILIES
from derive.evidence.instances import (
    HALF_LINE,
    UNIT,
    Instance,
    a,
    angle,
    d,
    decay,
    exponential,
    gauss,
    j,
    k,
    lemmas,
    normal,
    positive,
    r,
    real,
    t,
    u,
    vector,
    vj,
    x,
    y,
)  # fmt: skip
from derive.kernel import Statement
from derive.rules.definitions import definition_of_kl
from derive.scope import Declaration, Scope
from derive.terms import (
    HALF,
    INFINITY,
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
    as_term,
    symbol,
)

Point = Mapping[str, Fraction | tuple[Fraction, ...]]


@dataclass(frozen=True)
class Counterexample:
    """``condition`` fails at this instance (with those in ``also``), and the two sides are not equal.

    ``because`` says why a side has no value where it has none; ``instead`` stands for the value of the
    right side where the integrator has no bound for it.
    """

    instance: Instance
    condition: str
    because: str = ""
    point: Point = field(default_factory=dict)
    also: tuple[str, ...] = ()
    instead: Expr | None = None


def _counter(rule: str, line: Expr, condition: str, because: str = "", **more: object) -> Counterexample:
    declarations = more.pop("declarations", ())
    bindings = more.pop("bindings", {})
    instance = Instance(rule, declarations, line, (), bindings, more.pop("lemmas", {}), "counterexample")  # type: ignore[arg-type]
    return Counterexample(instance, condition, because, **more)  # type: ignore[arg-type]


def _lemma(
    line: Expr | int, condition: str, because: str = "", **bindings: Expr | int | str
) -> Counterexample:
    also = ("equal",) if condition != "equal" and because else ()
    values = {k: value if isinstance(value, str) else as_term(value) for k, value in bindings.items()}
    return _counter("lemma", as_term(line), condition, because, bindings=values, lemmas=lemmas(), also=also)


def _parts(line: Expr, condition: str, because: str = "", **bindings: Expr | int) -> Counterexample:
    values = {k: as_term(value) for k, value in bindings.items()}
    return _counter("integration-by-parts", line, condition, because, bindings=values)


GAUSSIAN = IntegralOver(gauss(x), x, REALS)
XDECAY = IntegralOver(Times(x, decay(x)), x, HALF_LINE)
BELOW: Point = {"a": Fraction(-2)}
OVER_WHOLE = "log(p/q) is not defined where q is 0, and p has mass there: the divergence is ∞"
JOINT = ProductLaw(normal(0, 1), j, d)
TWO_D: Point = {"d": Fraction(2)}
MU, SIGMA = symbol("mu"), symbol("sigma")
TOTAL_MASS = Statement(
    (*real("mu"), *positive("sigma")), IntegralOver(Density(normal(MU, SIGMA), x), x, REALS), ONE
)

COUNTEREXAMPLES: tuple[Counterexample, ...] = (
    *(
        _counter(rule, DerivativeIn(f, a), "positive", because, declarations=real("a"), point=BELOW)
        for rule, f, because in (
            ("derivative-of-log", Log(a), "below 0 there is no logarithm, but there is 1/a"),
            ("derivative-of-root", Root(a), "below 0 there is no root to differentiate"),
            ("derivative-of-power", Power(a, HALF), "below 0 there is no root to differentiate"),
        )
    ),
    _counter(
        "definition-of-kl",
        KL(normal(0, 1), exponential(1)),
        "absolutely continuous",
        OVER_WHOLE,
        bindings={"x": x},
    ),
    _counter(
        "recognise-kl",
        definition_of_kl(normal(0, 1), exponential(1), x, Scope((), FAMILIES)),
        "absolutely continuous",
        OVER_WHOLE,
        bindings={"p": normal(0, 1), "q": exponential(1)},
        also=("equal",),
    ),
    _counter(
        "recognise-kl",
        IntegralOver(Times(Density(exponential(1), x), Log(Exp(x))), x, HALF_LINE),
        "equal",
        bindings={"p": exponential(1), "q": exponential(2)},
    ),
    _counter(
        "infinite-outside-support",
        KL(exponential(1), exponential(2)),
        "witness",
        "the left side is finite, the right side is ∞",
        bindings={"low": ZERO, "high": ONE},
    ),
    _lemma(-3, "positive", lemma="square-root", t=-3),
    _lemma(Minus(Log(-1)), "real", "log(−1) is no real number", lemma="double-minus", t=Log(-1)),
    _lemma(4, "equal", lemma="square-root", t=3),
    _counter(
        "lemma",
        SumOver(Minus(ONE), j, d),
        "positive for each",
        declarations=(Declaration("d", "natural"),),
        bindings={"lemma": "square-roots", "v": Minus(ONE), "d": d, "index": j},
        lemmas=lemmas(),
        point=TWO_D,
    ),
    _counter(
        "lemma",
        SumOver(Log(Minus(ONE)), j, d),
        "real for each",
        "log(−1) is no real number",
        declarations=(Declaration("d", "natural"),),
        also=("equal",),
        bindings={"lemma": "twice", "v": Log(Minus(ONE)), "d": d, "index": j},
        lemmas=lemmas(),
        point=TWO_D,
    ),
    _counter(
        "lemma",
        SumOver(ONE, j, Minus(ONE)),
        "natural",
        bindings={"lemma": "count", "d": Minus(ONE)},
        lemmas=lemmas(),
    ),
    _counter(
        "linearity",
        IntegralOver(Plus(Exp(x), Minus(Exp(x))), x, REALS),
        "integrable",
        "∫ eˣ dx over the line is ∞, and ∞ − ∞ is no number",
    ),
    _counter(
        "constant-factor",
        IntegralOver(Times(ZERO, Exp(x)), x, REALS),
        "integrable",
        "∫ eˣ dx over the line is ∞, and 0 · ∞ is no number",
    ),
    _counter(
        "sum-through-integral",
        IntegralOver(SumOver(Times(vj, Exp(x)), j, d), x, REALS),
        "integrable",
        "with v = (1, −1) the integrand is 0, and the sum of the integrals is ∞ − ∞",
        declarations=vector("real", "v"),
        point={**TWO_D, "v": (Fraction(1), Fraction(-1))},
    ),
    _counter(
        "substitution", GAUSSIAN, "derivative", bindings={"u": u, "g": Times(TWO, u), "slope": as_term(3)}
    ),
    _counter(
        "substitution",
        GAUSSIAN,
        "diverges 2",
        bindings={"u": u, "g": Exp(u), "slope": Exp(u)},
        because="g(u) = eᵘ reaches the positive half of the line only",
        also=("positive", "diverges 1"),
        instead=IntegralOver(gauss(x), x, HALF_LINE),
    ),
    _counter(
        "substitution",
        GAUSSIAN,
        "diverges 1",
        bindings={"u": u, "g": Minus(decay(u)), "slope": decay(u)},
        because="g(u) = −e⁻ᵘ reaches the negative half of the line only",
        also=("positive", "diverges 2"),
        instead=IntegralOver(gauss(x), x, HALF_LINE),
    ),
    _counter(
        "substitution",
        IntegralOver(ONE, x, REALS),
        "integrable",
        "the integral of 1 over the line is ∞",
        bindings={"u": u, "g": Times(TWO, u), "slope": TWO},
    ),
    _counter("antiderivative", IntegralOver(x, x, UNIT), "derivative", bindings={"F": Power(x, TWO)}),
    _counter(
        "antiderivative",
        IntegralOver(Quotient(ONE, Power(x, TWO)), x, OpenInterval(Minus(ONE), ONE)),
        "integrable",
        "1/x² is not integrable over 0, although [−1/x] from −1 to 1 is −2",
        bindings={"F": Minus(Quotient(ONE, x))},
        also=("derivative",),
    ),
    _counter(
        "boundary-limits",
        Between(decay(x), x, ZERO, INFINITY),
        "limit 1",
        bindings={"lower": ONE, "upper": ONE},
    ),
    _counter(
        "boundary-limits",
        Between(decay(x), x, ZERO, INFINITY),
        "limit 2",
        bindings={"lower": ZERO, "upper": ZERO},
    ),
    _parts(
        XDECAY,
        "equal on 1",
        u=x,
        v=Minus(decay(Times(TWO, x))),
        du=1,
        dv=Times(TWO, decay(Times(TWO, x))),
        rest=Minus(decay(Times(TWO, x))),
    ),
    _parts(
        XDECAY, "derivative 1", u=x, v=Minus(decay(x)), du=2, dv=decay(x), rest=Times(TWO, Minus(decay(x)))
    ),
    _parts(
        XDECAY,
        "derivative 2",
        u=x,
        v=Times(TWO, Minus(decay(x))),
        du=1,
        dv=decay(x),
        rest=Times(TWO, Minus(decay(x))),
    ),
    _parts(XDECAY, "equal on 2", u=x, v=Minus(decay(x)), du=1, dv=decay(x), rest=decay(x)),
    _parts(
        IntegralOver(ONE, x, HALF_LINE),
        "integrable 1",
        "the integral of 1 over the half-line is ∞",
        u=1,
        v=x,
        du=0,
        dv=1,
        rest=0,
    ),
    _parts(
        IntegralOver(Times(ZERO, x), x, HALF_LINE),
        "integrable 2",
        "the left side is 0, the right side ∞ − ∞",
        u=x,
        v=1,
        du=1,
        dv=0,
        rest=1,
    ),
    _counter(
        "square-as-double-integral",
        Power(IntegralOver(ONE, x, REALS), TWO),
        "integrable",
        "the integral of 1 over the line is ∞",
        bindings={"y": y},
    ),
    _counter(
        "polar-coordinates",
        IntegralOver(
            IntegralOver(Exp(Minus(Times(Minus(ONE), Plus(Power(x, TWO), Power(y, TWO))))), y, REALS),
            x,
            REALS,
        ),
        "positive",
        "the integrand grows",
        bindings={"r": r, "angle": angle, "k": Minus(ONE)},
    ),
    Counterexample(
        Instance(
            "marginalisation",
            (Declaration("d", "natural"),),
            SumOver(
                IntegralOver(
                    Times(Density(JOINT, x), Exp(Power(Component(x, k), TWO))), x, ProductSpace(REALS, j, d)
                ),
                k,
                d,
            ),
            (0,),
            {"t": t, "lemma": "normal-total-mass"},
            {"normal-total-mass": TOTAL_MASS},
            "counterexample",
        ),
        "integrable",
        "the integral of e^{−x²/2 + x²} is ∞",
        {**TWO_D, "k": Fraction(1)},
    ),
    _counter("log-product", Log(Times(-2, -3)), "positive", "log 6 is a number, log(−2) is none"),
    _counter(
        "log-product-over",
        Log(ProductOver(vj, j, d)),
        "positive",
        "log((−1)(−1)) = 0, and log(−1) is no number",
        declarations=vector("real", "v"),
        point={**TWO_D, "v": (Fraction(-1), Fraction(-1))},
    ),
    _counter("combine-logs", Plus(Log(-2), Minus(Log(3))), "positive 1", "log(−2) is no number"),
    _counter("combine-logs", Plus(Log(2), Minus(Log(-3))), "positive 2", "log(−3) is no number"),
)

UNNEEDED: Mapping[tuple[str, str], str] = {
    ("substitution", "positive"): (
        "for g with the right limits ∫ f(g) g′ du = F(g(∞)) − F(g(−∞)) whatever the sign of g′ between; the "
        "condition stays because it makes g one-to-one, which is the reason that a reader is given"
    ),
}
"""Conditions that can be dropped without harm, each with the reason why the rule asks for them."""
