"""The generated JAX code where it is used: transforms, other devices, short dtypes, no data at trace time.

What every target has in common, derivatives against PyTorch's, and accuracy are in ``test_codegen.py``.
"""

from __future__ import annotations

import itertools
import os
import pickle
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from generated_code import ALL, DIAGONAL, ELEMENTWISE, draw

from derive.catalogue import result
from derive.codegen.render import module_name
from derive.codegen.targets import JAX

jax = import_module("jax")


@pytest.fixture
def kl(call: Any) -> Any:
    return lambda name: call("jax", name)


def arrays(name: str, *shape: int, dtype: str = "float32", seed: int = 0) -> list[Any]:
    return [jax.numpy.asarray(a, dtype=dtype) for a in draw(name, *shape, seed=seed)]


def value_and_slopes(function: Any, inputs: list[Any]) -> tuple[Any, ...]:
    def total(*arguments: Any) -> Any:
        value = function(*arguments)
        return value.sum(), value

    slopes, value = jax.jit(jax.grad(total, tuple(range(len(inputs))), has_aux=True))(*inputs)
    return value, *slopes


@pytest.mark.parametrize("name", ALL)
def test_vmap_of_rows_and_columns_under_jit(name: str, kl: Any) -> None:
    inputs = arrays(name, 3, 4)
    whole = np.asarray(kl(name)(*inputs))
    rows = jax.jit(jax.vmap(kl(name)))(*inputs)
    assert np.allclose(rows, whole, rtol=1e-6, atol=0)
    columns = jax.jit(jax.vmap(kl(name), in_axes=1))(*inputs)
    assert np.allclose(columns, kl(name)(*(a.T for a in inputs)), rtol=1e-6, atol=0)
    if name in DIAGONAL:  # the sum may run over any dimension
        assert np.allclose(kl(name)(*(a.T for a in inputs), axis=0), whole, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", [n for n in ALL if (n in DIAGONAL) == ("standard" in n)])
def test_second_derivatives_in_every_order(name: str, kl: Any) -> None:
    """Forward over forward as well, which PyTorch cannot: against differences of the slopes."""
    every = tuple(range(len(ALL[name][1].arguments)))
    with jax.enable_x64(True):
        point = [a[0] for a in arrays(name, 1, 3, dtype="float64")]

        def total(*row: Any) -> Any:
            return kl(name)(*row).sum()

        slopes = jax.jit(jax.grad(total, every))
        found = [
            jax.jit(outer(inner(total, every), every))(*point)
            for outer, inner in itertools.product((jax.jacfwd, jax.jacrev), repeat=2)
        ]
        step = 1e-6
        for j in every:
            for k in range(3):
                up, down = (
                    [a.at[k].add(s) if i == j else a for i, a in enumerate(point)] for s in (step, -step)
                )
                for i, (high, low) in enumerate(zip(slopes(*up), slopes(*down), strict=True)):
                    expected = (high - low) / (2 * step)
                    for hessian in found:
                        assert np.allclose(hessian[i][j][:, k], expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_short_dtypes_are_rounded_once(name: str, dtype: str, kl: Any) -> None:
    inputs = arrays(name, 20, 3, dtype=dtype)
    value, *slopes = value_and_slopes(kl(name), inputs)
    exact, *_ = value_and_slopes(kl(name), [a.astype("float32") for a in inputs])
    assert value.dtype == dtype
    assert all(s.dtype == dtype for s in slopes)
    assert (value == exact.astype(dtype)).all()


@pytest.mark.parametrize("name", ALL)
def test_shapes_without_data(name: str, kl: Any) -> None:
    inputs = arrays(name, 6, 4)
    shape = jax.eval_shape(kl(name), *(jax.ShapeDtypeStruct(a.shape, a.dtype) for a in inputs))
    assert shape.shape == ((6,) if name in DIAGONAL else (6, 4))
    value, *slopes = value_and_slopes(kl(name), arrays(name, 0, 4))
    assert value.shape == ((0,) if name in DIAGONAL else (0, 4))
    assert all(s.shape == (0, 4) for s in slopes)
    scanned, _ = jax.lax.scan(lambda total, row: (total + kl(name)(*row).sum(), None), 0.0, tuple(inputs))
    assert np.allclose(scanned, kl(name)(*inputs).sum(), rtol=1e-5)


def test_two_devices_give_what_one_gives(generated: Path, kl: Any, tmp_path: Path) -> None:
    """A process of its own with two host devices; a case with a wrong expectation has to be found."""
    devices = import_module("devices")
    cases = []
    for name, (id, _) in ALL.items():
        inputs = arrays(name, 6, 8)
        expected = [np.asarray(a) for a in value_and_slopes(kl(name), inputs)]
        path = generated / module_name(result(id), JAX)
        cases.append(
            devices.Case(str(path), name, [np.asarray(a) for a in inputs], expected, name in DIAGONAL)
        )
    planted = cases[0]._replace(expected=[cases[0].expected[0] * np.float32(1.0001), *cases[0].expected[1:]])
    for file, content in (("cases", cases), ("planted", [planted])):
        (tmp_path / file).write_bytes(pickle.dumps([tuple(case) for case in content]))
    flags = os.environ.get("XLA_FLAGS", "") + f" --xla_force_host_platform_device_count={devices.DEVICES}"
    script = Path(devices.__file__)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "cases"), str(tmp_path / "planted")],
        env=os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("\n")
    assert len(lines) == 4, lines  # the planted value, in each layout and way
    assert all(line.startswith(planted.function) and line.endswith("value") for line in lines)
