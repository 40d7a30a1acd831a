"""From one shown line to the next: what a question is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sympy import Expr

from derive.course.changes import changed
from derive.derivation import Derivation
from derive.kernel import Step
from derive.scope import Scope
from derive.terms import Component, Density, Inert, IntegralOver, Law, Place, Plus, ProductLaw, at, replace_at

Change = Callable[[Expr], Expr | None]
"""A small transformation of a sub-term; None where it does not apply."""

TRIVIAL = ("arithmetic", "collect")


@dataclass(frozen=True)
class Transition:
    """Two lines and the steps between them, as the kernel accepted them."""

    derivation: Derivation
    steps: tuple[Step, ...]

    @property
    def scope(self) -> Scope:
        """What is declared."""
        return self.derivation.scope

    @property
    def before(self) -> Expr:
        """The line that the learner sees."""
        return self.steps[0].before

    @property
    def after(self) -> Expr:
        """The line to be found."""
        return self.steps[-1].after

    @property
    def rules(self) -> frozenset[str]:
        """Ids of the rules used."""
        return frozenset(s.rule for s in self.steps)

    @property
    def telling(self) -> tuple[Step, ...]:
        """The steps worth naming: small change is left out unless there is nothing else."""
        return tuple(s for s in self.steps if s.rule not in TRIVIAL) or self.steps[:1]

    @property
    def new(self) -> tuple[Place, ...]:
        """The outermost places of the new line that differ from the old one."""
        found = changed(self.before, self.after)
        return tuple(sorted({_from_the_binder(self.after, place) for place in found})) or ((),)

    @property
    def near(self) -> tuple[Place, ...]:
        """The sums inside the new line that hold what is new; the line where there is none."""
        return tuple(sorted({_sum_around(self.after, place) for place in self.new}))


def _sum_around(line: Expr, place: Place) -> Place:
    inner = (place[:end] for end in range(len(place) - 1, 0, -1))
    return next((p for p in inner if isinstance(at(line, p), Plus)), ())


def _from_the_binder(line: Expr, place: Place) -> Place:
    """The place, or that of the integral or sum whose body, variable or ends it is."""
    parent = at(line, place[:-1]) if place else None
    return place[:-1] if isinstance(parent, Inert) and parent.binds is not None else place


def rewritten(line: Expr, within: tuple[Place, ...], change: Change) -> Iterator[Expr]:
    """The line with one sub-term changed, for every sub-term inside the places that takes the change."""
    for root in within:
        for place, part in sub_terms(at(line, root)):
            made = change(part)
            if made is not None and made != part:
                yield replace_at(line, root + place, made)


def sub_terms(term: Expr, place: Place = ()) -> Iterator[tuple[Place, Expr]]:
    """Sub-terms that stand for a value: no bound variable, interval, exponent or law among them."""
    yield place, term
    if not isinstance(term, Inert) or isinstance(term, (Density, Law, ProductLaw, Component)):
        return
    inner = (0,) if term.binds is not None else range(len(term.args))
    for index in inner:
        if type(term).__name__ == "Power" and index == 1:
            continue
        if isinstance(term.args[index], (Law, ProductLaw)):
            continue
        yield from sub_terms(term.args[index], (*place, index))


def parting(left: Expr, right: Expr) -> Place:
    """The deepest place below which alone two lines differ.

    >>> from derive.terms import ONE, Log, Plus, symbol
    >>> x, y = symbol("x"), symbol("y")
    >>> parting(Plus(ONE, Log(x)), Plus(ONE, Log(y)))
    (1, 0)
    """
    place: Place = ()
    while type(left) is type(right) and isinstance(left, Inert) and len(left.args) == len(right.args):
        if isinstance(left, (Density, Law, ProductLaw, Component)):
            break
        differ = [i for i, (a, b) in enumerate(zip(left.args, right.args, strict=True)) if a != b]
        if len(differ) != 1 or (left.binds is not None and differ[0] != 0):
            break
        place = (*place, differ[0])
        left, right = left.args[differ[0]], right.args[differ[0]]
    return place


def spaces_above(line: Expr, place: Place) -> list[tuple[str, Expr | None]]:
    """Variables bound above a place with their spaces (None for an index), outermost first."""
    out: list[tuple[str, Expr | None]] = []
    for depth, index in enumerate(place):
        node = at(line, place[:depth])
        if isinstance(node, Inert) and node.binds is not None and index == 0:
            space = node.args[2] if isinstance(node, IntegralOver) else None
            out.append((node.args[node.binds].name, space))
    return out
