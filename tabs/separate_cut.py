"""A separated song of the Separate tab: what a session keeps of it, its stems at an alpha, and what the page shows."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
import numpy as np

import audio
from audio import Audio
from models.separation.overview import Overview
from models.separation.separate import Probabilities, Rule, common_gain, split
from tabs.separate_song import Stems, fresh_folder

STEMS = ("song", "vocals", "accompaniment")
# The models that visitors can choose: title and one line on each.
MODELS = {
    "deep-karaoke": ("Deep Karaoke", "the network of 2015, small: it learned from songs whose stems are known"),
    "nmf": ("NMF", "the paper's rival: sounds as sums of learned spectra, some of voices, some of instruments"),
    "repet-sim": ("REPET-SIM", "no training: what repeats is accompaniment, what does not is voice"),
    "hpss": ("HPSS", "no training: a voice is neither as steady as a chord nor as short as a drum stroke"),
}


@dataclass(frozen=True, eq=False)  # Gradio hashes what a session keeps to see it change; arrays have no hash
class Separated:
    """What a visitor's session keeps of a song, so that alpha can move without the model.

    Attributes:
        path: the song in Gradio's cache.
        name: what downloads are called after.
        probabilities: what the model said, once for all alphas.
        picture: the spectrogram to draw.
        truth: true vocals and accompaniment of the excerpt to measure, where they are known.
    """

    path: Path
    name: str
    probabilities: Probabilities
    picture: Overview
    truth: Stems | None


def cut(separated: Separated, song: Audio, alpha: float, soft: bool, rule: Rule, suffix: str) -> list[Any]:
    """Split, write song and stems at one gain, and return text, view and the two downloads."""
    stems = split(song, separated.probabilities, alpha, rule=rule, softness=1.0 if soft else 0.0)
    gain = common_gain(song, *stems)
    folder = fresh_folder()
    paths = [folder / f"{separated.name}-{stem}.{suffix.lower()}" for stem in STEMS]
    for path, sound in zip(paths, (song, *stems), strict=True):
        audio.write(path, Audio(sound.samples * np.float32(gain), sound.sample_rate))
    energies = [float(np.square(stem.samples, dtype=np.float64).sum()) for stem in stems]
    view = _view(separated, paths) | {"alpha": alpha, "soft": soft, "rule": rule}
    downloads = [gr.DownloadButton(value=str(path), interactive=True) for path in paths[1:]]
    return [_description(separated, energies, gain), view, *downloads]


def _view(separated: Separated, paths: list[Path]) -> dict[str, Any]:
    """Pack what the view plays and draws."""
    picture = separated.picture
    planes = {"loudness": picture.loudness, "levels": picture.levels}
    return {
        "song": str(separated.path),
        "sounds": [f"gradio_api/file={quote(str(path))}" for path in paths],
        "rowsHz": picture.rows_hz,
        "columns": picture.levels.shape[1],
        "seconds": picture.seconds,
        **{name: base64.b64encode(plane.tobytes()).decode() for name, plane in planes.items()},
    }


def _description(separated: Separated, energies: list[float], gain: float) -> str:
    """Say who separated, how much energy goes where, and whether anything was turned down."""
    total = sum(energies) or 1.0
    vocals, accompaniment = (energy / total for energy in energies)
    note = f" All sounds are turned down to {gain:.0%}, or a stem would clip." if gain < 1.0 else ""
    return (
        f"### {separated.name}\n{MODELS[separated.probabilities.model][0]}: **{vocals:.0%}** of the energy goes to the "
        f"vocals, **{accompaniment:.0%}** to the accompaniment.{note}"
    )
