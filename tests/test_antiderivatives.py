"""The calculus once more in Maxima, where there is one."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from sympy import Expr, Rational

from derive.catalogue import IDS, result
from derive.derivation import Derivation
from derive.evidence.antiderivatives import (
    CALCULUS,
    Claim,
    opinion_on,
    opinion_on_calculus,
    questions,
)
from derive.terms import REALS, TWO, Minus, OpenInterval, Plus, Times, at, replace_at

REQUIRED = os.environ.get("DERIVE_REQUIRE_MAXIMA") == "1"
ABSENT = shutil.which("maxima") is None
needs_maxima = pytest.mark.skipif(ABSENT and not REQUIRED, reason="maxima is not installed")

TINY = Rational(1, 10**20)
LEMMAS = {node.id: node for id in IDS for node in result(id).derivation.tree()}


def hurt(lemma: str, number: int, change: Any, *, before: bool = False, **bindings: Expr) -> Derivation:
    """A lemma cut to one step, of which a line or a binding is wrong at the place of the rewrite."""
    node = LEMMAS[lemma]
    step = node.steps[number - 1]
    lines = {"before": step.before, "after": step.after}
    which = "before" if before else "after"
    lines[which] = replace_at(lines[which], step.place, change(at(lines[which], step.place)))
    wrong = SimpleNamespace(
        rule=step.rule, place=step.place, bindings=tuple({**dict(step.bindings), **bindings}.items()), **lines
    )
    return Derivation(node.id, node.title, node.scope, wrong.before, (wrong,))  # type: ignore[arg-type]


@needs_maxima
@pytest.mark.parametrize("id", IDS)
def test_maxima_proves_the_calculus_of_every_result(id: str) -> None:
    derivation = result(id).derivation
    opinion = opinion_on_calculus(derivation)
    assert (opinion.tool, opinion.status) == ("maxima", "agrees"), opinion.detail
    assert opinion.version[0].isdigit()
    steps = [step for node in derivation.tree() for step in node.steps]
    assert opinion.steps_checked == sum(step.rule in CALCULUS for step in steps) >= 4
    assert opinion.steps_checked + opinion.steps_skipped == len(steps)


FAULTS = {
    "an antiderivative of the other sign": (
        "normal-mean", 1, lambda t: replace_at(t, (0,), Minus(t.args[0])),
    ),
    "an antiderivative twice as large": (
        "normal-mean", 1, lambda t: replace_at(t, (0,), Times(TWO, t.args[0])),
    ),
    "an antiderivative off by 1e-20": (
        "exponential-mean", 1, lambda t: replace_at(t, (0,), Times(1 + TINY, t.args[0])),
    ),
    "another interval": (
        "exponential-mean", 1, lambda t: type(t)(t.args[0], t.args[1], Minus(t.args[3]), t.args[3]),
    ),
    "a limit at infinity": ("normal-variance", 2, lambda t: replace_at(t, (0,), TWO)),
    "a limit off by 1e-20": (
        "exponential-mean", 2, lambda t: replace_at(t, (1, 0), Plus(t.args[1].args[0], TINY)),
    ),
    "the limits exchanged": (
        "gaussian-integral-squared", 9, lambda t: Plus(t.args[1].args[0], Minus(t.args[0])),
    ),
    "parts with a wrong rest": (
        "normal-variance", 1, lambda t: replace_at(t, (1, 0, 0), Times(TWO, t.args[1].args[0].args[0])),
    ),
    "parts with the rest added": ("normal-variance", 1, lambda t: Plus(t.args[0], t.args[1].args[0])),
    "a slope that is forgotten": ("normal-total-mass", 3, lambda t: replace_at(t, (0,), t.args[0].args[0])),
    "a substitution over half the line": (
        "normal-total-mass", 3, lambda t: replace_at(t, (2,), OpenInterval(0, REALS.args[1])),
    ),
}  # fmt: skip


@needs_maxima
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_not_proved(name: str) -> None:
    lemma, number, change = FAULTS[name]
    opinion = opinion_on_calculus(hurt(lemma, number, change))
    assert opinion.steps_checked == 0, opinion
    assert opinion.status == "disagrees" or opinion.steps_skipped == 1, opinion
    assert opinion_on_calculus(hurt(lemma, number, lambda t: t)).steps_checked == 1


@needs_maxima
def test_a_substitution_that_falls_is_not_proved() -> None:
    """x = −g: the integrand fits, the ends are exchanged and the slope is negative."""
    step = LEMMAS["normal-total-mass"].steps[2]
    g = dict(step.bindings)["g"]
    turned = hurt(
        "normal-total-mass", 3, lambda t: replace_at(t, (0, 1), Minus(t.args[0].args[1])), g=Minus(g)
    )
    assert opinion_on_calculus(turned).status == "disagrees"


@needs_maxima
@pytest.mark.parametrize(
    "predicate", ["vanishes(a - b)", "is(c > 0)", "vanishes(", "und = 0", "vanishes(1/0)"]
)
def test_what_is_not_settled_does_not_count(predicate: str) -> None:
    """Also what Maxima would have to ask about, and what it cannot read."""
    good = Claim("good", ("x",), "vanishes(x/x - 1)")
    opinion = opinion_on([good, Claim("planted", (), predicate)], checked=2)
    assert opinion.status == "disagrees"
    assert opinion.steps_checked == 0
    assert opinion_on([good], checked=1).status == "agrees"


@needs_maxima
def test_what_is_assumed_of_one_claim_is_not_assumed_of_the_next() -> None:
    claim = Claim("one", ("v_x",), "is(v_x > 0)")
    assert opinion_on([claim], checked=1).status == "agrees"
    assert opinion_on([claim, replace(claim, name="two", positive=())], checked=2).status == "disagrees"


def test_without_maxima_the_opinion_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    opinion = opinion_on_calculus(result("kl-exponential").derivation)
    assert (opinion.status, opinion.steps_checked) == ("absent", 0)
    assert "not installed" in opinion.detail


def test_every_step_of_calculus_is_asked_about() -> None:
    """None is skipped because it could not be translated, in any form of any result."""
    for id in IDS:
        for derivation in result(id).derivations():
            skipped = [q for q in questions(derivation) if isinstance(q, str)]
            assert all(q.endswith("is no calculus of one variable") for q in skipped)
