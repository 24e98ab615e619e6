"""Answers and results as text: a CSV with one row per answer, a report to read. Times are ISO 8601, UTC."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, TextIO

from listening_test.resampling import CONFIDENCE, RESAMPLES, Interval
from listening_test.statistics import NO_PREFERENCE, SLOTS, Analysis, Preference, choice
from listening_test.trial import Answer

COLUMNS = (
    *("study", "session", "trial_number", "item", "condition_a", "condition_b", "choice", "preferred"),
    *("heard_a_ms", "heard_b_ms", "shown_at", "answered_at", "presented_at", "received_at", "uuid"),
)


def write_csv(file: TextIO, answers: Iterable[Answer]) -> None:
    """Write a header and one row per answer.

    `shown_at` and `answered_at` are by the listener's clock, `presented_at` and `received_at` by the server's.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(answer) for answer in answers)


def report(analysis: Analysis) -> Iterator[str]:
    """Yield the lines of a report."""
    percent, left = f"{CONFIDENCE:.0%}", analysis.preferred_left
    yield f"{analysis.study}: {analysis.answers} answers by {analysis.listeners} listeners"
    yield f"  complete sessions: {analysis.complete}"
    yield f"  A was preferred in {left} of {left + analysis.preferred_right} answers with a preference"
    yield f"  {percent} for the share of A if every answer were independent (Wilson): {_interval(analysis.left_wilson)}"
    for pair in analysis.pairs:
        yield f"{pair.kind}: {pair.first} against {pair.second}, {pair.listeners} listeners"
        yield f"  {pair.preferred_first} : {pair.preferred_second}, no preference {pair.no_preference}"
        yield f"  share of {pair.first}: {_share(pair)}"
        yield f"  {percent} over listeners (cluster bootstrap, {RESAMPLES} draws): {_interval(pair.cluster_bootstrap)}"
        yield f"  {percent} if every answer were independent (Wilson): {_interval(pair.wilson)}"


def _row(answer: Answer) -> tuple[Any, ...]:
    rating, trial = answer.rating, answer.trial
    chosen = choice(answer)
    preferred = "" if chosen == NO_PREFERENCE else answer.conditions[SLOTS.index(chosen)]
    return (
        *(answer.study, answer.session, trial.ordinal, trial.item, *answer.conditions),
        *(chosen, preferred, *rating.heard_ms),
        *(_iso(time) for time in (rating.shown_ms, rating.answered_ms, trial.presented_ms, answer.received_ms)),
        str(rating.uuid),
    )


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


def _share(pair: Preference) -> str:
    return "no answers yet" if pair.share is None else f"{pair.share:.3f}"


def _interval(interval: Interval | None) -> str:
    return "too few answers" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
