"""What the networks are compared with: a random walk over the chart, in quarters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.composition.blues_form import BEATS_PER_BAR, MAJOR_PENTATONIC, MELODY_PITCHES, Form
from models.composition.encoding import CHORD_UNITS, UNITS, Roll, chord_roll, melody_roll


def random_walk(form: Form, choruses: int, primer: Sequence[int], generator: np.random.Generator) -> Roll:
    """Step up and down the pentatonic scale of C over the chart: the paper's own informal comparison.

    Args:
        form: the chart.
        choruses: how many times round.
        primer: pitches to begin with.
        generator: of the steps.
    """
    scale = [pitch for pitch in MELODY_PITCHES if pitch % 12 in MAJOR_PENTATONIC]
    beats = len(form.bars) * BEATS_PER_BAR * choruses
    melody = list(primer[:beats])
    place = int(np.abs(np.subtract(scale, melody[-1])).argmin()) if melody else int(generator.integers(len(scale)))
    while len(melody) < beats:
        place = min(max(place + int(generator.choice((-1, 1))), 0), len(scale) - 1)
        melody.append(scale[place])
    return over_chart(form, choruses, melody)


def over_chart(form: Form, choruses: int, melody: Sequence[int]) -> Roll:
    """Set a melody of quarters over the chart, (step, unit); what the melody does not reach has chords alone."""
    roll = np.zeros((form.steps * choruses, UNITS), np.float32)
    roll[:, :CHORD_UNITS] = np.tile(chord_roll(form), (choruses, 1))
    played = melody_roll(melody)
    roll[: len(played), CHORD_UNITS:] = played
    return roll
