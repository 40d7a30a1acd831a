"""A derivation: a statement, the chain of steps that proves it, and the lemmas it leans on.

It serialises to a JSON certificate, and :func:`replay` rebuilds it from the certificate through the
kernel, without the strategy that found it.  That of a result with code also lists the polynomials of the
code under ``approximations``: ``derive.approximation`` says what they are and proves them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from sympy import Expr, Symbol

from derive.codec import decode, encode, text
from derive.field import Undetermined
from derive.kernel import (
    Bindings,
    Conclusion,
    Detail,
    Discharged,
    Refused,
    Rule,
    Statement,
    Step,
    accept,
    conclude,
    relabel,
)
from derive.scope import Declaration, Family, Scope, ScopeError
from derive.terms import Law, Place, TermError
from derive.wellformed import IllFormed, require_well_formed

FORMAT = "derive certificate 1"


class CertificateError(ValueError):
    """A certificate is malformed or does not prove what it states."""


@dataclass(frozen=True, eq=False)
class Derivation:
    """``left = steps[0].after = … = right`` for the declared symbols.

    ``lemmas`` maps an id to the derivation that proves it; ``names`` maps a law's role (p, q) to
    the law, for display only.
    """

    id: str
    title: str
    scope: Scope
    left: Expr
    steps: tuple[Step, ...]
    lemmas: Mapping[str, Derivation] = field(default_factory=dict)
    names: tuple[tuple[str, Expr], ...] = ()
    conclusions: tuple[Conclusion, ...] = ()
    """Facts about the last line that are no equations."""

    def __post_init__(self) -> None:
        line = self.left
        for step in self.steps:
            if step.before != line:
                raise CertificateError(f"{self.id}: a step does not start from the line before it")
            line = step.after
        if any(c.condition.terms[0] != line for c in self.conclusions):
            raise CertificateError(f"{self.id}: a conclusion is not about the last line")

    @property
    def right(self) -> Expr:
        """The last line."""
        return self.steps[-1].after if self.steps else self.left

    @property
    def statement(self) -> Statement:
        """What the derivation proves."""
        return Statement(self.scope.declarations, self.left, self.right)

    @property
    def grade(self) -> str:
        """The weakest evidence of the chain and of the lemmas."""
        order = ("PROVED", "ENCLOSED", "ASSUMED")
        grades = [s.evidence for s in self.steps] + [x.grade for x in self.lemmas.values()]
        return max(grades, key=order.index, default="PROVED")

    @property
    def assumed(self) -> tuple[str, ...]:
        """Names of facts taken without proof, its own and its lemmas'."""
        return tuple(sorted({name for x in self.lemmas.values() for name in x.assumed}))

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules that the result rests on, lemmas included, sorted."""
        return tuple(sorted({s.rule for d in self.tree() for s in d.steps}))

    def tree(self) -> Iterator[Derivation]:
        """This derivation and, before it, every lemma once, in an order that builds up."""
        seen: dict[str, Derivation] = {}

        def visit(node: Derivation) -> None:
            for lemma in node.lemmas.values():
                visit(lemma)
            seen.setdefault(node.id, node)

        visit(self)
        return iter(seen.values())


class Chain:
    """Builds a derivation line by line; each line is a step that the kernel accepted."""

    def __init__(
        self, id: str, title: str, scope: Scope, left: Expr, names: tuple[tuple[str, Expr], ...] = ()
    ) -> None:
        self.id, self.title, self.scope, self.left, self.names = id, title, scope, left, names
        self.steps: list[Step] = []
        self.lemmas: dict[str, Derivation] = {}
        self.conclusions: list[Conclusion] = []

    @property
    def line(self) -> Expr:
        """The current line."""
        return self.steps[-1].after if self.steps else self.left

    def apply(
        self, rule: Rule, place: Place = (), *, detail: Detail = Detail.STANDARD, **bindings: Any
    ) -> Expr:
        """Extend the chain by one rule application and return the new line.

        Raises:
            Refused: when the kernel does not accept it.
        """
        statements = {name: lemma.statement for name, lemma in self.lemmas.items()}
        self.steps.append(accept(rule, self.line, place, bindings, self.scope, statements, detail))
        return self.line

    def conclude(self, kind: str, *terms: Expr) -> None:
        """Add a fact about the current line, which has to stay the last one.

        Raises:
            Refused: when the kernel does not establish it.
        """
        self.conclusions.append(conclude(self.line, kind, terms, self.scope))

    def cite(self, lemma: Derivation) -> str:
        """Make a proved derivation available to the rules and return its id."""
        for name, family in lemma.scope.families.items():
            if self.scope.families.get(name) != family:
                raise CertificateError(f"{lemma.id} was proved for another definition of {name}")
        if self.lemmas.setdefault(lemma.id, lemma) is not lemma:
            raise CertificateError(f"two different lemmas are called {lemma.id}")
        return lemma.id

    def show(self, detail: Detail) -> None:
        """Show the current line from this level of detail on."""
        self.steps[-1] = relabel(self.steps[-1], detail)

    def done(self) -> Derivation:
        """The derivation with the lemmas that its steps cite."""
        if not self.steps:  # otherwise the kernel has looked at the line
            try:
                require_well_formed(self.left, self.scope)
            except (IllFormed, ScopeError, TermError, Undetermined) as error:
                raise CertificateError(f"{self.id}: the statement is not well formed: {error}") from error
        used = {
            value
            for step in self.steps
            for name, value in step.bindings
            if name == "lemma" and isinstance(value, str)
        }
        lemmas = {name: self.lemmas[name] for name in sorted(used)}
        return Derivation(
            self.id, self.title, self.scope, self.left, tuple(self.steps), lemmas, self.names,
            tuple(self.conclusions),
        )  # fmt: skip


# -- certificates ------------------------------------------------------------------------------


def certificate(derivation: Derivation, *others: Derivation) -> dict[str, Any]:
    """The derivation and its lemmas as JSON data, lemmas first; ``others`` are proved along."""
    nodes: dict[str, Derivation] = {}
    for root in (derivation, *others):
        for node in root.tree():
            if nodes.setdefault(node.id, node) is not node:
                raise CertificateError(f"two different derivations are called {node.id}")
    families: dict[str, Family] = {}
    for node in nodes.values():
        for name in families_used(node):
            families[name] = node.scope.families[name]
    return {
        "format": FORMAT,
        "id": derivation.id,
        "families": [_encode_family(families[name]) for name in sorted(families)],
        "derivations": [_encode_derivation(node) for node in nodes.values()],
    }


def families_used(derivation: Derivation) -> list[str]:
    """Names of the families whose laws occur in a line; lines share most of their sub-terms."""
    found: set[str] = set()
    seen: set[int] = set()
    waiting: list[Expr] = [derivation.left, *(s.after for s in derivation.steps)]
    while waiting:
        term = waiting.pop()
        if id(term) not in seen:
            seen.add(id(term))
            if isinstance(term, Law):
                found.add(term.family)
            waiting.extend(term.args)
    return sorted(found)


def dumps(data: dict[str, Any]) -> str:
    """JSON with one step or declaration a line: small diffs, the same bytes everywhere."""

    def render(value: Any, indent: int) -> str:
        flat = json.dumps(value, ensure_ascii=True, separators=(", ", ": "))
        if len(flat) + indent <= 110 or not isinstance(value, (dict, list)) or not value:
            return flat
        if isinstance(value, list) and (isinstance(value[0], (str, int))):
            return flat  # a term
        pad = " " * (indent + 1)
        if isinstance(value, list):
            return "[\n" + ",\n".join(pad + render(v, indent + 1) for v in value) + "\n" + " " * indent + "]"
        body = ",\n".join(f"{pad}{json.dumps(k)}: {render(v, indent + 1)}" for k, v in value.items())
        return "{\n" + body + "\n" + " " * indent + "}"

    return render(data, 0) + "\n"


def _encode_declaration(d: Declaration) -> dict[str, Any]:
    return {"name": d.name, "domain": d.domain, "indexed": d.indexed}


def _encode_family(f: Family) -> dict[str, Any]:
    return {
        "name": f.name,
        "parameters": [_encode_declaration(p) for p in f.parameters],
        "variable": f.variable.name,
        "support": encode(f.support),
        "density": encode(f.density),
    }


def _encode_condition(c: Discharged) -> dict[str, Any]:
    return {"kind": c.condition.kind, "terms": [encode(t) for t in c.condition.terms]}


def _encode_conclusion(c: Conclusion) -> dict[str, Any]:
    """The line that it is about is the stated result, and is not written again."""
    return {"kind": c.condition.kind, "terms": [encode(t) for t in c.condition.terms[1:]]}


def _encode_derivation(node: Derivation) -> dict[str, Any]:
    return {
        "id": node.id,
        "title": node.title,
        "declarations": [_encode_declaration(d) for d in node.scope.declarations],
        "left": encode(node.left),
        "steps": [
            {
                "rule": s.rule,
                "place": list(s.place),
                "bindings": {
                    k: {"text": v} if isinstance(v, str) else {"term": encode(v)} for k, v in s.bindings
                },
                "conditions": [_encode_condition(c) for c in s.conditions],
                "detail": s.detail.name.lower(),
                "after": encode(s.after),
            }
            for s in node.steps
        ],
        "right": encode(node.right),
    } | ({"conclusions": [_encode_conclusion(c) for c in node.conclusions]} if node.conclusions else {})


def replay(data: Any, rules: Mapping[str, Rule], families: Mapping[str, Family]) -> Derivation:
    """Rebuild a derivation from its certificate: every step goes through the kernel again.

    ``families`` are the definitions that the certificate's have to agree with.

    Raises:
        CertificateError: with the step, the rule and the reason, when anything does not hold.
    """
    return replay_all(data, rules, families)[data["id"]]


def replay_all(data: Any, rules: Mapping[str, Rule], families: Mapping[str, Family]) -> dict[str, Derivation]:
    """Every derivation of a certificate by id, each rebuilt through the kernel."""
    try:
        if data["format"] != FORMAT:
            raise CertificateError(f"this is not a {FORMAT!r}")
        for stated in map(_decode_family, data["families"]):
            if families.get(stated.name) != stated:
                raise CertificateError(f"{stated.name} is not the family of that name that is known here")
        proved: dict[str, Derivation] = {}
        scopes: dict[tuple[Declaration, ...], Scope] = {}
        for entry in data["derivations"]:
            require_keys(
                "a derivation", entry, {"id", "title", "declarations", "left", "steps", "right"},
                optional={"conclusions"},
            )  # fmt: skip
            if entry["id"] in proved:
                raise CertificateError(f"{entry['id']} is derived twice")
            if not isinstance(entry["declarations"], list):
                raise CertificateError(f"{entry['id']}: the declarations are a list")
            declared = tuple(_decode_declaration(d) for d in entry["declarations"])
            scope = scopes.setdefault(declared, Scope(declared, families))
            proved[entry["id"]] = _replay_one(entry, scope, proved, rules)
        if data["id"] not in proved:
            raise CertificateError(f"the certificate does not hold {data['id']!r}")
        return proved
    except CertificateError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, MemoryError) as error:
        raise CertificateError(f"malformed certificate: {type(error).__name__}: {error}") from error


def require_keys(what: str, data: Any, needed: Set[str], *, optional: Set[str] = frozenset()) -> None:
    """Refuse a JSON object with a key too few or too many: one that nobody reads would be taken as checked.

    Raises:
        CertificateError: with the keys.
    """
    if not isinstance(data, dict):
        raise CertificateError(f"{what} is no object with keys")
    if missing := sorted(needed - set(data)):
        raise CertificateError(f"{what} has no {', '.join(missing)}")
    if unknown := sorted(map(str, set(data) - needed - optional)):
        raise CertificateError(f"{what} has keys that nobody checks: {', '.join(unknown)}")


def _decode_declaration(data: Any) -> Declaration:
    require_keys("a declaration", data, {"name", "domain", "indexed"})
    if not isinstance(data["indexed"], bool):
        raise CertificateError("indexed is true or false")
    return Declaration(data["name"], data["domain"], data["indexed"])


def _decode_symbol(name: Any) -> Symbol:
    term = decode(name)
    if not isinstance(term, Symbol):
        raise CertificateError("a variable is a name")
    return term


def _decode_family(data: Any) -> Family:
    require_keys("a family", data, {"name", "parameters", "variable", "support", "density"})
    return Family(
        data["name"],
        tuple(_decode_declaration(p) for p in data["parameters"]),
        _decode_symbol(data["variable"]),
        decode(data["support"]),
        decode(data["density"]),
    )


def _is_written(line: Expr, data: Any) -> bool:
    """Whether data is the term as it is encoded, to the letter (1 and true are different)."""
    return text(line) == json.dumps(data)


def _is_written_condition(found: Discharged, data: Any) -> bool:
    kind, terms = found.condition.kind, ", ".join(map(text, found.condition.terms))
    return f'{{"kind": {json.dumps(kind)}, "terms": [{terms}]}}' == json.dumps(data)


def _replay_one(
    entry: Any, scope: Scope, proved: Mapping[str, Derivation], rules: Mapping[str, Rule]
) -> Derivation:
    name = entry["id"]
    if not isinstance(name, str) or not isinstance(entry["title"], str):
        raise CertificateError("the id and the title of a derivation are text")
    if not isinstance(entry["steps"], list):
        raise CertificateError(f"{name}: the steps are a list")
    chain = Chain(
        name, entry["title"], scope, decode(entry["left"]),
    )  # fmt: skip
    for number, stored in enumerate(entry["steps"], 1):
        require_keys(
            f"{name}, step {number},", stored, {"rule", "place", "bindings", "conditions", "detail", "after"}
        )
        where = f"{name}, step {number}, rule {stored['rule']!r}"
        if stored["rule"] not in rules:
            raise CertificateError(f"{where}: there is no such rule")
        bindings: dict[str, Any] = {}
        for key, value in stored["bindings"].items():
            ((sort, content),) = value.items()
            if sort not in ("text", "term") or (sort == "text" and not isinstance(content, str)):
                raise CertificateError(f"{where}: the binding {key} is neither text nor a term")
            bindings[key] = content if sort == "text" else decode(content)
            if key == "lemma":
                if content not in proved:
                    raise CertificateError(f"{where}: the lemma {content!r} is not proved before it")
                chain.cite(proved[content])
        place = tuple(stored["place"])
        if not isinstance(stored["place"], list) or not all(type(i) is int for i in place):
            raise CertificateError(f"{where}: a place is a list of whole numbers")
        try:
            chain.apply(rules[stored["rule"]], place, detail=Detail[stored["detail"].upper()], **bindings)
        except (Refused, ScopeError, TermError) as error:
            raise CertificateError(f"{name}, step {number}: {error}") from error
        if not _is_written(chain.line, stored["after"]):
            raise CertificateError(f"{where}: the rule gives another line than the one stated")
        if not isinstance(stored["conditions"], list):
            raise CertificateError(f"{where}: the conditions are a list")
        found = chain.steps[-1].conditions
        if len(found) != len(stored["conditions"]) or not all(
            map(_is_written_condition, found, stored["conditions"])
        ):
            raise CertificateError(f"{where}: its side conditions are not the ones stated")
    if not _is_written(chain.line, entry["right"]):
        raise CertificateError(f"{name}: the last line is not the stated result")
    for stated in entry.get("conclusions", []):
        require_keys(f"{name}: a conclusion", stated, {"kind", "terms"})
        try:
            chain.conclude(stated["kind"], *(decode(t) for t in stated["terms"]))
        except (Refused, TermError) as error:
            raise CertificateError(f"{name}: {error}") from error
    return chain.done()


__all__ = [
    "Bindings", "CertificateError", "Chain", "Derivation", "certificate", "dumps", "replay", "replay_all",
    "require_keys",
]  # fmt: skip
