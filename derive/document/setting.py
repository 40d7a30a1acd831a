"""What a result assumes: the laws, the domains of the parameters, the measure, the unit of KL."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr, Symbol

from derive.derivation import Derivation
from derive.distributions import DISTRIBUTIONS, Distribution
from derive.document.compose import Composer
from derive.document.layout import Listing, Node, Number, Relation, Sign
from derive.document.notation import Notation, with_index
from derive.document.prose import Prose, joined, prose
from derive.scope import Declaration
from derive.terms import KL, Component, Law, ProductLaw, ProductSpace, free_symbols, walk


def laws(derivation: Derivation, notation: Notation) -> tuple[Node, ...]:
    """The definitions p = 𝒩(μ, σ²) of a derivation's named laws; one coordinate's are implied."""
    composer = Composer(notation.of(()))
    inner = {law.args[0] for _, law in derivation.names if isinstance(law, ProductLaw)}
    return tuple(
        Relation(notation.title(role), "=", composer.law(law))
        for role, law in derivation.names
        if law not in inner
    )


def setting(derivation: Derivation, notation: Notation, unsaid: Iterable[Declaration] = ()) -> Prose:
    """“p = 𝒩(μ, σ²) and q = …, where s ∈ ℝ”: the laws that are named, and the domains of what is unsaid."""
    stated = laws(derivation, notation)
    independent = any(isinstance(law, ProductLaw) for _, law in derivation.names)
    words = ", with independent coordinates" if independent else ""
    named = joined((prose(n) for n in stated), last=" and ") + prose(*([words] if words else []))
    declared = domains(derivation, notation, unsaid)
    return named + (prose(", where ") if named and declared else prose()) + declared


def parameters(derivation: Derivation) -> frozenset[str]:
    """The names that a named law is written in."""
    return frozenset(
        s.name for _, law in derivation.names for s in free_symbols(law) if isinstance(s, Symbol)
    )


def domains(derivation: Derivation, notation: Notation, declared: Iterable[Declaration]) -> Prose:
    """Declared parameters with their domains, and what each means where that is known."""
    single, indexed = list[Prose](), list[Prose]()
    index, dimension = _index(derivation, notation)
    for declaration in declared:
        meaning = _meaning(declaration, derivation, notation)
        node = notation.symbol(declaration.name)
        shown = with_index(node, index) if declaration.indexed else node
        claim: Node = Relation(shown, "∈", Sign("ℕ" if declaration.domain == "natural" else "ℝ"))
        if declaration.domain == "positive":
            claim = Relation(shown, ">", Number("0"))
        words = prose(claim) + (prose(" (") + meaning + prose(")") if meaning else prose())
        (indexed if declaration.indexed else single).append(words)
    if not indexed:
        return joined(single)
    each = Relation(index, "=", Listing((Number("1"), Sign("…"), dimension)))
    every = joined(indexed) + prose(" for ", each)
    return joined([*single, every], between="; ")


def _index(derivation: Derivation, notation: Notation) -> tuple[Node, Node]:
    """The index of the product laws and the dimension it runs to, as they are shown."""
    composer = Composer(notation.of(()))
    for _, law in derivation.names:
        if isinstance(law, ProductLaw):
            return composer.compose(law.args[1]), composer.compose(law.args[2])
    return notation.symbol("j"), notation.symbol("d")


def _meaning(declaration: Declaration, derivation: Derivation, notation: Notation) -> Prose:
    if declaration.domain == "natural":
        return prose("the dimension")
    for role, law in derivation.names:
        factor = law.args[0] if isinstance(law, ProductLaw) else law
        if not isinstance(factor, Law):
            continue
        distribution = DISTRIBUTIONS[factor.family]
        for parameter, argument in zip(distribution.family.parameters, factor.args[1:], strict=True):
            if Symbol(declaration.name) not in free_symbols(argument):
                continue
            return prose(f"{_word_for(distribution, parameter.name, argument)} of ", notation.title(role))
    return prose()


def _word_for(distribution: Distribution, parameter: str, argument: Expr) -> str:
    if isinstance(argument, (Symbol, Component)):
        return distribution.meanings[parameter]
    for other in distribution.parameterisations:
        if other.parameter == parameter and other.writes(argument):
            return other.meaning
    return f"parameter for {distribution.meanings[parameter]}"


def _divergence(derivation: Derivation) -> KL | None:
    return next((t for _, t in walk(derivation.left) if isinstance(t, KL)), None)


def assumptions(derivation: Derivation, notation: Notation) -> tuple[Prose, ...]:
    """What holds throughout a derivation of a divergence, one sentence each."""
    composer = Composer(notation.of(derivation.names))
    out: list[Prose] = []
    if derivation.scope.declarations:
        out.append(domains(derivation, notation, derivation.scope.declarations) + prose("."))
    divergence = _divergence(derivation)
    if divergence is None:
        return tuple(out)
    p, q = divergence.args
    out += _densities((p, q), notation)
    space = composer.compose(_support(p, derivation))
    names = composer.compose(p), composer.compose(q)
    continuous = any(
        done.condition.kind == "absolutely continuous" for s in derivation.tree() for t in s.steps
        for done in t.conditions
    )  # fmt: skip
    out.append(
        prose("Densities are taken with respect to Lebesgue measure on ", space, ": ordinary integrals.")
    )
    if continuous:
        out.append(
            prose(
                Relation(names[0], "≪", names[1]), ": the support of ", names[0], " lies in that of ",
                names[1], ", so the divergence is the integral of its definition. In words: where ", names[1],
                " gives no probability, ", names[0], " gives none either, so the ratio of the densities "
                "never has a zero below it.",
            )
        )  # fmt: skip
    out.append(prose("Logarithms are natural: the divergence is in nats (divided by log 2, in bits)."))
    out += _convention(p, notation)
    return tuple(out)


def _densities(pair: tuple[Expr, ...], notation: Notation) -> list[Prose]:
    """What the families of two laws are, by their densities."""
    factors = [law.args[0] if isinstance(law, ProductLaw) else law for law in pair]
    out = []
    for name in dict.fromkeys(f.family for f in factors if isinstance(f, Law)):
        distribution, composer = DISTRIBUTIONS[name], Composer(notation.of(()))
        density = composer.compose(distribution.family.density)
        point = composer.compose(distribution.family.variable)
        out.append(
            prose(composer.law(distribution.generic), " has the density ", density, " at ", point, ".")
        )
    return out


def _support(law: Expr, derivation: Derivation) -> Expr:
    if isinstance(law, ProductLaw):
        factor, index, dimension = law.args
        return ProductSpace(_support(factor, derivation), index, dimension)
    return derivation.scope.support(law)


def _convention(law: Expr, notation: Notation) -> list[Prose]:
    """Which parameters the formula is written in."""
    factor = law.args[0] if isinstance(law, ProductLaw) else law
    if not isinstance(factor, Law):
        return []
    distribution = DISTRIBUTIONS[factor.family]
    words = [
        _word_for(distribution, parameter.name, argument)
        for parameter, argument in zip(distribution.family.parameters, factor.args[1:], strict=True)
        if free_symbols(argument)
    ]
    if not words:
        return []
    out = "Convention: the formula is written in " + " and ".join(words)
    usual = (p.meaning for p in distribution.parameterisations if p.easily_confused)
    others = [meaning for meaning in usual if meaning not in words]
    if others:
        out += f" (not {', '.join(others[:-1])}{' or ' if others[1:] else ''}{others[-1]})"
    if not distribution.squared:
        return [prose(out + ".")]
    shown = Composer(notation.of(())).law(distribution.generic)
    squares = " and ".join(distribution.meanings[name] for name in distribution.squared)
    return [prose(out + "; in ", shown, f" {squares} is squared.")]
