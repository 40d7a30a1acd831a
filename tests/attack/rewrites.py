"""Correct rewritings of steps: what a checker has to accept, so that refusing is not made too easy."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from sympy import Expr, Symbol

from derive.codec import decode
from derive.derivation import Derivation
from derive.distributions import FAMILIES
from derive.scope import Declaration, Scope
from derive.terms import Plus, free_symbols, symbol, walk

from .operators import (
    FREE_NAMES,
    Data,
    bindings_of,
    certificate_of_step,
    consistent,
    hurt,
    with_step,
)
from .term_operators import equal_terms

Rewriting = tuple[str, Data]

EXPLAINED = {
    "KL has no normal form": "a divergence that is not unfolded is compared to the letter, so its laws' own "
    "index may not be renamed on one side only",
}
"""Text of a refusal → why a correct rewriting is refused."""


def of_step(node: Derivation, number: int) -> Iterator[Rewriting]:
    """Every rewriting of one step that is known to be correct."""
    for kind, data in _of_step(node, number):
        if data["derivations"][-1]["left"] != hurt(data)["after"]:  # a line that stays is no step
            yield kind, data


def _of_step(node: Derivation, number: int) -> Iterator[Rewriting]:
    data = certificate_of_step(node, number)
    step, last = hurt(data), data["derivations"][-1]
    bindings = bindings_of(step)
    for detail in ("brief", "standard", "full"):
        if detail != step["detail"]:
            yield "another detail", with_step(data, detail=detail)
    yield "another title", _with_last(data, title="Another title")
    for k in range(1, len(last["declarations"])):
        turned = last["declarations"][k:] + last["declarations"][:k]
        yield "declarations in another order", _with_last(data, declarations=turned)
    spare = {"name": "spare", "domain": "real", "indexed": False}
    yield "a declaration more", _with_last(data, declarations=[*last["declarations"], spare])
    if step["rule"] in ("arithmetic", "collect"):
        other = "collect" if step["rule"] == "arithmetic" else "arithmetic"
        yield "the sister rule", with_step(data, rule=other)
        for equal in equal_terms(bindings["to"]):
            if (made := consistent(data, node, {"to": equal})) is not None:
                yield "the same value written in another way", made
    if step["rule"] == "antiderivative":
        for constant in (1, -2, 7):
            if (made := consistent(data, node, {"F": Plus(bindings["F"], constant)})) is not None:
                yield "an antiderivative and a constant", made
        for equal in equal_terms(bindings["F"]):
            if (made := consistent(data, node, {"F": equal})) is not None:
                yield "an antiderivative written in another way", made
    if step["rule"] in ("boundary-limits", "integration-by-parts"):
        for key, value in bindings.items():
            for equal in equal_terms(value):
                if (made := consistent(data, node, {key: equal})) is not None:
                    yield "a part written in another way", made
    if step["rule"] == "add-and-subtract":
        for m in (symbol(d.name) for d in node.scope.declarations if not d.indexed):
            if (made := consistent(data, node, {"m": m})) is not None:
                yield "another number added and subtracted", made
    for rule, key in sorted(FREE_NAMES):
        if rule == step["rule"] and (made := consistent(data, node, {key: symbol("fresh")})) is not None:
            yield "another bound variable", made
    for name in sorted(_bound(decode(last["left"])) | _bound(decode(step["after"]))):
        yield "a bound variable renamed", _renamed(data, node, {name: "fresh"})
    for declaration in last["declarations"]:
        if step["rule"] != "lemma" or declaration["name"] not in step["bindings"]:
            yield "a parameter renamed", _renamed(data, node, {declaration["name"]: "fresh"})


def _with_last(data: Data, **changes: Any) -> Data:
    return {**data, "derivations": [*data["derivations"][:-1], {**data["derivations"][-1], **changes}]}


def _bound(term: Expr) -> set[str]:
    """Names that a term binds."""
    symbols = {t.name for _, t in walk(term) if isinstance(t, Symbol)}
    return symbols - {s.name for s in free_symbols(term)}


def _renamed(data: Data, node: Derivation, names: Mapping[str, str]) -> Data:
    """The last derivation with names changed wherever they stand as symbols, binders included."""

    def change(value: Any) -> Any:
        if isinstance(value, str):
            return names.get(value, value)
        if isinstance(value, list):
            return [value[0], *map(change, value[1:])] if value and isinstance(value[0], str) else value
        return value

    last = data["derivations"][-1]
    step = last["steps"][0]
    bindings = {k: {"term": change(v["term"])} if "term" in v else v for k, v in step["bindings"].items()}
    declared = [{**d, "name": names.get(d["name"], d["name"])} for d in last["declarations"]]
    changed = {**step, "bindings": bindings, "after": change(step["after"])}
    out = _with_last(data, declarations=declared, left=change(last["left"]), steps=[changed])
    scope = Scope(tuple(Declaration(**d) for d in declared), FAMILIES)
    made = consistent(out, node, {}, scope)
    assert made is not None
    return made


def some(nodes: Mapping[str, Derivation], seed: int, most: int) -> list[Rewriting]:
    """A sample of all rewritings, the same for the same seed."""
    found = [
        rewriting for node in nodes.values() for n in range(len(node.steps)) for rewriting in of_step(node, n)
    ]
    random.Random(seed).shuffle(found)
    return found[:most]
