"""Separate songs: python -m models.separation SONG... --out DIR [--alpha 0.5] [--soft] [--format flac]."""

from __future__ import annotations

import argparse
import math
import signal
import sys
from pathlib import Path

from audio import SUBTYPES, AudioError
from models import memory
from models.checkpoint import CheckpointError
from models.separation import engines
from models.separation.batch import outcomes, songs
from models.separation.separate import DEFAULT, MODELS, SeparationError, defaults
from models.separation.stream import Cut

STOPPED = 130  # as a shell reports an interrupt


def separate_all(arguments: argparse.Namespace, cut: Cut) -> int:
    """Separate every song; one that fails gets its line on standard error and does not stop the others.

    Returns:
        The number of failures.
    """
    found, faults = songs(arguments.songs)
    for fault in faults:
        print(fault, file=sys.stderr)
    n_failed = len(faults)
    for outcome in outcomes(found, arguments.out, cut, arguments.jobs):
        n_failed += outcome.failed
        print(outcome.line, file=sys.stderr if outcome.failed else sys.stdout, flush=True)
    return n_failed


def unit_interval(text: str) -> float:
    """Parse alpha."""
    value = float(text)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"alpha must lie between 0 and 1, got {text}")
    return value


def positive(text: str) -> int:
    """Parse a number of processes."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"at least 1 process is needed, got {text}")
    return value


def softness(text: str) -> float:
    """Parse a softness."""
    value = float(text)
    if not 0.0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"softness must not be negative, got {text}")
    return value


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.separation", description=__doc__)
    parser.add_argument("songs", metavar="SONG", type=Path, nargs="*", help="sound files, or folders of them")
    parser.add_argument("--out", type=Path, help="folder for the stems: OUT/<song>/vocals.<format>, accompaniment")
    parser.add_argument("--model", default="default", help="a name from --list")
    parser.add_argument("--alpha", type=unit_interval, help="0: all is vocals, 1: nothing is; by default the model's")
    soft = parser.add_mutually_exclusive_group()
    soft.add_argument("--softness", type=softness, help="0: binary masks, 1: the probabilities; by default the model's")
    soft.add_argument("--soft", dest="softness", action="store_const", const=1.0, help="the same as --softness 1")
    parser.add_argument("--format", choices=SUBTYPES, default="wav")
    parser.add_argument("--bits", choices=["16", "24", "float"], default="16", help="of a sample in wav and flac")
    parser.add_argument("--jobs", type=positive, default=1, help="songs at once, in processes of their own")
    parser.add_argument("--list", action="store_true", help="print the models and stop")
    return parser


def cut_of(arguments: argparse.Namespace) -> Cut:
    """Return what the options ask for; where they are silent, what the model's makers chose.

    Raises:
        AudioError: a format without such samples.
        CheckpointError, SeparationError: there is no such model, or its checkpoint cannot be read.
    """
    if arguments.bits not in SUBTYPES[arguments.format]:
        raise AudioError(f"{arguments.format} has no {arguments.bits} bits; use wav, or --bits 16")
    alpha, soft = defaults(arguments.model)
    alpha = alpha if arguments.alpha is None else arguments.alpha
    soft = soft if arguments.softness is None else arguments.softness
    return Cut(arguments.model, alpha, soft, arguments.format, arguments.bits)


def main() -> int:
    """Parse the command line and separate; 2, and one line for each thing that failed, on bad input."""
    commands = parser()
    arguments = commands.parse_args()
    if arguments.list:
        print("\n".join(f"{model}{' (default)' if model == DEFAULT else ''}" for model in MODELS))
        if not engines.INSTALLED:
            print(engines.HOW_TO_ADD, file=sys.stderr)
        return 0
    if not arguments.songs or arguments.out is None:
        commands.error("give at least one song and --out DIR")
    try:
        return 2 if separate_all(arguments, cut_of(arguments)) else 0
    except (AudioError, CheckpointError, SeparationError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; songs that are not listed above left no files", file=sys.stderr)
        return STOPPED


if __name__ == "__main__":
    memory.start_returning()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # tidies up as after Ctrl-C
    sys.exit(main())
