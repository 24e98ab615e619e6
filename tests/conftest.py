"""Fixtures of the browser tests: one running app, one Chromium, and a page that notices what a user would not."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import arena_battles
import httpx
import pytest
from listen_house import House, served
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from ratings_database import PostgreSQL
from small_study import prepare_small_study

from listening_test import arena_pool

ROOT = Path(__file__).parent.parent
CHROMIUM = "/usr/bin/chromium"
# Every other host is unresolvable, so a request that leaves the origin fails, and `page` reports it.
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


expect.set_options(timeout=20_000)  # two workers share two cores with their apps and browsers


LONG_WAITS = ("test_fuzz.py", "test_separation_library.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of the longest tests, so that no worker waits for them at the end."""
    items.sort(key=lambda item: item.path.name not in LONG_WAITS)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def ratings_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty ratings database: whatever holds for one kind has to hold for the other."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql").new_database()
    return f"sqlite:///{tmp_path / 'ratings.sqlite'}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the app stopped with exit status {process.returncode}"
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"no answer from {url} within {seconds} s")


@pytest.fixture(scope="session")
def small_study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """STUDY and DATABASE_URL of the app under test: short tones, prepared beforehand."""
    return prepare_small_study(tmp_path_factory.mktemp("study"))


@contextmanager
def running_app(
    room: Path, working_directory: Path, variables: dict[str, str]
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The real app in its own process; yields its address and the process. Its log may hold no traceback."""
    room.mkdir(exist_ok=True)
    port, log = free_port(), room / "app.log"
    own = {"HOST": "127.0.0.1", "PORT": str(port), "GRADIO_TEMP_DIR": str(room / "gradio")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py")],
            cwd=working_directory,
            env={**os.environ, **own, **variables},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", process)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            process.wait(timeout=30)
    assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory, small_study: tuple[Path, str]) -> Iterator[str]:
    """An app with its own database and folders, for all tests."""
    variables = {"STUDY": str(small_study[0]), "DATABASE_URL": small_study[1]}
    with running_app(tmp_path_factory.mktemp("app"), ROOT, variables) as (address, _):
        yield address


@pytest.fixture(scope="session")
def listen_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The Listen page alone, with a study of every kind of trial and one with practice."""
    with served(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="session")
def arena_pool_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A full pool of battles between short tones, to be copied."""
    folder = tmp_path_factory.mktemp("pool")
    arena_battles.fill(folder)
    return arena_pool.folder_of(folder)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


def watched_page(context: BrowserContext, origin: str, faults: list[str]) -> Page:
    """A page that writes every request to another host and every uncaught script error into `faults`."""
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    page.on(
        "request",
        lambda request: (
            faults.append(f"foreign request: {request.url}")
            if not request.url.startswith((origin, "blob:", "data:", "about:"))
            else None
        ),
    )
    return page


@pytest.fixture
def page(app_url: str, browser: Browser) -> Iterator[Page]:
    """A fresh visitor on the app's front page."""
    faults: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    visitor = watched_page(context, app_url, faults)
    visitor.goto(app_url)
    yield visitor
    context.close()
    assert not faults, faults
