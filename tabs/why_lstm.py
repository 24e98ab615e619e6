"""The panel "Why LSTM?" of the Compose tab: what training measured, in words, as a table and as curves.

The report is a file that training leaves beside its code (its format is told in training/composition/report.py);
nothing of training is imported. Words and figures come from the file alone.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from tabs.compose_take import COMPOSERS

REPORT = Path(__file__).parent.parent / "training" / "composition" / "report.json"
# Measured, but not offered to visitors: the beginnings of two networks, before they learn melodies.
BEGINNINGS = {
    "feedforward-chords": "Feed-forward network, chords only",
    "rnn-chords": "Simple recurrent network, chords only",
}
GIVEN = ("random-walk",)  # plays the chart that it is given: keeping the form is no merit of its own

Model = dict[str, Any]

COLUMNS = ("Model", "Numbers in it", "Form kept", "Right chords", "First wrong bar", "Too many bits", "Bars of its own")
INTRODUCTION = """Does a network remember where it is in twelve bars? Each was trained as often as the table says
and then left to play by itself. A training run starts several copies of a network from different random numbers (8 for
chords, 3 for melodies) and keeps the best.
"""
EXPLANATION = """**Form kept**: of the training runs, those whose network then played every chord of 100 choruses
right. **Right chords**: share of the eighth-note steps. **First wrong bar**: counted from the first chorus on.
**Too many bits**: how much worse songs that it never heard are guessed than by someone who knows how they are made,
chords and melody together, in bits per song. **Bars of its own**: bars of melody that no song has in that place.
Medians over the training runs, in brackets the lowest and the highest.
"""


def build() -> None:
    """Lay the panel out from the report."""
    gr.Markdown(INTRODUCTION)
    for name, chart in json.loads(REPORT.read_text())["charts"].items():
        models = chart["models"]
        gr.Markdown(f"#### The {name} chart\n{summary(models)}")
        gr.HTML(table(f"Measured on the {name} chart", models), apply_default_css=False)
        gr.HTML(
            curves(models),
            html_template='<div class="why-curves"></div>',
            apply_default_css=False,
            js_on_load="import(new URL('room/why_lstm.js', document.baseURI)).then((m) => m.mount(element, props));",
        )
    gr.Markdown(EXPLANATION)


def title(name: str) -> str:
    """Name a model as the rest of the tab does."""
    return COMPOSERS[name][0] if name in COMPOSERS else BEGINNINGS.get(name, name)


def summary(models: dict[str, Model]) -> str:
    """Say in words who kept the form, where the others lost it, and who guesses best."""
    played = {name: model for name, model in models.items() if "perfect_seeds" in model and name not in GIVEN}
    shares = sorted({(model["perfect_seeds"], model["seeds"]) for model in played.values()}, reverse=True)
    parts = []
    for kept, runs in shares:
        alike = [name for name, model in played.items() if (model["perfect_seeds"], model["seeds"]) == (kept, runs)]
        form = "" if parts else "kept the form through 100 choruses "
        lost = _first_wrong_bars([played[name]["first_failing_bar"] for name in alike])
        names = _listed([f"**{title(name)}**" for name in alike])
        parts.append(f"{names} {form}in {kept} of {_training_runs(runs)}{lost}")
    return f"{'; '.join(parts)}.{_closest(models)}" if parts else _closest(models)


def _training_runs(count: int) -> str:
    """Count training runs in words."""
    return f"{count} training run{'' if count == 1 else 's'}"


def _first_wrong_bars(spreads: list[dict[str, float | None] | None]) -> str:
    """Say in brackets where the form is lost in the median run, if it is."""
    bars = [f"{spread['median']:.0f}" for spread in spreads if spread and spread["median"] is not None]
    return f" (first wrong bar: {_listed(bars)})" if bars else ""


def _closest(models: dict[str, Model]) -> str:
    """Say which network guesses unheard songs best."""
    losses = {name: m["excess_bits_per_song"]["median"] for name, m in models.items() if "excess_bits_per_song" in m}
    if not losses:
        return ""
    best = min(losses, key=losses.__getitem__)
    return (
        f" Of those that guess chords and melody, {title(best)} comes closest to the floor: {losses[best]:.2f} bits "
        "too many per song it never heard."
    )


def _listed(words: list[str]) -> str:
    """Join words: a, b and c."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def table(caption: str, models: dict[str, Model]) -> str:
    """Write the measured figures as an HTML table."""
    head = "".join(f'<th scope="col">{column}</th>' for column in COLUMNS)
    rows = "".join(_row(name, model) for name, model in models.items())
    return (
        f'<div class="why-table" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(name: str, model: Model) -> str:
    """Write one model's figures; a dash where one does not apply."""
    given = name in GIVEN or "perfect_seeds" not in model
    failing = model.get("first_failing_bar")
    cells = [
        f"{model['parameters']:,}",
        "chart given" if given else f"{model['perfect_seeds']} of {model['seeds']}",
        "\u2013" if given else figure(model.get("chord_accuracy"), "{:.1%}"),
        "\u2013" if given else ("never" if failing is None else figure(failing, "{:.0f}")),
        figure(model.get("excess_bits_per_song"), "{:.2f}"),
        f"{model['segments']['?']:.1%}" if "segments" in model else "\u2013",
    ]
    return f'<tr><th scope="row">{escape(title(name))}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def figure(spread: dict[str, float | None] | None, form: str) -> str:
    """Write a median with its extremes; None within stands for never."""
    if spread is None:
        return "\u2013"
    median, low, high = (
        "never" if spread[name] is None else form.format(spread[name]) for name in ("median", "low", "high")
    )
    return median if low == high else f"{median} ({low} to {high})"


def curves(models: dict[str, Model]) -> list[dict[str, Any]]:
    """Pack the training curves of the networks: nats per song over the floor, one list per run."""
    return [{"title": title(name), "runs": model["curves"]} for name, model in models.items() if model.get("curves")]
