"""Levels: equal loudness and length, the true peak, layers that stay one sound."""

import numpy as np
import pytest
from small_study import tone

import audio
from audio import Audio
from listening_test import levels
from listening_test.levels import LevelError


def test_levelled_sounds_are_equally_loud_and_long_in_one_format() -> None:
    noise = np.random.default_rng(3).normal(0, 0.02, (1, 3 * 48_000)).astype(np.float32)
    level = levels.levelled({"loud": tone(440, 0.7), "quiet": tone(300, 0.001), "noise": Audio(noise, 48_000)})
    sounds = {name: each.sound for name, each in level.items()}
    assert {sound.samples.shape for sound in sounds.values()} == {(2, 3 * 44_100)}
    assert all(audio.loudness(sound) == pytest.approx(-23.0, abs=0.05) for sound in sounds.values())
    assert all(np.abs(sound.samples[:, [0, -1]]).max() < 1e-3 for sound in sounds.values())
    assert level["quiet"].gain_db - level["loud"].gain_db == pytest.approx(20 * np.log10(700), abs=0.1)


def test_a_high_peak_lowers_the_whole_item_alike() -> None:
    click = tone(200, 0.05).samples.copy()
    click[:, 60_000:60_004] = 0.99
    level = levels.levelled({"click": Audio(click, 44_100), "tone": tone(200, 0.05)})
    loudness = [audio.loudness(each.sound) for each in level.values()]
    assert loudness[0] == pytest.approx(loudness[1], abs=0.1) and loudness[0] < -23.1
    assert levels.true_peak_db(level["click"].sound) == pytest.approx(-1.0, abs=0.1)


def test_the_true_peak_lies_between_the_samples() -> None:
    """A sine at a quarter of the rate, sampled at 45 degrees, peaks 3.01 dB over its samples."""
    wave = np.sin(np.pi / 2 * np.arange(44_100) + np.pi / 4)
    sound = audio.faded(Audio(np.stack([wave, wave]).astype(np.float32), 44_100), 0.1)
    assert 20 * np.log10(np.abs(sound.samples).max()) == pytest.approx(-3.01, abs=0.01)
    assert levels.true_peak_db(sound) == pytest.approx(0.0, abs=0.05)


def test_what_is_said_of_a_level_is_what_its_sound_measures() -> None:
    click = tone(200, 0.05).samples.copy()
    click[:, 60_000:60_004] = 0.99
    sounds = {"click": Audio(click, 44_100), "quiet": tone(300, 0.001), "tone": tone(200, 0.05)}
    for level in (levels.levelled(sounds), levels.levelled_layers(sounds)):
        for name, each in level.items():
            assert levels.true_peak_db(each.sound) == pytest.approx(each.true_peak_db, abs=0.01)
            if each.loudness is not None:
                assert audio.loudness(each.sound) == pytest.approx(each.loudness, abs=0.01)
            middle = slice(30_000, 50_000)  # before the click, after the fade
            raised = np.abs(each.sound.samples[:, middle]).max() / np.abs(sounds[name].samples[:, middle]).max()
            assert 20 * np.log10(raised) == pytest.approx(each.gain_db, abs=0.01)


def test_silence_cannot_be_a_stimulus() -> None:
    with pytest.raises(LevelError, match="hush cannot be brought"):
        levels.levelled({"hush": tone(200, 0.0), "tone": tone(200)})


def test_layers_keep_one_gain_and_their_sum_is_the_sound_at_the_target() -> None:
    layers = {"low": tone(200, 0.3), "high": tone(3000, 0.02), "hush": tone(500, 0.0)}
    level = levels.levelled_layers(layers)
    assert len({each.gain_db for each in level.values()}) == 1
    total = Audio(np.sum([each.sound.samples for each in level.values()], axis=0), 44_100)
    assert audio.loudness(total) == pytest.approx(-23.0, abs=0.05)
    low, high = (np.abs(level[name].sound.samples).max() for name in ("low", "high"))
    assert low / high == pytest.approx(15, rel=0.01) and not level["hush"].sound.samples.any()


def test_layers_whose_sum_would_pass_the_peak_are_lowered_alike() -> None:
    click = tone(200, 0.05).samples.copy()
    click[:, 60_000:60_004] = 0.99
    layers = {"click": Audio(click, 44_100), "tone": tone(200, 0.05)}
    level = levels.levelled_layers(layers)
    total = Audio(np.sum([each.sound.samples for each in level.values()], axis=0), 44_100)
    assert levels.true_peak_db(total) == pytest.approx(-1.0, abs=0.1)
    assert len({each.gain_db for each in level.values()}) == 1


def test_layers_that_are_all_silent_cannot_be_levelled() -> None:
    with pytest.raises(LevelError, match="sum of the layers cannot be brought"):
        levels.levelled_layers({"a": tone(200, 0.0), "b": tone(300, 0.0)})
