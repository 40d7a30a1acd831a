"""How names are shown: Greek letters, subscripts, laws by role or by their family's symbol."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sympy import Expr

from derive.distributions import DISTRIBUTIONS, Distribution
from derive.document.layout import Identifier, LawName, Listing, Node, Number, Script
from derive.terms import NAME

GREEK: Mapping[str, str] = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π",
    "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
    "ell": "ℓ",
}  # fmt: skip

_LAW = re.compile(r"\\math(?P<face>cal|rm)\{(?P<name>[A-Za-z]+)\}\((?P<slots>[^()]*)\)\Z")
_SLOT = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}\Z")


class NotationError(ValueError):
    """A name or a law cannot be shown as asked; the message says which and why."""


def _word(text: str) -> Node:
    return Number(text) if text.isdigit() else Identifier(GREEK.get(text, text))


def name_node(name: str) -> Node:
    """A symbol's name as it is shown: ``sigma_1`` is σ with subscript 1.

    >>> name_node("sigma_1")
    Script(base=Identifier(text='σ'), sub=Number(text='1'), sup=None)
    """
    if not NAME.match(name):
        raise NotationError(f"{name!r} is not a name that can be printed")
    head, *rest = (part for part in name.split("_") if part)
    letters = head.rstrip("0123456789")
    subscripts = ([head[len(letters) :]] if letters != head else []) + rest
    base = _word(letters)
    if not subscripts:
        return base
    nodes = tuple(_word(s) for s in subscripts)
    return Script(base, nodes[0] if len(nodes) == 1 else Listing(nodes))


def with_index(node: Node, index: Node) -> Node:
    """A vector's name with a component index: μ₁ becomes μ with subscripts 1, j."""
    if isinstance(node, Script) and node.sub is not None:
        before = node.sub.items if isinstance(node.sub, Listing) else (node.sub,)
        return Script(node.base, Listing((*before, index)), node.sup)
    return Script(node, index)


@dataclass(frozen=True)
class Notation:
    """Names for laws: ``names`` gives a role (p, q, p_j) to a law; families bring their symbols."""

    names: tuple[tuple[str, Expr], ...] = ()
    families: Mapping[str, Distribution] = field(default_factory=lambda: DISTRIBUTIONS)
    roles: Mapping[str, str] = field(default_factory=dict)
    """What the reader calls the laws p and q."""
    symbols: Mapping[str, str] = field(default_factory=dict)
    """What the reader calls parameters and variables."""
    logarithm: str = "log"

    @property
    def renames(self) -> bool:
        """Whether it is a notation of the reader's own."""
        return bool(self.roles or self.symbols)

    def of(self, names: tuple[tuple[str, Expr], ...]) -> Notation:
        """The reader's notation with the laws of one derivation."""
        return replace(self, names=names)

    def symbol(self, name: str) -> Node:
        """A parameter or variable as the reader writes it; x_j follows x."""
        stem, _, index = name.rpartition("_")
        if name not in self.symbols and stem in self.symbols and index.isalpha():
            return name_node(f"{self.symbols[stem]}_{index}")
        return name_node(self.symbols.get(name, name))

    def title(self, role: str) -> Node:
        """A role (p, q, p_j) as the reader writes it."""
        head, _, rest = role.partition("_")
        return name_node("_".join(filter(None, (self.roles.get(head, head), rest))))

    def role(self, law: Expr) -> Node | None:
        """The role of a law as a node, when it has one here."""
        for role, named in self.names:
            if named == law:
                return self.title(role)
        return None

    def law(self, family: str) -> tuple[LawName, tuple[tuple[int, bool], ...]]:
        """A family's symbol and, for each argument shown, the parameter's index and if squared.

        Raises:
            NotationError: when the family's notation has another shape than name and arguments.
        """
        try:
            distribution = self.families[family]
        except KeyError:
            raise NotationError(f"the family {family!r} has no notation") from None
        shape = _LAW.match(distribution.notation)
        if shape is None:
            raise NotationError(
                f"the notation of {family} has to read \\mathcal{{X}}({{parameter}}, …) "
                f"or \\mathrm{{X}}({{parameter}}, …), not {distribution.notation!r}"
            )
        order = [p.name for p in distribution.family.parameters]
        slots: list[tuple[int, bool]] = []
        for slot in shape["slots"].split(","):
            found = _SLOT.match(slot.strip())
            if found is None or found[1] not in order:
                raise NotationError(f"the notation of {family} names no parameter in {slot.strip()!r}")
            slots.append((order.index(found[1]), found[1] in distribution.squared))
        return LawName(shape["name"], shape["face"] == "cal"), tuple(slots)


def check_distinct(names: Iterable[str], notation: Notation | None = None, roles: Iterable[str] = ()) -> None:
    """Refuse two names, or a name and a law, that would look the same on the page.

    Laws are compared only in a notation of the reader's own.

    Raises:
        NotationError: naming both.
    """
    shown = notation or Notation()
    seen: dict[Node, str] = {}
    nodes = [(shown.symbol(name), name) for name in names]
    if shown.renames:
        nodes += [(shown.title(role), f"the law {role}") for role in roles]
    for node, name in nodes:
        other = seen.setdefault(node, name)
        if other != name:
            raise NotationError(f"{other} and {name} would be printed alike: rename one of them")


__all__ = [
    "Notation", "NotationError", "check_distinct", "name_node", "with_index",
]  # fmt: skip
