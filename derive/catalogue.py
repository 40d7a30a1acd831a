"""What can be derived, by id.  The entries are plain data; SymPy is loaded when one is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from derive.entries import (
    ENTRIES,
    IDS,
    Entry,
    UnknownResult,
    declarations,
    divergence,
    entry,
    parameter,
    suffixes,
    value,
)

if TYPE_CHECKING:
    from sympy import Expr

    from derive.derivation import Derivation
    from derive.distributions import Distribution
    from derive.distributions.claims import Parameterisation


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


def _derive(found: Entry) -> Derivation:
    from derive.distributions import DISTRIBUTIONS
    from derive.strategies.kl import derive_kl, generic
    from derive.strategies.specialise import specialise
    from derive.terms import symbol

    distribution = DISTRIBUTIONS[found.family]
    if found.standard:
        general = result(found.id.removesuffix("-standard")).derivation
        replacements: dict[str, Expr] = {}
        for d, standard in zip(distribution.family.parameters, distribution.standard, strict=True):
            replacements[f"{d.name}_1"] = parameter(found, d.name)
            replacements[f"{d.name}_2"] = standard
        if found.diagonal:
            replacements["d"] = symbol("d")
        return specialise(general, replacements, declarations(found), id=found.id, title=found.title)
    if found.diagonal:
        p, q = divergence(found).args
        return derive_kl(p, q, declarations(found), id=found.id, title=found.title)
    return generic(found.family, found.family)


def _reparameterise(found: Entry, main: Derivation, swap: Parameterisation) -> Derivation:
    from derive.distributions import DISTRIBUTIONS
    from derive.strategies.specialise import specialise
    from derive.terms import symbol

    replacements: dict[str, Expr] = {}
    for suffix in suffixes(found):
        for d in DISTRIBUTIONS[found.family].family.parameters:
            replacements[d.name + suffix] = value(found, d.name, suffix, swap)
    if found.diagonal:
        replacements["d"] = symbol("d")
    return specialise(
        main,
        replacements,
        declarations(found, swap),
        id=f"{found.id}-{swap.name}",
        title=f"{found.title}, by {swap.title}",
    )


__all__ = ["ENTRIES", "IDS", "Entry", "Form", "Result", "UnknownResult", "entry", "result"]
