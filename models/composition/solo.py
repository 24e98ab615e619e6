"""A solo of the joint model over a form: an opening call, the answer to it, and bars played anew while others stay.

Whatever is played goes through `improvise.improvise`; here the bars are put together. A bar is 48 ticks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from models.composition.blues_form import TICKS_PER_BAR, Form, transposition
from models.composition.call import call_events
from models.composition.events import Event, events_of, notes_of
from models.composition.generate import CompositionError, Request
from models.composition.improvise import improvise
from models.composition.score import Chord, Note, Score

Bar = tuple[Event, ...]  # events of one bar; none crosses its line


@dataclass(frozen=True)
class Manner:
    """How the model plays; the values that `improvise` takes under these names."""

    style: str = "licks"
    temperature: float = 1.0
    density: float | None = None
    limit: int | None = None


def lead_sheet(form: Form, *, key: str = "C", tempo: float = 120, choruses: int = 1, meter: str = "4/4") -> Score:
    """Write the chord symbols of a form, without a note.

    Raises:
        ValueError: an unknown key or meter, or a tempo out of range.
    """
    chords, end = [], choruses * form.ticks
    for bar, symbols in enumerate(form.bars * choruses):
        share = TICKS_PER_BAR // len(symbols)
        chords += [Chord(bar * TICKS_PER_BAR + place * share, share, symbol) for place, symbol in enumerate(symbols)]
    return Score((), tuple(chords), tempo, end, meter=meter).transposed(transposition(key), key)


def call_and_answer(
    phrase: Sequence[Note],
    form: Form,
    manner: Manner,
    seed: int,
    *,
    key: str = "C",
    tempo: float = 120,
    choruses: int = 1,
    meter: str = "4/4",
) -> Score:
    """Play choruses over a form: a phrase first, if there is one, as it stands in the key; then the model's answer.

    Raises:
        ValueError: a value out of range, or a phrase that fills all the choruses.
    """
    Request(form, choruses, seed, temperature=manner.temperature)  # refuses what is out of range
    sheet, call = lead_sheet(form, key=key, tempo=tempo, choruses=choruses, meter=meter), call_events(phrase, key)
    called = len(bars_of(call))
    if called * TICKS_PER_BAR >= sheet.length:
        raise CompositionError(f"a phrase of {called} bars leaves no bar to answer in; ask for more choruses")
    return solo(sheet, form, manner, seed, call)


def solo(sheet: Score, form: Form, manner: Manner, seed: int, call: Sequence[Event] = ()) -> Score:
    """Play over a lead sheet: the call first, which is in C and whole bars long, then the model's answer to its end."""
    called = bars_of(call)
    silent = [(Event(TICKS_PER_BAR, None, 0),)] * (sheet.length // TICKS_PER_BAR - len(called))
    answered = range(len(called), len(called) + len(silent))
    return _with_melody(sheet, _played([*called, *silent], form, answered, manner, seed, sheet.meter))


def replayed(score: Score, form: Form, bars: Collection[int], manner: Manner, seed: int) -> Score:
    """Improvise some bars of the melody anew, counted from 0; each answers what stands before it, the others stay.

    Raises:
        EventError: the melody is no single line.
    """
    in_c = score.transposed(-transposition(score.key), "C")
    return _with_melody(score, _played(bars_of(events_of(in_c)), form, bars, manner, seed, score.meter))


def bars_of(events: Sequence[Event]) -> list[Bar]:
    """Cut events at the bar lines, where they end anyway."""
    bars: list[list[Event]] = []
    now = 0
    for event in events:
        if now % TICKS_PER_BAR == 0:
            bars.append([])
        bars[-1].append(event)
        now += event.duration
    return [tuple(bar) for bar in bars]


def _played(melody: list[Bar], form: Form, bars: Collection[int], manner: Manner, seed: int, meter: str) -> list[Bar]:
    """Replace bars of a melody in C, one run of neighbours after the other."""
    melody = list(melody)
    for wanted, run in groupby(range(len(melody)), lambda bar: bar in bars):
        numbers = list(run)
        if not wanted:
            continue
        first, end = numbers[0], numbers[-1] + 1
        heard = [event for bar in melody[:first] for event in bar]
        played = improvise(
            form=form,
            style=manner.style,
            first_bar=first,
            bars=end - first,
            heard=heard,
            seed=seed + first,
            temperature=manner.temperature,
            density=manner.density,
            limit=manner.limit,
            meter=meter,
        )
        melody[first:end] = bars_of(played)
        if end < len(melody) and melody[end][0].tied:  # the note that went on over the bar line is gone
            melody[end] = (replace(melody[end][0], tied=False), *melody[end][1:])
    return melody


def _with_melody(score: Score, melody: list[Bar]) -> Score:
    """Put a melody in C into a score, in the score's key."""
    in_c = Score(notes_of([event for bar in melody for event in bar]), (), score.tempo, score.length)
    notes = in_c.transposed(transposition(score.key), score.key).notes
    others = tuple(note for note in score.notes if note.part != "melody")
    return replace(score, notes=tuple(sorted((*others, *notes))))
