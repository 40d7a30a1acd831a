"""What can be derived, by id.  The entries are plain data; SymPy is loaded when one is asked for."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sympy import Expr

    from derive.derivation import Derivation
    from derive.distributions import Distribution
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


@dataclass(frozen=True)
class Form:
    """The same divergence in other parameters, or with the other sign."""

    name: str
    title: str
    derivation: Derivation
    parameterisation: Parameterisation | None


@dataclass(frozen=True)
class Result:
    """A catalogue entry with its derivation and its other forms, all accepted by the kernel."""

    entry: Entry
    derivation: Derivation
    forms: tuple[Form, ...]

    @property
    def id(self) -> str:
        """The entry's id."""
        return self.entry.id

    @property
    def distribution(self) -> Distribution:
        """The family that the laws belong to."""
        from derive.distributions import DISTRIBUTIONS

        return DISTRIBUTIONS[self.entry.family]

    def derivations(self) -> Iterator[Derivation]:
        """The main derivation, then those of the other forms."""
        yield self.derivation
        for form in self.forms:
            yield form.derivation


def entry(id: str) -> Entry:
    """The entry with an id.

    Raises:
        UnknownResult: with the nearest ids.
    """
    for candidate in ENTRIES:
        if candidate.id == id:
            return candidate
    near = difflib.get_close_matches(id, IDS, n=3, cutoff=0.4) or list(IDS)
    raise UnknownResult(f"no result is called {id!r}; did you mean {', '.join(near)}?")


@cache
def result(id: str) -> Result:
    """Derive a result of the catalogue."""
    found = entry(id)
    main = _derive(found)
    from derive.distributions import DISTRIBUTIONS

    forms = [
        Form(p.name, f"In terms of the {p.title}", _reparameterise(found, main, p), p)
        for p in DISTRIBUTIONS[found.family].parameterisations
    ]
    if found.negated:
        from derive.strategies.specialise import negated

        turned = negated(main, id=f"{id}-negative", title=found.negated)
        forms.append(Form("negative", found.negated, turned, None))
    return Result(found, main, tuple(forms))


def _suffixes(standard: bool) -> tuple[str, ...]:
    return ("",) if standard else ("_1", "_2")


def _declare(
    distribution: Distribution, found: Entry, swap: Parameterisation | None = None
) -> tuple[Declaration, ...]:
    """Declarations of the entry's own parameters, some in another parameterisation."""
    from derive.scope import Declaration

    out = []
    for suffix in _suffixes(found.standard):
        for d in distribution.family.parameters:
            if swap is not None and d.name == swap.parameter:
                out.append(Declaration(swap.symbol + suffix, swap.domain, found.diagonal))
            else:
                out.append(Declaration(d.name + suffix, d.domain, found.diagonal))
    if found.diagonal:
        out.append(Declaration("d", "natural"))
    return tuple(out)


def _symbol(found: Entry, name: str) -> Expr:
    from derive.terms import Component, symbol

    return Component(symbol(name), symbol("j")) if found.diagonal else symbol(name)


def _derive(found: Entry) -> Derivation:
    from derive.distributions import DISTRIBUTIONS
    from derive.strategies.kl import derive_kl, generic
    from derive.strategies.specialise import specialise
    from derive.terms import ProductLaw, symbol

    distribution = DISTRIBUTIONS[found.family]
    parameters = distribution.family.parameters
    if found.standard:
        general = result(found.id.removesuffix("-standard")).derivation
        replacements: dict[str, Expr] = {}
        for d, value in zip(parameters, distribution.standard, strict=True):
            replacements[f"{d.name}_1"] = _symbol(found, d.name)
            replacements[f"{d.name}_2"] = value
        if found.diagonal:
            replacements["d"] = symbol("d")
        return specialise(
            general, replacements, _declare(distribution, found), id=found.id, title=found.title
        )
    if found.diagonal:
        p, q = (
            ProductLaw(
                distribution.law(*(_symbol(found, f"{d.name}_{i}") for d in parameters)),
                symbol("j"),
                symbol("d"),
            )
            for i in (1, 2)
        )
        return derive_kl(p, q, _declare(distribution, found), id=found.id, title=found.title)
    return generic(found.family, found.family)


def _reparameterise(found: Entry, main: Derivation, swap: Parameterisation) -> Derivation:
    from derive.distributions import DISTRIBUTIONS
    from derive.strategies.specialise import specialise
    from derive.terms import substitute, symbol

    distribution = DISTRIBUTIONS[found.family]
    replacements: dict[str, Expr] = {}
    for suffix in _suffixes(found.standard):
        for d in distribution.family.parameters:
            name = d.name + suffix
            if d.name == swap.parameter:
                new = _symbol(found, swap.symbol + suffix)
                replacements[name] = substitute(swap.term, {symbol(swap.symbol): new})
            else:
                replacements[name] = _symbol(found, name)
    if found.diagonal:
        replacements["d"] = symbol("d")
    return specialise(
        main,
        replacements,
        _declare(distribution, found, swap),
        id=f"{found.id}-{swap.name}",
        title=f"{found.title}, by {swap.title}",
    )
