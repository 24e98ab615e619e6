"""The panel: what can be counted in a melody, each figure beside the range of human solos. None is better when higher.

Everything is computed on ticks, after quantisation, on the melody moved to C. Pitch-class entropies and grooving
similarity follow MusDr (Wu & Yang, ISMIR 2020) and, where they meet, muspy; bar similarity is the project's own
substitute for structureness. A figure that a melody does not have, such as the mean interval of one note, is nan.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.composition.blues_form import TICKS_PER_BAR, TICKS_PER_BEAT, chord_classes, transposition
from models.composition.score import Score

MAJOR_SCALE = frozenset((0, 2, 4, 5, 7, 9, 11))
BLUE_NOTES = frozenset((3, 6, 10))  # b3, b5, b7 of the key
STEP = 2  # semitones, the widest interval that is no leap
PHRASE_BARS = 4
SUBDIVISIONS = 12  # per bar, for the likeness of two bars: a triplet grid, on which swung eighths lie too
BANDS = Path(__file__).with_name("bands.json")

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Measure:
    """One figure of the panel.

    Attributes:
        name: key in the panel and in the bands.
        text: what it is, for readers.
        of: the figure of a melody in C.
    """

    name: str
    text: str
    of: Callable[[Score], float]


def panel(score: Score) -> dict[str, float]:
    """Take all figures of a score's melody, in any key, by the name of the measure."""
    melody = score.transposed(-transposition(score.key), "C").part("melody")
    return {measure.name: measure.of(melody) for measure in MEASURES}


@cache
def bands(style: str = "weimar") -> Mapping[str, tuple[float, float]]:
    """Return the range, 5th to 95th percentile, of every measure over the twelve-bar choruses of a corpus.

    Args:
        style: weimar, human solos, or licks, those of our own grammar.
    """
    known: dict[str, dict[str, list[float]]] = json.loads(BANDS.read_text())
    if style not in known:
        raise ValueError(f"unknown style {style!r}; choose one of {', '.join(known)}")
    return {name: (low, high) for name, (low, high) in known[style].items()}


def pitch_class_entropy(melody: Score, bars: int) -> float:
    """Entropy of the pitch classes in windows of some bars, one beginning on every bar, mean over those with notes.

    Returns:
        Bits, 0 to log2(12), each note counted once.
    """
    chroma = _chroma(melody)
    if len(chroma) < bars:
        return math.nan
    counts = np.lib.stride_tricks.sliding_window_view(chroma, bars, axis=0).sum(axis=-1)  # (window, pitch class)
    shares = [window[window > 0] / window.sum() for window in counts if window.any()]
    return _mean(-float((share * np.log2(share)).sum()) for share in shares)


def grooving_similarity(melody: Score, lags: Iterable[int]) -> float:
    """Share of the ticks of two bars at which both or neither have an onset, mean over the pairs that many bars apart.

    muspy's groove consistency is that of lag 1; MusDr takes all pairs.
    """
    onsets = np.minimum(_onsets(melody, TICKS_PER_BAR), 1)
    return _mean(1 - float(apart) for lag in lags for apart in abs(onsets[lag:] - onsets[:-lag]).mean(axis=1))


def bar_similarity(melody: Score, lags: Iterable[int]) -> float:
    """Likeness of bars that far apart: cosine of where their onsets and what their pitch classes are, mean over pairs.

    Returns:
        0-1; pairs with a silent bar do not count.
    """
    rhythm, chroma = (_unit_rows(counts) for counts in (_onsets(melody, SUBDIVISIONS), _chroma(melody)))
    alike = (rhythm @ rhythm.T + chroma @ chroma.T) / 2
    sounds = rhythm.sum(axis=1) > 0
    return _mean(
        float(alike[bar, bar + lag])
        for lag in lags
        for bar in range(len(alike) - lag)
        if sounds[bar] and sounds[bar + lag]
    )


def strong_beat_chord_tones(melody: Score) -> float:
    """Share of the notes struck on beats 1 and 3, where there is a chord, that belong to it, 0-1."""
    told = []
    for note in melody.notes:
        symbol = next((c.symbol for c in melody.chords if c.start <= note.start < c.start + c.duration), None)
        if note.start % (2 * TICKS_PER_BEAT) == 0 and symbol is not None:
            told.append(note.pitch % 12 in chord_classes(symbol))
    return _mean(told)


def share_of(melody: Score, classes: frozenset[int]) -> float:
    """Share of the notes whose pitch class is one of these, 0-1."""
    return _mean(note.pitch % 12 in classes for note in melody.notes)


def rests(melody: Score) -> float:
    """Share of the ticks at which nothing sounds, 0-1."""
    sounding = np.zeros(melody.length, bool)
    for note in melody.notes:
        sounding[note.start : note.start + note.duration] = True
    return 1 - float(sounding.mean())


def empty_beats(melody: Score) -> float:
    """Share of the beats in which no note begins, 0-1."""
    struck = {note.start // TICKS_PER_BEAT for note in melody.notes}
    return 1 - len(struck) / (melody.length / TICKS_PER_BEAT)


def intervals(melody: Score) -> list[int]:
    """Sizes of the intervals from note to note in semitones, 0 or greater."""
    return [abs(note.pitch - before.pitch) for before, note in pairwise(melody.notes)]


def pitch_range(melody: Score) -> float:
    """Semitones from the lowest to the highest note."""
    pitches = [note.pitch for note in melody.notes]
    return float(max(pitches) - min(pitches)) if pitches else math.nan


def note_density(melody: Score) -> float:
    """Notes per bar."""
    return len(melody.notes) / (melody.length / TICKS_PER_BAR)


def _bars(melody: Score) -> int:
    """Count the bars, the last one perhaps not full."""
    return math.ceil(melody.length / TICKS_PER_BAR)


def _onsets(melody: Score, subdivisions: int) -> Counts:
    """Count the onsets, (bar, subdivision); each goes to the subdivision in which it lies."""
    found = np.zeros((_bars(melody), subdivisions), np.int64)
    for note in melody.notes:
        bar, tick = divmod(note.start, TICKS_PER_BAR)
        found[bar, tick * subdivisions // TICKS_PER_BAR] += 1
    return found


def _chroma(melody: Score) -> Counts:
    """Count the notes that begin in each bar, (bar, pitch class)."""
    found = np.zeros((_bars(melody), 12), np.int64)
    for note in melody.notes:
        found[note.start // TICKS_PER_BAR, note.pitch % 12] += 1
    return found


def _unit_rows(counts: Counts) -> npt.NDArray[np.float64]:
    """Scale each row to length 1; a row of zeros stays."""
    rows = counts.astype(np.float64)
    lengths: npt.NDArray[np.float64] = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def _mean(values: Iterable[float]) -> float:
    """Mean, nan of nothing."""
    found = list(values)
    return float(np.mean(found)) if found else math.nan


def _near(melody: Score) -> range:
    """Lags below a phrase."""
    return range(1, min(PHRASE_BARS, _bars(melody)))


def _far(melody: Score) -> range:
    """Lags of a phrase and more."""
    return range(PHRASE_BARS, _bars(melody))


MEASURES = (
    Measure("entropy_1_bar", "variety of pitches within a bar (entropy, bits)", lambda m: pitch_class_entropy(m, 1)),
    Measure(
        "entropy_4_bars", "variety of pitches within four bars (entropy, bits)", lambda m: pitch_class_entropy(m, 4)
    ),
    Measure("groove", "likeness of the rhythms of any two bars", lambda m: grooving_similarity(m, range(1, _bars(m)))),
    Measure("structure_short", "likeness of bars 1 to 3 apart", lambda m: bar_similarity(m, _near(m))),
    Measure("structure_long", "likeness of bars 4 or more apart", lambda m: bar_similarity(m, _far(m))),
    Measure("strong_chord_tones", "chord tones among notes on beats 1 and 3", strong_beat_chord_tones),
    Measure("blue_notes", "blue notes (b3, b5, b7 of the key)", lambda m: share_of(m, BLUE_NOTES)),
    Measure("in_scale", "notes of the key's major scale", lambda m: share_of(m, MAJOR_SCALE)),
    Measure("rests", "share of silence", rests),
    Measure("empty_beats", "beats in which no note begins", empty_beats),
    Measure("mean_interval", "mean interval (semitones)", lambda m: _mean(intervals(m))),
    Measure("steps", "intervals of two semitones or fewer", lambda m: _mean(size <= STEP for size in intervals(m))),
    Measure("density", "notes per bar", note_density),
    Measure("range", "lowest to highest note (semitones)", pitch_range),
)
