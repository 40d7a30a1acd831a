"""Generated code: what a caller meets, in every target, and faults that the measurement has to find."""

from __future__ import annotations

import itertools
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from decimal import Context, Decimal
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from attack.claims import largest_error
from generated_code import ALL, ELEMENTWISE, INSTALLED, convert, draw, needs_compiler, plain, tensors

from derive.approximation import Unproved, prove
from derive.catalogue import DIVERGENCES as IDS
from derive.catalogue import result
from derive.codegen.coefficients import FUNCTIONS
from derive.codegen.function import NoPrimitive, _addend, functions
from derive.codegen.primitives import polynomials, where_softplus_is_one
from derive.codegen.printers import ArrayPrinter, UnknownFunction
from derive.codegen.render import module_name, snippet
from derive.codegen.targets import TARGETS
from derive.evidence.exhaustive import exhaustive
from derive.evidence.measure import LIBRARIES, measure, measure_gradients
from derive.evidence.report import references
from derive.evidence.samples import Reference, Sample
from derive.terms import ONE, Log, Plus, symbol

REFERENCES: dict[str, Reference] = {
    name: reference for id in IDS for name, reference in references(result(id)).items()
}
torch = import_module("torch")


# -- the text --------------------------------------------------------------------------------------


def test_no_target_is_left_out() -> None:
    """The test extra brings every library: one that is missing would leave its tests out in silence."""
    assert list(TARGETS) == INSTALLED


def test_text_is_linted_formatted_typed_and_self_contained(generated: Path) -> None:
    run = [sys.executable, "-m"]
    ruff = ["ruff", "check", "--isolated", "--line-length", "110", "--select", "E,F,W,I,B,UP,SIM,RUF,C4,RET"]
    for command in (
        [*ruff, str(generated)],
        ["ruff", "format", "--isolated", "--check", "--line-length", "110", str(generated)],
    ):
        done = subprocess.run([*run, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    for path in generated.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "import derive" not in text
        assert "from derive" not in text
        assert "_tmp" not in text
        assert "{{" not in text


def test_generated_numpy_has_no_type_errors(generated: Path) -> None:
    paths = [str(p) for p in generated.glob("kl_diagonal_normal*_numpy.py")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "--strict", *paths],
        capture_output=True, text=True, check=False, cwd=generated,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("target", TARGETS)
def test_every_module_names_what_it_exports(target: str, generated: Path) -> None:
    for id in IDS:
        text = (generated / module_name(result(id), TARGETS[target])).read_text(encoding="utf-8")
        for f in functions(result(id)):
            assert f'    "{f.name}",\n' in text
            assert f.statement in text
            assert (f'    "{f.name}_gradient",\n' in text) == TARGETS[target].gradients


@pytest.mark.parametrize("target", TARGETS)
def test_snippet_holds_one_function_and_only_its_primitives(target: str) -> None:
    text = snippet(result("kl-diagonal-normal-standard"), target, "logvar")
    assert text.count("def kl_") == 1
    assert ("_EXP_EXCESS" if target == "jax" else "_COTH") in text
    assert "_ATANH" not in text
    assert "std" not in text.replace("standard", "")
    with pytest.raises(ValueError, match="there are std, var, logvar, logstd"):
        snippet(result("kl-normal"), target, "precision")
    with pytest.raises(ValueError, match="no target is called 'fortran'"):
        snippet(result("kl-normal"), "fortran", "std")


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_unknown_function_names_the_table(target: Any) -> None:
    printer = ArrayPrinter(target.name, target.functions, {})
    x = sympy.Symbol("x")
    for name in target.functions:
        assert target.functions[name] in printer.code(getattr(sympy, name)(x))
    for unknown in (sympy.loggamma(x), sympy.erf(x), sympy.Function("_half_nothing")(x)):
        with pytest.raises(UnknownFunction, match=r"derive/codegen/targets\.py"):
            printer.code(x + unknown)
    with pytest.raises(UnknownFunction, match="rounded"):
        printer.code(x * sympy.Rational(1, 3))


def test_an_addend_that_nothing_computes_is_refused() -> None:
    with pytest.raises(NoPrimitive, match=r"primitives\.py"):
        _addend(Plus(Log(symbol("x")), ONE), {})


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_bound_is_proved_again_and_no_smaller_one_is_true(function: Any, dtype: str) -> None:
    stored = polynomials()[function.name, dtype]
    assert (stored.lower, stored.upper) == (str(function.lower), str(function.upper))
    prove(stored)
    smaller = Context(prec=2).next_minus(Decimal(stored.bound))
    assert largest_error(stored) > Fraction(smaller)
    with pytest.raises(Unproved, match=r"its bound is (false|not proved)"):
        prove(replace(stored, bound=str(smaller).lower()))


# -- what a caller meets ---------------------------------------------------------------------------

BOTH = [(t, n) for t in INSTALLED for n in ALL]


@pytest.mark.parametrize(("target", "name"), BOTH)
def test_shapes_dtypes_and_special_values(target: str, name: str, call: Any) -> None:
    function, f = call(target, name), ALL[name][1]
    dtype = "float32" if target == "jax" else "float64"
    whole = [convert(target, a) for a in draw(name, 6, 4, dtype=dtype)]
    value = function(*whole)
    assert tuple(value.shape) == ((6,) if f.diagonal else (6, 4))
    assert value.dtype == whole[0].dtype
    assert (plain(value) >= 0).all()
    # broadcasting: the first argument as one row
    row = [convert(target, a) for a in draw(name, 6, 4, dtype=dtype)]
    row[0] = row[0][:1]
    assert tuple(function(*row).shape) == tuple(value.shape)
    assert np.array_equal(plain(function(*row))[0], plain(value)[0])
    # not contiguous
    if target != "jax":
        turned = [a.T if target == "numpy" else a.t() for a in whole]
        axis = {"axis" if target == "numpy" else "dim": 0} if f.diagonal else {}
        assert np.allclose(plain(function(*turned, **axis)), plain(value).T, rtol=1e-14)
    # nothing in, nothing out; a single number; NaN
    empty = [convert(target, a) for a in draw(name, 0, 4, dtype=dtype)]
    assert tuple(function(*empty).shape) == ((0,) if f.diagonal else (0, 4))
    single = [convert(target, a) for a in draw(name, *([1] if f.diagonal else []), dtype=dtype)]
    assert tuple(np.shape(plain(function(*single)))) == ()
    for k in range(len(whole)):
        broken = [convert(target, a) for a in draw(name, 1, dtype=dtype)]
        broken[k] = broken[k] * float("nan")
        assert np.isnan(plain(function(*broken))).all()


@pytest.mark.parametrize(("target", "name"), BOTH)
def test_errors_name_the_argument(target: str, name: str, call: Any) -> None:
    function, f = call(target, name), ALL[name][1]
    arguments = [convert(target, a) for a in draw(name, 3, dtype="float32")]
    for k, a in enumerate(f.arguments):
        if a.positive:
            for wrong in (0.0, -1.0):
                broken = list(arguments)
                broken[k] = arguments[k] * 0 + wrong
                with pytest.raises(ValueError, match=rf"{a.name} has to be positive, but holds -?[01]"):
                    function(*broken)
    integers = list(arguments)
    integers[0] = convert(target, np.arange(1, 4))
    with pytest.raises(TypeError, match="float"):
        function(*integers)
    odd = list(arguments)
    odd[-1] = convert(target, draw(name, 2, dtype="float32")[-1])
    with pytest.raises(ValueError, match=r"do not broadcast|broadcast together"):
        function(*odd)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("target", INSTALLED)
def test_extremes_raise_no_warning(target: str, name: str, call: Any) -> None:
    f = ALL[name][1]
    extremes = [np.array([1e-37, 1e-20, 1.0, 1e20, 3e38], np.float32) for _ in f.arguments]
    grid = np.stack([a.reshape(-1) for a in np.meshgrid(*extremes)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value = call(target, name)(*(convert(target, row[:, None]) for row in grid))
    assert not np.isnan(plain(value)).any()
    assert (plain(value) >= 0).all()


@pytest.mark.parametrize("name", [name for name in ALL if not name.endswith("standard_from_softplus")])
def test_equal_laws_give_exactly_zero(name: str, call: Any) -> None:
    f = ALL[name][1]
    half = len(f.arguments) // 2
    for target in INSTALLED:
        same = [convert(target, a) for a in draw(name, 50, dtype="float32")]
        if name.count("standard"):
            same = [a * 0 + (1.0 if arg.positive else 0.0) for a, arg in zip(same, f.arguments, strict=True)]
        else:
            same[half:] = same[:half]
        assert (plain(call(target, name)(*same)) == 0).all()


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_numpy_gradients_agree_with_torch(name: str, call: Any, modules: Any) -> None:
    arrays = draw(name, 40)
    tensors = [torch.from_numpy(a).requires_grad_() for a in arrays]
    expected = torch.autograd.grad(call("torch", name)(*tensors).sum(), tensors)
    found = getattr(modules[ALL[name][0], "numpy"], f"{name}_gradient")(*arrays)
    assert len(found) == len(arrays)
    for ours, theirs in zip(found, expected, strict=True):
        assert np.allclose(ours, theirs.numpy(), rtol=1e-13, atol=1e-13)


# -- PyTorch ---------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the library itself
@pytest.mark.parametrize("name", ALL)
def test_torch_derivatives_of_first_and_second_order(name: str, call: Any) -> None:
    function = call("torch", name)
    inputs = [t.requires_grad_() for t in tensors(name, 3)]
    assert torch.autograd.gradcheck(function, inputs, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function, inputs)
    inputs[0] = inputs[0][:1].detach().requires_grad_()  # through a broadcast
    assert torch.autograd.gradcheck(function, inputs)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the library itself
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_torch_transforms(name: str, call: Any) -> None:
    function, inputs = call("torch", name), tensors(name, 4)
    every = tuple(range(len(inputs)))
    assert torch.equal(torch.func.vmap(function)(*inputs), function(*inputs))
    slopes = torch.func.vmap(torch.func.grad(function, every))(*inputs)
    leaves = [t.clone().requires_grad_() for t in inputs]
    for ours, theirs in zip(slopes, torch.autograd.grad(function(*leaves).sum(), leaves), strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-14)
    point = [t[0] for t in inputs]
    hessian = torch.func.hessian(function, every)(*point)
    reverse = torch.autograd.functional.hessian(function, tuple(point))
    for i, j in itertools.product(every, every):
        assert torch.allclose(hessian[i][j], reverse[i][j], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["kl_diagonal_normal_from_logvar", "kl_diagonal_normal"])
def test_torch_compiles_into_one_graph(name: str, call: Any) -> None:
    function = call("torch", name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiler's own
        torch._dynamo.reset()
        compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
        inputs = [t.requires_grad_() for t in tensors(name, 8, 5)]
        value = compiled(*inputs)
        slopes = torch.autograd.grad(value.sum(), inputs)
    assert torch.allclose(value, function(*inputs), rtol=1e-14)
    for ours, theirs in zip(slopes, torch.autograd.grad(function(*inputs).sum(), inputs), strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-13)


@needs_compiler
def test_torch_compiled_for_real_stays_accurate_near_zero(call: Any) -> None:
    """The compiler lowers expm1(x) to exp(x) − 1 on this processor: no form may lean on it near 0."""
    function = call("torch", "kl_normal_standard_from_logvar")
    logvar = torch.logspace(-15, 0, 400, dtype=torch.float64)
    exact = logvar.to(torch.float64) ** 2 / 4 * (1 + logvar / 3 + logvar**2 / 12 + logvar**3 / 60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = torch.compile(function, fullgraph=True)(torch.zeros_like(logvar), logvar)
    near = logvar < 1e-3
    assert torch.allclose(found[near], exact[near], rtol=1e-13, atol=0)


@pytest.mark.parametrize("name", ALL)
def test_torch_devices_and_short_dtypes(name: str, call: Any) -> None:
    function = call("torch", name)
    with torch.device("meta"):
        shapeless = [torch.empty(6, 4) for _ in ALL[name][1].arguments]
    assert function(*shapeless).device.type == "meta"
    for dtype in (torch.float16, torch.bfloat16):
        short = tensors(name, 20, 3, dtype=dtype)
        value = function(*short)
        assert value.dtype == dtype
        assert torch.equal(value, function(*(t.double() for t in short)).float().to(dtype))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert function(*tensors(name, 3)).dtype == torch.float64


def test_torch_mixed_dtypes_promote(call: Any) -> None:
    mean, logvar = torch.zeros(3, dtype=torch.bfloat16), torch.ones(3, dtype=torch.float32)
    assert call("torch", "kl_normal_standard_from_logvar")(mean, logvar).dtype == torch.float32


@pytest.mark.filterwarnings("ignore")  # the exporter's own
def test_torch_exports(call: Any) -> None:
    function = call("torch", "kl_diagonal_normal_standard_from_logvar")

    class Layer(torch.nn.Module):
        def forward(self, mean: Any, logvar: Any) -> Any:
            return function(mean, logvar)

    mean, logvar = torch.randn(4, 3), torch.randn(4, 3)
    program = torch.export.export(Layer(), (mean, logvar))
    assert torch.allclose(program.module()(mean, logvar), function(mean, logvar))


# -- JAX -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_jax_transforms(name: str, call: Any) -> None:
    jax = import_module("jax")
    function = call("jax", name)
    every = tuple(range(len(ALL[name][1].arguments)))
    with jax.enable_x64(True):
        inputs = [jax.numpy.asarray(a) for a in draw(name, 4)]
        leaves = [t.requires_grad_() for t in tensors(name, 4)]
        theirs = torch.autograd.grad(call("torch", name)(*leaves).sum(), leaves)
        found = jax.jit(jax.vmap(jax.grad(function, every)))(*inputs)
        for a, b in zip(found, theirs, strict=True):
            assert np.allclose(a, b.numpy(), rtol=1e-13, atol=1e-15)
        point = [a[0] for a in inputs]
        hessian = jax.hessian(function, every)(*point)
        expected = torch.autograd.functional.hessian(
            call("torch", name), tuple(t[0].detach() for t in leaves)
        )
        for i, j in itertools.product(every, every):
            assert np.allclose(hessian[i][j], expected[i][j].numpy(), rtol=1e-10, atol=1e-12)
    short = [jax.numpy.asarray(a, dtype="bfloat16") for a in draw(name, 4)]
    assert function(*short).dtype == "bfloat16"


# -- measured --------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", INSTALLED)
def test_every_function_is_within_its_bound(target: str, call: Any) -> None:
    for name in ELEMENTWISE:
        row = measure(call(target, name), REFERENCES[name].sample("float32", 800), target, name)
        assert (row.status, row.bad) == ("measured", 0), row
        assert row.max_ulp <= 4, row


def test_a_million_floats_by_steps(generated: Path) -> None:
    modules = {t: generated / f"kl_normal_standard_{t}.py" for t in ("numpy", "torch")}
    rows = list(exhaustive(modules, stride=8191))
    assert len(rows) == 12
    for row in rows:
        assert row.bad == 0, row
        assert row.max_ulp <= 4, row
        assert row.points > 200_000


def naive(mean: Any, logvar: Any) -> Any:
    return -0.5 * (1 + logvar - mean**2 - np.exp(logvar))


def only_expm1(mean: Any, logvar: Any) -> Any:
    return 0.5 * (mean**2 + (np.expm1(logvar) - logvar))


@pytest.mark.parametrize("planted", [naive, only_expm1])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_planted_usual_forms_are_found_bad(planted: Any, dtype: str) -> None:
    sample = REFERENCES["kl_normal_standard_from_logvar"].sample(dtype, 2000)
    row = measure(planted, sample, "numpy")
    assert row.max_ulp > 1000
    if planted is naive:
        assert row.bad > 0


def test_planted_autograd_of_the_usual_form_is_found_bad() -> None:
    def usual(mean: Any, std: Any) -> Any:
        return 0.5 * (mean**2 + std**2 - 1) - torch.log(std)

    sample = REFERENCES["kl_normal_standard"].sample("float32", 800)
    worst = max(row.max_ulp for row in measure_gradients(usual, sample, "torch"))
    assert worst > 100


# -- log-standard deviation and softplus -----------------------------------------------------------

FAR = np.array([-3e38, -1e20, -300, -250, -200, -150, -100, 0, 1e-38, 1, 100, 1e20, 3e38], np.float32)
MEANS = np.array([0, 1e-30, -1e-20, 1, -1e18], np.float32)


def far_points() -> list[np.ndarray]:
    return [a.reshape(-1) for a in np.meshgrid(MEANS, FAR, MEANS, FAR)]


def wrong_at_far_points(function: Callable[..., Any], target: str) -> int:
    """How many float32 results are NaN, falsely infinite, falsely zero, or off by 1e-6 of the truth."""
    arrays, least = far_points(), 2.0**-126 if LIBRARIES[target].flushes else 1e-44
    with np.errstate(all="ignore"):
        found = plain(function(*(convert(target, a) for a in arrays))).astype(np.float64)
        mean_1, log_1, mean_2, log_2 = (a.astype(np.longdouble) for a in arrays)
        difference, t = mean_1 - mean_2, 2 * (log_1 - log_2)
        square = np.where(difference == 0, 0, difference**2 * np.exp(-2 * log_2))
        truth = square / 2 + np.where(np.abs(t) < 1e-3, t * t / 4, (np.expm1(t) - t) / 2)
        over = truth > np.longdouble(3.5e38)
        off = np.abs(found - truth) > 1e-6 * truth + least
    return int((np.isnan(found) | np.where(over, np.isfinite(found), off)).sum())


@pytest.mark.parametrize("target", INSTALLED)
def test_far_log_scales_overflow_only_where_the_truth_does(target: str, call: Any) -> None:
    assert wrong_at_far_points(call(target, "kl_normal_from_logstd"), target) == 0


def test_planted_early_overflows_of_log_scales_are_found(modules: Any, monkeypatch: Any) -> None:
    module = modules["kl-normal", "numpy"]

    def doubled_first(mean_1: Any, logstd_1: Any, mean_2: Any, logstd_2: Any) -> Any:
        return module.kl_normal_from_logvar(mean_1, 2 * logstd_1, mean_2, 2 * logstd_2)

    assert wrong_at_far_points(doubled_first, "numpy") > 0
    torch_module = modules["kl-normal", "torch"]
    monkeypatch.setattr(torch_module, "_times_exp", lambda x, logvar: (x * torch.exp(-logvar), 1.0))
    assert wrong_at_far_points(torch_module.kl_normal_from_logstd, "torch") > 0


def around_one(dtype: str) -> Sample:
    """The numbers of a dtype next to log(e − 1), where the softplus is 1, and further ones."""
    nearest = np.dtype(dtype).type(float(where_softplus_is_one(dtype)[0]))
    steps = np.array([k for n in range(24) for k in (-(2**n), 2**n)] + [0])
    rho = (nearest + steps * np.spacing(nearest)).astype(np.float64)
    reference = REFERENCES["kl_normal_standard_from_softplus"]
    arrays = (np.zeros_like(rho), rho)
    return Sample(reference, dtype, arrays, ("near",) * len(rho), reference.values(arrays))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target", INSTALLED)
def test_softplus_keeps_its_digits_where_the_divergence_vanishes(
    target: str, dtype: str, call: Any, modules: Any
) -> None:
    name, sample = "kl_normal_standard_from_softplus", around_one(dtype)
    value = measure(call(target, name), sample, target)
    slopes = getattr(modules["kl-normal-standard", target], name + LIBRARIES[target].gradient)
    for row in (value, *measure_gradients(slopes, sample, target)):
        assert (row.status, row.bad) == ("measured", 0), row
        assert row.max_ulp <= 4, row


@pytest.mark.parametrize("target", INSTALLED)
def test_softplus_of_infinity_is_infinitely_far(target: str, call: Callable[..., Any]) -> None:
    rho = np.asarray([-np.inf, np.inf, np.nan], dtype=np.float32)
    found = call(target, "kl_normal_standard_from_softplus")(
        convert(target, np.zeros_like(rho)), convert(target, rho)
    )
    assert np.array_equal(plain(found), [np.inf, np.inf, np.nan], equal_nan=True)


@pytest.mark.parametrize("target", INSTALLED)
def test_two_softplus_numbers_at_the_ends_of_the_dtype(target: str, call: Callable[..., Any]) -> None:
    """(ρ₁, ρ₂) → the divergence: infinitely far, equally large, where sums and squares overflow."""
    inf, large = np.inf, 3e38
    far = ((inf, 0), (0, inf), (-inf, 0), (0, -inf), (inf, -inf), (large, 1))
    known = [(*pair, inf) for pair in far] + [
        (inf, inf, np.nan), (np.nan, 0, np.nan), (large, large, 0), (-large, large, large),
        (2e38, large, (4 / 9 - 1) / 2 - np.log(2 / 3)), (1, large, np.log(large / np.logaddexp(0, 1)) - 0.5),
    ]  # fmt: skip
    first, second, expected = (np.asarray(column, dtype=np.float32) for column in zip(*known, strict=True))
    zero = np.zeros_like(first)
    arguments = (convert(target, a) for a in (zero, first, zero, second))
    found = plain(call(target, "kl_normal_from_softplus")(*arguments))
    assert np.allclose(found, expected, rtol=1e-6, atol=0, equal_nan=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_planted_faults_of_the_softplus_are_found(dtype: str, modules: Any, monkeypatch: Any) -> None:
    module, sample = modules["kl-normal-standard", "torch"], around_one(dtype)

    def usual(mean: Any, rho: Any) -> Any:
        std = torch.nn.functional.softplus(rho)
        return module.kl_normal_standard(mean, std)

    assert measure(usual, sample, "torch").max_ulp > 1000
    one_part = {kind: (first, 0.0) for kind, (first, _) in module._ONE.items()}
    monkeypatch.setattr(module, "_ONE", one_part)
    assert measure(module.kl_normal_standard_from_softplus, sample, "torch").max_ulp > 1000


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_planted_faults_of_two_softplus_numbers_are_found(dtype: str, modules: Any, monkeypatch: Any) -> None:
    module, name = modules["kl-normal", "torch"], "kl_normal_from_softplus"
    sample = REFERENCES[name].sample(dtype, 2000)
    assert measure(getattr(module, name), sample, "torch").max_ulp <= 4

    def usual(mean_1: Any, rho_1: Any, mean_2: Any, rho_2: Any) -> Any:
        softplus = torch.nn.functional.softplus
        return module.kl_normal(mean_1, softplus(rho_1), mean_2, softplus(rho_2))

    def at_the_middle(coefficients: Any, u: Any, v: Any) -> Any:
        return module._polynomial(coefficients, (u + v) / 2)

    def beyond(rho: Any) -> Any:
        return rho, torch.zeros_like(rho)

    assert measure(usual, sample, "torch").max_ulp > 1000
    for part, fault in (("_mean", at_the_middle), ("_upper_softplus", beyond)):
        with monkeypatch.context() as patch:
            patch.setattr(module, part, fault)
            assert measure(getattr(module, name), sample, "torch").max_ulp > 4, part


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.name)
def test_a_planted_coefficient_breaks_the_bound(function: Any) -> None:
    stored = polynomials()[function.name, "float64"]
    coefficients = [*stored.coefficients]
    coefficients[1] = repr(float(coefficients[1]) * (1 + 2.0**-40))
    claim = replace(stored, coefficients=tuple(coefficients), bound=str(10 * Decimal(stored.bound)).lower())
    with pytest.raises(Unproved, match="its bound is false"):
        prove(claim)
