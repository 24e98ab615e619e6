"""Single notes of every instrument, rendered once into one sound, from which a browser plays live at shifted rates.

Waveform float32 (channel, sample), mono. A note of the bank begins at its attack: live playing has no time for the
silence before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from audio import Audio
from models.composition import drums
from models.composition.blues_form import TICKS_PER_BEAT
from models.composition.render import render
from models.composition.score import DEFAULT_INSTRUMENTS, Note, Score

SAMPLE_RATE = 32_000  # up to 16 kHz, which a hi-hat needs
VELOCITY = 100
SIDE_STICK = 37  # counts in
DRUMS, BASS = "Drums", "Double bass"
SOLOISTS = ("Piano", "Vibraphone", "Tenor sax")
_SOLO_PITCHES = range(48, 90, 5)  # every sample serves two semitones up and down
_ATTACK = 0.01  # of a note's peak: where it is taken to begin
_EDGE_S, _FADE_S = 0.001, 0.3
_TEMPO = 60.0  # so that a beat is a second


@dataclass(frozen=True)
class Sample:
    """Where a note lies in the bank: MIDI pitch, offset and duration in seconds."""

    pitch: int
    offset: float
    duration: float


@dataclass(frozen=True)
class NoteBank:
    """The sound of all notes, and where each instrument's notes are in it."""

    sound: Audio
    samples: Mapping[str, tuple[Sample, ...]]


@dataclass(frozen=True)
class _Voice:
    """What to render of an instrument: its part in a score, its pitches and how many seconds of each."""

    name: str
    part: str
    pitches: Sequence[int]
    seconds: int


_KIT = (
    *(SIDE_STICK, drums.KICK, drums.SNARE, drums.CLOSED_HAT, drums.PEDAL_HAT, drums.RIDE, drums.CRASH),
    *(drums.FLOOR_TOM, drums.LOW_TOM, drums.MID_TOM, drums.HIGH_TOM),
)
VOICES = (
    *(_Voice(name, "melody", _SOLO_PITCHES, 3) for name in SOLOISTS),
    _Voice(BASS, "bass", range(30, 55, 4), 1),
    _Voice(DRUMS, "drums", _KIT, 1),
)


@cache
def note_bank() -> NoteBank:
    """Render every note of the bank.

    Raises:
        RenderError: libfluidsynth or the sound font is missing.
    """
    pieces: list[npt.NDArray[np.float32]] = []
    samples: dict[str, tuple[Sample, ...]] = {}
    at = 0
    for voice in VOICES:
        found = []
        for pitch, piece in zip(voice.pitches, _rendered(voice), strict=True):
            found.append(Sample(pitch, at / SAMPLE_RATE, len(piece) / SAMPLE_RATE))
            pieces.append(piece)
            at += len(piece)
        samples[voice.name] = tuple(found)
    return NoteBank(Audio(np.concatenate(pieces)[None], SAMPLE_RATE), samples)


def _rendered(voice: _Voice) -> list[npt.NDArray[np.float32]]:
    """Play a voice's pitches one after another and cut them apart, (sample,) each."""
    slot = (voice.seconds + 1) * TICKS_PER_BEAT  # a second of rest keeps one note out of the next
    held = voice.seconds * TICKS_PER_BEAT
    notes = [Note(index * slot, held, pitch, VELOCITY, voice.part) for index, pitch in enumerate(voice.pitches)]
    score = Score(tuple(notes), (), _TEMPO, slot * len(notes))
    instruments = DEFAULT_INSTRUMENTS if voice.part == "drums" else {voice.part: voice.name}
    mono = render(score, instruments=instruments, sample_rate=SAMPLE_RATE).samples.mean(axis=0)
    length = (voice.seconds + 1) * SAMPLE_RATE
    kept = voice.seconds * SAMPLE_RATE
    return [_trimmed(mono[start : start + length], kept) for start in range(0, length * len(notes), length)]


def _trimmed(note: npt.NDArray[np.float32], kept: int) -> npt.NDArray[np.float32]:
    """Let a note (sample,) begin at its attack, last `kept` samples and end in silence, without a click."""
    begin = int(np.argmax(np.abs(note) > _ATTACK * np.abs(note).max()))
    edge, fade = round(_EDGE_S * SAMPLE_RATE), round(_FADE_S * SAMPLE_RATE)
    cut = note[max(begin - edge, 0) :][:kept].copy()
    cut[:edge] *= np.linspace(0, 1, edge, dtype=np.float32)
    cut[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    return cut
