"""The opening call: a phrase of the visitor's that the model answers, played on keys, hummed, or read from MIDI.

Any phrase will do: of notes that sound together the highest is taken, octaves bring them into the register of the
melody, and silence before the first of its bars is left out. Times are ticks, pitches MIDI numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from models.composition.blues_form import TICKS_PER_BAR, transposition
from models.composition.events import Event, events_of
from models.composition.improvise import REGISTER
from models.composition.score import Note, Score

MOST_BARS = 8


def line(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Thin notes out to one voice: a note yields where a higher one begins, and is left out under a higher one."""
    voice: list[Note] = []
    for note in sorted(notes, key=lambda note: (note.start, -note.pitch)):
        if voice and note.start < voice[-1].start + voice[-1].duration:
            before = voice[-1]
            if note.start == before.start or note.pitch < before.pitch:
                continue
            voice[-1] = replace(before, duration=note.start - before.start)
        voice.append(note)
    return tuple(voice)


def phrase(score: Score) -> tuple[Note, ...]:
    """Take the call from a score: its melody as one voice, from the bar of its first note, up to MOST_BARS bars."""
    voice = line(score.part("melody").notes)
    shift = voice[0].start // TICKS_PER_BAR * TICKS_PER_BAR if voice else 0
    end = MOST_BARS * TICKS_PER_BAR
    moved = [replace(note, start=note.start - shift) for note in voice]
    return tuple(replace(note, duration=min(note.duration, end - note.start)) for note in moved if note.start < end)


def remarks(score: Score) -> tuple[str, ...]:
    """Say what `phrase` leaves out of a score."""
    melody, taken = score.part("melody").notes, phrase(score)
    voice = line(melody)
    later = len(voice) - len(taken)
    said = {
        f"notes sound together; the {len(voice)} highest of {len(melody)} are taken": len(voice) < len(melody),
        f"the first {MOST_BARS} bars are taken; {later} later notes are left out": later > 0,
    }
    return tuple(remark for remark, holds in said.items() if holds)


def call_events(notes: Sequence[Note], key: str) -> tuple[Event, ...]:
    """Turn a phrase in a key into what the model hears: events in C and in its register, whole bars."""
    if not notes:
        return ()
    end = max(note.start + note.duration for note in notes)
    length = math.ceil(end / TICKS_PER_BAR) * TICKS_PER_BAR
    folded = (replace(note, pitch=_in_register(note.pitch - transposition(key))) for note in line(notes))
    return events_of(Score(tuple(folded), (), 120, length))


def _in_register(pitch: int) -> int:
    """Bring a pitch into the range of the joint model by octaves."""
    while pitch < REGISTER[0]:
        pitch += 12
    while pitch > REGISTER[-1]:
        pitch -= 12
    return pitch
