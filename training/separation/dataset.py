"""Recordings to learn from: folders of songs with stems, folders of voices, folders of instrumentals; and their split.

A folder of songs holds one folder per song with `vocals.*` and `accompaniment.*`, or `vocals.*` and other stems whose
sum is the accompaniment. A recording belongs to every name on its path (song, singer, pack, file), and whoever
names one of these for the test or the validation keeps all of it out of training.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audio import Audio, read

SUFFIXES = {".wav", ".flac", ".ogg", ".mp3"}
OPEN_LICENCES = ("own", "CC0", "CC-BY-3.0", "CC-BY-4.0", "PublicDomain")
BLOCK_S = 0.1  # levels and silence are judged by blocks of this length
SILENCE_DB = -40.0  # below the loud blocks of the same recording
LARGEST_DIFFERENCE_S = 0.05  # between stems of one song: lossy coders add that much silence at most


class DatasetError(ValueError):
    """A folder that does not hold what training or evaluation needs."""


@dataclass(frozen=True)
class Recording:
    """One stem in memory.

    Attributes:
        names: every name on its path, from the data folder down.
        samples: float16 (channel, sample), at the rate of the file: half the memory, and 11 bits are enough here.
        sample_rate: hertz.
        level: RMS of its loud blocks (95th percentile), full scale 1.
        licence: as the manifest says.
        source: who made it, as the manifest says.
        digest: SHA-256 of the file, or of all files of a sum of stems.
    """

    names: tuple[str, ...]
    samples: npt.NDArray[np.float16]
    sample_rate: int
    level: float
    licence: str
    source: str
    digest: str

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.samples.shape[1] / self.sample_rate


@dataclass(frozen=True)
class Song:
    """Two aligned stems of equal length and rate."""

    vocals: Recording
    accompaniment: Recording


@dataclass(frozen=True)
class Material:
    """What mixtures are drawn from; `voices` holds one tuple per folder, so that folders can be drawn evenly."""

    songs: tuple[Song, ...]
    voices: tuple[tuple[Recording, ...], ...]
    instrumentals: tuple[Recording, ...]

    def recordings(self) -> list[Recording]:
        """List every stem once."""
        stems = [stem for song in self.songs for stem in (song.vocals, song.accompaniment)]
        return stems + [voice for folder in self.voices for voice in folder] + list(self.instrumentals)

    def only(self, names: Iterable[str]) -> Material:
        """Keep what bears one of the names."""
        wanted = set(names)
        return self._where(lambda recording: not wanted.isdisjoint(recording.names))

    def without(self, names: Iterable[str]) -> Material:
        """Keep what bears none of the names."""
        unwanted = set(names)
        return self._where(lambda recording: unwanted.isdisjoint(recording.names))

    def _where(self, keep: Callable[[Recording], bool]) -> Material:
        voices = (tuple(filter(keep, folder)) for folder in self.voices)
        return Material(
            tuple(song for song in self.songs if keep(song.vocals)),
            tuple(folder for folder in voices if folder),
            tuple(filter(keep, self.instrumentals)),
        )


@dataclass(frozen=True)
class Manifest:
    """Licence and source per file, from a CSV with the columns path, source, licence beside the data folders."""

    root: Path | None
    rows: dict[str, dict[str, str]]

    @staticmethod
    def read(path: Path | None) -> Manifest:
        """Read the CSV; without one every file counts as the user's own."""
        if path is None:
            return Manifest(None, {})
        with open(path, newline="") as file:
            return Manifest(path.parent.resolve(), {row["path"]: row for row in csv.DictReader(file)})

    def of(self, path: Path) -> dict[str, str]:
        """Return licence and source of a file; what the manifest does not list counts as the user's own."""
        own = {"licence": "own", "source": path.parent.name}
        if self.root is None or not path.resolve().is_relative_to(self.root):
            return own
        return self.rows.get(path.resolve().relative_to(self.root).as_posix(), own)

    def is_open(self, path: Path) -> bool:
        """Tell whether weights learned from the file may be shipped; share-alike is left out."""
        return self.of(path)["licence"].startswith(OPEN_LICENCES)


def song_folders(folder: Path) -> list[Path]:
    """List the songs of a folder of songs, or the folder itself if it is one song.

    Raises:
        DatasetError: none holds a file named vocals.
    """
    found = sorted(path.parent for path in folder.rglob("vocals.*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise DatasetError(f"no song with a vocals file below {folder}")
    return found


def read_song(folder: Path) -> tuple[Audio, Audio]:
    """Read (vocals, accompaniment) of one song; see `read_stems`."""
    return merged(read_stems(folder))


def read_stems(folder: Path) -> list[Audio]:
    """Read all stems of one song, the vocals first.

    Raises:
        DatasetError: there is no pair, or the stems differ in rate or length, so that they cannot be aligned.
    """
    files = stem_files(folder)
    stems = [read(path) for path in files]
    for path, stem in zip(files, stems, strict=True):
        if stem.sample_rate != stems[0].sample_rate:
            raise DatasetError(
                f"{path.name} has {stem.sample_rate} Hz, {files[0].name} {stems[0].sample_rate} Hz; use one rate"
            )
        if abs(stem.duration - stems[0].duration) > LARGEST_DIFFERENCE_S:
            raise DatasetError(
                f"{path.name} lasts {stem.duration:.2f} s, {files[0].name} {stems[0].duration:.2f} s; "
                "export all stems from the same start to the same end"
            )
    return stems


def merged(stems: list[Audio]) -> tuple[Audio, Audio]:
    """Keep the vocals, sum the other stems, both of equal length; a mono stem counts for every channel."""
    length = min(stem.samples.shape[1] for stem in stems)
    channels = max(stem.channels for stem in stems)
    cut = [np.broadcast_to(stem.samples[:, :length], (channels, length)) for stem in stems]
    rate = stems[0].sample_rate
    return Audio(cut[0].copy(), rate), Audio(np.sum(cut[1:], axis=0), rate)


def stem_files(folder: Path) -> list[Path]:
    """List the vocals first, then `accompaniment.*` or, without one, all other stems but the mixture.

    Raises:
        DatasetError: one of the two is missing.
    """
    files = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES]
    vocals = [path for path in files if path.stem == "vocals"]
    others = [path for path in files if path.stem == "accompaniment"]
    others = others or [path for path in files if path.stem not in ("vocals", "mixture")]
    if not vocals or not others:
        raise DatasetError(f"{folder.name} needs vocals and accompaniment, or vocals and other stems")
    return [vocals[0], *others]


def load_songs(folder: Path, manifest: Manifest) -> Iterator[Song]:
    """Read all songs of a folder of songs whose licence is open."""
    for path in song_folders(folder):
        files = stem_files(path)
        if all(manifest.is_open(file) for file in files):
            vocals, accompaniment = read_song(path)
            yield Song(
                _recording(files[:1], folder, vocals, manifest), _recording(files[1:], folder, accompaniment, manifest)
            )


def load_recordings(folder: Path, manifest: Manifest) -> tuple[Recording, ...]:
    """Read all sound files below a folder whose licence is open, without their silences and without the silent ones.

    Raises:
        DatasetError: there is none.
    """
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES and manifest.is_open(path)]
    recordings = [_recording([path], folder, trimmed(read(path)), manifest) for path in files]
    audible = tuple(recording for recording in recordings if recording.level > 0.0)
    if not audible:
        raise DatasetError(f"no usable sound file below {folder}")
    return audible


def _recording(files: list[Path], folder: Path, audio: Audio, manifest: Manifest) -> Recording:
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    names = (*files[0].relative_to(folder.parent).parent.parts, files[0].stem)
    row = manifest.of(files[0])
    levels = block_levels(audio)
    return Recording(
        names,
        audio.samples.astype(np.float16),
        audio.sample_rate,
        float(np.percentile(levels, 95)) if len(levels) else 0.0,
        row["licence"],
        row["source"],
        digest,
    )


def block_levels(audio: Audio) -> npt.NDArray[np.float32]:
    """Measure the RMS of every whole block of 0.1 s, over all channels."""
    size = round(BLOCK_S * audio.sample_rate)
    n_blocks = audio.samples.shape[1] // size
    blocks = audio.samples[:, : n_blocks * size].reshape(audio.channels, n_blocks, size)
    return np.sqrt((blocks**2).mean(axis=(0, 2)))


def trimmed(audio: Audio) -> Audio:
    """Take out every block that is silent together with both its neighbours; what has no loud block stays whole."""
    levels = block_levels(audio)
    if not len(levels) or levels.max() == 0.0:
        return audio
    loud = levels > np.percentile(levels, 95) * 10 ** (SILENCE_DB / 20)
    kept = np.convolve(loud, [1, 1, 1])[1:-1] > 0
    size = round(BLOCK_S * audio.sample_rate)
    return Audio(
        np.ascontiguousarray(audio.samples[:, : len(levels) * size][:, np.repeat(kept, size)]), audio.sample_rate
    )
