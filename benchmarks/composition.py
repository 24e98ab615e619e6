"""Speed of every model: seconds to compose one chorus, and how many times faster than real time it is rendered.

Networks and sound font are loaded beforehand. Writes results/composition.json.
"""

import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from models.composition.generate import available, compose
from models.composition.render import render

RESULT = Path(__file__).parent / "results" / "composition.json"
REPEATS = 5


def seconds(job: Callable[[], object]) -> float:
    """Time a job: median over REPEATS runs."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(model: str) -> dict[str, float]:
    """Time one chorus of a model at 120 beats per minute, stereo at 44.1 kHz."""
    score = compose(model)
    render(score)
    composing = seconds(lambda: compose(model))
    rendering = seconds(lambda: render(score))
    return {
        "compose_s": round(composing, 4),
        "render_s": round(rendering, 4),
        "render_times_real_time": round(score.seconds / rendering, 1),
    }


def main() -> None:
    """Measure every model that is shipped, print and write."""
    result = {
        "music_s": compose().seconds,
        "models": {model: measure(model) for model in available()},
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
