"""The terms a derivation is written in: SymPy expressions whose heads never evaluate.

SymPy rearranges on construction (``p/q``, ``2*(x + y)``, ``log(exp(-x))``), so a step that shows
such a rewrite would vanish.  Every composite term here is therefore an *inert* head: a SymPy
``Expr`` that keeps its arguments, in order, exactly as written.  Leaves are ordinary SymPy symbols
(without assumptions; domains are declared in a :class:`derive.kernel.Scope`), rational numbers,
``pi`` and ``oo``.

Nothing here knows a rule, a distribution or a page; ``derive.evaluate`` turns a term into an
ordinary SymPy expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache

from sympy import Expr, Integer, Rational, Symbol, oo, pi
from sympy.core.basic import Basic

Place = tuple[int, ...]

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}\Z")
ZERO, ONE, TWO, HALF = Integer(0), Integer(1), Integer(2), Rational(1, 2)
PI, INFINITY = pi, oo


class TermError(ValueError):
    """A term is malformed; the message names the head and what it needs."""


def symbol(name: str) -> Symbol:
    """A symbol without assumptions.

    >>> symbol("sigma_1")
    sigma_1
    >>> symbol("1x")
    Traceback (most recent call last):
    ...
    derive.terms.TermError: '1x' is not a name: use a letter, then letters, digits or _, at most 32
    """
    if not NAME.match(name):
        raise TermError(f"{name!r} is not a name: use a letter, then letters, digits or _, at most 32")
    return _plain(name)


@lru_cache(maxsize=4096)
def _plain(name: str) -> Symbol:
    """The symbol of a name; kept, because SymPy takes its time to make one."""
    return Symbol(name)


def as_term(value: object) -> Expr:
    """``value`` as a term: a term itself, an ``int`` or a ``Fraction``.  Text is never parsed."""
    if isinstance(value, Inert) or value is pi or value is oo:
        return value
    if isinstance(value, Symbol):
        # Two symbols of one name with different assumptions would be two symbols on one page.
        if type(value) is Symbol and value == _plain(value.name):
            return value
        raise TermError(f"the symbol {value} carries assumptions: declare its domain in the scope")
    if isinstance(value, Rational) and value.is_finite:
        return value
    if isinstance(value, bool):
        raise TermError(f"{value!r} is not a term")
    if isinstance(value, int):
        return Integer(value)
    if isinstance(value, Fraction):
        return Rational(value.numerator, value.denominator)
    raise TermError(f"{value!r} is not a term: use symbols, int, Fraction or the heads of terms")


class Inert(Expr):
    """A head that keeps its arguments as given.  ``arity`` is ``(least, most)``."""

    __slots__ = ()
    is_commutative = True
    arity: tuple[int, int | None] = (1, 1)
    binds: int | None = None
    """Index of the argument that this head binds in argument 0, if any."""

    def __new__(cls, *args: object) -> Inert:
        """The head over these arguments; nothing is evaluated."""
        least, most = cls.arity
        if len(args) < least or (most is not None and len(args) > most):
            raise TermError(f"{cls.__name__} takes {least}..{most} arguments, got {len(args)}")
        terms = tuple(as_term(a) for a in args)
        if cls.binds is not None and not isinstance(terms[cls.binds], Symbol):
            raise TermError(f"{cls.__name__} binds a symbol, not {terms[cls.binds]!r}")
        return Basic.__new__(cls, *terms)


class Plus(Inert):
    """A sum, in reading order."""

    arity = (2, None)


class Times(Inert):
    """A product, in reading order."""

    arity = (2, None)


class Minus(Inert):
    """The negative of its argument."""


class Quotient(Inert):
    """Numerator over denominator."""

    arity = (2, 2)


class Power(Inert):
    """Base to a rational exponent."""

    arity = (2, 2)


class Root(Inert):
    """The non-negative square root."""


class Log(Inert):
    """The natural logarithm."""


class Exp(Inert):
    """The exponential."""


class Component(Inert):
    """``Component(v, j)`` is the j-th component v_j of a vector."""

    arity = (2, 2)


class OpenInterval(Inert):
    """The interval between two ends, which may be infinite; end points carry no mass."""

    arity = (2, 2)


class ProductSpace(Inert):
    """``ProductSpace(S, j, d)``: the product of S over j = 1..d (S may mention j)."""

    arity = (3, 3)
    binds = 1


class IntegralOver(Inert):
    """``IntegralOver(f, x, S)``: the Lebesgue integral of f over x in S."""

    arity = (3, 3)
    binds = 1


class SumOver(Inert):
    """``SumOver(t, j, d)``: the sum of t over j = 1..d."""

    arity = (3, 3)
    binds = 1


class ProductOver(Inert):
    """``ProductOver(t, j, d)``: the product of t over j = 1..d."""

    arity = (3, 3)
    binds = 1


class Between(Inert):
    """``Between(F, x, a, b)``: lim F at b minus lim F at a, written [F(x)] with ends a and b."""

    arity = (4, 4)
    binds = 1


class DerivativeIn(Inert):
    """``DerivativeIn(f, x)``: the derivative of f in the symbol x, at x.  Nothing is bound: x stays free."""

    arity = (2, 2)

    def __new__(cls, *args: object) -> Inert:
        """The head over a term and a symbol."""
        if len(args) == 2 and not isinstance(as_term(args[1]), Symbol):
            raise TermError(f"a derivative is taken in a symbol, not in {args[1]!r}")
        return super().__new__(cls, *args)


class ValueAt(Inert):
    """``ValueAt(f, x, a, S)``: f, a function of x in the interval S, at x = a."""

    arity = (4, 4)
    binds = 1


class Law(Inert):
    """``Law(family, parameters…)``: a member of a family of distributions."""

    arity = (1, None)

    @property
    def family(self) -> str:
        """The name of the law's family."""
        return str(self.args[0])


class ProductLaw(Inert):
    """``ProductLaw(L, j, d)``: independent coordinates, the j-th with law L (L mentions j)."""

    arity = (3, 3)
    binds = 1


class Density(Inert):
    """``Density(L, x)``: the density of the law L at x, with respect to Lebesgue measure."""

    arity = (2, 2)


class KL(Inert):
    """``KL(p, q)``: the Kullback-Leibler divergence of p from q, in nats, not yet unfolded."""

    arity = (2, 2)


HEADS: Mapping[str, type[Inert]] = {
    head.__name__: head
    for head in (
        Plus, Times, Minus, Quotient, Power, Root, Log, Exp, Component, OpenInterval,
        ProductSpace, IntegralOver, SumOver, ProductOver, Between, DerivativeIn, ValueAt, Law, ProductLaw,
        Density, KL,
    )
}  # fmt: skip

REALS = OpenInterval(Minus(INFINITY), INFINITY)


def plus(*terms: Expr) -> Expr:
    """A sum of any number of terms: none is 0, one is itself."""
    return terms[0] if len(terms) == 1 else Plus(*terms) if terms else ZERO


def times(*factors: Expr) -> Expr:
    """A product of any number of factors: none is 1, one is itself."""
    return factors[0] if len(factors) == 1 else Times(*factors) if factors else ONE


def addends(term: Expr) -> tuple[Expr, ...]:
    """The terms of a sum, or the term itself.

    >>> x, y = symbol("x"), symbol("y")
    >>> addends(Plus(x, Minus(y)))
    (x, Minus(y))
    """
    return term.args if isinstance(term, Plus) else (term,)


def factors(term: Expr) -> tuple[Expr, ...]:
    """The factors of a product, or the term itself."""
    return term.args if isinstance(term, Times) else (term,)


def rebuild(term: Expr, args: tuple[Expr, ...]) -> Expr:
    """``term`` with other arguments, sharing the object when nothing changed."""
    return term if args == term.args else type(term)(*args)


def binder_scope(term: Expr) -> tuple[int, ...]:
    """Indices of the arguments in which ``term`` binds its variable."""
    return (0,) if isinstance(term, Inert) and term.binds is not None else ()


@lru_cache(maxsize=16_384)
def free_symbols(term: Expr) -> frozenset[Symbol]:
    """Symbols that occur free: bound variables and family names do not count."""
    if isinstance(term, Symbol):
        return frozenset((term,))
    if isinstance(term, Law):
        return frozenset().union(*(free_symbols(a) for a in term.args[1:]))
    if not term.args:
        return frozenset()
    bound = term.args[term.binds] if isinstance(term, Inert) and term.binds is not None else None
    inside = binder_scope(term)
    found: set[Symbol] = set()
    for index, arg in enumerate(term.args):
        if arg is bound and index == term.binds:
            continue
        free = free_symbols(arg)
        found |= free - {bound} if index in inside else free
    return frozenset(found)


def substitute(
    term: Expr,
    replacements: Mapping[Symbol, Expr],
    components: Mapping[Symbol, tuple[Symbol, Expr]] | None = None,
) -> Expr:
    """Replace free symbols, all at once, refusing to capture.

    ``components`` maps a vector v to (j, t): each component v_k becomes t with k for j.

    Raises:
        TermError: when a replacement would fall under a binder of one of its own symbols, or a
            vector whose components are replaced stands alone.
    """
    vectors = components or {}
    if isinstance(term, Symbol):
        if term in vectors:
            index, value = vectors[term]
            if isinstance(value, Component) and value.args[1] == index:
                return value.args[0]
            raise TermError(f"{term} stands alone, but its components are replaced")
        return replacements.get(term, term)
    if not term.args:
        return term
    if isinstance(term, Component) and term.args[0] in vectors:
        index, value = vectors[term.args[0]]
        return substitute(value, {index: substitute(term.args[1], replacements)})
    if isinstance(term, Law):
        rest = (substitute(a, replacements, vectors) for a in term.args[1:])
        return rebuild(term, (term.args[0], *rest))
    if isinstance(term, DerivativeIn):
        _require_same_variable(term, replacements, vectors)
    if isinstance(term, Inert) and term.binds is not None:
        bound = term.args[term.binds]
        inner = {k: v for k, v in replacements.items() if k != bound}
        inner_vectors = {k: v for k, v in vectors.items() if k != bound}
        relevant = free_symbols(term.args[0])
        values = {k: free_symbols(v) for k, v in inner.items()}
        values |= {k: free_symbols(v) - {j} for k, (j, v) in inner_vectors.items()}
        for key, free in values.items():
            if key in relevant and bound in free:
                raise TermError(f"replacing {key} would capture the variable {bound}")
        args = []
        for position, arg in enumerate(term.args):
            if position == term.binds:
                args.append(arg)
            elif position == 0:
                args.append(substitute(arg, inner, inner_vectors))
            else:
                args.append(substitute(arg, replacements, vectors))
        return rebuild(term, tuple(args))
    return rebuild(term, tuple(substitute(a, replacements, vectors) for a in term.args))


def _require_same_variable(
    term: DerivativeIn, replacements: Mapping[Symbol, Expr], vectors: Mapping[Symbol, tuple[Symbol, Expr]]
) -> None:
    """Refuse what changes a derivative: its variable may become another symbol, but no value, and nothing
    else in it may come to depend on that symbol (d(ab)/db is a; with a for b it would be d(aa)/da)."""
    body, variable = term.args
    new = replacements.get(variable, variable)
    if variable in vectors or not isinstance(new, Symbol):
        raise TermError(f"{variable} is what a derivative is taken in: put a value in afterwards")
    for other in free_symbols(body) - {variable}:
        index, value = vectors.get(other, (None, replacements.get(other, other)))
        if new in free_symbols(value) - {index}:
            raise TermError(f"a derivative is taken in {new}: {other} may not come to depend on it")


def at(term: Expr, place: Place) -> Expr:
    """The sub-term at a place, a path of argument indices.

    >>> x, y = symbol("x"), symbol("y")
    >>> at(Plus(x, Minus(y)), (1, 0))
    y
    """
    for index in place:
        if not 0 <= index < len(term.args):
            raise TermError(f"no place {list(place)}: {type(term).__name__} has no argument {index}")
        term = term.args[index]
    return term


def replace_at(term: Expr, place: Place, new: Expr) -> Expr:
    """``term`` with the sub-term at ``place`` replaced; everything else stays as it is."""
    if not place:
        return new
    index, rest = place[0], place[1:]
    if not 0 <= index < len(term.args):
        raise TermError(f"no place {list(place)}: {type(term).__name__} has no argument {index}")
    args = list(term.args)
    args[index] = replace_at(args[index], rest, new)
    return type(term)(*args)


def walk(term: Expr, place: Place = ()) -> Iterator[tuple[Place, Expr]]:
    """Every sub-term with its place, parents first, left to right."""
    yield place, term
    for index, arg in enumerate(term.args):
        if isinstance(term, Law) and index == 0:
            continue
        yield from walk(arg, (*place, index))


def is_infinite(end: Expr) -> bool:
    """Whether an end of an interval is ∞ or −∞."""
    return end is oo or (isinstance(end, Minus) and end.args[0] is oo)


def contains(term: Expr, head: type[Inert]) -> bool:
    """Whether some sub-term has the given head."""
    return isinstance(term, head) or any(contains(arg, head) for arg in term.args)
