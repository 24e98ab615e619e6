"""Trading fours: a call that a visitor played becomes the model's answer, and the band plays under both.

What comes from a page is not trusted: whatever is not music of bounded size is refused. Times are ticks; those of a
call count from its first bar line, those of an answer from its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any, Self

from models.composition.accompaniment import accompany
from models.composition.blues_form import TICKS_PER_BAR, form_named, transposition
from models.composition.context import STYLES, folded
from models.composition.events import Event, events_of, notes_of
from models.composition.improvise import improvise
from models.composition.score import Chord, Note, Score

TRADES = (1, 2, 4)  # bars
SLOWEST, FASTEST = 60, 200  # beats per minute
MOST_NOTES = 200  # of a call: more than hands can play in four bars
MOST_BARS = 10_000  # a session counts its bars from the start
LAP_CHORUSES = 4  # the band plays so many, each its own way, and then the same again
HIGHEST_SEED = 2**32 - 1
MOST_TRIES = 12  # for an answer of one bar, of which up to one in seven would be nothing but rests


class TradingError(ValueError):
    """A call that cannot be answered; the message says what is wrong with it."""


@dataclass(frozen=True)
class Call:
    """What was played, and what is to come.

    Attributes:
        form: name of a chart.
        key: tonic, such as C or Eb.
        style: of the answer, one of STYLES.
        bars: of the call and of the answer, 1, 2 or 4.
        first_bar: of the answer, counted from 0 over all choruses.
        seed: the same call with the same seed has the same answer.
        notes: (start, duration, pitch, velocity), in order, as played: several may sound at once.
    """

    form: str
    key: str
    style: str
    bars: int
    first_bar: int
    seed: int
    notes: tuple[tuple[int, int, int, int], ...]

    def __post_init__(self) -> None:
        """Refuse what is no call."""
        form_named(self.form)
        transposition(self.key)
        if self.style not in STYLES:
            raise TradingError(f"unknown style {self.style!r}; choose one of {', '.join(STYLES)}")
        if type(self.bars) is not int or self.bars not in TRADES:
            raise TradingError(f"{self.bars!r} bars cannot be traded; choose 1, 2 or 4")
        _whole("first bar", self.first_bar, 0, MOST_BARS)
        _whole("seed", self.seed, 0, HIGHEST_SEED)
        if len(self.notes) > MOST_NOTES:
            raise TradingError(f"{len(self.notes)} notes are too many for a call; play at most {MOST_NOTES}")
        if any(len(note) != 4 for note in self.notes):
            raise TradingError("a note of a call has start, duration, pitch and velocity, and nothing else")
        for start, duration, pitch, velocity in self.notes:
            _whole("start", start, 0, self.length - 1)
            _whole("duration", duration, 1, self.length - start)
            _whole("pitch", pitch, 0, 127)
            _whole("velocity", velocity, 1, 127)

    @property
    def length(self) -> int:
        """Ticks of the call, and of the answer."""
        return self.bars * TICKS_PER_BAR

    @classmethod
    def of(cls, data: Any) -> Self:
        """Take a call as a page sends it, a dictionary of the attributes.

        Raises:
            ValueError: it is none (TradingError, FormError).
        """
        try:
            return cls(**{**data, "notes": tuple(tuple(note) for note in data["notes"])})
        except (TypeError, KeyError) as error:
            raise TradingError("this is not a call; reload the page") from error


@dataclass(frozen=True)
class Band:
    """What the band is to play: name of a chart, tonic, feel, and a seed that decides how."""

    form: str
    key: str
    feel: str
    seed: int

    def __post_init__(self) -> None:
        """Refuse a seed that is none; the rest is refused by those who know it."""
        _whole("seed", self.seed, 0, HIGHEST_SEED)

    @classmethod
    def of(cls, data: Any) -> Self:
        """Take what a page sends, a dictionary of the attributes.

        Raises:
            TradingError: it is something else.
        """
        try:
            return cls(**data)
        except TypeError as error:
            raise TradingError("this is no band; reload the page") from error

    def score(self) -> Score:
        """Let piano, bass and drums play four choruses; the tempo is for whoever plays it to choose.

        Raises:
            ValueError: a form, key or feel that does not exist (FormError, ScoreError).
        """
        chart = form_named(self.form)
        chords = []
        for bar in range(LAP_CHORUSES * len(chart.bars)):
            symbols = chart.bars[bar % len(chart.bars)]
            share = TICKS_PER_BAR // len(symbols)
            chords += [Chord(bar * TICKS_PER_BAR + at * share, share, name) for at, name in enumerate(symbols)]
        sheet = Score((), tuple(chords), FASTEST, LAP_CHORUSES * chart.ticks)
        played = accompany(sheet, feel=self.feel, seed=self.seed, bars_per_chorus=len(chart.bars))
        return played.transposed(transposition(self.key), self.key)


def answer(call: Call) -> tuple[Note, ...]:
    """Answer a call with as many bars, melody notes in order of time.

    An answer of rests alone is drawn anew, which leaves the odds between all the others as they are.
    """
    semitones = transposition(call.key)
    heard = events_of(Score(tuple(_upper_line(call, semitones)), (), FASTEST, call.length))
    tries = (_drawn(call, heard, call.seed + n * (HIGHEST_SEED + 1)) for n in range(MOST_TRIES))
    notes = next(filter(None, tries), ())
    return Score(notes, (), FASTEST, call.length).transposed(semitones, call.key).notes


def _drawn(call: Call, heard: tuple[Event, ...], seed: int) -> tuple[Note, ...]:
    """Draw an answer, in C."""
    events = improvise(
        form=form_named(call.form),
        style=call.style,
        first_bar=call.first_bar,
        bars=call.bars,
        heard=heard,
        seed=seed,
        answering=True,
    )
    return notes_of(events)


def _upper_line(call: Call, semitones: int) -> list[Note]:
    """Take the upper line of a call, in C and in the model's register: each note ends where the next begins."""
    chords = groupby(sorted(call.notes), key=lambda note: note[0])
    tops = [max(together, key=lambda note: note[2]) for _, together in chords]
    ends = [start for start, *_ in tops[1:]] + [call.length] * bool(tops)
    return [
        Note(start, min(duration, end - start), folded(pitch - semitones), velocity, "melody")
        for (start, duration, pitch, velocity), end in zip(tops, ends, strict=True)
    ]


def _whole(name: str, value: Any, lowest: int, highest: int) -> None:
    """Raise TradingError unless the value is a whole number within its bounds."""
    if type(value) is not int or not lowest <= value <= highest:
        raise TradingError(f"{name} {value!r} is out of range; it is a whole number from {lowest} to {highest}")
