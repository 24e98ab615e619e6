"""A study of short tones with conditions that no page may ever show; it needs no model and is prepared in a second."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from audio import Audio
from listening_test import stimuli, study, translation
from listening_test.study import Study

# Random names: wherever one of these turns up in what the server gave out, the test is no longer blind.
CANARIES = ("kx7vq2mwp", "zr4hd9tbn", "wj3fy8glc")
KIND = "qd5ns6xuz"
SECONDS = 3.0
GERMAN = "Auf Deutsch: "  # what a translation puts before each text

STUDY = f"""
name: small
version: 1
title: A small study
instructions: [Listen to both., There are no right answers.]
trials: 4
minimum_seconds: 0.3
practice: 0
repeats: 0
catch_every: 0
blocks:
  - material: {KIND}
    trial: preference
    tie: true
    question: Which tone do you prefer?
    seeds: [1, 2, 3]
    conditions: {{{CANARIES[0]}: {{}}, {CANARIES[1]}: {{}}, {CANARIES[2]}: {{}}}}
    pairs:
      - [{CANARIES[0]}, {CANARIES[1]}]
      - [{CANARIES[0]}, {CANARIES[2]}]
"""

# One block of every kind of trial.
EVERY_KIND = """
name: kinds
version: 1
title: One of each
instructions: [Listen.]
trials: 12
minimum_seconds: 0
repeats: 0.2
blocks:
  - material: blues
    trial: preference
    question: Which blues do you prefer?
    seeds: [1, 2]
    tie: true
    conditions: {lstm: {}, walk: {}, bach: {role: human}, noise: {role: bad-anchor}}
    pairs: [[lstm, walk], [lstm, noise]]
  - material: blues
    trial: which-human
    question: Which did a person write?
    seeds: [1, 2]
    conditions: {lstm: {}, bach: {role: human}, noise: {role: bad-anchor}}
    pairs: [[lstm, bach]]
  - material: blues
    trial: rating
    question: How good is it?
    seeds: [1, 2]
    conditions: {lstm: {}, walk: {}, noise: {role: bad-anchor}}
    attributes: {overall: Overall quality, form: Coherence of form}
  - material: blues
    trial: triplet
    question: Which is closer to X?
    seeds: [1, 2]
    conditions: {lstm: {}, walk: {}, taught: {role: reference}}
    pairs: [[lstm, walk]]
  - material: voice
    trial: mushra
    question: How close is it to the reference?
    seeds: [1, 2]
    conditions: {low: {role: low-anchor}, mid: {role: mid-anchor}, net: {}, open: {role: reference}}
    attributes: {overall: Overall quality}
  - material: voice
    trial: abx
    question: Which is X?
    seeds: [1, 2]
    conditions: {net: {}, open: {role: reference}, low: {role: low-anchor}}
    pairs: [[net, open]]
  - material: voice
    trial: adjustment
    question: Set the voice as you like it best.
    seeds: [1, 2]
    conditions: {layer-0: {layer: 0}, layer-1: {layer: 1}, layer-2: {layer: 2}}
"""


def tone(hertz: float, level: float = 0.2, seconds: float = SECONDS, rate: int = 44_100) -> Audio:
    time = np.arange(round(seconds * rate)) / rate
    wave = level * np.sin(2 * np.pi * hertz * time)
    return Audio(np.stack([wave, wave]).astype(np.float32), rate)


def rendered(plan: Study) -> Iterator[tuple[str, dict[str, tuple[Audio, dict[str, Any]]]]]:
    """A tone per item and condition: different pitches and levels, the same length."""
    for block in plan.blocks:
        for item, seed in block.items.items():
            yield (
                item,
                {
                    condition: (tone(200.0 * seed + 90.0 * i, level=0.05 * (i + 1)), {"seed": seed})
                    for i, condition in enumerate(block.conditions)
                },
            )


def parsed(text: str) -> Study:
    """Read a study from text."""
    with TemporaryDirectory() as folder:
        return study.load(write_small_study(Path(folder), text))


def write_small_study(folder: Path, text: str = STUDY) -> Path:
    """Write a study's file; returns its folder, which STUDY may name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / study.FILE_NAME).write_text(text)
    return folder


def prepare_small_study(folder: Path, text: str = STUDY, name: str = "study") -> tuple[Path, str]:
    """Write a study and its stimuli; returns what STUDY and DATABASE_URL have to say to use them."""
    study_folder = write_small_study(folder / name, text)
    plan = study.load(study_folder)
    german = {said: f"{GERMAN}{said}" for said in translation.texts(plan)}
    (study_folder / "de.yaml").write_text(json.dumps(german))  # which is YAML, too
    stimuli.write(stimuli.folder_of(plan, folder), plan, rendered(plan))
    return study_folder, f"sqlite:///{folder / 'ratings.sqlite'}"
