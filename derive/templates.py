"""Where the templates are: inside an installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path


def template_folder() -> Path:
    """The folder that holds ``document`` and ``codegen``.

    Raises:
        FileNotFoundError: when the installation lacks its templates.
    """
    here = Path(__file__).resolve().parent
    for folder in (here / "_templates", here.parent / "templates"):
        if (folder / "codegen").is_dir():
            return folder
    raise FileNotFoundError("the templates of derive are missing: install the package again")
