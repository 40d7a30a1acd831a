"""Uses of rules that no derivation of the catalogue makes, and the names that such uses are written with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

from sympy import Expr

from derive.derivation import Chain
from derive.distributions import DISTRIBUTIONS, FAMILIES
from derive.kernel import Binding, Lemmas, Statement
from derive.rules import RULES
from derive.rules.definitions import definition_of_kl
from derive.scope import Declaration, Domain, Scope
from derive.terms import (
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
    Law,
    Log,
    Minus,
    OpenInterval,
    Place,
    Plus,
    Power,
    ProductOver,
    Quotient,
    Root,
    SumOver,
    Times,
    as_term,
    symbol,
)

x, y, t, u, r, angle, a, b, c, d, j, k, v, w = (
    symbol(n) for n in ("x", "y", "t", "u", "r", "angle", "a", "b", "c", "d", "j", "k", "v", "w")
)
HALF_LINE = OpenInterval(ZERO, INFINITY)
UNIT = OpenInterval(ZERO, ONE)


@dataclass(frozen=True)
class Instance:
    """One use of a rule: what the kernel is asked to accept."""

    rule: str
    declarations: tuple[Declaration, ...]
    line: Expr
    place: Place = ()
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    lemmas: Lemmas = field(default_factory=dict)
    name: str = ""


def real(*names: str) -> tuple[Declaration, ...]:
    """Real parameters."""
    return tuple(Declaration(n, "real") for n in names)


def positive(*names: str) -> tuple[Declaration, ...]:
    """Positive parameters."""
    return tuple(Declaration(n, "positive") for n in names)


def vector(domain: Domain, *names: str) -> tuple[Declaration, ...]:
    """Vectors of dimension d, and d."""
    return (*(Declaration(n, domain, True) for n in names), Declaration("d", "natural"))


def normal(mean: Expr | int, deviation: Expr | int) -> Law:
    """A normal law."""
    return DISTRIBUTIONS["Normal"].law(as_term(mean), as_term(deviation))


def exponential(rate: Expr | int) -> Law:
    """An exponential law."""
    return DISTRIBUTIONS["Exponential"].law(as_term(rate))


def mass_on(law: Expr, space: OpenInterval) -> Expr:
    """The probability of an interval."""
    return IntegralOver(Density(law, x), x, space)


def gauss(z: Expr) -> Expr:
    """e^{−z²}."""
    return Exp(Minus(Power(z, TWO)))


def decay(z: Expr) -> Expr:
    """e^{−z}."""
    return Exp(Minus(z))


vj, wj = Component(v, j), Component(w, j)
AB = normal(a, b)


@cache
def INSTANCES() -> tuple[Instance, ...]:
    """Instances for every rule that the catalogue does not use, and harder ones for some that it does."""
    scope = Scope((*real("a"), *positive("b")), FAMILIES)
    opened = definition_of_kl(AB, normal(0, 1), x, scope)
    made = (
        Instance("derivative-of-root", positive("b"), DerivativeIn(Root(b), b)),
        Instance("derivative-of-root", positive("b", "c"), DerivativeIn(Root(Times(b, b, c, c)), b)),
        Instance("derivative-of-power", positive("b"), DerivativeIn(Power(b, as_term(Fraction(-3, 2))), b)),
        Instance(
            "derivative-of-product",
            (*real("a"), *positive("b")),
            DerivativeIn(Times(Log(b), Exp(Times(a, b)), b), b),
        ),
        Instance("derivative-of-product", real("a", "c"), DerivativeIn(Times(Exp(Times(a, c)), a), a)),
        Instance("derivative-of-quotient", positive("b"), DerivativeIn(Quotient(Log(b), Plus(b, ONE)), b)),
        Instance("derivative-of-quotient", real("a"), DerivativeIn(Quotient(a, Plus(Power(a, TWO), ONE)), a)),
        Instance("recognise-kl", scope.declarations, opened, (), {"p": AB, "q": normal(0, 1)}),
        Instance(
            "recognise-kl",
            positive("a", "b"),
            definition_of_kl(exponential(a), exponential(b), x, Scope(positive("a", "b"), FAMILIES)),
            (),
            {"p": exponential(a), "q": exponential(b)},
        ),
        Instance(
            "infinite-outside-support",
            (*scope.declarations, *positive("c")),
            KL(AB, exponential(c)),
            (),
            {"low": Minus(ONE), "high": ZERO},
        ),
        Instance(
            "infinite-outside-support",
            scope.declarations,
            KL(AB, exponential(1)),
            (),
            {"low": Minus(TWO), "high": Minus(ONE)},
        ),
        Instance("definition-of-density", scope.declarations, Times(TWO, Density(AB, a)), (1,)),
        Instance(
            "linearity",
            real("a", "c"),
            IntegralOver(
                Times(Plus(Times(a, x), Minus(Quotient(c, TWO)), Power(x, TWO)), decay(x)), x, HALF_LINE
            ),
        ),
        Instance("linearity", vector("real", "v", "w"), SumOver(Plus(vj, Times(TWO, wj)), j, d)),
        Instance(
            "constant-factor",
            real("a"),
            IntegralOver(Times(a, gauss(x), Power(x, TWO)), x, REALS),
        ),
        Instance("constant-factor", vector("real", "v"), SumOver(Minus(Quotient(Times(3, vj), TWO)), j, d)),
        Instance(
            "sum-through-integral",
            vector("real", "v"),
            IntegralOver(Times(gauss(x), SumOver(Times(vj, Power(x, TWO)), j, d)), x, REALS),
        ),
        Instance("merge-sums", vector("real", "v", "w"), Plus(SumOver(vj, j, d), Minus(SumOver(wj, j, d)))),
        Instance(
            "substitution",
            (*real("a"), *positive("b")),
            IntegralOver(Times(gauss(x), Plus(x, ONE)), x, REALS),
            (),
            {"u": u, "g": Plus(Times(b, u), a), "slope": b},
        ),
        Instance(
            "antiderivative",
            positive("a"),
            IntegralOver(decay(Times(a, x)), x, HALF_LINE),
            (),
            {"F": Minus(Quotient(decay(Times(a, x)), a))},
        ),
        Instance(
            "antiderivative",
            (),
            IntegralOver(Power(x, 3), x, UNIT),
            (),
            {"F": Quotient(Power(x, 4), 4)},
        ),
        Instance(
            "boundary-limits",
            real("a"),
            Between(Plus(a, Times(x, decay(x))), x, ZERO, INFINITY),
            (),
            {"lower": a, "upper": a},
        ),
        Instance(
            "integration-by-parts",
            (),
            IntegralOver(Times(x, decay(x)), x, HALF_LINE),
            (),
            {"u": x, "v": Minus(decay(x)), "du": ONE, "dv": decay(x), "rest": Minus(decay(x))},
        ),
        Instance(
            "square-as-double-integral",
            positive("a"),
            Power(IntegralOver(Times(x, decay(Times(a, x))), x, HALF_LINE), TWO),
            (),
            {"y": y},
        ),
        Instance(
            "polar-coordinates",
            positive("a"),
            IntegralOver(
                IntegralOver(Exp(Minus(Times(a, Plus(Power(x, TWO), Power(y, TWO))))), y, REALS), x, REALS
            ),
            (),
            {"r": r, "angle": angle, "k": a},
        ),
        Instance("log-product", positive("a", "b"), Log(Times(a, b, Exp(a)))),
        Instance("log-product-over", vector("positive", "v"), Log(ProductOver(vj, j, d))),
        Instance("combine-logs", positive("a", "b"), Plus(Minus(Log(a)), ONE, Log(b))),
        Instance(
            "laws-of-exponents", real("a", "b"), Quotient(Exp(a), Exp(b)), (), {"to": Exp(Plus(a, Minus(b)))}
        ),
        Instance("arithmetic", positive("a"), Quotient(Power(a, TWO), a), (), {"to": a}),
        Instance("collect", real("a", "b"), Plus(a, b, a), (), {"to": Plus(Times(TWO, a), b)}),
        Instance("add-and-subtract", real("a", "b"), a, (), {"m": b}),
        Instance("cancel", real("a", "b"), Plus(a, Minus(Plus(b, a)))),
        *(
            Instance("lemma", declarations, line, (), bindings, lemmas())
            for declarations, line, bindings in (
                ((), as_term(3), {"lemma": "square-root", "t": as_term(3)}),
                (real("a"), Minus(Exp(a)), {"lemma": "double-minus", "t": Exp(a)}),
                (
                    vector("positive", "w"),
                    SumOver(wj, j, d),
                    {"lemma": "square-roots", "v": w, "d": d, "index": j},
                ),
            )
        ),
    )
    return tuple(
        Instance(i.rule, i.declarations, i.line, i.place, i.bindings, i.lemmas, f"instance {n}")
        for n, i in enumerate(made, 1)
    )


@cache
def lemmas() -> dict[str, Statement]:
    """Small lemmas, proved here, whose conditions are easy to break."""
    root = Chain("square-root", "t is the root of t²", Scope(positive("t"), FAMILIES), t)
    root.apply(RULES["root-of-square"])
    roots = Chain(
        "square-roots", "each is the root", Scope(vector("positive", "v"), FAMILIES), SumOver(vj, j, d)
    )
    roots.apply(RULES["root-of-square"], (0,))
    minus = Chain("double-minus", "a sign", Scope(real("t"), FAMILIES), Minus(t))
    minus.apply(RULES["arithmetic"], to=Times(Minus(ONE), t))
    twice = Chain("twice", "v + v", Scope(vector("real", "v"), FAMILIES), SumOver(vj, j, d))
    twice.apply(RULES["arithmetic"], (0,), to=Quotient(Times(TWO, vj), TWO))
    count = Chain(
        "count", "a sum of ones", Scope((Declaration("d", "natural"),), FAMILIES), SumOver(ONE, j, d)
    )
    count.apply(RULES["arithmetic"], to=d)
    return {chain.id: chain.done().statement for chain in (root, roots, minus, twice, count)}
