"""Engines of other people by a stand-in with the same calls: probabilities that alpha acts on, weights at run time."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

from audio import Audio
from models.checkpoint import CheckpointError
from models.separation import engines, separate
from models.separation.spectrogram import BINS, FRAME, SAMPLE_RATE, stft

SPLIT_BIN = 100


class StandIn(torch.nn.Module):
    """Calls what lies above a frequency vocals and the rest drums; bass and other are silent."""

    sources = ("drums", "vocals", "bass", "other")


def apply_model(model: StandIn, mix: torch.Tensor, shifts: int) -> torch.Tensor:
    spectrum = torch.fft.rfft(mix)
    edge = round(SPLIT_BIN * SAMPLE_RATE / FRAME / (SAMPLE_RATE / mix.shape[-1]))
    low, high = spectrum.clone(), spectrum.clone()
    low[..., edge:], high[..., :edge] = 0, 0
    stems = {"drums": low, "vocals": high, "bass": 0 * low, "other": 0 * low}
    return torch.stack([torch.fft.irfft(stems[name], mix.shape[-1]) for name in model.sources], 1)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in {
        "demucs": {},
        "demucs.apply": {"apply_model": apply_model},
        "demucs.pretrained": {"get_model": lambda name: StandIn()},
    }.items():
        module = ModuleType(name)
        module.__dict__.update(content, __spec__=SimpleNamespace(name=name))
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_share_of_the_vocals_is_the_probability(channels: int, installed: None) -> None:
    engine = engines.demucs()
    noise = torch.randn(channels, 60_000, generator=torch.Generator().manual_seed(0))
    p = engine.predict_proba(stft(noise))
    assert p.shape == (BINS, stft(noise).shape[-1])
    assert p[: SPLIT_BIN - 4, 4:-4].max() < 0.05 and p[SPLIT_BIN + 4 :, 4:-4].min() > 0.9
    assert torch.allclose(engine.predict_proba(stft(100 * noise)), p, atol=1e-3)


def test_where_it_is_missing_it_is_said_how_to_add_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "INSTALLED", False)
    with pytest.raises(separate.SeparationError, match="pip install demucs"):
        separate.predictor.__wrapped__("demucs")


def test_alpha_acts_on_an_engine(installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(separate.LOADERS, "stand-in", engines.demucs)
    monkeypatch.setattr(separate, "MODELS", tuple(separate.LOADERS))
    t = np.arange(60_000) / SAMPLE_RATE
    low, high = (np.sin(2 * np.pi * hz * t).astype(np.float32) for hz in (300, 5_000))
    song = Audio(0.2 * np.stack([low + high] * 2), SAMPLE_RATE)
    vocals, accompaniment = separate.split(song, separate.predict(song, "stand-in"), 0.5)
    inside = slice(4_000, -4_000)
    assert np.abs(vocals.samples[0] - 0.2 * high)[inside].max() < 0.01
    assert np.abs(accompaniment.samples[0] - 0.2 * low)[inside].max() < 0.01


def test_silence_has_no_vocals(installed: None) -> None:
    assert not engines.demucs().predict_proba(torch.zeros(2, BINS, 40, dtype=torch.complex64)).any()


def test_the_level_is_that_of_the_waveform() -> None:
    heard: list[torch.Tensor] = []
    engine = engines.Engine(lambda waveform: heard.append(waveform) or torch.stack([waveform, waveform]))
    noise = 0.3 * torch.randn(2, 200_000, generator=torch.Generator().manual_seed(0))
    assert engine.song_level(torch.split(noise, 7_000, 1)) == pytest.approx(0.3, rel=0.01)
    engine.predict_proba(stft(noise))
    assert float(heard[0].square().mean()) == pytest.approx(1.0)


def test_weights_that_cannot_be_fetched_are_said(installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise OSError("no connection")

    monkeypatch.setattr(sys.modules["demucs.pretrained"], "get_model", refuse)
    with pytest.raises(CheckpointError, match="htdemucs could not be fetched: no connection"):
        engines.demucs()
