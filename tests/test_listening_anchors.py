"""Anchors: the mask of BS.1534-3, no delay, and what the musical noise leaves of a sound."""

import numpy as np
import pytest
from scipy.signal import freqz
from small_study import tone

import audio
from audio import Audio
from listening_test import anchors
from listening_test.anchors import LOW, MID, LowPass

RATES = [32_000, 44_100, 48_000]


def response_db(band: LowPass, rate: int, lowest_hz: float, highest_hz: float) -> np.ndarray:
    """Gain of the filter on a grid of 2 Hz between two frequencies."""
    hertz = np.arange(lowest_hz, min(highest_hz, rate / 2), 2.0)
    _, response = freqz(band.coefficients(rate), worN=hertz, fs=rate)
    return 20 * np.log10(np.abs(response))


@pytest.mark.parametrize("rate", RATES)
def test_the_low_anchor_meets_the_mask_of_bs_1534(rate: int) -> None:
    assert np.abs(response_db(LOW, rate, 0, 3500)).max() <= 0.1
    assert response_db(LOW, rate, 4000, 24_000).max() <= -25
    assert response_db(LOW, rate, 4500, 24_000).max() <= -50


@pytest.mark.parametrize("rate", RATES)
def test_the_mid_anchor_is_flat_to_7_khz_and_gone_from_8_khz(rate: int) -> None:
    assert np.abs(response_db(MID, rate, 0, 7000)).max() <= 0.1
    assert response_db(MID, rate, 8000, 24_000).max() <= -50


@pytest.mark.parametrize("band", [LOW, MID])
@pytest.mark.parametrize("rate", [8000, 96_000])
def test_a_rate_at_which_the_mask_would_be_missed_is_refused(band: LowPass, rate: int) -> None:
    with pytest.raises(ValueError, match=f"at {rate} Hz"):
        anchors.low_passed(tone(300, rate=rate), band)


@pytest.mark.parametrize("band", [LOW, MID])
def test_the_filter_delays_nothing(band: LowPass) -> None:
    click = np.zeros((2, 2000), np.float32)
    click[:, 700] = 1.0
    filtered = anchors.low_passed(Audio(click, 44_100), band).samples
    assert filtered.shape == click.shape and filtered.argmax(axis=1).tolist() == [700, 700]
    assert np.allclose(filtered[:, 400:700], filtered[:, 1000:700:-1], atol=1e-7)  # linear phase: symmetric


@pytest.mark.parametrize(("hertz", "low", "mid"), [(3000, 1.0, 1.0), (5000, 0.0, 1.0), (9000, 0.0, 0.0)])
def test_a_tone_passes_or_vanishes(hertz: float, low: float, mid: float) -> None:
    sound, inner = tone(hertz, level=0.5), slice(1000, -1000)
    for band, gain in ((LOW, low), (MID, mid)):
        rest = anchors.low_passed(sound, band).samples[:, inner] - gain * sound.samples[:, inner]
        assert np.abs(rest).max() < 0.5 * 0.012  # 0.1 dB


def noise(seconds: float = 2.0) -> Audio:
    return Audio(np.random.default_rng(1).normal(0, 0.1, (2, round(seconds * 44_100))).astype(np.float32), 44_100)


def test_musical_noise_keeps_a_hundredth_of_the_points_of_both_channels_alike() -> None:
    sound = noise()
    kept = anchors.musical_noise(np.stack([sound.samples[0], 2 * sound.samples[0]]), np.random.default_rng(2))
    assert kept.shape == sound.samples.shape
    assert np.allclose(kept[1], 2 * kept[0], atol=1e-6)
    # White noise has its energy spread evenly. A kept point without its neighbours is no spectrum of a sound: the
    # overlap-add returns only the part of it that is, so that less than a hundredth of the energy comes back.
    share = np.mean(kept[0] ** 2) / np.mean(sound.samples[0] ** 2)
    assert 0.1 * anchors.KEPT_SHARE < share < anchors.KEPT_SHARE


def test_the_noise_anchor_is_the_sound_plus_noise_of_its_own_loudness() -> None:
    sound = tone(440, level=0.1)
    anchor = anchors.with_musical_noise(sound, np.random.default_rng(3))
    added = Audio(anchor.samples - sound.samples, sound.sample_rate)
    assert audio.loudness(added) == pytest.approx(audio.loudness(sound), abs=0.1)
    again = anchors.with_musical_noise(sound, np.random.default_rng(3))
    other = anchors.with_musical_noise(sound, np.random.default_rng(4))
    assert (anchor.samples == again.samples).all() and (anchor.samples != other.samples).any()
