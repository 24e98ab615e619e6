"""Blues solos of the Weimar Jazz Database as pieces: transposed to C, on the grid of 12 per beat, rests decided.

Of the tables of the blues cut the solos in four are taken. A note begins at the nearest tick to its beat, tatum and
division; the database keeps what was played, not what would be written, so a note lasts until the next one unless the
silence before that is longer than GAP. Notes before the first chorus, without a duration, or on the tick of the next
are left out; notes that overlap the next are clipped. The transcriptions carry no loudness: notes get the accents of
the lick grammar.

Data: Weimar Jazz Database, Jazzomat Research Project (M. Pfleiderer, K. Frieler, J. Abeßer, W.-G. Zaddach,
B. Burkhart), ODbL 1.0, by way of the R package klausfrieler/jazzodata, MIT.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.composition.blues_form import (
    BEATS_PER_BAR,
    TICKS_PER_BAR,
    TICKS_PER_BEAT,
    Form,
    chord_classes,
    transposed_symbol,
    transposition,
)
from models.composition.events import events_of
from models.composition.score import Note, Score
from training.composition.licks import ANSWER_LOUDNESS, accented
from training.composition.pieces import Piece

GAP = 6  # ticks: half a beat
NO_CHORD = "NC"
FORM_LENGTHS = (8, 12, 16)
HELD_OUT_PERFORMERS = ("Charlie Parker", "Coleman Hawkins", "Clifford Brown", "Dexter Gordon", "Miles Davis")

# Qualities as the database writes them -> ours; a slash bass is dropped.
QUALITIES = {
    "": "",
    "-": "m",
    "6": "6",
    "-6": "m6",
    "7": "7",
    "-7": "m7",
    "j7": "maj7",
    "o": "dim",
    "o7": "dim7",
    "m7b5": "m7b5",
    "sus": "sus",
    "sus7": "7sus",
    "sus7913": "9sus",
    "79": "9",
    "7913": "13",
    "79b": "7b9",
    "79#": "7#9",
    "7911#": "9#11",
    "7913b": "7b13",
    "7alt": "7alt",
    "+7": "7#5",
    "+79#": "7alt",
    "j7911#": "maj7#11",
}
_CHORD = re.compile(r"([A-G][#b]?)([^/]*)(?:/[A-G][#b]?)?")


class WeimarError(ValueError):
    """Tables that cannot be read as solos; the message says where."""


@dataclass(frozen=True)
class Solo:
    """A solo as a piece, with what is needed to split and to report.

    Attributes:
        piece: in C.
        performer: who plays.
        title: of the tune.
        rounding: distance of each note's onset from its tick, in ticks.
        left_out: notes of the transcription that the piece lacks.
    """

    piece: Piece
    performer: str
    title: str
    rounding: tuple[float, ...]
    left_out: int


def solos(folder: Path) -> tuple[Solo, ...]:
    """Read all solos in four.

    Args:
        folder: holds wjd_blues_notes.csv.gz, wjd_blues_beats.csv.gz and wjd_blues_solos.csv.

    Raises:
        WeimarError: a table is missing, or a chord is spelled in an unknown way.
    """
    try:
        notes, beats = (pd.read_csv(folder / f"wjd_blues_{name}.csv.gz") for name in ("notes", "beats"))
        listed = pd.read_csv(folder / "wjd_blues_solos.csv")
    except FileNotFoundError as error:
        raise WeimarError(f"{error.filename} is not there; the folder must hold the three tables") from error
    in_four = listed[listed.signature == "4/4"]
    return tuple(
        _solo(row, notes[notes.melid == row.melid], beats[beats.melid == row.melid]) for row in in_four.itertuples()
    )


def split(found: Sequence[Solo]) -> tuple[tuple[Solo, ...], tuple[Solo, ...]]:
    """Set the solos of the held-out performers aside, and leave other takes of their tunes out of training."""
    held_out = tuple(solo for solo in found if solo.performer in HELD_OUT_PERFORMERS)
    titles = {solo.title for solo in held_out}
    return tuple(solo for solo in found if solo not in held_out and solo.title not in titles), held_out


def symbol(text: str) -> str:
    """Translate a chord of the database, such as Bb-7 or F7/C.

    Raises:
        WeimarError: the spelling is unknown.
    """
    match = _CHORD.fullmatch(text)
    if match is None or match[2] not in QUALITIES:
        raise WeimarError(f"unknown chord {text!r}; add its quality to QUALITIES")
    return match[1] + QUALITIES[match[2]]


def _solo(row: object, notes: pd.DataFrame, beats: pd.DataFrame) -> Solo:
    """Turn the rows of one solo into a piece."""
    key = re.split("-", str(row.key))[0]
    first, last = int(beats.bar[beats.bar >= 1].min()), int(beats.bar.max())
    form = _chart(beats, first, last, -transposition(key))
    sounding = notes[
        (notes.bar >= first) & (notes.bar <= last) & notes.duration.notna() & (notes.beats_per_bar == BEATS_PER_BAR)
    ]
    exact = (sounding.beat - 1 + (sounding.tatum - 1) / sounding.division) * TICKS_PER_BEAT
    ticks = (sounding.bar - first) * TICKS_PER_BAR + np.rint(exact).astype(int)
    rounding = tuple((exact - np.rint(exact)).abs().round(4))
    length = (last - first + 1) * TICKS_PER_BAR
    seconds_per_tick = float(np.median(np.diff(beats.onset))) / TICKS_PER_BEAT
    pitches = sounding.pitch - transposition(key)
    line = _line(ticks.to_numpy(), pitches.to_numpy(), sounding.duration.to_numpy() / seconds_per_tick, length)
    places = _places(beats, first, last)
    events = events_of(Score(line, (), 120, length))
    piece = Piece(f"{row.performer}, {row.title}", "weimar", form, events, places, (0,) * len(places))
    return Solo(piece, str(row.performer), str(row.title), rounding, len(notes) - len(line))


def _chart(beats: pd.DataFrame, first: int, last: int, semitones: int) -> Form:
    """Read the chord of every beat, in C; where the band is silent the chord before goes on."""
    at = {(int(row.bar), int(row.beat)): str(row.chord) for row in beats.itertuples()}
    known = [text for text in at.values() if text != NO_CHORD]
    now, bars = known[0], []
    for bar in range(first, last + 1):
        symbols = []
        for beat in range(1, BEATS_PER_BAR + 1):
            text = at.get((bar, beat), now)
            now = now if text == NO_CHORD else text
            symbols.append(transposed_symbol(symbol(now), semitones))
        bars.append(tuple(symbols))
    for name in {name for bar in bars for name in bar}:
        chord_classes(name)
    return Form("weimar", tuple(bars))


def _places(beats: pd.DataFrame, first: int, last: int) -> tuple[tuple[int, int], ...]:
    """Number the bars within their chorus; odd choruses count as twelve bars."""
    begins = beats[beats.chorus_id >= 1].groupby("chorus_id").bar.agg(["min", "max"])
    found = {}
    for start, end in begins.itertuples(index=False):
        bars = int(end - start + 1)
        length = bars if bars in FORM_LENGTHS else 12
        found |= {int(bar): (int(bar - start) % length, length) for bar in range(start, end + 1)}
    return tuple(found.get(bar, (0, 12)) for bar in range(first, last + 1))


def _line(ticks: np.ndarray, pitches: np.ndarray, played: np.ndarray, length: int) -> tuple[Note, ...]:
    """Decide durations and rests of a single line, in the register of the model.

    Args:
        ticks: onsets.
        pitches: MIDI numbers in C.
        played: durations in ticks as they were played.
        length: of the piece in ticks.
    """
    octaves = 12 * round((68 - float(np.median(pitches))) / 12)
    order = np.argsort(ticks, kind="stable")
    ticks, pitches, played = ticks[order], pitches[order] + octaves, played[order]
    following = np.append(ticks[1:], length)
    line = []
    for start, pitch, duration, next_start in zip(ticks, pitches, played, following, strict=True):
        room = int(next_start - start)
        if room < 1:
            continue
        ticks_kept = room if room - duration <= GAP else min(room, _written(int(start), float(duration)))
        velocity = accented(ANSWER_LOUDNESS, int(start), ticks_kept)
        line.append(Note(int(start), ticks_kept, int(pitch), velocity, "melody"))
    return tuple(line)


def _written(start: int, played: float) -> int:
    """Round a duration so that the note ends where written notes do: on a beat, its half, or a third of it."""
    ends = [end for end in range(start + 2, start + 200) if end % TICKS_PER_BEAT in (0, 4, 6, 8)]
    return min(ends, key=lambda end: abs(end - start - played)) - start
