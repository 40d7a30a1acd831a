"""Shared by the tests of the engine: every derivation of the catalogue, and replay in short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from derive.catalogue import IDS, result
from derive.derivation import Derivation, certificate, replay
from derive.distributions import FAMILIES
from derive.rules import RULES

Replay = Callable[[dict[str, Any]], Derivation]


@pytest.fixture(scope="session")
def derivations() -> dict[str, Derivation]:
    """Every derivation of the catalogue by id: the main ones, their other forms, all lemmas."""
    return {node.id: node for id in IDS for top in result(id).derivations() for node in top.tree()}


@pytest.fixture(scope="session")
def kl_normal() -> Derivation:
    return result("kl-normal").derivation


@pytest.fixture(scope="session")
def rebuild() -> Replay:
    """Replay a certificate with the shipped rules and families."""
    return lambda data: replay(data, RULES, FAMILIES)


@pytest.fixture
def kl_normal_certificate(kl_normal: Derivation) -> dict[str, Any]:
    """A fresh certificate that a test may change."""
    return certificate(kl_normal)
