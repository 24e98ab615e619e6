"""Intervals and tests that take the listener as the unit: bootstrap over listeners, sign flips within listeners.

One listener answers often, and those answers agree with one another more than with other people's. What counts
answers as independent finds effects that are not there (`python -m listening_test simulate` prints how often); what
is here draws or flips whole listeners. The items of a study are taken as given.

Axis order: (..., listener); leading axes are whatever is estimated at once, such as simulated studies. Draws are
shared by all leading axes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, t

CONFIDENCE = 0.95
RESAMPLES = 10_000  # BS.1534-3, Attachment 3, asks for as many

Array = npt.NDArray[np.float64]
Interval = tuple[float, float]


def wilson(successes: float, trials: float, confidence: float = CONFIDENCE) -> Interval | None:
    """Score interval of a share of independent answers (Wilson, JASA 22, 1927); None without trials."""
    if trials == 0:
        return None
    z = float(norm.ppf(0.5 + confidence / 2))
    share = successes / trials
    centre = share + z**2 / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    scale = 1 + z**2 / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def listener_draws(listeners: int, generator: np.random.Generator, resamples: int = RESAMPLES) -> npt.NDArray[np.int64]:
    """Draw listeners with replacement; returns (resample, listener), how often each was drawn."""
    return generator.multinomial(listeners, np.full(listeners, 1 / listeners), size=resamples)


def expanded_quantiles(resampled: npt.ArrayLike, listeners: int, confidence: float = CONFIDENCE) -> tuple[Any, Any]:
    """Percentile interval with its levels moved outwards for small numbers of listeners.

    The plain percentile interval is too narrow by sqrt((n - 1) / n) and by the normal in place of Student's t; both
    are made good in the levels (Hesterberg, The American Statistician 69(4), 2015, section 5.3).

    Args:
        resampled: (resample, ...), the estimate from each draw of listeners.
        listeners: n, at least 2.
        confidence: probability that the interval covers.

    Returns:
        Lower and upper limits, each (...).
    """
    z = math.sqrt(listeners / (listeners - 1)) * t.ppf(0.5 + confidence / 2, listeners - 1)
    low, high = np.quantile(np.asarray(resampled), [norm.cdf(-z), norm.cdf(z)], axis=0)
    return low, high


def ratio_interval(
    sums: npt.ArrayLike, counts: npt.ArrayLike, generator: np.random.Generator, confidence: float = CONFIDENCE
) -> tuple[Array, Array]:
    """Interval over listeners of sum(sums) / sum(counts): a mean of all answers, or a share of them.

    Args:
        sums: (..., listener), sum of each listener's answers.
        counts: (..., listener), number of each listener's answers, at least one.
        generator: draws the listeners.
        confidence: probability that the interval covers.

    Returns:
        Lower and upper limits, each (...).
    """
    above, below = np.asarray(sums, dtype=float), np.asarray(counts, dtype=float)
    assert below.min() > 0, "leave out listeners without an answer"
    draws = listener_draws(above.shape[-1], generator).astype(float)
    resampled = np.tensordot(draws, above, (1, -1)) / np.tensordot(draws, below, (1, -1))  # (resample, ...)
    return expanded_quantiles(resampled, above.shape[-1], confidence)


def cluster_bootstrap(
    sums: npt.ArrayLike, counts: npt.ArrayLike, generator: np.random.Generator, confidence: float = CONFIDENCE
) -> Interval | None:
    """`ratio_interval` of one estimate, over the listeners who answered; None with fewer than two of them."""
    counts = np.asarray(counts, dtype=float)
    answered = counts > 0
    if answered.sum() < 2:
        return None
    low, high = ratio_interval(np.asarray(sums, dtype=float)[answered], counts[answered], generator, confidence)
    return float(low), float(high)


def median_interval(
    values: npt.ArrayLike, listeners: npt.ArrayLike, generator: np.random.Generator, confidence: float = CONFIDENCE
) -> Interval | None:
    """Interval over listeners of the median of all answers; None with fewer than two listeners.

    Args:
        values: (answer,).
        listeners: (answer,), who gave it.
        generator: draws the listeners.
        confidence: probability that the interval covers.
    """
    names, owner = np.unique(np.asarray(listeners), return_inverse=True)
    if len(names) < 2:
        return None
    values = np.asarray(values, dtype=float)
    order = np.argsort(values)
    draws = listener_draws(len(names), generator, RESAMPLES // 5)  # a (resample, answer) table has to be held
    weight = draws[:, owner[order]].cumsum(axis=1)
    middle = (weight >= weight[:, -1:] / 2).argmax(axis=1)
    low, high = expanded_quantiles(values[order][middle], len(names), confidence)
    return float(low), float(high)


def sign_flip_test(differences: npt.ArrayLike, generator: np.random.Generator, draws: int = RESAMPLES) -> Array:
    """Two-sided p of "no difference": each listener's mean difference could as well have had the other sign.

    BS.1534-3, Attachment 3, permutes pooled observations; the design is paired, so signs are flipped within
    listeners instead. All 2^n patterns are taken where they are no more than `draws`.

    Args:
        differences: (..., listener), one mean difference for each listener, at least one.
        generator: draws the signs.
        draws: number of random patterns.

    Returns:
        p, (...).
    """
    differences = np.asarray(differences, dtype=float)
    n = differences.shape[-1]
    exact = 2**n <= draws
    if exact:
        signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    else:
        signs = generator.choice([-1.0, 1.0], size=(draws, n))
    flipped = np.abs(np.tensordot(signs, differences, (1, -1)))  # (draw, ...)
    observed = np.abs(differences.sum(axis=-1)) * (1 - 1e-9)  # sums of the same numbers may differ in the last bit
    extreme = (flipped >= observed).sum(axis=0)
    return np.asarray(extreme / 2**n if exact else (extreme + 1) / (draws + 1))
