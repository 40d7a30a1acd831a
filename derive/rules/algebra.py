"""Field arithmetic: what is true of any numbers, with logarithms and integrals left untouched."""

from __future__ import annotations

from sympy import Expr

from derive.kernel import Bindings, Lemmas, Rewrite, Rule, RuleError
from derive.rules.identity import Identity, meta
from derive.scope import Scope
from derive.terms import TWO, Minus, Plus, Power, Times, addends, as_term, plus

A, B = meta("a"), meta("b")

EXPAND_SQUARE = Identity(
    "expand-square",
    "square of a sum",
    "The square of a sum is the sum of the squares plus twice the product.",
    Power(Plus(A, B), TWO),
    Plus(Power(A, TWO), Times(TWO, A, B), Power(B, TWO)),
)


def _to(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    return Rewrite(term_binding(bindings, "to"), equality="field")


def _add_and_subtract(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """x − a becomes (x − m) + (m − a) for the binding m; x alone becomes (x − m) + m."""
    m = term_binding(bindings, "m")
    parts = addends(term)
    if len(parts) == 1:
        return Rewrite(Plus(Plus(term, Minus(m)), m), equality="field")
    if len(parts) != 2 or not isinstance(parts[1], Minus):
        raise RuleError("it expects a difference of two terms, or one term that is no sum")
    return Rewrite(Plus(Plus(parts[0], Minus(m)), Plus(m, parts[1])), equality="field")


def signed_addends(term: Expr) -> list[tuple[int, Expr]]:
    """A sum, flattened through nested sums and minus signs, as (sign, term)."""
    if isinstance(term, Plus):
        return [pair for a in term.args for pair in signed_addends(a)]
    if isinstance(term, Minus):
        return [(-sign, t) for sign, t in signed_addends(term.args[0])]
    return [(1, term)]


def from_signed(parts: list[tuple[int, Expr]]) -> Expr:
    """The sum with these signed terms, in this order."""
    return plus(*(t if sign == 1 else Minus(t) for sign, t in parts))


def _cancel(term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
    """Remove pairs of a sum that are the same term with opposite signs."""
    kept: list[tuple[int, Expr]] = []
    for sign, part in signed_addends(term):
        if (-sign, part) in kept:
            kept.remove((-sign, part))
        else:
            kept.append((sign, part))
    return Rewrite(from_signed(kept), equality="field")


def term_binding(bindings: Bindings, name: str) -> Expr:
    """A binding that has to be a term."""
    value = bindings.get(name)
    if value is None or isinstance(value, str):
        raise RuleError(f"it needs a term as the binding {name}")
    return as_term(value)


RULES = (
    EXPAND_SQUARE.rule(),
    Rule(
        "arithmetic",
        "arithmetic",
        "Both sides are the same expression by the rules of fractions, sums and products.",
        _to,
        ("to",),
    ),
    Rule(
        "collect",
        "collect terms",
        "The terms are gathered and put in order; nothing else happens.",
        _to,
        ("to",),
    ),
    Rule(
        "add-and-subtract",
        "add and subtract the same number",
        "Adding and subtracting the same number changes nothing.",
        _add_and_subtract,
        ("m",),
    ),
    Rule(
        "cancel",
        "opposite terms cancel",
        "Equal terms with opposite signs cancel.",
        _cancel,
    ),
)
