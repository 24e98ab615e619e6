"""A piece on paper: notes with velocity, chords, tempo; MIDI in and out. The only module that imports pretty_midi.

Time is in ticks, 12 per beat, never seconds. Pitch and velocity are MIDI numbers. A bar has four beats in both meters;
in 12/8 a beat is a dotted quarter. Four parts: melody, chords, bass, and drums, whose pitches are those of the General
MIDI drum map.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from models.composition.blues_form import TICKS_PER_BAR, TICKS_PER_BEAT, transposed_symbol

with contextlib.redirect_stdout(io.StringIO()):  # it imports pyfluidsynth, which prints a line where CI is set
    import pretty_midi
from mido import KeySignatureError

PARTS = ("melody", "chords", "bass", "drums")
METERS = {"4/4": 1.0, "12/8": 1.5}  # quarters that a beat lasts
SLOWEST, FASTEST = 40, 300  # beats per minute
LARGEST_MIDI_BYTES = 1024 * 1024
LONGEST_MIDI_S = 30 * 60
_RESOLUTION = 480  # MIDI ticks per beat, a multiple of ours, so that every position is exact
_NO_CHORD, _END = "N.C.", "end"  # text events: a stretch without a chord; the final bar line and the key

# General MIDI programs (counted from 0) that suit a blues.
INSTRUMENTS = {
    "Piano": 0,
    "Electric piano": 4,
    "Vibraphone": 11,
    "Organ": 16,
    "Harmonica": 22,
    "Jazz guitar": 26,
    "Trumpet": 56,
    "Muted trumpet": 59,
    "Tenor sax": 66,
    "Clarinet": 71,
}
BASSES = {"Double bass": 32, "Electric bass": 33}
DEFAULT_INSTRUMENTS = {"melody": "Tenor sax", "chords": "Piano", "bass": "Double bass"}  # drums have a channel instead
# What mido and pretty_midi raise on damaged files is not documented; these were seen on mutated ones.
_DAMAGED = (
    *(OSError, EOFError, ValueError, KeyError, IndexError, TypeError, ArithmeticError, struct.error),
    KeySignatureError,
)


class ScoreError(ValueError):
    """A score or MIDI file that cannot be used; the message says what is wrong with it and what to do."""


@dataclass(frozen=True, order=True)
class Note:
    """One note: start and duration in ticks, pitch 0-127, velocity 1-127, a part of PARTS."""

    start: int
    duration: int
    pitch: int
    velocity: int
    part: str

    def __post_init__(self) -> None:
        """Refuse what cannot be played."""
        if self.start < 0 or self.duration < 1:
            raise ScoreError(f"a note needs start >= 0 and duration >= 1 ticks, got {self.start} and {self.duration}")
        if not 0 <= self.pitch <= 127 or not 1 <= self.velocity <= 127:
            raise ScoreError(f"pitch must be 0-127 and velocity 1-127, got {self.pitch} and {self.velocity}")
        if self.part not in PARTS:
            raise ScoreError(f"part must be one of {', '.join(PARTS)}, got {self.part!r}")


@dataclass(frozen=True, order=True)
class Chord:
    """A chord symbol over a stretch of time: start and duration in ticks."""

    start: int
    duration: int
    symbol: str


@dataclass(frozen=True)
class Score:
    """A piece.

    Attributes:
        notes: in order of time.
        chords: in order of time, for the eye; what sounds is in the notes.
        tempo: beats per minute, 40-300.
        length: ticks from the start to the final bar line.
        key: tonic, such as C or Eb.
        meter: 4/4 or 12/8; the tempo counts beats in both.
    """

    notes: tuple[Note, ...]
    chords: tuple[Chord, ...]
    tempo: float
    length: int
    key: str = "C"
    meter: str = "4/4"

    def __post_init__(self) -> None:
        """Refuse a tempo out of range, an unknown meter and notes beyond the end."""
        check_tempo(self.tempo)
        if self.meter not in METERS:
            raise ScoreError(f"unknown meter {self.meter!r}; choose one of {', '.join(METERS)}")
        ends = [note.start + note.duration for note in self.notes]
        ends += [chord.start + chord.duration for chord in self.chords]
        if self.length < max(ends, default=1):
            raise ScoreError(f"the score's length of {self.length} ticks does not hold all its notes and chords")

    @property
    def seconds(self) -> float:
        """Duration up to the final bar line in seconds."""
        return self.length * self.seconds_per_tick

    @property
    def seconds_per_tick(self) -> float:
        """Duration of one tick in seconds."""
        return 60.0 / self.tempo / TICKS_PER_BEAT

    @property
    def parts(self) -> tuple[str, ...]:
        """Name the parts that a page shows: melody and chords, and of the band what plays."""
        playing = {note.part for note in self.notes}
        return tuple(part for part in PARTS if part in ("melody", "chords") or part in playing)

    def part(self, name: str) -> Score:
        """Return the same piece with the notes of one part only."""
        if name not in PARTS:
            raise ScoreError(f"part must be one of {', '.join(PARTS)}, got {name!r}")
        return replace(self, notes=tuple(note for note in self.notes if note.part == name))

    def transposed(self, semitones: int, key: str) -> Score:
        """Return the piece moved by semitones, notes and chord symbols but not the drums, with its new key."""
        notes = tuple(
            note if note.part == "drums" else replace(note, pitch=note.pitch + semitones) for note in self.notes
        )
        chords = tuple(replace(chord, symbol=transposed_symbol(chord.symbol, semitones)) for chord in self.chords)
        return replace(self, notes=notes, chords=chords, key=key)


def check_tempo(tempo: float) -> None:
    """Raise ScoreError for a tempo outside 40-300 beats per minute."""
    if not SLOWEST <= tempo <= FASTEST:
        raise ScoreError(f"tempo {tempo:g} is out of range; choose {SLOWEST} to {FASTEST} beats per minute")


def part_program(part: str, instruments: Mapping[str, str]) -> int:
    """Look up the General MIDI program of a part; one without an instrument of its own has the usual one.

    Raises:
        ScoreError: an instrument that is not in the list.
    """
    return program(instruments.get(part) or DEFAULT_INSTRUMENTS[part])


def program(instrument: str) -> int:
    """Look up the General MIDI program of an instrument.

    Raises:
        ScoreError: not in the list.
    """
    known = INSTRUMENTS | BASSES
    if instrument not in known:
        raise ScoreError(f"unknown instrument {instrument!r}; choose one of {', '.join(known)}")
    return known[instrument]


def write_midi(
    path: str | os.PathLike[str], score: Score, instruments: Mapping[str, str] = DEFAULT_INSTRUMENTS
) -> None:
    """Write a standard MIDI file: one track per part, drums on channel 10, chord symbols as text events.

    Raises:
        ScoreError: an instrument that is not in the list.
    """
    quarters = METERS[score.meter]
    midi = pretty_midi.PrettyMIDI(resolution=_RESOLUTION, initial_tempo=score.tempo * quarters)
    beats, unit = map(int, score.meter.split("/"))
    midi.time_signature_changes.append(pretty_midi.TimeSignature(beats, unit, 0.0))
    per_tick = round(_RESOLUTION * quarters / TICKS_PER_BEAT)
    at = [midi.tick_to_time(tick * per_tick) for tick in range(score.length + 1)]
    for part in score.parts:
        is_drum = part == "drums"
        track = pretty_midi.Instrument(0 if is_drum else part_program(part, instruments), is_drum, part)
        for note in score.part(part).notes:
            end = at[note.start + note.duration]
            track.notes.append(pretty_midi.Note(note.velocity, note.pitch, at[note.start], end))
        midi.instruments.append(track)
    texts = {chord.start + chord.duration: _NO_CHORD for chord in score.chords}
    texts |= {chord.start: chord.symbol for chord in score.chords}
    texts[score.length] = f"{_END} {score.key}"
    midi.text_events = [pretty_midi.Text(text, at[tick]) for tick, text in sorted(texts.items())]
    midi.write(os.fspath(path))


def read_midi(path: str | os.PathLike[str]) -> Score:
    """Read a MIDI file, quantised to ticks; tracks that are not drums, nor named chords or bass, count as melody.

    Returns:
        The score at the file's first tempo, in 12/8 if the file begins so, else in 4/4. Chord symbols are there only if
        this project wrote the file.

    Raises:
        ScoreError: not there, too big, not MIDI, or without a note other than of drums.
    """
    path = Path(path)
    midi = _parsed(path)
    signature = next(((change.numerator, change.denominator) for change in midi.time_signature_changes), (4, 4))
    meter = "12/8" if signature == (12, 8) else "4/4"
    notes = []
    for track in midi.instruments:
        part = "drums" if track.is_drum else track.name if track.name in ("chords", "bass") else "melody"
        for note in track.notes:
            start, end = (_tick(midi, time, meter) for time in (note.start, note.end))
            notes.append(Note(start, max(end - start, 1), note.pitch, max(note.velocity, 1), part))
    if all(note.part == "drums" for note in notes):
        raise ScoreError(f"{path.name} holds no notes; choose another MIDI file")
    tempo = round(float(midi.get_tempo_changes()[1][0]) / METERS[meter], 2)
    return _with_symbols(midi, tuple(sorted(notes)), min(max(tempo, SLOWEST), FASTEST), meter)


def _parsed(path: Path) -> pretty_midi.PrettyMIDI:
    """Parse within bounds on size and duration, or raise ScoreError."""
    if not path.is_file():
        raise ScoreError(f"{path.name} is not there")
    size = path.stat().st_size
    if not 0 < size <= LARGEST_MIDI_BYTES:
        raise ScoreError(f"{path.name} has {size} bytes; a MIDI file here has 1 byte to {LARGEST_MIDI_BYTES}")
    try:
        with path.open("rb") as file:
            if int.from_bytes(file.read(8)[4:]) > size:  # mido makes room for as many bytes as the header claims
                raise ValueError("the header is longer than the file")
        midi = pretty_midi.PrettyMIDI(os.fspath(path))
        end = midi.get_end_time()
    except _DAMAGED as error:
        raise ScoreError(f"{path.name} is not a readable MIDI file; export it again or choose another") from error
    if not end <= LONGEST_MIDI_S:
        raise ScoreError(f"{path.name} lasts {end / 60:.0f} minutes; the limit is {LONGEST_MIDI_S // 60} minutes")
    return midi


def _tick(midi: pretty_midi.PrettyMIDI, seconds: float, meter: str) -> int:
    """Nearest tick of ours to a time in the file."""
    return round(float(midi.time_to_tick(seconds)) * TICKS_PER_BEAT / (int(midi.resolution) * METERS[meter]))


def _with_symbols(midi: pretty_midi.PrettyMIDI, notes: tuple[Note, ...], tempo: float, meter: str) -> Score:
    """Assemble the score, with the chord symbols and the length that write_midi noted, if it did."""
    last = max(note.start + note.duration for note in notes)
    length, key, chords = math.ceil(last / TICKS_PER_BAR) * TICKS_PER_BAR, "C", []
    texts = [(_tick(midi, text.time, meter), text.text) for text in midi.text_events]
    if texts and texts[-1][1].startswith(f"{_END} "):
        length, key = max(texts[-1][0], last), texts[-1][1].removeprefix(f"{_END} ")
        for (start, symbol), (following, _) in pairwise(texts):
            if symbol != _NO_CHORD:
                chords.append(Chord(start, following - start, symbol))
    return Score(notes, tuple(chords), tempo, length, key, meter)
