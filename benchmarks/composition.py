"""Speed of every model: seconds to compose one chorus, and how many times faster than real time it is rendered.

Of the joint model also the time per event, and of a chorus with its band: composed, and rendered part by part as the
app does.

Networks and sound font are loaded beforehand. Writes results/composition.json.
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
from models.composition.generate import available, compose
from models.composition.improvise import Wish, improvising, trained
from models.composition.render import render, stems
from models.composition.score import Score
from models.composition.solo import Manner, call_and_answer

RESULT = Path(__file__).parent / "results" / "composition.json"
REPEATS = 5


def seconds(job: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Time a job: median over REPEATS runs, on the wall's clock or another."""
    times = []
    for _ in range(REPEATS):
        start = clock()
        job()
        times.append(clock() - start)
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


def with_band() -> Score:
    """Improvise a chorus over the jazz form, with its band."""
    return accompany(call_and_answer((), form_named("jazz"), Manner(), seed=0))


def improvisation() -> dict[str, float]:
    """Time the joint model event by event over a chorus, and a chorus with its band."""
    torch.set_num_threads(1)
    wish, model = Wish(form_named("jazz"), bars=12, seed=0), trained("joint")
    times = []
    start = time.perf_counter()
    for _ in improvising(wish, model):
        times.append(1000 * (time.perf_counter() - start))
        start = time.perf_counter()
    return {
        "event_ms": round(statistics.median(times), 2),
        "event_ms_95": round(statistics.quantiles(times, n=20)[-1], 2),
        "chorus_with_band_s": round(seconds(lambda: stems(with_band())), 4),
        "chorus_with_band_cpu_s": round(seconds(lambda: stems(with_band()), time.process_time), 4),
    }


def main() -> None:
    """Measure every model that is shipped, print and write."""
    result = {
        "music_s": compose().seconds,
        "models": {model: measure(model) for model in available()},
        "improvisation": improvisation(),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
