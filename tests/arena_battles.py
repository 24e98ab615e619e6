"""A pool of prepared battles whose sounds are short tones: no composer runs, and no renderer has to."""

from pathlib import Path

from small_study import tone

from listening_test import arena_pool
from listening_test.arena import PAIRS

SECONDS = 2.0


def fill(folder: Path, seconds: float = SECONDS) -> None:
    """Write battles of every pair below a data folder, as many as keep the renderer from starting."""
    for number in range(2 * len(PAIRS)):
        pair = sorted(PAIRS[number % len(PAIRS)])
        sounds = {
            name: (tone(200.0 + 90 * n, level=0.1 * (n + 1), seconds=seconds), {"model": name})
            for n, name in enumerate(pair)
        }
        arena_pool.add(arena_pool.folder_of(folder), 1000 + number, sounds)
