"""What ``derive verify`` does beyond one result's proof: generated code on trial, other systems, peers."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from derive import catalogue
from derive.build import replace
from derive.catalogue import Result
from derive.codegen.render import module_name, module_text
from derive.codegen.targets import TARGETS

if TYPE_CHECKING:
    from derive.evidence.measure import CodeRow

Progress = Callable[[str], None]
SCREENED = 10_000_000
"""Random points for each function in the long run."""
CORES = os.cpu_count() or 1


@contextmanager
def _modules(ids: Iterable[str]) -> Iterator[Mapping[str, Mapping[str, Path]]]:
    """Id → target → path of the generated module, in a folder that goes away."""
    with tempfile.TemporaryDirectory() as folder:
        out: dict[str, dict[str, Path]] = {}
        for id in ids:
            out[id] = {}
            for target in TARGETS.values():
                path = Path(folder) / module_name(catalogue.result(id), target)
                path.write_text(module_text(catalogue.result(id), target), encoding="utf-8")
                out[id][target.name] = path
        yield out


def verify_result(result: Result, **options: Any) -> dict[str, Any]:
    """One result's part of the report of ``derive verify``."""
    from derive.evidence.report import verify_one

    if result.id not in catalogue.DIVERGENCES:
        row = verify_one(result, None, **options)
        return row | {"not_measured": "code is written for the divergences of the catalogue only"}
    with _modules([result.id]) as modules:
        row = verify_one(catalogue.result(result.id), modules[result.id], **options)
    _add_polynomials(row, result)
    return row


def _add_polynomials(row: dict[str, Any], result: Result) -> None:
    """The bounds of the polynomials that the code computes with, proved once more as the checker does it;
    the certificate has to list these and no others."""
    from derive.approximation import decode, is_proved
    from derive.codegen.approximations import polynomials_in, whole_certificate

    listed = [decode(entry) for entry in whole_certificate(result).get("approximations", [])]
    row["polynomials"] = [
        {
            "name": p.name, "dtype": p.dtype, "interval": [p.lower, p.upper],
            "coefficients": list(p.coefficients), "bound": p.bound, "proved": is_proved(p),
        }
        for p in listed
    ]  # fmt: skip
    wrong = [f"polynomial: {p['name']} in {p['dtype']}" for p in row["polynomials"] if not p["proved"]]
    used = polynomials_in("".join(module_text(result, target) for target in TARGETS.values()))
    differ = used ^ {(p.name, p.dtype) for p in listed}
    wrong += [f"certificate and code differ in: {name} in {dtype}" for name, dtype in sorted(differ)]
    row["failures"] = row["failures"] + wrong
    row["verified"] = row["verified"] and not wrong


def add_second_opinion(row: dict[str, Any], result: Result) -> None:
    """What Coq and Maxima say of a result and its forms, put into its row of the report."""
    from derive.evidence.antiderivatives import opinion_on_calculus
    from derive.evidence.second_opinion import second_opinion

    systems = (second_opinion, opinion_on_calculus)
    opinions = [(d.id, system(d)) for system in systems for d in result.derivations()]
    row["second_opinions"] = [{"derivation": id, **asdict(opinion)} for id, opinion in opinions]
    wrong = [f"{o.tool} disagrees with {id}: {o.detail}" for id, o in opinions if o.status == "disagrees"]
    row["failures"] = row["failures"] + wrong
    row["verified"] = row["verified"] and not wrong


def verify_exhaustively(
    progress: Progress, points: int = SCREENED, stride: int = 1, workers: int = CORES, compiled: bool = True
) -> list[dict[str, Any]]:
    """The primitives at every float32 and every function at many random points, compiled too; takes hours."""
    from derive.evidence.exhaustive import exhaustive
    from derive.evidence.report import code_row, faults, references
    from derive.evidence.workers import each

    with _modules(catalogue.DIVERGENCES) as modules:
        paths = modules["kl-normal-standard"]
        found = list(exhaustive(paths, stride=stride, compiled=compiled, workers=workers, progress=progress))
        jobs = [
            (id, name, paths, points, compiled)
            for id, paths in modules.items()
            for name in references(catalogue.result(id))
        ]
        for job, rows in zip(jobs, each(_screen, jobs, workers), strict=True):
            found += rows
            progress(job[1])
    return [code_row(row) | {"failures": faults(row)} for row in found]


def _screen(job: tuple[str, str, Mapping[str, Path], int, bool]) -> list[CodeRow]:
    """One function at many random points."""
    from derive.evidence.report import references
    from derive.evidence.screen import screened

    id, name, paths, points, compiled = job
    return list(screened({name: references(catalogue.result(id))[name]}, paths, points, compiled=compiled))


def compare_peers(folder: Path, points: int = 20_000) -> list[Path]:
    """Measure the usual formulas beside the generated code; table, data and plot go to ``folder``."""
    from derive.evidence import speed
    from derive.evidence.measure import load
    from derive.evidence.peers import IDS, SUMMED_ID, compare_with_peers, markdown
    from derive.evidence.peers_plot import plot
    from derive.evidence.report import environment

    with _modules((*IDS.values(), SUMMED_ID)) as modules:
        data = compare_with_peers({id: paths["torch"] for id, paths in modules.items()}, points)
        times = speed.speeds(load(modules[SUMMED_ID]["torch"]))
    around = environment()
    whole = {"environment": around, **data, "times": times}
    contents = {
        "accuracy.md": markdown(data, around) + speed.markdown(times),
        "accuracy.json": json.dumps(whole, ensure_ascii=False, indent=1) + "\n",
        "accuracy.svg": plot(data["curves"]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        replace(folder / name, text)
    return [folder / name for name in contents]
