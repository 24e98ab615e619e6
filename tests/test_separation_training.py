"""Training and evaluation on songs made here: what is read, what is kept apart, resuming, scores in closed form."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import audio
from audio import Audio
from models import checkpoint
from models.separation.networks import PAPER
from training.separation.dataset import (
    DatasetError,
    Manifest,
    Material,
    load_recordings,
    load_songs,
    read_song,
    song_folders,
    trimmed,
)
from training.separation.fit import PRESETS, batch, fit, mixtures
from training.separation.remix import BINS, Chances, draw, equaliser
from training.separation.remix import excerpt as cut

ROOT = Path(__file__).parent.parent
RATE = 16_000
OWN = Manifest.read(None)


def tone(hz: float, seconds: float = 2.0, gain: float = 0.3, channels: int = 1) -> Audio:
    t = np.arange(round(seconds * RATE)) / RATE
    return Audio(np.tile((gain * np.sin(2 * np.pi * hz * t)).astype(np.float32), (channels, 1)), RATE)


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    folder = tmp_path / "songs"
    for i, name in enumerate(("one", "two", "three")):
        (folder / name).mkdir(parents=True)
        audio.write(folder / name / "vocals.wav", tone(300 + 100 * i))
        audio.write(folder / name / "accompaniment.wav", tone(2000 + 500 * i, channels=2))
    return folder


def material(songs: Path) -> Material:
    return Material(tuple(load_songs(songs, OWN)), (), ())


def test_accompaniment_is_the_sum_of_all_other_stems(tmp_path: Path) -> None:
    for name, hz in (("vocals", 300), ("bass", 100), ("drums", 900), ("mixture", 50)):
        audio.write(tmp_path / f"{name}.wav", tone(hz))
    vocals, accompaniment = read_song(tmp_path)
    assert np.abs(accompaniment.samples - tone(100).samples - tone(900).samples).max() < 1e-4
    assert vocals.samples.shape == accompaniment.samples.shape
    assert song_folders(tmp_path) == [tmp_path]


def test_folders_without_songs_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no song with a vocals file below"):
        song_folders(tmp_path)
    with pytest.raises(DatasetError, match="no usable sound file below"):
        load_recordings(tmp_path, OWN)
    audio.write(tmp_path / "vocals.wav", tone(300))
    with pytest.raises(DatasetError, match="needs vocals and accompaniment"):
        read_song(tmp_path)


def test_whoever_is_named_for_the_test_is_in_no_other_part(songs: Path) -> None:
    everything = material(songs)
    training, test = everything.without(["two"]), everything.only(["two"])
    assert {song.vocals.names[-2] for song in training.songs} == {"one", "three"}
    assert {song.vocals.names[-2] for song in test.songs} == {"two"}
    digests = [{recording.digest for recording in part.recordings()} for part in (training, test)]
    assert not digests[0] & digests[1]


def test_share_alike_files_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    licences = {"a": "CC-BY-SA-3.0", "b": "CC-BY-4.0", "c": "CC0-1.0", "d": "all rights reserved"}
    rows = ["path,source,licence"]
    for name, licence in licences.items():
        audio.write(folder / f"{name}.wav", tone(500))
        rows.append(f"music/{name}.wav,someone,{licence}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    used = load_recordings(folder, Manifest.read(tmp_path / "manifest.csv"))
    assert [recording.names[-1] for recording in used] == ["b", "c"]


def test_silence_is_cut_out_but_for_a_block_on_each_side() -> None:
    silence = np.zeros((1, RATE), np.float32)
    padded = Audio(np.concatenate([silence, tone(500, 1.0).samples, silence], axis=1), RATE)
    assert trimmed(padded).duration == pytest.approx(1.2, abs=0.11)
    assert trimmed(Audio(silence, RATE)).duration == 1.0


def test_drawn_stems_are_apart_and_reproducible(songs: Path) -> None:
    apart = Chances(same_song=1.0, no_vocals=0.0, only_vocals=0.0, vocals_pause=0.0, reverb=0.0, low_pass=0.0)
    vocals, accompaniment = draw(material(songs), np.random.default_rng(4), apart)
    again = draw(material(songs), np.random.default_rng(4), apart)
    assert torch.equal(vocals, again[0]) and torch.equal(accompaniment, again[1])
    hz = np.arange(BINS) * 22_050 / (BINS - 1)
    assert 240 < hz[int(vocals.abs().sum(1).argmax())] < 610
    assert 1600 < hz[int(accompaniment.abs().sum(1).argmax())] < 3700


@pytest.mark.parametrize("semitones", [-12, 0, 12])
def test_a_shift_by_resampling_moves_the_pitch(songs: Path, semitones: int) -> None:
    recording = material(songs).songs[0].vocals
    shifted = cut(recording, np.random.default_rng(0), semitones, 0.0)
    spectrum = np.abs(np.fft.rfft(shifted[:44_100]))
    assert int(spectrum.argmax()) == pytest.approx(300 * 2 ** (semitones / 12), abs=2)


def test_an_equaliser_is_silent_above_the_bandwidth() -> None:
    gains = equaliser(np.random.default_rng(0), 8_000)[:, 0]
    hz = np.arange(BINS) * 22_050 / (BINS - 1)
    assert (gains[hz > 8_000] == 0).all() and (gains[hz <= 8_000] > 0).all()


def test_batches_hold_the_ideal_mask_of_what_was_drawn(songs: Path) -> None:
    config, recipe = PRESETS["smoke"]
    network = fit(config, replace(recipe, epochs=0), material(songs), material(songs), 0, Path("never written"))[0]
    drawn = mixtures(material(songs), 2, np.random.default_rng(0))
    x, target, weight = batch(network, drawn, [np.random.default_rng(0)] * len(drawn))
    assert x.shape == target.shape == weight.shape == (len(x), config.frames, config.bins)
    assert set(target.unique().tolist()) <= {0.0, 1.0}
    assert x.isfinite().all() and weight.min() >= 0


def test_resuming_gives_what_one_run_gives(songs: Path, tmp_path: Path) -> None:
    config, recipe = PRESETS["smoke"]
    everything = material(songs)
    recipe = replace(recipe, optimiser="sgd", rate=0.1)  # whose rate does not depend on the number of epochs
    straight, curve = fit(config, recipe, everything, everything, 1, tmp_path / "straight")
    fit(config, replace(recipe, epochs=1), everything, everything, 1, tmp_path / "resumed")
    resumed, curve_resumed = fit(config, recipe, everything, everything, 1, tmp_path / "resumed")
    assert curve_resumed == curve and len(curve) == 2
    for name, tensor in straight.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name


def test_the_papers_recipe_is_the_published_one_and_lowers_its_loss(songs: Path, tmp_path: Path) -> None:
    config, recipe = PRESETS["paper"]
    assert config == PAPER
    assert (recipe.optimiser, recipe.rate, recipe.loss) == ("sgd", 0.1, "mse")
    assert (recipe.batch, recipe.steps * recipe.batch, recipe.epochs) == (100, 15_000, 100)
    everything, narrow = material(songs), replace(config, bins=60, hidden=(20,), stride=20)
    recipe = replace(recipe, epochs=3, steps=2, validation=1)
    _, curve = fit(narrow, recipe, everything, everything, 0, tmp_path / "resume")
    assert curve[-1]["loss"] < curve[0]["loss"]
    assert any(name.endswith("momentum_buffer") for name in checkpoint.load(tmp_path / "resume").tensors)


def test_training_lowers_the_loss(songs: Path, tmp_path: Path) -> None:
    config, recipe = PRESETS["smoke"]
    everything = material(songs)
    _, curve = fit(config, replace(recipe, epochs=6, rate=3e-3), everything, everything, 0, tmp_path / "resume")
    assert curve[-1]["loss"] < 0.95 * curve[0]["loss"]
    assert curve[-1]["validation_sdr_db"] > curve[0]["validation_sdr_db"] + 1.0


def run(module: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"training.separation.{module}", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_command_line_trains_a_network_that_tells_its_story(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "net.safetensors"
    done = run("train", "--data", songs, "--preset", "smoke", "--validation", "one", "--test", "two", "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    provenance = checkpoint.load(out).provenance
    assert provenance["training"]["songs"] == ["three"]
    assert (provenance["test"], provenance["seed"], len(provenance["curve"])) == (["two"], 0, 2)
    assert 0.1 <= provenance["best_alpha_before_calibration"] <= 0.9


def test_command_lines_refuse_in_one_line(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for refused in (
        run("train", "--data", songs, "--preset", "smoke", "--validation", "nobody", "--out", out),
        run("train", "--data", tmp_path / "nowhere", "--preset", "smoke", "--validation", "one", "--out", out),
        run("evaluate", "--data", songs, "--models", "nope", "--json", out),
    ):
        assert refused.returncode == 2
        assert len(refused.stderr.strip().splitlines()) == 1
