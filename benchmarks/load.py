"""Fifty visitors of all three tabs at once: what is refused, how long does a rating take, how large does the app get?

    python -m benchmarks.load --visitors 50 --seconds 120

Half of them listen and rate, four in ten compose, one in ten separates a song. The app separates one song at a time and
lets the others queue, so that a second separation runs from the command line beside it all the time. Written to
benchmarks/results/load.json.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import audio
from audio import Audio
from benchmarks.visitors import ROOT, Seen, app, figures, visit

RESULT = ROOT / "benchmarks" / "results" / "load.json"
SONG_SECONDS = 30.0
SEPARATE_FOR_EVER = """
from models.separation.__main__ import main
while main() == 0:
    pass
"""


def song(room: Path, seconds: float = SONG_SECONDS) -> Path:
    """Write a song of noise; what it sounds like makes no difference to the work."""
    samples = np.random.default_rng(0).normal(0, 0.1, (2, round(44_100 * seconds))).astype(np.float32)
    audio.write(room / "song.flac", Audio(samples, 44_100))
    return room / "song.flac"


@contextmanager
def separating(room: Path, song: Path) -> Iterator[None]:
    """Separate the song from the command line, again and again."""
    command = [sys.executable, "-c", SEPARATE_FOR_EVER, str(song), "--out", str(room / "stems")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield
        if process.poll() is not None:
            raise SystemExit("the separation beside the app has ended")
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Start the app, load it, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=50, help="at once (%(default)s)")
    parser.add_argument("--seconds", type=float, default=120, help="for which they come (%(default)s)")
    options = parser.parse_args()
    separate, compose = max(1, options.visitors // 10), max(1, options.visitors * 4 // 10)
    visitors = Counter({"listen": options.visitors - separate - compose, "compose": compose, "_separate": separate})
    seen = Seen()
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        noise = song(room)
        with app(room) as running, separating(room, noise):
            asyncio.run(visit(running, visitors, options.seconds, noise, seen))
    found = figures(visitors, options.seconds, seen)
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
