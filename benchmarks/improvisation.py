"""Speed of the joint model on one thread: each note or rest that it draws, and a chorus with its band.

The chorus is composed and rendered part by part, as the app does for a take. Times are of the wall's clock and of the
processor; what else the machine has to do lengthens the first. Model and sound font are loaded beforehand. Writes
results/improvisation.json.
"""

import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from models.composition.accompaniment import accompany
from models.composition.blues_form import form_named
from models.composition.improvise import Wish, improvising, trained
from models.composition.render import stems
from models.composition.solo import Manner, call_and_answer

RESULT = Path(__file__).parent / "results" / "improvisation.json"
FORM = form_named("jazz")
SEEDS = range(5)  # a chorus each
CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


def draws(clock: Callable[[], float]) -> dict[str, float]:
    """Time every event of the choruses, in milliseconds."""
    times = []
    for seed in SEEDS:
        events = improvising(Wish(FORM, len(FORM.bars), seed, limit=8), trained("joint"))
        start = clock()
        for _ in events:
            times.append(1000 * (clock() - start))
            start = clock()
    return {
        "events": len(times),
        "event_ms_median": round(statistics.median(times), 2),
        "event_ms_p95": round(statistics.quantiles(times, n=20)[-1], 2),
    }


def chorus_with_band(clock: Callable[[], float]) -> dict[str, float]:
    """Time the choruses with band, in seconds: median and slowest."""
    times = []
    for seed in SEEDS:
        start = clock()
        stems(accompany(call_and_answer((), FORM, Manner(limit=8), seed), seed=seed))
        times.append(clock() - start)
    return {"chorus_s_median": round(statistics.median(times), 3), "chorus_s_slowest": round(max(times), 3)}


def main() -> None:
    """Measure on both clocks, print and write."""
    torch.set_num_threads(1)
    chorus_with_band(time.perf_counter)  # loads what there is to load
    result = {name: draws(clock) | chorus_with_band(clock) for name, clock in CLOCKS.items()}
    machine = {"cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 1)}
    RESULT.write_text(json.dumps(result | machine, indent=1) + "\n")
    print(RESULT.read_text(), end="")


if __name__ == "__main__":
    main()
