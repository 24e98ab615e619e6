"""A music library on several workers: a worker killed in the middle loses nothing, and no song is done twice."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from audio import Audio, read, write
from models.separation.library import PART, separate, songs
from models.separation.stream import Cut

ROOT = Path(__file__).parent.parent
SONGS = ("one", "two", "album/three", "album/four", "album/five")
SECONDS, RATE = 10, 16_000
PATIENCE_S = 200
CUT = Cut("hpss", 0.5, 0.0, "flac")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Five songs of noise in two folders."""
    rng = np.random.default_rng(5)
    for song in SONGS:
        path = tmp_path / "library" / f"{song}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, Audio(rng.normal(0.0, 0.1, (2, SECONDS * RATE)).astype(np.float32), RATE))
    return tmp_path / "library"


def caught_in_the_middle(out: Path, run: subprocess.Popen[bytes]) -> tuple[int, dict[str, int]]:
    """Stop a worker that is at a song while another song is through; returns it, and the folders that are there."""
    deadline = time.monotonic() + PATIENCE_S
    while run.poll() is None and time.monotonic() < deadline:
        there = {song: (out / song).stat().st_ino for song in SONGS if (out / song).exists()}
        for scratch in out.glob(f"{PART}*") if there else ():
            worker = int(scratch.name.rsplit("-", 1)[1])
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGSTOP)
                if scratch.exists() and any(scratch.iterdir()):  # stopped, it can no longer finish
                    return worker, there
                os.kill(worker, signal.SIGCONT)
        time.sleep(0.01)
    run.kill()
    raise AssertionError(f"nobody was caught in the middle: {run.communicate()[0].decode()}")


def test_a_worker_killed_in_the_middle_loses_nothing_and_no_song_is_done_twice(library: Path, tmp_path: Path) -> None:
    out, report = tmp_path / "stems", tmp_path / "report.json"
    command = [sys.executable, "-m", "models.separation.library", str(library), "--out", str(out)]
    command += ["--workers", "2", "--json", str(report), "--model", "hpss", "--format", "flac"]
    run = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        worker, first = caught_in_the_middle(out, run)
        os.kill(worker, signal.SIGKILL)
        output, _ = run.communicate(timeout=PATIENCE_S)
    finally:
        run.kill()
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


def test_what_is_there_is_left_alone(library: Path, tmp_path: Path) -> None:
    (tmp_path / "stems" / "one").mkdir(parents=True)
    outcome = separate("one", library / "one.wav", tmp_path / "stems", CUT)
    assert outcome.state == "was there"
    assert not list((tmp_path / "stems" / "one").iterdir())


def test_a_song_that_cannot_be_read_is_named(library: Path, tmp_path: Path) -> None:
    (library / "one.wav").write_bytes(b"not a song")
    outcome = separate("one", library / "one.wav", tmp_path, CUT)
    assert outcome.state == "failed" and "one.wav" in outcome.reason


def test_two_songs_of_one_name_are_refused(library: Path) -> None:
    (library / "one.flac").write_bytes(b"")
    with pytest.raises(ValueError, match="rename one"):
        songs(library)


def test_an_empty_library_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no sound file"):
        songs(tmp_path)
