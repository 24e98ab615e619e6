"""Stimuli: what is stored, under which names, and what the manifest knows."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from small_study import STUDY, parsed, rendered, tone

from listening_test import stimuli
from listening_test.levels import LevelError


def test_stored_stimuli_tell_nothing_by_name_or_header(tmp_path: Path) -> None:
    small = parsed(STUDY)
    prepared = stimuli.write(tmp_path / "out", small, rendered(small))
    for path in prepared.folder.glob("*.wav"):
        content = path.read_bytes()
        assert path.stem == hashlib.sha256(content).hexdigest()
        assert content[:4] == b"RIFF" and content[36:40] == b"data" and len(content) == 44 + 4 * 3 * 44_100
    assert len(prepared.of) == 9 and prepared == stimuli.read(prepared.folder, small)


def test_preparing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    small = parsed(STUDY)
    folders = [stimuli.write(tmp_path / name, small, rendered(small)).folder for name in ("one", "two")]
    assert len({(folder / stimuli.MANIFEST).read_bytes() for folder in folders}) == 1


def test_a_failure_half_way_leaves_nothing(tmp_path: Path) -> None:
    small = parsed(STUDY)
    first, (second, _) = list(rendered(small))[:2]
    items = [first, (second, {"x": (tone(200, 0.0), {})})]
    with pytest.raises(LevelError):
        stimuli.write(tmp_path / "stimuli" / "out", small, items)
    assert not list((tmp_path / "stimuli").iterdir())


def test_two_copies_share_no_bytes_and_differ_below_hearing() -> None:
    """Open and hidden reference: triangular noise of a step in each is -96.3 dBFS, in their difference 3 dB more."""
    wav = stimuli.wav_of(tone(300))
    one, same, other = (stimuli.redithered(wav, seed) for seed in (1, 1, 2))
    assert one == same and len({wav, one, other}) == 3
    assert len({len(wav), len(one), len(other)}) == 1 and wav[:44] == one[:44] == other[:44]
    source, first, second = (np.frombuffer(each, dtype="<i2", offset=44).astype(float) for each in (wav, one, other))
    assert np.abs(first - source).max() == 1
    for difference, expected in ((first - source, -96.3), (first - second, -93.3)):
        rms_db = 20 * np.log10(np.sqrt(np.mean(difference**2)) / 32768)
        assert rms_db == pytest.approx(expected, abs=0.1)


def test_the_manifest_knows_how_every_sound_was_made(tmp_path: Path) -> None:
    small = parsed(STUDY)
    manifest = json.loads(
        (stimuli.write(tmp_path / "out", small, rendered(small)).folder / "manifest.json").read_text()
    )
    assert manifest["sampling"] == stimuli.SAMPLING and manifest["levelling"] == stimuli.LEVELLING
    assert manifest["study"] == "small-1" and manifest["study_sha256"] == small.digest
    assert {entry["provenance"]["seed"] for entry in manifest["stimuli"]} == {1, 2, 3}
    assert all(entry["loudness"] == pytest.approx(-23.0, abs=0.05) for entry in manifest["stimuli"])


def test_a_sound_that_has_vanished_is_a_fault_of_the_material(tmp_path: Path) -> None:
    small = parsed(STUDY)
    prepared = stimuli.write(tmp_path / "out", small, rendered(small))
    gone = next(iter(prepared.of.values())).sha256
    (prepared.folder / f"{gone}.wav").unlink()
    with pytest.raises(stimuli.StimulusError, match="prepare the study again"):
        prepared.read(gone)
