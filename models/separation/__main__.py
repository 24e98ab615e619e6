"""Separate songs: python -m models.separation SONG... --out DIR [--alpha 0.5] [--soft] [--format flac]."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from audio import SUBTYPES, AudioError, read, write
from models.checkpoint import CheckpointError
from models.separation.separate import DEFAULT, MODELS, SeparationError, common_gain, predict, predictor, split

SUFFIXES = {".wav", ".flac", ".ogg", ".mp3"}


def songs(paths: list[Path]) -> tuple[dict[str, Path], list[str]]:
    """Find the songs to separate; a folder stands for the sound files in it.

    Returns:
        The file of each song by its name, and one line for each folder without songs and each name that comes twice.
    """
    found: dict[str, Path] = {}
    faults = []
    for path in paths:
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
        if not files:
            faults.append(f"{path} holds no sound file ({', '.join(sorted(SUFFIXES))})")
        for file in files:
            if found.setdefault(file.stem, file) != file:
                faults.append(f"{file} is left out: another song is named {file.stem}, and stems would overwrite")
    return found, faults


def separate(name: str, path: Path, arguments: argparse.Namespace) -> None:
    """Read one song and write its two stems."""
    song = read(path)
    probabilities = predict(song, arguments.model)
    stems = split(song, probabilities, arguments.alpha, softness=1.0 if arguments.soft else 0.0)
    gain = common_gain(*stems)
    folder = arguments.out / name
    folder.mkdir(parents=True, exist_ok=True)
    for stem, label in zip(stems, ("vocals", "accompaniment"), strict=True):
        stem.samples[:] *= gain
        write(folder / f"{label}.{arguments.format}", stem)
    note = f" (both stems turned down to {gain:.2f}, or they would clip)" if gain < 1.0 else ""
    print(f"{folder}{note}")


def separate_all(arguments: argparse.Namespace) -> int:
    """Separate every song; one that fails gets its line on standard error and does not stop the others.

    Returns:
        The number of failures.
    """
    found, faults = songs(arguments.songs)
    for fault in faults:
        print(fault, file=sys.stderr)
    n_failed = len(faults)
    for name, path in found.items():
        try:
            separate(name, path, arguments)
        except (AudioError, SeparationError, OSError) as error:
            n_failed += 1
            line = str(error) if path.name in str(error) else f"{path}: {error}"
            print(line, file=sys.stderr)
    return n_failed


def unit_interval(text: str) -> float:
    """Parse alpha."""
    value = float(text)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"alpha must lie between 0 and 1, got {text}")
    return value


def main() -> int:
    """Parse the command line and separate; 2, and one line for each thing that failed, on bad input."""
    parser = argparse.ArgumentParser(prog="python -m models.separation", description=__doc__)
    parser.add_argument("songs", metavar="SONG", type=Path, nargs="*", help="sound files, or folders of them")
    parser.add_argument("--out", type=Path, help="folder for the stems: OUT/<song>/vocals.<format>, accompaniment")
    parser.add_argument("--model", default="default", help="a name from --list")
    parser.add_argument("--alpha", type=unit_interval, default=0.5, help="0: all is vocals, 1: nothing is")
    parser.add_argument("--soft", action="store_true", help="graded masks in place of binary ones")
    parser.add_argument("--format", choices=SUBTYPES, default="wav")
    parser.add_argument("--list", action="store_true", help="print the models and stop")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(f"{model}{' (default)' if model == DEFAULT else ''}" for model in MODELS))
        return 0
    if not arguments.songs or arguments.out is None:
        parser.error("give at least one song and --out DIR")
    torch.set_num_threads(1)  # on cores that others use too, two threads take longer than one
    try:
        predictor(arguments.model)
    except (CheckpointError, SeparationError) as error:
        print(error, file=sys.stderr)
        return 2
    return 2 if separate_all(arguments) else 0


if __name__ == "__main__":
    sys.exit(main())
