"""What the Separate tab hands out: exactly what is heard, named after the song, and nothing that nobody can ask for."""

import pickle
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import audio
from audio import Audio
from models.separation.separate import Probabilities, split
from models.separation.spectrogram import BINS, frames
from tabs.separate_cut import Separated
from tabs.separate_download import DownloadError, Wish, deliver, written
from tabs.separate_song import Song

RATE = 44_100
HALF_STEP = 1 / 32_768  # of 16 bits, with the rounding of the song itself
FULL = (0.0, 1.0, 1.0)


@pytest.fixture
def separated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Separated:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    return stored(tmp_path, 0.2)


def stored(folder: Path, level: float, channels: int = 2) -> Separated:
    rng = np.random.default_rng(7)
    song = Audio(rng.uniform(-level, level, (channels, RATE)).astype(np.float32), RATE)
    audio.write(folder / "my tune.wav", song)
    levels = rng.integers(0, 256, (BINS, frames(RATE)), dtype=np.uint8)
    brought = Song(song, folder / "my tune.wav", "my tune", "my tune.wav")
    return Separated.keep(brought, Probabilities(levels, "drawn"), None)


def stems(separated: Separated, alpha: float, softness: float) -> tuple[Audio, Audio, Audio]:
    song = audio.read(separated.path)
    return song, *split(song, separated.probabilities(), alpha, softness=softness)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_a_mix_has_alpha_softness_and_levels_as_heard(separated: Separated, suffix: str) -> None:
    path, note = written(separated, Wish("mix", suffix, (0.0, 0.3, 0.8), None), 0.4, 0.5, "complement")
    _, vocals, accompaniment = stems(separated, 0.4, 0.5)
    expected = 0.3 * vocals.samples + 0.8 * accompaniment.samples
    assert (path.name, note) == (f"my tune-mix.{suffix}", "")
    assert np.abs(audio.read(path).samples - expected).max() < HALF_STEP


def test_a_zip_holds_both_stems_and_they_sum_to_the_section(separated: Separated) -> None:
    path, _ = written(separated, Wish("both", "flac", FULL, (0.25, 0.75)), 0.6, 0.0, "complement")
    assert path.name == "my tune-0m00.2s-0m00.8s-stems.zip"
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        archive.extractall(path.parent)
    assert names == [f"my tune-0m00.2s-0m00.8s-{stem}.flac" for stem in ("vocals", "accompaniment")]
    total = sum(audio.read(path.parent / name).samples for name in names)
    song = audio.read(separated.path).samples[:, round(0.25 * RATE) : round(0.75 * RATE)]
    assert np.abs(total - song).max() < 2 * HALF_STEP


def test_an_mp3_sounds_like_the_stem(separated: Separated) -> None:
    path, _ = written(separated, Wish("vocals", "mp3", FULL, None), 0.3, 1.0, "complement")
    _, vocals, _ = stems(separated, 0.3, 1.0)
    heard = audio.read(path).samples
    assert heard.shape == vocals.samples.shape
    assert np.corrcoef(heard.ravel(), vocals.samples.ravel())[0, 1] > 0.9  # noise is what MP3 is worst at


def test_stems_that_would_clip_share_one_gain_and_it_is_said(tmp_path: Path, separated: Separated) -> None:
    loud = stored(tmp_path, 0.999)
    _, vocals, accompaniment = stems(loud, 0.5, 0.0)
    peak = max(np.abs(stem.samples).max() for stem in (vocals, accompaniment))
    assert peak > 1.0
    for stem, sound in (("vocals", vocals), ("accompaniment", accompaniment)):
        path, note = written(loud, Wish(stem, "wav", FULL, None), 0.5, 0.0, "complement")
        assert note == f"turned down to {1 / peak:.0%}, or it would clip"
        assert np.abs(audio.read(path).samples - sound.samples / peak).max() < 2 * HALF_STEP


def asked(**changes: Any) -> dict[str, Any]:
    levels = {"song": 0, "vocals": 1, "accompaniment": 1}
    return {"what": "vocals", "format": "wav", "levels": levels, "section": None} | changes


def test_the_page_gets_an_address_and_a_name(separated: Separated) -> None:
    event = SimpleNamespace(_data=asked(section={"from": 0.5, "to": 0.9}))
    delivered = deliver(separated, 0.5, 0.0, "complement", event)
    assert delivered["name"] == "my tune-0m00.5s-0m00.9s-vocals.wav"
    assert delivered["url"].endswith("my%20tune-0m00.5s-0m00.9s-vocals.wav")


@pytest.mark.parametrize(
    "data",
    [
        None,
        "vocals",
        asked(what="drums"),
        asked(format="../../etc/passwd"),
        asked(levels={"song": 0, "vocals": 2, "accompaniment": 0}),
        asked(levels={"song": 0, "vocals": float("nan"), "accompaniment": 0}),
        asked(levels={"vocals": 1}),
        asked(levels={"song": 0, "vocals": [], "accompaniment": 0}),
        asked(section={"from": 0.9, "to": 0.5}),
        asked(section={"from": -1, "to": 0.5}),
        asked(section={"from": 5, "to": 6}),
        asked(section={"from": 0, "to": float("inf")}),
    ],
)
def test_what_no_button_can_ask_for_is_refused_in_words(separated: Separated, data: Any) -> None:
    delivered = deliver(separated, 0.5, 0.0, "complement", SimpleNamespace(_data=data))
    assert set(delivered) == {"fault"}
    assert "\n" not in delivered["fault"]


def test_what_a_session_keeps_lies_on_the_disk_and_comes_back(tmp_path: Path, separated: Separated) -> None:
    truth = tuple(audio.read(separated.path) for _ in range(2))
    song = Song(truth[0], separated.path, "my tune", "two stems", truth)
    kept = Separated.keep(song, separated.probabilities(), truth)
    for stem, expected in zip(kept.truth(), truth, strict=True):
        assert stem.sample_rate == RATE
        np.testing.assert_array_equal(stem.samples, expected.samples)
    assert separated.truth() is None
    assert len(pickle.dumps(kept)) < 1_000  # whatever the length of the song
    kept.arrays.unlink()
    delivered = deliver(kept, 0.5, 0.0, "complement", SimpleNamespace(_data=asked()))
    assert delivered == {"fault": "this song was cleared away after an hour; separate it again"}


def test_an_mp3_of_six_channels_and_a_download_before_a_song_are_refused_in_words(
    tmp_path: Path, separated: Separated
) -> None:
    event = SimpleNamespace(_data=asked(format="mp3"))
    assert "choose WAV or FLAC" in deliver(stored(tmp_path, 0.1, channels=6), 0.5, 0.0, "complement", event)["fault"]
    assert deliver(None, 0.5, 0.0, "complement", event)["fault"] == "separate a song first"
    with pytest.raises(DownloadError, match="unknown form"):
        Wish.of({})
