"""The kernel accepts no false step: what it must refuse, one test for each way that was tried.

Most of these were accepted once.  Each planted equation is false (or about nothing), rests on an
identity that is true, and lacks one side condition.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from sympy import Dummy, Expr, Symbol, oo, pi

from derive.derivation import CertificateError, Chain, Derivation
from derive.distributions import FAMILIES
from derive.kernel import Equality, Refused, Rewrite, Rule, Step, accept
from derive.rules import RULES
from derive.scope import Declaration, Domain, Family, Scope, ScopeError
from derive.strategies.lemmas import prove
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
    TermError,
    Times,
    as_term,
    symbol,
)
from derive.wellformed import IllFormed, require_well_formed

a, b, d, i, j, k, r, t, u, v, w, x, y = map(symbol, "abdijkrtuvwxy")
theta, rate = symbol("theta"), symbol("lambda")
HALF_LINE = OpenInterval(ZERO, oo)
UNIT = OpenInterval(ZERO, ONE)
NATURAL = Declaration("d", "natural")


def declare(domain: Domain, *names: str, indexed: bool = False) -> tuple[Declaration, ...]:
    return tuple(Declaration(name, domain, indexed) for name in names)


def real(*names: str) -> tuple[Declaration, ...]:
    return declare("real", *names)


def positive(*names: str) -> tuple[Declaration, ...]:
    return declare("positive", *names)


def normal(mean: Expr | int, std: Expr | int) -> Law:
    return Law(Symbol("Normal"), as_term(mean), as_term(std))


def exponential(value: Expr | int) -> Law:
    return Law(Symbol("Exponential"), as_term(value))


def chain(left: Expr | int, *declarations: Declaration, id: str = "test") -> Chain:
    return Chain(id, id, Scope(declarations, FAMILIES), as_term(left))


def refuse(rule: str, work: Chain, *place: int, because: str | None = None, **bindings: Any) -> str:
    """Assert that the kernel refuses this step by name, and return the message."""
    before = list(work.steps)
    with pytest.raises(Refused, match=because) as refusal:
        work.apply(RULES[rule], place, **bindings)
    assert work.steps == before, "a refused step must leave the chain alone"
    assert repr(rule) in str(refusal.value)
    return str(refusal.value)


def refuse_equality(left: Expr | int, right: Expr | int, *declarations: Declaration) -> None:
    """Assert that arithmetic does not lead from one side to the other."""
    refuse("arithmetic", chain(left, *declarations), to=as_term(right))


def mass(family: str) -> Derivation:
    return prove(family, "total-mass")


# -- a step is made by the kernel and by nothing else ----------------------------------------------------


@pytest.fixture
def step() -> Step:
    work = chain(Log(Quotient(a, b)), *positive("a", "b"))
    work.apply(RULES["log-quotient"])
    return work.steps[0]


def test_a_step_cannot_be_built_by_hand(step: Step) -> None:
    fields = {f.name: getattr(step, f.name) for f in dataclasses.fields(step)}
    with pytest.raises(TypeError):
        Step(**fields)
    with pytest.raises(TypeError, match="made by the kernel"):
        Step(**fields, seal=object())
    with pytest.raises(TypeError, match="made by the kernel"):
        Step(**fields, seal=None)


def test_replace_cannot_rewrite_a_step(step: Step) -> None:
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(step, after=ZERO)
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(step, after=ZERO, seal=None)


def test_a_step_is_frozen(step: Step) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        step.after = ZERO  # type: ignore[misc]
    assert copy.copy(step) == step


def test_a_derivation_of_steps_that_do_not_meet_is_refused(step: Step) -> None:
    with pytest.raises(CertificateError, match="does not start from the line before it"):
        Derivation("x", "x", Scope(positive("a", "b"), {}), ZERO, (step,))


# -- names and declarations --------------------------------------------------------------------------------


BAD_NAMES = ("\\input{x}", "<script>", "a b", "", "1x", "x\n", "x" * 33, "é", "_x", "x-1", "{x}", "x;y", "∞")


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_no_identifier_is_refused(name: str) -> None:
    """What reaches LaTeX, HTML and code later are letters, digits and underscores only."""
    with pytest.raises(ScopeError, match="cannot be a parameter name"):
        Declaration(name, "real")
    with pytest.raises(TermError, match="is not a name"):
        symbol(name)


def test_the_same_name_twice_is_refused() -> None:
    with pytest.raises(ScopeError, match="the name sigma is used twice"):
        Scope((*real("sigma"), *positive("sigma")), FAMILIES)


@pytest.mark.parametrize("domain", ["complex", "", "Positive", "integer"])
def test_an_unknown_domain_is_refused(domain: str) -> None:
    with pytest.raises(ScopeError, match="a domain is one of"):
        Declaration("mu", domain)  # type: ignore[arg-type]


def test_a_symbol_with_assumptions_is_refused() -> None:
    """positive=True inside a symbol would make side conditions vanish unseen; a Dummy has no name."""
    for bad in (Symbol("x", positive=True), Dummy("x")):
        with pytest.raises(TermError, match="carries assumptions"):
            Plus(bad, ONE)


@pytest.mark.parametrize("bad", [1.5, "x", True, None, 1j, Symbol("x") + 1, Log], ids=repr)
def test_what_is_no_term_is_refused(bad: object) -> None:
    """Floats, text and evaluated SymPy expressions never enter."""
    with pytest.raises(TermError):
        as_term(bad)


def test_an_unknown_family_is_named() -> None:
    law = Law(Symbol("Cauchy"), ZERO)
    refuse("definition-of-kl", chain(KL(law, law)), because="no family 'Cauchy'", x=x)


def test_a_family_with_the_wrong_number_of_parameters_is_refused() -> None:
    law = Law(Symbol("Normal"), ZERO)
    refuse("definition-of-kl", chain(KL(law, law)), because="Normal takes mu, sigma", x=x)


def test_a_rule_without_its_bindings_is_refused() -> None:
    refuse("definition-of-kl", chain(KL(normal(0, 1), normal(0, 1))), because="binding")


def test_a_step_that_changes_nothing_is_refused() -> None:
    refuse("arithmetic", chain(a, *real("a")), because="does not change", to=a)


@pytest.mark.parametrize("place", [(5,), (-1,), (0, 0, 0)])
def test_a_place_that_is_not_there_is_refused(place: tuple[int, ...]) -> None:
    refuse("arithmetic", chain(Plus(a, ONE), *real("a")), *place, because="no place", to=ZERO)


def test_a_family_whose_density_mentions_another_symbol_is_refused() -> None:
    """Else p(x) would secretly depend on what happens to be called y outside."""
    with pytest.raises(ScopeError, match="no parameter"):
        Family("F", (), x, REALS, Times(y, Exp(Minus(Power(x, TWO)))))


def test_a_family_whose_parameter_is_its_variable_is_refused() -> None:
    with pytest.raises(ScopeError, match="different names"):
        Family("F", real("x"), x, REALS, Exp(x))


def test_a_lemma_about_another_family_of_the_same_name_is_refused() -> None:
    shipped = FAMILIES["Normal"]
    doubled = Family("Normal", shipped.parameters, x, REALS, Times(TWO, shipped.density))
    lemma = Chain("lemma", "", Scope(real("x"), {"Normal": doubled}), Density(normal(0, 1), x))
    lemma.apply(RULES["definition-of-density"])
    with pytest.raises(CertificateError, match="another definition of Normal"):
        chain(Density(normal(0, 1), x), *real("x")).cite(lemma.done())


# -- positivity: σ > 0 and its like ----------------------------------------------------------------------


def test_kl_needs_a_positive_standard_deviation() -> None:
    """Declared merely real: the error names the rule, the condition and the parameter."""
    p, q = normal(a, b), normal(ZERO, ONE)
    message = refuse("definition-of-kl", chain(KL(p, q), *real("a", "b")), because="'positive'", x=x)
    assert "definition-of-kl" in message
    assert "b" in message
    chain(KL(p, q), *real("a"), *positive("b")).apply(RULES["definition-of-kl"], x=x)


@pytest.mark.parametrize("std", [ZERO, Minus(ONE), Plus(a, Minus(a)), a])
def test_no_density_without_a_positive_standard_deviation(std: Expr) -> None:
    """N(0, −1) "has" a density that is negative when opened: 0 = 1 followed from it."""
    p = Density(normal(ZERO, std), x)
    refuse("definition-of-density", chain(p, *real("x", "a")), because="'positive'")
    refuse("root-of-square", chain(p, *real("x", "a")), because="'positive'")


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("log-quotient", Log(Quotient(a, b))),
        ("log-reciprocal", Log(Quotient(ONE, a))),
        ("log-root", Log(Root(a))),
        ("log-as-log-square", Log(a)),
        ("root-square", Power(Root(a), TWO)),
        ("root-of-square", a),
        ("log-product", Log(Times(a, b))),
        ("combine-logs", Plus(Log(a), Minus(Log(b)))),
    ],
)
def test_laws_of_logarithm_and_root_need_positive_arguments(rule: str, left: Expr) -> None:
    """log(ab) = log a + log b is false for two negative numbers; √(a²) = a for one."""
    chain(left, *positive("a", "b")).apply(RULES[rule])
    refuse(rule, chain(left, *real("a", "b")))


def test_log_of_a_product_over_an_index_needs_positive_factors() -> None:
    product = Log(ProductOver(Component(v, j), j, d))
    chain(product, NATURAL, *declare("positive", "v", indexed=True)).apply(RULES["log-product-over"])
    refuse("log-product-over", chain(product, NATURAL, *declare("real", "v", indexed=True)))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (ZERO, ONE),
        (pi, 3),
        (Root(Power(x, TWO)), x),
        (Quotient(x, x), ONE),
        (Times(ZERO, Quotient(ONE, x)), ZERO),
        (Times(ZERO, Log(x)), ZERO),
        (Quotient(Plus(x, Minus(x)), Plus(x, Minus(x))), ONE),
        (Log(Power(x, TWO)), Times(TWO, Log(x))),
        (Root(ZERO), ONE),
        (Power(ZERO, HALF), ONE),
        (Root(Power(Plus(x, Minus(x)), TWO)), ONE),
        (Power(ZERO, ZERO), ONE),
        (Times(Root(-1), Root(-1)), -1),
        (Power(Power(-2, TWO), HALF), -2),
        (Quotient(ONE, ZERO), ZERO),
        (Log(ZERO), ZERO),
        (Plus(oo, Minus(oo)), ZERO),
        (Times(ZERO, oo), ZERO),
    ],
    ids=str,
)
def test_what_is_false_or_undefined_for_some_real_x_is_refused(left: Expr, right: Expr) -> None:
    refuse_equality(left, right, *real("x"))


def test_arithmetic_uses_no_law_of_the_logarithm() -> None:
    """A law of the logarithm has a name of its own; under the name of arithmetic it is refused."""
    refuse_equality(Log(Times(a, b)), Plus(Log(a), Log(b)), *positive("a", "b"))
    refuse_equality(Log(Exp(a)), a, *real("a"))
    refuse_equality(Times(Exp(a), Exp(b)), Exp(Plus(a, b)), *real("a", "b"))


@pytest.mark.parametrize(
    "line",
    [
        Plus(Quotient(ONE, ZERO), Log(ONE)),
        Plus(Log(-1), Log(ONE)),
        Plus(Root(-1), Log(ONE)),
        Plus(Log(a), Log(ONE)),
        Plus(Quotient(ONE, a), Log(ONE)),
    ],
    ids=str,
)
def test_a_line_with_an_undefined_corner_is_refused(line: Expr) -> None:
    """1/0 in a place that no rule looks at: the line says nothing about numbers."""
    refuse("log-one", chain(line, *real("a")), 1)


# -- names bound and free ----------------------------------------------------------------------------------


def test_an_undeclared_symbol_is_refused() -> None:
    z = symbol("z")
    refuse("definition-of-kl", chain(KL(normal(z, 1), normal(0, 1))), because="z", x=x)


def test_the_variable_of_a_divergence_may_not_be_a_parameter() -> None:
    """KL(N(x,1) ‖ N(0,1)) = x²/2, but ∫ N(x; x,1) log … dx diverges."""
    p, q = normal(x, 1), normal(0, 1)
    refuse("definition-of-kl", chain(KL(p, q), *real("x")), x=x)
    ratio = Log(Quotient(Density(p, x), Density(q, x)))
    opened = IntegralOver(Times(Density(p, x), ratio), x, REALS)
    refuse("recognise-kl", chain(opened, *real("x")), p=p, q=q)


def test_the_index_of_a_product_law_may_not_be_the_variable() -> None:
    p = ProductLaw(normal(Component(v, j), 1), j, d)
    declarations = (NATURAL, *declare("real", "v", indexed=True))
    refuse("definition-of-kl", chain(KL(p, p), *declarations), x=j)


def test_polar_coordinates_need_two_variables() -> None:
    """∬ e^{−(x²+x²)} dx dx, the outer x idle, is infinite."""
    body = Exp(Minus(Plus(Power(x, TWO), Power(x, TWO))))
    work = chain(IntegralOver(IntegralOver(body, x, REALS), x, REALS))
    refuse("polar-coordinates", work, r=r, angle=theta, k=ONE)


@pytest.mark.parametrize("rate", [Minus(ONE), ZERO, a])
def test_polar_coordinates_need_the_right_profile(rate: Expr) -> None:
    """e^{+(x²+y²)} is not integrable; e^{−(x²+2y²)} is not a function of the radius."""
    square = Plus(Power(x, TWO), Power(y, TWO))
    body = Exp(Minus(Times(rate, square)))
    work = chain(IntegralOver(IntegralOver(body, y, REALS), x, REALS), *real("a"))
    refuse("polar-coordinates", work, r=r, angle=theta, k=rate)
    lopsided = Exp(Minus(Plus(Power(x, TWO), Times(TWO, Power(y, TWO)))))
    work = chain(IntegralOver(IntegralOver(lopsided, y, REALS), x, REALS))
    refuse("polar-coordinates", work, because="x² \\+ y²", r=r, angle=theta, k=ONE)


def test_the_square_of_an_integral_needs_a_new_variable() -> None:
    square = Power(IntegralOver(Exp(Minus(Power(x, TWO))), x, REALS), TWO)
    refuse("square-as-double-integral", chain(square), 0, y=x)
    refuse("square-as-double-integral", chain(square), y=x)
    captured = Power(IntegralOver(Exp(Minus(x)), x, OpenInterval(ZERO, x)), TWO)
    refuse("square-as-double-integral", chain(captured), y=y)


def test_the_place_of_a_rule_is_no_binder_and_no_family_name() -> None:
    refuse("arithmetic", chain(IntegralOver(x, x, UNIT)), 1, because="variable", to=y)
    p = Density(normal(0, 1), x)
    refuse("root-of-square", chain(p, *real("x"), *positive("Normal")), 0, 0, because="family")


# -- lemmas put to use ----------------------------------------------------------------------------------


def proved(work: Chain, to: Expr) -> Derivation:
    work.apply(RULES["arithmetic"], to=to)
    return work.done()


def test_a_lemma_is_not_used_outside_its_domain() -> None:
    """a/a = 1 for positive a; σ := −1, σ := 0 and a real number are refused."""
    lemma = proved(chain(Quotient(a, a), *positive("a"), id="lemma"), ONE)
    for value in (ZERO, as_term(-1), b):
        work = chain(Quotient(value, value), *real("b"))
        work.cite(lemma)
        refuse("lemma", work, lemma="lemma", a=value)


def test_the_bindings_of_a_lemma_are_put_in_all_at_once() -> None:
    """v_j := a, a := −1: one after the other the vector becomes −1, and d = −d follows."""
    rooted = SumOver(Root(Power(Component(v, k), TWO)), k, d)
    declarations = (*declare("positive", "v", indexed=True), NATURAL, *real("a"))
    lemma = proved(chain(rooted, *declarations, id="lemma"), SumOver(Component(v, k), k, d))
    work = chain(d, NATURAL, *positive("a"))
    work.cite(lemma)
    refuse("lemma", work, lemma="lemma", v=a, d=d, a=as_term(-1), index=i)


def test_a_vector_put_into_a_lemma_is_not_captured() -> None:
    """Σ_k ∫_0^1 v_k dx = Σ_k v_k; with v_k := x the left side would read Σ_k ∫_0^1 x dx = d/2."""
    left = SumOver(IntegralOver(Component(v, k), x, UNIT), k, d)
    declarations = (*declare("real", "v", indexed=True), NATURAL)
    lemma = proved(chain(left, *declarations, id="lemma"), SumOver(Component(v, k), k, d))
    work = chain(SumOver(IntegralOver(y, y, UNIT), k, d), *real("x"), NATURAL)
    work.cite(lemma)
    refuse("lemma", work, because="capture", lemma="lemma", v=x, d=d, index=i)


def test_a_vector_that_stands_alone_in_a_lemma_is_not_left_behind() -> None:
    """p(v) = Π p(v_j) with v_j := w_j must not become p(v) = Π p(w_j)."""
    law = ProductLaw(normal(0, 1), j, d)
    vectors = declare("real", "v", "w", indexed=True)
    lemma = chain(Density(law, v), *vectors[:1], NATURAL, id="lemma")
    try:
        lemma.apply(RULES["definition-of-density"])
    except Refused:
        return  # a density of a declared vector is not a line at all: as good
    work = chain(Density(law, v), *vectors, NATURAL)
    work.cite(lemma.done())
    refuse("lemma", work, lemma="lemma", v=w, d=d, index=i)


def test_a_lemma_that_is_not_cited_is_refused() -> None:
    refuse("lemma", chain(ONE), because="no lemma", lemma="total-mass")


def test_an_instance_of_another_lemma_is_refused() -> None:
    """The variance lemma does not give the mean."""
    variance = prove("Normal", "variance")
    mean = IntegralOver(Times(Density(normal(a, b), x), Plus(x, Minus(a))), x, REALS)
    work = chain(mean, *real("a"), *positive("b"))
    work.cite(variance)
    refuse("lemma", work, because="'equal'", lemma=variance.id, mu=a, sigma=b)


# -- support ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", [x, as_term(-1), Minus(a)], ids=str)
def test_a_density_is_not_opened_outside_its_support(point: Expr) -> None:
    """The exponential density at a negative point is 0, not λ e^{−λx}."""
    p = Density(exponential(ONE), point)
    work = chain(p, *real("x"), *positive("a"))
    refuse("definition-of-density", work, because="'in the support'")


def test_a_density_is_not_integrated_outside_its_support() -> None:
    """∫_{−1}^0 p = 0 for the exponential; the formula would give e^λ − 1."""
    body = Density(exponential(rate), x)
    work = chain(IntegralOver(body, x, OpenInterval(-1, ZERO)), *positive("lambda"))
    refuse("antiderivative", work, F=Minus(Exp(Minus(Times(rate, x)))))


def test_kl_needs_absolute_continuity() -> None:
    """p = N has mass where q = Exponential has none: +∞, never a formula."""
    kl = KL(normal(0, 1), exponential(1))
    message = refuse("definition-of-kl", chain(kl), x=x)
    assert "absolutely continuous" in message
    work = chain(kl)
    assert work.apply(RULES["infinite-outside-support"], low=as_term(-1), high=ZERO) == oo


@pytest.mark.parametrize(
    ("low", "high"), [(ZERO, -1), (-1, 1), (1, 2), (-1, -1), (ZERO, ZERO), (oo, Minus(oo)), (oo, oo)]
)
def test_infinite_kl_needs_a_witness(low: Any, high: Any) -> None:
    """An interval of positive length where p has mass and q has none."""
    work = chain(KL(normal(0, 1), exponential(1)))
    refuse("infinite-outside-support", work, low=as_term(low), high=as_term(high))


def test_infinity_is_a_whole_line_or_nothing() -> None:
    """0 = KL − KL = ∞ − ∞ says nothing."""
    kl = KL(normal(0, 1), exponential(1))
    for line in (Plus(kl, ONE), Minus(kl), Exp(Minus(kl)), Times(ZERO, kl)):
        place = line.args.index(kl) if kl in line.args else None
        path = (place,) if place is not None else (0, 0)
        refuse("infinite-outside-support", chain(line), *path, low=as_term(-1), high=ZERO)
    refuse_equality(ZERO, Plus(kl, Minus(kl)))


# -- integrals ------------------------------------------------------------------------------------------


def test_an_antiderivative_does_not_cross_a_singularity() -> None:
    """∫_{−1}^1 x^{−2} dx is infinite, −1/x would give −2; 1/x has log|x| on neither side."""
    over = OpenInterval(-1, ONE)
    refuse("antiderivative", chain(IntegralOver(Power(x, -2), x, over)), F=Minus(Quotient(ONE, x)))
    refuse("antiderivative", chain(IntegralOver(Quotient(ONE, x), x, over)), F=Log(x))
    refuse("antiderivative", chain(IntegralOver(Quotient(ONE, x), x, UNIT)), F=Log(x))
    refuse("antiderivative", chain(IntegralOver(Power(x, -2), x, UNIT)), F=Minus(Quotient(ONE, x)))


def test_the_integral_of_a_square_is_not_zero() -> None:
    """∫ x² over (−1, 1) = 0 was proved by a step-by-step system on the market."""
    work = chain(IntegralOver(Power(x, TWO), x, OpenInterval(-1, ONE)))
    refuse("arithmetic", work, to=ZERO)
    refuse("antiderivative", work, F=ZERO)
    refuse("antiderivative", work, F=Quotient(Power(x, TWO), TWO))
    work.apply(RULES["antiderivative"], F=Quotient(Power(x, 3), as_term(3)))
    third = Quotient(ONE, as_term(3))
    refuse("boundary-limits", work, lower=third, upper=third)
    refuse("boundary-limits", work, lower=Minus(third), upper=Minus(third))
    work.apply(RULES["boundary-limits"], lower=Minus(third), upper=third)


REVERSED = [
    (ONE, ZERO),
    (ONE, as_term(-1)),
    (ZERO, as_term(-1)),
    (a, a),
    (b, a),
    (oo, Minus(oo)),
    (ZERO, Minus(oo)),
]


@pytest.mark.parametrize(("low", "high"), REVERSED, ids=str)
def test_an_interval_has_to_run_upwards(low: Expr, high: Expr) -> None:
    """∫_1^0 x dx was positive by its body and negative by its ends: 0 = 1."""
    over = IntegralOver(Exp(Minus(Power(x, TWO))), x, OpenInterval(low, high))
    refuse("root-of-square", chain(over, *real("a", "b")))
    work = chain(IntegralOver(x, x, OpenInterval(low, high)), *real("a", "b"))
    refuse("antiderivative", work, F=Quotient(Power(x, TWO), TWO))


@pytest.mark.parametrize(
    "integrand",
    [ONE, x, Exp(x), Exp(Minus(x)), Power(x, TWO), Exp(Power(x, TWO)), Exp(Minus(Power(x, 3))), ZERO + 5],
    ids=str,
)
def test_a_divergent_integral_over_the_line_is_refused(integrand: Expr) -> None:
    """Neither a constant nor a power nor e^x is integrable over the line."""
    work = chain(IntegralOver(Times(TWO, integrand), x, REALS))
    refuse("constant-factor", work, because="'integrable'")
    refuse("linearity", chain(IntegralOver(Plus(integrand, Exp(Minus(Power(x, TWO)))), x, REALS)))


def test_a_convergent_integral_is_not_split_into_infinities() -> None:
    """∫_0^∞ (e^x − (e^x − e^{−x})) dx = 1 must not become ∞ − ∞."""
    up, down = Exp(x), Exp(Minus(x))
    whole = IntegralOver(Plus(up, Minus(Plus(up, Minus(down)))), x, HALF_LINE)
    parts = (IntegralOver(up, x, HALF_LINE), IntegralOver(Plus(up, Minus(down)), x, HALF_LINE))
    refuse("arithmetic", chain(whole), to=Plus(parts[0], Minus(parts[1])))
    refuse("linearity", chain(whole))
    refuse_equality(Quotient(parts[0], parts[0]), ONE)
    edge = Between(Plus(x, Minus(x), down), x, ZERO, oo)
    split = Plus(Between(Plus(x, down), x, ZERO, oo), Minus(Between(x, x, ZERO, oo)))
    refuse("arithmetic", chain(edge), to=split)


def test_an_essential_singularity_at_an_end_is_not_integrable() -> None:
    """e^{1/x} grows faster than any power at 0."""
    wild = Times(x, Exp(Quotient(ONE, x)))
    refuse("linearity", chain(IntegralOver(Plus(wild, Minus(wild), x), x, UNIT)))
    refuse("constant-factor", chain(IntegralOver(Times(TWO, wild), x, UNIT)))


def test_an_inner_interval_that_moves_is_not_taken_for_a_rectangle() -> None:
    """∫_0^∞ ∫_0^x e^y e^{−x/2} dy dx is infinite although each factor is integrable on its own."""
    body = Times(Exp(y), Exp(Minus(Quotient(x, TWO))))
    moving = IntegralOver(IntegralOver(body, y, OpenInterval(ZERO, x)), x, HALF_LINE)
    flipped = IntegralOver(IntegralOver(Times(*reversed(body.args)), y, OpenInterval(ZERO, x)), x, HALF_LINE)
    refuse("arithmetic", chain(moving), to=flipped)


GAUSSIAN = IntegralOver(Exp(Minus(Power(x, TWO))), x, REALS)


@pytest.mark.parametrize(
    ("g", "slope"),
    [
        (Power(u, 3), Times(3, Power(u, TWO))),  # slope 0 at 0
        (Power(u, TWO), Times(TWO, u)),  # not injective, not onto
        (Minus(u), as_term(-1)),  # falls
        (Minus(u), ONE),  # wrong slope
        (Times(TWO, u), ONE),  # wrong slope
        (Exp(u), Exp(u)),  # not onto
        (Times(a, u), a),  # a of unknown sign
        (ONE, ZERO),  # constant
        (Times(TWO, x), TWO),  # in the old variable
    ],
    ids=str,
)
def test_a_substitution_is_increasing_and_onto(g: Expr, slope: Expr) -> None:
    refuse("substitution", chain(GAUSSIAN, *real("a")), u=u, g=g, slope=slope)


def test_a_substitution_does_not_capture() -> None:
    inner = Times(Exp(Minus(Power(x, TWO))), IntegralOver(Times(u, x, x), u, UNIT))
    refuse("substitution", chain(IntegralOver(inner, x, REALS)), u=u, g=Times(TWO, u), slope=TWO)
    shifted = IntegralOver(Exp(Minus(Power(Plus(x, Minus(u)), TWO))), x, REALS)
    refuse("substitution", chain(shifted, *real("u")), u=u, g=Times(TWO, u), slope=TWO)


def test_a_component_is_no_function_of_its_index() -> None:
    """d v_x/dx = 1 made b − a = v_b − v_a for every vector v."""
    work = chain(
        IntegralOver(ONE, x, OpenInterval(ZERO, ONE)), *real("a", "b"), *declare("real", "v", indexed=True)
    )
    refuse("antiderivative", work, F=Component(v, x))


@pytest.mark.parametrize(
    ("body", "low", "high", "lower", "upper"),
    [
        (Exp(Quotient(ONE, x)), ONE, oo, Exp(ONE), Exp(Quotient(ONE, x))),  # mentions the variable
        (Exp(Quotient(ONE, x)), ONE, oo, Exp(ONE), ZERO),
        (x, ZERO, oo, ZERO, ZERO),  # no limit
        (Exp(x), ZERO, oo, ONE, ZERO),
        (Log(x), ZERO, ONE, ZERO, ZERO),
        (Quotient(ONE, x), ZERO, ONE, ZERO, ONE),
        (Exp(Minus(x)), ZERO, oo, ZERO, ZERO),  # another limit
        (Exp(Minus(x)), ZERO, oo, ONE, ONE),
        (Exp(Minus(x)), Minus(oo), ZERO, ZERO, ONE),
    ],
    ids=str,
)
def test_a_boundary_limit_exists_and_is_the_one_stated(
    body: Expr, low: Expr, high: Expr, lower: Expr, upper: Expr
) -> None:
    refuse("boundary-limits", chain(Between(body, x, low, high)), lower=lower, upper=upper)


def test_a_limit_does_not_pass_under_the_integral_sign() -> None:
    """∫_0^∞ y e^{−yt} dt = 1 for every y > 0, but the integrand at y = 0 is 0."""
    inner = IntegralOver(Density(exponential(y), t), t, HALF_LINE)
    at_one = IntegralOver(Exp(Minus(t)), t, HALF_LINE)
    refuse("boundary-limits", chain(Between(inner, y, ZERO, ONE)), lower=ZERO, upper=at_one)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("du", TWO), ("dv", Minus(x)), ("rest", ZERO), ("u", Power(x, TWO)), ("v", Exp(Minus(x)))],
)
def test_integration_by_parts_checks_each_part(name: str, wrong: Expr) -> None:
    """∫_0^∞ x e^{−x} dx with u = x, v = −e^{−x}."""
    down = Exp(Minus(x))
    parts = {"u": x, "v": Minus(down), "du": ONE, "dv": down, "rest": Minus(down)}
    body = IntegralOver(Times(x, down), x, HALF_LINE)
    chain(body).apply(RULES["integration-by-parts"], **parts)
    refuse("integration-by-parts", chain(body), **{**parts, name: wrong})


# -- sums and product spaces ------------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", [ZERO, as_term(-1), HALF, a, Quotient(d, TWO), as_term(3)], ids=str)
def test_a_sum_runs_to_a_natural_number(dimension: Expr) -> None:
    """Σ_{j=1}^{−1} 1 is not −1, and Σ_{j=1}^0 v_j is not positive."""
    total = SumOver(Component(v, j), j, dimension)
    declarations = (NATURAL, *real("a"), *declare("positive", "v", indexed=True))
    refuse_equality(Quotient(total, total), ONE, *declarations)
    refuse_equality(Plus(SumOver(ONE, j, dimension), a), Plus(dimension, a, ZERO), *declarations)


def test_products_over_different_ranges_are_different() -> None:
    """Π over d/e and over d shared a name, so did the laws."""
    e = symbol("e")
    left, right = (ProductOver(TWO, j, n) for n in (Quotient(d, e), d))
    refuse_equality(left, right, NATURAL, *declare("natural", "e"))
    left, right = (ProductOver(TWO, j, n) for n in (e, d))
    refuse_equality(left, right, NATURAL, *declare("natural", "e"))


def test_an_integral_of_two_sums_is_not_one_sum() -> None:
    """E[(Σ x_j)(Σ x_j²)] is a double sum; one shared index made it d Σ E[x_j³]."""
    law = ProductLaw(normal(0, 1), j, d)
    space = ProductSpace(REALS, j, d)
    p = Density(law, x)
    first, second = SumOver(Component(x, j), j, d), SumOver(Power(Component(x, j), TWO), j, d)
    cubes = SumOver(IntegralOver(Times(p, Power(Component(x, j), 3)), x, space), j, d)
    refuse_equality(IntegralOver(Times(p, first, second), x, space), Times(d, cubes), NATURAL)


def marginal(function: Expr, law: Expr, *declarations: Declaration) -> Chain:
    space = ProductSpace(REALS, j, d)
    work = chain(IntegralOver(Times(Density(law, x), function), x, space), NATURAL, *declarations)
    work.cite(mass("Normal"))
    return work


def test_marginalisation_sees_one_coordinate_only() -> None:
    """E[(Σ x_j)²] = d, not d² E[t²]: an index bound inside is no coordinate."""
    standard = ProductLaw(normal(0, 1), j, d)
    total = SumOver(Component(x, k), k, d)
    product = ProductOver(Power(Component(x, k), TWO), k, d)
    for function in (Times(total, total), total, product):
        refuse("marginalisation", marginal(function, standard), t=t, lemma=mass("Normal").id)


def marginal_under_sum(law: Expr, *declarations: Declaration) -> Chain:
    """Σ_k ∫ p(x) x_k² dx: a coordinate with an index that is bound."""
    space = ProductSpace(REALS, j, d)
    body = IntegralOver(Times(Density(law, x), Power(Component(x, k), TWO)), x, space)
    work = chain(SumOver(body, k, d), NATURAL, *declarations)
    work.cite(mass("Normal"))
    return work


def test_marginalisation_needs_a_new_variable_and_a_proper_law() -> None:
    """t := a parameter is captured; with σ = −1 the other factors integrate to −1 each."""
    lemma = mass("Normal").id
    shifted = ProductLaw(normal(t, 1), j, d)
    refuse("marginalisation", marginal_under_sum(shifted, *real("t")), 0, t=t, lemma=lemma)
    mirrored = ProductLaw(normal(0, -1), j, d)
    refuse("marginalisation", marginal_under_sum(mirrored), 0, t=t, lemma=lemma)
    own = ProductLaw(normal(Component(x, j), 1), j, d)
    vector = declare("real", "x", indexed=True)
    refuse("marginalisation", marginal_under_sum(own), 0, t=t, lemma=lemma)
    refuse("marginalisation", marginal_under_sum(own, *vector), 0, t=t, lemma=lemma)


def test_marginalisation_needs_the_mass_of_that_very_family() -> None:
    """The exponential integrates to 1 as well, but says nothing of the normal."""
    standard = ProductLaw(normal(0, 1), j, d)
    work = marginal_under_sum(standard)
    work.cite(mass("Exponential"))
    work.cite(prove("Normal", "mean"))
    for lemma in (mass("Exponential").id, prove("Normal", "mean").id, "nothing"):
        refuse("marginalisation", work, 0, t=t, lemma=lemma)
    work.apply(RULES["marginalisation"], (0,), t=t, lemma=mass("Normal").id)


@pytest.mark.parametrize("index", [k, a, d, symbol("e")], ids=str)
def test_a_coordinate_has_an_index_within_the_dimension(index: Symbol) -> None:
    """x_k with k free, real, or beyond d does not exist."""
    standard = ProductLaw(normal(0, 1), j, d)
    declarations = (*real("a"), *declare("natural", "k", "e"))
    work = marginal(Power(Component(x, index), TWO), standard, *declarations)
    refuse("marginalisation", work, t=t, lemma=mass("Normal").id)


def test_a_sum_over_another_dimension_is_no_sum_over_the_coordinates() -> None:
    """Σ_{k≤e} x_k² for x in R^d: e need not be d."""
    e = symbol("e")
    standard = ProductLaw(normal(0, 1), j, d)
    squares = SumOver(Power(Component(x, k), TWO), k, e)
    work = marginal(squares, standard, *declare("natural", "e"))
    refuse("sum-through-integral", work)


def test_a_vector_is_no_number() -> None:
    space = ProductSpace(REALS, j, d)
    body = Exp(Minus(Power(x, TWO)))
    work = chain(IntegralOver(Times(x, body), x, space), NATURAL)
    refuse("arithmetic", work, because="vector", to=IntegralOver(Times(body, x), x, space))


def test_coordinates_over_different_spaces_do_not_lend_each_other_positivity() -> None:
    """x_k over (0,∞)^d is positive; over R^d √(x_k²) is not x_k."""
    law = ProductLaw(normal(0, 1), j, d)

    def mean(space: Expr, function: Callable[[Expr], Expr]) -> Expr:
        body = Times(Density(law, x), function(Component(x, k)))
        return SumOver(IntegralOver(body, x, ProductSpace(space, j, d)), k, d)

    low = mean(HALF_LINE, lambda c: c)
    rooted, plain = mean(REALS, lambda c: Root(Power(c, TWO))), mean(REALS, lambda c: c)
    refuse_equality(Plus(low, rooted), Plus(low, plain), NATURAL)


# -- size ------------------------------------------------------------------------------------------------


def nest(wrap: Callable[[Expr], Expr], times: int, core: Expr) -> Expr:
    for _ in range(times):
        core = wrap(core)
    return core


MANY = [symbol(f"a{n}") for n in range(60)]
TOO_MUCH = {
    "a tower of powers": nest(lambda z: Power(z, 64), 6, TWO),
    "a symbol in a tower": nest(lambda z: Power(z, 64), 11, a),
    "28 squarings": nest(lambda z: Power(z, TWO), 28, Plus(a, ONE)),
    "a power of a long sum": Power(Plus(*MANY[:8]), 64),
    "a power of many roots": Power(Plus(*(Root(p) for p in (2, 3, 5, 7, 11, 13, 17, 19, 23)), ONE), 64),
    "many denominators": Plus(*(Quotient(ONE, Plus(ONE, Power(z, 8))) for z in MANY[:40])),
    "a product of many sums": Times(*(Plus(MANY[n], MANY[n + 1]) for n in range(0, 44, 2))),
    "a product of large numbers": Times(*[as_term(10**40)] * 5000),
    "a large number to factor": Root(Times(10**39 + 3, 10**39 + 9)),
    "a large polynomial to factor": Quotient(
        ONE, Plus(Power(a, 64), Power(b, 64), Power(Plus(a, b, ONE), 40), ONE)
    ),
    "more symbols than generators": Plus(*MANY),
    "a deep term": nest(Minus, 5000, ONE),
    "a huge exponent": Power(a, 10**40),
    "a tower of exponentials": nest(Exp, 55, a),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_is_too_large_is_refused_and_not_computed(name: str) -> None:
    """FLINT aborts the process when memory runs out: the caps have to come first."""
    refuse_equality(TOO_MUCH[name], ONE, *positive("a", "b", *(z.name for z in MANY)))


def _rewrites(after: Expr, equality: Equality) -> Rule:
    """A rule that writes something else, and says how it is equal."""
    return Rule("planted", "", "", lambda *_: Rewrite(after, (), equality))


def test_what_an_unequal_rewriting_leaves_behind_is_not_remembered() -> None:
    """An integral that a refused step made from a convergent one is still to be proved convergent."""
    bell = Exp(Minus(Power(x, TWO)))
    before = IntegralOver(bell, x, REALS)
    flat = IntegralOver(ONE, x, REALS)
    scope = Scope((), FAMILIES)
    equalities: tuple[Equality, ...] = ("normal form", "field", "opened")
    for equality in equalities:
        with pytest.raises(Refused, match="not equal"):
            accept(_rewrites(ONE, equality), before, (0,), {}, scope, {})
        with pytest.raises(IllFormed, match="integrable"):
            require_well_formed(flat, scope)


def test_only_integrals_above_the_place_keep_their_convergence() -> None:
    """A rewriting that brings in an integral of its own has to show that it converges."""
    bell = Exp(Minus(Power(x, TWO)))
    before = IntegralOver(bell, x, REALS)
    within = Times(bell, Quotient(IntegralOver(ONE, y, REALS), IntegralOver(ONE, y, REALS)))
    with pytest.raises(Refused, match="integrable"):
        accept(_rewrites(within, "conditions"), before, (0,), {}, Scope((), FAMILIES), {})
    with pytest.raises(Refused, match="integrable"):
        accept(_rewrites(IntegralOver(ONE, x, REALS), "conditions"), before, (), {}, Scope((), FAMILIES), {})


def test_a_natural_parameter_of_a_law_has_to_be_declared_natural() -> None:
    """No shipped family has one; the first that does is held to it."""
    counted = Family("Counted", (Declaration("n", "natural"),), x, REALS, Exp(Minus(Power(x, TWO))))
    scope = Scope((Declaration("m", "natural"), Declaration("r", "real")), {"Counted": counted})
    require_well_formed(IntegralOver(Density(Law(Symbol("Counted"), symbol("m")), x), x, REALS), scope)
    for argument in (symbol("r"), HALF, Minus(ONE)):
        with pytest.raises(IllFormed, match="natural"):
            require_well_formed(IntegralOver(Density(Law(Symbol("Counted"), argument), x), x, REALS), scope)
