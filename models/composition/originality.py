"""Is it new? The longest runs of notes that a melody shares with what it learned from, and whose they are.

A melody is read as tokens (interval to the note before in semitones, ticks from its onset to this one), so that a copy
is found in every key and on every beat. Windows of four tokens, five notes, are hashed; an index keeps the hashes of
all windows of a corpus, piece after piece. A run of n + 3 tokens is copied where n windows of the melody stand side by
side in one piece. Figures of fewer than five notes are everybody's and count as new.

The index holds no notes: a hash of 32 bits cannot be read back. It is no lock either. Whoever guesses a passage can ask
whether it is there and go on from it; that is what an index of copies is for.

A limit on copied runs while sampling is MaxOrder (Papadopoulos, Roy & Pachet, AAAI 2014); the measures are those of the
originality report (Yin, Reuben, Stepney & Collins, SN Computer Science 3:340, 2022), for runs of notes.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from models.composition.score import Note

WINDOW = 4  # tokens
SHORTEST_RUN = WINDOW + 1  # notes
STYLES = ("licks", "weimar")
FILE_NAME = "originality_{style}.npz"

Token = tuple[int, int]  # semitones, ticks
Windows = npt.NDArray[np.uint32]

_END = np.uint32(0)  # stands after each piece; no window hashes to it
_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


class OriginalityError(ValueError):
    """A question that the index cannot answer; the message says which it can."""


@dataclass(frozen=True)
class Run:
    """Notes in a row that another piece has too.

    Attributes:
        first: place of the first note among the notes asked about, from 0.
        notes: how many, 5 or more.
        source: name of the piece.
    """

    first: int
    notes: int
    source: str


def tokens_of(notes: Sequence[Note]) -> tuple[Token, ...]:
    """Read a melody, in order of time, as one token for every note but the first."""
    return tuple((note.pitch - before.pitch, note.start - before.start) for before, note in pairwise(notes))


def windows_of(tokens: Sequence[Token]) -> Windows:
    """Hash every window of four tokens: 32 bits, shape (tokens - 3,), empty for fewer than four tokens."""
    packed = [struct.pack("<2h", interval, min(ticks, 2**15 - 1)) for interval, ticks in tokens]
    return np.array([_hash(b"".join(packed[end - WINDOW : end])) for end in range(WINDOW, len(packed) + 1)], np.uint32)


def _hash(window: bytes) -> int:
    """Hash a window to 1 ... 2^32 - 1."""
    return int.from_bytes(blake2b(window, digest_size=4, person=b"melody windows").digest()) or 1


class Index:
    """The hashed windows of a corpus.

    Attributes:
        names: of the pieces, in the order of the corpus.
        usual_run: notes of the longest run that a piece of the corpus shares with the others, in the median.
    """

    def __init__(self, names: Sequence[str], windows: Windows, usual_run: int) -> None:
        """Take the windows of all pieces, a 0 after each piece."""
        self.names, self.usual_run = tuple(names), usual_run
        self._windows = windows
        self._ends = np.flatnonzero(windows == _END)
        self._order = np.argsort(windows, kind="stable")
        self._sorted = windows[self._order]

    @classmethod
    def of(cls, pieces: Iterable[tuple[str, Windows]], usual_run: int = SHORTEST_RUN) -> Index:
        """Make the index of pieces, each its name and its windows; two takes may have one name."""
        names, windows = zip(*pieces, strict=True)
        return cls(names, np.concatenate([np.append(own, _END) for own in windows]), usual_run)

    def without(self, names: Collection[str]) -> Index:
        """Return the index of the other pieces."""
        pieces = zip(self.names, np.split(self._windows, self._ends[:-1] + 1), strict=True)
        return Index.of(((name, windows[:-1]) for name, windows in pieces if name not in names), self.usual_run)

    def copied(self, notes: Sequence[Note]) -> tuple[Run, ...]:
        """Find the copied runs that are not part of longer ones, in order of time; they may overlap.

        Args:
            notes: a melody, in order of time.
        """
        found = [*self._longest_ending(windows_of(tokens_of(notes))), (0, 0)]
        return tuple(
            Run(last - length + 1, length + WINDOW, self.names[int(np.searchsorted(self._ends, place))])
            for last, ((length, place), (following, _)) in enumerate(pairwise(found))
            if length and following != length + 1
        )

    def longest(self, notes: Sequence[Note]) -> Run | None:
        """Return the longest copied run, the first of equals; None if no five notes in a row are copied."""
        return max(self.copied(notes), key=lambda run: run.notes, default=None)

    def novelty(self, notes: Sequence[Note], n: int) -> float:
        """Share of the melody's n-grams of tokens that no piece has, 0-1; nan if it has none.

        Raises:
            OriginalityError: n is below 4 tokens, the window of the index.
        """
        return novelty(self.copied(notes), len(notes), n)

    def completes(self, tokens: Sequence[Token], token: Token, limit: int) -> bool:
        """Tell whether the next token would finish a copied run of more than `limit` notes.

        Args:
            tokens: of the melody so far; only the last ones matter.
            token: what may come next.
            limit: notes, 4 or more.

        Raises:
            OriginalityError: a limit of fewer than 4 notes.
        """
        needed = _windows_in(limit)
        if len(tokens) + 1 < limit:
            return False
        windows = windows_of((*tokens[len(tokens) + 1 - limit :], token))
        places = self._places(windows[-1])
        for back in range(1, needed):
            places = places[self._windows[places - back] == windows[-1 - back]]
        return len(places) > 0

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index to an .npz file."""
        np.savez_compressed(path, names=np.array(self.names), windows=self._windows, usual_run=self.usual_run)

    def _places(self, window: np.uint32) -> npt.NDArray[np.int64]:
        """Find a window in the corpus, in ascending order."""
        first, last = (int(np.searchsorted(self._sorted, window, side)) for side in _SIDES)
        return self._order[first:last]

    def _longest_ending(self, windows: Windows) -> Iterator[tuple[int, int]]:
        """For each window yield how many windows up to it stand side by side in the corpus, and its place there."""
        before = lengths = np.empty(0, np.int64)
        for window in windows:
            places = self._places(window)
            goes_on = np.isin(places - 1, before)
            longer = np.ones(len(places), np.int64)
            longer[goes_on] += lengths[np.searchsorted(before, places[goes_on] - 1)]
            before, lengths = places, longer
            best = int(longer.argmax()) if len(longer) else 0
            yield (int(longer[best]), int(places[best])) if len(longer) else (0, 0)


def novelty(runs: Sequence[Run], notes: int, n: int) -> float:
    """Share of the n-grams of tokens that lie in none of the copied runs of a melody, 0-1; nan if it has none.

    Args:
        runs: all that `Index.copied` found.
        notes: how many the melody has.
        n: tokens, 4 or more; an n-gram has n + 1 notes.

    Raises:
        OriginalityError: n is below 4 tokens, the window of the index.
    """
    _windows_in(n)
    copied = {first for run in runs for first in range(run.first, run.first + run.notes - n)}
    return 1 - len(copied) / (notes - n) if notes > n else math.nan


def _windows_in(tokens: int) -> int:
    """Count the windows of an n-gram of tokens, or refuse one that is too short to hold any."""
    if tokens < WINDOW:
        raise OriginalityError(f"copies are known from {WINDOW} tokens on, got {tokens}; ask for {WINDOW} or more")
    return tokens - WINDOW + 1


def load(path: str | os.PathLike[str]) -> Index:
    """Read an index that `Index.save` wrote."""
    with np.load(path) as file:
        return Index(file["names"].tolist(), file["windows"], int(file["usual_run"]))


@cache
def index(style: str) -> Index:
    """Load the index of the corpus that a style was learned from.

    Raises:
        OriginalityError: no corpus of this name.
    """
    if style not in STYLES:
        raise OriginalityError(f"unknown style {style!r}; choose one of {', '.join(STYLES)}")
    return load(Path(__file__).with_name(FILE_NAME.format(style=style)))
