"""Results from results: a general one at special parameters, or in other parameters.

Each is a derivation of its own whose first step cites the general result; what follows are laws of
the logarithm and arithmetic, chosen so that the line ends as an author would write it.
"""

from __future__ import annotations

from sympy import Expr, Symbol

from derive.derivation import Chain, Derivation
from derive.distributions import FAMILIES
from derive.kernel import Detail
from derive.rules import RULES
from derive.rules.algebra import from_signed, signed_addends
from derive.scope import Declaration, Scope
from derive.strategies.lemmas import LOG_RULES, arithmetic, places
from derive.strategies.tidy import factor_out_half, tidy
from derive.terms import (
    HALF,
    KL,
    ONE,
    TWO,
    Component,
    Exp,
    Log,
    Minus,
    Place,
    Power,
    ProductLaw,
    Quotient,
    SumOver,
    Times,
    at,
    substitute,
)


def specialise(
    general: Derivation,
    replacements: dict[str, Expr],
    declarations: tuple[Declaration, ...],
    *,
    id: str,
    title: str,
) -> Derivation:
    """The general result with its parameters replaced, simplified step by step.

    ``replacements`` gives a term for each of the general result's parameters; for a vector
    parameter it is the component as a term in the index of the product law.
    """
    p, q = (put(law, replacements) for law in general.left.args)
    scope = Scope(declarations, FAMILIES)
    chain = Chain(id, title, scope, KL(p, q), (("p", p), ("q", q)))
    bindings: dict[str, Expr] = dict(replacements)
    if isinstance(p, ProductLaw):
        bindings["index"] = p.args[1]
    name = chain.cite(general)
    chain.apply(RULES["lemma"], lemma=name, **bindings)
    sums = places(chain.line, SumOver)
    polish(chain, (*sums[0], 0) if sums else ())
    chain.show(Detail.BRIEF)
    return chain.done()


def put(law: Expr, replacements: dict[str, Expr]) -> Expr:
    """A law with its parameters replaced; components v_j by the given terms in j."""
    if isinstance(law, Component) and law.args[0].name in replacements:
        return replacements[law.args[0].name]
    if isinstance(law, Symbol):
        return replacements.get(law.name, law)
    return (
        substitute(law, {})
        if not law.args
        else type(law)(
            *(a if isinstance(a, Symbol) and i == 0 else put(a, replacements) for i, a in enumerate(law.args))
        )
    )


def polish(chain: Chain, base: Place) -> None:
    """Laws of the logarithm, arithmetic, and ½ in front where every term is a half."""
    _square_exponentials(chain, base)
    arithmetic(chain, tidy(at(chain.line, base)), base, Detail.STANDARD)
    _expand_logs(chain, base)
    arithmetic(chain, tidy(at(chain.line, base)), base, Detail.FULL)
    halves = factor_out_half(at(chain.line, base))
    doubled = _doubled_logs(halves.args[1]) if isinstance(halves, Times) else []
    if any(isinstance(log.args[0], Quotient) for log in doubled):
        return  # the log of a ratio stands better without a 2 in front than all of it in halves
    if doubled:
        for place in reversed(_outer_logs(at(chain.line, base))):
            chain.apply(RULES["log-as-log-square"], (*base, *place), detail=Detail.FULL)
        halves = factor_out_half(at(chain.line, base))
    if isinstance(halves, Times) and halves != at(chain.line, base):
        arithmetic(chain, halves, base, Detail.STANDARD, rule="collect")
        inner: Place = (*base, 1)
        if _log_difference(at(chain.line, inner)):
            chain.show(Detail.FULL)
            chain.apply(RULES["combine-logs"], inner)
        if base:
            chain.apply(RULES["constant-factor"], base[:-1])


def _square_exponentials(chain: Chain, base: Place) -> None:
    for place in places(at(chain.line, base), Power):
        power = at(chain.line, (*base, *place))
        if power.args[1] == TWO and isinstance(power.args[0], Exp):
            exponent = power.args[0].args[0]
            halved = isinstance(exponent, Quotient) and exponent.args[1] == TWO
            rule = "exp-half-squared" if halved else "exp-squared"
            chain.apply(RULES[rule], (*base, *place), detail=Detail.FULL)


def _expand_logs(chain: Chain, base: Place) -> None:
    """Split logarithms of reciprocals, roots and exponentials, and of quotients of those."""

    def reducible(a: Expr) -> bool:
        if isinstance(a, Quotient):
            return a.args[0] == ONE or any(_log_opens(x) for x in a.args)
        return _log_opens(a)

    progress = True
    while progress:
        progress = False
        for place in places(at(chain.line, base), Log):
            argument = at(chain.line, (*base, *place)).args[0]
            rule = next((r for r, fits in LOG_RULES.items() if fits(argument)), None)
            if rule and reducible(argument):
                chain.apply(RULES[rule], (*base, *place), detail=Detail.FULL)
                progress = True
                break


def _log_opens(a: Expr) -> bool:
    return LOG_RULES["log-exp"](a) or LOG_RULES["log-root"](a)


def _outer_logs(term: Expr) -> list[Place]:
    """Places of the logarithms that stand in no power and in no other logarithm."""
    return [
        place
        for place in places(term, Log)
        if not any(isinstance(at(term, place[:k]), (Log, Power)) for k in range(len(place)))
    ]


def _doubled_logs(inner: Expr) -> list[Expr]:
    """The logarithms of which a sum holds the double."""
    return [
        t.args[1]
        for _, t in signed_addends(inner)
        if isinstance(t, Times) and t.args[0] == TWO and isinstance(t.args[1], Log)
    ]


def _log_difference(term: Expr) -> bool:
    parts = signed_addends(term)
    return {sign for sign, t in parts if isinstance(t, Log)} == {1, -1}


def negated(result: Derivation, *, id: str, title: str) -> Derivation:
    """-KL, as an objective that is maximised writes it: the signs turned inside the bracket."""
    chain = Chain(id, title, result.scope, Minus(result.left), result.names)
    bindings: dict[str, Expr] = {d.name: Symbol(d.name) for d in result.scope.declarations}
    p = result.left.args[0]
    if isinstance(p, ProductLaw):
        bindings["index"] = p.args[1]
    name = chain.cite(result)
    chain.apply(RULES["lemma"], (0,), lemma=name, **bindings)
    half, rest = result.right.args
    assert half == HALF
    body = rest.args[0] if isinstance(rest, SumOver) else rest
    turned = [(-sign, t) for sign, t in signed_addends(body)]
    inner = from_signed(sorted(turned, key=lambda pair: -pair[0]))
    to = Times(half, SumOver(inner, *rest.args[1:]) if isinstance(rest, SumOver) else inner)
    chain.apply(RULES["arithmetic"], to=to)
    chain.show(Detail.BRIEF)
    return chain.done()
