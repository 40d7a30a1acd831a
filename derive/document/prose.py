"""Sentences with formulas and cross references in them, before they have a format."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from derive.document.layout import Apply, Call, Fence, Fraction, LawName, Node, Product, Relation
from derive.document.notation import Notation

_LAW = re.compile(
    r"(p log\(p/q\)|(?:KL\([pq]‖[pq]\))|[pq] ≪ [pq]|(?<![A-Za-z′])[pq]\(x\)|(?<![A-Za-z′])[pq](?![A-Za-z]))"
)
"""What plain words say of the two laws: their names, and the few formulas made of them alone."""


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


def spoken(text: str, notation: Notation) -> Prose:
    """Plain words, the laws p and q in them called as the reader calls them."""
    pieces = _LAW.split(text)
    parts: list[Part] = [_of_laws(t, notation) if i % 2 else t for i, t in enumerate(pieces) if t]
    return Prose(tuple(parts))


def _of_laws(text: str, notation: Notation) -> Node:
    names = [notation.title(c) for c in text if c in "pq"]
    if text.startswith("p log"):
        ratio = Fence(Fraction(names[1], names[2], linear=True))
        return Product((names[0], Apply(notation.logarithm, ratio)))
    if text.startswith("KL"):
        return Call(LawName("KL"), tuple(names), "∥")
    if "≪" in text:
        return Relation(names[0], "≪", names[1])
    return Call(names[0], (notation.symbol("x"),)) if text.endswith("(x)") else names[0]


def joined(items: Iterable[Prose], between: str = ", ", last: str | None = None) -> Prose:
    """Items with words between them: ``a, b and c`` when ``last`` is " and "."""
    listed = list(items)
    out: tuple[Part, ...] = ()
    for i, item in enumerate(listed):
        if i:
            out += (last if last is not None and i == len(listed) - 1 else between,)
        out += item.parts
    return Prose(out)
