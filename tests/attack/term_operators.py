"""What can be wrong with a term: operators that change its value, and others that keep it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

from sympy import Expr, Integer, Rational, Symbol, oo, pi

from derive.terms import (
    HALF,
    ONE,
    TWO,
    ZERO,
    Component,
    Density,
    DerivativeIn,
    Exp,
    Inert,
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
    at,
    free_symbols,
    plus,
    replace_at,
    times,
    walk,
)

Change = Callable[[Expr], Iterator[Expr]]

GRID = 3
"""Changes that vanish on the grid −GRID..GRID are planted."""


def _sign(t: Expr) -> Iterator[Expr]:
    if t != ZERO:
        yield Minus(t)
    if isinstance(t, Minus):
        yield t.args[0]
    if isinstance(t, Plus):
        for i in range(len(t.args)):
            yield Plus(*(Minus(a) if k == i else a for k, a in enumerate(t.args)))


def _dropped_term(t: Expr) -> Iterator[Expr]:
    if isinstance(t, Plus):
        for i in range(len(t.args)):
            yield plus(*(a for k, a in enumerate(t.args) if k != i))


def _dropped_factor(t: Expr) -> Iterator[Expr]:
    if isinstance(t, Times):
        for i in range(len(t.args)):
            yield times(*(a for k, a in enumerate(t.args) if k != i))
    if isinstance(t, Quotient):
        yield t.args[0]


def _added_factor(t: Expr) -> Iterator[Expr]:
    if t != ZERO:
        yield Times(TWO, t)
        yield Quotient(t, TWO)


def _added_term(t: Expr) -> Iterator[Expr]:
    yield Plus(t, ONE)


def exchange(term: Expr) -> Expr:
    """The term with every name that ends in _1 written with _2, and the other way round."""
    if isinstance(term, Symbol):
        stem, _, number = term.name.rpartition("_")
        return Symbol(f"{stem}_{3 - int(number)}") if number in ("1", "2") else term
    return term if not term.args else type(term)(*(exchange(a) for a in term.args))


def _swapped(t: Expr) -> Iterator[Expr]:
    yield exchange(t)


def _constant(t: Expr) -> Iterator[Expr]:
    if isinstance(t, Rational):
        yield t + 1
        yield t - 1
        if t not in (ZERO, ONE):
            yield Quotient(ONE, t)
        if t == HALF:
            yield Rational(1, 3)


def _exponent(t: Expr) -> Iterator[Expr]:
    if isinstance(t, Power):
        base, k = t.args
        yield Power(base, k + 1)
        yield Power(base, -k)
        yield Power(base, Rational(k) / 2)
        yield base
    elif isinstance(t, Root):
        yield t.args[0]
    elif isinstance(t, Symbol):
        yield Power(t, TWO)


def _plus_times(t: Expr) -> Iterator[Expr]:
    if isinstance(t, Plus):
        yield Times(*t.args)
    elif isinstance(t, Times):
        yield Plus(*t.args)
    elif isinstance(t, SumOver):
        yield ProductOver(*t.args)
    elif isinstance(t, ProductOver):
        yield SumOver(*t.args)


def _quotient(t: Expr) -> Iterator[Expr]:
    if isinstance(t, Quotient):
        yield Quotient(*reversed(t.args))
        yield Times(*t.args)
        yield Plus(t.args[0], Minus(t.args[1]))


def _log_exp(t: Expr) -> Iterator[Expr]:
    if isinstance(t, Log):
        yield t.args[0]
        yield Exp(t.args[0])
        if isinstance(t.args[0], Quotient):
            yield Quotient(*(Log(a) for a in t.args[0].args))
        if isinstance(t.args[0], Times):
            yield Times(*(Log(a) for a in t.args[0].args))
    elif isinstance(t, Exp):
        yield t.args[0]
        yield Log(t.args[0])
        if isinstance(t.args[0], Plus):
            yield Plus(*(Exp(a) for a in t.args[0].args))
    elif isinstance(t, Plus) and all(isinstance(a, Log) for a in t.args):
        yield Log(Plus(*(a.args[0] for a in t.args)))
    yield Log(Plus(ONE, Power(t, TWO)))


def _bounds(t: Expr) -> Iterator[Expr]:
    if isinstance(t, OpenInterval):
        low, high = t.args
        ends = ((ZERO, oo), (ONE, oo), (Minus(oo), ZERO), (Minus(oo), oo), (Minus(ONE), ONE), (high, low))
        yield from (OpenInterval(*pair) for pair in ends if pair != (low, high))


def _index(t: Expr) -> Iterator[Expr]:
    if isinstance(t, SumOver | ProductOver):
        body, index, dimension = t.args
        yield type(t)(body, index, Plus(dimension, ONE))
        yield type(t)(body, index, Plus(dimension, Minus(ONE)))
        yield body
    elif isinstance(t, Component):
        yield Component(t.args[0], Plus(t.args[1], ONE))
        yield Component(t.args[0], ONE)
        yield Component(t.args[0], Symbol("i"))


def _bad_square(t: Expr) -> Iterator[Expr]:
    if isinstance(t, Power) and t.args[1] == TWO and isinstance(t.args[0], Plus):
        yield Plus(*(Power(a, TWO) for a in t.args[0].args))
        a, *rest = t.args[0].args
        yield Plus(Power(a, TWO), Times(a, plus(*rest)), Power(plus(*rest), TWO))
        yield Plus(Power(a, TWO), Minus(Power(plus(*rest), TWO)))
    elif isinstance(t, Times) and len(t.args) == 2 and all(isinstance(a, Plus) for a in t.args):
        yield Plus(*(Times(a, b) for a, b in zip(t.args[0].args, t.args[1].args, strict=False)))


def _absolute(t: Expr) -> Iterator[Expr]:
    if t != ZERO:
        if not (t.is_Rational and t > 0):  # a number is its own
            yield Root(Power(t, TWO))
        yield Minus(Root(Power(t, TWO)))


def _derivative(t: Expr) -> Iterator[Expr]:
    """Not taken, taken twice, in another variable, or at another point."""
    if isinstance(t, DerivativeIn):
        body, x = t.args
        yield body
        yield DerivativeIn(t, x)
        for other in sorted(free_symbols(body) - {x}, key=str):
            yield DerivativeIn(body, other)
    elif isinstance(t, ValueAt):
        body, x, point, space = t.args
        yield body
        yield ValueAt(body, x, Plus(point, ONE), space)


def _pi(t: Expr) -> Iterator[Expr]:
    if t == pi:
        yield from (Integer(3), Rational(22, 7), Rational(355, 113), Rational(31415926535897932, 10**16))
        yield from (Times(TWO, pi), Quotient(pi, TWO))


def _relative(power: int) -> Change:
    size = Rational(1, 10**power)

    def change(t: Expr) -> Iterator[Expr]:
        if t != ZERO:
            yield Times(ONE + size, t)
            yield Times(ONE - size, t)
        yield Plus(t, size)

    return change


def _grid(t: Expr) -> Iterator[Expr]:
    """A polynomial in a parameter is added that is zero at all small whole numbers."""
    for name in sorted(free_symbols(t), key=str):
        if isinstance(name, Symbol) and name.name not in ("d", "j"):
            zeros = (Plus(name, Minus(Integer(k))) for k in range(-GRID, GRID + 1))
            yield Plus(t, Times(*zeros))


TERM_OPERATORS: Mapping[str, Change] = {
    "sign": _sign,
    "dropped term": _dropped_term,
    "dropped factor": _dropped_factor,
    "added factor": _added_factor,
    "added term": _added_term,
    "swapped p and q": _swapped,
    "constant": _constant,
    "exponent": _exponent,
    "+ ↔ ×": _plus_times,
    "quotient": _quotient,
    "log and exp misused": _log_exp,
    "wrong bounds": _bounds,
    "shifted index": _index,
    "bad square": _bad_square,
    "absolute value": _absolute,
    "derivative": _derivative,
    "π": _pi,
    "relative change 1e-8": _relative(8),
    "relative change 1e-12": _relative(12),
    "relative change 1e-20": _relative(20),
    "vanishing on an integer grid": _grid,
}


def _renamings(term: Expr, names: tuple[Symbol, ...]) -> Iterator[Expr]:
    """One occurrence of a name written as another declared or bound name."""
    for place, part in walk(term):
        if isinstance(part, Symbol):
            for name in names:
                if name != part and may_stand_at(term, place):
                    yield replace_at(term, place, name)


def may_stand_at(term: Expr, place: Place) -> bool:
    """Whether a sub-term may be rewritten: binders' variables and names of families are left alone."""
    if not place:
        return True
    parent = at(term, place[:-1])
    if isinstance(parent, Law) and place[-1] == 0:
        return False
    if isinstance(parent, DerivativeIn) and place[-1] == 1:
        return False
    return not (isinstance(parent, Inert) and parent.binds == place[-1])


def wrong_terms(term: Expr, names: tuple[Symbol, ...] = ()) -> Iterator[tuple[str, Expr]]:
    """Every way in which an operator can hurt the term, at every place of it."""
    for operator, change in TERM_OPERATORS.items():
        for place, part in walk(term):
            if not may_stand_at(term, place):
                continue
            try:
                for changed in change(part):
                    if changed != part:
                        yield operator, replace_at(term, place, changed)
            except TermError:
                continue
    for renamed in _renamings(term, names):
        yield "renamed parameter", renamed


def equal_terms(term: Expr) -> Iterator[Expr]:
    """Other ways to write the same value.

    What is a name or a number by the grammar stays: indices, ends, dimensions, exponents, densities' points.
    """
    for place, part in walk(term):
        if may_stand_at(term, place) and not _is_fixed(term, place, part):
            for other in _equal_parts(part):
                yield replace_at(term, place, other)


def _is_fixed(term: Expr, place: Place, part: Expr) -> bool:
    if isinstance(part, OpenInterval | ProductSpace | Law | ProductLaw) or part in (oo, Minus(oo)):
        return True
    if not place:
        return False
    parent, index = at(term, place[:-1]), place[-1]
    if isinstance(parent, Component | OpenInterval | ProductSpace | Law | ProductLaw):
        return True
    if isinstance(parent, SumOver | ProductOver):
        return index == 2
    return isinstance(parent, Power | Density) and index == 1


def _equal_parts(t: Expr) -> Iterator[Expr]:
    if isinstance(t, Plus | Times):
        n = len(t.args)
        for i, k in combinations(range(n), 2):
            args = list(t.args)
            args[i], args[k] = args[k], args[i]
            yield type(t)(*args)
    yield Plus(t, ZERO)
    yield Times(ONE, t)
    yield Minus(Minus(t))
    yield Quotient(t, ONE)
    if isinstance(t, Power) and t.args[1] == TWO:
        yield Times(t.args[0], t.args[0])
    if isinstance(t, Quotient):
        yield Times(t.args[0], Quotient(ONE, t.args[1]))
    if isinstance(t, Minus):
        yield Times(Minus(ONE), t.args[0])
