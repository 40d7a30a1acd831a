"""Time of the generated sum beside the usual formulas, all in PyTorch, as ratios taken in one run.

The turns are taken in rotation and medians compared: whatever slows the machine slows all alike, and the
allocator is now kind, now unkind to each.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from derive.evidence.peers import OURS, PEERS, SHAPE, SUMMED, VAE

SHAPES = (SHAPE, (65536, 128))
COPY = "a copy of both arguments"
SPREAD = 1.0
"""Standard deviation of the log-variances."""


def medians(
    work: Mapping[str, Callable[[], object]], turns: int = 15, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Median milliseconds of each piece of work; the first turn warms up."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(turns + 1):
        for name, run in work.items():
            start = clock()
            run()
            if turn:
                times[name].append(1e3 * (clock() - start))
    return {name: statistics.median(found) for name, found in times.items()}


def speeds(module: Any, turns: int = 15) -> list[dict[str, Any]]:
    """Times of the VAE term in float32 as multiples of the usual line's, for each shape and kind of work.

    ``module`` is the PyTorch module of the diagonal result.
    """
    import torch

    functions = {OURS: getattr(module, SUMMED)}
    functions |= {peer.name: _summed(peer.function(VAE, "torch")) for peer in PEERS}
    out = []
    for shape in SHAPES:
        generator = torch.Generator().manual_seed(0)
        mean, logvar = (torch.randn(shape, generator=generator) for _ in range(2))
        inputs = (mean.requires_grad_(), (SPREAD * logvar).requires_grad_())
        for kind, run in {"value": _value, "value and gradients": _gradients}.items():
            work = {name: partial(run, function, inputs) for name, function in functions.items()}
            found = medians(work | {COPY: partial(_value, _copies, inputs)}, turns)
            for name, milliseconds in found.items():
                ratio = milliseconds / found["naive"]
                out.append({"formula": name, "shape": list(shape), "kind": kind, "ratio": round(ratio, 2)})
    return out


def _summed(function: Any) -> Callable[..., Any]:
    return lambda mean, logvar: function(mean, logvar).sum(-1)


def _copies(mean: Any, logvar: Any) -> object:
    return mean.clone(), logvar.clone()


def _value(function: Any, inputs: tuple[Any, ...]) -> object:
    import torch

    with torch.no_grad():
        return function(*inputs)


def _gradients(function: Any, inputs: tuple[Any, ...]) -> object:
    import torch

    return torch.autograd.grad(function(*inputs).sum(), inputs)


def markdown(found: list[dict[str, Any]]) -> str:
    """The table for a reader."""
    columns = list(dict.fromkeys((tuple(r["shape"]), r["kind"]) for r in found))
    lines = [
        "## Time", "",
        "As a multiple of the naive formula's, median of turns taken in rotation, all formulas in PyTorch",
        f"(eager, float32, on the CPU), summed over the last axis; log-variances ~ {SPREAD:g} · N(0, 1).", "",
        "| formula | " + " | ".join(f"{list(shape)} {kind}" for shape, kind in columns) + " |",
        "|---|" + "--:|" * len(columns),
    ]  # fmt: skip
    for name in dict.fromkeys(r["formula"] for r in found):
        ratios = {(tuple(r["shape"]), r["kind"]): r["ratio"] for r in found if r["formula"] == name}
        lines.append(f"| {name} | " + " | ".join(f"{ratios[c]:.2f}" for c in columns) + " |")
    return "\n".join([*lines, ""])
