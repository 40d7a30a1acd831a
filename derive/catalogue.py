"""What can be derived, by id.  The entries are plain data; SymPy is loaded when one is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from derive.entries import (
    ENTRIES,
    Entry,
    UnknownResult,
    declarations,
    divergence,
    parameter,
    parameterisations,
    suffixes,
    unknown,
    value,
)
from derive.entries import IDS as DIVERGENCES
from derive.studies import STUDIES, Study

if TYPE_CHECKING:
    from sympy import Expr

    from derive.derivation import Derivation
    from derive.distributions import Distribution
    from derive.distributions.claims import Parameterisation


ALL: tuple[Entry | Study, ...] = (*ENTRIES, *STUDIES)
IDS = tuple(found.id for found in ALL)
"""Ids of everything that can be derived; ``DIVERGENCES`` are those that code is written for."""


def entry(id: str) -> Entry | Study:
    """The entry of a divergence or the study with an id.

    Raises:
        UnknownResult: with the nearest ids.
    """
    for found in ALL:
        if found.id == id:
            return found
    raise unknown(id, IDS)


@dataclass(frozen=True)
class Form:
    """The same divergence in other parameters, with the other sign, or another part of a study."""

    name: str
    title: str
    derivation: Derivation
    parameterisation: Parameterisation | None


@dataclass(frozen=True)
class Result:
    """A catalogue entry with its derivation and its other forms, all accepted by the kernel."""

    entry: Entry | Study
    derivation: Derivation
    forms: tuple[Form, ...]

    @property
    def id(self) -> str:
        """The entry's id."""
        return self.entry.id

    @property
    def divergence(self) -> Entry:
        """The entry of a divergence.

        Raises:
            ValueError: for a study, which has neither an integral of its own nor code.
        """
        if isinstance(self.entry, Study):
            raise ValueError(f"{self.id} is a study of {self.entry.of[0]}: code is written for that one")
        return self.entry

    @property
    def is_study(self) -> bool:
        """Whether it is about a closed form, and not a closed form itself."""
        return isinstance(self.entry, Study)

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
    """Derive a result of the catalogue.

    Raises:
        UnknownResult: with the nearest ids.
    """
    found = entry(id)
    if isinstance(found, Study):
        return _study(found)
    main = _derive(found)
    forms = [
        Form(p.name, f"In terms of the {p.title}", _reparameterise(found, main, p), p)
        for p in parameterisations(found)
    ]
    if found.negated:
        from derive.strategies.specialise import negated

        turned = negated(main, id=f"{id}-negative", title=found.negated)
        forms.append(Form("negative", found.negated, turned, None))
    return Result(found, main, tuple(forms))


def _study(found: Study) -> Result:
    """Each part from the closed forms, the studies it needs and the parts before it."""
    from derive.stated import stated
    from derive.strategies.analyse import analyse

    earlier = [d for id in (*found.of, *found.needs) for d in result(id).derivations()]
    made: list[Derivation] = []
    for part in found.parts:
        id = found.part_id(part)
        made.append(analyse(id, part.title, stated()[id], [*earlier, *made], split=part.split))
    forms = (Form(p.name, p.title, d, None) for p, d in zip(found.parts[1:], made[1:], strict=True))
    return Result(found, made[0], tuple(forms))


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


__all__ = [
    "ALL", "DIVERGENCES", "ENTRIES", "IDS", "Entry", "Form", "Result", "Study", "UnknownResult", "entry",
    "result",
]  # fmt: skip
