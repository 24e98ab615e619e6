"""Training on two processes is the training of one: the same mixtures, the same loss curve, the same network."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audio import Audio, write
from models import checkpoint

RATE = 44_100
SECONDS = 7


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    """Three songs of a tone over noise."""
    rng = np.random.default_rng(3)
    time = np.arange(SECONDS * RATE) / RATE
    for name, hertz in (("one", 300.0), ("two", 400.0), ("three", 500.0)):
        folder = tmp_path / "songs" / name
        folder.mkdir(parents=True)
        write(folder / "vocals.wav", Audio(0.2 * np.sin(2 * np.pi * hertz * time, dtype=np.float32)[None], RATE))
        write(folder / "accompaniment.wav", Audio(rng.normal(0.0, 0.1, (1, len(time))).astype(np.float32), RATE))
    return tmp_path / "songs"


def trained(songs: Path, processes: int) -> checkpoint.Checkpoint:
    out = songs.parent / f"{processes}.safetensors"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command += ["-m", "training.separation.train", "--data", str(songs), "--preset", "smoke"]
    command += ["--validation", "three", "--seed", "5", "--out", str(out)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    return checkpoint.load(out)


def test_two_processes_learn_what_one_learns(songs: Path) -> None:
    one, two = trained(songs, 1), trained(songs, 2)
    for alone, together in zip(one.provenance["curve"], two.provenance["curve"], strict=True):
        assert together["loss"] == pytest.approx(alone["loss"], abs=2e-5)
        assert together["validation_sdr_db"] == pytest.approx(alone["validation_sdr_db"], abs=2e-2)
    for name, tensor in one.tensors.items():
        np.testing.assert_allclose(two.tensors[name].float(), tensor.float(), atol=2e-3, err_msg=name)
    first, last = (row["loss"] for row in one.provenance["curve"])
    assert first != last, "nothing was learned, so nothing was compared"
