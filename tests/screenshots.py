"""Take the README's pictures from a running app: `make run` in one terminal, `make screenshots` in another."""

import sys
from pathlib import Path

from conftest import CHROMIUM, CHROMIUM_ARGS
from playwright.sync_api import Page, expect, sync_playwright

FOLDER = Path(__file__).parent.parent / "tabs" / "screenshots"


def compose(page: Page) -> None:
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator(".compose-play")).to_be_enabled(timeout=60_000)


def separate(page: Page) -> None:
    page.locator("#separate-example").click()
    page.locator(".separate-view > div[aria-busy='false']").wait_for(timeout=90_000)
    page.get_by_role("button", name="Use alpha").first.wait_for(timeout=120_000)  # one curve is complete
    expect(page.locator("#separate-status")).not_to_contain_text("Measuring", timeout=120_000)


def listen(page: Page) -> None:
    """A pair of the arena: the page of a study shows the like, but a session is not there to be photographed."""
    page.get_by_role("button", name="Arena").click(timeout=60_000)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled(timeout=600_000)  # pairs are rendered
    for letter in "AB":
        page.get_by_role("button", name=f"Listen to {letter}").click()
        expect(page.get_by_role("button", name=f"Listen to {letter}")).to_contain_text("heard", timeout=60_000)
    page.get_by_role("button", name="Pause", exact=True).click()


def main(url: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        page = browser.new_page(viewport={"width": 1280, "height": 960})
        page.goto(url)
        for name, tour in (("Compose", compose), ("Separate", separate), ("Listen", listen)):
            page.get_by_role("tab", name=name).click()
            tour(page)
            page.evaluate("scrollTo(0, 0)")
            page.wait_for_timeout(1_500)  # pictures and fades settle
            page.screenshot(path=FOLDER / f"{name.lower()}.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860")
