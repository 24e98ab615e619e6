"""The training corpora of experiment 2: 24 one-bar segments, two per bar of a form, hence 2^12 = 4096 songs each.

After Eck & Schmidhuber (2002), section 3, whose segments are not public; these are our own. Quarter notes without
rests. Each segment keeps to one pentatonic scale that fits its bar; its first note lies within a fourth of both last
notes of the bar before, so every one of the 4096 choices is a singable line. Pitches are MIDI numbers, in C.

512 of the songs, the same choices on both forms, are set aside: training never draws them.

    python -m training.composition.corpus --form NAME --out DIR [--midi N]
"""

from __future__ import annotations

import argparse
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.composition.blues_form import BASIC, BEATS_PER_BAR, BEBOP, Form
from models.composition.encoding import Roll, chord_roll, decode, melody_roll
from models.composition.score import write_midi

BARS = 12
SONGS = 2**BARS
UNSEEN_SONGS = 512

Codes = npt.NDArray[np.uint8]  # (song, bar): 0 for segment A, 1 for B


@dataclass(frozen=True)
class Corpus:
    """All songs over a form; `segments` has one row per bar, segment A and segment B."""

    form: Form
    segments: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]

    def melodies(self, codes: Codes) -> npt.NDArray[np.int64]:
        """Return the pitches of the songs with these codes as (song, beat)."""
        chosen = np.asarray(self.segments)[np.arange(BARS), codes]  # (song, bar, beat in bar)
        return chosen.reshape(len(codes), BARS * BEATS_PER_BAR)

    def rolls(self, codes: Codes) -> Roll:
        """Return the songs with these codes in the paper's representation, float32 (song, step, unit)."""
        segments = np.stack([[melody_roll(segment) for segment in pair] for pair in self.segments])
        melody = segments[np.arange(BARS), codes].reshape(len(codes), self.form.steps, -1)
        chords = np.broadcast_to(chord_roll(self.form), (len(codes), self.form.steps, 12))
        return np.concatenate([chords, melody], axis=2)

    def floor_nats(self, *, independent: bool) -> float:
        """Return the least mean loss per song that any model can reach, in nats, counted from the segment tables.

        Where the two segments of a bar first differ one bit is unknown; everything else follows. A model that draws one
        of the 13 notes pays ln 2 there; the paper's independent units pay ln 2 for each unit that differs.

        Args:
            independent: for the sum of independent binary cross-entropies instead of the categorical one.
        """
        bits = 0
        for pair in self.segments:
            first, second = (melody_roll(segment) for segment in pair)
            differing = (first != second).sum(axis=1)
            bits += int(differing[differing > 0][0]) if independent else 1
        return bits * math.log(2)

    def digest(self) -> str:
        """SHA-256 of the form and the segments: the corpus's identity."""
        return hashlib.sha256(repr((self.form.bars, self.segments)).encode()).hexdigest()


_BEBOP = Corpus(
    BEBOP,
    (
        ((64, 67, 69, 67), (67, 69, 72, 69)),  # C     C major pentatonic
        ((65, 67, 65, 63), (72, 70, 67, 65)),  # F7    C minor
        ((64, 62, 60, 62), (67, 69, 67, 64)),  # C     C major
        ((62, 65, 67, 70), (67, 70, 72, 67)),  # Gm C  G minor
        ((69, 67, 65, 67), (65, 69, 72, 69)),  # F     F major
        ((68, 70, 68, 65), (65, 68, 65, 63)),  # Fdim  F minor
        ((64, 62, 64, 67), (67, 64, 60, 62)),  # C     C major
        ((64, 61, 64, 69), (66, 64, 61, 64)),  # A     A major
        ((65, 67, 69, 72), (65, 62, 65, 69)),  # Dm    D minor
        ((71, 69, 67, 64), (67, 64, 62, 64)),  # G     G major
        ((67, 64, 69, 67), (67, 72, 69, 64)),  # C A   C major
        ((65, 69, 67, 62), (65, 62, 67, 69)),  # Dm G  D minor
    ),
)
_BASIC = Corpus(
    BASIC,
    (
        ((67, 64, 62, 64), (62, 64, 67, 69)),  # C  C major pentatonic
        ((69, 72, 69, 67), (64, 62, 60, 62)),  # C  C major
        ((63, 65, 67, 63), (67, 70, 67, 65)),  # C  C minor
        ((64, 60, 62, 64), (67, 64, 67, 69)),  # C  C major
        ((65, 67, 69, 72), (69, 65, 67, 65)),  # F  F major
        ((70, 67, 65, 63), (67, 65, 63, 65)),  # F  C minor
        ((64, 67, 64, 62), (67, 69, 67, 64)),  # C  C major
        ((60, 62, 64, 67), (64, 69, 67, 64)),  # C  C major
        ((67, 71, 69, 67), (62, 67, 69, 71)),  # G  G major
        ((72, 69, 67, 65), (67, 65, 62, 65)),  # F  F major
        ((67, 64, 60, 64), (64, 62, 64, 60)),  # C  C major
        ((62, 64, 67, 64), (64, 62, 67, 62)),  # G  G major
    ),
)
CORPORA = {corpus.form.name: corpus for corpus in (_BEBOP, _BASIC)}


def codes() -> Codes:
    """Return every choice of segments, uint8 (song, bar)."""
    return ((np.arange(SONGS)[:, None] >> np.arange(BARS)) & 1).astype(np.uint8)


def seen_codes() -> Codes:
    """Return the 3584 songs that training draws from."""
    return codes()[_shuffled()[UNSEEN_SONGS:]]


def unseen_codes() -> Codes:
    """Return the 512 songs that training never draws."""
    return codes()[_shuffled()[:UNSEEN_SONGS]]


def _shuffled() -> npt.NDArray[np.int64]:
    """Return the songs in the random order of the split."""
    return np.random.default_rng(2002).permutation(SONGS)


def main() -> None:
    """Write a corpus, and some of its songs as MIDI."""
    parser = argparse.ArgumentParser(prog="python -m training.composition.corpus", description=__doc__.splitlines()[0])
    parser.add_argument("--form", choices=CORPORA, default=BEBOP.name)
    parser.add_argument("--out", type=Path, required=True, help="folder to write corpus.npz to")
    parser.add_argument("--midi", type=int, default=0, metavar="N", help="write N songs as MIDI files too")
    arguments = parser.parse_args()
    if not 0 <= arguments.midi <= SONGS:
        parser.error(f"--midi must be 0 to {SONGS}, got {arguments.midi}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    corpus, everything = CORPORA[arguments.form], codes()
    songs = corpus.rolls(everything).astype(np.uint8)
    np.savez_compressed(arguments.out / "corpus.npz", codes=everything, segments=corpus.segments, songs=songs)
    for song in np.linspace(0, SONGS - 1, arguments.midi).round().astype(int):
        name = "".join("AB"[bit] for bit in everything[song])
        roll = corpus.rolls(everything[[song]])[0]
        write_midi(arguments.out / f"{name}.mid", decode(roll, tempo=120, form=corpus.form))
    floor = corpus.floor_nats(independent=True)
    print(f"{SONGS} songs, corpus {corpus.digest()[:8]}, floor {floor:.4f} nats per song")


if __name__ == "__main__":
    main()
