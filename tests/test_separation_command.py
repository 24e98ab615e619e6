"""The command line of separation: songs and folders in, stems out, one line for each thing that is wrong."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import audio
from audio import Audio
from models.separation.__main__ import main
from models.separation.engines import HOW_TO_ADD, INSTALLED
from models.separation.separate import DEFAULT, MODELS

Said = tuple[int, list[str], list[str]]
ROOT = Path(__file__).parent.parent
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PATH": "", "OMP_NUM_THREADS": "1"}


def noise(seconds: float = 1.0, rate: int = 44_100, channels: int = 2) -> Audio:
    shape = (channels, round(seconds * rate))
    return Audio((0.1 * np.random.default_rng(0).standard_normal(shape)).astype(np.float32), rate)


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "models.separation", *arguments],
        cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip


def test_command_line_writes_both_stems_per_song(tmp_path: Path) -> None:
    song = noise(0.5, 48_000)
    audio.write(tmp_path / "a song.wav", song)
    done = run("a song.wav", "--out", "stems", "--alpha", "0.4", "--format", "flac", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    stems = [audio.read(tmp_path / "stems" / "a song" / f"{stem}.flac") for stem in ("vocals", "accompaniment")]
    total = stems[0].samples + stems[1].samples
    assert np.abs(total - audio.read(tmp_path / "a song.wav").samples).max() < 2e-4


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Said]:
    """The command without a process of its own: its status, its lines on standard output and standard error."""

    def run_here(*arguments: str) -> Said:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["separation", *arguments])
        try:
            status = main()
        except SystemExit as stop:
            status = stop.code
        output = capsys.readouterr()
        return status, output.out.splitlines(), output.err.splitlines()

    return run_here


def test_models_are_listed_and_the_default_is_said(said: Callable[..., Said]) -> None:
    names = [f"{model} (default)" if model == DEFAULT else model for model in MODELS]
    assert said("--list") == (0, names, [] if INSTALLED else [HOW_TO_ADD])


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--format", "ogg", "--bits", "24"], "ogg has no 24 bits"),
        (["--jobs", "0"], "at least 1 process"),
        (["--alpha", "1.5"], "alpha must lie between 0 and 1"),
        (["--softness", "-1"], "softness must not be negative"),
        (["--soft", "--softness", "0.5"], "not allowed with"),
        (["--model", "nope"], "no model 'nope'; choose one of default"),
    ],
)
def test_wrong_options_are_refused(arguments: list[str], fault: str, said: Callable[..., Said]) -> None:
    status, output, faults = said("song.wav", "--out", "stems", *arguments)
    assert (status, output) == (2, []) and fault in faults[-1]


def test_a_song_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    for folder in ("empty", "album", "other"):
        (tmp_path / folder).mkdir()
    audio.write(tmp_path / "album" / "first.wav", noise(0.3))
    (tmp_path / "album" / "middle.wav").write_text("not audio")
    audio.write(tmp_path / "album" / "silent.wav", Audio(np.zeros((2, 5000), np.float32), 44_100))
    audio.write(tmp_path / "other" / "first.wav", noise(0.3))
    done = run("missing.wav", "empty", "album", "other", "--out", "stems", cwd=tmp_path)
    assert done.returncode == 2
    faults = done.stderr.splitlines()
    assert len(faults) == 4
    for name in ("missing.wav", "empty", "middle.wav", "first"):
        assert sum(name in fault for fault in faults) == 1
    assert sorted(path.name for path in (tmp_path / "stems").iterdir()) == ["first", "silent"]
    assert not audio.read(tmp_path / "stems" / "silent" / "vocals.wav").samples.any()


def test_a_song_too_loud_for_its_stems_is_turned_down_and_said_so(tmp_path: Path) -> None:
    audio.write(tmp_path / "loud.flac", Audio(np.sign(noise(0.3, channels=1).samples), 44_100))
    done = run("loud.flac", "--out", "stems", "--soft", cwd=tmp_path)
    assert done.returncode == 0 and "turned down to 0." in done.stdout
    stems = [audio.read(tmp_path / "stems" / "loud" / f"{stem}.wav").samples for stem in ("vocals", "accompaniment")]
    assert 0.99 < max(np.abs(stem).max() for stem in stems) <= 1.0
    gain = float(done.stdout.split("turned down to ")[1].split(",")[0])
    total = stems[0] + stems[1]
    assert np.corrcoef(total[0], np.sign(noise(0.3, channels=1).samples[0]))[0, 1] > 0.999
    assert float(np.abs(total).mean()) == pytest.approx(gain, abs=0.006)


def test_several_songs_at_once_in_24_bits(tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    for name in ("one", "two"):
        audio.write(tmp_path / "songs" / f"{name}.wav", noise(0.3))
    (tmp_path / "songs" / "text.wav").write_text("not audio")
    done = run(*("songs", "--out", "stems", "--jobs", "2", "--format", "flac", "--bits", "24"), cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.startswith("text.wav cannot be read")
    assert sorted(done.stdout.split()) == ["stems/one", "stems/two"]
    stems = [audio.read(tmp_path / "stems" / "two" / f"{stem}.flac") for stem in ("vocals", "accompaniment")]
    song = audio.read(tmp_path / "songs" / "two.wav")
    assert np.abs(stems[0].samples + stems[1].samples - song.samples).max() < 2**-22


def test_an_interrupt_leaves_no_file_and_says_so(tmp_path: Path) -> None:
    audio.write(tmp_path / "long.wav", noise(120.0))
    command = [sys.executable, "-m", "models.separation", "long.wav", "--out", "stems"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # shells start background jobs without it
    )
    while not list(tmp_path.glob("stems/.long-*/vocals.float32")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=600)
    assert process.returncode == 130 and said.splitlines() == ["stopped; songs that are not listed above left no files"]
    assert list((tmp_path / "stems").iterdir()) == []
