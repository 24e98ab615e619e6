"""The report as pictures: scores over alpha, and SAR against SIR. The colours are the paper's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = {"sdr": "#1a7f37", "sir": "#c62828", "sar": "#1f4fbf"}
MARKERS = {"sdr": "o", "sir": "^", "sar": "s"}
TITLES = {"vocals": "Vocals", "accompaniment": "Non-vocals"}
LINES = ("-", "--", ":", "-.")
# One file for one report, byte for byte; letters stay letters, which keeps it small.
STYLE = {"svg.hashsalt": "report", "svg.fonttype": "none", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3}


def over_alpha(group: dict[str, Any], first: str, second: str | None, path: Path) -> None:
    """Draw SDR, SIR and SAR over alpha, the mean over excerpts, of one model with its interval and of a rival."""
    with mpl.rc_context(STYLE):
        figure, panels = _panels()
        for panel, stem in zip(panels, TITLES, strict=True):
            for name in COLOURS:
                _curve(panel, group["models"][first], stem, name, f"{name.upper()} {first}", "-")
                if second:
                    _curve(panel, group["models"][second], stem, name, f"{name.upper()} {second}", "--")
            panel.axvline(group["models"][first]["best_alpha"]["of_mean"], color="0.4", linewidth=0.8)
            panel.set(title=TITLES[stem], xlabel="alpha", ylabel="dB", ylim=(-12, 42), xlim=(0, 1))
        _save(figure, path)


def _curve(panel: Axes, model: dict[str, Any], stem: str, name: str, label: str, line: str) -> None:
    figures = model[stem][name]
    x, mean, low, high = (_gaps(values) for values in (model["alphas"], *(figures[k] for k in ("mean", "low", "high"))))
    every = {"marker": MARKERS[name], "markersize": 3, "markevery": 4}
    panel.plot(x, mean, line, color=COLOURS[name], label=label, linewidth=1.3, **every)
    if line == "-":
        panel.fill_between(x, low, high, color=COLOURS[name], alpha=0.15, linewidth=0)


def at_equal_sir(group: dict[str, Any], path: Path) -> None:
    """Draw SAR against SIR, the mean over excerpts: who stands higher at the same place is better, like for like."""
    with mpl.rc_context(STYLE):
        figure, panels = _panels()
        for panel, stem in zip(panels, TITLES, strict=True):
            swept = [name for name, model in group["models"].items() if len(model["alphas"]) > 1]
            for line, name in zip(LINES, swept, strict=False):
                model = group["models"][name]
                sir, sar = (_gaps(model[stem][score]["mean"]) for score in ("sir", "sar"))
                panel.plot(sir, sar, line, label=name, linewidth=1.5)
            for marker, name in (("*", "ibm"), ("D", "irm")):
                if name in group["models"]:
                    model = group["models"][name][stem]
                    panel.plot(model["sir"]["mean"], model["sar"]["mean"], marker, color="0.3", label=name)
            panel.set(title=TITLES[stem], xlabel="SIR (dB)", ylabel="SAR (dB)", ylim=(-5, 25))
        _save(figure, path)


def _panels() -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(9.0, 4.0), layout="constrained")
    return figure, list(figure.subplots(1, 2))


def _gaps(values: list[float | None]) -> list[float]:
    """Turn None into NaN, which leaves a gap."""
    return [float("nan") if value is None else value for value in values]


def _save(figure: Figure, path: Path) -> None:
    """Write the picture with one legend for both panels."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
