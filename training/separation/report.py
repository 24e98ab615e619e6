"""The paper's comparison on test material: measures, and writes tables and pictures.

    python -m training.separation.report --data DIR... [--clips DIR...] [--runs DIR] [--out DIR]

What was measured is kept below the folder of runs, so that a second call goes on where the first was stopped.

report.json is {"settings": {...}, "figures": {GROUP: {TITLE: path}}, "groups": {GROUP: {...}}}. A group has "songs"
{NAME: excerpts}, "excerpts", "units" {"by", "n"} of the intervals, "judged" {"scores", "largest_difference_db"} against
mir_eval, "models" and "like_to_like". A model has "alphas" (null for what knows no alpha) and, per alpha, "silent"
{STEM: count} and STEM {"sdr", "sir", "sar": {"mean", "median", "low", "high"}} in dB, STEM being "vocals" or
"accompaniment"; and, if it knows alphas, "best_alpha" {"of_mean", "median"}. "like_to_like" is {RIVAL: {STEM:
{"mean_db", "low_db", "high_db", "wilcoxon_p", ..., "curve": {"sir_db", "difference_db"}}}}: how far the SAR of
deep-karaoke is above the rival's.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import torch

from training import pages
from training.separation.evaluate import FAULTS, Plan, evaluate, write_csv
from training.separation.figures import at_equal_sir, over_alpha
from training.separation.measure import NAMES
from training.separation.summary import SCORES, STEMS, summary
from training.separation.tables import MODEL, markdown, tables_in_brief, trained_on

HERE = Path(__file__).parent
EXCERPTS, SECONDS, BALANCE_DB = 8, 15.0, 0.0
RIVAL = "nmf"


def draw(groups: dict[str, Any], out: Path) -> dict[str, dict[str, str]]:
    """Draw the groups that no model learned from; return the paths from `out` by group and title."""
    drawn: dict[str, dict[str, str]] = {}
    for name, group in groups.items():
        if not trained_on(name):
            paths = {"Scores over alpha": f"figures/alpha-{name}.svg", "SAR at equal SIR": f"figures/sir-{name}.svg"}
            over_alpha(group, MODEL, RIVAL if RIVAL in group["models"] else None, out / paths["Scores over alpha"])
            at_equal_sir(group, out / paths["SAR at equal SIR"])
            drawn[name] = paths
    return drawn


def table(groups: dict[str, Any]) -> list[dict[str, Any]]:
    """List the curves as one row per group, model and alpha."""
    return [
        {"group": name, "model": model, "excerpts": group["excerpts"], "alpha": alpha}
        | {
            f"{stem}_{score}_{key}": figures[stem][score][key][index]
            for stem in STEMS
            for score in SCORES
            for key in ("mean", "median", "low", "high")
        }
        | {f"{stem}_silent": figures["silent"][stem][index] for stem in STEMS}
        for name, group in groups.items()
        for model, figures in group["models"].items()
        for index, alpha in enumerate(figures["alphas"])
    ]


def main() -> int:
    """Measure and write everything; 2 and one line for each thing that the user can put right."""
    parser = argparse.ArgumentParser(prog="python -m training.separation.report", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, nargs="*", default=[], help="folders of songs with stems")
    parser.add_argument("--clips", type=Path, nargs="*", default=[], help="folders of clips as in MIR-1K")
    parser.add_argument("--runs", type=Path, default=Path("runs/separation"), help="folder of what was measured")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of the report")
    given = parser.parse_args()
    torch.set_num_threads(1)
    try:
        plan = Plan(tuple(given.data), tuple(given.clips), NAMES, EXCERPTS, SECONDS, BALANCE_DB, given.runs)
        results, faults = evaluate(plan)
        groups = summary(results)
        report = {"settings": plan.settings(), "figures": draw(groups, given.out), "groups": groups}
        (given.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
        (given.out / "report.md").write_text(markdown(report))
        with (given.out / "report.csv").open("w", newline="") as file:
            write_csv(file, table(groups))
        if given.out == HERE:
            pages.write("separation-report", tables_in_brief(report))
    except (*FAULTS, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 2 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
