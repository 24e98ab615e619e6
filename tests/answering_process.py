"""A process that stores answers and acknowledges them, until it is killed."""

from multiprocessing.connection import Connection

from simulated_listeners import running_test

from listening_test.store import Store
from listening_test.study import Study


def acknowledge(study: Study, url: str, line: Connection) -> None:
    """Take (resume code, rating) from the line; send its UUID back when it is stored."""
    test = running_test(study, Store(url))
    test.store.answers("")  # opens the database
    line.send("ready")
    while True:
        code, rating = line.recv()
        test.answer(code, rating)
        line.send(rating.uuid)
