"""Trading fours in the real page, on a stand-in for a MIDI keyboard: answered on the bar line or not at all; saved."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
import pytest
from conftest import ROOT
from playwright.sync_api import Locator, Page, Request, Route, expect

import audio

PROBE = ROOT / "benchmarks" / "live_probe.js"
TEMPO, TICK_S = 200, 60 / 200 / 12
COUNT_IN = 8 * 12  # ticks, at this tempo
TURN, EXCHANGE = 48, 96  # ticks of one bar each
CALL = ((0, 6, 60), (12, 6, 63), (20, 8, 65))  # tick, ticks, pitch
AFTERTHOUGHT = (38, 6, 67)  # struck when the call is on its way
PHRASE = (*CALL, AFTERTHOUGHT)
TAIL_S = 1.5  # of a saved sound, for the last notes to ring
LATE = "The answer came too late, so the band plays on alone. Your turn comes next."
LOST = "The server does not answer, so the band plays on alone. It is asked again after your next turn."
# Warnings pass with the turn, so they are noted.
NOTE_WARNINGS = """
    window.warned = [];
    new MutationObserver(() => {
        const words = document.querySelector(".live-view [role=alert]")?.textContent;
        if (words) window.warned.push(words);
    }).observe(document, { subtree: true, childList: true });
"""
# The visitor counts from the first sound, not from when the test has heard of it.
PLAY_FROM_THE_FIRST_SOUND = """(notes) => {
    const waiting = setInterval(() => {
        if (probe.sounds.length === 0) return;
        clearInterval(waiting);
        probe.play(notes.map((note) => ({ ...note, at: probe.sounds[0].at + note.at })));
    }, 10);
}"""


@pytest.fixture
def room(page: Page) -> Locator:
    """The part, set up for one bar at 200 beats per minute."""
    page.add_init_script(path=PROBE)
    page.add_init_script(NOTE_WARNINGS)
    page.reload()
    page.get_by_role("button", name="Trade fours").click()
    room = page.locator(".live-view")
    room.get_by_label("Bars per turn").select_option("1")
    room.get_by_label("Tempo").fill(str(TEMPO))
    return room


def begin(page: Page, room: Locator) -> float:
    """Start, play the phrase in every exchange, and return the time of the first bar line on the audio clock."""
    room.get_by_role("button", name="Connect a MIDI keyboard").click()
    expect(room.get_by_text("Connected: Probe keyboard.")).to_be_visible()
    notes = [
        {"at": (COUNT_IN + n * EXCHANGE + tick) * TICK_S, "seconds": ticks * TICK_S, "pitch": pitch, "velocity": 90}
        for n in range(20)
        for tick, ticks, pitch in PHRASE
    ]
    page.evaluate(PLAY_FROM_THE_FIRST_SOUND, notes)
    room.get_by_role("button", name="Start").click()
    page.wait_for_function("probe.sounds.length > 0")
    return page.evaluate("probe.sounds[0].at") + COUNT_IN * TICK_S


def await_turns(page: Page, whose: str, count: int) -> None:
    reached = "([whose, count]) => probe.turns.filter(({ turn }) => turn === whose).length >= count"
    page.wait_for_function(reached, arg=[whose, count], timeout=90_000)


def await_next(page: Page, whose: str) -> None:
    await_turns(page, whose, Counter(turns(page))[whose] + 1)


def turns(page: Page) -> list[str]:
    return [turn["turn"] for turn in page.evaluate("probe.turns")]


def outcomes(page: Page) -> list[str]:
    """Of each exchange that is over, who played its second half: network or band. The one after may be cut anywhere."""
    begun = turns(page)
    return [turn for turn in begun if turn in ("network", "band")][: begun.count("you") - 1]


def within(ticks: list[float], exchanges: int) -> list[float]:
    return [tick for tick in ticks if tick < exchanges * EXCHANGE - 0.5]


def ticks_by_player(page: Page, zero: float, samples: dict[str, Any]) -> dict[str, list[float]]:
    """When each instrument begins its notes, the visitor's and the count-in apart."""
    found: dict[str, list[float]] = {name: [] for name in (*samples, "you")}
    for sound in page.evaluate("probe.sounds"):
        tick = round((sound["at"] - zero) / TICK_S, 6)
        names = [name for name, notes in samples.items() if sound["offset"] in [offset for _, offset, _ in notes]]
        if tick > -0.5 or sound["struck"]:
            found["you" if sound["struck"] else names[0]].append(tick)
    return {name: sorted(ticks) for name, ticks in found.items()}


class Wire:
    """What the page asks of the server functions, and what it gets."""

    def __init__(self, page: Page) -> None:
        self.asked: dict[str, list[Request]] = {"sounds": [], "band": [], "answer": []}
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if "/component_server" in request.url:
            self.asked[request.post_data_json["fn_name"]].append(request)

    def calls(self) -> list[dict[str, Any]]:
        return [request.post_data_json["data"] for request in self.asked["answer"]]

    def replies(self, function: str) -> list[dict[str, Any]]:
        return [request.response().json() for request in self.asked[function] if request.response()]


def test_a_call_is_answered_on_the_bar_line_and_both_players_are_saved(page: Page, room: Locator, tmp_path: Path):
    wire = Wire(page)
    zero = begin(page, room)
    await_turns(page, "network", 2)
    await_next(page, "you")
    earliest = page.evaluate("probe.context.currentTime") - zero
    room.get_by_role("button", name="Stop").click()
    latest = page.evaluate("probe.context.currentTime") - zero

    for number, call in enumerate(wire.calls()):
        assert call["first_bar"] == 2 * number + 1
        assert 0 < len(call["notes"]) <= len(CALL)
        begun = CALL[: len(call["notes"])]
        assert [pitch for _, _, pitch, _ in call["notes"]] == [pitch for _, _, pitch in begun]
        assert [start for start, *_ in call["notes"]] == pytest.approx([tick for tick, *_ in begun], abs=1)

    ended = outcomes(page)
    replies = wire.replies("answer")[: len(ended)]  # there may be one more, to the call after
    answers = [
        n * EXCHANGE + TURN + start
        for n, (whose, reply) in enumerate(zip(ended, replies, strict=True))
        for start, *_ in reply["notes"]
        if whose == "network"
    ]
    band = wire.replies("band")[0]["notes"]
    played = ticks_by_player(page, zero, wire.replies("sounds")[0]["samples"])
    assert within(played["Tenor sax"], len(ended)) == pytest.approx(answers, abs=1e-6)
    for name in ("Piano", "Double bass", "Drums"):
        planned = [start for start, *_, instrument in band if instrument == name]
        assert played[name] == pytest.approx(planned[: len(played[name])], abs=1e-6)

    score = pretty_midi.PrettyMIDI(str(saved(page, room, "Save MIDI", tmp_path / "trading-ones-C-200bpm.mid")))
    tracks = {track.name: sorted(track.notes, key=lambda note: note.start) for track in score.instruments}
    assert tracks.keys() == {"You", "Network", "Piano", "Double bass", "Drums"}
    mine = [(n * EXCHANGE + tick, ticks, pitch) for n in range(20) for tick, ticks, pitch in PHRASE][
        : len(tracks["You"])
    ]
    assert len(mine) >= 2 * len(PHRASE)
    assert [note.pitch for note in tracks["You"]] == [pitch for *_, pitch in mine]
    assert starts(tracks["You"]) == pytest.approx([tick for tick, *_ in mine], abs=1)
    held = [note.duration / TICK_S for note in tracks["You"]]
    assert held[:-1] == pytest.approx([ticks for _, ticks, _ in mine][:-1], abs=1)
    assert within(starts(tracks["Network"]), len(ended)) == pytest.approx(answers, abs=0.1)

    sound = audio.read(saved(page, room, "Save WAV", tmp_path / "trading-ones-C-200bpm.wav"))
    assert earliest <= sound.duration - TAIL_S <= latest + 0.1
    assert -35 < audio.loudness(sound) < -10
    assert 0.05 < np.abs(sound.samples).max() < 1


def saved(page: Page, room: Locator, button: str, path: Path) -> Path:
    with page.expect_download() as download:
        room.get_by_role("button", name=button).click()
    assert download.value.suggested_filename == path.name
    download.value.save_as(path)
    return path


def starts(notes: list[pretty_midi.Note]) -> list[float]:
    return [note.start / TICK_S for note in notes]


def test_without_an_answer_the_band_plays_on_and_the_next_one_is_in_time(page: Page, room: Locator):
    wire = Wire(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.post_data_json["fn_name"] == "answer" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/component_server/**", hold)
    zero = begin(page, room)
    await_turns(page, "band", 1)
    held[0].continue_()
    await_turns(page, "network", 1)

    page.context.set_offline(True)
    page.wait_for_function("(words) => warned.includes(words)", arg=LOST)
    await_next(page, "band")
    page.context.set_offline(False)
    await_next(page, "network")
    await_next(page, "you")
    room.get_by_role("button", name="Stop").click()

    assert set(page.evaluate("warned")) == {LATE, LOST}
    whose = outcomes(page)
    played = ticks_by_player(page, zero, wire.replies("sounds")[0]["samples"])
    answers = within(played["Tenor sax"], len(whose))
    assert {whose[int(tick // EXCHANGE)] for tick in answers} == {"network"}
    assert all(tick % EXCHANGE >= TURN for tick in answers)
    assert np.diff(played["Drums"]).max() == pytest.approx(12)
    assert {tick // TURN for tick in played["Drums"]} >= set(range(2 * len(whose)))


def test_a_refused_keyboard_and_a_silent_server_are_told_and_the_piano_plays(page: Page, room: Locator):
    connect, alert = room.get_by_role("button", name="Connect a MIDI keyboard"), room.get_by_role("alert")
    page.evaluate(
        "() => { navigator.requestMIDIAccess = async () => { throw new DOMException('', 'SecurityError'); }; }"
    )
    with page.expect_response("**/note-bank-*"):
        connect.click()
    expect(alert).to_contain_text("The browser refused access to MIDI keyboards.")
    page.evaluate("navigator.requestMIDIAccess = undefined")
    connect.click()
    expect(alert).to_contain_text("This browser has no Web MIDI.")

    page.context.set_offline(True)
    room.get_by_role("button", name="Start").click()
    expect(alert).to_have_text("The server does not answer. Try again in a moment.")
    for play in (lambda: page.keyboard.press("a"), room.get_by_role("button", name="C5", exact=True).click):
        before = page.evaluate("probe.sounds.length")
        play()
        page.wait_for_function("(before) => probe.sounds.length === before + 1", arg=before)

    page.context.set_offline(False)
    room.get_by_role("button", name="Start").click()
    room.get_by_role("button", name="Stop").click()
    expect(room.get_by_role("status")).to_have_text("Stopped.")
    expect(room.get_by_label("Tempo")).to_be_enabled()
    expect(alert).to_be_empty()
