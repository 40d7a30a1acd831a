"""The kernel: the only code that can make a step.  Small, and meant to be read often.

A step is accepted when (1) the named rule, replayed on the sub-term at the named place with the
given bindings, yields exactly the new sub-term; (2) every side condition is discharged from what
the scope declares; and (3) both sides are equal in the exact normal form, or the rule's own
conditions are that proof (a lemma's statement, an antiderivative and its limits, a definition).
Nothing a strategy says is trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import InitVar, dataclass, field
from enum import IntEnum
from typing import Literal, TypeAlias

from sympy import Expr, Symbol, oo

from derive import calculus
from derive.conclusions import CONCLUSIONS
from derive.field import OutOfGenerators, Undetermined
from derive.normal_form import NormalForm
from derive.scope import Declaration, Scope, ScopeError
from derive.terms import (
    DerivativeIn,
    Inert,
    Law,
    Minus,
    Place,
    ProductLaw,
    TermError,
    at,
    is_infinite,
    replace_at,
)
from derive.wellformed import IllFormed, integrals_above, require_well_formed, well_formed

Binding: TypeAlias = Expr | str
Bindings: TypeAlias = Mapping[str, Binding]
Equality = Literal["normal form", "field", "opened", "conditions"]


class Refused(ValueError):
    """The kernel refuses a step; the message names the rule, the place and the condition."""

    def __init__(self, rule: str, reason: str, place: Place = ()) -> None:
        self.rule, self.reason, self.place = rule, reason, place
        where = f" at place {list(place)}" if place else ""
        super().__init__(f"rule {rule!r}{where} refused: {reason}")


class Detail(IntEnum):
    """The coarsest level of detail at which the line after a step is shown."""

    BRIEF = 1
    STANDARD = 2
    FULL = 3


@dataclass(frozen=True)
class Condition:
    """A side condition: what is required, of which terms.  ``discharge`` decides it."""

    kind: str
    terms: tuple[Expr, ...]


@dataclass(frozen=True)
class Discharged:
    """A condition together with the reason why it holds."""

    condition: Condition
    how: str


@dataclass(frozen=True)
class Rewrite:
    """What a rule makes of a sub-term: the new one, what it requires, and how equality is decided.

    ``equality``: "normal form" (laws of log and exp included), "field" (plain arithmetic),
    "opened" (densities replaced by their definition), or "conditions" (the conditions prove it).
    """

    after: Expr
    conditions: tuple[Condition, ...] = ()
    equality: Equality = "normal form"


@dataclass(frozen=True)
class Statement:
    """left = right, for all values of the declared symbols in their domains."""

    declarations: tuple[Declaration, ...]
    left: Expr
    right: Expr


Lemmas = Mapping[str, Statement]
Apply = Callable[[Expr, Bindings, Scope, Lemmas], Rewrite]


@dataclass(frozen=True)
class Rule:
    """A named, reusable reason.

    ``title`` stands beside a line; ``because`` is one sentence of plain English; ``apply`` rewrites
    a sub-term or raises ``RuleError``; ``needs`` names the bindings it takes.
    """

    id: str
    title: str
    because: str
    apply: Apply = field(repr=False, compare=False)
    needs: tuple[str, ...] = ()


class RuleError(ValueError):
    """A rule does not apply to this term; the message says what it expects."""


_SEAL = object()


@dataclass(frozen=True)
class Step:
    """One accepted line: made by :func:`accept` and by nothing else."""

    before: Expr
    after: Expr
    rule: str
    place: Place
    bindings: tuple[tuple[str, Binding], ...]
    conditions: tuple[Discharged, ...]
    equality: Equality
    detail: Detail
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a step is made by the kernel accepting a rule, not by hand")

    @property
    def evidence(self) -> str:
        """How the step is known: the kernel accepts only exact proofs."""
        return "PROVED"


def accept(
    rule: Rule,
    before: Expr,
    place: Place,
    bindings: Bindings,
    scope: Scope,
    lemmas: Lemmas,
    detail: Detail = Detail.STANDARD,
) -> Step:
    """Apply ``rule`` at ``place`` of ``before`` and return the step, or raise :class:`Refused`."""
    try:
        try:
            after, discharged, equality = _replay(rule, before, place, bindings, scope, lemmas)
        except OutOfGenerators:  # rings are shared within a scope: try again with empty ones
            scope.forms.clear()
            after, discharged, equality = _replay(rule, before, place, bindings, scope, lemmas)
    except (RuleError, TermError, ScopeError, IllFormed, Undetermined) as error:
        raise Refused(rule.id, str(error), place) from error
    except (RecursionError, MemoryError, OverflowError) as error:
        raise Refused(rule.id, f"the line is too large or too deep: {error}", place) from error
    bound = tuple(sorted(bindings.items()))
    return Step(before, after, rule.id, place, bound, discharged, equality, detail, _SEAL)


def _replay(
    rule: Rule, before: Expr, place: Place, bindings: Bindings, scope: Scope, lemmas: Lemmas
) -> tuple[Expr, tuple[Discharged, ...], Equality]:
    """The new line, its conditions with their reasons, and how equality was decided."""
    if set(bindings) < set(rule.needs):
        missing = ", ".join(n for n in rule.needs if n not in bindings)
        raise RuleError(f"it needs a binding for {missing}")
    require_well_formed(before, scope)
    _require_rewritable(before, place)
    here = scope.enter(before, place)
    target = at(before, place)
    rewrite = rule.apply(target, bindings, here, lemmas)
    after = replace_at(before, place, rewrite.after)
    if after == before:
        raise RuleError("the line does not change")
    discharged = tuple(Discharged(c, _reason(rule, c, here, place)) for c in rewrite.conditions)
    # The two sides will be shown to be equal for all values of the variables bound above, so the integrals
    # above keep their integrand; what rests on that is remembered only when it is shown.
    found = well_formed(after, scope, same_integrand=integrals_above(after, place, scope))
    if rewrite.equality != "conditions":
        _require_equal(rewrite.equality, target, rewrite.after, here)
    scope.known.update(found)
    return after, discharged, rewrite.equality


def _require_rewritable(line: Expr, place: Place) -> None:
    """A binder's own variable and a family's name are no sub-terms that a rule could rewrite."""
    if place:
        parent = at(line, place[:-1])
        if isinstance(parent, Inert) and place[-1] == parent.binds:
            raise RuleError("the place is a binder's variable")
        if isinstance(parent, DerivativeIn) and place[-1] == 1:
            raise RuleError("the place is the variable of a derivative")
        if isinstance(parent, Law) and place[-1] == 0:
            raise RuleError("the place is the name of a family")


@dataclass(frozen=True)
class Conclusion:
    """A fact about a line that is no equation, discharged by :func:`conclude` and by nothing else.

    The condition's first term is the line.
    """

    condition: Condition
    how: str
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a conclusion is made by the kernel discharging it, not by hand")


def conclude(line: Expr, kind: str, terms: tuple[Expr, ...], scope: Scope) -> Conclusion:
    """The fact ``kind`` of (line, *terms), or :class:`Refused`."""
    condition = Condition(kind, (line, *terms))
    name = f"conclusion: {kind}"
    if kind not in CONCLUSIONS:
        raise Refused(name, "no conclusion is drawn by this name")
    try:
        require_well_formed(line, scope)
        return Conclusion(condition, discharge(condition, scope), _SEAL)
    except (TermError, ScopeError, IllFormed, Undetermined) as error:
        raise Refused(name, str(error)) from error
    except (TypeError, RecursionError, MemoryError, OverflowError) as error:
        raise Refused(name, f"it takes other terms: {error}") from error


def relabel(step: Step, detail: Detail) -> Step:
    """The same accepted step, shown at another level of detail."""
    return Step(
        step.before, step.after, step.rule, step.place, step.bindings, step.conditions,
        step.equality, detail, _SEAL,
    )  # fmt: skip


def _reason(rule: Rule, condition: Condition, scope: Scope, place: Place) -> str:
    try:
        return discharge(condition, scope)
    except OutOfGenerators:
        raise
    except (TermError, ScopeError, Undetermined) as error:
        terms = ", ".join(str(t) for t in condition.terms)
        raise Refused(
            rule.id, f"the condition {condition.kind!r} of {terms} is not established: {error}", place
        ) from error


def _require_equal(equality: Equality, left: Expr, right: Expr, scope: Scope) -> None:
    if left == right:
        return
    form = NormalForm.of(scope, laws_of_functions=equality != "field", open_densities=equality == "opened")
    if not form.equal(left, right):
        raise Undetermined("the two sides are not equal in the exact normal form")


def discharge(condition: Condition, scope: Scope) -> str:
    """Establish a condition from the scope alone and say how; raise ``Undetermined`` otherwise."""
    try:
        decide = _CONDITIONS[condition.kind]
    except KeyError:
        raise Undetermined(f"no such kind of condition: {condition.kind!r}") from None
    return decide(scope, *condition.terms)


def _positive(scope: Scope, term: Expr) -> str:
    form = NormalForm.of(scope)
    if form.element_sign(form(term)) != 1:
        raise Undetermined("it is not certified positive from what is declared")
    return "it is certified positive for all values in the declared domains"


def _real(scope: Scope, term: Expr) -> str:
    NormalForm.of(scope)(term)
    return "it is built from real symbols by operations defined on their domains"


def _positive_for_each(scope: Scope, index: Expr, term: Expr) -> str:
    return _positive(scope.bind(index, None), term)


def _real_for_each(scope: Scope, index: Expr, term: Expr) -> str:
    return _real(scope.bind(index, None), term)


def _natural(scope: Scope, term: Expr) -> str:
    declaration = scope.declared(term) if isinstance(term, Symbol) else None
    if declaration is None or declaration.domain != "natural":
        raise Undetermined("it is not declared as a natural number")
    return "it is declared"


def _integrable(scope: Scope, integrand: Expr, variable: Expr, space: Expr) -> str:
    calculus.require_integrable(scope, integrand, variable, space)
    return (
        "each part decays like an exponential where the range is infinite, and no singularity spoils the area"
    )


def _equal(scope: Scope, left: Expr, right: Expr) -> str:
    _require_equal("normal form", left, right, scope)
    return "both sides have the same exact normal form"


def _equal_opened(scope: Scope, variable: Expr, space: Expr, left: Expr, right: Expr) -> str:
    _require_equal("opened", left, right, scope.bind(variable, space))
    return "both sides have the same exact normal form, densities opened"


def _antiderivative(scope: Scope, f: Expr, x: Expr, space: Expr, slope: Expr) -> str:
    if not calculus.is_derivative(scope, f, x, space, slope):
        raise Undetermined("its derivative is not the stated function")
    return "its derivative was computed and has the same exact normal form"


def _limit(scope: Scope, f: Expr, x: Expr, space: Expr, end: Expr, value: Expr) -> str:
    if not calculus.has_limit(scope, f, x, end, space, value):
        raise Undetermined("the limit exists but is another value")
    return "continuity at a finite end; at infinity the exponential decay beats every power"


def _diverges(scope: Scope, f: Expr, x: Expr, space: Expr, end: Expr, to: Expr) -> str:
    calculus.require_divergence(scope, f, x, space, end, to)
    return "the leading power of the variable dominates"


def _dominated(scope: Scope, p: Expr, q: Expr) -> str:
    while isinstance(p, ProductLaw) and isinstance(q, ProductLaw):
        if p.args[1:] != q.args[1:]:
            raise Undetermined("the product laws run over different indices")
        scope = scope.index_of_law(p.args[1])
        p, q = p.args[0], q.args[0]
    inner, outer = scope.support(p), scope.support(q)
    _within(scope, inner, outer)
    return "the support of p lies in the support of q, where q has a positive density"


def _within(scope: Scope, inner: Expr, outer: Expr) -> str:
    if not NormalForm.of(scope).within(inner, outer):
        raise Undetermined("one interval is not certified to lie within the other")
    return "the ends are compared exactly"


def _outside(scope: Scope, witness: Expr, p: Expr, q: Expr) -> str:
    """The witness is an interval of positive length in the support of p, where q has no mass."""
    _within(scope, witness, scope.support(p))
    low, high = witness.args
    form = NormalForm.of(scope)
    if low != Minus(oo) and high != oo:
        if form.element_sign(form.add(form(high), form.negative(form(low)))) != 1:
            raise Undetermined("the witness interval is not certified to have positive length")
    support = scope.support(q)
    for a, b in ((high, support.args[0]), (support.args[1], low)):
        if is_infinite(a) or is_infinite(b):
            continue
        if form.element_sign(form.add(form(b), form.negative(form(a)))) in (0, 1):
            return "p is positive on it, and it does not meet the support of q"
    raise Undetermined("the witness interval meets the support of q")


_CONDITIONS: Mapping[str, Callable[..., str]] = {
    "positive": _positive,
    "real": _real,
    "positive for each": _positive_for_each,
    "real for each": _real_for_each,
    "natural": _natural,
    "integrable": _integrable,
    "equal": _equal,
    "equal on": _equal_opened,
    "derivative": _antiderivative,
    "limit": _limit,
    "diverges": _diverges,
    "absolutely continuous": _dominated,
    "witness": _outside,
    **CONCLUSIONS,
}
