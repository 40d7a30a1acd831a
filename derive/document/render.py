"""Documents from the view model: LaTeX, Markdown, HTML and terminal text.

Templates hold the words and the loops; formulas and escaping come from here.  A string that
reaches a LaTeX or Markdown template is escaped unless a printer made it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from derive.derivation import Derivation
from derive.document import latex as tex
from derive.document import markdown as md
from derive.document import page_html, terminal
from derive.document.view import CheckSummary, page, single
from derive.kernel import Detail

if TYPE_CHECKING:
    from derive.catalogue import Result


def template_folder() -> Path:
    """Where the templates lie: inside an installed wheel, or in the checkout beside the package."""
    package = Path(__file__).resolve().parent.parent
    packaged = package / "_templates"
    return packaged if packaged.is_dir() else package.parent / "templates"
