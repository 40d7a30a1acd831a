"""Side conditions in words: what was required, and how the kernel discharged it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sympy import Expr, Symbol

from derive.document.compose import ATOM, Composer
from derive.document.layout import (
    Fraction,
    Identifier,
    Listing,
    Node,
    Number,
    Product,
    Relation,
    Sign,
    Sum,
)
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
    if kind == "natural":
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


def conclusion_in_words(condition: Condition, left: Node, composer: Composer) -> Prose:
    """A conclusion as a claim about the left side of its derivation."""
    nodes = [composer.compose(t) for t in condition.terms[1:]]
    zero = Number("0")
    match condition.kind:
        case "everywhere positive":
            return prose(Relation(left, ">", zero), " for all values of the parameters")
        case "least":
            where = _point(nodes[1:])
            return prose(left, " is ", nodes[0], " at ", where, ", and larger everywhere else")
        case "convex":
            jointly = " jointly" if len(nodes) > 1 else ""
            return prose(left, " is strictly convex in ", Listing(tuple(nodes)), jointly)
        case "negative at":
            return prose(Relation(left, "<", zero), " at ", _point(nodes))
        case "sign of":
            gap = nodes[0] if nodes[1] == zero else Sum(((1, nodes[0]), (-1, nodes[1])))
            return prose(left, " has the sign of ", gap, " and is 0 for ", Relation(nodes[0], "=", nodes[1]),
                         " alone, whatever the other parameters")  # fmt: skip
        case "tends to":
            as_end = Relation(nodes[0], "→", nodes[1])
            driven = " driven by " if nodes[2] in _INFINITE else " like "
            return prose(Relation(left, "→", nodes[2]), " as ", as_end, ",", driven, nodes[3])
        case kind:
            raise ValueError(f"no words for the conclusion {kind!r}")


_INFINITE = (Sign("∞"), Sum(((-1, Sign("∞")),)))


def _point(nodes: list[Node]) -> Node:
    """x = a, y = b, … from variables and values in turn."""
    return Listing(tuple(Relation(x, "=", a) for x, a in zip(nodes[::2], nodes[1::2], strict=True)))


def _slope(function: Expr, variable: Node, composer: Composer) -> Node:
    derivative = Fraction(Identifier("d"), Product((Identifier("d"), variable)))
    return Product((derivative, composer.fenced(function, (), ATOM)))
