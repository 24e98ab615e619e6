"""Comping by rule: three-note voicings without the root, led from chord to chord, in the rhythms of a small band.

A voicing holds the third and the seventh, the notes that tell chords apart, and one colour above them; of all places
that its notes can take, those nearest to the voicing before are taken. Pitches are MIDI numbers, times ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np

from models.composition.blues_form import TICKS_PER_BAR, TICKS_PER_BEAT
from models.composition.harmony import Harmony, harmony_at
from models.composition.score import Note

LOWEST, HIGHEST = 52, 69  # E3 to A4: above the bass, below most of the melody
WIDEST = 12
_FIRST: tuple[int, ...] = (56, 60, 65)  # where the hands lie before the first chord

Rhythm = tuple[tuple[float, int], ...]  # (beat from 0, ticks); half a beat is the off-beat, wherever the feel puts it

# How often a rhythm of a bar is chosen, by feel.
_RHYTHMS: dict[str, dict[Rhythm, int]] = {
    "swing": {
        ((0, 14), (1.5, 5)): 4,  # the Charleston
        ((0.5, 4), (2, 14)): 3,
        ((1.5, 8), (3.5, 8)): 3,
        ((1, 5), (3, 5)): 2,
        ((0, 40),): 1,
        ((0.5, 4), (2.5, 8)): 2,
        ((2.5, 10),): 1,
    },
    "shuffle": {
        ((0.5, 4), (1.5, 4), (2.5, 4), (3.5, 4)): 4,
        ((1, 6), (3, 6)): 3,
        ((0, 20), (2.5, 4), (3.5, 4)): 2,
        ((0, 44),): 1,
    },
    "straight": {
        ((1, 6), (3, 6)): 4,
        ((0, 15), (1.5, 8), (3, 6)): 3,
        ((0, 44),): 2,
        ((0.5, 5), (1.5, 5), (2.5, 5), (3.5, 5)): 1,
    },
}


def comping(
    chart: Sequence[Harmony], length: int, feel: str, offbeat: int, generator: np.random.Generator
) -> list[Note]:
    """Play the chart; a stroke off the beat before a chord belongs to that chord already.

    Args:
        chart: harmonies in order of time.
        length: ticks; the chart is taken to go round, so that the last stroke may lead to the first chord.
        feel: swing, shuffle or straight.
        offbeat: ticks from a beat to its off-beat.
        generator: draws rhythms and touch.
    """
    strokes = [
        stroke for bar in range(0, length, TICKS_PER_BAR) for stroke in _bar(chart, bar, feel, offbeat, generator)
    ]
    strokes = [stroke for stroke in strokes if stroke[0] < length]
    notes: list[Note] = []
    hands = _FIRST
    for (tick, ticks), (following, _) in pairwise([*strokes, (length, 0)]):
        harmony = _meant(chart, tick, offbeat, length)
        if harmony is None:
            continue
        hands = voicing(harmony, hands)
        velocity = (62 if tick % TICKS_PER_BEAT else 68) + int(generator.integers(-6, 7))
        notes += [Note(tick, min(ticks, following - tick), pitch, velocity, "chords") for pitch in hands]
    return notes


def _bar(
    chart: Sequence[Harmony], bar: int, feel: str, offbeat: int, generator: np.random.Generator
) -> list[tuple[int, int]]:
    """Draw the strokes of a bar as (tick, ticks): a rhythm in which each of its chords is heard, else one each."""
    chords = [harmony for harmony in chart if harmony.start < bar + TICKS_PER_BAR and harmony.end > bar]
    chosen = {}
    for rhythm, often in _RHYTHMS[feel].items():
        strokes = [(bar + int(beat) * TICKS_PER_BEAT + (offbeat if beat % 1 else 0), ticks) for beat, ticks in rhythm]
        if all(
            any(_meant(chart, tick, offbeat, bar + TICKS_PER_BAR) == chord for tick, _ in strokes) for chord in chords
        ):
            chosen[tuple(strokes)] = often
    if not chosen:
        return [(max(chord.start, bar), TICKS_PER_BEAT) for chord in chords]
    weights = np.array(list(chosen.values()), float)
    return list(list(chosen)[generator.choice(len(weights), p=weights / weights.sum())])


def _meant(chart: Sequence[Harmony], tick: int, offbeat: int, length: int) -> Harmony | None:
    """Find the harmony of a stroke: that of the next beat if the stroke is off the beat, which wraps at `length`."""
    ahead = TICKS_PER_BEAT - offbeat if tick % TICKS_PER_BEAT == offbeat else 0
    return harmony_at(chart, (tick + ahead) % length)


def voicing(harmony: Harmony, before: Sequence[int]) -> tuple[int, ...]:
    """Place third, seventh and colour as near to the voicing before as they go, within WIDEST semitones."""
    classes = [(harmony.root + tone) % 12 for tone in shell(harmony.tones)]
    places = [[pitch for pitch in range(LOWEST, HIGHEST + 1) if pitch % 12 == number] for number in classes]
    candidates = [tuple(sorted(placed)) for placed in product(*places)]
    close = [placed for placed in candidates if placed[-1] - placed[0] <= WIDEST]
    return min(close, key=lambda placed: (sum(abs(np.subtract(placed, before[: len(placed)]))), placed))


def shell(tones: Sequence[int]) -> tuple[int, ...]:
    """Choose up to three tones of a chord: third, seventh or sixth, and a ninth or fifth; a triad has its fifth."""
    third = [tone for tone in (4, 3, 5, 2) if tone in tones][:1]
    seventh = [tone for tone in (10, 11, 9) if tone in tones][:1]
    ninth = [1] if 1 in tones else [2] if 4 in tones else []
    fifth = [tone for tone in (7, 6, 8) if tone in tones]
    return tuple(dict.fromkeys([*third, *seventh, *ninth, *fifth, *tones]))[:3]
