"""From the long table to one number for each listener: what the tests and intervals over listeners are made of.

All functions look at each listener of each study in the table, so that a thousand simulated studies go through the
same lines as a real one. Practice, catch trials and hidden repeats are left out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import binom, t

from listening_test.response import GRADED
from listening_test.screening import LISTENER, TRIAL


def scored(long: pd.DataFrame) -> pd.DataFrame:
    """Rows that count: no practice, no catch trials, the first of repeated answers."""
    return long[~long.practice & ~long["catch"] & long.repeat_of.isna()]


def trial_differences(rows: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """One row for each time a listener had both conditions before them, with the difference in favour of the first.

    Args:
        rows: rows of one kind that count.
        first: a condition.
        second: another.

    Returns:
        study, listener, trial, item, difference: in points for grades, in steps of the comparison scale, and for
        choices +1/2 for the first and -1/2 for the second.
    """
    columns = [*TRIAL, "item", "kind", "value"]
    one, other = (rows.loc[rows.condition == name, columns] for name in (first, second))
    both = one.merge(other[[*TRIAL, "value"]], on=TRIAL, suffixes=("", "_other"))
    graded = both.kind.isin(GRADED)
    difference = (both["value"] - both.value_other).where(graded, (both["value"] - both.value_other) / 2)
    return both.assign(difference=difference)[[*TRIAL, "item", "difference"]]


def listener_means(differences: pd.DataFrame) -> pd.DataFrame:
    """Sum and number of each listener's differences: study, listener (index); sum, count."""
    return differences.groupby(LISTENER).difference.agg(["sum", "count"])


def independent_p(differences: pd.DataFrame, *, votes: bool) -> pd.Series:
    """The p of a test that takes every answer as independent, by study; it finds too much, and is only shown beside.

    Args:
        differences: rows of `trial_differences`.
        votes: count signs (exact binomial test), or average (t test).
    """
    by_study = differences.groupby("study").difference
    if votes:
        decided = differences[differences.difference != 0]
        counts = (decided.difference > 0).groupby(decided.study).agg(["sum", "count"])
        smaller = np.minimum(counts["sum"], counts["count"] - counts["sum"])
        return pd.Series(2 * binom.cdf(smaller, counts["count"], 0.5), index=counts.index).clip(upper=1.0)
    table = by_study.agg(["mean", "std", "count"])
    score = table["mean"] / (table["std"] / np.sqrt(table["count"]))
    return pd.Series(2 * t.sf(score.abs(), table["count"] - 1), index=table.index)
