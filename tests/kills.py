"""Kill -9 the processes that write ratings, again and again, over every way to write: is what was acknowledged there?

    PYTHONPATH=. python tests/kills.py --kills 1000

Each process lives for one write, and is killed at a moment drawn over twice the time that such a write takes, which is
followed as the machine gets busy, so that about half of the kills come too early; what was not acknowledged is sent
again, as the page does. Written to benchmarks/results/kills.json.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Client
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from ratings_database import PostgreSQL
from simulated_listeners import running_test
from small_study import EVERY_KIND, parsed
from store_writes import WRITES, Write, outbox

from listening_test import archive
from listening_test.store import Store

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "benchmarks" / "results" / "kills.json"
STEP = 1.1  # by which the next kill comes later or earlier


@dataclass
class Outcome:
    """What came of the kills: by kind of write how many were acknowledged and how many sent again; what was lost."""

    acknowledged: Counter[str] = field(default_factory=Counter)
    sent_again: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    journal_entries: int = 0


class Server:
    """A process that writes, as long as it lives."""

    def __init__(self, address: Path) -> None:
        self.line = Client(str(address))
        self.process: int = self.line.recv()

    def kill(self) -> tuple[str, Any] | None:
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
    """Yield where a new process writes for whoever connects."""
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


def kill_again_and_again(url: str, kills: int, seed: int = 7) -> Outcome:
    """Kill so many processes; then look for everything that any of them acknowledged."""
    chance, outcome = Random(seed), Outcome()
    with closing(Store(url)) as store, servers(url) as address:
        test = running_test(parsed(EVERY_KIND), store)
        writes = outbox(test, chance)
        write, median = undisturbed(Server(address), writes)
        promised: list[tuple[Write, Any]] = []
        slower = 1.0  # than undisturbed
        for _ in range(kills):
            server = Server(address)
            server.line.send((write.name, write.arguments))
            time.sleep(chance.uniform(0, 2 * slower * median[write.name]))
            if (reply := server.kill()) is None:
                outcome.sent_again[write.name] += 1
                slower *= STEP
                continue
            slower /= STEP
            outcome.acknowledged[write.name] += 1
            promised.append((write, reply[1]))
            write = writes.send(reply[1])
        outcome.lost += [str(write) for write, result in promised if not write.holds(test, result)]
        outcome.journal_entries = archive.check(store)
    return outcome


def undisturbed(server: Server, writes: Generator[Write, Any, None]) -> tuple[Write, dict[str, float]]:
    """Write until every kind was seen; return what is due next, and the median seconds of each kind."""
    took: dict[str, list[float]] = {name: [] for name in WRITES}
    write = next(writes)
    while not all(took.values()):
        began = time.perf_counter()
        server.line.send((write.name, write.arguments))
        _, result = server.line.recv()
        took[write.name].append(time.perf_counter() - began)
        write = writes.send(result)
    server.kill()
    return write, {name: statistics.median(seconds) for name, seconds in took.items()}


def main() -> int:
    """Kill over both databases and write what came of it; 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000, help="on each database (%(default)s)")
    kills = parser.parse_args().kills
    with TemporaryDirectory() as room, PostgreSQL() as server:
        urls = {"sqlite": f"sqlite:///{room}/ratings.sqlite", "postgresql": server.new_database()}
        outcomes = {name: kill_again_and_again(url, kills) for name, url in urls.items()}
    figures = {"kills": kills, **{name: vars(outcome) for name, outcome in outcomes.items()}}
    RESULT.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))
    return int(any(outcome.lost for outcome in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
