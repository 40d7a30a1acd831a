"""The targets that code is written for: one entry and one template each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Law:
    """A family among the target's own distributions: its class, and parameter → attribute."""

    name: str
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Target:
    """A library that code is written for.

    ``functions`` maps a SymPy function's name to the target's; ``axis`` is what it calls the
    dimension that a sum runs over; ``accuracy`` states the bound that ``derive verify`` measures against.
    """

    name: str
    title: str
    template: str
    array: str
    axis: str
    accuracy: str
    functions: Mapping[str, str]
    gradients: bool = False
    """Whether it has a function ``…_gradient`` for each; elsewhere the library differentiates."""
    extra: str = ""
    """What the target's primitives are passed besides their arguments."""
    laws: Mapping[str, Law] = field(default_factory=dict)
    """Family → the target's own: the module of two such laws offers to take over their divergence."""


MEASURED_AT = (
    "measured in float32 at ten million points of each function and in float64 at 100,000 "
    "(gradients: 5,000); none negative or falsely zero."
)

NUMPY = Target(
    "numpy",
    "NumPy",
    "numpy.py.j2",
    "ArrayLike",
    "axis",
    "NumPy: values and gradients within 4 units in the last place (float32: 0.51), " + MEASURED_AT,
    {"exp": "np.exp", "log": "np.log"},
    gradients=True,
    extra="spare=spare",
)
TORCH = Target(
    "torch",
    "PyTorch",
    "torch.py.j2",
    "Tensor",
    "dim",
    "PyTorch: values and gradients within 4 units in the last place, " + MEASURED_AT,
    {"exp": "torch.exp", "log": "torch.log"},
    laws={
        "Normal": Law("Normal", {"mu": "loc", "sigma": "scale"}),
        "Exponential": Law("Exponential", {"lambda": "rate"}),
    },
)
JAX = Target(
    "jax",
    "JAX",
    "jax.py.j2",
    "ArrayLike",
    "axis",
    "JAX: values and gradients within 4 units in the last place, " + MEASURED_AT,
    {"exp": "jnp.exp", "log": "jnp.log"},
)
TARGETS: Mapping[str, Target] = {target.name: target for target in (NUMPY, TORCH, JAX)}
