"""Every rule held against numbers: inside its conditions both sides agree, outside each one they do not.

Nobody lists what is to be sampled.  An identity is data, so its metavariables get random rational values
that meet its conditions; any other rule is sampled at each place where a derivation of the catalogue uses
it, and at the instances of ``derive.evidence.instances`` where none does.  Both sides become balls
(``derive.evidence.quadrature``), which share no code with the kernel's normal form.

A condition is *needed* when there is a counterexample: values or an instance for which it alone fails and
the two sides differ or one of them has no value.  A condition without one is flagged.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from flint import arb
from sympy import Expr, Symbol

from derive import catalogue
from derive.distributions import FAMILIES
from derive.evidence.ball import BallError
from derive.evidence.counterexamples import COUNTEREXAMPLES, UNNEEDED, Counterexample
from derive.evidence.instances import INSTANCES, Instance, mass_on
from derive.evidence.quadrature import Evaluator
from derive.evidence.references import DIVERGENCES
from derive.field import Undetermined
from derive.kernel import Condition, Refused, accept, discharge
from derive.rules import RULES
from derive.rules.identity import Identity, fill
from derive.scope import Scope, ScopeError
from derive.terms import (
    INFINITY,
    KL,
    OpenInterval,
    ProductSpace,
    TermError,
    as_term,
    at,
    free_symbols,
    is_infinite,
)

DIGITS = 40
AGREEING_DIGITS = 30
POINTS = 5
USES = 6
"""Places of the catalogue at which a rule is sampled."""
VARIADIC = frozenset({"linearity", "log-product", "lemma"})
"""Rules with one condition of a kind for each part: one counterexample serves them all."""
WITHOUT_VALUES = frozenset({"infinite-outside-support"})
"""Rules whose right side is no number; their instances are checked by the mass on the witness."""

Coordinate = Fraction | tuple[Fraction, ...]
Point = Mapping[str, Coordinate]
EVALUATE = Evaluator(FAMILIES, DIVERGENCES, DIGITS)


@dataclass(frozen=True)
class Sample:
    """Both sides of one use of a rule at a point."""

    rule: str
    where: str
    point: str
    left: str
    right: str
    digits: int
    """Decimal digits to which the sides are shown to agree; negative when they differ."""

    @property
    def agrees(self) -> bool:
        """Whether they agree to as many digits as are asked for."""
        return self.digits >= AGREEING_DIGITS


@dataclass(frozen=True)
class Need:
    """Whether a condition of a rule can be done without; ``by`` is the counterexample."""

    rule: str
    condition: str
    needed: bool
    by: str


@dataclass(frozen=True)
class Report:
    """What sampling says of one rule."""

    rule: str
    samples: tuple[Sample, ...]
    needs: tuple[Need, ...]
    skipped: int

    @property
    def sound(self) -> bool:
        """Whether the rule was sampled at all and every sample agrees."""
        return bool(self.samples) and all(s.agrees for s in self.samples)

    @property
    def flagged(self) -> tuple[Need, ...]:
        """Conditions that could be dropped as far as is known."""
        return tuple(n for n in self.needs if not n.needed)


def sample_rule(id: str, seed: int = 1) -> Report:
    """Sample one rule inside its conditions, and outside each of them."""
    draw = random.Random(f"{id} {seed}")
    identity = identity_of(id)
    if identity is not None:
        return _sample_identity(identity, draw)
    samples: list[Sample] = []
    skipped = 0
    slots: set[str] = set()
    for instance in instances_of(id):
        conditions = _accepted(instance)
        slots |= {slot for slot, _ in slots_of(id, conditions)}
        for _ in range(POINTS if len(samples) < POINTS * USES else 1):
            found = _sample_instance(instance, draw)
            if found is None:
                skipped += 1
            else:
                samples.append(found)
    needs = [_need(c) for c in COUNTEREXAMPLES if c.instance.rule == id]
    shown = {n.condition for n in needs}
    for slot in sorted(slots - shown):
        needs.append(Need(id, slot, False, UNNEEDED.get((id, slot), "no counterexample is known")))
    return Report(id, tuple(samples), tuple(needs), skipped)


def sample_rules(seed: int = 1) -> Iterator[Report]:
    """Every rule of the kernel's table."""
    for id in RULES:
        yield sample_rule(id, seed)


def explained(need: Need) -> bool:
    """Whether a flagged condition is known to be more than is needed, with the reason written down."""
    return (need.rule, need.condition) in UNNEEDED


# -- identities ----------------------------------------------------------------------------------------


def identity_of(id: str) -> Identity | None:
    """The identity that a rule applies, when it is one."""
    owner = getattr(RULES[id].apply, "__self__", None)
    return owner if isinstance(owner, Identity) else None


def holds(condition: Condition, values: Mapping[Symbol, Fraction]) -> bool:
    """Whether a condition of an identity holds at rational values; only signs are asked for."""
    (term,) = condition.terms
    if condition.kind != "positive" or not isinstance(term, Symbol):
        raise ValueError(f"no sampler for the condition {condition.kind!r} of {term}: add one")
    return values[term] > 0


def _sample_identity(identity: Identity, draw: random.Random) -> Report:
    metas = sorted(free_symbols(identity.left) | free_symbols(identity.right), key=str)
    samples: list[Sample] = []
    for _ in range(POINTS * USES):
        values = {m: _rational(draw) for m in metas}
        for condition in identity.conditions:
            if not holds(condition, values):
                (term,) = condition.terms
                values[term] = abs(values[term]) + Fraction(1, 7)
        found = _compare(
            identity.id, "metavariables", *_sides(identity, values), {str(m): v for m, v in values.items()}
        )
        if found is not None:
            samples.append(found)
    needs = tuple(_need_of_identity(identity, i, draw) for i in range(len(identity.conditions)))
    return Report(identity.id, tuple(samples), needs, POINTS * USES - len(samples))


def _sides(identity: Identity, values: Mapping[Symbol, Fraction]) -> tuple[Expr, Expr]:
    terms = {m: as_term(v) for m, v in values.items()}
    return fill(identity.left, terms), fill(identity.right, terms)


def _need_of_identity(identity: Identity, i: int, draw: random.Random) -> Need:
    """Values at which only the i-th condition fails and so does the identity."""
    metas = sorted(free_symbols(identity.left) | free_symbols(identity.right), key=str)
    slot = slots_of(identity.id, identity.conditions)[i][0]
    for kind in ("differ", "no value"):  # two values that differ say more than a value that is missing
        for _ in range(200):
            values = {m: _rational(draw) for m in metas}
            for j, condition in enumerate(identity.conditions):
                (term,) = condition.terms
                values[term] = (abs(values[term]) + Fraction(1, 7)) * (-1 if j == i else 1)
            if [holds(c, values) for c in identity.conditions] != [
                j != i for j in range(len(identity.conditions))
            ]:
                continue
            verdict = difference(*_sides(identity, values), {})
            if verdict.startswith(kind):
                at_values = ", ".join(f"{m} = {v}" for m, v in values.items())
                return Need(identity.id, slot, True, f"{at_values}: {verdict}")
    return Need(identity.id, slot, False, "no counterexample among 400 samples")


def difference(left: Expr, right: Expr, point: Point) -> str:
    """How two sides fail to be equal at a point; "" when they are not seen to."""
    values = []
    for name, side in (("left", left), ("right", right)):
        try:
            values.append(EVALUATE(side, point))
        except BallError as error:
            return f"no value on the {name}: {error}"
    if values[0].overlaps(values[1]):
        return ""
    return f"differ: {_short(values[0])} and {_short(values[1])}"


# -- rules in use --------------------------------------------------------------------------------------


def instances_of(id: str) -> Iterator[Instance]:
    """Uses of a rule in the catalogue (a few, spread), then those that were made for it."""
    uses = catalogue_uses().get(id, ())
    step = max(1, len(uses) // USES)
    yield from uses[::step][:USES]
    yield from (i for i in INSTANCES() if i.rule == id)


@cache
def catalogue_uses() -> Mapping[str, tuple[Instance, ...]]:
    """Every step of every derivation of the catalogue, by rule."""
    found: dict[str, list[Instance]] = {}
    seen: set[str] = set()
    for name in catalogue.IDS:
        for top in catalogue.result(name).derivations():
            for node in top.tree():
                if node.id in seen:
                    continue
                seen.add(node.id)
                for number, step in enumerate(node.steps, 1):
                    cited = dict(step.bindings).get("lemma")
                    lemmas = {str(cited): node.lemmas[str(cited)].statement} if cited else {}
                    instance = Instance(
                        step.rule,
                        node.scope.declarations,
                        step.before,
                        step.place,
                        dict(step.bindings),
                        lemmas,
                        f"{node.id}, step {number}",
                    )
                    found.setdefault(step.rule, []).append(instance)
    return {rule: tuple(uses) for rule, uses in found.items()}


def slots_of(rule: str, conditions: tuple[Condition, ...]) -> list[tuple[str, Condition]]:
    """Conditions with names: the kind, numbered where a rule has several of one kind."""
    out: list[tuple[str, Condition]] = []
    kinds = [c.kind for c in conditions]
    for i, condition in enumerate(conditions):
        number = kinds[:i].count(condition.kind) + 1
        plain = rule in VARIADIC or kinds.count(condition.kind) == 1
        out.append((condition.kind if plain else f"{condition.kind} {number}", condition))
    return out


def _accepted(instance: Instance) -> tuple[Condition, ...]:
    """The conditions that the kernel discharges; an instance that it refuses is a mistake here."""
    step = accept(
        RULES[instance.rule],
        instance.line,
        instance.place,
        instance.bindings,
        Scope(instance.declarations, FAMILIES),
        instance.lemmas,
    )
    return tuple(d.condition for d in step.conditions)


def _sample_instance(instance: Instance, draw: random.Random) -> Sample | None:
    """Both sides at the place of the rewrite, the variables bound above it taking values as well."""
    scope = Scope(instance.declarations, FAMILIES)
    here = scope.enter(instance.line, instance.place)
    target = at(instance.line, instance.place)
    after = RULES[instance.rule].apply(target, instance.bindings, here, instance.lemmas).after
    point = _point(here, draw)
    if instance.rule in WITHOUT_VALUES:
        return _sample_infinite(instance, target, after, here, point)
    return _compare(instance.rule, instance.name, target, after, point)


def _sample_infinite(instance: Instance, target: Expr, after: Expr, scope: Scope, point: Point) -> Sample:
    """p has positive mass on the witness, on which the density of q is 0 by definition of its support."""
    assert isinstance(target, KL), target
    assert after == INFINITY, after
    low, high = (instance.bindings[n] for n in ("low", "high"))
    mass = EVALUATE(mass_on(target.args[0], OpenInterval(low, high)), point)
    outside = EVALUATE(high, point) <= EVALUATE(scope.support(target.args[1]).args[0], point)
    digits = DIGITS if mass > 0 and outside else -1
    return Sample(instance.rule, instance.name, _text(point), f"p-mass {_short(mass)}", "q-mass 0", digits)


def _compare(rule: str, where: str, left: Expr, right: Expr, point: Point) -> Sample | None:
    """A sample; None when neither side has a value at the point, as where a domain is left."""
    sides: list[arb | None] = []
    for side in (left, right):
        try:
            sides.append(EVALUATE(side, point))
        except BallError:
            sides.append(None)
    a, b = sides
    if a is None and b is None:
        return None
    if a is None or b is None:
        shown = ["no value" if s is None else _short(s) for s in sides]
        return Sample(rule, where, _text(point), shown[0], shown[1], -1)
    return Sample(rule, where, _text(point), _short(a), _short(b), agreeing_digits(a, b))


def agree(left: Expr, right: Expr, scope: Scope, draw: random.Random) -> bool:
    """Whether two terms are shown to agree at a random point of a scope; False also when neither has a
    value."""
    sample = _compare("", "", left, right, _point(scope, draw))
    return sample is not None and sample.agrees


def agreeing_digits(a: arb, b: arb) -> int:
    """Digits to which two balls are shown to hold the same number; -1 when they do not overlap."""
    if not a.overlaps(b):
        return -1
    gap = (a - b).abs_upper() / (abs(a) + abs(b) + 1).lower()
    digits = 0
    while digits < DIGITS and gap < arb(10) ** -(digits + 1):
        digits += 1
    return digits


# -- outside the conditions ------------------------------------------------------------------------------


def _need(counterexample: Counterexample) -> Need:
    """Check a counterexample: the kernel refuses it, the other conditions hold, and the sides differ."""
    instance, slot = counterexample.instance, counterexample.condition
    scope = Scope(instance.declarations, FAMILIES)
    here = scope.enter(instance.line, instance.place)
    target = at(instance.line, instance.place)
    rewrite = RULES[instance.rule].apply(target, instance.bindings, here, instance.lemmas)
    failing = [name for name, c in slots_of(instance.rule, rewrite.conditions) if not _holds(c, here)]
    wrong = sorted(set(failing) - {slot, *counterexample.also})
    if slot not in failing or wrong:
        return Need(
            instance.rule, slot, False, f"the counterexample fails at {failing}, not at {slot!r} alone"
        )
    if _is_accepted(instance):
        return Need(instance.rule, slot, False, "the kernel accepts the counterexample")
    verdict = difference(target, counterexample.instead or rewrite.after, dict(counterexample.point))
    if not verdict:
        return Need(instance.rule, slot, False, "both sides agree at the counterexample")
    because = f" ({counterexample.because})" if counterexample.because else ""
    if verdict.startswith("no value") and not counterexample.because:
        return Need(instance.rule, slot, False, f"a side without a value needs its reason: {verdict}")
    together = f", together with {', '.join(counterexample.also)}" if counterexample.also else ""
    verdict = verdict if verdict.startswith("differ") else verdict.split(":")[0]
    return Need(instance.rule, slot, True, f"{_shown(target)}: {verdict}{because}{together}")


def _shown(term: Expr) -> str:
    """A term, not too long."""
    text = str(term)
    return text if len(text) <= 100 else text[:97] + "..."


def _holds(condition: Condition, scope: Scope) -> bool:
    try:
        discharge(condition, scope)
    except (Undetermined, TermError, ScopeError):
        return False
    return True


def _is_accepted(instance: Instance) -> bool:
    try:
        _accepted(instance)
    except Refused:
        return False
    return True


# -- points ----------------------------------------------------------------------------------------------


def _rational(draw: random.Random) -> Fraction:
    return Fraction(draw.randint(-40, 40), draw.randint(1, 12))


def _value(draw: random.Random, domain: str) -> Fraction:
    if domain == "natural":
        return Fraction(2)
    value = Fraction(draw.randint(-9, 9), draw.randint(2, 5))
    return value if domain == "real" else abs(value) + Fraction(1, 3)


def _point(scope: Scope, draw: random.Random) -> Point:
    """Random values of what is declared and of what is bound above a place."""
    point: dict[str, Coordinate] = {}
    for d in scope.declarations:
        values = tuple(_value(draw, d.domain) for _ in range(2))
        point[d.name] = values if d.indexed else values[0]
    for variable, space in scope.bound:
        if space is None:
            point[variable.name] = Fraction(draw.randint(1, 2))
        elif isinstance(space, ProductSpace):
            point[variable.name] = tuple(_inside(space.args[0], draw) for _ in range(2))
        else:
            point[variable.name] = _inside(space, draw)
    return point


def _inside(space: Expr, draw: random.Random) -> Fraction:
    """A rational number in an interval with rational or infinite ends (2π counts as 6)."""
    ends = [
        None if is_infinite(e) else Fraction(int(e.p), int(e.q)) if e.is_Rational else Fraction(6)
        for e in space.args
    ]
    low, high = ends
    step = Fraction(draw.randint(1, 30), draw.randint(8, 12))
    if low is not None and high is not None:
        return low + (high - low) * Fraction(draw.randint(1, 9), 10)
    if low is not None:
        return low + step
    return -step if high is None and draw.random() < 0.5 else step if high is None else high - step


def _text(point: Point) -> str:
    return ", ".join(
        f"{n} = ({', '.join(map(str, v))})" if isinstance(v, tuple) else f"{n} = {v}"
        for n, v in point.items()
    )


def _short(value: arb) -> str:
    return str(value.str(8, radius=False))
