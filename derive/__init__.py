"""Closed forms of divergences, derived from the integral definition in small checked steps.

>>> from derive import kl, Normal
>>> d = kl(Normal("mu_1", "sigma_1"), Normal("mu_2", "sigma_2"))
>>> d.result
log(sigma_2/sigma_1) - 1/2 + (sigma_1**2 + (mu_1 - mu_2)**2)/(2*sigma_2**2)

Nothing heavy is imported until a name below is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derive._version import __version__

if TYPE_CHECKING:
    from derive.api import (
        DiagonalNormal,
        Divergence,
        Exponential,
        Normal,
        StandardNormal,
        kl,
        result,
    )

__all__ = [
    "DiagonalNormal",
    "Divergence",
    "Exponential",
    "Normal",
    "StandardNormal",
    "__version__",
    "kl",
    "result",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from derive import api

        return getattr(api, name)
    raise AttributeError(f"module 'derive' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
