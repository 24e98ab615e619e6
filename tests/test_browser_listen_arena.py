"""The arena as visitors meet it: from the studies to a blind pair, a vote, the names, the leaderboard, and back."""

import arena_battles
import axe_core
from conftest import watched_page
from leaks import leaks
from listen_house import House
from playwright.sync_api import Browser, Page, expect
from ratings_database import rows

from listening_test.arena import COMPOSERS

NAMES = {name for pair in COMPOSERS.items() for name in pair}


def hear_both(page: Page, *, by_key: bool = False) -> None:
    for key, slot in (("1", "A"), ("2", "B")):
        button = page.get_by_role("button", name=f"Listen to {slot}")
        expect(button).to_be_enabled()
        if by_key:
            page.keyboard.press(key)
        else:
            button.click()
        expect(button).to_contain_text("✓ heard", timeout=15_000)


def test_a_visitor_votes_and_learns_who_wrote_them(browser: Browser, listen_house: House) -> None:
    arena_battles.fill(listen_house.folder, seconds=12)
    faults: list[str] = []
    received: list[bytes] = []  # without the sounds, whose bytes are chance
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = watched_page(context, listen_house.url, faults)
    page.on(
        "requestfinished",
        lambda request: received.append(request.response().body()) if "/arena/battle" in request.url else None,
    )
    page.goto(listen_house.url)
    page.get_by_role("button", name="Arena: one quick blind pair").click()
    vote = page.get_by_role("button", name="Vote", exact=True)
    expect(vote).to_be_disabled()
    expect(page.get_by_role("radio", name="A", exact=True)).to_be_disabled()
    assert axe_core.serious(page) == []
    hear_both(page)
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    page.get_by_role("radio", name="B", exact=True).check()
    assert len(received) == 1
    assert leaks(NAMES, [*received, page.content().encode()]) == []
    vote.click()
    expect(page.get_by_role("heading", name="You preferred B.")).to_be_visible()
    query = "SELECT first, second, preferred FROM arena_battle JOIN arena_vote ON battle = id ORDER BY received_ms"
    first, second, preferred = rows(listen_house.database, query)[0]
    assert preferred == 1
    assert page.locator(".listen-debrief dd").all_inner_texts() == [COMPOSERS[first], COMPOSERS[second]]
    assert axe_core.serious(page) == []
    page.get_by_role("button", name="Another pair").press("Enter")
    hear_both(page, by_key=True)
    page.get_by_role("radio", name="A", exact=True).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You had no preference.")).to_be_visible()
    page.get_by_role("button", name="Leaderboard").click()
    expect(page.get_by_text("2 votes by 1 listener.")).to_be_visible()
    assert axe_core.serious(page) == []
    page.get_by_role("button", name="Back to the studies").click()
    expect(page.get_by_role("heading", name="Which study would you like to take part in?")).to_be_visible()
    context.close()
    assert not faults, faults
