"""The ablation as a picture: every run a point, chain rule beside independent heads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

COLOURS = {"chain": "#1f4fbf", "independent": "#c62828"}
PANELS = {
    "licks_bits": ("Unseen licks", "bits per note", 1),
    "weimar_bits": ("Unseen performers", "bits per note", 1),
    "long_notes_outside": ("Long notes off the chord", "%", 100),
    "impossible_events": ("Impossible events", "%", 100),
}
# One file for one report, byte for byte; letters stay letters, which keeps it small.
STYLE = {
    "svg.hashsalt": "ablation",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
}


def draw_ablation(report: dict[str, Any], path: Path) -> None:
    """Draw the four measures of every run, with their medians, as SVG."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 2.8), layout="constrained")
        for panel, (measure, (title, unit, scale)) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
            for place, (heads, colour) in enumerate(COLOURS.items()):
                values = sorted(run[measure] * scale for run in report["runs"][heads])
                panel.plot([place] * len(values), values, "o", color=colour, alpha=0.6)
                panel.plot([place - 0.25, place + 0.25], [values[len(values) // 2]] * 2, color=colour)
            if measure == "weimar_bits":
                table = report["third_order_table"][measure]
                panel.axhline(table, color="0.3", linestyle="--")
                panel.text(0.5, table, "third-order table", ha="center", va="top", fontsize=8)
            panel.set(title=title, ylabel=unit, xticks=range(len(COLOURS)), xlim=(-0.6, len(COLOURS) - 0.4))
            panel.set_xticklabels(list(COLOURS))
            if scale == 100:
                panel.set_ylim(bottom=0)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None})
