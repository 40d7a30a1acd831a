"""The mutation campaign: ``python -m tests.attack.campaign [ID…] [--mutants N] [--known FILE] [--write]``.

Every mutant is a certificate that differs from a shipped one in one place and is replayed by the checker.
An accepted mutant is looked at: when it proves what was proved before, or another equation that holds in
ball arithmetic (which shares no code with the kernel's normal form), it is equivalent and counted by kind;
anything else is a failure, printed in full.  Correct rewritings of the same steps are replayed as well, and
a refused one is a failure of the other kind.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from derive.catalogue import IDS, result
from derive.codec import decode
from derive.codegen.evaluation import evaluation_forms
from derive.derivation import CertificateError, Derivation, certificate, replay
from derive.distributions import FAMILIES
from derive.evidence import sampling
from derive.field import Undetermined
from derive.normal_form import NormalForm
from derive.rules import RULES
from derive.terms import TermError, at

from . import rewrites
from .mutate_checker import MODULES, source_path
from .operators import STEP_MUTANTS, Data, Mutant, certificate_of_step, chains, hurt, remembered

RESULTS = Path(__file__).with_name("RESULTS.md")
MUTANTS = 12_000
"""Mutants a result; 0 for all that there are."""
FEWEST = 10_000
REWRITES = 1_500
SEED = 1
POINTS = 3


@dataclass
class Count:
    """What became of the mutants of one operator."""

    planted: int = 0
    refused: int = 0
    equal: int = 0
    """Refused although the line has the right value: its reason is wrong."""
    equivalent: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


@dataclass
class Outcome:
    """The campaign for one result."""

    id: str
    operators: dict[str, Count]
    rewritten: int
    refused_rewrites: Counter[str]
    seconds: float = 0.0
    """Of processor time."""

    @classmethod
    def of(cls, data: Data) -> Outcome:
        """From its attributes, as JSON keeps them."""
        counts = {
            name: Count(**count | {"equivalent": Counter(count["equivalent"])})
            for name, count in data["operators"].items()
        }
        return cls(**data | {"operators": counts, "refused_rewrites": Counter(data["refused_rewrites"])})


def unique(data: Any) -> bytes:
    """A key for a certificate: equal ones are planted once."""
    return hashlib.blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=12).digest()


def mutants(id: str, seed: int, most: int = MUTANTS) -> Iterator[tuple[str, str, Derivation, Data]]:
    """(operator, sort, derivation, certificate), each once; ``most`` takes the same number of each operator
    first, in an order drawn from the seed."""
    seen: set[bytes] = set()
    found: dict[str, list[tuple[str, str, Derivation, Data]]] = defaultdict(list)

    def keep(sort: str, node: Derivation, original: bytes, made: Iterator[Mutant]) -> None:
        for operator, data in made:
            key = unique(data)
            if key != original and key not in seen:
                seen.add(key)
                found[operator.removeprefix("statement: ")].append((operator, sort, node, data))

    for node in nodes_of(id).values():
        for number in range(len(node.steps)):
            data = certificate_of_step(node, number)
            for sort, make in STEP_MUTANTS.items():
                keep(sort, node, unique(data), make(data, node))
        keep("chain", node, b"", chains(node))
    draw = random.Random(f"{id} {seed}")
    lists = [found[name] for name in sorted(found)]
    for items in lists:
        draw.shuffle(items)
    total = sum(map(len, lists))
    most = min(most or total, total)
    taken = 0
    for layer in range(max(map(len, lists))):
        for items in lists:
            if layer < len(items) and taken < most:
                taken += 1
                operator, *rest = items[layer]
                yield (operator.removeprefix("statement: "), *rest)  # type: ignore[misc]


def nodes_of(id: str) -> dict[str, Derivation]:
    """Every derivation that a certificate holds: the main one, its other forms, those that the generated code
    is written from, all lemmas."""
    found = result(id)
    tops = (*found.derivations(), *evaluation_forms(found).values())
    return {node.id: node for top in tops for node in top.tree()}


def judge(node: Derivation, data: Data, sort: str, rebuilt: Derivation) -> str:
    """Why an accepted mutant is equivalent, or "" when it is not."""
    known = {d.id: d.statement for d in node.tree()}
    if sort != "chain":
        del known[node.id]
    if not all(holds(d) for d in rebuilt.tree() if known.get(d.id) != d.statement):
        return ""
    lines = [node.left, *(s.after for s in node.steps)]
    equations = list(pairwise(lines)) if sort != "chain" else [(node.left, node.right)]
    if (rebuilt.left, rebuilt.right) in equations and rebuilt.scope.declarations == node.scope.declarations:
        return f"the same equation by {', '.join(s.rule for s in rebuilt.steps)}"
    return f"another true equation by {', '.join(s.rule for s in rebuilt.steps)}"


def holds(derivation: Derivation) -> bool:
    """Whether both sides of a statement agree in ball arithmetic at random points of its domain.

    For a single step the sides are compared where it rewrites, at random values of the variables that are
    bound there: an equation between the parts is one between the lines.
    """
    scope, left, right = derivation.scope, derivation.left, derivation.right
    if len(derivation.steps) == 1:
        place = derivation.steps[0].place
        scope, left, right = scope.enter(left, place), at(left, place), at(right, place)
    draw = random.Random(derivation.id)
    return all(sampling.agree(left, right, scope, draw) for _ in range(POINTS))


def has_right_value(node: Derivation, data: Data) -> bool:
    """Whether a refused line equals the right one in the exact normal form."""
    step = hurt(data)
    place, before = tuple(step["place"]), decode(data["derivations"][-1]["left"])
    try:
        form = NormalForm.of(node.scope.enter(before, place), open_densities=True)
        return form.equal(at(before, place), at(decode(step["after"]), place))
    except (Undetermined, TermError, ValueError):
        return False


def attack(id: str, seed: int = SEED, most: int = MUTANTS, rewritten: int = REWRITES) -> Outcome:
    """Replay every mutant and every rewriting of a result."""
    counts: dict[str, Count] = defaultdict(Count)
    start = time.process_time()
    with remembered():
        for operator, sort, node, data in mutants(id, seed, most):
            count = counts[operator]
            count.planted += 1
            try:
                rebuilt = replay(data, RULES, FAMILIES)
            except CertificateError:
                count.refused += 1
                if sort in ("line", "unjustified"):
                    count.equal += has_right_value(node, data)
                continue
            kind = judge(node, data, sort, rebuilt)
            if kind:
                count.equivalent[f"{sort}: {kind}"] += 1
            else:
                count.failures.append(f"{id}, {node.id}, {operator}, {sort}:\n{json.dumps(data)}")
        done, refused = 0, Counter[str]()
        for kind, data in rewrites.some(nodes_of(id), seed, rewritten):
            done += 1
            try:
                replay(data, RULES, FAMILIES)
            except CertificateError as error:
                why = next(
                    (why for text, why in rewrites.EXPLAINED.items() if text in str(error)), str(error)
                )
                refused[f"{kind}: {why}"] += 1
    return Outcome(id, dict(counts), done, refused, time.process_time() - start)


def sources() -> str:
    """A digest of what is attacked and of what attacks it."""
    digest = hashlib.blake2b(digest_size=12)
    for path in [source_path(f"derive.{m}") for m in MODULES] + sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def attack_each(jobs: list[tuple[str, int, int, int]], workers: int, known: Path | None) -> list[Outcome]:
    """The outcome of each job; what a file holds of the same sources is taken from there, the rest added."""
    digest, found = sources(), dict[str, Outcome]()

    def key(job: tuple[str, int, int, int]) -> str:
        certificates = {name: certificate(node) for name, node in nodes_of(job[0]).items()}
        return f"{digest} {job} {unique(certificates).hex()}"

    keys = [key(job) for job in jobs]
    if known is not None and known.exists():
        for line in known.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            found[entry["key"]] = Outcome.of(entry["outcome"])
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:  # JAX, in the tests, forbids to fork
        waiting = {pool.submit(attack, *job): k for k, job in zip(keys, jobs, strict=True) if k not in found}
        for future in as_completed(waiting):
            outcome = found[waiting[future]] = future.result()
            print(f"{outcome.id}: {outcome.seconds:.0f} s", file=sys.stderr, flush=True)
            if known is not None:
                with known.open("a", encoding="utf-8") as file:
                    print(json.dumps({"key": waiting[future], "outcome": outcome}, default=vars), file=file)
    return [found[k] for k in keys]


def table(outcomes: list[Outcome]) -> str:
    """The figures as Markdown: the same for the same sources and seed."""
    merged: dict[str, list[Count]] = defaultdict(list)
    kinds: Counter[tuple[str, str]] = Counter()
    reasons = Counter[str]()
    for o in outcomes:
        reasons.update(o.refused_rewrites)
        for name, count in o.operators.items():
            merged[name].append(count)
            for kind, number in count.equivalent.items():
                kinds[name, kind] += number
    head = "planted | refused | of these with the right value | equivalent | accepted |"
    lines = [
        "# Mutation campaign",
        "",
        "Made by `python -m tests.attack.campaign --write`; do not edit.  A mutant is a certificate that",
        "differs from a shipped one in one place, each counted once; it is replayed by the checker.",
        "*Refused* is what has to happen; *equivalent* mutants prove the same equation, or another one that",
        "holds in ball arithmetic; *accepted* are the others, of which there may be none.  A correct step is",
        "also *rewritten* in ways that are as correct, and the checker may refuse one in a hundred of those.",
        "",
        f"| result | {head} rewritten | refused |",
        "|---|" + "---:|" * 7,
    ]
    for o in outcomes:
        lines.append(_row(o.id, [_total(o)], o.rewritten, o.refused_rewrites.total()))
    total = [_total(o) for o in outcomes]
    lines.append(_row("**all**", total, sum(o.rewritten for o in outcomes), reasons.total()))
    lines += ["", "## By kind of change", "", f"| operator | {head}", "|---|" + "---:|" * 5]
    lines += [_row(name, merged[name]) for name in sorted(merged)]
    lines += ["", "## Equivalent mutants that are accepted", ""]
    lines += ["| operator | what it proves | mutants |", "|---|---|---:|"]
    lines += [f"| {name} | {kind} | {number} |" for (name, kind), number in sorted(kinds.items())]
    if reasons:
        lines += ["", "## Correct rewritings that are refused", ""]
        lines += [f"- {number} × {reason}" for reason, number in sorted(reasons.items())]
    return "\n".join(lines) + "\n"


def _row(name: str, found: list[Count], *more: int) -> str:
    cells = (
        sum(c.planted for c in found), sum(c.refused for c in found), sum(c.equal for c in found),
        sum(c.equivalent.total() for c in found), sum(len(c.failures) for c in found), *more,
    )  # fmt: skip
    return f"| {name} | " + " | ".join(f"{cell:,}" for cell in cells) + " |"


def _total(outcome: Outcome) -> Count:
    total = Count()
    for count in outcome.operators.values():
        total.planted += count.planted
        total.refused += count.refused
        total.equal += count.equal
        total.equivalent += count.equivalent
        total.failures += count.failures
    return total


def main(arguments: list[str]) -> int:
    """Run the campaign; 1 when a mutant was accepted, too few were planted or too many rewritings refused."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack.campaign")
    parser.add_argument("ids", nargs="*", default=list(IDS))
    parser.add_argument("--mutants", type=int, default=MUTANTS, help="mutants a result; 0 for all")
    parser.add_argument("--rewrites", type=int, default=REWRITES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--known", type=Path, help="file of outcomes: read first, then added to")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    options = parser.parse_args(arguments)
    jobs = [(id, options.seed, options.mutants, options.rewrites) for id in options.ids]
    outcomes = attack_each(jobs, options.workers, options.known)
    text = table(outcomes)
    print(text)
    failures = [f for o in outcomes for c in o.operators.values() for f in c.failures]
    for failure in failures:
        print("ACCEPTED", failure, file=sys.stderr)
    if options.write:
        RESULTS.write_text(text, encoding="utf-8")
    enough = options.mutants == 0 or options.mutants >= FEWEST
    short = [o.id for o in outcomes if enough and _total(o).refused < FEWEST]
    refusing = [o.id for o in outcomes if o.refused_rewrites.total() > o.rewritten / 100]
    for id in short:
        print(f"{id}: fewer than {FEWEST} mutants that are not equivalent", file=sys.stderr)
    for id in refusing:
        print(f"{id}: more than one rewriting in a hundred is refused", file=sys.stderr)
    return 1 if failures or short or refusing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
