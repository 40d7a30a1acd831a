"""Derivatives and values of closed forms, step by step.  It knows no divergence and no answer.

Known results are put in for what they are about, then every derivative is taken from the inside out:
linearity, the rule of each function with the chain rule, and arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from sympy import Expr, Symbol

from derive.derivation import Chain, Derivation
from derive.distributions import FAMILIES
from derive.field import Undetermined
from derive.kernel import Detail, Refused
from derive.normal_form import NormalForm
from derive.rules import RULES
from derive.rules.algebra import from_signed, signed_addends
from derive.rules.derivatives import split_coefficient
from derive.scope import Scope
from derive.stated import Stated
from derive.strategies.lemmas import arithmetic, places
from derive.strategies.tidy import Powers, factor_out_half, from_powers, order, powers_of, tidy
from derive.terms import (
    KL,
    ONE,
    TWO,
    ZERO,
    DerivativeIn,
    Exp,
    Log,
    Minus,
    Place,
    Plus,
    Power,
    Quotient,
    Root,
    Times,
    ValueAt,
    as_term,
    at,
    contains,
    free_symbols,
    plus,
    rebuild,
    walk,
)


def analyse(
    id: str, title: str, stated: Stated, known: Iterable[Derivation], *, split: bool = False
) -> Derivation:
    """The derivation of what is stated, from results that are known."""
    scope = Scope(stated.declarations, FAMILIES)
    chain = Chain(id, title, scope, stated.left, stated.names)
    _cite(chain, tuple(known))
    opened = chain.line
    while _evaluate(chain):
        pass
    if split:
        _split(chain)
    elif chain.line != opened or isinstance(opened, Plus):
        _finish(chain, stated.written)
    chain.show(Detail.BRIEF)
    for kind, terms in stated.conclusions:
        chain.conclude(kind, *terms)
    return chain.done()


# -- known results --------------------------------------------------------------------------------------


def _cite(chain: Chain, known: tuple[Derivation, ...]) -> None:
    """Replace every instance of a known left side, the largest first."""
    while True:
        for place, term in walk(chain.line):
            fitting = [(x, found) for x in known if (found := instance(x, term)) is not None]
            if fitting:  # the most special one: its symbols stand for the smallest terms
                lemma, found = min(fitting, key=lambda pair: _size(*pair[1].values()))
                if chain.steps:
                    chain.show(Detail.FULL)
                chain.apply(RULES["lemma"], place, lemma=chain.cite(lemma), **found)
                break
        else:
            return


def _size(*terms: Expr) -> int:
    return sum(1 for t in terms for _ in walk(t))


def instance(lemma: Derivation, term: Expr) -> dict[str, Expr] | None:
    """What each symbol of a lemma stands for where a term is an instance of its left side."""
    names = {d.name for d in lemma.scope.declarations}
    found: dict[str, Expr] = {}

    def fits(pattern: Expr, part: Expr) -> bool:
        if isinstance(pattern, Symbol) and pattern.name in names:
            return found.setdefault(pattern.name, part) == part
        if type(pattern) is not type(part) or len(pattern.args) != len(part.args):
            return False
        if not pattern.args:
            return bool(pattern == part)
        return all(fits(a, b) for a, b in zip(pattern.args, part.args, strict=True))

    return found if fits(lemma.left, term) and set(found) == names else None


# -- derivatives and values -------------------------------------------------------------------------------

ELEMENTARY: tuple[tuple[str, Callable[[Expr], bool]], ...] = (
    ("derivative-of-power", lambda u: isinstance(u, Power)),
    ("derivative-of-root", lambda u: isinstance(u, Root)),
    ("derivative-of-log", lambda u: isinstance(u, Log)),
    ("derivative-of-exp", lambda u: isinstance(u, Exp)),
    ("derivative-of-product", lambda u: isinstance(u, Times)),
    ("derivative-of-reciprocal", lambda u: isinstance(u, Quotient) and u.args[0] == ONE),
    ("derivative-of-quotient", lambda u: isinstance(u, Quotient)),
)


def _rule_for(body: Expr, x: Symbol) -> str:
    """The rule for the derivative of a term that is not to be split by linearity."""
    if x not in free_symbols(body):
        return "derivative-of-constant"
    if body == x:
        return "derivative-of-variable"
    return next(rule for rule, fits in ELEMENTARY if fits(body))


def _splits(body: Expr, x: Symbol) -> bool:
    """Whether linearity says something of the derivative of a term."""
    if x not in free_symbols(body):
        return False
    return isinstance(body, Plus) or split_coefficient(body, x) != (1, ONE, body)


def _ready(line: Expr) -> list[Place]:
    """Places of the derivatives with none inside."""
    return [p for p in places(line, DerivativeIn) if not contains(at(line, (*p, 0)), DerivativeIn)]


def _evaluate(chain: Chain) -> bool:
    """Take the innermost derivatives, or else put in a value; False when neither is left."""
    if ready := _ready(chain.line):
        if contains(at(chain.line, ready[0]), KL):
            raise Undetermined("no closed form is known for what is to be differentiated")
        _differentiate(chain)
        return True
    if spots := places(chain.line, ValueAt):
        chain.apply(RULES["put-in"], spots[-1])
        return True
    return False


def _differentiate(chain: Chain) -> None:
    rules: list[bool] = []
    while ready := [p for p in _ready(chain.line) if _splits(*at(chain.line, p).args)]:
        chain.apply(RULES["derivative-linearity"], ready[0], detail=Detail.FULL)
        rules.append(True)
    if rules:
        chain.show(Detail.STANDARD)
    outer = len(places(chain.line, DerivativeIn)) > len(_ready(chain.line))
    while ready := _ready(chain.line):
        body, x = at(chain.line, ready[0]).args
        rule = "derivative-linearity" if _splits(body, x) else _rule_for(body, x)
        chain.apply(RULES[rule], ready[0], detail=Detail.FULL)
        if outer and not contains(at(chain.line, ready[0]), DerivativeIn):
            break
    chain.show(Detail.STANDARD)


# -- how the last line is written ---------------------------------------------------------------------------


def _finish(chain: Chain, written: Expr | None) -> None:
    for place in reversed(places(chain.line, Exp)):
        (exponent,) = at(chain.line, place).args
        if isinstance(exponent, Minus) and isinstance(exponent.args[0], Log):
            chain.apply(RULES["exp-minus-log"], place)
            chain.show(Detail.STANDARD)
    for head in (Log, Exp):
        for place in places(chain.line, head):
            argument = at(chain.line, (*place, 0))
            if not free_symbols(argument) and tidy(argument) != argument:
                arithmetic(chain, tidy(argument), (*place, 0), Detail.FULL)
    if _is_zero(chain):
        arithmetic(chain, ZERO)
        return
    arithmetic(chain, tidy(_turned(chain.line)), detail=Detail.FULL)
    for rule, head, argument in (("log-one", Log, ONE), ("exp-zero", Exp, ZERO)):
        while found := [p for p in places(chain.line, head) if at(chain.line, p).args[0] == argument]:
            chain.apply(RULES[rule], found[0], detail=Detail.FULL)
            arithmetic(chain, tidy(chain.line))
    if written is not None:
        try:
            arithmetic(chain, written)
        except Refused:
            chain.apply(RULES["laws-of-exponents"], to=written)
        return
    _turn_logs(chain)
    arithmetic(chain, settled(chain.line), rule="collect")


def _turned(term: Expr) -> Expr:
    """(b − a)² written as (a − b)², so that it is seen to be the same."""
    made = rebuild(term, tuple(_turned(a) for a in term.args)) if term.args else term
    if isinstance(made, Power) and isinstance(made.args[0], Plus) and made.args[1] == TWO:
        first, *rest = made.args[0].args
        if len(rest) == 1 and isinstance(rest[0], Minus) and str(rest[0].args[0]) < str(first):
            return Power(Plus(rest[0].args[0], Minus(first)), TWO)
    return made


def _is_zero(chain: Chain) -> bool:
    try:
        return NormalForm.of(chain.scope, laws_of_functions=False).equal(chain.line, ZERO)
    except Undetermined:
        return False


def _turn_logs(chain: Chain) -> None:
    """log(b/a) becomes −log(a/b) where log(a/b) stands before it, so that the two are collected."""
    seen: set[Expr] = set()
    for place in places(chain.line, Log):
        argument = at(chain.line, place).args[0]
        if isinstance(argument, Quotient) and Quotient(*reversed(argument.args)) in seen:
            chain.apply(RULES["log-inverse"], place)
        seen.add(argument)


def settled(term: Expr) -> Expr:
    """A sum with numbers multiplied out, like terms collected, positive terms first, and ½ in front."""
    collected: dict[frozenset[tuple[Expr, Fraction]], tuple[Fraction, Powers]] = {}
    for sign, part in _without_brackets(term):
        number, powers = powers_of(part)
        before, first = collected.get(frozenset(powers.items()), (Fraction(0), powers))
        collected[frozenset(powers.items())] = before + sign * number, first
    parts = [
        (1 if number > 0 else -1, from_powers(abs(number), powers))
        for number, powers in collected.values()
        if number
    ]
    if not parts:
        return ZERO
    made = from_signed(parts) if parts[0][0] == 1 else order(from_signed(parts))
    halves = all(abs(n) == Fraction(1, 2) for n, _ in collected.values() if n)
    return factor_out_half(made) if halves and len(parts) > 1 else made


def _without_brackets(term: Expr) -> list[tuple[int, Expr]]:
    """Signed addends, numbers in front of a bracket multiplied in."""
    out: list[tuple[int, Expr]] = []
    for sign, part in signed_addends(tidy(term)):
        number, powers = powers_of(part)
        bases = list(powers.items())
        if len(bases) == 1 and isinstance(bases[0][0], Plus) and bases[0][1] == 1:
            scale = as_term(abs(number))
            inner = [(k, tidy(Times(scale, t))) for k, t in signed_addends(bases[0][0])]
            turn = sign * (1 if number > 0 else -1)
            out += [(turn * k, t) for k, t in inner]
        else:
            out.append((sign, part))
    return out


def _split(chain: Chain) -> None:
    """Mean term + scale term + log term: what holds a real parameter, the rest, what holds a logarithm."""
    real = {Symbol(d.name) for d in chain.scope.declarations if d.domain == "real"}
    groups: list[list[tuple[int, Expr]]] = [[], [], []]
    for sign, part in _opened(chain.line):
        groups[2 if contains(part, Log) else 0 if free_symbols(part) & real else 1].append((sign, part))
    for place in places(chain.line, Log):
        if isinstance(at(chain.line, place).args[0], Power):
            chain.apply(RULES["log-square"], place, detail=Detail.FULL)
            _split(chain)
            return
    terms = [order(from_signed(g)) for g in groups if g]
    halved = (factor_out_half(t) if isinstance(t, Plus) else t for t in terms)
    arithmetic(chain, plus(*halved), rule="collect")


def _opened(term: Expr) -> list[tuple[int, Expr]]:
    """Signed addends with sums over one denominator taken apart."""
    out: list[tuple[int, Expr]] = []
    for sign, part in _without_brackets(term):
        if isinstance(part, Quotient) and isinstance(part.args[0], Plus):
            out += [(sign * k, tidy(Quotient(t, part.args[1]))) for k, t in signed_addends(part.args[0])]
        else:
            out.append((sign, part))
    return out
