"""Stimuli: levels, peaks, what is stored and what a check finds wrong with it."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from small_study import STUDY, rendered, tone, write_small_study

import audio
from audio import Audio
from listening_test import stimuli, study
from listening_test.stimuli import StimulusError


def plan(tmp_path: Path, text: str = STUDY) -> study.Study:
    folder = write_small_study(tmp_path / "study")
    (folder / study.FILE_NAME).write_text(text)
    return study.load(folder)


def test_levelled_sounds_are_equally_loud_and_long_in_one_format() -> None:
    noise = np.random.default_rng(3).normal(0, 0.02, (1, 3 * 48_000)).astype(np.float32)
    level = stimuli.levelled({"loud": tone(440, 0.7), "quiet": tone(300, 0.001), "noise": Audio(noise, 48_000)})
    sounds = {name: sound for name, (sound, _) in level.items()}
    assert {sound.samples.shape for sound in sounds.values()} == {(2, 3 * 44_100)}
    assert all(audio.loudness(sound) == pytest.approx(-23.0, abs=0.1) for sound in sounds.values())
    assert all(np.abs(sound.samples[:, [0, -1]]).max() < 1e-3 for sound in sounds.values())
    assert level["quiet"][1] - level["loud"][1] == pytest.approx(20 * np.log10(700), abs=0.1)


def test_a_high_peak_lowers_the_whole_item_alike() -> None:
    click = tone(200, 0.05).samples.copy()
    click[:, 60_000:60_004] = 0.99
    level = stimuli.levelled({"click": Audio(click, 44_100), "tone": tone(200, 0.05)})
    loudness = [audio.loudness(sound) for sound, _ in level.values()]
    assert loudness[0] == pytest.approx(loudness[1], abs=0.1) and loudness[0] < -23.1
    assert stimuli.true_peak_db(level["click"][0]) == pytest.approx(-1.0, abs=0.1)


def test_the_true_peak_lies_between_the_samples() -> None:
    """A sine at a quarter of the rate, sampled at 45 degrees, peaks 3.01 dB over its samples."""
    wave = np.sin(np.pi / 2 * np.arange(44_100) + np.pi / 4)
    sound = audio.faded(Audio(np.stack([wave, wave]).astype(np.float32), 44_100), 0.1)
    assert 20 * np.log10(np.abs(sound.samples).max()) == pytest.approx(-3.01, abs=0.01)
    assert stimuli.true_peak_db(sound) == pytest.approx(0.0, abs=0.05)


def test_silence_cannot_be_a_stimulus() -> None:
    with pytest.raises(StimulusError, match="hush cannot be brought"):
        stimuli.levelled({"hush": tone(200, 0.0), "tone": tone(200)})


def test_stored_stimuli_pass_the_check_and_tell_nothing_by_name_or_header(tmp_path: Path) -> None:
    small = plan(tmp_path)
    prepared = stimuli.write(tmp_path / "out", small, rendered(small))
    stimuli.check(prepared, small)
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
    items = [next(rendered(small)), ("silent", {"x": (tone(200, 0.0), {})})]
    with pytest.raises(StimulusError):
        stimuli.write(tmp_path / "stimuli" / "out", small, items)
    assert not list((tmp_path / "stimuli").iterdir())


@pytest.mark.parametrize("fault", ["missing", "damaged", "changed study", "loudness"])
def test_check_finds_the_fault(tmp_path: Path, fault: str) -> None:
    small = plan(tmp_path)
    prepared = stimuli.write(tmp_path / "out", small, rendered(small))
    victim = next(iter(prepared.of.values()))
    path = prepared.folder / f"{victim.sha256}.wav"
    if fault == "missing":
        path.unlink()
    elif fault == "damaged":
        path.write_bytes(path.read_bytes()[:-2] + b"\x01\x00")
    elif fault == "loudness":
        sound = audio.read(path)
        audio.write(path, Audio(sound.samples * np.float32(0.9), sound.sample_rate))
        name = hashlib.sha256(path.read_bytes()).hexdigest()
        path.rename(prepared.folder / f"{name}.wav")
        manifest = prepared.folder / stimuli.MANIFEST
        manifest.write_text(manifest.read_text().replace(victim.sha256, name))
    else:
        small = plan(tmp_path, STUDY.replace("Listen to both.", "Listen closely."))
    with pytest.raises(StimulusError):
        stimuli.check(stimuli.read(prepared.folder, small), small)


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
