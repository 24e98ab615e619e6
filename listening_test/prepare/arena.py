"""Battles for the arena: two composers write a blues for one fresh seed, until the pool is full."""

from __future__ import annotations

import fcntl
from pathlib import Path
from random import Random

from listening_test import arena, arena_pool
from listening_test.block import Setting
from listening_test.prepare import with_weights
from listening_test.prepare.blues import played

SETTINGS: dict[str, Setting] = {"form": "bebop", "key": "C", "tempo": 120, "choruses": 1}  # those of the study
SEED_BITS = 31


def fill(folder: Path, chance: Random) -> int:
    """Render what the pool lacks, the scarcest pair first; a second process waits and finds the work done.

    Args:
        folder: of the pool.
        chance: draws the seeds, and breaks ties between pairs.

    Returns:
        How many battles were added.

    Raises:
        ValueError: what a model refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    added = 0
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        arena_pool.clear_partial(folder)
        while len(pool := arena_pool.read(folder)) < arena_pool.SIZE:
            _add(folder, arena.scarcest(pool, chance), chance.getrandbits(SEED_BITS))
            added += 1
    return added


def _add(folder: Path, pair: arena.Pair, seed: int) -> None:
    sounds = {name: played(tuple(sorted({**SETTINGS, "model": name}.items())), seed, None) for name in sorted(pair)}
    arena_pool.add(folder, seed, with_weights(sounds))
