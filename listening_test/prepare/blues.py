"""Blues: every condition composes, or takes a chorus, for the seed of the item; all are played alike.

One renderer, one tempo, one key, one grid, one velocity for each part: what differs is the notes. The settings of a
condition are those of `models.composition.generate.compose` and `shuffled: true`, which makes a bad anchor of the
piece. A condition with the role human takes a chorus that a person played.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import groupby
from typing import Any

import numpy as np

from audio import Audio
from listening_test.block import Block, Setting
from listening_test.prepare.human import Chorus
from models.composition.blues_form import TICKS_PER_BAR, TICKS_PER_STEP, transposition
from models.composition.generate import compose
from models.composition.render import render, sound_font
from models.composition.score import Note, Score, check_tempo

HUMAN = "human"
MOST_CONDITIONS = 20  # of one item
OWN_LICENCE = "Apache-2.0, composed by this project"

Provenance = dict[str, Any]


def rendered(block: Block, seed: int, choruses: Sequence[Chorus]) -> dict[str, tuple[Audio, Provenance]]:
    """Play every condition of an item; those of people are left out where there are no choruses.

    Raises:
        TypeError: a setting that the composer does not have.
        ValueError: what the composer refuses.
    """
    sounds = {}
    for name, condition in block.conditions.items():
        settings = {**block.settings, **condition.settings}
        if condition.role != HUMAN or choruses:
            chorus = choruses[seed % len(choruses)] if condition.role == HUMAN else None
            sounds[name] = played(tuple(sorted(settings.items())), seed, chorus)
    return sounds


@lru_cache(maxsize=MOST_CONDITIONS)
def played(settings: tuple[tuple[str, Setting], ...], seed: int, chorus: Chorus | None) -> tuple[Audio, Provenance]:
    """Make and play one piece, once for all blocks that ask for it; settings are pairs of name and value, in order."""
    score, origin = _composed(dict(settings), seed) if chorus is None else _taken(dict(settings), chorus)
    return render(score), {**dict(settings), "seed": seed, **origin, "sound_font": _sound_font()}


def _composed(settings: dict[str, Any], seed: int) -> tuple[Score, dict[str, str]]:
    """Compose a piece; return it with its licence."""
    shuffled = settings.pop("shuffled", False)
    score = compose(**settings, seed=seed)
    return shuffled_within_bars(score, np.random.default_rng(seed)) if shuffled else score, {"licence": OWN_LICENCE}


def _taken(settings: dict[str, Any], chorus: Chorus) -> tuple[Score, dict[str, str]]:
    """Bring a person's chorus to the key and tempo of the study; its form is its own."""
    if settings.get("choruses", 1) != 1:
        raise ValueError(f"people's choruses are played once, not {settings['choruses']} times: set choruses to 1")
    tempo, key = float(settings["tempo"]), str(settings["key"])
    check_tempo(tempo)
    score = replace(chorus.score.transposed(transposition(key), key), tempo=tempo)
    return score, {"licence": chorus.licence, "source": chorus.source}


def shuffled_within_bars(score: Score, rng: np.random.Generator) -> Score:
    """The bad anchor: every note of both parts moves to a random eighth of its own bar, and keeps its pitch.

    The first note of a bar comes when the first one came before, or the anchor would be known by its late beginning.
    """
    bars = [list(notes) for _, notes in groupby(score.notes, key=lambda note: note.start // TICKS_PER_BAR)]
    return replace(score, notes=tuple(sorted(note for bar in bars for note in _shuffled(bar, rng))))


def _shuffled(bar: list[Note], rng: np.random.Generator) -> list[Note]:
    """Draw an eighth for every note of a bar; notes are cut at the bar line."""
    end = (bar[0].start // TICKS_PER_BAR + 1) * TICKS_PER_BAR
    drawn = rng.integers(TICKS_PER_BAR // TICKS_PER_STEP, size=len(bar)) * TICKS_PER_STEP
    starts = np.minimum(bar[0].start + drawn - drawn.min(), end - TICKS_PER_STEP).tolist()
    return [
        replace(note, start=start, duration=min(note.duration, end - start))
        for note, start in zip(bar, starts, strict=True)
    ]


@cache
def _sound_font() -> str:
    """Name the sound font and its hash, once."""
    path = sound_font()
    with path.open("rb") as file:
        return f"{path.name} sha256 {hashlib.file_digest(file, 'sha256').hexdigest()}"
