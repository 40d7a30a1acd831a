"""Ten and more planted faults for every step of every derivation: replay has to refuse each one.

The operators are those of the mutation campaign (``tests/attack``), which plants all that there are; here
each operator hurts each step once.  A certificate is cut to the one step that is hurt and the lemmas it
cites; the last tests hurt whole chains.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from attack import rewrites
from attack.campaign import attack, attack_each, judge, nodes_of, table
from attack.operators import (
    STEP_MUTANTS,
    Data,
    Mutant,
    certificate_of_step,
    chains,
    remembered,
)
from attack.term_operators import TERM_OPERATORS

from derive.catalogue import IDS
from derive.codec import decode, encode
from derive.derivation import CertificateError, Derivation, certificate, replay
from derive.distributions import FAMILIES
from derive.rules import RULES
from derive.scope import Declaration
from derive.terms import Minus

FEWEST = 10
DERIVATIONS = {name: node for id in IDS for name, node in nodes_of(id).items()}
BY_ID = pytest.mark.parametrize("id", sorted(DERIVATIONS))


@pytest.fixture(autouse=True, scope="module")
def remembered_steps() -> Iterator[None]:
    """The lemmas under a fault are the same each time."""
    with remembered():
        yield


def first_of_each(mutants: Iterator[Mutant]) -> Iterator[Mutant]:
    """The first mutant of each operator."""
    seen: set[str] = set()
    for operator, data in mutants:
        if operator not in seen:
            seen.add(operator)
            yield operator, data


def let_through(
    mutants: Iterator[Mutant], node: Derivation, sort: str, original: Data
) -> tuple[int, list[str]]:
    """How many mutants were planted, and which were accepted although they are not equivalent."""
    planted, accepted = 0, []
    for operator, data in mutants:
        if data == original:
            continue
        planted += 1
        try:
            rebuilt = replay(data, RULES, FAMILIES)
        except CertificateError:
            continue
        if not judge(node, data, sort, rebuilt):
            accepted.append(operator)
    return planted, accepted


@BY_ID
def test_each_step_stands_without_a_fault(id: str) -> None:
    """The cut certificates replay when nothing is wrong, so a refusal below is due to the fault."""
    node = DERIVATIONS[id]
    for number, step in enumerate(node.steps):
        rebuilt = replay(certificate_of_step(node, number), RULES, FAMILIES)
        assert (rebuilt.left, rebuilt.right) == (step.before, step.after)


@BY_ID
@pytest.mark.parametrize("sort", STEP_MUTANTS)
def test_hurt_steps_are_refused(id: str, sort: str) -> None:
    """Wrong lines, consistent lies, wrong starts, wrong reasons and weak declarations."""
    node = DERIVATIONS[id]
    for number, step in enumerate(node.steps):
        data = certificate_of_step(node, number)
        made = first_of_each(STEP_MUTANTS[sort](data, node))
        _, accepted = let_through(made, node, sort, data)
        assert not accepted, f"step {number + 1}, rule {step.rule}"


@BY_ID
def test_ten_faults_for_each_step(id: str) -> None:
    """The count that the acceptance asks for, so that the generators above cannot run dry unseen."""
    node = DERIVATIONS[id]
    for number in range(len(node.steps)):
        data = certificate_of_step(node, number)
        faults = [f for make in STEP_MUTANTS.values() for f in first_of_each(make(data, node))]
        assert len([f for f in faults if f[1] != data]) >= FEWEST


# -- whole chains -----------------------------------------------------------------------------------------


@BY_ID
def test_faults_in_the_chain_are_refused(id: str) -> None:
    """Steps removed, doubled or swapped, another statement, undeclared names, missing lemmas."""
    node = DERIVATIONS[id]
    statements = first_of_each(m for m in chains(node) if m[0].startswith("statement"))
    others = (m for m in chains(node) if not m[0].startswith("statement"))
    planted, accepted = let_through(chain(statements, others), node, "chain", certificate(node))
    assert planted >= FEWEST
    assert not accepted


@BY_ID
def test_a_fault_deep_in_the_chain_is_found_in_the_whole_certificate(id: str) -> None:
    """One fault for each step, in the certificate as it is stored: cutting hides nothing."""
    node = DERIVATIONS[id]
    data = certificate(node)
    steps = data["derivations"][-1]["steps"]
    for number, step in enumerate(steps):
        wrong = {**step, "after": encode(Minus(decode(step["after"])))}
        last = {**data["derivations"][-1], "steps": [*steps[:number], wrong, *steps[number + 1 :]]}
        with pytest.raises(CertificateError, match=rf"step {number + 1}, rule"):
            replay({**data, "derivations": [*data["derivations"][:-1], last]}, RULES, FAMILIES)


def weakenings() -> Iterator[tuple[str, int, str]]:
    """Each declaration that says more than real, and each weaker domain for it."""
    weaker = {"positive": ("real",), "natural": ("real", "positive"), "real": ()}
    for id, node in sorted(DERIVATIONS.items()):
        for number, declaration in enumerate(node.scope.declarations):
            for domain in weaker[declaration.domain]:
                yield id, number, domain


@pytest.mark.parametrize(("id", "number", "domain"), list(weakenings()))
def test_a_weakened_declaration_is_refused_by_name(id: str, number: int, domain: str) -> None:
    """σ merely real: the error names the step, the rule, the condition and the symbol."""
    data = certificate(DERIVATIONS[id])
    last = data["derivations"][-1]
    weak: Declaration = DERIVATIONS[id].scope.declarations[number]
    last["declarations"][number]["domain"] = domain
    with pytest.raises(CertificateError) as refusal:
        replay(data, RULES, FAMILIES)
    message = str(refusal.value)
    assert "step 1" in message
    assert f"rule '{last['steps'][0]['rule']}'" in message
    assert "condition" in message
    assert weak.name in message


def test_a_vector_declared_as_a_scalar_is_refused() -> None:
    """μ for d components is not one number."""
    data = certificate(DERIVATIONS["kl-diagonal-normal"])
    for declaration in data["derivations"][-1]["declarations"]:
        declaration["indexed"] = False
    with pytest.raises(CertificateError, match="is not a vector"):
        replay(data, RULES, FAMILIES)


# -- the campaign itself ----------------------------------------------------------------------------------


def test_a_small_campaign_accepts_nothing_that_is_false() -> None:
    """The same code that makes the published table, on a sample of each operator."""
    outcome = attack("kl-exponential", most=1_500, rewritten=150)
    counts = outcome.operators
    assert sum(c.planted for c in counts.values()) == 1_500
    assert [f for c in counts.values() for f in c.failures] == []
    assert not outcome.refused_rewrites
    assert len(counts) >= 20
    assert set(TERM_OPERATORS) - {"shifted index", "bad square", "π", "derivative"} <= set(counts)
    assert "kl-exponential" in table([outcome])


def test_the_campaign_is_the_same_every_time() -> None:
    first, second = (table([attack("kl-exponential", most=200, rewritten=20)]) for _ in range(2))
    assert first == second


def test_a_campaign_goes_on_where_it_was_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [("kl-exponential", seed, 60, 10) for seed in (1, 2)]
    first = attack_each(jobs[:1], 1, tmp_path / "known")
    assert "kl-exponential" in capsys.readouterr().err
    again = attack_each(jobs, 1, tmp_path / "known")
    assert capsys.readouterr().err.count("kl-exponential") == 1
    assert again[0] == first[0]
    assert table(again[1:]) == table([attack(*jobs[1])])


def test_a_false_statement_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a kernel that believes everything, the campaign finds mutants that are accepted and false."""
    monkeypatch.setattr("derive.kernel._require_equal", lambda *_: None)
    outcome = attack("kl-exponential", most=600, rewritten=0)
    assert [f for c in outcome.operators.values() for f in c.failures]


@BY_ID
def test_correct_rewritings_are_accepted(id: str) -> None:
    node = DERIVATIONS[id]
    found = rewrites.some({id: node}, seed=2, most=25)
    refused = []
    for kind, data in found:
        try:
            replay(data, RULES, FAMILIES)
        except CertificateError as error:
            if not any(text in str(error) for text in rewrites.EXPLAINED):
                refused.append(f"{kind}: {error}")
    assert found
    assert not refused
