"""Measures generated code: error in units in the last place, and results that are plainly wrong.

A function is called on the points of a sample in the format that is measured; what comes back is held
against the truth.  A library that is not installed gives a row that says so, never a pass.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from derive.evidence.floats import FORMATS, Floats, Format
from derive.evidence.samples import Reference, Sample, Truth

SUBNORMALS = 4
"""How many least numbers a subnormal result may be off, for each coordinate that is summed."""

EDGE = 8
"""How many units in the last place around the largest number may go either way."""

DTYPES = ("float32", "float64")
SHORT = ("float16", "bfloat16")
BOUNDS: Mapping[str, float] = {"float32": 4.0, "float64": 4.0, "float16": 0.51, "bfloat16": 0.51}
"""The stated bound of every measured error, in units in the last place."""

WIDTHS = (8, 512)

Function = Callable[..., Any]
Flags = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class CodeRow:
    """One measured function.

    ``bad`` counts results that are NaN, negative, infinite or zero where the truth is positive and
    representable, finite where the truth overflows, or off where it is subnormal.  ``quantity`` is
    "value", "sum over 512" or "gradient of mean_1".  ``status`` is "measured", or "not measured" or
    "failed" with the ``reason``.
    """

    target: str
    function: str
    dtype: str
    quantity: str
    points: int
    max_ulp: float
    mean_ulp: float
    bad: int
    worst_point: Mapping[str, str]
    status: str = "measured"
    reason: str = ""


def bound(row: CodeRow) -> float:
    """The stated bound of a row's largest error, in units in the last place, of sums as of single values."""
    return BOUNDS[row.dtype]


@dataclass(frozen=True)
class Library:
    """How a target's functions are called.  Both give float64 copies of exact results."""

    call: Callable[[Function, Sequence[Floats], str], Floats]
    gradients: Callable[[Function, Sequence[Floats], str], list[Floats]] | None
    dtypes: tuple[str, ...] = (*DTYPES, *SHORT)
    flushes: bool = False
    """Whether it turns subnormal numbers into 0."""
    gradient: str = ""
    """Ending of the name of the function that gives the gradients; "" where the library takes them."""


class DtypeError(TypeError):
    """A function did not return the dtype that it was given."""


def _call_numpy(function: Function, arrays: Sequence[Floats], dtype: str) -> Floats:
    with np.errstate(all="ignore"):
        out = np.asarray(function(*(a.astype(dtype) for a in arrays)))
    if out.dtype != np.dtype(dtype):
        raise DtypeError(f"{dtype} in gave {out.dtype} out")
    return out.astype(np.float64)


def _gradients_numpy(function: Function, arrays: Sequence[Floats], dtype: str) -> list[Floats]:
    """The results of a function that returns all partial derivatives."""
    with np.errstate(all="ignore"):
        found = function(*(a.astype(dtype) for a in arrays))
    if any(g.dtype != np.dtype(dtype) for g in found):
        raise DtypeError(f"a gradient is not {dtype}")
    return [g.astype(np.float64) for g in found]


def _call_torch(function: Function, arrays: Sequence[Floats], dtype: str) -> Floats:
    import torch

    kind = getattr(torch, dtype)
    out = function(*(torch.from_numpy(a.copy()).to(kind) for a in arrays))
    if out.dtype != kind:
        raise DtypeError(f"{dtype} in gave {out.dtype} out")
    return np.asarray(out.to(torch.float64).numpy())


def _gradients_torch(function: Function, arrays: Sequence[Floats], dtype: str) -> list[Floats]:
    import torch

    kind = getattr(torch, dtype)
    tensors = [torch.from_numpy(a.copy()).to(kind).requires_grad_() for a in arrays]
    found = torch.autograd.grad(function(*tensors).sum(), tensors)
    if any(g.dtype != kind for g in found):
        raise DtypeError(f"a gradient is not {dtype}")
    return [np.asarray(g.to(torch.float64).numpy()) for g in found]


@lru_cache(maxsize=4)
def _compiled(function: Function) -> Function:
    """Compiled into one graph, for any shape; the compiler needs one of C++ on a CPU.

    Raises:
        ImportError: where there is none.
    """
    import torch

    if not any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        raise ImportError("torch.compile finds no C++ compiler")
    torch._dynamo.reset()
    compiled: Function = torch.compile(function, fullgraph=True, dynamic=True)
    return compiled


def _call_compiled(function: Function, arrays: Sequence[Floats], dtype: str) -> Floats:
    import torch

    with torch.no_grad():
        return _call_torch(_compiled(function), arrays, dtype)


def _gradients_compiled(function: Function, arrays: Sequence[Floats], dtype: str) -> list[Floats]:
    return _gradients_torch(_compiled(function), arrays, dtype)


def _jax_arrays(arrays: Sequence[Floats], dtype: str) -> list[Any]:
    import jax.numpy as jnp

    return [jnp.asarray(a, dtype=dtype) for a in arrays]


def _call_jax(function: Function, arrays: Sequence[Floats], dtype: str) -> Floats:
    import jax

    with jax.enable_x64(dtype == "float64"):
        out = jax.jit(function)(*_jax_arrays(arrays, dtype))
        if out.dtype != dtype:
            raise DtypeError(f"{dtype} in gave {out.dtype} out")
        return np.asarray(out).astype(np.float64)


@lru_cache(maxsize=4)
def _jax_slopes(function: Function, count: int) -> Function:
    """Compiled once for each function, not once for each call."""
    import jax

    slopes: Function = jax.jit(jax.grad(lambda *a: function(*a).sum(), argnums=tuple(range(count))))
    return slopes


def _gradients_jax(function: Function, arrays: Sequence[Floats], dtype: str) -> list[Floats]:
    import jax

    with jax.enable_x64(dtype == "float64"):
        found = _jax_slopes(function, len(arrays))(*_jax_arrays(arrays, dtype))
        if any(g.dtype != dtype for g in found):
            raise DtypeError(f"a gradient is not {dtype}")
        return [np.asarray(g).astype(np.float64) for g in found]


LIBRARIES: Mapping[str, Library] = {
    "numpy": Library(_call_numpy, _gradients_numpy, (*DTYPES, "float16"), gradient="_gradient"),
    "torch": Library(_call_torch, _gradients_torch),
    "torch compiled": Library(_call_compiled, _gradients_compiled, DTYPES),
    "jax": Library(_call_jax, _gradients_jax, flushes=True),
}
"""Name in the rows → library.  JAX compiles whatever it runs here."""

COMPILED: Mapping[str, str] = {"torch": "torch compiled"}
"""Target → how its module is measured once more, compiled."""


def load(path: Path) -> ModuleType:
    """The generated module at a path, not entered among the imported modules.

    Raises:
        ImportError: when a library that it needs is not installed.
    """
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(function: Function, sample: Sample, target: str, name: str = "") -> CodeRow:
    """The values of a function at a sample, held against the truth."""
    title = name or getattr(function, "__name__", "function")
    quantity = f"sum over {sample.width}" if sample.reference.summed else "value"
    try:
        found = LIBRARIES[target].call(function, sample.arrays, sample.dtype)
    except ImportError as error:
        return _without(target, title, sample.dtype, quantity, "not measured", str(error))
    except Exception as error:
        return _without(target, title, sample.dtype, quantity, "failed", f"{type(error).__name__}: {error}")
    slack = SUBNORMALS * sample.width
    size = np.abs(sample.truth.high)
    flushes = LIBRARIES[target].flushes
    ulps, bad = compare(found, sample.truth, size, sample.format, slack, signed=False, flushes=flushes)
    return _row(target, title, sample, quantity, ulps, bad)


def measure_gradients(function: Function, sample: Sample, target: str, name: str = "") -> list[CodeRow]:
    """The gradients of the sum of all values, held against the exact derivatives.

    ``function`` is the function that the library differentiates, or that which returns the gradients.
    Points at which the value overflows are left out: there the gradient of a sum says nothing.
    """
    title = name or getattr(function, "__name__", "function")
    library = LIBRARIES[target]
    if library.gradients is None:
        return []
    names = sample.reference.names
    try:
        found = library.gradients(function, sample.arrays, sample.dtype)
    except ImportError as error:
        return [_without(target, title, sample.dtype, "gradient", "not measured", str(error))]
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        return [_without(target, title, sample.dtype, "gradient", "failed", reason)]
    finite = np.abs(sample.truth.high) < sample.format.largest / 2
    kept = np.broadcast_to(finite[:, None] if sample.arrays[0].ndim > 1 else finite, sample.arrays[0].shape)
    rows = []
    for parameter, computed in zip(names, found, strict=True):
        truth, size = sample.reference.gradient(parameter, sample.arrays)
        ulps, bad = compare(
            computed, truth, size, sample.format, SUBNORMALS, signed=True, flushes=library.flushes
        )
        quantity = f"gradient of {parameter}"
        rows.append(_row(target, title, sample, quantity, np.where(kept, ulps, 0.0), bad & kept))
    return rows


def compare(
    found: Floats,
    truth: Truth,
    size: Floats,
    form: Format,
    slack: int,
    *,
    signed: bool,
    flushes: bool = False,
) -> tuple[Floats, Flags]:
    """Errors in units in the last place of ``size``, and which results are bad.

    Where the size is a normal number of the format the error counts in units; where it is subnormal
    it may be ``slack`` least numbers, or 0 for a library that flushes; where it overflows the result has
    to be infinite.
    """
    return Scale.of(truth, size, form).compare(found, slack, signed=signed, flushes=flushes)


@dataclass(frozen=True)
class Scale:
    """What errors of results are measured by: the truth, its units, and what kind of number it is.

    ``over``, ``edge``, ``normal`` and ``subnormal`` say of each point where its size lies in the format.
    """

    truth: Truth
    form: Format
    unit: Floats
    over: Flags
    edge: Flags
    normal: Flags
    subnormal: Flags

    @classmethod
    def of(cls, truth: Truth, size: Floats, form: Format) -> Scale:
        """The scale of a truth whose errors count in units of ``size``."""
        with np.errstate(all="ignore"):
            unit = form.ulp(np.minimum(size, form.largest))
            over = size > form.largest + EDGE * unit
            edge = ~over & (size > form.largest - EDGE * unit)
            normal = (size >= form.least_normal) & ~over & ~edge
        return cls(truth, form, unit, over, edge, normal, size < form.least_normal)

    def compare(
        self, found: Floats, slack: int, *, signed: bool, flushes: bool = False
    ) -> tuple[Floats, Flags]:
        """As the function ``compare``."""
        form, truth = self.form, self.truth
        with np.errstate(all="ignore"):
            error = np.abs((found - truth.high) - truth.low)
            ulps = np.where(self.normal & np.isfinite(found), error / self.unit, 0.0)
            bad = np.isnan(found)
            bad |= np.isinf(found) & (self.normal | self.subnormal)
            bad |= self.subnormal & (error > slack * form.least) & ~(flushes & (found == 0))
            bad |= self.edge & ~np.isinf(found) & (error > 2 * EDGE * self.unit)
            if signed:
                far = np.abs(truth.high) > form.largest + EDGE * self.unit
                bad |= self.over & np.isfinite(found) & far
            else:
                bad |= (found < 0) | (self.over & ~np.isinf(found))
                bad |= self.normal & (found == 0)
        return ulps, bad


def _row(
    target: str, title: str, sample: Sample, quantity: str, ulps: Floats,
    bad: Flags,
) -> CodeRow:  # fmt: skip
    ranked = np.where(bad, np.inf, ulps).reshape(-1)
    worst = int(np.argmax(ranked))
    if sample.reference.summed:
        worst //= ulps.size // len(sample.strata)
    return CodeRow(
        target, title, sample.dtype, quantity, int(ulps.size),
        round(float(ulps.max()), 3), round(float(ulps.mean()), 4), int(bad.sum()), sample.point(worst),
    )  # fmt: skip


def _without(target: str, title: str, dtype: str, quantity: str, status: str, reason: str) -> CodeRow:
    return CodeRow(target, title, dtype, quantity, 0, 0.0, 0.0, 0, {}, status, reason)


def measure_modules(
    references: Mapping[str, Reference],
    modules: Mapping[str, Path],
    points: int,
    *,
    gradient_points: int | None = None,
    dtypes: Sequence[str] = (*DTYPES, *SHORT),
    compiled: bool = False,
) -> Iterator[CodeRow]:
    """Every function of a result's modules: name → reference, target → path of the module.

    ``compiled`` adds rows for the targets that are also compiled (seconds for each function and dtype).
    Each sample and its truth are made once and shared by the targets.  Gradients are measured at
    ``gradient_points``, by default a fifth of the points and at most 5,000; so are the short dtypes.
    """
    loaded: dict[str, ModuleType | str] = {}
    for target, path in modules.items():
        try:
            loaded[target] = load(path)
        except ImportError as error:
            loaded[target] = str(error)
        if compiled and target in COMPILED:
            loaded[COMPILED[target]] = loaded[target]
    for name, reference in references.items():
        for dtype in dtypes:
            widths = WIDTHS if reference.summed else (0,)
            fewer = gradient_points or min(points // 5, 5000)
            many = fewer if dtype in SHORT else points
            samples = [reference.sample(dtype, many, width) for width in widths]
            few = reference.sample(dtype, fewer, widths[0])
            for target, module in loaded.items():
                if dtype in LIBRARIES[target].dtypes:
                    yield from _measure_one(target, module, name, samples, few)


def _measure_one(
    target: str, module: ModuleType | str, name: str, samples: Sequence[Sample], few: Sample
) -> Iterator[CodeRow]:
    dtype = few.dtype
    if isinstance(module, str):
        yield _without(target, name, dtype, "value", "not measured", module)
        return
    function = getattr(module, name, None)
    if function is None:
        yield _without(target, name, dtype, "value", "failed", f"the module has no function {name}")
        return
    for sample in samples:
        yield measure(function, sample, target, name)
    ending = LIBRARIES[target].gradient
    if not ending or hasattr(module, name + ending):
        yield from measure_gradients(getattr(module, name + ending), few, target, name)


__all__ = ["FORMATS", "CodeRow", "compare", "load", "measure", "measure_gradients", "measure_modules"]
