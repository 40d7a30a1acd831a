"""A page as one HTML file: MathML made here, styles inside, no script and no network."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment
from markupsafe import Markup, escape

from derive.document.layout import Node
from derive.document.mathml import mathml
from derive.document.notation import name_node
from derive.document.prose import Link, Prose
from derive.document.templates import html_environment
from derive.document.view import Enclosure, Line, Page


def prose(value: Prose) -> Markup:
    """Words escaped, formulas as MathML, cross references as links within the page."""
    out = Markup()
    for part in value.parts:
        if isinstance(part, str):
            out += escape(part)
        elif isinstance(part, Link):
            link = Markup('<a href="#{}">{}</a>').format(part.anchor, part.text)
            out += link if part.anchor else escape(part.text)
        else:
            out += Markup(mathml(part))
    return out


def display(node: Node) -> Markup:
    """A formula on a line of its own."""
    return Markup(mathml(node, display=True))


def formula(line: Line) -> Markup:
    """One line of a derivation, from its equals sign on."""
    return Markup(mathml(line.formula, display=True, equals=True))


def point(row: Enclosure) -> Markup:
    """The point of an enclosure, as equations."""
    parts = (
        Markup("{} = {}").format(Markup(mathml(name_node(name))), value) for name, value in row.point
    )
    return Markup(", ").join(parts)


@cache
def _environment() -> Environment:
    return html_environment(
        {"prose": prose, "display": display, "formula": formula, "point": point}
    )


def html(page: Page) -> str:
    """The page as a self-contained HTML file."""
    return _environment().get_template("page.html.j2").render(page=page)
