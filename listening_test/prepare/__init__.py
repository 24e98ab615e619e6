"""Prepare a study: models -> stimuli, through files. The one bridge from the listening test to the models.

Two kinds of material are known: `blues`, a piece per seed by the composer that each condition names, and `separation`,
the singing voice of a song per seed, taken out in the way that each condition names. Every item is what its seed
gives; none is listened to, replaced or left out.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audio import Audio
from listening_test import stimuli
from listening_test.block import Block
from listening_test.prepare import blues, human, separation
from listening_test.prepare.human import Chorus
from listening_test.stimuli import Stimuli
from listening_test.study import Study, StudyError
from models.checkpoint import WEIGHTS

MATERIALS = ("blues", "separation")
Rendered = dict[str, tuple[Audio, dict[str, Any]]]  # sound and provenance by condition


def prepare(study: Study, folder: Path, choruses_folder: Path | None = None) -> Stimuli:
    """Render what is not there yet; a second process waits for the first and finds its work done.

    Args:
        study: what to render.
        folder: where it goes, whole or not at all.
        choruses_folder: choruses that people played; without it conditions of people are left out.

    Raises:
        StudyError: a kind of material or a setting that is not known.
        StimulusError: a sound that cannot be levelled, or stimuli of an earlier state of the study.
        ValueError: what a model or the folder of choruses refuses.
    """
    choruses = () if choruses_folder is None else _choruses(study, choruses_folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return _as_prepared(study, folder, with_people=bool(choruses))
        return stimuli.write(folder, study, _render(study, choruses))


def _choruses(study: Study, folder: Path) -> tuple[Chorus, ...]:
    """Read the choruses of people, which a study must have a condition for."""
    if not _of_people(study):
        raise StudyError(f"{study.label} has no condition with the role {blues.HUMAN}: leave the choruses out")
    return human.choruses(folder)


def _as_prepared(study: Study, folder: Path, *, with_people: bool) -> Stimuli:
    """Read what is there, unless people's choruses were to be added to it."""
    prepared = stimuli.read(folder, study)
    if with_people and not _of_people(study) & set(prepared.of):
        raise StudyError(f"{folder} was prepared without people's choruses: remove it, then prepare again")
    return prepared


def _of_people(study: Study) -> set[tuple[str, str]]:
    """Name the items and conditions that people play."""
    return {
        (item, name)
        for block in study.blocks
        for name, condition in block.conditions.items()
        if condition.role == blues.HUMAN
        for item in block.items
    }


def _render(study: Study, choruses: tuple[Chorus, ...]) -> Iterator[tuple[str, Rendered]]:
    """Yield each item of a study with its conditions."""
    unknown = [block.material for block in study.blocks if block.material not in MATERIALS]
    if unknown:
        raise StudyError(
            f"{study.label}: material {unknown[0]!r} cannot be rendered; use one of {', '.join(MATERIALS)}"
        )
    items = [(block, item, seed) for block in study.blocks for item, seed in block.items.items()]
    # Items of one seed stand together, so that what they share is made once.
    for block, item, seed in sorted(items, key=lambda each: (each[0].material, each[2])):
        try:
            yield item, with_weights(_rendered(block, seed, choruses))
        except TypeError as error:  # a setting that the model does not have
            raise StudyError(f"{study.label}: {item}: {error}") from error
        except KeyError as error:
            raise StudyError(f"{study.label}: {item}: the setting {error} is missing") from error


def _rendered(block: Block, seed: int, choruses: tuple[Chorus, ...]) -> Rendered:
    return blues.rendered(block, seed, choruses) if block.material == "blues" else separation.rendered(block, seed)


def with_weights(rendered: Rendered) -> Rendered:
    """Add to every provenance the shipped checkpoints, by the names that carry their hashes."""
    shipped = sorted(path.name for path in WEIGHTS.glob("*.safetensors"))
    return {name: (sound, {**made, "checkpoints": shipped}) for name, (sound, made) in rendered.items()}
