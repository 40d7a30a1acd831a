"""What a formula looks like, before it is LaTeX, MathML or plain text.

A layout says what stands where (a fraction, a fence, a sum with signs) and nothing about a format,
so that precedence and parentheses are decided once, in :mod:`derive.document.compose`, and each
printer only spells.  Texts are Unicode; the LaTeX printer maps them to macros.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """A piece of a formula."""


@dataclass(frozen=True)
class Identifier(Node):
    """A variable: one letter, a Greek letter or a word."""

    text: str


@dataclass(frozen=True)
class LawName(Node):
    """A calligraphic or upright name of a law, as in 𝒩 or Exp."""

    text: str
    calligraphic: bool = False


@dataclass(frozen=True)
class Number(Node):
    """Digits."""

    text: str


@dataclass(frozen=True)
class Sign(Node):
    """A symbol that stands alone: ∞, ℝ, ·."""

    text: str


@dataclass(frozen=True)
class Sum(Node):
    """Signed parts in reading order."""

    parts: tuple[tuple[int, Node], ...]


@dataclass(frozen=True)
class Product(Node):
    """Factors in reading order; ``Sign("·")`` stands where juxtaposition would mislead."""

    factors: tuple[Node, ...]


@dataclass(frozen=True)
class Fraction(Node):
    """``small`` for a numeric coefficient beside short terms; ``linear`` as in an exponent."""

    top: Node
    bottom: Node
    small: bool = False
    linear: bool = False


@dataclass(frozen=True)
class Script(Node):
    """A base with a subscript, a superscript, or both."""

    base: Node
    sub: Node | None = None
    sup: Node | None = None


@dataclass(frozen=True)
class Radical(Node):
    """A square root."""

    body: Node


@dataclass(frozen=True)
class Fence(Node):
    """Parentheses or brackets; ``size`` 0 (as typed) to 3."""

    body: Node
    shape: str = "()"
    size: int = 0


@dataclass(frozen=True)
class Apply(Node):
    """A function before its argument, as in log x; the argument is fenced where needed."""

    function: str
    argument: Node


@dataclass(frozen=True)
class Call(Node):
    """A name with arguments in parentheses, as in p(x) or KL(p ∥ q)."""

    head: Node
    arguments: tuple[Node, ...]
    separator: str = ","


@dataclass(frozen=True)
class Large(Node):
    """An integral, sum or product sign with its body; ``variable`` is the integral's."""

    symbol: str
    low: Node | None
    high: Node | None
    body: Node
    variable: Node | None = None


@dataclass(frozen=True)
class Relation(Node):
    """left ∘ right, as in σ > 0."""

    left: Node
    symbol: str
    right: Node


@dataclass(frozen=True)
class Listing(Node):
    """Nodes with commas between."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Marked(Node):
    """The part that is new in this line."""

    body: Node


def bare(node: Node) -> Node:
    """A node without the mark around it."""
    return node.body if isinstance(node, Marked) else node


def is_differential(node: Node) -> bool:
    """Whether a fraction is d/dx, ∂/∂x or one of a higher order."""
    top = node.top if isinstance(node, Fraction) else node
    head = top.base if isinstance(top, Script) else top
    return isinstance(node, Fraction) and head in (Identifier("d"), Identifier("∂"))


SHORT, SCRIPTED, FENCED, TALL, TALLEST = range(5)


def height(node: Node) -> int:
    """How tall a node is: decides the size of the fence around it."""
    match node:
        case Marked(body) | Apply(_, body) | Radical(body):
            return height(body)
        case Sum(parts):
            return max(height(part) for _, part in parts)
        case Product(items) | Listing(items):
            return max(height(item) for item in items)
        case Fraction(_, _, small, linear):
            return SCRIPTED if linear else FENCED if small else TALL
        case Script(base, _, sup):
            return max(height(base), SHORT if sup is None else SCRIPTED)
        case Fence(_, _, size):
            return TALLEST if size >= 2 else max(FENCED, size)
        case Call(_, arguments, _):
            return max(FENCED, *(height(a) for a in arguments))
        case Large():
            return TALL
        case Relation(left, _, right):
            return max(height(left), height(right))
        case _:
            return SHORT


def _holds_fence(node: Node) -> bool:
    """Whether parentheses are written somewhere in a node."""
    match node:
        case Fence() | Call():
            return True
        case Marked(body) | Apply(_, body) | Radical(body):
            return _holds_fence(body)
        case Sum(parts):
            return any(_holds_fence(part) for _, part in parts)
        case Product(items) | Listing(items):
            return any(_holds_fence(item) for item in items)
        case Fraction(top, bottom):
            return _holds_fence(top) or _holds_fence(bottom)
        case Script(base, _, sup):
            return _holds_fence(base) or (sup is not None and _holds_fence(sup))
        case Large(_, _, _, body, _):
            return _holds_fence(body)
        case _:
            return False


def fence(body: Node, shape: str = "") -> Fence:
    """A fence as large as its content asks; brackets around a sum that has parentheses inside."""
    tallness = height(body)
    size = {SHORT: 0, SCRIPTED: 0, FENCED: 1, TALL: 2, TALLEST: 3}[tallness]
    inner = bare(body)
    parts = len(inner.parts) if isinstance(inner, Sum) else 1
    brackets = parts > 1 and (_holds_fence(body) or (tallness >= TALL and parts > 2))
    return Fence(body, shape or ("[]" if brackets else "()"), size)
