"""The traditional approach: supervised NMF, the paper's rival; REPET-SIM and HPSS, which learn nothing.

Each answers as a network does, with the vocals' share of every bin and frame, so that alpha and all that follows act
on it alike. None depends on the playing level. Magnitudes are (channel, bin, frame), windows of magnitudes
(window, frame, band), bases (feature, base) with feature = frame * band.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.checkpoint import Checkpoint
from models.separation.networks import merged
from models.separation.spectrogram import BINS, FRAME, HOP, SAMPLE_RATE, WINDOW_FRAMES, overlap_average, windows

BATCH = 256  # windows at once, bounds memory
FLOOR = 1e-8  # of a basis that sums to 1: every feature can be explained a little, no division by zero
TINY = torch.finfo(torch.float32).tiny
LOWEST_VOCALS_HZ = 100.0  # the authors of REPET-SIM give everything below to the accompaniment
LOWEST_VOCALS_BIN = round(LOWEST_VOCALS_HZ * FRAME / SAMPLE_RATE) + 1


class LevelFree:
    """What gives the same answer at any playing level and so needs no look at the whole song beforehand."""

    def song_level(self, waveform: Iterable[Tensor]) -> float:
        """Return 1 without looking."""
        return 1.0


@dataclass(frozen=True)
class NmfConfig:
    """Shape of a factorisation.

    Attributes:
        frames: length of a window.
        narrow: a band that begins at bin k sums k // narrow bins, at least one. Summing suits the KL divergence, the
            likelihood of Poisson counts, whose sums are Poisson too.
        bases: bases per source.
        stride: frames from one window to the next when predicting.
        iterations: updates of the activations when predicting.
    """

    frames: int = WINDOW_FRAMES
    narrow: int = 76  # 10 MB of bases in half precision
    bases: int = 400
    stride: int = 10
    iterations: int = 30

    def __post_init__(self) -> None:
        """Refuse shapes that no spectrogram has."""
        sizes = (self.frames, self.narrow, self.bases, self.stride, self.iterations)
        if min(sizes) < 1 or self.narrow > BINS or self.stride > self.frames:
            raise ValueError(f"not a factorisation of windows: {self}")

    def band_of_bin(self) -> Tensor:
        """Give each of the 1025 bins its band, counted from 0."""
        bands: list[int] = []
        while (start := len(bands)) < BINS:
            width = max(1, start // self.narrow)
            bands += [bands[-1] + 1 if bands else 0] * width
        return torch.tensor(bands[:BINS])

    def banded(self, magnitude: Tensor) -> Tensor:
        """Sum the bins of each band: (bin, frame) to (band, frame)."""
        bands = self.band_of_bin()
        return torch.zeros(int(bands[-1]) + 1, magnitude.shape[1]).index_add_(0, bands, magnitude)


PAPER = NmfConfig(narrow=BINS, bases=1500, stride=1, iterations=100)


class Nmf(LevelFree):
    """Supervised non-negative matrix factorisation by the Kullback-Leibler divergence (paper, section 2).

    Bases of vocals and of accompaniment are learned apart and stand side by side; a mixture is explained by both, and
    what each contributes is its share.
    """

    def __init__(self, config: NmfConfig, vocals: Tensor, accompaniment: Tensor) -> None:
        """Take the bases of both sources, each (feature, base)."""
        self.config = config
        self.context = 2 * config.frames
        self.bases = normalised(torch.cat([vocals, accompaniment], 1).float())
        self.n_vocals = vocals.shape[1]

    def predict_proba(self, magnitude: Tensor, level: float | None = None) -> Tensor:
        """Estimate the vocals' share, one mask for all channels; see `DeepKaraoke.predict_proba`."""
        cut = windows(self.config.banded(merged(magnitude)), self.config.frames, self.config.stride)
        share = torch.cat([self._share(batch) for batch in torch.split(cut, BATCH)])
        return overlap_average(share, magnitude.shape[-1], self.config.stride)[self.config.band_of_bin()]

    def _share(self, windowed: Tensor) -> Tensor:
        V = windowed.flatten(1).T  # (feature, window)
        H = activations(V, self.bases, self.config.iterations)
        vocals = self.bases[:, : self.n_vocals] @ H[: self.n_vocals]
        share = vocals / (self.bases @ H).clamp_min(TINY)
        return share.T.reshape(windowed.shape)


def normalised(W: Tensor) -> Tensor:
    """Scale bases to a sum of 1 each, with no entry below FLOOR before."""
    W = (W / W.sum(0).clamp_min(TINY)).clamp_min(FLOOR)
    return W / W.sum(0)


def activations(V: Tensor, W: Tensor, iterations: int) -> Tensor:
    """Explain V (feature, window) by fixed bases W (feature, base) that sum to 1 each, from equal activations.

    Returns:
        H (base, window).
    """
    H = (V.sum(0) / W.shape[1]).repeat(W.shape[1], 1)
    for _ in range(iterations):
        H = updated(V, W, H)
    return H


def updated(V: Tensor, W: Tensor, H: Tensor) -> Tensor:
    """Update H once, so that the divergence D(V || W H) does not rise: Lee & Seung (2001), theorem 2.

    Their denominator, the sums of the columns of W, is 1 here.
    """
    return H * (W.T @ (V / (W @ H).clamp_min(TINY)))


def from_checkpoint(checkpoint: Checkpoint) -> Nmf:
    """Rebuild a factorisation from its checkpoint alone."""
    return Nmf(NmfConfig(**checkpoint.config), checkpoint.tensors["vocals"], checkpoint.tensors["accompaniment"])


class RepetSim(LevelFree):
    """What repeats is accompaniment: REPET-SIM (Rafii & Pardo, ISMIR 2012), through librosa.

    Each frame is set against the median of the 100 frames most like it by cosine, no nearer than 1 s: the sizes of the
    authors' code. A long song is compared within a block and 10 s on each side, the memory of their online version.
    """

    context = round(10 * SAMPLE_RATE / HOP)
    similar = 100
    apart = round(SAMPLE_RATE / HOP)

    def predict_proba(self, magnitude: Tensor, level: float | None = None) -> Tensor:
        """Return the share 1 - W / X of what does not repeat; all of it where nothing can, in under 5 frames."""
        from librosa.decompose import nn_filter  # loads slowly, and few need it

        X = np.asfortranarray(merged(magnitude).numpy())  # whole frames are read, many times
        apart = min(self.apart, (X.shape[1] - 3) // 2)
        if apart < 1:
            return _vocal_range(np.ones_like(X))
        repeating = nn_filter(X, aggregate=median, metric="cosine", k=self.similar, width=apart)
        return _vocal_range((X - np.minimum(repeating, X)) / np.maximum(X, TINY))


def median(frames: npt.NDArray[np.float32], axis: int = 0) -> npt.NDArray[np.float32]:
    """Return the median of similar frames (frame, bin), by sorting: several times faster here than numpy.median."""
    assert axis == 0
    ordered = np.sort(np.ascontiguousarray(frames.T))  # (bin, frame)
    count = len(frames)
    return (ordered[:, (count - 1) // 2] + ordered[:, count // 2]) / np.float32(2.0)


class Hpss(LevelFree):
    """Vocals guessed as what neither lasts nor strikes: harmonic/percussive separation's residual, through librosa.

    Median filters along time and frequency (FitzGerald, DAFx 2010) give a harmonic and a percussive part; what is
    clearly neither is a third part (Driedger, Mueller & Disch, ISMIR 2014), and singing, with its vibrato and glides,
    falls there. It is a guess: no method of this family knows a voice.
    """

    kernel = (65, 31)  # frames (0.75 s), bins (670 Hz)
    context = kernel[0]

    def predict_proba(self, magnitude: Tensor, level: float | None = None) -> Tensor:
        """Return how undecided a bin is, 2 min(h, p) of h + p = 1 drawn from roots of magnitudes.

        So p > alpha where neither part is b times the other; b, the authors' separation factor, is 9 at alpha = 0.5.
        """
        from librosa.decompose import hpss  # loads slowly, and few need it

        X = merged(magnitude).numpy()
        harmonic, percussive = hpss(X, kernel_size=self.kernel, power=0.5, mask=True)
        return _vocal_range(2.0 * np.minimum(harmonic, percussive) * (X > 0.0))


def _vocal_range(share: npt.NDArray[np.float32]) -> Tensor:
    """Give everything below LOWEST_VOCALS_HZ to the accompaniment."""
    share[:LOWEST_VOCALS_BIN] = 0.0
    return torch.from_numpy(share)
