"""Bradley-Terry strengths with ties (Davidson, JASA 65, 1970), fitted by the iteration of Newman (JMLR 24, 2023).

Condition i beats j with probability s_i / (s_i + s_j + 2 v sqrt(s_i s_j)); v weighs the ties. Strengths are read as
the probability to win against a named baseline among decided comparisons, s_i / (s_i + s_b).

Axis order: (..., winner, loser); leading axes are resamples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from listening_test.resampling import RESAMPLES, Array, expanded_quantiles, listener_draws

ITERATIONS = 300  # where one condition nearly always wins; more would move its share by less than 0.001
TOLERANCE = 1e-6  # of a logarithm of strength
PRIOR = 0.1  # votes; without any a condition that never loses is infinitely strong


@dataclass(frozen=True)
class Strengths:
    """Strengths of all conditions against one of them.

    Attributes:
        conditions: names.
        baseline: the condition that all are compared with.
        win_probability: (condition,), against the baseline; 0.5 for itself.
        low: lower limits over listeners, (condition,).
        high: upper limits over listeners, (condition,).
        rank_low: best rank of each condition over the draws of listeners, at 95 %; 1 is the strongest.
        rank_high: worst rank likewise.
        ties: v.
    """

    conditions: tuple[str, ...]
    baseline: str
    win_probability: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    rank_low: tuple[int, ...]
    rank_high: tuple[int, ...]
    ties: float


def fit(wins: npt.ArrayLike, ties: npt.ArrayLike, prior: float = PRIOR) -> tuple[Array, Array]:
    """Fit strengths and the weight of ties.

    Args:
        wins: (..., winner, loser), votes for the row over the column.
        ties: (..., condition, condition), votes for neither, symmetric.
        prior: wins and losses of every condition against one of strength 1, added to the votes.

    Returns:
        Strengths (..., condition) with geometric mean 1, and v (...).
    """
    w, t = np.asarray(wins, dtype=float), np.asarray(ties, dtype=float)
    won, lost = w + t / 2, np.swapaxes(w, -1, -2) + t / 2
    s = np.ones(w.shape[:-1])
    v = np.full(w.shape[:-2], 0.5)
    for _ in range(ITERATIONS):
        own, other, weight = s[..., :, None], s[..., None, :], v[..., None, None]
        root = np.sqrt(own * other)
        total = own + other + 2 * weight * root
        up = (won * (other + weight * root) / total).sum(-1) + prior / (s + 1)
        down = (lost * (1 + weight * root / own) / total).sum(-1) + prior / (s + 1)
        renewed = np.sqrt(s * up / down)  # half the step: all at once, whole steps go to and fro
        expected = ((won + lost) * 2 * root / total).sum((-1, -2))  # each pair twice, as in t
        weighed = np.divide(t.sum((-1, -2)), expected, out=np.zeros_like(v), where=expected > 0)
        moved = max(np.abs(np.log(renewed / s)).max(), np.abs(weighed - v).max())
        s, v = renewed, weighed
        if moved < TOLERANCE:
            break
    return s / np.exp(np.log(s).mean(-1, keepdims=True)), v


def strengths(
    wins: npt.ArrayLike, ties: npt.ArrayLike, conditions: tuple[str, ...], baseline: str, generator: np.random.Generator
) -> Strengths | None:
    """Fit, with intervals over listeners; None with fewer than two listeners.

    Args:
        wins: (listener, winner, loser).
        ties: (listener, condition, condition), symmetric.
        conditions: names, in the order of the axes.
        baseline: one of them.
        generator: draws the listeners.
    """
    w, t = np.asarray(wins, dtype=float), np.asarray(ties, dtype=float)
    if len(w) < 2:
        return None
    base = conditions.index(baseline)
    point, v = fit(w.sum(0), t.sum(0))
    draws = listener_draws(len(w), generator, RESAMPLES // 10).astype(float)
    resampled, _ = fit(np.tensordot(draws, w, 1), np.tensordot(draws, t, 1))  # (resample, condition)
    low, high = expanded_quantiles(resampled / (resampled + resampled[:, [base]]), len(w))
    ranks = 1 + (resampled[:, None, :] > resampled[:, :, None]).sum(-1)
    best, worst = np.quantile(ranks, [0.025, 0.975], axis=0, method="nearest")
    share = point / (point + point[base])
    share, low, high = (tuple(float(x) for x in column) for column in (share, low, high))
    return Strengths(conditions, baseline, share, low, high, tuple(map(int, best)), tuple(map(int, worst)), float(v))
