"""A page as one HTML file: MathML made here, styles inside, no script and no network."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment
from markupsafe import Markup, escape

from derive.document.latex import width
from derive.document.layout import Node
from derive.document.mathml import mathml
from derive.document.notation import Notation
from derive.document.prose import Link, Prose
from derive.document.templates import html_environment
from derive.document.view import Enclosure, Line, Page

_WIDE = 17.0
"""From this width on, in em, a formula in a sentence gets a box of its own that can scroll."""
WORD_JOINER = "\u2060"
_CLOSING = (")", ",", ".", ";", ":")


def prose(value: Prose) -> Markup:
    """Words escaped, formulas as MathML, cross references as links within the page."""
    out = Markup()
    before: object = None
    for part in value.parts:
        if isinstance(part, str):
            closing = isinstance(before, Node) and part[:1] in _CLOSING
            out += escape((WORD_JOINER if closing else "") + part)
        elif isinstance(part, Link):
            link = Markup('<a href="#{}">{}</a>').format(part.anchor, part.text)
            out += link if part.anchor else escape(part.text)
        else:
            wide = Markup('<span class="formula" tabindex="0" role="group" aria-label="formula">{}</span>')
            made = Markup(mathml(part))
            out += wide.format(made) if width(part) > _WIDE else made
        before = part
    return out


def display(node: Node) -> Markup:
    """A formula on a line of its own."""
    return Markup(mathml(node, display=True))


def formula(line: Line) -> Markup:
    """One line of a derivation, from its equals sign on."""
    return Markup(mathml(line.formula, display=True, equals=True))


def point(row: Enclosure, notation: Notation) -> Markup:
    """The point of an enclosure, as equations."""
    parts = (Markup("{} = {}").format(Markup(mathml(notation.symbol(name))), value) for name, value in row.point)
    return Markup(", ").join(parts)


def capital(text: Markup) -> Markup:
    """Words with their first letter in upper case; what starts with a tag stays as it is."""
    return text if text.startswith("<") else Markup(text[:1].upper() + text[1:])


@cache
def _environment() -> Environment:
    return html_environment(
        {"prose": prose, "display": display, "formula": formula, "point": point, "capital": capital}
    )


def html(page: Page) -> str:
    """The page as a self-contained HTML file."""
    return _environment().get_template("page.html.j2").render(page=page)


def notebook(page: Page) -> str:
    """The main derivation as one element, its styles in itself."""
    return _environment().get_template("notebook.html.j2").render(page=page)
