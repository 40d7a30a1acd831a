"""Certificates of kl-normal, forged by hand: each is changed as somebody would who wants a lie accepted.

A forgery is a name, what it does to the certificate, and words that the refusal has to hold.  Where a step is
forged, the refusal names the step and the rule.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Data = dict[str, Any]
RESULT = "kl-normal"


@dataclass(frozen=True)
class Forgery:
    """``change`` edits a fresh copy of the certificate in place, or returns what replaces it."""

    name: str
    change: Callable[[Data], Any]
    says: str
    step: bool = True
    """Whether the refusal has to name a step and a rule."""

    def of(self, data: Data) -> Any:
        """The forged certificate."""
        fresh = copy.deepcopy(data)
        made = self.change(fresh)
        return fresh if made is None else made


def node(data: Data, id: str = RESULT) -> Data:
    """A derivation of the certificate."""
    return next(d for d in data["derivations"] if d["id"] == id)  # type: ignore[no-any-return]


def step_of(data: Data, rule: str, id: str = RESULT, nth: int = 0) -> Data:
    """The nth step of a derivation that has this rule."""
    return [s for s in node(data, id)["steps"] if s["rule"] == rule][nth]  # type: ignore[no-any-return]


def replaced(term: Any, old: Any, new: Any) -> Any:
    """JSON data with every occurrence of a part replaced."""
    if term == old and type(term) is type(old):
        return new
    if isinstance(term, list):
        return [replaced(t, old, new) for t in term]
    return {k: replaced(v, old, new) for k, v in term.items()} if isinstance(term, dict) else term


def _rewrite(old: Any, new: Any, id: str = RESULT, start: int = 0) -> Callable[[Data], None]:
    """Replace a part in the lines and bindings of a derivation from a step on, the result included."""

    def change(data: Data) -> None:
        entry = node(data, id)
        entry["steps"] = entry["steps"][:start] + replaced(entry["steps"][start:], old, new)
        entry["right"] = replaced(entry["right"], old, new)

    return change


def _final(new: Callable[[Any], Any]) -> Callable[[Data], None]:
    """The last step's line, its binding and the result are changed together: a lie that fits."""

    def change(data: Data) -> None:
        entry = node(data)
        last = entry["steps"][-1]
        line = new(last["after"])
        last["after"] = entry["right"] = line
        last["bindings"] = {"to": {"term": line}}

    return change


def _set(at: str, /, nth: int = 0, id: str = RESULT, **changes: Any) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        step_of(data, at, id, nth).update(changes)

    return change


def _bind(rule: str, key: str, term: Any, id: str = RESULT) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        step_of(data, rule, id)["bindings"][key] = {"term": term}

    return change


def _declare(which: str, /, id: str = RESULT, **changes: Any) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        next(d for d in node(data, id)["declarations"] if d["name"] == which).update(changes)

    return change


def _drop_step(i: int) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        del node(data)["steps"][i]

    return change


def _swap_steps(data: Data) -> None:
    steps = node(data)["steps"]
    steps[4], steps[5] = steps[5], steps[4]


def _truncated(data: Data) -> None:
    entry = node(data)
    entry["steps"] = entry["steps"][:3]
    entry["right"] = entry["steps"][-1]["after"]
    data["derivations"] = data["derivations"][: data["derivations"].index(entry) + 1]


def _stated_only(data: Data) -> None:
    entry = node(data)
    entry["steps"], entry["right"] = [], entry["left"]
    data["derivations"] = [entry]


def _claimed(data: Data) -> None:
    entry = node(data)
    entry["steps"] = []
    data["derivations"] = [entry]


def _about_nothing(data: Data) -> None:
    entry = node(data)
    entry["left"] = entry["right"] = 0
    entry["steps"], entry["declarations"] = [], []
    data["derivations"] = [entry]


def _turned_round(data: Data) -> None:
    names = {"mu_1": "mu_2", "mu_2": "mu_1", "sigma_1": "sigma_2", "sigma_2": "sigma_1"}

    def swap(value: Any) -> Any:
        if isinstance(value, str):
            return names.get(value, value)
        if isinstance(value, list):
            return [swap(v) for v in value]
        return {k: swap(v) for k, v in value.items()} if isinstance(value, dict) else value

    entry = node(data)
    for key in ("left", "steps", "right", "declarations"):
        entry[key] = swap(entry[key])
    data["derivations"] = data["derivations"][: data["derivations"].index(entry) + 1]


def _lemma_states_more(data: Data) -> None:
    lemma = node(data, "normal-variance")
    lemma["right"] = ["Times", 2, lemma["right"]]


def _lemma_without_proof(data: Data) -> None:
    lemma = node(data, "normal-variance")
    lemma["steps"] = []


def _lemma_that_cites_the_result(data: Data) -> None:
    step_of(data, "lemma", "normal-variance")["bindings"]["lemma"] = {"text": RESULT}


def _lemma_missing(data: Data) -> None:
    data["derivations"] = [d for d in data["derivations"] if d["id"] != "normal-mean"]


def _lemma_twice(data: Data) -> None:
    data["derivations"].insert(1, copy.deepcopy(data["derivations"][0]))


def _family(**changes: Any) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        data["families"][0].update(changes)

    return change


def _hyperbolic(data: Data) -> None:
    data["families"][0]["density"] = ["Times", 2, data["families"][0]["density"]]


def _unsigned_lemma(data: Data) -> None:
    for declaration in node(data, "normal-total-mass")["declarations"]:
        declaration["domain"] = "real"


SIGMA_SQUARED = ["Power", "sigma_1", 2]
TINY = ["Rational", 1, 10**20]

FORGERIES = (
    Forgery("a term is added to the result", _final(lambda t: ["Plus", t, 1]), "not equal"),
    Forgery("the result is doubled", _final(lambda t: ["Times", 2, t]), "not equal"),
    Forgery("the result is off by 1e-20", _final(lambda t: ["Plus", t, TINY]), "not equal"),
    Forgery("the result has the other sign", _final(lambda t: ["Minus", t]), "not equal"),
    Forgery("the result is 0", _final(lambda t: 0), "not equal"),
    Forgery(
        "the result vanishes where σ₁ is whole",
        _final(
            lambda t: [
                "Plus",
                t,
                ["Times", "mu_1", ["Plus", "mu_1", ["Minus", 1]], ["Plus", "mu_1", ["Minus", 2]]],
            ]
        ),
        "not equal",
    ),
    Forgery("σ₁ for σ₁² in the result", _final(lambda t: replaced(t, SIGMA_SQUARED, "sigma_1")), "not equal"),
    Forgery(
        "½ becomes ⅓ in the result",
        _final(lambda t: replaced(t, ["Rational", 1, 2], ["Rational", 1, 3])),
        "not equal",
    ),
    Forgery(
        "1/0 is hidden in the result",
        _final(lambda t: ["Plus", t, ["Times", 0, ["Quotient", 1, 0]]]),
        "condition",
    ),
    Forgery(
        "log(−1) is hidden in the result",
        _final(lambda t: ["Plus", t, ["Times", 0, ["Log", -1]]]),
        "condition",
    ),
    Forgery("∞ is hidden in the result", _final(lambda t: ["Plus", t, ["infinity"]]), "∞"),
    Forgery(
        "a foreign symbol cancels in the result",
        _final(lambda t: ["Plus", t, "z", ["Minus", "z"]]),
        "declared",
    ),
    Forgery(
        "σ₂² everywhere for σ₁² after the first steps",
        _rewrite(SIGMA_SQUARED, ["Power", "sigma_2", 2], start=6),
        "another line",
    ),
    Forgery(
        "a sign is lost in the logarithm",
        _rewrite(["Minus", ["Log", "sigma_1"]], ["Log", "sigma_1"], start=2),
        "another line",
    ),
    Forgery("log(p/q) turned round", _set("log-quotient", rule="log-inverse"), "another line"),
    Forgery("log of a quotient as a quotient of logs", _set("log-quotient", rule="arithmetic"), "binding"),
    Forgery("linearity called arithmetic", _set("linearity", rule="arithmetic"), "binding"),
    Forgery("a rule that does not exist", _set("linearity", rule="obviously"), "no such rule"),
    Forgery("a rule's name in capitals", _set("linearity", rule="Linearity"), "no such rule"),
    Forgery("conditions struck out", _set("log-quotient", conditions=[]), "side conditions"),
    Forgery(
        "a weaker condition",
        _set("log-quotient", conditions=[{"kind": "real", "terms": [1]}] * 2),
        "side conditions",
    ),
    Forgery("absolute continuity struck out", _set("definition-of-kl", conditions=[]), "side conditions"),
    Forgery("linearity at another place", _set("linearity", place=[0]), "refused"),
    Forgery("a place that is not there", _set("linearity", place=[7, 7]), "place"),
    Forgery("a place from the end", _set("linearity", place=[-1]), "place"),
    Forgery("a place that is true", _set("linearity", place=[True]), "place"),
    Forgery("a place that is text", _set("log-quotient", place=""), "place"),
    Forgery("x names a parameter", _bind("definition-of-kl", "x", "mu_1"), "in use"),
    Forgery("x names a number", _bind("definition-of-kl", "x", 3), "variable"),
    Forgery("the lemma about another mean", _bind("lemma", "mu", "mu_2"), "equal"),
    Forgery("the lemma with a negative σ", _bind("lemma", "sigma", ["Minus", "sigma_1"]), "positive"),
    Forgery(
        "a lemma that is not there",
        _set("lemma", bindings={"lemma": {"text": "everything"}}),
        "not proved before",
    ),
    Forgery("another lemma", _set("lemma", bindings={"lemma": {"text": "gaussian-integral"}}), "equal"),
    Forgery(
        "an antiderivative without its minus",
        _bind(
            "antiderivative",
            "F",
            ["Times", ["Power", "sigma", 2], ["Density", ["Law", "Normal", "mu", "sigma"], "x"]],
            "normal-mean",
        ),
        "derivative",
    ),
    Forgery("a limit of its own", _bind("boundary-limits", "upper", 1, "normal-mean"), "limit"),
    Forgery(
        "a limit that holds the variable", _bind("boundary-limits", "upper", "x", "normal-mean"), "limit"
    ),
    Forgery("a slope of its own", _bind("substitution", "slope", "sigma", "normal-total-mass"), "derivative"),
    Forgery(
        "a decreasing substitution",
        _bind(
            "substitution",
            "g",
            ["Plus", "mu", ["Minus", ["Times", ["Root", 2], "sigma", "u"]]],
            "normal-total-mass",
        ),
        "derivative",
    ),
    Forgery(
        "parts with a wrong rest", _bind("integration-by-parts", "rest", 0, "normal-variance"), "equal on"
    ),
    Forgery(
        "polar coordinates with a wrong rate",
        _bind("polar-coordinates", "k", 2, "gaussian-integral-squared"),
        "expects",
    ),
    Forgery("a step left out", _drop_step(4), "step 5"),
    Forgery("the definition left out", _drop_step(0), "step 1"),
    Forgery("two steps exchanged", _swap_steps, "step 5"),
    Forgery("σ₁ merely real", _declare("sigma_1", domain="real"), "condition"),
    Forgery("μ₁ a whole number", _declare("mu_1", domain="natural"), "natural"),
    Forgery("σ₁ not declared", _declare("sigma_1", name="sigma_9"), "declared"),
    Forgery("a lemma's σ merely real", _unsigned_lemma, "condition"),
    Forgery(
        "a lemma that states more than it proves",
        _lemma_states_more,
        "normal-variance: the last line",
        step=False,
    ),
    Forgery("a lemma without a proof", _lemma_without_proof, "normal-variance: the last line", step=False),
    Forgery("a lemma that cites the result", _lemma_that_cites_the_result, "not proved before"),
    Forgery("a lemma removed", _lemma_missing, "not proved before"),
    Forgery("a lemma given twice", _lemma_twice, "derived twice", step=False),
    Forgery("a density twice as large", _hyperbolic, "not the family", step=False),
    Forgery(
        "a support that is half the line",
        _family(support=["OpenInterval", 0, ["infinity"]]),
        "not the family",
        step=False,
    ),
    Forgery("a family by another name", _family(name="Cauchy"), "not the family", step=False),
    Forgery(
        "a family with σ real",
        _family(
            parameters=[
                {"name": "mu", "domain": "real", "indexed": False},
                {"name": "sigma", "domain": "real", "indexed": False},
            ]
        ),
        "not the family",
        step=False,
    ),
    Forgery("the result claimed without a step", _claimed, "the last line", step=False),
    Forgery("the divergence equals itself", _stated_only, "no closed form", step=False),
    Forgery("a chain that stops half-way", _truncated, "no closed form", step=False),
    Forgery("0 = 0 under the result's name", _about_nothing, "the catalogue's", step=False),
    Forgery("the divergence of q from p", _turned_round, "the catalogue's", step=False),
    Forgery("the result is not there", lambda data: data.update(id="kl-cauchy"), "kl-cauchy", step=False),
    Forgery(
        "another format", lambda data: data.update(format="derive certificate 9"), "is not a", step=False
    ),
    Forgery("no certificate", lambda data: [data], "malformed", step=False),
    Forgery(
        "a remark that nobody checks", lambda data: data.update(remark="all is well"), "remark", step=False
    ),
)

LITERALS: Mapping[str, tuple[str, str, str]] = {
    "a key given twice": (
        '"format": "derive certificate 1"',
        '"format": "x", "format": "derive certificate 1"',
        "twice",
    ),
    "a number as text": ('"place": []', '"place": ["0"]', "place"),
    "not a number": ('"place": []', '"place": [NaN]', "place"),
    "cut short": ('"derivations"', '"derivations": [', "cannot read"),
}
"""Edits of the file's text: old, new, words of the refusal."""
