"""A take of the Compose tab: wishes from the page, a score, its sound and files, and what the page shows of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import audio
from audio import Audio
from models.composition import generate
from models.composition.accompaniment import accompany
from models.composition.blues_form import (
    BEATS_PER_BAR,
    PITCH_CLASSES,
    TICKS_PER_BAR,
    Form,
    form_named,
    pitch_class,
)
from models.composition.call import call_events
from models.composition.events import notes_of
from models.composition.generate import JOINT
from models.composition.metrics import form_errors
from models.composition.musicxml import write_musicxml
from models.composition.primer import MOST_PRIMER_NOTES
from models.composition.score import Note, Score, write_midi
from models.composition.solo import Manner, bars_of, call_and_answer, replayed

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
    JOINT: (
        "Joint model, with band",
        "Draws rhythm, pitch and touch of each note together; a band by rule accompanies.",
    ),
}
METERS = {"swing": "4/4", "shuffle": "12/8"}  # of a feel
REPLAY_STRIDE = 1000  # seed numbers between one replay and the next; those between are the bars'


@dataclass(frozen=True)
class Wishes:
    """What a visitor asked for, as the page sends it; the last five are for the joint model, but for the form.

    Raises:
        ValueError: a seed number or a phrase that is none.
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
    form: str = "bebop"
    style: str = "licks"
    feel: str = "swing"
    density: float | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        """Refuse an empty seed number, an unknown feel, and anything but notes as a phrase."""
        if self.seed is None:
            raise ValueError(f"the seed number is empty; type a whole number from 0 to {generate.HIGHEST_SEED}")
        if self.feel not in METERS:
            raise ValueError(f"unknown feel {self.feel!r}; choose one of {', '.join(METERS)}")
        notes = self.notes or []
        if not isinstance(notes, list) or not all(map(_is_note, notes)):
            raise ValueError(
                "the phrase must be a list of notes, each [start, ticks, pitch, velocity] in whole numbers"
            )

    @property
    def phrase(self) -> tuple[Note, ...]:
        """The opening phrase."""
        return tuple(Note(*note, "melody") for note in self.notes or ())

    @property
    def chart(self) -> Form:
        """The form."""
        return form_named(self.form)

    @property
    def instruments(self) -> dict[str, str]:
        """Instrument of each part that has a choice."""
        return {"melody": self.melody, "chords": self.chords}

    @property
    def seconds(self) -> float:
        """How long the take will last."""
        return self.choruses * len(self.chart.bars) * BEATS_PER_BAR * 60 / self.tempo


def _is_note(value: Any) -> bool:
    """Tell whether a value from the page is [start, ticks, pitch, velocity]."""
    return isinstance(value, list) and len(value) == 4 and all(type(number) is int for number in value)


@dataclass(frozen=True)
class Take:
    """What was played.

    Attributes:
        model: who played it.
        wishes: what was asked for.
        score: the piece.
        seeded: how many of the melody's first notes are the visitor's.
        kept: bars that were kept when the others were played anew, from 0.
        replays: how often bars were played anew.
    """

    model: str
    wishes: Wishes
    score: Score
    seeded: int
    kept: tuple[int, ...] = ()
    replays: int = 0


def composed(model: str, wishes: Wishes) -> Take:
    """Let a model play on from the wishes' phrase.

    Raises:
        ValueError: a wish out of range.
    """
    if model == JOINT:
        return _improvised(wishes)
    primer = tuple(note.pitch for note in wishes.phrase)[:MOST_PRIMER_NOTES]
    score = generate.compose(
        model,
        form=wishes.form,
        key=wishes.key,
        tempo=wishes.tempo,
        choruses=wishes.choruses,
        seed=wishes.seed,
        primer=primer,
        threshold=wishes.threshold,
        temperature=wishes.temperature,
    )
    return Take(model, wishes, score, len(primer))


def _improvised(wishes: Wishes) -> Take:
    """Let the joint model answer the phrase over the form, and a band accompany."""
    score = call_and_answer(
        wishes.phrase,
        wishes.chart,
        _manner(wishes),
        wishes.seed,
        key=wishes.key,
        tempo=wishes.tempo,
        choruses=wishes.choruses,
        meter=METERS[wishes.feel],
    )
    played = accompany(score, feel=wishes.feel, seed=wishes.seed, bars_per_chorus=len(wishes.chart.bars))
    return Take(JOINT, wishes, played, len(notes_of(call_events(wishes.phrase, wishes.key))))


def anew(take: Take, kept: Collection[int]) -> Take:
    """Play all bars but the kept ones anew, each time differently; the band stays.

    Raises:
        ValueError: bars that the take does not have, or nothing left to play.
    """
    bars = set(range(take.score.length // TICKS_PER_BAR))
    if not set(kept) < bars:
        raise ValueError("choose at least one bar to play anew, among those that the take has")
    wishes, replays = take.wishes, take.replays + 1
    seed = wishes.seed + REPLAY_STRIDE * replays
    score = replayed(take.score, wishes.chart, bars - set(kept), _manner(wishes), seed)
    called = range(len(bars_of(call_events(wishes.phrase, wishes.key))))
    seeded = take.seeded if set(called) <= set(kept) else 0
    return replace(take, score=score, seeded=seeded, kept=tuple(sorted(kept)), replays=replays)


def _manner(wishes: Wishes) -> Manner:
    """Say how the joint model shall play."""
    return Manner(wishes.style, wishes.temperature, wishes.density, wishes.limit)


def stem(take: Take) -> Path:
    """Choose a file name without suffix, in a fresh folder of Gradio's cache, from which the page may load."""
    cache = os.environ["GRADIO_TEMP_DIR"]
    os.makedirs(cache, exist_ok=True)
    score, wishes = take.score, take.wishes
    key = PITCH_CLASSES[pitch_class(score.key)].replace("#", "sharp")
    edit = f"-edit{take.replays}" if take.replays else ""
    name = f"blues-{take.model}-{wishes.form}-{key}-{score.tempo:g}bpm-seed{wishes.seed}{edit}"
    return Path(tempfile.mkdtemp(prefix="take-", dir=cache)) / name


def write_sound(name: Path, suffix: str, sound: Audio) -> Path:
    """Write a sound of a take as wav or flac."""
    path = name.with_name(f"{name.name}.{suffix}")
    audio.write(path, sound)
    return path


def write_paper(name: Path, take: Take) -> tuple[Path, Path]:
    """Write a take as MIDI and MusicXML."""
    midi, sheet = (name.with_name(f"{name.name}.{suffix}") for suffix in ("mid", "musicxml"))
    write_midi(midi, take.score, take.wishes.instruments)
    write_musicxml(sheet, take.score, take.wishes.instruments)
    return midi, sheet


def address(path: Path) -> str:
    """Where the page finds a file of Gradio's cache."""
    return f"gradio_api/file={quote(str(path))}"


def view(take: Take) -> dict[str, Any]:
    """Pack what the piano roll shows; times in ticks, bars from 0."""
    score, form = take.score, take.wishes.chart
    return {
        "notes": [[note.start, note.duration, note.pitch, note.part] for note in score.notes],
        "chords": [[chord.start, chord.duration, chord.symbol] for chord in score.chords],
        "length": score.length,
        "ticksPerBar": TICKS_PER_BAR,
        "barsPerChorus": len(form.bars),
        "secondsPerTick": score.seconds_per_tick,
        "seeded": take.seeded,
        "kept": list(take.kept),
        "wrongBars": [] if take.model == JOINT else list(form_errors(score, form)),  # its chords are the chart's
    }
