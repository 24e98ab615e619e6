"""Choices between two: which one did a person write (2AFC), which one is X (ABX).

A choice is right or wrong; guessing is right half the time. d' and criterion after Macmillan and Creelman, Detection
Theory, 2nd edition, chapter 7; the log-linear correction after Hautus, Behavior Research Methods 27, 1995.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binom, binomtest, norm

GUESSING = 0.5


@dataclass(frozen=True)
class Sensitivity:
    """How well two slots were told apart, and how much one slot was favoured.

    Attributes:
        hits: share of "A" where A was right.
        false_alarms: share of "A" where B was right.
        d_prime: 0 for guessing; sqrt(2) times smaller than for one interval.
        criterion: 0 without a favourite; negative where A is favoured.
    """

    hits: float
    false_alarms: float
    d_prime: float
    criterion: float


def sensitivity(said_first: npt.ArrayLike, first_was_right: npt.ArrayLike) -> Sensitivity:
    """Estimate d' and criterion of a choice between two.

    Half an answer is added to every cell (log-linear correction), so that d' stays finite where nobody erred.

    Args:
        said_first: (answer,), whether slot A was chosen.
        first_was_right: (answer,), whether slot A was the right one.
    """
    said, right = np.asarray(said_first, dtype=bool), np.asarray(first_was_right, dtype=bool)
    hits = ((said & right).sum() + 0.5) / (right.sum() + 1)
    false_alarms = ((said & ~right).sum() + 0.5) / ((~right).sum() + 1)
    z_hits, z_false = float(norm.ppf(hits)), float(norm.ppf(false_alarms))
    return Sensitivity(float(hits), float(false_alarms), (z_hits - z_false) / math.sqrt(2), -(z_hits + z_false) / 2)


def guessing_test(correct: int, trials: int) -> float:
    """One-sided exact binomial p of "only guessing"; 1 without trials.

    Answers of several listeners may be pooled: where everybody guesses, answers are independent.
    """
    return float(binomtest(correct, trials, GUESSING, alternative="greater").pvalue) if trials else 1.0


def guessing_power(trials: int, true_share: float, alpha: float = 0.05) -> float:
    """Power of the two-sided exact binomial test against guessing with independent answers.

    Args:
        trials: number of answers.
        true_share: probability of a right answer.
        alpha: level of the test.
    """
    counts = np.arange(trials + 1)
    tail = binom.cdf(np.minimum(counts, trials - counts), trials, GUESSING)
    return float(binom.pmf(counts, trials, true_share)[2 * tail <= alpha].sum())
