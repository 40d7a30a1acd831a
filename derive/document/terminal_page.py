"""A page as text for a terminal: formula on the left, reason on the right where it fits."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import Environment

from derive.document.layout import Node
from derive.document.prose import Link, Prose
from derive.document.templates import Printed, capital, environment, squeezed
from derive.document.text import spell
from derive.document.view import Line, Note, Page, Passage

_GAP = 3


def escape(text: str) -> str:
    """Text without control characters, which a terminal would obey."""
    return "".join(c for c in text if c.isprintable() or c == "\n")


def prose(value: Prose) -> Printed:
    """Words and formulas in one line."""
    out = []
    for part in value.parts:
        if isinstance(part, Node):
            out.append(spell(part))
        else:
            out.append(escape(part.text if isinstance(part, Link) else part))
    return Printed("".join(out))


def lines(passage: Passage, columns: int) -> Printed:
    """The lines of a derivation, numbered, each with its reason."""
    left = spell(passage.left)
    pad = min(len(left), 16)
    rows = [left] if len(left) > pad else []
    for i, line in enumerate(passage.lines):
        head = left if i == 0 and not rows else ""
        text = f"{head:<{pad}} = {spell(line.formula)}"
        reason = f"{prose(line.reason)} ({line.number})"
        room = columns - len(text) - _GAP
        if len(reason) <= room:
            rows.append(text + " " * _GAP + f"{reason:>{room}}")
            continue
        rows += folded(text, columns, pad + 5)
        rows += [f"{part:>{columns}}" for part in textwrap.wrap(reason, columns - pad - 8)]
    return Printed("\n".join(rows))


def folded(formula: str, columns: int, indent: int) -> list[str]:
    """A formula in lines of at most so many columns, broken before the outermost + or − that fits."""
    if len(formula) <= columns:
        return [formula]
    depth, places = 0, []
    for i, char in enumerate(formula):
        depth += (char in "([") - (char in ")]")
        if char in "+−" and formula[i - 1 : i] == formula[i + 1 : i + 2] == " " and indent < i <= columns:
            places.append((depth, -i))
    if not places:
        return [formula]
    cut = -min(places)[1]
    rest = " " * indent + formula[cut:]
    return [formula[:cut].rstrip(), *(folded(rest, columns, indent) if len(rest) < len(formula) else [rest])]


def wrapped(text: str, columns: int, indent: int = 0) -> Printed:
    """A paragraph within the columns, set in after its first line."""
    return Printed(textwrap.fill(text, columns, subsequent_indent=" " * indent, break_on_hyphens=False))


def note(value: Note, line: Line, columns: int) -> Printed:
    """Why a step holds, as a paragraph."""
    return wrapped(f"({line.number}) {capital(prose(value.title))}. {prose(value.whole)}", columns, 4)


@cache
def _environment() -> Environment:
    filters: dict[str, Callable[..., Any]] = {
        "prose": prose, "math": lambda node: Printed(spell(node)), "lines": lines, "wrapped": wrapped,
        "note": note, "printed": Printed,
    }  # fmt: skip
    return environment(filters, escape)


def text(page: Page, columns: int) -> str:
    """The page as plain text of at most so many columns, formulas that cannot be broken aside."""
    rendered = _environment().get_template("page.txt.j2").render(page=page, columns=columns)
    return squeezed(rendered)


def statement(passage: Passage) -> str:
    """What a derivation proves, in one line."""
    setting = f", {prose(passage.setting)}" if passage.setting else ""
    return f"{spell(passage.result)}{setting}"
