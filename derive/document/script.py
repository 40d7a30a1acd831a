"""The page's script: a fixed text, and the formulas of one result that the sliders draw.

Everything is inline and named by its digest in the page's policy, so the page runs with the network
off and a browser refuses any script that was put in later.
"""

from __future__ import annotations

import base64
import hashlib
import json

from derive.course.explore import PREFIX, Explorer
from derive.templates import template_folder


def script(explorer: Explorer | None) -> str:
    """The script of a page; without an explorer it holds the lesson alone."""
    fixed = (template_folder() / "document" / "page.js.j2").read_text(encoding="utf-8")
    text = (_model(explorer) if explorer else "") + fixed
    if "</" in text or "<!--" in text:
        raise ValueError("a script in a page may not hold the start of a closing tag or of a comment")
    return text


def _model(explorer: Explorer) -> str:
    given = "[" + ", ".join(PREFIX + s.name for s in explorer.sliders) + "]"
    parts = ",\n    ".join(f"({given}) => {part.script}" for part in explorer.parts)
    return (
        "const model = {\n"
        f"  halfLine: {json.dumps(explorer.half_line)},\n"
        f"  p: (x, {given}) => {explorer.p},\n"
        f"  q: (x, {given}) => {explorer.q},\n"
        f"  integrand: (x, {given}) => {explorer.integrand},\n"
        f"  parts: [\n    {parts}\n  ]\n"
        "};\n"
    )


def digest(text: str) -> str:
    """The source that a content security policy names for an inline text."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii") + "'"


def policy(style: str, program: str, *, images: bool = False) -> str:
    """The page's content security policy: its own style, script and images, and nothing from elsewhere."""
    own = f"style-src {digest(style)}; script-src {digest(program)}; " + ("img-src data:; " if images else "")
    return f"default-src 'none'; {own}base-uri 'none'; form-action 'none'"


__all__ = ["digest", "policy", "script"]
