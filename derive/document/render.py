"""The documents of a result, and one derivation for a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from derive.derivation import Derivation
from derive.document import (
    html_page,
    jupyter_page,
    latex_page,
    markdown_page,
    myst_page,
    slides_page,
    terminal_page,
)
from derive.document.checks import CheckSummary, Enclosure
from derive.document.drawing import svg
from derive.document.notation import Notation, NotationError
from derive.document.reader import PRESETS, load_notation
from derive.document.story import story
from derive.document.view import page, single
from derive.kernel import Detail

if TYPE_CHECKING:
    from derive.catalogue import Result


def article(
    result: Result,
    checks: CheckSummary | None = None,
    detail: Detail = Detail.STANDARD,
    notation: Notation | None = None,
) -> str:
    """A standalone LaTeX document; it loads amsmath and geometry and inputs nothing."""
    return latex_page.article(page(result, checks, detail, notation))


def fragment(
    result: Result,
    checks: CheckSummary | None = None,
    detail: Detail = Detail.STANDARD,
    notation: Notation | None = None,
) -> str:
    r"""LaTeX to ``\input`` in a document that loads amsmath."""
    return latex_page.fragment(page(result, checks, detail, notation))


def markdown(
    result: Result,
    checks: CheckSummary | None = None,
    detail: Detail = Detail.STANDARD,
    notation: Notation | None = None,
) -> str:
    """Markdown as GitHub renders it."""
    return markdown_page.markdown(page(result, checks, detail, notation))


def myst(
    result: Result,
    checks: CheckSummary | None = None,
    detail: Detail = Detail.STANDARD,
    notation: Notation | None = None,
) -> str:
    """Markdown as MyST reads it."""
    return myst_page.myst(page(result, checks, detail, notation))


def jupyter(
    result: Result,
    checks: CheckSummary | None = None,
    detail: Detail = Detail.STANDARD,
    notation: Notation | None = None,
) -> str:
    """A Jupyter notebook (JSON) that derives, shows and checks; its code needs derive alone."""
    return jupyter_page.notebook(page(result, checks, detail, notation))


def slides(
    result: Result,
    checks: CheckSummary | None = None,
    detail: Detail = Detail.STANDARD,
    notation: Notation | None = None,
) -> str:
    """A Beamer document, a line a slide."""
    return slides_page.slides(page(result, checks, detail, notation))


def html(
    result: Result,
    checks: CheckSummary | None = None,
    detail: Detail = Detail.STANDARD,
    notation: Notation | None = None,
) -> str:
    """One self-contained HTML file with MathML."""
    return html_page.html(page(result, checks, detail, notation))


def text(
    result: Result,
    checks: CheckSummary | None = None,
    detail: Detail = Detail.STANDARD,
    columns: int = 100,
    notation: Notation | None = None,
) -> str:
    """Plain Unicode text for a terminal of so many columns."""
    return terminal_page.text(page(result, checks, detail, notation), columns)


def derivation_latex(
    derivation: Derivation, detail: Detail = Detail.STANDARD, notation: Notation | None = None
) -> str:
    r"""The chain of one derivation as an ``aligned`` display, for a notebook's ``_repr_latex_``."""
    return latex_page.notebook(single(derivation, detail, notation))


def derivation_html(result: Result, detail: Detail = Detail.STANDARD) -> str:
    """The chain of a result with its reasons as an HTML element, for a notebook's ``_repr_html_``."""
    return html_page.notebook(page(result, None, detail))


def statement_text(derivation: Derivation, notation: Notation | None = None) -> str:
    """“KL(p‖q) = … with p = …”: a derivation's statement in one line of Unicode."""
    return terminal_page.statement(single(derivation, Detail.BRIEF, notation))


def whole(
    evaluations: Mapping[str, Derivation],
    checks: Mapping[str, CheckSummary],
    snippet: str,
    notation: Notation | None = None,
) -> dict[str, str]:
    """File name → content of the article on Gaussians, as LaTeX and as a page."""
    view = story(evaluations, checks, snippet, notation=notation)
    return {"article.tex": latex_page.whole(view), "article.html": html_page.whole(view)}


def documents(result: Result, checks: CheckSummary, notation: Notation | None = None) -> dict[str, str]:
    """File name → content of every document of a result at standard detail."""
    view = page(result, checks, Detail.STANDARD, notation)
    out = {
        "derivation.tex": latex_page.article(view),
        "fragment.tex": latex_page.fragment(view),
        "slides.tex": slides_page.slides(view),
        "derivation.md": markdown_page.markdown(view),
        "derivation.myst.md": myst_page.myst(view),
        "derivation.html": html_page.html(view),
        "derivation.ipynb": jupyter_page.notebook(view),
    }
    if view.picture is not None:
        out["picture.svg"] = svg(view.picture)
    return out


__all__ = [
    "PRESETS", "CheckSummary", "Enclosure", "Notation", "NotationError", "article", "derivation_html",
    "derivation_latex", "fragment", "html", "jupyter", "load_notation", "markdown", "myst", "slides",
    "statement_text", "text",
]  # fmt: skip
