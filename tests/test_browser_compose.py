"""A visitor composes in the real page: phrase, piano roll, players, downloads, bars played anew, bad input."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import audio
from models.composition.generate import JOINT, compose
from models.composition.render import RELEASE_S
from models.composition.score import PARTS, read_midi, write_midi
from tabs.compose_take import Wishes, composed

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
}"""  # of the last 0.7 s
HEARD, SILENT = f"({LOUDEST})() > 0.01", f"({LOUDEST})() === 0"


def first_take(seed, notes=()):
    """What the page plays if only the seed number and the phrase are changed."""
    wishes = Wishes("C", 120, 2, "Tenor sax", "Piano", seed, [*notes], 0.5, 1.0, "jazz", "licks", "swing", None, 8)
    return composed(JOINT, wishes).score


def open_phrase(page: Page) -> None:
    page.get_by_role("button", name="Begin with your own phrase").click()
    page.get_by_role("button", name="Add C", exact=True).wait_for()


def compose_and_wait(page: Page) -> None:
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator(".compose-play")).to_be_enabled(timeout=60_000)


def picture(page: Page) -> bytes:
    return page.locator(".compose-roll").screenshot()


def seconds(page: Page) -> int:
    minutes, rest = page.locator(".compose-time").inner_text().split(" / ")[0].split(":")
    return 60 * int(minutes) + int(rest)


def download(page: Page, kind: str, folder):
    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"Download {kind}").click()
    waiting.value.save_as(folder / waiting.value.suggested_filename)
    return folder / waiting.value.suggested_filename


def test_visitor_composes_from_a_phrase_hears_sees_and_keeps_the_take(page: Page, tmp_path):
    page.add_init_script(LISTEN)
    page.reload()
    open_phrase(page)
    for name in ("Add E", "Add G", "Add A", "Add B"):
        page.get_by_role("button", name=name, exact=True).click()
    page.get_by_role("button", name="Undo").first.click()
    expect(page.locator(".compose-chosen")).to_have_text("EGA")
    page.get_by_label("Seed number").fill("21")
    compose_and_wait(page)
    expect(page.locator("#compose-text")).to_contain_text("jazz blues in C, 120 beats per minute, seed 21")

    roll = page.get_by_role("slider", name=re.compile("Piano roll"))
    still = picture(page)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(roll).not_to_have_attribute("aria-valuetext", "bar 1")
    assert picture(page) != still
    page.wait_for_function(HEARD)
    for part in PARTS:
        page.get_by_role("button", name=f"Mute the {part}").click()
    page.wait_for_function(SILENT)
    page.get_by_role("button", name="Mute the bass").click()
    page.wait_for_function(HEARD)
    page.get_by_role("button", name="Pause").click()

    paths = {kind: download(page, kind, tmp_path) for kind in ("WAV", "FLAC", "MIDI", "MusicXML")}
    suffixes = ("wav", "flac", "mid", "musicxml")
    assert [path.name for path in paths.values()] == [f"blues-joint-jazz-C-120bpm-seed21.{end}" for end in suffixes]
    root = ElementTree.parse(paths["MusicXML"]).getroot()
    assert {len(part.findall("measure")) for part in root.iter("part")} == {24}
    score = read_midi(paths["MIDI"])
    assert score.parts == PARTS
    assert score == first_take(21, [[0, 12, 64, 90], [12, 12, 67, 90], [24, 12, 69, 90]])
    sound = audio.read(paths["WAV"])
    assert sound.duration == pytest.approx(48 + RELEASE_S, abs=0.001)
    assert sound.channels == 2
    assert -20 < audio.loudness(sound) < -16
    np.testing.assert_allclose(sound.samples, audio.read(paths["FLAC"]).samples, atol=1.01 / 32768)


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


def test_bars_are_kept_while_the_others_are_played_anew_and_back(page: Page, tmp_path):
    compose_and_wait(page)
    again = page.get_by_role("button", name="Play the others anew")
    expect(again).to_be_disabled()
    page.get_by_role("button", name="Choose bars to keep").click()
    roll = page.get_by_role("slider", name=re.compile("Piano roll"))
    box = roll.bounding_box()
    for x in (0.1, 0.4):  # the first two bars
        roll.click(position={"x": box["width"] * x, "y": box["height"] * 0.1})
    expect(page.locator(".compose-kept")).to_have_text("Kept: bars 1, 2")
    again.click()
    undo = page.locator(".compose-edit").get_by_role("button", name="Undo")
    expect(undo).to_be_enabled(timeout=60_000)
    expect(page.locator(".compose-kept")).to_have_text("Kept: bars 1, 2")
    before, after = first_take(7), read_midi(download(page, "MIDI", tmp_path))
    assert after.part("bass") == before.part("bass")
    kept = [[note for note in score.part("melody").notes if note.start < 96] for score in (before, after)]
    assert [note.pitch for note in kept[0]] == [note.pitch for note in kept[1]]
    assert after != before
    undo.click()
    expect(undo).to_be_disabled(timeout=60_000)
    expect(page.locator(".compose-play")).to_be_enabled(timeout=60_000)
    assert read_midi(download(page, "MIDI", tmp_path)) == before


def test_midi_file_gives_the_phrase_and_garbage_changes_nothing(page: Page, tmp_path):
    write_midi(tmp_path / "phrase.mid", compose("random-walk", seed=4))
    (tmp_path / "garbage.mid").write_bytes(b"no music in here")
    open_phrase(page)
    upload = page.locator("input[type=file][accept*='.mid']")
    upload.set_input_files(tmp_path / "phrase.mid")
    expect(page.locator(".compose-chosen span")).to_have_count(32)
    expect(page.get_by_text("The first 8 bars are taken; 16 later notes are left out.")).to_be_visible()
    upload.set_input_files(tmp_path / "garbage.mid")
    expect(page.get_by_text("garbage.mid is not a readable MIDI file")).to_be_visible()
    expect(page.locator(".compose-chosen span")).to_have_count(32)


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


def test_visitor_chooses_who_composes_and_is_offered_the_forms_it_knows(page: Page):
    page.get_by_label("Composed by").click()
    page.get_by_role("option", name="LSTM", exact=True).click()
    expect(page.get_by_text("The second experiment of 2002")).to_be_visible(timeout=30_000)
    expect(page.get_by_label("Form", exact=True)).to_have_value("Bebop")
    expect(page.get_by_label("Feel")).to_be_hidden()
    compose_and_wait(page)
    expect(page.locator("#compose-text")).to_contain_text("LSTM: bebop blues in C")
    expect(page.locator("#compose-text")).to_contain_text("It kept the twelve-bar form throughout.")
    expect(page.locator(".compose-edit")).to_be_hidden()
    expect(page.locator(".compose-part")).to_have_count(2)


def test_tab_fits_a_telephone(page: Page):
    page.set_viewport_size({"width": 375, "height": 800})
    compose_and_wait(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
