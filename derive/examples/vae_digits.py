"""The generated KL term in a VAE on scikit-learn's digits, in three dtypes.

``python -m derive.examples.vae_digits`` trains ten epochs in float64, float32 and bfloat16 from the
same start, on the same batches and noise, and holds the loss curves against float64's; exit code 1
when one is not within its tolerance.  ``--figure DIR`` also trains longer at several β, lets an unused
latent collapse, and writes ``vae-digits.svg`` and ``vae-digits.json``; that takes about a minute.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from derive.examples.vae import Run, one_thread, train

TOLERANCE = {torch.float32: 1e-6, torch.bfloat16: 1e-2}
"""How far each epoch's loss may be from float64's, relative to it."""


def compare(*, seed: int = 0, epochs: int = 10) -> dict[torch.dtype, Run]:
    """The same training in float64 and in each dtype that has a tolerance."""
    with one_thread():
        return {dtype: train(dtype, seed=seed, epochs=epochs) for dtype in (torch.float64, *TOLERANCE)}


def distances(runs: Mapping[torch.dtype, Run]) -> dict[torch.dtype, float]:
    """The largest relative distance of an epoch's loss from float64's; NaN when a loss is NaN."""
    truth = torch.tensor(runs[torch.float64].loss(), dtype=torch.float64)
    out = {}
    for dtype in TOLERANCE:
        losses = torch.tensor(runs[dtype].loss(), dtype=torch.float64)
        out[dtype] = float(((losses - truth).abs() / truth).max())
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the loss curves; 1 when one is not within its tolerance of float64's."""
    parser = argparse.ArgumentParser(
        prog="python -m derive.examples.vae_digits",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--figure", type=Path, metavar="DIR", help="write the figure and its data there")
    options = parser.parse_args(arguments)
    runs = compare(seed=options.seed, epochs=options.epochs)
    far = distances(runs)
    for dtype, run in runs.items():
        against = f"at most {far[dtype]:.1e} from float64's" if dtype in far else ""
        print(f"{dtype!s:15} loss {' '.join(f'{x:.3f}' for x in run.loss())}  {against}")
    if options.figure:
        from derive.examples import vae_figure

        for path in vae_figure.write(options.figure, runs, far, seed=options.seed):
            print(path)
    return 0 if all(far[dtype] <= TOLERANCE[dtype] for dtype in far) else 1


if __name__ == "__main__":
    sys.exit(main())
