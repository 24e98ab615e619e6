"""How well a piece keeps to the form and to the segments that were learned: counts, no judgement of beauty."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.composition.blues_form import STEPS_PER_BAR, Form, transposition
from models.composition.encoding import CHORD_UNITS, Roll, chord_roll, encode, melody_roll
from models.composition.score import Score

Segments = Sequence[Sequence[Sequence[int]]]


def roll_in_c(score: Score) -> Roll:
    """Write a score in any key as the (step, unit) of its version in C."""
    return encode(score.transposed(-transposition(score.key), "C"))


def chord_accuracy(roll: Roll, form: Form) -> float:
    """Share of steps whose chord units are all as the chart says, 0-1."""
    chart = np.resize(chord_roll(form), (len(roll), CHORD_UNITS))  # repeats the chorus
    return float((roll[:, :CHORD_UNITS] == chart).all(axis=1).mean())


def form_errors(piece: Score | Roll, form: Form) -> tuple[int, ...]:
    """Find the bars whose chords differ from the chart, counted from 0 through all choruses.

    Args:
        piece: a score in any key, or a roll (step, unit) of whole bars in C.
        form: the chart that it should follow.
    """
    roll = roll_in_c(piece) if isinstance(piece, Score) else piece
    chart = np.resize(chord_roll(form), (len(roll), CHORD_UNITS))
    wrong = (roll[:, :CHORD_UNITS] != chart).any(axis=1).reshape(-1, STEPS_PER_BAR).any(axis=1)
    return tuple(np.flatnonzero(wrong).tolist())


def segment_letters(roll: Roll, segments: Segments) -> str:
    """Read each bar as A, B, or ? where it is neither of the two segments of its place in the form.

    Args:
        roll: whole bars, (step, unit).
        segments: pitches (bar, A or B, beat).
    """
    letters = []
    for bar, steps in enumerate(roll[:, CHORD_UNITS:].reshape(-1, STEPS_PER_BAR, roll.shape[1] - CHORD_UNITS)):
        first, second = segments[bar % len(segments)]
        is_first, is_second = ((steps == melody_roll(segment)).all() for segment in (first, second))
        letters.append("A" if is_first else "B" if is_second else "?")
    return "".join(letters)
