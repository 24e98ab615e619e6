"""A visitor compares the networks in the real page: one beginning, one clock, wrong chords marked."""

import base64
import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect
from test_browser_compose import HEARD, LISTEN, open_phrase

import audio
from models.composition.blues_form import BEBOP
from models.composition.generate import compose
from models.composition.metrics import form_errors
from models.composition.render import render
from tabs.compose_comparison import compared, verdict
from tabs.compose_take import COMPOSERS, Take, Wishes, view

PLAYING = "#compose-comparison .compose-sounding h4"
# Strongly red pixels in the notes of each bar of a one-line roll (the first chorus), as (bar -> count).
RED = """(canvas) => {
    const { width, height } = canvas;
    const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    const bars = Array(12).fill(0);
    for (let i = 0; i < pixels.length; i += 4) {
        const [red, green, blue] = pixels.slice(i, i + 3);
        if (red > 180 && green < 140 && blue < 140) bars[Math.floor((((i / 4) % width) / width) * 12)]++;
    }
    return bars;
}"""


def open_comparison(page: Page) -> None:
    page.get_by_role("button", name="Compare the networks").click()
    expect(page.locator("#compose-compare")).to_be_visible()


def compare_and_wait(page: Page) -> None:
    page.locator("#compose-compare").click()
    expect(page.locator("#compose-comparison .compose-play:enabled")).to_have_count(len(compared()), timeout=90_000)


def seconds(page: Page) -> int:
    minutes, rest = page.locator("#compose-comparison .compose-time").inner_text().split(" / ")[0].split(":")
    return 60 * int(minutes) + int(rest)


def test_one_beginning_continued_by_every_model_on_one_clock(page: Page):
    page.add_init_script(LISTEN)
    page.reload()
    open_phrase(page)
    for name in ("Add E", "Add G", "Add A"):
        page.get_by_role("button", name=name, exact=True).click()
    page.get_by_label("Seed number").fill("21")
    open_comparison(page)
    compare_and_wait(page)
    rows = page.locator("#compose-comparison .compose-row")
    expect(rows.locator("h4")).to_have_text([COMPOSERS[name][0] for name in compared()])
    for row, name in enumerate(compared()):
        played = compose(name, seed=21, choruses=2, primer=(64, 67, 69))
        words = verdict(list(form_errors(played, BEBOP)), 2)
        expect(rows.nth(row).locator("p").last).to_have_text(words)

    rolls = page.get_by_role("slider", name=re.compile("Piano roll of"))
    box = rolls.first.bounding_box()
    rolls.first.click(position={"x": box["width"] * 0.52, "y": box["height"] / 2})  # seventh bar, in all of them
    for row in range(rows.count()):
        expect(rolls.nth(row)).to_have_attribute("aria-valuenow", "7")
    page.get_by_role("button", name="Play Random walk").click()
    expect(page.locator(PLAYING)).to_have_text("Random walk")
    page.wait_for_function(HEARD)
    before = seconds(page)
    page.get_by_role("button", name="Play LSTM", exact=True).click()
    expect(page.locator(PLAYING)).to_have_text("LSTM")
    assert before <= seconds(page) <= before + 10
    page.get_by_role("button", name="Pause LSTM", exact=True).click()
    expect(page.locator(PLAYING)).to_have_count(0)
    page.locator("#compose-comparison").get_by_role("button", name="Chorus 2").click()
    expect(rolls.last).to_have_attribute("aria-valuenow", "13")


def test_the_take_and_the_comparison_never_sound_together(page: Page):
    page.get_by_role("button", name="Compose", exact=True).click()
    take = page.locator("#compose-take .compose-play")
    expect(take).to_be_enabled(timeout=60_000)
    open_comparison(page)
    compare_and_wait(page)
    take.click()
    expect(take).to_have_text("Pause")
    page.get_by_role("button", name="Play Random walk").click()
    expect(take).to_have_text("Play")
    expect(page.locator(PLAYING)).to_have_text("Random walk")
    take.click()
    expect(page.locator(PLAYING)).to_have_count(0)


@pytest.fixture(scope="module")
def wandering(tmp_path_factory) -> dict:
    """One chorus whose chords are not the chart's in bars 3 and 8."""
    right = compose("random-walk", seed=1, tempo=300)
    moved = [
        replace(note, pitch=note.pitch + 1) if note.part == "chords" and note.start // 48 in (2, 7) else note
        for note in right.notes
    ]
    wav = tmp_path_factory.mktemp("sound") / "take.wav"
    score = replace(right, notes=tuple(moved))
    audio.write(wav, render(score, sample_rate=8000))
    wishes = Wishes("C", 300, 1, "Tenor sax", "Piano", 1, [], 0.5, 1.0)
    shown = view(Take("random-walk", wishes, score, 0))
    sound = f"data:audio/wav;base64,{base64.b64encode(wav.read_bytes()).decode()}"
    return shown | {"sound": sound, "title": "Wanderer", "about": "", "verdict": verdict(shown["wrongBars"], 1)}


def test_wrong_chords_are_hatched_and_named(page: Page, wandering: dict):
    assert wandering["wrongBars"] == [2, 7]
    assert wandering["verdict"] == "Wrong chords in 2 of 12 bars: 3, 8."
    page.evaluate(
        """async (take) => {
            const element = document.createElement("div");
            element.innerHTML = '<div class="compose-comparison"></div>';
            element.style.width = "1200px";
            document.body.prepend(element);
            const { mountComparison } = await import(new URL("room/comparison.js", document.baseURI));
            mountComparison(element, { value: { takes: [take] } }, () => {});
        }""",
        wandering,
    )
    roll = page.get_by_role("slider", name="Piano roll of Wanderer")
    expect(page.get_by_role("button", name="Play Wanderer")).to_be_enabled()
    red = roll.evaluate(RED)
    assert min(red[2], red[7]) > 200
    assert sum(red) - red[2] - red[7] < 20
    roll.focus()
    page.keyboard.press("ArrowRight")
    expect(roll).to_have_attribute("aria-valuetext", "bar 2")
    page.keyboard.press("ArrowRight")
    expect(roll).to_have_attribute("aria-valuetext", "bar 3, wrong chord")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [([], "Every chord of the 24 bars is right."), ([2, 6, 7, 8], "Wrong chords in 4 of 24 bars: 3, 7\u20139.")],
)
def test_verdict_counts_as_musicians_do(wrong, words):
    assert verdict(wrong, 2) == words


def test_a_comparison_too_long_is_refused_and_the_one_before_stays(page: Page):
    open_comparison(page)
    compare_and_wait(page)
    page.get_by_role("spinbutton", name=re.compile("Tempo")).fill("40")
    page.get_by_role("spinbutton", name=re.compile("Tempo")).press("Tab")
    page.locator("#compose-compare").click()
    expect(page.get_by_text("2 choruses at 40 beats per minute are too long to compare")).to_be_visible()
    expect(page.locator("#compose-comparison .compose-play:enabled")).to_have_count(len(compared()))


def test_comparison_fits_a_telephone(page: Page):
    page.set_viewport_size({"width": 375, "height": 800})
    open_comparison(page)
    compare_and_wait(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
