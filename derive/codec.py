"""Terms as JSON and back.  What is read is parsed, never evaluated, with caps on size and depth.

A symbol is a JSON string, a whole number a JSON number, everything else an array that starts with
its head: ``["Quotient", 1, "sigma"]``, ``["Rational", 1, 2]``, ``["pi"]``, ``["infinity"]``.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from sympy import Expr, Integer, Rational, Symbol

from derive.terms import HEADS, INFINITY, PI, Inert, TermError, symbol

DEEPEST = 60
LARGEST_NUMBER = 10**40
MOST_NODES = 20_000


def encode(term: Expr) -> Any:
    """A term as JSON data.

    >>> from derive.terms import ONE, Quotient
    >>> encode(Quotient(ONE, symbol("sigma")))
    ['Quotient', 1, 'sigma']
    """
    if isinstance(term, Symbol):
        return term.name
    if isinstance(term, Integer):
        return int(term)
    if isinstance(term, Rational):
        return ["Rational", int(term.p), int(term.q)]
    if term is PI:
        return ["pi"]
    if term is INFINITY:
        return ["infinity"]
    name = type(term).__name__
    if HEADS.get(name) is not type(term):
        raise TermError(f"{name} is not a head of terms: {term}")
    return [name, *(encode(a) for a in term.args)]


@lru_cache(maxsize=16_384)
def text(term: Expr) -> str:
    """What ``json.dumps(encode(term))`` gives; remembered, because lines share most of their sub-terms.

    >>> text(Rational(1, 2))
    '["Rational", 1, 2]'
    """
    if not isinstance(term, Inert):
        return json.dumps(encode(term))
    name = type(term).__name__
    if HEADS.get(name) is not type(term):
        raise TermError(f"{name} is not a head of terms: {term}")
    return f'["{name}", {", ".join(map(text, term.args))}]'


def decode(data: Any) -> Expr:
    """A term from JSON data.

    Raises:
        TermError: unknown head, wrong arity, bad name, or larger or deeper than the caps.
    """
    budget = [MOST_NODES]
    return _decode(data, DEEPEST, budget)


def _decode(data: Any, depth: int, budget: list[int]) -> Expr:
    budget[0] -= 1
    if depth < 0 or budget[0] < 0:
        raise TermError(f"a term is deeper than {DEEPEST} or larger than {MOST_NODES} nodes")
    if isinstance(data, str):
        return symbol(data)
    if isinstance(data, int) and not isinstance(data, bool):
        return Integer(_number(data))
    if not isinstance(data, list) or not data or not isinstance(data[0], str):
        raise TermError("a term is a name, a whole number or an array that starts with its head")
    name, args = data[0], data[1:]
    if name == "pi" and not args:
        return PI
    if name == "infinity" and not args:
        return INFINITY
    if name == "Rational" and len(args) == 2:
        if any(not isinstance(a, int) or isinstance(a, bool) for a in args) or args[1] <= 0:
            raise TermError("a Rational takes two whole numbers, the second positive")
        return Rational(_number(args[0]), _number(args[1]))
    if name not in HEADS:
        raise TermError(f"unknown head {name!r}")
    return HEADS[name](*(_decode(a, depth - 1, budget) for a in args))


def _number(value: int) -> int:
    if abs(value) > LARGEST_NUMBER:
        raise TermError("a number is larger than the cap of 40 digits")
    return value
