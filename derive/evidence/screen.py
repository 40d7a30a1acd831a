"""Millions of random points through every function, the worst of them held against ball arithmetic.

Ball arithmetic takes a tenth of a millisecond for a point, too long for ten million.  So results in float32
are screened against the float64 results of the generated NumPy code, which ``measure`` holds against ball
arithmetic on samples of their own; the points that look worst are then judged by ball arithmetic alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from derive.evidence.floats import FORMATS, Floats
from derive.evidence.measure import (
    COMPILED,
    LIBRARIES,
    SUBNORMALS,
    CodeRow,
    Flags,
    Function,
    Scale,
    load,
)
from derive.evidence.samples import Reference, Sample, Truth, inputs

DTYPE = "float32"
JUDGE = "numpy"
"""The target whose float64 results are the screen."""
BLOCK = 1 << 17
"""Numbers of an argument that are drawn at a time."""
WIDTH = 16
CONFIRMED = 20
"""How many of the worst points ball arithmetic judges."""

Progress = Callable[[str], None]


@dataclass
class _Tally:
    """What was found of one quantity of one target so far.

    ``points`` are the worst, worst first: what the screen says, the result, and the arguments.
    """

    points: list[tuple[float, float, tuple[Floats, ...]]] = field(default_factory=list)
    total: float = 0.0
    count: int = 0
    bad: int = 0

    def add(self, found: Floats, ulps: Floats, bad: Flags, arrays: Sequence[Floats]) -> None:
        """Take the results of a block in; a row of coordinates is one point."""
        ranked = np.where(bad, np.inf, ulps)
        self.total += float(ulps.sum())
        self.count += ulps.size
        self.bad += int(bad.sum())
        for k in np.argsort(ranked)[-CONFIRMED:]:
            self.points.append((float(ranked[k]), float(found[k]), tuple(a[k] for a in arrays)))
        self.points = sorted(self.points, key=lambda p: -p[0])[:CONFIRMED]


def screened(
    references: Mapping[str, Reference],
    modules: Mapping[str, Path],
    points: int,
    *,
    seed: int = 1,
    compiled: bool = False,
    progress: Progress = lambda stage: None,
) -> Iterator[CodeRow]:
    """Measure values and gradients of a result's functions at ``points`` random float32 points each.

    A point of a sum is a row of ``WIDTH`` coordinates.  ``max_ulp`` is what ball arithmetic says of the
    worst points; ``mean_ulp`` and ``bad`` are of the screen.
    """
    loaded = {target: load(path) for target, path in modules.items()}
    if compiled:
        loaded |= {COMPILED[target]: loaded[target] for target in modules if target in COMPILED}
    for name, reference in references.items():
        judge = (getattr(loaded[JUDGE], name), getattr(loaded[JUDGE], name + LIBRARIES[JUDGE].gradient))
        functions = {t: getattr(m, name) for t, m in loaded.items()}
        slopes = {t: getattr(m, name + LIBRARIES[t].gradient) for t, m in loaded.items()}
        quantities = (f"sum over {WIDTH}",) if reference.summed else ("value", *reference.names)
        tallies = {(t, q): _Tally() for t in loaded for q in quantities}
        width = WIDTH if reference.summed else 1
        for k, start in enumerate(range(0, points, BLOCK // width)):
            rows = min(BLOCK // width, points - start)
            arrays, _ = inputs(reference, FORMATS[DTYPE], rows, width, seed + k)
            if not reference.summed:
                arrays = tuple(a[:, 0] for a in arrays)
            scales = _scales(reference, arrays, judge, quantities)
            for target in loaded:
                for quantity, found, kept in _results(target, functions, slopes, arrays, reference, scales):
                    library = LIBRARIES[target]
                    signed = quantity in reference.names
                    ulps, bad = scales[quantity].compare(
                        found, SUBNORMALS * width, signed=signed, flushes=library.flushes
                    )
                    tallies[target, quantity].add(found, np.where(kept, ulps, 0.0), bad & kept, arrays)
            progress(f"{name} {start / points:.0%}")
        for (target, quantity), tally in tallies.items():
            yield _row(reference, target, name, quantity, tally)


def _scales(
    reference: Reference,
    arrays: tuple[Floats, ...],
    judge: tuple[Function, Function],
    quantities: Sequence[str],
) -> dict[str, Scale]:
    """The screen: float64 results of the judge, for each quantity."""
    form, library = FORMATS[DTYPE], LIBRARIES[JUDGE]
    assert library.gradients is not None
    value = library.call(judge[0], arrays, "float64")
    truths, sizes = {quantities[0]: value}, {quantities[0]: value}
    if not reference.summed:
        locations = [i for i, slot in enumerate(reference.slots) if slot.role == "location"]
        found = library.gradients(judge[1], arrays, "float64")
        level = list(arrays)
        if locations:
            level[locations[0]] = level[locations[1]] if len(locations) > 1 else np.zeros_like(level[0])
        rest = library.gradients(judge[1], level, "float64") if locations else found
        for name, g, r in zip(reference.names, found, rest, strict=True):
            with np.errstate(invalid="ignore", over="ignore"):
                size = np.abs(r) + np.abs(g - r)
            truths[name], sizes[name] = g, np.where(np.isfinite(size), size, np.inf)
    return {q: Scale.of(Truth(t, np.zeros_like(t)), sizes[q], form) for q, t in truths.items()}


def _results(
    target: str, functions: Mapping[str, Function], slopes: Mapping[str, Function],
    arrays: tuple[Floats, ...], reference: Reference, scales: Mapping[str, Scale],
) -> Iterator[tuple[str, Floats, Flags]]:  # fmt: skip
    """Quantity, what a target gives for it, and where that counts."""
    library = LIBRARIES[target]
    first = next(iter(scales))
    value = scales[first].truth.high
    yield first, library.call(functions[target], arrays, DTYPE), np.ones(value.shape, bool)
    if not reference.summed:
        assert library.gradients is not None
        finite = value < FORMATS[DTYPE].largest / 2  # elsewhere the gradient of a sum says nothing
        for name, g in zip(reference.names, library.gradients(slopes[target], arrays, DTYPE), strict=True):
            yield name, g, finite


def _row(reference: Reference, target: str, name: str, quantity: str, tally: _Tally) -> CodeRow:
    """The verdict of ball arithmetic on the worst points."""
    arrays = tuple(np.stack(column) for column in zip(*(p for _, _, p in tally.points), strict=True))
    found = np.array([result for _, result, _ in tally.points])
    sample = Sample(reference, DTYPE, arrays, ("worst",) * len(found), reference.values(arrays))
    signed = quantity in reference.names
    if signed:
        truth, size = reference.gradient(quantity, arrays)
    else:
        truth, size = sample.truth, np.abs(sample.truth.high)
    ulps, bad = Scale.of(truth, size, FORMATS[DTYPE]).compare(
        found, SUBNORMALS * sample.width, signed=signed, flushes=LIBRARIES[target].flushes
    )
    worst = int(np.argmax(np.where(bad, np.inf, ulps)))
    return CodeRow(
        target, name, DTYPE, f"gradient of {quantity}" if signed else quantity, tally.count,
        round(float(ulps.max()), 3), round(tally.total / tally.count, 4), tally.bad, sample.point(worst),
        reason=f"the screen says {tally.points[0][0]:.3f} ulp; by ball arithmetic {int(bad.sum())} are bad",
    )  # fmt: skip
