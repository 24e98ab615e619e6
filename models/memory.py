"""Memory of a process that serves for weeks, or separates for an hour: what is freed goes back to the system.

The C library of Linux keeps freed memory in the arena of the thread that took it. Threads take turns at the work, so
that each arena grows to the largest piece it has seen, and the process to their sum.
"""

from __future__ import annotations

import ctypes
import sys
import time
from threading import Thread

SECONDS_BETWEEN = 10
MOST_ARENAS = 2
M_ARENA_MAX = -8  # of mallopt(3)


def start_returning() -> None:
    """Let all threads share few arenas, and begin to hand what they freed back every few seconds.

    To be called before there are threads; does nothing where the C library is not glibc.
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    trim = getattr(library, "malloc_trim", None)  # musl has none
    if trim is not None:
        library.mallopt(M_ARENA_MAX, MOST_ARENAS)
        Thread(target=_return, args=(trim,), daemon=True).start()


def _return(trim: ctypes._FuncPointer) -> None:
    while True:
        time.sleep(SECONDS_BETWEEN)
        trim(0)
