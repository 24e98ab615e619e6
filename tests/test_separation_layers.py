"""A song as 256 layers of probability: they sum to the song, and every stem is a sum of them with one gain each."""

import gzip

import numpy as np
import pytest
import torch

from audio import Audio
from models.separation import mask
from models.separation.layers import listening_copy, packed
from models.separation.overview import overview
from models.separation.separate import Probabilities, masked, split
from models.separation.spectrogram import BINS, frames, stft

RATE = 44_100
TOLERANCE = 1e-4 / 2  # of full scale


def song(seconds: float = 0.4, channels: int = 2, rate: int = RATE) -> Audio:
    shape = (channels, round(seconds * rate))
    return Audio((0.1 * np.random.default_rng(1).standard_normal(shape)).astype(np.float32), rate)


def drawn(sound: Audio, levels: list[int]) -> Probabilities:
    """Probabilities that take a few levels only, so that the layers are few."""
    rng = np.random.default_rng(2)
    shape = BINS, frames(sound.samples.shape[1])
    return Probabilities(rng.choice(np.array(levels, np.uint8), shape), "drawn")


def layer(sound: Audio, probabilities: Probabilities, level: int) -> np.ndarray:
    """D_k = iSTFT(1[q = k] X)."""
    return masked(sound, torch.from_numpy(probabilities.levels), lambda levels: (levels == level).float()).samples


LEVELS = [0, 1, 100, 128, 200, 255]


def test_the_layers_sum_to_the_song() -> None:
    sound = song()
    probabilities = drawn(sound, LEVELS)
    total = sum(layer(sound, probabilities, level) for level in LEVELS)
    assert np.abs(total - sound.samples).max() < TOLERANCE


@pytest.mark.parametrize(
    ("alpha", "softness"), [(0.0, 0.0), (0.4, 0.0), (0.5, 0.0), (0.4, 1.0), (0.7, 0.3), (1.0, 0.5)]
)
@pytest.mark.parametrize("rule", ["complement", "paper"])
def test_every_stem_is_its_layers_with_one_gain_each(alpha: float, softness: float, rule: str) -> None:
    sound = song()
    probabilities = drawn(sound, LEVELS)
    layers = {level: layer(sound, probabilities, level) for level in LEVELS}
    every = torch.arange(mask.LEVELS, dtype=torch.uint8)
    vocals = mask.vocal_mask(every, alpha, softness)
    gains = [vocals, mask.accompaniment_mask(every, alpha, softness) if rule == "paper" else 1 - vocals]
    for stem, gain in zip(split(sound, probabilities, alpha, rule=rule, softness=softness), gains, strict=True):
        total = sum(float(gain[level]) * layers[level] for level in LEVELS)
        assert np.abs(total - stem.samples).max() < TOLERANCE


def test_levels_are_packed_frame_by_frame_and_always_alike() -> None:
    probabilities = drawn(song(), LEVELS)
    levels = np.frombuffer(gzip.decompress(packed(probabilities)), np.uint8).reshape(-1, BINS)
    assert np.array_equal(levels, probabilities.levels.T)
    assert packed(probabilities) == packed(probabilities)


@pytest.mark.parametrize(("channels", "rate", "heard"), [(1, 8_000, 1), (2, RATE, 2), (2, 96_000, 2), (6, 48_000, 1)])
def test_the_listening_copy_fits_the_levels(channels: int, rate: int, heard: int) -> None:
    sound = song(channels=channels, rate=rate)
    copy = listening_copy(sound)
    assert (copy.channels, copy.sample_rate) == (heard, RATE)
    assert copy.samples.shape[1] == pytest.approx(0.4 * RATE, abs=1)
    if rate == RATE:
        assert np.array_equal(copy.samples, sound.samples)


def test_energies_by_level_tell_what_a_stem_gets() -> None:
    sound = song(seconds=2.0)
    probabilities = drawn(sound, LEVELS)
    energies = overview(sound, probabilities).energies
    assert energies.sum() == pytest.approx(1.0)
    assert not energies[[level for level in range(256) if level not in LEVELS]].any()
    power = stft(torch.from_numpy(sound.samples)).abs().square().mean(0).numpy()
    expected = power[probabilities.levels >= 128].sum() / power.sum()
    assert energies[128:].sum() == pytest.approx(expected, rel=1e-4)
