"""Pictures as SVG, drawn by matplotlib, and as pgfplots for LaTeX.  The bytes are the same on every run."""

from __future__ import annotations

import io
import math
import re
from functools import lru_cache
from typing import Any

from derive.document import latex, text
from derive.document.pictures import Curve, Picture

WIDTH, HEIGHT = 6.4, 3.4
INK, PALE = "#1b1d20", "#e8e9ea"
COLOURS = ("#1f6fc9", "#c2500c", "#2a8a5c", "#8457aa")
"""Blue, orange, green, purple: they differ in brightness too, and are seen on white and on black."""
DASHES = ("-", "--", "-.", ":")
_PGF_DASHES = ("solid", "dashed", "dash dot", "dotted")
_DARK = (
    f'<style>@media (prefers-color-scheme: dark) {{ [style*="fill: {INK}"] {{ fill: {PALE} !important }} '
    f'[style*="stroke: {INK}"] {{ stroke: {PALE} !important }} }}</style>'
)

_SHORTER = (
    (r"^.*?(?=<svg)", ""),  # what a page does not need
    (r"\s*<metadata>.*?</metadata>", ""),
    (r"font-family: [^;]*;", "font-family: sans-serif;"),
    (r"\n(?=L )", " "),
    (r"\n\s*", "\n"),
    (r' transform="rotate\(-0 [^"]*\)"', ""),
)


@lru_cache(maxsize=64)
def svg(picture: Picture) -> str:
    """The picture as an SVG file that follows a dark page."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullLocator

    style: Any = {
        "svg.hashsalt": picture.name, "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10,
        "path.simplify": False, "axes.spines.top": False, "axes.spines.right": False,
    }  # fmt: skip
    style |= dict.fromkeys(
        ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK
    )
    with mpl.rc_context(style):
        figure = Figure(figsize=(WIDTH, HEIGHT))
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.09, 0.14, 0.6, 0.82))
        if picture.log:
            axes.set_yscale("log")
            axes.yaxis.set_minor_locator(NullLocator())
            axes.yaxis.set_major_formatter(FuncFormatter(_power_of_ten))
        elif picture.between is None or picture.between[0] < 0:
            axes.axhline(0, color=INK, linewidth=0.6)
        for curve, colour, dash in zip(picture.curves, COLOURS, DASHES, strict=False):
            axes.plot(curve.xs, curve.ys, dash, color=colour, linewidth=1.8)
        axes.set_xlim(picture.curves[0].xs[0], picture.curves[0].xs[-1])
        if picture.between is not None:
            axes.set_ylim(*picture.between)
        _name(axes, picture)
        out = io.BytesIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawn = out.getvalue().decode("utf-8")
    for pattern, better in _SHORTER:
        drawn = re.sub(pattern, better, drawn, flags=re.DOTALL)
    whole = re.sub(r"-?\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}", drawn)
    return re.sub(r"(<svg[^>]*>)", rf"\1{_DARK}", whole, count=1)


def _power_of_ten(value: float, _: object) -> str:
    return "10" + str(round(math.log10(value))).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _name(axes: Any, picture: Picture) -> None:
    """The name of the axis and of each curve, on base lines: nothing depends on how wide a font is."""
    axes.text(
        0.5, -0.15, text.spell(picture.across), ha="center", fontstyle="italic", transform=axes.transAxes
    )
    for i, (curve, colour, dash) in enumerate(zip(picture.curves, COLOURS, DASHES, strict=False)):
        height = 0.5 + 0.08 * ((len(picture.curves) - 1) / 2 - i)
        place = {"transform": axes.transAxes, "clip_on": False}
        axes.plot([1.04, 1.14], [height, height], dash, color=colour, linewidth=1.8, **place)
        axes.text(1.16, height - 0.015, text.spell(curve.label), transform=axes.transAxes)


def pgfplots(picture: Picture) -> str:
    """The picture as a ``tikzpicture`` for a document that loads pgfplots."""
    options = [
        r"width=0.72\linewidth", "height=58mm", f"xlabel={{${latex.spell(picture.across)}$}}",
        "axis lines=left", "legend pos=outer north east", "legend cell align=left",
        r"legend style={draw=none,font=\footnotesize}", r"tick label style={font=\footnotesize}",
        f"xmin={picture.curves[0].xs[0]:g},xmax={picture.curves[0].xs[-1]:g}",
        "axis on top", "clip=true",
    ]  # fmt: skip
    if picture.log:
        options.append("ymode=log")
    if picture.between is not None:
        options.append(
            f"ymin={picture.between[0]:g},ymax={picture.between[1]:g},restrict y to domain*=-50:50"
        )
    lines = [r"\begin{tikzpicture}", r"\begin{axis}[" + ",\n  ".join(options) + "]"]
    for i, curve in enumerate(picture.curves):
        lines += [
            rf"\addplot[curve{i},thick,{_PGF_DASHES[i]},mark=none] coordinates {{{_coordinates(curve)}}};",
            rf"\addlegendentry{{${latex.spell(curve.label)}$}}",
        ]
    return "\n".join([*lines, r"\end{axis}", r"\end{tikzpicture}"])


def pgf_colours() -> str:
    """The colours of the curves, for a document's preamble."""
    return "\n".join(rf"\definecolor{{curve{i}}}{{HTML}}{{{c[1:].upper()}}}" for i, c in enumerate(COLOURS))


def _coordinates(curve: Curve) -> str:
    return " ".join(f"({x:g},{y:g})" for x, y in zip(curve.xs[::2], curve.ys[::2], strict=True))
