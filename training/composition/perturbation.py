"""Does the joint model recover? After a call a semitone off the chords, how many chord tones do its next bars have.

A model that never heard a mistake loses its way after one (Eck & Schmidhuber's own remark on the 2002 networks). For
every seed the model plays two bars; it then goes on for four bars, once after these and once after the same rhythm with
every note moved to a pitch a semitone beside a chord tone and outside the chord.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from models.composition.blues_form import FORMS, Form, chord_classes
from models.composition.events import Event, notes_of
from models.composition.improvise import improvise

CALL_BARS, NEXT_BARS = 2, 4
SEEDS = 120


def recovery(style: str, seeds: Sequence[int]) -> dict[str, Any]:
    """Measure the share of chord tones among the notes of the next bars, 0-1, after right and after wrong calls."""
    counts = {"undisturbed": [0, 0], "after_wrong_call": [0, 0]}
    for seed in seeds:
        form = list(FORMS.values())[seed % len(FORMS)]
        call = improvise(form=form, bars=CALL_BARS, seed=seed, style=style)
        for name, heard in (("undisturbed", call), ("after_wrong_call", wrong(call, form))):
            tones, notes = _chord_tones(form, heard, seed, style)
            counts[name][0] += tones
            counts[name][1] += notes
    rates = {name: round(tones / notes, 4) for name, (tones, notes) in counts.items()}
    return {"seeds": len(seeds), "notes": {name: notes for name, (_, notes) in counts.items()}, **rates}


def wrong(call: Sequence[Event], form: Form) -> tuple[Event, ...]:
    """Move every note of a call beside the chord; a tied event keeps the pitch of its note."""
    found: list[Event] = []
    now = 0
    for event in call:
        if event.tied:
            found.append(replace(event, pitch=found[-1].pitch))
        else:
            found.append(event if event.pitch is None else replace(event, pitch=_beside(event.pitch, form, now)))
        now += event.duration
    return tuple(found)


def _beside(pitch: int, form: Form, tick: int) -> int:
    """Find the nearest pitch outside the chord that is a semitone from one of its tones."""
    tones = chord_classes(form.chord_at(tick))
    beside = {(tone + step) % 12 for tone in tones for step in (-1, 1)} - tones
    return min((p for p in range(pitch - 6, pitch + 7) if p % 12 in beside), key=lambda p: (abs(p - pitch), p))


def _chord_tones(form: Form, heard: tuple[Event, ...], seed: int, style: str) -> tuple[int, int]:
    """Count the chord tones and the notes of what the model plays next."""
    played = improvise(form=form, bars=NEXT_BARS, seed=seed, style=style, first_bar=CALL_BARS, heard=heard)
    start = sum(event.duration for event in heard)
    notes = notes_of(played, start)
    return sum(note.pitch % 12 in chord_classes(form.chord_at(note.start)) for note in notes), len(notes)
