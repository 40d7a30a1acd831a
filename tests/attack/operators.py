"""What can be wrong with a step: mutation operators on certificates, shared by the tests and the campaign.

A certificate is cut to one step and the lemmas that it cites.  *Lines* hurt what the step states, *lies*
hurt a binding and make line and conditions fit it, *starts* hurt the line before; *reasons* keep the line
and hurt its justification; *chains* hurt how steps and lemmas hang together.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sympy import Expr, Symbol

import derive.derivation
from derive.codec import decode, encode
from derive.derivation import Derivation, certificate
from derive.field import Undetermined
from derive.kernel import RuleError, Step
from derive.rules import RULES
from derive.scope import Scope, ScopeError
from derive.terms import (
    ZERO,
    Place,
    TermError,
    at,
    free_symbols,
    replace_at,
    walk,
)

from .term_operators import equal_terms, wrong_terms

Data = dict[str, Any]
Mutant = tuple[str, Data]

SAME_REASON = {frozenset({"arithmetic", "collect"}), frozenset({"linearity", "constant-factor"})}
"""Rules of which each may truthfully stand for the other on a line."""

FREE_NAMES = {
    ("definition-of-kl", "x"), ("square-as-double-integral", "y"), ("polar-coordinates", "r"),
    ("polar-coordinates", "angle"), ("marginalisation", "t"),
}  # fmt: skip
"""Bindings of rules that name a new bound variable: another name is no fault."""

FREE_VALUES = {("add-and-subtract", "m")}
"""Bindings that may have any value: the rule is true for each."""


# -- certificates cut to one step ----------------------------------------------------------------------


def certificate_of_step(node: Derivation, number: int) -> Data:
    """A certificate of the one equation that a step proves, with the lemmas that the step cites."""
    step = node.steps[number]
    cited = dict(step.bindings).get("lemma")
    lemmas = {str(cited): node.lemmas[str(cited)]} if cited else {}
    return certificate(Derivation(node.id, node.title, node.scope, step.before, (step,), lemmas, ()))


def hurt(data: Data) -> Data:
    """The step of a cut certificate that faults are planted in."""
    return data["derivations"][-1]["steps"][0]  # type: ignore[no-any-return]


def with_step(data: Data, **changes: Any) -> Data:
    """A copy of a cut certificate, the stated result following the stated line."""
    last = copy.copy(data["derivations"][-1])
    last["steps"] = [{**last["steps"][0], **changes}]
    last["right"] = last["steps"][0]["after"]
    return {**data, "derivations": [*data["derivations"][:-1], last]}


def with_left(data: Data, left: Expr) -> Data:
    """A copy of a cut certificate that starts from another line."""
    last = {**data["derivations"][-1], "left": encode(left)}
    return {**data, "derivations": [*data["derivations"][:-1], last]}


def bindings_of(step: Data) -> dict[str, Any]:
    """The bindings of a stored step, decoded."""
    return {k: decode(v["term"]) if "term" in v else v["text"] for k, v in step["bindings"].items()}


def stored(bindings: Mapping[str, Any]) -> Data:
    """Bindings as a certificate stores them."""
    return {k: {"text": v} if isinstance(v, str) else {"term": encode(v)} for k, v in bindings.items()}


@contextmanager
def remembered() -> Iterator[None]:
    """Remember what the kernel accepted, keyed by all that it was asked; refusals are never kept.

    Certificates may not be changed in place meanwhile: a mutant is a copy where it differs.
    """
    real, known = derive.derivation.accept, {}

    def accept(
        rule: Any, before: Expr, place: Place, bindings: Any, scope: Any, lemmas: Any, detail: Any
    ) -> Step:
        key = (
            rule.id, before, place, tuple(sorted(bindings.items())), scope.declarations, detail,
            tuple(sorted((k, v.declarations, v.left, v.right) for k, v in lemmas.items()))
            if "lemma" in bindings
            else (),
        )  # fmt: skip
        try:
            if key in known:
                return known[key]
        except RecursionError:  # a term that is too deep to be a key
            return real(rule, before, place, bindings, scope, lemmas, detail)
        known[key] = real(rule, before, place, bindings, scope, lemmas, detail)
        return known[key]

    replay_one, replayed = derive.derivation._replay_one, {}

    def replay_entry(entry: Any, scope: Any, proved: Any, rules: Any) -> Derivation:
        # The lemmas that mutants share are the same objects, and so is what they were proved from.
        key = (id(entry), *map(id, proved.values()))
        if key not in replayed:
            replayed[key] = replay_one(entry, scope, proved, rules), entry, tuple(proved.values())
        return replayed[key][0]  # type: ignore[no-any-return]

    derive.derivation.accept, derive.derivation._replay_one = accept, replay_entry
    try:
        yield
    finally:
        derive.derivation.accept, derive.derivation._replay_one = real, replay_one


# -- mutants of one step ---------------------------------------------------------------------------------


def names_at(node: Derivation) -> tuple[Symbol, ...]:
    """Declared names, for renamings."""
    return tuple(Symbol(d.name) for d in node.scope.declarations)


def lines(data: Data, node: Derivation) -> Iterator[Mutant]:
    """The stated line is wrong where the step changed it."""
    step = hurt(data)
    line, place = decode(step["after"]), tuple(step["place"])
    for operator, wrong in wrong_terms(at(line, place), names_at(node)):
        yield operator, with_step(data, after=encode(replace_at(line, place, wrong)))


def starts(data: Data, node: Derivation) -> Iterator[Mutant]:
    """The line before is wrong, and the step comes out as if it were not."""
    step = hurt(data)
    place = tuple(step["place"])
    before = decode(data["derivations"][-1]["left"])
    zero = at(decode(step["after"]), place) == ZERO
    for operator, wrong in wrong_terms(at(before, place), names_at(node)):
        if zero and operator in ("absolute value", "sign"):
            continue  # |0| and −0 are 0, which balls around 0 do not tell
        yield operator, with_left(data, replace_at(before, place, wrong))


def lies(data: Data, node: Derivation) -> Iterator[Mutant]:
    """A binding is wrong, and the line and the conditions say what the rule makes of it."""
    step = hurt(data)
    for key, value in bindings_of(step).items():
        if isinstance(value, str) or (step["rule"], key) in FREE_NAMES | FREE_VALUES:
            continue
        for operator, wrong in wrong_terms(value, names_at(node)):
            if (lie := consistent(data, node, {key: wrong})) is not None:
                yield operator, lie


def consistent(
    data: Data, node: Derivation, changes: Mapping[str, Any], declared: Scope | None = None
) -> Data | None:
    """The cut certificate with other bindings, the line and the conditions made to fit; None when the
    rule itself refuses."""
    step, before = hurt(data), decode(data["derivations"][-1]["left"])
    bindings, place = {**bindings_of(step), **changes}, tuple(step["place"])
    statements = {k: lemma.statement for k, lemma in node.lemmas.items()}
    try:
        scope = (declared or node.scope).enter(before, place)
        rewrite = RULES[step["rule"]].apply(at(before, place), bindings, scope, statements)
        after = encode(replace_at(before, place, rewrite.after))
    except (RuleError, TermError, ScopeError, Undetermined):
        return None
    conditions = [{"kind": c.kind, "terms": [encode(t) for t in c.terms]} for c in rewrite.conditions]
    return with_step(data, bindings=stored(bindings), after=after, conditions=conditions)


def unjustified(data: Data, node: Derivation) -> Iterator[Mutant]:
    """A line of the same value that is not what the rule gives."""
    step = hurt(data)
    line, place = decode(step["after"]), tuple(step["place"])
    for equal in equal_terms(at(line, place)):
        yield (
            "value-preserving, wrongly justified",
            with_step(data, after=encode(replace_at(line, place, equal))),
        )


def reasons(data: Data, node: Derivation) -> Iterator[Mutant]:
    """The right line for a wrong reason."""
    step = hurt(data)
    for other in sorted(RULES):
        if other != step["rule"] and frozenset({other, step["rule"]}) not in SAME_REASON:
            yield "wrong rule name", with_step(data, rule=other)
    yield "wrong rule name", with_step(data, rule=step["rule"] + "-2")
    place = step["place"]
    before = decode(data["derivations"][-1]["left"])
    for other_place, _ in walk(before):
        if list(other_place) != place:
            yield "wrong place", with_step(data, place=list(other_place))
    for extra in (99, -1):
        yield "wrong place", with_step(data, place=[*place, extra])
    for i, condition in enumerate(step["conditions"]):
        rest = [c for k, c in enumerate(step["conditions"]) if k != i]
        yield "dropped condition", with_step(data, conditions=rest)
        weaker = {**condition, "kind": "real" if condition["kind"] != "real" else "positive"}
        changed = [*step["conditions"][:i], weaker, *step["conditions"][i + 1 :]]
        yield "weakened condition", with_step(data, conditions=changed)
        for k in range(len(condition["terms"])):
            other_terms = [*condition["terms"][:k], 1, *condition["terms"][k + 1 :]]
            if other_terms != condition["terms"]:
                about = {**condition, "terms": other_terms}
                changed = [*step["conditions"][:i], about, *step["conditions"][i + 1 :]]
                yield "weakened condition", with_step(data, conditions=changed)
    made_up = {"kind": "positive", "terms": [1]}
    yield "made-up condition", with_step(data, conditions=[*step["conditions"], made_up])
    for name in step["bindings"]:
        others = {k: v for k, v in step["bindings"].items() if k != name}
        yield "dropped binding", with_step(data, bindings=others)
    if "lemma" in step["bindings"]:
        for lemma in (node.id, "no-such-lemma", *(d["id"] for d in data["derivations"][:-2])):
            bindings = {**step["bindings"], "lemma": {"text": lemma}}
            yield "lemma that proves something else", with_step(data, bindings=bindings)
        yield from _hurt_lemmas(data)


def _hurt_lemmas(data: Data) -> Iterator[Mutant]:
    """The cited lemma states something else than its chain proves, or its chain is another's."""
    *others, lemma, last = data["derivations"]

    def change(**changes: Any) -> Mutant:
        hurt_lemma = {**lemma, **changes}
        return "lemma that proves something else", {**data, "derivations": [*others, hurt_lemma, last]}

    for side in ("left", "right"):
        for _, wrong in list(wrong_terms(decode(lemma[side])))[::7]:
            yield change(**{side: encode(wrong)})
    for other in others:
        yield change(steps=other["steps"], right=other["right"])
        yield change(left=other["left"], steps=other["steps"], right=other["right"])
    yield change(steps=[], right=lemma["left"])
    yield change(steps=lemma["steps"][:-1])


def declarations(data: Data, node: Derivation) -> Iterator[Mutant]:
    """A declaration says less than it has to, or names something else."""
    last = data["derivations"][-1]
    step = hurt(data)
    needed = {name for line in (last["left"], step["after"]) for name in free_symbols(decode(line))}
    for i, declaration in enumerate(last["declarations"]):
        if Symbol(declaration["name"]) not in needed:
            continue
        for change in (
            {"domain": "real"}, {"indexed": not declaration["indexed"]}, {"name": declaration["name"] + "0"},
        ):  # fmt: skip
            weak = {**declaration, **change}
            if weak == declaration:
                continue
            rest = [*last["declarations"][:i], weak, *last["declarations"][i + 1 :]]
            hurt_last = {**last, "declarations": rest}
            yield "weakened declaration", {**data, "derivations": [*data["derivations"][:-1], hurt_last]}


def chains(node: Derivation) -> Iterator[Mutant]:
    """Faults in how the steps of a derivation hang together."""
    data = certificate(node)

    def change(name: str, **changes: Any) -> Mutant:
        return name, {**data, "derivations": [*data["derivations"][:-1], {**last, **changes}]}

    last = data["derivations"][-1]
    steps = last["steps"]
    for i in range(len(steps)):
        if not (i + 1 < len(steps) and makes_up_for(steps[i + 1], steps[i])):
            yield change("removed step", steps=steps[:i] + steps[i + 1 :])
        yield change("repeated step", steps=[*steps[: i + 1], *steps[i:]])
        for k in range(i):
            swapped = list(steps)
            swapped[i], swapped[k] = steps[k], steps[i]
            yield change("reordered steps", steps=swapped)
    for side in ("left", "right"):
        for operator, wrong in wrong_terms(decode(last[side]), names_at(node)):
            yield f"statement: {operator}", change("", **{side: encode(wrong)})[1]
    for d in range(len(last["declarations"])):
        rest = last["declarations"][:d] + last["declarations"][d + 1 :]
        yield change("declaration dropped", declarations=rest)
        twice = [*last["declarations"], last["declarations"][d]]
        yield change("declaration twice", declarations=twice)
    for lemma in range(len(data["derivations"]) - 1):
        without = data["derivations"][:lemma] + data["derivations"][lemma + 1 :]
        yield "lemma removed", {**data, "derivations": without}
    if len(data["derivations"]) > 1:
        yield "lemmas after their use", {**data, "derivations": data["derivations"][::-1]}


def makes_up_for(following: Data, removed: Data) -> bool:
    """Whether arithmetic one line on may do both steps at once: the shorter chain is true as well."""
    covered = removed["place"][: len(following["place"])] == following["place"]
    return following["rule"] in ("arithmetic", "collect") and covered


STEP_MUTANTS: Mapping[str, Callable[[Data, Derivation], Iterator[Mutant]]] = {
    "line": lines,
    "lie": lies,
    "start": starts,
    "unjustified": unjustified,
    "reason": reasons,
    "declaration": declarations,
}
