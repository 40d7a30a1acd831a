"""A page as a Jupyter notebook that runs: it derives, shows, checks and computes, with derive alone.

The file is written without outputs, cell ids counted, so that the same sources give the same bytes.
"""

from __future__ import annotations

import json
from typing import Any

from derive.course.explore import explorer
from derive.document.latex import broken, spell
from derive.document.prose import Link, Prose
from derive.document.view import Line, Page

WIDTH = 46.0


def notebook(page: Page) -> str:
    """The notebook as JSON (nbformat 4.5)."""
    cells = [
        _words(
            f"# {page.title}", "", *_headline(page), f"Let {_prose(page.main.setting)}. Then", "",
            _display(spell(page.main.result)), "", *_conclusions(page),
            "Every cell runs; nothing here is typed in by hand.",
        ),
        _code("import derive", f'd = derive.result("{page.id}")', "d"),
        _words("## Assumptions and conventions", "", *(f"- {_prose(s)}" for s in page.assumptions)),
        _words("## Derivation", "", "Each line with the reason why it follows from the one above."),
        *(_words(*_line(line, spell(page.main.left))) for line in page.main.lines),
        _words("## The same, as the kernel accepted it"),
        _code("for number, step in enumerate(d.steps, 1):", "    print(number, step.rule, step.evidence)"),
        _words("## Check it again", "", "The certificate is re-proved from the file alone."),
        _code(
            "from derive.checker import check", "",
            "proved = check(d.certificate)",
            "steps = sum(len(one.steps) for one in proved.values())",
            'print(len(proved), "derivations,", steps, "steps accepted")',
        ),
        _words("## Compute with it", "", "The closed form as an ordinary SymPy expression."),
        _code("d.result"),
        *_source_cells(page),
        *_plot_cells(page),
    ]  # fmt: skip
    for number, cell in enumerate(cells, 1):
        cell["id"] = f"cell-{number}"
    whole = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _conclusions(page: Page) -> list[str]:
    claims = [f"- {_prose(claim.claim)} {_prose(claim.why)}" for claim in page.main.conclusions]
    return [*claims, ""] if claims else []


def _headline(page: Page) -> list[str]:
    return [f"**Theorem{_plain(page.headline)}.**", ""] if page.headline else []


def _source_cells(page: Page) -> tuple[dict[str, Any], ...]:
    if not page.coded:
        return ()
    return _words("The generated function, as source."), _code('print(d.code("numpy"))')


def _plot_cells(page: Page) -> tuple[dict[str, Any], ...]:
    """The study's picture, or the divergence over its last positive parameter."""
    if page.picture is not None:
        shown = _code("from IPython.display import SVG", "", "SVG(d.picture())")
        return _words("## Look at it", "", _prose(page.picture.caption)), shown
    drawn = explorer(page.main.lines[0].transition.derivation) if page.coded and page.main.lines else None
    if drawn is None:
        return ()
    moved = next(s for s in reversed(drawn.sliders) if float(s.low) > 0)
    each = "[:, None]" if drawn.coordinate else ""
    fixed = "np.array([{}])" if drawn.coordinate else "{}"
    given = ", ".join(
        moved.name + each if s is moved else fixed.format(float(s.start)) for s in drawn.sliders
    )
    name = page.id.replace("-", "_")
    what = f"The generated function over {moved.name}" + (
        ", for one coordinate." if drawn.coordinate else "."
    )
    return _words("## Look at it", "", _plain(what)), _code(
        "import numpy as np", "from matplotlib import pyplot as plt", "",
        "made = {}",
        'exec(d.code("numpy"), made)',
        f"{moved.name} = np.linspace({moved.low}, {moved.high}, 200)",
        f'plt.plot({moved.name}, made["{name}"]({given}))',
        f'plt.xlabel("{moved.name}")',
        'plt.ylabel("nats");',
    )  # fmt: skip


def _source(lines: tuple[str, ...]) -> list[str]:
    text = "\n".join(lines).split("\n")
    return [line + "\n" for line in text[:-1]] + text[-1:]


def _words(*lines: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": _source(lines)}


def _code(*lines: str) -> dict[str, Any]:
    return {
        "cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": _source(lines),
    }  # fmt: skip


def _display(*lines: str) -> str:
    rows = " \\\\\n".join(f"& {line}" for line in lines)
    body = lines[0] if len(lines) == 1 else f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"
    return f"$$\n{body}\n$$"


def _line(line: Line, left: str) -> list[str]:
    first, *rest = broken(line.formula, WIDTH)
    before = left if line.number == "1" else ""
    notes = [_prose(note.whole) for note in line.notes]
    shown = _display(f"{before} = {first}", *(rf"\quad {text}" for text in rest))
    return [f"**({line.number})** {_prose(line.reason)}.", "", *notes, "", shown]


def _prose(value: Prose) -> str:
    out = []
    for part in value.parts:
        if isinstance(part, (str, Link)):
            out.append(_plain(part if isinstance(part, str) else part.text))
        else:
            out.append(f"${spell(part)}$")
    return "".join(out)


def _plain(text: str) -> str:
    for special in "\\`*_#<>$":
        text = text.replace(special, f"&#{ord(special)};" if special in "<>$" else "\\" + special)
    return text


__all__ = ["notebook"]
