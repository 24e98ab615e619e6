"""A study with every kind of trial, and answers to it by simulated listeners; no sound is involved."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import numpy as np

from listening_test import study
from listening_test.response import Adjustment, Choice, Comparison, Ratings, Response
from listening_test.study import Study
from listening_test.trial import Answer, Presentation, Rating, Trial

STUDY = """
name: every-kind
version: 2
title: Every kind of trial
instructions: [Listen.]
trials: 24
minimum_seconds: 1
screening: {completed: 0.4}
blocks:
  - {material: blues, trial: preference, question: "Which is better?", tie: true, seeds: [1, 2, 3],
     conditions: {lstm: {}, walk: {}, shuffled: {role: bad-anchor}}, pairs: [[lstm, walk], [lstm, shuffled]]}
  - {material: blues, trial: which-human, question: "Which one did a person write?", seeds: [1, 2, 3, 4],
     conditions: {person: {role: human}, lstm: {}}, pairs: [[person, lstm]]}
  - {material: voice, trial: mushra, question: "How good is it?", seeds: [1, 2, 3], attributes: {overall: "How good?"},
     conditions: {clean: {role: reference}, low: {role: low-anchor}, mid: {role: mid-anchor}, mask: {}, soft: {}}}
  - {material: blues, trial: rating, question: "How good is it?", seeds: [1, 2], attributes: {form: "How is the form?"},
     conditions: {lstm: {}, walk: {}, person: {role: human}}}
  - {material: voice, trial: abx, question: "Which is X?", seeds: [1, 2, 3, 4],
     conditions: {mask: {}, soft: {}}, pairs: [[mask, soft]]}
  - {material: voice, trial: adjustment, question: "Set it.", seeds: [1, 2],
     conditions: {layer-1: {}, layer-2: {}}}
  - {material: blues, trial: triplet, question: "Which is closer to X?", seeds: [1, 2, 3],
     conditions: {learned: {role: reference}, lstm: {}, walk: {}}, pairs: [[lstm, walk]]}
"""

QUALITY = {"clean": 100, "person": 70, "learned": 70, "soft": 65, "lstm": 60, "mask": 50, "walk": 40, "mid": 35}
WORST = 20.0
PREFERRED_ALPHA = 0.4


def load(folder: Path, text: str = STUDY) -> Study:
    """Write the study's file into a folder and read it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / study.FILE_NAME).write_text(text)
    return study.load(folder)


def answers(plan: Study, listeners: int, seed: int = 0, careless: int = 0) -> list[Answer]:
    """Let listeners answer everything once, with a practice page and two hidden repeats; the first are careless."""
    generator = np.random.default_rng(seed)
    return [
        answer
        for listener in range(listeners)
        for answer in _session(plan, f"listener-{listener}", generator, attentive=listener >= careless)
    ]


def _session(plan: Study, session: str, generator: np.random.Generator, *, attentive: bool) -> Iterator[Answer]:
    pages = [(block, item, pair) for block in plan.blocks for item in block.items for pair in block.pairs or [None]]
    pages = [pages[0], *pages, pages[0], pages[1]]
    taste = 6 * generator.normal()
    for ordinal, (block, item, pair) in enumerate(pages, start=1):
        names = list(pair or block.slot_conditions)
        generator.shuffle(names)
        reference = generator.choice(names) if block.trial == "abx" else block.reference
        repeat = {len(pages) - 1: 2, len(pages): 3}.get(ordinal)
        shown = [Presentation(str(name), block.conditions[name].role, "0" * 64, f"{session}-{ordinal}-{slot}")
                 for slot, name in enumerate([*names, *([reference] if reference else [])])]  # fmt: skip
        trial = Trial(
            *(f"{session}-{ordinal}", ordinal, block.trial, block.material, item, next(iter(block.attributes), None)),
            *(tuple(shown[: len(names)]), shown[-1] if reference else None, ordinal == 1, False, repeat),
            *(float(generator.uniform()) if block.trial == "adjustment" else None, 1000),
        )
        heard = np.array([QUALITY.get(name, WORST) for name in names]) + taste + 10 * generator.normal(size=len(names))
        heard = np.array([100.0 if name == "clean" else value for name, value in zip(names, heard, strict=True)])
        response = _response(trial, heard if attentive else generator.uniform(0, 100, size=len(names)), generator)
        rating = Rating(
            UUID(int=hash((session, ordinal)) % 2**128), trial.id, response, (5000,) * trial.players, 0, 20_000
        )
        yield Answer(plan.label, session, trial, rating, 1_000 * ordinal)


def _response(trial: Trial, heard: np.ndarray, generator: np.random.Generator) -> Response:
    if trial.kind in ("rating", "mushra"):
        return Ratings(tuple(float(value) for value in heard.clip(0, 100)))
    if trial.kind == "adjustment":
        return Adjustment(float(np.clip(PREFERRED_ALPHA + 0.1 * generator.normal(), 0, 1)))
    if trial.kind == "preference":
        return Comparison(int(np.clip(round((heard[1] - heard[0]) / 10), -3, 3)))
    if trial.kind == "abx":
        return Choice(int(generator.integers(2)))
    return Choice(int(heard[1] > heard[0]), int(generator.integers(1, 5)) if trial.kind == "which-human" else None)
