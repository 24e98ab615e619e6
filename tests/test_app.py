"""The front door from outside: routes, limits, what is closed, and the shape of the page on a phone."""

import contextlib
import http.client
import json

import httpx
import pytest
from conftest import watched_page
from playwright.sync_api import Browser, Page, expect

# A sight of each tab that is there only when all its scripts have run.
TABS = {"Compose": "#compose-dice", "Separate": "#separate-example", "Listen": ".listen-primary"}


def test_health(app_url: str) -> None:
    answer = httpx.get(f"{app_url}/healthz").json()
    assert answer["status"] == "ok"
    assert answer["models"] in ("loading", "ready")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/gradio_api/runs", 404),
        ("/monitoring", 403),
        ("/gradio_api/file=/etc/passwd", 403),
        ("/gradio_api/file=app.py", 403),
        ("/room/../app.py", 404),
        ("/room/%2e%2e/%2e%2e/app.py", 404),
        ("/docs", 404),
    ],
)
def test_what_is_closed_stays_closed(app_url: str, path: str, status: int) -> None:
    """http.client sends the path as it stands; a client that normalises `..` would not test it."""
    connection = http.client.HTTPConnection(app_url.removeprefix("http://"), timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path)
        assert connection.getresponse().status == status


def test_an_upload_over_the_limit_is_refused(app_url: str) -> None:
    content = {"files": ("large.wav", b"\0" * (106 * 1000 * 1000))}
    assert httpx.post(f"{app_url}/gradio_api/upload", files=content, timeout=60).status_code == 413


def test_the_listening_test_shows_no_endpoint_and_no_name(app_url: str) -> None:
    named = httpx.get(f"{app_url}/gradio_api/info").json()["named_endpoints"]
    assert not [name for name in named if "listen" in name or "vote" in name or "rat" in name.split("/")[-1][:3]]
    assert not [name for name, endpoint in named.items() if "undocumented" in json.dumps(endpoint)]


def test_the_page_has_three_tabs_and_asks_no_other_host(page: Page) -> None:
    expect(page).to_have_title("The Listening Room")
    for name, sight in TABS.items():
        page.get_by_role("tab", name=name).click()
        expect(page.locator(sight).first).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("tab", TABS)
def test_no_tab_scrolls_sideways_on_a_phone(app_url: str, browser: Browser, tab: str) -> None:
    faults: list[str] = []
    context = browser.new_context(viewport={"width": 375, "height": 740})
    phone = watched_page(context, app_url, faults)
    phone.goto(app_url)
    phone.get_by_role("tab", name=tab).click()
    expect(phone.locator(TABS[tab]).first).to_be_visible(timeout=30_000)
    width = phone.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert width <= 375
    assert not faults
