"""Separate songs: python -m models.separation SONG... --out DIR [--alpha 0.5] [--soft] [--format flac]."""

from __future__ import annotations

import argparse
import math
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import torch

from audio import SUBTYPES, AudioError
from models.checkpoint import CheckpointError
from models.separation.separate import DEFAULT, MODELS, SeparationError, defaults
from models.separation.stream import Cut, separate_file

SUFFIXES = {".wav", ".flac", ".ogg", ".mp3"}
STOPPED = 130  # as a shell reports an interrupt


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


def separate_all(arguments: argparse.Namespace, cut: Cut) -> int:
    """Separate every song; one that fails gets its line on standard error and does not stop the others.

    Returns:
        The number of failures.
    """
    found, faults = songs(arguments.songs)
    for fault in faults:
        print(fault, file=sys.stderr)
    n_failed = len(faults)
    for outcome in outcomes(found, arguments.out, cut, arguments.jobs):
        n_failed += outcome.failed
        print(outcome.line, file=sys.stderr if outcome.failed else sys.stdout, flush=True)
    return n_failed


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


def unit_interval(text: str) -> float:
    """Parse alpha."""
    value = float(text)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"alpha must lie between 0 and 1, got {text}")
    return value


def positive(text: str) -> int:
    """Parse a number of processes."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"at least 1 process is needed, got {text}")
    return value


def softness(text: str) -> float:
    """Parse a softness."""
    value = float(text)
    if not 0.0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"softness must not be negative, got {text}")
    return value


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.separation", description=__doc__)
    parser.add_argument("songs", metavar="SONG", type=Path, nargs="*", help="sound files, or folders of them")
    parser.add_argument("--out", type=Path, help="folder for the stems: OUT/<song>/vocals.<format>, accompaniment")
    parser.add_argument("--model", default="default", help="a name from --list")
    parser.add_argument("--alpha", type=unit_interval, help="0: all is vocals, 1: nothing is; by default the model's")
    soft = parser.add_mutually_exclusive_group()
    soft.add_argument("--softness", type=softness, help="0: binary masks, 1: the probabilities; by default the model's")
    soft.add_argument("--soft", dest="softness", action="store_const", const=1.0, help="the same as --softness 1")
    parser.add_argument("--format", choices=SUBTYPES, default="wav")
    parser.add_argument("--bits", choices=["16", "24", "float"], default="16", help="of a sample in wav and flac")
    parser.add_argument("--jobs", type=positive, default=1, help="songs at once, in processes of their own")
    parser.add_argument("--list", action="store_true", help="print the models and stop")
    return parser


def main() -> int:
    """Parse the command line and separate; 2, and one line for each thing that failed, on bad input."""
    commands = parser()
    arguments = commands.parse_args()
    if arguments.list:
        print("\n".join(f"{model}{' (default)' if model == DEFAULT else ''}" for model in MODELS))
        return 0
    if not arguments.songs or arguments.out is None:
        commands.error("give at least one song and --out DIR")
    if arguments.bits not in SUBTYPES[arguments.format]:
        commands.error(f"{arguments.format} has no {arguments.bits} bits; use wav, or --bits 16")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # tidies up as after Ctrl-C
    try:
        alpha, soft = defaults(arguments.model)
        cut = Cut(
            arguments.model,
            alpha if arguments.alpha is None else arguments.alpha,
            soft if arguments.softness is None else arguments.softness,
            arguments.format,
            arguments.bits,
        )
        return 2 if separate_all(arguments, cut) else 0
    except (CheckpointError, SeparationError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; songs that are not listed above left no files", file=sys.stderr)
        return STOPPED


if __name__ == "__main__":
    sys.exit(main())
