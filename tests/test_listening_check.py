"""What `check` refuses of a prepared study, each fault planted into stimuli that pass without it."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_study import prepare_small_study, tone

import audio
from audio import Audio
from listening_test import check, stimuli, study
from listening_test.__main__ import main
from listening_test.block import Block, Condition
from listening_test.stimuli import Stimuli, Stimulus, StimulusError

ITEM = "tones-preference-1"
BLOCK = Block(
    "tones", "preference", "Which?", (1, 2, 3, 4, 5), {"low": Condition(), "high": Condition()}, (("low", "high"),)
)


def stored(folder: Path, **sounds: Audio) -> Stimuli:
    """Store the sounds as they are, as conditions of one item."""
    folder.mkdir(exist_ok=True)
    kept = {}
    for name, sound in sounds.items():
        content = stimuli.wav_of(sound)
        sha256 = hashlib.sha256(content).hexdigest()
        (folder / f"{sha256}.wav").write_bytes(content)
        kept[ITEM, name] = Stimulus(ITEM, name, sha256, sound.samples.shape[1], -23.0, -10.0, 0.0, {})
    return Stimuli(folder, kept)


def good(hertz: float = 300.0) -> Audio:
    return audio.at_loudness(audio.faded(tone(hertz)), -23.0)


def changed(sound: Audio, change: Callable[[np.ndarray], np.ndarray]) -> Audio:
    return Audio(np.ascontiguousarray(change(sound.samples.copy()), dtype=np.float32), sound.sample_rate)


def test_sounds_that_differ_in_nothing_else_pass(tmp_path: Path) -> None:
    check.check_item(ITEM, BLOCK, stored(tmp_path, low=good(300), high=good(500)))


def spoilt(fault: str) -> Audio:
    """A sound with one fault."""
    sound = good()
    if fault == "shorter":
        return changed(sound, lambda samples: samples[:, :-1])
    if fault == "louder":
        return changed(sound, lambda samples: samples * 10 ** (0.15 / 20))
    if fault == "later":
        return changed(sound, lambda samples: np.roll(samples, 500, axis=1) * (np.arange(samples.shape[1]) >= 500))
    if fault == "offset":
        return changed(sound, lambda samples: samples + 0.002)
    if fault == "clipped":
        return changed(sound, lambda samples: np.clip(50 * samples, -1, 1))
    # One sample in the middle: hardly louder, but between the samples it peaks.
    return changed(sound, lambda samples: samples + 0.95 * (np.arange(samples.shape[1]) == 60_000))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("shorter", "differ in length"),
        ("louder", r"differs by 0\.15 LU"),
        ("later", "high begins 1[12] ms after low"),
        ("offset", r"high: offset of 0\.002"),
        ("clipped", "high: clipped"),
        ("peak", r"high: true peak of -?0\.\d dBTP"),
    ],
)
def test_a_sound_that_gives_its_condition_away_is_refused(tmp_path: Path, fault: str, message: str) -> None:
    with pytest.raises(StimulusError, match=message):
        check.check_item(ITEM, BLOCK, stored(tmp_path, low=good(), high=spoilt(fault)))


@pytest.mark.parametrize("fault", ["missing", "damaged", "header", "rate"])
def test_a_file_that_is_not_what_was_stored_is_refused(tmp_path: Path, fault: str) -> None:
    prepared = stored(tmp_path, low=good(300), high=good(500))
    victim = prepared.of[ITEM, "low"]
    path = tmp_path / f"{victim.sha256}.wav"
    content = path.read_bytes()
    if fault == "missing":
        path.unlink()
    elif fault == "damaged":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        content = content + b"LIST\0\0\0\0" if fault == "header" else stimuli.wav_of(Audio(good().samples, 48_000))
        sha256 = hashlib.sha256(content).hexdigest()
        (tmp_path / f"{sha256}.wav").write_bytes(content)
        prepared = Stimuli(tmp_path, {**prepared.of, (ITEM, "low"): replace(victim, sha256=sha256)})
    with pytest.raises(StimulusError, match=r"low: .*(missing or damaged|not plain 16-bit stereo)"):
        check.check_item(ITEM, BLOCK, prepared)


def planned(tmp_path: Path, block: Block = BLOCK) -> Stimuli:
    """Entries for every item and condition of a block, with a licence; no file is needed."""
    entry = Stimulus(ITEM, "low", "0" * 64, 1, -23.0, -10.0, 0.0, {"licence": "CC0-1.0"})
    return Stimuli(tmp_path, {(item, name): entry for item in block.items for name in block.conditions})


def test_a_plan_with_five_items_of_all_conditions_passes(tmp_path: Path) -> None:
    check.check_plan(BLOCK, planned(tmp_path))


def test_a_condition_that_no_item_has_is_not_missed(tmp_path: Path) -> None:
    """Choruses of people that the owner did not supply."""
    rest = {key: entry for key, entry in planned(tmp_path).of.items() if key[1] != "high"}
    check.check_plan(BLOCK, Stimuli(tmp_path, rest))


def test_too_few_items_are_refused(tmp_path: Path) -> None:
    few = replace(BLOCK, seeds=(1, 2, 3, 4))
    with pytest.raises(StimulusError, match="preference of tones: 4 items are too few"):
        check.check_plan(few, planned(tmp_path, few))


def test_a_condition_that_one_item_lacks_is_refused(tmp_path: Path) -> None:
    rest = {key: entry for key, entry in planned(tmp_path).of.items() if key != ("tones-preference-3", "high")}
    with pytest.raises(StimulusError, match="tones-preference-3 lacks high"):
        check.check_plan(BLOCK, Stimuli(tmp_path, rest))


@pytest.mark.parametrize("provenance", [{}, {"licence": " "}])
def test_material_without_a_licence_is_refused(tmp_path: Path, provenance: dict[str, str]) -> None:
    of = dict(planned(tmp_path).of)
    of["tones-preference-2", "low"] = replace(of[ITEM, "low"], provenance=provenance)
    with pytest.raises(StimulusError, match="tones-preference-2, low: its licence is not stated"):
        check.check_plan(BLOCK, Stimuli(tmp_path, of))


def test_a_study_that_changed_since_is_refused(tmp_path: Path) -> None:
    study_folder, _ = prepare_small_study(tmp_path)
    folder = stimuli.folder_of(study.load(study_folder), tmp_path)
    file = study_folder / study.FILE_NAME
    file.write_text(file.read_text().replace("Listen to both.", "Listen closely."))
    with pytest.raises(StimulusError, match="raise its version"):
        stimuli.read(folder, study.load(study_folder))


def test_the_commands_say_in_one_line_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study_folder, url = prepare_small_study(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    place = ["--study", str(study_folder)]
    assert main(["check", *place]) == 2
    assert "3 items are too few" in capsys.readouterr().err
    people = ["--study", str(study.SHIPPED / "blues"), "--human", str(tmp_path / "nowhere")]
    assert main(["prepare", *people, "--out", str(tmp_path / "out")]) == 2
    message = capsys.readouterr().err
    assert "nowhere holds no chorus" in message and message.count("\n") == 1
    assert not (tmp_path / "out").exists()
