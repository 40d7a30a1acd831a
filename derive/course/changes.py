"""What is new in a line: the places that differ from the line shown before it."""

from __future__ import annotations

from sympy import Expr

from derive.terms import Component, Density, Inert, Law, Place, Plus, ProductLaw, Times


def changed(before: Expr, after: Expr) -> frozenset[Place]:
    """The places of ``after`` that are new against ``before``: none when all of it is."""
    places = _differences(before, after, ())
    return frozenset() if () in places else frozenset(places)


def _differences(before: Expr, after: Expr, place: Place) -> set[Place]:
    if before == after:
        return set()
    whole = {place}
    if type(before) is not type(after) or not isinstance(after, Inert):
        return whole
    if isinstance(after, (Density, Law, ProductLaw, Component)):
        return whole
    if isinstance(after, (Plus, Times)) and len(before.args) != len(after.args):
        kept = set(before.args)
        fresh = {(*place, i) for i, a in enumerate(after.args) if a not in kept}
        return whole if not fresh or len(fresh) == len(after.args) else fresh
    if len(before.args) != len(after.args):
        return whole
    found: set[Place] = set()
    for i, (b, a) in enumerate(zip(before.args, after.args, strict=True)):
        found |= _differences(b, a, (*place, i))
    all_new = isinstance(after, (Plus, Times)) and all((*place, i) in found for i in range(len(after.args)))
    return whole if all_new else found
