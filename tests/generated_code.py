"""The generated modules and arguments for their functions, shared by the tests that run them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from derive.catalogue import DIVERGENCES as IDS
from derive.catalogue import result
from derive.codegen.function import GeneratedFunction, functions
from derive.codegen.render import module_name, module_text
from derive.codegen.targets import TARGETS

ALL: dict[str, tuple[str, GeneratedFunction]] = {f.name: (id, f) for id in IDS for f in functions(result(id))}
ELEMENTWISE = [name for name, (_, f) in ALL.items() if not f.diagonal]
DIAGONAL = [name for name, (_, f) in ALL.items() if f.diagonal]
INSTALLED = [t for t in TARGETS if importlib.util.find_spec(t) is not None]
COMPILER = any(shutil.which(name) for name in ("c++", "g++", "clang++"))
needs_compiler = pytest.mark.skipif(
    not COMPILER and not os.environ.get("DERIVE_REQUIRE_COMPILER"),
    reason="torch.compile needs a C++ compiler (DERIVE_REQUIRE_COMPILER=1 to fail instead)",
)
torch = import_module("torch")


def write_modules(folder: Path) -> None:
    """Every module of every result, in one folder."""
    for id in IDS:
        for target in TARGETS.values():
            text = module_text(result(id), target)
            (folder / module_name(result(id), target)).write_text(text, encoding="utf-8")


def load(path: Path) -> ModuleType:
    """A module from its file, under its own name, as if its folder were on the path."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def draw(name: str, *shape: int, seed: int = 0, dtype: str = "float64") -> list[np.ndarray]:
    """Ordinary arguments of a function: scales positive."""
    rng = np.random.default_rng(seed)
    return [
        np.asarray(np.exp(drawn) if a.positive else drawn, dtype=dtype)
        for a in ALL[name][1].arguments
        for drawn in [rng.normal(size=shape)]
    ]


def tensors(name: str, *shape: int, dtype: Any = None, seed: int = 0) -> list[Any]:
    """The same as tensors."""
    return [torch.from_numpy(a).to(dtype or torch.float64) for a in draw(name, *shape, seed=seed)]


def convert(target: str, array: np.ndarray) -> Any:
    """An array as the target has it."""
    if target == "torch":
        return torch.from_numpy(array)
    if target == "jax":
        return import_module("jax.numpy").asarray(array)
    return array


def plain(value: Any) -> np.ndarray:
    """A target's array as NumPy's."""
    return np.asarray(value.detach() if isinstance(value, torch.Tensor) else value)
