"""The verdict: replay, enclosures, laws and measured code of a result, as data and as a table."""

from __future__ import annotations

import platform
import random
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from derive import catalogue
from derive.catalogue import Result
from derive.derivation import CertificateError, Derivation, certificate, replay_all
from derive.distributions import FAMILIES
from derive.evidence.enclosure import EnclosureError, InfiniteDivergenceError, enclose
from derive.evidence.laws import laws
from derive.evidence.measure import CodeRow, bound, measure_modules
from derive.evidence.montecarlo import monte_carlo
from derive.evidence.points import as_text, points
from derive.evidence.sampled import figures
from derive.evidence.samples import Reference
from derive.evidence.sampling import AGREEING_DIGITS, POINTS, agree
from derive.rules import RULES
from derive.terms import INFINITY

DIGITS = 50
NESTED_DIGITS = 20

Modules = Mapping[str, Path]
Progress = Callable[[str], None]
LIBRARIES = ("python-flint", "sympy", "numpy", "torch", "jax")


def _silent(stage: str) -> None:
    """Nobody listens."""


def verify(
    ids: Iterable[str],
    *,
    enclosures: int = 5,
    code: Mapping[str, Modules] | None = None,
    code_points: int = 100_000,
    compiled: bool = False,
    progress: Progress = _silent,
) -> dict[str, Any]:
    """Verify results by id.  ``code`` maps an id to its modules, target → path."""
    modules = code or {}
    rows = [
        verify_one(
            catalogue.result(id), modules.get(id, {}),
            enclosures=enclosures, code_points=code_points, compiled=compiled, progress=progress,
        )
        for id in ids
    ]  # fmt: skip
    return {"environment": environment(), "results": rows}


def verify_one(
    result: Result,
    modules: Modules | None = None,
    *,
    enclosures: int = 5,
    code_points: int = 100_000,
    compiled: bool = False,
    progress: Progress = _silent,
) -> dict[str, Any]:
    """One result's part of the report.  ``verified`` is true only when everything in it holds."""
    progress(f"{result.id}: replaying the certificate")
    row = _replayed(result)
    failures: list[str] = row.pop("failures")
    if result.derivation.right == INFINITY:
        row |= {"enclosures": [], "laws": [], "code": [], "not_enclosed": "the divergence is +∞"}
        return row | {"verified": not failures, "failures": failures}
    if result.is_study:
        progress(f"{result.id}: both sides at points")
        agreeing = [_agrees(derivation) for derivation in result.derivations()]
        failures += [f"law: {r['law']} fails for {r['derivation']}" for r in agreeing if not r["holds"]]
        reason = "it is about closed forms, whose integrals are enclosed with their own results"
        row |= {"enclosures": [], "laws": agreeing, "code": [], "not_enclosed": reason}
        return row | {"verified": not failures, "failures": failures}
    progress(f"{result.id}: enclosing the integral")
    enclosed, main, missing = _enclosed(result, enclosures, failures)
    progress(f"{result.id}: laws")
    law_rows = laws(result, main)
    failures += [f"law: {r.law} fails for {r.derivation}" for r in law_rows if not r.holds]
    progress(f"{result.id}: measuring code")
    code_rows = []
    if modules:
        code_rows = list(measure_modules(references(result), modules, code_points, compiled=compiled))
    failures += [f"code: {reason}" for r in code_rows for reason in faults(r)]
    row |= {
        "enclosures": enclosed,
        "laws": [
            {"law": r.law, "derivation": r.derivation, "grade": r.grade, "holds": r.holds, "detail": r.detail}
            for r in law_rows
        ],
        "code": [code_row(r) for r in code_rows],
        "monte_carlo": _averaged(result.derivation, failures),
    }
    if missing:
        row["not_enclosed"] = missing
    return row | {"verified": not failures, "failures": failures}


def _replayed(result: Result) -> dict[str, Any]:
    """Every derivation rebuilt from the certificate alone, through the kernel."""
    failures: list[str] = []
    main = result.derivation
    try:
        data = certificate(main, *(form.derivation for form in result.forms))
        again = replay_all(data, RULES, FAMILIES)[main.id]
    except CertificateError as error:
        failures.append(f"certificate: {error}")
        again = None
    steps = again.steps if again else ()
    return {
        "id": result.id,
        "grade": again.grade if again else "REFUSED",
        "assumed": list(main.assumed),
        "rules": list(main.rules),
        "steps": [
            {"number": i, "rule": step.rule, "grade": step.evidence} for i, step in enumerate(steps, 1)
        ],
        "lemmas": [
            {"id": node.id, "steps": len(node.steps), "grade": node.grade}
            for node in (again.tree() if again else ())
            if node.id != main.id
        ],
        "failures": failures,
    }


def _agrees(derivation: Derivation) -> dict[str, Any]:
    """Whether both sides of a study's derivation agree in balls: derivatives by dual numbers, divergences
    by a textbook's formula, so that neither the closed form nor the normal form is used."""
    draw = random.Random(derivation.id)
    holds = all(agree(derivation.left, derivation.right, derivation.scope, draw) for _ in range(POINTS))
    return {
        "law": "both sides agree, derivatives taken by dual numbers",
        "derivation": derivation.id,
        "grade": "ENCLOSED",
        "holds": holds,
        "detail": f"{POINTS} random points, {AGREEING_DIGITS} digits",
    }


def _enclosed(result: Result, count: int, failures: list[str]) -> tuple[list[dict[str, Any]], list[Any], str]:
    """Enclosures of the main derivation and of its forms, as data; those of the main one as they are."""
    rows: list[dict[str, Any]] = []
    main: list[Any] = []
    for derivation in result.derivations():
        nested = NESTED_DIGITS if derivation is result.derivation else 0
        for point in points(derivation, count):
            try:
                found = enclose(derivation, point, DIGITS, nested=nested)
            except InfiniteDivergenceError as error:
                failures.append(f"enclosure: {derivation.id} has a closed form, but {error}")
                return rows, main, str(error)
            except EnclosureError as error:
                failures.append(f"enclosure: {derivation.id} is not enclosed: {error}")
                return rows, main, str(error)
            nested = 0
            if derivation is result.derivation:
                main.append(found)
            rows.append(
                {
                    "derivation": derivation.id,
                    "point": as_text(point),
                    "digits": found.digits,
                    "value": found.value,
                    "radius": found.radius,
                    "relative_radius": found.relative_radius,
                    "contains": found.contains,
                    "excludes_shifted": found.excludes_shifted,
                    "method": found.method,
                }
            )
            if not (found.contains and found.excludes_shifted):
                failures.append(f"enclosure: {derivation.id} at {as_text(point)}")
    return rows, main, ""


def _averaged(derivation: Derivation, failures: list[str]) -> dict[str, Any]:
    """Averages over draws from p at the first point: a picture, but one that has to fit."""
    point = points(derivation, 1)[0]
    try:
        found = monte_carlo(derivation, point)
    except EnclosureError as error:
        return {"averages": [], "not_drawn": str(error)}
    failures += [
        f"monte carlo: {e.draws} draws give {e.mean} ± {e.standard_error}, the closed form {e.closed_form}"
        for e in found
        if not e.is_near
    ]
    return {"point": as_text(point), "averages": [asdict(e) for e in found]}


def references(result: Result) -> dict[str, Reference]:
    """Name of each public function of a result → the derivation that it is held against."""
    name = result.id.replace("-", "_")
    found: dict[str, Derivation] = {name: result.derivation}
    for form in result.forms:
        if form.parameterisation is not None:
            found[f"{name}_from_{form.parameterisation.name}"] = form.derivation
    return {name: Reference(derivation) for name, derivation in found.items()}


def code_row(row: CodeRow) -> dict[str, Any]:
    """A measured function as data."""
    data: dict[str, Any] = {
        "target": row.target, "function": row.function, "dtype": row.dtype, "quantity": row.quantity,
        "status": row.status,
    }  # fmt: skip
    if row.status != "measured":
        return data | {"reason": row.reason}
    return data | {
        "points": row.points, "max_ulp": row.max_ulp, "mean_ulp": row.mean_ulp, "bad": row.bad,
        "bound_ulp": bound(row), "worst_point": dict(row.worst_point),
    }  # fmt: skip


def faults(row: CodeRow) -> list[str]:
    """Why a code row makes its result fail.  A target that is not installed does not: it says so."""
    what = f"{row.target} {row.function} {row.dtype} {row.quantity}"
    if row.status == "failed":
        return [f"{what}: {row.reason}"]
    out = []
    if row.bad:
        out.append(f"{what}: {row.bad} bad results, one at {dict(row.worst_point)}")
    if row.max_ulp > bound(row):
        out.append(f"{what}: {row.max_ulp} ulp exceed {bound(row)}, at {dict(row.worst_point)}")
    return out


def environment() -> dict[str, str]:
    """What the figures were measured with."""
    versions = {"python": platform.python_version(), "machine": f"{platform.machine()} {sys.platform}"}
    for name in LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def table(data: Mapping[str, Any]) -> str:
    """The report for a reader."""
    lines = [", ".join(f"{name} {version}" for name, version in data["environment"].items()), ""]
    for row in data["results"]:
        lines += [*_result_lines(row), ""]
    if "rules" in data:
        lines += [f"rules: {figures(data['rules'])}", ""]
    if "exhaustive" in data:
        lines += ["every finite normal float32, and many random points", *_code_lines(data["exhaustive"])]
        lines += [f"  ! {failure}" for row in data["exhaustive"] for failure in row["failures"]] + [""]
    return "\n".join(lines)


def _result_lines(row: Mapping[str, Any]) -> list[str]:
    verdict = "verified" if row["verified"] else "NOT VERIFIED"
    out = [
        f"{row['id']}: {verdict}",
        f"  derivation  {row['grade']}, {len(row['steps'])} steps, {len(row['lemmas'])} lemmas, "
        f"{len(row['rules'])} rules; assumed: {', '.join(row['assumed']) or 'nothing'}",
    ]
    enclosed = row["enclosures"]
    if enclosed:
        good = sum(e["contains"] and e["excludes_shifted"] for e in enclosed)
        widest = max((int(e["relative_radius"][2:]) for e in enclosed if e["relative_radius"]), default=0)
        out.append(
            f"  enclosures  {good} of {len(enclosed)} contain the closed form and exclude it shifted by "
            f"1e-40; relative radius ≤ 1e{widest}"
        )
    if "not_enclosed" in row:
        out.append(f"  enclosures  not enclosed: {row['not_enclosed']}")
    for grade in ("PROVED", "ENCLOSED"):
        holding = [r for r in row["laws"] if r["grade"] == grade]
        if holding:
            good = sum(r["holds"] for r in holding)
            names = sorted({r["law"] for r in holding})
            out.append(f"  laws        {grade} {good} of {len(holding)}: {'; '.join(names)}")
    for opinion in row.get("second_opinions", ()):
        steps = f"{opinion['steps_checked']} steps, {opinion['steps_skipped']} not translated"
        out.append(f"  {opinion['tool']:<11} {opinion['status']} on {opinion['derivation']}: {steps}")
    averages = row.get("monte_carlo", {}).get("averages")
    if averages:
        last = averages[-1]
        out.append(
            f"  monte carlo {last['mean']:.6g} ± {last['standard_error']:.1g} over {last['draws']:,} draws, "
            f"closed form {last['closed_form']:.6g} (a picture, no evidence)"
        )
    polynomials = row.get("polynomials", ())
    if polynomials:
        good = sum(p["proved"] for p in polynomials)
        out.append(
            f"  polynomials {good} of {len(polynomials)} bounds proved again, each on its whole interval"
        )
    if row["code"]:
        out.append(f"  code        {'':66}{'points':>8} {'max ulp':>9} {'mean':>7} {'bad':>5}")
    out += _code_lines(row["code"])
    return out + [f"  ! {failure}" for failure in row["failures"]]


def _code_lines(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    out = []
    for c in rows:
        label = f"{c['target']:<14} {c['function']} {c['dtype']} {c['quantity']}"
        if c["status"] == "measured":
            figures = f"{c['points']:>8} {c['max_ulp']:>9.2f} {c['mean_ulp']:>7.3f} {c['bad']:>5}"
        else:
            figures = f"{c['status']}: {c['reason']}"
        out.append(f"    {label:<74}{figures}")
    return out
