"""Blocks of a long stream, several at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_ONCE = 2  # each takes memory, and few machines that serve pages have more cores


def in_threads(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Apply a function to items in turn as `map` does, to AT_ONCE of them at a time; the items are made here."""
    running: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        for item in items:
            running.append(pool.submit(function, item))
            if len(running) == AT_ONCE:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
