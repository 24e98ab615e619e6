"""The joint model's choruses against human solos: the panel inside its bands, copies no longer than players' own.

    python -m training.composition.judge

Improvises a hundred choruses in each style with the seeds 0 to 99, over all twelve-bar forms in turn, and writes
judge.json, the figure figures/panel.svg and the table in RESULTS.md. judge.json is {"choruses", "forms", "styles":
{STYLE: {"limit", "measures": {NAME: {"band", "median", "low", "high", "inside"}}, "measures_inside", "corpus":
BORROWING, "limited": BORROWING, "free": BORROWING}}}. A band is of the human solos, for both styles; low and high are
the 5th and 95th percentile of the choruses, inside the share of them that lies in the band; the panel is that of the
choruses with the limit on copies that the app proposes. BORROWING is what `yardsticks` tells: of the corpus, each
chorus against the other pieces, and of the choruses with and without the limit against the whole corpus.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from models.composition.improvise import trained
from models.composition.originality import STYLES, Index, index
from models.composition.panel import MEASURES, bands, panel
from models.composition.score import Score
from training import pages
from training.composition.choruses import TWELVE_BAR_FORMS, improvised
from training.composition.judge_figures import draw_panel
from training.composition.yardsticks import BAND, BORROWING, borrowing

SEEDS = range(100)
HERE = Path(__file__).parent
REPORT, FIGURE = HERE / "judge.json", HERE / "figures" / "panel.svg"


def measured(scores: list[Score]) -> dict[str, dict[str, Any]]:
    """Hold the panel of choruses against the bands of human solos."""
    panels = [panel(score) for score in scores]
    found = {}
    for measure in MEASURES:
        figures = np.array([figures[measure.name] for figures in panels])
        low, high = bands()[measure.name]
        least, median, most = np.nanpercentile(figures, (BAND[0], 50, BAND[1])).round(4).tolist()
        inside = float(np.mean((figures >= low) & (figures <= high)))
        found[measure.name] = {"band": [low, high], "median": median, "low": least, "high": most, "inside": inside}
    return found


def judged(style: str) -> dict[str, Any]:
    """Judge the choruses of a style."""
    corpus, model = index(style), trained("joint")
    free = [improvised(model, style, seed) for seed in SEEDS]
    # The limit changes nothing until it is met: only where the free chorus copies more is there another with the limit.
    limited = [
        improvised(model, style, seed, corpus.usual_run) if _longest(score, corpus) > corpus.usual_run else score
        for seed, score in zip(SEEDS, free, strict=True)
    ]
    measures = measured(limited)
    return {
        "limit": corpus.usual_run,
        "measures": measures,
        "measures_inside": sum(is_inside(figures) for figures in measures.values()),
        "corpus": json.loads(BORROWING.read_text())[style],
        "limited": borrowing((score, corpus) for score in limited),
        "free": borrowing((score, corpus) for score in free),
    }


def _longest(score: Score, corpus: Index) -> int:
    """Count the notes of the longest copied run."""
    run = corpus.longest(score.notes)
    return run.notes if run else 0


def is_inside(figures: dict[str, Any]) -> bool:
    """Tell whether the median of a measure lies inside the band of human solos."""
    low, high = figures["band"]
    return bool(low <= figures["median"] <= high)


def table(report: dict[str, Any]) -> str:
    """Write the figures for people to read."""
    styles = report["styles"]
    heads = ["measure", "human solos, 5-95 %", *(f"{style}: median, share inside" for style in styles)]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for measure in MEASURES:
        found = [judgement["measures"][measure.name] for judgement in styles.values()]
        cells = [
            f"{each['median']:.2f}{'' if is_inside(each) else ' (outside)'}, {each['inside']:.0%}" for each in found
        ]
        lines.append(
            f"| {measure.text} | {found[0]['band'][0]:.2f} to {found[0]['band'][1]:.2f} | {' | '.join(cells)} |"
        )
    return "\n".join([*lines, "", *(_copies(style, judgement) for style, judgement in styles.items())])


def _copies(style: str, judgement: dict[str, Any]) -> str:
    """Tell of the longest copied runs."""
    corpus, limited, free = (judgement[name] for name in ("corpus", "limited", "free"))
    return (
        f"- {style}: {judgement['measures_inside']} of {len(MEASURES)} medians inside the human band. Longest copied "
        f"run, notes in the median: {limited['longest_run']['median']:.0f} with the limit of {judgement['limit']}, "
        f"{free['longest_run']['median']:.0f} without; a chorus of the corpus shares "
        f"{corpus['longest_run']['median']:.0f} with the others' pieces. New among the runs of five notes: "
        f"{limited['novelty']['4']['median']:.0%}, {free['novelty']['4']['median']:.0%} and "
        f"{corpus['novelty']['4']['median']:.0%}."
    )


def main() -> int:
    """Judge both styles."""
    parser = argparse.ArgumentParser(prog="python -m training.composition.judge", description=__doc__.splitlines()[0])
    parser.parse_args()
    try:
        report = {
            "choruses": len(SEEDS),
            "forms": [form.name for form in TWELVE_BAR_FORMS],
            "styles": {style: judged(style) for style in STYLES},
        }
        REPORT.write_text(json.dumps(report, indent=1) + "\n")
        draw_panel(report, FIGURE)
        pages.write("judge", table(report))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
