"""A whole session of every kind of trial by keyboard alone, under the eyes of axe-core and of a search for names."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_core
import pytest
from leaks import disguises, leaks, secrets_of
from listen_house import CANARIES, House
from playwright.sync_api import Browser, Locator, Page, Response, expect

from listening_test.response import Adjustment, Choice, Comparison, Ratings
from listening_test.store import Store
from listening_test.trial import Answer

TRIALS = 7
MOST_TABS = 80


@dataclass
class Listener:
    """A listener without a mouse, and what was noticed on the way."""

    page: Page
    violations: dict[str, list[str]] = field(default_factory=dict)
    responses: list[Response] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)

    def look(self, name: str) -> None:
        """Keep what axe-core says of the page, and every byte that came or stands in it."""
        self.violations[name] = axe_core.serious(self.page)
        for response in self.responses:
            self.received += [response.url.encode(), repr(response.all_headers()).encode(), response.body()]
        self.responses.clear()
        storage = self.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie")
        self.received += [storage.encode(), self.page.content().encode()]

    def reach(self, target: Locator) -> None:
        """Press Tab until the focus is there."""
        expect(target).to_be_enabled(timeout=20_000)
        for _ in range(MOST_TABS):
            if target.evaluate("(element) => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {target}")

    def press(self, name: str, key: str = "Enter") -> None:
        self.reach(self.page.get_by_role("button", name=name, exact=True))
        self.page.keyboard.press(key)

    def heading(self, name: str) -> None:
        expect(self.page.get_by_role("heading", name=name, exact=True)).to_be_visible(timeout=20_000)

    def hear(self, key: str, name: str) -> None:
        self.page.keyboard.press(key)
        button = self.page.get_by_role("button", name=f"Listen to {name}")
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(button).to_contain_text("heard")


def enter(listener: Listener) -> None:
    """From the choice of a study to the first trial."""
    page = listener.page
    expect(page.get_by_role("heading", name="Which study")).to_be_visible()
    listener.look("studies")
    listener.reach(page.get_by_role("button", name="One trial of every kind"))
    page.keyboard.press("Enter")
    listener.heading("One trial of every kind")
    listener.look("welcome")
    listener.reach(page.get_by_role("checkbox"))
    page.keyboard.press(" ")
    listener.press("Start listening")
    listener.heading("About you")
    listener.look("questionnaire")
    for answer in ("under 30", "no"):
        listener.reach(page.get_by_role("radio", name=answer, exact=True))
        page.keyboard.press(" ")
    listener.press("Continue")
    listener.heading("Headphones on, please")
    listener.press("Continue")
    answer_test(listener, "Left and right", "Left", 3)
    apart, level = (page.get_by_role("heading", name=name) for name in ("Left and right are", "Set the level"))
    expect(apart.or_(level)).to_be_visible()
    if apart.is_visible():
        listener.press("Continue")
    listener.heading("Set the level")
    listener.press("Play the noise", " ")
    listener.reach(page.get_by_label("Volume"))
    page.keyboard.press("ArrowRight")
    listener.look("level")
    listener.press("The level is right")
    answer_test(listener, "Headphone test", "The second", 6)


def answer_test(listener: Listener, title: str, answer: str, count: int) -> None:
    for number in range(1, count + 1):
        listener.heading(f"{title}: {number} of {count}")
        listener.press("Play the sound", " ")
        if number == 1:
            listener.look(title)
        listener.press(answer)


def answer_trial(listener: Listener, number: int) -> None:
    page = listener.page
    listener.heading(f"Trial {number} of {TRIALS}")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled(timeout=20_000)
    save = page.get_by_role("button", name="Save and continue")
    expect(save).to_be_disabled()
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    page.keyboard.press("l")
    sounds = [name.removeprefix("Listen to ") for name in page.locator(".listen-letter").all_text_contents()]
    for name in sounds:
        listener.hear("r" if name in ("X", "Reference") else str("ABCDE".index(name) + 1), name)
        if page.locator(".listen-scale").count() and name != "Reference":
            page.keyboard.press("PageUp")
            page.keyboard.press("ArrowDown")
    if not sounds:
        page.keyboard.press(" ")
        expect(page.locator(".listen-alpha")).to_be_enabled()
        page.keyboard.press("PageUp" if float(page.locator(".listen-alpha").input_value()) < 0.5 else "PageDown")
    for group in page.get_by_role("group").filter(has=page.get_by_role("radio")).all():
        listener.reach(group.get_by_role("radio").first)
        page.keyboard.press("ArrowDown")
    expect(save).to_be_enabled()
    listener.look(f"trial {number}: {', '.join(sounds)}")
    page.keyboard.press("Enter")


@dataclass(frozen=True)
class Outcome:
    """What a finished session left behind."""

    listener: Listener
    answers: list[Answer]
    receipt: str
    folder: Path


@pytest.fixture(scope="module")
def outcome(browser: Browser, listen_house: House) -> Iterator[Outcome]:
    context = browser.new_context()
    listener = Listener(context.new_page())
    listener.page.on("response", lambda response: listener.responses.append(response))
    listener.page.on("console", lambda message: listener.received.append(message.text.encode()))
    listener.page.goto(listen_house.url)
    enter(listener)
    for number in range(1, TRIALS + 1):
        answer_trial(listener, number)
        if number == 4:
            listener.heading("Time for a break")
            listener.press("Continue")
    listener.heading("Thank you")
    listener.look("debrief")
    receipt = listener.page.locator(".listen-receipt").inner_text()
    answers = Store(listen_house.database).answers("kinds-1", receipt)
    yield Outcome(listener, answers, receipt, listen_house.folder)
    context.close()


def test_every_kind_of_answer_arrives(outcome: Outcome) -> None:
    given: dict[str, Any] = {answer.trial.kind: answer.rating.response for answer in outcome.answers}
    assert given["preference"] == Comparison(-2)
    assert given["which-human"] == Choice(1, 2)
    assert given["abx"] == given["triplet"] == Choice(1)
    assert given["rating"] == Ratings((59.0,) * 3)
    assert given["mushra"] == Ratings((59.0,) * 4)
    assert isinstance(given["adjustment"], Adjustment)
    starts = {answer.trial.kind: answer.trial.start for answer in outcome.answers}
    assert abs(given["adjustment"].alpha - starts["adjustment"]) == pytest.approx(0.1, abs=0.006)
    assert {answer.session for answer in outcome.answers} == {outcome.receipt}
    assert len(outcome.answers) == TRIALS


def test_the_log_tells_how_it_was_heard(outcome: Outcome) -> None:
    for answer in outcome.answers:
        kinds = [event.type for event in answer.rating.events]
        assert "loop" in kinds
        assert "play" in kinds
        assert min(answer.rating.heard_ms) >= 100
        if answer.trial.kind in ("rating", "mushra"):
            rated = {event.slot for event in answer.rating.events if event.type == "rate"}
            assert rated == set(range(len(answer.trial.slots)))


def test_axe_finds_nothing_serious_on_any_page(outcome: Outcome) -> None:
    assert len(outcome.listener.violations) == TRIALS + 7
    found = {page: faults for page, faults in outcome.listener.violations.items() if faults}
    assert not found, found


def test_nothing_that_reached_the_browser_names_a_condition(outcome: Outcome) -> None:
    names = secrets_of(outcome.folder, CANARIES)
    assert len(names) > 25  # with the items and the files
    received = outcome.listener.received
    assert sum(map(len, received)) > 10_000_000  # the sounds are among it
    assert b"Which tone do you prefer?" in b"\n".join(received)
    assert leaks(names, received) == []


@pytest.mark.parametrize(
    "planted",
    [
        b"qx7vm2kd",
        b"path/QX7VM2KD.wav",
        base64.b64encode(b"a qx7vm2kd b"),
        base64.b64encode(b"an qx7vm2kd b"),
        base64.b64encode(b"the qx7vm2kd b"),
        b"qx7vm2kd".hex().encode(),
        hashlib.sha256(b"qx7vm2kd").hexdigest().encode(),
        base64.urlsafe_b64encode(hashlib.sha256(b"qx7vm2kd").digest()),
    ],
)
def test_a_planted_name_is_found(planted: bytes) -> None:
    assert leaks(["qx7vm2kd", "zr4ht8bn"], [b"nothing here", b"something " + planted + b" else"]) == ["qx7vm2kd"]
    assert all(len(disguise) >= 8 for disguise in disguises("qx7vm2kd"))
