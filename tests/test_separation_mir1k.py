"""MIR-1K by its protocol, on clips made here: unit energy, weights by length, ideal estimates, resumed training."""

from pathlib import Path

import numpy as np
import pytest
import torch

import audio
from audio import Audio
from models.separation.recurrent import RecurrentConfig, RecurrentMasker
from models.separation.spectrogram import stft
from training.separation import mir1k_fit
from training.separation.dataset import DatasetError
from training.separation.mir1k import PUBLISHED, Clip, joined, load, report, scores, subfolders, summary, table
from training.separation.mir1k_fit import BINS, FRAME, SAMPLE_RATE, Recipe, Singer, draw, sdr

SMALL = RecurrentConfig(bands=(100, 413), features=6, layers=1)


def small() -> RecurrentMasker:
    torch.manual_seed(0)
    return RecurrentMasker(SMALL)


def noise(seconds: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(round(seconds * SAMPLE_RATE)).astype(np.float32)


def clip(name: str, seconds: float, seed: int = 0) -> Clip:
    waveforms = (noise(seconds, 2 * seed + stem) for stem in (0, 1))
    return Clip(name, *(waveform / np.sqrt((waveform**2).sum()) for waveform in waveforms))


def test_clips_are_read_as_backing_and_voice_of_unit_energy(tmp_path: Path) -> None:
    backing, voice = 0.1 * noise(0.5, 0), 0.3 * noise(0.5, 1)
    (tmp_path / "train").mkdir()
    audio.write(tmp_path / "train" / "amy_1_01.wav", Audio(np.stack([backing, voice]) / 4, SAMPLE_RATE), "float")
    (read,) = load([tmp_path])
    assert (read.name, read.singer, read.song) == ("amy_1_01", "amy", "amy_1")
    for found, made in ((read.voice, voice), (read.backing, backing)):
        assert float((found**2).sum()) == pytest.approx(1.0, abs=1e-5)
        assert np.corrcoef(found, made)[0, 1] == pytest.approx(1.0, abs=1e-5)
    assert subfolders(tmp_path / "train") == [tmp_path / "train"]


def test_clips_of_another_rate_are_refused(tmp_path: Path) -> None:
    audio.write(tmp_path / "amy_1_01.wav", Audio(np.full((2, 9000), 0.5, np.float32), 44_100))
    with pytest.raises(DatasetError, match="44100 Hz; MIR-1K has 16000 Hz"):
        load([tmp_path])


def test_the_mixture_gains_nothing_and_the_voice_all(tmp_path: Path) -> None:
    found = clip("bob_1_01", 1.0)
    nsdr, sir, _ = scores(found, found.voice + found.backing)
    assert nsdr == pytest.approx(0.0, abs=1e-6)
    assert sir == pytest.approx(0.0, abs=0.3)  # two noises of equal energy
    assert scores(found, found.voice)[0] > 60


def test_means_are_weighted_by_length() -> None:
    clips = [clip("bob_1_01", 1.0), clip("bob_1_02", 3.0)]
    assert summary(clips, [(4.0, 0.0, 1.0), (8.0, 0.0, 1.0)]) == {"GNSDR": 7.0, "GSIR": 0.0, "GSAR": 1.0}


def test_sdr_of_known_masks() -> None:
    voice, backing = (stft(torch.from_numpy(noise(0.5, seed))[None], FRAME) for seed in (0, 1))
    equal = voice.abs().square().sum() / backing.abs().square().sum()
    assert float(sdr(torch.ones(BINS, 1), voice, backing)) == pytest.approx(10 * float(torch.log10(equal)), abs=0.01)
    silence = torch.zeros(BINS, 1)  # all of the voice is error
    assert float(sdr(silence, voice, backing)) == pytest.approx(0.0, abs=0.01)
    assert float(sdr(torch.ones(BINS, 1), voice, 0 * backing)) == pytest.approx(40.0, abs=0.01)
    assert torch.isfinite(sdr(torch.ones(BINS, 1), 0 * voice, backing)).all()


def test_the_same_generator_draws_the_same_mixture() -> None:
    singers = {"amy": Singer(noise(4.0, 0), noise(4.0, 1)), "abjones": Singer(noise(4.0, 2), noise(4.0, 3))}
    first, again, other = (draw(singers, 20, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert [spectrum.shape for spectrum in first] == [(BINS, 20)] * 2
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])


def test_a_soft_voice_stays_soft() -> None:
    voice, backing = noise(4.0, 0), noise(4.0, 1)
    loud, soft = (draw({"amy": Singer(gain * voice, backing)}, 20, np.random.default_rng(0)) for gain in (1.0, 0.001))
    assert torch.allclose(soft[0], 0.001 * loud[0], atol=1e-6) and torch.equal(soft[1], loud[1])


def test_the_scale_of_the_input_is_that_of_the_mixtures() -> None:
    singers = {"amy": Singer(noise(4.0, 0), noise(4.0, 1))}
    network, recipe = small(), Recipe(frames=40)
    mir1k_fit.standardise(network, singers, recipe, 0)
    scaled = torch.cat(
        [mir1k_fit.inputs(network, sum(draw(singers, 40, np.random.default_rng(i)))[None])[0] for i in range(40)]
    )
    middle = scaled[:, :BINS]
    assert float(middle.mean().abs()) < 0.1 and float((middle.std(0) - 1).abs().mean()) < 0.1


def test_masks_do_not_depend_on_the_level_of_a_clip() -> None:
    network = small().eval()
    spectrum = stft(torch.from_numpy(noise(0.5, 0))[None], FRAME)
    with torch.inference_mode():
        one, louder = (mir1k_fit.masks(network, gain * spectrum) for gain in (1.0, 10.0))
    assert torch.allclose(one, louder, atol=1e-5)


def test_a_report_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    recipe = Recipe(steps=2, batch=2, frames=20)
    names = ("amy_1_01", "abjones_1_01", "amy_16_01", "abjones_5_01", "bob_1_01")
    clips = [clip(name, 2.0, seed) for seed, name in enumerate(names)]
    whole = report(small(), SMALL, recipe, 2, clips, 0, tmp_path / "whole")
    report(small(), SMALL, recipe, 1, clips, 0, tmp_path / "resumed")
    resumed = report(small(), SMALL, recipe, 2, clips, 0, tmp_path / "resumed")
    assert resumed == whole
    assert whole["clips"] == {"training": 2, "validation": 2, "test": 1} and len(whole["curve"]) == 2
    assert set(whole["by_singer"]) == {"bob"}
    page = table(whole)
    assert f"{whole['voice']['GNSDR']:.2f}" in page and all(name in page for name in PUBLISHED)
    with pytest.raises(DatasetError, match="to train on and of others to test on"):
        report(small(), SMALL, recipe, 1, [found for found in clips if found.singer != "bob"], 0, tmp_path / "whole")


def test_singers_are_joined_at_unit_power() -> None:
    singer = joined([clip("amy_1_01", 1.0), clip("amy_1_02", 2.0, 1)])["amy"]
    assert len(singer.voice) == len(singer.backing) == 3 * SAMPLE_RATE
    assert float((singer.voice**2).mean()) == pytest.approx(1.0, abs=1e-4)
