"""Many songs: find them, separate them one after the other or several at once, and say a line for each.

Apart from `__main__`, whose functions the processes of a pool could not import.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import torch

from audio import AudioError
from models.separation.separate import SeparationError
from models.separation.stream import Cut, separate_file

SUFFIXES = {".wav", ".flac", ".ogg", ".mp3"}


def songs(paths: list[Path]) -> tuple[dict[str, Path], list[str]]:
    """Find the songs to separate; a folder stands for the sound files in it.

    Returns:
        The file of each song by its name, and one line for each folder without songs and each name that comes twice.
    """
    found: dict[str, Path] = {}
    faults = []
    for path in paths:
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
        if not files:
            faults.append(f"{path} holds no sound file ({', '.join(sorted(SUFFIXES))})")
        for file in files:
            if found.setdefault(file.stem, file) != file:
                faults.append(f"{file} is left out: another song is named {file.stem}, and stems would overwrite")
    return found, faults


@dataclass(frozen=True)
class Outcome:
    """What became of one song: a line for standard output, or one for standard error."""

    line: str
    failed: bool


def separate(name: str, path: Path, out: Path, cut: Cut, *, watched: bool) -> Outcome:
    """Separate one song; what is wrong with it becomes a line."""
    torch.set_num_threads(1)  # on cores that others use too, two threads take longer than one
    folder = out / name
    try:
        done = separate_file(path, folder, cut, follow(name, sys.stderr, time.monotonic) if watched else None)
    except (AudioError, SeparationError, OSError) as error:
        return Outcome(str(error) if path.name in str(error) else f"{path}: {error}", True)
    notes = [f"both stems turned down to {done.gain:.2f}, or they would clip"] if done.gain < 1.0 else []
    notes += [done.tags_fault] if done.tags_fault else []
    return Outcome(f"{folder} ({'; '.join(notes)})" if notes else str(folder), False)


def follow(name: str, stream: TextIO, clock: Callable[[], float]) -> Callable[[float], None]:
    """Show in one line how far a song is and how long it will still take, from its first block on."""
    began = clock()

    def show(done: float) -> None:
        left = (clock() - began) * (1 - done) / max(done, 1e-6)
        end = "\r" if done >= 1.0 else ""
        line = "" if done >= 1.0 else f"{name}: {done:.0%}, {left // 60:.0f}:{left % 60:02.0f} left"
        stream.write(f"\r{line:<78}{end}")
        stream.flush()

    return show


def outcomes(found: dict[str, Path], out: Path, cut: Cut, jobs: int) -> Iterator[Outcome]:
    """Separate songs one after the other, or several at once in processes of their own."""
    if jobs == 1:
        watched = sys.stderr.isatty()
        yield from (separate(name, path, out, cut, watched=watched) for name, path in found.items())
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        started = [pool.submit(separate, name, path, out, cut, watched=False) for name, path in found.items()]
        try:
            yield from (song.result() for song in as_completed(started))
        except KeyboardInterrupt:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
