"""A derivation as a lesson in the terminal: predict the next step, ask for hints, keep score.

The lesson is made from the derivation alone: the lines, the reasons, their place and their
conditions are those that the kernel accepted.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from derive import catalogue
from derive.build import replace
from derive.document.prose import Link, Prose
from derive.document.terminal_page import prose as words
from derive.document.text import spell
from derive.document.view import Line, Passage, page
from derive.kernel import Detail
from derive.rules import RULES

CHOICES = 4
POINTS = 3
"""Points for a step guessed at once; each hint and each wrong guess costs one."""
HELP = "a number to answer · h hint · l lemmas · w why · s skip · q save and quit"


@dataclass(frozen=True)
class Question:
    """What leads from one line to the next: the right reasons among wrong ones, and three hints."""

    before: str
    after: str
    answer: str
    choices: tuple[str, ...]
    hints: tuple[str, ...]
    why: tuple[str, ...]


@dataclass
class Progress:
    """How far a learner is in one lesson, and with what score."""

    step: int = 0
    score: int = 0
    possible: int = 0


def questions(id: str, seed: int = 0) -> tuple[Passage, tuple[Question, ...]]:
    """The main passage of a result at standard detail, and a question for each of its steps.

    The wrong choices are titles of rules that this step does not use, drawn by ``seed``.
    """
    whole = page(catalogue.result(id), None, Detail.STANDARD)
    passage, titles = whole.main, {p.anchor: p.title for p in whole.lemmas}
    out = []
    before = spell(passage.left)
    for line in passage.lines:
        draw = random.Random(f"{id} {line.number} {seed}")
        out.append(_question(before, line, titles, draw))
        before = spell(line.formula)
    return passage, tuple(out)


def _reason(title: Prose, lemmas: Mapping[str, str]) -> str:
    """A note's title, a lemma by its own title rather than its number."""
    link = next((p for p in title.parts if isinstance(p, Link)), None)
    return f"lemma: {lemmas.get(link.anchor, link.text)}" if link else words(title)


def _question(before: str, line: Line, lemmas: Mapping[str, str], draw: random.Random) -> Question:
    reasons = [_reason(note.title, lemmas) for note in line.notes]
    answer = "; ".join(dict.fromkeys(reasons))
    wrong = sorted({rule.title for rule in RULES.values()} - set(reasons))
    drawn = draw.sample(wrong, CHOICES - 1)
    choices = [answer, *drawn]
    draw.shuffle(choices)
    after = spell(line.formula)
    hints = (
        f"It is neither “{drawn[0]}” nor “{drawn[1]}”.",
        words(line.notes[0].because),
        f"The next line is  {after}",
    )
    why = tuple(
        text
        for note in line.notes
        for text in (
            f"{_reason(note.title, lemmas)}: {words(note.because)}",
            *(f"  needed: {words(claim)} — {words(c.how)}" for c in note.conditions for claim in c.claims),
        )
    )
    return Question(before, after, answer, tuple(choices), hints, why)


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


def lesson(id: str, *, seed: int = 0, restart: bool = False) -> None:
    """Run the lesson of a result, resuming where the learner left it."""
    passage, asked = questions(id, seed)
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


def ask(id: str, question: Question) -> int | None:
    """Ask until the step is answered or skipped; the points earned, or None to stop."""
    for i, choice in enumerate(question.choices, 1):
        click.echo(f"    {i}. {choice}")
    points, hints = POINTS, iter(question.hints)
    while True:
        try:
            reply = click.prompt("Which comes next?", prompt_suffix=" ").strip().lower()
        except click.Abort:
            click.echo()
            return None
        if reply == "q":
            return None
        if reply == "h":
            hint = next(hints, None)
            points = max(points - 1, 0) if hint else points
            click.echo(f"    {hint}" if hint else "    There are no more hints: s shows the step.")
        elif reply == "l":
            _lemmas(id)
        elif reply in ("s", "w"):
            for text in question.why:
                click.echo(f"    {text}")
            return 0
        elif reply.isdigit() and 1 <= int(reply) <= len(question.choices):
            if question.choices[int(reply) - 1] == question.answer:
                click.secho("    Right.", fg="green")
                for text in question.why:
                    click.echo(f"    {text}")
                return points
            points = max(points - 1, 0)
            chosen = question.choices[int(reply) - 1]
            rule = next(r for r in RULES.values() if r.title == chosen)
            click.echo(f"    Not here. {rule.because} That is not what changes this line.")
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
