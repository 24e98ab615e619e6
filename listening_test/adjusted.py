"""The alpha that listeners set: method of adjustment, from a random start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from listening_test.resampling import Interval, cluster_bootstrap, median_interval


@dataclass(frozen=True)
class Adjusted:
    """The preferred alpha, of one item or of all together.

    Attributes:
        item: name; None for all items.
        listeners: who set it.
        answers: settings.
        median: of all settings.
        median_interval: 95 %, bootstrap over listeners; None with fewer than two.
        mean: of all settings.
        mean_interval: 95 %, bootstrap over listeners; None with fewer than two.
        start_r: correlation of setting and start; 1 means that the slider was left where it stood. None with fewer
            than three settings, or without variance.
        settings: all of them, rising.
    """

    item: str | None
    listeners: int
    answers: int
    median: float
    median_interval: Interval | None
    mean: float
    mean_interval: Interval | None
    start_r: float | None
    settings: tuple[float, ...]


def adjusted(rows: pd.DataFrame, generator: np.random.Generator) -> tuple[Adjusted, ...]:
    """Describe the settings in adjustment rows that count: all items together, then each."""
    if rows.empty:
        return ()
    by_item = [(str(item), own) for item, own in rows.groupby("item")]
    return tuple(_describe(item, own, generator) for item, own in [(None, rows), *by_item])


def _describe(item: str | None, own: pd.DataFrame, generator: np.random.Generator) -> Adjusted:
    values, starts = own["value"], own.start
    sums = own.groupby("listener")["value"].agg(["sum", "count"])
    varied = len(own) > 2 and values.std() > 0 and starts.std() > 0
    return Adjusted(
        item,
        listeners=len(sums),
        answers=len(own),
        median=float(values.median()),
        median_interval=median_interval(values, own.listener, generator),
        mean=float(values.mean()),
        mean_interval=cluster_bootstrap(sums["sum"], sums["count"], generator),
        start_r=float(np.corrcoef(values, starts)[0, 1]) if varied else None,
        settings=tuple(sorted(float(value) for value in values)),
    )
