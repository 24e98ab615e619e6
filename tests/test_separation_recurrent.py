"""The recurrent network: stereo as middle and sides, level invariance, and blocks on a grid that the song fixes."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from models import checkpoint
from models.checkpoint import Checkpoint
from models.separation.recurrent import RecurrentConfig, RecurrentMasker, from_checkpoint
from models.separation.spectrogram import BINS, mid_side, stft

TINY = RecurrentConfig(bands=(20, 30, 50), features=6, layers=2, stack=2)


def network(config: RecurrentConfig = TINY) -> RecurrentMasker:
    torch.manual_seed(0)
    return RecurrentMasker(config).eval()


def magnitude(channels: int = 2, n_frames: int = 37) -> torch.Tensor:
    return torch.rand(channels, BINS, n_frames, generator=torch.Generator().manual_seed(3)) ** 4


def test_middle_and_sides_keep_the_power_of_left_and_right() -> None:
    spectrum = stft(torch.randn(2, 9000, generator=torch.Generator().manual_seed(1)))
    turned = mid_side(spectrum)
    assert torch.allclose(turned.abs().square().sum(0), spectrum.abs().square().sum(0), rtol=1e-4, atol=1e-4)
    assert torch.allclose(mid_side(turned), spectrum, atol=1e-4)  # it is its own inverse
    assert mid_side(spectrum[:1].expand(2, -1, -1))[1].abs().max() == 0  # equal channels have no sides
    assert torch.equal(mid_side(spectrum[:1]), spectrum[:1])


@pytest.mark.parametrize("gain_db", [-20, 20])
def test_the_playing_level_does_not_matter(gain_db: float) -> None:
    net = network()
    louder = net.predict_proba(magnitude() * 10 ** (gain_db / 20))
    assert torch.allclose(louder, net.predict_proba(magnitude()), atol=1e-5)


def test_a_songs_level_is_that_of_all_its_magnitudes() -> None:
    song = torch.randn(2, 400_000, generator=torch.Generator().manual_seed(1)) * torch.linspace(0, 1, 400_000)
    middle_and_sides = mid_side(stft(song)).abs()
    assert network().song_level(torch.split(song, 7_000, 1)) == pytest.approx(
        network().level(middle_and_sides), rel=0.01
    )


def test_mono_sounds_as_two_equal_channels_do() -> None:
    mono = stft(torch.randn(1, 9000, generator=torch.Generator().manual_seed(1)))
    stereo = mid_side(mono.expand(2, -1, -1))
    net = network()
    assert torch.allclose(net.predict_proba(mono.abs()), net.predict_proba(stereo.abs()), atol=1e-5)


def test_the_sides_count() -> None:
    net = network()
    narrow = magnitude() * torch.tensor([1.0, 0.0])[:, None, None]
    assert not torch.allclose(net.predict_proba(magnitude()), net.predict_proba(narrow), atol=1e-3)


@pytest.mark.parametrize("n_frames", [1, 2, 37])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_one_mask_for_all_channels_and_any_length(channels: int, n_frames: int) -> None:
    p = network().predict_proba(magnitude(channels, n_frames))
    assert p.shape == (BINS, n_frames)
    assert 0 < p.min() < p.max() < 1
    assert torch.equal(p[100:], p[100:101].expand(BINS - 100, -1))  # what it does not see follows its top band


def test_silence_is_finite() -> None:
    assert network().predict_proba(torch.zeros(2, BINS, 4)).isfinite().all()


def test_input_is_standardised_per_bin() -> None:
    net = network()
    mixture = magnitude(n_frames=400)
    level = net.level(mixture)
    net.standardise(mixture / level / 2**0.5)
    scaled = net.scaled(mixture, level)
    assert torch.allclose(scaled.mean(0), torch.zeros(200), atol=1e-3)
    assert torch.allclose(scaled.std(0), torch.ones(200), atol=1e-3)


def test_a_checkpoint_alone_rebuilds_it(tmp_path: Path) -> None:
    net = network()
    config = asdict(TINY) | {"alpha": 0.5, "softness": 1.0}
    checkpoint.save(tmp_path / "tiny.safetensors", Checkpoint(net.state_dict(), config, {}))
    again = from_checkpoint(checkpoint.load(tmp_path / "tiny.safetensors"))
    assert torch.allclose(again.predict_proba(magnitude()), net.predict_proba(magnitude()), atol=1e-6)


@pytest.mark.parametrize("edge", [-1.5, 0.7])
def test_lowering_moves_every_logit_alike(edge: float) -> None:
    net = network()
    scaled = net.scaled(magnitude(), 1.0)[None]
    before = net(scaled)
    net.lower(edge)
    assert torch.allclose(net(scaled), before - edge, atol=1e-5)


def test_bands_hear_each_other_and_times_too() -> None:
    net = network()
    x = net.scaled(magnitude(n_frames=12), 1.0)[None].requires_grad_()
    net(x)[0, 0, 99].backward()  # the highest bin of the highest band, at the beginning
    assert x.grad is not None and x.grad[0, 11, 0] != 0  # hears the lowest bin at the end


WRONG: list[dict[str, Any]] = [{"bands": (0,)}, {"bands": (BINS, 1)}, {"stack": 0}, {"layers": 0}]


@pytest.mark.parametrize("wrong", WRONG)
def test_impossible_shapes_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a network of this family"):
        RecurrentConfig(**wrong)
