"""Layouts as one line of Unicode, for a terminal."""

from __future__ import annotations

from sympy import Expr

from derive.document.compose import Composer
from derive.document.layout import (
    SCRIPTED,
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
    height,
    is_differential,
)
from derive.document.notation import Notation
from derive.document.prose import Link, Prose

_SUPERSCRIPT = dict(zip("0123456789dn−", "⁰¹²³⁴⁵⁶⁷⁸⁹ᵈⁿ⁻", strict=True))
_SUBSCRIPT = dict(zip("0123456789ijkn=", "₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₙ₌", strict=True))
_FRACTIONS = {("1", "2"): "½", ("1", "4"): "¼", ("3", "4"): "¾"}


def plain(term: Expr, notation: Notation | None = None) -> str:
    """A term as one line of Unicode.

    >>> from derive.terms import Log, Quotient, symbol
    >>> plain(Log(Quotient(symbol("sigma_2"), symbol("sigma_1"))))
    'log(σ₂/σ₁)'
    """
    return spell(Composer(notation or Notation()).compose(term))


def plain_words(value: Prose) -> str:
    """Prose as text for a place that holds no formulas, such as what stands for a picture."""
    return "".join(
        part if isinstance(part, str) else part.text if isinstance(part, Link) else spell(part)
        for part in value.parts
    )


def spell(node: Node) -> str:
    """A layout as one line of Unicode."""
    match node:
        case Identifier(text) | LawName(text, _) | Number(text) | Sign(text):
            return text
        case Marked(body):
            return spell(body)
        case Sum(parts):
            return _sum(parts, tight=False)
        case Product(items):
            return _product(items)
        case Fraction():
            return _fraction(node)
        case Script(base, sub, sup):
            down = "" if sub is None else _script(sub, _SUBSCRIPT, "_")
            up = "" if sup is None else _script(sup, _SUPERSCRIPT, "^")
            return spell(base) + down + up
        case Radical(body):
            inner = bare(body)
            raised = isinstance(inner, Script) and not isinstance(bare(inner.base), Identifier)
            return f"√({spell(body)})" if raised else f"√{_whole(body)}"
        case Fence(body, shape, _):
            return shape[0] + (_closely(body) if shape == "()" else spell(body)) + shape[1]
        case Apply(function, argument):
            inner = bare(argument)
            if isinstance(inner, Fence):
                return function + spell(argument)
            needs = isinstance(inner, Fraction)
            return f"{function}({spell(argument)})" if needs else f"{function} {spell(argument)}"
        case Call(head, arguments, separator):
            joint = "‖" if separator == "∥" else ", "
            return f"{spell(head)}({joint.join(spell(a) for a in arguments)})"
        case Large():
            return _large(node)
        case Relation(left, symbol, right):
            return f"{spell(left)} {symbol} {spell(right)}"
        case Listing(items):
            return ", ".join(spell(i) for i in items)
        case _:
            raise TypeError(f"no spelling for {type(node).__name__}")


def _is_tight(node: Sum) -> bool:
    """A short sum such as x − μ is written without spaces inside parentheses."""
    return (
        1 < len(node.parts) <= 2
        and height(node) <= SCRIPTED
        and all(isinstance(bare(p), (Identifier, Number, Script)) for _, p in node.parts)
    ) or len(node.parts) == 1


def _closely(node: Node) -> str:
    """A layout, a short sum without spaces."""
    inner = bare(node)
    return _sum(inner.parts, tight=True) if isinstance(inner, Sum) and _is_tight(inner) else spell(node)


def _sum(parts: tuple[tuple[int, Node], ...], *, tight: bool) -> str:
    out = ""
    for i, (sign, part) in enumerate(parts):
        mark = "+" if sign == 1 else "−"
        if i == 0:
            out = "" if sign == 1 else "−"
        else:
            out += mark if tight else f" {mark} "
        out += spell(part)
    return out


def _product(items: tuple[Node, ...]) -> str:
    out = ""
    before: Node | None = None
    for item in items:
        inner = bare(item)
        if isinstance(inner, Sign) and inner.text == "·":
            before = inner
            out += " · "
            continue
        text = spell(item)
        if isinstance(inner, Fraction) and before is not None and text not in _FRACTIONS.values():
            text = f"({text})"
        if before is not None and not isinstance(before, Sign):
            out += _joint(before, inner, out)
        out += text
        before = inner
    return out


def _joint(left: Node, right: Node, so_far: str) -> str:
    if isinstance(left, Fraction):
        if is_differential(left):
            return " "
        return " " if so_far.endswith(tuple(_FRACTIONS.values())) else " · "
    if isinstance(left, Radical):
        return "·"
    if isinstance(right, Fence) or (isinstance(right, Script) and isinstance(bare(right.base), Fence)):
        return " " if isinstance(left, (Call, Script)) and not _ends_fence(left) else ""
    raised = so_far.endswith(")") and not _ends_fence(left)
    return "" if _is_letter(left) and _is_letter(right) and not raised else " "


def _is_letter(node: Node) -> bool:
    """A number or a one-letter name with scripts that Unicode has: what may be juxtaposed."""
    if isinstance(node, Radical):
        return True
    base = node.base if isinstance(node, Script) else node
    if isinstance(base, Number):
        return True
    return isinstance(base, Identifier) and len(base.text) == 1 and "_" not in spell(node)


def _ends_fence(node: Node) -> bool:
    return isinstance(node, Fence) or (isinstance(node, Script) and isinstance(bare(node.base), Fence))


def _fraction(node: Fraction) -> str:
    top, bottom = spell(node.top), spell(node.bottom)
    if is_differential(node):
        return f"{top}/{bottom}"
    if (top, bottom) in _FRACTIONS and not node.linear:
        return _FRACTIONS[top, bottom]
    above = top if isinstance(bare(node.top), Product) and "∫" not in top else _whole(node.top)
    return f"{above}/{_whole(node.bottom)}"


def _whole(node: Node) -> str:
    """A layout as one unit: in parentheses unless it is one already."""
    inner = bare(node)
    text = spell(node)
    if isinstance(inner, (Identifier, Number, Sign, Call, Fence, Radical)):
        return text
    if isinstance(inner, Script) and isinstance(bare(inner.base), (Identifier, Fence, Call)):
        return text
    return f"({_closely(node)})"


def _script(node: Node, alphabet: dict[str, str], mark: str) -> str:
    if isinstance(node, Listing):
        joint = "," if any(isinstance(i, Relation) for i in node.items) else ""
        text = joint.join(spell(i) for i in node.items)
    else:
        text = _closely(node)
    text = text.replace(" ", "") if mark == "_" else text
    if all(c in alphabet for c in text):
        return "".join(alphabet[c] for c in text)
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"


def _large(node: Large) -> str:
    sign = node.symbol
    line = (Sum(((-1, Sign("∞")),)), Sign("∞"))
    if node.low is not None and (node.low, node.high) != line:
        sign += _script(node.low, _SUBSCRIPT, "_")
        if node.high is not None:
            sign += _script(node.high, _SUPERSCRIPT, "^")
    tail = "" if node.variable is None else f" d{spell(node.variable)}"
    return f"{sign} {spell(node.body)}{tail}"
