"""Pieces -> batches for the joint model: windows of events, in other octaves and keys, after contexts with mistakes.

A model that has only ever heard right notes does not recover from a wrong one (Wu et al. 2024, ReaLchords, section 1).
So in half of the windows what is heard, never what is to be said, is disturbed: single notes wrong or missing, and now
and then a call of two or four bars a semitone off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from models.composition.blues_form import TICKS_PER_BAR
from models.composition.context import (
    COLUMNS,
    FIRST_PITCH,
    LAGS,
    MIDDLE,
    NOTHING,
    PITCHES,
    REST,
    Setting,
    chord_features,
    density_class,
    lookback,
    tokens,
)
from models.composition.events import DURATIONS
from training.composition.pieces import Piece

WRONG, MISSING, WRONG_CALL = 0.12, 0.04, 0.3
DISTURBED = 0.5
DENSITY_KNOWN = 0.5
PHRASE = 4 * TICKS_PER_BAR

KEYS = (0, 0, 0, -2, -1, 1, 2)  # semitones, with the chords
OCTAVES = (-12, 0, 0, 12)

Ints = npt.NDArray[np.int64]
Window = tuple[Ints, npt.NDArray[np.float32], Ints]


@dataclass(frozen=True)
class Batch:
    """Contexts, as the model takes them, and what followed: drawn (batch, time, 3), duration, pitch, velocity."""

    columns: torch.Tensor
    chords: torch.Tensor
    drawn: torch.Tensor
    told: torch.Tensor  # (batch, time), 0 where a window is over


@dataclass(frozen=True)
class Tokens:
    """A piece as arrays over its events.

    Attributes:
        drawn: (event, 3) duration, pitch, velocity tokens.
        starts: (event,) in ticks.
        fixed: (event, column) of context.FIXED.
        chords: (event, feature).
        earlier: (event, lag) places of the events 1, 2 and 4 bars before, -1 if there are none.
    """

    drawn: Ints
    starts: Ints
    fixed: Ints
    chords: npt.NDArray[np.float32]
    earlier: Ints

    @cached_property
    def bar_lines(self) -> Ints:
        """Places of the events that begin a bar."""
        return np.flatnonzero(self.starts % TICKS_PER_BAR == 0)


def tokens_of(piece: Piece) -> Tokens:
    """Write a piece as arrays."""
    drawn = np.array([tokens(event) for event in piece.events])
    starts = np.concatenate([[0], np.cumsum([event.duration for event in piece.events])[:-1]])
    setting = Setting(piece.form, piece.style, piece.places, piece.roles)
    onsets = np.bincount(starts // PHRASE, drawn[:, 1] >= FIRST_PITCH)
    bars = np.bincount(starts // PHRASE, np.array(DURATIONS)[drawn[:, 0]]) / TICKS_PER_BAR
    classes = [density_class(notes / of) for notes, of in zip(onsets, bars, strict=True)]
    fixed = np.array([setting.row(tick, classes[tick // PHRASE]) for tick in starts.tolist()])
    chords = np.stack(
        [np.concatenate([chord_features(name) for name in setting.chords(tick)]) for tick in starts.tolist()]
    )
    earlier = np.array([lookback(starts.tolist(), tick) for tick in starts.tolist()])
    return Tokens(drawn, starts, fixed, chords, earlier)


def window(piece: Tokens, first: int, length: int, rng: np.random.Generator | None) -> Window:
    """Return the contexts (time, column) and (time, feature), and what followed (time, 3), of a stretch of a piece.

    Args:
        piece: the arrays.
        first: place of the first event.
        length: number of events at most.
        rng: of octaves, keys and disturbances; None leaves the piece as it is, and its density untold.
    """
    drawn, part = piece.drawn.copy(), slice(first, first + length)
    fixed, chords = piece.fixed[part].copy(), piece.chords[part]
    if rng is None or rng.random() > DENSITY_KNOWN:
        fixed[:, _place("density")] = 0
    if rng is not None:
        shift = int(rng.choice(KEYS))
        fixed[:, _place("root")] = (fixed[:, _place("root")] + shift) % 12
        chords = np.roll(chords.reshape(-1, 6, 12), shift, axis=2).reshape(chords.shape)
        drawn[:, 1] = _moved(drawn[:, 1], shift + int(rng.choice(OCTAVES)), shift)
    heard = drawn.copy()
    if rng is not None and rng.random() < DISTURBED:
        heard[:, 1] = _disturbed(heard[:, 1], piece, rng)
    columns = np.concatenate([fixed, _heard_columns(heard, piece)[part]], axis=1)
    return columns, chords, drawn[part]


def _place(column: str) -> int:
    """Where a column stands in a row."""
    return list(COLUMNS).index(column)


def _heard_columns(heard: Ints, piece: Tokens) -> Ints:
    """Fill the columns of context.HEARD for every event of a piece."""
    before = np.concatenate([[[-1, NOTHING, 0]], heard[:-1]])
    sounding = before[:, 1] >= FIRST_PITCH
    sounding &= before[:, 1] < NOTHING
    latest = np.maximum.accumulate(np.where(sounding, np.arange(len(before)), -1))
    last = np.where(latest < 0, MIDDLE, before[latest, 1] - FIRST_PITCH)
    columns = [before[:, 0] + 1, before[:, 1], before[:, 2], last]
    for lag in range(len(LAGS)):
        there, place = piece.earlier[:, lag] >= 0, piece.earlier[:, lag]
        columns += [np.where(there, heard[place, 1], NOTHING), np.where(there, heard[place, 0] + 1, 0)]
    return np.stack(columns, axis=1)


def _moved(pitches: Ints, wanted: int, otherwise: int) -> Ints:
    """Move a line by so many semitones if it stays in range, otherwise by fewer; what leaves the range is folded."""
    is_note = pitches >= FIRST_PITCH
    notes = pitches[is_note] + wanted
    stays = len(notes) and notes.min() >= FIRST_PITCH and notes.max() < NOTHING
    moved = pitches + (wanted if stays else otherwise)
    moved = np.where(moved < FIRST_PITCH, moved + 12, np.where(moved >= NOTHING, moved - 12, moved))
    return np.where(is_note, moved, pitches)


def _disturbed(pitches: Ints, piece: Tokens, rng: np.random.Generator) -> Ints:
    """Play wrong notes, leave notes out, or play a call off the chords."""
    size = len(pitches)
    shift = np.where(rng.random(size) < WRONG, rng.choice((-3, -2, -1, 1, 2, 3), size), 0)
    if rng.random() < WRONG_CALL:
        bars = int(rng.choice((2, 4)))
        begin = int(rng.choice(piece.starts)) // TICKS_PER_BAR * TICKS_PER_BAR
        within = (piece.starts >= begin) & (piece.starts < begin + bars * TICKS_PER_BAR)
        shift = np.where(within, int(rng.choice((-1, 1))), shift)
    is_note = pitches >= FIRST_PITCH
    moved = np.where(is_note, np.clip(pitches + shift, FIRST_PITCH, FIRST_PITCH + len(PITCHES) - 1), pitches)
    return np.where(is_note & (rng.random(size) < MISSING), REST, moved)


def batch(pieces: Sequence[Tokens], size: int, length: int, rng: np.random.Generator) -> Batch:
    """Draw windows that begin at bar lines; long pieces are drawn more often."""
    weights = np.array([len(piece.starts) for piece in pieces], dtype=float)
    chosen = rng.choice(len(pieces), size, p=weights / weights.sum())
    parts = []
    for piece in (pieces[number] for number in chosen):
        lines = piece.bar_lines
        enough = lines[lines <= max(len(piece.starts) - length, 0)]
        parts.append((piece, int(rng.choice(enough))))
    return _padded([window(piece, first, length, rng) for piece, first in parts])


def whole(piece: Tokens) -> Batch:
    """Return a whole piece, undisturbed, as a batch of one."""
    return _padded([window(piece, 0, len(piece.starts), None)])


def _padded(windows: Sequence[Window]) -> Batch:
    """Stack windows; short ones are filled with zeros that do not count."""
    longest = max(len(columns) for columns, _, _ in windows)
    stacked = []
    for part in range(3):
        arrays = [each[part] for each in windows]
        full = np.zeros((len(arrays), longest, arrays[0].shape[1]), arrays[0].dtype)
        for row, array in zip(full, arrays, strict=True):
            row[: len(array)] = array
        stacked.append(torch.from_numpy(full))
    told = torch.tensor([[float(place < len(columns)) for place in range(longest)] for columns, _, _ in windows])
    return Batch(*stacked, told)
