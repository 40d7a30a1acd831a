r"""A page as Beamer slides: a line a slide, what was there in grey, then the new line, then why."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment

from derive.document.latex import broken, escape, with_changes
from derive.document.latex_page import display, prose
from derive.document.layout import Node
from derive.document.templates import Printed, capital, environment
from derive.document.view import Line, Page, Passage

WIDTH = 38.0
"""Text width in em of a wide slide at 10 points, less its margins."""


def before(line: Line, passage: Passage, text_width: float) -> Printed:
    """The line that the reader has on the slide before."""
    at = passage.lines.index(line)
    return _shown("", passage.left if at == 0 else passage.lines[at - 1].formula, text_width)


def after(line: Line, text_width: float) -> Printed:
    """The new line, what is new in it marked."""
    return _shown("= ", with_changes(line.formula), text_width)


def _shown(start: str, formula: Node, text_width: float) -> Printed:
    first, *rest = broken(formula, text_width - 2)
    rows = " \\\\\n".join([f"& {start}{first}", *(rf"& \quad {text}" for text in rest)])
    return Printed(f"\\begin{{align*}}\n{rows}\n\\end{{align*}}")


@cache
def _environment() -> Environment:
    return environment(
        {"prose": prose, "display": display, "before": before, "after": after, "capital": capital}, escape
    )


def slides(page: Page) -> str:
    """A Beamer document; it loads amsmath."""
    return _environment().get_template("slides.tex.j2").render(page=page, width=WIDTH)


__all__ = ["slides"]
