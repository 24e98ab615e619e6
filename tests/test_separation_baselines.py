"""The traditional methods: multiplicative updates in closed form and restated, what each calls vocals, the registry."""

# ruff: noqa: N806 (capital letters are the names of spectra, bases and activations)

import subprocess
import sys
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import audio
from audio import Audio
from models import checkpoint
from models.checkpoint import Checkpoint
from models.separation.baselines import (
    PAPER,
    Hpss,
    Nmf,
    NmfConfig,
    RepetSim,
    activations,
    from_checkpoint,
    median,
    normalised,
    updated,
)
from models.separation.separate import MODELS, predict, predictor
from models.separation.spectrogram import BINS, HOP, SAMPLE_RATE, frames, stft
from training.separation.nmf import divergence, factorise

ROOT = Path(__file__).parent.parent
TINY = NmfConfig(frames=4, narrow=50, bases=2, stride=2, iterations=20)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) ** 3


def magnitude(waveform: np.ndarray) -> torch.Tensor:
    return stft(torch.from_numpy(np.atleast_2d(waveform).astype(np.float32))).abs()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), n_bases=st.integers(1, 6))
def test_the_divergence_never_rises(seed: int, n_bases: int) -> None:
    V = drawn(12, 9, seed=seed)
    W, H = normalised(drawn(12, n_bases, seed=seed + 1)), drawn(n_bases, 9, seed=seed + 2)
    before = divergence(V, W @ H)
    for _ in range(5):
        H = updated(V, W, H)
        after = divergence(V, W @ H)
        assert after <= before + 1e-5
        before = after
    fits = [
        divergence(V, torch.matmul(*factorise(V, n_bases, n, torch.Generator().manual_seed(seed)))) for n in range(6)
    ]
    assert all(later <= earlier + 1e-5 for earlier, later in pairwise(fits))


def test_updates_are_those_of_lee_and_seung_written_out() -> None:
    V, H = drawn(7, 5, seed=1).double().numpy(), drawn(3, 5, seed=2).double().numpy()
    W = normalised(drawn(7, 3, seed=3)).double().numpy()
    expected = np.zeros_like(H)
    for a in range(3):
        for m in range(5):
            numerator = sum(W[i, a] * V[i, m] / sum(W[i, k] * H[k, m] for k in range(3)) for i in range(7))
            expected[a, m] = H[a, m] * numerator / sum(W[i, a] for i in range(7))
    assert np.allclose(updated(*map(torch.from_numpy, (V, W, H))), expected, rtol=1e-5)


def test_one_basis_is_the_product_of_the_marginals() -> None:
    V = drawn(8, 6)
    W, H = factorise(V, 1, 1, torch.Generator().manual_seed(0))
    assert torch.allclose(W @ H, torch.outer(V.sum(1), V.sum(0)) / V.sum(), rtol=1e-4)
    rank_one = torch.outer(drawn(8, seed=5), drawn(6, seed=6))
    assert divergence(rank_one, torch.matmul(*factorise(rank_one, 1, 1, torch.Generator()))) == pytest.approx(
        0, abs=1e-5
    )


def test_activations_find_what_was_mixed_of_bases_that_share_nothing() -> None:
    W = torch.block_diag(*(normalised(drawn(3, 1, seed=k)) for k in range(4)))
    H = drawn(4, 5) + 0.1
    assert torch.allclose(activations(W @ H, W, 1), H, rtol=1e-4)


def test_bands_hold_every_bin_once_and_the_paper_has_one_per_bin() -> None:
    bands = NmfConfig().band_of_bin()
    assert bands.shape == (BINS,)
    assert set(bands.diff().tolist()) == {0, 1} and int(bands[0]) == 0
    assert torch.equal(PAPER.band_of_bin(), torch.arange(BINS))
    X = drawn(BINS, 3)
    assert torch.allclose(NmfConfig().banded(X).sum(0), X.sum(0), rtol=1e-5)
    with pytest.raises(ValueError, match="not a factorisation of windows"):
        NmfConfig(stride=21)


def low_and_high() -> tuple[torch.Tensor, torch.Tensor]:
    """Bases of vocals below bin 60 and of accompaniment above."""
    V = torch.zeros(BINS, 40)
    A = torch.zeros(BINS, 40)
    V[:60], A[60:] = drawn(60, 40) + 0.1, drawn(BINS - 60, 40, seed=1) + 0.1
    return V, A


def test_bases_that_share_no_bin_separate_exactly() -> None:
    V, A = low_and_high()
    W = [TINY.banded(X)[:, :4].T.reshape(-1, 1) for X in (V, A)]
    p = Nmf(TINY, *W).predict_proba((V + A)[None])
    assert p.shape == (BINS, 40)
    assert p[:60].min() > 0.999 and p[60:].max() < 0.001
    assert torch.allclose(Nmf(TINY, W[0], W[0]).predict_proba(V[None])[:60], torch.tensor(0.5), atol=1e-4)


def test_a_factorisation_comes_back_from_its_file_alone(tmp_path: Path) -> None:
    n_features = TINY.frames * (int(TINY.band_of_bin()[-1]) + 1)
    bases = {name: drawn(n_features, 2, seed=i) for i, name in enumerate(("vocals", "accompaniment"))}
    path = checkpoint.save(tmp_path / "nmf.safetensors", Checkpoint(bases, asdict(TINY), {}))
    again = from_checkpoint(checkpoint.load(path))
    X = drawn(1, BINS, 20)
    assert torch.equal(again.predict_proba(X), Nmf(TINY, **bases).predict_proba(X))


def test_what_repeats_is_accompaniment() -> None:
    rng = np.random.default_rng(0)
    bar = rng.standard_normal(96 * HOP)  # 1.1 s, a whole number of frames
    loop = np.tile(bar, 6)
    p = RepetSim().predict_proba(magnitude(loop))[:, 10:-10]
    assert p.median() == 0.0
    t = np.arange(20 * HOP) / SAMPLE_RATE
    loop[250 * HOP : 270 * HOP] += 20 * np.sin(2 * np.pi * 1000 * t)
    bin_1000 = round(1000 * 2048 / SAMPLE_RATE)
    p = RepetSim().predict_proba(magnitude(loop))[bin_1000]
    assert p[253:267].min() > 0.9 and p[100:200].mean() < 0.3


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_the_median_is_numpys(count: int) -> None:
    similar = drawn(count, 30).numpy()
    assert np.allclose(median(similar, axis=0), np.median(similar, axis=0))


def test_neither_lasting_nor_striking_is_taken_for_vocals() -> None:
    t = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    lasting = 0.3 * np.sin(2 * np.pi * 1000 * t)
    striking = np.zeros_like(t)
    striking[:: SAMPLE_RATE // 2] = 3.0
    gliding = 0.3 * np.sin(2 * np.pi * 1000 * t + 200 / 5 * np.sin(2 * np.pi * 5 * t))  # by 200 Hz
    shares = {}
    for name, x in (("lasting", lasting), ("striking", striking), ("gliding", gliding)):
        X = magnitude(x)
        shares[name] = float((Hpss().predict_proba(X) * X[0] ** 2).sum() / (X**2).sum())
    assert shares["lasting"] < 0.1 and shares["striking"] < 0.1
    assert shares["gliding"] > 0.5


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("n_samples", "channels", "rate"), [(1, 1, 44_100), (3_000, 2, 44_100), (30_000, 6, 48_000)])
def test_every_model_answers_for_every_song(model: str, n_samples: int, channels: int, rate: int) -> None:
    rng = np.random.default_rng(0)
    song = Audio(rng.uniform(-0.5, 0.5, (channels, n_samples)).astype(np.float32), rate)
    probabilities = predict(song, model)
    assert probabilities.model == model
    assert probabilities.levels.shape == (BINS, frames(audio.resample(song, SAMPLE_RATE).samples.shape[1]))


@pytest.mark.parametrize("model", ["nmf", "repet-sim", "hpss"])
def test_traditional_methods_do_not_hear_the_playing_level(model: str) -> None:
    X = drawn(2, BINS, 60)
    method = predictor(model)
    p = method.predict_proba(X)
    assert p.min() >= 0 and p.max() <= 1
    for gain in (0.01, 100.0):
        assert torch.allclose(method.predict_proba(gain * X), p, atol=1e-4)
    assert torch.allclose(method.predict_proba(X.flip(0)), p, atol=1e-5)
    assert not method.predict_proba(torch.zeros(1, BINS, 30)).any()


@pytest.mark.parametrize("model", ["nmf", "hpss"])
def test_what_lies_beyond_the_context_changes_nothing(model: str) -> None:
    method = predictor(model)
    X = drawn(1, BINS, 200 + 2 * method.context)
    inner = slice(method.context, method.context + 100)
    part = method.predict_proba(X[..., : 100 + 2 * method.context])
    assert torch.allclose(part[:, inner], method.predict_proba(X)[:, inner], atol=1e-4)


def test_command_line_learns_bases_that_tell_two_tones_apart(tmp_path: Path) -> None:
    t = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    for song in ("one", "two"):
        (tmp_path / song).mkdir()
        for stem, hz in (("vocals", 400), ("accompaniment", 3000)):
            tone = (0.3 * np.sin(2 * np.pi * hz * t)).astype(np.float32)
            audio.write(tmp_path / song / f"{stem}.wav", Audio(tone[None], SAMPLE_RATE))
    out = tmp_path / "nmf.safetensors"
    done = subprocess.run(
        [sys.executable, "-m", "training.separation.train", "--preset", "nmf-smoke",
         "--data", tmp_path, "--validation", "two", "--out", out],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    made = checkpoint.load(out)
    assert made.provenance["training"]["songs"] == ["one"]
    p = from_checkpoint(made).predict_proba(magnitude(np.sin(2 * np.pi * 400 * t) + np.sin(2 * np.pi * 3000 * t)))
    assert p[round(400 * 2048 / SAMPLE_RATE), 20:-20].min() > 0.9
    assert p[round(3000 * 2048 / SAMPLE_RATE), 20:-20].max() < 0.1


def test_the_shipped_bases_are_of_the_songs_that_the_network_learned_from() -> None:
    nmf, network = (checkpoint.shipped(name).provenance for name in ("nmf", "deep-karaoke"))
    assert nmf["training"]["sha256"] == network["training"]["sha256"]
    assert nmf["test"] == network["test"]
