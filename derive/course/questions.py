"""A question about the next line: the right one among mistakes, three graded hints, and why."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sympy import Expr

from derive.course.counterexample import Counterexample, Proved, Speech, counterexample
from derive.course.mistakes import MISTAKES, Mistake
from derive.course.transition import Transition, sub_terms
from derive.kernel import Step
from derive.rules import RULES
from derive.terms import TermError, at

WRONG = 3
"""Wrong choices beside the right one, where so many mistakes can be made."""
HOW = {
    "arithmetic": "Multiply out products with 0 and 1, cancel what stands above and below, and add up the "
    "numbers.",
    "collect": "Put what belongs together side by side, over one denominator where there is one.",
}
"""What to do where the reason of a rule would only say that both lines are equal."""
POINTS = 3
"""Points for a line found at once; each hint and each wrong answer costs one."""


@dataclass(frozen=True)
class Slip:
    """A mistake as it was made at one line, with the numbers against it."""

    mistake: Mistake
    line: Expr
    counterexample: Counterexample


@dataclass(frozen=True)
class Choice:
    """A line to choose; ``slip`` is what is wrong with it, None for the right one."""

    line: Expr
    slip: Slip | None


@dataclass(frozen=True)
class Question:
    """Which line comes next?"""

    transition: Transition
    choices: tuple[Choice, ...]
    hints: tuple[Speech, Speech, Speech]

    @property
    def answer(self) -> int:
        """Index of the right choice."""
        return next(i for i, c in enumerate(self.choices) if c.slip is None)


def slips(transition: Transition) -> tuple[Slip, ...]:
    """Every mistake that can be made at a line and that numbers show wrong, one line for each.

    They are made where the line is new; where that gives too few, in the sum around it.
    """
    out = {s.line: s for s in _slips(transition, MISTAKES, near=False)}
    if len(out) < WRONG:
        made = {s.mistake.id for s in out.values()}
        others = [m for m in MISTAKES if m.id not in made]
        out |= {s.line: s for s in _slips(transition, others, near=True) if s.line not in out}
    return tuple(out.values())


def _slips(transition: Transition, mistakes: Sequence[Mistake], *, near: bool) -> Iterator[Slip]:
    seen = {transition.after, transition.before}
    for mistake in mistakes:
        for line in mistake.wrong_lines(transition, near=near):
            if line in seen:
                continue
            found = counterexample(transition, line)
            if found is not None:
                seen.add(line)
                yield Slip(mistake, line, found)
                break


def question(transition: Transition, seed: str = "") -> Question:
    """The question of a transition; the same seed gives the same choices in the same order."""
    draw = random.Random(f"{transition.derivation.id} {transition.after} {seed}")
    made = slips(transition)
    wrong = draw.sample(made, min(WRONG, len(made)))
    choices = [Choice(transition.after, None), *(Choice(s.line, s) for s in wrong)]
    draw.shuffle(choices)
    return Question(transition, tuple(choices), hints(transition))


def _in_sight(step: Step, transition: Transition) -> Expr | None:
    """Where a lemma is used, when the learner sees that part already."""
    if step.rule != "lemma":
        return None
    try:
        part = at(transition.before, step.place)
    except TermError:
        return None
    return part if part == at(step.before, step.place) else None


def hints(transition: Transition) -> tuple[Speech, Speech, Speech]:
    """Where to look, what to use, and the rule itself: each tells more than the one before it."""
    steps = transition.telling
    # A step that small change prepared has its place in a line that the learner has not seen.
    seen = steps[0] is transition.steps[0]
    look = at(transition.before, steps[0].place if seen else ())
    if sum(1 for _ in sub_terms(look)) == sum(1 for _ in sub_terms(transition.before)):
        first: Speech = ("The line is rewritten as a whole, not in one of its parts.",)
    else:
        others = [part for step in steps[1:] if (part := _in_sight(step, transition)) not in (None, look)]
        first = ("Look at ", look, *(word for part in others for word in (" and at ", part)))
    titles: list[str] = []
    reasons: list[str | Expr | Proved] = []
    for step in steps:
        lemma = transition.derivation.lemmas.get(str(dict(step.bindings).get("lemma")))
        named = f"the lemma “{lemma.title}”" if lemma and step.rule == "lemma" else RULES[step.rule].title
        if named in titles:
            continue
        titles.append(named)
        reasons.append(" " if reasons else "")
        if lemma and step.rule == "lemma":
            reasons += [f"{lemma.title}: ", Proved(lemma), "."]
        else:
            reasons.append(HOW.get(step.rule, RULES[step.rule].because))
        added = dict(step.bindings).get("m")
        if step.rule == "add-and-subtract" and isinstance(added, Expr):
            reasons += [" Here it is ", added, "."]
    return first, (f"Use: {'; then '.join(titles)}.",), tuple(reasons)


__all__ = ["POINTS", "Choice", "Question", "Slip", "hints", "question", "slips"]
