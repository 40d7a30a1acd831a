"""The two brackets that generated code computes as one function each, and their polynomials.

Both are exactly 0 at equality and non-negative everywhere:

``half_log_excess(a, b)`` = ½(r − 1 − log r) with r = a/b, for positive a and b
``half_exp_excess(t)``    = ½(eᵗ − 1 − t)

The halves belong to the functions: without them the brackets overflow where the divergence does not.

Templates hold their branches; the coefficients are computed and certified by
``derive.codegen.coefficients`` and lie in ``coefficients.json`` beside this file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sympy import Expr, Symbol

from derive.rules.identity import match, meta
from derive.terms import ONE, Exp, Log, Minus, Plus, Quotient

R, T = meta("r"), meta("t")


@dataclass(frozen=True)
class Primitive:
    """A bracket of the evaluation form, and the function that computes half of it."""

    name: str
    bracket: Expr

    def arguments(self, term: Expr) -> tuple[Expr, ...] | None:
        """The function's arguments when ``term`` is an instance of the bracket, else None.

        A ratio is passed as its two parts and so is a difference, so that neither is rounded first.
        """
        found: dict[Symbol, Expr] = {}
        if not match(self.bracket, term, found):
            return None
        (value,) = found.values()
        if self is LOG_EXCESS:
            return value.args if isinstance(value, Quotient) else (value, ONE)
        if isinstance(value, Plus) and len(value.args) == 2 and isinstance(value.args[1], Minus):
            return value.args[0], value.args[1].args[0]
        return (value,)


LOG_EXCESS = Primitive("_half_log_excess", Plus(R, Minus(ONE), Minus(Log(R))))
EXP_EXCESS = Primitive("_half_exp_excess", Plus(Exp(T), Minus(ONE), Minus(T)))
PRIMITIVES = (LOG_EXCESS, EXP_EXCESS)


@dataclass(frozen=True)
class Polynomial:
    """A certified polynomial: |polynomial − function| ≤ ``bound`` on [0, upper], proved with Arb."""

    name: str
    dtype: str
    upper: str
    coefficients: tuple[str, ...]
    bound: str


@cache
def polynomials() -> dict[tuple[str, str], Polynomial]:
    """(name, dtype) → polynomial, as last computed by ``python -m derive.codegen.coefficients``."""
    data = json.loads(Path(__file__).with_name("coefficients.json").read_text(encoding="utf-8"))
    return {
        (entry["name"], entry["dtype"]): Polynomial(
            entry["name"],
            entry["dtype"],
            entry["upper"],
            tuple(entry["coefficients"]),
            entry["bound"],
        )
        for entry in data
    }
