"""The lesson in the terminal: choices, hints, lemmas, score, resuming."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from derive import teach
from derive.catalogue import IDS
from derive.cli import main


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DERIVE_STATE", str(tmp_path))
    return tmp_path


def attend(id: str, replies: list[str]) -> str:
    done = CliRunner().invoke(main, ["teach", id], input="\n".join(replies) + "\n")
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("id", IDS)
def test_a_learner_who_answers_right_gets_every_point(id: str) -> None:
    _, asked = teach.questions(id)
    replies = [str(q.choices.index(q.answer) + 1) for q in asked]
    out = attend(id, replies)
    assert f"{3 * len(asked)} of {3 * len(asked)} points" in out


def test_every_question_has_one_right_choice_and_three_hints() -> None:
    for id in IDS:
        for question in teach.questions(id)[1]:
            assert question.choices.count(question.answer) == 1
            assert len(set(question.choices)) == teach.CHOICES
            assert len(question.hints) == 3
            assert question.why
            assert question.hints[-1].endswith(question.after)


def test_hints_and_wrong_answers_cost_points_and_explain() -> None:
    _, asked = teach.questions("kl-exponential")
    first = asked[0]
    right = str(first.choices.index(first.answer) + 1)
    wrong = next(str(i + 1) for i, c in enumerate(first.choices) if c != first.answer)
    out = attend("kl-exponential", ["h", wrong, right, "q"])
    assert first.hints[0] in out
    assert "Not here." in out
    assert "1 of 3 points" in out


def test_a_lesson_resumes_and_can_start_again() -> None:
    _, asked = teach.questions("kl-exponential")
    right = [str(q.choices.index(q.answer) + 1) for q in asked]
    assert "Saved: 2 of" in attend("kl-exponential", [*right[:2], "q"])
    assert "Welcome back: 2 of" in attend("kl-exponential", ["q"])
    done = CliRunner().invoke(main, ["teach", "kl-exponential", "--restart"], input="q\n")
    assert "Welcome back" not in done.output


def test_a_lemma_opens_when_it_is_asked_for() -> None:
    out = attend("kl-normal", ["l", "1", "q"])
    assert "The Gaussian integral" in out
    assert "definition of the density" in out or "∫" in out


def test_a_broken_state_file_counts_as_no_progress(state: Path) -> None:
    (state / "lessons.json").write_text("{not json")
    assert "Welcome back" not in attend("kl-normal", ["q"])


def test_end_of_input_saves(state: Path) -> None:
    done = CliRunner().invoke(main, ["teach", "kl-normal"], input="")
    assert done.exit_code == 0
    assert "Saved" in done.output
