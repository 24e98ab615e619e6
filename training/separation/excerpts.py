"""What separation is tested on: excerpts of songs with the strongest vocals, and clips in the manner of MIR-1K.

A song gives the stretches, all of one length and apart, in which its vocals are strongest. A clip of MIR-1K (Hsu &
Jang, 2010) is one stereo file, the accompaniment on the left and the voice on the right, named by its singer. Both
keep their own sample rate. The level of the vocals against the accompaniment can be set for all alike.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audio import Audio, read
from models.separation.sweep import Stems
from training.separation.dataset import BLOCK_S, SILENCE_DB, SUFFIXES, DatasetError, block_levels, merged, read_stems


@dataclass(frozen=True)
class Excerpt:
    """A stretch of music whose stems are known.

    Attributes:
        group: the folder that holds the songs, or "clips"; results of different groups are never averaged.
        song: what its results depend on together with others: the song, or the singer of a clip.
        name: distinguishes it within the song.
        truth: vocals and accompaniment, of equal shape.
    """

    group: str
    song: str
    name: str
    truth: Stems

    def __post_init__(self) -> None:
        """Refuse stems of different shape."""
        vocals, accompaniment = self.truth
        if vocals.samples.shape != accompaniment.samples.shape or vocals.sample_rate != accompaniment.sample_rate:
            raise DatasetError(f"stems of different shape: {vocals.samples.shape}, {accompaniment.samples.shape}")

    @property
    def mixture(self) -> Audio:
        """The sum of the stems."""
        vocals, accompaniment = self.truth
        return Audio(vocals.samples + accompaniment.samples, vocals.sample_rate)


def song_folders(data: Path) -> list[Path]:
    """List every folder below one that holds sound files, whether they make a pair or not.

    Raises:
        DatasetError: there is none.
    """
    found = sorted({path.parent for path in data.rglob("*") if path.suffix.lower() in SUFFIXES})
    if not found:
        raise DatasetError(f"no sound file below {data}")
    return found


def read_song(folder: Path, count: int, seconds: float) -> list[Excerpt]:
    """Cut a song into the excerpts to be tested; say so on standard error where mono stands beside stereo.

    Raises:
        DatasetError: there is no pair, the stems cannot be aligned, or one of them is silent.
    """
    stems = read_stems(folder)
    if len({stem.channels for stem in stems}) > 1:
        print(f"{folder.name}: a mono stem beside a stereo one counts for both sides", file=sys.stderr)
    vocals, accompaniment = merged(stems)
    found = []
    for start in strongest(vocals, accompaniment, count, seconds):
        part = slice(start, start + round(seconds * vocals.sample_rate))
        cut = [Audio(stem.samples[:, part], stem.sample_rate) for stem in (vocals, accompaniment)]
        found.append(
            Excerpt(
                folder.resolve().parent.name, folder.name, f"at {start / vocals.sample_rate:.1f} s", (cut[0], cut[1])
            )
        )
    return found


def strongest(vocals: Audio, accompaniment: Audio, count: int, seconds: float) -> list[int]:
    """Find the first samples of up to `count` stretches that do not overlap, each with the strongest vocals left.

    Stretches that are 40 dB below the strongest of the song, vocals or accompaniment, are silent and not taken.

    Raises:
        DatasetError: a stem is silent throughout, or the two never sound together.
    """
    sums = [_energies(stem, seconds) for stem in (vocals, accompaniment)]
    for name, energies in zip(("vocals are", "accompaniment is"), sums, strict=True):
        if not energies.any():
            raise DatasetError(f"the {name} silent throughout; nothing can be scored against silence")
    audible = [energies > energies.max() * 10 ** (SILENCE_DB / 10) for energies in sums]
    left = np.where(audible[0] & audible[1], sums[0], 0.0)
    size = round(seconds / BLOCK_S)
    starts: list[int] = []
    while len(starts) < count and left.any():
        at = int(left.argmax())
        starts.append(at * round(BLOCK_S * vocals.sample_rate))
        left[max(at - size + 1, 0) : at + size] = 0.0
    if not starts:
        raise DatasetError("vocals and accompaniment never sound at the same time")
    return sorted(starts)


def _energies(stem: Audio, seconds: float) -> npt.NDArray[np.float64]:
    """Measure the energy of the stretch that begins at each block; of the whole stem if that is no longer."""
    energies = block_levels(stem).astype(np.float64) ** 2
    size = round(seconds / BLOCK_S)
    if len(energies) <= size:
        return np.array([float((stem.samples**2).sum())])
    return np.convolve(energies, np.ones(size), "valid")


def clip_files(folder: Path) -> list[Path]:
    """List the clips in a folder.

    Raises:
        DatasetError: there is none.
    """
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise DatasetError(f"no sound file in {folder}")
    return found


def read_clip(path: Path) -> list[Excerpt]:
    """Read a clip in the manner of MIR-1K.

    Raises:
        DatasetError: it does not have two channels, or one of them is silent.
    """
    both = read(path)
    if both.channels != 2:
        raise DatasetError(f"a clip has accompaniment left and voice right, this file has {both.channels} channel(s)")
    for side, samples in zip(("left (accompaniment)", "right (voice)"), both.samples, strict=True):
        if not samples.any():
            raise DatasetError(f"the {side} channel is silent; nothing can be scored against silence")
    accompaniment, vocals = (Audio(samples[None], both.sample_rate) for samples in both.samples)
    return [Excerpt("clips", path.stem.split("_")[0], path.stem, (vocals, accompaniment))]


def balanced(excerpt: Excerpt, balance_db: float) -> Excerpt:
    """Set the level (RMS) of the vocals against the accompaniment in dB."""
    vocals, accompaniment = excerpt.truth
    rms = [float(np.sqrt((stem.samples.astype(np.float64) ** 2).mean())) for stem in excerpt.truth]
    gain = np.float32(10 ** (balance_db / 20) * rms[1] / rms[0])
    louder = Audio(vocals.samples * gain, vocals.sample_rate)
    return Excerpt(excerpt.group, excerpt.song, excerpt.name, (louder, accompaniment))
