"""The Python face: laws, ``kl`` and what can be asked of its answer.

>>> d = kl(Normal("m", "s"), StandardNormal())
>>> d.result
m**2/2 + s**2/2 - log(s**2)/2 - 1/2
>>> len(d.steps) >= 8
True
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from sympy import Expr, Symbol, oo

from derive import catalogue
from derive.catalogue import Entry, Result
from derive.derivation import Derivation, certificate
from derive.distributions import DISTRIBUTIONS
from derive.evaluate import as_sympy
from derive.kernel import Detail, Step
from derive.scope import Declaration, Domain, ScopeError
from derive.strategies.kl import derive_kl
from derive.terms import INFINITY, Component, ProductLaw, as_term, symbol

Parameter = str | int | Fraction


class ParameterError(ValueError):
    """A parameter cannot be used; the message says which and what to do."""


@dataclass(frozen=True)
class Distribution:
    """A law whose parameters are names (symbols) or exact numbers.

    Make one with :func:`Normal`, :func:`Exponential`, :func:`DiagonalNormal` or
    :func:`StandardNormal`.
    """

    family: str
    parameters: tuple[Parameter, ...]
    diagonal: bool = False

    def declarations(self) -> tuple[Declaration, ...]:
        """Declarations of the parameters that are names."""
        family = DISTRIBUTIONS[self.family].family
        return tuple(
            Declaration(value, d.domain, self.diagonal)
            for d, value in zip(family.parameters, self.parameters, strict=True)
            if isinstance(value, str)
        )

    def law(self, *, diagonal: bool) -> Expr:
        """The law as a term; for ``diagonal`` the product over j = 1..d."""
        terms = []
        for value in self.parameters:
            term = symbol(value) if isinstance(value, str) else as_term(value)
            named = isinstance(value, str) and diagonal
            terms.append(Component(term, symbol("j")) if named else term)
        law = DISTRIBUTIONS[self.family].law(*terms)
        return ProductLaw(law, symbol("j"), symbol("d")) if diagonal else law


def _checked(name: str, value: object, domain: Domain) -> Parameter:
    if isinstance(value, (complex, float)) and not isinstance(value, bool):
        kind = "complex" if isinstance(value, complex) else "a binary fraction"
        raise ParameterError(f"{name} = {value!r} is {kind}: give a name, an int or a fractions.Fraction")
    if isinstance(value, Expr) and not isinstance(value, Symbol):
        raise ParameterError(f"{name} = {value}: give a name, an int or a fractions.Fraction")
    if isinstance(value, Symbol):
        if value.is_real is False:
            raise ParameterError(f"{name} = {value} is declared complex: use a plain name")
        value = value.name
    if isinstance(value, bool) or not isinstance(value, (str, int, Fraction)):
        raise ParameterError(f"{name} = {value!r}: give a name, an int or a fractions.Fraction")
    if isinstance(value, str):
        try:
            Declaration(value, domain)
        except ScopeError as error:
            raise ParameterError(f"{name}: {error}") from None
    elif domain == "positive" and value <= 0:
        raise ParameterError(f"{name} = {value} has to be positive")
    return value


def Normal(mean: Parameter, std: Parameter) -> Distribution:
    """N(mean, std²) on the line; ``std`` is the standard deviation, positive.

    Parameters are names like ``"mu_1"`` or exact numbers.

    Raises:
        ParameterError: for a name that is no identifier, a float, a complex number or std ≤ 0.
    """
    return Distribution("Normal", (_checked("mean", mean, "real"), _checked("std", std, "positive")))


def StandardNormal() -> Distribution:
    """N(0, 1); against a :func:`DiagonalNormal` it is N(0, I) in the same dimension."""
    return Distribution("Normal", (0, 1))


def DiagonalNormal(mean: str, std: str) -> Distribution:
    """Independent N(mean_j, std_j²) over j = 1..d with symbolic d; the names stand for vectors."""
    law = Normal(mean, std)
    return Distribution(law.family, law.parameters, diagonal=True)


def Exponential(rate: Parameter) -> Distribution:
    """The exponential distribution with the given rate, positive, on (0, ∞)."""
    return Distribution("Exponential", (_checked("rate", rate, "positive"),))


@dataclass(frozen=True, eq=False)
class Divergence:
    """A derived divergence: its steps, its result, and documents and code made from them."""

    catalogued: Result

    @property
    def derivation(self) -> Derivation:
        """The derivation as the kernel accepted it."""
        return self.catalogued.derivation

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step at full detail, lemmas not included."""
        return self.derivation.steps

    @cached_property
    def result(self) -> Expr:
        """The closed form as an ordinary SymPy expression in nats, its symbols carrying their domains."""
        if self.derivation.right == INFINITY:
            return oo
        return as_sympy(self.derivation.right, self.derivation.scope.declarations)

    @property
    def certificate(self) -> dict[str, Any]:
        """The derivation as JSON data that ``python -m derive.checker`` re-proves.

        For a result of the catalogue it is what ``certificate.json`` holds: with the other forms, and the
        polynomials that the code computes with.
        """
        from derive.codegen.approximations import whole_certificate

        id = self.catalogued.id
        if id in catalogue.IDS and self.catalogued is catalogue.result(id):
            return whole_certificate(self.catalogued)
        return certificate(self.derivation)

    def latex(self, detail: str = "standard") -> str:
        """A LaTeX fragment to ``\\input`` (amsmath); ``detail`` is brief, standard or full."""
        from derive.document.render import fragment

        return fragment(self.catalogued, detail=_detail(detail))

    def markdown(self, detail: str = "standard") -> str:
        """Markdown as GitHub renders it."""
        from derive.document.render import markdown

        return markdown(self.catalogued, detail=_detail(detail))

    def text(self, detail: str = "standard") -> str:
        """Plain Unicode text for a terminal."""
        from derive.document.render import text

        return text(self.catalogued, detail=_detail(detail))

    def code(self, target: str = "numpy", parameters: str = "std") -> str:
        """One self-contained function for a target (numpy, torch, jax).

        Raises:
            ValueError: when this divergence or parameterisation has no code; says which have.

        The arguments have the names of the catalogue (``mean``, ``std``, …), not those given here.
        """
        from derive.codegen.render import snippet

        if self.catalogued.id not in catalogue.DIVERGENCES:
            raise ValueError(
                "code is written for the divergences of the catalogue, with a name of its own for each "
                f"parameter: {', '.join(catalogue.DIVERGENCES)}"
            )
        return snippet(catalogue.result(self.catalogued.id), target, parameters)

    def picture(self) -> str:
        """The picture of a study of the catalogue, as SVG.

        Raises:
            ValueError: when there is none; says what has one.
        """
        from derive.document.drawing import svg
        from derive.document.notation import Notation
        from derive.document.pictures import PICTURES

        if self.catalogued.id not in PICTURES:
            raise ValueError(
                f"there is no picture of {self.catalogued.id}: there are of {', '.join(PICTURES)}"
            )
        return svg(PICTURES[self.catalogued.id](Notation()))

    def verify(self) -> dict[str, Any]:
        """Re-prove, enclose and measure; the same data as ``derive verify --json``."""
        from derive.verification import verify_result

        return verify_result(self.catalogued)

    def __repr__(self) -> str:
        from derive.document.render import statement_text

        return statement_text(self.derivation)

    def _repr_latex_(self) -> str:
        from derive.document.render import derivation_latex

        return derivation_latex(self.derivation)

    def _repr_html_(self) -> str:
        from derive.document.render import derivation_html

        return derivation_html(self.catalogued)


def _detail(name: str) -> Detail:
    try:
        return Detail[name.upper()]
    except KeyError:
        raise ValueError(f"detail is brief, standard or full, not {name!r}") from None


def kl(p: Distribution, q: Distribution) -> Divergence:
    """Derive KL(p ‖ q) from its integral definition.

    The answer is finite in closed form, or +∞ with the reason when p has mass where q has none.

    Raises:
        ParameterError: the same name for two parameters, or laws of different kinds.
        NoDerivation: when the strategy lacks a claim that it needs; says which.
    """
    diagonal = p.diagonal or q.diagonal
    for law in (p, q):
        if diagonal and not law.diagonal and any(isinstance(v, str) for v in law.parameters):
            raise ParameterError("one law is diagonal and the other is not: use DiagonalNormal for both")
    declarations: dict[str, Declaration] = {}
    for law in (p, q):
        inside: set[str] = set()
        for d in law.declarations():
            if d.name in inside or declarations.get(d.name, d) != d:
                raise ParameterError(f"the name {d.name} is used twice: give each parameter its own name")
            if diagonal and d.name in ("d", "j"):
                raise ParameterError(f"the name {d.name} is taken by the dimension or its index")
            inside.add(d.name)
            declarations[d.name] = d
    declared = tuple(declarations.values())
    if diagonal:
        declared += (Declaration("d", "natural"),)
    entry = _catalogued(p, q, diagonal)
    title = entry.title if entry.title else "Kullback-Leibler divergence"
    derivation = derive_kl(
        p.law(diagonal=diagonal), q.law(diagonal=diagonal), declared, id=entry.id, title=title
    )
    return Divergence(Result(entry, derivation, ()))


def _catalogued(p: Distribution, q: Distribution, diagonal: bool) -> Entry:
    """The catalogue's entry for a pair of this kind, or a nameless one."""
    distribution = DISTRIBUTIONS[p.family]
    names = [v for law in (p, q) for v in law.parameters if isinstance(v, str)]
    same = p.family == q.family and all(isinstance(v, str) for v in p.parameters)
    same = same and len(set(names)) == len(names)
    standard = (
        same
        and tuple(as_term(v) for v in q.parameters if not isinstance(v, str)) == (distribution.standard) != ()
    )
    general = same and all(isinstance(v, str) for v in q.parameters)
    for entry in catalogue.ENTRIES:
        if (
            entry.family == p.family
            and entry.diagonal == diagonal
            and ((entry.standard and standard) or (not entry.standard and general))
        ):
            return entry
    return Entry("kl", "", "", p.family, diagonal=diagonal)


def result(id: str) -> Divergence:
    """The divergence or the study of one with a catalogue id, as ``derive show ID`` shows it.

    Raises:
        UnknownResult: with the nearest ids.
    """
    return Divergence(catalogue.result(id))
