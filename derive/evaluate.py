"""Terms as ordinary SymPy expressions, for printers, derivatives and a reader's own work."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy
from sympy import Expr, Symbol

from derive.scope import Declaration
from derive.terms import (
    Component,
    Exp,
    Log,
    Minus,
    Plus,
    Power,
    ProductOver,
    Quotient,
    Root,
    SumOver,
    TermError,
    Times,
)

Replace = Callable[[Expr], Expr | None]


def as_sympy(
    term: Expr,
    declarations: tuple[Declaration, ...] = (),
    *,
    names: Mapping[str, str] | None = None,
    replace: Replace | None = None,
    evaluate: bool = True,
) -> Expr:
    """``term`` as an ordinary SymPy expression, its symbols carrying the declared assumptions.

    ``names`` renames symbols (a component v_j takes the name of v when it is renamed); ``replace``
    may turn a sub-term into an expression of its own; with ``evaluate=False`` the order of the
    term is kept.

    Raises:
        TermError: for a term that is not a finished formula (an integral, a density, …).

    >>> from derive.terms import ONE, TWO, symbol
    >>> as_sympy(Quotient(Power(symbol("sigma"), TWO), TWO))
    sigma**2/2
    """
    domains = {d.name: d.domain for d in declarations}
    renamed = names or {}

    def named(name: str) -> Symbol:
        assumptions = {
            "positive": {"positive": True},
            "natural": {"integer": True, "positive": True},
            "real": {"real": True},
        }.get(domains.get(name, ""), {})
        return Symbol(renamed.get(name, name), **assumptions)

    def walk(t: Expr) -> Expr:
        if replace is not None and (done := replace(t)) is not None:
            return done
        if isinstance(t, Symbol):
            return named(t.name)
        if not t.args:
            return t
        if isinstance(t, Component):
            vector, index = t.args
            if vector.name in renamed:
                return named(vector.name)
            return sympy.Indexed(sympy.IndexedBase(named(vector.name)), named(index.name))
        if isinstance(t, (SumOver, ProductOver)):
            body, index, dimension = t.args
            head = sympy.Sum if isinstance(t, SumOver) else sympy.Product
            return head(walk(body), (named(index.name), 1, walk(dimension)))
        parts = [walk(a) for a in t.args]
        if isinstance(t, Plus):
            return sympy.Add(*parts, evaluate=evaluate)
        if isinstance(t, Times):
            return sympy.Mul(*parts, evaluate=evaluate)
        if isinstance(t, Minus):
            return -parts[0] if parts[0].is_Rational else sympy.Mul(-1, parts[0], evaluate=evaluate)
        if isinstance(t, Quotient):
            return sympy.Mul(parts[0], sympy.Pow(parts[1], -1, evaluate=evaluate), evaluate=evaluate)
        if isinstance(t, Power):
            return sympy.Pow(*parts, evaluate=evaluate)
        if isinstance(t, Root):
            return sympy.sqrt(parts[0], evaluate=evaluate)
        if isinstance(t, Log):
            return sympy.log(parts[0], evaluate=evaluate)
        if isinstance(t, Exp):
            return sympy.exp(parts[0], evaluate=evaluate)
        raise TermError(f"{type(t).__name__} is not part of a finished formula")

    return walk(term)
