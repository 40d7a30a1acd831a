"""Every rule of the kernel's table against numbers, without a list of rules: a new one is sampled too."""

from __future__ import annotations

import json
from functools import cache

import pytest

from derive.evidence import sampling
from derive.evidence.counterexamples import COUNTEREXAMPLES, UNNEEDED
from derive.evidence.instances import INSTANCES
from derive.evidence.sampled import figures, row, sampled_rules
from derive.evidence.sampling import Report, identity_of, sample_rule
from derive.kernel import Condition
from derive.rules import RULES
from derive.rules.identity import Identity, meta
from derive.terms import TWO, Exp, Log, Plus, Power, Root, Times

A, B = meta("a"), meta("b")
BY_RULE = pytest.mark.parametrize("id", sorted(RULES))

REJECTED = (
    Identity("root-of-square-real", "", "", Root(Power(A, TWO)), A),
    Identity("log-square-real", "", "", Log(Power(A, TWO)), Times(TWO, Log(A))),
    Identity("log-sum", "", "", Log(Plus(A, B)), Plus(Log(A), Log(B)), (
        Condition("positive", (A,)), Condition("positive", (B,)),
    )),
    Identity("exp-sum", "", "", Exp(Times(A, B)), Times(Exp(A), Exp(B))),
    Identity("log-exp-almost", "", "", Log(Exp(A)), Times(1 + TWO**-100, A)),
)  # fmt: skip


@cache
def report(id: str) -> Report:
    return sample_rule(id)


@BY_RULE
def test_a_rule_agrees_inside_its_conditions(id: str) -> None:
    """Both sides agree to 30 digits and more at every sample, and there are samples."""
    found = report(id)
    assert len(found.samples) >= 5
    assert [s for s in found.samples if not s.agrees] == []
    assert found.skipped <= len(found.samples) / 4


@BY_RULE
def test_each_condition_of_a_rule_is_needed(id: str) -> None:
    """Outside each condition there is a counterexample, or the reason for asking too much is written down."""
    assert [n for n in report(id).flagged if not sampling.explained(n)] == []


def test_what_is_asked_for_without_need_is_flagged() -> None:
    """The list of such conditions is exact: one that turns out to be needed has to leave it."""
    flagged = {(n.rule, n.condition) for id in RULES for n in report(id).flagged}
    assert flagged == set(UNNEEDED)


def test_every_entry_is_about_a_rule_that_exists() -> None:
    assert {i.rule for i in INSTANCES()} <= set(RULES)
    assert {c.instance.rule for c in COUNTEREXAMPLES} <= set(RULES)
    assert {rule for rule, _ in UNNEEDED} <= set(RULES)


def test_identities_are_recognised_as_data() -> None:
    assert identity_of("log-quotient") is not None
    assert identity_of("linearity") is None
    assert sum(identity_of(id) is not None for id in RULES) >= 10


@pytest.mark.parametrize("identity", REJECTED, ids=lambda i: i.id)
def test_a_false_identity_is_found_out(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    """√(a²) = a and log(a²) = 2 log a for real a, and a few that are false everywhere."""
    monkeypatch.setattr(sampling, "RULES", {identity.id: identity.rule()})
    assert not sample_rule(identity.id).sound


def test_a_condition_too_many_is_flagged(monkeypatch: pytest.MonkeyPatch) -> None:
    """exp a · exp b = exp(a + b) needs no positive a."""
    real = identity_of("exp-product")
    assert real is not None
    greedy = Identity("greedy", "", "", real.left, real.right, (Condition("positive", (A,)),))
    monkeypatch.setattr(sampling, "RULES", {"greedy": greedy.rule()})
    (need,) = sample_rule("greedy").flagged
    assert need.condition == "positive"


def test_sampling_is_the_same_every_time() -> None:
    assert sample_rule("log-quotient") == sample_rule("log-quotient")


# -- the summary for a report ----------------------------------------------------------------------------


def test_the_summary_has_a_row_for_every_rule() -> None:
    rows = [row(report(id)) for id in RULES]
    assert json.loads(json.dumps(rows)) == rows
    assert [r["rule"] for r in rows if not r["holds"]] == []
    assert all(r["agreeing"] == r["samples"] >= 5 and r["digits"] >= 30 for r in rows)
    assert {(r["rule"], f["condition"]) for r in rows for f in r["flagged"]} == set(UNNEEDED)
    assert all(n["counterexample"] for r in rows for n in r["needed"])
    assert figures(rows).startswith(f"{len(RULES)} rules sampled ")
    assert figures(rows).endswith("failing: none")


def test_the_summary_of_some_rules() -> None:
    assert [r["rule"] for r in sampled_rules(["log-square", "log-one"])] == ["log-square", "log-one"]


@pytest.mark.parametrize("identity", REJECTED, ids=lambda i: i.id)
def test_the_summary_names_a_false_rule(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "RULES", {identity.id: identity.rule()})
    rows = sampled_rules([identity.id])
    assert [r["holds"] for r in rows] == [False]
    assert figures(rows).endswith(f"failing: {identity.id}")


def test_a_flagged_condition_without_a_reason_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "UNNEEDED", {})
    assert not sampled_rules(["substitution"])[0]["holds"]
