"""The audio value: level, length, loudness; and what strangers upload."""

import math
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import audio
from audio import Audio, AudioError


def tone(seconds: float = 1.0, rate: int = 44_100, channels: int = 2, hz: float = 997.0, peak: float = 0.5) -> Audio:
    time = np.arange(round(seconds * rate)) / rate
    wave = (peak * np.sin(2 * np.pi * hz * time)).astype(np.float32)
    return Audio(np.tile(wave, (channels, 1)), rate)


@pytest.mark.parametrize(
    ("samples", "rate", "complaint"),
    [
        (np.zeros(10, np.float32), 44_100, "shape"),
        (np.zeros((2, 0), np.float32), 44_100, "not empty"),
        (np.zeros((1, 10), np.float64), 44_100, "float32"),
        (np.zeros((1, 10), np.float32), 0, "sample rate 0"),
        (np.full((1, 10), np.nan, np.float32), 44_100, "NaN"),
        (np.full((1, 10), np.inf, np.float32), 44_100, "NaN or infinity"),
    ],
)
def test_nonsense_is_refused(samples: np.ndarray, rate: int, complaint: str) -> None:
    with pytest.raises(AudioError, match=complaint):
        Audio(samples, rate)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_written_audio_reads_back_to_half_a_16_bit_step(tmp_path: Path, suffix: str, channels: int, rate: int) -> None:
    sound = tone(0.2, rate, channels)
    audio.write(tmp_path / f"tone.{suffix}", sound)
    back = audio.read(tmp_path / f"tone.{suffix}")
    assert (back.sample_rate, back.samples.shape) == (rate, sound.samples.shape)
    assert np.abs(back.samples - sound.samples).max() <= 1 / 32767


def test_mp3_and_ogg_are_read(tmp_path: Path) -> None:
    sound = tone(1.0)
    for name in ("tone.mp3", "tone.ogg"):
        soundfile.write(tmp_path / name, sound.samples.T, sound.sample_rate)
        assert audio.loudness(audio.read(tmp_path / name)) == pytest.approx(audio.loudness(sound), abs=0.2)


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    audio.write(tmp_path / "tone.flac", tone(0.5))
    renamed = (tmp_path / "tone.flac").rename(tmp_path / "tone.mp3")
    assert audio.read(renamed).duration == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("empty.wav", b"", "is empty"),
        ("letter.wav", b"Dear Sir or Madam, " * 50, "cannot be read as audio"),
        ("header.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "cannot be read as audio"),
        ("page.mp3", b"<html><body>404</body></html>", "cannot be read as audio"),
    ],
)
def test_what_is_not_audio_gets_one_clear_sentence(tmp_path: Path, name: str, content: bytes, complaint: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AudioError, match=complaint) as caught:
        audio.read(tmp_path / name)
    assert name in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav is not there"):
        audio.read(tmp_path / "gone.wav")


def test_a_wav_without_samples_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "none.wav", np.zeros((0, 2)), 44_100)
    with pytest.raises(AudioError, match="holds no samples"):
        audio.read(tmp_path / "none.wav")


def test_a_float_file_with_nan_is_refused(tmp_path: Path) -> None:
    samples = tone(0.5).samples.T.copy()
    samples[100, 0] = np.nan
    soundfile.write(tmp_path / "nan.wav", samples, 44_100, subtype="FLOAT")
    with pytest.raises(AudioError, match="NaN"):
        audio.read(tmp_path / "nan.wav")


def test_length_limits_name_length_and_limit(tmp_path: Path) -> None:
    audio.write(tmp_path / "long.wav", tone(3.0, 8_000, 1))
    with pytest.raises(AudioError, match=r"0\.1 minutes; the limit here is 0 minutes"):
        audio.read(tmp_path / "long.wav", longest=2.0)
    with pytest.raises(AudioError, match=r"lasts 3\.00 s; at least 5 s"):
        audio.read(tmp_path / "long.wav", shortest=5.0)


def test_a_file_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "whole.mp3", tone(4.0).samples.T, 44_100)
    content = (tmp_path / "whole.mp3").read_bytes()
    (tmp_path / "cut.mp3").write_bytes(content[: len(content) // 2])
    assert 1.5 < audio.read(tmp_path / "cut.mp3").duration < 2.5


@given(seconds=st.floats(0.4, 3.0), gain_db=st.floats(-40, 0), rate=st.sampled_from([22_050, 44_100, 48_000]))
@settings(max_examples=25, deadline=None)
def test_loudness_agrees_with_the_reference_meter(seconds: float, gain_db: float, rate: int) -> None:
    noise = np.random.default_rng(7).standard_normal((2, round(seconds * rate) + 1)) * 0.1 * 10 ** (gain_db / 20)
    sound = Audio(noise.astype(np.float32), rate)
    reference = pyloudnorm.Meter(rate).integrated_loudness(sound.samples.T.astype(np.float64))
    assert audio.loudness(sound) == pytest.approx(reference, abs=1e-9)


def test_a_full_scale_997_hz_sine_in_one_channel_reads_minus_3_01() -> None:
    """ITU-R BS.1770-4, Annex 1: the meter's own calibration."""
    assert audio.loudness(tone(5.0, 48_000, 1, peak=1.0)) == pytest.approx(-3.01, abs=0.05)


def test_at_loudness_hits_the_target_unless_the_peak_forbids() -> None:
    sound = tone(2.0, peak=0.01)
    assert audio.loudness(audio.at_loudness(sound, -23.0)) == pytest.approx(-23.0, abs=0.01)
    assert np.abs(audio.at_loudness(sound, 20.0).samples).max() == pytest.approx(1.0, abs=1e-6)


def test_silence_and_short_sounds_have_no_loudness_and_stay_as_they_are() -> None:
    silence = Audio(np.zeros((2, 44_100), np.float32), 44_100)
    assert audio.loudness(silence) == -math.inf
    assert audio.loudness(tone(0.3)) == -math.inf
    assert np.array_equal(audio.at_loudness(silence, -23.0).samples, silence.samples)


@given(rate=st.integers(8_000, 96_000), seconds=st.floats(0.05, 1.0))
@settings(max_examples=25, deadline=None)
def test_resampling_keeps_length_and_level(rate: int, seconds: float) -> None:
    sound = tone(seconds, hz=440.0)
    changed = audio.resample(sound, rate)
    assert changed.sample_rate == rate
    assert abs(changed.duration - sound.duration) <= 1 / rate
    middle = slice(changed.samples.shape[1] // 4, -changed.samples.shape[1] // 4)
    assert np.sqrt(np.mean(changed.samples[:, middle] ** 2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.12)


def test_fades_start_and_end_at_silence_and_leave_the_middle_and_the_input_alone() -> None:
    ones = Audio(np.ones((1, 1000), np.float32), 10_000)
    soft = audio.faded(ones, 0.02).samples[0]
    assert soft[0] < 1e-4
    assert soft[-1] < 1e-4
    assert (soft[200:800] == 1.0).all()
    assert (np.diff(soft[:200]) >= 0).all()
    assert (ones.samples == 1.0).all()


def test_int16_keeps_the_level_and_clips_the_peak() -> None:
    quiet = Audio(np.full((1, 4), 0.1, np.float32), 44_100)
    assert quiet.to_int16().shape == (4, 1)
    assert abs(int(quiet.to_int16()[0, 0]) - 3277) <= 1
    assert Audio(np.full((1, 4), 1.4, np.float32), 44_100).to_int16().max() == 32767


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"cannot write \.xyz"):
        audio.write(tmp_path / "tone.xyz", tone(0.1))
