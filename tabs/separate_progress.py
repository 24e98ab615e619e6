"""What the Separate tab shows while a job runs: a bar, the share done and the time left."""

from __future__ import annotations

import time

# Before this the first block, which also loads and measures the song, says little about the rest.
ENOUGH_S = 1.0


def waiting(doing: str, done: float, began: float) -> str:
    """Write the progress of a job as HTML.

    Args:
        doing: what is going on, in words.
        done: share done, 0 to 1.
        began: `time.monotonic()` when the job began.
    """
    bar = f'<progress value="{done:.2f}" aria-label="progress"></progress>'
    return f"{bar}{doing}: {done:.0%}{left(time.monotonic() - began, done)}"


def left(elapsed: float, done: float) -> str:
    """Estimate in words how long a job will take that took `elapsed` seconds for the share `done`."""
    if elapsed < ENOUGH_S or not 0.0 < done < 1.0:
        return ""
    seconds = elapsed * (1.0 - done) / done
    return f", about {seconds:.0f} s left" if seconds < 90 else f", about {seconds / 60:.0f} min left"
