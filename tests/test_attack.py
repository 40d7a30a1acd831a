"""Forged and fuzzed certificates: refused with one sentence, quickly, and never with a crash."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from attack.forgeries import FORGERIES, LITERALS, Forgery
from attack.fuzz import SECONDS, Fuzzer, fuzz
from attack.probe import probe
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.catalogue import result
from derive.checker import check, check_file, main
from derive.derivation import CertificateError
from derive.kernel import Refused, Statement, accept
from derive.rules import RULES
from derive.scope import Declaration
from derive.terms import INFINITY, REALS, Density, IntegralOver, OpenInterval, symbol

SHIPPED = Path(__file__).parent.parent / "generated" / "kl-normal" / "certificate.json"
TEXT = SHIPPED.read_text(encoding="utf-8")
FEWEST = 30


def refusal(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says when it refuses the file with exit code 1: one sentence, on stderr."""
    assert main([str(path)]) == 1
    out, err = capsys.readouterr()
    assert "accepted" not in out
    assert "Traceback" not in err
    assert err.startswith(f"{path}: refused: ") or "cannot read" in err
    return err


def test_the_shipped_certificate_is_accepted() -> None:
    assert main([str(SHIPPED)]) == 0


def test_there_are_enough_forgeries() -> None:
    assert len(FORGERIES) + len(LITERALS) >= FEWEST
    assert sum(f.step for f in FORGERIES) >= FEWEST
    assert len({f.name for f in FORGERIES}) == len(FORGERIES)


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda f: f.name)
def test_a_forgery_is_refused_by_name(
    forgery: Forgery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, and a sentence with the step, the rule and the reason."""
    forged = forgery.of(json.loads(TEXT))
    assert forged != json.loads(TEXT)
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(forged), encoding="utf-8")
    said = refusal(path, capsys)
    assert forgery.says in said, said
    if forgery.step:
        assert re.search(r"step \d+.*rule '", said), said


@pytest.mark.parametrize("name", LITERALS)
def test_a_forged_text_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, says = LITERALS[name]
    assert old in TEXT
    path = tmp_path / "certificate.json"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    assert says in refusal(path, capsys)


def test_the_command_itself_exits_with_1(tmp_path: Path) -> None:
    """As a process of its own, as a reader would run it."""
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(FORGERIES[0].of(json.loads(TEXT))), encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "derive.checker", str(path)], capture_output=True, text=True)
    assert done.returncode == 1
    assert re.search(r"refused: kl-normal, step \d+: rule 'collect' refused: the two sides", done.stderr)


# -- fuzzing ---------------------------------------------------------------------------------------------


def test_broken_certificates_never_crash_the_checker() -> None:
    """A part of the campaign ``python -m tests.attack.fuzz``."""
    tally = fuzz("kl-normal", 400, seed=7)
    assert tally.failures == []
    assert tally.slowest < SECONDS
    assert tally.inputs == 400
    assert tally.refused > 300


def test_a_false_claim_about_a_polynomial_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a checker that believes every claim, the fuzzer finds false ones."""
    fuzzer = Fuzzer("kl-normal", 1)
    good = fuzzer.data["approximations"]
    for part, value in (("bound", "1e-9"), ("upper", "4"), ("name", "atanh")):
        claims = [{**good[0], part: value}, *good[1:]]
        assert not fuzzer.judge({}, {**fuzzer.data, "approximations": claims})
    assert fuzzer.judge({}, {**fuzzer.data, "approximations": good[:3]}) == "the same statements"
    wider = [{**good[0], "bound": "1e-8"}]
    assert fuzzer.judge({}, {**fuzzer.data, "approximations": wider}) == "other true statements"
    monkeypatch.setattr("derive.approximation._require_small", lambda *_: None)
    assert any("not seen to be true" in failure for failure in fuzz("kl-normal", 1500, seed=7).failures)


def test_fuzzing_is_the_same_every_time() -> None:
    first, second = Fuzzer(seed=3), Fuzzer(seed=3)
    assert [first.input() for _ in range(20)] == [second.input() for _ in range(20)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(JSON)
def test_any_json_is_refused(data: object) -> None:
    with pytest.raises(CertificateError):
        check(data)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.json"
    path.write_bytes(data)
    with pytest.raises(CertificateError):
        check_file(path)


# -- probing ---------------------------------------------------------------------------------------------


def test_what_the_kernel_accepts_of_hurt_lines_is_true() -> None:
    """A part of the campaign ``python -m tests.attack.probe``: any rule, anywhere, with any bindings."""
    found = probe(12, seed=2)
    assert found.failures == []
    assert found.tried > 1_000
    assert found.accepted.total() > 20


def test_a_false_step_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a kernel that believes everything, the probe finds false steps."""
    monkeypatch.setattr("derive.kernel._require_equal", lambda *_: None)
    assert probe(6, seed=2).failures


# -- found by reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["one symbol twice", "a narrower domain", "a number", "half the line"])
def test_marginalisation_needs_the_mass_of_every_member(fault: str) -> None:
    """A lemma about some members of the family says nothing of the others; it was believed once."""
    step = next(s for s in result("kl-diagonal-normal").derivation.steps if s.rule == "marginalisation")
    scope = result("kl-diagonal-normal").derivation.scope
    lemma = result("kl-diagonal-normal").derivation.lemmas["normal-total-mass"].statement
    mu, sigma = (symbol(d.name) for d in lemma.declarations)
    x, law = lemma.left.args[1], lemma.left.args[0].args[0]
    changed = {
        "one symbol twice": (lemma.declarations[1:], type(law)(law.args[0], sigma, sigma), REALS),
        "a narrower domain": (
            (Declaration("mu", "positive"), lemma.declarations[1]), type(law)(law.args[0], mu, sigma), REALS,
        ),
        "a number": (lemma.declarations, type(law)(law.args[0], 0, sigma), REALS),
        "half the line": (lemma.declarations, law, OpenInterval(0, INFINITY)),
    }  # fmt: skip
    declared, narrow, space = changed[fault]
    false = Statement(declared, IntegralOver(Density(narrow, x), x, space), lemma.right)
    rule, bindings = RULES["marginalisation"], dict(step.bindings)
    accept(rule, step.before, step.place, bindings, scope, {"normal-total-mass": lemma})
    with pytest.raises(Refused, match="integrates to 1"):
        accept(rule, step.before, step.place, bindings, scope, {"normal-total-mass": false})


def test_a_dimension_is_no_vector() -> None:
    """Found by the mutation campaign: a sum over j = 1..d where d was declared as a vector was accepted."""
    data = json.loads((SHIPPED.parents[1] / "kl-diagonal-normal" / "certificate.json").read_text())
    for entry in data["derivations"]:
        for declaration in entry["declarations"]:
            if declaration["name"] == "d":
                declaration["indexed"] = True
    with pytest.raises(CertificateError, match="no vector"):
        check(data)
