"""The command line: exit codes, --json, building safely, checking for stale files."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from derive import build
from derive.catalogue import DIVERGENCES, IDS, result
from derive.cli import main
from derive.codegen.targets import TARGETS
from derive.entries import ARTICLES


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with everything built."""
    folder = tmp_path_factory.mktemp("built")
    done = CliRunner().invoke(main, ["build", "-o", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "out"))


def run(*arguments: str, text: str | None = None) -> tuple[int, str]:
    done = CliRunner().invoke(main, list(arguments), input=text)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_list_names_every_result() -> None:
    code, out = run("list")
    assert code == 0
    assert all(id in out for id in IDS)
    data = json.loads(run("list", "--json")[1])
    assert [row["id"] for row in data["results"]] == list(IDS)


def test_help_has_examples() -> None:
    for command in ([], ["show"], ["build"], ["verify"], ["code"], ["teach"]):
        code, out = run(*command, "--help")
        assert code == 0
        assert "Example" in out


@pytest.mark.parametrize("form", ["text", "markdown", "latex", "json"])
def test_show_in_every_format(form: str) -> None:
    code, out = run("show", "kl-normal", "--format", form, "--detail", "brief")
    assert code == 0
    assert out.strip()


def test_an_unknown_id_is_wrong_use_and_the_nearest_are_named() -> None:
    for command in ("show", "build", "verify", "code", "teach"):
        code, out = run(command, "kl-norml")
        assert code == 2
        assert "kl-normal" in out


def test_build_writes_the_files_of_every_result(built: Path) -> None:
    for id in IDS:
        stem = id.replace("-", "_")
        modules = {f"{stem}_numpy.py", f"{stem}_torch.py", f"{stem}_jax.py"} if id in DIVERGENCES else set()
        assert {p.name for p in (built / id).iterdir()} == {
            "certificate.json",
            "derivation.tex",
            "fragment.tex",
            "slides.tex",
            "derivation.md",
            "derivation.myst.md",
            "derivation.html",
            "derivation.ipynb",
            *modules,
            *({"picture.svg"} if id not in DIVERGENCES else ()),
        }
    (article,) = ARTICLES
    assert {p.name for p in (built / article).iterdir()} == {
        "article.tex",
        "article.html",
        "certificate.json",
    }


def test_check_accepts_what_build_wrote(built: Path) -> None:
    code, out = run("build", "--check", "-o", str(built))
    assert code == 0, out


def test_check_finds_a_changed_byte_in_any_file_and_prints_how_to_mend_it(copy: Path) -> None:
    contents = {p.relative_to(copy): build._read(p) for p in sorted(copy.rglob("*")) if p.is_file()}
    for path in contents:
        target = copy / path
        data = bytearray(target.read_bytes())
        data[len(data) // 2] ^= 1
        target.write_bytes(bytes(data))
        (found,) = build.stale(contents, copy, everything=True)
        assert found.kind == "changed"
        assert found.diff
        assert found.mend(copy) == f"derive build {path.parts[0]} -o {copy}"
        target.write_text(contents[path], encoding="utf-8")


def test_check_finds_removed_and_added_files(copy: Path) -> None:
    (copy / "kl-normal" / "derivation.md").unlink()
    (copy / "kl-normal" / "notes.txt").write_text("mine")
    code, out = run("build", "--check", "-o", str(copy))
    assert code == 1
    assert "missing: " in out
    assert "orphaned: " in out
    assert "notes.txt" in out
    code, out = run("build", "-o", str(copy))
    assert code == 0
    assert (copy / "kl-normal" / "notes.txt").read_text() == "mine", "a build never deletes a foreign file"
    assert "1 written" in out


def test_an_output_that_cannot_be_written_is_refused_whole(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    code, out = run("build", "kl-exponential", "-o", str(blocked / "out"))
    assert code == 2
    assert "cannot write" in out
    assert blocked.read_text() == "not a folder"


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file.txt"
    target.write_text("old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build.replace(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target], "nothing is left lying about"


def test_the_committed_output_is_what_the_sources_make() -> None:
    generated = Path(__file__).parent.parent / "generated"
    code, out = run("build", "--check", "-o", str(generated))
    assert code == 0, out


def test_verify_reports_in_the_form_of_the_design() -> None:
    code, out = run("verify", "kl-exponential", "--json", "--points", "2000")
    assert code == 0, out
    data = json.loads(out[out.index("{") :])
    (row,) = data["results"]
    assert row["grade"] == "PROVED"
    assert row["assumed"] == []
    assert row["steps"][0] == {"number": 1, "rule": "definition-of-kl", "grade": "PROVED"}
    assert len(row["enclosures"]) >= 5
    assert all(e["contains"] and e["digits"] >= 50 for e in row["enclosures"])
    assert {r["target"] for r in row["code"]} == {"numpy", "torch", "jax"}
    assert all(r["status"] == "measured" and r["bad"] == 0 for r in row["code"])


def test_verify_fails_when_the_code_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    from derive import verification

    right = verification.module_text
    assert "value = 2 * _half" in right(result("kl-exponential"), TARGETS["numpy"])
    monkeypatch.setattr(
        verification, "module_text", lambda *a: right(*a).replace("value = 2 * _half", "value = _half")
    )
    code, out = run("verify", "kl-exponential", "--points", "500")
    assert code == 1
    assert "NOT VERIFIED" in out


def test_code_prints_one_function_that_runs() -> None:
    code, out = run("code", "kl-diagonal-normal-standard", "--target", "numpy", "--parameters", "logvar")
    assert code == 0
    assert out.count("def kl_") == 1
    space: dict[str, object] = {}
    exec(compile(out, "snippet", "exec"), space)
    assert space["kl_diagonal_normal_standard_from_logvar"]([0.0, 0.0], [0.0, 0.0]) == 0  # type: ignore[operator]
    assert run("code", "kl-normal", "--parameters", "precision")[0] == 2


SEEDS = [
    str(n)
    for n in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 42, 99, 123, 1000, 4711, 31337, 65535, 2**20, 2**31, 2**32 - 1)
]
DIGESTS = """
import hashlib, json
from derive import build, catalogue
from derive.entries import ARTICLES
made = build.plan((*catalogue.IDS, *ARTICLES)).items()
files = {str(path): hashlib.sha256(text.encode()).hexdigest() for path, text in made}
print(json.dumps([hash("derive"), files]))
"""


@pytest.mark.parametrize("seeds", [SEEDS[i::4] for i in range(4)], ids=",".join)
def test_output_is_the_same_for_every_hash_seed(built: Path, seeds: list[str]) -> None:
    """Every file of every format, made by a process of its own for each of 20 seeds."""
    expected = {
        str(path.relative_to(built)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in built.rglob("*")
        if path.is_file()
    }
    hashes = set()
    for seed in seeds:
        done = subprocess.run(
            [sys.executable, "-c", DIGESTS],
            env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True,
        )  # fmt: skip
        hashed, made = json.loads(done.stdout)
        hashes.add(hashed)
        assert made == expected, seed
    assert len(hashes) == len(seeds), "the seeds did not reach the processes"


def test_a_pdf_is_made_or_what_is_missing_is_said(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("pdflatex") is None:
        assert os.environ.get("DERIVE_REQUIRE_TEX") != "1", "pdflatex is required here"
    else:
        assert build.pdf("kl-exponential", copy).read_bytes().startswith(b"%PDF")
        assert list(build.stale(build.plan(["kl-exponential"]), copy, everything=False)) == []
    monkeypatch.setenv("PATH", "")
    with pytest.raises(build.NoTeX, match="texlive-latex-recommended"):
        build.pdf("kl-exponential", copy)


def test_what_is_trusted_is_listed() -> None:
    code, out = run("verify", "--trusted")
    assert code == 0
    assert "sympy.Symbol" in out
    assert "simplify" not in out


@pytest.mark.parametrize("form", ["myst", "slides", "html", "notebook"])
def test_show_in_further_formats(form: str) -> None:
    code, out = run("show", "kl-exponential", "--format", form)
    assert code == 0
    assert "lambda" in out or "λ" in out


def test_notation_is_the_readers_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    code, out = run("show", "kl-normal", "--notation", "vae", "--detail", "brief")
    assert code == 0
    assert "KL(q_φ‖p)" in out
    code, out = run("show", "kl-normal", "--notation", "nobody")
    assert code == 2
    assert "neither a preset" in out
