"""Levels: one rate, one length and one loudness for everything that a trial compares.

Loudness is ITU-R BS.1770, the target that of EBU R 128. Two policies. Per stimulus: every condition gets to the
target by itself, which hides the level differences of systems and raises band-limited anchors, but leaves nothing to
tell conditions apart by than what they sound like. Per item: the layers of one voice keep one gain, or their sum would
not be that voice. A peak above -1 dBTP lowers all conditions of the item alike; nothing is limited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

import audio
from audio import Audio

SAMPLE_RATE = 44_100
TARGET_LUFS = -23.0
TOLERANCE_LU = 0.1  # between the conditions of an item: half of it on either side of the target
PRECISION_LU = 0.01  # below which a gain is not mended
HIGHEST_TRUE_PEAK_DB = -1.0
OVERSAMPLING = 4  # of the true-peak meter, ITU-R BS.1770-4 Annex 2


class LevelError(ValueError):
    """A sound that cannot be brought to the level of the others; the message says which and why."""


@dataclass(frozen=True)
class Levelled:
    """A sound at its level.

    Attributes:
        sound: stereo, 44.1 kHz.
        gain_db: what it got.
        loudness: LUFS; None for a layer, which may be silent.
        true_peak_db: dBTP.
    """

    sound: Audio
    gain_db: float
    loudness: float | None
    true_peak_db: float


def levelled(sounds: Mapping[str, Audio]) -> dict[str, Levelled]:
    """Bring every condition of an item to the target.

    Args:
        sounds: one sound per condition, any rate, mono or stereo; cut to the shortest, with fades.

    Raises:
        LevelError: a sound is silent, or too quiet to be brought to the loudness of the others.
    """
    cut = _aligned(sounds)
    found = {name: _gain_to_target(sound, name) for name, sound in cut.items()}
    level = {name: _scaled(sound, found[name][0]) for name, sound in cut.items()}
    peaks = {name: true_peak_db(sound) for name, sound in level.items()}
    excess = _excess(peaks.values())
    return {
        name: Levelled(_scaled(sound, -excess), found[name][0] - excess, found[name][1] - excess, peaks[name] - excess)
        for name, sound in level.items()
    }


def levelled_layers(layers: Mapping[str, Audio]) -> dict[str, Levelled]:
    """Bring the sum of all layers to the target and every layer by as much; a layer alone may be silent.

    Raises:
        LevelError: the sum is silent, or too quiet.
    """
    cut = _aligned(layers)
    total = Audio(np.sum([sound.samples for sound in cut.values()], axis=0, dtype=np.float32), SAMPLE_RATE)
    gain, _ = _gain_to_target(total, "the sum of the layers")
    peaks = {name: true_peak_db(sound) + gain for name, sound in cut.items()}
    excess = _excess([*peaks.values(), true_peak_db(total) + gain])
    return {
        name: Levelled(_scaled(sound, gain - excess), gain - excess, None, peaks[name] - excess)
        for name, sound in cut.items()
    }


def true_peak_db(sound: Audio) -> float:
    """Highest value between the samples in dBTP (ITU-R BS.1770-4, four times oversampled)."""
    dense = audio.resample(sound, OVERSAMPLING * sound.sample_rate)
    return float(20 * np.log10(max(np.abs(dense.samples).max(), 1e-10)))


def _aligned(sounds: Mapping[str, Audio]) -> dict[str, Audio]:
    """Bring sounds to two channels, one rate and the length of the shortest, and fade them in and out."""
    stereo = {condition: _stereo(audio.resample(sound, SAMPLE_RATE)) for condition, sound in sounds.items()}
    frames = min(sound.samples.shape[1] for sound in stereo.values())
    return {name: audio.faded(Audio(sound.samples[:, :frames], SAMPLE_RATE)) for name, sound in stereo.items()}


def _stereo(sound: Audio) -> Audio:
    """Return two channels; a mono sound is in both."""
    samples = np.repeat(sound.samples, 2, axis=0) if sound.channels == 1 else sound.samples[:2]
    return Audio(samples, sound.sample_rate)


def _gain_to_target(sound: Audio, name: str) -> tuple[float, float]:
    """Find the gain in dB that brings a sound to the target, and the LUFS that it then has."""
    gain, now = 0.0, audio.loudness(sound)
    # Twice: the absolute gate of BS.1770 at -70 LUFS lets more of a quiet sound in once it has been raised.
    for _ in range(2):
        if np.isfinite(now) and abs(now - TARGET_LUFS) > PRECISION_LU:
            gain += TARGET_LUFS - now
            now = audio.loudness(_scaled(sound, gain))
    if not abs(now - TARGET_LUFS) <= TOLERANCE_LU / 2:
        raise LevelError(f"{name} cannot be brought to {TARGET_LUFS} LUFS: it is silent or nearly so")
    return gain, now


def _excess(peaks_db: Iterable[float]) -> float:
    """How far the highest of the true peaks is above what is allowed."""
    return max(0.0, max(peaks_db) - HIGHEST_TRUE_PEAK_DB)


def _scaled(sound: Audio, decibels: float) -> Audio:
    return Audio((sound.samples * 10 ** (decibels / 20)).astype(np.float32), sound.sample_rate)
