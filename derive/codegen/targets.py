"""The targets that code is written for: one entry and one template each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A library that code is written for.

    ``functions`` maps a SymPy function's name to the target's; ``axis`` is what it calls the
    dimension that a sum runs over.
    """

    name: str
    title: str
    template: str
    array: str
    axis: str
    functions: Mapping[str, str]


NUMPY = Target(
    "numpy", "NumPy", "numpy.py.j2", "ArrayLike", "axis", {"exp": "np.exp", "log": "np.log"}
)
TORCH = Target(
    "torch", "PyTorch", "torch.py.j2", "Tensor", "dim", {"exp": "torch.exp", "log": "torch.log"}
)
TARGETS: Mapping[str, Target] = {target.name: target for target in (NUMPY, TORCH)}
