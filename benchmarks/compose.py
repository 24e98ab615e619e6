"""Speed of the composer: seconds to compose and to render one chorus of 24 s, models loaded."""

import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from models.composition.generate import compose, trained
from models.composition.render import render

RESULT = Path(__file__).parent / "results" / "compose.json"
REPEATS = 5


def seconds(job: Callable[[], object]) -> float:
    """Median over REPEATS runs."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return round(statistics.median(times), 4)


def main() -> None:
    """Measure, print and write."""
    trained("lstm")
    score = compose()
    figures = {
        "music_s": score.seconds,
        "compose_s": seconds(compose),
        "render_s": seconds(lambda: render(score)),
        "cores": os.cpu_count(),
    }
    print(json.dumps(figures))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
