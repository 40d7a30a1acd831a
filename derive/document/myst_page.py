"""A page as MyST Markdown: the Markdown page with math directives, math roles and labels."""

from __future__ import annotations

import re

from derive.document.markdown_page import markdown
from derive.document.view import Page

_ANCHOR = re.compile(r'^<a id="([^"]+)"></a>$', re.MULTILINE)


def myst(page: Page) -> str:
    """The page as MyST reads it."""
    text = markdown(page).replace("```math\n", "```{math}\n")
    text = re.sub(r"\$`([^`]+)`\$", r"{math}`\1`", text)
    return _ANCHOR.sub(r"(\1)=", text)
