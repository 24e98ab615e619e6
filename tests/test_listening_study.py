"""The study file, the assignment and the stimuli: what is decided before anybody listens."""

import hashlib
import itertools
import json
import threading
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest
from scipy.stats import chisquare
from small_study import STUDY, rendered, tone, write_small_study

import audio
from audio import Audio
from listening_test import assignment, stimuli, study
from listening_test.assignment import Cell
from listening_test.stimuli import StimulusError
from listening_test.study import StudyError


def plan(tmp_path: Path, text: str = STUDY) -> study.Study:
    folder = write_small_study(tmp_path / "study")
    (folder / study.FILE_NAME).write_text(text)
    return study.load(folder)


def test_the_shipped_study_compares_models_and_alphas_on_consecutive_seeds() -> None:
    shipped = study.load(study.SHIPPED / "default")
    blues, separation = shipped.blocks
    assert set(blues.conditions) == {"lstm", "random-walk", "corpus"} and len(blues.pairs) == 3
    assert [condition.settings["alpha"] for condition in separation.conditions.values()] == [0.3, 0.7]
    assert all(block.seeds == tuple(range(1, len(block.seeds) + 1)) for block in shipped.blocks)


@pytest.mark.parametrize(
    ("wrong", "instead_of", "message"),
    [
        ("version: one", "version: 1", "study.yaml:3: version: .*valid integer"),
        ("trials: 99", "trials: 4", "99 trials for each listener, but there are only 6"),
        ("trails: 4", "trials: 4", "study.yaml:6: trails: Unexpected"),
        ("seeds: [1, 2, -3]", "seeds: [1, 2, 3]", "study.yaml:16: blocks.0.seeds.2"),
        ("seeds: [1, 2, 2]", "seeds: [1, 2, 3]", "repeat themselves"),
        ("- [kx7vq2mwp, other]", "- [kx7vq2mwp, zr4hd9tbn]", "must name two of the conditions"),
        ("- [zr4hd9tbn, zr4hd9tbn]", "- [kx7vq2mwp, zr4hd9tbn]", "must name two of the conditions"),
        ("- [wj3fy8glc, kx7vq2mwp]", "- [kx7vq2mwp, zr4hd9tbn]", "a pair is listed twice"),
        ("name: ../small", "name: small", "study.yaml:2: name"),
        ("blocks: [", "blocks:", "is not YAML"),
    ],
)
def test_a_wrong_study_is_refused_with_its_line(tmp_path: Path, wrong: str, instead_of: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        plan(tmp_path, STUDY.replace(instead_of, wrong, 1))


def test_a_missing_study_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"give the folder that holds study\.yaml"):
        study.load(tmp_path / "nowhere")


def simulate(listeners: int, drop_out: float) -> tuple[study.Study, Counter[Cell], list[list[Cell]]]:
    """Sessions of the shipped study, one after another; some leave after any trial."""
    shipped, chance = study.load(study.SHIPPED / "default"), Random(1)
    available, served, sessions = assignment.cells(shipped), Counter[Cell](), []
    for _ in range(listeners):
        seen: list[Cell] = []
        while len(seen) < shipped.trials:
            cell = assignment.next_cell(available, served, seen, chance)
            seen.append(cell)
            served[cell] += 1
            if chance.random() < drop_out:
                break
        sessions.append(seen)
    return shipped, served, sessions


def test_2000_sessions_serve_every_cell_alike() -> None:
    shipped, served, sessions = simulate(2000, drop_out=0.03)
    counts = [served[cell] for cell in assignment.cells(shipped)]
    assert max(counts) - min(counts) <= 2
    first = Counter(seen[0].order[0] for seen in sessions)  # a session's first sound favours no condition of a block
    assert chisquare([first[name] for name in ("alpha-0.3", "alpha-0.7")]).pvalue > 0.001
    for seen in sessions:
        assert len({cell.comparison for cell in seen}) == len(seen), "a comparison came twice"


def test_an_item_never_comes_twice_running() -> None:
    _, _, sessions = simulate(200, drop_out=0.0)
    assert all(a.item != b.item for seen in sessions for a, b in itertools.pairwise(seen))


def test_a_listener_meets_all_pairs_and_both_sides_are_used() -> None:
    shipped, served, sessions = simulate(200, drop_out=0.0)
    pairs = {cell.pair for cell in assignment.cells(shipped)}
    assert all({cell.pair for cell in seen} == pairs for seen in sessions)
    left = sum(count for cell, count in served.items() if cell.order == ("lstm", "corpus"))
    right = sum(count for cell, count in served.items() if cell.order == ("corpus", "lstm"))
    assert abs(left - right) <= 4


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


def test_two_preparations_at_once_render_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from listening_test import prepare

    small, rendering = plan(tmp_path), []

    def render(of: study.Study) -> object:
        rendering.append(of)
        return rendered(of)

    monkeypatch.setattr(prepare, "_render", render)
    threads = [threading.Thread(target=prepare.prepare, args=(small, tmp_path / "data" / "out")) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rendering) == 1
    stimuli.check(stimuli.read(tmp_path / "data" / "out", small), small)


def test_an_unknown_kind_of_material_is_refused(tmp_path: Path) -> None:
    from listening_test import prepare

    with pytest.raises(StudyError, match="cannot be rendered; use one of blues, separation"):
        prepare.prepare(plan(tmp_path), tmp_path / "out")
    assert not (tmp_path / "out").exists()


MODELS = """
name: models
version: 1
title: One item of each kind
instructions: []
trials: 2
minimum_seconds: 1
blocks:
  - material: blues
    trial: preference
    question: Which blues?
    seeds: [1]
    settings: {tempo: 300}
    conditions: {lstm: {model: lstm}, walk: {model: random-walk}}
    pairs: [[lstm, walk]]
  - material: separation
    trial: preference
    question: Which voice?
    seeds: [1]
    settings: {model: default, start: 4, seconds: 2}
    conditions: {low: {alpha: 0.3}, high: {alpha: 0.7}}
    pairs: [[low, high]]
"""


def test_the_models_render_stimuli_that_pass_the_check(tmp_path: Path) -> None:
    from listening_test import prepare

    models = plan(tmp_path, MODELS)
    prepared = prepare.prepare(models, tmp_path / "out")
    stimuli.check(prepared, models)
    assert len({each.sha256 for each in prepared.of.values()}) == 4, "two conditions sound the same"
    made = prepared.of["separation-preference-1", "high"].provenance
    assert made["alpha"] == 0.7 and made["seed"] == 1 and len(made["checkpoints"]) >= 2
    assert prepare.prepare(models, tmp_path / "out") == prepared


@pytest.mark.parametrize(
    ("wrong", "instead_of", "message"),
    [
        ("{tempi: 300}", "{tempo: 300}", "blues-preference-1.*tempi"),
        ("{tempo: 3000}", "{tempo: 300}", "3000"),
        ("{model: lstn}", "{model: lstm}", "lstn"),
        (
            "start: 4, seconds: 2",
            "model: default, start: 4, seconds: 2",
            "separation-preference-1: the setting 'model' is missing",
        ),
        ("start: 400", "start: 4", "not empty"),
    ],
)
def test_a_setting_that_no_model_knows_or_that_is_missing_is_refused(
    tmp_path: Path, wrong: str, instead_of: str, message: str
) -> None:
    from listening_test import prepare

    with pytest.raises(ValueError, match=message):
        prepare.prepare(plan(tmp_path, MODELS.replace(instead_of, wrong)), tmp_path / "out")
