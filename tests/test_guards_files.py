"""Faults in what a certificate is made of: terms, declarations, families, files.

Like ``test_guards``, these were found by changing the checker's source and seeing that nothing noticed.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from sympy import Expr, Symbol

from derive.catalogue import result
from derive.checker import LARGEST_FILE, check, main
from derive.codec import DEEPEST, LARGEST_NUMBER, MOST_NODES, decode, encode, text
from derive.derivation import CertificateError, Chain, Derivation, certificate, dumps, replay_all
from derive.distributions import FAMILIES
from derive.rules import RULES
from derive.scope import Declaration, Family, Scope, ScopeError, is_positive_line
from derive.terms import (
    INFINITY,
    ONE,
    PI,
    REALS,
    TWO,
    ZERO,
    Between,
    Component,
    Density,
    Exp,
    Inert,
    IntegralOver,
    Law,
    Minus,
    OpenInterval,
    Plus,
    ProductLaw,
    ProductOver,
    SumOver,
    TermError,
    Times,
    symbol,
)

mu, x, j, d, v = map(symbol, ("mu", "x", "j", "d", "v"))
REAL_MU = Scope((Declaration("mu", "real"),), FAMILIES)

# -- terms as data ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        ["Rational", 1.5, 2], ["Rational", 1, 2.5], ["Rational", True, 2], ["Rational", 1, True],
        ["Rational", "x", 2], ["Rational", 1, "x"], ["Rational", 1, 0], ["Rational", 1, -2],
        ["Rational", 1], ["Rational", 1, 2, 3], ["Rational"], ["a"], ["j"], ["q"], ["z"], ["pi", 1],
        ["infinity", 1], ["Plus", 1], ["plus", 1, 2], [1, 2], [["Plus"], 1, 2], [], {}, None, 1.5, True,
    ],
    ids=repr,
)  # fmt: skip
def test_data_that_is_no_term_is_refused(data: Any) -> None:
    with pytest.raises(TermError):
        decode(data)


def test_numbers_and_constants_are_read() -> None:
    assert decode(["Rational", 3, 1]) == 3
    assert decode(["Rational", -1, 2]) == -ONE / 2
    assert decode(["pi"]) is PI
    assert decode(["infinity"]) is INFINITY
    assert decode(LARGEST_NUMBER) == LARGEST_NUMBER
    assert decode(-LARGEST_NUMBER) == -LARGEST_NUMBER
    for large in (LARGEST_NUMBER + 1, -LARGEST_NUMBER - 1, ["Rational", LARGEST_NUMBER + 1, 2]):
        with pytest.raises(TermError, match="40 digits"):
            decode(large)


def nested(depth: int) -> Any:
    data: Any = "x"
    for _ in range(depth):
        data = ["Minus", data]
    return data


def test_the_caps_are_where_they_are_said_to_be() -> None:
    assert (DEEPEST, MOST_NODES, LARGEST_NUMBER) == (60, 20_000, 10**40)
    assert encode(decode(nested(DEEPEST))) == nested(DEEPEST)
    decode(["Plus", *["x"] * (MOST_NODES - 1)])
    for large in (nested(DEEPEST + 1), ["Plus", *["x"] * MOST_NODES]):
        with pytest.raises(TermError, match="deeper than 60 or larger"):
            decode(large)


def test_only_terms_are_written() -> None:
    class Foreign(Inert):
        """A head that no certificate knows."""

    for foreign in (mu + x, mu * x, Symbol("x") ** 2, Foreign(mu)):
        with pytest.raises(TermError, match="is not a head"):
            encode(foreign)
    with pytest.raises(TermError, match="Foreign is not a head"):
        text(Plus(Foreign(mu), ONE))


# -- declarations, families, scopes ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "1", "_x", "x y", "x" * 33, "é", "x\n", r"\input", "<b>"])
def test_a_name_is_letters_and_digits(name: str) -> None:
    with pytest.raises(ScopeError, match="parameter name"):
        Declaration(name, "real")


def test_a_declaration_is_of_a_known_domain_and_a_dimension_is_no_vector() -> None:
    with pytest.raises(ScopeError, match="a domain is one of"):
        Declaration("x", "complex")  # type: ignore[arg-type]
    with pytest.raises(ScopeError, match="no vector"):
        Declaration("d", "natural", indexed=True)


SCALE = Declaration("s", "positive")


@pytest.mark.parametrize(
    ("parameters", "variable", "support", "density", "why"),
    [
        ((SCALE, SCALE), "x", REALS, ONE, "different names"),
        ((Declaration("x", "real"),), "x", REALS, ONE, "different names"),
        ((Declaration("s", "real", indexed=True),), "x", REALS, ONE, "none a vector"),
        ((SCALE,), "x", ZERO, ONE, "an interval"),
        ((SCALE,), "x", OpenInterval(ZERO, symbol("t")), ONE, "an interval"),
        ((SCALE,), "x", OpenInterval(ZERO, symbol("x")), ONE, "an interval"),
        ((SCALE,), "x", REALS, symbol("t"), "no parameter"),
    ],
    ids=str,
)
def test_a_family_is_defined_by_its_parameters_alone(
    parameters: tuple[Declaration, ...], variable: str, support: Expr, density: Expr, why: str
) -> None:
    with pytest.raises(ScopeError, match=why):
        Family("F", parameters, symbol(variable), support, density)
    Family("F", (SCALE,), symbol("x"), OpenInterval(ZERO, symbol("s")), Times(symbol("s"), symbol("x")))


@pytest.mark.parametrize("arguments", [(), (ZERO,), (ZERO, ONE, TWO)], ids=str)
def test_a_law_has_the_parameters_of_its_family(arguments: tuple[Expr, ...]) -> None:
    law = Law(Symbol("Normal"), *arguments)
    for asked in (REAL_MU.support, lambda law: REAL_MU.open_density(Density(law, x))):
        with pytest.raises(ScopeError, match="arguments"):
            asked(law)


def test_a_scope_knows_each_name_once() -> None:
    with pytest.raises(ScopeError, match="used twice"):
        Scope((Declaration("mu", "real"), Declaration("mu", "positive")), FAMILIES)
    with pytest.raises(ScopeError, match="one dimension"):
        Scope((Declaration("d", "natural"), Declaration("e", "natural"), Declaration("v", "real", True)), {})
    with pytest.raises(ScopeError, match="in use"):
        REAL_MU.bind(mu, REALS)
    with pytest.raises(ScopeError, match="in use"):
        REAL_MU.bind(x, REALS).bind(x, None)
    with pytest.raises(ScopeError, match="not bound"):
        REAL_MU.bind(x, REALS).space(j)
    with pytest.raises(TermError, match="not a law"):
        REAL_MU.family(mu)
    with pytest.raises(ScopeError, match=r"no family 'Cauchy'.*Exponential, Normal"):
        REAL_MU.family(Law(Symbol("Cauchy"), mu))
    with pytest.raises(ScopeError, match="declared: none"):
        Scope((), {}).family(Law(Symbol("Cauchy"), mu))
    with pytest.raises(TermError, match="not a density"):
        REAL_MU.open_density(Exp(x))


def test_what_is_bound_at_a_place() -> None:
    integral = IntegralOver(SumOver(Component(v, j), j, d), x, REALS)
    inside = REAL_MU.enter(integral, (0, 0))
    assert inside.bound == ((x, REALS), (j, None))
    assert REAL_MU.enter(integral, (2, 0)).bound == ()
    assert REAL_MU.enter(Between(Exp(x), x, ZERO, ONE), (0,)).bound == ((x, OpenInterval(ZERO, ONE)),)
    assert REAL_MU.enter(Plus(ONE, integral), (1, 0)).bound == ((x, REALS),)
    assert inside.without(x).bound == ((j, None),)
    assert inside.index_of_law(j).bound == ((x, REALS), (j, None))
    assert inside.is_bound(j)
    assert not inside.is_bound(mu)
    assert inside.space(x) == REALS
    assert inside.space(j) is None
    joint = ProductLaw(Law(Symbol("Normal"), Component(v, j), ONE), j, d)
    opened = REAL_MU.open_density(Density(joint, x))
    assert opened == ProductOver(Density(joint.args[0], Component(x, j)), j, d)


@pytest.mark.parametrize(
    ("space", "positive"),
    [
        (None, False), (REALS, False), (OpenInterval(ZERO, INFINITY), True), (OpenInterval(ONE, TWO), True),
        (OpenInterval(Minus(ONE), ONE), False), (OpenInterval(-ONE, ONE), False),
        (OpenInterval(-ONE / 2, ONE), False),
        (OpenInterval(mu, INFINITY), False), (OpenInterval(Times(ONE, ONE), TWO), False), (ZERO, False),
    ],
    ids=str,
)  # fmt: skip
def test_the_positive_line_is_what_starts_at_a_number_that_is_not_negative(
    space: Any, positive: bool
) -> None:
    assert is_positive_line(space) is positive


# -- derivations and certificates ------------------------------------------------------------------------


def stated(**changes: Any) -> dict[str, Any]:
    """A certificate of mu = mu, with changes."""
    entry = {"id": "same", "title": "", "declarations": [], "left": 1, "steps": [], "right": 1, **changes}
    return {"format": "derive certificate 1", "id": entry["id"], "families": [], "derivations": [entry]}


FAMILY = {"name": "F", "parameters": [], "variable": "x", "support": 1, "density": 1}


def one_step(**changes: Any) -> dict[str, Any]:
    """A certificate of 1 + 1 = 2, with changes in its one step."""
    step = {
        "rule": "arithmetic", "place": [], "bindings": {"to": {"term": 2}}, "conditions": [],
        "detail": "brief", "after": 2, **changes,
    }  # fmt: skip
    return stated(left=["Plus", 1, 1], steps=[step], right=2)


def test_the_smallest_certificates_hold() -> None:
    assert set(check(stated())) == {"same"}
    assert check(one_step())["same"].right == 2
    mass = ["IntegralOver", 1, "x", ["OpenInterval", 0, 1]]
    assert check(stated(left=mass, right=mass))["same"].right == decode(mass)  # no name of the catalogue


@pytest.mark.parametrize(
    "data",
    [
        stated(id=3), stated(id=None), stated(title=3), stated(title=None), stated(steps={}),
        stated(steps=""),
        stated(declarations={}), stated(declarations=""), stated(left=["Plus", 1, ["infinity"]]),
        stated(left="x", right="x"), stated(left=["Log", -1], right=["Log", -1]), stated(right=True),
        stated(right=2), stated(declarations=[{"name": "mu", "domain": "real"}]),
        stated(declarations=[{"name": "mu", "domain": "real", "indexed": 0}]),
        stated(declarations=[{"name": "mu", "domain": "real", "indexed": False, "more": 1}]),
        {**stated(), "id": "other"}, {**stated(), "format": "derive certificate 2"},
        {**stated(), "families": 3}, {**stated(), "derivations": stated()["derivations"] * 2},
        one_step(rule="nothing"), one_step(rule=["arithmetic"]), one_step(place={}), one_step(place=""),
        one_step(place=[True]), one_step(place=[0.0]), one_step(conditions={}), one_step(conditions=""),
        one_step(conditions=[{"kind": "positive", "terms": [1]}]), one_step(detail="everything"),
        one_step(detail=1), one_step(after=3), one_step(after=True), one_step(after=2.0),
        one_step(bindings={}), one_step(bindings=[]), one_step(bindings={"to": {"text": "2"}}),
        one_step(bindings={"to": {"number": 2}}), one_step(bindings={"to": {"term": 2, "text": "2"}}),
        one_step(bindings={"to": 2}), one_step(bindings={"to": {"term": 2}, "more": {"text": 3}}),
        one_step(bindings={"to": {"term": 2}, "lemma": {"text": "nowhere"}}),
    ],
    ids=lambda data: json.dumps(data)[60:160],
)  # fmt: skip
def test_a_small_certificate_with_a_fault_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(CertificateError):
        check(data)


def test_a_stated_condition_is_the_one_that_was_found() -> None:
    """Neither one that stands before it in the alphabet nor one behind it."""
    logs = {"rule": "log-square", "bindings": {}, "after": ["Times", 2, ["Log", 3]]}
    good = {"kind": "positive", "terms": [3]}

    def squared(condition: Any) -> dict[str, Any]:
        data = one_step(**logs, conditions=[condition])
        left, right = ["Log", ["Power", 3, 2]], logs["after"]
        data["derivations"][0] |= {"left": left, "right": right}
        return data

    assert check(squared(good))
    for wrong in ({**good, "kind": "nonzero"}, {**good, "kind": "real"}, {**good, "terms": [2]}):
        with pytest.raises(CertificateError, match="its side conditions are not the ones stated"):
            check(squared(wrong))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({**stated(), "format": "certificate"}, "this is not a 'derive certificate 1'"),
        (stated(declarations=[{"name": "mu", "domain": "real"}]), "a declaration has no indexed"),
        (stated(declarations=[{"name": "mu", "domain": "real", "indexed": 0}]), "indexed is true or false"),
        ({**stated(), "families": [{**FAMILY, "variable": 1}]}, "a variable is a name"),
        ({**stated(), "families": ["F"]}, "a family is no object"),
        (
            {**stated(), "families": [{"name": "F"}]},
            "a family has no density, parameters, support, variable$",
        ),
        ({**stated(), "families": [{**FAMILY, "mean": 1, "age": 2}]}, "a family has keys .*: age, mean$"),
        ({**stated(), "approximation": []}, "the certificate has keys that nobody checks: approximation$"),
        ({**stated(), 3: []}, "the certificate has keys that nobody checks: 3$"),
        (stated(conclusion=[]), "a derivation has keys that nobody checks: conclusion$"),
        ({**stated(), "derivations": [{"id": "same"}]}, "a derivation has no declarations, left"),
        (one_step(reason="because"), "same, step 1, has keys that nobody checks: reason$"),
        (stated(conclusions=[{"kind": "positive", "terms": [], "of": 2}]), "a conclusion has keys .*: of$"),
        (stated(conclusions=[{"kind": "positive"}]), "same: a conclusion has no terms$"),
    ],
    ids=lambda part: str(part)[-60:],
)
def test_a_malformed_certificate_is_refused_for_its_fault(data: dict[str, Any], why: str) -> None:
    with pytest.raises(CertificateError, match=why):
        check(data)


def test_conclusions_are_the_catalogues() -> None:
    """None left out, none put in its place."""
    found = result("kl-normal-standard-minimum")
    good = json.loads(dumps(certificate(found.derivation)))
    assert check(good)
    for conclusions in ([], [{"kind": "convex", "terms": ["mu", "sigma"]}]):
        data = copy.deepcopy(good)
        next(e for e in data["derivations"] if e["id"] == found.id)["conclusions"] = conclusions
        with pytest.raises(CertificateError, match="its conclusions are not those of the catalogue's"):
            check(data)


def test_a_true_conclusion_under_a_name_of_ones_own_is_accepted() -> None:
    declared = [{"name": "mu", "domain": "real", "indexed": False}]
    line = ["Power", "mu", 2]
    data = stated(declarations=declared, left=line, right=line)
    data["derivations"][0]["conclusions"] = [{"kind": "convex", "terms": ["mu"]}]
    assert [c.condition.kind for c in check(data)["same"].conclusions] == ["convex"]


def test_a_family_of_another_shape_is_refused() -> None:
    family = certificate(result("kl-exponential").derivation)["families"][0]
    assert check({**stated(), "families": [family]})
    for change in ({"variable": ["Plus", 1, 1]}, {"variable": "y"}, {"density": 1}, {"parameters": []}):
        with pytest.raises(CertificateError):
            check({**stated(), "families": [{**family, **change}]})


def test_lemmas_of_other_families_or_of_one_name_are_not_cited() -> None:
    lemma = Chain("lemma", "", Scope((), {}), ONE).done()
    other = Chain("lemma", "", Scope((), {}), TWO).done()
    narrow = Family("Normal", (), x, REALS, Exp(x))
    foreign = Chain("foreign", "", Scope((), {"Normal": narrow}), ONE).done()
    work = Chain("main", "", REAL_MU, ONE)
    assert work.cite(lemma) == work.cite(lemma) == "lemma"
    with pytest.raises(CertificateError, match="two different lemmas"):
        work.cite(other)
    with pytest.raises(CertificateError, match="another definition of Normal"):
        work.cite(foreign)
    with pytest.raises(CertificateError, match="two different derivations"):
        certificate(lemma, other)


def test_what_a_derivation_says_of_itself() -> None:
    derivation = result("kl-exponential").derivation
    assert derivation.grade == "PROVED"
    assert derivation.assumed == ()
    assert derivation.right == derivation.steps[-1].after
    assert derivation.rules == tuple(sorted({s.rule for node in derivation.tree() for s in node.steps}))
    names = [node.id for node in derivation.tree()]
    assert names[-1] == derivation.id
    assert len(names) == len(set(names)) > 1
    for node in derivation.tree():
        assert all(names.index(lemma) < names.index(node.id) for lemma in node.lemmas)
    empty = Derivation("one", "", REAL_MU, ONE, ())
    assert (empty.right, empty.grade, empty.rules) == (ONE, "PROVED", ())
    text = dumps(certificate(derivation))
    assert dumps(certificate(replay_all(json.loads(text), RULES, FAMILIES)[derivation.id])) == text


# -- the command -----------------------------------------------------------------------------------------


def test_a_file_of_the_largest_size_is_read_and_a_larger_one_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert LARGEST_FILE == 16 * 1024 * 1024
    path = tmp_path / "certificate.json"
    text = json.dumps(stated())
    path.write_text(text + " " * (LARGEST_FILE - len(text)), encoding="utf-8")
    assert main([str(path)]) == 0
    path.write_text(text + " " * (LARGEST_FILE - len(text) + 1), encoding="utf-8")
    assert main([str(path)]) == 1
    assert "is larger than" in capsys.readouterr().err


def test_the_command_says_how_it_is_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["-h"], ["--help", "x"]):
        assert main(arguments) == 2
        assert "usage" in capsys.readouterr().err
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(one_step()), encoding="utf-8")
    bad.write_text(json.dumps(one_step(after=3)), encoding="utf-8")
    assert main([str(bad), "-h"]) == 1
    assert main([str(good), str(bad)]) == 1
    assert main([str(good), str(good)]) == 0
    out = capsys.readouterr().out
    assert out.count("1 derivations, 1 steps, 0 approximations, all accepted") == 3
    assert "same: Plus(1, 1) = 2" in out


def test_a_refusal_says_what_the_name_stands_for() -> None:
    with pytest.raises(CertificateError, match=r"kl-normal is about KL\(Law\(Normal, mu_1, sigma_1\)"):
        check(stated(id="kl-normal"))
