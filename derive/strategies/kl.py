"""The one general strategy for KL(p, q).  It knows no family and no answer.

Unfold the definition, split the logarithm, put in the log-densities, cancel pointwise, use
linearity, use what p's family claims, and collect.  For product laws: split the product, bring the
sum out, integrate the other coordinates away, and use the result for one coordinate.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol

from derive.derivation import Chain, Derivation
from derive.distributions import DISTRIBUTIONS, FAMILIES, Distribution
from derive.field import Undetermined
from derive.kernel import Condition, Detail, discharge
from derive.rules import RULES
from derive.scope import Declaration, Scope
from derive.strategies.lemmas import arithmetic, places, prove, use_claims
from derive.strategies.specialise import polish
from derive.strategies.tidy import order, tidy
from derive.terms import (
    KL,
    ONE,
    TWO,
    ZERO,
    Density,
    IntegralOver,
    Law,
    Log,
    Minus,
    Place,
    Plus,
    Power,
    ProductLaw,
    at,
    free_symbols,
    substitute,
    symbol,
)


class NoDerivation(ValueError):
    """The strategy finds no chain; the message says where it stopped and what would help."""


@dataclass(frozen=True)
class Finite:
    """p ≪ q: the divergence is the integral of its definition."""


@dataclass(frozen=True)
class Infinite:
    """KL = ∞: p gives mass to the interval (low, high), where q has none."""

    low: Expr
    high: Expr


def finiteness(p: Expr, q: Expr, scope: Scope) -> Finite | Infinite:
    """The gate: whether p ≪ q, with a witness when not.

    Raises:
        NoDerivation: when the supports cannot be compared.
    """
    try:
        discharge(Condition("absolutely continuous", (p, q)), scope)
        return Finite()
    except Undetermined as error:
        reason = error
    if isinstance(p, Law) and isinstance(q, Law):
        inner, outer = scope.support(p), scope.support(q)
        for low, high in ((inner.args[0], outer.args[0]), (outer.args[1], inner.args[1])):
            try:
                witness = type(inner)(low, high)
                discharge(Condition("witness", (witness, p, q)), scope)
                return Infinite(low, high)
            except Undetermined:
                continue
    raise NoDerivation(f"cannot decide whether p is absolutely continuous with respect to q: {reason}")


def derive_kl(
    p: Expr,
    q: Expr,
    declarations: tuple[Declaration, ...],
    *,
    id: str = "kl",
    title: str = "Kullback-Leibler divergence",
) -> Derivation:
    """KL(p, q) from its definition, for two laws on the line or two product laws."""
    scope = Scope(declarations, FAMILIES)
    chain = Chain(id, title, scope, KL(p, q), (("p", p), ("q", q)))
    gate = finiteness(p, q, scope)
    if isinstance(gate, Infinite):
        chain.apply(RULES["infinite-outside-support"], low=gate.low, high=gate.high)
        return chain.done()
    x = _fresh("x", scope)
    chain.apply(RULES["definition-of-kl"], x=x, detail=Detail.BRIEF)
    chain.apply(RULES["log-quotient"], (0, 1))
    if isinstance(p, ProductLaw):
        _products(chain, p, q, x)
    else:
        _on_the_line(chain, DISTRIBUTIONS[p.family], (p, q), x)
    return chain.done()


def _fresh(name: str, scope: Scope) -> Symbol:
    taken = {d.name for d in scope.declarations}
    return symbol(next(n for n in (name, "y", "z", "w", "t") if n not in taken))


# -- laws on the line --------------------------------------------------------------------------------


def _on_the_line(chain: Chain, distribution: Distribution, laws: tuple[Expr, Expr], x: Symbol) -> None:
    bracket: Place = (0, 1)
    for law, place in zip(laws, ((*bracket, 0), (*bracket, 1, 0)), strict=True):
        lemma = prove(law.family, "log-density")
        bindings = {str(k): v for k, v in FAMILIES[law.family].bind(law).items()}
        variable = FAMILIES[law.family].variable.name
        name = chain.cite(lemma)
        chain.apply(RULES["lemma"], place, lemma=name, detail=Detail.FULL, **bindings, **{variable: x})
    chain.show(Detail.STANDARD)
    chain.apply(RULES["cancel"], bracket, detail=Detail.FULL)
    if at(chain.line, bracket) == ZERO:
        arithmetic(chain, ZERO, detail=Detail.BRIEF)
        return
    for place in reversed(places(at(chain.line, bracket), Log)):
        if at(chain.line, (*bracket, *place)).args[0] == ONE:
            chain.apply(RULES["log-one"], (*bracket, *place), detail=Detail.FULL)
    arithmetic(chain, tidy(at(chain.line, bracket)), bracket, detail=Detail.FULL)
    if _has_log_difference(at(chain.line, bracket)):
        chain.apply(RULES["combine-logs"], bracket)
    chain.show(Detail.BRIEF)
    chain.apply(RULES["linearity"])
    _evaluate_integrals(chain, distribution)
    _combine_logs(chain)
    if _has_constants(laws) and free_symbols(chain.line):
        polish(chain, ())
    else:
        arithmetic(chain, order(tidy(chain.line)), rule="collect", detail=Detail.BRIEF)
    chain.show(Detail.BRIEF)


def _has_constants(laws: tuple[Expr, ...]) -> bool:
    """Whether some parameter of a law is a number, as in the standard member of a family."""
    return any(a.is_Rational for law in laws for a in law.args[1:])


def _has_log_difference(term: Expr) -> bool:
    parts = term.args if isinstance(term, Plus) else ()
    return any(isinstance(t, Log) for t in parts) and any(
        isinstance(t, Minus) and isinstance(t.args[0], Log) for t in parts
    )


def _combine_logs(chain: Chain) -> None:
    while _has_log_difference(chain.line):
        chain.apply(RULES["combine-logs"])


def _evaluate_integrals(chain: Chain, distribution: Distribution) -> None:
    """Use the family's claims on every integral, rewriting the integrands until they fit."""
    while places(chain.line, IntegralOver):
        if use_claims(chain, distribution):
            arithmetic(chain, tidy(chain.line), detail=Detail.STANDARD)
            chain.show(Detail.BRIEF if not places(chain.line, IntegralOver) else Detail.STANDARD)
            continue
        place = places(chain.line, IntegralOver)[0]
        if not _open_square(chain, distribution, place):
            raise NoDerivation(
                f"no claim of the {distribution.title} covers {at(chain.line, place)}; "
                "add a claim for this statistic to its distribution file"
            )


def _open_square(chain: Chain, distribution: Distribution, place: Place) -> bool:
    """Rewrite x, x² or (x − a)² in terms of the statistics that p's family has claims for."""
    integral = at(chain.line, place)
    body, x, _ = integral.args
    law = next(f.args[0] for f in body.args if isinstance(f, Density))
    centre = _centre(distribution, law, x)
    for i, factor in enumerate(body.args):
        square = isinstance(factor, Power) and factor.args[1] == TWO
        base = factor.args[0] if square else factor
        if base != x and not (square and isinstance(base, Plus) and len(base.args) == 2):
            continue
        if centre is not None:
            where = (*place, 0, i, 0) if square else (*place, 0, i)
            chain.apply(RULES["add-and-subtract"], where, m=centre, detail=Detail.FULL)
        elif base == x:
            return False
        if square:
            chain.apply(RULES["expand-square"], (*place, 0, i))
        chain.show(Detail.STANDARD)
        chain.apply(RULES["linearity"], place)
        return True
    return False


def _centre(distribution: Distribution, law: Expr, x: Symbol) -> Expr | None:
    """m when the family has a claim about the centred statistic x − m."""
    replacements = {**distribution.family.bind(law), distribution.family.variable: x}
    for claim in distribution.claims:
        s = claim.statistic
        if isinstance(s, Plus) and len(s.args) == 2 and isinstance(s.args[1], Minus):
            return substitute(s.args[1].args[0], replacements)
    return None


# -- product laws --------------------------------------------------------------------------------------


def _products(chain: Chain, p: ProductLaw, q: ProductLaw, x: Symbol) -> None:
    """Reduce to one coordinate: logarithm of a product, Fubini, and the result for one factor."""
    factor, index, _ = p.args
    other = q.args[0]
    bracket: Place = (0, 1)
    logs: tuple[Place, Place] = ((*bracket, 0), (*bracket, 1, 0))
    for place in logs:
        chain.apply(RULES["definition-of-density"], (*place, 0), detail=Detail.FULL)
    chain.show(Detail.STANDARD)
    for place in logs:
        chain.apply(RULES["log-product-over"], place, detail=Detail.FULL)
    chain.show(Detail.STANDARD)
    chain.apply(RULES["merge-sums"], bracket, detail=Detail.FULL)
    chain.apply(RULES["sum-through-integral"], detail=Detail.BRIEF)
    mass = chain.cite(prove(factor.family, "total-mass"))
    coordinate = symbol(f"{x}_{index}")
    chain.apply(RULES["marginalisation"], (0,), t=coordinate, lemma=mass)
    chain.names = (*chain.names, (f"p_{index}", factor), (f"q_{index}", other))
    chain.apply(RULES["recognise-kl"], (0,), p=factor, q=other, detail=Detail.BRIEF)
    lemma = one_coordinate(factor, other)
    bindings = _match_parameters(lemma, factor, other)
    name = chain.cite(lemma)
    chain.apply(RULES["lemma"], (0,), lemma=name, detail=Detail.BRIEF, **bindings)
    if _has_constants((factor, other)):
        chain.show(Detail.STANDARD)
        polish(chain, (0,))
        chain.show(Detail.BRIEF)


def one_coordinate(p: Expr, q: Expr) -> Derivation:
    """The generic result for the families of two laws on the line: p with 1, q with 2."""
    return generic(p.family, q.family)


def generic(first: str, second: str) -> Derivation:
    """KL between two members of the named families with parameters numbered 1 and 2."""
    key = (first, second)
    if key not in _GENERIC:
        (p, declared_p), (q, declared_q) = (numbered(first, 1), numbered(second, 2))
        names = [DISTRIBUTIONS[f].slug for f in (first, second)]
        if first == second:
            id, title = f"kl-{names[0]}", f"KL divergence between two {first.lower()} distributions"
        else:
            id = f"kl-{names[0]}-{names[1]}"
            title = (
                f"KL divergence of the {DISTRIBUTIONS[second].title} from the {DISTRIBUTIONS[first].title}"
            )
        _GENERIC[key] = derive_kl(p, q, declared_p + declared_q, id=id, title=title)
    return _GENERIC[key]


_GENERIC: dict[tuple[str, str], Derivation] = {}


def numbered(family: str, number: int, *, indexed: bool = False) -> tuple[Expr, tuple[Declaration, ...]]:
    """A law of the family with numbered parameters, and their declarations."""
    distribution = DISTRIBUTIONS[family]
    declarations = tuple(
        Declaration(f"{d.name}_{number}", d.domain, indexed) for d in distribution.family.parameters
    )
    return distribution.law(*(symbol(d.name) for d in declarations)), declarations


def _match_parameters(lemma: Derivation, p: Expr, q: Expr) -> dict[str, Expr]:
    pattern_p, pattern_q = lemma.left.args
    pairs = (
        *zip(pattern_p.args[1:], p.args[1:], strict=True),
        *zip(pattern_q.args[1:], q.args[1:], strict=True),
    )
    return {str(name): value for name, value in pairs}
