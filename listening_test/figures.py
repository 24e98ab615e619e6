"""Drawings of a report, as SVG: grades with every point, shares with intervals, alphas over the objective curves."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from listening_test.graded import ConditionGrades
from listening_test.resampling import Interval

INK, POINT, ACCENT = "#1c1c1c", "#5b7ea3", "#b3402e"
BANDS = ("Bad", "Poor", "Fair", "Good", "Excellent")
SCORES = {"sdr": "-", "sir": "--", "sar": ":"}  # told apart by line as well as by colour


@dataclass(frozen=True)
class Curves:
    """Objective scores of the separated voice over alpha, in dB.

    Attributes:
        group: the material that was scored.
        alphas: rising, 0 to 1.
        scores: SDR, SIR and SAR, one value for each alpha, by name; NaN where there is none.
    """

    group: str
    alphas: tuple[float, ...]
    scores: dict[str, tuple[float, ...]]


def read_curves(path: Path, model: str) -> Curves:
    """Read the mean curves of a model from the separation report, on the first material that it did not learn from.

    Args:
        path: what `python -m training.separation.report` writes.
        model: name of the model.

    Raises:
        ValueError: not such a report, or none of this model.
        OSError: no such file.
    """
    try:
        groups = json.loads(path.read_text(encoding="utf-8"))["groups"]
        name, own = next(
            (name, group["models"][model])
            for name, group in groups.items()
            if model in group["models"] and not name.endswith("(trained on)")
        )
        voice = {score: [math.nan if x is None else float(x) for x in own["vocals"][score]["mean"]] for score in SCORES}
        curves = Curves(name, tuple(map(float, own["alphas"])), {score: tuple(line) for score, line in voice.items()})
    except (KeyError, TypeError, AttributeError, ValueError, StopIteration) as error:
        raise ValueError(f"{path} holds no curves of {model}: give the report.json of the separation") from error
    if any(len(line) != len(curves.alphas) for line in curves.scores.values()):
        raise ValueError(f"{path}: every score needs one value for each of the {len(curves.alphas)} alphas")
    return curves


def grades(rows: pd.DataFrame, conditions: Sequence[ConditionGrades]) -> str:
    """Draw box plots with all grades and the mean with its interval, best condition on top."""
    figure, axes = _canvas(0.6 * len(conditions) + 1.2)
    for place, each in enumerate(reversed(conditions)):
        values = rows.loc[rows.condition == each.condition, "value"].to_numpy()
        lanes = place + np.linspace(-0.25, 0.25, len(values)) if len(values) > 1 else np.array([place])
        axes.plot(values, lanes, ".", color=POINT, alpha=0.5, markersize=4)
        axes.boxplot(
            values,
            orientation="horizontal",
            positions=[place],
            widths=0.6,
            showfliers=False,
            medianprops={"color": INK},
        )
        _estimate(axes, each.mean, each.mean_interval, place)
    _names(axes, [each.condition for each in reversed(conditions)])
    axes.set_xlim(-2, 102)
    axes.set_xticks(range(0, 101, 20))
    for band, name in enumerate(BANDS):
        axes.text(20 * band + 10, len(conditions) - 0.35, name, ha="center", fontsize=8, color=INK)
    return _svg(figure)


def shares(names: Sequence[str], values: Sequence[float], intervals: Sequence[Interval | None], label: str) -> str:
    """Draw shares with their intervals, and a line at one half."""
    figure, axes = _canvas(0.4 * len(names) + 1)
    axes.axvline(0.5, color=INK, linewidth=1, linestyle="--")
    for place, (value, interval) in enumerate(zip(reversed(values), reversed(intervals), strict=True)):
        _estimate(axes, value, interval, place)
    _names(axes, list(reversed(names)))
    axes.set_xlim(0, 1)
    axes.set_xlabel(label)
    return _svg(figure)


def alphas(settings: Sequence[float], median: float, interval: Interval | None, curves: Curves | None) -> str:
    """Draw the alphas that were set, below the curves of the objective scores where there are any."""
    figure, axes = _canvas(4.5)
    axes.hist(settings, bins=np.linspace(0, 1, 21).tolist(), color=POINT, alpha=0.6)
    axes.plot(settings, np.zeros(len(settings)), "|", color=INK, markersize=10)
    axes.axvline(median, color=ACCENT)
    if interval is not None:
        axes.axvspan(*interval, color=ACCENT, alpha=0.15)
    axes.set(xlim=(0, 1), xlabel="alpha", ylabel="settings (bars); median and 95 % (red)")
    if curves is not None:
        scale = axes.twinx()
        for name, line in SCORES.items():
            label = f"{name.upper()}, {curves.group}"
            scale.plot(curves.alphas, curves.scores[name], line, color=INK, label=label)
        scale.set_ylabel("scores of the voice, dB")
        scale.legend(fontsize=8)
    return _svg(figure)


def _canvas(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, height), layout="constrained")
    axes = figure.subplots()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _estimate(axes: Axes, value: float, interval: Interval | None, place: float) -> None:
    if interval is not None:
        axes.plot(interval, [place, place], color=ACCENT, linewidth=2.5, zorder=3)
    axes.plot(value, place, "D", color=ACCENT, markersize=6, zorder=4)


def _names(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.6, len(names) - 0.1)


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "listening-room"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()
