"""Kill -9 at any moment: what was acknowledged is stored, what is sent again is stored once."""

import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Client
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import UUID

import httpx
from page_listener import Listener as PageListener
from page_listener import start_server
from simulated_listeners import Listener, running_test
from small_study import EVERY_KIND, parsed, prepare_small_study

from listening_test import archive
from listening_test.store import Store
from listening_test.trial import Rating

KILLS = 200
ROOT = Path(__file__).parent.parent


class Server:
    """A process that stores answers, as long as it lives."""

    def __init__(self, address: Path) -> None:
        self.line = Client(str(address))
        self.process: int = self.line.recv()

    def kill(self) -> UUID | None:
        """Kill the process; returns what it acknowledged last, if it came to that."""
        os.kill(self.process, signal.SIGKILL)
        try:
            return self.line.recv()
        except (EOFError, ConnectionResetError):
            return None
        finally:
            self.line.close()


@contextmanager
def servers(url: str) -> Iterator[Path]:
    """Yield where a new process answers for whoever connects."""
    with TemporaryDirectory() as room:
        address = Path(room, "servers")
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
        command = [sys.executable, str(ROOT / "tests" / "answering_process.py"), str(address), url]
        process = subprocess.Popen(command, env=environment)
        while not address.exists():
            assert process.poll() is None
            time.sleep(0.05)
        yield address
        process.kill()
        process.wait()


def outbox(store: Store) -> Iterator[tuple[str, Rating]]:
    """Answers of one listener after another, each to the trial that is due when the one before is stored."""
    test = running_test(parsed(EVERY_KIND), store)
    for number in range(1, KILLS):
        one = Listener(test, Random(number))
        while (trial := test.current(one.code)) is not None:
            yield one.code, one.rating(trial)


def seconds_to_answer(server: Server, answers: Iterator[tuple[str, Rating]]) -> float:
    """How long an answer takes that nobody disturbs."""
    took = []
    for _ in range(5):
        started = time.perf_counter()
        server.line.send(next(answers))
        server.line.recv()
        took.append(time.perf_counter() - started)
    return statistics.median(took)


def test_200_kills_lose_no_acknowledged_answer_and_double_none(ratings_url: str) -> None:
    chance, retried = Random(7), 0
    with closing(Store(ratings_url)) as store, servers(ratings_url) as address:
        answers, server = outbox(store), Server(address)
        median = seconds_to_answer(server, answers)
        server.kill()
        acknowledged = [answer.rating.uuid for answer in store.answers("kinds-1")]
        waiting = next(answers)
        for _ in range(KILLS):
            server = Server(address)
            server.line.send(waiting)
            time.sleep(chance.uniform(0, 2 * median))
            if (uuid := server.kill()) is None:
                retried += 1  # the page keeps the answer and sends it again
            else:
                acknowledged.append(uuid)
                waiting = next(answers)
        stored = {answer.rating.uuid for answer in store.answers("kinds-1")}
        # The last answer may be stored although its acknowledgement never arrived.
        assert set(acknowledged) <= stored <= {*acknowledged, waiting[1].uuid}, "an answer was lost or made up"
        assert len(store.answers("kinds-1")) == len(stored), "an answer was doubled"
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
