"""Numbers that show a wrong line wrong: the whole line's value, or that of the part that differs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from sympy import Expr

from derive.course.numbers import Coordinate, Diverges, NoValue, value
from derive.course.transition import Transition, parting, spaces_above
from derive.derivation import Derivation
from derive.field import Undetermined
from derive.normal_form import NormalForm
from derive.scope import Scope, ScopeError
from derive.terms import ProductSpace, TermError, at, free_symbols, symbol


@dataclass(frozen=True)
class Proved:
    """What a lemma states, in the lemma's own names."""

    lemma: Derivation


Speech = tuple[str | Expr | Proved, ...]
"""A sentence with terms and statements in it, before it has a format."""

_F = Fraction
_POINTS: tuple[dict[str, tuple[Fraction, ...]], ...] = (
    {"real": (_F(3), _F(1), _F(2)), "positive": (_F(3, 2), _F(2), _F(5, 2))},
    {"real": (_F(1, 2), _F(-1), _F(3)), "positive": (_F(2), _F(3, 2), _F(5, 2))},
)
_INSIDE = (_F(5, 2), _F(7, 3))
_DIMENSION = 2
NOTHING = 1e-9
APART = 1e-2
"""The two values have to differ by this, relatively and absolutely, to be worth showing."""


@dataclass(frozen=True)
class Counterexample:
    """Where the wrong line is wrong.

    ``kind``: "line" compares the whole line, "part" the part that differs (``right_part`` and
    ``wrong_part``), "diverges" says that the wrong line has no finite value at all.
    """

    kind: Literal["line", "part", "diverges"]
    point: tuple[tuple[str, Coordinate], ...]
    right: float
    wrong: float
    """Not a number when an integral diverges."""
    right_part: Expr
    wrong_part: Expr

    def speech(self) -> Speech:
        """The counterexample as a sentence."""
        where: list[str | Expr | Proved] = []
        for i, (name, given) in enumerate(self.point):
            where += [", " if i else "At ", symbol(name), f" = {_written(given)}"]
        start = ": the line above is " if where else "The line above is "
        if self.kind == "part":
            right, wrong = f" is {_shown(self.right)}, but ", f" is {_shown(self.wrong)}."
            return (*where, ": " if where else "", self.right_part, right, self.wrong_part, wrong)
        if self.kind == "diverges":
            but = "an integral in this one does not converge."
        else:
            but = f"this one is {_shown(self.wrong)}."
        return (*where, f"{start}{_shown(self.right)}, but {but}")


def _written(given: Coordinate) -> str:
    if isinstance(given, tuple):
        return "(" + ", ".join(str(v) for v in given) + ")"
    return str(given)


def _shown(number: float) -> str:
    """Four digits; −0, long zeros and what is a zero but for rounding are not shown."""
    text = f"{number if abs(number) > NOTHING else 0:.4g}"
    return ("−" + text[1:] if text.startswith("-") else text) if float(text) else "0"


def points(scope: Scope) -> Iterator[dict[str, Coordinate]]:
    """Points for the declared symbols: rational, ordinary, and without coincidences such as σ = 1."""
    for table in _POINTS:
        counts = {"real": 0, "positive": 0}
        out: dict[str, Coordinate] = {}
        for declared in scope.declarations:
            if declared.domain == "natural":
                out[declared.name] = Fraction(_DIMENSION)
                continue
            column = table[declared.domain]
            first = column[counts[declared.domain] % len(column)]
            counts[declared.domain] += 1
            if declared.indexed:
                other = column[counts[declared.domain] % len(column)]
                out[declared.name] = (first, other + Fraction(1, 2))
            else:
                out[declared.name] = first
        yield out


@lru_cache(maxsize=4096)
def _known(term: Expr, scope: _Key, point: tuple[tuple[str, Coordinate], ...]) -> float | NoValue:
    try:
        return value(term, scope.scope, dict(point))
    except NoValue as error:
        return error


@dataclass(frozen=True)
class _Key:
    """A scope that can be looked up: by its declarations."""

    scope: Scope

    def __hash__(self) -> int:
        return hash(self.scope.declarations)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.scope.declarations == self.scope.declarations


def _value(term: Expr, scope: Scope, point: dict[str, Coordinate]) -> float:
    found = _known(term, _Key(scope), tuple(point.items()))
    if isinstance(found, NoValue):
        raise found
    return found


def _apart(a: float, b: float) -> bool:
    return abs(a - b) > APART * max(1.0, abs(a), abs(b))


def counterexample(transition: Transition, wrong: Expr) -> Counterexample | None:
    """Numbers that tell the wrong line from the right one, or None when none were found."""
    for point in points(transition.scope):
        try:
            right = _value(transition.before, transition.scope, point)
        except (NoValue, TermError):
            continue
        try:
            found = _value(wrong, transition.scope, point)
        except Diverges:
            return Counterexample("diverges", tuple(point.items()), right, math.nan, transition.after, wrong)
        except (NoValue, TermError):
            continue
        if _apart(right, found):
            return Counterexample("line", tuple(point.items()), right, found, transition.after, wrong)
    return None if _is_right(transition, wrong) else _of_the_part(transition, wrong)


def _is_right(transition: Transition, line: Expr) -> bool:
    """Whether a line that differs in a part is right as a whole all the same, exactly: another function
    with the same derivative, another factor of 0."""
    try:
        return NormalForm.of(transition.scope).equal(transition.after, line)
    except (Undetermined, ScopeError, TermError):
        return False


def _of_the_part(transition: Transition, wrong: Expr) -> Counterexample | None:
    place = parting(transition.after, wrong)
    right_part, wrong_part = at(transition.after, place), at(wrong, place)
    above = spaces_above(wrong, place)
    needed = _names(right_part) | _names(wrong_part)
    for point in points(transition.scope):
        inside = dict(point)
        for name, space in above:
            if space is None:
                inside[name] = Fraction(1)
            elif isinstance(space, ProductSpace):
                inside[name] = _INSIDE
            else:
                inside[name] = _INSIDE[0]
        try:
            right = _value(right_part, transition.scope, inside)
            found = _value(wrong_part, transition.scope, inside)
        except (NoValue, TermError, KeyError):
            continue
        if _apart(right, found):
            shown = tuple((n, v) for n, v in inside.items() if n in needed)
            return Counterexample("part", shown, right, found, right_part, wrong_part)
    return None


def _names(term: Expr) -> set[str]:
    """Names that a term's value depends on; a law's parameters count."""
    return {s.name for s in free_symbols(term)}


__all__ = ["Counterexample", "Proved", "Speech", "counterexample"]
