"""The calculus of a derivation, proved again by an unrelated system: Maxima differentiates and takes limits.

What a step states is read off its two lines, not off the conditions that the kernel discharged: an
antiderivative has the integrand as its derivative; a boundary term is the limit that stands for it; after
integration by parts the boundary term's derivative less the remaining integrand is the integrand; after a
substitution the integrand is the old one at g times the slope of g, which is positive and runs from end to
end.  Densities are opened.  Algebra is the part of ``derive.evidence.second_opinion``; here it is skipped.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sympy import Expr, Rational, Symbol, oo
from sympy import pi as symbolic_pi

from derive.derivation import Derivation
from derive.evidence.second_opinion import Opinion, Untranslated
from derive.kernel import Step
from derive.scope import Scope, is_positive_line
from derive.terms import (
    ZERO,
    Between,
    Component,
    Density,
    Exp,
    IntegralOver,
    Log,
    Minus,
    OpenInterval,
    Plus,
    Power,
    Quotient,
    Root,
    Times,
    at,
    is_infinite,
    rebuild,
    substitute,
)

TOOL = "maxima"
SECONDS = 120
CALCULUS = ("antiderivative", "boundary-limits", "integration-by-parts", "substitution")
PREAMBLE = """\
display2d: false$
vanishes(e) := is(radcan(ratsimp(e)) = 0)$
say(name, answer) := print(name, if answer = true then "holds" else "fails")$
"""


@dataclass(frozen=True)
class Claim:
    """What Maxima is asked: a predicate about reals, some of them positive."""

    name: str
    positive: tuple[str, ...]
    predicate: str

    def command(self) -> str:
        """The question, asked in a context of its own; the answer is printed with the claim's name."""
        assumed = f"assume({', '.join(f'{v} > 0' for v in self.positive)}), " if self.positive else ""
        return f'(newcontext(), {assumed}say("{self.name}", {self.predicate}), killcontext(context))$'


class _Translator:
    """Terms as Maxima expressions; densities are opened, everything that is no function is refused."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.positive: dict[str, None] = {}

    def __call__(self, term: Expr) -> str:
        if is_infinite(term):
            return "inf" if term == oo else "minf"
        if isinstance(term, Rational):
            return f"({int(term.p)}/{int(term.q)})"
        if term is symbolic_pi:
            return "%pi"
        if isinstance(term, Symbol):
            return self._name(f"v_{term.name}", term)
        if isinstance(term, Component) and all(isinstance(a, Symbol) for a in term.args):
            return self._name(f"v_{term.args[0]}_at_{term.args[1]}", term.args[0])
        if isinstance(term, Density):
            return self(self.scope.open_density(term))
        between = {Plus: " + ", Times: "*", Quotient: "/", Power: "^"}.get(type(term))
        if between is not None:
            return f"({between.join(self(a) for a in term.args)})"
        before = {Minus: "-", Root: "sqrt", Log: "log", Exp: "exp"}.get(type(term))
        if before is not None:
            return f"({before}({self(term.args[0])}))"
        raise Untranslated(f"{type(term).__name__} is no function of numbers")

    def _name(self, name: str, symbol: Symbol) -> str:
        if self.scope.is_bound(symbol):
            space = self.scope.space(symbol)
            positive = is_positive_line(space.args[0] if space is not None and space.args[2:] else space)
        else:
            declaration = self.scope.declared(symbol)
            positive = declaration is not None and declaration.domain != "real"
        if positive:
            self.positive[name] = None
        return name


def _same(left: str, right: str) -> str:
    return f"vanishes({left} - ({right}))"


def _limit(of: str, variable: str, end: str, side: str) -> str:
    return f"limit({of}, {variable}, {end}{'' if end in ('inf', 'minf') else ', ' + side})"


def claims(step: Step, outside: Scope, name: str) -> Iterator[Claim]:
    """What a step of calculus states.

    Raises:
        Untranslated: when its lines are not of the shape that is asked about.
    """
    target, made = at(step.before, step.place), at(step.after, step.place)
    if step.rule == "substitution":
        yield from _substituted(step, outside, name)
        return
    if step.rule == "boundary-limits":
        primitive, x, low, high = target.args
        upper, lower = made.args[0], made.args[1].args[0]
        if made != Plus(upper, Minus(lower)):
            raise Untranslated("the line after it is no difference of two limits")
        wanted = [(high, "minus", upper), (low, "plus", lower)]
        space = OpenInterval(low, high)
    else:
        f, x, space = target.args
        boundary = made if step.rule == "antiderivative" else made.args[0]
        rest = ZERO if step.rule == "antiderivative" else made.args[1].args[0].args[0]
        after: Expr = Between(boundary.args[0], x, *space.args)
        if step.rule == "integration-by-parts":
            after = Plus(after, Minus(IntegralOver(rest, x, space)))
        if made != after:
            raise Untranslated("the line after it is no boundary term over the same interval")
        primitive, wanted = boundary.args[0], []
    tell = _Translator(outside.bind(x, space))
    inside, variable = tell(primitive), tell(x)
    if step.rule != "boundary-limits":
        predicate = _same(f"diff({inside}, {variable}) - {tell(rest)}", tell(f))
        yield Claim(name, tuple(tell.positive), predicate)
    for end, side, value in wanted:
        predicate = _same(_limit(inside, variable, tell(end), side), tell(value))
        yield Claim(f"{name}, {side}", tuple(tell.positive), predicate)


def _substituted(step: Step, outside: Scope, name: str) -> Iterator[Claim]:
    """∫ f(x) dx = ∫ h(u) du with x = g(u): h = f(g)·g′, and g rises from one end to the other."""
    f, x, space = at(step.before, step.place).args
    h, u, over = at(step.after, step.place).args
    g = dict(step.bindings)["g"]
    if not isinstance(g, Expr):
        raise Untranslated("the substitution is no term")
    tell = _Translator(outside.bind(u, over))
    # Densities are opened where x runs, before g is put in.
    integrand = substitute(open_densities(f, outside.bind(x, space)), {x: g})
    shown, variable = tell(g), tell(u)
    slope = f"diff({shown}, {variable})"
    predicates = [_same(f"{tell(integrand)}*{slope}", tell(h)), f"is(radcan({slope}) > 0)"]
    for end, to, side in ((over.args[0], space.args[0], "plus"), (over.args[1], space.args[1], "minus")):
        predicates.append(f"is({_limit(shown, variable, tell(end), side)} = {tell(to)})")
    for number, predicate in enumerate(predicates, 1):
        yield Claim(f"{name}, {number}", tuple(tell.positive), predicate)


def open_densities(term: Expr, scope: Scope) -> Expr:
    """A term with its densities as their families define them."""
    if isinstance(term, Density):
        return scope.open_density(term)
    return rebuild(term, tuple(open_densities(a, scope) for a in term.args))


def questions(derivation: Derivation) -> Iterator[tuple[Claim, ...] | str]:
    """Every step of a derivation and of its lemmas, as claims or as the reason why it is skipped."""
    for node in derivation.tree():
        for number, step in enumerate(node.steps, 1):
            name = f"{node.id}, step {number}"
            if step.rule not in CALCULUS:
                yield f"{name}: {step.rule} is no calculus of one variable"
                continue
            try:
                yield tuple(claims(step, node.scope.enter(step.before, step.place), name))
            except Untranslated as error:
                yield f"{name}: {error}"


def opinion_on_calculus(derivation: Derivation) -> Opinion:
    """Have Maxima prove the calculus of a derivation and its lemmas; "absent" where there is none."""
    steps = list(questions(derivation))
    asked = [s for s in steps if not isinstance(s, str)]
    return opinion_on([c for s in asked for c in s], checked=len(asked), skipped=len(steps) - len(asked))


def opinion_on(asked: list[Claim], checked: int, skipped: int = 0) -> Opinion:
    """What Maxima says of some claims; one that it does not settle counts against the derivation."""
    command = shutil.which(TOOL)
    if command is None:
        return Opinion(TOOL, "", "absent", 0, skipped + checked, f"{TOOL} is not installed")
    version = _version(command)
    if not asked:
        return Opinion(TOOL, version, "agrees", 0, skipped, "there is no calculus to check")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "claims.mac"
        path.write_text(PREAMBLE + "".join(f"{c.command()}\n" for c in asked), encoding="ascii")
        try:
            done = subprocess.run(
                [command, "--very-quiet", f"--batch={path}"],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Opinion(TOOL, version, "disagrees", 0, skipped, f"no answer within {SECONDS} seconds")
    answers = dict(re.findall(r"^(.+) (holds|fails) *$", done.stdout, flags=re.MULTILINE))
    for claim in asked:
        answer = answers.get(claim.name, "is not settled")
        if answer != "holds":
            return Opinion(
                TOOL, version, "disagrees", 0, skipped, f"{claim.name}: {claim.predicate} {answer}"
            )
    return Opinion(TOOL, version, "agrees", checked, skipped, f"{len(asked)} derivatives and limits")


def _version(command: str) -> str:
    done = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=60)
    found = re.search(r"Maxima\s+([\w.]+)", done.stdout)
    return found.group(1) if found else "unknown"
