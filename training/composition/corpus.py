"""The training corpus of experiment 2: 24 one-bar segments, two per bar of the form, hence 2^12 = 4096 songs.

After Eck & Schmidhuber (2002), section 3, whose segments are not public; these are our own. Quarter notes without
rests. Each segment keeps to one pentatonic scale that fits its bar; its first note lies within a fourth of both last
notes of the bar before, so every one of the 4096 choices is a singable line. Pitches are MIDI numbers, in C.

    python -m training.composition.corpus --out DIR [--midi N]
"""

from __future__ import annotations

import argparse
import hashlib
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.composition.blues_form import BEATS_PER_BAR, BEBOP
from models.composition.encoding import Roll, chord_roll, decode, melody_roll
from models.composition.score import write_midi

BARS = len(BEBOP.bars)
SONGS = 2**BARS
# One row per bar: segment A, segment B.
SEGMENTS: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
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
)


def codes() -> npt.NDArray[np.uint8]:
    """Return every choice of segments, uint8 (song, bar): 0 for A, 1 for B."""
    return ((np.arange(SONGS)[:, None] >> np.arange(BARS)) & 1).astype(np.uint8)


def melodies(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Return the pitches of the songs with these codes (song, bar) as (song, beat)."""
    chosen = np.asarray(SEGMENTS)[np.arange(BARS), codes]  # (song, bar, beat in bar)
    return chosen.reshape(len(codes), BARS * BEATS_PER_BAR)


def rolls(codes: npt.NDArray[np.uint8]) -> Roll:
    """Return the songs with these codes (song, bar) in the paper's representation, float32 (song, step, unit)."""
    chords = chord_roll(BEBOP)
    return np.stack([np.concatenate([chords, melody_roll(melody)], axis=1) for melody in melodies(codes).tolist()])


def floor_nats(*, independent: bool) -> float:
    """Return the least mean loss per song that any model can reach, in nats, counted from the segment tables.

    Where the two segments of a bar first differ one bit is unknown; everything else follows. A model that draws one
    of the 13 notes pays ln 2 there; the paper's independent units pay ln 2 for each unit that differs.

    Args:
        independent: for the sum of independent binary cross-entropies instead of the categorical one.
    """
    bits = 0
    for pair in SEGMENTS:
        first, second = (melody_roll(segment) for segment in pair)
        differing = (first != second).sum(axis=1)
        bits += int(differing[differing > 0][0]) if independent else 1
    return bits * math.log(2)


def digest() -> str:
    """SHA-256 of the form and the segments: the corpus's identity."""
    return hashlib.sha256(repr((BEBOP.bars, SEGMENTS)).encode()).hexdigest()


def main() -> None:
    """Write the corpus, and some of its songs as MIDI."""
    parser = argparse.ArgumentParser(prog="python -m training.composition.corpus", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder to write corpus.npz to")
    parser.add_argument("--midi", type=int, default=0, metavar="N", help="write N songs as MIDI files too")
    arguments = parser.parse_args()
    if not 0 <= arguments.midi <= SONGS:
        parser.error(f"--midi must be 0 to {SONGS}, got {arguments.midi}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    everything = codes()
    songs = rolls(everything)
    np.savez_compressed(arguments.out / "corpus.npz", codes=everything, segments=SEGMENTS, songs=songs.astype(np.uint8))
    for song in np.linspace(0, SONGS - 1, arguments.midi).round().astype(int):
        name = "".join("AB"[bit] for bit in everything[song])
        write_midi(arguments.out / f"{name}.mid", decode(songs[song], tempo=120))
    print(f"{SONGS} songs, corpus {digest()[:8]}, floor {floor_nats(independent=True):.4f} nats per song")


if __name__ == "__main__":
    main()
