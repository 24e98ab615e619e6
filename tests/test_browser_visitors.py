"""Two visitors at once: each composes and separates something else, and neither sees anything of the other."""

from pathlib import Path

import numpy as np
import pytest
from conftest import watched_page
from playwright.sync_api import Browser, Page, expect
from test_browser_compose import first_take

import audio
from audio import Audio
from models.composition.score import read_midi

SEEDS = (31, 32)
TONES_HZ = (330.0, 550.0)
LEVELS = (0.2, 0.4)


def song(folder: Path, name: str, hertz: float, level: float) -> Path:
    """Two seconds of one tone: whoever downloads the stems can tell whose song they were cut from."""
    time = np.arange(2 * 44_100) / 44_100
    wave = (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)
    audio.write(folder / name, Audio(np.stack([wave, wave]), 44_100))
    return folder / name


def download(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).click()
    waiting.value.save_as(folder / waiting.value.suggested_filename)
    return folder / waiting.value.suggested_filename


def test_two_visitors_compose_and_separate_at_the_same_time(browser: Browser, app_url: str, tmp_path: Path) -> None:
    faults: list[str] = []
    contexts = [browser.new_context(accept_downloads=True) for _ in SEEDS]
    pages = [watched_page(context, app_url, faults) for context in contexts]
    folders = [tmp_path / "first", tmp_path / "second"]
    for page, seed, folder in zip(pages, SEEDS, folders, strict=True):
        folder.mkdir()
        page.goto(app_url)
        page.get_by_label("Seed number").fill(str(seed))
    for page in pages:  # both start before either looks at what came
        page.get_by_role("button", name="Compose", exact=True).click()
    for page, seed, folder in zip(pages, SEEDS, folders, strict=True):
        expect(page.locator(".compose-play")).to_be_enabled(timeout=60_000)
        expect(page.locator("#compose-text")).to_contain_text(f"seed {seed}")
        assert read_midi(download(page, "Download MIDI", folder)) == first_take(seed)

    songs = [song(folder, "mine.wav", hz, level) for folder, hz, level in zip(folders, TONES_HZ, LEVELS, strict=True)]
    for page, path in zip(pages, songs, strict=True):
        page.get_by_role("tab", name="Separate").click()
        page.locator("#separate-song input[type=file]").set_input_files(path)
        page.get_by_label("Clear").first.wait_for()
    for page in pages:
        page.get_by_role("button", name="Separate", exact=True).click()
    for page, path, folder in zip(pages, songs, folders, strict=True):
        expect(page.locator(".separate-play")).to_be_enabled(timeout=90_000)
        stems = [audio.read(download(page, f"Download {stem}", folder)).samples for stem in ("vocals", "accompaniment")]
        assert np.sum(stems, axis=0) == pytest.approx(audio.read(path).samples, abs=2e-4)
    for context in contexts:
        context.close()
    assert not faults, faults
