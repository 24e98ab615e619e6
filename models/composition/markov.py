"""Third-order transition tables: the baseline that Mozer's CONCERT (1994) was preferred over.

The tables count events, a symbol with its duration in steps, not the steps of the grid: step by step the likeliest
continuation of a long chord is always itself, and any such table freezes. One table is of chords and hears chords; one
is of melody notes and hears the chord of the moment too, as the networks' melody does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby

import numpy as np
import numpy.typing as npt

from models.composition.blues_form import STEPS_PER_BEAT, Form
from models.composition.encoding import Roll, melody_roll, symbols_roll

ORDER = 3
PRIOR_WEIGHT = 0.01  # events' worth of belief that each order puts into the next lower one

Event = tuple[str | int, int]  # (chord symbol or MIDI pitch, steps)
START: tuple[Event, ...] = (("start", 0),) * ORDER  # what is heard before a piece


class TransitionTable:
    """Probabilities of the next event after the three before it, under a chord symbol or under none ("")."""

    def __init__(self, alphabet: Iterable[Event]) -> None:
        """Start without counts: every event of the alphabet is equally likely."""
        self.alphabet = tuple(alphabet)
        self._counts: dict[tuple[str | Event, ...], Counter[Event]] = defaultdict(Counter)

    def learn(self, piece: Sequence[Event], chords: Sequence[str]) -> None:
        """Count the events of a piece, each under its chord, from the start and going round."""
        heard = [*START, *piece, *piece]
        for place, chord in enumerate([*chords, *chords]):
            for key in _keys(heard[place : place + ORDER], chord):
                self._counts[key][heard[place + ORDER]] += 1

    def probabilities(self, before: Sequence[Event], chord: str) -> dict[Event, float]:
        """Return the law of the next event: orders 0 to 3, each leaning a little on the one below."""
        law = dict.fromkeys(self.alphabet, 1 / len(self.alphabet))
        for key in _keys(before, chord):
            if key in self._counts:
                counts = self._counts[key]
                total = counts.total() + PRIOR_WEIGHT
                law = {event: (counts[event] + PRIOR_WEIGHT * share) / total for event, share in law.items()}
        return law

    def parameter_count(self) -> int:
        """Count the probabilities that were learned: seen events after every seen past, less one as they sum to one."""
        return sum(len(counts) - 1 for counts in self._counts.values())

    def drawing(self, generator: np.random.Generator) -> Callable[[tuple[Event, ...], str], Event]:
        """Return a function that draws the next event; it works each law out once."""

        @cache
        def shares(before: tuple[Event, ...], chord: str) -> npt.NDArray[np.float64]:
            return np.array(list(self.probabilities(before, chord).values()))

        return lambda before, chord: self.alphabet[int(generator.choice(len(self.alphabet), p=shares(before, chord)))]


class Markov:
    """A chord table and a melody table, learned from songs over one form."""

    def __init__(self, form: Form, songs: Sequence[Sequence[int]]) -> None:
        """Count the chart and the songs (MIDI pitches of their quarters)."""
        self.chart: list[Event] = [(symbol, len(list(run))) for symbol, run in groupby(form.chart())]
        self.chords = TransitionTable(dict.fromkeys(self.chart))
        self.chords.learn(self.chart, [""] * len(self.chart))
        self.melody = TransitionTable(quarters(sorted({pitch for song in songs for pitch in song})))
        beats = form.chart()[::STEPS_PER_BEAT]
        for song in songs:
            self.melody.learn(quarters(song), beats)

    def parameter_count(self) -> int:
        """Count the free probabilities of both tables."""
        return self.chords.parameter_count() + self.melody.parameter_count()

    def steps(self, primer: Sequence[int], generator: np.random.Generator) -> Iterator[Roll]:
        """Play for ever: yield (unit,) after (unit,), the primer's notes first."""
        notes, waiting = START, quarters(primer)
        draw = self.melody.drawing(generator)
        for symbol in self._beats(generator):
            note = waiting.pop(0) if waiting else draw(notes, symbol)
            notes = (*notes[1:], note)
            chords = symbols_roll([symbol] * STEPS_PER_BEAT)
            yield from np.concatenate([chords, melody_roll([int(note[0])])], axis=1)

    def _beats(self, generator: np.random.Generator) -> Iterator[str]:
        """Draw chord after chord for ever and yield the symbol of every beat."""
        heard, draw = START, self.chords.drawing(generator)
        while True:
            symbol, steps = draw(heard, "")
            yield from [str(symbol)] * (steps // STEPS_PER_BEAT)
            heard = (*heard[1:], (symbol, steps))


def quarters(pitches: Sequence[int]) -> list[Event]:
    """Write pitches as events of the paper's one duration."""
    return [(pitch, STEPS_PER_BEAT) for pitch in pitches]


def preceding(events: Sequence[Event], place: int) -> list[Event]:
    """Return the three events before a place, round the end."""
    return [events[index % len(events)] for index in range(place - ORDER, place)]


def _keys(before: Sequence[Event], chord: str) -> list[tuple[str | Event, ...]]:
    """Name what was heard, from order 0 up."""
    return [(chord, *before[ORDER - order :]) for order in range(ORDER + 1)]
