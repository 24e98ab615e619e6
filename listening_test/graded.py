"""Grades from 0 to 100 described, condition by condition (ITU-R BS.1534-3, section 9)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import kurtosis, skew

from listening_test.resampling import Interval, cluster_bootstrap, median_interval

BIMODAL = 5 / 9  # of the coefficient; a flat distribution has as much
MOST_OUTLYING = 1.5  # interquartile ranges beyond the box


@dataclass(frozen=True)
class ConditionGrades:
    """How one condition was graded.

    Attributes:
        condition: name.
        role: of the condition.
        listeners: who graded it.
        answers: grades.
        median: of all grades.
        median_interval: 95 %, bootstrap over listeners; None with fewer than two.
        quartiles: lower and upper.
        mean: of all grades.
        mean_interval: 95 %, bootstrap over listeners; None with fewer than two.
        bimodality: coefficient; above 5/9 the mean may stand where nobody is. None with fewer than four grades.
        outlying: grades beyond 1.5 interquartile ranges from the box of their item; shown, never removed.
    """

    condition: str
    role: str
    listeners: int
    answers: int
    median: float
    median_interval: Interval | None
    quartiles: Interval
    mean: float
    mean_interval: Interval | None
    bimodality: float | None
    outlying: int


def condition_grades(rows: pd.DataFrame, generator: np.random.Generator) -> tuple[ConditionGrades, ...]:
    """Describe every condition in rows of one attribute that count, best median first."""
    found = [_describe(condition, own, generator) for condition, own in rows.groupby("condition")]
    return tuple(sorted(found, key=lambda each: (-each.median, -each.mean, each.condition)))


def bimodality(values: pd.Series) -> float | None:
    """Coefficient (g^2 + 1) / (k + 3 (n - 1)^2 / ((n - 2) (n - 3))), g skewness and k excess kurtosis of a sample."""
    n = len(values)
    if n < 4 or values.nunique() < 2:
        return None
    g, k = skew(values, bias=False), kurtosis(values, bias=False)
    return float((g**2 + 1) / (k + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))))


def _describe(condition: str, own: pd.DataFrame, generator: np.random.Generator) -> ConditionGrades:
    values = own["value"]
    sums = own.groupby("listener")["value"].agg(["sum", "count"])
    low, high = values.quantile([0.25, 0.75])
    return ConditionGrades(
        condition,
        role=own.role.iloc[0],
        listeners=len(sums),
        answers=len(own),
        median=float(values.median()),
        median_interval=median_interval(values, own.listener, generator),
        quartiles=(float(low), float(high)),
        mean=float(values.mean()),
        mean_interval=cluster_bootstrap(sums["sum"], sums["count"], generator),
        bimodality=bimodality(values),
        outlying=int(sum(_outlying(item) for _, item in own.groupby("item")["value"])),
    )


def _outlying(values: pd.Series) -> int:
    low, high = values.quantile([0.25, 0.75])
    fence = MOST_OUTLYING * (high - low)
    return int(((values < low - fence) | (values > high + fence)).sum())
