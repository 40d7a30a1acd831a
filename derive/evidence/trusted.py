"""What the checker takes on trust: every name of SymPy and FLINT that its code uses, read from the code.

The modules are those that ``derive.checker`` imports, directly or not; the names are found in their syntax
trees, so a new import cannot be forgotten here.  Python itself and its standard library are trusted as well.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Literal

ROOT = "derive.checker"
FACE = "derive"
"""The public face: it loads the rest when somebody asks, and the checker never asks."""
LIBRARIES = ("flint", "sympy")
FLINT_TYPES = ("fmpq_mpoly", "fmpq_mpoly_ctx", "fmpq", "fmpz")
"""Types whose methods the kernel calls; a method counts when an attribute of that name is used."""
BALLS = ("arb", "acb", "arb_poly", "arb_series")
"""The same, where a module imports them."""

OWN = ("self", "form", "math", "polynomial")
"""Names whose attributes are this package's own, or the standard library's."""


@dataclass(frozen=True, order=True)
class Trusted:
    """A name of a library, whether it is imported or called as a method, and the modules that use it."""

    package: str
    sort: Literal["import", "method"]
    name: str
    modules: tuple[str, ...]


def kernel_modules(root: str = ROOT) -> dict[str, ast.Module]:
    """The modules of this package that the checker loads, with their syntax trees."""
    found: dict[str, ast.Module] = {}
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name in (FACE, *found) or (path := _source(name)) is None:
            continue
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
        for module, names in _imports(found[name]):
            if module.split(".")[0] == "derive":
                waiting += [module, *(f"{module}.{n}" for n in names)]
    return dict(sorted(found.items()))


def trusted(root: str = ROOT) -> tuple[Trusted, ...]:
    """Every name of SymPy and FLINT that the checker relies on, sorted.

    >>> sorted({t.package for t in trusted()})
    ['flint', 'sympy']
    """
    users: dict[tuple[str, Literal["import", "method"], str], set[str]] = defaultdict(set)
    for module, tree in kernel_modules(root).items():
        for source, names in _imports(tree):
            library = source.split(".")[0]
            if library in LIBRARIES:
                for name in names or ("",):
                    users[library, "import", f"{source}.{name}".rstrip(".")].add(module)
                if library == "flint":
                    for name in _attributes(tree) & _flint_methods(names):
                        users[library, "method", name].add(module)
    return tuple(sorted(Trusted(*key, tuple(sorted(modules))) for key, modules in users.items()))


def _source(module: str) -> Path | None:
    try:
        spec = util.find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec is not None and spec.origin else None


def _imports(tree: ast.Module) -> list[tuple[str, tuple[str, ...]]]:
    """(module, imported names) of every import, leaving out those for types alone."""
    out: list[tuple[str, tuple[str, ...]]] = []
    for node in _running(tree):
        if isinstance(node, ast.Import):
            out += [(alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            out.append((node.module, tuple(alias.name for alias in node.names)))
    return out


def _running(tree: ast.AST) -> list[ast.AST]:
    """Every node but those under ``if TYPE_CHECKING``."""
    out = [tree]
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)):
            out += _running(child)
    return out


def _attributes(tree: ast.Module) -> set[str]:
    """Names of attributes that are looked up, but not those of the ring's own class or of a module."""
    return {
        n.attr
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and not (isinstance(n.value, ast.Name) and n.value.id in OWN)
    }


def _flint_methods(imported: tuple[str, ...]) -> set[str]:
    import flint

    types = [getattr(flint, t) for t in (*FLINT_TYPES, *(b for b in BALLS if b in imported))]
    names = {n for t in types for n in dir(t) if not n.startswith("_")}
    return names - set(dir(dict)) - {"name", "coefficient"}  # of dictionaries, symbols and monomials


def lines() -> list[str]:
    """The list for a reader."""
    found = trusted()
    width = max(len(t.name) for t in found)
    return [f"{t.package:<6} {t.sort:<7} {t.name:<{width}}  {', '.join(t.modules)}" for t in found]
