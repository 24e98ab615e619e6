"""A visitor composes in the real page: seed notes, piano roll, sound, downloads, bad input."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import audio
from models.composition.generate import compose
from models.composition.render import RELEASE_S
from models.composition.score import read_midi, write_midi

# What the page's one AudioContext puts out, sampled by an analyser put in front of the loudspeaker.
LISTEN = """
    const connect = AudioNode.prototype.connect;
    AudioNode.prototype.connect = function (target, ...rest) {
        if (target instanceof AudioDestinationNode && !(this instanceof AnalyserNode)) {
            const ear = target.context.ear ??= new AnalyserNode(target.context, { fftSize: 32768 });
            connect.call(ear, target);
            window.ear = ear;
            return connect.call(this, ear, ...rest);
        }
        return connect.call(this, target, ...rest);
    };
"""
LOUDEST = """() => {
    const samples = new Float32Array(window.ear.fftSize);
    window.ear.getFloatTimeDomainData(samples);
    return Math.max(...samples.map(Math.abs));
}"""


def compose_and_wait(page: Page) -> None:
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator(".compose-play")).to_be_enabled(timeout=60_000)


def picture(page: Page) -> bytes:
    return page.locator(".compose-roll").screenshot()


def seconds(page: Page) -> int:
    minutes, rest = page.locator(".compose-time").inner_text().split(" / ")[0].split(":")
    return 60 * int(minutes) + int(rest)


def test_visitor_composes_with_seed_notes_hears_sees_and_keeps_the_take(page: Page, tmp_path):
    page.add_init_script(LISTEN)
    page.reload()
    for name in ("Add E", "Add G", "Add A", "Add B"):
        page.get_by_role("button", name=name, exact=True).click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".compose-chosen")).to_have_text("EGA")
    page.get_by_label("Seed number").fill("21")
    compose_and_wait(page)
    expect(page.locator("#compose-text")).to_contain_text("seed 21")

    roll = page.get_by_role("slider", name=re.compile("Piano roll"))
    still = picture(page)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(roll).to_have_attribute("aria-valuetext", "bar 2", timeout=15_000)
    assert picture(page) != still
    assert page.evaluate(LOUDEST) > 0.01
    page.get_by_role("button", name="Pause").click()

    with page.expect_download() as wav:
        page.get_by_role("button", name="Download WAV").click()
    with page.expect_download() as midi:
        page.get_by_role("button", name="Download MIDI").click()
    with page.expect_download() as sheet:
        page.get_by_role("button", name="Download MusicXML").click()
    names = [download.value.suggested_filename for download in (wav, midi, sheet)]
    assert names == [f"blues-lstm-C-120bpm-seed21.{suffix}" for suffix in ("wav", "mid", "musicxml")]
    sheet.value.save_as(tmp_path / "take.musicxml")
    root = ElementTree.parse(tmp_path / "take.musicxml").getroot()
    assert [len(part.findall("measure")) for part in root.iter("part")] == [24, 24]
    wav.value.save_as(tmp_path / "take.wav")
    midi.value.save_as(tmp_path / "take.mid")
    score = read_midi(tmp_path / "take.mid")
    assert score == compose(seed=21, choruses=2, primer=(64, 67, 69))
    sound = audio.read(tmp_path / "take.wav")
    assert sound.duration == pytest.approx(48 + RELEASE_S, abs=0.001)
    assert sound.channels == 2
    assert -20 < audio.loudness(sound) < -16
    assert np.abs(sound.samples).max() < 1


def test_keyboard_and_pointer_move_through_the_take(page: Page):
    compose_and_wait(page)
    roll = page.get_by_role("slider", name=re.compile("Piano roll"))
    roll.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(roll).to_have_attribute("aria-valuenow", "3")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.get_by_role("button", name="Chorus 2").click()
    expect(roll).to_have_attribute("aria-valuenow", "13")
    box = roll.bounding_box()
    roll.click(position={"x": box["width"] * 0.4, "y": box["height"] * 0.5})  # second line, second bar
    expect(roll).to_have_attribute("aria-valuenow", "18")
    page.keyboard.press("Home")
    assert seconds(page) == 0


def test_midi_file_gives_seed_notes_and_garbage_changes_nothing(page: Page, tmp_path):
    write_midi(tmp_path / "phrase.mid", compose("random-walk", seed=4))
    (tmp_path / "garbage.mid").write_bytes(b"no music in here")
    upload = page.locator("input[type=file][accept*='.mid']")
    upload.set_input_files(tmp_path / "phrase.mid")
    expect(page.locator(".compose-chosen span")).to_have_count(24)
    expect(page.get_by_text("Of 48 notes the first 24 are taken.")).to_be_visible()
    upload.set_input_files(tmp_path / "garbage.mid")
    expect(page.get_by_text("garbage.mid is not a readable MIDI file")).to_be_visible()
    expect(page.locator(".compose-chosen span")).to_have_count(24)


def test_bad_values_leave_the_take_before_in_place(page: Page):
    compose_and_wait(page)
    expect(page.locator("#compose-text")).to_contain_text("seed 7")
    page.get_by_label("Seed number").fill("-5")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.get_by_text("seed -5 is out of range")).to_be_visible()
    page.get_by_label("Seed number").fill("")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.get_by_text("the seed number is empty")).to_be_visible()
    expect(page.locator("#compose-text")).to_contain_text("seed 7")
    expect(page.locator(".compose-play")).to_be_enabled()


def test_visitor_chooses_who_composes(page: Page):
    page.get_by_label("Composed by").click()
    page.get_by_role("option", name="Random walk").click()
    expect(page.get_by_text("No network: steps up and down")).to_be_visible()
    compose_and_wait(page)
    expect(page.locator("#compose-text")).to_contain_text("Random walk: blues in C")
    expect(page.locator("#compose-text")).to_contain_text("It kept the twelve-bar form throughout.")


def test_tab_fits_a_telephone(page: Page):
    page.set_viewport_size({"width": 375, "height": 800})
    compose_and_wait(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
