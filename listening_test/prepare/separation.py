"""Separation: the singing voice of the project's own example song, one song per seed, taken out in different ways.

The role of a condition says what it is: the true voice (reference), an anchor made of it, or a system, which separates
at its `alpha` with its `model`, by a binary mask unless a `softness` is set. In an adjustment the conditions are n
layers of one voice instead: layer k is what an alpha of k / n keeps and one of (k + 1) / n no longer does, so that the
layers from k on sum to the voice at k / n.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from audio import Audio
from listening_test import anchors
from listening_test.block import Block, Setting
from listening_test.trial import Role
from models.example_song import example_song
from models.separation import separate

LICENCE = "Apache-2.0, sung and played by this project"


def rendered(block: Block, seed: int) -> dict[str, tuple[Audio, dict[str, Any]]]:
    """Take the same seconds of every condition of one song.

    Raises:
        KeyError: a setting is missing.
        ValueError: what the separator refuses.
    """
    start, seconds = float(block.settings["start"]), float(block.settings["seconds"])
    sounds = {}
    for place, (name, condition) in enumerate(block.conditions.items()):
        settings = {**block.settings, **condition.settings}
        if block.trial == "adjustment":
            whole = _layer(seed, str(settings["model"]), place, len(block.conditions))
        else:
            whole = _take(condition.role, settings, seed)
        first, last = (round(time * whole.sample_rate) for time in (start, start + seconds))
        excerpt = Audio(whole.samples[:, first:last], whole.sample_rate)
        sounds[name] = (excerpt, {**settings, "seed": seed, "licence": LICENCE})
    return sounds


def _take(role: Role, settings: dict[str, Setting], seed: int) -> Audio:
    """Make the whole song of one condition."""
    vocals, _ = _song(seed)
    match role:
        case "reference":
            return vocals
        case "low-anchor":
            return anchors.low_passed(vocals, anchors.LOW)
        case "mid-anchor":
            return anchors.low_passed(vocals, anchors.MID)
        case "noise-anchor":
            return anchors.with_musical_noise(vocals, np.random.default_rng(seed))
        case "mixture-anchor":
            return _mixture(seed)
        case "system":
            softness = float(settings.get("softness", 0.0))
            return _voice(seed, str(settings["model"]), float(settings["alpha"]), softness)
    raise ValueError(f"a separated voice cannot have the role {role}")


def _layer(seed: int, model: str, layer: int, layers: int) -> Audio:
    """Take what the voice loses between two alphas."""
    kept, gone = (_voice(seed, model, step / layers) for step in (layer, layer + 1))
    return Audio(kept.samples - gone.samples, kept.sample_rate)


# One song is prepared at a time, block by block: these keep what its conditions share, and no more.
@lru_cache(maxsize=1)
def _song(seed: int) -> tuple[Audio, Audio]:
    """Sing and play a song: (vocals, accompaniment)."""
    return example_song(seed)


def _mixture(seed: int) -> Audio:
    """Return the song as it is heard."""
    vocals, accompaniment = _song(seed)
    return Audio(vocals.samples + accompaniment.samples, vocals.sample_rate)


@lru_cache(maxsize=4)
def _probabilities(seed: int, model: str) -> separate.Probabilities:
    return separate.predict(_mixture(seed), model)


@lru_cache(maxsize=2)
def _voice(seed: int, model: str, alpha: float, softness: float = 0.0) -> Audio:
    return separate.split(_mixture(seed), _probabilities(seed, model), alpha, softness=softness)[0]
