"""Score separation on songs with stems: python -m training.separation.evaluate --data DIR --models A,B --json FILE.

BSS Eval version 3 (SDR, SIR, SAR in dB; filters of 512 taps are forgiven) by mir_eval, without permutation, on the
mean of the channels of one excerpt per song: the one in which the vocals are strongest. `mixture` is the song itself as
estimate of both stems; `ibm` and `irm` are the ideal binary and ratio mask, the ceilings of masking.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from mir_eval.separation import bss_eval_sources

from audio import Audio, AudioError, resample
from models import checkpoint
from models.checkpoint import CheckpointError
from models.separation.mask import ideal_binary, ideal_ratio
from models.separation.separate import MODELS, SeparationError, predict, split
from models.separation.spectrogram import SAMPLE_RATE, istft, stft
from training.separation.dataset import DatasetError, block_levels, read_song, song_folders

ORACLES = {"ibm": ideal_binary, "irm": ideal_ratio}
ALPHAS = (0.3, 0.5, 0.7)
EXCERPT_S = 30.0

Stems = tuple[Audio, Audio]


def excerpt(vocals: Audio, accompaniment: Audio, seconds: float, balance_db: float | None) -> Stems:
    """Cut the part with the strongest vocals, at 44.1 kHz.

    Args:
        vocals: the whole stem.
        accompaniment: the whole stem, of equal length.
        seconds: length of the part.
        balance_db: scale the vocals to this level against the accompaniment, or leave both as they are.
    """
    levels = block_levels(vocals) ** 2
    size = min(round(seconds * 10), len(levels))
    at = int(np.convolve(levels, np.ones(size), "valid").argmax()) * round(0.1 * vocals.sample_rate)
    part = slice(at, at + round(seconds * vocals.sample_rate))
    cut = [resample(Audio(stem.samples[:, part], stem.sample_rate), SAMPLE_RATE) for stem in (vocals, accompaniment)]
    if balance_db is None:
        return cut[0], cut[1]
    rms = [float(np.sqrt((stem.samples**2).mean())) for stem in cut]
    gain = np.float32(10 ** (balance_db / 20) * rms[1] / max(rms[0], 1e-9))
    return Audio(cut[0].samples * gain, SAMPLE_RATE), cut[1]


def estimates(name: str, song: Audio, truth: Stems) -> Iterator[tuple[str, float | None, Stems]]:
    """Yield (mask, alpha, stems) for a model over all alphas and softnesses, for an oracle or for the mixture."""
    if name == "mixture":
        yield "none", None, (song, song)
    elif name in ORACLES:
        V, A, X = (stft(torch.from_numpy(x.samples)) for x in (*truth, song))
        kept = istft(X * ORACLES[name](V.abs(), A.abs()), song.samples.shape[1]).numpy()
        yield "ideal", None, (Audio(kept, SAMPLE_RATE), Audio(song.samples - kept, SAMPLE_RATE))
    else:
        probabilities = predict(song, name)
        for alpha in ALPHAS:
            for kind, softness in (("binary", 0.0), ("soft", 1.0)):
                yield kind, alpha, split(song, probabilities, alpha, softness=softness)


def scores(truth: Stems, stems: Stems) -> dict[str, float | None]:
    """Measure SDR, SIR and SAR of both stems in dB; None where a stem is silent."""
    reference, estimate = (_mono(pair) for pair in (truth, stems))
    names = [f"{stem}_{metric}" for metric in ("sdr", "sir", "sar") for stem in ("vocals", "accompaniment")]
    if not (reference.any(1).all() and estimate.any(1).all()):
        return dict.fromkeys(names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # mir_eval announces the end of its separation module
        values = np.array(bss_eval_sources(reference, estimate, compute_permutation=False)[:3])
    return {name: round(float(value), 2) for name, value in zip(names, values.flat, strict=True)}


def _mono(stems: Stems) -> npt.NDArray[np.float64]:
    return np.stack([stem.samples.mean(axis=0, dtype=np.float64) for stem in stems])


def held_out(name: str) -> list[str]:
    """Name the songs that a shipped model has not been trained on."""
    return list(checkpoint.shipped(name).provenance["test"]) if name in MODELS else []


def evaluate(folders: list[Path], names: list[str], seconds: float, balance_db: float | None) -> list[dict[str, Any]]:
    """Score every model on every song; one row per song, model, mask and alpha."""
    rows = []
    for folder in (song for data in folders for song in song_folders(data)):
        truth = excerpt(*read_song(folder), seconds, balance_db)
        song = Audio(truth[0].samples + truth[1].samples, SAMPLE_RATE)
        for name in names:
            for kind, alpha, stems in estimates(name, song, truth):
                row = {"song": folder.name, "model": name, "mask": kind, "alpha": alpha, **scores(truth, stems)}
                rows.append(row | {"held_out": name not in MODELS or folder.name in held_out(name)})
                print(*(f"{value}" for value in rows[-1].values()), flush=True)
    return rows


def main() -> int:
    """Parse the command line, score, print and write; 2 and one line for what the user can put right."""
    parser = argparse.ArgumentParser(prog="python -m training.separation.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of songs with stems")
    parser.add_argument("--models", default="deep-karaoke,mixture,ibm,irm", help="names, separated by commas")
    parser.add_argument("--seconds", type=float, default=EXCERPT_S, help="length of the excerpt of each song")
    parser.add_argument("--balance", type=float, help="level of the vocals against the accompaniment in dB, if changed")
    parser.add_argument("--json", type=Path, required=True)
    arguments = parser.parse_args()
    names = arguments.models.split(",")
    try:
        unknown = set(names) - {"mixture", *ORACLES, *MODELS}
        if unknown:
            raise SeparationError(f"there is no model {', '.join(sorted(unknown))}")
        rows = evaluate(arguments.data, names, arguments.seconds, arguments.balance)
    except (AudioError, CheckpointError, DatasetError, SeparationError) as error:
        print(error, file=sys.stderr)
        return 2
    settings = {"seconds": arguments.seconds, "balance_db": arguments.balance, "metric": "BSS Eval v3, mir_eval"}
    arguments.json.write_text(json.dumps(settings | {"rows": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
