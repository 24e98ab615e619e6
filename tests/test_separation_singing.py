"""Speech that sings and bands that back it: pitch, timing and range in closed form, and both front doors."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pyworld

import audio
from audio import Audio
from training.separation.bands import DRUM_CHANNEL, DRUMS, Band
from training.separation.singing import (
    EDGE,
    LONGEST_CONSONANT,
    RATE,
    Style,
    analyse,
    continued,
    held_positions,
    melody_hz,
    moved,
    sung,
    syllables,
)

ROOT = Path(__file__).parent.parent
PLAIN = Style(
    scale=(0, 2, 4, 5, 7, 9, 11),
    centre=52.0,
    tempo=1.0,
    glide_s=0.03,
    vibrato_hz=5.5,
    vibrato_cents=0.0,
    formants=1.0,
)


def spoken(seconds: float = 1.5, hz: float = 110.0) -> Audio:
    """A buzz at 16 kHz that stops four times a second: syllables enough to sing on."""
    t = np.arange(round(seconds * 16_000)) / 16_000
    buzz = sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 30))
    gate = (np.sin(2 * np.pi * 4 * t) > -0.6).astype(float)
    noise = np.random.default_rng(0).normal(0.0, 0.003, len(t))
    return Audio((0.2 * buzz * gate + noise)[None].astype(np.float32), 16_000)


def test_a_vowel_is_stretched_to_its_note_and_a_consonant_is_not() -> None:
    positions = held_positions(10, 20, 40, 100)
    assert len(positions) == 10 + 100
    assert positions[:10].tolist() == list(range(10, 20))
    assert (np.diff(positions[10 : 10 + EDGE]) == 1).all() and positions[-1] == 39
    assert positions.min() >= 10 and (np.diff(positions) >= 0).all()


def test_syllables_are_voiced_stretches_cut_where_they_are_weakest() -> None:
    pitch = np.zeros(120)
    pitch[50:110] = 200.0
    strength = np.ones(120)
    strength[75] = 0.1
    found = syllables(pitch, strength)
    assert found[0] == (50 - LONGEST_CONSONANT, 50, 75)
    assert found[1] == (75, 75, 110)
    assert syllables(np.zeros(50), np.ones(50)) == []


def test_notes_are_sung_at_their_pitch() -> None:
    hz = melody_hz(np.full(400, 69.0), PLAIN, np.random.default_rng(1))
    assert np.abs(1200 * np.log2(hz / 440.0)).max() < 45.0  # only the drift of 10 cents is left
    up = melody_hz(np.repeat([57.0, 69.0], 200), PLAIN, np.random.default_rng(1))
    assert np.median(up[300:]) / np.median(up[:100]) == pytest.approx(2.0, rel=0.02)


def test_formants_move_by_their_factor() -> None:
    envelope = np.zeros((1, 500))
    envelope[0, 100] = 1.0
    assert np.array_equal(moved(envelope, 1.0), envelope)
    assert moved(envelope, 1.5)[0].argmax() == 150


def test_what_16_khz_speech_lacks_is_continued_downwards() -> None:
    envelope = np.full((3, 1025), -5.0)
    whole = continued(envelope, np.random.default_rng(2))
    hz = np.linspace(0.0, RATE / 2, 1025)
    assert np.array_equal(whole[:, hz < 7000], envelope[:, hz < 7000])
    assert (whole[:, -200:].mean(1) < -5.0).all() and whole.shape == envelope.shape


def test_speech_is_sung_on_the_scale() -> None:
    parts = analyse(spoken())
    line = sung(parts, PLAIN, 4.0, np.random.default_rng(3))
    again = sung(parts, PLAIN, 4.0, np.random.default_rng(3))
    assert np.array_equal(line, again)
    pitch, _ = pyworld.dio(line, RATE, f0_floor=60.0, f0_ceil=600.0)
    midi = 69 + 12 * np.log2(pitch[pitch > 0] / 440.0)
    offset = (midi - PLAIN.centre) % 12
    nearest = np.abs(offset[:, None] - np.array([*PLAIN.scale, 12])).min(1)
    assert len(line) / RATE > 4.0 and np.median(nearest) < 0.25
    assert np.median(np.abs(midi - 45.0)) > 2.0  # it no longer speaks at 110 Hz


def test_silence_has_nothing_to_sing() -> None:
    parts = analyse(Audio(np.zeros((1, 16_000), np.float32), 16_000))
    assert len(sung(parts, PLAIN, 1.0, np.random.default_rng(0))) == 0


def written_band(seed: int) -> Band:
    band = Band(12.0, np.random.default_rng(seed))
    band.drums()
    band.bass(0)
    band.chords(1, sustained=False)
    band.chords(3, sustained=True)
    band.lead(4)
    return band


@pytest.mark.parametrize("seed", range(6))
def test_every_note_of_a_band_ends_and_lies_in_midi_range(seed: int) -> None:
    band = written_band(seed)
    starts = [m for m in band.messages if m.kind == "on"]
    ends = [m for m in band.messages if m.kind == "off"]
    assert sorted((m.channel, m.first) for m in starts) == sorted((m.channel, m.first) for m in ends)
    assert all(0 <= m.first <= 127 and 1 <= m.second <= 127 and m.at >= 0 for m in starts)
    assert all(abs(m.first) <= 8192 for m in band.messages if m.kind == "bend")
    assert any(m.channel == DRUM_CHANNEL for m in starts) is (band.style != "none")
    assert band.messages == written_band(seed).messages


def test_a_swung_second_eighth_comes_late() -> None:
    band = Band(12.0, np.random.default_rng(0))
    places = {}
    for style in ("rock", "jazz"):
        band.style = style
        places[style] = np.mean([band.at(0, 2) for _ in range(200)]) / band.beat
    assert places["rock"] == pytest.approx(0.5, abs=0.02)
    assert places["jazz"] == pytest.approx(DRUMS["jazz"][4], abs=0.02)


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, capture_output=True, text=True)


def test_both_front_doors(tmp_path: Path) -> None:
    (tmp_path / "speech" / "anna").mkdir(parents=True)
    audio.write(tmp_path / "speech" / "anna" / "line.wav", spoken())
    made = run(
        "training.separation.singing", "--speech", f"{tmp_path}/speech", "--out", f"{tmp_path}/sung", "--seconds", "2"
    )
    assert made.returncode == 0, made.stderr
    line = audio.read(tmp_path / "sung" / "anna" / "line.flac")
    assert line.sample_rate == 44_100 and line.duration > 2.0 and np.abs(line.samples).max() > 0.1
    empty = run("training.separation.singing", "--speech", f"{tmp_path}/nothing", "--out", f"{tmp_path}/sung")
    assert empty.returncode == 2 and empty.stderr.splitlines()[-1].startswith("no sound file below")
    missing = run("training.separation.bands", "--out", f"{tmp_path}/bands", "--fonts", f"{tmp_path}/none.sf2")
    assert missing.returncode == 2 and missing.stderr.count("\n") == 1 and "no sound font" in missing.stderr
