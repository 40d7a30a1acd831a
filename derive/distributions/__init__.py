"""Every family that can be named, joined by one explicit table."""

from __future__ import annotations

from collections.abc import Mapping

from derive.distributions.claims import Claim, Distribution
from derive.distributions.exponential import EXPONENTIAL
from derive.distributions.normal import NORMAL
from derive.scope import Family

DISTRIBUTIONS: Mapping[str, Distribution] = {d.family.name: d for d in (NORMAL, EXPONENTIAL)}
FAMILIES: Mapping[str, Family] = {name: d.family for name, d in DISTRIBUTIONS.items()}

__all__ = ["DISTRIBUTIONS", "FAMILIES", "Claim", "Distribution"]
