"""Check a prepared study before anybody listens: the plan of it, and every stored sound.

What is refused would let a listener tell conditions apart by something else than what is under test, or would leave
the study without a result: different lengths, levels or beginnings within an item, damage, clipping, an offset,
too few items, conditions that some items lack, material without a licence.
"""

from __future__ import annotations

import hashlib
import wave
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import audio
from audio import Audio
from listening_test.block import Block
from listening_test.levels import HIGHEST_TRUE_PEAK_DB, SAMPLE_RATE, TOLERANCE_LU, true_peak_db
from listening_test.stimuli import HEADER_BYTES, Stimuli, Stimulus, StimulusError
from listening_test.study import Study

FEWEST_ITEMS = 5  # for one kind of trial, ITU-R BS.1534-3 section 6
PEAK_TOLERANCE_DB = 0.1  # quantisation and the meter
LARGEST_OFFSET = 0.001  # of full scale: -60 dB
CLIPPED_RUN = 3  # samples at full scale in a row: one or two may be a peak that just fits
SILENT = 10 ** (-50 / 20)  # of full scale
LATEST_BEGINNING_S = 0.01  # one condition after another
FULL_SCALE = 32_766 / 32_768  # of the sounds as they are read


def check(stimuli: Stimuli, study: Study) -> None:
    """Measure a prepared study.

    Raises:
        StimulusError: the first fault found; the message says where and what to do.
    """
    for block in study.blocks:
        check_plan(block, stimuli)
        for item in block.items:
            check_item(item, block, stimuli)


def check_plan(block: Block, stimuli: Stimuli) -> None:
    """Refuse too few items, conditions that only some items have, and sounds without a licence."""
    name = f"{block.trial} of {block.material}"
    if len(block.seeds) < FEWEST_ITEMS:
        raise StimulusError(f"{name}: {len(block.seeds)} items are too few to generalise from: give {FEWEST_ITEMS}")
    having = {
        item: {condition for condition in block.conditions if (item, condition) in stimuli.of} for item in block.items
    }
    if len({frozenset(conditions) for conditions in having.values()}) > 1:
        item, least = min(having.items(), key=lambda each: len(each[1]))
        lacking = sorted(set.union(*having.values()) - least)
        raise StimulusError(f"{name}: {item} lacks {', '.join(lacking)}, which other items have; prepare again")
    for item in block.items:
        for condition in having[item]:
            if not str(stimuli.of[item, condition].provenance.get("licence", "")).strip():
                raise StimulusError(f"{item}, {condition}: its licence is not stated; prepare again")


def check_item(item: str, block: Block, stimuli: Stimuli) -> None:
    """Refuse sounds of one item that are damaged, or that differ in what they should not."""
    stored = {name: stimuli.of[item, name] for name in block.conditions if (item, name) in stimuli.of}
    sounds = {name: _read(stimuli.folder, item, name, stimulus) for name, stimulus in stored.items()}
    if len({sound.samples.shape for sound in sounds.values()}) > 1:
        raise StimulusError(f"{item}: its conditions differ in length")
    for name, sound in sounds.items():
        _check_sound(f"{item}, {name}", sound)
    if block.trial != "adjustment":  # its layers belong to one sound
        _check_alike(item, sounds)


def _read(folder: Path, item: str, condition: str, stimulus: Stimulus) -> Audio:
    """Read a stored sound whose bytes are what they were, behind the one header that all have."""
    path = folder / f"{stimulus.sha256}.wav"
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != stimulus.sha256:
        raise StimulusError(f"{item}, {condition}: {path.name} is missing or damaged; prepare again")
    with wave.open(str(path)) as file:
        form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        if form != (2, 2, SAMPLE_RATE) or len(content) != HEADER_BYTES + 4 * file.getnframes():
            raise StimulusError(f"{item}, {condition}: {path.name} is not plain 16-bit stereo; prepare again")
    return audio.read(path)


def _check_sound(place: str, sound: Audio) -> None:
    """Refuse a sound that is offset, clipped, or too high between its samples."""
    offset = float(np.abs(sound.samples.mean(axis=1)).max())
    if offset > LARGEST_OFFSET:
        raise StimulusError(f"{place}: offset of {offset:.4f} of full scale: remove its DC")
    full = np.abs(sound.samples) >= FULL_SCALE
    if sliding_window_view(full, CLIPPED_RUN, axis=1).all(axis=-1).any():
        raise StimulusError(f"{place}: clipped: render it softer")
    peak = true_peak_db(sound)
    if peak > HIGHEST_TRUE_PEAK_DB + PEAK_TOLERANCE_DB:
        raise StimulusError(f"{place}: true peak of {peak:.1f} dBTP, above {HIGHEST_TRUE_PEAK_DB:g}: prepare again")


def _check_alike(item: str, sounds: Mapping[str, Audio]) -> None:
    """Refuse conditions of unequal loudness, and one that begins later than another."""
    loudness = [audio.loudness(sound) for sound in sounds.values()]
    if not max(loudness) - min(loudness) <= TOLERANCE_LU:
        raise StimulusError(f"{item}: loudness differs by {max(loudness) - min(loudness):.2f} LU; prepare again")
    begins = {name: _beginning_s(sound) for name, sound in sounds.items()}
    first, last = min(begins, key=begins.__getitem__), max(begins, key=begins.__getitem__)
    if begins[last] - begins[first] > LATEST_BEGINNING_S:
        late = 1000 * (begins[last] - begins[first])
        raise StimulusError(f"{item}: {last} begins {late:.0f} ms after {first}: choose another excerpt")


def _beginning_s(sound: Audio) -> float:
    """Seconds of silence before the first sample that can be heard."""
    return float((np.abs(sound.samples).max(axis=0) > SILENT).argmax()) / sound.sample_rate
