"""Stimuli: sounds of equal length and level, kept under the hash of their content.

A prepared study is a folder with one 16-bit WAV per stimulus and a manifest that alone knows which file is which
condition and how it was made. The folder appears whole or not at all; the manifest stays on the server.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import wave
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio import Audio
from listening_test.levels import levelled, levelled_layers
from listening_test.study import Study

HEADER_BYTES = 44  # canonical RIFF header: nothing in it but format and length
MANIFEST = "manifest.json"
SAMPLING = "each item is what its seed gives; none was listened to, replaced or left out"
LEVELLING = "every stimulus by itself; the layers of an adjustment by one gain"


class StimulusError(ValueError):
    """Stimuli that cannot be used for a blind test; the message says which and why."""


@dataclass(frozen=True)
class Stimulus:
    """One condition of one item, as it was stored.

    Attributes:
        item: name of the item.
        condition: name of the condition; never leaves the server.
        sha256: hash of the WAV file, which is also its name.
        frames: samples per channel.
        loudness: LUFS after levelling; None for a layer, which may be silent.
        true_peak_db: dBTP after levelling.
        gain_db: how much the sound was raised to get there.
        provenance: how the sound was made, and its licence.
    """

    item: str
    condition: str
    sha256: str
    frames: int
    loudness: float | None
    true_peak_db: float
    gain_db: float
    provenance: dict[str, Any]

    def __post_init__(self) -> None:
        """Refuse a hash that is none (it becomes a file name) and a sound without samples."""
        if len(self.sha256) != 64 or set(self.sha256) - set("0123456789abcdef"):
            raise StimulusError(f"{self.item}: {self.sha256!r} is not a SHA-256")
        if self.frames < 1:
            raise StimulusError(f"{self.item}: a stimulus needs samples, got {self.frames}")


@dataclass(frozen=True)
class Stimuli:
    """All stimuli of a study, by item and condition, and the folder that holds them."""

    folder: Path
    of: Mapping[tuple[str, str], Stimulus]

    def read(self, sha256: str) -> bytes:
        """Return the WAV file of a stimulus.

        Raises:
            StimulusError: the file is no longer there.
        """
        path = self.folder / f"{sha256}.wav"
        try:
            return path.read_bytes()
        except OSError as error:
            raise StimulusError(f"{path} cannot be read: prepare the study again in an empty folder") from error


def folder_of(study: Study, data: Path) -> Path:
    """Return where the stimuli of a study are kept below the data folder."""
    return data / "stimuli" / study.label


def write(
    folder: Path, study: Study, rendered: Iterable[tuple[str, Mapping[str, tuple[Audio, dict[str, Any]]]]]
) -> Stimuli:
    """Level and store the items of a study; the folder takes its name only when it is complete.

    Args:
        folder: must not exist yet.
        study: what the items belong to.
        rendered: for each item its name and, per condition, the sound and its provenance.

    Raises:
        StimulusError: an item is shorter than the minimum listening time.
        LevelError: an item cannot be levelled.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)  # left behind by a process that was killed
    partial.mkdir(parents=True)
    try:
        stimuli = [each for item, sounds in rendered for each in _write_item(partial, study, item, sounds)]
        manifest: dict[str, Any] = {"study": study.label, "study_sha256": study.digest}
        manifest |= {"sampling": SAMPLING, "levelling": LEVELLING}
        manifest["stimuli"] = [asdict(stimulus) for stimulus in stimuli]
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1))
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return read(folder, study)


def read(folder: Path, study: Study) -> Stimuli:
    """Read the manifest of a prepared study.

    Raises:
        StimulusError: nothing is prepared, or the study's file has changed since.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
    except OSError as error:
        raise StimulusError(f"no stimuli in {folder}: run python -m listening_test prepare") from error
    if manifest["study_sha256"] != study.digest:
        raise StimulusError(f"{study.label} has changed since {folder} was rendered: raise its version")
    stimuli = [Stimulus(**entry) for entry in manifest["stimuli"]]
    return Stimuli(folder, {(each.item, each.condition): each for each in stimuli})


def redithered(wav: bytes, seed: int) -> bytes:
    """Add triangular noise of one quantisation step (-96 dBFS RMS), so that no two copies share their bytes.

    Each sample moves by -1, 0 or +1 with probability 1/8, 3/4, 1/8: white triangular noise of one step either side,
    rounded. The same seed gives the same bytes.
    """
    samples = np.frombuffer(wav, dtype="<i2", offset=HEADER_BYTES)
    draw = np.random.default_rng(seed).integers(0, 8, size=samples.shape, dtype=np.uint8)
    noise = (draw == 7).astype("<i2") - (draw == 0).astype("<i2")
    return wav[:HEADER_BYTES] + bytes((samples + noise).astype("<i2").tobytes())


def wav_of(sound: Audio) -> bytes:
    """Return a 16-bit WAV with the canonical header of 44 bytes."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(sound.channels)
        file.setsampwidth(2)
        file.setframerate(sound.sample_rate)
        file.writeframes(sound.to_int16().tobytes())
    return buffer.getvalue()


def _write_item(
    folder: Path, study: Study, item: str, sounds: Mapping[str, tuple[Audio, dict[str, Any]]]
) -> list[Stimulus]:
    """Store the conditions of one item."""
    layers = study.block_of(item).trial == "adjustment"
    level = (levelled_layers if layers else levelled)({condition: sound for condition, (sound, _) in sounds.items()})
    stimuli = []
    for condition, made in level.items():
        if made.sound.duration < study.minimum_seconds:
            raise StimulusError(f"{item} lasts {made.sound.duration:.2f} s, less than the minimum listening time")
        content = wav_of(made.sound)
        name = hashlib.sha256(content).hexdigest()
        (folder / f"{name}.wav").write_bytes(content)
        loudness = None if made.loudness is None else round(made.loudness, 3)
        measured = (loudness, round(made.true_peak_db, 3), round(made.gain_db, 3))
        stimuli.append(Stimulus(item, condition, name, made.sound.samples.shape[1], *measured, sounds[condition][1]))
    return stimuli
