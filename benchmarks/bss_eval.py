"""Seconds to score a sweep over 11 alphas of a 3-minute song, ours beside mir_eval; writes results/bss_eval.json.

Both score the same estimates of both stems, one alpha after the other and in turns; making them is not timed.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from pathlib import Path

import numpy as np
from mir_eval.separation import bss_eval_sources

from models.separation.bss_eval import References

SECONDS = 180
RATE = 44_100
ALPHAS = np.linspace(0.05, 0.95, 11)  # at 0 and 1 a stem is silent, which mir_eval refuses
RESULTS = Path(__file__).parent / "results" / "bss_eval.json"


def main() -> None:
    """Time both, and write the figures with the largest difference in dB."""
    warnings.simplefilter("ignore", FutureWarning)  # mir_eval announces the end of its separation module
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((2, SECONDS * RATE))
    ours_s, peer_s, difference = 0.0, 0.0, 0.0
    start = time.perf_counter()
    references = References(truth)
    set_up_s = time.perf_counter() - start
    for alpha in ALPHAS:
        estimates = truth + (1 - alpha) * truth[::-1] + alpha * rng.standard_normal(truth.shape)
        start = time.perf_counter()
        scores = [references.score(estimate, source) for source, estimate in enumerate(estimates)]
        scored = time.perf_counter()
        peer = np.array(bss_eval_sources(truth, estimates, compute_permutation=False)[:3]).T
        peer_s += time.perf_counter() - scored
        ours_s += scored - start
        difference = max(difference, float(np.abs([(s.sdr, s.sir, s.sar) for s in scores] - peer).max()))
    result = {
        "song_seconds": SECONDS,
        "alphas": len(ALPHAS),
        "set_up_seconds": round(set_up_s, 2),
        "sweep_seconds_with_set_up": round(set_up_s + ours_s, 2),
        "mir_eval_sweep_seconds": round(peer_s, 2),
        "times_faster": round(peer_s / (set_up_s + ours_s), 1),
        "largest_difference_db": difference,
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
