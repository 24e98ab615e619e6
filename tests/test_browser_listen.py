"""The Listen tab as listeners meet it: start, hear, choose, reload, finish; nothing but the sound tells A from B."""

import sqlite3
from pathlib import Path

import axe_core
import pytest
from conftest import watched_page
from leaks import leaks, secrets_of
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, expect
from small_study import CANARIES, KIND

from listening_test.response import Comparison
from listening_test.store import Store
from listening_test.trial import Answer

TRIALS = 4
Study = tuple[Path, str]


def listen_tab(page: Page) -> None:
    page.get_by_role("tab", name="Listen").click()


def start(page: Page) -> None:
    listen_tab(page)
    page.get_by_role("button", name="Start listening").click()
    set_level(page)
    expect_pair(page, 1)


def set_level(page: Page) -> None:
    page.get_by_role("button", name="Play the noise").click()
    page.get_by_role("button", name="The level is right").click()


def expect_pair(page: Page, number: int) -> None:
    """The pair is on the page and its sounds are loaded."""
    expect(page.get_by_role("heading", name=f"Trial {number} of {TRIALS}")).to_be_visible()
    expect(page.get_by_role("button", name="Listen to A")).to_be_enabled()


def hear_both(page: Page) -> None:
    for slot in ("A", "B"):
        button = page.get_by_role("button", name=f"Listen to {slot}")
        button.click()
        expect(button).to_contain_text("heard")
    expect(choice(page, "A is better")).to_be_enabled()


def choice(page: Page, label: str) -> Locator:
    return page.get_by_role("radio", name=label, exact=True)


def vote(page: Page, label: str) -> None:
    hear_both(page)
    choice(page, label).check()
    page.get_by_role("button", name="Save and continue").click()


def answers(study: Study, receipt: str | None = None) -> list[Answer]:
    """What is stored of one session, or of all."""
    return Store(study[1]).answers("small-1", receipt)


def grades(study: Study, receipt: str | None = None) -> list[int]:
    responses = [answer.rating.response for answer in answers(study, receipt)]
    return [response.value for response in responses if isinstance(response, Comparison)]


def receipt_of(page: Page) -> str:
    expect(page.get_by_text("Your receipt is")).to_be_visible()
    return page.locator(".listen-receipt").inner_text()


def test_a_listener_rates_reloads_and_finishes(page: Page, small_study: Study) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "/stimulus/" in request.url else None)
    start(page)
    expect(choice(page, "A is better")).to_be_disabled()
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    vote(page, "A is better")
    expect_pair(page, 2)
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    before = fetched[-2:]
    page.reload()
    listen_tab(page)
    expect_pair(page, 2)
    assert fetched[-2:] == before, "the reload shows another pair or another order"
    for number, label in ((2, "B is better"), (3, "No preference"), (4, "B is better")):
        expect_pair(page, number)
        vote(page, label)
    receipt = receipt_of(page)
    assert grades(small_study, receipt) == [-2, 2, 0, 2]
    assert all(min(answer.rating.heard_ms) >= 300 for answer in answers(small_study, receipt))
    page.reload()
    listen_tab(page)
    assert receipt_of(page) == receipt


def test_a_session_by_keyboard_alone(page: Page, small_study: Study) -> None:
    start(page)
    for number in range(1, TRIALS + 1):
        expect_pair(page, number)
        page.keyboard.press(" ")
        expect(page.get_by_role("button", name="Listen to A")).to_have_attribute("aria-pressed", "true")
        for key, slot in (("1", "A"), ("2", "B")):
            page.keyboard.press(key)
            expect(page.get_by_role("button", name=f"Listen to {slot}")).to_contain_text("heard")
        page.keyboard.press(" ")
        expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
        choice(page, "A is slightly better").focus()
        page.keyboard.press("ArrowDown")
        expect(choice(page, "No preference")).to_be_checked()
        page.keyboard.press("Enter")
    receipt = receipt_of(page)
    assert grades(small_study, receipt) == [0] * TRIALS


def test_switching_keeps_the_position_and_leaving_the_tab_falls_silent(page: Page) -> None:
    start(page)
    position = page.get_by_label("Position in seconds")
    page.get_by_role("button", name="Listen to A").click()
    expect(position).not_to_have_value("0")
    earlier = float(position.input_value())
    page.get_by_role("button", name="Listen to B").click()
    expect(page.get_by_role("button", name="Listen to B")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Listen to A")).to_have_attribute("aria-pressed", "false")
    assert float(position.input_value()) >= earlier > 0
    page.get_by_role("tab", name="Compose").click()
    listen_tab(page)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_two_listeners_at_once_have_sessions_of_their_own(browser: Browser, app_url: str, small_study: Study) -> None:
    faults: list[str] = []
    contexts = [browser.new_context() for _ in range(2)]
    pages = [watched_page(context, app_url, faults) for context in contexts]
    labels = ("A is better", "B is better")
    for visitor in pages:
        visitor.goto(app_url)
        start(visitor)
    for number in range(1, TRIALS + 1):
        for visitor, label in zip(pages, labels, strict=True):
            expect_pair(visitor, number)
            vote(visitor, label)
    receipts = [receipt_of(visitor) for visitor in pages]
    for receipt, grade in zip(receipts, (-2, 2), strict=True):
        assert grades(small_study, receipt) == [grade] * TRIALS
    for context in contexts:
        context.close()
    assert not faults, faults


def test_a_database_that_cannot_be_written_loses_nothing(page: Page, small_study: Study) -> None:
    start(page)
    hear_both(page)
    choice(page, "B is better").check()
    blocker = sqlite3.connect(small_study[1].removeprefix("sqlite:///"), isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("alert").filter(has_text="cannot be saved just now")).to_be_visible(timeout=15_000)
    expect(choice(page, "B is better")).to_be_checked()
    blocker.execute("ROLLBACK")
    blocker.close()
    page.get_by_role("button", name="Try again").click()
    expect_pair(page, 2)
    assert grades(small_study)[-1] == 2


def test_an_answer_without_connection_is_sent_after_a_reload(page: Page, small_study: Study) -> None:
    start(page)
    hear_both(page)
    choice(page, "No preference").check()
    page.route("**/listen/*/answer", lambda route: route.abort())
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("alert").filter(has_text="The server does not answer")).to_be_visible()
    page.unroute("**/listen/*/answer")
    page.reload()
    listen_tab(page)
    expect_pair(page, 2)
    assert grades(small_study)[-1] == 0


def test_a_vote_in_a_second_window_is_not_overwritten(page: Page, app_url: str, small_study: Study) -> None:
    start(page)
    second = page.context.new_page()
    second.goto(app_url)
    listen_tab(second)
    expect_pair(second, 1)
    vote(page, "A is better")
    expect_pair(page, 2)
    vote(second, "B is better")
    expect(second.get_by_role("alert").filter(has_text="answered before")).to_be_visible()
    second.get_by_role("button", name="Continue", exact=True).click()
    expect_pair(second, 2)
    assert grades(small_study)[-1] == -2


def test_nothing_that_reaches_the_browser_names_a_condition(page: Page, app_url: str, small_study: Study) -> None:
    received: list[bytes] = []

    def keep(response: Response) -> None:
        received.append((response.url + repr(response.all_headers())).encode())
        if "/listen/" in response.url:
            received.append(response.body())

    page.on("console", lambda message: received.append(message.text.encode()))
    page.on("requestfinished", lambda request: keep(request.response()))
    start(page)
    vote(page, "A is better")
    expect_pair(page, 2)
    received += [page.request.get(f"{app_url}/{path}").body() for path in ("", "config")]
    received.append(page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})").encode())
    received.append(page.content().encode())
    assert b"Which tone do you prefer?" in b"\n".join(received)
    assert leaks(secrets_of(small_study[0].parent, (*CANARIES, KIND)), received) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_tab(page: Page, app_url: str, theme: str) -> None:
    page.goto(f"{app_url}/?__theme={theme}")
    listen_tab(page)
    expect(page.get_by_role("button", name="Start listening")).to_be_visible()
    assert axe_core.serious(page, "#listen") == []
    page.get_by_role("button", name="Start listening").click()
    set_level(page)
    hear_both(page)
    assert axe_core.serious(page, "#listen") == []


@pytest.fixture
def phone(browser: Browser) -> BrowserContext:
    return browser.new_context(viewport={"width": 375, "height": 720}, has_touch=True, is_mobile=True)


def test_the_tab_fits_a_phone(phone: BrowserContext, app_url: str) -> None:
    faults: list[str] = []
    page = watched_page(phone, app_url, faults)
    page.goto(app_url)
    start(page)
    hear_both(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    save = page.get_by_role("button", name="Save and continue")
    assert (save.bounding_box() or {})["height"] >= 40
    phone.close()
    assert not faults, faults
