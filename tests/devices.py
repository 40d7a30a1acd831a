"""Run with two host devices to compare sharded with whole results in JAX (see ``test_jax_use.py``).

Reads the files of cases on the command line and prints a line for each difference; imports nothing of
derive.
"""

from __future__ import annotations

import importlib.util
import pickle
import sys
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

DEVICES = 2


class Case(NamedTuple):
    """A function of a module, its arguments, and the value and slopes that one device found."""

    module: str
    function: str
    inputs: list[Any]
    expected: list[Any]
    diagonal: bool


LAYOUTS = ((P("x"), AxisType.Explicit), (P(None, "x"), AxisType.Auto))


def complaints(case: Case) -> list[str]:
    """What differs by more than roundings: by hand with shard_map, and by sharded arguments under jit."""
    function = getattr(_load(Path(case.module)), case.function)
    found = []
    for spec, kind in LAYOUTS:
        shared = case.diagonal and spec != P("x")  # the devices share the dimension that is summed over

        def part(*arguments: Any, shared: bool = shared) -> Any:
            value = function(*arguments)
            return jax.lax.psum(value, "x") if shared else value

        mesh = jax.make_mesh((DEVICES,), ("x",), axis_types=(kind,))
        with jax.set_mesh(mesh):
            inputs = [jax.device_put(a, NamedSharding(mesh, spec)) for a in case.inputs]
            out = P("x") if spec == P("x") else P() if shared else spec
            mapped = jax.shard_map(part, mesh=mesh, in_specs=(spec,) * len(inputs), out_specs=out)
            for how, sharded in (("shard_map", mapped), ("sharded-arguments", function)):
                for k, (ours, theirs) in enumerate(
                    zip(_value_and_slopes(sharded, inputs), case.expected, strict=True)
                ):
                    if not _agree(np.asarray(ours), theirs, cancels=k > 0):
                        what = f"slope {k}" if k else "value"
                        found.append(f"{case.function} {how} {kind} {what}")
    return found


def _value_and_slopes(function: Any, inputs: list[Any]) -> tuple[Any, ...]:
    def total(*arguments: Any) -> Any:
        value = function(*arguments)
        return value.sum(), value

    slopes, value = jax.jit(jax.grad(total, tuple(range(len(inputs))), has_aux=True))(*inputs)
    return value, *slopes


def _agree(ours: Any, theirs: Any, *, cancels: bool) -> bool:
    """To some roundings of the dtype, of the largest one where terms cancel."""
    close = 8 * float(np.finfo(theirs.dtype).eps)
    floor = close * float(np.abs(theirs).max()) if cancels else 0.0
    return ours.dtype == theirs.dtype and np.allclose(ours, theirs, rtol=close, atol=floor)


def _load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    assert len(jax.devices()) == DEVICES, "XLA_FLAGS asks for two"
    cases = [Case(*fields) for path in sys.argv[1:] for fields in pickle.loads(Path(path).read_bytes())]
    print(*(line for case in cases for line in complaints(case)), sep="\n", end="")
