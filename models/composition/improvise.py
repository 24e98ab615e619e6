"""Improvise over a form, event by event: the one engine behind whole pieces and live answers.

Everything is in C; whoever asks transposes. What was heard before, a call or the melody so far, ends at the bar line
where the improvisation begins. Events stay within the bars that were asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from models.composition.blues_form import BEATS_PER_BAR, TICKS_PER_BAR, TICKS_PER_BEAT, Form, chord_classes
from models.composition.events import DURATIONS, Event

STYLES = ("licks", "weimar")
LOWEST_PITCH, HIGHEST_PITCH = 55, 84
MOST_BARS = 256


class ImproviseError(ValueError):
    """A request that cannot be improvised on; the message says which value and what is allowed."""


def improvise(
    *,
    form: Form,
    style: str = "licks",
    first_bar: int = 0,
    bars: int,
    heard: Sequence[Event] = (),
    seed: int,
    temperature: float = 1.0,
    density: float | None = None,
    limit: int | None = None,
    model: str = "joint",
) -> tuple[Event, ...]:
    """Improvise whole bars; the same arguments give the same events.

    Args:
        form: the chart, which goes round and round.
        style: licks or weimar.
        first_bar: bar of the form to begin in, counted from 0 through all choruses.
        bars: how many, 1-256.
        heard: what was played up to the bar line of `first_bar`, whole bars.
        seed: 0 or greater.
        temperature: above 0; below 1 the likelier is likelier still, above 1 less so.
        density: notes per bar that are wanted, 0-16; None leaves it to the model.
        limit: no run of more notes than this is copied from the training corpus.
        model: name of the checkpoint.

    Raises:
        ImproviseError: a value out of range.
    """
    if style not in STYLES:
        raise ImproviseError(f"unknown style {style!r}; choose one of {', '.join(STYLES)}")
    if not 1 <= bars <= MOST_BARS:
        raise ImproviseError(f"{bars} bars are out of range; choose 1 to {MOST_BARS}")
    if sum(event.duration for event in heard) % TICKS_PER_BAR:
        raise ImproviseError("what was heard does not end at a bar line; fill up its last bar with a rest")
    return tuple(_events(form, first_bar, bars, np.random.default_rng(seed)))


def after_opening(
    pitches: Sequence[int], *, form: Form, choruses: int, style: str, seed: int, temperature: float
) -> tuple[Event, ...]:
    """Play seed notes as quarters, rest up to the next bar line, and improvise until the choruses are full."""
    silent = -len(pitches) % BEATS_PER_BAR
    heard = *(Event(TICKS_PER_BEAT, pitch, 90) for pitch in pitches), *(Event(TICKS_PER_BEAT, None, 0),) * silent
    first_bar = len(heard) // BEATS_PER_BAR
    bars = len(form.bars) * choruses - first_bar
    return heard + improvise(
        form=form, style=style, first_bar=first_bar, bars=bars, heard=heard, seed=seed, temperature=temperature
    )


def _events(form: Form, first_bar: int, bars: int, generator: np.random.Generator) -> Iterator[Event]:
    """Yield chord tones and rests of a beat or a part of it."""
    now, end = first_bar * TICKS_PER_BAR, (first_bar + bars) * TICKS_PER_BAR
    while now < end:
        room = min(12 - now % 12, end - now)
        duration = int(generator.choice([ticks for ticks in DURATIONS if ticks <= room and ticks % 4 == 0]))
        pitches = [p for p in range(60, 77) if p % 12 in chord_classes(form.chord_at(now))]
        sounds = generator.random() < 0.8
        yield Event(duration, int(generator.choice(pitches)), 90) if sounds else Event(duration, None, 0)
        now += duration
