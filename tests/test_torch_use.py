"""The generated PyTorch code where it is used: layouts, transforms, compiler, exporter, ranks, drop-in.

What every target has in common, gradcheck, and accuracy are in ``test_codegen.py``.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import ranks
from generated_code import ALL, DIAGONAL, ELEMENTWISE, tensors

from derive.catalogue import result
from derive.codegen.render import module_name, snippet
from derive.codegen.targets import TORCH

torch = import_module("torch")
Call = Callable[[str, str], Callable[..., Any]]
# every parameterisation and primitive once: two laws elementwise, one law summed
COMPILED = [name for name in ALL if (name in DIAGONAL) == ("standard" in name)]
OF_THE_LIBRARY = pytest.mark.filterwarnings("ignore")  # the compiler's and the exporter's own warnings


@pytest.fixture
def kl(call: Call) -> Callable[[str], Callable[..., Any]]:
    return lambda name: call("torch", name)


def value_and_slopes(function: Callable[..., Any], inputs: list[Any]) -> tuple[Any, ...]:
    leaves = [t.detach().requires_grad_() for t in inputs]
    value = function(*leaves)
    return value, *torch.autograd.grad(value.sum(), leaves)


def assert_as_contiguous(function: Callable[..., Any], inputs: list[Any]) -> Any:
    """A function of tensors of any layout is that of their contiguous copies, slopes as well."""
    assert any(not t.is_contiguous() for t in inputs), "the test is of no use"
    found = value_and_slopes(function, inputs)
    copies = [t.clone(memory_format=torch.contiguous_format) for t in inputs]
    for ours, theirs in zip(found, value_and_slopes(function, copies), strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-14, atol=0)
    return found[0]


# -- layouts and kinds of tensors ------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_layouts(name: str, kl: Any) -> None:
    function = kl(name)
    last = [t.contiguous(memory_format=torch.channels_last) for t in tensors(name, 2, 3, 4, 5)]
    value = assert_as_contiguous(function, last)
    if name in ELEMENTWISE:
        assert value.is_contiguous(memory_format=torch.channels_last)
    assert_as_contiguous(function, [t.expand(5, 4) for t in tensors(name, 4)])
    assert_as_contiguous(function, [t[::2, 1::3] for t in tensors(name, 8, 9)])
    assert_as_contiguous(function, [t.as_strided((4, 5), (1, 1)) for t in tensors(name, 20)])
    assert_as_contiguous(function, [t.t() if k % 2 else t for k, t in enumerate(tensors(name, 6, 6), 1)])


@pytest.mark.parametrize("name", ALL)
def test_slopes_through_an_expanded_tensor_add_up(name: str, kl: Any) -> None:
    inputs = tensors(name, 4)
    base = [t.clone().requires_grad_() for t in inputs]
    found = torch.autograd.grad(kl(name)(*(t.expand(5, 4) for t in base)).sum(), base)
    _, *one = value_and_slopes(kl(name), inputs)
    for ours, theirs in zip(found, one, strict=True):
        assert torch.allclose(ours, 5 * theirs, rtol=1e-13, atol=0)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(0,), (0, 4), (4, 0), (0, 0)])
def test_nothing_in_nothing_out(name: str, shape: tuple[int, ...], kl: Any) -> None:
    value, *slopes = value_and_slopes(kl(name), tensors(name, *shape))
    assert value.shape == (shape[:-1] if name in DIAGONAL else shape)
    assert (value == 0).all()
    assert all(slope.shape == shape for slope in slopes)


@pytest.mark.parametrize("name", ALL)
def test_meta_parameters_subclasses_and_modes(name: str, kl: Any) -> None:
    class Own(torch.Tensor):
        pass

    inputs = tensors(name, 3, 4)
    expected = value_and_slopes(kl(name), inputs)
    for found in value_and_slopes(kl(name), [t.to("meta") for t in inputs]):
        assert found.device.type == "meta"
    for wrap in (torch.nn.Parameter, lambda t: t.as_subclass(Own)):
        found = value_and_slopes(kl(name), [wrap(t) for t in inputs])
        for ours, theirs in zip(found, expected, strict=True):
            assert torch.allclose(ours, theirs, rtol=1e-13, atol=0)
    with torch.inference_mode():
        assert torch.equal(kl(name)(*inputs), expected[0])
    with pytest.raises(TypeError, match="floating point"):
        kl(name)(*(t.to(torch.complex64) for t in inputs))


@pytest.mark.parametrize("name", ALL)
def test_inputs_are_left_as_they_are(name: str, kl: Any) -> None:
    inputs = [t * 3 if t.min() < 0 else t**3 for t in tensors(name, 30, 4)]  # near zero and far from it
    before = [t.clone() for t in inputs]
    value_and_slopes(kl(name), inputs)
    assert all(map(torch.equal, inputs, before))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ALL)
def test_autocast_changes_neither_value_nor_slopes(name: str, dtype: Any, kl: Any) -> None:
    inputs = tensors(name, 3, 4, dtype=dtype)
    expected = value_and_slopes(kl(name), inputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = value_and_slopes(kl(name), inputs)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == dtype
        assert torch.equal(ours, theirs)


def test_short_outputs_of_an_autocast_layer_beside_full_ones(kl: Any) -> None:
    """An encoder under autocast: its mean is bfloat16, a parameter that is no layer's output float32."""
    torch.manual_seed(0)
    layer, logvar = torch.nn.Linear(8, 4), torch.nn.Parameter(torch.randn(4))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mean = layer(torch.randn(5, 8))
        value = kl("kl_diagonal_normal_standard_from_logvar")(mean, logvar)
    assert mean.dtype == torch.bfloat16
    assert value.dtype == torch.float32
    value.sum().backward()
    assert torch.allclose(logvar.grad, 5 * (torch.exp(logvar.detach()) - 1) / 2, rtol=1e-5)
    assert all(p.grad.isfinite().all() and p.grad.abs().sum() > 0 for p in layer.parameters())


# -- transforms ------------------------------------------------------------------------------------


@OF_THE_LIBRARY
@pytest.mark.parametrize("name", ALL)
def test_transforms_of_rows(name: str, kl: Any) -> None:
    """vmap over either dimension; second derivatives of a row's sum, in three ways and for all rows."""
    function, inputs = kl(name), tensors(name, 3, 4)
    every = tuple(range(len(inputs)))
    assert torch.allclose(torch.func.vmap(function)(*inputs), function(*inputs), rtol=1e-14)
    columns = function(*(t.t() for t in inputs))
    assert torch.allclose(torch.func.vmap(function, in_dims=1)(*inputs), columns, rtol=1e-14)

    def total(*row: Any) -> Any:
        return function(*row).sum()

    point = tuple(t[0] for t in inputs)
    expected = torch.autograd.functional.hessian(total, point)
    assert max(e.abs().max() for row in expected for e in row) > 0.1
    found = [
        torch.func.hessian(total, every)(*point),
        torch.func.jacrev(torch.func.jacrev(total, every), every)(*point),
        torch.func.jacrev(torch.func.jacfwd(total, every), every)(*point),
    ]
    rows = torch.func.vmap(torch.func.hessian(total, every))(*inputs)
    found.append(tuple(tuple(rows[i][j][0] for j in every) for i in every))
    for hessian, i, j in itertools.product(found, every, every):
        assert torch.allclose(hessian[i][j], expected[i][j], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_forward_over_forward_is_refused_and_not_zero(name: str, kl: Any) -> None:
    """PyTorch drops the second derivative of any autograd.Function there, and says nothing."""
    point = [t[0] for t in tensors(name, 1, 4)]
    twice = torch.func.jacfwd(torch.func.jacfwd(lambda *a: kl(name)(*a).sum()))
    with pytest.raises(NotImplementedError, match="jacrev"):
        twice(*point)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_recomputed_in_the_backward_pass(name: str, kl: Any) -> None:
    checkpoint = import_module("torch.utils.checkpoint").checkpoint
    inputs = tensors(name, 3, 4)
    found = value_and_slopes(lambda *a: checkpoint(kl(name), *a, use_reentrant=False), inputs)
    assert all(map(torch.equal, found, value_and_slopes(kl(name), inputs)))


# -- the compiler and the exporter -----------------------------------------------------------------


@OF_THE_LIBRARY
@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("name", COMPILED)
def test_one_graph_with_and_without_gradients(name: str, gradients: bool, kl: Any) -> None:
    """Evaluation needs no gradient, and the compiler then goes another way through the functions."""
    torch._dynamo.reset()
    compiled = torch.compile(kl(name), fullgraph=True, dynamic=True, backend="aot_eager")
    for rows in (3, 7):
        inputs = tensors(name, rows, 4)
        if not gradients:
            assert torch.allclose(compiled(*inputs), kl(name)(*inputs), rtol=1e-14, atol=0)
            continue
        found, expected = (value_and_slopes(f, inputs) for f in (compiled, kl(name)))
        for ours, theirs in zip(found, expected, strict=True):
            assert torch.allclose(ours, theirs, rtol=1e-13, atol=1e-15)


@OF_THE_LIBRARY
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", COMPILED)
def test_exported_program_takes_any_batch(name: str, strict: bool, kl: Any) -> None:
    function = kl(name)

    class Layer(torch.nn.Module):
        def forward(self, *arguments: Any) -> Any:
            return function(*arguments)

    inputs = tuple(tensors(name, 4, 3, dtype=torch.float32))
    batch = torch.export.Dim("batch", min=2, max=64)
    program = torch.export.export(
        Layer(), inputs, dynamic_shapes=((({0: batch},) * len(inputs)),), strict=strict
    )
    others = tensors(name, 9, 3, dtype=torch.float32, seed=1)
    assert torch.allclose(program.module()(*others), function(*others), rtol=1e-6, atol=0)


# -- ranks -----------------------------------------------------------------------------------------


def sharded_cases(name: str, path: Path, function: Callable[..., Any]) -> Iterator[ranks.Case]:
    """Rows that do not divide by two, a second law shared by all rows, and a dtype that is rounded to."""
    half = len(ALL[name][1].arguments) // 2
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        inputs = tensors(name, 5, 8, dtype=dtype)
        if "standard" not in name:
            inputs[half:] = [t[0] for t in inputs[half:]]
        exact = name in ELEMENTWISE or dtype != torch.float64
        yield ranks.Case(str(path), name, inputs, list(value_and_slopes(function, inputs)), exact)


def test_two_ranks_give_what_one_gives(generated: Path, kl: Any, tmp_path: Path) -> None:
    """A planted module has each rank round its own part of a sum; nothing else may differ."""
    cases = [
        case
        for name, (id, _) in ALL.items()
        for case in sharded_cases(name, generated / module_name(result(id), TORCH), kl(name))
    ]
    assert len(cases) == 3 * len(ALL)
    text = (generated / "kl_diagonal_normal_torch.py").read_text(encoding="utf-8")
    assert "def _whole(total: " in text
    planted = tmp_path / "planted.py"
    planted.write_text(text + "\n\ndef _whole(total, dtype):\n    return total\n", encoding="utf-8")
    cases += sharded_cases("kl_diagonal_normal", planted, kl("kl_diagonal_normal"))
    torch.save(cases, tmp_path / "cases.pt")
    paths = [str(tmp_path / name) for name in ("store", "cases.pt", "found")]
    import_module("torch.multiprocessing").spawn(ranks.compare, tuple(paths), nprocs=ranks.RANKS)
    found = (tmp_path / "found").read_text(encoding="utf-8").split("\n")
    assert found == [f"planted kl_diagonal_normal torch.{t} S(1) value" for t in ("float32", "bfloat16")]


# -- the drop-in -----------------------------------------------------------------------------------

distributions = torch.distributions


@pytest.fixture
def registered(modules: Any) -> Iterator[ModuleType]:
    """The registry with our function in it, and afterwards with PyTorch's own again."""
    kl_module = import_module("torch.distributions.kl")
    law = distributions.Normal
    modules["kl-normal", "torch"].register()
    yield modules["kl-normal", "torch"]
    distributions.register_kl(law, law)(kl_module._kl_normal_normal)


def pair(spread: float, dtype: Any) -> tuple[Any, Any, Any]:
    """Two normals that differ by about ``spread``, with the divergence in float64 by our own function."""
    torch.manual_seed(1)
    numbers = torch.randn(4, 1000, dtype=torch.float64)
    mean = numbers[0].to(dtype), (numbers[0] + spread * numbers[1]).to(dtype)
    std = numbers[2].exp().to(dtype), (numbers[2] + spread * numbers[3]).exp().to(dtype)
    p, q = (distributions.Normal(m, s) for m, s in zip(mean, std, strict=True))
    return p, q, tuple(t.double() for t in (mean[0], std[0], mean[1], std[1]))


@pytest.mark.parametrize("spread", [1e-5, 1e-3, 1.0])
def test_registered_divergence_is_ours_to_the_last_digits(spread: float, registered: Any) -> None:
    p, q, exact = pair(spread, torch.float32)
    truth = registered.kl_normal(*exact)
    found = distributions.kl_divergence(p, q).double()
    assert ((found - truth).abs() <= 4 * 2.0**-23 * truth).all()
    theirs = import_module("torch.distributions.kl")._kl_normal_normal(p, q).double()
    if spread < 1:  # what it replaces does not pass this test
        assert ((theirs - truth).abs() > 1000 * 2.0**-23 * truth).any()


def test_registered_divergence_has_our_slopes(registered: Any) -> None:
    _, _, exact = pair(1e-6, torch.float32)
    leaves = [t.float().requires_grad_() for t in exact]
    p, q = distributions.Normal(*leaves[:2]), distributions.Normal(*leaves[2:])
    found = torch.autograd.grad(distributions.kl_divergence(p, q).sum(), leaves)
    whole = [t.detach().double().requires_grad_() for t in leaves]
    for ours, theirs in zip(
        found, torch.autograd.grad(registered.kl_normal(*whole).sum(), whole), strict=True
    ):
        assert torch.allclose(ours.double(), theirs, rtol=1e-6, atol=0)


def test_registered_divergence_reaches_what_builds_on_it(registered: Any) -> None:
    Normal, Independent, LogNormal = distributions.Normal, distributions.Independent, distributions.LogNormal
    torch.manual_seed(2)
    mean, std = 1e-4 * torch.randn(6, 512), (1e-4 * torch.randn(6, 512)).exp()
    standard = Normal(torch.zeros(512), torch.ones(512))
    rows = distributions.kl_divergence(
        Independent(Normal(mean, std), 1), Independent(standard.expand((6, 512)), 1)
    )
    truth = registered.kl_normal(*(t.double() for t in (mean, std, standard.loc, standard.scale))).sum(-1)
    assert torch.allclose(rows.double(), truth, rtol=3e-7, atol=0)
    numbers = distributions.kl_divergence(Normal(0.25, 0.75), Normal(0.0, 1.0))  # of Python numbers
    assert numbers.shape == ()
    assert torch.equal(distributions.kl_divergence(LogNormal(0.25, 0.75), LogNormal(0.0, 1.0)), numbers)

    class Own(Normal):
        pass

    assert torch.equal(distributions.kl_divergence(Own(0.25, 0.75), Normal(0.0, 1.0)), numbers)


@OF_THE_LIBRARY
def test_registered_divergence_compiles_into_one_graph(registered: Any) -> None:
    def loss(mean: Any, std: Any) -> Any:
        return distributions.kl_divergence(
            distributions.Normal(mean, std, validate_args=False),
            distributions.Normal(torch.zeros_like(mean), torch.ones_like(std), validate_args=False),
        ).sum()

    torch._dynamo.reset()
    mean, std = torch.randn(5, 3), torch.rand(5, 3) + 0.5
    loss(mean, std)  # PyTorch's search for the function cannot be compiled, but it remembers the answer
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    assert torch.allclose(compiled(mean, std), loss(mean, std), rtol=1e-6)


def test_exponential_drops_in_as_well(modules: Any) -> None:
    kl_module = import_module("torch.distributions.kl")
    law = distributions.Exponential
    p, q = law(torch.tensor(1.5)), law(torch.tensor(1.5001))
    before = distributions.kl_divergence(p, q)
    modules["kl-exponential", "torch"].register()
    try:
        found = distributions.kl_divergence(p, q)
    finally:
        distributions.register_kl(law, law)(kl_module._kl_exponential_exponential)
    truth = modules["kl-exponential", "torch"].kl_exponential(p.rate.double(), q.rate.double())
    assert torch.allclose(found.double(), truth, rtol=4 * 2.0**-23, atol=0)
    assert not torch.allclose(before.double(), truth, rtol=1e-3, atol=0)


def test_only_the_call_changes_the_registry(generated: Path) -> None:
    """In a process of its own: importing the module changes nothing, the one line does, twice is once."""
    script = """
        import torch
        from torch.distributions import Normal, kl_divergence
        from torch.distributions.kl import _kl_normal_normal, _KL_REGISTRY

        p, q = Normal(torch.tensor(0.5), torch.tensor(1.25)), Normal(torch.tensor(0.5), torch.tensor(1.2501))
        before, others = kl_divergence(p, q), dict(_KL_REGISTRY)
        import kl_normal_torch
        assert _KL_REGISTRY == others and kl_divergence(p, q) == before
        kl_normal_torch.register()
        after = kl_divergence(p, q)
        assert after == kl_normal_torch.kl_normal(p.loc, p.scale, q.loc, q.scale) != before
        kl_normal_torch.register()
        assert kl_divergence(p, q) == after
        changed = {pair for pair in _KL_REGISTRY if _KL_REGISTRY[pair] is not others.get(pair)}
        assert changed == {(Normal, Normal)} and len(_KL_REGISTRY) == len(others)
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        cwd=generated, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_modules_of_special_cases_and_snippets_register_nothing(modules: Any) -> None:
    offered = {id for (id, target), module in modules.items() if hasattr(module, "register")}
    assert offered == {"kl-normal", "kl-exponential"}
    assert "register" not in snippet(result("kl-normal"), "torch", "std")
