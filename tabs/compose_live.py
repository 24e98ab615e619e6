"""The part "Trade fours" of the Compose tab: the visitor and the network take turns over a band.

The page plays by itself; it asks the server for the sounds, for the band's notes, and for an answer to each call. These
come by server functions, which wait in no queue.
"""

from __future__ import annotations

import os
from dataclasses import astuple
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr

import audio
from models.composition import note_bank, trading
from models.composition.accompaniment import FEELS
from models.composition.blues_form import FORMS, PITCH_CLASSES
from models.composition.context import STYLES
from models.composition.score import DEFAULT_INSTRUMENTS, INSTRUMENTS, Note, part_program

INTRODUCTION = """You play some bars, the network answers with as many, over a band that goes round and round. Use the
piano below, the row **A S D F …** of your keyboard, or a MIDI keyboard. Your own sound never leaves this page; the
notes you play do, a moment before the network's turn, so that it can answer on the bar line.
"""
FORM, FEEL, STYLE, TEMPO, BARS = "quick-change", "swing", "licks", 110, 4
_SCRIPT = "import(new URL('room/live.js', document.baseURI)).then((m) => m.mount(element, props, server));"


def warm_up() -> None:
    """Render the sounds and play an answer, so that the first visitor does not wait."""
    sounds()
    answer({"form": FORM, "key": "C", "style": STYLE, "bars": 1, "first_bar": 0, "seed": 0, "notes": []})


def build() -> None:
    """Lay the part out."""
    gr.Markdown(INTRODUCTION)
    gr.HTML(
        html_template='<div class="live-room"></div>',
        apply_default_css=False,
        choices={
            "form": list(FORMS),
            "key": list(PITCH_CLASSES),
            "feel": list(FEELS),
            "style": list(STYLES),
            "bars": list(trading.TRADES),
            "you": list(note_bank.SOLOISTS),
            "network": list(note_bank.SOLOISTS),
        },
        chosen={"form": FORM, "key": "C", "feel": FEEL, "style": STYLE, "bars": BARS, "tempo": TEMPO}
        | {"you": "Piano", "network": "Tenor sax"},
        tempi=[trading.SLOWEST, trading.FASTEST],
        programs=INSTRUMENTS | {name: part_program(part, {}) for part, name in DEFAULT_INSTRUMENTS.items()},
        drums=note_bank.DRUMS,
        server_functions=[sounds, band, answer],
        js_on_load=_SCRIPT,
    )


def sounds(_: Any = None) -> dict[str, Any]:
    """Say where the note bank is, and where each instrument's notes are in it: (pitch, offset, seconds).

    The page has nothing to ask here, but Gradio always hands something over.
    """
    try:
        where = {name: [astuple(sample) for sample in found] for name, found in note_bank.note_bank().samples.items()}
        return {"sound": f"gradio_api/file={quote(str(_bank_file()))}", "samples": where}
    except ValueError as error:
        return {"fault": str(error)}


@cache
def _bank_file() -> Path:
    """Write the note bank into Gradio's cache, from which the page may load."""
    folder = Path(os.environ["GRADIO_TEMP_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"note-bank-{os.getpid()}.flac"
    audio.write(path, note_bank.note_bank().sound)
    return path


def band(wanted: Any) -> dict[str, Any]:
    """Play the band's part of a form in a key; `wanted` is what the page sends.

    Returns:
        Notes as (start, duration, pitch, velocity, instrument) and chords as (start, duration, symbol), in order, and
        the length of it all, in ticks; or a fault.
    """
    try:
        score = trading.Band.of(wanted).score()
    except ValueError as error:
        return {"fault": str(error)}
    instruments = {**DEFAULT_INSTRUMENTS, "drums": note_bank.DRUMS}
    return {
        "notes": [[*_packed(note), instruments[note.part]] for note in score.notes],
        "chords": [list(astuple(chord)) for chord in score.chords],
        "length": score.length,
    }


def answer(call: Any) -> dict[str, Any]:
    """Answer a call, as the page sends it, by notes (start, duration, pitch, velocity), or by a fault."""
    try:
        return {"notes": [_packed(note) for note in trading.answer(trading.Call.of(call))]}
    except ValueError as error:
        return {"fault": str(error)}


def _packed(note: Note) -> list[int]:
    """Write a note as the page takes it."""
    return [note.start, note.duration, note.pitch, note.velocity]
