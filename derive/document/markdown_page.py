"""A page as Markdown that GitHub renders: formulas in ``math`` blocks and between ``$`…`$``."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import Environment

from derive.document.latex import broken, spell
from derive.document.layout import Node
from derive.document.prose import Link, Prose
from derive.document.templates import Printed, capital, environment, squeezed
from derive.document.text import plain_words
from derive.document.view import Line, Page, Passage

WIDTH = 46.0
_SPECIAL = re.compile(r"([\\`*_\[\]#|$~])")


def escape(text: str) -> str:
    """Text that Markdown shows as it stands."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", plain)


def math(node: Node) -> Printed:
    """A formula in a sentence."""
    return Printed(f"$`{spell(node)}`$")


def prose(value: Prose) -> Printed:
    """Words escaped, formulas between ``$`…`$``, cross references as links within the page."""
    out = []
    for part in value.parts:
        if isinstance(part, str):
            out.append(escape(part))
        elif isinstance(part, Link):
            out.append(f"[{escape(part.text)}](#{part.anchor})" if part.anchor else escape(part.text))
        else:
            out.append(math(part))
    return Printed("".join(out))


def _block(lines: list[str]) -> Printed:
    if len(lines) > 1:
        rows = " \\\\\n".join(f"& {line}" for line in lines)
        lines = ["\\begin{aligned}", rows, "\\end{aligned}"]
    return Printed("```math\n" + "\n".join(lines) + "\n```")


def display(node: Node) -> Printed:
    """A formula on a line of its own."""
    return _block(broken(node, WIDTH))


def boxed(node: Node) -> Printed:
    """A result in its box."""
    return _block([rf"\boxed{{{spell(node)}}}"])


def formula(line: Line, passage: Passage) -> Printed:
    """One line of a derivation; the first one with the left side before it."""
    left = spell(passage.left) + " " if line is passage.lines[0] else ""
    first, *rest = broken(line.formula, WIDTH - len(left) / 4)
    return _block([f"{left}= {first}", *(rf"\quad {text}" for text in rest)])


@cache
def _environment() -> Environment:
    filters: dict[str, Callable[..., Any]] = {
        "prose": prose, "display": display, "boxed": boxed, "formula": formula,
        "capital": capital, "printed": Printed, "spoken": plain_words,
    }  # fmt: skip
    return environment(filters, escape)


def markdown(page: Page) -> str:
    """The page as Markdown."""
    return squeezed(_environment().get_template("page.md.j2").render(page=page))
