"""Score <-> multi-hot steps of Eck & Schmidhuber (2002), section 3: 12 chord units and 13 melody units per eighth.

A roll is float32 (step, unit): units 0-11 are the chord tones C3-B3, units 12-24 the melody C4-C5, 1.0 where a tone
sounds. The code has no note-off. Reading it back therefore needs a rule, the paper's rhythm: a melody note lasts a
quarter, from beat to beat, and half of that only where the two halves of a beat differ; chords are struck when they
change and at every bar line.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.composition.blues_form import (
    BEBOP,
    CHORD_PITCHES,
    MELODY_PITCHES,
    STEPS_PER_BAR,
    STEPS_PER_BEAT,
    TICKS_PER_STEP,
    Form,
    chord_classes,
    chord_symbol,
)
from models.composition.score import Chord, Note, Score

Roll = npt.NDArray[np.float32]

CHORD_UNITS = len(CHORD_PITCHES)
MELODY_UNITS = len(MELODY_PITCHES)
UNITS = CHORD_UNITS + MELODY_UNITS
MELODY_VELOCITY, CHORD_VELOCITY = 100, 76

_LOWEST = {"chords": CHORD_PITCHES[0], "melody": MELODY_PITCHES[0] - CHORD_UNITS}  # pitch of a part's unit 0


class EncodingError(ValueError):
    """A score that this code cannot hold."""


def encode(score: Score) -> Roll:
    """Write a score in C as (step, unit).

    Raises:
        EncodingError: a note off the eighth-note grid or outside its part's range.
    """
    roll = np.zeros((score.length // TICKS_PER_STEP, UNITS), np.float32)
    for note in score.notes:
        if note.start % TICKS_PER_STEP or note.duration % TICKS_PER_STEP:
            raise EncodingError(f"the note at tick {note.start} is not on the eighth-note grid")
        if note.pitch not in (CHORD_PITCHES if note.part == "chords" else MELODY_PITCHES):
            raise EncodingError(f"pitch {note.pitch} is outside the range of the {note.part}")
        first = note.start // TICKS_PER_STEP
        roll[first : first + note.duration // TICKS_PER_STEP, note.pitch - _LOWEST[note.part]] = 1.0
    return roll


def decode(roll: Roll, tempo: float, form: Form = BEBOP) -> Score:
    """Read (step, unit) as a score in C; the inverse of `encode` for scores in the rhythm described above."""
    assert roll.ndim == 2 and roll.shape[1] == UNITS
    notes: list[Note] = []
    for part, velocity in (("chords", CHORD_VELOCITY), ("melody", MELODY_VELOCITY)):
        first_unit, last_unit = (0, CHORD_UNITS) if part == "chords" else (CHORD_UNITS, UNITS)
        longest = STEPS_PER_BAR if part == "chords" else STEPS_PER_BEAT
        for start, end in _runs(roll[:, first_unit:last_unit], longest):
            for unit in np.flatnonzero(roll[start, first_unit:last_unit]) + first_unit:
                pitch = int(unit) + _LOWEST[part]
                notes.append(Note(start * TICKS_PER_STEP, (end - start) * TICKS_PER_STEP, pitch, velocity, part))
    chords = [
        Chord(start * TICKS_PER_STEP, (end - start) * TICKS_PER_STEP, chord_symbol(classes, form))
        for start, end in _runs(roll[:, :CHORD_UNITS], len(roll))
        if (classes := frozenset(int(unit) for unit in np.flatnonzero(roll[start, :CHORD_UNITS])))
    ]
    return Score(tuple(sorted(notes)), tuple(chords), tempo, len(roll) * TICKS_PER_STEP)


def _runs(columns: Roll, longest: int) -> list[tuple[int, int]]:
    """Split the steps into runs of equal rows that never cross a multiple of `longest`."""
    starts = [step for step in range(len(columns)) if step % longest == 0 or (columns[step] != columns[step - 1]).any()]
    return list(zip(starts, [*starts[1:], len(columns)], strict=True))


def chord_roll(form: Form) -> Roll:
    """Write one chorus of a form as (step, chord unit)."""
    return symbols_roll(form.chart())


def symbols_roll(symbols: Sequence[str]) -> Roll:
    """Write chord symbols, one per step, as (step, chord unit)."""
    roll = np.zeros((len(symbols), CHORD_UNITS), np.float32)
    for step, symbol in enumerate(symbols):
        roll[step, sorted(chord_classes(symbol))] = 1.0
    return roll


def melody_roll(quarters: Sequence[int]) -> Roll:
    """Write melody pitches, one per beat, as (step, melody unit)."""
    roll = np.zeros((len(quarters) * STEPS_PER_BEAT, MELODY_UNITS), np.float32)
    for beat, pitch in enumerate(quarters):
        roll[beat * STEPS_PER_BEAT : (beat + 1) * STEPS_PER_BEAT, pitch - MELODY_PITCHES[0]] = 1.0
    return roll
