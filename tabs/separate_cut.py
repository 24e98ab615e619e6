"""A separated song of the Separate tab: what a session keeps of it, and what the page plays and draws."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

import audio
from audio import Audio
from models.separation.layers import listening_copy, packed
from models.separation.overview import Overview
from models.separation.separate import Probabilities
from tabs.separate_song import Song, Stems, fresh_folder

STEMS = ("vocals", "accompaniment")
# The models that visitors can choose: title and one line on each.
MODELS = {
    "band-split": ("Band-split", "the successor: recurrent layers over time and over bands; it hears stereo"),
    "deep-karaoke": ("Deep Karaoke", "the network of 2015, small: feed-forward, a quarter of a second at a time"),
    "nmf": ("NMF", "the paper's rival: sounds as sums of learned spectra, some of voices, some of instruments"),
    "repet-sim": ("REPET-SIM", "no training: what repeats is accompaniment, what does not is voice"),
    "hpss": ("HPSS", "no training: a voice is neither as steady as a chord nor as short as a drum stroke"),
    "demucs": ("Demucs", "a large network of others, where it is installed; its own shares, so alpha acts on it too"),
}


class ForgottenError(ValueError):
    """A song that was separated so long ago that its files are gone."""


@dataclass(frozen=True)
class Separated:
    """What a visitor's session keeps of a song, so that the model runs once: names only, the arrays lie on the disk.

    Attributes:
        path: the song in Gradio's cache.
        name: what downloads are called after.
        model: what it was separated by.
        arrays: file of the probabilities and of the true stems, if these are known, of the excerpt to measure.
        excerpt_rate: sample rate of these stems, None where they are not known.
    """

    path: Path
    name: str
    model: str
    arrays: Path
    excerpt_rate: int | None

    @staticmethod
    def keep(song: Song, probabilities: Probabilities, truth: Stems | None) -> Separated:
        """Write the arrays to Gradio's cache, which clears them after as long as the song itself."""
        arrays = fresh_folder() / "separated.npz"
        stems = {} if truth is None else dict(zip(STEMS, (stem.samples for stem in truth), strict=True))
        np.savez(arrays, levels=probabilities.levels, **stems)
        return Separated(song.path, song.name, probabilities.model, arrays, truth[0].sample_rate if truth else None)

    def probabilities(self) -> Probabilities:
        """Return what the model said, once for all alphas."""
        return Probabilities(self._read("levels")[0], self.model)

    def truth(self) -> Stems | None:
        """Return true vocals and accompaniment of the excerpt to measure, where they are known."""
        if self.excerpt_rate is None:
            return None
        vocals, accompaniment = (Audio(samples, self.excerpt_rate) for samples in self._read(*STEMS))
        return vocals, accompaniment

    def _read(self, *names: str) -> list[Any]:
        try:
            with np.load(self.arrays) as arrays:
                return [arrays[name] for name in names]
        except FileNotFoundError as error:
            raise ForgottenError("this song was cleared away after an hour; separate it again") from error


def view(song: Song, probabilities: Probabilities, picture: Overview) -> dict[str, Any]:
    """Write the song and its levels for the page's player, and pack what the page draws."""
    folder = fresh_folder()
    sound, levels = folder / "song.flac", folder / "levels.gz"
    audio.write(sound, listening_copy(song.sound))
    levels.write_bytes(packed(probabilities))
    planes = {"loudness": picture.loudness, "levels": picture.levels}
    return {
        "song": song.brought,
        "sources": {"sound": served(sound), "levels": served(levels)},
        "energies": picture.energies.tolist(),
        "rowsHz": picture.rows_hz,
        "columns": picture.levels.shape[1],
        "seconds": picture.seconds,
        "planes": {name: base64.b64encode(plane.tobytes()).decode() for name, plane in planes.items()},
    }


def served(path: Path) -> str:
    """Return the address, relative to the page, of a file in Gradio's cache."""
    return f"gradio_api/file={quote(str(path))}"
