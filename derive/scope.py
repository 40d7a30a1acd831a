"""What is known at a place in a term: declared symbols, bound variables, families of laws.

A symbol carries no assumption of its own; everything a side condition may use stands here, in the
open, so that dropping a declaration drops what depended on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sympy import Expr, Symbol

from derive.terms import (
    NAME,
    ZERO,
    Between,
    Component,
    Density,
    Inert,
    IntegralOver,
    Law,
    OpenInterval,
    Place,
    ProductLaw,
    ProductOver,
    TermError,
    ValueAt,
    at,
    free_symbols,
    substitute,
)

Domain = Literal["real", "positive", "natural"]
DOMAINS: tuple[Domain, ...] = ("real", "positive", "natural")


class ScopeError(ValueError):
    """A declaration is missing, double or impossible; the message says which and what to do."""


@dataclass(frozen=True)
class Declaration:
    """A symbol and where it lives; ``indexed`` for a vector with components v_1, …, v_d."""

    name: str
    domain: Domain
    indexed: bool = False

    def __post_init__(self) -> None:
        if not NAME.match(self.name):
            raise ScopeError(
                f"{self.name!r} cannot be a parameter name: use a letter, then letters, digits "
                "or _, at most 32 characters"
            )
        if self.domain not in DOMAINS:
            raise ScopeError(
                f"{self.name} is declared {self.domain!r}: a domain is one of {', '.join(DOMAINS)}"
            )
        if self.indexed and self.domain == "natural":
            raise ScopeError(f"{self.name} is a natural number, such as a dimension, and no vector")


@dataclass(frozen=True)
class Family:
    """The definition of a family of laws on the line.

    ``density`` is the density with respect to Lebesgue measure, a term in ``variable`` and the
    parameters, valid on ``support`` (an open interval; the density is 0 elsewhere).
    """

    name: str
    parameters: tuple[Declaration, ...]
    variable: Symbol
    support: Expr
    density: Expr

    def __post_init__(self) -> None:
        names = [p.name for p in self.parameters]
        if len({*names, self.variable.name}) != len(names) + 1 or any(p.indexed for p in self.parameters):
            raise ScopeError(f"{self.name}: parameters and variable need different names, none a vector")
        parameters = {Symbol(n) for n in names}
        if not isinstance(self.support, OpenInterval) or free_symbols(self.support) - parameters:
            raise ScopeError(f"{self.name}: the support is an interval in terms of the parameters")
        if free_symbols(self.density) - parameters - {self.variable}:
            raise ScopeError(f"{self.name}: the density holds a symbol that is no parameter")

    def bind(self, law: Law) -> dict[Symbol, Expr]:
        """Parameter symbol → argument of ``law``."""
        arguments = law.args[1:]
        if len(arguments) != len(self.parameters):
            names = ", ".join(p.name for p in self.parameters)
            raise ScopeError(f"{self.name} takes {names}: got {len(arguments)} arguments")
        return {Symbol(p.name): a for p, a in zip(self.parameters, arguments, strict=True)}

    def density_at(self, law: Law, point: Expr) -> Expr:
        """The density of ``law`` at ``point``, opened."""
        return substitute(self.density, {**self.bind(law), self.variable: point})

    def support_of(self, law: Law) -> Expr:
        """The support of a member of the family."""
        return substitute(self.support, self.bind(law))


@dataclass(frozen=True)
class Scope:
    """Declarations, families and the variables bound above a place, outermost first."""

    declarations: tuple[Declaration, ...]
    families: Mapping[str, Family]
    bound: tuple[tuple[Symbol, Expr | None], ...] = field(default=())
    """Each bound variable with its space; ``None`` for an index of a sum or product."""
    known: set[object] = field(default_factory=set, compare=False, repr=False, init=False)
    """What was found well formed under these declarations; shared by the scopes inside."""
    forms: dict[object, Any] = field(default_factory=dict, compare=False, repr=False, init=False)
    """Rings in which terms of this scope were compared, to be used again (see ``normal_form``)."""

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for declaration in self.declarations:
            if declaration.name in seen:
                raise ScopeError(
                    f"the name {declaration.name} is used twice: give each parameter its own name"
                )
            seen.add(declaration.name)
        naturals = [d.name for d in self.declarations if d.domain == "natural"]
        if len(naturals) > 1 and any(d.indexed for d in self.declarations):
            raise ScopeError(f"vectors of one dimension only: {', '.join(naturals)} are all natural")

    def family(self, law: Expr) -> Family:
        """The definition of a law's family."""
        if not isinstance(law, Law):
            raise TermError(f"{law} is not a law of a family on the line")
        try:
            return self.families[law.family]
        except KeyError:
            known = ", ".join(sorted(self.families)) or "none"
            raise ScopeError(f"no family {law.family!r} is declared here (declared: {known})") from None

    def bind(self, variable: Symbol, space: Expr | None) -> Scope:
        """The scope below a binder; a name that is in use is refused."""
        if any(variable == other for other, _ in self.bound) or self.declared(variable):
            raise ScopeError(f"the variable {variable} is already in use: bind another name")
        return self._below((*self.bound, (variable, space)))

    def without(self, variable: Symbol) -> Scope:
        """The scope as if this variable were not bound."""
        return self._below(tuple(pair for pair in self.bound if pair[0] != variable))

    def _below(self, bound: tuple[tuple[Symbol, Expr | None], ...]) -> Scope:
        """The same declarations with other bound variables; what is known is shared."""
        inner = replace(self, bound=bound)
        object.__setattr__(inner, "known", self.known)
        object.__setattr__(inner, "forms", self.forms)
        return inner

    def index_of_law(self, index: Symbol) -> Scope:
        """The scope inside a product law or space, whose own index may repeat a name outside it.

        Nothing from outside is visible under that name, so a law reads the same wherever it stands.
        """
        return self.without(index).bind(index, None)

    def declared(self, name: Symbol) -> Declaration | None:
        """The declaration of a symbol, if there is one."""
        return next((d for d in self.declarations if d.name == name.name), None)

    def space(self, variable: Symbol) -> Expr | None:
        """The space of a bound variable; raises ScopeError when it is not bound."""
        for other, space in self.bound:
            if other == variable:
                return space
        raise ScopeError(f"{variable} is not bound here")

    def is_bound(self, variable: Expr) -> bool:
        """Whether a binder above binds this symbol."""
        return any(variable == other for other, _ in self.bound)

    def enter(self, term: Expr, place: Place) -> Scope:
        """The scope at a place of ``term``: this one and the binders passed on the way."""
        scope = self
        for depth, index in enumerate(place):
            node = at(term, place[:depth])
            if isinstance(node, Inert) and node.binds is not None and index == 0:
                space = None
                if isinstance(node, IntegralOver):
                    space = node.args[2]
                elif isinstance(node, Between):
                    space = OpenInterval(*node.args[2:])
                elif isinstance(node, ValueAt):
                    space = node.args[3]
                scope = scope.bind(node.args[node.binds], space)
        return scope

    def support(self, law: Expr) -> Expr:
        """The support of a law on the line, up to null sets."""
        return self.family(law).support_of(law)

    def open_density(self, density: Expr) -> Expr:
        """A density as its family defines it; for a product law, the product of the factors."""
        if not isinstance(density, Density):
            raise TermError(f"{density} is not a density")
        law, point = density.args
        if isinstance(law, ProductLaw):
            factor, index, dimension = law.args
            return ProductOver(Density(factor, Component(point, index)), index, dimension)
        return self.family(law).density_at(law, point)


def is_positive_line(space: Expr | None) -> bool:
    """Whether a space is an interval (a, b) with a written as a non-negative number."""
    if not isinstance(space, OpenInterval):
        return False
    low = space.args[0]
    return low == ZERO or bool(low.is_Rational and low > 0)
