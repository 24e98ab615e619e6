"""Facts of music that the rest of the room builds on: time grid, pitch ranges, chords, keys, the forms of the blues.

Conventions: time in ticks, 12 per beat; the network of Eck & Schmidhuber (2002) sees one step per eighth note.
Pitches are MIDI numbers (60 is middle C), pitch classes 0-11 (0 is C). The forms are written in C and transposed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TICKS_PER_BEAT = 12
BEATS_PER_BAR = 4
STEPS_PER_BEAT = 2
TICKS_PER_STEP = TICKS_PER_BEAT // STEPS_PER_BEAT
STEPS_PER_BAR = STEPS_PER_BEAT * BEATS_PER_BAR
TICKS_PER_BAR = TICKS_PER_BEAT * BEATS_PER_BAR

# The paper gives chords one octave and the melody the octave above; it does not say which. Project choice: C3 and C4.
CHORD_PITCHES = range(48, 60)
MELODY_PITCHES = range(60, 73)

PITCH_CLASSES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MAJOR_PENTATONIC = (0, 2, 4, 7, 9)

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ROOT = re.compile(r"([A-G])([#b]?)")
_QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "m7b5": (0, 3, 6, 10),
    "dim": (0, 3, 6, 9),  # bebop players write "dim" and play the seventh with it
    "dim7": (0, 3, 6, 9),
    "sus": (0, 5, 7),
    "7sus": (0, 5, 7, 10),
    "9sus": (0, 2, 5, 7, 10),
    "9": (0, 2, 4, 7, 10),
    "13": (0, 2, 4, 7, 9, 10),
    "7b9": (0, 1, 4, 7, 10),
    "7#9": (0, 3, 4, 7, 10),
    "7#5": (0, 4, 8, 10),
    "9#11": (0, 2, 4, 6, 7, 10),
    "7b13": (0, 4, 7, 8, 10),
    "7alt": (0, 1, 3, 4, 8, 10),
    "maj7#11": (0, 4, 6, 7, 11),
}


class FormError(ValueError):
    """A key, a chord or a form that does not exist here; the message says which do."""


@dataclass(frozen=True)
class Form:
    """A cyclic chord chart.

    Attributes:
        name: what users ask for.
        bars: one entry per bar, the chord symbols that share it in equal parts.
    """

    name: str
    bars: tuple[tuple[str, ...], ...]

    @property
    def steps(self) -> int:
        """Length of one chorus in steps."""
        return len(self.bars) * STEPS_PER_BAR

    @property
    def ticks(self) -> int:
        """Length of one chorus in ticks."""
        return len(self.bars) * TICKS_PER_BAR

    def chart(self) -> tuple[str, ...]:
        """Return the chord symbol of every step of one chorus."""
        return tuple(symbol for bar in self.bars for symbol in bar for _ in range(STEPS_PER_BAR // len(bar)))

    def chord_at(self, tick: int) -> str:
        """Return the chord symbol at a tick, 0 or later; after the last bar the form begins again."""
        bar, within = divmod(tick % self.ticks, TICKS_PER_BAR)
        return self.bars[bar][within * len(self.bars[bar]) // TICKS_PER_BAR]

    def degree(self, pitch: int, tick: int) -> int:
        """Semitones from the root of the chord at a tick up to a pitch, 0-11."""
        return (pitch - chord_parts(self.chord_at(tick))[0]) % 12


def _form(name: str, bars: str) -> Form:
    """Read a chart as musicians write it, a line between bars."""
    return Form(name, tuple(tuple(bar.split()) for bar in bars.split("|")))


# The chart of the paper's figure as recollected: roots are certain, half-bar splits and sevenths less so.
BEBOP = _form("bebop", "C | F7 | C | Gm C | F | Fdim | C | A | Dm | G | C A | Dm G")
# The plain twelve bars, with V in the last, which leads back to the first.
BASIC = _form("basic", "C | C | C | C | F | F | C | C | G | F | C | G")
PAPER_FORMS = (BEBOP, BASIC)  # what the networks of 2002 learn here
FORMS = {
    form.name: form
    for form in (
        *PAPER_FORMS,
        _form("quick-change", "C7 | F7 | C7 | C7 | F7 | F7 | C7 | C7 | G7 | F7 | C7 | G7"),
        _form("jazz", "C7 | F7 | C7 | Gm7 C7 | F7 | F#dim7 | C7 | A7 | Dm7 | G7 | C7 A7 | Dm7 G7"),
        _form("bird", "Cmaj7 | Bm7b5 E7 | Am7 D7 | Gm7 C7 | F7 | Fm7 Bb7 | Em7 | Ebm7 Ab7 | Dm7 | G7 | C A7 | Dm7 G7"),
        _form("minor", "Cm7 | Fm7 | Cm7 | Cm7 | Fm7 | Fm7 | Cm7 | Cm7 | Ab7 | G7 | Cm7 | G7"),
        _form("eight-bar", "C7 | G7 | F7 | F7 | C7 | G7 | C7 | G7"),
        _form("sixteen-bar", "C7 | C7 | C7 | C7 | F7 | F7 | C7 | C7 | G7 | F7 | G7 | F7 | G7 | F7 | C7 | G7"),
    )
}


def form_named(name: str) -> Form:
    """Look a form up.

    Raises:
        FormError: no form has this name.
    """
    if name not in FORMS:
        raise FormError(f"unknown form {name!r}; choose one of {', '.join(FORMS)}")
    return FORMS[name]


def pitch_class(name: str) -> int:
    """Turn a key or root such as C, Eb or F# into a pitch class.

    Raises:
        FormError: not a letter A-G with at most one # or b.
    """
    match = _ROOT.fullmatch(name)
    if match is None:
        raise FormError(f"unknown key {name!r}; choose one of {', '.join(PITCH_CLASSES)}")
    return (_LETTERS[match[1]] + {"": 0, "#": 1, "b": -1}[match[2]]) % 12


def transposition(key: str) -> int:
    """Semitones from C to the key by the shorter way, -5 to +6, so that the register stays."""
    return (pitch_class(key) + 5) % 12 - 5


def chord_parts(symbol: str) -> tuple[int, str]:
    """Split a chord symbol into the pitch class of its root and its quality.

    Raises:
        FormError: a root or quality that is not known.
    """
    match = _ROOT.match(symbol)
    if match is None or symbol[match.end() :] not in _QUALITIES:
        qualities = ", ".join(filter(None, _QUALITIES))
        raise FormError(f"unknown chord {symbol!r}; after the root comes nothing (major) or one of {qualities}")
    return pitch_class(match[0]), symbol[match.end() :]


def chord_classes(symbol: str) -> frozenset[int]:
    """Spell a chord as pitch classes.

    Raises:
        FormError: a root or quality that is not known.
    """
    root, quality = chord_parts(symbol)
    return frozenset((root + interval) % 12 for interval in _QUALITIES[quality])


def transposed_symbol(symbol: str, semitones: int) -> str:
    """Move the root of a chord symbol, keeping its quality; a plain list of notes (C-E-G#) moves note by note."""
    return _ROOT.sub(lambda match: PITCH_CLASSES[(pitch_class(match[0]) + semitones) % 12], symbol)


def chord_symbol(classes: frozenset[int], form: Form = BEBOP) -> str:
    """Name the chord of the form that these pitch classes spell; other sets are shown as their notes, C-E-G#."""
    for symbol in form.chart():
        if chord_classes(symbol) == classes:
            return symbol
    return "-".join(PITCH_CLASSES[number] for number in sorted(classes))
