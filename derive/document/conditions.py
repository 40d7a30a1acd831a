"""Side conditions in words: what was required, and how the kernel discharged it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sympy import Expr, Symbol

from derive.document.compose import ATOM, Composer
from derive.document.layout import Fraction, Identifier, Node, Number, Product, Relation, Sign
from derive.document.prose import Prose, prose, spoken
from derive.kernel import Condition, Discharged, Step
from derive.scope import Scope
from derive.terms import Component

DECLARED = "declared"


@dataclass(frozen=True)
class Conditions:
    """Conditions that hold for the same reason."""

    claims: tuple[Prose, ...]
    how: Prose


def conditions_of(
    steps: Iterable[Step], scope: Scope, composer: Composer, *, everything: bool
) -> tuple[Conditions, ...]:
    """The side conditions of some steps, grouped by how they were discharged.

    Unless ``everything`` is asked for, what only says that a declared symbol is what it was
    declared to be is left out; t = t always is.
    """
    groups: dict[Prose, list[Prose]] = {}
    for step in steps:
        for done in step.conditions:
            obvious = _obvious(done, scope)
            claim = in_words(done.condition, composer)
            if (obvious and not everything) or _says_nothing(claim):
                continue
            how = spoken(DECLARED if obvious else done.how, composer.notation)
            claims = groups.setdefault(how, [])
            if claim not in claims:
                claims.append(claim)
    return tuple(Conditions(tuple(claims), how) for how, claims in groups.items())


def _says_nothing(claim: Prose) -> bool:
    """t = t, as it would stand on the page."""
    node = claim.parts[0]
    return isinstance(node, Relation) and node.symbol == "=" and node.left == node.right


def _obvious(done: Discharged, scope: Scope) -> bool:
    kind, terms = done.condition.kind, done.condition.terms
    if kind in ("natural", "interval"):
        return True
    if kind in ("real", "positive", "real for each", "positive for each"):
        term = terms[-1]
        inner = term.args[0] if isinstance(term, Component) else term
        if not isinstance(inner, Symbol):
            return bool(inner.is_Rational)
        declaration = scope.declared(inner)
        return declaration is None or kind.startswith("real") or declaration.domain == "positive"
    return False


def in_words(condition: Condition, composer: Composer) -> Prose:
    """One condition as a claim."""
    nodes = [composer.compose(t) for t in condition.terms]
    match condition.kind:
        case "positive":
            return prose(Relation(nodes[0], ">", Number("0")))
        case "real":
            return prose(Relation(nodes[0], "∈", Sign("ℝ")))
        case "natural":
            return prose(Relation(nodes[0], "∈", Sign("ℕ")))
        case "positive for each":
            return prose(Relation(nodes[1], ">", Number("0")), " for every ", nodes[0])
        case "real for each":
            return prose(Relation(nodes[1], "∈", Sign("ℝ")), " for every ", nodes[0])
        case "integrable":
            return prose(nodes[0], " is integrable in ", nodes[1], " over ", nodes[2])
        case "equal":
            return prose(Relation(nodes[0], "=", nodes[1]))
        case "equal on":
            return prose(Relation(nodes[2], "=", nodes[3]), " for ", Relation(nodes[0], "∈", nodes[1]))
        case "derivative":
            return prose(Relation(_slope(condition.terms[0], nodes[1], composer), "=", nodes[3]))
        case "limit" | "diverges":
            return prose(Relation(nodes[0], "→", nodes[4]), " as ", Relation(nodes[1], "→", nodes[3]))
        case "absolutely continuous":
            return prose(Relation(nodes[0], "≪", nodes[1]))
        case "witness":
            return prose(nodes[1], " has mass on ", nodes[0], ", where ", nodes[2], " has none")
        case kind:
            parts = [p for node in nodes for p in (", ", node)]
            return prose(f"{kind}: ", *parts[1:])


def _slope(function: Expr, variable: Node, composer: Composer) -> Node:
    derivative = Fraction(Identifier("d"), Product((Identifier("d"), variable)))
    return Product((derivative, composer.fenced(function, (), ATOM)))
