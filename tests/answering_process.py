"""Processes that write into the ratings database and acknowledge it until they are killed. A life costs a fork.

Arguments: the socket where a new process answers for whoever connects, and the address of the database.
"""

import os
import signal
import sys
from multiprocessing.connection import Connection, Listener
from random import Random

import simulated_listeners
from small_study import EVERY_KIND, parsed
from store_writes import WRITES

from listening_test.session import ListeningTest
from listening_test.store import Store


def acknowledge(test: ListeningTest, line: Connection) -> None:
    """Take a write again and again; send its result back when it is stored."""
    line.send(os.getpid())
    while True:
        name, arguments = line.recv()
        line.send((name, WRITES[name](test, *arguments)))


def main(address: str, url: str) -> None:
    """Fork a process for each connection."""
    test = simulated_listeners.running_test(parsed(EVERY_KIND), Store(url))
    simulated_listeners.Listener(test, Random(0)).finish()  # so that no process has to prepare its statements
    test.store.close()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the killed
    with Listener(address) as listener:
        while True:
            line = listener.accept()
            if os.fork() == 0:
                acknowledge(test, line)
            line.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
