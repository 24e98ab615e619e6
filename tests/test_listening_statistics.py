"""The analysis of a study with every kind of trial: who wins, who is screened, what is planned; the command line."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import answered_study
import numpy as np
import pandas as pd
import pytest
from small_study import prepare_small_study

from listening_test.__main__ import main
from listening_test.contrasts import contrast, corrected, scored, trial_differences
from listening_test.export import long_table
from listening_test.graded import bimodality, condition_grades
from listening_test.mixed_model import mixed_model
from listening_test.reliability import reliability
from listening_test.statistics import Analysis, Section, analyse, planned
from listening_test.study import Study

ROOT = Path(__file__).parent.parent


@cache
def every_kind() -> tuple[Study, pd.DataFrame, Analysis]:
    """Fourteen listeners, two of them careless; the same for every test, none of which changes it."""
    with TemporaryDirectory() as folder:
        plan = answered_study.load(Path(folder))
    long = long_table(answered_study.answers(plan, 14, careless=2))
    return plan, long, analyse(plan, long)


def section(kind: str, *, screened: bool = False) -> Section:
    results = every_kind()[2].screened if screened else every_kind()[2].everybody
    return next(each for each in results.sections if each.kind == kind)


def test_the_careless_are_screened_and_both_results_stand_side_by_side() -> None:
    _, _, analysis = every_kind()
    assert {verdict.listener for verdict in analysis.verdicts} == {"listener-0", "listener-1"}
    assert (analysis.everybody.listeners, analysis.screened.listeners) == (14, 12)
    assert [each.kind for each in analysis.everybody.sections] == [each.kind for each in analysis.screened.sections]
    assert section("mushra").answers == 42 and section("mushra", screened=True).answers == 36


def test_practice_and_repeats_are_not_counted() -> None:
    plan, long, _ = every_kind()
    assert section("preference").answers == 14 * 6
    assert scored(long).groupby("listener").trial.nunique().eq(plan.trials).all()


def test_the_planned_contrasts_are_the_pairs_or_all_against_the_first_system() -> None:
    plan, _, _ = every_kind()
    pairs = {block.trial: planned(block) for block in plan.blocks}
    assert pairs["preference"] == (("lstm", "walk"), ("lstm", "shuffled"))
    assert pairs["mushra"] == (("mask", "soft"),) and pairs["rating"] == (("lstm", "walk"), ("lstm", "person"))
    assert pairs["adjustment"] == () and not section("abx").contrasts


def test_what_is_better_is_found_better() -> None:
    for first, second in ((each.first, each.second) for each in section("preference").contrasts):
        assert answered_study.QUALITY[first] > answered_study.QUALITY.get(second, answered_study.WORST)
    assert all(each.difference > 1 and each.hochberg < 0.01 for each in section("preference").contrasts)
    worse = section("mushra").contrasts[0]
    assert worse.interval is not None and worse.interval[1] < 0
    assert section("mushra").grades[0].condition == "clean" and section("mushra").grades[-1].condition == "low"
    best = section("preference").strengths
    assert best is not None and best.rank_high[best.conditions.index("lstm")] == 1
    assert (section("which-human", screened=True).guessing["person / lstm"].share) > 0.6


def test_alphas_are_found_where_they_were_set() -> None:
    whole = section("adjustment").adjusted[0]
    assert whole.median_interval is not None
    assert whole.median_interval[0] < answered_study.PREFERRED_ALPHA < whole.median_interval[1]
    assert whole.answers == 28 and [each.answers for each in section("adjustment").adjusted[1:]] == [14, 14]


def test_choices_at_random_are_not_told_from_guessing() -> None:
    found = section("abx").guessing["mask / soft"]
    assert found.p > 0.01 and found.answers == 56 and len(found.listener_d_primes) == 14
    assert found.confidence_right is None and section("which-human").guessing["person / lstm"].confidence_right


def test_without_answers_there_is_nothing_to_say() -> None:
    plan, _, _ = every_kind()
    analysis = analyse(plan, long_table([]))
    assert analysis.everybody.listeners == 0 and analysis.verdicts == ()
    assert all(not each.contrasts and each.mixed is None and not each.guessing for each in analysis.everybody.sections)


def test_one_listener_has_estimates_but_no_intervals() -> None:
    plan, long, _ = every_kind()
    alone = analyse(plan, long[long.listener == "listener-5"]).everybody.sections
    assert all(each.interval is None for own in alone for each in own.contrasts)
    assert all(each.mean_interval is None for own in alone for each in own.grades)


def balanced(listeners: int = 6, items: int = 4, conditions: int = 3, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Grades with listener and item effects; returns their table and the array (listener, item, condition)."""
    generator = np.random.default_rng(seed)
    grades = 50 + 8 * generator.normal(size=(listeners, 1, 1)) + 5 * generator.normal(size=(1, items, 1))
    grades = grades + 4 * generator.normal(size=(listeners, items, conditions)) + 5 * np.arange(conditions)
    who, item, condition = (axis.ravel() for axis in np.indices(grades.shape))
    table = pd.DataFrame({"value": grades.ravel(), "role": "system"})
    names = {"listener": who, "item": item, "condition": condition}
    return table.assign(**{name: [f"{name}-{n}" for n in number] for name, number in names.items()}), grades


def test_the_mixed_model_of_a_balanced_layout_is_the_analysis_of_variance() -> None:
    """Its means are the raw means; without interactions the residual is that of the two-way layout."""
    rows, grades = balanced(8, 6)
    found = mixed_model(rows)
    assert found is not None
    assert list(found.means.values()) == pytest.approx(grades.mean((0, 1)).tolist(), abs=1e-3)
    assert sum(found.variances.values()) == pytest.approx(64 + 25 + 16, rel=0.5)
    assert found.variances["listener"] > found.variances["listener x condition"]
    assert mixed_model(rows[rows.condition == "condition-0"]) is None


def test_alpha_is_one_for_agreement_and_krippendorffs_own_example() -> None:
    """Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, example C, interval data: 0.849."""
    table = {
        "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        "C": [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    }
    rows = pd.DataFrame(
        [
            {"study": "s", "listener": who, "trial": unit, "item": f"item-{unit}", "condition": "c", "value": grade}
            for who, grades in table.items()
            for unit, grade in enumerate(grades)
            if grade is not None
        ]
    ).assign(kind="rating", repeat_of=np.nan)
    assert reliability(rows, rows).alpha == pytest.approx(0.849, abs=5e-4)
    agreed = rows.assign(value=rows.trial)
    assert reliability(agreed, agreed).alpha == pytest.approx(1)


def test_bimodality_of_two_camps_and_of_a_bell() -> None:
    assert (bimodality(pd.Series([10.0] * 20 + [90.0] * 20)) or 0) > 5 / 9
    assert (bimodality(pd.Series(np.random.default_rng(0).normal(size=2000))) or 1) == pytest.approx(1 / 3, abs=0.05)
    assert bimodality(pd.Series([50.0] * 10)) is None


def test_corrections_multiply_by_the_number_of_contrasts() -> None:
    """Equal p: Hochberg leaves the largest as it is, Holm multiplies by the number."""
    rows = scored(every_kind()[1])
    one = contrast(rows[rows.kind == "preference"], "lstm", "walk", np.random.default_rng(0))
    assert one is not None
    three = corrected([replace(one, p=0.01)] * 3)
    assert [each.hochberg for each in three] == [0.01] * 3 and [each.holm for each in three] == pytest.approx(
        [0.03] * 3
    )


def test_a_contrast_does_not_depend_on_which_slot_a_condition_stood_in() -> None:
    rows = scored(every_kind()[1])
    swapped = rows.assign(slot=rows.slot.max() - rows.slot)
    for kind in ("preference", "mushra"):
        first, second = ("lstm", "walk") if kind == "preference" else ("mask", "soft")
        one, other = (trial_differences(each[each.kind == kind], first, second) for each in (rows, swapped))
        assert one.equals(other)
        turned = trial_differences(rows[rows.kind == kind], second, first)
        assert (turned.difference + one.difference).abs().max() == 0


def test_outlying_grades_are_counted_and_kept() -> None:
    rows = pd.DataFrame({"value": [50.0] * 9 + [51.0] * 9 + [0.0], "condition": "c", "role": "system", "item": "i"})
    found = condition_grades(rows.assign(listener=[f"l-{n}" for n in range(19)]), np.random.default_rng(0))[0]
    assert found.outlying == 1 and found.answers == 19


def test_the_command_line_reports_on_an_empty_study(tmp_path: Path) -> None:
    study_folder, url = prepare_small_study(tmp_path)
    place = {**os.environ, "PYTHONPATH": str(ROOT), "STUDY": str(study_folder), "DATABASE_URL": url}
    line = [sys.executable, "-m", "listening_test", "analyse", "--json", str(tmp_path / "a.json")]
    analysed = subprocess.run(line, capture_output=True, text=True, env=place, check=False)
    assert analysed.returncode == 0 and "0 answers by 0 listeners" in analysed.stdout
    assert json.loads((tmp_path / "a.json").read_text())["everybody"]["answers"] == 0


@pytest.mark.parametrize(
    ("arguments", "url", "message"),
    [
        (("analyse", "--study", "nowhere"), None, "give the folder that holds study.yaml"),
        (("check",), None, "run python -m listening_test prepare"),
        (("export",), "nonsense", "not the address of a database"),
        (("export",), "sqlite:////proc/nowhere/ratings.sqlite", "cannot be used"),
        (("export", "--out", "/proc/nowhere/answers.csv"), None, "/proc/nowhere"),
        (("report", "--out", "/proc/nowhere"), None, "/proc/nowhere"),
    ],
)
def test_what_a_user_can_get_wrong_ends_in_one_line(
    tmp_path: Path,
    arguments: tuple[str, ...],
    url: str | None,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", url or f"sqlite:///{tmp_path / 'ratings.sqlite'}")
    assert main(list(arguments)) == 2
    said = capsys.readouterr()
    assert said.out == "" and message in said.err and said.err.count("\n") == 1
