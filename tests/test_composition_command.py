"""The command line of the composers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import audio
from models.composition.__main__ import main
from models.composition.generate import (
    compose,
)
from models.composition.render import RELEASE_S
from models.composition.score import read_midi

ROOT = Path(__file__).parent.parent


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "models.composition", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CI": "true"},  # where pyfluidsynth prints; the report stays JSON
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_command_writes_every_format_and_reports(tmp_path):
    outs = [tmp_path / f"take.{suffix}" for suffix in ("mid", "wav", "flac")]
    options = [option for out in outs for option in ("--out", out)]
    done = command("--key", "G", "--tempo", 240, "--seed", 7, "--json", *options)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["seconds"] == 12.0
    assert report["chord_accuracy"] == 1.0
    assert len(report["segments"]) == 12
    assert read_midi(outs[0]) == compose(key="G", tempo=240, seed=7)
    wav, flac = audio.read(outs[1]), audio.read(outs[2])
    assert wav.duration == pytest.approx(12.0 + RELEASE_S, abs=1e-4)
    np.testing.assert_allclose(wav.samples, flac.samples, atol=1.01 / 32768)  # two roundings to 16 bits


def test_command_refuses_bad_input_in_one_line_and_exits_with_2(tmp_path):
    (tmp_path / "garbage.mid").write_bytes(b"this is not MIDI")
    done = command("--primer", tmp_path / "garbage.mid", "--out", tmp_path / "take.wav")
    assert done.returncode == 2
    assert done.stderr.startswith("error: garbage.mid is not a readable MIDI file")
    assert len(done.stderr.strip().splitlines()) == 1


def test_command_takes_a_primer_and_lists_models(tmp_path, capsys):
    assert main(["--model", "random-walk", "--seed", "1", "--out", str(tmp_path / "walk.mid")]) == 0
    assert main(["--primer", str(tmp_path / "walk.mid"), "--out", str(tmp_path / "on.mid")]) == 0
    walk, on = (read_midi(tmp_path / name).part("melody").notes for name in ("walk.mid", "on.mid"))
    assert [note.pitch for note in walk[:24]] == [note.pitch for note in on[:24]]
    assert main(["--list"]) == 0
    assert "lstm, lstm-wide, markov, random-walk, corpus" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--tempo", "20"], "tempo 20"),
        (["--seed", "-3"], "-3"),
        (["--key", "Q"], "Q"),
        (["--out", "take.mp3"], "take.mp3"),
        (["--primer", "absent.mid"], "absent.mid"),
        (["--melody", "Kazoo", "--out", "take.mid"], "Kazoo"),
        (["--out", "no/such/folder/take.mid"], "no/such/folder"),
    ],
)
def test_bad_values_are_named(tmp_path, monkeypatch, capsys, arguments, named):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert named in line
    assert list(tmp_path.iterdir()) == []


def test_command_without_a_sound_font_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SOUNDFONT", str(tmp_path / "none.sf2"))
    assert main(["--out", str(tmp_path / "take.wav")]) == 2
    assert "apt-get install" in capsys.readouterr().err
