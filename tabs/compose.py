"""The Compose tab: choose, compose, hear, edit and keep a blues."""

from __future__ import annotations

from threading import Thread
from typing import Any

import gradio as gr

from models.checkpoint import CheckpointError
from models.composition import generate, hum
from models.composition.generate import JOINT
from models.composition.metrics import chord_accuracy, roll_in_c, segment_letters
from models.composition.render import mixed, render, stems
from models.composition.score import FASTEST
from tabs import compose_comparison, compose_live, compose_settings, why_lstm
from tabs.compose_judged import judged, verdict
from tabs.compose_mount import mount
from tabs.compose_take import (
    COMPOSERS,
    Take,
    Wishes,
    address,
    anew,
    composed,
    stem,
    view,
    write_paper,
    write_sound,
)

LONGEST_TAKE_S = 200  # a browser decodes every part of the take: 280 MB there
MOST_UNDONE = 10  # takes that are remembered
INTRODUCTION = """### A network that improvises the blues
Choose a form and press **Compose**. The network plays a melody over its chords, note by note, and a band of piano, bass
and drums accompanies it. Then listen, mute and solo the players, keep the bars that you like and have the others
played anew.

Give it a phrase of your own to begin with, if you like: play it, hum it, or take it from a MIDI file.

The networks of 2002 are here as well, under **Composed by**: Eck and Schmidhuber showed with them that an LSTM can
keep a twelve-bar form where older networks lost the thread.
"""
ASK = "{replay: (kept) => trigger('replay', {kept}), undo: () => trigger('undo', {})}"

Shown = tuple[str, dict[str, Any], gr.DownloadButton, gr.DownloadButton, gr.DownloadButton, gr.DownloadButton]


def warm_up() -> None:
    """Load the networks, and the synthesiser once, so that the first visitor does not wait."""
    generate.trained("lstm")
    wishes = Wishes("C", FASTEST, 1, "Tenor sax", "Piano", 0, [], 0.5, 1.0)
    render(composed(JOINT, wishes).score)
    compose_live.warm_up()
    Thread(target=hum.warm_up, daemon=True).start()  # takes ten seconds where nothing is cached; nothing waits for it


def build() -> None:
    """Lay the tab out and bind its events; without its network the tab says what is wrong and stays empty."""
    try:
        generate.trained("lstm")
    except CheckpointError as error:
        gr.Markdown(f"### The composer cannot play\n{error}")
        return
    takes = gr.State([])
    with gr.Row(equal_height=False, elem_classes="compose-room"):
        with gr.Column(scale=2, min_width=300):
            model, settings, button = compose_settings.build()
        with gr.Column(scale=3, min_width=300):
            result = _result()
    with gr.Accordion("Trade fours", open=False):
        compose_live.build()
    with gr.Accordion("Compare the networks", open=False):
        compose_comparison.build(settings[: compose_comparison.SETTINGS])
    if why_lstm.REPORT.is_file():
        with gr.Accordion("Why LSTM?", open=False):
            why_lstm.build()
    shared = {"concurrency_limit": 2, "concurrency_id": "compose", "show_progress_on": result[0]}
    button.click(_compose, [model, *settings], [takes, *result], api_name="compose", api_visibility="public", **shared)
    result[1].replay(_replay, takes, [takes, *result], api_visibility="private", **shared)
    result[1].undo(_undo, takes, [takes, *result], api_visibility="private", **shared)


def _result() -> list[gr.components.Component]:
    """Create the outputs of a take in order: text, piano roll with player, four downloads."""
    text = gr.Markdown(INTRODUCTION, elem_id="compose-text")
    roll = gr.HTML(
        html_template='<div class="compose-take"></div>',
        apply_default_css=False,
        js_on_load=mount("compose_take.js", "mountTake", ASK),
        elem_id="compose-take",
    )
    with gr.Row():
        kinds = ("WAV", "FLAC", "MIDI", "MusicXML")
        downloads = [gr.DownloadButton(f"Download {kind}", visible=False, min_width=120, size="sm") for kind in kinds]
    return [text, roll, *downloads]


def _compose(
    model: str,
    key: str,
    tempo: float,
    choruses: int,
    melody: str,
    chords: str,
    seed: int | None,
    notes: Any,
    threshold: float,
    temperature: float,
    form: str,
    style: str,
    feel: str,
    density: str,
    limit: str,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio finds it by this default)
) -> tuple[list[Take], *Shown]:
    """Compose, render and write a take; on bad input raise gr.Error, which leaves the take before in place."""
    try:
        played = key, tempo, choruses, melody, chords, seed, notes, threshold, temperature
        wishes = Wishes(*played, form, style, feel, compose_settings.DENSITIES[density], compose_settings.LIMITS[limit])
        _refuse_long(wishes)
        progress(0.1, "Composing")
        takes = [composed(model, wishes)]
        progress(0.3, "Playing")
        return takes, *_shown(takes)
    except ValueError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _replay(takes: list[Take], event: gr.EventData) -> tuple[list[Take], *Shown]:
    """Play the bars anew that the page does not want to keep."""
    kept = event._data.get("kept")
    if not takes or not isinstance(kept, list) or not all(type(bar) is int for bar in kept):
        raise gr.Error("There is nothing to play anew; compose first.", print_exception=False)
    try:
        takes = [*takes[-MOST_UNDONE:], anew(takes[-1], kept)]
        return takes, *_shown(takes)
    except ValueError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _undo(takes: list[Take]) -> tuple[list[Take], *Shown]:
    """Return to the take before."""
    if len(takes) < 2:
        raise gr.Error("There is nothing to undo.", print_exception=False)
    return takes[:-1], *_shown(takes[:-1])


def _shown(takes: list[Take]) -> Shown:
    """Render the last take, write its files, and pack what the page shows of it."""
    take = takes[-1]
    parts = stems(take.score, instruments=take.wishes.instruments)
    name = stem(take)
    by_part = {part: name.with_name(f"{name.name}-{part}") for part in parts}
    sounds = [
        {"part": part, "sound": address(write_sound(by_part[part], "flac", sound))} for part, sound in parts.items()
    ]
    mix = mixed(parts)
    files = (write_sound(name, "wav", mix), write_sound(name, "flac", mix), *write_paper(name, take))
    editing = {"editable": take.model == JOINT, "undoable": len(takes) > 1}
    shown = view(take) | {"stems": sounds} | judged(take) | editing
    return _description(take), shown, *(gr.DownloadButton(value=str(path), visible=True) for path in files)


def _refuse_long(wishes: Wishes) -> None:
    """Raise ValueError for a take that is too long for the page."""
    if wishes.seconds > LONGEST_TAKE_S:
        raise ValueError(
            f"{wishes.choruses} choruses at {wishes.tempo:g} beats per minute last {wishes.seconds / 60:.1f} minutes; "
            f"the page plays up to {LONGEST_TAKE_S / 60:.1f}. Choose fewer choruses or a faster tempo"
        )


def _description(take: Take) -> str:
    """Say what the take is, and of a network of 2002 how far it kept to what it learned."""
    score, wishes = take.score, take.wishes
    blues = f"{wishes.form} blues in {score.key}, {score.tempo:g} beats per minute, seed {wishes.seed}"
    title = f"### {COMPOSERS[take.model][0]}: {blues}"
    if take.model == JOINT:
        return f"{title}\n{verdict(take)}"
    kept = chord_accuracy(roll_in_c(score), wishes.chart)
    form = "It kept the twelve-bar form throughout." if kept == 1 else f"It kept to the form {kept:.0%} of the time."
    return f"{title}\n{form} {_known(take)}"


def _known(take: Take) -> str:
    """Say how many bars of the melody are segments of the training songs."""
    if not take.score.part("melody").notes:
        return "It plays no melody."
    _, segments = generate.trained("lstm", take.wishes.chart)
    letters = segment_letters(roll_in_c(take.score), segments)
    known = len(letters) - letters.count("?")
    rest = "." if known == len(letters) else ", the rest is its own."
    return f"{known} of {len(letters)} bars are melodies of the songs that the networks learned{rest}"
