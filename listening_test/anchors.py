"""Anchors of a MUSHRA trial: a known degradation of the reference, so that the ends of the scale mean the same to all.

ITU-R BS.1534-3, section 5: low-pass at 3.5 kHz within the mask given there (pass band within 0.1 dB, 25 dB down from
4 kHz, 50 dB down from 4.5 kHz), and at 7 kHz, for which it gives no mask; the filters here are 50 dB down at 4 kHz and
at 8 kHz already. For separated sources Emiya et al. (IEEE TASLP 19(7), 2011) add interference, which is the mixture
itself, and musical noise. Waveforms are (channel, sample), frequencies in hertz.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import ShortTimeFFT, fftconvolve, firwin, kaiser_beta
from scipy.signal.windows import hann

import audio
from audio import Audio, Samples

ATTENUATION_DB = 62.0  # designed for; what the taps reach is asserted by the tests
HIGHEST_RATE_HZ = 48_000  # above it the taps no longer reach the mask
WINDOW, HOP = 2048, 512  # of the musical noise: a chirp of 46 ms at 44.1 kHz
KEPT_SHARE = 0.01  # of the time-frequency points; Emiya et al. set 99 % of them to zero


@dataclass(frozen=True)
class LowPass:
    """A linear-phase Kaiser low-pass.

    Attributes:
        taps: odd, so that the delay is a whole number of samples.
        pass_hz: end of the pass band.
        stop_hz: begin of the stop band.
    """

    taps: int
    pass_hz: float
    stop_hz: float

    def coefficients(self, sample_rate: int) -> npt.NDArray[np.float64]:
        """Return the impulse response (tap,) at a rate.

        Raises:
            ValueError: a rate at which the filter misses its mask.
        """
        if not 2 * self.stop_hz < sample_rate <= HIGHEST_RATE_HZ:
            raise ValueError(
                f"an anchor cannot be filtered at {sample_rate} Hz: resample to {HIGHEST_RATE_HZ} Hz or less, "
                f"and to more than {2 * self.stop_hz:g} Hz"
            )
        cutoff = (self.pass_hz + self.stop_hz) / 2
        window = ("kaiser", kaiser_beta(ATTENUATION_DB))
        return np.asarray(firwin(self.taps, cutoff, fs=sample_rate, window=window))


LOW = LowPass(351, 3500.0, 4000.0)
MID = LowPass(201, 7000.0, 8000.0)


def low_passed(sound: Audio, band: LowPass) -> Audio:
    """Filter a sound without delay; its length stays.

    Raises:
        ValueError: the sound's rate is none that the filter is made for.
    """
    response = band.coefficients(sound.sample_rate)[None, :]
    whole = fftconvolve(sound.samples, response, axes=1)
    delay = (band.taps - 1) // 2
    kept = whole[:, delay : delay + sound.samples.shape[1]]
    return Audio(np.ascontiguousarray(kept, dtype=np.float32), sound.sample_rate)


def with_musical_noise(sound: Audio, rng: np.random.Generator) -> Audio:
    """Add musical noise as loud as the sound itself (the artefact anchor of Emiya et al.)."""
    noise = Audio(musical_noise(sound.samples, rng), sound.sample_rate)
    noise = audio.at_loudness(noise, audio.loudness(sound), highest_peak=np.inf)
    return Audio(sound.samples + noise.samples, sound.sample_rate)


def musical_noise(samples: Samples, rng: np.random.Generator) -> Samples:
    """Keep a random hundredth of the time-frequency points, the same in all channels; the rest is silent."""
    transform = ShortTimeFFT(hann(WINDOW, sym=False), HOP, fs=1.0)
    spectrum = transform.stft(samples)  # (channel, bin, frame)
    kept = rng.random(spectrum.shape[1:]) < KEPT_SHARE
    return np.asarray(transform.istft(spectrum * kept, k1=samples.shape[1]), dtype=np.float32)
