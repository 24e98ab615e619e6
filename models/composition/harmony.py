"""What a band reads from the chord symbols of a score: one `Harmony` per stretch of time, as root and tones.

Times are ticks; roots are pitch classes; tones are intervals above the root in semitones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.composition.blues_form import chord_classes, chord_parts, pitch_class
from models.composition.score import Score


@dataclass(frozen=True)
class Harmony:
    """A chord from `start` up to `end`: its root 0-11 and its tones 0-11 above the root, 0 among them."""

    start: int
    end: int
    root: int
    tones: tuple[int, ...]

    @property
    def classes(self) -> frozenset[int]:
        """Pitch classes of the chord."""
        return frozenset((self.root + tone) % 12 for tone in self.tones)


def harmonies(score: Score) -> tuple[Harmony, ...]:
    """Read the chord symbols of a score, neighbours of one symbol as one harmony.

    Raises:
        FormError: a symbol that cannot be read.
    """
    read: list[Harmony] = []
    for chord in score.chords:
        root, tones = _spelled(chord.symbol)
        start = chord.start
        if read and (read[-1].end, read[-1].root, read[-1].tones) == (start, root, tones):
            start = read.pop().start
        read.append(Harmony(start, chord.start + chord.duration, root, tones))
    return tuple(read)


def harmony_at(chart: Sequence[Harmony], tick: int) -> Harmony | None:
    """Find the harmony that sounds at a tick; None where the chart is silent."""
    return next((harmony for harmony in chart if harmony.start <= tick < harmony.end), None)


def _spelled(symbol: str) -> tuple[int, tuple[int, ...]]:
    """Return root and tones; a chord of no name, C-E-G#, has its first note as root."""
    if "-" in symbol:
        root, *others = (pitch_class(name) for name in symbol.split("-"))
        classes = frozenset((root, *others))
    else:
        root, classes = chord_parts(symbol)[0], chord_classes(symbol)
    return root, tuple(sorted((number - root) % 12 for number in classes))
