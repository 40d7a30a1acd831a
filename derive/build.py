"""What ``derive build`` writes, how it is written safely, and how it is compared.

Every file of a result is rendered in memory first, written beside its place and renamed, so an
interrupted build leaves the old files whole.  Nothing is ever deleted.
"""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from pathlib import Path
from typing import TYPE_CHECKING

from derive import catalogue
from derive.catalogue import Form, Result
from derive.codegen.targets import TARGETS
from derive.entries import ARTICLES

if TYPE_CHECKING:
    from derive.derivation import Derivation
    from derive.document.checks import Approximation, Average, CheckSummary
    from derive.document.notation import Notation

ARTICLE = "derivation.tex"
ENCLOSURES = 5
"""Points at which a document shows the enclosed integral."""
MEASURED = "measured"
"""Folder of the output that holds measured figures: never compared, never called an orphan."""


class OutputError(OSError):
    """The output folder cannot be written; the message says which and why."""


@dataclass(frozen=True)
class Stale:
    """A generated file that is not what the sources make: changed, missing or orphaned."""

    path: Path
    kind: str
    diff: str

    def mend(self, output: Path) -> str:
        """The command that mends it."""
        if self.kind == "orphaned":
            return f"rm {self.path}"
        id = self.path.relative_to(output).parts[0]
        where = "" if output == Path("generated") else f" -o {output}"
        return f"derive build {id}{where}"


def files(result: Result, notation: Notation | None = None) -> dict[str, str]:
    """File name → content of one result; ``notation`` changes the documents' names and nothing else."""
    from derive.codegen.approximations import whole_certificate
    from derive.codegen.render import module_name, module_text
    from derive.derivation import dumps
    from derive.document import render

    checks = checks_of(result)
    out = {"certificate.json": dumps(whole_certificate(result))}
    out |= render.documents(with_code_forms(result), checks, notation)
    for target in () if result.is_study else TARGETS.values():
        out[module_name(result, target)] = module_text(result, target)
    return out


def article_files(notation: Notation | None = None) -> dict[str, str]:
    """File name → content of the article that tells the whole story, with the certificate of all of it."""
    from derive.codegen.approximations import with_polynomials
    from derive.codegen.evaluation import evaluation_forms
    from derive.codegen.render import snippet
    from derive.derivation import certificate, dumps
    from derive.document import render
    from derive.document.story import INFINITE, THEOREMS, derivations

    vae = catalogue.result(THEOREMS[-1])
    evaluations = {d.id: d for d in evaluation_forms(vae).values()}
    checks = {id: checks_of(catalogue.result(id)) for id in THEOREMS}
    stated = derivations(evaluations)
    others = [d for id, d in stated.items() if id != INFINITE]
    code = snippet(vae, "torch", "logvar")
    data = with_polynomials(certificate(stated[INFINITE], *others), *map(catalogue.result, THEOREMS))
    return {
        "certificate.json": dumps(data),
        **render.whole(evaluations, checks, code, notation),
    }


def with_code_forms(result: Result) -> Result:
    """The result with its evaluation forms among its forms: why the code looks different."""
    from derive.codegen.evaluation import evaluation_forms

    forms = tuple(
        Form(f"computed-{name or 'own'}", _computed_title(result, name), derivation, None)
        for name, derivation in evaluation_forms(result).items()
    )
    return replace_fields(result, forms=result.forms + forms)


def _computed_title(result: Result, name: str) -> str:
    swap = next((f.parameterisation for f in result.forms if f.name == name), None)
    return "Why the code looks different: the form that it computes" + (
        f", in terms of the {swap.title}" if swap else ""
    )


def checks_of(result: Result) -> CheckSummary:
    """What the documents say about how the result was checked: deterministic, no measured figure."""
    from derive.checker import check
    from derive.derivation import certificate
    from derive.document.checks import CheckSummary, Enclosure
    from derive.evidence.enclosure import enclose
    from derive.evidence.points import as_text, points

    parts = (form.derivation for form in result.forms) if result.is_study else ()
    again = check(certificate(result.derivation, *parts))
    rows = []
    for point in () if result.is_study else points(result.derivation, ENCLOSURES):
        found = enclose(result.derivation, point)
        shown = tuple(as_text(point).items())
        rows.append(Enclosure(shown, found.digits, found.radius, found.contains))
    return CheckSummary(
        replayed_steps=sum(len(node.steps) for node in again.values()),
        enclosures=tuple(rows),
        accuracy=() if result.is_study else tuple(t.accuracy for t in TARGETS.values()),
        averages=() if result.is_study else _averages(result.derivation),
        approximations=() if result.is_study else _approximations(result),
    )


def _approximations(result: Result) -> tuple[Approximation, ...]:
    """The polynomials that the code computes with, their bounds proved once more."""
    from derive.approximation import prove
    from derive.codegen.approximations import approximations
    from derive.document.checks import Approximation

    for a in approximations(result):
        for p in a.polynomials:
            prove(p)
    return tuple(
        Approximation(
            a.function, a.factor, a.variable, a.given, a.polynomials[0].lower, a.polynomials[0].upper,
            tuple((p.dtype, len(p.coefficients), p.bound) for p in a.polynomials),
        )
        for a in approximations(result)
    )  # fmt: skip


def _averages(derivation: Derivation) -> tuple[Average, ...]:
    """The teaching picture, as text: averages over more and more draws."""
    from derive.document.checks import Average
    from derive.evidence.montecarlo import monte_carlo
    from derive.evidence.points import as_text, points

    point = points(derivation, 1)[0]
    return tuple(
        Average(
            tuple(as_text(point).items()), f"{e.draws:,}", f"{e.mean:.{e.decimals}f}",
            f"{e.standard_error:.{e.decimals}f}", f"{e.closed_form:.{e.decimals}f}",
        )
        for e in monte_carlo(derivation, point)
    )  # fmt: skip


def plan(
    ids: Iterable[str],
    report: Callable[[str, float], None] = lambda id, seconds: None,
    notation: Notation | None = None,
) -> dict[Path, str]:
    """Relative path → content for the given ids; ``report`` hears the CPU time of each."""
    out: dict[Path, str] = {}
    for id in ids:
        start = time.process_time()
        made = article_files(notation) if id in ARTICLES else files(catalogue.result(id), notation)
        for name, content in made.items():
            out[Path(id) / name] = content
        report(id, time.process_time() - start)
    return out


def write(contents: dict[Path, str], output: Path) -> list[Path]:
    """Write what differs, each file aside and then renamed; returns what was written.

    Raises:
        OutputError: before anything is written, when the folder cannot take it.
    """
    try:
        for folder in sorted({output / path.parent for path in contents}):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        written = []
        for path, content in contents.items():
            target = output / path
            if not target.exists() or _read(target) != content:
                replace(target, content)
                written.append(target)
    except OSError as error:
        raise OutputError(f"cannot write to {output}: {error.strerror or error}") from error
    return written


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


def replace(target: Path, content: str | bytes) -> None:
    """Write a file aside and rename it into its place."""
    handle, aside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
        os.chmod(aside, 0o644)
        os.replace(aside, target)
    except BaseException:
        os.unlink(aside)
        raise


def stale(contents: dict[Path, str], output: Path, *, everything: bool) -> Iterator[Stale]:
    """Files that differ from ``contents``; with ``everything``, orphans anywhere in the folder."""
    for path, content in contents.items():
        target = output / path
        if not target.exists():
            yield Stale(target, "missing", "")
        elif (found := _read(target)) != content:
            diff = difflib.unified_diff(
                found.split("\n"), content.split("\n"), f"{target} (found)", f"{target} (expected)",
                lineterm="", n=1,
            )  # fmt: skip
            yield Stale(target, "changed", "\n".join(list(diff)[:40]))
    roots = [output] if everything else sorted({output / path.parent for path in contents})
    for root in roots:
        for target in sorted(root.rglob("*")) if root.exists() else []:
            relative = target.relative_to(output)
            made = target.suffix == ".pdf" and relative.with_suffix(".tex") in contents
            if target.is_file() and relative not in contents and relative.parts[0] != MEASURED and not made:
                yield Stale(target, "orphaned", "")


class NoTeX(OSError):
    """A PDF cannot be made; the message says what is missing or what TeX said."""


def pdf(id: str, output: Path) -> Path:
    """Compile one result's article; the PDF stands beside it when it is whole.

    Raises:
        NoTeX: when pdflatex is not installed, or does not accept the article.
    """
    compiler = shutil.which("pdflatex")
    if compiler is None:
        raise NoTeX("pdflatex is not installed: on Debian, apt install texlive-latex-recommended")
    with tempfile.TemporaryDirectory() as folder:
        source = "article.tex" if id in ARTICLES else ARTICLE
        shutil.copy(output / id / source, folder)
        command = [compiler, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", source]
        for _ in range(3):  # the second run knows the references, the third where they moved to
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
            if done.returncode:
                raise NoTeX(f"pdflatex refuses {output / id / source}: {done.stdout[-400:]}")
        made = Path(folder) / source.replace(".tex", ".pdf")
        target = output / id / made.name
        replace(target, made.read_bytes())
    return target
