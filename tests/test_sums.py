"""Sums over a dimension add almost nothing to the error of their terms, in every target and dtype."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from generated_code import DIAGONAL, INSTALLED, convert, draw, load, plain

torch, jax = import_module("torch"), import_module("jax")
NAME, MODULE = "kl_diagonal_normal_standard_from_logvar", "kl_diagonal_normal_standard"
DTYPES = ("float32", "float64")


@pytest.fixture(autouse=True)
def float64_in_jax() -> Iterator[None]:
    """JAX makes float32 of float64 unless it is told not to."""
    with jax.enable_x64(True):
        yield


def exact_sums(terms: np.ndarray) -> np.ndarray:
    return np.array([math.fsum(row) for row in terms.astype(float)])


def units(found: Any, truth: np.ndarray, dtype: str) -> np.ndarray:
    """Errors in units in the last place."""
    return np.abs(plain(found).astype(float) - truth) / np.spacing(truth.astype(dtype)).astype(float)


def one_that_stands_out(dtype: str, rows: int = 400, width: int = 512) -> np.ndarray:
    """Means whose squares are a large one, at a place of its own, and many far smaller ones."""
    rng = np.random.default_rng(3)
    means = rng.uniform(0.02, 0.05, (rows, width))
    means[np.arange(rows), rng.integers(0, width, rows)] = rng.uniform(1, 40, rows)
    return means.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target", INSTALLED)
def test_a_sum_adds_at_most_a_rounding(target: str, dtype: str, call: Any) -> None:
    function = call(target, NAME)
    means = one_that_stands_out(dtype)
    zeros = np.zeros_like(means)
    terms = plain(function(convert(target, means[..., None]), convert(target, zeros[..., None])))
    truth = exact_sums(terms)
    errors = units(function(convert(target, means), convert(target, zeros)), truth, dtype)
    assert errors.max() <= (1.0 if (target, dtype) == ("numpy", "float32") else 0.75)  # of terms not rounded
    one_by_one = np.add.accumulate(terms, axis=-1, dtype=dtype)[:, -1]
    assert units(one_by_one, truth, dtype).max() > 2  # what the test would see


@pytest.mark.parametrize("target", INSTALLED)
@pytest.mark.parametrize("name", DIAGONAL)
def test_sums_of_ordinary_rows_in_every_parameterisation(name: str, target: str, call: Any) -> None:
    function, arguments = call(target, name), draw(name, 20, 300)
    terms = plain(function(*(convert(target, a[..., None]) for a in arguments)))
    found = function(*(convert(target, a) for a in arguments))
    assert units(found, exact_sums(terms), "float64").max() <= 0.75
    across = function(*(convert(target, np.ascontiguousarray(a.T)) for a in arguments), 0)
    assert units(across, exact_sums(terms), "float64").max() <= 1.25  # NumPy adds up sums of some rows each
    whole = function(*(convert(target, a) for a in arguments), (0, 1))
    assert units(whole, exact_sums(terms.reshape(1, -1))[0], "float64") <= 1.25


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target", INSTALLED)
def test_sums_at_the_ends_of_a_dtype(target: str, dtype: str, call: Any) -> None:
    """Rows that overflow, that almost do, that hold NaN, that are 0, and rows of nothing."""
    function, largest = call(target, NAME), float(np.finfo(dtype).max)

    def of(*means: float) -> float:
        array = np.array(means, dtype=dtype)
        return float(function(convert(target, array), convert(target, np.zeros_like(array))))

    half, huge = (
        math.sqrt(0.99) * math.sqrt(largest),
        math.sqrt(1.9) * math.sqrt(largest),
    )  # terms of 0.495 and 0.95 of the largest
    assert of(half, half) == pytest.approx(0.99 * largest)
    assert of(half, 1.0, half, 1.0) == pytest.approx(0.99 * largest)
    assert of(huge, 1.0, 2.0) == pytest.approx(0.95 * largest)
    assert of(huge, huge, 1.0) == math.inf
    assert of(half, half, half) == math.inf
    assert of(math.inf, 1.0, 1.0) == math.inf
    assert math.isnan(of(math.nan, 1.0, 1.0))
    assert math.isnan(of(math.nan, math.inf, 1.0))
    assert of(0.0, 0.0, 0.0) == 0
    assert of() == 0
    for shape in ((0, 4), (4, 0), (0, 0)):
        array = convert(target, np.zeros(shape, dtype))
        assert plain(function(array, array)).shape == shape[:1]


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_within_transforms(dtype: str, generated: Path) -> None:
    """vmap, the Jacobian both ways and the Hessian go through the sum."""
    function = getattr(load(generated / f"{MODULE}_torch.py"), NAME)
    means = torch.from_numpy(one_that_stands_out(dtype, rows=6, width=40))
    zeros = torch.zeros_like(means)
    assert torch.equal(torch.func.vmap(function)(means, zeros), function(means, zeros))
    for jacobian in (torch.func.jacrev, torch.func.jacfwd):
        assert torch.equal(jacobian(function)(means[0], zeros[0]), means[0])
    hessian = torch.func.hessian(function)(means[0], zeros[0])
    assert torch.equal(hessian, torch.eye(40, dtype=means.dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_within_transforms_of_jax(dtype: str, generated: Path) -> None:
    function = getattr(load(generated / f"{MODULE}_jax.py"), NAME)
    means = one_that_stands_out(dtype, rows=6, width=40)
    zeros = np.zeros_like(means)
    plainly, by_rows = function(means, zeros), jax.jit(jax.vmap(function))(means, zeros)
    assert units(by_rows, exact_sums(means.astype(float) ** 2 / 2), dtype).max() <= 1.5
    assert np.allclose(plainly, by_rows, rtol=2 * np.finfo(dtype).eps)
    for jacobian in (jax.jacrev, jax.jacfwd):
        assert np.array_equal(jacobian(function)(means[0], zeros[0]), means[0])
    assert np.array_equal(jax.hessian(function)(means[0], zeros[0]), np.eye(40))
