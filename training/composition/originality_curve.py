"""Originality over training: does the joint model copy more the longer it learns?

    python -m training.composition.originality_curve --snapshots DIR

Of each state that `joint_train --snapshots DIR` kept, choruses are improvised without a limit on copies and held
against the corpus of their style, and this against how much the corpus borrows from itself (after Yin, Reuben, Stepney
& Collins 2022). Writes originality_curve.json and figures/originality.svg: {"choruses", "styles": {STYLE: {"corpus":
BORROWING, "states": [{"updates", "bits", "borrowing": BORROWING}]}}}, bits being the training loss per event of
durations, pitches and velocities together, BORROWING as in `yardsticks`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from models import checkpoint
from models.composition.improvise import model_of
from models.composition.originality import STYLES, index
from training.composition.choruses import improvised
from training.composition.judge_figures import draw_curve
from training.composition.yardsticks import BORROWING, borrowing

SEEDS = range(30)
HERE = Path(__file__).parent
REPORT, FIGURE = HERE / "originality_curve.json", HERE / "figures" / "originality.svg"


def state(path: Path, style: str) -> dict[str, Any]:
    """Measure a state of the model in one style."""
    saved = checkpoint.load(path)
    updates, *bits = saved.provenance["curve"][-1]
    model, corpus = model_of(saved, path.name), index(style)
    copied = borrowing((improvised(model, style, seed), corpus) for seed in SEEDS)
    print(f"{path.stem} {style}: {copied['longest_run']}", flush=True)
    return {"updates": updates, "bits": round(sum(bits), 4), "borrowing": copied}


def main() -> int:
    """Measure and draw."""
    parser = argparse.ArgumentParser(
        prog="python -m training.composition.originality_curve", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--snapshots", type=Path, required=True, help="folder that joint_train kept states in")
    arguments = parser.parse_args()
    paths = sorted(arguments.snapshots.glob("*.safetensors"))
    try:
        if not paths:
            raise ValueError(f"{arguments.snapshots} holds no checkpoints; train with --snapshots")
        corpora = json.loads(BORROWING.read_text())
        styles = {
            style: {"corpus": corpora[style], "states": [state(path, style) for path in paths]} for style in STYLES
        }
        report = {"choruses": len(SEEDS), "styles": styles}
        REPORT.write_text(json.dumps(report, indent=1) + "\n")
        draw_curve(report, FIGURE)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
