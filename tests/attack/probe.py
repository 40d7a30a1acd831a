"""Probing for unsoundness: ``python -m tests.attack.probe [--lines N] [--seed S]``.

Lines of the shipped derivations are hurt at random, and then every rule is tried at every place of them, with
bindings drawn from parts that occur.  The lines state nothing, so nothing is wrong with accepting a step; but
each step that the kernel accepts has to hold in ball arithmetic, where both sides are evaluated at the place
of the rewrite.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from dataclasses import dataclass, field

from sympy import Expr, Symbol

from derive.catalogue import IDS
from derive.derivation import Derivation
from derive.distributions import FAMILIES
from derive.evidence import sampling
from derive.kernel import Refused, Rule, Step, accept
from derive.rules import RULES
from derive.scope import DOMAINS, Declaration, Scope, ScopeError
from derive.terms import INFINITY, TermError, at, walk

from .campaign import nodes_of
from .term_operators import equal_terms, wrong_terms

POINTS = 2


@dataclass
class Probe:
    """What came of the lines that were tried."""

    lines: int = 0
    tried: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    without_value: Counter[str] = field(default_factory=Counter)
    """Accepted where neither side has a value that the integrator finds."""
    doubtful: list[str] = field(default_factory=list)
    """Accepted where one side has a value and the integrator finds none for the other: to be read."""
    failures: list[str] = field(default_factory=list)


class Prober:
    """Draws lines, scopes and bindings, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        nodes = {name: node for id in IDS for name, node in nodes_of(id).items()}
        self.nodes = list(nodes.values())
        self.lines = [
            (node, line) for node in self.nodes for line in (node.left, *(s.after for s in node.steps))
        ]
        self.pool: dict[str, list[Expr]] = {}
        for node in self.nodes:
            for step in node.steps:
                for key, value in step.bindings:
                    if not isinstance(value, str):
                        self.pool.setdefault(key, []).append(value)

    def hurt(self) -> tuple[Derivation, Scope, Expr]:
        """A line with up to two faults, in a scope that may say something else of one symbol."""
        node, line = self.draw.choice(self.lines)
        names = tuple(Symbol(d.name) for d in node.scope.declarations)
        for _ in range(self.draw.choice((0, 1, 1, 2))):
            made = [t for _, t in wrong_terms(line, names)]
            if self.draw.random() < 0.3:
                made = list(equal_terms(line))
            if made:
                line = self.draw.choice(made)
        declared = list(node.scope.declarations)
        if declared and self.draw.random() < 0.3:
            i = self.draw.randrange(len(declared))
            d = declared[i]
            declared[i] = Declaration(d.name, self.draw.choice(DOMAINS), d.indexed)
        return node, Scope(tuple(declared), FAMILIES), line

    def bindings(self, rule: Rule, node: Derivation, part: Expr) -> dict[str, Expr | str]:
        """Bindings from those that the derivations use, from the part itself, or hurt ones."""
        out: dict[str, Expr | str] = {}
        for key in rule.needs:
            if key == "lemma":
                out[key] = self.draw.choice(sorted(node.lemmas) or ["none"])
                lemma = node.lemmas.get(str(out[key]))
                for d in lemma.scope.declarations if lemma else ():
                    out[d.name] = self._term(part, self.pool.get(d.name, []))
                out["index"] = Symbol("j")
            else:
                out[key] = self._term(part, self.pool.get(key, []))
        return out

    def _term(self, part: Expr, known: list[Expr]) -> Expr:
        parts = [t for _, t in walk(part)]
        term = self.draw.choice(known if known and self.draw.random() < 0.6 else parts)
        if self.draw.random() < 0.3:
            made = [t for _, t in wrong_terms(term)] if self.draw.random() < 0.5 else list(equal_terms(term))
            term = self.draw.choice(made or [term])
        return term


def judge(step: Step, scope: Scope, draw: random.Random) -> str:
    """ "holds", "no value" or "FAILS" for a step that was accepted."""
    if step.after == INFINITY:
        return "no value"
    here = scope.enter(step.before, step.place)
    left, right = at(step.before, step.place), at(step.after, step.place)
    verdicts = set()
    for _ in range(POINTS):
        sample = sampling._compare("", "", left, right, sampling._point(here, draw))
        if sample is None:
            verdicts.add("no value")
        elif "no value" in (sample.left, sample.right):
            verdicts.add("one value")
        else:
            verdicts.add("holds" if sample.agrees else "FAILS")
    return next(v for v in ("FAILS", "one value", "holds", "no value") if v in verdicts)


def probe(lines: int, seed: int = 1) -> Probe:
    """Try every rule at every place of so many lines."""
    prober, found = Prober(seed), Probe()
    for _ in range(lines):
        try:
            node, scope, line = prober.hurt()
        except (ScopeError, TermError):
            continue
        found.lines += 1
        statements = {k: lemma.statement for k, lemma in node.lemmas.items()}
        for place, part in walk(line):
            for rule in RULES.values():
                try:
                    bindings = prober.bindings(rule, node, part)
                    found.tried += 1
                    step = accept(rule, line, place, bindings, scope, statements)
                except (Refused, TermError):
                    continue
                verdict = judge(step, scope, prober.draw)
                found.accepted[rule.id] += 1
                if verdict == "no value":
                    found.without_value[rule.id] += 1
                elif verdict in ("FAILS", "one value"):
                    declared = ", ".join(f"{d.name}: {d.domain}" for d in scope.declarations)
                    what = f"{rule.id} at {list(place)} with {bindings} ({declared})"
                    shown = f"{what}:\n  {step.before}\n  {step.after}"
                    (found.failures if verdict == "FAILS" else found.doubtful).append(shown)
    return found


def main(arguments: list[str]) -> int:
    """Probe, and report; 1 when an accepted step does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack.probe")
    parser.add_argument("--lines", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    found = probe(options.lines, options.seed)
    print(f"{found.lines:,} lines, {found.tried:,} rule applications, {found.accepted.total():,} accepted")
    for rule, number in sorted(found.accepted.items()):
        print(f"  {rule:<28} {number:>7,} accepted, {found.without_value[rule]:,} without a value to compare")
    for doubt in found.doubtful:
        print("LOOK", doubt, file=sys.stderr)
    for failure in found.failures:
        print("FAILS", failure, file=sys.stderr)
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
