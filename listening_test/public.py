"""The public data set of a study: answers without people, codebook, card, and a leaderboard anyone can recompute."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from listening_test import votes
from listening_test.contrasts import scored
from listening_test.export import write_table
from listening_test.graded import condition_grades
from listening_test.response import GRADED
from listening_test.study import Study

FEWEST_LISTENERS = 5  # below, one listener could be picked out
WITHHELD = ("received_at", "response_ms", "heard_ms")  # when and how fast somebody answered is nobody's business
DATA = "answers.csv"


def write(folder: Path, plan: Study, long: pd.DataFrame) -> None:
    """Write answers.csv, its codebook, README.md and leaderboard.json.

    Args:
        folder: made if need be.
        plan: the study.
        long: its long table.

    Raises:
        ValueError: too few listeners to hide among.
    """
    listeners = long.listener.nunique()
    if listeners < FEWEST_LISTENERS:
        raise ValueError(f"{listeners} listeners: a public data set needs at least {FEWEST_LISTENERS} to hide among")
    folder.mkdir(parents=True, exist_ok=True)
    table = anonymous(long)
    write_table(table, folder / DATA)
    board = json.dumps(leaderboard(table), indent=1)
    (folder / "leaderboard.json").write_text(board + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_card(plan, table), encoding="utf-8")


def anonymous(long: pd.DataFrame) -> pd.DataFrame:
    """Number the listeners by a code that no session shows, and leave out practice and times."""
    real = long[~long.practice].drop(columns=list(WITHHELD))
    first = real.groupby("listener").apply(lambda own: own[["item", "condition", "value"]].to_json())
    number = {listener: place for place, listener in enumerate(first.sort_values().index, start=1)}
    return real.assign(listener=real.listener.map(number)).sort_values(["listener", "trial", "slot"], ignore_index=True)


def leaderboard(table: pd.DataFrame) -> dict[str, Any]:
    """Rank the conditions of every material and kind that compares or grades, from the public table alone."""
    rows = scored(table).assign(attribute=table.attribute.fillna(""))
    ranked = {kind: _by_grade if kind in GRADED else _by_votes for kind in (*GRADED, "preference")}
    return {
        " ".join(filter(None, (material, kind, attribute))): ranked[kind](own)
        for (kind, material, attribute), own in rows.groupby(["kind", "material", "attribute"])
        if kind in ranked
    }


def _by_grade(own: pd.DataFrame) -> list[dict[str, Any]]:
    found = condition_grades(own, np.random.default_rng(0))
    return [{"condition": each.condition, "median": each.median, "interval": each.median_interval} for each in found]


def _by_votes(own: pd.DataFrame) -> list[dict[str, Any]]:
    """Strengths against the condition whose name comes first, the strongest on top."""
    baseline = min(own.condition)
    found = votes.strengths(own, baseline, np.random.default_rng(0))
    columns = zip(found.conditions, found.win_probability, found.low, found.high, strict=True) if found else ()
    return [
        {"condition": condition, "wins_against": baseline, "share": share, "interval": (low, high)}
        for condition, share, low, high in sorted(columns, key=lambda each: -each[1])
    ]


def _card(plan: Study, table: pd.DataFrame) -> str:
    kinds = ", ".join(sorted(table.kind.unique()))
    return f"""---
license: cc-by-4.0
language: {plan.language}
pretty_name: {json.dumps(plan.title)}
tags: [listening-test, audio]
configs:
- config_name: default
  data_files: {DATA}
---

# {plan.title}

Answers of {table.listener.nunique()} listeners to the study {plan.label}: {kinds}.
{len(table)} rows, one per trial and slot. `answers.codebook.json` explains the columns; `leaderboard.json` follows
from `{DATA}` alone.

Left out: practice trials, times, the questionnaire, and everything that names a person. Listeners are numbered in an
order that does not follow from when they came. Catch trials and hidden repeats are in the table and marked. Nobody
was screened out here; rules and results with and without them are in the study's report.

SHA-256 of the study's file: `{plan.digest}`
"""
