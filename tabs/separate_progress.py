"""What the Separate tab shows while a job runs: a bar, the share done and the time left."""

from __future__ import annotations

import time

ENOUGH_S = 1.0  # a shorter time says little about the rest


def waiting(doing: str, done: float, began: float, before: float = 0.0) -> str:
    """Write the progress of a job as HTML.

    Args:
        doing: what is going on, in words.
        done: share done, 0 to 1.
        began: `time.monotonic()` when the part began that goes at one pace.
        before: share that was done by then.
    """
    bar = f'<progress value="{done:.2f}" aria-label="progress"></progress>'
    return f"{bar}{doing}: {done:.0%}{left(time.monotonic() - began, done, before)}"


def left(elapsed: float, done: float, before: float = 0.0) -> str:
    """Estimate in words how long a job will take that came in `elapsed` seconds from the share `before` to `done`."""
    if elapsed < ENOUGH_S or not before < done < 1.0:
        return ""
    seconds = elapsed * (1.0 - done) / (done - before)
    return f", about {seconds:.0f} s left" if seconds < 90 else f", about {seconds / 60:.0f} min left"
