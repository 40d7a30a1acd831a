"""The examples: a real training in three dtypes, the collapse of a latent, the figure and its data."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from derive.examples import vae, vae_collapse, vae_digits, vae_figure

torch = import_module("torch")
MEASURED = Path(__file__).parents[1] / "generated" / "measured"
NUMBERS = torch.linspace(-2, 2, 9, dtype=torch.float64)


@pytest.fixture(scope="module")
def runs() -> dict[Any, vae.Run]:
    return vae_digits.compare()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with vae.one_thread():
        yield


def test_ten_epochs_give_the_same_losses_in_every_dtype(runs: dict[Any, vae.Run]) -> None:
    far = vae_digits.distances(runs)
    assert set(far) == {torch.float32, torch.bfloat16}
    for dtype, run in runs.items():
        losses = run.loss()
        assert len(losses) == 10
        assert all(math.isfinite(x) for x in losses)
        assert losses[-1] < 0.75 * losses[0]
        assert run.kl[-1] > 1  # the KL term is no bystander
        assert all(p.dtype == dtype for p in run.model.parameters())
    for dtype, tolerance in vae_digits.TOLERANCE.items():
        assert 0 < far[dtype] <= tolerance


def test_the_latents_add_up_to_the_kl_term(runs: dict[Any, vae.Run]) -> None:
    run = runs[torch.float64]
    assert all(
        math.isclose(sum(row), kl, rel_tol=1e-13) for row, kl in zip(run.per_latent, run.kl, strict=True)
    )


def test_planted_faults_of_a_run_are_out_of_tolerance(
    runs: dict[Any, vae.Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def far(run: vae.Run) -> float:
        return vae_digits.distances(runs | {torch.float32: run})[torch.float32]

    ours = vae.generated
    for planted in (
        lambda id: lambda mean, logvar: 1.001 * ours(id)(mean, logvar),
        lambda id: lambda mean, logvar: ours(id)(mean, 2 * logvar),  # took log σ for log σ²
        lambda id: lambda mean, logvar: ours(id)(mean.half(), logvar.half()).float(),
    ):
        monkeypatch.setattr(vae, "generated", planted)
        assert far(vae.train(torch.float32)) > vae_digits.TOLERANCE[torch.float32]
    broken = replace(runs[torch.float32], kl=[*runs[torch.float32].kl[:-1], math.nan])
    assert not far(broken) <= vae_digits.TOLERANCE[torch.float32]


def test_the_command_fails_when_a_curve_is_off(
    runs: dict[Any, vae.Run], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(vae_digits, "compare", lambda **options: runs)
    assert vae_digits.main([]) == 0
    assert "at most" in capsys.readouterr().out
    monkeypatch.setitem(vae_digits.TOLERANCE, torch.bfloat16, 1e-9)
    assert vae_digits.main([]) == 1


# -- the collapse of an unused latent --------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the library itself
def test_the_solution_follows_the_gradient_of_the_generated_function() -> None:
    """d/dt of the solution is minus the gradient of the divergence, at every start and time."""
    mean, logvar = (t.flatten() for t in torch.meshgrid(NUMBERS, 3 * NUMBERS, indexing="ij"))
    for time in (0.0, 0.3, 2.0, 9.0):
        now = torch.full((), time, dtype=torch.float64)
        point, speed = torch.func.jvp(
            lambda t: vae_collapse.solution(t, mean, logvar), (now,), (torch.ones_like(now),)
        )
        leaves = [x.clone().requires_grad_() for x in point]
        downhill = torch.autograd.grad(-vae.generated("kl-normal-standard")(*leaves).sum(), leaves)
        for moved, expected in zip(speed, downhill, strict=True):
            assert torch.allclose(moved, expected, rtol=1e-12, atol=1e-14)
        if time == 0:
            assert torch.allclose(torch.stack(point), torch.stack((mean, logvar)), rtol=1e-14, atol=1e-15)


def collapses(run: vae.Run) -> list[vae_collapse.Collapse]:
    return [vae_collapse.collapse(run, step=step, until=2.0, every=0.2) for step in (0.04, 0.02)]


def test_a_latent_that_is_cut_off_collapses_at_the_derived_rate(runs: dict[Any, vae.Run]) -> None:
    coarse, fine = collapses(runs[torch.float64])
    assert fine.mean.shape == (11, 1797)
    assert fine.mean[0].std() > 0.5  # the encoder used it
    for found in (coarse, fine):  # of the mean, Euler's method has a rate in closed form
        assert math.isclose(found.rates[0], -math.log1p(-found.step) / found.step, rel_tol=1e-9)
        assert math.isclose(found.rates[1], 0.5, rel_tol=found.step)
        assert found.kl[-1] < 0.2 * found.kl[0]
    for ours, half in zip(coarse.error, fine.error, strict=True):
        assert 1.9 < ours / half < 2.1  # of first order: nothing but the step parts it from the solution
    for measured, derived in zip(vae_figure._extrapolated([coarse, fine]), (1.0, 0.5), strict=True):
        assert math.isclose(measured, derived, rel_tol=1e-3)


def test_planted_kl_without_its_half_collapses_twice_as_fast(
    runs: dict[Any, vae.Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = vae.generated
    monkeypatch.setattr(vae_collapse, "generated", lambda id: lambda *a: 2 * ours(id)(*a))
    _, fine = collapses(runs[torch.float64])
    assert math.isclose(fine.rates[0], 2, rel_tol=0.05)
    assert math.isclose(fine.rates[1], 1, rel_tol=0.05)
    assert max(fine.error) > 0.1


# -- the figure ------------------------------------------------------------------------------------


def test_figure_is_the_same_bytes_and_says_what_made_it(
    runs: dict[Any, vae.Run], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    short = {"EPOCHS": 2, "LATENTS": 4, "BETAS": (1.0, 8.0), "STEPS": (0.1, 0.05), "UNTIL": 0.4}
    for name, value in short.items():
        monkeypatch.setattr(vae_figure, name, value)
    far = vae_digits.distances(runs)
    written = []
    for folder in ("one", "two"):
        paths = vae_figure.write(tmp_path / folder, runs, far, seed=3)
        written.append([path.read_bytes() for path in paths])
    assert written[0] == written[1]
    svg, data = written[0][0].decode(), json.loads(written[0][1])
    ElementTree.fromstring(svg)
    assert "seed 3" in svg
    assert "<dc:date>" not in svg
    for name, version in data["versions"].items():
        assert f"{name} {version}" in svg
    assert data["seed"] == 3
    assert [row["beta"] for row in data["beta"]] == [1.0, 8.0]
    assert all(
        row["active"] == sum(k > 0.02 for k in row["kl_per_latent_at_the_end"]) for row in data["beta"]
    )


def test_shipped_figure_and_data_belong_together() -> None:
    data = json.loads((MEASURED / "vae-digits.json").read_text(encoding="utf-8"))
    svg = (MEASURED / "vae-digits.svg").read_text(encoding="utf-8")
    assert f"seed {data['seed']}" in svg
    assert all(f"{name} {version}" in svg for name, version in data["versions"].items())
    for row in data["beta"]:
        assert f">{row['active']}<" in svg
    fine = next(row for row in data["collapse"] if row["step"] == 0.01)
    assert f"{fine['rate_of_mean']:.4f}" in svg
    for row in data["dtypes"][1:]:
        assert row["distance_from_float64"] <= vae_digits.TOLERANCE[getattr(torch, row["dtype"][6:])]
