"""A day of visitors in ten minutes: does the memory of the app stay flat?

    python -m benchmarks.soak --seconds 600

A few visitors without a pause take the place of a day's. The first third warms the app up; of the rest, the line
through the memory at each second tells how much it would grow in ten minutes. Written to benchmarks/results/soak.json.
"""

import argparse
import asyncio
import json
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.load import song
from benchmarks.visitors import ROOT, Seen, app, figures, visit

RESULT = ROOT / "benchmarks" / "results" / "soak.json"
VISITORS = Counter({"listen": 6, "compose": 4, "_separate": 2})


def growth(resident_mb: list[float]) -> float:
    """Return by how many MB in ten minutes the memory grows, after the first third (least squares)."""
    steady = resident_mb[len(resident_mb) // 3 :]
    return float(np.polyfit(np.arange(len(steady)), steady, 1)[0] * 600)


def main() -> None:
    """Start the app, visit it, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600, help="(%(default)s)")
    seconds = parser.parse_args().seconds
    seen = Seen()
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        noise = song(room)
        with app(room) as running:
            asyncio.run(visit(running, VISITORS, seconds, noise, seen))
    found = figures(VISITORS, seconds, seen) | {"growth_mb_in_10_minutes": round(growth(seen.resident_mb), 1)}
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
