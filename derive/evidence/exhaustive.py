"""Every float32 through the three functions of one variable that generated code rests on.

At mean 0 the divergence from the standard normal is ½(eᵗ − 1 − t) of the log-variance t,
½(v − 1 − log v) of the variance v, and ½(σ² − 1) − log σ with σ = log(1 + e^ρ): what is measured is
public, and every float32 fits in minutes.
The reference is worked out in float64 in another way than any target's; it is itself held against ball
arithmetic where the largest errors were found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import mpmath
import numpy as np

from derive.catalogue import result
from derive.evidence.floats import FORMATS, Floats
from derive.evidence.measure import COMPILED, LIBRARIES, SUBNORMALS, CodeRow, Scale, load
from derive.evidence.report import references
from derive.evidence.samples import Reference, Sample, Truth
from derive.evidence.workers import each

ID = "kl-normal-standard"
BLOCK = 1 << 18
PATTERNS = 1 << 32
PARTS = 64
"""Of the sweep through the patterns, each a piece of work of its own."""
SERIES_BELOW = 2.0**-6
Progress = Callable[[str], None]


@dataclass
class _Tally:
    """What was found of one quantity of one target so far."""

    worst: tuple[float, float] = (0.0, 0.0)
    total: float = 0.0
    bad: int = 0

    def add(self, other: _Tally) -> None:
        """Take in what was found elsewhere."""
        self.worst = max(self.worst, other.worst)
        self.total += other.total
        self.bad += other.bad


@dataclass(frozen=True)
class _Part:
    """The patterns from ``start`` to ``end`` put into one function of every target.

    ``modules`` are the names of the targets in the rows, with the paths of their modules.
    """

    name: str
    modules: tuple[tuple[str, Path], ...]
    start: int
    end: int
    stride: int


def exhaustive(
    modules: Mapping[str, Path],
    *,
    stride: int = 1,
    compiled: bool = False,
    workers: int = 1,
    progress: Progress = lambda stage: None,
) -> Iterator[CodeRow]:
    """Measure the functions and their derivatives at every ``stride``-th finite normal float32.

    ``modules`` maps a target to the path of its module for ``kl-normal-standard``; ``compiled`` adds the
    compiled functions of the targets that have them.  More than one worker are processes.
    """
    measured: list[tuple[str, Path]] = []
    for target, path in modules.items():
        try:
            _module(path)
        except ImportError as error:
            yield CodeRow(target, ID, "float32", "every float32", 0, 0, 0, 0, {}, "not measured", str(error))
            continue
        measured += [(t, path) for t in (target, COMPILED.get(target) if compiled else None) if t]
    for name in SWEPT:
        yield from _swept(name, tuple(measured), stride, workers, progress)


@cache
def _module(path: Path) -> ModuleType:
    return load(path)


@cache
def _reference(name: str) -> Reference:
    return references(result(ID))[name]


def _of_log_variance(t: Floats) -> tuple[Floats, Floats]:
    """½(eᵗ − 1 − t) and its derivative, right to about 2⁻⁴⁴."""
    with np.errstate(invalid="ignore", over="ignore"):
        series = t * t * _horner(t, [1 / (2 * _factorial(k)) for k in range(2, 11)])
        slope = np.expm1(t) / 2
        value = np.where(np.abs(t) < SERIES_BELOW, series, slope - t / 2)
    return np.where(t > 1000, np.inf, value), slope


def _of_variance(v: Floats) -> tuple[Floats, Floats]:
    """½(v − 1 − log v) and its derivative, right to about 2⁻⁴⁰; v − 1 is exact for a float32 near 1."""
    d = v - 1
    with np.errstate(invalid="ignore", over="ignore"):
        series = d * d * _horner(-d, [1 / (2 * k) for k in range(2, 13)])
    return np.where(np.abs(d) < SERIES_BELOW, series, (d - np.log(v)) / 2), d / v / 2


def _of_softplus(rho: Floats) -> tuple[Floats, Floats]:
    """½(σ² − 1) − log σ and its derivative, right to about 2⁻⁴⁰.

    With c = log(e − 1) there is σ − 1 = log(1 + (1 − 1/e)(e^(ρ − c) − 1)), which keeps its digits near c.
    """
    with mpmath.workdps(40):
        c = mpmath.log(mpmath.e - 1)
        rest = float(c - float(c))
    x = (rho - float(c)) - rest  # the first difference is exact for a float32 near c
    with np.errstate(all="ignore"):
        d = np.log1p(-np.expm1(-1) * np.expm1(np.minimum(x, 1)))
        sigma = np.where(x < 1, 1 + d, np.logaddexp(0, rho))
        d = np.where(x < 1, d, sigma - 1)
        series = d * d * (0.5 + _horner(-d, [1 / k for k in range(2, 13)]))
        logarithm = np.where(rho < -40, rho, np.log(np.logaddexp(0, np.maximum(rho, -40))))
        value = np.where(np.abs(d) < SERIES_BELOW, series, d * (1 + sigma) / 2 - logarithm)
        ratio = np.where(rho < -40, 1, 1 / (np.logaddexp(0, np.maximum(rho, -40)) * (1 + np.exp(-rho))))
        slope = np.where(x < 1, d * (1 + sigma) * ratio, (sigma - 1 / sigma) / (1 + np.exp(-rho)))
    return value, slope


def _factorial(k: int) -> int:
    return 1 if k < 2 else k * _factorial(k - 1)


def _horner(x: Floats, coefficients: list[float]) -> Floats:
    out = np.zeros_like(x)
    for c in reversed(coefficients):
        out = out * x + c
    return out


SWEPT: Mapping[str, Callable[[Floats], tuple[Floats, Floats]]] = {
    "kl_normal_standard_from_logvar": _of_log_variance,
    "kl_normal_standard_from_var": _of_variance,
    "kl_normal_standard_from_softplus": _of_softplus,
}
"""Function → its value and its derivative at mean 0."""


def _swept(
    name: str, modules: tuple[tuple[str, Path], ...], stride: int, workers: int, progress: Progress
) -> Iterator[CodeRow]:
    """The rows of one function: its parts put together."""
    reference = _reference(name)
    variable = reference.names[1]
    end = PATTERNS // 2 if reference.slots[1].role == "scale" else PATTERNS
    size = max(BLOCK * stride, end // PARTS)
    parts = [_Part(name, modules, k, min(k + size, end), stride) for k in range(0, end, size)]
    tallies: dict[tuple[str, str], _Tally] = {}
    points = 0
    for done, (count, found) in enumerate(each(_sweep, parts, workers), 1):
        points += count
        for key, tally in found.items():
            tallies.setdefault(key, _Tally()).add(tally)
        progress(f"{variable} {done / len(parts):.1%}")
    for (target, quantity), tally in tallies.items():
        ulp, at = tally.worst
        yield CodeRow(
            target, f"{ID} {quantity}", "float32", "every float32" if stride == 1 else "float32 by steps",
            points, round(ulp, 3), round(tally.total / points, 4), tally.bad, {variable: repr(at)},
            reason=_confirmed(reference, quantity, SWEPT[name], at),
        )  # fmt: skip


def _sweep(part: _Part) -> tuple[int, dict[tuple[str, str], _Tally]]:
    """How many points a part has, and what was found there; the truth is worked out once for all targets."""
    form, variable = FORMATS["float32"], _reference(part.name).names[1]
    quantities = ("value", f"gradient of {variable}")
    tallies = {(target, quantity): _Tally() for target, _ in part.modules for quantity in quantities}
    points = 0
    for start in range(part.start, part.end, BLOCK * part.stride):
        stop = min(start + BLOCK * part.stride, part.end)
        patterns = np.arange(start, stop, part.stride, dtype=np.uint64)
        with np.errstate(invalid="ignore"):
            x = patterns.astype(np.uint32).view(np.float32).astype(np.float64)
        x = x[np.isfinite(x) & (np.abs(x) >= form.least_normal)]
        if not x.size:
            continue
        points += x.size
        arrays = [np.zeros_like(x), x]
        truths = SWEPT[part.name](x)
        scales = [Scale.of(Truth(t, np.zeros_like(t)), np.abs(t), form) for t in truths]
        kept = (None, np.abs(truths[0]) < form.largest / 2)  # elsewhere the gradient of a sum says nothing
        for target, path in part.modules:
            library, module = LIBRARIES[target], _module(path)
            assert library.gradients is not None
            computed = (
                library.call(getattr(module, part.name), arrays, "float32"),
                library.gradients(getattr(module, part.name + library.gradient), arrays, "float32")[1],
            )
            for quantity, ours, scale, keep in zip(quantities, computed, scales, kept, strict=True):
                signed = keep is not None
                ulps, wrong = scale.compare(ours, SUBNORMALS, signed=signed, flushes=library.flushes)
                if keep is not None:
                    ulps, wrong = np.where(keep, ulps, 0.0), wrong & keep
                k = int(np.argmax(ulps))
                here = _Tally((float(ulps[k]), float(x[k])), float(ulps.sum()), int(wrong.sum()))
                tallies[target, quantity].add(here)
    return points, tallies


def _confirmed(
    reference: Reference, quantity: str, exact: Callable[[Floats], tuple[Floats, Floats]], at: float
) -> str:
    """How far the float64 reference is from ball arithmetic at the worst point."""
    arrays = (np.zeros(1), np.array([at]))
    sample = Sample(reference, "float32", arrays, ("worst",), reference.values(arrays))
    if quantity == "value":
        truth, ours = sample.truth, exact(arrays[1])[0]
    else:
        truth, ours = reference.gradient(reference.names[1], arrays)[0], exact(arrays[1])[1]
    off = float(np.abs(ours[0] - truth.high[0]) / FORMATS["float32"].ulp(truth.high)[0])
    return f"the reference is within {off:.0e} ulp of ball arithmetic there"
