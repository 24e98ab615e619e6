"""A sound file in, the files of its two stems out, in memory that does not grow with the song.

The song is walked over by blocks: once for the level that the network needs, once for the vocals, which lie on disk as
float32 until it is known whether a stem would clip, and once to write both files. The model works at 44.1 kHz; the
subtraction happens at the rate and the channels of the file, so that the stems sum to it. Blocks are `Audio`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, tee
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor

from audio import (
    BLOCK_SAMPLES,
    Audio,
    AudioError,
    Format,
    Samples,
    format_of,
    read_blocks,
    refuse_unwritable,
    resample_blocks,
    write_blocks,
)
from models.separation import mask, tags
from models.separation.blocks import in_threads
from models.separation.separate import BLOCK_FRAMES, PIECE_FRAMES, predicted, predictor
from models.separation.spectrogram import FRAME, HOP, SAMPLE_RATE, joined, overlapped, overlapping, pieces

STEMS = ("vocals", "accompaniment")
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Cut:
    """How a song becomes two stems, and which files hold them.

    Attributes:
        model: one of MODELS, or "default".
        alpha: vocals are where p > alpha, 0 to 1.
        softness: 0 for binary masks; see `mask.vocal_mask`.
        suffix: wav, flac, ogg or mp3.
        bits: "16", "24" or "float", as audio.SUBTYPES has them.
    """

    model: str
    alpha: float
    softness: float
    suffix: str = "wav"
    bits: str = "16"


@dataclass(frozen=True)
class Written:
    """What became of a song.

    Attributes:
        gain: by which both stems were turned down, or they would clip; 1 if they were not.
        tags_fault: why the tags were not copied; empty if they were.
    """

    gain: float
    tags_fault: str


def separate_file(song: Path, folder: Path, cut: Cut, progress: Progress | None = None) -> Written:
    """Separate one file; its stems appear in the folder when both are whole, or not at all.

    Args:
        song: WAV, FLAC, OGG or MP3 of any length, rate and number of channels up to 16.
        folder: where vocals and accompaniment go; what is there under these names is replaced.
        cut: how.
        progress: is told the share done, 0 to 1, after each block; what it raises stops the work.

    Raises:
        AudioError: the song cannot be read, or its stems cannot be written like this.
        SeparationError: there is no such model.
        OSError: the disk.
    """
    form = format_of(song)
    paths = [folder / f"{stem}.{cut.suffix}" for stem in STEMS]
    refuse_unwritable(paths[0], form, cut.bits)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _refuse_small_disk(folder.parent, form)
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        kept = Path(scratch) / "vocals.float32"
        peak = _keep_vocals(song, kept, form, cut, progress)
        gain = 1.0 / peak if peak > 1.0 and cut.bits != "float" else 1.0
        partial = [Path(scratch) / path.name for path in paths]
        _write_stems(song, kept, partial, form, cut.bits, gain)
        fault = next(filter(None, (tags.copy(song, path) for path in partial)), "")
        folder.mkdir(exist_ok=True)
        for source, path in zip(partial, paths, strict=True):
            source.replace(path)
    return Written(gain, fault)


def _keep_vocals(song: Path, kept: Path, form: Format, cut: Cut, progress: Progress | None) -> float:
    """Write the vocals as float32 (sample, channel) and return the highest peak of both stems."""
    for_model, for_sum = tee(read_blocks(song))
    n_samples, done, peak = max(form.length, 1), 0, 0.0
    with kept.open("wb") as file:
        for mixture, vocals in aligned(for_sum, vocal_blocks(song, for_model, form.sample_rate, cut)):
            peak = max(peak, float(np.abs(vocals).max()), float(np.abs(mixture - vocals).max()))
            file.write(vocals.T.tobytes())
            done += vocals.shape[1]
            if progress is not None:
                progress(min(done / n_samples, 1.0))
    return peak


def vocal_blocks(song: Path, blocks: Iterable[Audio], sample_rate: int, cut: Cut) -> Iterator[Audio]:
    """Separate the vocals of a song.

    Args:
        song: the file, to measure the level of.
        blocks: the same song in blocks.
        sample_rate: of the song.
        cut: how.

    Yields:
        Blocks of other lengths than those given; joined they may lack or exceed the song by some samples.
    """
    chosen = predictor(cut.model)
    gains = mask.vocal_mask(torch.arange(mask.LEVELS, dtype=torch.uint8), cut.alpha, cut.softness)
    if bool((gains == 1).all()):
        yield from blocks
        return
    level = chosen.song_level(AtModelRate(read_blocks(song)))

    def vocals(part: tuple[Tensor, slice]) -> list[Tensor]:
        samples, inner = part
        levels = torch.split(predicted(chosen, level, samples, inner), PIECE_FRAMES, 1)
        own = samples[:, inner.start * HOP : (inner.stop - 1) * HOP + FRAME]
        spectra = pieces(own, PIECE_FRAMES)
        return [overlapped(X * gains[q.int()]) for X, q in zip(spectra, levels, strict=True)]

    at_model = AtModelRate(blocks)
    parts = overlapping(at_model, BLOCK_FRAMES, chosen.context)
    sounds = joined(chain.from_iterable(in_threads(vocals, parts)))
    yield from resample_blocks(at_model.cut(sounds), sample_rate)


class AtModelRate:
    """A song in blocks (channel, sample) at the rate of the models, which counts its samples as they pass."""

    def __init__(self, blocks: Iterable[Audio]) -> None:
        """Take a song of any rate in blocks."""
        self._blocks = blocks
        self.length = 0

    def __iter__(self) -> Iterator[Tensor]:
        """Give each block once."""
        for block in resample_blocks(self._blocks, SAMPLE_RATE):
            self.length += block.samples.shape[1]
            yield torch.from_numpy(block.samples)

    def cut(self, sounds: Iterable[Tensor]) -> Iterator[Audio]:
        """End what was made of the song where the song ends."""
        left_off = 0
        for sound in sounds:
            inside = sound[:, : self.length - left_off]
            left_off += inside.shape[1]
            if inside.shape[1]:
                yield Audio(inside.numpy(), SAMPLE_RATE)


def aligned(mixture: Iterable[Audio], vocals: Iterable[Audio]) -> Iterator[tuple[Samples, Samples]]:
    """Bring the vocals to the blocks of the mixture, cut or followed by silence where their lengths differ.

    Yields:
        Mixture and vocals, both (channel, sample) of one length.
    """
    coming = iter(vocals)
    waiting: Samples | None = None
    for block in mixture:
        length = block.samples.shape[1]
        parts = [] if waiting is None else [waiting]
        while sum(part.shape[1] for part in parts) < length and (more := next(coming, None)) is not None:
            parts.append(more.samples)
        joined = np.concatenate([*parts, np.zeros((block.channels, 0), np.float32)], 1)
        missing = max(length - joined.shape[1], 0)
        yield block.samples, np.pad(joined[:, :length], ((0, 0), (0, missing)))
        waiting = joined[:, length:]


def _write_stems(song: Path, kept: Path, paths: list[Path], form: Format, bits: str, gain: float) -> None:
    """Write both stems at once, each at the same gain."""

    def accompaniment() -> Iterator[Samples]:
        for mixture, vocals in aligned(read_blocks(song), _kept_blocks(kept, form)):
            yield mixture - vocals

    def scaled(stem: Iterable[Samples]) -> Iterator[Audio]:
        return (Audio(samples * np.float32(gain), form.sample_rate) for samples in stem)

    stems = ((block.samples for block in _kept_blocks(kept, form)), accompaniment())
    with ThreadPoolExecutor(len(stems)) as pool:
        jobs = [
            pool.submit(write_blocks, path, scaled(stem), form, bits) for path, stem in zip(paths, stems, strict=True)
        ]
        for job in jobs:
            job.result()


def _kept_blocks(kept: Path, form: Format) -> Iterator[Audio]:
    """Read back what `_keep_vocals` wrote."""
    with kept.open("rb") as file:
        while content := file.read(BLOCK_SAMPLES * form.channels * np.dtype(np.float32).itemsize):
            samples = np.frombuffer(content, np.float32).reshape(-1, form.channels)
            yield Audio(np.ascontiguousarray(samples.T), form.sample_rate)


def _refuse_small_disk(folder: Path, form: Format) -> None:
    """Raise AudioError before the work rather than after it: vocals in float32, and two stems of at most as much."""
    needed = 3 * 4 * form.length * form.channels
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise AudioError(f"{folder} has {free / 1e9:.1f} GB free; up to {needed / 1e9:.1f} GB are needed")
