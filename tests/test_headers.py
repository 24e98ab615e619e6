"""What every answer tells the browser: a Space may frame the page, nobody else; nothing is loaded from elsewhere."""

from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from playwright.sync_api import Browser, Route, expect

from tabs import headers


@pytest.mark.parametrize("path", ["/", "/healthz", "/room/sound.js", "/listen/studies", "/gradio_api/info", "/nowhere"])
def test_every_answer_has_the_headers(app_url: str, path: str) -> None:
    found = httpx.get(app_url + path).headers
    assert {name: found[name] for name in headers.HEADERS} == headers.HEADERS
    assert "x-frame-options" not in found, "it would forbid what frame-ancestors allows"


def test_the_policy_names_no_host_but_those_that_may_frame() -> None:
    elsewhere = {what: sources for what, sources in headers.POLICY.items() if "://" in sources}
    assert list(elsewhere) == ["frame-ancestors"] and "*" not in elsewhere["frame-ancestors"].split()


def passed_on(app_url: str, route: Route) -> None:
    """What the proxy of a Space does, without the network."""
    parts = urlsplit(route.request.url)
    told = {"x-forwarded-host": parts.netloc, "x-forwarded-proto": "https"}
    path = urlunsplit(("", "", parts.path, parts.query, ""))
    route.fulfill(response=route.fetch(url=app_url + path, headers={**route.request.headers, **told}))


@pytest.mark.parametrize(
    ("parent", "shown"),
    [("https://huggingface.co/spaces/owner/room", True), ("https://example.org/", False)],
)
def test_a_space_may_frame_the_page_and_nobody_else(app_url: str, browser: Browser, parent: str, shown: bool) -> None:
    context, complaints = browser.new_context(), []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.route("https://owner-room.hf.space/**", lambda route: passed_on(app_url, route))
    frame = "<iframe title='space' src='https://owner-room.hf.space/' width='900' height='600'></iframe>"
    page.route(parent, lambda route: route.fulfill(content_type="text/html", body=frame))
    page.goto(parent, wait_until="commit" if shown else "load")
    if shown:
        expect(page.frame_locator("iframe").get_by_role("tab", name="Listen")).to_be_visible(timeout=30_000)
    # On a Space Gradio's page asks the hub about itself, which the policy forbids too: no request leaves the origin.
    blocked = [text for text in complaints if "frame-ancestors" in text]
    page.unroute_all(behavior="ignoreErrors")
    context.close()
    assert bool(blocked) is not shown, complaints
