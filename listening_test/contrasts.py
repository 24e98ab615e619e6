"""Two conditions compared: one number for each listener, its interval, its test.

The first functions look at each listener of each study in a long table, so that a thousand simulated studies go
through the same lines as a real one. Practice, catch trials and hidden repeats never count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import binom, t
from statsmodels.stats.multitest import multipletests

from listening_test.resampling import Interval, cluster_bootstrap, sign_flip_test
from listening_test.response import GRADED
from listening_test.screening import LISTENER, TRIAL


@dataclass(frozen=True)
class Contrast:
    """The difference between two conditions, in favour of the first.

    Attributes:
        first: a condition.
        second: the other.
        listeners: who had both before them.
        answers: how often.
        difference: mean over answers: points of a grade, steps of a comparison, or share beyond one half of choices.
        interval: 95 %, bootstrap over listeners; None with fewer than two.
        effect_size: mean over SD of the listeners' means (d_z); None where they do not differ.
        p: sign flips by listener.
        holm: p after Holm's correction for the planned contrasts of the section.
        hochberg: p after Hochberg's, as BS.1534-3 asks.
        independent: p as if every answer were independent, to be read as a warning.
    """

    first: str
    second: str
    listeners: int
    answers: int
    difference: float
    interval: Interval | None
    effect_size: float | None
    p: float
    holm: float
    hochberg: float
    independent: float


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
    difference = both["value"] - both.value_other
    return both.assign(difference=difference.where(both.kind.isin(GRADED), difference / 2))[
        [*TRIAL, "item", "difference"]
    ]


def listener_means(differences: pd.DataFrame) -> pd.DataFrame:
    """Sum and number of each listener's differences: study, listener (index); sum, count."""
    return differences.groupby(LISTENER).difference.agg(["sum", "count"])


def independent_p(differences: pd.DataFrame, *, votes: bool) -> pd.Series:
    """The p of a test that takes every answer as independent, by study; it finds too much, and is only shown beside.

    Args:
        differences: rows of `trial_differences`.
        votes: count signs (exact binomial test), or average (t test).
    """
    if votes:
        decided = differences[differences.difference != 0]
        counts = (decided.difference > 0).groupby(decided.study).agg(["sum", "count"])
        smaller = np.minimum(counts["sum"], counts["count"] - counts["sum"])
        return pd.Series(2 * binom.cdf(smaller, counts["count"], 0.5), index=counts.index).clip(upper=1.0)
    table = differences.groupby("study").difference.agg(["mean", "std", "count"])
    score = table["mean"] / (table["std"] / np.sqrt(table["count"]))
    return pd.Series(2 * t.sf(score.abs(), table["count"] - 1), index=table.index)


def contrast(rows: pd.DataFrame, first: str, second: str, generator: np.random.Generator) -> Contrast | None:
    """Compare two conditions in the rows of one study and kind that count; None where nobody had both."""
    differences = trial_differences(rows, first, second)
    if differences.empty:
        return None
    sums = listener_means(differences)
    means = sums["sum"] / sums["count"]
    spread = float(means.std()) if len(means) > 1 else 0.0
    independent = independent_p(differences, votes=not rows.kind.isin(GRADED).all())
    p = float(sign_flip_test(means, generator))
    return Contrast(
        first,
        second,
        listeners=len(sums),
        answers=len(differences),
        difference=float(differences.difference.mean()),
        interval=cluster_bootstrap(sums["sum"], sums["count"], generator),
        effect_size=float(means.mean()) / spread if spread > 0 else None,
        p=p,
        holm=p,
        hochberg=p,
        independent=float(independent.iloc[0]) if independent.notna().any() else 1.0,
    )


def corrected(contrasts: Iterable[Contrast | None]) -> tuple[Contrast, ...]:
    """Correct the p of planned contrasts for their number (Holm; Hochberg's step-up)."""
    found = [each for each in contrasts if each is not None]
    if not found:
        return ()
    p = [each.p for each in found]
    holm, hochberg = (multipletests(p, method=method)[1] for method in ("holm", "simes-hochberg"))
    return tuple(
        replace(each, holm=float(one), hochberg=float(other))
        for each, one, other in zip(found, holm, hochberg, strict=True)
    )
