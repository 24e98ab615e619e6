"""BSS Eval version 3 of `sources`, without permutation: SDR, SIR and SAR of many estimates of the same sources.

Vincent, Gribonval & Févotte, "Performance Measurement in Blind Audio Source Separation" (IEEE TASLP 14(4), 2006): an
estimate is projected on the target source and on all sources, each filtered by any 512 taps; what the target explains
is target, what the others add is interference, the rest artifacts. All that depends on the references alone, their
Gram matrix and its factors, is found once, so that a sweep over alpha costs little more than one estimate. Signals
are (source, sample) in float64; scores are in dB.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft, linalg

Array = npt.NDArray[np.float64]

TAPS = 512
BLOCK_FFT = 16_384  # correlations over TAPS lags are summed over blocks: faster than one transform of the whole song
BLOCK = BLOCK_FFT - TAPS + 1
ROUNDING = float(np.finfo(np.float64).eps)


class BssEvalError(ValueError):
    """References or an estimate that cannot be scored; the message says which and why."""


@dataclass(frozen=True)
class Scores:
    """How well one source was estimated, in dB; all NaN for a silent estimate, which has no score.

    Attributes:
        sdr: signal to distortion ratio: target against interference and artifacts.
        sir: signal to interference ratio: target against the other sources.
        sar: signal to artifacts ratio: all sources against what is none of them. An estimate without artifacts,
            such as the mixture itself, scores as far as rounding lets it, some 100 dB and more.
    """

    sdr: float
    sir: float
    sar: float


SILENT = Scores(math.nan, math.nan, math.nan)


class References:
    """True sources, prepared to score any number of estimates of them."""

    def __init__(self, references: Array) -> None:
        """Factorise the Gram matrix of all delayed sources, and that of each source alone.

        Args:
            references: (source, sample), at least two sources of at least TAPS samples per source, none silent.

        Raises:
            BssEvalError: another shape, not finite, too short, or a source is silent.
        """
        _refuse_unusable(references)
        self.n_sources, self.n_samples = references.shape
        self._spectra = fft.rfft(_blocks(references, TAPS - 1), axis=2)  # (source, block, bin)
        lags = np.stack([self._correlations(source) for source in references])  # [j, i, a] = sum_t r_j[t] r_i[t - a]
        toeplitz = [[linalg.toeplitz(lags[j, i], lags[i, j]) for j in range(len(lags))] for i in range(len(lags))]
        self._all = Projection(np.block(toeplitz))
        self._own = [Projection(toeplitz[source][source]) for source in range(self.n_sources)]

    def score(self, estimate: Array, source: int) -> Scores:
        """Score an estimate of one of the sources.

        Args:
            estimate: (sample,), as long as the references, at any level; delays of 0 to 511 samples are forgiven.
            source: index of the reference that it estimates.

        Raises:
            BssEvalError: an estimate of another length, or not finite.
        """
        if estimate.shape != (self.n_samples,):
            raise BssEvalError(f"the estimate has shape {estimate.shape}, the references have {self.n_samples} samples")
        if not np.isfinite(estimate).all():
            raise BssEvalError("the estimate holds samples that are not numbers (NaN or infinity)")
        energy = float(estimate @ estimate)
        if energy == 0.0:
            return SILENT
        correlations = self._correlations(estimate)
        own, both = self._own[source], self._all
        target_filter = own.solve(correlations[source])
        filters = both.solve(correlations.ravel())
        interference_filter = filters.copy()
        interference_filter[source * TAPS : (source + 1) * TAPS] -= target_filter
        target = own.energy(target_filter)
        explained = both.energy(filters)
        # |e - Gx|^2 in full, not e^2 - explained: errors of the filters then enter only to the second order.
        distortion = energy - 2 * float(correlations[source] @ target_filter) + target
        artifacts = energy - 2 * float(correlations.ravel() @ filters) + explained
        floor = ROUNDING * energy
        return Scores(
            _db(target, distortion, floor),
            _db(target, both.energy(interference_filter), floor),
            _db(explained, artifacts, floor),
        )

    def _correlations(self, signal: Array) -> Array:
        """Correlate (sample,) with every source delayed by a = 0..511: (source, a), sum over t of r[t - a] s[t]."""
        spectrum = fft.rfft(_blocks(signal[None], 0), axis=2)[0].conj()  # (block, bin)
        products = np.einsum("sbf,bf->sf", self._spectra, spectrum)
        correlations: Array = fft.irfft(products, BLOCK_FFT, axis=1)[:, TAPS - 1 :: -1]
        return correlations


class Projection:
    """Least squares on the span of delayed sources, from its Gram matrix."""

    def __init__(self, gram: Array) -> None:
        """Factorise; a matrix that rounding made indefinite gets as much on its diagonal as the factors need."""
        self._gram = gram
        load = 0.0
        while True:
            try:
                self._factors = linalg.cho_factor(gram + load * np.eye(len(gram)))
                return
            except linalg.LinAlgError:
                load = max(10 * load, ROUNDING * float(np.trace(gram)))

    def solve(self, correlations: Array) -> Array:
        """Return the filters whose output comes closest to what has these correlations."""
        filters: Array = linalg.cho_solve(self._factors, correlations)
        return filters

    def energy(self, filters: Array) -> float:
        """Return the energy of the sources filtered and summed."""
        return float(filters @ self._gram @ filters)


def _blocks(signals: Array, before: int) -> Array:
    """Cut (source, sample) into blocks (source, block, BLOCK_FFT), each led by `before` samples of the one ahead."""
    n_blocks = -(-signals.shape[1] // BLOCK)
    padded = np.pad(signals, ((0, 0), (before, n_blocks * BLOCK - signals.shape[1])))
    cut = np.lib.stride_tricks.sliding_window_view(padded, BLOCK + before, axis=1)[:, ::BLOCK]
    return np.pad(cut, ((0, 0), (0, 0), (0, BLOCK_FFT - BLOCK - before)))


def _refuse_unusable(references: Array) -> None:
    if references.ndim != 2 or len(references) < 2:
        raise BssEvalError(f"references must be (source, sample) with at least two sources, got {references.shape}")
    if references.shape[1] < len(references) * TAPS:
        raise BssEvalError(
            f"references of {references.shape[1]} samples are too short: {len(references)} sources filtered by "
            f"{TAPS} taps could imitate anything; at least {len(references) * TAPS} samples are needed"
        )
    for index, source in enumerate(references):
        if not np.isfinite(source).all():
            raise BssEvalError(f"reference {index} holds samples that are not numbers (NaN or infinity)")
        if not source.any():
            raise BssEvalError(f"reference {index} is silent: nothing can be scored against it")


def _db(numerator: float, denominator: float, floor: float) -> float:
    """Return 10 log10 of a ratio; what is below the floor, where rounding rules, counts as the floor."""
    return 10 * math.log10(max(numerator, floor) / max(denominator, floor))
