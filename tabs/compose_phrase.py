"""The opening phrase of the Compose tab: played on keys, read from a MIDI file, or hummed."""

from __future__ import annotations

import gradio as gr

import audio
from models.composition import hum
from models.composition.blues_form import TICKS_PER_BAR
from models.composition.call import MOST_BARS, phrase, remarks
from models.composition.score import Score, read_midi
from tabs.compose_mount import mount

ABOUT = """The model plays on from it. Tap the keys, a beat each; or take it from a MIDI file; or hum it, in a
steady beat at the tempo above: your first note is the first beat.
"""


def build(tempo: gr.Slider) -> gr.HTML:
    """Lay the ways out by which a phrase can come; return the component that holds it."""
    gr.Markdown(ABOUT)
    notes = gr.HTML(
        value=[],
        html_template='<div class="compose-phrase"></div>',
        apply_default_css=False,
        ticks=MOST_BARS * TICKS_PER_BAR,
        js_on_load=mount("compose_phrase.js", "mountPhrase"),
        elem_id="compose-phrase",
    )
    midi = gr.UploadButton("Take it from a MIDI file", file_types=[".mid", ".midi"], size="sm")
    midi.upload(_of_midi, midi, notes, api_visibility="private", show_progress="minimal")
    hummed = gr.Audio(
        sources=["microphone", "upload"], type="filepath", label="Hum it", buttons=[], elem_id="compose-hum"
    )
    hummed.change(_of_hum, [hummed, tempo], notes, api_visibility="private", concurrency_limit=1, concurrency_id="hum")
    return notes


def _of_midi(path: str) -> list[list[int]]:
    """Read the phrase from an uploaded MIDI file."""
    try:
        score = read_midi(path)
    except ValueError as error:
        raise gr.Error(str(error), print_exception=False) from error
    return _packed(score)


def _of_hum(path: str | None, tempo: float) -> list[list[int]]:
    """Write down what was hummed; a recording that was thrown away leaves the phrase as it is."""
    if path is None:
        return gr.skip()
    try:
        return _packed(hum.transcribed(audio.read(path, longest=hum.LONGEST_S), tempo))
    except ValueError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _packed(score: Score) -> list[list[int]]:
    """Take a phrase from a score as the page keeps it, and say what is left out."""
    for remark in remarks(score):
        gr.Info(f"{remark[0].upper()}{remark[1:]}.")
    return [[note.start, note.duration, note.pitch, note.velocity] for note in phrase(score)]
