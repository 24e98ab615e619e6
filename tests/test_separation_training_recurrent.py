"""Stereo mixtures and the training of the recurrent network: placement in closed form, the best mask, resuming."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from models.separation.spectrogram import SAMPLE_RATE, mid_side, stft
from training.separation.dataset import Material, Recording, Song
from training.separation.fit_recurrent import (
    RECURRENT_PRESETS,
    SOFTNESSES,
    RecurrentRecipe,
    calibrate_recurrent,
    fit_recurrent,
    sdr_db,
)
from training.separation.scenes import (
    N_BINS,
    Chances,
    Lessons,
    Placed,
    compressed,
    drawn,
    mixed,
    panned,
    roomy,
    share,
    stretch,
)

CONFIG, RECIPE = RECURRENT_PRESETS["band-split-smoke"]


def recording(name: str, hz: float, channels: int = 1, seconds: float = 7.0) -> Recording:
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    samples = np.tile(0.3 * np.sin(2 * np.pi * hz * t), (channels, 1)).astype(np.float16)
    return Recording(("folder", name), samples, SAMPLE_RATE, 0.21, "own", "folder", name)


@pytest.fixture(scope="module")
def material() -> Material:
    song = Song(recording("one", 440.0), recording("two", 2500.0, channels=2))
    return Material((song,), ((recording("three", 300.0), recording("four", 600.0)),), (recording("five", 4000.0, 2),))


def spectra(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    noise = torch.randn(2, 2, 9000, generator=torch.Generator().manual_seed(seed))
    return stft(noise[0]), stft(noise[1])


def best_share(V: torch.Tensor, X: torch.Tensor) -> torch.Tensor:
    return share(V, X, torch.view_as_real(X).square().sum((0, 3)))


def test_the_share_is_one_for_vocals_alone_zero_for_none_and_half_for_equals() -> None:
    V, A = spectra(1)
    assert torch.allclose(best_share(V, V), torch.tensor(1.0), atol=1e-4)
    assert torch.allclose(best_share(0 * A, A), torch.tensor(0.0))
    assert torch.allclose(best_share(A * 1j, A * 1j + A), torch.tensor(0.5), atol=1e-4)  # equal, a right angle apart


@pytest.mark.parametrize("seed", range(3))
def test_no_other_mask_comes_closer_to_the_vocals(seed: int) -> None:
    V, A = spectra(seed)
    best = best_share(V, V + A)
    for step in (-0.05, 0.05):
        assert sdr_db(V, A, best) > sdr_db(V, A, (best + step).clamp(0.0, 1.0))


@pytest.mark.parametrize("place", [-1.0, -0.3, 0.0, 0.8])
def test_panning_keeps_the_power(place: float) -> None:
    x = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    assert (panned(x, place) ** 2).sum() == pytest.approx(2 * (x**2).sum(), rel=1e-5)
    assert np.allclose(panned(x, 0.0), x, atol=1e-6)


def test_an_octave_up_doubles_the_frequency_and_both_channels_stay() -> None:
    up = stretch(recording("tone", 500.0, channels=2), 12.0, 0.0)
    spectrum = np.abs(np.fft.rfft(up[0]))
    assert up.shape == (2, 6 * SAMPLE_RATE)
    assert spectrum.argmax() / 6 == pytest.approx(1000.0, abs=1.0)


def test_compression_makes_quiet_and_loud_alike() -> None:
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    x = np.sin(2 * np.pi * 300 * t) * np.where(t < 0.5, 0.05, 0.5)
    halves = np.split(compressed(x.astype(np.float32), 1.0)[: SAMPLE_RATE // 2 * 2], 2)
    ratio_db = 20 * np.log10(np.std(halves[1][5000:-5000]) / np.std(halves[0][5000:-5000]))
    assert abs(ratio_db) < 0.5


def test_a_room_widens_what_was_in_the_middle() -> None:
    voice = panned(recording("tone", 500.0).samples[0].astype(np.float32)[: 6 * SAMPLE_RATE], 0.0)
    wet = roomy(voice, np.random.default_rng(1))
    assert wet.shape == voice.shape
    sides = mid_side(torch.from_numpy(wet))[1]
    assert mid_side(torch.from_numpy(voice))[1].abs().max() < 1e-6 < float(sides.std())


def placed(seed: int) -> Placed:
    return Placed(mid_side(spectra(seed)[0])[:, :N_BINS], SAMPLE_RATE / 2)


def test_a_mono_mixture_has_no_sides_and_a_narrow_one_no_highs() -> None:
    voice = replace(placed(1), bandwidth_hz=4000.0)
    for seed in range(4):
        V, A = mixed(voice, placed(2), np.random.default_rng(seed), Chances(mono=1.0, no_vocals=0.0))
        assert not V[1].any() and not A[1].any()
        highest = int(torch.nonzero((V + A).abs().sum((0, 2))).max())
        assert highest * SAMPLE_RATE / 2048 <= 4000.0


def test_mixtures_are_drawn_from_their_seed_alone(material: Material) -> None:
    first, again = (list(islice(drawn(material, np.random.default_rng(5), Chances(), pool=1), 3)) for _ in range(2))
    for (V, A), (V2, A2) in zip(first, again, strict=True):
        assert V.shape == A.shape == (2, N_BINS, 517)
        assert torch.equal(V, V2) and torch.equal(A, A2)


def test_lessons_have_weights_of_mean_one_and_go_on(material: Material) -> None:
    network, _ = fit_recurrent(CONFIG, replace(RECIPE, epochs=0), material, material, 0, Path("none"))
    lessons = Lessons(network, material, 3, 2, (1,))
    given = [*lessons, *lessons]  # two epochs
    for x, target, weight in given:
        assert x.shape == (517, 2 * N_BINS) and target.shape == weight.shape == (517, N_BINS)
        assert target.min() >= 0.0 and target.max() <= 1.0
        assert 0.3 < weight.float().mean() < 1.01  # the loudest bins of these pure tones are held back
    assert not any(torch.equal(given[0][0], other[0]) for other in given[1:])


def test_training_learns_and_resumes(material: Material, tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=3, steps=4, rate=0.02)
    network, curve = fit_recurrent(CONFIG, recipe, material, material, 1, tmp_path / "resume")
    assert len(curve) == 3 and curve[-1]["validation_sdr_db"] > curve[0]["validation_sdr_db"]
    again, longer = fit_recurrent(CONFIG, recipe, material, material, 1, tmp_path / "resume")
    assert longer == curve
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


def test_calibration_puts_the_best_threshold_at_one_half(material: Material) -> None:
    network, _ = fit_recurrent(CONFIG, replace(RECIPE, epochs=0), material, material, 2, Path("none"))
    slope = torch.linspace(1.3, -0.7, N_BINS).split(CONFIG.bands)  # over frequency: one threshold is best
    with torch.no_grad():
        for layer, biases in zip(network.synthesis, slope, strict=True):
            layer[-1].weight.zero_()
            layer[-1].bias.copy_(biases.repeat_interleave(CONFIG.stack))
    recipe = RecurrentRecipe(epochs=0, steps=1, validation=2, pool=2)
    before = network.synthesis[0][-1].bias.clone()
    found = calibrate_recurrent(network, recipe, material, 0)
    moved = float((before - network.synthesis[0][-1].bias.detach()).mean())
    assert 1 / (1 + np.exp(-moved)) == pytest.approx(found.alpha, abs=1e-3)
    assert calibrate_recurrent(network, recipe, material, 0).alpha == pytest.approx(0.5, abs=0.03)
    assert found.softness in SOFTNESSES
