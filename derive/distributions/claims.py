"""What a family says of itself, and how each claim is proved.  Data only.

A claim's statement uses the family's own parameter names and its variable.  Its proof names the
method and the pieces that a person has to think of (an antiderivative, a substitution); the lemma
strategies carry it out, and the kernel decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Expr, Symbol

from derive.rules.identity import match, meta
from derive.scope import Declaration, Domain, Family
from derive.terms import (
    ONE,
    TWO,
    Component,
    Density,
    Exp,
    IntegralOver,
    Law,
    Log,
    Power,
    Quotient,
    Root,
    Times,
    substitute,
)


@dataclass(frozen=True)
class ByLogLaws:
    """Open the density and apply the laws of the logarithm."""


@dataclass(frozen=True)
class ByAntiderivative:
    """F with F′ = density · statistic, and its limits at the two ends of the support."""

    primitive: Expr
    lower: Expr
    upper: Expr


@dataclass(frozen=True)
class ByParts:
    """∫ u dv = [u v] − ∫ v du, with the limits of u·v; what is left is a claim."""

    u: Expr
    v: Expr
    du: Expr
    dv: Expr
    rest: Expr
    lower: Expr
    upper: Expr


@dataclass(frozen=True)
class BySubstitution:
    """x = g(u), after which the integrand is that of a named lemma."""

    variable: Symbol
    g: Expr
    slope: Expr
    integrand: Expr
    """density · slope as it is to be written in the new variable: constants · the lemma's integrand"""
    lemma: str


Proof = ByLogLaws | ByAntiderivative | ByParts | BySubstitution


@dataclass(frozen=True)
class Claim:
    """E[statistic] = value under the law (statistic 1 is the total mass); ``log_density`` when
    ``statistic`` is None: then log p(x) = value."""

    name: str
    title: str
    statistic: Expr | None
    value: Expr
    proof: Proof


def squared(term: Expr) -> Expr:
    """A law's parameter squared, as an author writes it: (√v)² is v, (e^{s/2})² is e^s, (e^ℓ)² is e^{2ℓ}."""
    if term == ONE:
        return term
    if isinstance(term, Root):
        return term.args[0]
    if isinstance(term, Exp):
        exponent = term.args[0]
        halved = isinstance(exponent, Quotient) and exponent.args[1] == TWO
        return Exp(exponent.args[0] if halved else Times(TWO, exponent))
    return Power(term, TWO)


@dataclass(frozen=True)
class Parameterisation:
    """Another way to give one parameter: ``parameter`` = ``term`` in the new symbol.

    ``name`` is also the function's suffix in generated code, and ``code_name`` the argument's name.
    """

    name: str
    title: str
    parameter: str
    symbol: str
    domain: Domain
    term: Expr
    code_name: str
    meaning: str
    easily_confused: bool = True
    """Whether formulas are read in it by mistake, so that a convention says when it is not meant."""

    def writes(self, argument: Expr) -> bool:
        """Whether a law's argument is ``term`` with a symbol or a component in place of the new symbol."""
        new = meta(self.symbol)
        found: dict[Symbol, Expr] = {}
        shape = substitute(self.term, {Symbol(self.symbol): new})
        return match(shape, argument, found) and isinstance(found[new], (Symbol, Component))


@dataclass(frozen=True)
class Distribution:
    """A family of laws with its claims, and the names it goes by on a page and in code.

    ``code_names`` maps a parameter to its argument's name in generated code; ``notation`` is the
    law's symbol in LaTeX with ``{name}`` for a parameter, and ``plain`` the same in plain text.
    """

    family: Family
    title: str
    notation: str
    plain: str
    code_names: Mapping[str, str]
    claims: tuple[Claim, ...]
    meanings: Mapping[str, str]
    standard: tuple[Expr, ...] = ()
    """Parameters of the standard member, when the family has one."""
    parameterisations: tuple[Parameterisation, ...] = ()
    squared: tuple[str, ...] = ()
    """Parameters that the notation shows squared, as σ in N(μ, σ²)."""

    @property
    def slug(self) -> str:
        """The family's name in ids."""
        return self.family.name.lower()

    def law(self, *parameters: Expr) -> Law:
        """A member of the family."""
        return Law(Symbol(self.family.name), *parameters)

    @property
    def generic(self) -> Law:
        """The law with the family's own parameter names."""
        return self.law(*(Symbol(p.name) for p in self.family.parameters))

    def declarations(self) -> tuple[Declaration, ...]:
        """Declarations of the family's own parameters."""
        return self.family.parameters

    def shown(self, parameter: str, value: Expr) -> Expr:
        """A parameter's value as the law's notation shows it: σ² for σ, v for √v, eˢ for e^{s/2}."""
        return squared(value) if parameter in self.squared else value

    def claim_left(self, claim: Claim) -> Expr:
        """The left side of a claim's statement."""
        x = self.family.variable
        density = Density(self.generic, x)
        if claim.statistic is None:
            return Log(density)
        body = density if claim.statistic == ONE else Times(density, claim.statistic)
        return IntegralOver(body, x, self.family.support)

    def claim_id(self, claim: Claim) -> str:
        """The id of the lemma that proves a claim."""
        return f"{self.slug}-{claim.name}"
