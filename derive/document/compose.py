"""From a term to its layout: precedence, parentheses, and how a careful author arranges a line."""

from __future__ import annotations

from sympy import Expr, Integer, Rational, Symbol, oo, pi

from derive.distributions.claims import squared
from derive.document.layout import (
    TALL,
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
    fence,
    height,
)
from derive.document.notation import Notation, with_index
from derive.terms import (
    KL,
    REALS,
    Between,
    Component,
    Density,
    DerivativeIn,
    Exp,
    IntegralOver,
    Law,
    Log,
    Minus,
    OpenInterval,
    Place,
    Plus,
    Power,
    ProductLaw,
    ProductOver,
    ProductSpace,
    Quotient,
    Root,
    SumOver,
    TermError,
    Times,
    ValueAt,
    contains,
    free_symbols,
)

SUM, NEGATIVE, PRODUCT, FACTOR, ATOM = range(5)
DOT = Sign("·")


def precedence(term: Expr) -> int:
    """How tightly a term's outermost operation binds."""
    if isinstance(term, Plus):
        return SUM
    if isinstance(term, Minus) or (term.is_Rational and term < 0):
        return NEGATIVE
    if isinstance(term, (Times, Log, SumOver, ProductOver, ProductLaw, DerivativeIn)):
        return PRODUCT
    if isinstance(term, Quotient):
        return PRODUCT if _in_front(term) else FACTOR
    if isinstance(term, (Exp, Power, Root, IntegralOver)):
        return FACTOR
    if isinstance(term, Rational) and not isinstance(term, Integer):
        return FACTOR
    return ATOM


def _in_front(term: Expr) -> bool:
    """Whether a fraction is written 1/b in front of its numerator, since that holds an integral."""
    return contains(term.args[0], IntegralOver) or contains(term.args[0], SumOver)


class Composer:
    """Composes terms in one notation.  ``marks`` are the places that are new in the line."""

    def __init__(self, notation: Notation, marks: frozenset[Place] = frozenset()) -> None:
        self.notation = notation
        self.marks = marks
        self.unmarked = Composer(notation) if marks else self
        """Composes what has no place of its own: bound variables, ends of intervals, laws."""

    def compose(self, term: Expr, place: Place = (), *, script: bool = False) -> Node:
        """The layout of a term, without a fence around it; ``script`` in an exponent or index."""
        node = self._plain(term, place, script)
        return Marked(node) if place in self.marks else node

    def fenced(self, term: Expr, place: Place, least: int, *, script: bool = False) -> Node:
        """The layout of a term, in a fence when it binds less tightly than ``least``."""
        if precedence(term) >= least:
            return self.compose(term, place, script=script)
        inner = self._plain(term, place, script)
        node = Fence(inner) if script else fence(inner)
        return Marked(node) if place in self.marks else node

    def _plain(self, term: Expr, place: Place, script: bool) -> Node:
        match term:
            case Symbol():
                return self.notation.symbol(term.name)
            case Rational():
                return _number(term, script)
            case Plus():
                return self._sum(term, place, script)
            case Minus():
                return Sum(((-1, self.fenced(term.args[0], (*place, 0), PRODUCT, script=script)),))
            case Times():
                return self._product(term, place, script)
            case Quotient():
                return self._quotient(term, place, script)
            case Power():
                return self._power(term, place, script)
            case Root():
                return Radical(self.compose(term.args[0], (*place, 0)))
            case Log():
                return self._log(term, place, script)
            case Exp():
                return self._exp(term, place) if term.args[0] != 1 else Identifier("e")
            case Component():
                vector, index = (self.unmarked.compose(a, script=script) for a in term.args)
                return with_index(vector, index)
            case DerivativeIn():
                return self._derivative(term, place)
            case ValueAt():
                return self._value_at(term, place)
            case IntegralOver() | SumOver() | ProductOver() | Between():
                return self._over(term, place)
            case _:
                return self.unmarked._named(term)

    def _named(self, term: Expr) -> Node:
        """What is shown by name, or is a whole of its own."""
        match term:
            case Law() | ProductLaw():
                return self.notation.role(term) or self.law(term)
            case Density():
                law, point = term.args
                head = self.notation.role(law) or Script(Identifier("f"), self.law(law))
                return Call(head, (self.compose(point),))
            case KL():
                return Call(LawName("KL"), tuple(self.compose(a) for a in term.args), "∥")
            case OpenInterval():
                if term == REALS:
                    return Sign("ℝ")
                return Call(Sign(""), tuple(self.compose(a) for a in term.args))
            case ProductSpace():
                base, index, dimension = term.args
                if index in free_symbols(base):
                    return Large("∏", self._first(index), self.compose(dimension), self.compose(base))
                return Script(self.compose(base), None, self.compose(dimension))
            case _ if term == oo:
                return Sign("∞")
            case _ if term == pi:
                return Identifier("π")
            case _:
                raise TermError(f"{type(term).__name__} cannot be printed")

    def law(self, law: Expr) -> Node:
        """A law by its family's symbol, whatever its role."""
        if isinstance(law, ProductLaw):
            factor, index, dimension = law.args
            return Large("∏", self._first(index), self.compose(dimension), self.law(factor))
        if not isinstance(law, Law):
            raise TermError(f"{law} is not a law")
        head, slots = self.notation.law(law.family)
        shown = (law.args[1 + index] for index, _ in slots)
        arguments = (squared(a) if square else a for a, (_, square) in zip(shown, slots, strict=True))
        return Call(head, tuple(self.compose(a) for a in arguments))

    def _first(self, index: Expr) -> Node:
        return Relation(self.unmarked.compose(index), "=", Number("1"))

    def _sum(self, term: Expr, place: Place, script: bool) -> Node:
        parts: list[tuple[int, Node]] = []
        for i, part in enumerate(term.args):
            here = (*place, i)
            sign, inner, inside = 1, part, here
            if isinstance(part, Minus):
                sign, inner, inside = -1, part.args[0], (*here, 0)
            elif part.is_Rational and part < 0:
                sign, inner = -1, -part
            node = self.fenced(inner, inside, PRODUCT, script=script)
            if isinstance(bare(node), Fence) and isinstance(inner, Plus):
                node = self._round(node)
            parts.append((sign, Marked(bare(node)) if here in self.marks else node))
        tall = any(height(n) >= TALL for (_, n), t in zip(parts, term.args, strict=True) if _is_long(t))
        if not tall:
            parts = [(sign, _small(node)) for sign, node in parts]
        return Sum(tuple(parts))

    @staticmethod
    def _round(node: Node) -> Node:
        """Parentheses, not brackets, around a sum in a sum."""
        inner = bare(node)
        assert isinstance(inner, Fence)
        rounded = Fence(inner.body, "()", inner.size)
        return Marked(rounded) if isinstance(node, Marked) else rounded

    def _product(self, term: Expr, place: Place, script: bool) -> Node:
        out: list[Node] = []
        last = len(term.args) - 1
        for i, factor in enumerate(term.args):
            here = (*place, i)
            opens = i < last and isinstance(factor, (SumOver, ProductOver, DerivativeIn))
            node = self.fenced(factor, here, ATOM if opens else PRODUCT, script=script)
            if i < last and isinstance(factor, Log):
                node = _closed(node)
            if i and _needs_dot(term.args[i - 1], factor):
                out.append(DOT)
            out.append(node)
        if len(out) > 1 and not any(height(n) >= TALL for n in out[1:]):
            out[0] = _small(out[0])
        return Product(tuple(out))

    def _quotient(self, term: Expr, place: Place, script: bool) -> Node:
        top, bottom = term.args
        if script:
            divided = isinstance(bottom, Quotient) or (bottom.is_Rational and not bottom.is_Integer)
            return Fraction(
                self.fenced(top, (*place, 0), PRODUCT, script=True),
                self.fenced(bottom, (*place, 1), ATOM if divided else FACTOR, script=True),
                linear=True,
            )
        under = self.compose(bottom, (*place, 1))
        if _in_front(term):
            over = self.fenced(top, (*place, 0), PRODUCT)
            return Product((Fraction(Number("1"), under), over))
        return Fraction(self.compose(top, (*place, 0)), under)

    def _power(self, term: Expr, place: Place, script: bool) -> Node:
        base, exponent = term.args
        node = self.fenced(base, (*place, 0), ATOM, script=script)
        up = self.compose(exponent, (*place, 1), script=True)
        if isinstance(node, Script) and node.sup is None:
            return Script(node.base, node.sub, up)
        if isinstance(node, Fence) and isinstance(base, IntegralOver):
            node = Fence(node.body, "()", node.size)
        return Script(node, None, up)

    def _log(self, term: Expr, place: Place, script: bool) -> Node:
        (argument,) = term.args
        here = (*place, 0)
        simple = precedence(argument) == ATOM or isinstance(argument, (Root, Exp, ProductOver))
        simple = simple or (isinstance(argument, Quotient) and not _in_front(argument))
        if isinstance(argument, Power):
            simple = isinstance(argument.args[0], (Symbol, Component))
        if simple:
            return Apply(self.notation.logarithm, self.compose(argument, here, script=script))
        inner = self._plain(argument, here, script)
        node: Node = Fence(inner, "()", fence(inner).size)
        return Apply(self.notation.logarithm, Marked(node) if here in self.marks else node)

    def _exp(self, term: Expr, place: Place) -> Node:
        (exponent,) = term.args
        here = (*place, 0)
        if contains(exponent, Quotient) and any(
            isinstance(t, Quotient) and precedence(t.args[0]) < ATOM for t in _parts(exponent)
        ):
            inner = self.compose(exponent, here)
            return Apply("exp", Fence(inner, "()", fence(inner).size))
        return Script(Identifier("e"), None, self.compose(exponent, here, script=True))

    def _derivative(self, term: Expr, place: Place) -> Node:
        """∂/∂x f; derivatives one inside the other are written as one of higher order."""
        variables, here = list[Expr](), place
        while isinstance(term, DerivativeIn) and (here == place or here not in self.marks):
            variables.insert(0, term.args[1])
            term, here = term.args[0], (*here, 0)
        shown = [self.unmarked.compose(x) for x in variables]
        least = PRODUCT if isinstance(term, Log) else FACTOR
        return Product((differential(shown), self.fenced(term, here, least)))

    def _value_at(self, term: Expr, place: Place) -> Node:
        """[f] with x = a below; for several variables, one pair of brackets."""
        points, here = list[Node](), place
        while isinstance(term, ValueAt) and (here == place or here not in self.marks):
            variable, point = (self.unmarked.compose(a, script=True) for a in term.args[1:3])
            points.insert(0, Relation(variable, "=", point))
            term, here = term.args[0], (*here, 0)
        inner = self.compose(term, here)
        where = points[0] if len(points) == 1 else Listing(tuple(points))
        return Script(Fence(inner, "[]", max(1, fence(inner).size)), where)

    def _over(self, term: Expr, place: Place) -> Node:
        body, variable, *where = term.args
        here = (*place, 0)
        if isinstance(term, Between):
            inner = self.compose(body, here)
            size = max(1, fence(inner).size)
            return Script(Fence(inner, "[]", size), *(self.unmarked.compose(w, script=True) for w in where))
        if isinstance(term, IntegralOver):
            space = where[0]
            node = self.fenced(body, here, PRODUCT)
            over = self.unmarked.compose(variable)
            if isinstance(space, OpenInterval):
                low, high = (self.unmarked.compose(end, script=True) for end in space.args)
                return Large("∫", low, high, node, over)
            return Large("∫", self.unmarked.compose(space), None, node, over)
        symbol = "∑" if isinstance(term, SumOver) else "∏"
        least = PRODUCT if not isinstance(body, (Times, Quotient)) or symbol == "∑" else FACTOR
        first, last = self._first(variable), self.unmarked.compose(where[0])
        return Large(symbol, first, last, self.fenced(body, here, least))


PARTIAL = Identifier("∂")


def differential(variables: list[Node]) -> Fraction:
    """∂ⁿ/∂x∂y…, equal variables that follow each other as a power."""
    below: list[Node] = []
    runs: list[tuple[Node, int]] = []
    for x in variables:
        if runs and runs[-1][0] == x:
            runs[-1] = (x, runs[-1][1] + 1)
        else:
            runs.append((x, 1))
    for x, times_taken in runs:
        below += [PARTIAL, x if times_taken == 1 else _raised(x, times_taken)]
    order = len(variables)
    return Fraction(PARTIAL if order == 1 else _raised(PARTIAL, order), Product(tuple(below)))


def _raised(node: Node, power: int) -> Node:
    up = Number(str(power))
    return Script(node.base, node.sub, up) if isinstance(node, Script) else Script(node, None, up)


def _number(value: Rational, script: bool) -> Node:
    if value < 0:
        return Sum(((-1, _number(-value, script)),))
    if isinstance(value, Integer):
        return Number(str(int(value)))
    return Fraction(Number(str(value.p)), Number(str(value.q)), linear=script)


def _is_long(term: Expr) -> bool:
    """Not a number with or without a sign: what decides how tall a sum looks."""
    return not (term.args[0] if isinstance(term, Minus) else term).is_Rational


def _small(node: Node) -> Node:
    """A number's fraction at text size."""
    inner = bare(node)
    if isinstance(inner, Fraction) and isinstance(inner.top, Number) and isinstance(inner.bottom, Number):
        small = Fraction(inner.top, inner.bottom, small=True, linear=inner.linear)
        return Marked(small) if isinstance(node, Marked) else small
    return node


def _closed(node: Node) -> Node:
    """A logarithm with its argument in parentheses, unless a fraction shows where it ends."""
    inner = bare(node)
    if not isinstance(inner, Apply) or isinstance(bare(inner.argument), (Fence, Fraction)):
        return node
    closed = Apply(inner.function, Fence(inner.argument, "()", fence(inner.argument).size))
    return Marked(closed) if isinstance(node, Marked) else closed


def _needs_dot(left: Expr, right: Expr) -> bool:
    """Whether juxtaposed factors would be misread: 2·3, a fraction beside a letter, x·(ab)."""
    if _starts_with_number(right) or isinstance(right, (Times, Quotient)):
        return True
    return isinstance(left, Quotient) and isinstance(right, (Symbol, Component, Power, Root))


def _starts_with_number(term: Expr) -> bool:
    if isinstance(term, (Times, Power)):
        return _starts_with_number(term.args[0])
    return bool(term.is_Rational and term >= 0)


def _parts(term: Expr) -> tuple[Expr, ...]:
    """An exponent's addends without their signs."""
    if isinstance(term, Plus):
        return tuple(p for a in term.args for p in _parts(a))
    return _parts(term.args[0]) if isinstance(term, Minus) else (term,)
