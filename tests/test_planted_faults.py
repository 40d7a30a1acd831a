"""Ten and more planted faults for every step of every derivation: replay has to refuse each one.

Three sorts of faults.  *A wrong line*: the step's line says something else than its rule gives.  *A wrong
reason*: another rule, place, lemma, binding or list of conditions.  *A consistent lie*: a binding is
changed and the line and the conditions are rewritten to match, so that nothing but the kernel's own
side conditions and its exact equality can tell.  A certificate is cut to the one step that is hurt and
the lemmas it cites; the last tests hurt whole chains.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from sympy import Expr, Integer, Rational, Symbol, oo, pi

import derive.derivation
from derive.catalogue import IDS, result
from derive.codec import decode, encode
from derive.derivation import CertificateError, Derivation, certificate, replay
from derive.distributions import FAMILIES
from derive.kernel import RuleError, Step
from derive.normal_form import Undetermined
from derive.rules import RULES
from derive.scope import Declaration, ScopeError
from derive.terms import (
    HALF,
    ONE,
    TWO,
    ZERO,
    Exp,
    Inert,
    Log,
    Minus,
    OpenInterval,
    Place,
    Plus,
    Power,
    Quotient,
    Root,
    TermError,
    Times,
    at,
    plus,
    replace_at,
    times,
    walk,
)

FEWEST = 10
TINY = Rational(1, 10**20)
Fault = tuple[str, dict[str, Any]]

DERIVATIONS = {node.id: node for id in IDS for top in result(id).derivations() for node in top.tree()}
BY_ID = pytest.mark.parametrize("id", sorted(DERIVATIONS))

SAME_REASON = {frozenset({"arithmetic", "collect"}), frozenset({"linearity", "constant-factor"})}
"""Rules of which each may truthfully stand for the other on a line."""

FREE_NAMES = {"x", "y", "u", "t", "r", "angle", "index"}
"""Bindings that name a new bound variable: another name is no fault."""

FREE_VALUES = {("add-and-subtract", "m")}
"""Bindings that may have any value: the rule is true for each."""

TRUE_ALL_THE_SAME = {
    ("antiderivative", "F", "off by one"),  # plus a constant it is another antiderivative
    ("antiderivative", "F", "off by 1e-20"),
    ("substitution", "g", "off by one"),  # a shift of the line is another substitution
    ("substitution", "g", "off by 1e-20"),
    ("substitution", "g", "first term dropped"),  # x = μ + √2 σ u without its μ
}
"""Changed bindings that make another true line."""

ARITHMETIC = {"arithmetic", "collect"}


# -- remembered steps: the lemmas under a fault are the same each time --------------------------------


@pytest.fixture(autouse=True, scope="module")
def remembered_steps() -> Iterator[None]:
    """Remember what the kernel accepted, keyed by all that it was asked; refusals are never kept."""
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
        if key not in known:
            known[key] = real(rule, before, place, bindings, scope, lemmas, detail)
        return known[key]

    patch = pytest.MonkeyPatch()
    patch.setattr(derive.derivation, "accept", accept)
    yield
    patch.undo()


# -- certificates cut to one step ----------------------------------------------------------------------


def certificate_of_step(node: Derivation, number: int) -> dict[str, Any]:
    """A certificate of the one equation that a step proves, with the lemmas that the step cites."""
    step = node.steps[number]
    cited = dict(step.bindings).get("lemma")
    lemmas = {cited: node.lemmas[cited]} if cited else {}
    cut = Derivation(node.id, node.title, node.scope, step.before, (step,), lemmas, ())
    return certificate(cut)


def hurt(data: dict[str, Any]) -> dict[str, Any]:
    """The step of a cut certificate that faults are planted in."""
    return data["derivations"][-1]["steps"][0]  # type: ignore[no-any-return]


def with_step(data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy of a cut certificate, the stated result following the stated line."""
    out = dict(data)
    out["derivations"] = list(data["derivations"])
    last = copy.copy(out["derivations"][-1])
    last["steps"] = [{**last["steps"][0], **changes}]
    last["right"] = last["steps"][0]["after"]
    out["derivations"][-1] = last
    return out


# -- what can be written wrongly in a term --------------------------------------------------------------


def wrong_terms(term: Expr) -> Iterator[tuple[str, Expr]]:
    """The term with one mistake of a kind that people and programs make, one of each kind."""
    yield "off by one", Plus(term, ONE)
    yield "off by 1e-20", Plus(term, TINY)
    if term == ZERO:
        return  # twice nothing is nothing
    yield "sign flipped", Minus(term)
    yield "factor 2 added", Times(TWO, term)
    yield "half of it", Quotient(term, TWO)
    yield "doubled less 1e-20", Times(ONE + TINY, term)
    yield "logarithm added", Log(Plus(ONE, Power(term, TWO)))
    if (swapped := exchange(term)) != term:
        yield "p and q swapped", swapped
    for name, change in INNER_MISTAKES.items():
        for place, part in walk(term):
            changed = change(part)
            if changed is not None and changed != part and _may_stand_at(term, place):
                yield name, replace_at(term, place, changed)
                break


def _may_stand_at(term: Expr, place: Place) -> bool:
    """Whether a sub-term may be rewritten: binders' variables and exponents are left alone."""
    if not place:
        return True
    parent = at(term, place[:-1])
    return not (isinstance(parent, Inert) and parent.binds == place[-1])


def _only(head: type[Inert], make: Callable[[Expr], Expr | None]) -> Callable[[Expr], Expr | None]:
    return lambda t: make(t) if isinstance(t, head) else None


INNER_MISTAKES: Mapping[str, Callable[[Expr], Expr | None]] = {
    "term dropped": _only(Plus, lambda t: plus(*t.args[:-1])),
    "first term dropped": _only(Plus, lambda t: plus(*t.args[1:])),
    "inner sign flipped": _only(Plus, lambda t: Plus(t.args[0], Minus(t.args[1]), *t.args[2:])),
    "factor dropped": _only(Times, lambda t: times(*t.args[1:])),
    "+ for ×": _only(Times, lambda t: Plus(*t.args)),
    "× for +": _only(Plus, lambda t: Times(*t.args)),
    "minus lost": _only(Minus, lambda t: t.args[0]),
    "exponent changed": _only(Power, lambda t: Power(t.args[0], t.args[1] + 1)),
    "power lost": _only(Power, lambda t: t.args[0]),
    "logarithm removed": _only(Log, lambda t: t.args[0]),
    "exponential removed": _only(Exp, lambda t: t.args[0]),
    "root lost": _only(Root, lambda t: t.args[0]),
    "quotient upside down": _only(Quotient, lambda t: Quotient(*reversed(t.args))),
    "denominator lost": _only(Quotient, lambda t: t.args[0]),
    "half the line": _only(
        OpenInterval, lambda t: OpenInterval(ZERO, oo) if t.args[0] != ZERO else OpenInterval(ONE, oo)
    ),
    "one half for one third": lambda t: Rational(1, 3) if t == HALF else None,
    "constant changed": lambda t: t + 1 if isinstance(t, Integer) and t != 0 else None,
    "π is three": lambda t: Integer(3) if t == pi else None,
}


def exchange(term: Expr) -> Expr:
    """The term with every name that ends in _1 written with _2, and the other way round."""
    if isinstance(term, Symbol):
        stem, _, number = term.name.rpartition("_")
        return Symbol(f"{stem}_{3 - int(number)}") if number in ("1", "2") else term
    return term if not term.args else type(term)(*(exchange(a) for a in term.args))


# -- three sorts of faults ------------------------------------------------------------------------------


def wrong_lines(data: dict[str, Any]) -> Iterator[Fault]:
    """The stated line, wrong where the step changed it."""
    step = hurt(data)
    line, place = decode(step["after"]), tuple(step["place"])
    for name, wrong in wrong_terms(at(line, place)):
        yield f"line: {name}", with_step(data, after=encode(replace_at(line, place, wrong)))


def wrong_reasons(data: dict[str, Any], node: Derivation) -> Iterator[Fault]:
    """The right line for a wrong reason."""
    step = hurt(data)
    for other in ("log-one", "merge-sums", "polar-coordinates", "lemma", "arithmetic", "linearity"):
        if other != step["rule"] and frozenset({other, step["rule"]}) not in SAME_REASON:
            yield f"rule: {other}", with_step(data, rule=other)
    yield "rule: one that does not exist", with_step(data, rule=step["rule"] + "-2")
    place = step["place"]
    yield "place: one deeper", with_step(data, place=[*place, 0])
    yield "place: not there", with_step(data, place=[*place, 99])
    yield "place: negative", with_step(data, place=[*place, -1])
    if place:
        yield "place: one higher", with_step(data, place=place[:-1])
        yield "place: the next one", with_step(data, place=[*place[:-1], place[-1] + 1])
    for i, condition in enumerate(step["conditions"]):
        rest = [c for k, c in enumerate(step["conditions"]) if k != i]
        yield f"condition dropped: {condition['kind']}", with_step(data, conditions=rest)
        weaker = {**condition, "kind": "real" if condition["kind"] != "real" else "positive"}
        yield "condition of another kind", with_step(data, conditions=[*rest[:i], weaker, *rest[i:]])
    extra = {"kind": "positive", "terms": [1]}
    yield "condition made up", with_step(data, conditions=[*step["conditions"], extra])
    for name in step["bindings"]:
        others = {k: v for k, v in step["bindings"].items() if k != name}
        yield f"binding dropped: {name}", with_step(data, bindings=others)
    if "lemma" in step["bindings"]:
        for lemma in (node.id, "no-such-lemma", *(d["id"] for d in data["derivations"][:-2])):
            bindings = {**step["bindings"], "lemma": {"text": lemma}}
            yield f"lemma: {lemma}", with_step(data, bindings=bindings)


def consistent_lies(data: dict[str, Any], node: Derivation, before: Expr) -> Iterator[Fault]:
    """A binding is wrong, and the line and the conditions say what the rule makes of it."""
    step = hurt(data)
    rule, place = RULES[step["rule"]], tuple(step["place"])
    bindings = {k: decode(v["term"]) if "term" in v else v["text"] for k, v in step["bindings"].items()}
    statements = {k: lemma.statement for k, lemma in node.lemmas.items()}
    scope = node.scope.enter(before, place)
    for key, value in bindings.items():
        if isinstance(value, str) or key in FREE_NAMES or (rule.id, key) in FREE_VALUES:
            continue
        for name, wrong in wrong_terms(value):
            if (rule.id, key, name) in TRUE_ALL_THE_SAME:
                continue
            lie = {**bindings, key: wrong}
            try:
                rewrite = rule.apply(at(before, place), lie, scope, statements)
                after = encode(replace_at(before, place, rewrite.after))
            except (RuleError, TermError, ScopeError, Undetermined):
                continue  # the rule itself refuses
            stored = {**step["bindings"], key: {"term": encode(wrong)}}
            conditions = [{"kind": c.kind, "terms": [encode(t) for t in c.terms]} for c in rewrite.conditions]
            yield f"lie: {key}, {name}", with_step(data, bindings=stored, after=after, conditions=conditions)


def accepted(faults: Iterator[Fault], original: dict[str, Any]) -> tuple[int, list[str]]:
    """How many faults were planted, and which of them were not refused."""
    planted, let_through = 0, []
    for name, data in faults:
        if data == original:
            continue
        planted += 1
        try:
            replay(data, RULES, FAMILIES)
        except CertificateError:
            continue
        let_through.append(name)
    return planted, let_through


@BY_ID
def test_each_step_stands_without_a_fault(id: str) -> None:
    """The cut certificates replay when nothing is wrong, so a refusal below is due to the fault."""
    node = DERIVATIONS[id]
    for number, step in enumerate(node.steps):
        rebuilt = replay(certificate_of_step(node, number), RULES, FAMILIES)
        assert (rebuilt.left, rebuilt.right) == (step.before, step.after)


@BY_ID
def test_wrong_lines_are_refused(id: str) -> None:
    """A line that is not what its rule gives: sign, factor, exponent, dropped term, swapped p and q …"""
    node = DERIVATIONS[id]
    for number in range(len(node.steps)):
        data = certificate_of_step(node, number)
        planted, let_through = accepted(wrong_lines(data), data)
        assert planted
        assert not let_through, f"step {number + 1}"


@BY_ID
def test_wrong_reasons_are_refused(id: str) -> None:
    """A true line under the wrong rule, at the wrong place, with another lemma, without a condition."""
    node = DERIVATIONS[id]
    for number in range(len(node.steps)):
        data = certificate_of_step(node, number)
        planted, let_through = accepted(wrong_reasons(data, node), data)
        assert planted
        assert not let_through, f"step {number + 1}, rule {node.steps[number].rule}"


@BY_ID
def test_consistent_lies_are_refused(id: str) -> None:
    """A wrong binding whose line and conditions were made to fit: only the conditions can tell."""
    node = DERIVATIONS[id]
    for number, step in enumerate(node.steps):
        data = certificate_of_step(node, number)
        _, let_through = accepted(consistent_lies(data, node, step.before), data)
        assert not let_through, f"step {number + 1}, rule {step.rule}"


@BY_ID
def test_ten_faults_for_each_step(id: str) -> None:
    """The count that the acceptance asks for, so that the generators above cannot run dry unseen."""
    node = DERIVATIONS[id]
    for number, step in enumerate(node.steps):
        data = certificate_of_step(node, number)
        faults = [*wrong_lines(data), *wrong_reasons(data, node), *consistent_lies(data, node, step.before)]
        assert len([f for f in faults if f[1] != data]) >= FEWEST


# -- whole chains -----------------------------------------------------------------------------------------


def chain_faults(data: dict[str, Any]) -> Iterator[Fault]:
    """Faults in how the steps of the last derivation hang together."""

    def change(name: str, **changes: Any) -> Fault:
        out = {**data, "derivations": [*data["derivations"][:-1], {**last, **changes}]}
        return name, out

    last = data["derivations"][-1]
    steps = last["steps"]
    for i in range(len(steps)):
        if not (i + 1 < len(steps) and makes_up_for(steps[i + 1], steps[i])):
            yield change(f"step {i + 1} removed", steps=steps[:i] + steps[i + 1 :])
        yield change(f"step {i + 1} twice", steps=[*steps[: i + 1], *steps[i:]])
        if i:
            swapped = [*steps[: i - 1], steps[i], steps[i - 1], *steps[i + 1 :]]
            yield change(f"steps {i} and {i + 1} swapped", steps=swapped)
    for side in ("left", "right"):
        for name, wrong in wrong_terms(decode(last[side])):
            yield change(f"{side}: {name}", **{side: encode(wrong)})
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


def makes_up_for(following: dict[str, Any], removed: dict[str, Any]) -> bool:
    """Whether arithmetic one line on may do both steps at once: the shorter chain is true as well."""
    covered = removed["place"][: len(following["place"])] == following["place"]
    return following["rule"] in ARITHMETIC and covered


@BY_ID
def test_faults_in_the_chain_are_refused(id: str) -> None:
    """Steps removed, doubled or swapped, another statement, undeclared names, missing lemmas."""
    data = certificate(DERIVATIONS[id])
    planted, let_through = accepted(chain_faults(data), data)
    assert planted >= FEWEST
    assert not let_through


@BY_ID
def test_a_fault_deep_in_the_chain_is_found_in_the_whole_certificate(id: str) -> None:
    """One fault for each step, in the certificate as it is stored: cutting hides nothing."""
    node = DERIVATIONS[id]
    data = certificate(node)
    steps = data["derivations"][-1]["steps"]
    for number, step in enumerate(steps):
        wrong = {**step, "after": encode(Minus(decode(step["after"])))}
        last = {**data["derivations"][-1], "steps": [*steps[:number], wrong, *steps[number + 1 :]]}
        with pytest.raises(CertificateError, match=rf"step {number + 1}, rule"):
            replay({**data, "derivations": [*data["derivations"][:-1], last]}, RULES, FAMILIES)


def weakenings() -> Iterator[tuple[str, int, str]]:
    """Each declaration that says more than real, and each weaker domain for it."""
    weaker = {"positive": ("real",), "natural": ("real", "positive"), "real": ()}
    for id, node in sorted(DERIVATIONS.items()):
        for number, declaration in enumerate(node.scope.declarations):
            for domain in weaker[declaration.domain]:
                yield id, number, domain


@pytest.mark.parametrize(("id", "number", "domain"), list(weakenings()))
def test_a_weakened_declaration_is_refused_by_name(id: str, number: int, domain: str) -> None:
    """σ merely real: the error names the step, the rule, the condition and the symbol."""
    data = certificate(DERIVATIONS[id])
    last = data["derivations"][-1]
    weak: Declaration = DERIVATIONS[id].scope.declarations[number]
    last["declarations"][number]["domain"] = domain
    with pytest.raises(CertificateError) as refusal:
        replay(data, RULES, FAMILIES)
    message = str(refusal.value)
    assert "step 1" in message
    assert f"rule '{last['steps'][0]['rule']}'" in message
    assert "condition" in message
    assert weak.name in message


def test_a_vector_declared_as_a_scalar_is_refused() -> None:
    """μ for d components is not one number."""
    data = certificate(DERIVATIONS["kl-diagonal-normal"])
    for declaration in data["derivations"][-1]["declarations"]:
        declaration["indexed"] = False
    with pytest.raises(CertificateError, match="is not a vector"):
        replay(data, RULES, FAMILIES)
