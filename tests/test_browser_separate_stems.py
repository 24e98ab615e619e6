"""Stems instead of a song: what belongs together is added up, what does not is refused in one sentence."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import audio
from audio import Audio, AudioError
from tabs.separate_progress import left
from tabs.separate_song import LONGEST_SONG_S, read_stems

RATE = 22_050


def stem(path: Path, hertz: float, *, seconds: float = 2.0, rate: int = RATE, channels: int = 2, level: float = 0.7):
    wave = level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    audio.write(path, Audio(np.tile(wave.astype(np.float32), (channels, 1)), rate))
    return str(path)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


def test_the_song_is_the_sum_of_its_stems_turned_down_where_it_would_clip(tmp_path):
    paths = stem(tmp_path / "tune - vocals.wav", 300.0), stem(tmp_path / "tune - accompaniment.wav", 310.0)
    song = read_stems(*paths)
    assert song.name == "tune"
    first, second = (audio.read(path).samples for path in paths)
    gain = 1.0 / np.abs(first + second).max()
    assert gain < 0.75
    written = audio.read(song.path)
    np.testing.assert_allclose(written.samples, gain * (first + second), atol=1 / 32768)
    np.testing.assert_array_equal(song.truth[0].samples, first)
    np.testing.assert_array_equal(song.truth[1].samples, second)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"rate": 16_000}, "vocals.wav runs at 16000 Hz, accompaniment.wav at 22050 Hz"),
        ({"channels": 1}, "vocals.wav is mono, accompaniment.wav is stereo"),
        ({"seconds": 1.5}, "vocals.wav lasts 1.500 s, accompaniment.wav 2.000 s"),
        ({"level": 0.0}, "vocals.wav is silent"),
        ({"seconds": 0.5}, "vocals.wav lasts 0.50 s; at least 1 s"),
        ({"seconds": LONGEST_SONG_S + 1.0, "rate": 4000}, "the limit here is 10 minutes"),
        ({"hertz": 300.0, "level": -0.7}, "the sum of the stems is silent"),
    ],
)
def test_stems_that_do_not_belong_together_are_refused(tmp_path, change, fault):
    vocals = stem(tmp_path / "vocals.wav", **{"hertz": 440.0, **change})
    with pytest.raises(AudioError, match=fault.replace(".", r"\.")) as refusal:
        read_stems(vocals, stem(tmp_path / "accompaniment.wav", 300.0))
    assert "\n" not in str(refusal.value)


def test_a_missing_stem_is_named(tmp_path):
    path = stem(tmp_path / "one.wav", 300.0)
    with pytest.raises(AudioError, match="the accompaniment file is missing"):
        read_stems(path, None)
    with pytest.raises(AudioError, match="the vocals file is missing"):
        read_stems(None, path)


@pytest.mark.parametrize(
    ("elapsed", "done", "before", "words"),
    [
        (10.0, 0.25, 0.0, ", about 30 s left"),
        (60.0, 0.2, 0.0, ", about 4 min left"),
        (10.0, 0.6, 0.4, ", about 20 s left"),
        (5.0, 0.4, 0.4, ""),
        (0.2, 0.5, 0.0, ""),
        (9.0, 1.0, 0.0, ""),
    ],
)
def test_time_left_is_what_the_rest_takes_at_the_same_pace(elapsed, done, before, words):
    assert left(elapsed, done, before) == words


def test_stems_of_different_kinds_are_refused_on_the_page_and_nothing_is_lost(page: Page, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Separate").click()
    page.get_by_label("Its stems: vocals and accompaniment").click()
    files = {
        "vocals": stem(tmp_path / "solo.wav", 440.0, channels=1),
        "accompaniment": stem(tmp_path / "band.wav", 300.0),
    }
    for name, path in files.items():
        page.locator(f"#separate-{name} input[type=file]").set_input_files(path)
        page.locator(f"#separate-{name}").get_by_label("Clear").wait_for()
    page.get_by_role("button", name="Separate", exact=True).click()
    expect(page.locator(".toast-body")).to_contain_text("solo.wav is mono, band.wav is stereo", timeout=30_000)
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    for name in files:  # both are still there to be replaced one by one
        expect(page.locator(f"#separate-{name}").get_by_label("Clear")).to_be_visible()
