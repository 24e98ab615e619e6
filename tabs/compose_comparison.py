"""The comparison of the Compose tab: the same beginning continued by every model that plays a melody."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import gradio as gr

from models.composition import generate
from models.composition.blues_form import BEBOP
from models.composition.generate import JOINT
from models.composition.render import render
from tabs.compose_mount import mount
from tabs.compose_take import COMPOSERS, Wishes, address, composed, stem, view, write_sound

SETTINGS = 9  # of the tab's controls, those that every model heeds
MOST_CHORUSES = 2  # enough to lose the form in
LONGEST_S = 75  # a browser keeps every sound decoded: 60 MB each at this length
INTRODUCTION = f"""The same seed notes, seed number, key and tempo as above, continued by each model for up to
{MOST_CHORUSES} choruses. Press **Play** at any of them: the sound changes over, the place in the music stays.
Bars in which a model played other chords than the chart's are hatched and named.
"""


def build(settings: list[gr.components.Component]) -> None:
    """Lay the comparison out; `settings` are the first SETTINGS controls of the tab, in the order of Wishes."""
    gr.Markdown(INTRODUCTION)
    button = gr.Button("Compare", variant="secondary", elem_id="compose-compare")
    rolls = gr.HTML(
        html_template='<div class="compose-comparison" hidden></div>',
        apply_default_css=False,
        js_on_load=mount("comparison.js", "mountComparison"),
        elem_id="compose-comparison",
    )
    button.click(_compared, settings, rolls, api_visibility="private", concurrency_limit=1, concurrency_id="compare")


def compared() -> tuple[str, ...]:
    """Name the models that can be compared here: those of 2002 that continue a melody, and what they beat."""
    ready = generate.available()
    return tuple(name for name in COMPOSERS if name in ready and name not in ("lstm-chords", JOINT))


def _compared(
    key: str,
    tempo: float,
    choruses: int,
    melody: str,
    chords: str,
    seed: int | None,
    notes: Any,
    threshold: float,
    temperature: float,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio finds it by this default)
) -> dict[str, Any]:
    """Let every model play; on bad input raise gr.Error, which leaves the comparison before in place."""
    names = compared()
    takes = []
    try:
        choruses = min(choruses, MOST_CHORUSES)
        wishes = Wishes(key, tempo, choruses, melody, chords, seed, notes, threshold, temperature)
        _refuse_long(wishes)
        for done, name in enumerate(names):
            progress((done + 0.2) / len(names), COMPOSERS[name][0])
            takes.append(_take(name, wishes))
    except ValueError as error:
        raise gr.Error(str(error), print_exception=False) from error
    return {"takes": takes}


def _refuse_long(wishes: Wishes) -> None:
    """Raise ValueError for what is too long to keep decoded once per model."""
    if wishes.seconds > LONGEST_S:
        fastest = wishes.seconds * wishes.tempo / LONGEST_S
        raise ValueError(
            f"{wishes.choruses} choruses at {wishes.tempo:g} beats per minute are too long to compare; choose one "
            f"chorus or a tempo from {fastest:.0f}"
        )


def _take(name: str, wishes: Wishes) -> dict[str, Any]:
    """Compose and render one model's take and pack it with its words."""
    take = composed(name, wishes)
    wav = write_sound(stem(take), "wav", render(take.score, instruments=wishes.instruments))
    title, about = COMPOSERS[name]
    shown = view(take)
    words = {"title": title, "about": about, "verdict": verdict(shown["wrongBars"], wishes.choruses)}
    return shown | words | {"sound": address(wav)}


def verdict(wrong: list[int], choruses: int) -> str:
    """Say in words which bars, counted from 0, have wrong chords."""
    bars = len(BEBOP.bars) * choruses
    if not wrong:
        return f"Every chord of the {bars} bars is right."
    return f"Wrong chords in {len(wrong)} of {bars} bars: {_ranges(wrong)}."


def _ranges(bars: list[int]) -> str:
    """Write bars as musicians count them, from 1, runs joined: 3, 7-9."""
    runs = [[bar for _, bar in run] for _, run in groupby(enumerate(bars), lambda pair: pair[1] - pair[0])]
    return ", ".join(str(run[0] + 1) if len(run) == 1 else f"{run[0] + 1}\u2013{run[-1] + 1}" for run in runs)
