"""A walking bass by rule: a note on every beat, the root where the chord changes, a leading note on the beat before.

Which notes may come is fixed by the chords; which of them do is the cheapest way through all beats (dynamic
programming): small steps cost little, leaps and repeated notes more, and a seeded chance makes each chorus another one.
Pitches are MIDI numbers, times ticks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.composition.blues_form import TICKS_PER_BEAT
from models.composition.harmony import Harmony, harmony_at
from models.composition.score import Note

LOWEST, HIGHEST = 28, 52  # E1, the open string of a double bass, to E3
LARGEST_LEAP = 12
_MIDDLE = 38
# What a move costs by its size in semitones: a step nothing, a repeated note and what lies beyond a fifth much.
_MOVE = np.array([3.0, 0.0, 0.0, 0.4, 0.4, 0.8, 1.5, 1.0, 3.0, 3.0, 4.0, 4.0, 2.5])
_CHANCE = 1.2  # the seeded part of a note's cost is uniform up to this
_LEADING = {1: 0.0, 11: 0.0, 2: 0.3, 10: 0.3, 7: 0.5}  # cost by the interval above the root that it leads to
_SKIPPED = {"swing": (8, 0.1), "shuffle": (8, 0.45), "straight": (6, 0.2)}  # tick of a light second note, how often


def walking_bass(chart: Sequence[Harmony], length: int, feel: str, generator: np.random.Generator) -> list[Note]:
    """Walk through the chart; the last beat leads back to the first chord. Beats without a chord are silent."""
    beats = range(0, length, TICKS_PER_BEAT)
    harmony = [harmony_at(chart, tick) for tick in beats]
    costs = _costs(harmony) + generator.uniform(0, _CHANCE, (len(harmony), HIGHEST - LOWEST + 1))
    pitches = _cheapest_walk(costs)
    notes = []
    for beat, tick in enumerate(beats):
        if harmony[beat] is not None:
            notes += _played(tick, LOWEST + pitches[beat], feel, min(TICKS_PER_BEAT, length - tick), generator)
    return notes


def _costs(harmony: Sequence[Harmony | None]) -> npt.NDArray[np.float64]:
    """Price every (beat, pitch from LOWEST); infinite where the pitch may not come."""
    pitches = range(LOWEST, HIGHEST + 1)
    costs = np.tile(0.03 * np.abs(np.subtract(pitches, _MIDDLE)), (len(harmony), 1))
    for beat, here in enumerate(harmony):
        if here is None:
            continue
        allowed = dict.fromkeys(range(12), np.inf)
        ahead = harmony[(beat + 1) % len(harmony)]
        if beat == 0 or harmony[beat - 1] is not here:
            allowed[here.root] = 0.0
        elif beat % 2 == 1 and ahead is not None and ahead is not here:
            allowed |= {(ahead.root + interval) % 12: cost for interval, cost in _LEADING.items()}
        else:
            if beat % 2 == 1:
                allowed |= {(here.root + tone) % 12: 0.4 for tone in (2, 9 if 4 in here.tones else 5)}  # in passing
            allowed |= {number: 0.0 if number == here.root else 0.3 for number in here.classes}
        costs[beat] += [allowed[pitch % 12] for pitch in pitches]
    return costs


def _cheapest_walk(costs: npt.NDArray[np.float64]) -> list[int]:
    """Return one column per row so that the sum of costs and moves is least (Viterbi's algorithm)."""
    columns = np.arange(costs.shape[1])
    leaps = np.abs(columns[:, None] - columns)
    moves = np.where(leaps <= LARGEST_LEAP, _MOVE[np.minimum(leaps, LARGEST_LEAP)], np.inf)
    total, origins = costs[0], []
    for row in costs[1:]:
        sums = total[:, None] + moves  # (column before, column)
        origins.append(sums.argmin(axis=0))
        total = sums.min(axis=0) + row
    way = [int(total.argmin())]
    for origin in reversed(origins):
        way.append(int(origin[way[-1]]))
    return way[::-1]


def _played(tick: int, pitch: int, feel: str, room: int, generator: np.random.Generator) -> list[Note]:
    """Play a beat: one note, or a shorter one and a light second one off the beat."""
    velocity = (84 if tick % (2 * TICKS_PER_BEAT) == 0 else 90) + int(generator.integers(-5, 6))
    offbeat, often = _SKIPPED[feel]
    if room < TICKS_PER_BEAT or generator.random() >= often:
        return [Note(tick, min(TICKS_PER_BEAT - 1, room), pitch, velocity, "bass")]
    light = Note(tick + offbeat, TICKS_PER_BEAT - offbeat - 1, pitch, velocity - 26, "bass")
    return [Note(tick, offbeat - 1, pitch, velocity, "bass"), light]
