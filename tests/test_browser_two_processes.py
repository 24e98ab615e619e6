"""Two app processes behind one address share a PostgreSQL: a listener may hit either, and one of them may die."""

import os
import signal
from contextlib import ExitStack, closing
from pathlib import Path

from conftest import running_app, watched_page
from playwright.sync_api import Browser
from ratings_database import PostgreSQL
from round_robin import RoundRobin
from small_study import prepare_small_study
from test_browser_listen import TRIALS, expect_pair, listen_tab, start, vote

from listening_test import archive
from listening_test.store import Store


def test_a_listener_may_hit_either_process_and_outlives_one(
    postgresql: PostgreSQL, browser: Browser, tmp_path: Path
) -> None:
    folder, _ = prepare_small_study(tmp_path / "data")
    variables = {"STUDY": str(folder), "DATABASE_URL": postgresql.new_database()}
    with ExitStack() as stack:
        apps = [stack.enter_context(running_app(tmp_path / name, tmp_path, variables)) for name in ("one", "two")]
        proxy = stack.enter_context(RoundRobin([address for address, _ in apps]))
        context, faults = browser.new_context(), []
        context.set_default_timeout(90_000)  # two apps and a browser share the cores
        page = watched_page(context, proxy.address, faults)
        page.goto(proxy.address)
        start(page)
        for number in range(2, TRIALS):
            vote(page, "A is better")
            expect_pair(page, number)
        for kind in ("trial", "stimulus", "answer"):
            assert all(proxy.served[kind, address] for address, _ in apps), f"{kind}: {proxy.served}"
        os.kill(apps[1][1].pid, signal.SIGKILL)
        vote(page, "B is better")
        expect_pair(page, TRIALS)
        page.reload()
        listen_tab(page)
        page.get_by_role("heading", name=f"Trial {TRIALS} of {TRIALS}").wait_for()
        vote(page, "B is better")
        page.get_by_text("Your receipt is").wait_for()
        context.close()
    with closing(Store(variables["DATABASE_URL"])) as store:
        assert [answer.rating.response.value > 0 for answer in store.answers("small-1")] == [False, False, True, True]
        archive.check(store)
    assert not faults, faults
