"""Kill -9 at any moment: what was acknowledged is stored, what is sent again is stored once."""

import multiprocessing
import signal
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from uuid import UUID

import httpx
from answering_process import acknowledge
from page_listener import Listener as PageListener
from page_listener import start_server
from simulated_listeners import Listener, running_test
from small_study import EVERY_KIND, parsed, prepare_small_study

from listening_test import archive
from listening_test.store import Store
from listening_test.study import Study
from listening_test.trial import Rating

KILLS = 200
PROCESSES = multiprocessing.get_context("forkserver")  # so that a life costs milliseconds, not an import


class Server:
    """A process that stores answers, as long as it lives."""

    def __init__(self, study: Study, url: str) -> None:
        self.line, other = PROCESSES.Pipe()
        self.process = PROCESSES.Process(target=acknowledge, args=(study, url, other))
        self.process.start()
        other.close()
        assert self.line.recv() == "ready"

    def kill(self) -> UUID | None:
        """Kill the process; returns what it acknowledged last, if it came to that."""
        self.process.kill()
        self.process.join()
        try:
            return self.line.recv()
        except (EOFError, ConnectionResetError):
            return None
        finally:
            self.line.close()


def outbox(study: Study, store: Store) -> Iterator[tuple[str, Rating]]:
    """Answers of one listener after another, each to the trial that is due when the one before is stored."""
    test = running_test(study, store)
    for number in range(KILLS):
        one = Listener(test, Random(number))
        while (trial := test.current(one.code)) is not None:
            yield one.code, one.rating(trial)


def test_200_kills_lose_no_acknowledged_answer_and_double_none(ratings_url: str) -> None:
    study = replace(parsed(EVERY_KIND), practice=0, repeats=0.0, catch_every=0)
    chance, acknowledged, retried = Random(7), [], 0
    with closing(Store(ratings_url)) as store:
        answers = outbox(study, store)
        server, took = Server(study, ratings_url), []
        for _ in range(9):
            started = time.perf_counter()
            server.line.send(next(answers))
            acknowledged.append(server.line.recv())
            took.append(time.perf_counter() - started)
        server.kill()
        waiting = next(answers)
        for _ in range(KILLS):
            server = Server(study, ratings_url)
            server.line.send(waiting)
            time.sleep(chance.uniform(0, 2 * statistics.median(took)))
            if (uuid := server.kill()) is None:
                retried += 1  # the page keeps the answer and sends it again
            else:
                acknowledged.append(uuid)
                waiting = next(answers)
        server = Server(study, ratings_url)
        server.line.send(waiting)
        acknowledged.append(server.line.recv())
        server.kill()
        stored = [answer.rating.uuid for answer in store.answers("kinds-1")]
        assert sorted(stored) == sorted(acknowledged), "an answer was lost or doubled"
        assert 10 < retried < KILLS - 10, "the kills came all too late or all too early"
        archive.check(store)


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
