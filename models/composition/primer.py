"""Seed notes: what a listener plays before the network plays on. Pitches are MIDI numbers.

Any phrase will do: its highest notes are taken, and octaves bring them into the register of the melody.
"""

from __future__ import annotations

from models.composition.blues_form import MELODY_PITCHES, transposition
from models.composition.score import Score

MOST_PRIMER_NOTES = 24  # the paper's limit


def in_register(pitch: int) -> int:
    """Bring a pitch in C into the melody's thirteen notes by octaves."""
    lowest = MELODY_PITCHES[0]
    return pitch if pitch in MELODY_PITCHES else lowest + (pitch - lowest) % 12


def seed_notes(score: Score) -> tuple[int, ...]:
    """Take seed notes from a score: the highest melody note of each onset, at most the first 24."""
    return _highest(score)[:MOST_PRIMER_NOTES]


def seed_remarks(score: Score, key: str) -> tuple[str, ...]:
    """Say what `seed_notes` leaves out of a score, and what will be moved by octaves in this key."""
    onsets, taken, semitones = len(_highest(score)), seed_notes(score), transposition(key)
    moved = sum(pitch - semitones not in MELODY_PITCHES for pitch in taken)
    lowest, highest = MELODY_PITCHES[0] + semitones, MELODY_PITCHES[-1] + semitones
    register = f"MIDI {lowest}-{highest} in {key}"
    remarks = {
        f"of {onsets} notes the first {MOST_PRIMER_NOTES} are taken": onsets > MOST_PRIMER_NOTES,
        f"moved by octaves into the melody's range, {register}: {moved} of {len(taken)} notes": moved > 0,
    }
    return tuple(remark for remark, holds in remarks.items() if holds)


def _highest(score: Score) -> tuple[int, ...]:
    """Highest melody note of each onset."""
    highest: dict[int, int] = {}
    for note in score.part("melody").notes:
        highest[note.start] = max(note.pitch, highest.get(note.start, 0))
    return tuple(highest.values())
