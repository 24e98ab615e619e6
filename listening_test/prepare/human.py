"""Choruses that people played, brought to the rendering that every other condition gets.

Two kinds of folders are read: the tables of the Weimar Jazz Database (Pfleiderer et al., 2017; any cut of them that
keeps the columns), and MIDI files of one melody each, in C, beside a file LICENCE. A chorus is taken if it has twelve
bars of four beats, is in major, and loses few notes on the grid of eighths that the networks play on. It is brought
into C and the networks' register by octaves, at one velocity, over its own changes, if they are known, as triads,
since the networks' charts have hardly a seventh. Which choruses a study takes is drawn, not picked.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import math
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from models.composition.blues_form import (
    BEATS_PER_BAR,
    BEBOP,
    MELODY_PITCHES,
    STEPS_PER_BAR,
    STEPS_PER_BEAT,
    TICKS_PER_STEP,
    Form,
    transposed_symbol,
    transposition,
)
from models.composition.encoding import MELODY_UNITS, MELODY_VELOCITY, chord_roll, decode
from models.composition.score import Note, Score, read_midi

BARS = 12
BEATS = BARS * BEATS_PER_BAR
STEPS = BARS * STEPS_PER_BAR
TEMPO = 120.0  # until the study sets its own
FEWEST_NOTES = 24  # two a bar: fewer leave little to judge
MOST_LOST = 0.1  # share of notes that may fall on an eighth that is taken
LICENCE_FILE = "LICENCE"
WEIMAR_LICENCE = "ODbL 1.0, Weimar Jazz Database, Jazzomat Research Project"
WEIMAR_TABLES = {"solos": "*_solos.csv", "notes": "*_notes.csv*", "beats": "*_beats.csv*"}
COLUMNS = {
    "solos": "melid performer title signature avgtempo key",
    "notes": "melid bar beat tatum division duration pitch",
    "beats": "melid chorus_id bar beat chord",
}

_CHORD = re.compile(r"([A-G][#b]?)(-|m7b5|o|[^/]*)")
_QUALITY = {"-": "m", "m7b5": "dim", "o": "dim"}

Row = dict[str, str]


class HumanError(ValueError):
    """A folder without choruses that can be used; the message says what one holds."""


@dataclass(frozen=True)
class Chorus:
    """One chorus in C.

    Attributes:
        source: where it comes from, for the manifest.
        licence: under which it may be used.
        score: melody and chords.
    """

    source: str
    licence: str
    score: Score


@dataclass(frozen=True)
class _Take:
    """A chorus as it was played: (onset in steps, duration in steps, pitch) by onset, a chord symbol per step."""

    notes: tuple[tuple[float, float, int], ...]
    chords: tuple[str, ...]
    key: str


def choruses(folder: Path) -> tuple[Chorus, ...]:
    """Read the choruses of a folder that can be used, in an order that nobody chose: by the hash of their notes.

    Raises:
        HumanError: nothing in the folder can be used, or no licence is stated.
    """
    read = _weimar if any(folder.glob(WEIMAR_TABLES["solos"])) else _midi
    found = list(read(folder))
    if not found:
        raise HumanError(
            f"{folder.name} holds no chorus of twelve bars that can be used: give a folder with the Weimar tables "
            f"({', '.join(WEIMAR_TABLES.values())}) or with MIDI files of one chorus each and a file {LICENCE_FILE}"
        )
    return tuple(sorted(found, key=lambda each: hashlib.sha256(repr(each.score.notes).encode()).digest()))


def _weimar(folder: Path) -> Iterator[Chorus]:
    """Read the tables; see their codebook for the columns."""
    beats, notes = _grouped(folder, "beats"), _grouped(folder, "notes")
    for solo in _rows(folder, "solos"):
        if solo["signature"] == "4/4" and solo["key"].endswith("-maj"):
            try:
                yield from _of_solo(solo, beats[solo["melid"]], notes[solo["melid"]])
            except (ValueError, ZeroDivisionError) as error:
                raise HumanError(f"solo {solo['melid']} in {folder.name} cannot be read: {error}") from error


def _of_solo(solo: Row, beats: dict[str, list[Row]], notes: dict[str, list[Row]]) -> Iterator[Chorus]:
    """Take the choruses of a solo that are whole."""
    for chorus, bars in beats.items():
        if len(bars) == BEATS and all(row["chord"] != "NC" for row in bars):
            take = _take(bars, notes, solo["key"].removesuffix("-maj"), float(solo["avgtempo"]))
            source = f"{solo['performer']}, {solo['title']}, chorus {chorus}"
            yield from _usable(take, source, WEIMAR_LICENCE)


def _take(bars: Sequence[Row], notes: dict[str, list[Row]], key: str, tempo: float) -> _Take:
    """Place the notes of a chorus on its beats; the bars of the chorus, not its number, say which notes are its own."""
    beat_of = {(row["bar"], row["beat"]): place for place, row in enumerate(bars)}
    played = []
    for row in (row for chorus in notes.values() for row in chorus):
        beat = beat_of.get((row["bar"], row["beat"]))
        if beat is not None:
            within = (int(row["tatum"]) - 1) / int(row["division"])
            # The last note of a solo has no duration in the tables: a beat.
            duration = float(row["duration"] or 60 / tempo) * tempo / 60
            played.append(((beat + within) * STEPS_PER_BEAT, duration * STEPS_PER_BEAT, round(float(row["pitch"]))))
    chords = tuple(_triad(row["chord"]) for row in bars for _ in range(STEPS_PER_BEAT))
    return _Take(tuple(sorted(played)), chords, key)


def _triad(symbol: str) -> str:
    """Spell a jazz chord symbol as one of the room's triads: Eb-7 is Ebm, F#m7b5 is F#dim, G7913 is G."""
    match = _CHORD.match(symbol)
    if match is None:
        raise HumanError(f"unknown chord {symbol!r} in the beats")
    quality = next((ours for theirs, ours in _QUALITY.items() if match[2].startswith(theirs)), "")
    return match[1] + quality


def _midi(folder: Path) -> Iterator[Chorus]:
    """Read MIDI files of twelve bars; their melodies are set over the chart that the networks play."""
    files = sorted(folder.glob("*.mid"))
    if files and not (folder / LICENCE_FILE).is_file():
        raise HumanError(f"{folder.name} states no licence: write it into a file {LICENCE_FILE} there")
    for path in files:
        score = read_midi(path)
        if score.length == STEPS * TICKS_PER_STEP:
            played = score.part("melody").notes
            notes = [(note.start / TICKS_PER_STEP, note.duration / TICKS_PER_STEP, note.pitch) for note in played]
            chords = [transposed_symbol(symbol, transposition(score.key)) for symbol in BEBOP.chart()]
            licence = (folder / LICENCE_FILE).read_text(encoding="utf-8").strip().partition("\n")[0]
            yield from _usable(_Take(tuple(sorted(notes)), tuple(chords), score.key), path.name, licence)


def _usable(take: _Take, source: str, licence: str) -> Iterator[Chorus]:
    """Yield the chorus if enough of its notes survive the grid."""
    notes = _on_grid(take.notes)
    if len(notes) >= FEWEST_NOTES and len(notes) >= (1 - MOST_LOST) * len(take.notes):
        yield Chorus(source, licence, _score(notes, take))


def _on_grid(notes: Sequence[tuple[float, float, int]]) -> list[tuple[int, int, int]]:
    """Put notes on the nearest eighth, the first of those that meet there, none longer than up to the next."""
    first: dict[int, tuple[float, int]] = {}
    for onset, duration, pitch in notes:
        first.setdefault(math.floor(onset + 0.5), (duration, pitch))
    steps = sorted(step for step in first if step < STEPS)
    placed = []
    for step, following in zip(steps, [*steps[1:], STEPS], strict=True):
        duration, pitch = first[step]
        placed.append((step, min(max(round(duration), 1), following - step), pitch))
    return placed


def _score(notes: Sequence[tuple[int, int, int]], take: _Take) -> Score:
    """Set the melody over the changes, in C and in the octaves of the networks."""
    semitones = -transposition(take.key)
    symbols = [transposed_symbol(symbol, semitones) for symbol in take.chords]
    bars = [tuple(symbols[step : step + STEPS_PER_BAR]) for step in range(0, STEPS, STEPS_PER_BAR)]
    changes = Form("played", tuple(bars))
    silence = np.zeros((STEPS, MELODY_UNITS), np.float32)
    backing = decode(np.concatenate([chord_roll(changes), silence], axis=1), TEMPO, changes)
    middle = median(pitch for _, _, pitch in notes) + semitones
    semitones += 12 * round((median(MELODY_PITCHES) - middle) / 12)
    melody = [
        Note(step * TICKS_PER_STEP, length * TICKS_PER_STEP, pitch + semitones, MELODY_VELOCITY, "melody")
        for step, length, pitch in notes
    ]
    return replace(backing, notes=tuple(sorted([*backing.notes, *melody])))


def _rows(folder: Path, table: str) -> list[Row]:
    """Read a table, compressed or not."""
    path = next(iter(sorted(folder.glob(WEIMAR_TABLES[table]))), None)
    if path is None:
        raise HumanError(f"{folder.name} has no {WEIMAR_TABLES[table]} beside its other tables")
    try:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, OSError, zlib.error) as error:
        raise HumanError(f"{path.name} cannot be read: {error}") from error
    reader = csv.DictReader(text.decode("utf-8").splitlines())
    missing = [column for column in COLUMNS[table].split() if column not in (reader.fieldnames or ())]
    if missing:
        raise HumanError(f"{path.name} lacks the columns {', '.join(missing)}")
    return list(reader)


def _grouped(folder: Path, table: str) -> dict[str, dict[str, list[Row]]]:
    """Read a table by solo and chorus."""
    groups: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in _rows(folder, table):
        groups[row["melid"]][row.get("chorus_id", "")].append(row)
    return groups
