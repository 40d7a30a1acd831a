"""The peers' relative error against the size of the divergence, as one SVG with the same bytes each time."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)))


def plot(curves: Mapping[str, Any]) -> str:
    """The curves of ``compare_with_peers`` as the text of an SVG file."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "derive", "svg.fonttype": "none", "font.size": 10}):
        figure = Figure(figsize=(7.2, 4.4), layout="constrained")
        axes = figure.add_subplot()
        sizes = [10 ** (edge + 0.25) for edge in curves["log10_divergence"]]
        for style, (name, errors) in zip(STYLES, curves["largest_relative_error"].items(), strict=False):
            shown = [e if 0 < e < math.inf else math.nan for e in errors]
            axes.plot(sizes, shown, linestyle=style, linewidth=1.6, label=name)
        axes.axhline(1, color="0.6", linewidth=0.8)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(1e-8, 1e8)
        axes.set_xlabel("KL divergence (nats)")
        axes.set_ylabel("largest relative error, float32")
        axes.set_title("KL(N(mean, exp(logvar)) || N(0, 1)); above the line no digit is right")
        axes.legend(frameon=False)
        axes.grid(alpha=0.3)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
