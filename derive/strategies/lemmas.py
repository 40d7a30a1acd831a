"""Carries out the proofs that a family's claims name, one derivation for each claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from sympy import Expr

from derive.derivation import Chain, Derivation
from derive.distributions import DISTRIBUTIONS, FAMILIES, Claim, Distribution
from derive.distributions.claims import ByAntiderivative, ByLogLaws, ByParts, BySubstitution
from derive.field import Undetermined
from derive.kernel import Detail
from derive.normal_form import NormalForm
from derive.rules import RULES
from derive.scope import Declaration, Domain, Scope
from derive.strategies.tidy import tidy
from derive.terms import (
    HALF,
    ONE,
    PI,
    REALS,
    TWO,
    ZERO,
    Density,
    Exp,
    IntegralOver,
    Log,
    Minus,
    Place,
    Plus,
    Power,
    Quotient,
    Root,
    Times,
    at,
    free_symbols,
    substitute,
    symbol,
    walk,
)

LOG_RULES: Mapping[str, Callable[[Expr], bool]] = {
    "log-product": lambda a: isinstance(a, Times),
    "log-reciprocal": lambda a: isinstance(a, Quotient) and a.args[0] == ONE,
    "log-quotient": lambda a: isinstance(a, Quotient) and a.args[0] != ONE,
    "log-exp": lambda a: isinstance(a, Exp),
    "log-root": lambda a: isinstance(a, Root),
}


def places(term: Expr, head: type) -> list[Place]:
    """Places of the sub-terms with a head, outermost first, left to right."""
    return [place for place, t in walk(term) if isinstance(t, head)]


def _gaussian() -> Expr:
    x = symbol("x")
    return IntegralOver(Exp(Minus(Power(x, TWO))), x, REALS)


@cache
def gaussian_integral_squared() -> Derivation:
    """(∫ e^{−x²} dx)² = π over the line, by polar coordinates."""
    x, y, r, theta = (symbol(n) for n in ("x", "y", "r", "theta"))
    chain = Chain(
        "gaussian-integral-squared",
        "The square of the Gaussian integral",
        Scope((), {}),
        Power(_gaussian(), TWO),
    )
    chain.apply(RULES["square-as-double-integral"], y=y)
    chain.apply(RULES["exp-product"], (0, 0), detail=Detail.FULL)
    squares = Plus(Power(x, TWO), Power(y, TWO))
    chain.apply(RULES["arithmetic"], (0, 0), to=Exp(Minus(squares)))
    chain.apply(RULES["polar-coordinates"], r=r, angle=theta, k=ONE)
    decay = Exp(Minus(Power(r, TWO)))
    chain.apply(RULES["antiderivative"], (0,), F=Minus(Times(HALF, decay)))
    chain.apply(RULES["boundary-limits"], (0,), lower=Minus(HALF), upper=ZERO, detail=Detail.FULL)
    chain.apply(RULES["arithmetic"], (0,), to=HALF)
    chain.apply(RULES["antiderivative"], F=Times(HALF, theta), detail=Detail.FULL)
    chain.apply(RULES["boundary-limits"], lower=ZERO, upper=PI, detail=Detail.FULL)
    chain.apply(RULES["arithmetic"], to=PI)
    return chain.done()


@cache
def gaussian_integral() -> Derivation:
    """∫ e^{−x²} dx = √π over the line."""
    chain = Chain("gaussian-integral", "The Gaussian integral", Scope((), {}), _gaussian())
    chain.apply(RULES["root-of-square"])
    square = chain.cite(gaussian_integral_squared())
    chain.apply(RULES["lemma"], (0,), lemma=square)
    return chain.done()


STANDALONE = {"gaussian-integral": gaussian_integral}


@cache
def _scope(declarations: tuple[Declaration, ...]) -> Scope:
    """One scope for all lemmas about the same symbols: what is known of a line is kept."""
    return Scope(declarations, FAMILIES)


@cache
def prove(family: str, name: str) -> Derivation:
    """The derivation of one claim of a family."""
    distribution = DISTRIBUTIONS[family]
    claim = next(c for c in distribution.claims if c.name == name)
    declarations = distribution.declarations()
    if claim.statistic is None:
        domain: Domain = "real" if distribution.family.support == REALS else "positive"
        declarations = (*declarations, Declaration(distribution.family.variable.name, domain))
    chain = Chain(
        distribution.claim_id(claim),
        claim.title,
        _scope(declarations),
        distribution.claim_left(claim),
        (("p", distribution.generic),),
    )
    match claim.proof:
        case ByLogLaws():
            _by_log_laws(chain, claim)
        case ByAntiderivative():
            _by_antiderivative(chain, claim, claim.proof)
        case ByParts():
            _by_parts(chain, claim, claim.proof, distribution)
        case BySubstitution():
            _by_substitution(chain, claim, claim.proof)
    return chain.done()


def arithmetic(
    chain: Chain,
    to: Expr,
    place: Place = (),
    detail: Detail = Detail.STANDARD,
    rule: str = "arithmetic",
) -> None:
    """Write the sub-term at ``place`` as ``to``; when it is written so already, show the line."""
    if at(chain.line, place) != to:
        chain.apply(RULES[rule], place, to=to, detail=detail)
    elif chain.steps and chain.steps[-1].detail > detail:
        chain.show(detail)


def apply_log_laws(chain: Chain, detail: Detail = Detail.FULL) -> None:
    """Split logarithms of products, quotients, roots and exponentials that hold a symbol."""
    while True:
        for place in places(chain.line, Log):
            argument = at(chain.line, place).args[0]
            rule = next((r for r, fits in LOG_RULES.items() if fits(argument)), None)
            if rule and free_symbols(argument):
                chain.apply(RULES[rule], place, detail=detail)
                break
            if rule == "log-root":
                chain.apply(RULES[rule], place, detail=detail)
                break
        else:
            return


def _by_log_laws(chain: Chain, claim: Claim) -> None:
    chain.apply(RULES["definition-of-density"], (0,))
    apply_log_laws(chain)
    chain.show(Detail.STANDARD)
    if chain.line != claim.value:
        arithmetic(chain, claim.value)


def _by_antiderivative(chain: Chain, claim: Claim, proof: ByAntiderivative) -> None:
    chain.apply(RULES["antiderivative"], F=proof.primitive)
    chain.apply(RULES["boundary-limits"], lower=proof.lower, upper=proof.upper)
    arithmetic(chain, claim.value)


def _by_parts(chain: Chain, claim: Claim, proof: ByParts, distribution: Distribution) -> None:
    chain.apply(
        RULES["integration-by-parts"],
        u=proof.u, v=proof.v, du=proof.du, dv=proof.dv, rest=proof.rest,
    )  # fmt: skip
    chain.apply(RULES["boundary-limits"], (0,), lower=proof.lower, upper=proof.upper)
    chain.apply(RULES["constant-factor"], (1, 0))
    arithmetic(chain, tidy(chain.line))
    use_claims(chain, distribution)
    arithmetic(chain, claim.value)


def _by_substitution(chain: Chain, claim: Claim, proof: BySubstitution) -> None:
    chain.apply(RULES["definition-of-density"], (0,))
    chain.apply(RULES["constant-factor"])
    chain.apply(RULES["substitution"], (1,), u=proof.variable, g=proof.g, slope=proof.slope)
    chain.apply(RULES["arithmetic"], (1, 0), to=proof.integrand)
    chain.apply(RULES["constant-factor"], (1,))
    lemma = chain.cite(STANDALONE[proof.lemma]())
    place = places(chain.line, IntegralOver)[0]
    chain.apply(RULES["lemma"], place, lemma=lemma)
    arithmetic(chain, claim.value)


def use_claims(chain: Chain, distribution: Distribution) -> bool:
    """Replace each integral that is an instance of a claim of the family; False when none is."""
    progress = False
    for place in reversed(places(chain.line, IntegralOver)):
        term = at(chain.line, place)
        law = _law_of(term)
        if law is None or law.family != distribution.family.name:
            continue
        replacements = distribution.family.bind(law)
        scope = chain.scope.enter(chain.line, place)
        for claim in distribution.claims:
            if claim.statistic is None:
                continue
            left = substitute(distribution.claim_left(claim), replacements)
            if term == left or _same(scope, term, left):
                name = chain.cite(prove(distribution.family.name, claim.name))
                bindings = {str(k): v for k, v in replacements.items()}
                chain.apply(RULES["lemma"], place, lemma=name, detail=Detail.FULL, **bindings)
                progress = True
                break
    if progress:
        chain.show(Detail.STANDARD)
    return progress


def _same(scope: Scope, term: Expr, left: Expr) -> bool:
    """Whether two integrals differ only in how their integrands are written."""
    try:
        return NormalForm.of(scope, laws_of_functions=False).equal(term, left)
    except Undetermined:
        return False


def _law_of(integral: Expr) -> Expr | None:
    """The law whose density is a factor of the integrand."""
    body = integral.args[0]
    for factor in body.args if isinstance(body, Times) else (body,):
        if isinstance(factor, Density):
            return factor.args[0]
    return None
