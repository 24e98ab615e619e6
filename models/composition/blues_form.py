"""Facts of music that the rest of the room builds on: time grid, pitch ranges, chords, keys, the twelve-bar form.

Conventions: time in ticks, 12 per beat; the network of Eck & Schmidhuber (2002) sees one step per eighth note.
Pitches are MIDI numbers (60 is middle C), pitch classes 0-11 (0 is C). The form is written in C and transposed.
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
# Bebop players write "dim" and play the seventh with it.
_QUALITIES = {"": (0, 4, 7), "7": (0, 4, 7, 10), "m": (0, 3, 7), "dim": (0, 3, 6, 9)}


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

    def chart(self) -> tuple[str, ...]:
        """Return the chord symbol of every step of one chorus."""
        return tuple(symbol for bar in self.bars for symbol in bar for _ in range(STEPS_PER_BAR // len(bar)))


# The chart of the paper's figure as recollected: roots are certain, half-bar splits and sevenths less so.
BEBOP = Form(
    "bebop",
    tuple(tuple(bar.split()) for bar in ("C", "F7", "C", "Gm C", "F", "Fdim", "C", "A", "Dm", "G", "C A", "Dm G")),
)
# The plain twelve bars, with V in the last, which leads back to the first.
BASIC = Form("basic", tuple((root,) for root in "CCCCFFCCGFCG"))
FORMS = {form.name: form for form in (BEBOP, BASIC)}


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


def chord_classes(symbol: str) -> frozenset[int]:
    """Spell a chord as pitch classes.

    Raises:
        FormError: a root or quality that is not known.
    """
    match = _ROOT.match(symbol)
    if match is None or symbol[match.end() :] not in _QUALITIES:
        raise FormError(f"unknown chord {symbol!r}; qualities are major, 7, m and dim")
    root = pitch_class(match[0])
    return frozenset((root + interval) % 12 for interval in _QUALITIES[symbol[match.end() :]])


def transposed_symbol(symbol: str, semitones: int) -> str:
    """Move the root of a chord symbol, keeping its quality; a plain list of notes (C-E-G#) moves note by note."""
    return _ROOT.sub(lambda match: PITCH_CLASSES[(pitch_class(match[0]) + semitones) % 12], symbol)


def chord_symbol(classes: frozenset[int], form: Form = BEBOP) -> str:
    """Name the chord of the form that these pitch classes spell; other sets are shown as their notes, C-E-G#."""
    for symbol in form.chart():
        if chord_classes(symbol) == classes:
            return symbol
    return "-".join(PITCH_CLASSES[number] for number in sorted(classes))
