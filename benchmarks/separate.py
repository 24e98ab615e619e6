"""Seconds and peak memory of the command line on a 3-minute stereo song at 44.1 kHz; writes results/separate.json."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import audio
from audio import Audio

SECONDS = 180
RATE = 44_100
ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "separate.json"


def song() -> Audio:
    """Make three minutes of stereo: a chord of sawtooths and noise; what sounds does not change the cost."""
    rng = np.random.default_rng(0)
    samples = 0.1 * rng.standard_normal((2, SECONDS * RATE), dtype=np.float32)
    t = np.arange(SECONDS * RATE, dtype=np.float32) / RATE
    for hz in (110.0, 138.6, 164.8):
        samples += 0.1 * ((t * np.float32(hz)) % 1.0 - 0.5)
    return Audio(samples, RATE)


def main() -> None:
    """Run the command as a user does, start-up and files included, and write the figures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "song.wav"
        audio.write(path, song())
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "models.separation", path, "--out", folder], cwd=ROOT, check=True)
        seconds = time.perf_counter() - start
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        mixture, *stems = (audio.read(file).samples for file in (path, *sorted(path.with_suffix("").iterdir())))
    result = {
        "song_seconds": SECONDS,
        "seconds": round(seconds, 1),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        "real_time_factor": round(seconds / SECONDS, 3),
        "peak_mb": round(used.ru_maxrss / 1024),
        "largest_sum_error": float(np.abs(sum(stems) - mixture).max()),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
