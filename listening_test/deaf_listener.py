"""The deaf listener: a classifier that gets everything a page receives except the sound, and must not find a condition.

Logistic regression with a ridge penalty, fitted by Newton's method, judged on sessions that it has not seen. Its
score is the share of (target, other slot) pairs of the same page that it orders rightly: the area under the ROC
curve within pages, 0.5 for guessing. Axes: (slot, feature), one row for each slot of each page.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from listening_test.resampling import Array, Interval, cluster_bootstrap

FOLDS = 5
RIDGE = 30.0  # on standardised features; the bits of the tokens alone outnumber most tests' pages
NEWTON_STEPS = 25
CONFIDENCE = 0.999  # tokens and latencies cannot be seeded; at 95 % an honest page would fail every twentieth run


@dataclass(frozen=True)
class Discrimination:
    """How well the target was found without sound.

    Attributes:
        auc: share of pairs within pages that were ordered rightly.
        interval: of that, over sessions, at `CONFIDENCE`.
    """

    auc: float
    interval: Interval


def discrimination(
    features: Array,
    target: npt.NDArray[np.bool_],
    pages: npt.NDArray[np.int64],
    sessions: npt.NDArray[np.int64],
    generator: np.random.Generator,
) -> Discrimination:
    """Measure how well features that are not sound tell the target from the other slots of its page.

    Args:
        features: (slot, feature).
        target: (slot,), one in each page.
        pages: (slot,), number of the page.
        sessions: (slot,), number of the session.
        generator: deals sessions to folds and draws them for the interval.

    Raises:
        ValueError: fewer sessions than folds.
    """
    names = np.unique(sessions)
    if len(names) < FOLDS:
        raise ValueError(f"{len(names)} sessions: at least {FOLDS} are needed")
    fold = dict(zip(generator.permutation(names).tolist(), np.arange(len(names)) % FOLDS, strict=True))
    folds = np.array([fold[name] for name in sessions.tolist()])
    scores = np.empty(len(target))
    for held_out in range(FOLDS):
        seen = folds != held_out
        centre, spread = features[seen].mean(0), features[seen].std(0)
        standard = np.divide(features - centre, spread, out=np.zeros_like(features), where=spread > 1e-12)
        scores[~seen] = standard[~seen] @ logistic(standard[seen], target[seen])[1:]
    right, pairs = _ordered(scores, target, pages, sessions, names)
    interval = cluster_bootstrap(right, pairs, generator, CONFIDENCE)
    assert interval is not None
    return Discrimination(float(right.sum() / pairs.sum()), interval)


def logistic(features: Array, target: npt.NDArray[np.bool_]) -> Array:
    """Fit a logistic regression; returns the intercept, which is not penalised, and one weight for each feature."""
    design = np.column_stack([np.ones(len(features)), features])
    penalty = np.full(design.shape[1], RIDGE)
    penalty[0] = 0
    weights = np.zeros(design.shape[1])
    for _ in range(NEWTON_STEPS):
        expected = expit(design @ weights)
        slope = design.T @ (target - expected) - penalty * weights
        curvature = (design * (expected * (1 - expected))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def _ordered(
    scores: Array,
    target: npt.NDArray[np.bool_],
    pages: npt.NDArray[np.int64],
    sessions: npt.NDArray[np.int64],
    names: npt.NDArray[np.int64],
) -> tuple[Array, Array]:
    """Count, for each session, the pairs that are ordered rightly (a tie is half), and all pairs."""
    right, pairs = np.zeros(len(names)), np.zeros(len(names))
    for page in np.unique(pages):
        rows = pages == page
        difference = scores[rows & target] - scores[rows & ~target]
        place = int(np.searchsorted(names, sessions[rows][0]))
        right[place] += (difference > 0).sum() + 0.5 * (difference == 0).sum()
        pairs[place] += difference.size
    return right, pairs
