"""Stimuli: what is stored, under which names, and what the manifest knows."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from small_study import STUDY, rendered, tone, write_small_study

from listening_test import stimuli, study
from listening_test.levels import LevelError


def plan(tmp_path: Path, text: str = STUDY) -> study.Study:
    folder = write_small_study(tmp_path / "study")
    (folder / study.FILE_NAME).write_text(text)
    return study.load(folder)


def test_stored_stimuli_tell_nothing_by_name_or_header(tmp_path: Path) -> None:
    small = plan(tmp_path)
    prepared = stimuli.write(tmp_path / "out", small, rendered(small))
    for path in prepared.folder.glob("*.wav"):
        content = path.read_bytes()
        assert path.stem == hashlib.sha256(content).hexdigest()
        assert content[:4] == b"RIFF" and content[36:40] == b"data" and len(content) == 44 + 4 * 3 * 44_100
    assert len(prepared.of) == 9 and prepared == stimuli.read(prepared.folder, small)


def test_preparing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    small = plan(tmp_path)
    folders = [stimuli.write(tmp_path / name, small, rendered(small)).folder for name in ("one", "two")]
    assert len({(folder / stimuli.MANIFEST).read_bytes() for folder in folders}) == 1


def test_a_failure_half_way_leaves_nothing(tmp_path: Path) -> None:
    small = plan(tmp_path)
    first, (second, _) = list(rendered(small))[:2]
    items = [first, (second, {"x": (tone(200, 0.0), {})})]
    with pytest.raises(LevelError):
        stimuli.write(tmp_path / "stimuli" / "out", small, items)
    assert not list((tmp_path / "stimuli").iterdir())


def test_redither_changes_every_copy_below_hearing(tmp_path: Path) -> None:
    small = plan(tmp_path)
    prepared = stimuli.write(tmp_path / "out", small, rendered(small))
    wav = prepared.read(next(iter(prepared.of.values())).sha256)
    one, same, other = (stimuli.redithered(wav, seed) for seed in (1, 1, 2))
    assert one == same and len({wav, one, other}) == 3 and len({len(wav), len(one), len(other)}) == 1
    before, after = (np.frombuffer(each, dtype="<i2", offset=44).astype(float) for each in (wav, one))
    assert np.abs(after - before).max() == 1
    rms_db = 20 * np.log10(np.sqrt(np.mean((after - before) ** 2)) / 32768)
    assert rms_db == pytest.approx(-96.3, abs=0.1)


def test_the_manifest_knows_how_every_sound_was_made(tmp_path: Path) -> None:
    small = plan(tmp_path)
    manifest = json.loads(
        (stimuli.write(tmp_path / "out", small, rendered(small)).folder / "manifest.json").read_text()
    )
    assert manifest["study"] == "small-1" and manifest["study_sha256"] == small.digest
    assert {entry["provenance"]["seed"] for entry in manifest["stimuli"]} == {1, 2, 3}
    assert all(entry["loudness"] == pytest.approx(-23.0, abs=0.1) for entry in manifest["stimuli"])
