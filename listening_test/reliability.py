"""How far listeners agree with themselves (hidden repeats) and with one another (Krippendorff's alpha)."""

from __future__ import annotations

from dataclasses import dataclass

import evalica
import numpy as np
import pandas as pd

from listening_test.response import GRADED
from listening_test.screening import repeated


@dataclass(frozen=True)
class Reliability:
    """Agreement in one section of a study.

    Attributes:
        repeats: grades or pairs that were judged twice.
        retest_r: Pearson correlation of first and second answer; None with fewer than three, or without variance.
        retest_difference: mean absolute difference of the two, in the units of the answers; None without repeats.
        alpha: Krippendorff's alpha between listeners, interval scale; 1 for agreement, 0 for chance; None where no
            two listeners judged the same.
    """

    repeats: int
    retest_r: float | None
    retest_difference: float | None
    alpha: float | None


def reliability(section: pd.DataFrame, scored: pd.DataFrame) -> Reliability:
    """Measure agreement.

    Args:
        section: rows of one kind, material and attribute without practice; hidden repeats included.
        scored: those rows of it that count.
    """
    twice = _one_side(repeated(section))
    first, again = twice.value_first, twice.value_again
    varied = len(twice) > 2 and first.std() > 0 and again.std() > 0
    return Reliability(
        repeats=len(twice),
        retest_r=float(np.corrcoef(first, again)[0, 1]) if varied else None,
        retest_difference=float((first - again).abs().mean()) if len(twice) else None,
        alpha=_alpha(scored),
    )


def _alpha(scored: pd.DataFrame) -> float | None:
    """Listeners are observers; what is judged is an item by a condition, or an item by a pair."""
    rows = _one_side(scored)
    others = rows.groupby(["listener", "trial"]).condition.transform(lambda names: " ".join(sorted(names)))
    judged = rows.item + " " + rows.condition + " " + others.where(~rows.kind.isin(GRADED), "")
    table = rows.assign(judged=judged).pivot_table(index="listener", columns="judged", values="value")
    try:
        alpha = float(evalica.alpha(table, distance="interval").alpha)
    except evalica.InsufficientRatingsError:
        return None
    return alpha if np.isfinite(alpha) else None


def _one_side(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep one row of a pair, whose other says the same again: that of the condition that comes first by name."""
    first = rows.groupby(["listener", "trial"]).condition.transform("min")
    return rows[rows.kind.isin(GRADED) | (rows.condition == first)]
