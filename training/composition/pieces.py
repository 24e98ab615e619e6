"""What the joint model learns from: melodies as events, with the place of every bar in its form."""

from __future__ import annotations

from dataclasses import dataclass

from models.composition.blues_form import TICKS_PER_BAR, Form
from models.composition.events import Event


@dataclass(frozen=True)
class Piece:
    """A melody over a chart, in C.

    Attributes:
        name: of the solo, or which number of the grammar.
        style: licks or weimar.
        form: the chords, from the first bar of the piece on.
        events: whole bars.
        places: of each bar, its number in the form, counted from 0, and the number of bars of the form.
        roles: of each bar, 0 unknown, 1 call, 2 answer.
    """

    name: str
    style: str
    form: Form
    events: tuple[Event, ...]
    places: tuple[tuple[int, int], ...]
    roles: tuple[int, ...]

    def __post_init__(self) -> None:
        """Hold events and bars together."""
        assert sum(event.duration for event in self.events) == len(self.places) * TICKS_PER_BAR
        assert len(self.places) == len(self.roles)
