"""Sentences with formulas and cross references in them, before they have a format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from derive.document.layout import Node


@dataclass(frozen=True)
class Link:
    """A cross reference: its words, and the anchor of what it points to."""

    text: str
    anchor: str


Part = str | Node | Link


@dataclass(frozen=True)
class Prose:
    """Parts in reading order: words, formulas, cross references."""

    parts: tuple[Part, ...]

    def __add__(self, other: Prose) -> Prose:
        return Prose(self.parts + other.parts)

    def __bool__(self) -> bool:
        return bool(self.parts)


def prose(*parts: Part) -> Prose:
    """Prose from its parts."""
    return Prose(parts)


def joined(items: Iterable[Prose], between: str = ", ", last: str | None = None) -> Prose:
    """Items with words between them: ``a, b and c`` when ``last`` is " and "."""
    listed = list(items)
    out: tuple[Part, ...] = ()
    for i, item in enumerate(listed):
        if i:
            out += (last if last is not None and i == len(listed) - 1 else between,)
        out += item.parts
    return Prose(out)
