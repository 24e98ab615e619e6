"""Stimuli: sounds of equal length and equal loudness, kept under the hash of their content.

A prepared study is a folder with one 16-bit WAV per stimulus and a manifest that alone knows which file is which
condition. The folder appears whole or not at all; the manifest stays on the server. Levels follow EBU R 128
(-23 LUFS, at most -1 dBTP); a peak that would pass lowers all conditions of its item alike, nothing is limited.
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

import audio
from audio import Audio
from listening_test.study import Study

SAMPLE_RATE = 44_100
TARGET_LUFS = -23.0
TOLERANCE_LU = 0.1
HIGHEST_TRUE_PEAK_DB = -1.0
OVERSAMPLING = 4  # of the true-peak meter, ITU-R BS.1770-4 Annex 2
HEADER_BYTES = 44  # canonical RIFF header: nothing in it but format and length
MANIFEST = "manifest.json"


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
        loudness: LUFS after levelling.
        gain_db: how much the sound was raised to get there.
        provenance: how the sound was made.
    """

    item: str
    condition: str
    sha256: str
    frames: int
    loudness: float
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
        """Return the WAV file of a stimulus."""
        return (self.folder / f"{sha256}.wav").read_bytes()


def folder_of(study: Study, data: Path) -> Path:
    """Return where the stimuli of a study are kept below the data folder."""
    return data / "stimuli" / study.label


def levelled(sounds: Mapping[str, Audio]) -> dict[str, tuple[Audio, float]]:
    """Bring the conditions of one item to one rate, one length and one loudness, fades included.

    Args:
        sounds: one sound per condition, any rate, mono or stereo; cut to the shortest.

    Returns:
        For each condition the stereo sound at 44.1 kHz and the gain in dB that it got.

    Raises:
        StimulusError: a sound is silent, or too quiet to be brought to the loudness of the others.
    """
    stereo = {condition: _stereo(audio.resample(sound, SAMPLE_RATE)) for condition, sound in sounds.items()}
    frames = min(sound.samples.shape[1] for sound in stereo.values())
    cut = {name: audio.faded(Audio(sound.samples[:, :frames], SAMPLE_RATE)) for name, sound in stereo.items()}
    # Twice: the absolute gate of BS.1770 at -70 LUFS lets more of a quiet sound in once it has been raised.
    level = {name: _at_target(_at_target(sound)) for name, sound in cut.items()}
    excess = max(0.0, max(true_peak_db(sound) for sound in level.values()) - HIGHEST_TRUE_PEAK_DB)
    level = {name: _scaled(sound, -excess) for name, sound in level.items()}
    for name, sound in level.items():
        if not abs(audio.loudness(sound) - (TARGET_LUFS - excess)) <= TOLERANCE_LU:
            raise StimulusError(f"{name} cannot be brought to {TARGET_LUFS} LUFS: it is silent or nearly so")
    return {name: (sound, _gain_db(cut[name], sound)) for name, sound in level.items()}


def true_peak_db(sound: Audio) -> float:
    """Highest value between the samples in dBTP (ITU-R BS.1770-4, four times oversampled)."""
    dense = audio.resample(sound, OVERSAMPLING * sound.sample_rate)
    return float(20 * np.log10(max(np.abs(dense.samples).max(), 1e-10)))


def write(
    folder: Path, study: Study, rendered: Iterable[tuple[str, Mapping[str, tuple[Audio, dict[str, Any]]]]]
) -> Stimuli:
    """Level and store the items of a study; the folder takes its name only when it is complete.

    Args:
        folder: must not exist yet.
        study: what the items belong to.
        rendered: for each item its name and, per condition, the sound and its provenance.

    Raises:
        StimulusError: an item cannot be levelled, or is shorter than the minimum listening time.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)  # left behind by a process that was killed
    partial.mkdir(parents=True)
    try:
        stimuli = [each for item, sounds in rendered for each in _write_item(partial, study, item, sounds)]
        manifest = {"study": study.label, "study_sha256": study.digest, "sample_rate": SAMPLE_RATE}
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


def check(stimuli: Stimuli, study: Study) -> None:
    """Measure what is stored: every file there and unchanged, equal length and loudness within an item.

    Raises:
        StimulusError: the first fault found.
    """
    for item in study.items:
        sounds = {name: stimuli.of[item, name] for name in study.block_of(item).conditions}
        for condition, stimulus in sounds.items():
            path = stimuli.folder / f"{stimulus.sha256}.wav"
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != stimulus.sha256:
                raise StimulusError(f"{item}, {condition}: {path.name} is missing or damaged; prepare again")
        measured = [audio.read(stimuli.folder / f"{each.sha256}.wav") for each in sounds.values()]
        if len({sound.samples.shape for sound in measured}) > 1:
            raise StimulusError(f"{item}: its conditions differ in length")
        loudness = [audio.loudness(sound) for sound in measured]
        if max(loudness) - min(loudness) > 2 * TOLERANCE_LU:
            raise StimulusError(f"{item}: loudness differs by {max(loudness) - min(loudness):.2f} LU")


def redithered(wav: bytes, seed: int) -> bytes:
    """Add triangular noise of one quantisation step (-96 dBFS RMS), so that no two copies share their bytes.

    Each sample moves by -1, 0 or +1 with probability 1/8, 3/4, 1/8: white triangular noise of one step either side,
    rounded. The same seed gives the same bytes.
    """
    samples = np.frombuffer(wav, dtype="<i2", offset=HEADER_BYTES)
    draw = np.random.default_rng(seed).integers(0, 8, size=samples.shape, dtype=np.uint8)
    noise = (draw == 7).astype("<i2") - (draw == 0).astype("<i2")
    return wav[:HEADER_BYTES] + bytes((samples + noise).astype("<i2").tobytes())


def _write_item(
    folder: Path, study: Study, item: str, sounds: Mapping[str, tuple[Audio, dict[str, Any]]]
) -> list[Stimulus]:
    """Store the conditions of one item."""
    level = levelled({condition: sound for condition, (sound, _) in sounds.items()})
    stimuli = []
    for condition, (sound, gain_db) in level.items():
        if sound.duration < study.minimum_seconds:
            raise StimulusError(f"{item} lasts {sound.duration:.2f} s, less than the minimum listening time")
        wav = _wav(sound)
        name = hashlib.sha256(wav).hexdigest()
        (folder / f"{name}.wav").write_bytes(wav)
        values = (sound.samples.shape[1], round(audio.loudness(sound), 3), round(gain_db, 3), sounds[condition][1])
        stimuli.append(Stimulus(item, condition, name, *values))
    return stimuli


def _wav(sound: Audio) -> bytes:
    """Return a 16-bit WAV with the canonical header of 44 bytes."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(sound.channels)
        file.setsampwidth(2)
        file.setframerate(sound.sample_rate)
        file.writeframes(sound.to_int16().tobytes())
    return buffer.getvalue()


def _stereo(sound: Audio) -> Audio:
    """Return two channels; a mono sound is in both."""
    samples = np.repeat(sound.samples, 2, axis=0) if sound.channels == 1 else sound.samples[:2]
    return Audio(samples, sound.sample_rate)


def _at_target(sound: Audio) -> Audio:
    return audio.at_loudness(sound, TARGET_LUFS, highest_peak=np.inf)


def _scaled(sound: Audio, decibels: float) -> Audio:
    return Audio((sound.samples * 10 ** (decibels / 20)).astype(np.float32), sound.sample_rate)


def _gain_db(before: Audio, after: Audio) -> float:
    return float(20 * np.log10(np.abs(after.samples).max() / np.abs(before.samples).max()))
