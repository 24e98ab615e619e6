"""What many excerpts say together: means and medians with intervals, and models compared at equal SIR.

Excerpts of one song, or of one singer, are not independent of each other. Where a group has enough songs, the song is
the unit that is drawn again in the bootstrap and tested; where it has fewer, the excerpt is, and intervals then hold
for these songs only. All figures are rounded to a hundredth; None stands where there is none.
"""

from __future__ import annotations

import warnings
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from models.separation.sweep import WHOLE_DB, Curve, best_alpha, like_to_like
from training.separation.measure import Result

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Figures = dict[str, Any]

MODEL = "deep-karaoke"  # the paper's; the others are compared with it
FEWEST_SONGS = 6  # below this the excerpt is the unit; a signed-rank test of fewer than 6 pairs can never reach 5 %
DRAWS = 2000
CONFIDENCE = 0.95
LARGEST_SILENT_SHARE = 0.1  # curves end where more excerpts than this have no score
TRAINED_ON = " (trained on)"
SCORES = ("sdr", "sir", "sar")
STEMS = ("vocals", "accompaniment")


def summary(results: list[Result]) -> dict[str, Figures]:
    """Sum up every group by itself; after all others, and apart, the songs that a model learned from."""
    seen = {(result.group, result.song) for result in results if not result.held_out}
    named = [(r.group + (TRAINED_ON if (r.group, r.song) in seen else ""), r) for r in results]
    names = sorted(dict.fromkeys(name for name, _ in named), key=lambda name: name.endswith(TRAINED_ON))
    return {name: group([r for other, r in named if other == name]) for name in names}


def group(results: list[Result]) -> Figures:
    """Sum up all models on the same excerpts."""
    songs = list(dict.fromkeys(result.song for result in results))
    models = {
        model: sorted((r for r in results if r.model == model), key=lambda r: (r.song, r.excerpt))
        for model in dict.fromkeys(result.model for result in results)
    }
    first = next(iter(models.values()))
    by = "song" if len(songs) >= FEWEST_SONGS else "excerpt"
    others = [model for model in models if model != MODEL and len(models[model][0].curve.alphas) > 1]
    judged = [result.judged_db for result in results if not np.isnan(result.judged_db)]
    return {
        "songs": {song: sum(result.song == song for result in first) for song in songs},
        "excerpts": len(first),
        "units": {"by": by, "n": len(songs) if by == "song" else len(first)},
        "judged": {"scores": 6 * len(judged), "largest_difference_db": max(judged, default=None)},
        "models": {model: model_figures(found, by) for model, found in models.items()},
        "like_to_like": {
            model: {stem: comparison(models[MODEL], models[model], i, by) for i, stem in enumerate(STEMS)}
            for model in (others if MODEL in models else [])
        },
    }


def model_figures(results: list[Result], by: str) -> Figures:
    """Sum up one model: its curves over alpha, the number of silent estimates, and the best alpha."""
    stacked = {name: np.stack([getattr(result.curve, name) for result in results]) for name in SCORES}
    silent = np.isnan(stacked["sdr"]).sum(axis=0)  # (stem, alpha)
    stacked["sar"] = np.where(stacked["sar"] < WHOLE_DB, stacked["sar"], np.nan)
    clusters = _clusters(results, by)
    alphas = results[0].curve.alphas
    figures: Figures = {"alphas": rounded(alphas), "silent": dict(zip(STEMS, silent.tolist(), strict=True))}
    for index, stem in enumerate(STEMS):
        figures[stem] = {name: spread(values[:, index], clusters) for name, values in stacked.items()}
    if len(alphas) > 1:
        figures["best_alpha"] = {
            "of_mean": round(best_alpha(mean_curve(results)), 2),
            "median": round(float(np.median([best_alpha(result.curve) for result in results])), 2),
        }
    return figures


def mean_curve(results: list[Result]) -> Curve:
    """Average curves over excerpts; NaN wherever one of them has no score."""
    means = [np.mean([getattr(result.curve, name) for result in results], axis=0) for name in SCORES]
    return Curve(results[0].curve.alphas, *means)


def spread(values: Array, clusters: Numbers) -> Figures:
    """Mean, median and bootstrap interval of the mean of (excerpt, alpha), per alpha.

    Args:
        values: NaN where there is no score.
        clusters: (excerpt,), number of the unit that each excerpt belongs to.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # mean of nothing: the answer is NaN
        columns = {"mean": np.nanmean(values, axis=0), "median": np.nanmedian(values, axis=0)}
    columns["low"], columns["high"] = interval(values, clusters)
    usable = np.isnan(values).mean(axis=0) <= LARGEST_SILENT_SHARE
    return {name: rounded(np.where(usable, column, np.nan)) for name, column in columns.items()}


def interval(values: Array, clusters: Numbers) -> tuple[Array, Array]:
    """Bootstrap percentile interval of the mean of (excerpt, column), whole clusters drawn with replacement."""
    members = np.eye(clusters.max() + 1)[clusters]  # (excerpt, cluster)
    sums, counts = members.T @ np.nan_to_num(values), members.T @ ~np.isnan(values)
    drawn = np.random.default_rng(0).multinomial(len(sums), np.full(len(sums), 1 / len(sums)), DRAWS)
    totals = drawn @ counts
    means = np.where(totals > 0, drawn @ sums / np.maximum(totals, 1), np.nan)  # (draw, column)
    tail = 100 * (1 - CONFIDENCE) / 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = np.nanpercentile(means, [tail, 100 - tail], axis=0)
    return low, high


def comparison(first: list[Result], second: list[Result], stem: int, by: str) -> Figures:
    """Compare two models like to like: SAR at equal SIR, excerpt by excerpt.

    Of each excerpt the difference is averaged over all SIRs that both models reach. These are averaged and tested by
    Wilcoxon's signed-rank test (two-sided) over the units. `curve` gives the mean difference at every SIR that at least
    half of the excerpts reach.
    """
    pairs = [like_to_like(a.curve, b.curve, stem) for a, b in zip(first, second, strict=True)]
    used = [(result, sir, difference) for result, (sir, difference) in zip(first, pairs, strict=True) if len(sir)]
    if not used:
        return {"excerpts": 0}
    clusters = _clusters([result for result, _, _ in used], by)
    means = np.array([difference.mean() for _, _, difference in used])
    units = np.array([means[clusters == unit].mean() for unit in range(clusters.max() + 1)])
    low, high = interval(units[:, None], np.arange(len(units)))
    at = _by_sir([(sir, difference) for _, sir, difference in used], len(first) / 2)
    return {
        "excerpts": len(used),
        "units": len(units),
        "mean_db": round(float(units.mean()), 2),
        "median_db": round(float(np.median(units)), 2),
        "low_db": round(float(low[0]), 2),
        "high_db": round(float(high[0]), 2),
        "better_in": int((units > 0).sum()),
        "wilcoxon_p": float(f"{stats.wilcoxon(units).pvalue:.2g}") if units.any() else 1.0,
        "curve": {"sir_db": list(at), "difference_db": [round(float(np.mean(values)), 2) for values in at.values()]},
    }


def _by_sir(pairs: list[tuple[Array, Array]], fewest: float) -> dict[float, list[float]]:
    """Gather differences of several excerpts by SIR, where enough of them have one."""
    flat = sorted((float(s), float(d)) for sir, difference in pairs for s, d in zip(sir, difference, strict=True))
    gathered = {sir: [d for _, d in found] for sir, found in groupby(flat, key=lambda pair: pair[0])}
    return {sir: found for sir, found in gathered.items() if len(found) >= fewest}


def _clusters(results: list[Result], by: str) -> Numbers:
    """Number the unit that each result belongs to."""
    names = [result.song if by == "song" else f"{result.song} {result.excerpt}" for result in results]
    order = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([order[name] for name in names])


def rounded(values: Array) -> list[float | None]:
    """Round to a hundredth; NaN becomes None."""
    return [None if np.isnan(value) else round(float(value), 2) for value in values]
