"""A visitor of the Separate tab, in the real page: example, alpha, downloads, a file that is no song."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

import audio
from audio import Audio

READY = ".separate-view > div[aria-busy='false']"


def open_tab(page: Page) -> None:
    page.get_by_role("tab", name="Separate").click()


def wait_for_stems(page: Page) -> None:
    page.locator(READY).wait_for(timeout=90_000)
    expect(page.locator(".separate-play")).to_be_enabled(timeout=30_000)


def picture(page: Page) -> str:
    return hashlib.sha256(page.locator(".separate-picture").screenshot()).hexdigest()


def downloaded(page: Page, stem: str, folder: Path) -> Audio:
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Download {stem}").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name.endswith(f"-{stem}.wav")
    return audio.read(path)


def fetched(page: Page, url: str, folder: Path) -> Audio:
    (folder / "fetched.wav").write_bytes(page.request.get(url).body())
    return audio.read(folder / "fetched.wav")


def jobs_for(page: Page, change: Callable[[], None], outcome: re.Pattern[str]) -> int:
    """Do something that cuts the song anew, wait for what it says, and count the jobs that the server ran for it."""
    started: list[str] = []
    page.on("request", lambda request: started.append(request.url) if "queue/join" in request.url else None)
    change()
    expect(page.locator("#separate-text")).to_contain_text(outcome, timeout=60_000)
    wait_for_stems(page)
    return len(started)


def test_example_alpha_and_downloads(page: Page, tmp_path: Path) -> None:
    open_tab(page)
    page.locator("#separate-example").click()
    wait_for_stems(page)
    status = page.locator("#separate-status")
    expect(status).to_contain_text("Measuring")
    with page.expect_request(re.compile("/cancel$")):  # nobody waits for curves of what is separated anew
        page.get_by_role("button", name="Separate", exact=True).click()
    expect(status).to_contain_text("Measuring", timeout=60_000)
    page.get_by_role("button", name="Cancel").click()  # the curves; the stems stay
    expect(status).to_have_text("")
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    before = picture(page)
    first = downloaded(page, "vocals", tmp_path)
    rest = downloaded(page, "accompaniment", tmp_path)
    stems = [
        page.locator(f"#separate-{name} a[download]").get_attribute("href") for name in ("vocals", "accompaniment")
    ]
    mixture = Audio(sum(fetched(page, stem, tmp_path).samples for stem in stems), 44_100)
    assert first.samples.shape == mixture.samples.shape
    assert np.abs(first.samples + rest.samples - mixture.samples).max() < 2e-4

    page.locator(".separate-play").click()
    page.get_by_role("button", name="Vocals", exact=True).click()
    slider = page.locator("#separate-alpha input[type=range]")
    nothing_left = re.compile(r"example-blues\s+Deep Karaoke: 0% of the energy goes to the vocals, 100%")
    n_jobs = jobs_for(page, lambda: (slider.focus(), slider.press("End")), nothing_left)
    assert picture(page) != before
    assert page.locator(".separate-play").inner_text() == "Pause"  # it plays on while the stems are replaced
    nothing = downloaded(page, "vocals", tmp_path)
    assert np.abs(first.samples).max() > 0.05
    assert not nothing.samples.any()  # alpha = 1: nothing is vocals
    assert np.array_equal(downloaded(page, "accompaniment", tmp_path).samples, mixture.samples)
    assert n_jobs == 1  # the threshold alone: separating takes the song and a job of its own


def test_a_file_that_is_no_song_is_refused_in_words_and_the_result_stays(page: Page, tmp_path: Path) -> None:
    song, text = tmp_path / "my tune.wav", tmp_path / "letter.wav"
    noise = np.random.default_rng(0).standard_normal((1, 32_000)).astype(np.float32)
    audio.write(song, Audio(0.1 * noise, 16_000))
    text.write_text("Dear network, this is not a song.\n" * 40)
    open_tab(page)
    chooser = page.locator("#separate-song input[type=file]")
    chooser.set_input_files(song)
    page.get_by_label("Clear").first.wait_for()
    page.get_by_role("button", name="Separate", exact=True).click()
    wait_for_stems(page)
    result = page.locator("#separate-text").inner_text()
    page.get_by_label("Clear").first.click()
    chooser.set_input_files(text)
    page.get_by_label("Clear").first.wait_for()
    page.get_by_role("button", name="Separate", exact=True).click()
    expect(page.locator(".toast-body")).to_contain_text("letter.wav cannot be read as audio", timeout=30_000)
    assert page.locator("#separate-text").inner_text() == result
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()


def test_nothing_chosen_is_said(page: Page) -> None:
    open_tab(page)
    page.get_by_role("button", name="Separate", exact=True).click()
    expect(page.locator(".toast-body")).to_contain_text("choose a song first", timeout=30_000)
