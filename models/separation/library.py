"""Separate a whole music library on many machines: python -m models.separation.library FOLDER --out DIR [--workers N].

Ray (https://www.ray.io, an optional extra) deals the songs out, one task a song. A task separates into a hidden folder
of its own and then renames it to the song's, which a file system does at once or not at all. So what is there is whole;
a worker that dies costs the song it was at, which Ray gives to another; a run that is started again goes on; and a song
that is there is never done again, whoever else tries.

What grows with the machines: songs per hour, as long as the storage that they share can read and write as fast (a
three-minute song is 32 MB in and 63 MB out as WAV). What does not: the time of one song, and the one process that deals
out, which handles a few thousand tasks a second, far more than a thousand machines finish.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from models.separation import __main__ as command
from models.separation import batch
from models.separation.stream import Cut

PART = ".part-"  # how the hidden folders begin
MOST_TRIES = 5  # of a song whose workers die


@dataclass(frozen=True)
class Outcome:
    """What became of a song: its path below the library without suffix, and a reason where it failed."""

    song: str
    state: Literal["done", "was there", "failed"]
    reason: str = ""


def songs(library: Path) -> dict[str, Path]:
    """Find all songs below a folder, each by its path without suffix, as its stems will be filed.

    Raises:
        FileNotFoundError: there is no such folder, or no song in it.
        ValueError: two songs differ only in their suffix.
    """
    found: dict[str, Path] = {}
    for path in sorted(library.rglob("*")):
        if path.suffix.lower() in batch.SUFFIXES:
            name = str(path.relative_to(library).with_suffix(""))
            if name in found:
                raise ValueError(f"{found[name].name} and {path.name} would overwrite each other's stems; rename one")
            found[name] = path
    if not found:
        raise FileNotFoundError(f"{library} holds no sound file ({', '.join(sorted(batch.SUFFIXES))})")
    return found


def separate(song: str, path: Path, out: Path, cut: Cut) -> Outcome:
    """Separate one song unless it is there; this is what a worker does."""
    target = out / song
    if target.exists():
        return Outcome(song, "was there")
    scratch = out / f"{PART}{os.uname().nodename}-{os.getpid()}"
    try:
        made = batch.separate(path.stem, path, scratch, cut, watched=False)
        if made.failed:
            return Outcome(song, "failed", made.line)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            (scratch / path.stem).rename(target)
        except OSError:  # another worker's stems stand there already: a folder that is not empty is never replaced
            if not target.exists():
                raise
            return Outcome(song, "was there")
        return Outcome(song, "done")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def clear(out: Path) -> None:
    """Remove what workers that were killed left behind."""
    for left_over in out.glob(f"{PART}*"):
        shutil.rmtree(left_over, ignore_errors=True)


def separate_library(library: Path, out: Path, cut: Cut, *, workers: int, address: str | None) -> Iterator[Outcome]:
    """Deal the songs of a library out; yields an Outcome as each is through.

    Args:
        library: folder of songs, at the same path on every machine.
        out: folder for the stems, likewise; one run at a time may fill it.
        cut: how each song is separated.
        workers: songs at a time on this machine, where Ray is started here.
        address: of a Ray cluster that runs already.

    Raises:
        ModuleNotFoundError: Ray is not installed.
        ChildProcessError: Ray did not start.
        FileNotFoundError, ValueError: see `songs`.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # before Ray is imported: nothing is reported to anybody
    import ray

    waiting = songs(library)
    out.mkdir(parents=True, exist_ok=True)
    clear(out)
    try:
        ray.init(address=address) if address else ray.init(num_cpus=workers, include_dashboard=False)
    except (OSError, ValueError):
        raise
    except Exception as error:  # it has no type of its own for a node that does not start in time
        raise ChildProcessError(f"Ray did not start: {error} Try again when the machine is less busy.") from error
    try:
        task = ray.remote(num_cpus=1, max_retries=MOST_TRIES)(separate)
        running = [task.remote(song, path.absolute(), out.absolute(), cut) for song, path in waiting.items()]
        while running:
            (ready, *_), running = ray.wait(running)
            yield ray.get(ready)
    finally:
        ray.shutdown()
        clear(out)


def main() -> int:
    """Parse the command line and separate; 2, and one line for each song that failed."""
    parser = argparse.ArgumentParser(prog="python -m models.separation.library", description=__doc__.splitlines()[0])
    parser.add_argument("library", metavar="FOLDER", type=Path, help="songs, in folders of any depth")
    parser.add_argument("--out", type=Path, required=True, help="the same tree, with a folder of stems for each song")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="songs at a time on this machine")
    parser.add_argument("--address", help="of a running Ray cluster, such as auto; the default starts one here")
    parser.add_argument("--json", type=Path, help="write what became of each song to this file")
    arguments, options = parser.parse_known_args()
    outcomes = []
    try:
        # The other options are those for a single song.
        cut = command.cut_of(command.parser().parse_args([*options, "--out", str(arguments.out)]))
        work = separate_library(
            arguments.library, arguments.out, cut, workers=arguments.workers, address=arguments.address
        )
        for outcome in work:
            outcomes.append(outcome)
            print(f"{outcome.song}: {outcome.state} {outcome.reason}".rstrip(), flush=True)
    except ModuleNotFoundError:
        print("this command needs Ray: pip install ray==2.60.0", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1))
    return 2 if any(outcome.state == "failed" for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
