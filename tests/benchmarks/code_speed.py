"""Speed of the generated code, as ratios taken in one run: ``python tests/benchmarks/code_speed.py``.

The divergence of a diagonal normal with given log-variance from the standard normal (the VAE term), forward
and with all gradients, against the usual one-liner, ``torch.distributions.kl_divergence`` and a copy of the
arguments.  The best of several turns taken in rotation, so that a busy machine slows all alike.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from derive.catalogue import result
from derive.codegen.render import module_name, module_text
from derive.codegen.targets import TARGETS

ID = "kl-diagonal-normal-standard"
NAME = "kl_diagonal_normal_standard_from_logvar"
TARGET = {"forward": 1.0, "forward + backward": 1.0, "compiled": 1.2, "numpy": 1.5}


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


def backward(function: Callable[..., Any]) -> Callable[..., Any]:
    """Value and gradients."""

    def both(mean: Any, logvar: Any) -> Any:
        return torch.autograd.grad(function(mean, logvar).sum(), (mean, logvar))

    return both


def milliseconds(work: dict[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """The best time of each piece of work."""
    best = dict.fromkeys(work, float("inf"))
    for turn in range(turns + 1):
        for name, run in work.items():
            start = time.perf_counter()
            run()
            if turn:
                best[name] = min(best[name], time.perf_counter() - start)
    return {name: 1e3 * seconds for name, seconds in best.items()}


def show(title: str, found: dict[str, float]) -> None:
    """One line: milliseconds, and ours over each of the others."""
    ours = found["ours"]
    ratios = "  ".join(f"{ours / ms:5.2f} x {name}" for name, ms in found.items() if name != "ours")
    print(f"{title:<46}{ours:8.2f} ms   {ratios}", flush=True)


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--compiled", action="store_true", help="torch.compile too (a minute)")
    parser.add_argument("--threads", type=int, help="threads that PyTorch takes")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    ours, ours_numpy = generated("torch"), generated("numpy")
    for shape in ((4096, 512), (65536, 128)):
        for kind in (torch.float32, torch.float64):
            torch.manual_seed(0)
            mean = torch.randn(shape, dtype=kind, requires_grad=True)
            for spread in (0.3, 1.0):
                logvar = (spread * torch.randn(shape, dtype=kind)).requires_grad_()
                head = f"{list(shape)} {str(kind)[6:]} log-variance ~ {spread}"

                def times(functions: dict[str, Any], *arguments: Any) -> dict[str, float]:
                    work = {n: (lambda f=f: f(*arguments)) for n, f in functions.items()}
                    return milliseconds(work, options.turns)

                usual = {"ours": ours, "naive": naive, "torch.distributions": library}
                with torch.no_grad():
                    show(f"{head} forward", times(usual | {"copy": copies}, mean, logvar))
                both = {name: backward(f) for name, f in usual.items()}
                show(f"{head} +backward", times(both | {"copy": copies}, mean, logvar))
                if options.compiled and shape[0] == 4096 and spread == 1.0:
                    compiled = {
                        n: backward(torch.compile(f, fullgraph=True)) for n, f in list(usual.items())[:2]
                    }
                    show(f"{head} compiled +backward", times(compiled, mean, logvar))
                arrays = mean.detach().numpy(), logvar.detach().numpy()
                show(f"{head} numpy", times({"ours": ours_numpy, "naive": naive_numpy}, *arrays))


if __name__ == "__main__":
    main()
