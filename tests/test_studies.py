"""Studies: derivatives, values and conclusions, held against numbers and against faults."""

from __future__ import annotations

import copy
import json
import random
from dataclasses import replace
from typing import Any

import pytest
from sympy import Expr

from derive.catalogue import DIVERGENCES, IDS, result
from derive.checker import check
from derive.codec import encode
from derive.derivation import CertificateError, Chain, Derivation, certificate, dumps, replay
from derive.distributions import DISTRIBUTIONS, FAMILIES
from derive.evidence import sampling
from derive.evidence.dual import Dual
from derive.kernel import Conclusion, Condition, Refused, Rewrite, accept, conclude
from derive.rules import RULES
from derive.scope import Declaration, Scope, ScopeError
from derive.stated import stated
from derive.studies import STUDIES
from derive.terms import (
    HALF,
    INFINITY,
    KL,
    ONE,
    REALS,
    TWO,
    ZERO,
    DerivativeIn,
    Exp,
    Log,
    Minus,
    OpenInterval,
    Plus,
    Power,
    Quotient,
    Root,
    TermError,
    Times,
    ValueAt,
    as_term,
    substitute,
    symbol,
)
from derive.wellformed import IllFormed, require_well_formed

NORMAL = DISTRIBUTIONS["Normal"]
STUDIED = [d for study in STUDIES for d in result(study.id).derivations()]
mu, sigma, s, v, t, n = (symbol(name) for name in ("mu", "sigma", "s", "v", "t", "n"))
mu_1, sigma_1, mu_2, sigma_2 = (symbol(name) for name in ("mu_1", "sigma_1", "mu_2", "sigma_2"))
DOWN = Minus(INFINITY)
DECLARED = (
    *(Declaration(name, "real") for name in ("mu", "s", "t")),
    *(Declaration(name, "positive") for name in ("sigma", "v")),
    Declaration("n", "natural"),
    Declaration("w", "real", True),
)
PAIR = tuple(
    Declaration(name, domain)
    for name, domain in (("mu_1", "real"), ("sigma_1", "positive"), ("mu_2", "real"), ("sigma_2", "positive"))
)
OWN = result("kl-normal-standard").derivation.right
BY_S = next(f.derivation.right for f in result("kl-normal-standard").forms if f.name == "logvar")
OF_PAIR = result("kl-normal").derivation.right


def scope(*declared: Declaration) -> Scope:
    return Scope(declared or DECLARED, FAMILIES)


def step(rule: str, line: Expr, *declared: Declaration, **bindings: Any) -> Expr:
    return Chain("test", "", scope(*declared), line).apply(RULES[rule], **bindings)


# -- the results ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("derivation", STUDIED, ids=lambda d: d.id)
def test_both_sides_agree_with_a_textbook(derivation: Derivation) -> None:
    """Derivatives by dual numbers over balls, of a closed form written by hand: no code is shared."""
    draw = random.Random(derivation.id)
    for _ in range(4):
        assert sampling.agree(derivation.left, derivation.right, derivation.scope, draw)


@pytest.mark.parametrize("derivation", STUDIED, ids=lambda d: d.id)
def test_a_wrong_right_side_would_be_noticed(derivation: Derivation) -> None:
    draw = random.Random(derivation.id)
    wrong = Plus(derivation.right, as_term(1), Minus(Quotient(ONE, as_term(10**9 + 1))))
    assert not sampling.agree(derivation.left, wrong, derivation.scope, draw)


def test_the_results_are_those_that_are_known() -> None:
    """A few by heart, so that a statement cannot drift: signs, halves and which parameter."""
    known = {
        "kl-normal-standard-gradient": mu,
        "kl-normal-standard-gradient-sigma": Plus(sigma, Minus(Quotient(ONE, sigma))),
        "kl-normal-standard-gradient-logvar": Times(HALF, Plus(Exp(s), Minus(ONE))),
        "kl-normal-standard-hessian": Plus(ONE, Quotient(ONE, Power(sigma, TWO))),
        "kl-normal-standard-flow": ZERO,
        "kl-normal-fisher": Quotient(TWO, Power(sigma, TWO)),
        "kl-normal-fisher-mean": Quotient(ONE, Power(sigma, TWO)),
        "kl-normal-fisher-mixed": ZERO,
    }
    assert {d.id: d.right for d in STUDIED if d.id in known} == known


def test_every_part_is_stated_and_cites_a_closed_form() -> None:
    assert {d.id for d in STUDIED} == set(stated())
    assert set(IDS) - set(DIVERGENCES) == {study.id for study in STUDIES}
    for derivation in STUDIED:
        about = any(isinstance(x, KL) for x in _parts(derivation.left))
        assert about == bool({"kl-normal", "kl-normal-standard"} & {d.id for d in derivation.tree()})


def _parts(term: Expr) -> list[Expr]:
    return [term, *(x for a in term.args for x in _parts(a))]


# -- derivatives: what has to be refused -----------------------------------------------------------------

FALSE_DERIVATIVES = {
    "sign": (DerivativeIn(Quotient(ONE, sigma), sigma), Quotient(ONE, Power(sigma, TWO))),
    "factor": (DerivativeIn(Power(sigma, TWO), sigma), sigma),
    "exponent": (DerivativeIn(Power(sigma, as_term(3)), sigma), Times(as_term(3), sigma)),
    "inner derivative": (DerivativeIn(Exp(Times(TWO, s)), s), Exp(Times(TWO, s))),
    "constant": (DerivativeIn(Plus(mu, ONE), mu), Plus(ONE, ONE)),
    "other variable": (DerivativeIn(Times(mu, sigma), mu), mu),
    "log σ² as 1/σ²": (DerivativeIn(Log(Power(sigma, TWO)), sigma), Quotient(ONE, Power(sigma, TWO))),
}


@pytest.mark.parametrize("line", FALSE_DERIVATIVES.values(), ids=FALSE_DERIVATIVES)
def test_no_rule_reaches_a_false_derivative(line: tuple[Expr, Expr]) -> None:
    """Arithmetic compares the exact derivatives; what a rule gives is another line."""
    with pytest.raises(Refused):
        step("arithmetic", line[0], to=line[1])
    for rule in RULES:
        if rule.startswith("derivative"):
            try:
                assert step(rule, line[0]) != line[1]
            except Refused:
                continue


def test_a_rule_that_lies_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel does not take a rule of differentiation at its word."""
    honest = RULES["derivative-of-reciprocal"]
    lying = replace(honest, apply=lambda *a: Rewrite(honest.apply(*a).after.args[0]))
    line = DerivativeIn(Quotient(ONE, sigma), sigma)
    assert accept(honest, line, (), {}, scope(), {})
    with pytest.raises(Refused, match="not equal"):
        accept(lying, line, (), {}, scope(), {})


@pytest.mark.parametrize("variable", ["n", "w", "x"])
def test_a_derivative_is_taken_in_a_number_that_moves(variable: str) -> None:
    """Not in a dimension, in a vector or in what is not declared."""
    with pytest.raises((IllFormed, ScopeError)):
        require_well_formed(DerivativeIn(Power(mu, TWO), symbol(variable)), scope())


@pytest.mark.parametrize(
    "body", [Root(Power(mu, TWO)), Log(mu), Quotient(ONE, mu), Root(Plus(ONE, mu))], ids=str
)
def test_what_may_have_no_derivative_is_refused(body: Expr) -> None:
    """|μ|, and what is not defined for every μ."""
    with pytest.raises((IllFormed, ArithmeticError)):
        require_well_formed(DerivativeIn(body, mu), scope())


SLOPE = DerivativeIn(Times(mu, sigma), sigma)


@pytest.mark.parametrize(
    "replacements",
    [{sigma: ONE}, {sigma: Times(TWO, v)}, {sigma: mu}, {mu: sigma}, {mu: Power(sigma, TWO)}],
    ids=str,
)
def test_what_would_change_a_derivative_is_not_substituted(replacements: dict[Any, Expr]) -> None:
    """∂(μσ)/∂σ = μ, but ∂(μμ)/∂μ = 2μ; and ∂/∂1 is nothing."""
    with pytest.raises(TermError):
        substitute(SLOPE, replacements)


def test_a_derivative_may_be_renamed() -> None:
    assert substitute(SLOPE, {sigma: v, mu: s}) == DerivativeIn(Times(s, v), v)


@pytest.mark.parametrize("values", [{"mu": sigma, "sigma": sigma}, {"mu": mu, "sigma": ONE}], ids=str)
def test_a_lemma_about_a_derivative_is_used_for_different_symbols_only(values: dict[str, Expr]) -> None:
    """∂(μσ)/∂σ = μ does not say that ∂(σσ)/∂σ is σ."""
    lemma = Chain("lemma", "", scope(), SLOPE)
    lemma.apply(RULES["derivative-linearity"])
    lemma.apply(RULES["derivative-of-variable"], (1,))
    lemma.apply(RULES["arithmetic"], to=mu)
    chain = Chain("test", "", scope(), DerivativeIn(Times(sigma, sigma), sigma))
    others = {"s": s, "t": t, "v": v, "n": n, "w": symbol("w"), "index": symbol("j")}
    with pytest.raises(Refused, match="derivative is taken in"):
        chain.apply(RULES["lemma"], lemma=chain.cite(lemma.done()), **values, **others)


def test_the_variable_of_a_derivative_is_no_place() -> None:
    chain = Chain("test", "", scope(), DerivativeIn(mu, mu))
    with pytest.raises(Refused, match="the variable of a derivative"):
        chain.apply(RULES["arithmetic"], (1,), to=s)


# -- values -----------------------------------------------------------------------------------------------

x = symbol("x")
HALF_LINE = OpenInterval(ZERO, INFINITY)


def test_a_value_is_put_in_after_differentiating() -> None:
    whole = ValueAt(DerivativeIn(Power(x, TWO), x), x, ONE, REALS)
    with pytest.raises(Refused, match="derivative is taken in"):
        step("put-in", whole)
    done = ValueAt(Times(TWO, x), x, ONE, REALS)
    assert Chain("test", "", scope(), whole).apply(RULES["derivative-of-power"], (0,)) == done
    assert step("put-in", done) == Times(TWO, ONE)


@pytest.mark.parametrize(
    ("point", "space"),
    [
        (ZERO, OpenInterval(ZERO, INFINITY)),
        (mu, OpenInterval(ZERO, INFINITY)),
        (TWO, OpenInterval(ZERO, ONE)),
    ],
)
def test_a_value_outside_the_interval_is_refused(point: Expr, space: Expr) -> None:
    with pytest.raises(IllFormed, match="within"):
        require_well_formed(ValueAt(Power(x, TWO), x, point, space), scope())


def test_a_value_captures_no_name() -> None:
    """x stays bound inside, and is no symbol outside."""
    with pytest.raises((IllFormed, ScopeError)):
        require_well_formed(ValueAt(mu, mu, ONE, REALS), scope())
    with pytest.raises((IllFormed, ScopeError)):
        require_well_formed(ValueAt(x, x, x, REALS), scope())
    with pytest.raises(TermError, match="capture"):
        substitute(ValueAt(Times(mu, x), x, ONE, REALS), {mu: x})


# -- conclusions -------------------------------------------------------------------------------------------

STEEP = stated()["kl-normal-asymmetry"].conclusions[0][1][2]
DIFFERENCE = result("kl-normal-asymmetry").derivation.right
CURVATURE = result("kl-normal-hessian").derivation.right

FALSE_CONCLUSIONS: tuple[tuple[str, Expr, tuple[Any, ...]], ...] = (
    ("everywhere positive", Plus(Power(mu, TWO), Minus(ONE)), ()),
    ("everywhere positive", Power(mu, TWO), ()),
    ("everywhere positive", mu, ()),
    ("everywhere positive", Quotient(Power(mu, TWO), Power(sigma, TWO)), ()),
    ("everywhere positive", Minus(sigma), ()),
    ("everywhere positive", CURVATURE, ()),
    ("least", OWN, (0, mu, 0, sigma, 2)),
    ("least", OWN, (1, mu, 0, sigma, 1)),
    ("least", OWN, (0, mu, 1, sigma, 1)),
    ("least", OWN, (0, sigma, 1)),
    ("least", Minus(OWN), (0, mu, 0, sigma, 1)),
    ("least", Power(mu, TWO), (0, mu, 0, sigma, 1)),
    ("least", Power(mu, as_term(3)), (0, mu, 0)),
    ("least", Power(Plus(mu, Minus(s)), TWO), (0, mu, s, s, 0)),
    ("least", sigma, (0, sigma, 0)),
    ("least", OWN, (0, mu, 0, mu, 0, sigma, 1)),
    ("convex", CURVATURE, (sigma_2,)),
    ("convex", OF_PAIR, (mu_2, sigma_2)),
    ("convex", OWN, (mu, s)),
    ("convex", Minus(OWN), (mu,)),
    ("convex", OWN, ()),
    ("convex", Times(mu, s), (mu, s)),
    ("convex", Plus(Power(mu, TWO), Power(s, TWO), Times(as_term(3), mu, s)), (mu, s)),
    ("convex", OWN, (mu, mu)),
    ("negative at", OWN, (mu, 1, sigma, 1)),
    ("negative at", OWN, (mu, 0, sigma, 1)),
    ("negative at", CURVATURE, (mu_1, 0, sigma_1, 1, mu_2, 0, sigma_2, 1)),
    ("negative at", CURVATURE, (mu_1, 0, sigma_1, 1, mu_2, 0)),
    ("negative at", Log(sigma), (sigma, -1)),
    ("negative at", mu, (mu, Minus(s))),
    ("sign of", DIFFERENCE, (sigma_2, sigma_1, STEEP)),
    ("sign of", Minus(DIFFERENCE), (sigma_1, sigma_2, STEEP)),
    ("sign of", Plus(DIFFERENCE, ONE), (sigma_1, sigma_2, STEEP)),
    ("sign of", DIFFERENCE, (sigma_1, sigma_2, STEEP.args[0])),
    ("sign of", DIFFERENCE, (sigma_1, sigma_1, STEEP)),
    ("sign of", Minus(mu), (mu, 0, Minus(ONE))),
    ("sign of", Power(mu, TWO), (mu, 0, Times(TWO, mu))),
    ("sign of", Times(Power(s, TWO), mu), (mu, 0, Power(s, TWO))),
    ("tends to", OWN, (sigma, 0, DOWN, Minus(Log(sigma)))),
    ("tends to", OWN, (sigma, 0, INFINITY, Minus(Times(TWO, Log(sigma))))),
    ("tends to", OWN, (sigma, 0, INFINITY, Quotient(Power(sigma, TWO), TWO))),
    ("tends to", OWN, (sigma, INFINITY, INFINITY, Power(sigma, TWO))),
    ("tends to", OWN, (sigma, INFINITY, INFINITY, Minus(Log(sigma)))),
    ("tends to", OWN, (mu, 0, INFINITY, Quotient(Power(mu, TWO), TWO))),
    ("tends to", OWN, (sigma, DOWN, INFINITY, Quotient(Power(sigma, TWO), TWO))),
    ("tends to", OWN, (sigma, ONE, ZERO, Quotient(Power(mu, TWO), TWO))),
    ("tends to", BY_S, (s, INFINITY, INFINITY, Minus(Quotient(s, TWO)))),
    ("tends to", BY_S, (s, DOWN, DOWN, Minus(Quotient(s, TWO)))),
    ("tends to", Power(mu, as_term(3)), (mu, DOWN, INFINITY, Power(mu, as_term(3)))),
    ("tends to", Exp(t), (t, INFINITY, 0, Exp(t))),
    ("tends to", Plus(ONE, Exp(Minus(t))), (t, INFINITY, 0, Exp(Minus(t)))),
    ("tends to", Exp(Minus(t)), (t, INFINITY, 0, Quotient(Exp(Minus(t)), TWO))),
    ("tends to", Times(mu, t), (t, INFINITY, INFINITY, Times(mu, t))),
    ("tends to", Plus(Exp(t), Minus(Exp(t))), (t, INFINITY, INFINITY, Exp(t))),
    ("integrable", OWN, ()),
    ("positive", Minus(ONE), ()),
    ("no such kind", OWN, ()),
)


@pytest.mark.parametrize(("kind", "line", "terms"), FALSE_CONCLUSIONS, ids=lambda x: str(x)[:40])
def test_a_false_conclusion_is_refused(kind: str, line: Expr, terms: tuple[Any, ...]) -> None:
    declared = (*DECLARED, *PAIR)
    with pytest.raises(Refused, match="conclusion"):
        conclude(line, kind, tuple(as_term(term) for term in terms), scope(*declared))


TRUE_CONCLUSIONS: tuple[tuple[str, Expr, tuple[Any, ...]], ...] = (
    ("everywhere positive", Plus(Power(Plus(mu, Minus(s)), TWO), ONE), ()),
    ("least", Power(Plus(mu, Minus(s)), TWO), (0, mu, s)),
    ("convex", Plus(Power(mu, TWO), Power(s, TWO), Times(mu, s)), (mu, s)),
    ("negative at", mu, (mu, -1)),
    ("sign of", Times(as_term(3), mu), (mu, 0, as_term(3))),
    ("tends to", Power(mu, as_term(3)), (mu, DOWN, DOWN, Power(mu, as_term(3)))),
    ("tends to", Times(Power(t, TWO), Exp(Minus(t))), (t, INFINITY, 0, Times(Power(t, TWO), Exp(Minus(t))))),
    ("tends to", Quotient(ONE, sigma), (sigma, 0, INFINITY, Quotient(ONE, sigma))),
    ("tends to", Log(sigma), (sigma, 0, DOWN, Log(sigma))),
    ("tends to", Plus(Power(Log(sigma), TWO), Log(sigma)), (sigma, 0, INFINITY, Power(Log(sigma), TWO))),
)


@pytest.mark.parametrize(("kind", "line", "terms"), TRUE_CONCLUSIONS, ids=lambda x: str(x)[:40])
def test_a_true_conclusion_is_drawn(kind: str, line: Expr, terms: tuple[Any, ...]) -> None:
    """So that the refusals above are not refusals of everything."""
    drawn = conclude(line, kind, tuple(as_term(term) for term in terms), scope())
    assert drawn.condition.terms[0] == line


def test_conclusions_are_made_by_the_kernel_alone() -> None:
    with pytest.raises(TypeError, match="not by hand"):
        Conclusion(Condition("convex", (OWN, mu)), "because I say so", object())


def test_a_conclusion_is_about_the_last_line() -> None:
    chain = Chain("test", "", scope(), Power(mu, TWO))
    chain.conclude("convex", mu)
    chain.apply(RULES["arithmetic"], to=Times(mu, mu))
    with pytest.raises(CertificateError, match="not about the last line"):
        chain.done()


# -- certificates ------------------------------------------------------------------------------------------


def stored(id: str) -> dict[str, Any]:
    found = result(id)
    return json.loads(dumps(certificate(found.derivation, *(f.derivation for f in found.forms))))


def entry_of(data: dict[str, Any], id: str) -> dict[str, Any]:
    return next(e for e in data["derivations"] if e["id"] == id)


WITH_CONCLUSIONS = [d.id for d in STUDIED if d.conclusions]


def page_of(id: str) -> str:
    return next(study.id for study in STUDIES if id in {d.id for d in result(study.id).derivations()})


@pytest.mark.parametrize("id", [study.id for study in STUDIES])
def test_conclusions_survive_the_certificate(id: str) -> None:
    proved = check(stored(id))
    for derivation in result(id).derivations():
        again = proved[derivation.id].conclusions
        assert [(c.condition, c.how) for c in again] == [(c.condition, c.how) for c in derivation.conclusions]


@pytest.mark.parametrize("id", WITH_CONCLUSIONS)
def test_a_hurt_conclusion_is_refused(id: str) -> None:
    """Left out, doubled, of another kind, about other terms, or added where none belongs."""
    good = stored(page_of(id))
    conclusions = entry_of(good, id)["conclusions"]
    hurt: list[list[Any]] = [[], [*conclusions, conclusions[0]]]
    for i, one in enumerate(conclusions):
        for kind in ("convex", "least", "positive", "nonsense"):
            if kind != one["kind"]:
                hurt.append([*conclusions[:i], {**one, "kind": kind}, *conclusions[i + 1 :]])
        for k in range(len(one["terms"])):
            for other in (7, "mu", encode(INFINITY), encode(Minus(ONE))):
                terms = [*one["terms"][:k], other, *one["terms"][k + 1 :]]
                if terms != one["terms"]:
                    hurt.append([*conclusions[:i], {**one, "terms": terms}, *conclusions[i + 1 :]])
    for wrong in hurt:
        data = copy.deepcopy(good)
        entry_of(data, id)["conclusions"] = wrong
        with pytest.raises(CertificateError):
            check(data)


def test_a_false_conclusion_is_refused_by_replay_alone() -> None:
    """Without the catalogue too: the kernel discharges what a certificate claims."""
    data = stored("kl-normal-standard-minimum")
    last = entry_of(data, "kl-normal-standard-minimum")
    last["conclusions"] = [{"kind": "convex", "terms": ["mu", "mu"]}]
    with pytest.raises(CertificateError, match="conclusion: convex"):
        replay(data, RULES, FAMILIES)


def test_a_conclusion_where_none_is_stated_is_refused() -> None:
    data = stored("kl-normal-standard-gradient")
    entry_of(data, "kl-normal-standard-gradient-sigma")["conclusions"] = [
        {"kind": "sign of", "terms": ["sigma", 1, encode(Plus(ONE, Quotient(ONE, Power(sigma, TWO))))]}
    ]
    replay(data, RULES, FAMILIES)  # it is true
    with pytest.raises(CertificateError, match="not those of the catalogue's"):
        check(data)


def test_a_study_that_stops_at_a_derivative_is_refused() -> None:
    data = stored("kl-normal-standard-gradient")
    last = entry_of(data, "kl-normal-standard-gradient-sigma")
    last["steps"] = last["steps"][:1]
    last["right"] = last["steps"][0]["after"]
    with pytest.raises(CertificateError, match="no closed form"):
        check(data)


# -- the numbers' own arithmetic ---------------------------------------------------------------------------


def test_dual_numbers_do_not_confuse_their_levels() -> None:
    """∂/∂μ (μ · ∂/∂s (μ + s)) is 1: the inner derivative does not see the outer one's rate."""
    term = DerivativeIn(Times(mu, DerivativeIn(Plus(mu, s), s)), mu)
    assert sampling.EVALUATE(term, {"mu": 3, "s": 2}).overlaps(sampling.EVALUATE(ONE, {}))
    outer, inner = Dual(1, 2, 1), Dual(2, 3, 1)
    assert (outer * inner).slope == outer
    assert (inner * outer).slope == outer
