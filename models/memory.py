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


def start_returning() -> None:
    """Begin to hand freed memory back every few seconds, where the C library can (glibc); elsewhere do nothing."""
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
    if trim is not None:
        Thread(target=_return, args=(trim,), daemon=True).start()


def _return(trim: ctypes._FuncPointer) -> None:
    while True:
        time.sleep(SECONDS_BETWEEN)
        trim(0)
