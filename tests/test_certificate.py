"""Certificates: there and back byte for byte, and malformed ones refused with CertificateError only."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.catalogue import IDS, result
from derive.codec import DEEPEST, LARGEST_NUMBER, MOST_NODES, decode, encode
from derive.derivation import CertificateError, Derivation, certificate, dumps, replay
from derive.distributions import FAMILIES
from derive.rules import RULES
from derive.terms import HEADS, TermError

Data = dict[str, Any]
Path = tuple[str | int, ...]

SMALL = certificate(result("kl-exponential").derivation)
SETTINGS = settings(max_examples=600, deadline=None, derandomize=True, database=None)


def rebuild(data: Any) -> Derivation:
    return replay(data, RULES, FAMILIES)


def refused(data: Any) -> str:
    """Assert that a certificate is refused in the one way that is promised; return the message."""
    with pytest.raises(CertificateError) as refusal:
        rebuild(data)
    assert str(refusal.value)
    return str(refusal.value)


# -- there and back ------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", IDS)
def test_a_certificate_comes_back_byte_for_byte(id: str) -> None:
    """Written, read, replayed and written again, for the result and each of its forms."""
    for derivation in result(id).derivations():
        text = dumps(certificate(derivation))
        back = rebuild(json.loads(text))
        assert dumps(certificate(back)) == text
        assert (back.left, back.right, back.statement) == (
            derivation.left, derivation.right, derivation.statement,
        )  # fmt: skip
        assert [s.conditions for s in back.steps] == [s.conditions for s in derivation.steps]
        assert (back.grade, back.assumed, back.rules) == (
            derivation.grade, derivation.assumed, derivation.rules,
        )  # fmt: skip


def test_dumps_is_json_in_ascii_with_short_records() -> None:
    text = dumps(SMALL)
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text) == SMALL


def test_replay_changes_nothing_in_its_input() -> None:
    data = copy.deepcopy(SMALL)
    rebuild(data)
    assert data == SMALL


# -- malformed shapes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [None, 0, 1.5, True, "", "derive certificate 1", [], [1, 2], {}, {"format": "derive certificate 1"},
     {"format": "another"}, {"format": None}, {"format": ["derive certificate 1"]}, [SMALL]],
    ids=lambda data: repr(data)[:40],
)  # fmt: skip
def test_what_is_no_certificate_is_refused(data: Any) -> None:
    refused(data)


def test_another_format_is_refused_by_name() -> None:
    assert "derive certificate" in refused({**SMALL, "format": "derive certificate 2"})


@pytest.mark.parametrize("key", ["format", "id", "families", "derivations"])
def test_each_part_of_a_certificate_is_needed(key: str) -> None:
    refused({k: v for k, v in SMALL.items() if k != key})


@pytest.mark.parametrize("key", ["id", "title", "declarations", "left", "steps", "right"])
def test_each_part_of_a_derivation_is_needed(key: str) -> None:
    data = copy.deepcopy(SMALL)
    del data["derivations"][-1][key]
    refused(data)


@pytest.mark.parametrize("key", ["rule", "place", "bindings", "conditions", "detail", "after"])
def test_each_part_of_a_step_is_needed(key: str) -> None:
    data = copy.deepcopy(SMALL)
    del data["derivations"][-1]["steps"][0][key]
    refused(data)


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value in JSON data."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from places(value[index], (*path, index))


def put(data: Any, path: Path, value: Any) -> Any:
    """JSON data with one value replaced; the rest is shared."""
    if not path:
        return value
    out = copy.copy(data)
    out[path[0]] = put(out[path[0]], path[1:], value)
    return out


def get(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data


JUNK: tuple[Any, ...] = (
    None, 0, -1, 2, 10**50, 1.5, float("nan"), float("inf"), True, "", "x", "x" * 40, "\ud800", "\\input{x}",
    "<script>", [], {}, [[]], ["pi"], ["infinity"], ["Plus", 1], ["Plus", 1, 1], ["Nope", 1],
    ["Rational", 1, 0], ["Rational", 1.5, 2], ["Minus", ["infinity"]], ["Law", 1], ["Density", 1, 2],
    ["Law", ["Plus", 1, 1]],
    ["IntegralOver", 1, 2, 3], ["IntegralOver", "x", "x", "x"], ["OpenInterval", 1, 0], ["Component", 1, 1],
    ["SumOver", 1, "j", -1], ["Symbol", "x"], ["__class__"], {"text": "x"}, {"term": 1}, {"term": []},
    {"text": "x", "term": 1}, ["Power", 2, ["Power", 64, ["Power", 64, 64]]], ["Log", -1], ["Quotient", 1, 0],
    ["Plus", ["infinity"], ["Minus", ["infinity"]]], ["KL", 1, 2], ["ProductLaw", 1, "j", "d"],
)  # fmt: skip

TERMS_START = set(HEADS) | {"pi", "infinity", "Rational"}
SHOWN_ONLY = {"title", "detail"}
"""What is for display and proves nothing: another title is no fault."""

MATHEMATICS = [p for p in places(SMALL) if not SHOWN_ONLY & set(p)]


@SETTINGS
@given(st.sampled_from(MATHEMATICS), st.sampled_from(JUNK))
def test_a_part_replaced_by_junk_is_refused(path: Path, junk: Any) -> None:
    """Any value in place of any other: CertificateError and nothing else, and never accepted."""
    if repr(get(SMALL, path)) != repr(junk):
        refused(put(SMALL, path, junk))


@SETTINGS
@given(st.sampled_from(MATHEMATICS), st.sampled_from(MATHEMATICS))
def test_a_part_replaced_by_another_part_is_refused(target: Path, source: Path) -> None:
    """Forgery from genuine parts: a term, a step or a derivation that stands elsewhere."""
    value = get(SMALL, source)
    data = put(SMALL, target, value)
    if data == SMALL or equivalent(data):
        return
    refused(data)


def equivalent(data: Any) -> bool:
    """Whether the change only brings in unused declarations or drops derivations that nothing uses."""
    try:
        rebuilt = rebuild(data)
    except CertificateError:
        return False
    original = rebuild(SMALL)
    proved = {d.id: d.statement for d in original.tree()}
    return all(proved.get(d.id) == d.statement for d in rebuilt.tree())


@SETTINGS
@given(st.randoms(use_true_random=False))
def test_bytes_changed_at_random_never_crash_the_reader(draw: random.Random) -> None:
    """One to three characters of the text changed: it is no JSON, or refused, or proves the same."""
    text = list(SMALL_TEXT)
    for _ in range(draw.randint(1, 3)):
        text[draw.randrange(len(text))] = draw.choice('0123456789,[]{}":-_abpqxlmu ')
    try:
        data = json.loads("".join(text))
    except ValueError:
        return
    assert equivalent(data) or refused(data)


SMALL_TEXT = dumps(SMALL)


# -- forged families, statements and lemmas ----------------------------------------------------------------


def forged_family(**changes: Any) -> Data:
    data = copy.deepcopy(SMALL)
    data["families"][0] |= changes
    return data


@pytest.mark.parametrize(
    "changes",
    [
        {"density": ["Times", 2, ["Times", "lambda", ["Exp", ["Minus", ["Times", "lambda", "x"]]]]]},
        {"density": ["Minus", ["Times", "lambda", ["Exp", ["Minus", ["Times", "lambda", "x"]]]]]},
        {"density": 1},
        {"support": ["OpenInterval", ["Minus", ["infinity"]], ["infinity"]]},
        {"support": "x"},
        {"variable": "lambda"},
        {"parameters": []},
        {"parameters": [{"name": "lambda", "domain": "real", "indexed": False}]},
        {"name": "Cauchy"},
    ],
    ids=lambda changes: json.dumps(changes)[:50],
)
def test_a_family_that_is_not_the_known_one_is_refused(changes: Data) -> None:
    """A density that is doubled, negative or elsewhere would make every claim about it a lie."""
    refused(forged_family(**changes))


def test_a_circle_of_lemmas_is_refused() -> None:
    """A lemma may lean on what stands before it, not on itself and not on what follows."""
    for lemma in ("kl-exponential", "exponential-mean"):
        data = copy.deepcopy(SMALL)
        first = data["derivations"][0]
        first["steps"][0]["rule"] = "lemma"
        first["steps"][0]["bindings"] = {"lemma": {"text": lemma}}
        assert "not proved before it" in refused(data)


def test_a_derivation_given_twice_is_refused() -> None:
    data = copy.deepcopy(SMALL)
    data["derivations"].append(copy.deepcopy(data["derivations"][-1]))
    assert "derived twice" in refused(data)


def test_an_id_that_is_not_derived_is_refused() -> None:
    assert "kl-normal" in refused({**SMALL, "id": "kl-normal"})


NONSENSE = {
    "1/0": ["Quotient", 1, 0],
    "log of a negative": ["Log", -1],
    "undeclared": "z",
    "a law as a number": ["Law", "Exponential", 1],
    "infinity less infinity": ["Plus", ["infinity"], ["Minus", ["infinity"]]],
    "an improper law": ["KL", ["Law", "Exponential", -1], ["Law", "Exponential", 1]],
    "a divergent integral": ["IntegralOver", 1, "x", ["OpenInterval", 0, ["infinity"]]],
}


@pytest.mark.parametrize("name", NONSENSE)
def test_a_statement_without_steps_still_has_to_make_sense(name: str) -> None:
    """left = right with nothing between them proves nothing about log(−1)."""
    line = NONSENSE[name]
    entry = {"id": "n", "title": "n", "declarations": [], "left": line, "steps": [], "right": line}
    refused({"format": SMALL["format"], "id": "n", "families": [], "derivations": [entry]})


# -- terms as JSON ---------------------------------------------------------------------------------------


def test_terms_come_back_as_they_were() -> None:
    for node in result("kl-diagonal-normal").derivation.tree():
        for step in node.steps:
            assert decode(encode(step.after)) == step.after


@pytest.mark.parametrize(
    "data",
    [None, 1.5, True, "", "1x", "a b", "\\input{x}", "<script>", [], [1], [[1]], {}, ["Nope"], ["Plus"],
     ["Plus", 1], ["pi", 1], ["infinity", 0], ["Rational", 1], ["Rational", 1, 0], ["Rational", 1, -2],
     ["Rational", True, 2], ["Symbol", "x"], ["Inert", 1], ["Expr"], ["object"],
     ["IntegralOver", 1, 2, 3], ["SumOver", 1, ["pi"], 3],
     LARGEST_NUMBER + 1, -LARGEST_NUMBER - 1, ["Rational", LARGEST_NUMBER * 10, 3]],
    ids=lambda data: repr(data)[:40],
)  # fmt: skip
def test_what_is_no_term_is_refused(data: Any) -> None:
    with pytest.raises(TermError):
        decode(data)


def test_terms_beyond_the_caps_are_refused() -> None:
    """Depth and size are counted while reading, before anything is built of them."""
    deep: Any = 1
    for _ in range(DEEPEST + 1):
        deep = ["Minus", deep]
    wide = ["Plus", *([1] * MOST_NODES)]
    for data in (deep, wide):
        with pytest.raises(TermError, match="deeper than"):
            decode(data)


def test_a_term_deeper_than_python_recurses_is_refused() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = ["Minus", deep]
    with pytest.raises(TermError):
        decode(deep)
    data = copy.copy(SMALL)
    data["derivations"] = [{**SMALL["derivations"][0], "left": deep}]
    refused(data)
