"""Seconds and peak memory from file to files, on 3 minutes and on an hour of stereo; writes results/separation.json.

Ours is the command as a user calls it, start-up included. The peers run as commands of their own in the same way, with
random weights, which cost the same: Open-Unmix (Stöter et al., JOSS 4(41), 2019; vocals and residual, no Wiener filter)
built here, since its package does not import beside a recent torch; HTDemucs where the package demucs is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import audio
from audio import Audio, Format
from models.separation.separate import DEFAULT

MINUTES = [3, 60]
RATE = 44_100
ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "separation.json"


class OpenUnmix(nn.Module):
    """The published shape of one target: 3 bidirectional layers of 256 units each way between linear maps of 512."""

    frame, hop, bins, seen, width = 4096, 1024, 2049, 1487, 512

    def __init__(self) -> None:
        """Build the layers."""
        super().__init__()
        self.first = nn.Sequential(nn.Linear(2 * self.seen, self.width, bias=False), nn.BatchNorm1d(self.width))
        self.recurrent = nn.LSTM(self.width, self.width // 2, 3, bidirectional=True)
        self.last = nn.Sequential(
            *(nn.Linear(2 * self.width, self.width, bias=False), nn.BatchNorm1d(self.width), nn.ReLU()),
            *(nn.Linear(self.width, 2 * self.bins, bias=False), nn.BatchNorm1d(2 * self.bins)),
        )

    def forward(self, waveform: Tensor) -> Tensor:
        """Separate the vocals of (channel, sample), the whole song at once as the package does."""
        window = torch.hann_window(self.frame)
        mixture = torch.stft(waveform, self.frame, self.hop, window=window, return_complex=True)
        x = torch.tanh(self.first(mixture.abs()[:, : self.seen].permute(2, 0, 1).flatten(1)))  # (frame, feature)
        x = self.last(torch.cat([x, self.recurrent(x[:, None])[0][:, 0]], 1)).unflatten(1, (2, self.bins))
        vocals = torch.relu(x).permute(1, 2, 0) * mixture
        return torch.istft(vocals, self.frame, self.hop, window=window, length=waveform.shape[1])


def open_unmix(song: Path, out: Path) -> None:
    """Separate a file as the command of Open-Unmix does."""
    sound = audio.read(song)
    with torch.inference_mode():
        vocals = OpenUnmix().eval()(torch.from_numpy(sound.samples)).numpy()
    for name, samples in (("vocals", vocals), ("accompaniment", sound.samples - vocals)):
        audio.write(out / f"{name}.wav", Audio(samples, sound.sample_rate))


def htdemucs(song: Path, out: Path) -> None:
    """Separate a file by HTDemucs as its command does by default."""
    from demucs.apply import apply_model
    from demucs.htdemucs import HTDemucs

    sources = ["drums", "bass", "other", "vocals"]
    sound = audio.read(song)
    with torch.inference_mode():
        stems = apply_model(HTDemucs(sources).eval(), torch.from_numpy(sound.samples)[None], shifts=0, overlap=0.25)[0]
    for name, stem in (("vocals", stems[3]), ("accompaniment", stems[:3].sum(0))):
        audio.write(out / f"{name}.wav", Audio(stem.numpy(), sound.sample_rate))


PEERS = {"open-unmix": open_unmix, "htdemucs": htdemucs}


def blocks(minutes: int) -> Iterator[Audio]:
    """Make stereo second by second: a chord of sawtooths and noise; what sounds does not change the cost."""
    rng = np.random.default_rng(0)
    t = np.arange(RATE, dtype=np.float32) / RATE
    chord = sum(0.1 * ((t * np.float32(hz)) % 1.0 - 0.5) for hz in (110.0, 138.0, 165.0))
    for _ in range(60 * minutes):
        yield Audio(chord + 0.1 * rng.standard_normal((2, RATE), dtype=np.float32), RATE)


def timed(command: list[str | Path]) -> dict[str, Any]:
    """Run a command as a user does; return seconds, processor seconds and peak memory of it alone."""
    start = time.perf_counter()
    process = os.posix_spawn(
        sys.executable, [sys.executable, *map(str, command)], os.environ | {"PYTHONPATH": str(ROOT)}
    )
    _, status, used = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{command} failed")
    return {
        "seconds": round(seconds, 1),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": round(used.ru_maxrss / 1024),
    }


def peer(name: str, song: Path, out: Path) -> dict[str, Any] | str:
    """Time a peer, or say that it is not there."""
    if name == "htdemucs" and importlib.util.find_spec("demucs") is None:
        return "not installed: pip install demucs"
    return timed([__file__, "--peer", name, song, out])


def measured(model: str, lengths: list[int]) -> dict[str, Any]:
    """Time ours on songs of so many minutes, and the peers on the first."""
    result: dict[str, Any] = {
        "model": DEFAULT if model == "default" else model,
        "cores": os.cpu_count(),
        "load_average_before": round(os.getloadavg()[0], 1),
    }
    with tempfile.TemporaryDirectory() as folder:
        for minutes in lengths:
            song, out = Path(folder) / f"{minutes}.wav", Path(folder) / f"{minutes}"
            audio.write_blocks(song, blocks(minutes), Format(RATE, 2, 60 * minutes * RATE))
            result[f"{minutes} minutes"] = timed(["-m", "models.separation", song, "--out", folder, "--model", model])
            if minutes == lengths[0]:
                stems = [audio.read(path).samples for path in sorted(out.iterdir())]
                result["largest_sum_error"] = float(np.abs(sum(stems) - audio.read(song).samples).max())
                result[f"peers, {minutes} minutes"] = {name: peer(name, song, out) for name in PEERS}
            song.unlink()
    return result


def main() -> None:
    """Measure and write the figures; with --peer be a peer's command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="a name from python -m models.separation --list")
    parser.add_argument("--minutes", type=int, nargs="+", default=MINUTES, help="lengths of the songs")
    parser.add_argument("--peer", nargs=3, metavar=("NAME", "SONG", "OUT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peer:
        name, song, out = given.peer
        PEERS[name](Path(song), Path(out))
        return
    result = measured(given.model, given.minutes)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
