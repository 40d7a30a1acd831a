"""What a reader can play with: the two densities, the integrand and the closed form as JavaScript.

Every formula comes from the derivation: the densities as their family defines them, the integrand of
the definition, and the closed form split into addends, a split that the kernel has to accept.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Expr, Symbol

from derive.derivation import Derivation
from derive.evaluate import as_sympy
from derive.kernel import Refused, accept
from derive.rules import RULES
from derive.rules.definitions import definition_of_kl
from derive.scope import Declaration, Scope
from derive.terms import (
    KL,
    Component,
    Density,
    Law,
    Minus,
    Plus,
    ProductLaw,
    Quotient,
    SumOver,
    addends,
    factors,
    free_symbols,
    is_infinite,
    plus,
    replace_at,
    symbol,
    times,
    walk,
)


@dataclass(frozen=True)
class Slider:
    """A parameter with its range and where it starts."""

    name: str
    low: str
    high: str
    step: str
    start: str


@dataclass(frozen=True)
class Part:
    """An addend of the closed form and its JavaScript."""

    term: Expr
    script: str


@dataclass(frozen=True)
class Explorer:
    """Sliders, and JavaScript in ``x`` and the sliders' names, each after :data:`PREFIX`.

    ``coordinate`` says that it shows one coordinate of a sum; ``half_line`` that the laws live on (0, ∞).
    """

    sliders: tuple[Slider, ...]
    p: str
    q: str
    integrand: str
    parts: tuple[Part, ...]
    divergence: Expr
    coordinate: bool
    half_line: bool


PREFIX = "v_"
"""Stands before a parameter's name in the script, where ``var`` or ``Math`` would mean something else."""
_REAL = ("-4", "4", "0.1")
_POSITIVE = ("0.2", "4", "0.05")
_STARTS = {"real": ("1", "0"), "positive": ("0.8", "1.5")}


def explorer(derivation: Derivation) -> Explorer | None:
    """The explorer of a divergence between two laws on the line, or of one coordinate of it."""
    left = derivation.left
    if not isinstance(left, KL):
        return None
    p, q = left.args
    coordinate = isinstance(p, ProductLaw)
    closed = derivation.right
    if coordinate:
        p, q, closed = p.args[0], q.args[0] if isinstance(q, ProductLaw) else q, _summand(closed)
    p, q, closed = (_flat(t) for t in (p, q, closed))
    if not isinstance(p, Law) or not isinstance(q, Law):
        return None
    declared = tuple(
        Declaration(d.name, d.domain) for d in derivation.scope.declarations if d.domain != "natural"
    )
    scope = Scope(declared, derivation.scope.families)
    x = symbol("x")
    if scope.declared(x) or free_symbols(closed) - {Symbol(d.name) for d in declared}:
        return None
    inside = definition_of_kl(p, q, x, scope)
    space = inside.args[2]
    half_line = not is_infinite(space.args[0])
    within = (*declared, Declaration("x", "positive" if half_line else "real"))
    weight, ratio = inside.args[0].args
    opened = {d: scope.open_density(d) for d in (Density(p, x), Density(q, x))}
    renamed = {d.name: PREFIX + d.name for d in declared}

    def formula(term: Expr) -> sympy.Expr:
        return as_sympy(term, within, names=renamed)

    return Explorer(
        sliders=tuple(_slider(d, i) for d, i in _numbered(declared)),
        p=_script(formula(opened[Density(p, x)])),
        q=_script(formula(opened[Density(q, x)])),
        integrand=_script(formula(opened[weight]) * sympy.expand_log(formula(_opened(ratio, opened)))),
        parts=tuple(Part(t, _script(formula(t))) for t in split(closed, scope)),
        divergence=KL(p, q),
        coordinate=coordinate,
        half_line=half_line,
    )


def _script(value: sympy.Expr) -> str:
    return str(sympy.jscode(value))


def _opened(term: Expr, densities: dict[Expr, Expr]) -> Expr:
    for place, part in walk(term):
        if part in densities:
            return _opened(replace_at(term, place, densities[part]), densities)
    return term


def _summand(closed: Expr) -> Expr:
    """What is added up over the coordinates, a factor before the sum included."""
    for place, part in walk(closed):
        if isinstance(part, SumOver):
            return replace_at(closed, place, part.args[0])
    return closed


def _flat(term: Expr) -> Expr:
    """The term with v for each component v_j."""
    if isinstance(term, Component):
        return term.args[0]
    if not term.args or isinstance(term, Symbol):
        return term
    return type(term)(*(_flat(a) for a in term.args))


def _numbered(declared: tuple[Declaration, ...]) -> list[tuple[Declaration, int]]:
    seen: dict[str, int] = {}
    out = []
    for d in declared:
        out.append((d, seen.get(d.domain, 0)))
        seen[d.domain] = seen.get(d.domain, 0) + 1
    return out


def _slider(declared: Declaration, number: int) -> Slider:
    start = _STARTS[declared.domain][min(number, 1)]
    return Slider(declared.name, *(_POSITIVE if declared.domain == "positive" else _REAL), start)


def split(closed: Expr, scope: Scope) -> tuple[Expr, ...]:
    """The closed form as a sum of simple terms; the kernel accepts the split, or it is not made."""
    parts: list[Expr] = []
    for part in addends(closed):
        parts += _distributed(part)
    whole = plus(*parts)
    if whole == closed:
        return tuple(parts)
    try:
        accept(RULES["arithmetic"], closed, (), {"to": whole}, scope, {})
    except Refused:
        return addends(closed)
    return tuple(parts)


def _distributed(term: Expr) -> list[Expr]:
    """(a + b)/c as a/c and b/c; k·(a − b) as k·a and −k·b."""
    if isinstance(term, Minus):
        return [_negative(t) for t in _distributed(term.args[0])]
    if isinstance(term, Quotient) and isinstance(term.args[0], Plus):
        return [_signed(a, lambda t: Quotient(t, term.args[1])) for a in term.args[0].args]
    parts = factors(term)
    spread = next((i for i, f in enumerate(parts) if isinstance(f, Plus)), None)
    if spread is None or len(parts) < 2:
        return [term]
    rest = parts[:spread] + parts[spread + 1 :]
    return [_signed(a, lambda t: _scaled(rest, t)) for a in parts[spread].args]


def _scaled(rest: tuple[Expr, ...], term: Expr) -> Expr:
    return times(*rest) if term.is_Rational and term == 1 else times(*rest, term)


def _signed(term: Expr, change: object) -> Expr:
    assert callable(change)
    made = change(term.args[0]) if isinstance(term, Minus) else change(term)
    return Minus(made) if isinstance(term, Minus) else made


def _negative(term: Expr) -> Expr:
    return term.args[0] if isinstance(term, Minus) else Minus(term)


__all__ = ["Explorer", "Part", "Slider", "explorer", "split"]
