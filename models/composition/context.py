"""What the joint model knows before it draws an event: the place in bar, form and chart, and what was heard.

One event is three tokens: duration (place in DURATIONS), pitch (REST, TIE, PITCHES) and velocity (0 of a rest, then
bins of sixteen). A context is one row of integers in the order of COLUMNS and one of CHORD_FEATURES numbers: root and
tones of the chord now, half a bar ahead at the next half bar, and at the next bar line. Ticks count from the piece's
first bar.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from models.composition.blues_form import FORMS, TICKS_PER_BAR, Form, chord_classes, chord_parts
from models.composition.events import DURATIONS, Event

STYLES = ("licks", "weimar")
UNKNOWN, CALL, ANSWER = 0, 1, 2  # roles
REST, TIE, FIRST_PITCH = 0, 1, 2
PITCHES = range(50, 89)
NOTHING = FIRST_PITCH + len(PITCHES)  # the pitch token before the first event
VELOCITY_BINS = 8
MIDDLE = 67 - PITCHES[0]  # the pitch to go on from where nothing has sounded
LONGEST_FORM = 16
FORM_NUMBERS = {name: number for number, name in enumerate(FORMS, start=1)}  # 0 is a chart of its own
LAGS = (1, 2, 4)  # bars back, where a motif may come from
DENSITIES = (3.0, 5.5, 8.0)  # notes per bar that part the classes

# name -> number of values
FIXED = {
    "position": TICKS_PER_BAR,
    "bar": LONGEST_FORM,
    "left": LONGEST_FORM + 1,
    "form": len(FORMS) + 1,
    "style": len(STYLES),
    "role": 3,
    "density": len(DENSITIES) + 2,
    "root": 12,
}
HEARD = {
    "duration": len(DURATIONS) + 1,
    "pitch": NOTHING + 1,
    "velocity": VELOCITY_BINS + 1,
    "last": len(PITCHES),
} | {f"{kind}-{lag}": size for lag in LAGS for kind, size in (("pitch", NOTHING + 1), ("duration", len(DURATIONS) + 1))}
COLUMNS = FIXED | HEARD
CHORD_FEATURES = 3 * 24


@dataclass(frozen=True)
class Setting:
    """What is known of every bar before a note is played.

    Attributes:
        form: the chords, from tick 0 on.
        style: licks or weimar.
        places: of each bar its number in the form and the bars of the form; they go round.
        roles: of each bar UNKNOWN, CALL or ANSWER; they go round.
    """

    form: Form
    style: str
    places: tuple[tuple[int, int], ...]
    roles: tuple[int, ...]

    def row(self, tick: int, density: int = 0) -> list[int]:
        """Return the columns of FIXED at a tick; density is a class, 0 if unknown."""
        bar = tick // TICKS_PER_BAR
        number, bars = self.places[bar % len(self.places)]
        form = FORM_NUMBERS.get(self.form.name, 0) if self.style == "licks" else 0
        root, _ = chord_parts(self.form.chord_at(tick))
        style, role = STYLES.index(self.style), self.roles[bar % len(self.roles)]
        return [tick % TICKS_PER_BAR, number, bars - number, form, style, role, density, root]

    def chords(self, tick: int) -> tuple[str, str, str]:
        """Name the chords at a tick, at the next half bar and at the next bar line."""
        half, bar = TICKS_PER_BAR // 2, TICKS_PER_BAR
        ahead = (tick // half + 1) * half, (tick // bar + 1) * bar
        return self.form.chord_at(tick), self.form.chord_at(ahead[0]), self.form.chord_at(ahead[1])


@cache
def chord_features(symbol: str) -> npt.NDArray[np.float32]:
    """Write a chord as its root and its tones, one of twelve and some of twelve."""
    features = np.zeros(24, np.float32)
    features[chord_parts(symbol)[0]] = 1.0
    features[[12 + tone for tone in chord_classes(symbol)]] = 1.0
    return features


def density_class(notes_per_bar: float | None) -> int:
    """Class of a density, 0 if it is left open."""
    return 0 if notes_per_bar is None else 1 + bisect_right(DENSITIES, notes_per_bar)


def tokens(event: Event) -> tuple[int, int, int]:
    """Write an event as duration, pitch and velocity; pitches out of range are moved by octaves."""
    duration = DURATIONS.index(event.duration)
    if event.pitch is None:
        return duration, REST, 0
    velocity = 1 + event.velocity * VELOCITY_BINS // 128
    return duration, TIE if event.tied else FIRST_PITCH + folded(event.pitch) - PITCHES[0], velocity


def folded(pitch: int) -> int:
    """Bring a pitch into PITCHES by octaves."""
    while pitch < PITCHES[0]:
        pitch += 12
    while pitch > PITCHES[-1]:
        pitch -= 12
    return pitch


def pitch_of(token: int) -> int:
    """MIDI number of a pitch token from FIRST_PITCH on."""
    return PITCHES[0] + token - FIRST_PITCH


def velocity_of(token: int) -> int:
    """MIDI velocity in the middle of a bin."""
    return (2 * token - 1) * 64 // VELOCITY_BINS


def lookback(starts: Sequence[int], tick: int) -> tuple[int, ...]:
    """Find the event that sounded 1, 2 and 4 bars before a tick: places in `starts`, -1 before the first."""
    return tuple(bisect_right(starts, tick - lag * TICKS_PER_BAR) - 1 for lag in LAGS)
