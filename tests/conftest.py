"""Shared by the tests: every derivation of the catalogue, replay in short, and the generated modules."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from derive.catalogue import DIVERGENCES, IDS, result
from derive.codegen.render import module_name
from derive.codegen.targets import TARGETS
from derive.derivation import Derivation, certificate, replay
from derive.distributions import FAMILIES
from derive.rules import RULES
from tests.browsing import browser  # noqa: F401  (a fixture)

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


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every generated module."""
    from generated_code import write_modules  # derives everything: only when a test asks for it

    folder = tmp_path_factory.mktemp("generated")
    write_modules(folder)
    return folder


@pytest.fixture(scope="session")
def modules(generated: Path) -> dict[tuple[str, str], ModuleType]:
    """Id of a divergence and target → the generated module."""
    from generated_code import INSTALLED, load

    return {
        (id, target): load(generated / module_name(result(id), TARGETS[target]))
        for id, target in itertools.product(DIVERGENCES, INSTALLED)
    }


@pytest.fixture(scope="session")
def call(modules: dict[tuple[str, str], ModuleType]) -> Callable[[str, str], Callable[..., Any]]:
    """The generated function for a target, by its name."""
    from generated_code import ALL

    return lambda target, name: getattr(modules[ALL[name][0], target], name)
