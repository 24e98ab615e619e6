"""Screening rules at their limits, on long tables made by hand."""

from itertools import chain
from pathlib import Path

import answered_study
import pandas as pd
import pytest

from listening_test import study
from listening_test.limits import Limits
from listening_test.screening import repeated, screen, without_excluded

TRIALS = 20


def row(listener: str, trial: int, slot: int, value: float, **other: object) -> dict[str, object]:
    plain = {"study": "s-1", "kind": "preference", "item": f"item-{trial}", "practice": False, "catch": False}
    plain |= {"repeat_of": None, "condition": f"c-{slot}", "role": "system", "reference": "", "response_ms": 20_000}
    return {**plain, "listener": listener, "trial": trial, "slot": slot, "value": value, **other}


def pages(listener: str, reference: list[float], middle: list[float]) -> list[dict[str, object]]:
    """One MUSHRA page per grade: hidden reference, mid anchor, and a system that varies."""
    rows = []
    for trial, (high, mid) in enumerate(zip(reference, middle, strict=True), start=1):
        for slot, (role, value) in enumerate((("reference", high), ("mid-anchor", mid), ("system", 7.0 * trial))):
            rows.append(row(listener, trial, slot, value, kind="mushra", role=role, condition=role))
    return rows


def pairs(listener: str, grades: list[float], **other: object) -> list[dict[str, object]]:
    """One comparison for each grade, in favour of slot B."""
    found = []
    for trial, grade in enumerate(grades, start=1):
        found += [row(listener, trial, 0, -grade, **other), row(listener, trial, 1, grade, **other)]
    return found


def table(*rows: list[dict[str, object]]) -> pd.DataFrame:
    long = pd.DataFrame(list(chain.from_iterable(rows)))
    return long.assign(repeat_of=pd.to_numeric(long.repeat_of).astype(float))


def excluded(long: pd.DataFrame, rule: str, trials: int = TRIALS, minimum_ms: float = 1000) -> set[str]:
    verdicts = screen(long, Limits(completed=0), trials, minimum_ms)
    assert set(verdicts.rule) >= {rule}
    return set(verdicts.listener[(verdicts.rule == rule) & verdicts.excluded])


def test_the_hidden_reference_may_be_missed_in_fifteen_percent_of_the_items() -> None:
    middle = [40.0] * 20
    long = table(
        pages("three-of-twenty", [89.0] * 3 + [90.0] * 17, middle),
        pages("four-of-twenty", [89.0] * 4 + [90.0] * 16, middle),
    )
    assert excluded(long, "bs1534-hidden-reference/1") == {"four-of-twenty"}


def test_the_mid_anchor_may_not_pass_for_transparent() -> None:
    honest = [pages(f"honest-{n}", [100.0] * 10, [40.0] * 10) for n in range(4)]
    long = table(*honest, pages("deaf", [100.0] * 10, [91.0] * 2 + [40.0] * 8))
    assert excluded(long, "bs1534-mid-anchor/1") == {"deaf"}


def test_an_item_that_fools_more_than_a_quarter_excludes_nobody() -> None:
    """Two items fool two of five listeners; without them the misses of both are none."""
    honest = [pages(f"honest-{n}", [100.0] * 10, [40.0] * 10) for n in range(3)]
    fooled = [pages(f"fooled-{n}", [100.0] * 10, [95.0] * 2 + [40.0] * 8) for n in range(2)]
    assert excluded(table(*honest, *fooled), "bs1534-mid-anchor/1") == set()


def catches(listener: str, grades: list[float]) -> list[dict[str, object]]:
    """Catch trials with the anchor in slot A."""
    rows = pairs(listener, grades, catch=True)
    return [{**each, "role": "system" if each["slot"] else "bad-anchor"} for each in rows]


def test_one_catch_trial_may_fail_and_a_third_of_many() -> None:
    long = table(
        catches("one-of-two", [2, -1]),
        catches("two-of-two", [0, -1]),
        catches("two-of-six", [3, 3, 3, 3, 0, -1]),
        catches("three-of-six", [3, 3, 3, 0, 0, -1]),
    )
    assert excluded(long, "catch-trials/1") == {"two-of-two", "three-of-six"}


def test_a_catch_trial_of_abx_asks_for_x_even_where_x_is_the_anchor() -> None:
    rows = [{**each, "kind": "abx", "reference": "c-0", "value": float(each["slot"] == 0)} for each in
            catches("right", [0.0] * 4)]  # fmt: skip
    wrong = [{**each, "listener": "wrong", "value": 1 - each["value"]} for each in rows]
    assert excluded(table(rows, wrong), "catch-trials/1") == {"wrong"}


def judged_twice(listener: str, again: list[float]) -> list[dict[str, object]]:
    rows = pairs(listener, [1.0] * len(again))
    for ordinal, grade in enumerate(again, start=1):
        place = {"repeat_of": ordinal, "item": f"item-{ordinal}"}
        # The repeat has the other order: the condition that was B is A now.
        rows.append(row(listener, 100 + ordinal, 0, grade, **place, condition="c-1"))
        rows.append(row(listener, 100 + ordinal, 1, -grade, **place, condition="c-0"))
    return rows


def test_repeats_that_agree_less_than_a_coin() -> None:
    long = table(
        judged_twice("steady", [1, 2, 3, 1]),
        judged_twice("half", [1, 2, -3, -1]),
        judged_twice("coin", [1, -2, -3, -1]),
        judged_twice("undecided", [1, 0, -3, -1]),
    )
    assert excluded(long, "repeats-at-chance/1") == {"coin"}
    assert set(repeated(long).query("listener == 'steady' and slot == 0").value_again) == {1, 2, 3}


def test_a_favourite_slot_needs_eleven_in_a_row() -> None:
    """All n answers for one slot have p = 2 / 2^n, which passes below .001 with n = 11."""
    long = table(pairs("ten", [1.0] * 10 + [0.0] * 3), pairs("eleven", [2.0] * 11), pairs("fair", [1.0, -1.0] * 10))
    assert excluded(long, "side-bias/1") == {"eleven"}


def test_answers_without_variance() -> None:
    long = table(pairs("constant", [1.0] * 6), pairs("alive", [1.0, -1.0] * 3))
    assert excluded(long, "no-variance/1") == {"constant"}


def test_a_median_faster_than_the_minimum_listening() -> None:
    long = table(pairs("fast", [1.0, -1.0], response_ms=1999), pairs("enough", [1.0, -1.0], response_ms=2000))
    assert excluded(long, "too-fast/1") == {"fast"}


def test_less_than_half_of_the_trials() -> None:
    long = table(pairs("half", [1.0, -1.0] * 5), pairs("less", [1.0, -1.0, 1.0] * 3))
    verdicts = screen(long, Limits(), TRIALS, 1000).query("rule == 'incomplete/1'").set_index("listener")
    assert dict(verdicts.excluded) == {"half": False, "less": True}


def test_practice_is_never_looked_at() -> None:
    long = table(pages("late", [10.0] * 5, [95.0] * 5))
    verdicts = screen(long.assign(practice=True), Limits(), TRIALS, 1000)
    assert verdicts.empty and len(without_excluded(long, verdicts)) == len(long)


def test_only_the_named_listener_of_the_named_study_is_left_out() -> None:
    long = table(pairs("one", [1.0] * 12), pairs("two", [1.0, -1.0] * 6))
    both = pd.concat([long, long[long.listener == "two"].assign(study="s-2")])
    kept = without_excluded(both, screen(both, Limits(), TRIALS, 1000))
    assert set(zip(kept.study, kept.listener, strict=True)) == {("s-1", "two"), ("s-2", "two")}


def test_a_study_may_set_limits_by_name(tmp_path: Path) -> None:
    text = answered_study.STUDY.replace("screening: {completed: 0.4}", "screening: {share_of_items: 0.3}")
    (tmp_path / study.FILE_NAME).write_text(text)
    assert study.load(tmp_path).screening == Limits(share_of_items=0.3)
    (tmp_path / study.FILE_NAME).write_text(text.replace("share_of_items", "share"))
    with pytest.raises(study.StudyError, match=r"study\.yaml:8: screening\.share"):
        study.load(tmp_path)
