"""The view model: everything a page says, in order, with no format in it.

Each line carries the reasons of all steps since the line shown before it, so that every level of
detail is the same derivation opened to another depth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sympy import Expr, Symbol

from derive.course.changes import changed
from derive.course.transition import Transition
from derive.derivation import Derivation
from derive.distributions import DISTRIBUTIONS
from derive.document.checks import CheckSummary
from derive.document.compose import Composer
from derive.document.conditions import Conditions, conditions_of
from derive.document.grounds import Concluded, concluded
from derive.document.layout import Node, Relation
from derive.document.notation import Notation, check_distinct
from derive.document.pictures import PICTURES, Picture
from derive.document.prose import Link, Prose, joined, prose, spoken
from derive.document.remarks import remark
from derive.document.setting import assumptions, setting
from derive.kernel import Detail, Rule, Step
from derive.rules import RULES
from derive.terms import Component, walk

if TYPE_CHECKING:
    from derive.catalogue import Result

_TRIVIAL = ("arithmetic", "collect")
_DERIVATIVE = "derivative-of-"
"""How the ids of rules start that a summary tells together: “derivatives of a power and the logarithm”."""
_SHOWN_BINDINGS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "substitution": (("x", "g"),),
    "integration-by-parts": (("u", "u"), ("v", "v")),
    "add-and-subtract": (("", "m"),),
}
"""Bindings that a reader needs beside the line, with the name each is shown under."""


@dataclass(frozen=True)
class Label:
    """What a cited derivation is called: its link, its number among the lemmas, a short name."""

    link: Link
    number: int | None = None
    short: str = ""


Labels = Mapping[str, Label]


@dataclass(frozen=True)
class Note:
    """Why one step holds.  ``instances``: what a lemma's symbols stand for, each time it is used."""

    title: Prose
    because: Prose
    instances: tuple[Prose, ...]
    conditions: tuple[Conditions, ...]
    evidence: str

    @property
    def sentence(self) -> Prose:
        """The reason with its instances, as one sentence."""
        used = joined(self.instances, between="; and with ")
        whole = self.because + (prose(", with ") + used if used else prose())
        last = whole.parts[-1]
        stopped = isinstance(last, str) and last.endswith(".")
        return whole + (prose() if stopped else prose("."))

    @property
    def needs(self) -> Prose:
        """The side conditions and how each was discharged, and evidence short of proof."""
        sentences = [
            prose("Needs ") + joined(group.claims, between="; ") + prose(": ") + group.how + prose(".")
            for group in self.conditions
        ]
        if self.evidence != "PROVED":
            sentences.append(prose(f"Evidence: {self.evidence}."))
        return joined(sentences, between=" ")

    @property
    def whole(self) -> Prose:
        """Sentence and side conditions together."""
        return joined((part for part in (self.sentence, self.needs) if part), between=" ")


@dataclass(frozen=True)
class Line:
    """A shown line: number, formula with the new part marked, reasons in brief and in full."""

    number: str
    formula: Node
    reason: Prose
    notes: tuple[Note, ...]
    transition: Transition


@dataclass(frozen=True)
class Passage:
    """One derivation on the page.  ``label`` is what other passages call it."""

    anchor: str
    label: str
    title: str
    setting: Prose
    left: Node
    right: Node
    lines: tuple[Line, ...]
    conclusions: tuple[Concluded, ...] = ()
    """Facts about the result that are no equations, each with what it rests on."""

    @property
    def result(self) -> Node:
        """The statement: left side = right side."""
        return Relation(self.left, "=", self.right)


@dataclass(frozen=True)
class RuleUse:
    """A rule the result rests on, and in how many steps."""

    id: str
    title: str
    because: Prose
    uses: int


@dataclass(frozen=True)
class Page:
    """A result's document."""

    id: str
    title: str
    formula: str
    detail: str
    grade: str
    assumptions: tuple[Prose, ...]
    main: Passage
    forms: tuple[Passage, ...]
    lemmas: tuple[Passage, ...]
    assumed: tuple[str, ...]
    rules: tuple[RuleUse, ...]
    steps: int
    checks: CheckSummary | None
    notation: Notation
    names: tuple[tuple[str, Expr], ...]
    coded: bool
    """Whether there is generated code for it."""
    picture: Picture | None = None

    @property
    def headline(self) -> str:
        """What the main derivation of a study says, to stand after the word Theorem."""
        return "" if self.coded else f": {self.main.title}"

    @property
    def extent(self) -> str:
        """How long the derivation is, its lemmas included."""
        return f"{_counted(self.steps, 'step')} by {_counted(len(self.rules), 'rule')}"

    @property
    def averaged(self) -> Prose:
        """What the averages over draws are averages of."""
        return spoken(
            "To see what the number means, not to prove it: the average of the log-ratio of p(x) to q(x) "
            "over draws from p",
            self.notation.of(self.names),
        )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def page(
    result: Result, checks: CheckSummary | None, detail: Detail, notation: Notation | None = None
) -> Page:
    """The view model of a result at a level of detail, in the reader's notation."""
    notation = notation or Notation()
    main = result.derivation
    forms = {form.derivation.id: f"{chr(65 + i)}" for i, form in enumerate(result.forms)}
    below = {d.id: d for top in result.derivations() for d in top.tree()}
    lemmas = [d for d in below.values() if d.id != main.id and d.id not in forms]
    labels = {d.id: Label(Link(f"Lemma {n}", d.id), n, short_name(d)) for n, d in enumerate(lemmas, 1)}
    labels[main.id] = Label(Link("the theorem", main.id))
    labels |= {id: Label(Link(f"form {letter}", id)) for id, letter in forms.items()}
    return Page(
        id=result.id,
        title=result.entry.title or main.title,
        formula=result.entry.formula,
        detail=detail.name.lower(),
        grade=main.grade,
        assumptions=assumptions(main, notation),
        main=passage(main, detail, labels, label="Theorem", title=main.title, prefix="", notation=notation),
        forms=tuple(
            passage(
                form.derivation,
                detail,
                labels,
                label=f"Form {forms[form.derivation.id]}",
                title=form.title,
                prefix=f"{forms[form.derivation.id]}.",
                known={d.name for d in main.scope.declarations},
                notation=notation,
            )
            for form in result.forms
        ),
        lemmas=tuple(
            passage(
                d, detail, labels, label=labels[d.id].link.text, title=d.title, prefix=f"L{n}.",
                stated=detail == Detail.BRIEF, notation=notation,
            )
            for n, d in enumerate(lemmas, 1)
        ),
        assumed=main.assumed,
        rules=rules_of(main.tree(), notation),
        steps=sum(len(d.steps) for d in main.tree()),
        checks=checks,
        notation=notation,
        names=main.names,
        coded=not result.is_study,
        picture=PICTURES[result.id](notation) if result.id in PICTURES else None,
    )  # fmt: skip


def single(derivation: Derivation, detail: Detail, notation: Notation | None = None) -> Passage:
    """One derivation on its own, its lemmas cited by their titles."""
    shown = notation or Notation()
    labels = {d.id: Label(Link(short_name(d) or d.title, "")) for d in derivation.tree()}
    return passage(derivation, detail, labels, label="", title=derivation.title, prefix="", notation=shown)


def short_name(lemma: Derivation) -> str:
    """A lemma's name beside a line: “variance” for the claim ``normal-variance``."""
    for distribution in DISTRIBUTIONS.values():
        if lemma.id.startswith(f"{distribution.slug}-"):
            return lemma.id.removeprefix(f"{distribution.slug}-").replace("-", " ").replace("log ", "log-")
    return lemma.title.replace("The ", "the ") if len(lemma.title) <= 24 else ""


def rules_of(derivations: Iterable[Derivation], notation: Notation) -> tuple[RuleUse, ...]:
    """The rules that some derivations use, each with the number of its steps."""
    count = Counter(s.rule for d in derivations for s in d.steps)
    return tuple(
        RuleUse(r, RULES[r].title, spoken(RULES[r].because, notation), count[r]) for r in sorted(count)
    )


def passage(
    derivation: Derivation,
    detail: Detail,
    labels: Labels,
    *,
    label: str,
    title: str,
    prefix: str,
    notation: Notation,
    stated: bool = False,
    known: Container[str] | None = None,
) -> Passage:
    """The view of one derivation; ``stated`` leaves its lines out.

    ``known``: the symbols whose domains were named before it; None where all of them were.

    Raises:
        NotationError: when two of its parameters would look the same.
    """
    declared = [d.name for d in derivation.scope.declarations]
    if notation.renames:
        every = [derivation.left, *(s.after for s in derivation.steps)]
        used = {t.name for line in every for _, t in walk(line) if isinstance(t, Symbol)}
        declared += sorted(used - set(declared))
    check_distinct(declared, notation, [role for role, _ in derivation.names])
    notation = notation.of(derivation.names)
    composer = Composer(notation)
    unsaid = [d for d in derivation.scope.declarations if known is not None and d.name not in known]
    lines = () if stated else tuple(_lines(derivation, detail, labels, notation, prefix))
    return Passage(
        anchor=derivation.id,
        label=label,
        title=title,
        setting=setting(derivation, notation, unsaid),
        left=composer.compose(derivation.left),
        right=composer.compose(derivation.right),
        lines=lines,
        conclusions=concluded(derivation, composer, lines[-1].number if lines else ""),
    )


def _lines(
    derivation: Derivation, detail: Detail, labels: Labels, notation: Notation, prefix: str
) -> list[Line]:
    out: list[Line] = []
    composer = Composer(notation)
    shown, pending = derivation.left, list[Step]()
    for step in derivation.steps:
        pending.append(step)
        last = step is derivation.steps[-1]
        alike = composer.compose(step.after) == composer.compose(shown)
        if not last and (step.detail > detail or alike):
            continue
        marked = Composer(notation, changed(shown, step.after, composer.compose))
        telling = [s for s in pending if s.rule not in _TRIVIAL] or pending[:1]
        if detail == Detail.FULL:
            telling = pending
        elif all(s.rule == "lemma" for s in telling):
            telling = sorted(telling, key=lambda s: labels[str(_binding(s, "lemma"))].number or 0)
        notes = tuple(_note(s, derivation, labels, composer, detail) for s in telling)
        out.append(
            Line(
                f"{prefix}{len(out) + 1}",
                marked.compose(step.after),
                _summary(pending, labels, composer),
                _unique(notes),
                Transition(derivation, tuple(pending)),
            )
        )
        shown, pending = step.after, []
    return out


def _unique(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """Notes of the same rule become one, with all their instances and conditions."""
    merged: dict[Prose, Note] = {}
    for note in notes:
        old = merged.get(note.title)
        if old is None:
            merged[note.title] = note
            continue
        groups: dict[Prose, tuple[Prose, ...]] = {c.how: c.claims for c in old.conditions}
        for c in note.conditions:
            have = groups.get(c.how, ())
            groups[c.how] = have + tuple(x for x in c.claims if x not in have)
        instances = old.instances + tuple(x for x in note.instances if x not in old.instances)
        conditions = tuple(Conditions(claims, how) for how, claims in groups.items())
        merged[note.title] = replace(old, instances=instances, conditions=conditions)
    return tuple(merged.values())


def _binding(step: Step, name: str) -> Expr | str | None:
    return dict(step.bindings).get(name)


def _title(step: Step, rule: Rule, composer: Composer) -> Prose:
    """A rule's title with what it was used with."""
    shown: list[Prose] = []
    for name, key in _SHOWN_BINDINGS.get(rule.id, ()):
        value = _binding(step, key)
        if not isinstance(value, Expr):
            continue
        node = composer.compose(value)
        shown.append(prose(Relation(composer.compose(Symbol(name)), "=", node) if name else node))
    if rule.id == "add-and-subtract":
        return prose("add and subtract ") + joined(shown)
    return spoken(rule.title + (" " if shown else ""), composer.notation) + joined(shown)


def _note(step: Step, derivation: Derivation, labels: Labels, composer: Composer, detail: Detail) -> Note:
    rule = RULES[step.rule]
    conditions = conditions_of([step], derivation.scope, composer, everything=detail == Detail.FULL)
    name = _binding(step, "lemma")
    if rule.id != "lemma" or not isinstance(name, str):
        because = spoken(rule.because, composer.notation) + remark(step, composer)
        if isinstance(name, str):
            because += prose(" It uses ", labels[name].link, ".")
        return Note(_title(step, rule, composer), because, (), conditions, step.evidence)
    lemma = derivation.lemmas[name]
    used = joined(_instances(step, lemma, composer))
    instances = (used,) if used else ()
    return Note(prose(labels[name].link), prose(lemma.title), instances, conditions, step.evidence)


def _instances(step: Step, lemma: Derivation, composer: Composer) -> list[Prose]:
    """What each of a lemma's symbols stands for, where that is not itself."""
    plain = Composer(composer.notation.of(()))
    index = _binding(step, "index")
    out = []
    for declaration in lemma.scope.declarations:
        own: Expr = Symbol(declaration.name)
        value = _binding(step, declaration.name)
        if not isinstance(value, Expr) or value == own:
            continue
        if declaration.indexed and isinstance(index, Expr):
            own = Component(own, index)
        if value != own:
            out.append(prose(Relation(plain.compose(own), "=", composer.compose(value))))
    return out


def _summary(steps: list[Step], labels: Labels, composer: Composer) -> Prose:
    """The reasons beside a line: each once, in order, lemmas together, small change left out."""
    titles: list[Prose] = []
    cited: list[Label] = []
    where: int | None = None
    taken, derived = list[str](), 0
    for step in steps:
        name = _binding(step, "lemma")
        if step.rule == "lemma" and isinstance(name, str):
            if where is None:
                where = len(titles)
                titles.append(prose())
            if labels[name] not in cited:
                cited.append(labels[name])
            continue
        if step.rule in _TRIVIAL and any(s.rule not in _TRIVIAL for s in steps):
            continue
        if step.rule.startswith(_DERIVATIVE):
            if not taken:
                derived = len(titles)
                titles.append(prose())
            what = RULES[step.rule].title.removeprefix("derivative of ")
            taken += [what] if what not in taken else []
            continue
        title = _title(step, RULES[step.rule], composer)
        if title not in titles:
            titles.append(title)
    if where is not None:
        titles[where] = _citation(cited)
    if taken:
        several = "s" if len(taken) > 1 else ""
        titles[derived] = prose(f"derivative{several} of ") + joined(map(prose, taken), last=" and ")
    return joined(titles, between="; ")


def _citation(cited: list[Label]) -> Prose:
    """“total mass and variance (Lemmas 4 and 5)”, in order of the numbers."""
    cited = sorted(cited, key=lambda label: label.number or 0)
    if any(label.number is None for label in cited):
        return joined((prose(label.link) for label in cited), last=" and ")
    if len(cited) == 1:
        where = prose(cited[0].link)
    else:
        numbers = (prose(Link(str(label.number), label.link.anchor)) for label in cited)
        where = prose("Lemmas ") + joined(numbers, last=" and ")
    if not all(label.short for label in cited):
        return where
    return joined((prose(label.short) for label in cited), last=" and ") + prose(" (") + where + prose(")")
