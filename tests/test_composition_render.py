"""Rendering: exact, repeatable, at its loudness, as written."""

import math
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import audio
from models.composition.render import RELEASE_S, RenderError, render, stems
from models.composition.score import INSTRUMENTS, Note, Score, ScoreError


@pytest.fixture(scope="module")
def short():
    notes = tuple(Note(12 * beat, 12, 60 + beat, 100, "melody") for beat in range(8))
    return Score((*notes, Note(0, 96, 48, 64, "chords")), (), 240, 96)


def test_render_is_exact_stereo_and_at_its_loudness(short):
    sound = render(short)
    assert sound.samples.shape == (2, round((short.seconds + RELEASE_S) * 44100))
    assert audio.loudness(sound) == pytest.approx(-18.0, abs=0.05)
    assert np.abs(sound.samples).max() < 1.0
    assert np.abs(sound.samples[0] - sound.samples[1]).max() > 0.001
    assert np.abs(sound.samples[:, -1]).max() < 1e-4


def test_render_is_bit_identical_and_depends_on_the_instrument(short):
    first = render(short)
    assert np.array_equal(first.samples, render(short).samples)
    with ThreadPoolExecutor(3) as visitors:
        together = list(visitors.map(lambda _: render(short), range(3)))
    assert all(np.array_equal(first.samples, sound.samples) for sound in together)
    other = render(short, instruments={"melody": "Harmonica", "chords": "Organ"})
    assert not np.array_equal(first.samples, other.samples)


def test_notes_sound_when_and_as_high_as_written(short):
    sound = render(short.part("melody"), instruments={"melody": "Vibraphone", "chords": "Piano"})
    for beat in range(8):
        start = round(beat * 0.25 * 44100) + 2000
        spectrum = np.abs(np.fft.rfft(sound.samples[0, start : start + 8192] * np.hanning(8192), 65536))
        heard = np.argmax(spectrum) * 44100 / 65536
        written = 440 * 2 ** ((60 + beat - 69) / 12)
        assert abs(12 * np.log2(heard / written)) < 0.3


@pytest.fixture(scope="module")
def quartet(short):
    """The same two bars with a band of four."""
    bass = tuple(Note(12 * beat, 11, 36, 90, "bass") for beat in range(8))
    drums = tuple(Note(12 * beat, 3, 42, 90, "drums") for beat in range(8))
    return replace(short, notes=tuple(sorted((*short.notes, *bass, *drums))))


def lean(sound):
    """Energy on the left over that on the right."""
    left, right = (sound.samples**2).sum(axis=1)
    return left / right


def test_stems_sum_to_the_mix_and_stand_apart(short, quartet):
    parts = stems(quartet)
    assert list(parts) == ["melody", "chords", "bass", "drums"]
    mix = render(quartet)
    assert np.array_equal(sum(part.samples for part in parts.values()), mix.samples)
    assert audio.loudness(mix) == pytest.approx(-18.0, abs=0.05)
    assert lean(parts["chords"]) > 1.5 * lean(stems(short)["chords"])  # two players share the middle
    assert lean(parts["bass"]) == pytest.approx(1.0, rel=0.1)


def test_gains_are_decibels_and_minus_infinity_mutes(quartet):
    even, louder = stems(quartet, gains={}), stems(quartet, gains={"bass": 6.0, "drums": -math.inf})
    ratio = louder["bass"].samples.std() / louder["chords"].samples.std()
    assert ratio == pytest.approx(10 ** (6 / 20) * even["bass"].samples.std() / even["chords"].samples.std(), rel=1e-4)
    assert not louder["drums"].samples.any()


def test_drums_are_a_drum_kit(quartet):
    """A closed hi-hat is bright noise; key 42 of any melodic program is a low note."""
    hat = stems(quartet)["drums"].samples.mean(axis=0)
    power = np.abs(np.fft.rfft(hat)) ** 2
    hertz = np.fft.rfftfreq(len(hat), 1 / 44100)
    assert power[hertz > 3000].sum() > 0.8 * power.sum()


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_instrument_sounds(short, instrument):
    sound = render(short, instruments={"melody": instrument, "chords": instrument}, sample_rate=22050)
    assert audio.loudness(sound) == pytest.approx(-18.0, abs=0.1)


def test_an_empty_score_is_silence_of_its_length():
    sound = render(Score((), (), 120, 96))
    assert np.abs(sound.samples).max() <= 1 / 32768  # the synthesiser's dither
    assert sound.duration == pytest.approx(4 + RELEASE_S)


def test_missing_sound_font_names_the_package(short, monkeypatch, tmp_path):
    monkeypatch.setenv("SOUNDFONT", str(tmp_path / "none.sf2"))
    with pytest.raises(RenderError, match="apt-get install libfluidsynth3 fluid-soundfont-gm"):
        render(short)
    (tmp_path / "none.sf2").write_bytes(b"not a font")
    with pytest.raises(RenderError, match=r"none\.sf2 is not a sound font"):
        render(short)


def test_missing_library_names_the_package(short, monkeypatch):
    monkeypatch.setitem(sys.modules, "fluidsynth", None)
    with pytest.raises(RenderError, match="apt-get install libfluidsynth3"):
        render(short)


def test_the_binding_is_pyfluidsynth():
    import fluidsynth

    assert hasattr(fluidsynth, "Synth")
    assert fluidsynth.__file__.endswith("fluidsynth.py")


def test_unknown_instrument_and_rate_are_refused(short):
    with pytest.raises(ScoreError, match="Kazoo"):
        render(short, instruments={"melody": "Kazoo", "chords": "Piano"})
    with pytest.raises(RenderError, match="4000"):
        render(short, sample_rate=4000)
