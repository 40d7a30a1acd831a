"""What the catalogue holds, as plain data, and what each entry states.

The statement of an entry follows from the data and the families alone, so the checker can ask whether
a certificate of this name proves it.  SymPy is loaded only when a statement is asked for.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sympy import Expr

    from derive.distributions.claims import Parameterisation
    from derive.scope import Declaration


class UnknownResult(KeyError):
    """No result has this id; the message names the nearest ones."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Entry:
    """One result of the catalogue: the divergence between two members of a family.

    ``standard``: the second law is the family's standard member.  ``diagonal``: both are product
    laws over j = 1..d with symbolic d.  ``negated``: -KL is written out as well.
    """

    id: str
    title: str
    formula: str
    family: str
    standard: bool = False
    diagonal: bool = False
    negated: str = ""


ENTRIES = (
    Entry(
        "kl-normal",
        "KL divergence between two normal distributions",
        "KL(N(μ₁, σ₁²) ‖ N(μ₂, σ₂²))",
        "Normal",
    ),
    Entry(
        "kl-normal-standard",
        "KL divergence from a normal distribution to the standard normal",
        "KL(N(μ, σ²) ‖ N(0, 1))",
        "Normal",
        standard=True,
    ),
    Entry(
        "kl-diagonal-normal",
        "KL divergence between two diagonal normal distributions in d dimensions",
        "KL(N(μ₁, diag σ₁²) ‖ N(μ₂, diag σ₂²))",
        "Normal",
        diagonal=True,
    ),
    Entry(
        "kl-diagonal-normal-standard",
        "KL divergence from a diagonal normal distribution to the standard normal: the VAE term",
        "KL(N(μ, diag σ²) ‖ N(0, I))",
        "Normal",
        standard=True,
        diagonal=True,
        negated="As in Kingma and Welling (2014), appendix B",
    ),
    Entry(
        "kl-exponential",
        "KL divergence between two exponential distributions",
        "KL(Exp(λ₁) ‖ Exp(λ₂))",
        "Exponential",
    ),
)
IDS = tuple(entry.id for entry in ENTRIES)
ARTICLES = {"kl-gaussians": "The whole story of the Gaussian divergences, as one article"}
"""What is written from many results at once."""


def entry(id: str) -> Entry:
    """The entry with an id.

    Raises:
        UnknownResult: with the nearest ids.
    """
    for candidate in ENTRIES:
        if candidate.id == id:
            return candidate
    raise unknown(id, IDS)


def unknown(id: str, known: tuple[str, ...]) -> UnknownResult:
    """What is raised for an id that is not known: it names the nearest."""
    near = difflib.get_close_matches(id, known, n=3, cutoff=0.4) or list(known)
    return UnknownResult(f"no result is called {id!r}; did you mean {', '.join(near)}?")


def suffixes(found: Entry) -> tuple[str, ...]:
    """What the names of the first and second law's parameters end in; one law when it is standard."""
    return ("",) if found.standard else ("_1", "_2")


def parameter(found: Entry, name: str) -> Expr:
    """A parameter as it stands in a law: the symbol, or its j-th component."""
    from derive.terms import Component, symbol

    return Component(symbol(name), symbol("j")) if found.diagonal else symbol(name)


def value(found: Entry, name: str, suffix: str, swap: Parameterisation | None) -> Expr:
    """A parameter of the family in terms of the entry's own, some given in another way."""
    from derive.terms import substitute, symbol

    if swap is not None and swap.parameter == name:
        return substitute(swap.term, {symbol(swap.symbol): parameter(found, swap.symbol + suffix)})
    return parameter(found, name + suffix)


def parameterisations(found: Entry) -> tuple[Parameterisation, ...]:
    """The other ways to give a parameter that the entry is written in."""
    from derive.distributions import DISTRIBUTIONS

    return DISTRIBUTIONS[found.family].parameterisations


def declarations(found: Entry, swap: Parameterisation | None = None) -> tuple[Declaration, ...]:
    """Declarations of the entry's own parameters."""
    from derive.distributions import DISTRIBUTIONS
    from derive.scope import Declaration

    out = []
    for suffix in suffixes(found):
        for d in DISTRIBUTIONS[found.family].family.parameters:
            if swap is not None and d.name == swap.parameter:
                out.append(Declaration(swap.symbol + suffix, swap.domain, found.diagonal))
            else:
                out.append(Declaration(d.name + suffix, d.domain, found.diagonal))
    if found.diagonal:
        out.append(Declaration("d", "natural"))
    return tuple(out)


def divergence(found: Entry, swap: Parameterisation | None = None) -> Expr:
    """KL(p, q), the left side of what the entry states."""
    from derive.distributions import DISTRIBUTIONS
    from derive.terms import KL, ProductLaw, symbol

    distribution = DISTRIBUTIONS[found.family]
    names = [d.name for d in distribution.family.parameters]
    laws = [distribution.law(*(value(found, n, s, swap) for n in names)) for s in suffixes(found)]
    if found.standard:
        laws.append(distribution.law(*distribution.standard))
    if found.diagonal:
        return KL(*(ProductLaw(law, symbol("j"), symbol("d")) for law in laws))
    return KL(*laws)


@cache
def statements() -> dict[str, tuple[tuple[Declaration, ...], Expr]]:
    """Id of a derivation → declarations and left side, for every entry and its other forms."""
    from derive.terms import Minus

    out: dict[str, tuple[tuple[Declaration, ...], Expr]] = {}
    for found in ENTRIES:
        for swap in (None, *parameterisations(found)):
            stated = declarations(found, swap), divergence(found, swap)
            name = found.id + (f"-{swap.name}" if swap else "")
            out[name] = out[f"{name}-evaluation"] = stated
        if found.negated:
            out[f"{found.id}-negative"] = declarations(found), Minus(divergence(found))
    return out
