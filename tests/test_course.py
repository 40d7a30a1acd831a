"""The course: every mistake is refused by the checker, and its counterexample really is one."""

from __future__ import annotations

import copy
import math
import os
import shutil
import subprocess
import sys
from fractions import Fraction

import pytest
from sympy import Expr

from derive.catalogue import DIVERGENCES, IDS, result
from derive.checker import check
from derive.codec import encode
from derive.course.counterexample import Counterexample, counterexample, points
from derive.course.explore import PREFIX, explorer, split
from derive.course.mistakes import BY_ID, MISTAKES
from derive.course.numbers import Diverges, NoValue, value
from derive.course.questions import Slip, question, slips
from derive.course.transition import Transition, parting
from derive.derivation import CertificateError, Derivation, certificate
from derive.document.view import page
from derive.evidence.enclosure import enclose
from derive.kernel import Detail, Refused, accept
from derive.rules import RULES
from derive.scope import Declaration, Scope
from derive.terms import (
    HALF,
    ONE,
    REALS,
    TWO,
    Exp,
    IntegralOver,
    Log,
    Minus,
    OpenInterval,
    Plus,
    Power,
    Quotient,
    Times,
    as_term,
    at,
    plus,
    symbol,
)

x, y = symbol("x"), symbol("y")


def transitions() -> list[Transition]:
    """Every shown line of every derivation that the pages hold, lemmas included."""
    out: dict[str, list[Transition]] = {}
    for id in IDS:
        whole = page(result(id), None, Detail.STANDARD)
        for passage in (whole.main, *whole.forms, *whole.lemmas):
            out[passage.anchor] = [line.transition for line in passage.lines]
    return [t for of_one in out.values() for t in of_one]


MADE: list[tuple[Transition, Slip]] = [(t, slip) for t in transitions() for slip in slips(t)]


def named(pair: tuple[Transition, Slip]) -> str:
    return f"{pair[0].derivation.id}: {pair[1].mistake.id}"


def test_there_are_enough_mistakes_and_each_is_made_somewhere() -> None:
    assert len(MISTAKES) >= 15
    assert len(BY_ID) == len(MISTAKES)
    assert {slip.mistake.id for _, slip in MADE} == set(BY_ID)
    for mistake in MISTAKES:
        assert mistake.because.endswith(".")
        assert "\n" not in mistake.because
        assert mistake.rules <= set(RULES)


def planted(node: Derivation, number: int, wrong: Expr) -> dict:
    """The certificate of a derivation with a wrong line in the place of one of its own."""
    data = copy.deepcopy(certificate(node))
    steps = data["derivations"][-1]["steps"]
    steps[number]["after"] = encode(wrong)
    if number == len(steps) - 1:
        data["derivations"][-1]["right"] = steps[number]["after"]
    return data


@pytest.mark.parametrize("pair", MADE, ids=map(named, MADE))
def test_a_wrong_line_is_refused_by_the_checker(pair: tuple[Transition, Slip]) -> None:
    transition, slip = pair
    node = transition.derivation
    number = node.steps.index(transition.steps[-1])
    with pytest.raises(CertificateError, match="another line than the one stated"):
        check(planted(node, number, slip.line))


def test_the_planted_certificates_are_good_without_the_wrong_line() -> None:
    for id in IDS:
        node = result(id).derivation
        assert id in check(planted(node, len(node.steps) - 1, node.right))


@pytest.mark.parametrize("pair", MADE, ids=map(named, MADE))
def test_no_arithmetic_reaches_a_wrong_line(pair: tuple[Transition, Slip]) -> None:
    """Not only the rule gives another line: the exact normal form tells the two apart."""
    transition, slip = pair
    for rule in ("arithmetic", "laws-of-exponents"):
        with pytest.raises(Refused):
            accept(RULES[rule], transition.after, (), {"to": slip.line}, transition.scope, {})


@pytest.mark.parametrize("pair", MADE, ids=map(named, MADE))
def test_a_counterexample_is_one(pair: tuple[Transition, Slip]) -> None:
    transition, slip = pair
    found = slip.counterexample
    assert all(isinstance(v, (Fraction, tuple)) for _, v in found.point)
    scope = transition.scope
    if found.kind == "part":
        place = parting(transition.after, slip.line)
        assert (found.right_part, found.wrong_part) == (at(transition.after, place), at(slip.line, place))
        right, wrong = (value(t, scope, dict(found.point)) for t in (found.right_part, found.wrong_part))
    else:
        right = value(transition.after, scope, dict(found.point))
        assert right == pytest.approx(value(transition.derivation.right, scope, dict(found.point)), rel=1e-8)
        if found.kind == "diverges":
            assert math.isnan(found.wrong)
            with pytest.raises(Diverges):
                value(slip.line, scope, dict(found.point))
            return
        wrong = value(slip.line, scope, dict(found.point))
    assert right == pytest.approx(found.right, rel=1e-8, abs=1e-9)
    assert wrong == pytest.approx(found.wrong, rel=1e-8, abs=1e-9)
    assert abs(right - wrong) > 1e-2


@pytest.mark.parametrize("id", ["kl-normal", "kl-normal-standard", "kl-exponential"])
def test_the_numbers_agree_with_rigorous_enclosures(id: str) -> None:
    node = result(id).derivation
    for point in points(node.scope):
        numbers = {name: given for name, given in point.items() if isinstance(given, Fraction)}
        assert enclose(node, numbers).contains
        exact = value(node.right, node.scope, point)
        for step in node.steps:
            assert value(step.after, node.scope, point) == pytest.approx(exact, rel=1e-9)


def test_a_cross_term_that_averages_to_nothing_is_shown_at_the_part() -> None:
    """(a + b)² = a² + b² gives the right value under this integral, and is wrong all the same."""
    (pair,) = [p for p in MADE if named(p) == "kl-normal: cross-term-lost"]
    assert pair[1].counterexample.kind == "part"
    assert ("x", Fraction(5, 2)) in pair[1].counterexample.point


def test_a_right_line_has_no_counterexample() -> None:
    for transition in transitions():
        assert counterexample(transition, transition.after) is None


SCOPE = Scope((Declaration("y", "real"),), {})


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (IntegralOver(Exp(Minus(Power(x, TWO))), x, REALS), math.sqrt(math.pi)),
        (IntegralOver(Exp(Minus(x)), x, OpenInterval(as_term(0), as_term(1))), 1 - math.exp(-1)),
        (Plus(Log(TWO), Minus(HALF)), math.log(2) - 0.5),
    ],
)
def test_values(term: Expr, expected: float) -> None:
    assert value(term, SCOPE, {}) == pytest.approx(expected, rel=1e-12)


def test_what_has_no_value_is_refused() -> None:
    with pytest.raises(Diverges):
        value(IntegralOver(Power(x, TWO), x, REALS), SCOPE, {})
    with pytest.raises(NoValue):
        value(Log(Minus(ONE)), SCOPE, {})
    with pytest.raises(NoValue):
        value(Quotient(ONE, y), SCOPE, {"y": Fraction(0)})


def test_a_point_has_no_coincidences() -> None:
    scope = result("kl-normal").derivation.scope
    for point in points(scope):
        given = list(point.values())
        assert len(set(given)) == len(given)
        assert point["sigma_1"] != 1 != point["sigma_2"]


def test_questions_have_one_right_line_and_graded_hints() -> None:
    for transition in transitions():
        asked = question(transition, "seed")
        assert asked == question(transition, "seed")
        assert [c.slip for c in asked.choices].count(None) == 1
        assert asked.choices[asked.answer].line == transition.after
        assert len({c.line for c in asked.choices}) == len(asked.choices) <= 4
        assert len(asked.hints) == 3
        assert all(hint for hint in asked.hints)


@pytest.mark.parametrize("id", DIVERGENCES)
def test_the_closed_form_is_split_by_the_kernel(id: str) -> None:
    found = explorer(result(id).derivation)
    assert found is not None
    assert len(found.parts) >= 3
    assert found.coordinate == ("diagonal" in id)


def test_a_split_that_would_be_wrong_is_not_made() -> None:
    scope = Scope((Declaration("x", "real"), Declaration("y", "positive")), {})
    closed = Plus(Quotient(Plus(x, Minus(ONE)), y), Times(HALF, Plus(x, Minus(y))))
    parts = split(closed, scope)
    assert len(parts) == 4
    accept(RULES["arithmetic"], closed, (), {"to": plus(*parts)}, scope, {})


@pytest.mark.parametrize("id", DIVERGENCES)
def test_the_script_computes_what_was_derived(id: str) -> None:
    """The JavaScript of the sliders, run in node, against the derivation's own closed form."""
    node = shutil.which("node")
    if node is None:
        assert not os.environ.get("DERIVE_REQUIRE_NODE"), "DERIVE_REQUIRE_NODE is set, but node is missing"
        pytest.skip("not run: no node here (DERIVE_REQUIRE_NODE=1 to fail instead)")
    derivation = result("kl-normal" if id == "kl-diagonal-normal" else id.replace("diagonal-", "")).derivation
    found = explorer(result(id).derivation)
    assert found is not None
    point = next(points(derivation.scope))
    given = ", ".join(f"{PREFIX}{s.name} = {float(point[s.name])}" for s in found.sliders)  # type: ignore[arg-type]
    low = 0 if found.half_line else -40
    program = (
        f"const {given}; const f = (x) => {found.integrand}; let area = 0;"
        f"for (let i = 0; i < 80000; i++) area += f({low} + (i + 0.5) / 1000) / 1000;"
        f"const p = (x) => {found.p}, q = (x) => {found.q};"
        f"console.log([{' + '.join(f'({p.script})' for p in found.parts)}, area,"
        "f(1.5) - p(1.5) * Math.log(p(1.5) / q(1.5))].join(' '));"
    )
    done = subprocess.run([node, "-e", program], capture_output=True, text=True, check=True)
    total, area, apart = map(float, done.stdout.split())
    expected = value(derivation.right, derivation.scope, point)
    assert total == pytest.approx(expected, rel=1e-12)
    assert area == pytest.approx(expected, abs=1e-6)
    assert abs(apart) < 1e-12


def test_the_course_is_made_without_evidence_or_codegen() -> None:
    program = (
        "import sys; from derive.catalogue import result; from derive.document.render import html;"
        "html(result('kl-normal')); print([m for m in sys.modules if m.startswith(('derive.evidence',"
        "'derive.codegen', 'torch'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_counterexample_is_data() -> None:
    assert Counterexample("part", (), 1.0, 2.0, ONE, TWO).speech() == ("", ONE, " is 1, but ", TWO, " is 2.")
