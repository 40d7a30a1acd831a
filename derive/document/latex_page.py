r"""A page as LaTeX: an article, or a fragment to ``\input``; amsmath is all it needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from jinja2 import Environment

from derive.document.drawing import pgf_colours, pgfplots
from derive.document.latex import broken, escape, spell, width, with_changes
from derive.document.layout import Node
from derive.document.prose import Link, Prose
from derive.document.story import Story
from derive.document.templates import Printed, capital, environment, macros, squeezed
from derive.document.view import Line, Page, Passage

ARTICLE_WIDTH, FRAGMENT_WIDTH = 41.0, 31.5
"""Text widths in em: the article's own, and that of a plain ``article`` at 10 to 12 points."""
_WIDE_LEFT = 8.0


def prose(value: Prose) -> Printed:
    """Words escaped, formulas between dollar signs; a cross reference is its words."""
    out = []
    for part in value.parts:
        if isinstance(part, str):
            out.append(escape(part))
        elif isinstance(part, Link):
            out.append(escape(part.text).replace("Lemma ", "Lemma~"))
        else:
            out.append(f"${spell(part)}$")
    return Printed("".join(out))


def _length(value: Prose) -> float:
    """An estimate of the width of a reason, in em of the text size."""
    total = 0.0
    for part in value.parts:
        if isinstance(part, Node):
            total += width(part)
        else:
            total += 0.42 * len(part.text if isinstance(part, Link) else part)
    return total


def tag(line: Line, text_width: float) -> str:
    """The reason and the number beside a line; a long reason is set in a narrow box."""
    beside = rf"{prose(line.reason)}\enspace({line.number})"
    if _length(line.reason) > 0.62 * text_width:
        beside = rf"\parbox[t]{{{0.6 * text_width:.0f}em}}{{\raggedleft {beside}}}"
    return rf"\tag*{{\footnotesize {beside}}}"


def changes(passage: Passage, text_width: float) -> Printed:
    r"""The lines of a derivation, what is new in each inside ``\changed{…}``."""
    return aligned(passage, text_width, shown=with_changes)


def aligned(
    passage: Passage, text_width: float, shown: Callable[[Node], Node] = lambda node: node
) -> Printed:
    """The lines of a derivation as one ``align*``, each with its reason and number."""
    left = spell(passage.left)
    rows: list[str] = []
    wide = width(passage.left) > _WIDE_LEFT
    indent = 1.5 if wide else width(passage.left) + 1.5
    if wide:
        rows.append(rf"& {left}")
    for i, line in enumerate(passage.lines):
        first, *rest = broken(shown(line.formula), text_width - indent)
        start = r"& \quad" if wide else f"{left} &" if i == 0 else "&"
        block = [f"{start} = {first}", *(rf"& \quad {text}" for text in rest)]
        block[-1] += f" {tag(line, text_width)}"
        rows += block
    return Printed("\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}")


def display(node: Node, text_width: float = ARTICLE_WIDTH, *, boxed: bool = False) -> Printed:
    """A formula on a line of its own, broken when it is too long."""
    lines = broken(node, text_width - (1.5 if boxed else 0))
    if len(lines) == 1:
        body = lines[0]
    else:
        body = "\\begin{aligned}\n& " + " \\\\\n& ".join(lines) + "\n\\end{aligned}"
    return Printed("\\[\n" + (rf"\boxed{{{body}}}" if boxed else body) + "\n\\]")


@cache
def _environment() -> Environment:
    return environment(
        {
            "math": lambda node: Printed(f"${spell(node)}$"),
            "prose": prose,
            "aligned": aligned,
            "changes": changes,
            "paragraphs": lambda text: text,
            "pgfplots": lambda picture: Printed(pgfplots(picture)),
            "display": display,
            "printed": Printed,
            "capital": capital,
            "boxed": lambda node, text_width: display(node, text_width, boxed=True),
        },
        escape,
    )


def article(page: Page) -> str:
    """A standalone document."""
    return (
        _environment()
        .get_template("article.tex.j2")
        .render(page=page, width=ARTICLE_WIDTH, colours=pgf_colours())
    )


def fragment(page: Page) -> str:
    r"""What an article holds, to be read with ``\input`` in a document that loads amsmath."""
    return _environment().get_template("fragment.tex.j2").render(page=page, width=FRAGMENT_WIDTH)


def whole(story: Story) -> str:
    """An article that tells a whole story; it loads xcolor, pgfplots and hyperref too."""

    def ref(id: str) -> Printed:
        label = escape(story.passages[id].label).replace(" ", "~")
        return Printed(rf"\hyperref[{id}]{{{label}}}")

    names = {
        **story.names, "width": ARTICLE_WIDTH, "ref": ref, "colours": pgf_colours(),
        "cite": lambda reference: Printed(rf"\cite{{{reference}}}"),
        "figure": lambda id: Printed(rf"Figure~\ref{{figure-{id}}}"),
    }  # fmt: skip
    templates = _environment()
    made = macros(templates, "story-macros.tex.j2", names)
    return squeezed(templates.get_template("story.tex.j2").render(**names, f=made))


def notebook(passage: Passage) -> str:
    """The lines of one derivation between double dollar signs, as MathJax in a notebook shows them."""
    left = spell(passage.left)
    rows = [
        rf"{left if i == 0 else ''} &= {spell(line.formula)} && \text{{{prose(line.reason)}}}"
        for i, line in enumerate(passage.lines)
    ]
    return "$$\n\\begin{aligned}\n" + " \\\\\n".join(rows or [left]) + "\n\\end{aligned}\n$$"
