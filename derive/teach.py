"""A derivation as a lesson in the terminal: predict the next line, ask for hints, keep score.

What is asked, the hints and what is said against a wrong line come from :mod:`derive.course`, as on
the page; the lines and their reasons are those that the kernel accepted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from derive import catalogue
from derive.build import replace
from derive.course.questions import POINTS
from derive.document.lesson import Quiz
from derive.document.lesson import lesson as lesson_of
from derive.document.notation import Notation
from derive.document.prose import Link, Prose
from derive.document.terminal_page import prose as words
from derive.document.text import spell
from derive.document.view import Line, Passage, page
from derive.kernel import Detail

HELP = "a number to answer · h hint · l lemmas · w why · s skip · q save and quit"


@dataclass(frozen=True)
class Question:
    """Which line comes next: the right one among wrong ones, three hints, and why.

    ``against`` says for each choice what is wrong with it, nothing for the right one.  Where no
    mistake is known to be made there are no choices, and the line is shown.
    """

    before: str
    after: str
    answer: int
    choices: tuple[str, ...]
    against: tuple[str, ...]
    hints: tuple[str, ...]
    why: tuple[str, ...]


@dataclass
class Progress:
    """How far a learner is in one lesson, and with what score."""

    step: int = 0
    score: int = 0
    possible: int = 0


def questions(
    id: str, seed: int = 0, notation: Notation | None = None
) -> tuple[Passage, tuple[Question, ...]]:
    """The main passage of a result at standard detail, and a question for each of its lines.

    The wrong choices are mistakes that can be made at the line, drawn by ``seed``.
    """
    shown = notation or Notation()
    whole = page(catalogue.result(id), None, Detail.STANDARD, shown)
    passage, titles = whole.main, {p.anchor: p.title for p in whole.lemmas}
    quizzes = lesson_of(passage, shown, str(seed)).quizzes
    out = []
    before = spell(passage.left)
    for line, quiz in zip(passage.lines, quizzes, strict=True):
        out.append(_question(before, line, quiz, titles))
        before = spell(line.formula)
    return passage, tuple(out)


def _reason(title: Prose, lemmas: Mapping[str, str]) -> str:
    """A note's title, a lemma by its own title rather than its number."""
    link = next((p for p in title.parts if isinstance(p, Link)), None)
    return f"lemma: {lemmas.get(link.anchor, link.text)}" if link else words(title)


def _question(before: str, line: Line, quiz: Quiz | None, lemmas: Mapping[str, str]) -> Question:
    why = tuple(
        text
        for note in line.notes
        for text in (
            f"{_reason(note.title, lemmas)}: {words(note.because)}",
            *(f"  needed: {words(claim)} — {words(c.how)}" for c in note.conditions for claim in c.claims),
        )
    )
    after = spell(line.formula)
    if quiz is None:
        return Question(before, after, 0, (), (), (), why)
    return Question(
        before,
        after,
        quiz.answer,
        tuple(spell(o.formula) for o in quiz.options),
        tuple(
            "" if o.right else f"Not this one: {words(o.mistake)}. {words(o.because)} {words(o.numbers)}"
            for o in quiz.options
        ),
        tuple(words(hint) for hint in quiz.hints),
        why,
    )


def state_file() -> Path:
    """Where progress is kept: ``$DERIVE_STATE`` or the user's own application folder."""
    folder = os.environ.get("DERIVE_STATE") or click.get_app_dir("derive")
    return Path(folder) / "lessons.json"


def load(id: str) -> Progress:
    """Progress in a lesson; a file that cannot be read counts as none."""
    try:
        saved = json.loads(state_file().read_text(encoding="utf-8"))[id]
        found = Progress(int(saved["step"]), int(saved["score"]), int(saved["possible"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Progress()
    return found


def save(id: str, progress: Progress | None) -> None:
    """Keep progress in a lesson, or forget it (None); a folder that cannot be written is no error."""
    path = state_file()
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        data = {}
    if progress is None:
        data.pop(id, None)
    else:
        data[id] = vars(progress)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, json.dumps(data, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        click.echo(f"(progress was not saved: {error.strerror})", err=True)


def lesson(id: str, *, seed: int = 0, restart: bool = False, notation: Notation | None = None) -> None:
    """Run the lesson of a result, resuming where the learner left it."""
    passage, asked = questions(id, seed, notation)
    progress = Progress() if restart else load(id)
    if progress.step >= len(asked):
        progress = Progress()
    click.secho(passage.title, bold=True)
    if passage.setting:
        click.echo(words(passage.setting))
    click.echo(HELP)
    if progress.step:
        click.echo(f"Welcome back: {progress.step} of {len(asked)} steps done, {_score(progress)}.")
    for number in range(progress.step, len(asked)):
        question = asked[number]
        click.echo(f"\n({number + 1} of {len(asked)})  {question.before}")
        if not question.choices:
            _explain(question)
            click.echo(f"  = {question.after}")
            progress = Progress(number + 1, progress.score, progress.possible)
            continue
        earned = ask(id, question)
        if earned is None:
            save(id, progress)
            click.echo(f"Saved: {progress.step} of {len(asked)} steps, {_score(progress)}.")
            return
        progress = Progress(number + 1, progress.score + earned, progress.possible + POINTS)
        click.echo(f"  = {question.after}")
        save(id, progress)
    save(id, None)
    click.secho(f"\nDone: {spell(passage.result)}", bold=True)
    click.echo(f"{_score(progress)}.")


def _score(progress: Progress) -> str:
    return f"{progress.score} of {progress.possible} points"


def _explain(question: Question) -> None:
    for text in question.why:
        click.echo(f"    {text}")


def ask(id: str, question: Question) -> int | None:
    """Ask until the line is found or skipped; the points earned, or None to stop."""
    for i, choice in enumerate(question.choices, 1):
        click.echo(f"    {i}. = {choice}")
    points, hints = POINTS, iter(question.hints)
    while True:
        try:
            reply = click.prompt("Which line comes next?", prompt_suffix=" ").strip().lower()
        except click.Abort:
            click.echo()
            return None
        if reply == "q":
            return None
        if reply == "h":
            hint = next(hints, None)
            points = max(points - 1, 0) if hint else points
            click.echo(f"    {hint}" if hint else "    There are no more hints: s shows the line.")
        elif reply == "l":
            _lemmas(id)
        elif reply in ("s", "w"):
            _explain(question)
            return 0
        elif reply.isdigit() and 1 <= int(reply) <= len(question.choices):
            chosen = int(reply) - 1
            if chosen == question.answer:
                click.secho("    Right.", fg="green")
                _explain(question)
                return points
            points = max(points - 1, 0)
            click.echo(f"    {question.against[chosen]}")
        else:
            click.echo(f"    {HELP}")


def _lemmas(id: str) -> None:
    """List the lemmas and open the one that is asked for."""
    lemmas = page(catalogue.result(id), None, Detail.STANDARD).lemmas
    for i, lemma in enumerate(lemmas, 1):
        click.echo(f"    {i}. {lemma.title}: {spell(lemma.result)}")
    reply = click.prompt("    Open which (Enter for none)?", default="", show_default=False)
    if reply.isdigit() and 1 <= int(reply) <= len(lemmas):
        show_passage(lemmas[int(reply) - 1], click.echo)


def show_passage(passage: Passage, out: Callable[[str], None]) -> None:
    """A lemma's chain, line by line."""
    out(f"      {spell(passage.left)}")
    for line in passage.lines:
        out(f"      = {spell(line.formula)}    ({words(line.reason)})")


__all__ = ["Progress", "Question", "lesson", "questions"]
