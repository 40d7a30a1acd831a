"""The checker alone: what it accepts, what it says when it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from derive.catalogue import IDS, result
from derive.checker import check, main
from derive.codegen.approximations import whole_certificate
from derive.codegen.evaluation import evaluation_forms
from derive.derivation import CertificateError, certificate, dumps
from derive.entries import statements
from derive.stated import stated


def everything(id: str) -> dict:
    return json.loads(dumps(whole_certificate(result(id))))


@pytest.mark.parametrize("id", IDS)
def test_every_form_states_what_the_catalogue_says(id: str) -> None:
    proved = check(everything(id))
    named = {name for name in proved if name in statements() or name in stated()}
    found = result(id)
    forms = {f.derivation.id for f in found.forms} | {d.id for d in evaluation_forms(found).values()}
    assert {id, *forms} <= named


def test_a_famous_name_on_another_statement_is_refused() -> None:
    data = everything("kl-exponential")
    for entry in data["derivations"]:
        if entry["id"] == "kl-exponential":
            entry["id"] = "kl-normal"
        for step in entry["steps"]:
            if step["bindings"].get("lemma") == {"text": "kl-exponential"}:
                step["bindings"]["lemma"] = {"text": "kl-normal"}
    data["id"] = "kl-normal"
    with pytest.raises(CertificateError, match="the catalogue's kl-normal is about"):
        check(data)


def test_an_empty_proof_of_nothing_is_not_the_result() -> None:
    data = json.loads(dumps(certificate(result("kl-normal").derivation)))
    data["derivations"] = [
        {"id": "kl-normal", "title": "", "declarations": [], "left": 0, "steps": [], "right": 0}
    ]
    with pytest.raises(CertificateError, match="the catalogue's kl-normal"):
        check(data)


def test_the_command_prints_what_was_proved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "certificate.json"
    path.write_text(dumps(certificate(result("kl-exponential").derivation)))
    assert main([str(path)]) == 0
    out = capsys.readouterr().out
    assert "kl-exponential: KL(Law(Exponential, lambda_1), Law(Exponential, lambda_2)) = Plus(Log(" in out
    assert main([]) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot read"),
        ('{"format": 1, "format": 2}', "a key stands twice"),
        ("[]", "malformed certificate"),
        ('{"format": "derive certificate 1"}', "malformed certificate"),
        ("[" * 100_000, "cannot read"),
    ],
)
def test_what_is_no_certificate_is_refused_with_a_sentence(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "certificate.json"
    path.write_text(text)
    assert main([str(path)]) == 1
    assert message in capsys.readouterr().err


def test_it_runs_alone_and_loads_no_strategy() -> None:
    code = (
        "import sys, derive.checker; "
        "print([m for m in sys.modules if m.startswith('derive.') and m.split('.')[1] in "
        "('strategies', 'catalogue', 'document', 'codegen', 'evidence', 'course')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
