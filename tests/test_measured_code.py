"""Large arrays, compiled code, screens and peers: what the measurement sees, and faults it has to see."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from generated_code import needs_compiler

from derive import catalogue
from derive.catalogue import result
from derive.codegen.render import module_name, module_text
from derive.codegen.targets import TARGETS
from derive.evidence import peers
from derive.evidence.exhaustive import exhaustive
from derive.evidence.measure import LIBRARIES, load, measure, measure_gradients
from derive.evidence.peers_plot import plot
from derive.evidence.report import references
from derive.evidence.samples import Sample
from derive.evidence.screen import screened
from derive.verification import verify_exhaustively

torch = import_module("torch")
IDS = ("kl-normal", "kl-normal-standard", "kl-diagonal-normal", "kl-diagonal-normal-standard")
VAE = references(result("kl-normal-standard"))["kl_normal_standard_from_logvar"]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    folder = tmp_path_factory.mktemp("generated")
    found = {}
    for id in IDS:
        for name, target in TARGETS.items():
            path = folder / module_name(result(id), target)
            path.write_text(module_text(result(id), target), encoding="utf-8")
            found[id, name] = path
    return found


# -- large arrays are worked out in blocks -----------------------------------------------------------


@pytest.fixture(
    params=["kl_diagonal_normal_standard_from_logvar", "kl_diagonal_normal", "kl_normal_from_var"]
)
def blocks(request: Any, paths: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, Any, int]:
    name = request.param
    id = next(i for i in sorted(IDS, key=len, reverse=True) if name.startswith(i.replace("-", "_")))
    module = load(paths[id, "torch"])
    monkeypatch.setattr(module, "_BLOCK", 64)
    return module, getattr(module, name), 2 if "standard" in name else 4


def arguments(count: int, *shape: int, dtype: Any = torch.float64) -> list[Any]:
    torch.manual_seed(0)
    return [torch.rand(*shape, dtype=dtype) * 3 + 0.1 for _ in range(count)]


def whole(module: ModuleType, function: Any, *inputs: Any, **options: Any) -> Any:
    kept, module._BLOCK = module._BLOCK, 1 << 40
    try:
        return function(*inputs, **options)
    finally:
        module._BLOCK = kept


def test_blocks_give_what_the_whole_gives(blocks: Any) -> None:
    module, function, count = blocks
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        inputs = [x.requires_grad_() for x in arguments(count, 20, 6, dtype=dtype)]
        inputs[0] = inputs[0].detach()  # a gradient that nobody wants
        value = function(*inputs)
        assert "InBlocks" in str(value.grad_fn)
        expected = whole(module, function, *inputs)
        assert torch.equal(value, expected)
        slopes = torch.autograd.grad(value.sum(), inputs[1:])
        for ours, theirs in zip(slopes, torch.autograd.grad(expected.sum(), inputs[1:]), strict=True):
            assert ours.dtype == dtype
            assert torch.allclose(ours, theirs, rtol=1e-14 if dtype == torch.float64 else 2e-2, atol=0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the library itself
def test_blocks_can_be_differentiated_twice_and_forwards(blocks: Any) -> None:
    module, function, count = blocks
    inputs = [x.requires_grad_() for x in arguments(count, 6, 3)]
    inputs[0] = inputs[0][:1].detach().requires_grad_()  # through a broadcast
    assert torch.autograd.gradcheck(function, inputs, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function, inputs)
    plain = [x.detach() for x in inputs]
    tangents = tuple(torch.ones_like(x) for x in plain)
    ours = torch.func.jvp(function, tuple(plain), tangents)[1]
    assert torch.allclose(ours, whole(module, torch.func.jvp, function, tuple(plain), tangents)[1])


def test_blocks_keep_the_gradient_for_a_second_use(paths: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load(paths["kl-diagonal-normal-standard", "torch"])
    monkeypatch.setattr(module, "_BLOCK", 64)
    inputs = [x.requires_grad_() for x in arguments(2, 9, 4, 5)]
    value = module.kl_diagonal_normal_standard_from_logvar(*inputs, dim=(1, 2))
    assert value.shape == (9,)
    first = torch.autograd.grad(value.sum(), inputs, retain_graph=True)
    again = torch.autograd.grad(value.sum(), inputs)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    with pytest.raises(IndexError):
        module.kl_diagonal_normal_standard_from_logvar(*inputs, dim=3)


def _most_memory(function: Callable[..., Any], inputs: list[Any]) -> int:
    """The most bytes that the tensors made for a value and its gradients hold at once."""
    with torch.profiler.profile(profile_memory=True) as p:
        torch.autograd.grad(function(*inputs).sum(), inputs)
    held = most = 0
    events = [e for e in p.profiler.kineto_results.events() if e.name() == "[memory]"]
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most


def test_blocks_take_less_memory_than_the_usual_line(paths: Any) -> None:
    module = load(paths["kl-diagonal-normal-standard", "torch"])
    inputs = [x.requires_grad_() for x in arguments(2, 4096, 512, dtype=torch.float32)]
    ours = _most_memory(module.kl_diagonal_normal_standard_from_logvar, inputs)
    assert ours < 0.7 * _most_memory(lambda m, s: -0.5 * (1 + s - m**2 - s.exp()).sum(-1), inputs)


def test_numpy_sums_over_any_axis_block_by_block(paths: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load(paths["kl-diagonal-normal", "numpy"])
    inputs = [x.numpy() for x in arguments(4, 7, 5, 3)]
    expected = {a: module.kl_diagonal_normal(*inputs, axis=a) for a in (0, 1, -1, (0, 2), (1, 2), (0, 1, 2))}
    monkeypatch.setattr(module, "_BLOCK", 16)
    for axis, value in expected.items():
        assert np.allclose(module.kl_diagonal_normal(*inputs, axis=axis), value, rtol=1e-14, atol=0)
    with pytest.raises(np.exceptions.AxisError):
        module.kl_diagonal_normal(*inputs, axis=3)


# -- compiled ----------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")  # the compiler's own
@pytest.mark.parametrize("name", ["kl_diagonal_normal_standard_from_logvar", "kl_diagonal_normal"])
def test_compiles_for_any_shape(name: str, paths: Any) -> None:
    id = name.removesuffix("_from_logvar").replace("_", "-")
    function = getattr(load(paths[id, "torch"]), name)
    compiled = torch.compile(function, fullgraph=True, dynamic=True, backend="aot_eager")
    for rows in (3, 70_000):
        inputs = arguments(2 if "standard" in name else 4, rows, 4, dtype=torch.float32)
        assert torch.allclose(compiled(*inputs), function(*inputs), rtol=1e-6)


class ByExpm1(torch.autograd.Function):
    """Right when it runs eagerly: the library's expm1 is exact enough.  Compiled it is exp(t) − 1."""

    @staticmethod
    def forward(ctx: Any, t: Any) -> Any:
        ctx.save_for_backward(t)
        wide = t.double()
        series = wide**2 * (0.5 + wide * (1 / 6 + wide * (1 / 24 + wide / 120)))
        return (torch.where(wide.abs() < 1e-3, series, torch.expm1(wide) - wide) / 2).to(t.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        return gradient * (0.5 * torch.expm1(ctx.saved_tensors[0]))


def leans_on_expm1(mean: Any, logvar: Any) -> Any:
    return 0.5 * mean * mean + ByExpm1.apply(logvar)


@needs_compiler
@pytest.mark.filterwarnings("ignore")  # the compiler's own
def test_compiled_rows_see_what_eager_rows_cannot(paths: Any) -> None:
    sample = VAE.sample("float32", 400)
    ours = load(paths["kl-normal-standard", "torch"]).kl_normal_standard_from_logvar
    value = measure(ours, sample, "torch compiled")
    assert (value.status, value.bad) == ("measured", 0), value
    assert value.max_ulp <= 4
    assert all(r.max_ulp <= 4 and not r.bad for r in measure_gradients(ours, sample, "torch compiled"))
    eager = {r.quantity: r for r in measure_gradients(leans_on_expm1, sample, "torch")}
    compiled = {r.quantity: r for r in measure_gradients(leans_on_expm1, sample, "torch compiled")}
    assert eager["gradient of s"].max_ulp < 8
    assert compiled["gradient of s"].max_ulp > 1000


def test_no_compiler_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("derive.evidence.measure.shutil.which", lambda name: None)
    row = measure(lambda mean, logvar: mean, VAE.sample("float32", 40), "torch compiled")
    assert (row.status, row.reason) == ("not measured", "torch.compile finds no C++ compiler")


# -- where two ways of computing meet -----------------------------------------------------------------


def _beside_the_seams(dtype: str) -> Sample:
    """Log-variances around those where an exponential begins, and another way of computing it."""
    seams = [np.linspace(0.8 * s, 1.2 * s, 4000) for s in (-1, -31 / 32, 23 / 32, 25 / 16, 35)]
    s = np.concatenate(seams).astype(dtype).astype(np.float64)
    arrays = (np.zeros_like(s), s)
    return Sample(VAE, dtype, arrays, ("seam",) * s.size, VAE.values(arrays))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target", TARGETS)
def test_no_digit_is_lost_where_the_exponential_begins(target: str, dtype: str, paths: Any) -> None:
    module = load(paths["kl-normal-standard", target])
    row = measure(module.kl_normal_standard_from_logvar, _beside_the_seams(dtype), target)
    assert (row.status, row.bad) == ("measured", 0), row
    assert row.max_ulp <= 3.5, row


@pytest.mark.parametrize("bound", [("t < 25 / 16", "t < 0.7"), ("t > 35", "t > 3.3"), ("t > -1", "t > -3")])
def test_an_exponential_that_begins_in_the_wrong_place_is_found(
    bound: tuple[str, str], paths: Any, tmp_path: Path
) -> None:
    text = paths["kl-normal-standard", "jax"].read_text(encoding="utf-8")
    assert text.count(bound[0]) == 1
    planted = tmp_path / "planted.py"
    planted.write_text(text.replace(*bound), encoding="utf-8")
    s = np.linspace(-4, 4, 4000)
    sample = Sample(VAE, "float64", (0 * s, s), ("seam",) * s.size, VAE.values((0 * s, s)))
    row = measure(load(planted).kl_normal_standard_from_logvar, sample, "jax")
    assert row.max_ulp > 4, row


@pytest.mark.parametrize(
    ("target", "bound"),
    [("numpy", ("23 / 32", "0.5")), ("torch", ("23 / 32", "0.5")), ("jax", ("t > 35", "t > 1e4"))],
)
def test_an_exponential_that_overflows_too_early_is_found(
    target: str, bound: tuple[str, str], paths: Any, tmp_path: Path
) -> None:
    """It has to be finite where half the exponential of t is."""
    s = np.log(np.finfo(np.float64).max) + np.array([0.1, 0.4, 0.69])
    sample = Sample(VAE, "float64", (0 * s, s), ("overflow",) * s.size, VAE.values((0 * s, s)))
    path = paths["kl-normal-standard", target]
    row = measure(load(path).kl_normal_standard_from_logvar, sample, target)
    assert (row.bad, row.max_ulp <= 4) == (0, True), row
    planted = tmp_path / "planted.py"
    text = path.read_text(encoding="utf-8")
    assert text.count(bound[0]) == 1
    planted.write_text(text.replace(*bound), encoding="utf-8")
    assert measure(load(planted).kl_normal_standard_from_logvar, sample, target).bad


# -- points that were off by more than four units once ---------------------------------------------------

ONCE_WORST: dict[str, list[tuple[float, ...]]] = {
    "kl_normal": [
        (-2.008414867304964e-06, 0.8229593634605408, -0.014978956431150436, 0.13692590594291687),
    ],
    "kl_normal_from_var": [
        (0.0007010300178080797, 1218.0633544921875, 3.140763521194458, 2597.028564453125),
    ],
    "kl_normal_from_logvar": [
        (0.07075024396181107, -0.7643888592720032, -0.033413272351026535, 0.4193204641342163),
        (0.0, -1.3570325374603271, 0.03228552266955376, -0.17864161729812622),
        (6.726196128858287e-22, -82.06429290771484, -1.644168369431976e-14, -88.39348602294922),
    ],
    "kl_normal_from_logstd": [
        (-0.2885305881500244, 4.196512222290039, -0.0009899252327159047, 4.7826972007751465),
        (-6.855670928955078, 42.02480697631836, 0.5791029930114746, -2.333780288696289),
    ],
    "kl_normal_from_softplus": [
        (0.008557635359466076, 2.241069793701172, -0.007722935639321804, 1.0147355794906616),
        (-1.2086183005521889e-06, -3.0421223640441895, 14.6274995803833, -1.7712281942367554),
        (-0.06482910364866257, -0.9994640946388245, 0.0, -1.7817059755325317),
        (-0.8033027648925781, 4.48708963394165, -0.8032984733581543, 4.487107753753662),
        (-0.07494423538446426, 1.8433654308319092, -0.0749274343252182, 1.8644108772277832),
        (3.073184780078009e-05, 0.9827679991722107, 0.0, 2.217374324798584),
        (0.0, 1.9944384098052979, -1.701298424450215e-05, 2.000910520553589),
        (8.992790222167969, 1.6673589944839478, 0.003159905318170786, 2.0356035232543945),
    ],
}


@needs_compiler
@pytest.mark.filterwarnings("ignore")  # the compiler's own
@pytest.mark.parametrize("name", ONCE_WORST)
def test_points_that_were_off_once_are_not(name: str, paths: Any) -> None:
    """Found among ten million random points a function, in one target or another."""
    arrays = tuple(np.array(ONCE_WORST[name]).T)
    reference = references(result("kl-normal"))[name]
    strata = ("once worst",) * len(ONCE_WORST[name])
    sample = Sample(reference, "float32", arrays, strata, reference.values(arrays))
    for target in (*TARGETS, "torch compiled"):
        module = load(paths["kl-normal", target.removesuffix(" compiled")])
        gradient = getattr(module, name + LIBRARIES[target].gradient)
        rows = [measure(getattr(module, name), sample, target), *measure_gradients(gradient, sample, target)]
        for row in rows:
            assert (row.status, row.bad) == ("measured", 0), row
            assert row.max_ulp <= 4, row


# -- screens -----------------------------------------------------------------------------------------


def test_screen_passes_ours_and_finds_a_fault(paths: Any, tmp_path: Path) -> None:
    modules = {t: paths["kl-normal-standard", t] for t in ("numpy", "torch")}
    name = "kl_normal_standard_from_logvar"
    rows = list(screened({name: VAE}, modules, 20_000))
    assert {r.quantity for r in rows} == {"value", "gradient of mu", "gradient of s"}
    assert all(r.max_ulp <= 4 and not r.bad and r.points == 20_000 for r in rows), rows
    text = modules["torch"].read_text(encoding="utf-8")
    assert text.count(".sub_(near)") == 1
    planted = text.replace(".sub_(near)", ".sub_(near).mul_(1 + 1e-6)")
    modules["torch"] = tmp_path / "planted.py"
    modules["torch"].write_text(planted, encoding="utf-8")
    worst = {(r.target, r.quantity): r.max_ulp for r in screened({name: VAE}, modules, 2000)}
    assert worst["torch", "value"] > 8
    assert worst["numpy", "value"] <= 4


def test_the_long_run_is_the_same_in_processes_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "DIVERGENCES", ("kl-normal-standard",))
    monkeypatch.setattr("derive.evidence.exhaustive.BLOCK", 16)  # so that the sweep has many parts
    told: list[str] = []

    def run(workers: int) -> list[dict[str, Any]]:
        return verify_exhaustively(told.append, points=64, stride=1 << 22, workers=workers, compiled=False)

    rows = run(1)
    assert rows == run(2)
    assert not any(row["failures"] for row in rows)
    assert {row["quantity"] for row in rows if "every" in row["quantity"] or "steps" in row["quantity"]}
    assert {row["function"] for row in rows} >= set(references(result("kl-normal-standard")))
    assert "s 100.0%" in told


def test_the_sweep_counts_what_is_false_in_each_part(
    paths: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("derive.evidence.exhaustive.BLOCK", 256)  # 64 parts
    planted = tmp_path / "planted.py"
    text = paths["kl-normal-standard", "torch"].read_text(encoding="utf-8")
    zero = "\n\ndef _half_exp_excess(a, b=None):\n    return torch.where(a > 0, 0 * a, a * a)\n"
    planted.write_text(text + zero, encoding="utf-8")
    rows = list(exhaustive({"numpy": paths["kl-normal-standard", "numpy"], "torch": planted}, stride=1 << 18))
    assert rows[0].quantity == "float32 by steps"
    bad = {(r.target, r.function): r.bad for r in rows if r.bad}
    assert set(bad) == {("torch", "kl-normal-standard value")}
    assert max(bad.values()) > rows[0].points / 4  # the positive half, most of it: many parts


# -- peers -------------------------------------------------------------------------------------------


def test_peers_stand_beside_ours(paths: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "SHAPE", (64, 512))
    modules = {id: paths[id, "torch"] for id in ("kl-normal", "kl-normal-standard", peers.SUMMED_ID)}
    data = peers.compare_with_peers(modules, 400)
    assert json.dumps(data) == json.dumps(peers.compare_with_peers(modules, 400))
    assert json.dumps(data["rows"]) != json.dumps(peers.compare_with_peers(modules, 400, seed=1)["rows"])
    for row in data["rows"]:
        if row["formula"] == peers.OURS:
            assert row["max_ulp"] <= (4 if row["dtype"] == "float32" else 0.51), row
            assert not any(row[k] for k in ("false_zeros", "negatives", "infinite", "nan")), row
    naive = next(r for r in data["rows"] if (r["formula"], r["dtype"]) == ("naive", "float32"))
    assert naive["false_zeros"] + naive["negatives"] > 0
    assert naive["max_ulp"] > 1e6
    for row in data["row_sums"]:
        assert row["relative_error"] <= 3e-7 or row["formula"] != peers.OURS, row
    assert any(r["relative_error"] > 0.1 for r in data["row_sums"] if r["formula"] == "naive")
    text = peers.markdown(data, {"torch": "x"})
    assert all(f"| {name} |" in text for name in (peers.OURS, "naive", "torch.distributions"))


def test_peers_say_what_their_libraries_say() -> None:
    mean, std = torch.tensor([0.3, -2.0]), torch.tensor([0.5, 3.0])
    zero, one = torch.zeros(2), torch.ones(2)
    theirs = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, std), torch.distributions.Normal(zero, one)
    )
    for peer in peers.PEERS:
        pair = peer.function(peers.PAIR)
        if pair is None:
            continue
        arrays = [np.asarray(x, np.float64) for x in (mean, std, zero, one)]
        assert np.allclose(LIBRARIES[peer.library].call(pair, arrays, "float32"), theirs.numpy(), rtol=1e-5)


def test_plot_has_the_same_bytes_each_time() -> None:
    errors = {"generated": [1e-7, 1e-7], "naive": [1.0, float("inf")]}
    curves = {"log10_divergence": [-6.0, -5.5], "largest_relative_error": errors}
    text = plot(curves)
    assert text == plot(curves)
    assert text.startswith("<?xml")
    assert "generated" in text
    assert "date" not in text
