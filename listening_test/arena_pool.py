"""The pool of prepared battles: a folder for each, with one WAV per composer and a note of how they were made.

A battle appears whole or not at all, and is removed when its vote is in, so the pool never holds more than `SIZE`.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from audio import Audio
from listening_test import stimuli
from listening_test.arena import Prepared
from listening_test.levels import levelled

SIZE = 12  # battles: two of every pair
REFILL_BELOW = 6  # rendering begins again when so few are left: starting it costs more than a battle
NOTE = "battle.json"
PARTIAL = ".partial"
ID_BYTES = 8


def folder_of(data: Path) -> Path:
    """Return where the pool is kept below the data folder."""
    return data / "arena"


def read(folder: Path) -> list[Prepared]:
    """Return all prepared battles."""
    found = []
    for note in sorted(folder.glob(f"*/{NOTE}")):
        if note.parent.suffix != PARTIAL:
            with suppress(FileNotFoundError):  # removed meanwhile: its vote is in
                found.append(Prepared(note.parent.name, **json.loads(note.read_text())))
    return found


def add(folder: Path, seed: int, sounds: Mapping[str, tuple[Audio, dict[str, Any]]]) -> None:
    """Level and store one battle: the sound of each composer, and how it was made.

    Raises:
        LevelError: a sound that cannot be levelled.
    """
    id_ = secrets.token_hex(ID_BYTES)
    partial = folder / f"{id_}{PARTIAL}"
    partial.mkdir(parents=True)
    try:
        for composer, made in levelled({name: sound for name, (sound, _) in sounds.items()}).items():
            _file(partial, composer).write_bytes(stimuli.wav_of(made.sound))
        note = {"seed": seed, "made": {name: made for name, (_, made) in sounds.items()}}
        (partial / NOTE).write_text(json.dumps(note))
        partial.rename(folder / id_)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def clear_partial(folder: Path) -> None:
    """Remove what a renderer that was killed left behind."""
    for partial in folder.glob(f"*{PARTIAL}"):
        shutil.rmtree(partial, ignore_errors=True)


def sound(folder: Path, battle: str, composer: str) -> bytes:
    """Return the WAV file of one side; OSError when the battle is over."""
    return _file(folder / battle, composer).read_bytes()


def remove(folder: Path, battle: str) -> None:
    """Delete the sounds of a battle that is over."""
    shutil.rmtree(folder / battle, ignore_errors=True)


def _file(folder: Path, composer: str) -> Path:
    return folder / f"{composer}.wav"
