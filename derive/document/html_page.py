"""A page as one HTML file: MathML made here, style and script inside, no network.

Everything can be read without the script, which adds the lesson and the sliders.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup, escape

from derive._version import __version__
from derive.course.explore import Explorer, explorer
from derive.document.compose import Composer
from derive.document.drawing import svg
from derive.document.latex import width
from derive.document.layout import Node
from derive.document.lesson import lesson
from derive.document.mathml import mathml
from derive.document.pictures import Picture
from derive.document.prose import Link, Prose
from derive.document.script import policy, script
from derive.document.story import CHAPTERS, Story, number_of
from derive.document.templates import Printed, environment, html_environment, macros
from derive.document.text import plain_words
from derive.document.text import spell as spell_words
from derive.document.view import Line, Page

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


def inline(node: Node) -> Markup:
    """A formula in a sentence or a table."""
    return Markup(mathml(node))


def formula(line: Line) -> Markup:
    """One line of a derivation, from its equals sign on."""
    return Markup(mathml(line.formula, display=True, equals=True))


def capital(text: Markup) -> Markup:
    """Words with their first letter in upper case; what starts with a tag stays as it is."""
    return text if text.startswith("<") else Markup(text[:1].upper() + text[1:])


@cache
def _environment() -> Environment:
    return html_environment(
        {
            "prose": prose, "display": display, "formula": formula, "capital": capital,
            "inline": inline, "words": spell_words,
            "data": lambda picture: Markup(_data(picture)), "spoken": plain_words,
        }
    )  # fmt: skip


def html(page: Page) -> str:
    """The page as a self-contained HTML file."""
    templates = _environment()
    style = templates.get_template("page.css.j2").render()
    drawn = _explorer(page)
    program = script(drawn)
    composer = Composer(page.notation.of(page.names))
    return templates.get_template("page.html.j2").render(
        page=page,
        lesson=lesson(page.main, page.notation, "page"),
        explorer=drawn,
        compose=composer.compose,
        style=Markup(style),
        script=Markup(program),
        policy=policy(style, program, images=page.picture is not None),
        version=__version__,
    )


def _explorer(page: Page) -> Explorer | None:
    lines = page.main.lines
    return explorer(lines[0].transition.derivation) if lines else None


def paragraphs(text: str) -> Printed:
    """Text with an empty line between paragraphs as paragraphs."""
    found = (part.strip() for part in re.split(r"\n\s*\n", text))
    return Printed("\n".join(f"<p>{part}</p>" for part in found if part))


def _data(picture: Picture) -> Printed:
    """A picture as the address of an image that needs no network."""
    return Printed("data:image/svg+xml," + quote(svg(picture).replace('"', "'"), safe=" '/:;,=().{}-+!*[]@"))


@cache
def _story_environment() -> Environment:
    printers: dict[str, Callable[..., str]] = {
        "prose": prose, "display": display, "math": inline, "formula": formula,
        "capital": capital,
    }  # fmt: skip

    def printed(printer: Callable[..., str]) -> Callable[..., Printed]:
        return lambda *given: Printed(printer(*given))

    filters: dict[str, Callable[..., Any]] = {name: printed(made) for name, made in printers.items()}
    # What a macro or a block gives is printed already.
    filters |= {"paragraphs": paragraphs, "data": _data, "spoken": plain_words, "printed": Printed}
    return environment(filters, lambda text: str(escape(text)))


def whole(story: Story) -> str:
    """An article that tells a whole story as one self-contained HTML file; it needs no script."""
    templates = _story_environment()
    style = _environment().get_template("page.css.j2").render()

    def ref(id: str) -> Printed:
        return Printed(Markup('<a href="#{}">{}</a>').format(id, story.passages[id].label))

    def cite(reference: str) -> Printed:
        return Printed(f'<a href="#reference-{reference}">[{number_of(reference)}]</a>')

    def figure(id: str) -> Printed:
        return Printed(f'<a href="#figure-{id}">Figure {list(story.studies).index(id) + 1}</a>')

    names = {
        **story.names, "ref": ref, "cite": cite, "figure": figure, "style": style,
        "policy": policy(style, "", images=True), "chapters": CHAPTERS,
    }  # fmt: skip
    made = macros(templates, "story-macros.html.j2", names)
    return templates.get_template("story.html.j2").render(**names, f=made)


def notebook(page: Page) -> str:
    """The main derivation as one element, its styles in itself."""
    return _environment().get_template("notebook.html.j2").render(page=page)
