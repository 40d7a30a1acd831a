"""A passage as a lesson: for each line a question, its choices and hints as they are shown.

What is asked comes from :mod:`derive.course`; here it gets the passage's notation, and no format.
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.course.counterexample import Proved, Speech
from derive.course.questions import question
from derive.document.compose import Composer
from derive.document.layout import Node, Relation
from derive.document.notation import Notation
from derive.document.prose import Prose, joined, prose, spoken
from derive.document.setting import setting
from derive.document.view import Line, Passage


@dataclass(frozen=True)
class Option:
    """A line to choose, and for a wrong one its mistake: what it is called, why, and the numbers."""

    formula: Node
    right: bool
    mistake: Prose
    because: Prose
    numbers: Prose


@dataclass(frozen=True)
class Quiz:
    """The question which line comes next, with three hints that tell more and more."""

    options: tuple[Option, ...]
    hints: tuple[Prose, ...]

    @property
    def answer(self) -> int:
        """Index of the right option."""
        return next(i for i, o in enumerate(self.options) if o.right)


@dataclass(frozen=True)
class Lesson:
    """A passage with a question for each of its lines; None where no mistake is known to be made."""

    passage: Passage
    quizzes: tuple[Quiz | None, ...]

    @property
    def asked(self) -> int:
        """How many questions there are."""
        return sum(quiz is not None for quiz in self.quizzes)


def lesson(passage: Passage, notation: Notation, seed: str = "") -> Lesson:
    """The lesson of a passage; the same seed gives the same choices in the same order."""
    return Lesson(passage, tuple(_quiz(line, notation, seed) for line in passage.lines))


def _quiz(line: Line, notation: Notation, seed: str) -> Quiz | None:
    asked = question(line.transition, seed)
    if len(asked.choices) < 2:
        return None
    own = notation.of(line.transition.derivation.names)
    composer = Composer(own)
    options = []
    for choice in asked.choices:
        formula = composer.compose(choice.line)
        if choice.slip is None:
            options.append(Option(formula, True, prose(), prose(), prose()))
            continue
        mistake = choice.slip.mistake
        options.append(
            Option(
                formula,
                False,
                spoken(mistake.title, own),
                spoken(mistake.because, own),
                said(choice.slip.counterexample.speech(), own),
            )
        )
    return Quiz(tuple(options), tuple(said(hint, own) for hint in asked.hints))


def said(speech: Speech, notation: Notation) -> Prose:
    """A sentence of the course in the reader's notation."""
    composer = Composer(notation)
    out = prose()
    for part in speech:
        if isinstance(part, str):
            out += spoken(part, notation)
        elif isinstance(part, Proved):
            out += _proved(part, notation)
        else:
            out += prose(composer.compose(part))
    return out


def _proved(part: Proved, notation: Notation) -> Prose:
    lemma = part.lemma
    composer = Composer(notation.of(lemma.names))
    stated = prose(Relation(composer.compose(lemma.left), "=", composer.compose(lemma.right)))
    where = setting(lemma, notation)
    return joined([stated, where], between=" for ") if where else stated


__all__ = ["Lesson", "Option", "Quiz", "lesson", "said"]
