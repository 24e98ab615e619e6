"""Post-screening: which listeners did not do the task, by rules that are fixed before the answers are seen.

MUSHRA rules after ITU-R BS.1534-3, section 4.1.2; the others are this project's own. A rule has an identity with a
version, so that exclusions made by an older rule stay readable. Nothing is deleted: every result is given with and
without the listeners that a rule names.

All functions take the long table (`listening_test.export.COLUMNS`) and look at each listener of each study in it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import binom

from listening_test.limits import Limits
from listening_test.response import GRADED, PAIRED

LISTENER = ["study", "listener"]
TRIAL = [*LISTENER, "trial"]
VERDICT = [*LISTENER, "rule", "value", "threshold", "excluded"]


def screen(long: pd.DataFrame, bounds: Limits, trials: int, minimum_ms: float) -> pd.DataFrame:
    """Apply every rule that has something to look at.

    Args:
        long: the long table.
        bounds: from where on to exclude.
        trials: how many trials one listener was asked for.
        minimum_ms: how long each sound had to be heard.

    Returns:
        One row for each listener and rule: study, listener, rule, value, threshold, excluded.
    """
    real = long[~long.practice]
    plain = real[~real["catch"] & real.repeat_of.isna()]
    found = [
        *_mushra(real, bounds),
        _catch(real, bounds),
        _repeats(real, bounds),
        _side(plain, bounds),
        _variance(plain, bounds),
        _hurry(real, minimum_ms),
        _verdicts("incomplete/1", plain.groupby(LISTENER).trial.nunique() / trials, bounds.completed, below=True),
    ]
    filled = [verdicts for verdicts in found if len(verdicts)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=VERDICT)


def without_excluded(long: pd.DataFrame, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Leave out the answers of everybody whom a rule excludes."""
    out = pd.MultiIndex.from_frame(verdicts.loc[verdicts.excluded.astype(bool), LISTENER])
    return long[~pd.MultiIndex.from_frame(long[LISTENER]).isin(out)]


def repeated(long: pd.DataFrame) -> pd.DataFrame:
    """Pair each hidden repeat with the first answer: one row per slot, columns value_first and value_again."""
    again = long[long.repeat_of.notna()].assign(first_trial=lambda rows: rows.repeat_of.astype(int))
    keys = [*LISTENER, "kind", "condition"]
    joined = again.merge(
        long[[*keys, "trial", "value"]],
        left_on=[*keys, "first_trial"],
        right_on=[*keys, "trial"],
        suffixes=("_again", "_first"),
    )
    return joined.rename(columns={"trial_again": "trial"})


def decision(rows: pd.DataFrame, column: str) -> pd.Series:
    """Return +1 for the slot that won, -1 for the other, 0 for a tie; a choice is 1 or 0, a comparison signed."""
    return np.sign(rows[column] - 0.5 * (rows.kind != "preference"))


def _verdicts(rule: str, value: pd.Series, threshold: pd.Series | float, *, below: bool = False) -> pd.DataFrame:
    """Exclude above the threshold, or below it."""
    table = value.to_frame("value").assign(rule=rule, threshold=threshold)
    table["excluded"] = table["value"] < table.threshold if below else table["value"] > table.threshold
    return table.reset_index()[VERDICT]


def _mushra(real: pd.DataFrame, bounds: Limits) -> Iterator[pd.DataFrame]:
    """Rules 1 and 2 of BS.1534-3."""
    grades = real[real.kind == "mushra"]
    reference, middle = grades[grades.role == "reference"], grades[grades.role == "mid-anchor"]
    missed = (reference["value"] < bounds.reference_grade).groupby([reference[key] for key in LISTENER]).mean()
    yield _verdicts("bs1534-hidden-reference/1", missed, bounds.share_of_items)
    high = middle.assign(high=middle["value"] > bounds.mid_anchor_grade)
    counts = high.groupby(["study", "item"]).high.transform("mean") <= bounds.guard
    yield _verdicts("bs1534-mid-anchor/1", high[counts].groupby(LISTENER).high.mean(), bounds.share_of_items)


def _catch(real: pd.DataFrame, bounds: Limits) -> pd.DataFrame:
    """A catch trial fails when an anchor does as well as the best of the others; in ABX, when the other is chosen."""
    rows = real[real["catch"]]
    anchor = rows.role.str.endswith("anchor").where(rows.kind != "abx", rows.condition != rows.reference)
    best = rows["value"].groupby([*(rows[key] for key in TRIAL), anchor.rename("anchor")]).max().unstack()
    if not {True, False} <= set(best.columns):
        return pd.DataFrame(columns=VERDICT)
    failed = (best[True] >= best[False]).groupby(LISTENER).agg(["sum", "count"])
    return _verdicts("catch-trials/1", failed["sum"], (failed["count"] * bounds.catch_failures).clip(lower=1))


def _repeats(real: pd.DataFrame, bounds: Limits) -> pd.DataFrame:
    """Decided pairs, judged twice: the probability that a coin agrees at least as often."""
    both = repeated(real[real.kind.isin(PAIRED)])
    both = both.assign(first=decision(both, "value_first"), again=decision(both, "value_again"))
    both = both[(both.slot == 0) & (both["first"] != 0) & (both["again"] != 0)]
    agreed = (both["first"] == both["again"]).groupby([both[key] for key in LISTENER]).agg(["sum", "count"])
    agreed = agreed[agreed["count"] >= bounds.repeats]
    chance = pd.Series(binom.sf(agreed["sum"] - 1, agreed["count"], 0.5), index=agreed.index)
    return _verdicts("repeats-at-chance/1", chance, bounds.repeats_chance)


def _side(plain: pd.DataFrame, bounds: Limits) -> pd.DataFrame:
    """One slot favoured, by the exact two-sided binomial test over decided pairs."""
    rows = plain[(plain.slot == 0) & plain.kind.isin(PAIRED)]
    lean = decision(rows, "value")
    decided = rows[lean != 0]
    left = (lean[lean != 0] > 0).groupby([decided[key] for key in LISTENER]).agg(["sum", "count"])
    smaller = left["sum"].where(2 * left["sum"] <= left["count"], left["count"] - left["sum"])
    p = pd.Series(2 * binom.cdf(smaller, left["count"], 0.5), index=left.index).clip(upper=1.0)
    return _verdicts("side-bias/1", p, bounds.side_bias, below=True)


def _variance(plain: pd.DataFrame, bounds: Limits) -> pd.DataFrame:
    """Grades without variance, on the scale from 1 to 5: 25 points, or 1.5 steps of a comparison, make one step."""
    rows = plain[plain.kind.isin(GRADED) | ((plain.kind == "preference") & (plain.slot == 0))]
    step = rows.kind.map({"rating": 25.0, "mushra": 25.0, "preference": 1.5}).astype(float)
    variance = (rows["value"] / step).groupby([rows[key] for key in LISTENER]).var().dropna()
    return _verdicts("no-variance/1", variance, bounds.variance, below=True)


def _hurry(real: pd.DataFrame, minimum_ms: float) -> pd.DataFrame:
    """Median over trials of the answering time for each sound, against the minimum listening time."""
    trials = real.groupby(TRIAL).agg(response_ms=("response_ms", "first"), slots=("slot", "size"))
    each = trials.response_ms / trials.slots.where(real.groupby(TRIAL).kind.first() != "adjustment", 1)
    return _verdicts("too-fast/1", each.groupby(LISTENER).median(), minimum_ms, below=True)
