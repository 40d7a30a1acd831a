"""The usual formulas beside the generated code: accuracy in each dtype, as a table, JSON and a plot.

Each peer is written as its library writes it, and run in that library's arithmetic where it is installed.
``compare_with_peers`` measures, ``markdown`` and ``derive.evidence.peers_plot`` show.  The same arguments
give the same bytes on the same machine and versions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from derive.catalogue import result
from derive.evidence.floats import FORMATS, Floats
from derive.evidence.measure import LIBRARIES, Function, Scale, load, measure_gradients
from derive.evidence.report import references
from derive.evidence.samples import Sample, Truth

DTYPES = ("float32", "float16", "bfloat16")
COLLAPSES = (1e-3, 1e-4, 1e-5, 1e-6)
SHAPE = (4096, 512)
OURS = "generated"
VAE = "kl_normal_standard_from_logvar"
PAIR = "kl_normal"
IDS = {VAE: "kl-normal-standard", PAIR: "kl-normal"}
SUMMED_ID, SUMMED = "kl-diagonal-normal-standard", "kl_diagonal_normal_standard_from_logvar"
GRADIENT = {VAE: "s", PAIR: "sigma_1"}
"""Function → the parameter whose derivative is shown."""

Formula = Callable[[Any, Any, Any, Any, Any], Any]
"""Of a library's module and mean_1, std_1, mean_2, std_2."""


def naive(xp: Any, mean_1: Any, std_1: Any, mean_2: Any, std_2: Any) -> Any:
    """The textbook's closed form, term by term."""
    return xp.log(std_2 / std_1) + (std_1**2 + (mean_1 - mean_2) ** 2) / (2 * std_2**2) - 0.5


def library(xp: Any, mean_1: Any, std_1: Any, mean_2: Any, std_2: Any) -> Any:
    """``_kl_normal_normal`` in torch/distributions/kl.py, and the same in numpyro/distributions/kl.py."""
    var_ratio = (std_1 / std_2) ** 2
    t1 = ((mean_1 - mean_2) / std_2) ** 2
    return 0.5 * (var_ratio + t1 - 1 - xp.log(var_ratio))


def tfp(xp: Any, mean_1: Any, std_1: Any, mean_2: Any, std_2: Any) -> Any:
    """``_kl_normal_normal`` in tensorflow_probability/python/distributions/normal.py."""
    diff_log_scale = xp.log(std_1) - xp.log(std_2)
    squared_difference = (mean_1 / std_2 - mean_2 / std_2) ** 2
    return 0.5 * squared_difference + 0.5 * xp.expm1(2 * diff_log_scale) - diff_log_scale


@dataclass(frozen=True)
class Peer:
    """A formula, the library whose arithmetic it is run in, and where it is from."""

    name: str
    library: str
    source: str
    pair: Formula | None
    """Of two means and standard deviations; None for a form that is written for the VAE term alone."""
    vae: Callable[[Any, Any, Any], Any] | None = None
    """Of a mean and a log-variance; by default ``pair`` at std = exp(logvar / 2), as a VAE calls it."""

    def function(self, which: str, library: str = "") -> Function | None:
        """As a function like the generated one, or None; in its own library, or another."""
        xp = __import__("torch" if (library or self.library) == "torch" else "jax.numpy", fromlist=["exp"])
        pair, vae = self.pair, self.vae
        if which == PAIR:
            return None if pair is None else lambda *a: pair(xp, *a)
        if vae is not None:
            return lambda mean, logvar: vae(xp, mean, logvar)
        assert pair is not None
        return lambda mean, logvar: pair(
            xp, mean, xp.exp(logvar / 2), xp.zeros_like(mean), xp.ones_like(mean)
        )


PEERS = (
    Peer(
        "naive", "torch", "-0.5 * (1 + logvar - mean**2 - exp(logvar)), the one-liner of most VAE examples",
        naive, lambda xp, mean, logvar: -0.5 * (1 + logvar - mean**2 - xp.exp(logvar)),
    ),
    Peer(
        "expm1", "torch", "0.5 * (mean**2 + expm1(logvar) - logvar), the usual mend",
        None, lambda xp, mean, logvar: 0.5 * (mean**2 + (xp.expm1(logvar) - logvar)),
    ),
    Peer("torch.distributions", "torch", "_kl_normal_normal in torch/distributions/kl.py", library),
    Peer("TFP", "jax", "_kl_normal_normal in tensorflow_probability/python/distributions/normal.py", tfp),
    Peer("numpyro", "jax", "kl_divergence(Normal, Normal) in numpyro/distributions/kl.py", library),
)  # fmt: skip


@dataclass(frozen=True)
class PeerRow:
    """One formula in one dtype.  The counts are of points where the truth is positive and representable.

    ``max_ulp`` leaves out what is counted as infinite or NaN; so does ``gradient_max_ulp``.
    """

    formula: str
    function: str
    dtype: str
    points: int
    max_ulp: float
    false_zeros: int
    negatives: int
    infinite: int
    nan: int
    gradient_max_ulp: float
    status: str = "measured"


def compare_with_peers(modules: Mapping[str, Path], points: int = 20_000, seed: int = 0) -> dict[str, Any]:
    """Accuracy of the generated PyTorch functions and of the peers, as data for JSON.

    ``modules`` maps the ids ``kl-normal``, ``kl-normal-standard`` and ``kl-diagonal-normal-standard`` to
    the paths of their PyTorch modules; ``seed`` chooses other points.
    """
    return {
        "peers": {peer.name: peer.source for peer in PEERS},
        "rows": [asdict(row) for row in _rows(modules, points, seed)],
        "row_sums": _row_sums(load(modules[SUMMED_ID]), seed),
        "curves": _curves(load(modules[IDS[VAE]]), points, seed),
    }


def _contestants(which: str, module: Any) -> Iterator[tuple[str, str, Function | None]]:
    """Name, library and function; the function is None where its library is not installed."""
    yield OURS, "torch", getattr(module, which)
    for peer in PEERS:
        try:
            function = peer.function(which)
        except ImportError:
            yield peer.name, peer.library, None
            continue
        if function is not None:
            yield peer.name, peer.library, function


def _rows(modules: Mapping[str, Path], points: int, seed: int) -> Iterator[PeerRow]:
    for which, id in IDS.items():
        reference, module = references(result(id))[which], load(modules[id])
        for dtype in DTYPES:
            sample = reference.sample(dtype, points, 0, seed)
            few = reference.sample(dtype, max(4, points // 5), 0, seed)
            for name, lib, function in _contestants(which, module):
                if function is None:
                    yield PeerRow(name, which, dtype, 0, 0, 0, 0, 0, 0, 0, f"not measured: no {lib}")
                else:
                    yield _row(name, which, lib, function, sample, few)


def _row(name: str, which: str, lib: str, function: Function, sample: Sample, few: Sample) -> PeerRow:
    form, size = sample.format, np.abs(sample.truth.high)
    found = LIBRARIES[lib].call(function, sample.arrays, sample.dtype)
    kept = Scale.of(sample.truth, size, form).normal
    with np.errstate(invalid="ignore"):
        ulps = np.where(kept & np.isfinite(found), np.abs(found - sample.truth.high) / form.ulp(size), 0.0)
    slopes = [
        r.max_ulp
        for r in measure_gradients(function, few, lib)
        if r.quantity == f"gradient of {GRADIENT[which]}"
    ]
    return PeerRow(
        name, which, sample.dtype, int(kept.sum()), _short(ulps.max()),
        int((kept & (found == 0)).sum()), int((kept & (found < 0)).sum()),
        int((kept & np.isinf(found)).sum()), int((kept & np.isnan(found)).sum()),
        _short(slopes[0]) if slopes else 0.0,
    )  # fmt: skip


def _row_sums(module: Any, seed: int) -> list[dict[str, Any]]:
    """Largest relative error of float32 sums over the last axis, mean and log-variance ~ scale · N(0, 1)."""
    out = []
    for scale in COLLAPSES:
        rng = np.random.default_rng(seed)
        arrays = [(scale * rng.normal(size=SHAPE)).astype(np.float32).astype(np.float64) for _ in range(2)]
        truth = _collapsed(*arrays).sum(axis=-1)
        for name, lib, function in _contestants(VAE, _Summed(module)):
            if function is None:
                continue
            whole = function if name == OURS else _summing(function)
            found = LIBRARIES[lib].call(whole, arrays, "float32")
            error = float(np.max(np.abs(found - truth) / truth))
            out.append({"formula": name, "scale": scale, "relative_error": _short(error)})
    return out


class _Summed:
    """The module of the summed function, under the name of the elementwise one."""

    def __init__(self, module: Any) -> None:
        setattr(self, VAE, getattr(module, SUMMED))


def _summing(function: Function) -> Function:
    return lambda mean, logvar: function(mean, logvar).sum(-1)


def _collapsed(mean: Floats, t: Floats) -> Floats:
    """½(mean² + eᵗ − 1 − t) for |t| ≤ 2⁻⁶, by its series: what is left out is below 2⁻⁵⁵ of it."""
    assert float(np.abs(t).max()) <= 2.0**-6
    series = 1 / 2 + t * (1 / 6 + t * (1 / 24 + t * (1 / 120 + t * (1 / 720 + t * (1 / 5040 + t / 40320)))))
    return 0.5 * (mean * mean + t * t * series)


def _curves(module: Any, points: int, seed: int) -> dict[str, Any]:
    """Largest relative error in float32 among points whose divergence lies in each half decade."""
    rng = np.random.default_rng(seed)
    size = 10.0 ** rng.uniform(-7, 1.2, points) * rng.choice([-1.0, 1.0], points)
    arrays = tuple(
        FORMATS["float32"].round(a) for a in (size * rng.uniform(0, 1, points), np.clip(size, -40, 16))
    )
    truth = references(result(IDS[VAE]))[VAE].values(arrays)
    decade = np.floor(2 * np.log10(truth.high)) / 2
    edges = sorted({float(d) for d in decade})
    out: dict[str, Any] = {"log10_divergence": edges, "largest_relative_error": {}}
    for name, lib, function in _contestants(VAE, module):
        if function is not None:
            found = LIBRARIES[lib].call(function, arrays, "float32")
            out["largest_relative_error"][name] = _largest(found, truth, decade, edges)
    return out


def _largest(found: Floats, truth: Truth, decade: Floats, edges: Sequence[float]) -> list[float]:
    with np.errstate(invalid="ignore"):
        error = np.abs((found - truth.high) - truth.low) / truth.high
    error = np.where(np.isfinite(error), error, np.inf)
    return [_short(error[decade == edge].max()) for edge in edges]


def _short(x: float) -> float:
    """Three figures are enough, and print alike everywhere."""
    return float(f"{float(x):.3g}")


def markdown(data: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """The tables for a reader."""
    where = ", ".join(f"{name} {version}" for name, version in environment.items())
    lines = [
        "# Accuracy beside the usual formulas", "",
        f"Measured with {where}. The figures move with the processor and the versions.", "",
        *(f"- **{name}**: {source}" for name, source in data["peers"].items()), "",
        "TFP and numpyro are their formulas, run in JAX. For the VAE term they and torch.distributions",
        "get the standard deviation as exp(logvar / 2). Errors are in units in the last place, against",
        "ball arithmetic at points that are random, moderate, nearly equal, extreme and collapsed. The",
        "counts are of results that are falsely 0, negative, infinite or NaN where the truth is positive",
        "and representable.", "",
    ]  # fmt: skip
    for which in IDS:
        lines += [f"## `{which}`", "", "| formula | dtype | points | largest error | 0 | < 0 | inf | NaN |"]
        lines[-1] += f" gradient in {GRADIENT[which]} |"
        lines += ["|---|---|--:|--:|--:|--:|--:|--:|--:|"]
        for r in data["rows"]:
            if r["function"] != which:
                continue
            if r["status"] != "measured":
                lines.append(f"| {r['formula']} | {r['dtype']} | {r['status']} | | | | | | |")
                continue
            counts = " | ".join(str(r[k]) for k in ("false_zeros", "negatives", "infinite", "nan"))
            lines.append(
                f"| {r['formula']} | {r['dtype']} | {r['points']} | {r['max_ulp']:g} | {counts} | "
                f"{r['gradient_max_ulp']:g} |"
            )
        lines.append("")
    scales = sorted({r["scale"] for r in data["row_sums"]}, reverse=True)
    lines += [
        "## Sums under collapse", "",
        f"Largest relative error of a row's sum, float32 {list(SHAPE)}, where mean and log-variance are",
        "scale · N(0, 1).", "",
        "| formula | " + " | ".join(f"{s:g}" for s in scales) + " |", "|---|" + "--:|" * len(scales),
    ]  # fmt: skip
    for name in dict.fromkeys(r["formula"] for r in data["row_sums"]):
        found = {r["scale"]: r["relative_error"] for r in data["row_sums"] if r["formula"] == name}
        lines.append(f"| {name} | " + " | ".join(f"{found[s]:.1e}" for s in scales) + " |")
    lines += ["", "![Relative error against the size of the divergence](accuracy.svg)", "", ""]
    return "\n".join(lines)
