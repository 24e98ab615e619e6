"""What the answers say: every section of a study, with everybody and without the listeners that screening names.

A section is one kind of trial on one material, and one attribute where grades are given. The listener is the unit of
every test and interval; the items are taken as given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from listening_test import votes
from listening_test.adjusted import Adjusted, adjusted
from listening_test.block import Block
from listening_test.bradley_terry import Strengths
from listening_test.contrasts import Contrast, contrast, corrected, scored
from listening_test.graded import ConditionGrades, condition_grades
from listening_test.mixed_model import JUDGED, MixedModel, mixed_model
from listening_test.reliability import Reliability, reliability
from listening_test.response import GRADED, PAIRED
from listening_test.screening import screen, without_excluded
from listening_test.study import Study
from listening_test.votes import Guessing, PairVotes, Sides


@dataclass(frozen=True)
class Section:
    """Results of one kind of trial on one material; what does not apply is empty.

    Attributes:
        kind: what listeners did.
        material: what the sounds are made of.
        attribute: what was graded; None where one question was asked.
        question: what was asked.
        listeners: who answered.
        answers: trials that count.
        grades: every graded condition, best first.
        mixed: the mixed-effects model of the grades.
        contrasts: the planned ones; none for ABX, where neither sound is better.
        votes: of every pair.
        sides: whether slot A was favoured.
        strengths: Bradley-Terry, against the first condition of the first pair; where there are several pairs.
        guessing: right answers of which-human and ABX, of every pair and of all, by name.
        adjusted: the alpha that was set, of all items and of each.
        reliability: agreement of listeners with themselves and one another.
    """

    kind: str
    material: str
    attribute: str | None
    question: str
    listeners: int
    answers: int
    grades: tuple[ConditionGrades, ...]
    mixed: MixedModel | None
    contrasts: tuple[Contrast, ...]
    votes: tuple[PairVotes, ...]
    sides: Sides | None
    strengths: Strengths | None
    guessing: dict[str, Guessing]
    adjusted: tuple[Adjusted, ...]
    reliability: Reliability | None


@dataclass(frozen=True)
class Verdict:
    """A rule that excludes a listener: the rule's identity, what was measured, and the limit."""

    listener: str
    rule: str
    value: float
    threshold: float


@dataclass(frozen=True)
class Results:
    """All sections, over some listeners.

    Attributes:
        listeners: who answered anything but practice.
        complete: who answered all trials.
        answers: trials that count.
        sections: in the order of the study.
    """

    listeners: int
    complete: int
    answers: int
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Analysis:
    """The results of a study.

    Attributes:
        study: name and version.
        everybody: results of all listeners.
        screened: results of those whom no rule excludes; the same object where nobody is excluded.
        verdicts: who is excluded, by which rule.
    """

    study: str
    everybody: Results
    screened: Results
    verdicts: tuple[Verdict, ...]


def analyse(plan: Study, long: pd.DataFrame, *, seed: int = 0) -> Analysis:
    """Analyse a study.

    Args:
        plan: the study; its pairs and attributes are the planned contrasts.
        long: its long table.
        seed: of bootstrap and sign flips.
    """
    verdicts = screen(long, plan.screening, plan.trials, 1000 * plan.minimum_seconds)
    excluded = [
        Verdict(row.listener, row.rule, float(row.value), float(row.threshold))
        for row in verdicts[verdicts.excluded.astype(bool)].itertuples()
    ]
    kept = without_excluded(long, verdicts)
    everybody = _results(plan, long, seed)
    screened = _results(plan, kept, seed) if excluded else everybody
    return Analysis(plan.label, everybody, screened, tuple(excluded))


def planned(block: Block) -> tuple[tuple[str, str], ...]:
    """Return the contrasts of a block: its pairs, or the first system that is listed against all others graded."""
    if block.trial in PAIRED:
        return block.pairs
    judged = [name for name, condition in block.conditions.items() if condition.role in JUDGED]
    first = next((name for name in judged if block.conditions[name].role == "system"), None)
    return tuple((first, other) for other in judged if other != first) if block.trial in GRADED and first else ()


def _results(plan: Study, long: pd.DataFrame, seed: int) -> Results:
    counted = scored(long)
    trials = counted.groupby("listener").trial.nunique()
    return Results(
        listeners=len(trials),
        complete=int((trials >= plan.trials).sum()),
        answers=int(trials.sum()),
        sections=tuple(_sections(plan, long[~long.practice & ~long["catch"]], np.random.default_rng(seed))),
    )


def _sections(plan: Study, real: pd.DataFrame, generator: np.random.Generator) -> Iterator[Section]:
    for block in plan.blocks:
        own = real[(real.kind == block.trial) & (real.material == block.material)]
        if not block.attributes:
            yield _section(block, None, own, generator)
        for attribute in block.attributes:
            yield _section(block, attribute, own[own.attribute == attribute], generator)


def _section(block: Block, attribute: str | None, own: pd.DataFrame, generator: np.random.Generator) -> Section:
    rows = scored(own)
    graded, paired, compared = block.trial in GRADED, block.trial in PAIRED, block.trial in ("preference", "triplet")
    pairs = planned(block)
    contrasts = () if block.trial == "abx" else corrected(contrast(rows, *pair, generator) for pair in pairs)
    counted = (votes.pair_votes(rows, *pair, generator) for pair in pairs) if compared else ()
    return Section(
        kind=block.trial,
        material=block.material,
        attribute=attribute,
        question=block.attributes[attribute] if attribute else block.question,
        listeners=rows.listener.nunique(),
        answers=len(rows[["listener", "trial"]].drop_duplicates()),
        grades=condition_grades(rows, generator) if graded else (),
        mixed=mixed_model(rows) if graded else None,
        contrasts=contrasts,
        votes=tuple(each for each in counted if each is not None),
        sides=votes.sides(rows, generator) if paired else None,
        strengths=votes.strengths(rows, pairs[0][0], generator) if compared and len(pairs) > 1 and len(rows) else None,
        guessing=dict(_guessing(block, rows, generator)) if block.trial in ("which-human", "abx") else {},
        adjusted=adjusted(rows, generator) if block.trial == "adjustment" else (),
        reliability=reliability(own, rows) if len(rows) and block.trial != "abx" else None,
    )


def _guessing(block: Block, rows: pd.DataFrame, generator: np.random.Generator) -> Iterator[tuple[str, Guessing]]:
    """Yield all answers, then those to each pair."""
    right = rows.condition == rows.reference if block.trial == "abx" else rows.role == "human"
    pair = rows.groupby(["listener", "trial"]).condition.transform(lambda names: " ".join(sorted(names)))
    wanted = [(" / ".join(two), pair == " ".join(sorted(two))) for two in block.pairs]
    wanted = [("all", pair.notna()), *wanted] if len(wanted) > 1 else wanted
    for name, chosen in wanted:
        found = votes.guessing(rows[chosen], right[chosen], generator)
        if found is not None:
            yield name, found
