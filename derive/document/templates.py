"""The template engine: strict about undefined names, and it escapes what no printer made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Macro

from derive.templates import template_folder


class Printed(str):
    """Text that a printer made for its format: a template passes it on as it is."""

    __slots__ = ()


def capital(text: str) -> Printed:
    """Printed text with its first letter in upper case."""
    return Printed(text[:1].upper() + text[1:])


def squeezed(text: str) -> str:
    """Text without runs of blank lines or spaces before a line's end."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip("\n") + "\n"


def environment(filters: dict[str, Callable[..., Any]], escape: Callable[[str], str]) -> Environment:
    """An environment whose output is escaped with ``escape`` unless it is :class:`Printed`.

    Statements are written ``<% … %>`` and values ``<< … >>``, which clash neither with TeX nor
    with Markdown.
    """

    def finalize(value: object) -> str:
        if isinstance(value, Printed):
            return value
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            return escape(str(value))
        raise TypeError(f"a template prints text and whole numbers, not {type(value).__name__}")

    made = Environment(
        loader=_loader(),
        undefined=StrictUndefined,
        autoescape=False,
        finalize=finalize,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(filters)
    return made


def macros(templates: Environment, name: str, names: Mapping[str, Any]) -> SimpleNamespace:
    """The macros of a template, which see ``names`` and give printed text."""

    def printed(macro: Callable[..., str]) -> Callable[..., Printed]:
        return lambda *given: Printed(macro(*given))

    module = templates.get_template(name).make_module(dict(names))
    found = {key: value for key, value in vars(module).items() if isinstance(value, Macro)}
    return SimpleNamespace(**{key: printed(macro) for key, macro in found.items()})


def html_environment(filters: dict[str, Callable[..., Any]]) -> Environment:
    """An environment with HTML escaping on."""
    made = Environment(
        loader=_loader(), undefined=StrictUndefined, autoescape=True, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters.update(filters)
    return made


@cache
def _loader() -> FileSystemLoader:
    return FileSystemLoader(template_folder() / "document", encoding="utf-8")
