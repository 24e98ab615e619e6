"""A take of the Compose tab: wishes from the page, a score, its sound and files, and what the page shows of it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import audio
from models.composition import generate
from models.composition.blues_form import BEATS_PER_BAR, BEBOP, PITCH_CLASSES, TICKS_PER_BAR, pitch_class
from models.composition.metrics import form_errors
from models.composition.musicxml import write_musicxml
from models.composition.render import render
from models.composition.score import Score, write_midi

# The composers that visitors meet: title and one line on each, in the order of their history.
COMPOSERS = {
    "random-walk": ("Random walk", "No network: steps up and down a five-note scale over the right chords."),
    "markov": ("Markov table", "No network: looks up what followed the last three notes."),
    "feedforward": ("Feed-forward network", "Hears a short window of the past and remembers nothing before it."),
    "rnn": ("Simple recurrent network", "Hears the last step and its own state, which every step rewrites."),
    "lstm-chords": (
        "LSTM, chords only",
        "The first experiment of 2002: eight memory cells, no melody, so no seed notes.",
    ),
    "lstm": ("LSTM", "The second experiment of 2002: memory cells for chords and for melody."),
    "lstm-wide": ("LSTM, wide", "The same design with more memory cells."),
}


@dataclass(frozen=True)
class Wishes:
    """What a visitor asked for, as the page sends it.

    Raises:
        ValueError: a seed number or seed notes that are none.
    """

    key: str
    tempo: float
    choruses: int
    melody: str
    chords: str
    seed: int | None
    notes: Any
    threshold: float
    temperature: float

    def __post_init__(self) -> None:
        """Refuse an empty seed number and anything but MIDI pitches as seed notes."""
        if self.seed is None:
            raise ValueError(f"the seed number is empty; type a whole number from 0 to {generate.HIGHEST_SEED}")
        pitches = self.notes or []
        if not isinstance(pitches, list) or not all(type(pitch) is int and 0 <= pitch <= 127 for pitch in pitches):
            raise ValueError("the seed notes must be a list of MIDI pitches from 0 to 127")

    @property
    def primer(self) -> tuple[int, ...]:
        """Seed notes, MIDI pitches."""
        return tuple(self.notes or ())

    @property
    def instruments(self) -> dict[str, str]:
        """Instrument of each part."""
        return {"melody": self.melody, "chords": self.chords}

    @property
    def seconds(self) -> float:
        """How long the take will last."""
        return self.choruses * len(BEBOP.bars) * BEATS_PER_BAR * 60 / self.tempo


def composed(model: str, wishes: Wishes) -> Score:
    """Let a model play on from the wishes' seed notes.

    Raises:
        ValueError: a wish out of range.
    """
    return generate.compose(
        model,
        key=wishes.key,
        tempo=wishes.tempo,
        choruses=wishes.choruses,
        seed=wishes.seed,
        primer=wishes.primer,
        threshold=wishes.threshold,
        temperature=wishes.temperature,
    )


def stem(model: str, score: Score, seed: int) -> Path:
    """Choose a file name without suffix, in a fresh folder of Gradio's cache, from which the page may load."""
    cache = os.environ["GRADIO_TEMP_DIR"]
    os.makedirs(cache, exist_ok=True)
    key = PITCH_CLASSES[pitch_class(score.key)].replace("#", "sharp")
    return Path(tempfile.mkdtemp(prefix="take-", dir=cache)) / f"blues-{model}-{key}-{score.tempo:g}bpm-seed{seed}"


def write_sound(name: Path, score: Score, instruments: dict[str, str]) -> Path:
    """Render a take to WAV."""
    wav = name.with_name(f"{name.name}.wav")
    audio.write(wav, render(score, instruments=instruments))
    return wav


def write_paper(name: Path, score: Score, instruments: dict[str, str]) -> tuple[Path, Path]:
    """Write a take as MIDI and MusicXML."""
    midi, sheet = (name.with_name(f"{name.name}.{suffix}") for suffix in ("mid", "musicxml"))
    write_midi(midi, score, instruments)
    write_musicxml(sheet, score, instruments)
    return midi, sheet


def view(score: Score, seeded: int, wav: Path) -> dict[str, Any]:
    """Pack what the piano roll shows and plays; times in ticks, wrong bars from 0."""
    return {
        "sound": f"gradio_api/file={quote(str(wav))}",
        "notes": [[note.start, note.duration, note.pitch, note.part] for note in score.notes],
        "chords": [[chord.start, chord.duration, chord.symbol] for chord in score.chords],
        "length": score.length,
        "ticksPerBar": TICKS_PER_BAR,
        "barsPerChorus": len(BEBOP.bars),
        "secondsPerTick": score.seconds_per_tick,
        "seeded": seeded,
        "wrongBars": list(form_errors(score, BEBOP)),
    }
