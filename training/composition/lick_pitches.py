"""Pitches of the lick grammar: chord tones where they are heard, and ways that lead there.

A line is given by its onsets, (start, duration) in ticks. Notes of a beat or more, and the last, are chord tones; those
on the first and third beat are too, unless they are blue. What stands between these anchors leads to the next. Pitches
are MIDI numbers in C, 55 to 84.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.composition.blues_form import Form, chord_classes, chord_parts

LOWEST, HIGHEST = 55, 84
MARGIN = 3  # semitones that anchors leave below and above for what leads to them
GUIDE_TONE = 0.6  # probability of a third or seventh where the chord has changed
BLUE_NOTE = 0.35  # probability of any note of the blues scale on a strong beat, where the line is blue
BLUES_SCALE = (0, 3, 5, 6, 7, 10)
SCALES = {
    "m": (0, 2, 3, 5, 7, 9, 10),
    "m7": (0, 2, 3, 5, 7, 9, 10),
    "m7b5": (0, 1, 3, 5, 6, 8, 10),
    "dim": (0, 2, 3, 5, 6, 8, 9, 11),
    "dim7": (0, 2, 3, 5, 6, 8, 9, 11),
    "maj7": (0, 2, 4, 5, 7, 9, 11),
}
MIXOLYDIAN = (0, 2, 4, 5, 7, 9, 10)  # of all other chords

ANCHORS = range(LOWEST + MARGIN, HIGHEST - MARGIN + 1)
Onsets = Sequence[tuple[int, int]]


def sung(onsets: Onsets, form: Form, colour: str, last: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Invent pitches for a line.

    Args:
        onsets: start in the chorus and duration of each note.
        form: the chart.
        colour: blues, for passing notes of the blues scale of the key, or chord, for those of the chord's scale.
        last: pitch before the line.
        rng: of the choices.
    """
    pitches: list[int] = []
    waiting: list[int] = []
    heading = int(rng.choice((1, -1)))
    before, middle = -1, len(onsets) // 2
    for place, (start, _) in enumerate(onsets):
        waiting.append(place)
        if not (_must_fit(onsets, place) or start % 24 == 0):
            continue
        goal = last + (heading if place <= middle else -heading) * int(rng.integers(1, 6))
        changed = before < 0 or form.chord_at(before) != form.chord_at(start)
        if colour == "blues" and not _must_fit(onsets, place) and rng.random() < BLUE_NOTE:
            anchor = _nearest(goal, [pitch for pitch in ANCHORS if pitch % 12 in BLUES_SCALE])
        else:
            anchor = _anchor(goal, form, start, last, changed and rng.random() < GUIDE_TONE)
        ways = [onsets[one][0] for one in waiting[:-1]]
        pitches += [*_way(last, anchor, ways, form, colour, rng), anchor]
        waiting, before, last = [], start, anchor
    return tuple(pitches)


def adapted(pitches: Sequence[int], onsets: Onsets, form: Form, shift: int) -> tuple[int, ...]:
    """Fit a line to the chords it now meets: long notes go to the nearest chord tone, the others go with the next."""
    found: list[int] = []
    move = shift
    for place in reversed(range(len(onsets))):
        if _must_fit(onsets, place):
            move = _nearest(pitches[place] + shift, _tones(form, onsets[place][0])) - pitches[place]
        found.append(_within(pitches[place] + move))
    return tuple(reversed(found))


def inverted(pitches: Sequence[int]) -> tuple[int, ...]:
    """Reflect a line at its first pitch."""
    return tuple(_within(2 * pitches[0] - pitch) for pitch in pitches)


def _within(pitch: int) -> int:
    """Bring a pitch into the register by octaves."""
    return (
        LOWEST + (pitch - LOWEST) % 12
        if pitch < LOWEST
        else HIGHEST - (HIGHEST - pitch) % 12
        if pitch > HIGHEST
        else pitch
    )


def _must_fit(onsets: Onsets, place: int) -> bool:
    """Tell whether a note must be a chord tone."""
    return onsets[place][1] >= 12 or place == len(onsets) - 1


def _tones(form: Form, start: int) -> list[int]:
    """All chord tones of the register at a tick."""
    classes = chord_classes(form.chord_at(start))
    return [pitch for pitch in ANCHORS if pitch % 12 in classes]


def _nearest(goal: float, pitches: Sequence[int]) -> int:
    """The pitch closest to a goal."""
    return min(pitches, key=lambda pitch: (abs(pitch - goal), pitch))


def _anchor(goal: int, form: Form, start: int, last: int, guide: bool) -> int:
    """Choose a chord tone near the goal, another one than before; a third or seventh if it shall guide the ear."""
    middle = (LOWEST + HIGHEST) / 2
    if abs(goal - middle) > 11:
        goal = round(goal + (middle - goal) / 2)
    tones = [pitch for pitch in _tones(form, start) if pitch != last]
    guides = [pitch for pitch in tones if form.degree(pitch, start) in (3, 4, 9, 10, 11)]
    return _nearest(goal, guides if guide and guides else tones)


def _scale(form: Form, start: int, colour: str) -> list[int]:
    """Pitches that may pass at a tick."""
    root, quality = chord_parts(form.chord_at(start))
    steps = BLUES_SCALE if colour == "blues" else [root + step for step in SCALES.get(quality, MIXOLYDIAN)]
    classes = {step % 12 for step in steps}
    return [pitch for pitch in range(LOWEST - 5, HIGHEST + 6) if pitch % 12 in classes]


def _way(last: int, goal: int, starts: Sequence[int], form: Form, colour: str, rng: np.random.Generator) -> list[int]:
    """Lead from one pitch to the next anchor in as many notes as there are starts."""
    if not starts:
        return []
    scale = _scale(form, starts[-1], colour)
    above, below = [p for p in scale if p > goal], [p for p in reversed(scale) if p < goal]
    kind = rng.choice(("step", "chromatic", "enclosure", "chord"), p=(0.45, 0.25, 0.2, 0.1))
    if kind == "enclosure" and len(starts) >= 2:
        head = _way(last, above[0], starts[:-2], form, colour, rng)
        return [*head, above[0], goal - 1]
    if kind == "chromatic":
        return [*_way(last, goal - 1, starts[:-1], form, colour, rng), goal - 1 if last <= goal else goal + 1]
    if kind == "chord":
        tones = [pitch for pitch in _tones(form, starts[-1]) if pitch not in (goal, last)]
        tone = _nearest((last + goal) / 2, tones)
        return [*_way(last, tone, starts[:-1], form, colour, rng), tone]
    side = above if last > goal or (last == goal and rng.random() < 0.5) else below
    run = side[: len(starts)]
    return [_within(pitch) for pitch in reversed(run + run[-1:] * (len(starts) - len(run)))]
