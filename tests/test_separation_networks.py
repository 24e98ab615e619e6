"""The network family: the paper's size, scale invariance, one mask for all channels, a model from its file alone."""

from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from models import checkpoint
from models.checkpoint import Checkpoint
from models.separation.networks import (
    PAPER,
    SIGMOID_BIAS,
    BiasedSigmoidLayer,
    DeepKaraoke,
    KaraokeConfig,
    from_checkpoint,
)
from models.separation.spectrogram import BINS, overlap_average, stft, windows

TINY = KaraokeConfig(frames=5, bins=100, bands=8, hidden=(12, 12), stride=2)


def network(config: KaraokeConfig = TINY) -> DeepKaraoke:
    torch.manual_seed(0)
    return DeepKaraoke(config).eval()


def magnitude(channels: int = 2, n_frames: int = 37) -> torch.Tensor:
    return torch.rand(channels, BINS, n_frames, generator=torch.Generator().manual_seed(3)) ** 4


def test_the_papers_network_has_the_papers_parameters() -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in DeepKaraoke(PAPER).parameters()) == 2 * 20500 * 20501 == 840_541_000


def test_the_papers_hidden_unit_is_a_sigmoid_biased_by_6() -> None:
    layer = BiasedSigmoidLayer(3, 2)
    torch.nn.init.zeros_(layer.linear.weight)
    torch.nn.init.zeros_(layer.linear.bias)
    assert layer(torch.ones(1, 3)).tolist()[0] == pytest.approx([1 / (1 + 2.718281828**SIGMOID_BIAS)] * 2)


def test_the_papers_family_runs_at_a_small_width() -> None:
    small = network(
        KaraokeConfig(frames=3, bins=BINS, bands=0, hidden=(7,), stride=1, scale="peak", activation="biased-sigmoid")
    )
    p = small.predict_proba(magnitude())
    assert p.shape == (BINS, 37)
    assert 0 < p.min() < p.max() < 1


@pytest.mark.parametrize("scale", ["log", "peak"])
@pytest.mark.parametrize("gain_db", [-20, 20])
def test_the_playing_level_does_not_matter(scale: str, gain_db: float) -> None:
    net = network(KaraokeConfig(**{**asdict(TINY), "scale": scale}))
    louder = net.predict_proba(magnitude() * 10 ** (gain_db / 20))
    assert torch.allclose(louder, net.predict_proba(magnitude()), atol=1e-5)


def test_one_mask_for_all_channels_in_whatever_order() -> None:
    net = network()
    assert torch.allclose(net.predict_proba(magnitude()), net.predict_proba(magnitude().flip(0)), atol=1e-6)
    mono = magnitude(1)
    assert torch.allclose(net.predict_proba(mono), net.predict_proba(mono.expand(6, -1, -1)), atol=1e-6)


def test_bins_above_the_models_band_follow_its_top_quarter() -> None:
    p = network().predict_proba(magnitude())
    assert torch.equal(p[100:], p[100:101].expand(BINS - 100, -1))
    assert p[75:100].min(0).values.le(p[100]).all() and p[75:100].max(0).values.ge(p[100]).all()


def test_probabilities_are_the_mean_over_all_covering_windows() -> None:
    net = network(KaraokeConfig(**{**asdict(TINY), "stride": 1}))
    scaled = net.scaled(magnitude(1)[0], net.level(magnitude(1)))
    with torch.no_grad():
        by_hand = overlap_average(torch.sigmoid(net(windows(scaled, 5))), 37)
    assert torch.allclose(net.predict_proba(magnitude(1))[:100], by_hand, atol=1e-6)


@pytest.mark.parametrize("scale", ["peak", "log"])
def test_a_songs_level_is_that_of_all_its_magnitudes(scale: str) -> None:
    net = network(KaraokeConfig(**{**asdict(TINY), "scale": scale}))
    song = torch.randn(2, 400_000, generator=torch.Generator().manual_seed(1)) * torch.linspace(0, 1, 400_000)
    assert net.song_level(torch.split(song, 7_000, 1)) == pytest.approx(net.level(stft(song).abs()), rel=0.01)
    assert net.song_level([]) == 0.0


def test_silence_gives_probabilities() -> None:
    assert network().predict_proba(torch.zeros(1, BINS, 4)).isfinite().all()


def test_a_network_comes_back_from_its_file_alone(tmp_path: Path) -> None:
    net = network()
    net.standardise(magnitude(1)[0])
    path = checkpoint.save(tmp_path / "net.safetensors", Checkpoint(net.state_dict(), asdict(TINY), {}))
    again = from_checkpoint(checkpoint.load(path))
    assert again.config == TINY
    assert torch.equal(again.predict_proba(magnitude()), net.predict_proba(magnitude()))


def test_impossible_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="not a network of this family"):
        KaraokeConfig(stride=21)
