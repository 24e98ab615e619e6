"""What a visitor of the Separate tab brings: a song, or its two stems apart; read, or refused in words."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np

import audio
from audio import Audio, AudioError
from models.example_song import example_song
from models.separation.separate import common_gain

LONGEST_SONG_S = 600
SHORTEST_STEM_S = 1.0  # BSS Eval fits filters of 512 taps: it needs more than a moment
QUIETEST_PEAK = 1e-4  # -80 dB: below it there is nothing to separate
CHANNELS = {1: "mono", 2: "stereo"}

Stems = tuple[Audio, Audio]


@dataclass(frozen=True)
class Song:
    """What is separated.

    Attributes:
        sound: the mixture.
        path: where it lies in Gradio's cache.
        name: what downloads are called after.
        brought: the files that the visitor brought, alike whenever they are separated anew.
        truth: its vocals and accompaniment where they are known.
    """

    sound: Audio
    path: Path
    name: str
    brought: str
    truth: Stems | None = None


def read_song(path: str | None) -> Song:
    """Read a song; refuse what is too long, before decoding, and what is silent."""
    if path is None:
        raise AudioError("choose a song first, record one, or try the example")
    sound = audio.read(path, longest=LONGEST_SONG_S)
    _refuse_silence(sound, Path(path).name)
    return Song(sound, Path(path), Path(path).stem, path)


def read_stems(vocals: str | None, accompaniment: str | None) -> Song:
    """Read two stems and write their sum, turned down where it would clip; refuse two that do not belong together."""
    if vocals is None or accompaniment is None:
        missing = "vocals" if vocals is None else "accompaniment"
        raise AudioError(f"choose both stems: the {missing} file is missing")
    paths = Path(vocals), Path(accompaniment)
    first, second = (audio.read(path, longest=LONGEST_SONG_S, shortest=SHORTEST_STEM_S) for path in paths)
    _refuse_unlike(first, second, paths[0].name, paths[1].name)
    mixture = Audio(first.samples + second.samples, first.sample_rate)
    for sound, name in ((first, paths[0].name), (second, paths[1].name), (mixture, "the sum of the stems")):
        _refuse_silence(sound, name)
    alike = takewhile(lambda letters: letters[0] == letters[1], zip(paths[0].stem, paths[1].stem, strict=False))
    name = "".join(letter for letter, _ in alike).strip(" -_.") or "song"
    path = fresh_folder() / f"{name}.wav"
    mixture = Audio(mixture.samples * np.float32(common_gain(mixture)), mixture.sample_rate)
    audio.write(path, mixture)
    return Song(mixture, path, name, f"{vocals} {accompaniment}", (first, second))


def example_stems() -> tuple[str, str]:
    """Compose, sing, play and write the stems of the example song."""
    folder = fresh_folder()
    paths = [folder / f"example-blues-{stem}.wav" for stem in ("vocals", "accompaniment")]
    for path, stem in zip(paths, example_song(), strict=True):
        audio.write(path, stem)
    return str(paths[0]), str(paths[1])


def fresh_folder() -> Path:
    """Make a folder in Gradio's cache, which serves it and clears it."""
    cache = os.environ["GRADIO_TEMP_DIR"]
    os.makedirs(cache, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="stems-", dir=cache))


def _refuse_silence(sound: Audio, name: str) -> None:
    """Raise AudioError for a sound without a peak above -80 dB."""
    if np.abs(sound.samples).max() < QUIETEST_PEAK:
        raise AudioError(f"{name} is silent; there is nothing to separate")


def _refuse_unlike(first: Audio, second: Audio, first_name: str, second_name: str) -> None:
    """Raise AudioError for stems of different rate, channels or length."""
    if first.sample_rate != second.sample_rate:
        found = f"{first_name} runs at {first.sample_rate} Hz, {second_name} at {second.sample_rate} Hz"
        raise AudioError(f"{found}; export both stems at one sample rate")
    if first.channels != second.channels:
        kinds = [CHANNELS.get(stem.channels, f"of {stem.channels} channels") for stem in (first, second)]
        raise AudioError(f"{first_name} is {kinds[0]}, {second_name} is {kinds[1]}; export both stems alike")
    if first.samples.shape[1] != second.samples.shape[1]:
        lengths = f"{first_name} lasts {first.duration:.3f} s, {second_name} {second.duration:.3f} s"
        raise AudioError(f"{lengths}; export both stems from the same start to the same end")
