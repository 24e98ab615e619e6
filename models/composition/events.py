"""Score <-> event sequence: a melody as notes and rests one after another, without a gap.

Durations are in ticks and come from DURATIONS. An event never crosses a bar line: what goes on over it, and what no
single duration can say, is cut into events of one pitch, all but the first tied to the one before. So a model that
knows how much of the bar is left cannot lose the meter. Durations 8 + 4 swing, three 4 are a triplet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.composition.blues_form import TICKS_PER_BAR
from models.composition.score import Note, Score

DURATIONS = (1, 2, 3, 4, 6, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 30, 32, 36, 40, 44, 48)


class EventError(ValueError):
    """Notes that are no single line, or events that are no music; the message says where."""


@dataclass(frozen=True)
class Event:
    """One note or rest, or a piece of one.

    Attributes:
        duration: in ticks, one of DURATIONS.
        pitch: MIDI number 0-127; a rest has none.
        velocity: 1-127; 0 of a rest.
        tied: the note before goes on, at its pitch.
    """

    duration: int
    pitch: int | None
    velocity: int
    tied: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be played."""
        if self.duration not in DURATIONS:
            raise EventError(f"no event lasts {self.duration} ticks; durations are {', '.join(map(str, DURATIONS))}")
        if self.pitch is None:
            if self.velocity or self.tied:
                raise EventError(f"a rest has velocity 0 and no tie, got {self.velocity}, tied={self.tied}")
        elif not (0 <= self.pitch <= 127 and 1 <= self.velocity <= 127):
            raise EventError(f"pitch must be 0-127 and velocity 1-127, got {self.pitch} and {self.velocity}")


def events_of(score: Score, part: str = "melody") -> tuple[Event, ...]:
    """Write one part as events, from the first bar line to the last, rests included.

    Raises:
        EventError: notes of the part sound together, or the score does not end on a bar line.
    """
    if score.length % TICKS_PER_BAR:
        raise EventError(f"the score ends {score.length % TICKS_PER_BAR} ticks after a bar line; fill up its last bar")
    events: list[Event] = []
    now = 0
    for note in score.part(part).notes:
        if note.start < now:
            raise EventError(f"notes overlap at tick {note.start}; events hold one voice")
        events += [Event(ticks, None, 0) for ticks in durations(now, note.start)]
        now = note.start + note.duration
        for place, ticks in enumerate(durations(note.start, now)):
            events.append(Event(ticks, note.pitch, note.velocity, tied=place > 0))
    return (*events, *(Event(ticks, None, 0) for ticks in durations(now, score.length)))


def durations(start: int, end: int) -> Iterator[int]:
    """Cut a stretch of ticks at bar lines, then into durations, longest first."""
    while start < end:
        room = min(end - start, TICKS_PER_BAR - start % TICKS_PER_BAR)
        longest = max(ticks for ticks in DURATIONS if ticks <= room)
        yield longest
        start += longest


def notes_of(events: Sequence[Event], start: int = 0) -> tuple[Note, ...]:
    """Read events back as melody notes, the first event at tick `start`.

    Raises:
        EventError: an event is tied to a rest, to another pitch or to nothing.
    """
    notes: list[Note] = []
    for event in events:
        if event.tied:
            before = notes[-1] if notes else None
            if before is None or before.pitch != event.pitch or before.start + before.duration != start:
                raise EventError(f"the event at tick {start} is tied, but no note of its pitch ends there")
            notes[-1] = Note(before.start, before.duration + event.duration, before.pitch, before.velocity, "melody")
        elif event.pitch is not None:
            notes.append(Note(start, event.duration, event.pitch, event.velocity, "melody"))
        start += event.duration
    return tuple(notes)
