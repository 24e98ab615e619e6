"""What the answers say: counts and shares per pair, with intervals that respect that one listener answers often.

Two intervals stand side by side. Wilson's takes every answer as independent, which it is not; the cluster bootstrap
draws listeners, not answers, and is the one to report. Shares are of the answers that preferred one of the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from listening_test.resampling import Interval, cluster_bootstrap, wilson
from listening_test.response import Comparison
from listening_test.study import Study
from listening_test.trial import Answer

SLOTS = ("A", "B")
NO_PREFERENCE = "none"


@dataclass(frozen=True)
class Preference:
    """How often the first of two conditions was preferred to the second.

    Attributes:
        kind: of material.
        first: the condition whose share is given.
        second: the other.
        listeners: who answered this pair at all.
        preferred_first: answers for the first.
        preferred_second: answers for the second.
        no_preference: answers for neither.
        share: of the first among the answers with a preference; None without any.
        wilson: interval of the share as if all answers were independent.
        cluster_bootstrap: interval of the share over listeners; None with fewer than two.
    """

    kind: str
    first: str
    second: str
    listeners: int
    preferred_first: int
    preferred_second: int
    no_preference: int
    share: float | None
    wilson: Interval | None
    cluster_bootstrap: Interval | None


@dataclass(frozen=True)
class Analysis:
    """The results of a study.

    Attributes:
        study: name and version.
        listeners: sessions with at least one answer.
        complete: sessions with all answers.
        answers: all of them, with and without preference.
        preferred_left: answers for slot A, whatever was in it.
        preferred_right: answers for slot B.
        left_wilson: interval of the share of slot A, as if all answers were independent.
        pairs: one entry for each pair of the study.
    """

    study: str
    listeners: int
    complete: int
    answers: int
    preferred_left: int
    preferred_right: int
    left_wilson: Interval | None
    pairs: tuple[Preference, ...]


def analyse(study: Study, answers: Sequence[Answer], *, seed: int = 0) -> Analysis:
    """Count and estimate. The seed is that of the bootstrap."""
    sessions = Counter(answer.session for answer in answers)
    slots = Counter(choice(answer) for answer in answers)
    return Analysis(
        study=study.label,
        listeners=len(sessions),
        complete=sum(count == study.trials for count in sessions.values()),
        answers=len(answers),
        preferred_left=slots["A"],
        preferred_right=slots["B"],
        left_wilson=wilson(slots["A"], slots["A"] + slots["B"]),
        pairs=tuple(
            preference(block.material, pair, [each for each in answers if each.trial.item in block.items], seed=seed)
            for block in study.blocks
            for pair in block.pairs
        ),
    )


def preference(kind: str, pair: tuple[str, str], answers: Sequence[Answer], *, seed: int = 0) -> Preference:
    """Count the answers to one pair, over all items and both orders, and estimate the share of its first."""
    own = [answer for answer in answers if set(answer.conditions) == set(pair)]
    votes: dict[str, list[int]] = {}  # (for the first, for the second) of each listener
    for answer in own:
        count = votes.setdefault(answer.session, [0, 0])
        if choice(answer) != NO_PREFERENCE:
            count[pair.index(answer.conditions[SLOTS.index(choice(answer))])] += 1
    table = np.array(list(votes.values()), dtype=np.int64).reshape(-1, 2)
    first, second = (int(total) for total in table.sum(axis=0))
    decided = first + second
    return Preference(
        kind,
        *pair,
        listeners=len(votes),
        preferred_first=first,
        preferred_second=second,
        no_preference=len(own) - decided,
        share=first / decided if decided else None,
        wilson=wilson(first, decided),
        cluster_bootstrap=cluster_bootstrap(table[:, 0], table.sum(axis=1), np.random.default_rng(seed)),
    )


def choice(answer: Answer) -> str:
    """Return the preferred slot of a comparison, A or B, or "none"."""
    assert isinstance(answer.rating.response, Comparison)
    value = answer.rating.response.value
    return NO_PREFERENCE if value == 0 else SLOTS[value > 0]
