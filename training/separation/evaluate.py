"""Score separation on songs with stems: python -m training.separation.evaluate --data DIR --models A,B --json FILE.

BSS Eval version 3 (SDR, SIR, SAR in dB; filters of 512 taps are forgiven), without permutation, on the mean of the
channels at the song's own rate, of the excerpts with the strongest vocals; the accompaniment by the paper's rule. What
cannot be scored is named in one line, and the rest is done all the same; the exit status is then 2.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import torch

from audio import AudioError
from models.checkpoint import CheckpointError
from models.separation.bss_eval import BssEvalError
from models.separation.separate import SeparationError
from training.separation.dataset import DatasetError
from training.separation.excerpts import Excerpt, balanced, clip_files, read_clip, read_song, song_folders
from training.separation.measure import NAMES, Result, measure
from training.separation.summary import SCORES, STEMS, rounded, summary

FAULTS = (AudioError, BssEvalError, CheckpointError, DatasetError, SeparationError)


@dataclass(frozen=True)
class Plan:
    """What is scored, and how.

    Attributes:
        data: folders of songs with stems.
        clips: folders of clips as in MIR-1K.
        models: some of NAMES.
        excerpts: excerpts of each song.
        seconds: length of such an excerpt.
        balance_db: level of the vocals against the accompaniment, or None to leave it as it is.
        runs: folder in which to keep what was measured, or None.
    """

    data: tuple[Path, ...]
    clips: tuple[Path, ...]
    models: tuple[str, ...]
    excerpts: int
    seconds: float
    balance_db: float | None
    runs: Path | None

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        unknown = sorted(set(self.models) - set(NAMES))
        if unknown:
            raise SeparationError(f"there is no model {', '.join(unknown)}; choose from {', '.join(NAMES)}")
        if not self.data and not self.clips:
            raise DatasetError("there is nothing to score: give --data or --clips")
        if self.excerpts < 1 or self.seconds < 1.0:
            raise DatasetError(f"need at least 1 excerpt of 1 s, got {self.excerpts} of {self.seconds:g} s")

    def sources(self) -> Iterator[tuple[str, Callable[[], list[Excerpt]]]]:
        """List songs and clips by name, each with what reads it."""
        for data in self.data:
            for folder in song_folders(data):
                yield folder.name, partial(read_song, folder, self.excerpts, self.seconds)
        for clips in self.clips:
            for path in clip_files(clips):
                yield path.name, partial(read_clip, path)

    def settings(self) -> dict[str, Any]:
        """Tell under which conditions was scored."""
        return {
            "metric": "BSS Eval v3, 512 taps, no permutation, mean of channels",
            "rule": "paper",
            "excerpts_per_song": self.excerpts,
            "seconds": self.seconds,
            "balance_db": self.balance_db,
        }


def evaluate(plan: Plan) -> tuple[list[Result], int]:
    """Measure all models on all material; the first excerpt of every song or singer is judged by mir_eval as well.

    Returns:
        The results, and how many songs or clips could not be scored: each is named in a line on standard error.

    Raises:
        DatasetError: none could be scored.
    """
    results: list[Result] = []
    faults, judged = 0, set()
    for name, read in plan.sources():
        try:
            for excerpt in read():
                if plan.balance_db is not None:
                    excerpt = balanced(excerpt, plan.balance_db)
                results += measure(excerpt, plan.models, excerpt.song not in judged, plan.runs)
                judged.add(excerpt.song)
                print(f"{excerpt.song} {excerpt.name}", flush=True)
        except FAULTS as error:
            faults += 1
            print(f"{name}: {error}", file=sys.stderr)
    if not results:
        raise DatasetError("nothing could be scored")
    return results, faults


def rows(results: list[Result]) -> Iterator[dict[str, Any]]:
    """List every score as one row per excerpt, model and alpha; None where there is no score."""
    for result in results:
        columns = {"alpha": rounded(result.curve.alphas)}
        for name in SCORES:
            for stem, values in zip(STEMS, getattr(result.curve, name), strict=True):
                columns[f"{stem}_{name}"] = rounded(values)
        about = {name: getattr(result, name) for name in ("group", "song", "excerpt", "model", "held_out")}
        for figures in zip(*columns.values(), strict=True):
            yield about | dict(zip(columns, figures, strict=True))


def write_csv(file: TextIO, table: list[dict[str, Any]]) -> None:
    """Write rows of one kind under their names."""
    writer = csv.DictWriter(file, table[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)


def main() -> int:
    """Parse the command line, score, write; 2 and one line for each thing that the user can put right."""
    parser = argparse.ArgumentParser(prog="python -m training.separation.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, nargs="*", default=[], help="folders of songs with stems")
    parser.add_argument("--clips", type=Path, nargs="*", default=[], help="folders of clips as in MIR-1K")
    parser.add_argument("--models", default=",".join(NAMES), help="names, separated by commas")
    parser.add_argument("--excerpts", type=int, default=1, help="excerpts of each song")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of an excerpt")
    parser.add_argument("--balance", type=float, help="level of the vocals against the accompaniment in dB, if changed")
    parser.add_argument("--runs", type=Path, help="folder to keep measurements in, and to go on from")
    parser.add_argument("--json", type=Path, required=True, help="rows and their summary")
    parser.add_argument("--csv", type=Path, help="rows alone")
    given = parser.parse_args()
    torch.set_num_threads(1)
    try:
        for path in filter(None, (given.json, given.csv)):
            path.parent.mkdir(parents=True, exist_ok=True)  # before the long work, not after
        models = tuple(given.models.split(","))
        plan = Plan(
            tuple(given.data), tuple(given.clips), models, given.excerpts, given.seconds, given.balance, given.runs
        )
        results, faults = evaluate(plan)
        table = list(rows(results))
        report = {"settings": plan.settings(), "rows": table, "summary": summary(results)}
        given.json.write_text(json.dumps(report, indent=1) + "\n")
        if given.csv:
            with given.csv.open("w", newline="") as file:
                write_csv(file, table)
    except (*FAULTS, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 2 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
