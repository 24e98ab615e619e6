"""Counts, intervals, exports: counted by conditions, never by slots."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from small_study import CANARIES, KIND, prepare_small_study

from listening_test import export, study
from listening_test.resampling import RESAMPLES, wilson
from listening_test.response import Comparison
from listening_test.statistics import analyse, preference
from listening_test.trial import Answer, Presentation, Rating, Trial

ROOT = Path(__file__).parent.parent
PAIR = (CANARIES[0], CANARIES[1])


def answer(session: str, choice: str, order: tuple[str, str] = PAIR, ordinal: int = 1) -> Answer:
    uuid = UUID(int=hash((session, ordinal)) % 2**128)
    slots = tuple(Presentation(condition, "system", "", f"token of {condition}") for condition in order)
    question = ("preference", KIND, f"{KIND}-preference-1", None)
    trial = Trial(f"trial-{session}-{ordinal}", ordinal, *question, slots, None, False, False, None, None, 900)
    value = {"A": -1, "none": 0, "B": 1}[choice]
    rating = Rating(uuid, trial.id, Comparison(value), (5000, 6000), 1_000, 20_000)
    return Answer("small-1", session, trial, rating, 21_000)


def test_preference_counts_conditions_not_slots() -> None:
    answers = [
        answer("one", "A"),
        answer("one", "B", order=(PAIR[1], PAIR[0]), ordinal=2),
        answer("two", "A", order=(PAIR[1], PAIR[0])),
        answer("three", "none"),
    ]
    result = preference(KIND, PAIR, answers)
    assert (result.preferred_first, result.preferred_second, result.no_preference, result.listeners) == (2, 1, 1, 3)
    assert result.share == pytest.approx(2 / 3) and result.wilson == wilson(2, 3)


def test_analysis_counts_listeners_sides_and_every_pair(tmp_path: Path) -> None:
    plan = study.load(prepare_small_study(tmp_path)[0])
    answers = [answer("one", "A", ordinal=n) for n in range(1, 5)] + [answer("two", "B")]
    result = analyse(plan, answers)
    assert (result.listeners, result.complete, result.answers) == (2, 1, 5)
    assert (result.preferred_left, result.preferred_right) == (4, 1)
    assert [(pair.first, pair.second, pair.listeners) for pair in result.pairs] == [
        (*PAIR, 2),
        (PAIR[0], CANARIES[2], 0),
    ]
    lines = "\n".join(export.report(result))
    assert "4 : 1, no preference 0" in lines and f"{RESAMPLES} draws" in lines and "too few answers" in lines


def test_export_has_one_row_per_answer_with_both_conditions() -> None:
    file = io.StringIO()
    export.write_csv(file, [answer("one", "B"), answer("two", "none")])
    first, second = csv.DictReader(io.StringIO(file.getvalue()))
    assert (first["condition_a"], first["condition_b"], first["preferred"]) == (*PAIR, PAIR[1])
    assert (first["heard_a_ms"], first["heard_b_ms"], first["session"]) == ("5000", "6000", "one")
    assert first["answered_at"] == "1970-01-01T00:00:20.000+00:00" and second["preferred"] == ""


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    whole = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    line = [sys.executable, "-m", "listening_test", *arguments]
    return subprocess.run(line, capture_output=True, text=True, env=whole, check=False)


def test_the_command_line_reports_on_an_empty_study(tmp_path: Path) -> None:
    study_folder, url = prepare_small_study(tmp_path)
    place = {"STUDY": str(study_folder), "DATABASE_URL": url}
    checked = command("check", **place)
    assert checked.returncode == 0 and "9 stimuli of small-1: complete" in checked.stdout
    exported = command("export", "--out", str(tmp_path / "answers.csv"), **place)
    assert exported.returncode == 0 and "0 answers" in exported.stdout
    analysed = command("analyse", "--json", str(tmp_path / "report.json"), **place)
    assert analysed.returncode == 0 and json.loads((tmp_path / "report.json").read_text())["answers"] == 0


@pytest.mark.parametrize(
    ("arguments", "url", "message"),
    [
        (("analyse", "--study", "nowhere"), None, "give the folder that holds study.yaml"),
        (("check",), None, "run python -m listening_test prepare"),
        (("export",), "nonsense", "not the address of a database"),
        (("export",), "sqlite:////proc/nowhere/ratings.sqlite", "cannot be used"),
        (("export", "--out", "/proc/nowhere/answers.csv"), None, "/proc/nowhere/answers.csv"),
    ],
)
def test_what_a_user_can_get_wrong_ends_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], url: str | None, message: str
) -> None:
    result = command(*arguments, DATABASE_URL=url or f"sqlite:///{tmp_path / 'ratings.sqlite'}")
    assert result.returncode == 2 and result.stdout == ""
    assert message in result.stderr and len(result.stderr.splitlines()) == 1
