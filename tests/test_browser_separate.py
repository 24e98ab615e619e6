"""A visitor of the Separate tab, in the real page: example, a drag of alpha, downloads, a file that is no song."""

from contextlib import suppress
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, TimeoutError, expect

import audio
from audio import Audio

READY = ".separate-view > div[aria-busy='false']"


def open_tab(page: Page) -> None:
    page.get_by_role("tab", name="Separate").click()


def wait_for_stems(page: Page) -> None:
    page.locator(READY).wait_for(timeout=90_000)
    expect(page.locator(".separate-play")).to_be_enabled(timeout=30_000)


def wait_for_quiet(page: Page) -> None:
    """Wait until the page asks for nothing any more: what follows a click may come a while later."""
    with suppress(TimeoutError):
        while True:
            page.wait_for_event("request", timeout=2_000)


def downloaded(page: Page, what: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Download {what}").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def brought(page: Page, folder: Path) -> np.ndarray:
    """The song whose stems stand on the page, (channel, sample)."""
    total = 0.0
    for stem in ("vocals", "accompaniment"):
        url = page.locator(f"#separate-{stem} a[download]").get_attribute("href")
        (folder / "fetched.wav").write_bytes(page.request.get(url).body())
        total = total + audio.read(folder / "fetched.wav").samples
    return total


def drag_to_end(page: Page) -> None:
    """Take alpha's thumb and pull it to 1 through many places on the way."""
    box = page.locator("#separate-alpha input[type=range]").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 20, y, steps=25)
    page.mouse.up()


def loop_over_the_middle(page: Page) -> None:
    box = page.locator(".separate-picture").bounding_box()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 100, steps=5)
    page.mouse.up()


def seconds(page: Page) -> float:
    minutes, rest = page.locator(".separate-time").inner_text().split(" / ")[0].split(":")
    return 60 * int(minutes) + int(rest)


def test_a_drag_is_heard_and_drawn_without_the_server_and_nothing_moves_the_player(page: Page, tmp_path: Path) -> None:
    """The slider does not end on a stale value, and a new separation does not reset position, loop and volumes."""
    open_tab(page)
    page.locator("#separate-example").click()
    wait_for_stems(page)
    status = page.locator("#separate-status")
    expect(status).to_contain_text("Measuring")
    page.get_by_role("button", name="Cancel").click()  # the curves; the song stays
    wait_for_quiet(page)
    expect(status).to_have_text("")
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    picture = page.locator(".separate-picture")
    volume, mute = page.get_by_label("Volume of the vocals"), page.get_by_role("button", name="Mute Accompaniment")
    volume.fill("0.25")
    mute.click()
    loop_over_the_middle(page)
    picture.press("ArrowRight")
    picture.press(" ")
    expect(page.locator(".separate-play")).to_have_text("Pause")
    before, asked = picture.screenshot(), []
    page.on("request", lambda request: asked.append(request.url))
    drag_to_end(page)
    expect(page.locator(".separate-share").first).to_have_text("0 % of the energy")
    expect(page.locator("#separate-alpha input[type=range]")).to_have_value("1")
    assert picture.screenshot() != before
    assert not asked
    vocals, rest = (audio.read(downloaded(page, stem, tmp_path)) for stem in ("vocals", "accompaniment"))
    assert not vocals.samples.any()  # alpha = 1: nothing is vocals
    assert np.abs(rest.samples - brought(page, tmp_path)).max() < 2e-4

    page.get_by_role("button", name="Separate", exact=True).click()  # the same song anew
    expect(status).to_contain_text("Measuring", timeout=60_000)
    wait_for_stems(page)
    expect(page.locator(".separate-play")).to_have_text("Pause")
    assert seconds(page) >= 8  # inside the loop
    expect(page.get_by_role("button", name="Loop 0:0")).to_be_visible()
    expect(volume).to_have_value("0.25")
    expect(mute).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#separate-alpha input[type=range]")).to_have_value("1")


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


def test_the_limit_of_uploads_is_said_before_and_after_it_is_met(page: Page, tmp_path: Path) -> None:
    open_tab(page)
    expect(page.locator("#separate-text")).to_contain_text("up to 10 minutes")
    expect(page.locator("#separate-text")).to_contain_text("up to 100 MB")
    with (tmp_path / "album.wav").open("wb") as file:
        file.truncate(101 * 2**20)
    page.locator("#separate-song input[type=file]").set_input_files(tmp_path / "album.wav")
    expect(page.locator(".toast-body")).to_contain_text("100", timeout=60_000)
