"""Separation from the outside: additivity, extremes, blocks, every kind of input, the command line."""

from itertools import pairwise

import numpy as np
import pytest
import torch

import audio
from audio import Audio
from models.separation.overview import overview
from models.separation.separate import (
    BLOCK_FRAMES,
    Probabilities,
    SeparationError,
    common_gain,
    predict,
    predicted_blocks,
    predictor,
    split,
)
from models.separation.spectrogram import BINS, HOP, frames, stft


def noise(seconds: float = 1.0, rate: int = 44_100, channels: int = 2, seed: int = 0) -> Audio:
    shape = (channels, max(1, round(seconds * rate)))
    return Audio((0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32), rate)


def random_probabilities(song: Audio, seed: int = 0) -> Probabilities:
    n_frames = frames(audio.resample(song, 44_100).samples.shape[1])
    return Probabilities(np.random.default_rng(seed).integers(0, 256, (BINS, n_frames), dtype=np.uint8), "drawn")


@pytest.mark.parametrize(
    ("seconds", "rate", "channels"),
    [(0.001, 44_100, 1), (0.1, 44_100, 2), (0.7, 8_000, 1), (0.7, 48_000, 2), (0.7, 96_000, 2), (0.7, 44_100, 6)],
)
def test_stems_of_any_input_sum_to_it_at_its_own_rate_and_channels(seconds: float, rate: int, channels: int) -> None:
    song = noise(seconds, rate, channels)
    before = song.samples.copy()
    vocals, accompaniment = split(song, predict(song), 0.5)
    for stem in (vocals, accompaniment):
        assert (stem.samples.shape, stem.sample_rate) == (song.samples.shape, rate)
    assert np.abs(vocals.samples + accompaniment.samples - song.samples).max() < 1e-6
    assert np.array_equal(song.samples, before)


@pytest.mark.parametrize("rule", ["complement", "paper"])
@pytest.mark.parametrize("softness", [0.0, 1.0])
def test_alpha_0_gives_the_song_and_alpha_1_silence(rule: str, softness: float) -> None:
    song = noise(rate=96_000)
    probabilities = random_probabilities(song)
    everything, _ = split(song, probabilities, 0.0, rule=rule, softness=softness)
    nothing, rest = split(song, probabilities, 1.0, rule=rule, softness=softness)
    assert np.array_equal(everything.samples, song.samples)
    assert not nothing.samples.any()
    assert np.array_equal(rest.samples, song.samples if rule == "complement" else 0 * song.samples)


def test_bins_go_where_the_probabilities_say() -> None:
    t = np.arange(44_100) / 44_100
    low, high = (0.3 * np.sin(2 * np.pi * hz * t).astype(np.float32)[None] for hz in (500, 5000))
    song = Audio(low + high, 44_100)
    levels = np.zeros((BINS, frames(44_100)), np.uint8)
    levels[:100] = 255  # below 2.2 kHz everything is voice
    vocals, accompaniment = split(song, Probabilities(levels, "by hand"), 0.5)
    inner = slice(3000, -3000)
    assert np.abs(vocals.samples - low)[:, inner].max() < 1e-4
    assert np.abs(accompaniment.samples - high)[:, inner].max() < 1e-4


def test_energy_of_the_vocals_falls_as_alpha_rises() -> None:
    song = noise()
    probabilities = random_probabilities(song)
    energies = [float((split(song, probabilities, alpha)[0].samples ** 2).sum()) for alpha in np.linspace(0, 1, 9)]
    assert all(more > less for more, less in pairwise(energies))


def test_the_papers_rule_differs_from_the_complement_except_at_one_half() -> None:
    song = noise()
    probabilities = random_probabilities(song)
    for alpha, same in ((0.3, False), (0.5, True), (0.7, False)):
        _, ours = split(song, probabilities, alpha)
        _, papers = split(song, probabilities, alpha, rule="paper")
        assert np.allclose(ours.samples, papers.samples, atol=1e-5) is same


def test_blocks_change_nothing() -> None:
    song = noise(seconds=(BLOCK_FRAMES + 300) * HOP / 44_100, channels=1)
    whole = predictor("deep-karaoke").predict_proba(stft(torch.from_numpy(song.samples)).abs()).numpy()
    blocks = [block for _, block in predicted_blocks(song, "deep-karaoke")]
    assert len(blocks) == 2
    assert np.abs(np.concatenate(blocks, axis=1) / 256 - whole).max() < 1 / 256 + 1e-4
    vocals, _ = split(song, random_probabilities(song), 0.5)
    mask = torch.from_numpy(random_probabilities(song).levels >= 128)
    unblocked = torch.istft(
        stft(torch.from_numpy(song.samples)) * mask,
        2048,
        512,
        window=torch.hann_window(2048),
        length=song.samples.shape[1],
    )
    assert np.abs(vocals.samples - unblocked.numpy()).max() < 1e-5


def test_silence_stays_silent() -> None:
    song = Audio(np.zeros((2, 44_100), np.float32), 44_100)
    for stem in split(song, predict(song)):
        assert not stem.samples.any()


def test_progress_is_told_and_can_stop_the_work() -> None:
    told: list[float] = []
    song = noise(seconds=(2 * BLOCK_FRAMES + 10) * HOP / 44_100, channels=1)
    predict(song, progress=told.append)
    assert told == sorted(told) and told[-1] == 1.0 and len(told) == 3

    def stop(done: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        predict(song, progress=stop)


def test_wrong_requests_are_refused_in_words() -> None:
    song = noise(0.2)
    with pytest.raises(SeparationError, match="no model 'nope'; choose one of"):
        predict(song, "nope")
    with pytest.raises(SeparationError, match="another recording"):
        split(noise(0.5), predict(song))
    with pytest.raises(SeparationError, match="no rule 'half'"):
        split(song, predict(song), rule="half")
    with pytest.raises(SeparationError, match="uint8"):
        Probabilities(np.zeros((3, 3), np.uint8), "x")


def test_common_gain_keeps_the_loudest_stem_from_clipping() -> None:
    loud, soft = (Audio(np.full((1, 10), value, np.float32), 44_100) for value in (2.0, 0.5))
    assert common_gain(loud, soft) == 0.5
    assert common_gain(soft) == 1.0


def test_overview_shows_a_tone_in_its_row_and_its_level() -> None:
    t = np.arange(2 * 44_100) / 44_100
    song = Audio(np.sin(2 * np.pi * 1000 * t).astype(np.float32)[None], 44_100)
    levels = np.full((BINS, frames(len(t))), 77, np.uint8)
    picture = overview(song, Probabilities(levels, "by hand"), n_rows=40, n_columns=50)
    assert picture.loudness.shape == picture.levels.shape == (40, 50)
    brightest = picture.rows_hz[int(picture.loudness[:, 25].argmax())]
    assert brightest == pytest.approx(1000, rel=0.1)
    assert picture.levels[int(picture.loudness[:, 25].argmax()), 25] in (76, 77)
    assert picture.seconds == 2.0
