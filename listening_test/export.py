"""Answers as tables: one row per trial and slot, the codebook that explains its columns, and files of both.

Times are ISO 8601, UTC. Practice, catch trials and hidden repeats are in the table and marked; whoever analyses
leaves them out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from listening_test.response import GRADED, PAIRED, Adjustment, Choice, Comparison, Ratings
from listening_test.trial import Answer

CODEBOOK = {
    "study": "name and version of the study",
    "listener": "the session; says nothing about the person",
    "trial": "position of the trial in the session, from 1",
    "kind": "preference, which-human, rating, mushra, abx, adjustment or triplet",
    "material": "what the sounds are made of",
    "item": "name of the item; all conditions of a trial render the same item",
    "attribute": "what was graded; empty where one question is asked",
    "practice": "true: an answer from the training page, never analysed",
    "catch": "true: the right answer was known beforehand; used for screening alone",
    "repeat_of": "position of the trial that this one repeats; empty otherwise",
    "slot": "0 for A, 1 for B and so on, as it stood on the page",
    "condition": "what was in the slot; for an adjustment the voice that was adjusted",
    "role": "system, human, copy, reference (hidden), or which anchor",
    "reference": "condition of the open reference, or of X (abx, triplet); empty without one",
    "value": (
        "rating, mushra: grade 0 to 100. preference: comparison in favour of this slot, -3 much worse to +3 much "
        "better, so that the two slots of a trial add up to 0. which-human, abx, triplet: 1 if this slot was chosen, "
        "else 0. adjustment: the alpha that was set, 0 to 1"
    ),
    "start": "adjustment: where the slider stood at first, 0 to 1; empty otherwise",
    "confidence": "1 guessed to 4 sure; empty where it was not asked for",
    "heard_ms": "how long this slot was audible; for an adjustment all of it",
    "response_ms": "from the page to the answer, by the listener's clock",
    "received_at": "when the answer was stored, by the server's clock",
}
COLUMNS = tuple(CODEBOOK)
FILES = (".csv", ".parquet")
WEBMUSHRA = {"reference": "reference", "low-anchor": "anchor35", "mid-anchor": "anchor70"}  # its names, by role


def long_table(answers: Sequence[Answer]) -> pd.DataFrame:
    """Return one row per trial and slot, with the columns of `CODEBOOK`."""
    table = pd.DataFrame([row for answer in answers for row in _rows(answer)], columns=list(COLUMNS))
    numbers = {"trial": int, "slot": int, "heard_ms": int, "response_ms": int, "practice": bool, "catch": bool}
    numbers |= dict.fromkeys(("value", "repeat_of", "start", "confidence"), float)
    texts = dict.fromkeys(set(COLUMNS) - set(numbers), pd.StringDtype(na_value=np.nan))
    return table.astype(numbers | texts)


def pair_table(long: pd.DataFrame) -> pd.DataFrame:
    """Return one row per paired trial: condition_a, condition_b, value.

    The value is of slot A: a comparison from -3 to +3 in favour of A, or 1 where A was chosen and 0 where B was.
    """
    paired = long[long.kind.isin(PAIRED)]
    first, second = (paired[paired.slot == slot] for slot in (0, 1))
    other = second[["study", "listener", "trial", "condition"]].rename(columns={"condition": "condition_b"})
    return first.rename(columns={"condition": "condition_a"}).merge(other)[
        [column for column in COLUMNS if column not in ("slot", "condition", "role", "value", "heard_ms", "start")]
        + ["condition_a", "condition_b", "value"]
    ]


def webmushra(long: pd.DataFrame) -> pd.DataFrame:
    """Return the grades in the columns that webMUSHRA writes and pymushra reads (results/.../mushra.csv)."""
    rows = long[long.kind.isin(GRADED) & ~long.practice]
    attribute = rows.attribute.fillna("")
    return pd.DataFrame(
        {
            "session_test_id": rows.study,
            "session_uuid": rows.listener,
            "trial_id": rows["item"].where(attribute == "", rows["item"] + "-" + attribute),
            "rating_stimulus": rows.role.map(WEBMUSHRA).fillna(rows.condition),
            "rating_score": rows["value"].round().astype(int),
            "rating_time": rows.response_ms.astype(int),
            "rating_comment": "",
        }
    )


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV or Parquet, by suffix, with its codebook beside it.

    Raises:
        ValueError: another suffix, or Parquet without the library for it.
        OSError: where nothing can be written.
    """
    if path.suffix not in FILES:
        raise ValueError(f"{path}: the suffix must be one of {', '.join(FILES)}")
    if path.suffix == ".csv":
        table.to_csv(path, index=False, lineterminator="\n")
    else:
        try:
            table.to_parquet(path, index=False)
        except ImportError as error:
            raise ValueError(f"{path}: Parquet needs the package pyarrow, which is not installed; use .csv") from error
    known = {column: CODEBOOK[column] for column in table.columns if column in CODEBOOK}
    path.with_suffix(".codebook.json").write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def _rows(answer: Answer) -> Iterator[dict[str, Any]]:
    trial, rating = answer.trial, answer.rating
    values = _values(answer)
    slots = trial.slots[: len(values)]  # an adjustment has layers in its slots, and one value
    confidence = rating.response.confidence if isinstance(rating.response, Choice) else None
    for slot, (shown, value, heard) in enumerate(zip(slots, values, rating.heard_ms, strict=False)):
        yield {
            **{"study": answer.study, "listener": answer.session, "trial": trial.ordinal, "kind": trial.kind},
            **{"material": trial.material, "item": trial.item, "attribute": trial.attribute},
            **{"practice": trial.practice, "catch": trial.catch, "repeat_of": trial.repeat_of, "slot": slot},
            **{"condition": shown.condition, "role": shown.role, "value": value, "start": trial.start},
            **{"reference": trial.reference.condition if trial.reference else None, "confidence": confidence},
            **{"heard_ms": heard, "response_ms": rating.answered_ms - rating.shown_ms},
            **{
                "received_at": datetime.fromtimestamp(answer.received_ms / 1000, UTC).isoformat(timespec="milliseconds")
            },
        }


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


def _values(answer: Answer) -> tuple[float, ...]:
    """Return the value of each slot, as the codebook says."""
    match answer.rating.response:
        case Ratings(values):
            return values
        case Comparison(value):
            return -value, value
        case Choice(slot):
            return float(slot == 0), float(slot == 1)
        case Adjustment(alpha):
            return (alpha,)
