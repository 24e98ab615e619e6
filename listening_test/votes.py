"""Paired answers as votes: who won, which side was favoured, and whether choices were better than guessing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from listening_test import bradley_terry
from listening_test.bradley_terry import Strengths
from listening_test.contrasts import trial_differences
from listening_test.resampling import Array, Interval, cluster_bootstrap, sign_flip_test, wilson
from listening_test.screening import TRIAL, decision
from listening_test.signal_detection import GUESSING, Sensitivity, guessing_test, sensitivity

EQUIVALENT = 0.1  # a true share within one half plus or minus this counts as indistinguishable
TOST = 0.90  # two one-sided tests at 5 % are one interval of 90 %


@dataclass(frozen=True)
class PairVotes:
    """Votes for one of two conditions, or for right and wrong.

    Attributes:
        first: the condition whose share is given.
        second: the other.
        listeners: who voted.
        first_votes: votes for the first.
        second_votes: votes for the second.
        ties: votes for neither.
        share: of the first among decided votes; None without any.
        interval: 95 %, bootstrap over listeners; None with fewer than two.
        wilson: 95 % as if all votes were independent, to be read as a warning.
    """

    first: str
    second: str
    listeners: int
    first_votes: int
    second_votes: int
    ties: int
    share: float | None
    interval: Interval | None
    wilson: Interval | None


@dataclass(frozen=True)
class Sides:
    """Whether the first slot was favoured, whatever was in it.

    Attributes:
        left: decided votes for slot A.
        right: decided votes for slot B.
        p: sign flips by listener; None without votes.
    """

    left: int
    right: int
    p: float | None


@dataclass(frozen=True)
class Guessing:
    """Choices that are right or wrong, against guessing.

    Attributes:
        correct: right answers.
        answers: all of them.
        share: of right answers.
        interval: 95 %, bootstrap over listeners; None with fewer than two.
        p: one-sided exact binomial test of the pooled answers: does anybody tell them apart?
        p_listeners: sign flips by listener: do listeners on average, two-sided?
        equivalent: whether the 90 % interval over listeners lies within 0.4 to 0.6 (two one-sided tests); without
            that, a large p is no evidence that nobody hears a difference. None with fewer than two listeners.
        sensitivity: d' and criterion of all answers.
        listener_d_primes: d' of each listener, in order.
        confidence_right: mean confidence of right answers, 1 to 4; None where it was not asked for.
        confidence_wrong: mean confidence of wrong answers.
    """

    correct: int
    answers: int
    share: float
    interval: Interval | None
    p: float
    p_listeners: float
    equivalent: bool | None
    sensitivity: Sensitivity
    listener_d_primes: tuple[float, ...]
    confidence_right: float | None
    confidence_wrong: float | None


def pair_votes(rows: pd.DataFrame, first: str, second: str, generator: np.random.Generator) -> PairVotes | None:
    """Count the votes between two conditions in rows that count; None where nobody had both."""
    differences = trial_differences(rows, first, second)
    if differences.empty:
        return None
    votes = differences.assign(won=differences.difference > 0, decided=differences.difference != 0)
    sums = votes.groupby("listener")[["won", "decided"]].sum()
    won, decided = int(sums.won.sum()), int(sums.decided.sum())
    return PairVotes(
        first,
        second,
        listeners=len(sums),
        first_votes=won,
        second_votes=decided - won,
        ties=len(votes) - decided,
        share=won / decided if decided else None,
        interval=cluster_bootstrap(sums.won, sums.decided, generator),
        wilson=wilson(won, decided),
    )


def sides(rows: pd.DataFrame, generator: np.random.Generator) -> Sides:
    """Count decided votes by slot, in paired rows that count."""
    first = rows[rows.slot == 0]
    lean = decision(first, "value")
    means = lean.groupby(first.listener).mean()
    p = float(sign_flip_test(means, generator)) if len(means) else None
    return Sides(int((lean > 0).sum()), int((lean < 0).sum()), p)


def strengths(rows: pd.DataFrame, baseline: str, generator: np.random.Generator) -> Strengths | None:
    """Fit Bradley-Terry strengths to paired rows of one kind that count."""
    conditions = tuple(sorted(rows.condition.unique()))
    listeners = {name: n for n, name in enumerate(sorted(rows.listener.unique()))}
    index = {name: n for n, name in enumerate(conditions)}
    wins, ties = (np.zeros((len(listeners), len(conditions), len(conditions))) for _ in range(2))
    one, other = (rows[rows.slot == slot].set_index(TRIAL) for slot in (0, 1))
    lean = decision(one, "value")
    for (key, first), second in zip(one.condition.items(), other.condition.reindex(one.index), strict=True):
        who, a, b = listeners[key[1]], index[first], index[second]
        _vote(wins[who], ties[who], a, b, float(lean[key]))
    return bradley_terry.strengths(wins, ties, conditions, baseline, generator)


def guessing(rows: pd.DataFrame, right: pd.Series, generator: np.random.Generator) -> Guessing | None:
    """Compare choices with guessing.

    Args:
        rows: rows of one kind of choice that count.
        right: for each row, whether choosing its slot was right; exactly one of a trial's.
        generator: draws listeners and signs.
    """
    first = rows.slot == 0
    said, should = rows[first].set_index("listener")["value"] == 1, right[first].to_numpy()
    if said.empty:
        return None
    correct = (said == should).rename("correct").to_frame().assign(n=1, confidence=rows[first].confidence.to_numpy())
    sums = correct.groupby("listener")[["correct", "n"]].sum()
    near = cluster_bootstrap(sums.correct, sums.n, generator, TOST)
    own = [sensitivity(said.loc[[name]], should[said.index == name]).d_prime for name in sums.index]
    total = int(sums.correct.sum())
    return Guessing(
        correct=total,
        answers=len(said),
        share=total / len(said),
        interval=cluster_bootstrap(sums.correct, sums.n, generator),
        p=guessing_test(total, len(said)),
        p_listeners=float(sign_flip_test(sums.correct / sums.n - GUESSING, generator)),
        equivalent=None if near is None else near[0] > GUESSING - EQUIVALENT and near[1] < GUESSING + EQUIVALENT,
        sensitivity=sensitivity(said, should),
        listener_d_primes=tuple(own),
        confidence_right=_mean(correct.confidence[correct.correct]),
        confidence_wrong=_mean(correct.confidence[~correct.correct]),
    )


def _vote(wins: Array, ties: Array, a: int, b: int, lean: float) -> None:
    """Add one vote between conditions a and b; a positive lean is for a."""
    if lean == 0:
        ties[a, b] += 1
        ties[b, a] += 1
    elif lean > 0:
        wins[a, b] += 1
    else:
        wins[b, a] += 1


def _mean(values: pd.Series) -> float | None:
    return float(values.mean()) if values.notna().any() else None
