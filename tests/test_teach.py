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
    replies = [str(q.answer + 1) for q in asked if q.choices]
    out = attend(id, replies)
    assert f"{3 * len(replies)} of {3 * len(replies)} points" in out


def test_every_question_has_one_right_choice_and_three_hints() -> None:
    for id in IDS:
        for question in teach.questions(id)[1]:
            assert question.why
            if question.choices:
                assert question.choices[question.answer] == question.after
                assert len(set(question.choices)) == len(question.choices) >= 2
                assert [bool(text) for text in question.against].count(False) == 1
                assert not question.against[question.answer]
                assert len(set(question.hints)) == 3
                assert not any(question.after in hint for hint in question.hints[:2])


@pytest.mark.parametrize("id", IDS)
def test_nearly_every_line_is_asked_about(id: str) -> None:
    asked = teach.questions(id)[1]
    assert sum(bool(q.choices) for q in asked) >= len(asked) - 1


def test_hints_and_wrong_answers_cost_points_and_explain() -> None:
    _, asked = teach.questions("kl-exponential")
    first = asked[0]
    right = str(first.answer + 1)
    wrong = next(i for i in range(len(first.choices)) if i != first.answer)
    out = attend("kl-exponential", ["h", str(wrong + 1), right, "q"])
    assert first.hints[0] in out
    assert first.against[wrong] in out
    assert "Not this one" in out
    assert "1 of 3 points" in out


def test_a_lesson_resumes_and_can_start_again() -> None:
    _, asked = teach.questions("kl-exponential")
    right = [str(q.answer + 1) for q in asked]
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
