"""What a result assumes: the laws, the domains of the parameters, the measure, the unit of KL."""

from __future__ import annotations

from sympy import Expr, Symbol

from derive.derivation import Derivation
from derive.distributions import DISTRIBUTIONS, Distribution
from derive.document.compose import Composer
from derive.document.layout import Listing, Node, Number, Relation, Sign
from derive.document.notation import Notation, name_node, with_index
from derive.document.prose import Prose, joined, prose
from derive.scope import Declaration
from derive.terms import KL, Component, Law, Minus, ProductLaw, ProductSpace, free_symbols

def laws(derivation: Derivation, *, factors: bool = False) -> tuple[Node, ...]:
    """The definitions p = 𝒩(μ, σ²) of a derivation's named laws; ``factors``: p_j too."""
    composer = Composer(Notation())
    inner = {law.args[0] for _, law in derivation.names if isinstance(law, ProductLaw)}
    return tuple(
        Relation(name_node(role), "=", composer.law(law))
        for role, law in derivation.names
        if factors or law not in inner
    )


def domains(derivation: Derivation) -> tuple[Prose, ...]:
    """Each declared parameter with its domain, and what it means where that is known."""
    out = []
    for declaration in derivation.scope.declarations:
        meaning = _meaning(declaration, derivation)
        node = name_node(declaration.name)
        shown = with_index(node, name_node("j")) if declaration.indexed else node
        where = Sign("ℕ") if declaration.domain == "natural" else Sign("ℝ")
        claim: Node = Relation(shown, "∈", where)
        if declaration.domain == "positive":
            claim = Relation(shown, ">", Number("0"))
        each = (" for ", Relation(name_node("j"), "=", _range(derivation))) if declaration.indexed else ()
        out.append(prose(claim, *each, f": {meaning}" if meaning else ""))
    return tuple(out)


def _range(derivation: Derivation) -> Node:
    dimension = next(law.args[2] for _, law in derivation.names if isinstance(law, ProductLaw))
    return Listing((Number("1"), Sign("…"), Composer(Notation()).compose(dimension)))


def _meaning(declaration: Declaration, derivation: Derivation) -> str:
    if declaration.domain == "natural":
        return "the dimension"
    for role, law in derivation.names:
        factor = law.args[0] if isinstance(law, ProductLaw) else law
        if not isinstance(factor, Law):
            continue
        distribution = DISTRIBUTIONS[factor.family]
        for parameter, argument in zip(distribution.family.parameters, factor.args[1:], strict=True):
            if Symbol(declaration.name) not in free_symbols(argument):
                continue
            return f"{_word_for(distribution, parameter.name, argument)} of {role}"
    return ""


def _word_for(distribution: Distribution, parameter: str, argument: Expr) -> str:
    if isinstance(argument, (Symbol, Component)):
        return distribution.meanings[parameter]
    for other in distribution.parameterisations:
        if other.parameter == parameter and type(other.term) is type(argument):
            return other.meaning
    return f"parameter for {distribution.meanings[parameter]}"


def _divergence(derivation: Derivation) -> KL | None:
    left = derivation.left.args[0] if isinstance(derivation.left, Minus) else derivation.left
    return left if isinstance(left, KL) else None


def assumptions(derivation: Derivation) -> tuple[Prose, ...]:
    """What holds throughout a derivation of a divergence, one sentence each."""
    composer = Composer(Notation(derivation.names))
    out: list[Prose] = []
    stated = laws(derivation)
    if stated:
        independent = any(isinstance(law, ProductLaw) for _, law in derivation.names)
        words = ", with independent coordinates" if independent else ""
        out.append(joined((prose(n) for n in stated), last=" and ") + prose(f"{words}."))
    if derivation.scope.declarations:
        out.append(joined(domains(derivation), between="; ") + prose("."))
    divergence = _divergence(derivation)
    if divergence is None:
        return tuple(out)
    p, q = divergence.args
    space = composer.compose(_support(p, derivation))
    names = composer.compose(p), composer.compose(q)
    continuous = any(
        done.condition.kind == "absolutely continuous" for s in derivation.tree() for t in s.steps
        for done in t.conditions
    )  # fmt: skip
    out.append(
        prose("Densities are taken with respect to Lebesgue measure on ", space, ".")
    )
    if continuous:
        out.append(
            prose(
                Relation(names[0], "≪", names[1]), ": the support of ", names[0], " lies in that of ",
                names[1], ", so the divergence is the integral of its definition.",
            )
        )  # fmt: skip
    out.append(prose("Logarithms are natural: the divergence is in nats."))
    out += _convention(p)
    return tuple(out)


def _support(law: Expr, derivation: Derivation) -> Expr:
    if isinstance(law, ProductLaw):
        factor, index, dimension = law.args
        return ProductSpace(_support(factor, derivation), index, dimension)
    return derivation.scope.support(law)


def _convention(law: Expr) -> list[Prose]:
    """Which parameters the formula is written in."""
    factor = law.args[0] if isinstance(law, ProductLaw) else law
    if not isinstance(factor, Law):
        return []
    distribution = DISTRIBUTIONS[factor.family]
    head, _ = Notation().law(factor.family)
    composer = Composer(Notation())
    words = []
    for parameter, argument in zip(distribution.family.parameters, factor.args[1:], strict=True):
        word = _word_for(distribution, parameter.name, argument)
        inner = sorted(free_symbols(argument) - ({law.args[1]} if factor is not law else set()), key=str)
        if inner:
            words.append((word, argument, inner[0]))
    named = [prose(w, " ", composer.compose(_bare_symbol(a, s, law))) for w, a, s in words]
    out = prose("Convention: the formula is written in ") + joined(named, last=" and ") + prose(".")
    if distribution.squared:
        squares = " and ".join(distribution.meanings[n].removeprefix("the ") for n in distribution.squared)
        out += prose(" In ", head, f" the {squares} is shown squared, as the variance.")
    return [out]


def _bare_symbol(argument: Expr, symbol: Expr, law: Expr) -> Expr:
    return Component(symbol, law.args[1]) if isinstance(law, ProductLaw) else symbol
