"""What new melodies are held against: the bands of the panel and the indexes of copies, made from the corpora.

    python -m training.composition.yardsticks --weimar DIR

Writes to models/composition bands.json (5th and 95th percentile of every measure over the twelve-bar choruses),
originality_weimar.npz and originality_licks.npz (hashes of runs of notes and names of solos, never notes), and beside
this file borrowing.json: how much the choruses of each corpus borrow from the rest of it, where the rest has no piece
by the same player or of the same tune. That is {STYLE: {"choruses", "longest_run": SPREAD, "novelty": {N: SPREAD}}}, a
SPREAD of the longest copied run in notes (0: fewer than five) or of the share of new n-grams of tokens being {"median",
"mean", "low", "high"}, the last two the 2.5th and 97.5th percentile.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.composition.events import notes_of
from models.composition.originality import FILE_NAME, SHORTEST_RUN, STYLES, Index, novelty, tokens_of, windows_of
from models.composition.panel import BANDS, MEASURES, panel
from models.composition.score import Score
from training.composition.choruses import choruses, corpus

BAND = (5, 95)
NOVELTY = range(4, 13)  # tokens
SAMPLED_PIECES = 100  # of which borrowing is measured
BORROWING = Path(__file__).with_name("borrowing.json")


def band(scores: Sequence[Score]) -> dict[str, list[float]]:
    """Find the 5th and 95th percentile of every measure; melodies that lack a figure do not count for it."""
    panels = [panel(score) for score in scores]
    return {
        measure.name: np.nanpercentile([figures[measure.name] for figures in panels], BAND).round(4).tolist()
        for measure in MEASURES
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Sum up figures of many choruses; nan counts for nothing."""
    low, median, high = np.nanpercentile(values, (2.5, 50, 97.5)).round(4).tolist()
    return {"median": median, "mean": round(float(np.nanmean(values)), 4), "low": low, "high": high}


def borrowing(compared: Iterable[tuple[Score, Index]]) -> dict[str, Any]:
    """Measure how much choruses copy, each from its index."""
    found = [(len(chorus.notes), index.copied(chorus.notes)) for chorus, index in compared]
    return {
        "choruses": len(found),
        "longest_run": spread([max((run.notes for run in runs), default=0) for _, runs in found]),
        "novelty": {str(n): spread([novelty(runs, notes, n) for notes, runs in found]) for n in NOVELTY},
    }


def measure(style: str, folder: Path, out: Path) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Write the index of a style; return the band of its choruses and how much they borrow."""
    pieces = corpus(style, folder)
    hashed = [(piece.name, windows_of(tokens_of(notes_of(piece.events)))) for piece, _ in pieces]
    index = Index.of(hashed)
    found = borrowing(
        (chorus, rest)
        for piece, kin in pieces[:SAMPLED_PIECES]
        for rest in [index.without(kin)]
        for chorus in choruses(piece)
    )
    usual_run = max(round(found["longest_run"]["median"]), SHORTEST_RUN)
    Index.of(hashed, usual_run).save(out / FILE_NAME.format(style=style))
    return band([chorus for piece, _ in pieces for chorus in choruses(piece)]), found


def main() -> int:
    """Measure both corpora."""
    parser = argparse.ArgumentParser(
        prog="python -m training.composition.yardsticks", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--weimar", type=Path, required=True, help="folder of the tables of human solos")
    arguments = parser.parse_args()
    try:
        found = {style: measure(style, arguments.weimar, BANDS.parent) for style in STYLES}
        for path, place in ((BANDS, 0), (BORROWING, 1)):
            path.write_text(json.dumps({style: both[place] for style, both in found.items()}, indent=1) + "\n")
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
