"""Transforms and windows against their inverses, scipy, and closed forms."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import get_window

from models.separation.spectrogram import BINS, FRAME, HOP, SAMPLE_RATE, frames, istft, overlap_average, stft, windows


@settings(max_examples=40, deadline=None)
@given(length=st.integers(1, 9000), channels=st.integers(1, 3))
def test_round_trip_is_exact_to_the_sample_at_any_length(length: int, channels: int) -> None:
    x = torch.randn(channels, length, generator=torch.Generator().manual_seed(length))
    spectrum = stft(x)
    assert spectrum.shape == (channels, BINS, frames(length))
    assert torch.allclose(istft(spectrum, length), x, atol=2e-6)


def test_an_impulse_comes_back_at_its_own_sample() -> None:
    x = torch.zeros(1, 20_000)
    x[0, 7_777] = 1.0
    assert int(istft(stft(x), 20_000).argmax()) == 7_777


def test_a_sinusoid_on_a_bin_has_the_level_that_the_window_gives_it() -> None:
    k = 100
    t = torch.arange(SAMPLE_RATE) / SAMPLE_RATE
    spectrum = stft(torch.cos(2 * torch.pi * k * SAMPLE_RATE / FRAME * t)[None]).abs()[0]
    middle = spectrum[:, spectrum.shape[1] // 2]
    assert int(middle.argmax()) == k
    assert middle[k].item() == pytest.approx(get_window("hann", FRAME).sum() / 2, rel=1e-4)
    assert middle[k + 1].item() == pytest.approx(middle[k].item() / 2, rel=1e-3)  # Hann: half in the neighbour


def test_frame_t_is_the_transform_around_sample_512_t() -> None:
    x = np.random.default_rng(0).standard_normal(30_000).astype(np.float32)
    at = 20 * HOP
    frame = np.fft.rfft(x[at - FRAME // 2 : at + FRAME // 2] * get_window("hann", FRAME))
    assert np.abs(stft(torch.from_numpy(x)[None])[0, :, 20].numpy() - frame).max() < 1e-3


@settings(max_examples=60, deadline=None)
@given(n_frames=st.integers(1, 90), stride=st.integers(1, 20))
def test_averaging_the_windows_of_a_plane_gives_the_plane(n_frames: int, stride: int) -> None:
    plane = torch.rand(7, n_frames, generator=torch.Generator().manual_seed(n_frames))
    cut = windows(plane, 20, stride)
    assert cut.shape[1:] == (20, 7)
    assert torch.allclose(overlap_average(cut, n_frames, stride), plane, atol=1e-6)


def test_a_perfect_predictor_scores_every_bin() -> None:
    truth = (torch.rand(BINS, 333, generator=torch.Generator().manual_seed(1)) > 0.5).float()
    assert ((overlap_average(windows(truth), 333) > 0.5) == truth.bool()).all()


def test_windows_that_disagree_are_averaged_per_frame() -> None:
    predicted = torch.stack([torch.full((2, 1), float(i)) for i in range(3)])  # three windows of two frames
    assert overlap_average(predicted, 4, 1)[0].tolist() == [0.0, 0.5, 1.5, 2.0]
