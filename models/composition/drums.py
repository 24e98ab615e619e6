"""Drums by rule, in General MIDI: time on the cymbal, the beat's partner on hi-hat and snare, fills where phrases end.

Swing keeps time on the ride (8 + 4 ticks on beats 2 and 4), hi-hat on 2 and 4, and a bass drum that is felt rather
than heard; shuffle has both halves of every beat and a backbeat; straight has even eighths. Times are ticks.
"""

from __future__ import annotations

import numpy as np

from models.composition.blues_form import BEATS_PER_BAR, TICKS_PER_BAR, TICKS_PER_BEAT
from models.composition.score import Note

KICK, SNARE, CLOSED_HAT, FLOOR_TOM, PEDAL_HAT, LOW_TOM, MID_TOM, CRASH, HIGH_TOM, RIDE = (
    *(36, 38, 42, 43, 44, 45, 47, 49, 50, 51),
)
STROKE = 3  # ticks that a note lasts: a drum rings as it will
BARS_PER_PHRASE = 4
_TOUCH = 6  # velocities vary by this much up and down

Stroke = tuple[int, int, int]  # (tick in the bar, drum, velocity)


def drums(bars: int, bars_per_chorus: int, feel: str, offbeat: int, generator: np.random.Generator) -> list[Note]:
    """Play `bars` bars: a small fill at the end of every fourth, a large one and a crash where a chorus turns.

    Args:
        bars: how many.
        bars_per_chorus: of the form.
        feel: swing, shuffle or straight.
        offbeat: ticks from a beat to its off-beat.
        generator: draws fills, accents and touch.
    """
    notes = []
    for bar in range(bars):
        place = bar % bars_per_chorus
        strokes = _TIME[feel](offbeat)
        if place == bars_per_chorus - 1:
            strokes = _filled(strokes, 2, offbeat, generator)
        elif place % BARS_PER_PHRASE == BARS_PER_PHRASE - 1:
            strokes = _filled(strokes, 3, offbeat, generator)
        elif feel == "swing":
            strokes += _chatter(offbeat, generator)
        if place == 0 and bar:
            strokes = [(0, CRASH, 92), *(stroke for stroke in strokes if stroke[:2] != (0, RIDE))]
        for tick, drum, velocity in strokes:
            played = velocity + int(generator.integers(-_TOUCH, _TOUCH + 1))
            notes.append(Note(bar * TICKS_PER_BAR + tick, STROKE, drum, played, "drums"))
    return notes


def _swing(offbeat: int) -> list[Stroke]:
    """Ride on every beat, skipping on 2 and 4; pedal on 2 and 4; a feathered bass drum."""
    strokes = [(beat * TICKS_PER_BEAT, RIDE, 84 if beat % 2 else 74) for beat in range(BEATS_PER_BAR)]
    strokes += [(beat * TICKS_PER_BEAT + offbeat, RIDE, 60) for beat in (1, 3)]
    strokes += [(beat * TICKS_PER_BEAT, PEDAL_HAT, 70) for beat in (1, 3)]
    return strokes + [(beat * TICKS_PER_BEAT, KICK, 34) for beat in range(BEATS_PER_BAR)]


def _shuffle(offbeat: int) -> list[Stroke]:
    """Both halves of every beat on the hi-hat, snare on 2 and 4, bass drum on 1, 3 and before 3."""
    strokes = [(beat * TICKS_PER_BEAT, CLOSED_HAT, 74) for beat in range(BEATS_PER_BAR)]
    strokes += [(beat * TICKS_PER_BEAT + offbeat, CLOSED_HAT, 56) for beat in range(BEATS_PER_BAR)]
    strokes += [(beat * TICKS_PER_BEAT, SNARE, 78) for beat in (1, 3)]
    return [*strokes, (0, KICK, 80), (2 * TICKS_PER_BEAT, KICK, 78), (TICKS_PER_BEAT + offbeat, KICK, 60)]


def _straight(offbeat: int) -> list[Stroke]:
    """Even eighths on the hi-hat, snare on 2 and 4, bass drum on 1, 3 and after 3."""
    strokes = [(beat * TICKS_PER_BEAT, CLOSED_HAT, 72) for beat in range(BEATS_PER_BAR)]
    strokes += [(beat * TICKS_PER_BEAT + offbeat, CLOSED_HAT, 56) for beat in range(BEATS_PER_BAR)]
    strokes += [(beat * TICKS_PER_BEAT, SNARE, 80) for beat in (1, 3)]
    return [*strokes, (0, KICK, 82), (2 * TICKS_PER_BEAT, KICK, 80), (2 * TICKS_PER_BEAT + offbeat, KICK, 66)]


_TIME = {"swing": _swing, "shuffle": _shuffle, "straight": _straight}


def _filled(strokes: list[Stroke], beat: int, offbeat: int, generator: np.random.Generator) -> list[Stroke]:
    """Play time up to a beat and a fill from there on: down the drums, louder towards the bar line."""
    start = beat * TICKS_PER_BEAT
    ticks = [first + half for first in range(start, TICKS_PER_BAR, TICKS_PER_BEAT) for half in (0, offbeat)]
    ways = ((SNARE,), (SNARE, HIGH_TOM, MID_TOM, FLOOR_TOM), (HIGH_TOM, SNARE, LOW_TOM, FLOOR_TOM))
    way = ways[generator.integers(len(ways))]
    kept = [stroke for stroke in strokes if stroke[0] < start or stroke[1] in (PEDAL_HAT, KICK)]
    fill = [
        (tick, way[count * len(way) // len(ticks)], 62 + 26 * count // (len(ticks) - 1))
        for count, tick in enumerate(ticks)
        if count == 0 or generator.random() < 0.85
    ]
    return kept + fill


def _chatter(offbeat: int, generator: np.random.Generator) -> list[Stroke]:
    """Answer with the left hand now and then: light snare strokes off the beat."""
    beats = [beat for beat in range(BEATS_PER_BAR) if generator.random() < 0.14]
    return [(beat * TICKS_PER_BEAT + offbeat, SNARE, 42) for beat in beats]
