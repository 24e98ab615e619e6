"""The pages of single trials: what can be rated when, loops, practice, going on elsewhere, withdrawal."""

from collections.abc import Iterator

import httpx
import pytest
from conftest import watched_page
from http_listener import HttpListener
from listen_house import House
from playwright.sync_api import Browser, BrowserContext, Page, expect

from listening_test.response import Adjustment
from listening_test.store import Store


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    visitor = browser.new_context()
    yield visitor
    visitor.close()


@pytest.fixture
def listener(listen_house: House) -> Iterator[HttpListener]:
    with httpx.Client(base_url=listen_house.url, timeout=60) as client:
        entered = HttpListener(client)
        entered.enter()
        yield entered


def opened(context: BrowserContext, house: House, study: str, code: str, play: str = "Play") -> Page:
    """The page of a session that was begun before."""
    kept = {"study": study, f"{study}.code": code, f"{study}.volume": "0.25"}
    for key, value in kept.items():
        context.add_init_script(f"localStorage.setItem('listening-room.{key}', '{value}')")
    faults: list[str] = []
    page = watched_page(context, house.url, faults)
    page.goto(house.url)
    expect(page.get_by_role("button", name=play, exact=True)).to_be_enabled(timeout=20_000)
    assert not faults, faults
    return page


def test_only_the_scale_of_what_is_heard_moves(
    context: BrowserContext, listen_house: House, listener: HttpListener
) -> None:
    listener.advance("mushra")
    page = opened(context, listen_house, "kinds", listener.code)
    scales = [page.get_by_label(f"Rating of {letter}") for letter in "ABCD"]
    for scale in scales:
        expect(scale).to_be_disabled()
        expect(scale).to_have_attribute("aria-valuetext", "not rated")
    page.get_by_role("button", name="Loop", exact=True).click()
    page.get_by_role("button", name="Listen to Reference").click()
    expect(page.get_by_role("button", name="Listen to Reference")).to_have_attribute("aria-pressed", "true")
    for scale in scales:
        expect(scale).to_be_disabled()  # the open reference has no scale
    page.get_by_role("button", name="Listen to B").click()
    expect(scales[1]).to_be_enabled()
    for scale in (scales[0], *scales[2:]):
        expect(scale).to_be_disabled()
    scales[1].click()  # in the middle, where the hidden thumb stands: a rating, too
    expect(scales[1]).to_have_attribute("aria-valuetext", "50, Fair")
    expect(page.get_by_role("status")).to_have_text("Every sound has to be heard for long enough.")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Listen to C")).to_have_attribute("aria-pressed", "true")
    expect(scales[1]).to_be_disabled()
    expect(scales[1]).to_have_value("50")


def test_every_name_stands_over_its_band_on_a_telephone(
    browser: Browser, listen_house: House, listener: HttpListener
) -> None:
    listener.advance("mushra")
    context = browser.new_context(locale="de-DE", viewport={"width": 375, "height": 720})
    page = opened(context, listen_house, "kinds", listener.code, play="Abspielen")
    names = page.locator(".listen-bands > div > span")
    expect(names).to_have_count(5)
    assert names.evaluate_all("names => names.filter((name) => name.scrollWidth > name.clientWidth).length") == 0
    left, _, width, _ = page.get_by_label("Bewertung von A").bounding_box().values()
    for band, name in enumerate(names.all()):
        start, _, across, _ = name.bounding_box().values()
        assert abs(start + across / 2 - left - width * (band + 0.5) / 5) < 4
    page.get_by_role("button", name="Schleife", exact=True).click()
    page.get_by_role("button", name="Anhören: A").click()
    scale = page.get_by_label("Bewertung von A")
    expect(scale).to_be_enabled()
    scale.press("End")
    expect(scale).to_have_attribute("aria-valuetext", "100, Ausgezeichnet")
    context.close()


def test_a_loop_keeps_half_a_second(context: BrowserContext, listen_house: House, listener: HttpListener) -> None:
    listener.advance("preference")
    page = opened(context, listen_house, "kinds", listener.code)
    page.keyboard.press("l")
    start, end = (page.get_by_label(f"Loop {end}") for end in ("from", "to"))
    expect(end).to_have_value("3")
    start.fill("1")
    end.fill("1.2")
    expect(start).to_have_value("0.7")
    expect(end).to_have_value("1.2")
    page.keyboard.press(" ")
    position = page.get_by_label("Position in seconds")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    for _ in range(10):
        page.wait_for_timeout(50)
        assert 0.6 <= float(position.input_value()) <= 1.2
    page.keyboard.press("l")
    expect(page.get_by_role("group", name="Loop")).to_be_hidden()


def test_a_set_alpha_outlives_the_connection(
    context: BrowserContext, listen_house: House, listener: HttpListener
) -> None:
    start = listener.advance("adjustment")["start"]
    receipt = listener.get("session")["receipt"]
    page = opened(context, listen_house, "kinds", listener.code)
    alpha = page.get_by_label("From fuller to cleaner")
    expect(alpha).to_have_value(f"{start:.2f}".rstrip("0").rstrip("."))
    expect(alpha).to_be_disabled()
    page.get_by_role("button", name="Loop", exact=True).click()
    page.get_by_role("button", name="Play", exact=True).click()
    alpha.fill("0.45")
    save = page.get_by_role("button", name="Save and continue")
    expect(save).to_be_enabled()
    context.set_offline(True)
    save.click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is lost")
    expect(alpha).to_have_value("0.45")
    context.set_offline(False)
    page.reload()
    next_trial = page.get_by_role("button", name="Play", exact=True)
    expect(next_trial.or_(page.get_by_role("heading", name="Thank you"))).to_be_enabled()  # it may have been the last
    given = [each.rating.response for each in Store(listen_house.database).answers("kinds-1", receipt)]
    assert Adjustment(0.45) in given


def test_practice_is_named_and_ends_with_a_word(context: BrowserContext, listen_house: House) -> None:
    code = httpx.post(f"{listen_house.url}/listen/practised/session", json={}, timeout=60).json()["code"]
    page = opened(context, listen_house, "practised", code)
    expect(page.get_by_role("heading", name="Practice: trial 1 of 3")).to_be_visible()
    expect(page.get_by_text("This one is for practice and is not counted.")).to_be_visible()
    for letter in "AB":
        page.get_by_role("button", name=f"Listen to {letter}").click()
        expect(page.get_by_role("button", name=f"Listen to {letter}")).to_contain_text("heard")
    expect(page.get_by_role("radio", name="No preference")).to_have_count(0)  # no tie in this study
    page.get_by_role("radio", name="B is much better").check()
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("heading", name="Practice is over")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Trial 2 of 3")).to_be_visible()


def test_a_session_goes_on_in_another_browser_and_is_withdrawn(
    context: BrowserContext, listen_house: House, listener: HttpListener
) -> None:
    listener.answer(listener.get("trial"))
    receipt = listener.get("session")["receipt"]
    page = context.new_page()
    page.goto(listen_house.url)
    page.get_by_role("button", name="One trial of every kind").click()
    page.get_by_text("Go on with a session from another browser").click()
    page.get_by_label("Resume code").fill("nonsense")
    page.get_by_role("button", name="Go on", exact=True).click()
    page.get_by_role("alert").get_by_role("button", name="Continue").click()
    page.get_by_text("Go on with a session from another browser").click()
    page.get_by_label("Resume code").fill(listener.code)
    page.get_by_role("button", name="Go on", exact=True).click()
    expect(page.get_by_role("heading", name="Headphones on, please")).to_be_visible()  # other ears, another level
    page.evaluate("localStorage.setItem('listening-room.kinds.volume', '0.25')")
    page.reload()
    expect(page.get_by_role("heading", name="Trial 2 of 7")).to_be_visible()
    page.get_by_text("Stop here, or go on later").click()
    expect(page.locator(".listen-code")).to_have_text(listener.code)
    page.get_by_text("Withdraw my answers").click()
    page.get_by_role("button", name="Delete my answers").click()
    expect(page.get_by_role("heading", name="Withdrawn")).to_be_visible()
    answers = Store(listen_house.database).answers("kinds-1")
    assert receipt not in {answer.session for answer in answers}
    assert listener.client.get("listen/kinds/trial", headers={"X-Resume-Code": listener.code}).status_code == 404
    page.get_by_role("button", name="Back to the start").click()
    expect(page.get_by_role("heading", name="Which study")).to_be_visible()
