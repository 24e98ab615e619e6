"""The deaf listener: a classifier that gets everything a page receives except the sound, and must not find a condition.

Ridge regression of the target on the features, judged on sessions that it has not seen. Its score is the share of
(target, other slot) pairs of the same page that it orders rightly: the area under the ROC curve within pages, 0.5 for
guessing. How far from that guessing comes is found by dealing the targets of every page anew (a permutation test:
Ojala & Garriga, JMLR 11, 2010); an interval of the score alone is too narrow, since each session has a part in what
judges the others. Axes: (slot, feature), one row for each slot of each page.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from listening_test.resampling import Array

FOLDS = 5
RIDGE = 100.0  # on standardised features; the bits of the tokens alone outnumber most tests' pages
PERMUTATIONS = 400


@dataclass(frozen=True)
class Discrimination:
    """How well the target was found without sound.

    Attributes:
        auc: share of pairs within pages that were ordered rightly.
        z: how far that is above guessing, in standard deviations of what guessing gives.
    """

    auc: float
    z: float


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
        generator: deals sessions to folds, and targets to slots.

    Raises:
        ValueError: fewer sessions than folds.
    """
    names, session = np.unique(sessions, return_inverse=True)
    if len(names) < FOLDS:
        raise ValueError(f"{len(names)} sessions: at least {FOLDS} are needed")
    folds = (generator.permutation(len(names)) % FOLDS)[session]
    smoother = np.zeros((len(target), len(target)))
    for held_out in range(FOLDS):
        seen = folds != held_out
        centre, spread = features[seen].mean(0), features[seen].std(0)
        standard = np.divide(features - centre, spread, out=np.zeros_like(features), where=spread > 1e-12)
        smoother[np.ix_(~seen, seen)] = ridge(standard[seen], standard[~seen])
    targets = np.column_stack([target, *(dealt(pages, generator) for _ in range(PERMUTATIONS))])
    auc, *guessed = ordered(smoother, targets, pages)
    return Discrimination(float(auc), float((auc - np.mean(guessed)) / np.std(guessed)))


def ridge(seen: Array, unseen: Array) -> Array:
    """Return the matrix (row of `unseen`, row of `seen`) that takes responses to predictions, without intercept."""
    gram = seen.T @ seen + RIDGE * np.eye(seen.shape[1])
    return unseen @ np.linalg.solve(gram, seen.T)


def dealt(pages: npt.NDArray[np.int64], generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Give every page one target, each of its slots with the same probability; returns (slot,)."""
    order = np.lexsort((generator.random(len(pages)), pages))
    target = np.zeros(len(pages), dtype=bool)
    target[order[np.unique(pages[order], return_index=True)[1]]] = True
    return target


def ordered(smoother: Array, targets: npt.NDArray[np.bool_], pages: npt.NDArray[np.int64]) -> Array:
    """Return the share of pairs that are ordered rightly (a tie is half) for each column of `targets`."""
    _, page, slots = np.unique(pages, return_inverse=True, return_counts=True)
    scores = smoother @ (targets - 1 / slots[page][:, None])
    of_target = np.zeros((len(slots), targets.shape[1]))
    row, column = np.nonzero(targets)
    of_target[page[row], column] = scores[row, column]
    ahead: Array = np.sign(of_target[page] - scores).sum(0)  # the target beside itself adds nothing
    return 0.5 + 0.5 * ahead / (len(pages) - len(slots))
