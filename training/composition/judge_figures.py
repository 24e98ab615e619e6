"""The judgement as pictures: choruses against the human bands; originality over training against the corpus's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from models.composition.panel import MEASURES

SHOWN_N_GRAM = "4"  # tokens: five notes
COLOURS = {"licks": "#1f4fbf", "weimar": "#c62828"}
# One file for one report, byte for byte; letters stay letters, which keeps it small.
STYLE = {"svg.hashsalt": "report", "svg.fonttype": "none", "font.size": 9}


def draw_panel(report: dict[str, Any], path: Path) -> None:
    """Draw each measure on the scale of its human band: median and 5-95 % of the choruses of each style."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 5.2), layout="constrained")
        axes = figure.subplots()
        axes.axvspan(0, 1, color="0.88", label="human solos, 5-95 %")
        rows = range(len(MEASURES))
        for place, (style, judgement) in enumerate(report["styles"].items()):
            found = [judgement["measures"][measure.name] for measure in MEASURES]
            low, median, high = ([_in_band(figures, name) for figures in found] for name in ("low", "median", "high"))
            at = [row + 0.3 * place - 0.15 for row in rows]
            axes.hlines(at, low, high, color=COLOURS[style], linewidth=1.5)
            axes.plot(median, at, "o", color=COLOURS[style], markersize=5, label=f"{style}: median, 5-95 %")
        axes.set(yticks=list(rows), yticklabels=[measure.text for measure in MEASURES], xticks=(0, 1), xlim=(-1.2, 2.2))
        axes.set_xticklabels(["5 %", "95 %"])
        axes.invert_yaxis()
        figure.legend(loc="outside lower center", ncols=3)
        _save(figure, path)


def draw_curve(report: dict[str, Any], path: Path) -> None:
    """Draw the share of new runs of five notes over training, against the 95 % interval of each corpus."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.6), layout="constrained")
        named = "the corpus against itself, 95 %, median"
        for axes, (style, found) in zip(figure.subplots(1, 2, sharey=True), report["styles"].items(), strict=True):
            corpus = found["corpus"]["novelty"][SHOWN_N_GRAM]
            axes.axhspan(corpus["low"], corpus["high"], color="0.88", label=named)
            axes.axhline(corpus["median"], color="0.5", linewidth=1)
            updates = [state["updates"] for state in found["states"]]
            shares = [state["borrowing"]["novelty"][SHOWN_N_GRAM] for state in found["states"]]
            low, median, high = ([share[name] for share in shares] for name in ("low", "median", "high"))
            axes.fill_between(updates, low, high, color=COLOURS[style], alpha=0.15, linewidth=0)
            axes.plot(updates, median, "o-", color=COLOURS[style], markersize=4, label=f"{style}: 95 %, median")
            axes.set(xscale="log", xlabel="updates", title=style, ylim=(0, 1.03))
            named = f"_{named}"  # told once for both
        figure.axes[0].set_ylabel("share of new runs of five notes")
        figure.legend(loc="outside lower center", ncols=3)
        _save(figure, path)


def _in_band(figures: dict[str, Any], name: str) -> float:
    """Put a figure on the scale on which the band goes from 0 to 1."""
    low, high = figures["band"]
    return float((figures[name] - low) / (high - low))


def _save(figure: Figure, path: Path) -> None:
    """Write the picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
