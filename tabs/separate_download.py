"""Downloads of the Separate tab: exactly what is heard, at the rate and the channels of the song.

What a visitor asks for comes from the page and may be anything: `Wish` refuses what it cannot be.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

import audio
from audio import Audio
from models.separation.separate import Rule, common_gain, split
from tabs.separate_cut import STEMS, Separated, served
from tabs.separate_song import fresh_folder

MIX, BOTH = "mix", "both"
FORMATS = ("wav", "flac", "mp3")
LEVELS = ("song", *STEMS)


class DownloadError(ValueError):
    """Something that cannot be downloaded; the message says why."""


@dataclass(frozen=True)
class Wish:
    """What to download.

    Attributes:
        what: "vocals", "accompaniment", "both" (a zip of these two), or "mix": all at the levels they are heard at.
        suffix: "wav", "flac" or "mp3".
        levels: gains of song, vocals and accompaniment in the mix, 0 to 1.
        section: seconds from and to, or None for the whole song.
    """

    what: str
    suffix: str
    levels: tuple[float, float, float]
    section: tuple[float, float] | None

    def __post_init__(self) -> None:
        """Refuse what no button of the page can ask for."""
        if self.what not in (*STEMS, BOTH, MIX) or self.suffix not in FORMATS:
            raise DownloadError(f"there is no download {self.what!r} as {self.suffix!r}")
        if not all(0.0 <= level <= 1.0 for level in self.levels):
            raise DownloadError(f"levels lie between 0 and 1, got {self.levels}")
        if self.section is not None and not 0.0 <= self.section[0] < self.section[1]:
            raise DownloadError(f"a section ends after it begins, got {self.section}")

    @classmethod
    def of(cls, data: Any) -> Wish:
        """Read what the page sent.

        Raises:
            DownloadError: it is not of that form.
        """
        try:
            first, second, third = (float(data["levels"][name]) for name in LEVELS)
            section = data["section"] and (float(data["section"]["from"]), float(data["section"]["to"]))
            return cls(str(data["what"]), str(data["format"]), (first, second, third), section)
        except (KeyError, TypeError, AttributeError) as error:
            raise DownloadError("the page asked for a download in an unknown form; reload it") from error


def deliver(
    separated: Separated | None, alpha: float, softness: float, rule: Rule, event: gr.EventData
) -> dict[str, str]:
    """Answer the page's wish with the address and the name of a file, or with the reason why there is none."""
    try:
        if separated is None:
            raise DownloadError("separate a song first")
        path, note = written(separated, Wish.of(event._data), alpha, softness, rule)
        return {"url": served(path), "name": path.name, "note": note}
    except ValueError as error:
        return {"fault": str(error)}


def written(separated: Separated, wish: Wish, alpha: float, softness: float, rule: Rule) -> tuple[Path, str]:
    """Cut the song, write what was wished for, and return the file and a note on its level, empty if unchanged."""
    song = audio.read(separated.path)
    vocals, accompaniment = split(song, separated.probabilities(), alpha, rule=rule, softness=softness)
    sounds: Mapping[str, Audio] = {"vocals": vocals, "accompaniment": accompaniment}
    if wish.what == MIX:
        parts = zip(wish.levels, (song, vocals, accompaniment), strict=True)
        mix = sum(np.float32(level) * part.samples for level, part in parts)
        sounds = {MIX: Audio(mix, song.sample_rate)}
    gain = common_gain(*sounds.values())  # also where one stem is wanted: it still sums to the song with the other
    name, part = separated.name, slice(None)
    if wish.section is not None:
        name, part = f"{name}-{_clock(wish.section[0])}-{_clock(wish.section[1])}", _samples(wish.section, song)
    folder = fresh_folder()
    paths = []
    for stem in sounds if wish.what in (BOTH, MIX) else [wish.what]:
        paths.append(folder / f"{name}-{stem}.{wish.suffix}")
        audio.write(paths[-1], Audio(sounds[stem].samples[:, part] * np.float32(gain), song.sample_rate))
    note = f"turned down to {gain:.0%}, or it would clip" if gain < 1.0 else ""
    return (_zipped(folder / f"{name}-stems.zip", paths) if wish.what == BOTH else paths[0]), note


def _samples(section: tuple[float, float], song: Audio) -> slice:
    """Turn seconds into samples of the song.

    Raises:
        DownloadError: the section lies beyond its end.
    """
    first, stop = (round(seconds * song.sample_rate) for seconds in section)
    if first >= song.samples.shape[1] or stop == first:
        raise DownloadError(f"there is nothing between {section[0]:.2f} s and {section[1]:.2f} s")
    return slice(first, stop)


def _clock(seconds: float) -> str:
    """Write a time as file names may hold it: 83.4 as 1m23.4s."""
    return f"{int(seconds // 60)}m{seconds % 60:04.1f}s"


def _zipped(path: Path, files: list[Path]) -> Path:
    """Put files into one archive, as they are: sound hardly packs."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            archive.write(file, file.name)
    return path
