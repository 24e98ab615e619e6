"""The project's own song: the voice sings the notes that are written, stems are equal in length, nothing clips."""

import numpy as np
import pytest

import audio
from models import example_song
from models.composition.score import Note, Score

RATE = example_song.SAMPLE_RATE
SCALE = (60, 64, 67, 72, 60, 64, 67)
BEAT_S = 0.5


def scale() -> Score:
    notes = tuple(Note(12 * beat, 12, pitch, 90, "melody") for beat, pitch in enumerate(SCALE))
    return Score(notes, (), 60 / BEAT_S, 12 * 8, "C")


def fundamental(wave: np.ndarray) -> float:
    """Pitch in hertz by the strongest peak of the autocorrelation between 200 and 700 Hz."""
    spectrum = np.abs(np.fft.rfft(wave, 4 * len(wave))) ** 2
    correlation = np.fft.irfft(spectrum)
    shortest, longest = RATE // 700, RATE // 200
    return RATE / (shortest + int(np.argmax(correlation[shortest:longest])))


def test_the_voice_sings_what_is_written() -> None:
    voice = example_song.sing(scale(), round(4.5 * RATE), np.random.default_rng(3))
    assert np.isfinite(voice).all()
    for beat, pitch in enumerate(SCALE):
        middle = voice[round((beat + 0.3) * BEAT_S * RATE) : round((beat + 0.8) * BEAT_S * RATE)]
        cents = 1200 * np.log2(fundamental(middle) / (440 * 2 ** ((pitch - 69) / 12)))
        assert abs(cents) < 45, f"note {beat} is off by {cents:.0f} cents"  # within a slow vibrato of 35 cents


def test_the_voice_rests_where_no_note_is_written() -> None:
    voice = example_song.sing(scale(), round(5.0 * RATE), np.random.default_rng(3))
    sung, rest = voice[: round(3.4 * RATE)], voice[round(3.6 * RATE) : round(4.9 * RATE)]
    assert np.abs(sung).max() > 0.1
    assert np.abs(rest).max() < 1e-6


def test_the_song_is_stereo_equal_in_length_repeatable_and_never_clips() -> None:
    vocals, band = example_song.example_song(seed=2)
    again, _ = example_song.example_song(seed=2)
    other, _ = example_song.example_song(seed=3)
    assert vocals.samples.shape == band.samples.shape
    assert vocals.channels == 2
    assert 20 < vocals.duration < 35
    assert np.array_equal(vocals.samples, again.samples)
    assert not np.array_equal(vocals.samples, other.samples)
    assert np.abs(vocals.samples + band.samples).max() < 1.0
    assert audio.loudness(vocals) == pytest.approx(example_song.VOICE_LUFS, abs=0.1)
    assert audio.loudness(band) == pytest.approx(example_song.BAND_LUFS, abs=1.0)
