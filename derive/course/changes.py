"""What is new in a line: the places that differ from the line shown before it.

Two lines are aligned as a reader aligns them: terms of a sum and factors of a product that stand in both are
kept, in their order, and what lies between them is compared one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from difflib import SequenceMatcher
from functools import cache

from sympy import Expr

from derive.rules.algebra import signed_addends
from derive.terms import (
    Component,
    Density,
    DerivativeIn,
    Inert,
    IntegralOver,
    Law,
    Minus,
    Place,
    Plus,
    ProductLaw,
    Quotient,
    SumOver,
    Times,
    ValueAt,
)

Look = Callable[[Expr], Hashable]
"""What a term looks like: two terms of one look are the same to the reader."""
Places = frozenset[Place]
NONE: Places = frozenset()


def changed(before: Expr, after: Expr, look: Look = lambda term: term) -> Places:
    """The places of ``after`` that are new against ``before``: none when all of it is.

    Where nothing is new because something was left out, the places that it was left out of.
    """
    new, shrunk = _Reader(cache(look)).differences(before, after, ())
    found = new or shrunk
    return NONE if () in found else found


Found = tuple[Places, Places]
"""The places that are new, and the places that are left of something larger."""


class _Reader:
    """Someone who looks from one line to the next."""

    def __init__(self, look: Look) -> None:
        self.look = look

    def alike(self, before: Expr, after: Expr) -> bool:
        return before == after or self.look(before) == self.look(after)

    def differences(self, before: Expr, after: Expr, place: Place) -> Found:
        if self.alike(before, after):
            return NONE, NONE
        if self.is_left_of(before, after):
            return NONE, frozenset({place})
        whole = frozenset({place}), NONE
        if not isinstance(after, Inert) or isinstance(after, (Density, Law, ProductLaw, Component)):
            return whole
        if isinstance(before, ValueAt) and not isinstance(after, ValueAt):
            return self.differences(before.args[0], after, place)
        if isinstance(before, Minus) and not isinstance(after, (Minus, Plus)):
            return self.differences(before.args[0], after, place)
        if isinstance(after, Plus):
            return self._of_a_sum(before, after, place)
        if isinstance(after, Times):
            return self._of_a_product(before, after, place)
        if type(before) is not type(after) or len(before.args) != len(after.args):
            return whole
        return self._one_by_one(before, after, place)

    def is_left_of(self, before: Expr, after: Expr) -> bool:
        """Whether ``after`` is ``before`` with terms, factors or a sign left out somewhere."""
        if self.alike(before, after):
            return True
        if after.is_Rational:
            return False
        if any(self.is_left_of(part, after) for part in _parts(before)):
            return True
        if type(before) is not type(after):
            return False
        if isinstance(after, (Plus, Times)):
            rest = iter(before.args)
            return all(any(self.alike(b, a) for b in rest) for a in after.args)
        linear = isinstance(after, _LINEAR) and before.args[1:] == after.args[1:]
        return linear and self.is_left_of(before.args[0], after.args[0])

    def _one_by_one(self, before: Expr, after: Inert, place: Place) -> Found:
        bound = after.binds is not None
        if bound and any(
            not self.alike(b, a) for b, a in list(zip(before.args, after.args, strict=True))[1:]
        ):
            return frozenset({place}), NONE  # another variable or other ends: it is another integral
        new, shrunk = NONE, NONE
        for i, (b, a) in enumerate(zip(before.args, after.args, strict=True)):
            found = self.differences(b, a, (*place, i))
            new, shrunk = new | found[0], shrunk | found[1]
        if len(after.args) > 1 and {(*place, i) for i in range(len(after.args))} <= new:
            return frozenset({place}), NONE
        return new, shrunk

    def _of_a_product(self, before: Expr, after: Times, place: Place) -> Found:
        if isinstance(before, Times):
            return self._aligned(before.args, after.args, place)
        for i, factor in enumerate(after.args):
            if type(factor) is type(before) and self.is_left_of(before, factor):
                others = (j for j in range(len(after.args)) if j != i)
                return frozenset((*place, j) for j in others), NONE
        return frozenset({place}), NONE

    def _of_a_sum(self, before: Expr, after: Plus, place: Place) -> Found:
        if not isinstance(before, (Plus, Minus)):
            return self._aligned((before,), after.args, place)
        found = self._aligned(before.args, after.args, place) if isinstance(before, Plus) else None
        if found is not None and place not in found[0]:
            return found
        flat = tuple(t if sign == 1 else Minus(t) for sign, t in signed_addends(before))
        return self._aligned(flat, after.args, place)

    def _aligned(self, before: tuple[Expr, ...], after: tuple[Expr, ...], place: Place) -> Found:
        """The parts of a sum or a product that are not kept from the line before."""
        new, shrunk = NONE, NONE
        several = len(before) > 1
        looks = [self.look(t) for t in before], [self.look(t) for t in after]
        for tag, i, ii, j, jj in SequenceMatcher(None, *looks, autojunk=False).get_opcodes():
            if tag == "equal":
                continue
            paired = several and ii - i == jj - j
            for k in range(j, jj):
                here = (*place, k)
                found = frozenset({here}), NONE
                like = [b for b in before[i:ii] if several and _sign(b) == _sign(after[k])]
                if any(self.is_left_of(b, after[k]) for b in like):
                    found = NONE, frozenset({here})
                elif paired and _sign(before[i + k - j]) == _sign(after[k]):
                    found = self.differences(before[i + k - j], after[k], here)
                if (*here, 0) in found[0] and isinstance(after[k], Minus):
                    found = frozenset({here}), NONE
                new, shrunk = new | found[0], shrunk | found[1]
        if {(*place, k) for k in range(len(after))} <= new:
            return frozenset({place}), NONE
        return new, shrunk if new or shrunk else frozenset({place})


_LINEAR = (Minus, Quotient, IntegralOver, SumOver, DerivativeIn)
"""Heads in whose first argument a factor is a factor of the whole."""


def _sign(term: Expr) -> bool:
    return isinstance(term, Minus) or bool(term.is_Rational and term < 0)


def _parts(term: Expr) -> Iterator[Expr]:
    """What is left of a sum, a product or a negative when the rest of it is left out."""
    if isinstance(term, (Plus, Times, Minus)):
        yield from term.args


__all__ = ["changed"]
