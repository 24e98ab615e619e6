"""A song's spectrogram and its probabilities, small enough to draw: rows on a logarithmic scale of frequency.

Beside the pictures stands how much energy the song has at each level of probability: with one gain g per level, as all
masks are, the energy that a stem gets is the sum of g^2 times these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audio import Audio, resample
from models.separation.mask import LEVELS
from models.separation.separate import Probabilities, spectra
from models.separation.spectrogram import BINS, SAMPLE_RATE, frames

LOWEST_HZ, HIGHEST_HZ = 60.0, 16_000.0
RANGE_DB = 70.0  # from the loudest cell down to black


@dataclass(frozen=True)
class Overview:
    """Two pictures of equal size.

    Attributes:
        loudness: uint8 (row, column), the first row lowest; 255 is the loudest cell, 0 is 70 dB under it.
        levels: uint8 (row, column), mean probability level of each cell, weighted by energy; 0 where it is black.
        energies: of the song at each of the 256 levels, as shares that sum to 1; all 0 where it is silent.
        rows_hz: centre of each row.
        seconds: length of the song.
    """

    loudness: npt.NDArray[np.uint8]
    levels: npt.NDArray[np.uint8]
    energies: npt.NDArray[np.float64]
    rows_hz: tuple[float, ...]
    seconds: float


def overview(audio: Audio, probabilities: Probabilities, n_rows: int = 160, n_columns: int = 800) -> Overview:
    """Pool the power spectrogram and the probabilities into cells; a short song gives fewer columns than asked for."""
    samples = resample(audio, SAMPLE_RATE).samples
    n_frames = frames(samples.shape[1])
    columns = np.arange(n_frames) * min(n_columns, n_frames) // n_frames
    power = np.zeros((BINS, columns[-1] + 1))
    weighted = np.zeros_like(power)
    energies = np.zeros(LEVELS)
    start = 0
    for spectrum in spectra(samples):
        part = spectrum.abs().square().mean(0).numpy()
        at = slice(start, start + part.shape[1])
        starts = np.flatnonzero(np.diff(columns[at], prepend=-1))
        cells = slice(columns[at][0], columns[at][-1] + 1)
        level = probabilities.levels[:, at]
        power[:, cells] += np.add.reduceat(part, starts, axis=1)
        weighted[:, cells] += np.add.reduceat(part * level, starts, axis=1)
        energies += np.bincount(level.ravel(), part.ravel(), LEVELS)
        start = at.stop
    rows_hz = np.geomspace(LOWEST_HZ, HIGHEST_HZ, n_rows)
    pooled, pooled_weighted = (_rows(plane, rows_hz) for plane in (power, weighted))
    floor = max(pooled.max(), 1e-20) * 10 ** (-RANGE_DB / 10)
    loudness = 255 * (10 * np.log10(np.maximum(pooled, floor) / floor) / RANGE_DB)
    levels = np.clip(pooled_weighted / np.maximum(pooled, floor), 0, 255)
    energies /= energies.sum() or 1.0
    return Overview(
        loudness.astype(np.uint8), levels.astype(np.uint8), energies, tuple(rows_hz.tolist()), audio.duration
    )


def _rows(plane: npt.NDArray[np.float64], rows_hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Average bins into rows that end midway to their neighbours; rows narrower than a bin interpolate."""
    step = np.sqrt(rows_hz[1] / rows_hz[0])
    summed = np.vstack([np.zeros(plane.shape[1]), plane.cumsum(axis=0)])
    bin_hz = SAMPLE_RATE / 2 / (BINS - 1)
    edges = [np.clip(rows_hz * ratio / bin_hz + 0.5, 0, BINS) for ratio in (1 / step, step)]
    low, high = (_interpolated(summed, edge) for edge in edges)
    rows: npt.NDArray[np.float64] = (high - low) / (edges[1] - edges[0])[:, None]
    return rows


def _interpolated(summed: npt.NDArray[np.float64], at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Read the rows of a cumulative sum at fractional indices."""
    below = np.minimum(at.astype(int), len(summed) - 2)
    share = (at - below)[:, None]
    rows: npt.NDArray[np.float64] = summed[below] * (1 - share) + summed[below + 1] * share
    return rows
