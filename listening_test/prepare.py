"""Prepare a study: models -> stimuli, through files. The one bridge from the listening test to the models.

Two kinds of material are known. `blues`: a piece per seed, by the composer that each condition names, all played by
the same renderer. `separation`: the singing voice of the project's own example song, one song per seed, separated at
the alpha that each condition names; all conditions share the probabilities of one run of the network.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audio import Audio
from listening_test import stimuli
from listening_test.block import Block
from listening_test.stimuli import Stimuli
from listening_test.study import Study, StudyError
from models.checkpoint import WEIGHTS
from models.composition.generate import compose
from models.composition.render import render
from models.example_song import example_song
from models.separation import separate

Rendered = dict[str, tuple[Audio, dict[str, Any]]]  # sound and provenance by condition


def prepare(study: Study, folder: Path) -> Stimuli:
    """Render what is not there yet; a second process waits for the first and finds its work done.

    Args:
        study: what to render.
        folder: where it goes, whole or not at all.

    Raises:
        StudyError: a kind of material or a setting that is not known.
        StimulusError: a sound that cannot be levelled, or stimuli of an earlier state of the study.
        ValueError: what a model refuses.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return stimuli.read(folder, study)
        return stimuli.write(folder, study, _render(study))


def _render(study: Study) -> Iterator[tuple[str, Rendered]]:
    """Yield each item of a study with its conditions."""
    unknown = [block.material for block in study.blocks if block.material not in MATERIALS]
    if unknown:
        raise StudyError(
            f"{study.label}: material {unknown[0]!r} cannot be rendered; use one of {', '.join(MATERIALS)}"
        )
    for block in study.blocks:
        for item, seed in block.items.items():
            try:
                yield item, _with_weights(MATERIALS[block.material](block, seed))
            except TypeError as error:  # a setting that the model does not have
                raise StudyError(f"{study.label}: {item}: {error}") from error
            except KeyError as error:
                raise StudyError(f"{study.label}: {item}: the setting {error} is missing") from error


def _with_weights(rendered: Rendered) -> Rendered:
    """Add to every provenance the shipped checkpoints, by the names that carry their hashes."""
    shipped = sorted(path.name for path in WEIGHTS.glob("*.safetensors"))
    return {name: (sound, {**made, "checkpoints": shipped}) for name, (sound, made) in rendered.items()}


def _blues(block: Block, seed: int) -> Rendered:
    """Compose with the settings of every condition and play all with the default instruments."""
    requests: dict[str, dict[str, Any]]
    requests = {
        name: {**block.settings, **condition.settings, "seed": seed} for name, condition in block.conditions.items()
    }
    return {condition: (render(compose(**request)), request) for condition, request in requests.items()}


def _separation(block: Block, seed: int) -> Rendered:
    """Separate one song and take the same seconds of the voice at every alpha."""
    vocals, accompaniment = example_song(seed)
    mixture = Audio(vocals.samples + accompaniment.samples, vocals.sample_rate)
    probabilities = separate.predict(mixture, str(block.settings["model"]))
    start, seconds = float(block.settings["start"]), float(block.settings["seconds"])
    excerpt = slice(round(start * mixture.sample_rate), round((start + seconds) * mixture.sample_rate))
    rendered = {}
    for name, condition in block.conditions.items():
        voice, _ = separate.split(mixture, probabilities, float(condition.settings["alpha"]))
        sound = Audio(voice.samples[:, excerpt], voice.sample_rate)
        rendered[name] = (sound, {**block.settings, **condition.settings, "seed": seed})
    return rendered


MATERIALS = {"blues": _blues, "separation": _separation}
