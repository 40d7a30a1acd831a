"""The figure of the VAE on digits: latents in use and collapsed, the effect of β, the rate of collapse."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from typing import Any

import matplotlib
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from derive._version import __version__
from derive.build import replace
from derive.examples.vae import Run, one_thread, train
from derive.examples.vae_collapse import Collapse, collapse, solution

LATENTS, EPOCHS = 16, 60
BETAS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
STEPS = (0.02, 0.01)
UNTIL, EVERY = 6.0, 0.2
RATES = ("rate_of_mean", "rate_of_precision")
ACTIVE = 0.02
"""A latent whose KL term is above this many nats carries information about the image."""
USED, UNUSED, INK = "#0072B2", "#D55E00", "#222222"
"""Okabe and Ito's blue and vermilion, which colour-blind readers tell apart; marks differ as well."""
STYLE = {
    "svg.hashsalt": "vae-digits",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.3,
}


def write(
    folder: Path, runs: Mapping[torch.dtype, Run], far: Mapping[torch.dtype, float], *, seed: int
) -> list[Path]:
    """Run the experiments and write ``vae-digits.svg`` and ``vae-digits.json`` into a folder.

    ``runs`` and ``far`` are the comparison of dtypes, which goes into the data.
    """
    with one_thread():
        swept = {
            beta: train(torch.float32, seed=seed, epochs=EPOCHS, latents=LATENTS, beta=beta) for beta in BETAS
        }
        collapses = [collapse(swept[1.0], step=step, until=UNTIL, every=EVERY, seed=seed) for step in STEPS]
    made = {"seed": seed, "versions": versions()}
    data = made | {
        "dtypes": [
            {
                "dtype": str(dtype),
                "loss": _short(run.loss()),
                "distance_from_float64": float(f"{far.get(dtype, 0.0):.2g}"),
            }
            for dtype, run in runs.items()
        ],
        "beta": [_of_beta(beta, run) for beta, run in swept.items()],
        "active_above_nats": ACTIVE,
        "collapse": [_of_collapse(c) for c in collapses]
        + [dict(zip(RATES, _short(_extrapolated(collapses)), strict=True)) | {"step": 0}],
    }
    folder.mkdir(parents=True, exist_ok=True)
    svg, table = folder / "vae-digits.svg", folder / "vae-digits.json"
    replace(svg, draw(swept, collapses, made))
    replace(table, json.dumps(data, indent=1) + "\n")
    return [svg, table]


def versions() -> dict[str, str]:
    """Of what the figures depend on."""
    names = ("torch", "scikit-learn", "numpy", "matplotlib")
    return {"derive": __version__} | {name: metadata.version(name) for name in names}


def active(run: Run) -> list[bool]:
    """For each latent, whether it is in use at the end."""
    return [kl > ACTIVE for kl in run.per_latent[-1]]


def draw(swept: Mapping[float, Run], collapses: Sequence[Collapse], made: Mapping[str, Any]) -> bytes:
    """The figure as SVG; the same bytes for the same numbers."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 6.6), layout="constrained")
        axes = figure.subplots(2, 2)
        _latents(axes[0, 0], swept[1.0])
        _sweep(axes[0, 1], swept)
        _trade(axes[1, 0], swept)
        _rates(axes[1, 1], collapses)
        figure.supxlabel(_footnote(made), fontsize=7, color="#555555", x=0.01, ha="left")
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None}, facecolor="white")
    return out.getvalue()


def _latents(axes: Axes, run: Run) -> None:
    for used, colour, style in ((False, UNUSED, "--"), (True, USED, "-")):
        label = "in use" if used else "collapsed"
        for k, is_used in enumerate(active(run)):
            if is_used == used:
                curve = [row[k] for row in run.per_latent]
                axes.plot(range(1, len(curve) + 1), curve, style, color=colour, label=label, alpha=0.85)
                label = ""
    axes.set(yscale="log", xlabel="epoch", ylabel="KL of one latent (nats)")
    axes.set_title(f"a  Each of {LATENTS} latents during training, β = 1")
    axes.legend(loc="center right")


def _sweep(axes: Axes, swept: Mapping[float, Run]) -> None:
    for beta, run in swept.items():
        used = active(run)
        for is_used, colour, mark in ((True, USED, "o"), (False, UNUSED, "x")):
            values = [kl for kl, a in zip(run.per_latent[-1], used, strict=True) if a == is_used]
            axes.plot([beta] * len(values), values, mark, color=colour, markersize=4.5, alpha=0.8)
        axes.annotate(str(sum(used)), (beta, 5), ha="center", color=USED, fontweight="bold")
    axes.axhline(ACTIVE, color=INK, linewidth=0.7, linestyle=":")
    axes.set(yscale="log", ylim=(5e-5, 12), ylabel="KL of one latent (nats)")
    _beta_axis(axes)
    axes.set_title("b  At the end, by β; above: how many are in use")


def _trade(axes: Axes, swept: Mapping[float, Run]) -> None:
    betas = list(swept)
    reconstruction = [run.reconstruction[-1] for run in swept.values()]
    kl = [run.kl[-1] for run in swept.values()]
    both = [r + k for r, k in zip(reconstruction, kl, strict=True)]
    axes.plot(betas, both, ":", color=INK, marker=".", label="−ELBO (β = 1)")
    axes.plot(betas, reconstruction, "--", color=UNUSED, marker="s", markersize=4, label="reconstruction")
    axes.plot(betas, kl, "-", color=USED, marker="o", markersize=4, label="KL")
    axes.set(ylim=(0, None), ylabel="nats an image")
    _beta_axis(axes)
    axes.set_title("c  What β trades: reconstruction against KL")
    axes.legend(loc="center right")


def _rates(axes: Axes, collapses: Sequence[Collapse]) -> None:
    seen = collapses[-1]
    mean, logvar = solution(seen.time[:, None], seen.mean[0], seen.logvar[0])
    names = (r"$\mu$, derived $e^{-t}$", r"$1/\sigma^2-1$, derived $e^{-t/2}$")
    found = (seen.mean, mean), (torch.expm1(-seen.logvar), torch.expm1(-logvar))
    for name, (measured, derived), rate, colour, mark in zip(
        names, found, seen.rates, (USED, UNUSED), "os", strict=True
    ):
        label = f"{name}; measured rate {rate:.4f}"
        axes.plot(seen.time, (derived / derived[0]).mean(1), "-", color=colour)
        left = (measured / measured[0]).mean(1)
        axes.plot(seen.time, left, mark, color=colour, markersize=4, markerfacecolor="white", label=label)
    axes.set(yscale="log", xlabel=f"time t = steps × {seen.step}", ylabel="share of the start that is left")
    limits = " and ".join(f"{limit:.4f}" for limit in _extrapolated(collapses))
    axes.annotate(
        f"rates as step → 0: {limits}", (0.98, 0.95), xycoords="axes fraction", ha="right", fontsize=8
    )
    axes.set_ylim(bottom=4e-4)  # room for the legend
    axes.set_title("d  A latent cut off from the decoder (lines: derived)")
    axes.legend(loc="lower left", handlelength=1)


def _beta_axis(axes: Axes) -> None:
    axes.set_xscale("log", base=2)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(BETAS, [str(Fraction(beta)) for beta in BETAS])
    axes.set_xlabel("β")


def _footnote(made: Mapping[str, Any]) -> str:
    parts = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    return f"VAE on scikit-learn's digits, {EPOCHS} epochs, float32, seed {made['seed']}; {parts}"


def _of_beta(beta: float, run: Run) -> dict[str, Any]:
    return {
        "beta": beta,
        "active": sum(active(run)),
        "reconstruction": _short(run.reconstruction),
        "kl": _short(run.kl),
        "kl_per_latent_at_the_end": _short(sorted(run.per_latent[-1], reverse=True)),
    }


def _of_collapse(seen: Collapse) -> dict[str, Any]:
    return dict(zip(RATES, _short(seen.rates), strict=True)) | {
        "step": seen.step,
        "images": seen.mean.shape[1],
        "largest_error_of_mean_and_logvar": _short(seen.error),
        "kl": _short(seen.kl.tolist()),
    }


def _extrapolated(collapses: Sequence[Collapse]) -> list[float]:
    """Euler's error is proportional to the step: from two steps, the one half of the other, to none."""
    coarse, fine = (c.rates for c in collapses)
    return [2 * f - c for f, c in zip(fine, coarse, strict=True)]


def _short(values: Sequence[float]) -> list[float]:
    """Six digits: the rest moves with the machine."""
    return [float(f"{value:.6g}") for value in values]
