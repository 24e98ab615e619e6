"""Seconds and peak memory to separate a 3-minute stereo song at 44.1 kHz; writes results/separate.json."""

from __future__ import annotations

import json
import os
import resource
import time
from pathlib import Path

import numpy as np

from audio import Audio
from models.separation.separate import DEFAULT, predict, predictor, split

SECONDS = 180
RATE = 44_100
RESULTS = Path(__file__).parent / "results" / "separate.json"


def song() -> Audio:
    """Make three minutes of stereo: a chord of sawtooths and noise; what sounds does not change the cost."""
    rng = np.random.default_rng(0)
    samples = 0.1 * rng.standard_normal((2, SECONDS * RATE), dtype=np.float32)
    t = np.arange(SECONDS * RATE, dtype=np.float32) / RATE
    for hz in (110.0, 138.6, 164.8):
        samples += 0.1 * ((t * np.float32(hz)) % 1.0 - 0.5)
    return Audio(samples, RATE)


def peak_mb() -> float:
    """Return the largest resident size of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Time the network and the split apart, and write the figures."""
    predictor(DEFAULT)
    stereo = song()
    before = peak_mb()
    start = time.perf_counter()
    probabilities = predict(stereo)
    predicted = time.perf_counter()
    vocals, accompaniment = split(stereo, probabilities, 0.5)
    done, peak = time.perf_counter(), peak_mb()
    error = float(np.abs(vocals.samples + accompaniment.samples - stereo.samples).max())
    result = {
        "song_seconds": SECONDS,
        "network_seconds": round(predicted - start, 2),
        "split_seconds": round(done - predicted, 2),
        "real_time_factor": round((done - start) / SECONDS, 4),
        "peak_mb": round(peak),
        "peak_mb_before": round(before),
        "largest_sum_error": error,
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
