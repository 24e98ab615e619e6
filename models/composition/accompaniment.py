"""A small band by rule from the chord symbols alone: walking bass, comping, drums.

Each player draws from a generator of its own, so that leaving one out changes nothing in what the others play.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from models.composition.blues_form import TICKS_PER_BAR
from models.composition.comping import comping
from models.composition.drums import drums
from models.composition.harmony import harmonies
from models.composition.score import Score, ScoreError
from models.composition.walking_bass import walking_bass

BAND = ("chords", "bass", "drums")
FEELS = {"swing": 8, "shuffle": 8, "straight": 6}  # ticks from a beat to its off-beat


def accompany(
    score: Score, *, feel: str = "swing", seed: int = 0, parts: Collection[str] = BAND, bars_per_chorus: int = 12
) -> Score:
    """Add a band to a score.

    Args:
        score: whatever it has, chord symbols above all; stretches without one have drums only.
        feel: swing, shuffle or straight.
        seed: 0 or more; the same score, feel and seed give the same notes.
        parts: who plays; notes that the score has in these parts are replaced.
        bars_per_chorus: where the drums mark the turn.

    Raises:
        ScoreError: an unknown feel or part.
        FormError: a chord symbol that cannot be read.
    """
    if feel not in FEELS:
        raise ScoreError(f"unknown feel {feel!r}; choose one of {', '.join(FEELS)}")
    if not set(parts) <= set(BAND):
        raise ScoreError(f"the band has {', '.join(BAND)}, not {', '.join(sorted(set(parts) - set(BAND)))}")
    chart, offbeat = harmonies(score), FEELS[feel]
    bars = math.ceil(score.length / TICKS_PER_BAR)
    played = {
        "chords": lambda draw: comping(chart, score.length, feel, offbeat, draw),
        "bass": lambda draw: walking_bass(chart, score.length, feel, draw),
        "drums": lambda draw: drums(bars, bars_per_chorus, feel, offbeat, draw),
    }
    notes = [note for note in score.notes if note.part not in parts]
    for number, part in enumerate(BAND):
        if part in parts:
            notes += played[part](np.random.default_rng([seed, number]))
    return replace(score, notes=tuple(sorted(note for note in notes if note.start + note.duration <= score.length)))
