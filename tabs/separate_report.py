"""The panel "How good is it?" of the Separate tab: what was measured on test material, as tables and as curves.

The report is a file that training leaves beside its code (its format is told in training/separation/report.py);
nothing of training is imported. Songs that a model learned from are left out. Figures come from the file alone.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from tabs.separate_cut import MODELS

REPORT = Path(__file__).parent.parent / "training" / "separation" / "report.json"
MODEL, RIVAL = "deep-karaoke", "nmf"
START_ALPHA = 0.5  # where the slider stands at first
LEARNED_FROM = "(trained on)"  # ends the name of a group of songs that a model learned from
STEMS = {"vocals": "Vocals", "accompaniment": "Accompaniment"}
SCORES = ("sir", "sar", "sdr")
# Measured beside the models: nothing done at all, and the best that any mask could do.
BOUNDS = {"mixture": "The song itself", "ibm": "Ideal binary mask", "irm": "Ideal ratio mask"}
ROWS = {"mixture": BOUNDS["mixture"], **{name: MODELS[name][0] for name in reversed(MODELS)}, **BOUNDS}
INTRODUCTION = """Measured where the stems are known and no model learned from the song, both stems equally loud, by the
paper's rule. Each stem is cut at the alpha that gives it the best mean SDR here, which flatters all models alike; ours
stands there at 0.5 as well, where the slider begins. **SIR**: how little of the other stem is left. **SAR**: how little
the mask damaged. **SDR**: both together. Means in dB, higher is better, with their 95 % bootstrap intervals.
"""

Figures = dict[str, Any]


def build() -> None:
    """Lay the panel out from the report."""
    gr.Markdown(INTRODUCTION)
    for name, group in json.loads(REPORT.read_text())["groups"].items():
        if name.endswith(LEARNED_FROM):
            continue
        gr.Markdown(f"#### {heading(name, group)}\n{comparison(group['like_to_like'])}")
        gr.HTML(table(heading(name, group), group["models"]), apply_default_css=False)
        gr.HTML(
            curves(group["models"]),
            html_template='<div class="separate-curves"></div>',
            apply_default_css=False,
            js_on_load=(
                "import(new URL('room/separate_curves.js', document.baseURI))"
                ".then((m) => m.mountMeans(element, props));"
            ),
        )


def heading(name: str, group: Figures) -> str:
    """Say what the excerpts of a group are of."""
    count = len(group["songs"])
    if name == "clips":
        return f"{group['excerpts']} clips of {count} singers that no model has heard"
    return f"{group['excerpts']} excerpts of {count} songs that no model learned from"


def comparison(rivals: dict[str, Figures]) -> str:
    """Write what the presentation claims: how much higher the network's SAR is where the SIR is equal."""
    lines = []
    for rival, stems in rivals.items():
        parts = [f"{title.lower()} {difference(stems[stem])}" for stem, title in STEMS.items()]
        lines.append(f"- {MODELS[MODEL][0]} against {MODELS[rival][0]}, SAR at equal SIR: {'; '.join(parts)}")
    return "\n".join(lines)


def difference(found: Figures) -> str:
    """Write one difference with its interval and its test."""
    if not found["excerpts"]:
        return "have no SIR in common"
    return (
        f"**{found['mean_db']:+.1f} dB** ({found['low_db']:+.1f} to {found['high_db']:+.1f}; "
        f"Wilcoxon p = {found['wilcoxon_p']:.2g})"
    )


def table(caption: str, models: dict[str, Figures]) -> str:
    """Write the scores of all models as an HTML table."""
    stems = "".join(f'<th colspan="{1 + len(SCORES)}" scope="colgroup">{title}</th>' for title in STEMS.values())
    columns = "".join(f'<th scope="col">{name}</th>' for name in ("alpha", *(score.upper() for score in SCORES)))
    rows = "".join(_rows(name, models[name]) for name in ROWS if name in models)
    return (
        f'<div class="separate-scores" tabindex="0" role="region" aria-label="{escape(caption)}"><table><thead>'
        f'<tr><td></td>{stems}</tr><tr><th scope="col">Separated by</th>{columns * len(STEMS)}</tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
    )


def _rows(name: str, model: Figures) -> str:
    """Write one model with each stem at its best alpha, and ours as well where the slider begins."""
    best = _row(ROWS[name], model, [best_index(model, stem) for stem in STEMS])
    if name != MODEL:
        return best
    return best + _row("The same, at the start", model, [model["alphas"].index(START_ALPHA)] * len(STEMS))


def _row(title: str, model: Figures, indices: list[int]) -> str:
    """Write the scores of each stem at one alpha; a dash where there is none, as the SAR of the song itself."""
    cells = []
    for stem, index in zip(STEMS, indices, strict=True):
        alpha = model["alphas"][index]
        cells += [
            "\u2013" if alpha is None else f"{alpha:g}",
            *(_figure(model[stem][score], index) for score in SCORES),
        ]
    return f'<tr><th scope="row">{escape(title)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _figure(score: Figures, index: int) -> str:
    """Write a mean with its interval."""
    mean, low, high = (score[name][index] for name in ("mean", "low", "high"))
    return "\u2013" if mean is None else f"{mean:z.1f} <small>({low:z.1f} to {high:z.1f})</small>"


def best_index(model: Figures, stem: str) -> int:
    """Find the alpha with the highest mean SDR of a stem."""
    means = model[stem]["sdr"]["mean"]
    return max((index for index, mean in enumerate(means) if mean is not None), key=means.__getitem__)


def curves(models: dict[str, Figures]) -> list[Figures]:
    """Pack the mean curves of the network and of its rival as tabs/separate_curves.py packs those of a song."""
    return [
        {
            "title": MODELS[name][0],
            "alphas": models[name]["alphas"],
            "stems": [{score: models[name][stem][score]["mean"] for score in SCORES} for stem in STEMS],
        }
        for name in (MODEL, RIVAL)
        if name in models
    ]
