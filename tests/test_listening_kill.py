"""Kill -9 at any moment: what was acknowledged is stored, what is sent again is stored once."""

import signal
import threading
from contextlib import closing
from pathlib import Path

import httpx
import kills
from page_listener import Listener as PageListener
from page_listener import start_server
from small_study import prepare_small_study
from store_writes import WRITES

from listening_test import archive
from listening_test.store import Store

KILLS = 200  # of each database; `make kills` does a thousand


def test_kills_over_every_way_to_write_lose_nothing_that_was_acknowledged(ratings_url: str) -> None:
    outcome = kills.kill_again_and_again(ratings_url, KILLS)
    assert outcome.lost == []
    assert outcome.acknowledged.total() + outcome.sent_again.total() == KILLS
    assert set(outcome.acknowledged) == set(WRITES), "not every way to write was tried"
    assert 10 < outcome.sent_again.total() < KILLS - 10, "the kills came all too late or all too early"


def test_killing_the_whole_server_loses_no_acknowledged_answer(tmp_path: Path) -> None:
    study_folder, url = prepare_small_study(tmp_path)
    process, address = start_server(study_folder, url)
    acknowledged: list[str] = []
    enough = threading.Event()

    def answer_until_the_end() -> None:
        try:
            while True:
                with httpx.Client(base_url=address, timeout=20) as client:
                    listener = PageListener(client)
                    while not (trial := listener.trial())["finished"]:
                        acknowledged.append(listener.send(trial["trial"]).json()["acknowledged"])
                        if len(acknowledged) >= 40:
                            enough.set()
        except httpx.TransportError:
            return  # the server is gone

    threads = [threading.Thread(target=answer_until_the_end) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        assert enough.wait(60)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        for thread in threads:
            thread.join(30)
    with closing(Store(url)) as store:
        stored = [str(answer.rating.uuid) for answer in store.answers("small-1")]
        archive.check(store)
    assert len(acknowledged) >= 40 and set(acknowledged) <= set(stored) and len(stored) == len(set(stored))
