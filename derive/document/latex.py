r"""Layouts as LaTeX (amsmath only), and where a long line may be broken.

Widths are estimates in em of the text size: good enough to choose a break, since amsmath places
the reason by what it measures.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from sympy import Expr

from derive.document.compose import Composer
from derive.document.layout import (
    Apply,
    Call,
    Fence,
    Fraction,
    Identifier,
    Large,
    LawName,
    Listing,
    Marked,
    Node,
    Number,
    Product,
    Radical,
    Relation,
    Script,
    Sign,
    Sum,
    bare,
)
from derive.document.notation import GREEK, Notation

MACROS = {letter: "\\" + name for name, letter in GREEK.items()} | {
    "ε": r"\varepsilon", "φ": r"\varphi", "υ": r"\upsilon", "π": r"\pi", "∞": r"\infty",
    "ℝ": r"\mathbb{R}", "ℕ": r"\mathbb{N}", "·": r"\cdot", "∫": r"\int", "∑": r"\sum", "∏": r"\prod",
    "≥": r"\ge", "≠": r"\ne",
    "∥": r"\,\|\,", "≪": r"\ll", "→": r"\to", "∈": r"\in", "≤": r"\le", "=": "=", ">": ">", "<": "<",
    "": "", "…": r"\dots", "⊆": r"\subseteq", "d": "d", "∂": r"\partial",
    "∣": r"\mid",
}  # fmt: skip
_SIZES = ("", "big", "Big", "bigg")
_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "≪": r"$\ll$", "′": r"$'$",
    "²": r"$^2$", "³": r"$^3$", "−": r"$-$", "·": r"$\cdot$", "∞": r"$\infty$", "½": r"$\frac12$",
    "₁": r"$_1$", "₂": r"$_2$", "‖": r"$\|$", "∫": r"$\int$", "√": r"$\surd$", "≤": r"$\le$", "≥": r"$\ge$",
    "…": r"\dots{}", "–": "--", "—": "---", "“": "``", "”": "''", "’": "'", "×": r"$\times$",
}  # fmt: skip


def escape(text: str) -> str:
    """Prose that LaTeX prints as it stands; a character it has no glyph for is shown by its code."""
    out = []
    for char in text:
        if char in _ESCAPES:
            out.append(_ESCAPES[char])
        elif char in MACROS and not char.isascii():
            out.append(f"${MACROS[char]}$")
        elif char == "\n" or (char.isprintable() and ord(char) < 0x250):
            out.append(char)
        else:
            out.append(f"[U+{ord(char):04X}]")
    return "".join(out)


def latex(term: Expr, notation: Notation | None = None) -> str:
    r"""A term as LaTeX.

    >>> from derive.terms import Minus, Plus, Power, Quotient, Times, symbol
    >>> x, mu, sigma = symbol("x"), symbol("mu"), symbol("sigma_1")
    >>> latex(Quotient(Power(Plus(x, Minus(mu)), 2), Times(2, Power(sigma, 2))))
    '\\frac{(x - \\mu)^2}{2 \\sigma_1^2}'
    """
    return spell(Composer(notation or Notation()).compose(term))


class Changed(Marked):
    r"""A new part that is shown as such: ``\changed{…}``, which a document defines."""


def with_changes(node: Node) -> Node:
    """The same layout, its new parts to be shown."""
    if isinstance(node, Marked):
        return Changed(with_changes(node.body))
    return replace(node, **{f.name: _each(getattr(node, f.name)) for f in fields(node)})


def _each(value: Any) -> Any:
    if isinstance(value, Node):
        return with_changes(value)
    return tuple(_each(v) for v in value) if isinstance(value, tuple) else value


def _changed(text: str) -> str:
    """A stretch in its mark, the sign before it outside."""
    sign = text[:3] if text[:3] in (" + ", " - ") else ""
    return rf"{sign}\changed{{{text[len(sign) :]}}}"


def _join(*parts: str) -> str:
    """Parts with a space only where a macro would swallow a letter."""
    out = ""
    for part in parts:
        if out and part and part[0].isalpha() and _ends_in_macro(out):
            out += " "
        out += part
    return out


def _ends_in_macro(text: str) -> bool:
    tail = len(text) - len(text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    return tail > 0 and text[: len(text) - tail].endswith("\\")


def _braced(text: str) -> str:
    return text if len(text) == 1 else "{" + text + "}"


def spell(node: Node) -> str:
    """A layout as LaTeX, in one line."""
    match node:
        case Identifier(text):
            return MACROS.get(text) or (text if len(text) == 1 else rf"\mathit{{{text}}}")
        case LawName(text, calligraphic):
            return rf"\mathcal{{{text}}}" if calligraphic else rf"\mathrm{{{text}}}"
        case Number(text):
            return text
        case Sign(text):
            return MACROS[text]
        case Changed(body):
            return _changed(spell(body))
        case Marked(body):
            return spell(body)
        case Fraction(top, bottom, small, linear):
            if linear:
                return f"{spell(top)}/{spell(bottom)}"
            return rf"\{'t' if small else ''}frac{{{spell(top)}}}{{{spell(bottom)}}}"
        case Script(base, sub, sup):
            down = "" if sub is None else "_" + _braced(spell(sub))
            up = "" if sup is None else "^" + _braced(spell(sup))
            return spell(base) + down + up
        case Radical(body):
            return rf"\sqrt{{{spell(body)}}}"
        case _:
            return "".join(piece.text for piece in pieces(node))


@dataclass(frozen=True)
class Piece:
    """A stretch of LaTeX; a line may be broken before it when ``depth`` is not None."""

    text: str
    width: float
    depth: int | None = None


def pieces(node: Node, depth: int = 0) -> list[Piece]:
    """A layout as pieces: breaks are before + and − that stand in no fraction, root or script, and right of
    a sign of relation."""
    match node:
        case Changed(body):
            return [replace(p, text=_changed(p.text)) for p in pieces(body, depth)]
        case Marked(body):
            return pieces(body, depth)
        case Sum(parts):
            return _sum_pieces(parts, depth)
        case Product(items):
            return _product_pieces(items, depth)
        case Fence(body, shape, size):
            left, right = _fence_marks(shape, size)
            return _glue(left, 0.4 + 0.1 * size, pieces(body, depth + 1), right, 0.4 + 0.1 * size)
        case Script(base, _, _) if isinstance(bare(base), Fence):
            tail = spell(Script(Sign(""), node.sub, node.sup))
            return _glue("", 0, pieces(base, depth), tail, width(node) - width(base))
        case Apply(function, argument):
            inner = pieces(argument, depth)
            joint = " " if inner[0].text[:1].isalnum() else ""
            return _glue(f"\\{function}{joint}", 1.5, inner, "", 0)
        case Call(head, arguments, separator):
            mark = r" \,\|\, " if separator == "∥" else ", "
            inside = mark.join(spell(a) for a in arguments)
            large = any(isinstance(bare(a), Fraction) for a in arguments)
            left, right = (r"\bigl(", r"\bigr)") if large else ("(", ")")
            return [Piece(f"{spell(head)}{left}{inside}{right}", width(node))]
        case Listing(items):
            return [Piece(",".join(spell(i) for i in items), width(node))]
        case Relation(left, symbol, right):
            joint = "=" if _is_index(left, right) else f" {MACROS[symbol]} "
            return _glue(spell(left) + joint, width(left) + 1.3, pieces(right, depth), "", 0)
        case Large(symbol, low, high, body, variable):
            sign = spell(Script(Sign(symbol), low, high))
            inner = pieces(body, depth)
            tail = "" if variable is None else _join(r" \,d", spell(variable))
            return _glue(sign + " ", width(node) - width(body) - 1.2, inner, tail, 1.2)
        case _:
            return [Piece(spell(node), width(node))]


def _is_index(left: Node, right: Node) -> bool:
    return isinstance(left, Identifier) and right == Number("1")


def _fence_marks(shape: str, size: int) -> tuple[str, str]:
    if size == 0:
        return shape[0], shape[1]
    return f"\\{_SIZES[size]}l{shape[0]}", f"\\{_SIZES[size]}r{shape[1]}"


def _glue(left: str, left_width: float, inner: list[Piece], right: str, right_width: float) -> list[Piece]:
    first, last = inner[0], inner[-1]
    out = [Piece(_join(left, first.text), left_width + first.width, first.depth), *inner[1:]]
    last = out[-1]
    out[-1] = Piece(_join(last.text, right), last.width + right_width, last.depth)
    return out


def _sum_pieces(parts: tuple[tuple[int, Node], ...], depth: int) -> list[Piece]:
    out: list[Piece] = []
    for i, (sign, part) in enumerate(parts):
        inner = pieces(part, depth)
        if i == 0:
            out += inner if sign == 1 else _glue("-", 0.8, inner, "", 0)
            continue
        mark = " + " if sign == 1 else " - "
        first, *rest = inner
        out += [Piece(mark + first.text, first.width + 1.2, depth), *rest]
    return out


def _product_pieces(items: tuple[Node, ...], depth: int) -> list[Piece]:
    out: list[Piece] = []
    for i, item in enumerate(items):
        inner = pieces(item, depth)
        if not out:
            out = inner
            continue
        joint = _joint(items[i - 1], item)
        head, tail = out[:-1], out[-1]
        first, *rest = inner
        glued = Piece(tail.text + joint + first.text, tail.width + first.width + 0.1, tail.depth)
        out = [*head, glued, *rest]
    return out


def _joint(left: Node, right: Node) -> str:
    """What stands between two factors: nothing before a fence, a thin space after a whole p(x)."""
    a, b = bare(left), bare(right)
    if isinstance(a, Call) and not isinstance(b, (Large, Apply, Sign)):
        return r"\,"
    return "" if isinstance(b, Fence) else " "


def width(node: Node) -> float:
    """An estimate of the width in em."""
    match node:
        case Identifier(text) | LawName(text, _):
            return 0.62 * len(text) if len(text) > 1 else 0.6
        case Number(text):
            return 0.5 * len(text)
        case Sign(text):
            return 0.85 if text else 0
        case Marked(body):
            return width(body)
        case Radical(body):
            return 0.85 + width(body)
        case Sum(parts):
            return sum(width(p) + (1.2 if i or s < 0 else 0) for i, (s, p) in enumerate(parts))
        case Product(items):
            return sum(width(f) + 0.1 for f in items)
        case Fraction(top, bottom, small, linear):
            if linear:
                return width(top) + width(bottom) + 0.5
            return (0.7 if small else 1.0) * max(width(top), width(bottom)) + 0.25
        case Script(base, sub, sup):
            return width(base) + 0.75 * max(*(0 if s is None else width(s) for s in (sub, sup)), 0)
        case Fence(body, _, size):
            return width(body) + 0.8 + 0.2 * size
        case Apply(_, argument):
            return 1.5 + width(argument)
        case Call(head, arguments, _):
            return width(head) + 0.4 + sum(width(a) + 0.45 for a in arguments)
        case Large(_, low, high, body, variable):
            limits = max(*(0 if s is None else 0.75 * width(s) for s in (low, high)), 0)
            return 0.9 + limits + width(body) + (0 if variable is None else 0.75 + width(variable)) + 0.2
        case Relation(left, _, right):
            return width(left) + width(right) + 1.3
        case Listing(items):
            return sum(width(i) + 0.35 for i in items)
        case _:
            raise TypeError(f"no width for {type(node).__name__}")


def broken(node: Node, budget: float) -> list[str]:
    """The layout as one or more lines of LaTeX, each about ``budget`` em wide at most.

    A line is broken before a + or − at the outermost level that helps; what continues inside a
    bracket is set in from what continues outside it.
    """
    return _break(pieces(node), budget, 0)


def _break(stretch: list[Piece], budget: float, level: int) -> list[str]:
    if sum(p.width for p in stretch) <= budget or len(stretch) == 1:
        return ["".join(p.text for p in stretch)]
    depths = [p.depth for p in stretch[1:] if p.depth is not None]
    if not depths:
        return ["".join(p.text for p in stretch)]
    outermost = min(depths)
    segments: list[list[Piece]] = [[]]
    for i, piece in enumerate(stretch):
        if i and piece.depth == outermost:
            segments.append([])
        segments[-1].append(piece)
    lines: list[list[Piece]] = []
    for segment in segments:
        wide = sum(p.width for p in segment)
        if lines and sum(p.width for p in lines[-1]) + wide <= budget:
            lines[-1].extend(segment)
        else:
            lines.append(list(segment))
    out: list[str] = []
    for i, line in enumerate(lines):
        room = budget if i == 0 else budget - 2 * (outermost + 1)
        indent = "" if i == 0 else r"\quad" * (outermost + 1)
        first, *rest = _break(line, room, level + 1)
        out.append(f"{indent}{first}" if not indent else f"{indent}{{}}{first}")
        out += [r"\quad" * (outermost + 1) + text if i else text for text in rest]
    return out
