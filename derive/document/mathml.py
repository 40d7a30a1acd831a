"""Layouts as presentation MathML, which browsers show without a script."""

from __future__ import annotations

from html import escape

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

_SCRIPT_LETTERS = {"B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ"}
_IDENTIFIERS = ("ℝ", "ℕ", "∞", "…")
APPLY = "<mo>&#x2061;</mo>"
THIN = '<mspace width=".17em"/>'


def mathml(node: Node, *, display: bool = False, equals: bool = False) -> str:
    """A layout as a ``math`` element: within a sentence, or full size on a line of its own.

    ``equals`` puts an equals sign before it, for a line that continues a chain.  What MathML gives an
    operator by itself is left to it (its form by its place, parentheses that are fences): pages are large.
    """
    style = ' displaystyle="true"' if display else ""
    body = _row(_operator("=", "infix"), spell(node)) if equals else spell(node)
    return f"<math{style}>{body}</math>"


def _row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def _operator(text: str, form: str = "") -> str:
    shape = f' form="{form}"' if form else ""
    return f"<mo{shape}>{escape(text)}</mo>"


def spell(node: Node) -> str:
    """A layout as MathML, without the ``math`` element."""
    match node:
        case Identifier(text):
            return f"<mi>{escape(text)}</mi>"
        case LawName(text, calligraphic):
            if calligraphic:
                text = "".join(_SCRIPT_LETTERS.get(c) or chr(0x1D49C + ord(c) - ord("A")) for c in text)
            upright = ' mathvariant="normal"' if len(text) == 1 and text.isascii() else ""
            return f"<mi{upright}>{escape(text)}</mi>"
        case Number(text):
            return f"<mn>{escape(text)}</mn>"
        case Sign(text):
            if not text:
                return ""
            return f"<mi>{text}</mi>" if text in _IDENTIFIERS else _operator(text)
        case Marked(body):
            return f'<mrow class="new">{spell(body)}</mrow>'
        case Sum(parts):
            return _sum(parts)
        case Product(items):
            return _row(*_spaced(items))
        case Fraction(top, bottom, small, linear):
            if linear:
                return _row(spell(top), '<mo lspace="0" rspace="0">/</mo>', spell(bottom))
            fraction = f"<mfrac>{spell(top)}{spell(bottom)}</mfrac>"
            return f'<mstyle displaystyle="false">{fraction}</mstyle>' if small else fraction
        case Script(base, sub, sup):
            return _script(base, sub, sup)
        case Radical(body):
            return f"<msqrt>{spell(body)}</msqrt>"
        case Fence(body, shape, size):
            return _fenced(spell(body), shape, stretchy=size > 0)
        case Apply(function, argument):
            gap = "" if isinstance(bare(argument), Fence) else THIN
            return _row(f"<mi>{escape(function)}</mi>", APPLY, gap, spell(argument))
        case Call(head, arguments, separator):
            joint = _operator(separator) if separator == "∥" else "<mo>,</mo>"
            inside = joint.join(spell(a) for a in arguments)
            return _row(spell(head), _fenced(inside, "()", stretchy=_tall(arguments)))
        case Large():
            return _large(node)
        case Relation(left, symbol, right):
            return _row(spell(left), _operator(symbol), spell(right))
        case Listing(items):
            return _row("<mo>,</mo>".join(spell(i) for i in items))
        case _:
            raise TypeError(f"no MathML for {type(node).__name__}")


def _tall(arguments: tuple[Node, ...]) -> bool:
    return any(isinstance(bare(a), Fraction) for a in arguments)


def _fenced(inside: str, shape: str, *, stretchy: bool) -> str:
    flag = "" if stretchy else ' stretchy="false"'
    left, right = (f"<mo{flag}>{mark}</mo>" for mark in shape)
    return _row(left, inside, right)


def _sum(parts: tuple[tuple[int, Node], ...]) -> str:
    out = []
    for i, (sign, part) in enumerate(parts):
        if i:
            out.append(_operator("+" if sign == 1 else "−"))
        elif sign == -1:
            out.append(_operator("−"))
        out.append(spell(part))
    return _row(*out)


def _spaced(items: tuple[Node, ...]) -> list[str]:
    """Factors with a thin space where two words or signs would touch."""
    out: list[str] = []
    for i, item in enumerate(items):
        before = bare(items[i - 1]) if i else None
        here = bare(item)
        loose = isinstance(here, (Apply, Large)) or isinstance(before, (Call, Large))
        if before is not None and loose and not isinstance(before, Sign) and not isinstance(here, Sign):
            out.append(THIN)
        out.append(spell(item))
    return out


def _script(base: Node, sub: Node | None, sup: Node | None) -> str:
    inside = spell(base)
    if sub is not None and sup is not None:
        return f"<msubsup>{inside}{spell(sub)}{spell(sup)}</msubsup>"
    if sub is not None:
        return f"<msub>{inside}{spell(sub)}</msub>"
    return inside if sup is None else f"<msup>{inside}{spell(sup)}</msup>"


def _large(node: Large) -> str:
    sign = f'<mo largeop="true" lspace="0" rspace="0">{node.symbol}</mo>'
    if node.symbol == "∫":
        if node.low is not None and node.high is not None:
            sign = f"<msubsup>{sign}{spell(node.low)}{spell(node.high)}</msubsup>"
        elif node.low is not None:
            sign = f"<msub>{sign}{spell(node.low)}</msub>"
    elif node.low is not None and node.high is not None:
        sign = f"<munderover>{sign}{spell(node.low)}{spell(node.high)}</munderover>"
    tail = ""
    if node.variable is not None:
        tail = THIN + "<mi>d</mi>" + spell(node.variable)
    return _row(sign, THIN, spell(node.body), tail)
