"""Speed and memory of generated code, as ratios taken in one run: ``python tests/benchmarks/code_speed.py``.

The divergence of a diagonal normal with given log-variance from the standard normal (the VAE term), against
(a) the usual one-liner, (b) ``torch.distributions.kl_divergence`` and (c) a copy of the arguments, which is
what memory allows.  The turns are taken in rotation and medians are compared, so that a busy machine slows
all alike, and the allocator is kind to all alike.  A machine with more work than cores favours whatever is
over before its turn ends and has the fewest parallel sections: there ``--threads 1 --clock cpu`` gives
steadier ratios.

What limits the ratios, each shown by ``--profile`` on the machine at hand:

* PyTorch eager works block by block, so that what lies between stays in the cache, and keeps the slopes of
  the forward pass, so that the backward pass is two products.  Its time is the number of passes over a block:
  about 18 for the rational form and 9 more, among them an ``expm1`` as dear as 13 products, where a block
  holds a log-variance outside [-31/32, 23/32].  The one-liner has 6 passes forward and about 7 backward, each
  through memory, and saves its exponential: where arrays of full size are handed out without a page fault it
  wins on [4096 x 512], by up to a half on one thread.  Tried and not kept: doubling the argument to cover
  [-4, 3] (5 units in the last place), powers with ``addcmul`` instead of Horner's rule (three operands cost
  what a pass saves), adding the half square by ``addcmul`` (other roundings with gradients than without),
  smaller blocks (each operation costs 1 to 3 microseconds of its own), selecting the values outside the
  interval (a comparison is as dear as 5 products, finding where as dear as 11, selecting as dear as 29), a
  polynomial in place of t^2 / (t coth(t/2) - 2), which takes two coefficients less and a division more (a
  tenth less time: not enough, for one more function to trust), ``exp2`` in place of ``expm1`` (a quarter of
  its time, but up to 8 units in the last place), t^2 times a polynomial of t as in compiled code (seven
  passes more).
* Compiled code reads each argument once, and is bound by arithmetic: a polynomial beside the exponential
  that the one-liner needs as well, in the forward and in the backward pass; a vector unit works out both
  sides of the selection for every value.  The polynomial of t took a tenth less time than the rational form
  in float32, and a fifth more in float64; it is there because it is nearer to the truth.
* Terms of float32 are added up in float64, and those of float64 in two parts, so that the sum is as exact as
  its terms: about 3 % of the time of value and gradients in eager mode, 8 % compiled.
* NumPy float32 is worked out in float64, which is why its results are right to half a unit: two conversions
  and an ``expm1`` of twice the width.  In float32 the rational form would take 15 passes where the limit
  leaves room for 9.  NumPy float64 makes two passes for each of eight coefficients.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from derive.catalogue import result
from derive.codegen.render import module_name, module_text
from derive.codegen.targets import TARGETS
from derive.evidence.speed import medians

ID = "kl-diagonal-normal-standard"
NAME = "kl_diagonal_normal_standard_from_logvar"
SHAPES = ((4096, 512), (65536, 128))
TARGET = {
    "eager value + gradients": {"naive": 1.0, "torch.distributions": 0.45},
    "compiled value + gradients": {"naive": 1.2},
    "numpy value": {"naive": 1.5},
}
"""What the ratios are to stay below."""


def generated(target: str) -> Any:
    """The generated function of a target."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / module_name(result(ID), TARGETS[target])
        path.write_text(module_text(result(ID), TARGETS[target]), encoding="utf-8")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return getattr(module, NAME)


def naive(mean: Any, logvar: Any) -> Any:
    """The usual one-liner."""
    return -0.5 * (1 + logvar - mean**2 - logvar.exp()).sum(-1)


def naive_numpy(mean: Any, logvar: Any) -> Any:
    """The usual one-liner."""
    return -0.5 * np.sum(1 + logvar - mean**2 - np.exp(logvar), axis=-1)


def library(mean: Any, logvar: Any) -> Any:
    """The library's own."""
    normal = torch.distributions.Normal
    p = normal(mean, (0.5 * logvar).exp(), validate_args=False)
    return torch.distributions.kl_divergence(p, normal(torch.zeros(()), torch.ones(()))).sum(-1)


def copies(mean: Any, logvar: Any) -> Any:
    """A copy of both arguments: what memory allows."""
    return mean.clone(), logvar.clone()


def forward(function: Callable[..., Any]) -> Callable[..., Any]:
    """The value alone."""

    def value(mean: Any, logvar: Any) -> Any:
        with torch.no_grad():
            return function(mean, logvar)

    return value


def backward(function: Callable[..., Any]) -> Callable[..., Any]:
    """Value and gradients."""

    def both(mean: Any, logvar: Any) -> Any:
        return torch.autograd.grad(function(mean, logvar).sum(), (mean, logvar))

    return both


CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def peak_torch(run: Callable[[], object]) -> float:
    """The most memory that tensors made by a piece of work hold at once, in MiB."""
    run()
    with torch.profiler.profile(profile_memory=True, activities=[torch.profiler.ProfilerActivity.CPU]) as p:
        run()
    events = [e for e in p.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = most = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most / 2**20


def peak_numpy(run: Callable[[], object]) -> float:
    """The most memory that arrays made by a piece of work hold at once, in MiB."""
    run()
    tracemalloc.start()
    run()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 2**20


def show(title: str, unit: str, found: dict[str, float], targets: dict[str, float] | None = None) -> None:
    """One line: ours, and ours over each of the others; a ratio over its target is marked."""
    ours, parts = found["ours"], []
    for name, other in found.items():
        if name != "ours":
            limit = (targets or {}).get(name)
            mark = "" if limit is None else f" (≤ {limit}: {'yes' if ours <= limit * other else 'no'})"
            parts.append(f"{ours / max(other, 1e-9):5.2f} x {name}{mark}")
    print(f"{title:<66}{ours:8.2f} {unit:<4} {'  '.join(parts)}", flush=True)


def measure(shape: tuple[int, int], kind: torch.dtype, spread: float, options: argparse.Namespace) -> None:
    """All ratios for one shape, dtype and spread of the log-variances."""
    torch.manual_seed(0)
    mean = torch.randn(shape, dtype=kind, requires_grad=True)
    logvar = (spread * torch.randn(shape, dtype=kind)).requires_grad_()
    arrays = mean.detach().numpy(), logvar.detach().numpy()
    head = f"{list(shape)} {str(kind)[6:]} log-variance ~ {spread} N(0, 1)"
    usual = {"ours": generated("torch"), "naive": naive, "torch.distributions": library}

    def timed(functions: dict[str, Any], *arguments: Any) -> dict[str, float]:
        work = {n: (lambda f=f: f(*arguments)) for n, f in functions.items()}
        return medians(work, options.turns, CLOCKS[options.clock])

    values = {n: forward(f) for n, f in usual.items()}
    both = {n: backward(f) for n, f in usual.items()}
    show(f"{head}: eager value", "ms", timed(values | {"copy": forward(copies)}, mean, logvar))
    kinds = TARGET["eager value + gradients"]
    show(
        f"{head}: eager value + gradients", "ms", timed(both | {"copy": forward(copies)}, mean, logvar), kinds
    )
    peaks = {n: peak_torch(lambda f=f: f(mean, logvar)) for n, f in both.items()}
    show(f"{head}: eager memory", "MiB", peaks, {"naive": 1.0})
    if options.compiled:
        short = {n: torch.compile(usual[n], fullgraph=True) for n in ("ours", "naive")}
        kinds = TARGET["compiled value + gradients"]
        graph = {n: backward(f) for n, f in short.items()}
        show(f"{head}: compiled value + gradients", "ms", timed(graph, mean, logvar), kinds)
        peaks = {n: peak_torch(lambda f=f: f(mean, logvar)) for n, f in graph.items()}
        show(f"{head}: compiled memory", "MiB", peaks, {"naive": 1.0})
    plain = {"ours": generated("numpy"), "naive": naive_numpy}
    found = timed(plain | {"copy": lambda *a: [x.copy() for x in a]}, *arrays)
    show(f"{head}: numpy value", "ms", found, TARGET["numpy value"])
    peaks = {n: peak_numpy(lambda f=f: f(*arrays)) for n, f in plain.items()}
    show(f"{head}: numpy memory", "MiB", peaks, {"naive": 1.0})


def profile() -> None:
    """Where the time goes, eager, at [4096, 512] in float32."""
    torch.manual_seed(0)
    mean, logvar = (torch.randn(SHAPES[0], requires_grad=True) for _ in range(2))
    for title, function in (("ours", generated("torch")), ("naive", naive)):
        run = backward(function)
        run(mean, logvar)
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as p:
            for _ in range(10):
                run(mean, logvar)
        print(f"\n{title}\n{p.key_averages().table(sort_by='self_cpu_time_total', row_limit=14)}")


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--compiled", action="store_true", help="torch.compile too (some minutes)")
    parser.add_argument("--clock", choices=tuple(CLOCKS), default="wall")
    parser.add_argument("--threads", type=int, help="threads that PyTorch takes")
    parser.add_argument("--profile", action="store_true", help="only show where the time goes")
    parser.add_argument("--dtype", choices=("float32", "float64"), help="one dtype only")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.profile:
        profile()
        return
    print(f"torch {torch.__version__}, numpy {np.__version__}, {torch.get_num_threads()} threads")
    kinds = (torch.float32, torch.float64) if not options.dtype else (getattr(torch, options.dtype),)
    for shape in SHAPES:
        for kind in kinds:
            for spread in (0.3, 1.0):
                measure(shape, kind, spread, options)


if __name__ == "__main__":
    main()
