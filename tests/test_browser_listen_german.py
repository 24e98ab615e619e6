"""The Listen tab in German, for whoever asks for it; the answers are the same."""

from pathlib import Path

import axe_core
from conftest import watched_page
from playwright.sync_api import Browser, Page, expect
from small_study import GERMAN

from listening_test.response import Comparison
from listening_test.store import Store


def test_a_german_browser_is_spoken_to_in_german(browser: Browser, app_url: str, small_study: tuple[Path, str]) -> None:
    faults: list[str] = []
    context = browser.new_context(locale="de-DE", viewport={"width": 375, "height": 720})
    page = watched_page(context, app_url, faults)
    page.goto(app_url)
    page.get_by_role("tab", name="Hören").click()
    expect(page.get_by_role("heading", name=f"{GERMAN}A small study")).to_be_visible()
    page.get_by_role("button", name="Mit dem Hören beginnen").click()
    page.get_by_role("button", name="Rauschen abspielen").click()
    page.get_by_role("button", name="Die Lautstärke stimmt").click()
    for number in range(1, 5):
        expect(page.get_by_role("heading", name=f"Durchgang {number} von 4")).to_be_visible()
        answer(page)
    assert axe_core.serious(page, "#listen") == []
    expect(page.get_by_text("Ihr Beleg lautet")).to_be_visible()
    answers = Store(small_study[1]).answers("small-1", page.locator(".listen-receipt").inner_text())
    assert [each.rating.response for each in answers] == [Comparison(-2)] * 4
    assert page.locator(".listen-page").get_attribute("lang") == "de"
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    context.close()
    assert not faults, faults


def answer(page: Page) -> None:
    for letter in "AB":
        button = page.get_by_role("button", name=f"Anhören: {letter}")
        button.click()
        expect(button).to_contain_text("gehört")
    page.get_by_text(f"{GERMAN}Which tone do you prefer?").wait_for()
    page.get_by_role("radio", name="A ist besser", exact=True).check()
    page.get_by_role("button", name="Speichern und weiter").click()


def test_the_language_can_be_chosen_and_is_remembered(page: Page) -> None:
    page.get_by_role("tab", name="Listen").click()
    page.get_by_role("button", name="Deutsch").click()
    begin = page.get_by_role("button", name="Mit dem Hören beginnen")
    expect(begin).to_be_visible()
    expect(page.get_by_role("button", name="Deutsch")).to_have_attribute("aria-pressed", "true")
    page.reload()
    page.get_by_role("tab", name="Hören").click()
    expect(begin).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="Start listening")).to_be_visible()
