"""A music library on several workers: a worker killed in the middle loses nothing, and no song is done twice."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from audio import Audio, read, write
from models.separation.library import PART, separate, songs

SONGS = ("one", "two", "album/three", "album/four", "album/five")
RATE = 16_000


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Five songs of two seconds in two folders."""
    rng = np.random.default_rng(5)
    for song in SONGS:
        path = tmp_path / "library" / f"{song}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, Audio(rng.normal(0.0, 0.1, (2, 2 * RATE)).astype(np.float32), RATE))
    return tmp_path / "library"


def workers_of(driver: int) -> list[int]:
    """Processes that are at a song: Ray names them after their task."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            is_worker = entry.name.isdigit() and (entry / "cmdline").read_bytes().startswith(b"ray::separate")
            if is_worker and os.getsid(int(entry.name)) == os.getsid(driver):
                found.append(int(entry.name))
        except OSError:  # gone meanwhile
            continue
    return found


def test_a_worker_killed_in_the_middle_loses_nothing_and_no_song_is_done_twice(library: Path, tmp_path: Path) -> None:
    out, report = tmp_path / "stems", tmp_path / "report.json"
    command = [sys.executable, "-m", "models.separation.library", str(library), "--out", str(out)]
    command += ["--workers", "2", "--json", str(report), "--model", "hpss", "--format", "flac"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    first = wait_for_a_song(out, run)
    (victim, *_) = workers_of(run.pid)
    os.kill(victim, signal.SIGKILL)
    output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output.decode()
    outcomes = json.loads(report.read_text())
    assert sorted(outcome["song"] for outcome in outcomes) == sorted(SONGS)
    assert {outcome["state"] for outcome in outcomes} == {"done"}
    for song in SONGS:
        stems = [read(out / song / f"{stem}.flac") for stem in ("vocals", "accompaniment")]
        total = stems[0].samples + stems[1].samples
        np.testing.assert_allclose(total, read(library / f"{song}.wav").samples, atol=1e-3)
    assert not list(out.glob(f"{PART}*"))
    for song, made in first.items():
        assert (out / song).stat().st_ino == made, f"{song} was done again"


def wait_for_a_song(out: Path, run: subprocess.Popen[bytes]) -> dict[str, int]:
    """Wait until a song is through and another is being worked on; returns the folders that are there."""
    while run.poll() is None:
        there = {song: (out / song).stat().st_ino for song in SONGS if (out / song).exists()}
        if there and len(there) < len(SONGS) and workers_of(run.pid):
            return there
        time.sleep(0.02)
    raise AssertionError(f"the run ended early: {run.communicate()[0].decode()}")


def test_what_is_there_is_left_alone(library: Path, tmp_path: Path) -> None:
    (tmp_path / "stems" / "one").mkdir(parents=True)
    outcome = separate("one", library / "one.wav", tmp_path / "stems", [])
    assert outcome.state == "was there"
    assert not list((tmp_path / "stems" / "one").iterdir())


def test_a_song_that_cannot_be_read_is_named(library: Path, tmp_path: Path) -> None:
    (library / "one.wav").write_bytes(b"not a song")
    outcome = separate("one", library / "one.wav", tmp_path, ["--model", "hpss"])
    assert outcome.state == "failed" and "one.wav" in outcome.reason


def test_two_songs_of_one_name_are_refused(library: Path) -> None:
    (library / "one.flac").write_bytes(b"")
    with pytest.raises(ValueError, match="rename one"):
        songs(library)


def test_an_empty_library_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no sound file"):
        songs(tmp_path)
