"""Identities as data: left, right, conditions, because.  Matching is by shape, nothing else.

Metavariables are symbols whose names start with ``?``; they carry no assumptions, so a side
condition on one never evaluates away.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol

from derive.kernel import Bindings, Condition, Lemmas, Rewrite, Rule, RuleError
from derive.scope import Scope
from derive.terms import rebuild


def meta(name: str) -> Symbol:
    """A metavariable of an identity."""
    return Symbol("?" + name)


@dataclass(frozen=True)
class Identity:
    """left = right whenever the conditions hold; read from left to right."""

    id: str
    title: str
    because: str
    left: Expr
    right: Expr
    conditions: tuple[Condition, ...] = ()

    def rule(self) -> Rule:
        """The identity as a rule of the kernel."""
        return Rule(self.id, self.title, self.because, self._apply)

    def _apply(self, term: Expr, bindings: Bindings, scope: Scope, lemmas: Lemmas) -> Rewrite:
        found: dict[Symbol, Expr] = {}
        if not match(self.left, term, found):
            raise RuleError(f"it expects the shape {self.left}, not {type(term).__name__}")
        conditions = tuple(Condition(c.kind, tuple(fill(t, found) for t in c.terms)) for c in self.conditions)
        return Rewrite(fill(self.right, found), conditions)


def match(pattern: Expr, term: Expr, found: dict[Symbol, Expr]) -> bool:
    """Bind the pattern's metavariables so that it becomes ``term``; False when it cannot."""
    if isinstance(pattern, Symbol) and pattern.name.startswith("?"):
        return found.setdefault(pattern, term) == term
    if type(pattern) is not type(term) or len(pattern.args) != len(term.args):
        return False
    if not pattern.args:
        return bool(pattern == term)
    return all(match(p, t, found) for p, t in zip(pattern.args, term.args, strict=True))


def fill(pattern: Expr, found: dict[Symbol, Expr]) -> Expr:
    """The pattern with its metavariables replaced."""
    if isinstance(pattern, Symbol):
        return found.get(pattern, pattern)
    return rebuild(pattern, tuple(fill(a, found) for a in pattern.args))
