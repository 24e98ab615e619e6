"""The MIR-1K table: python -m training.separation.mir1k --data DIR [--runs DIR] [--out DIR].

Protocol of Huang et al. (ISMIR 2014, section 4): the clips of abjones and amy train, those of all other singers test;
the mixture is the sum of both channels, each scaled to unit energy over the clip; BSS Eval version 3 without
permutation scores the voice; GNSDR, GSIR and GSAR are means weighted by the length of the clips, NSDR being the SDR
less that of the mixture. Everything happens at the 16 kHz of the clips. What is trained is a network of the shipped
one's family, from nothing; how well the shipped one does without these clips is told beside. The recordings state no
licence, so the weights stay below the folder of runs and only the figures are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from audio import AudioError, Samples
from models import checkpoint
from models.checkpoint import CheckpointError
from models.separation.bss_eval import References
from models.separation.recurrent import RecurrentConfig, RecurrentMasker, from_checkpoint
from models.separation.spectrogram import istft, stft
from training import pages
from training.separation.dataset import DatasetError
from training.separation.excerpts import clip_files, read_clip
from training.separation.mir1k_fit import CONFIG, FRAME, SAMPLE_RATE, Recipe, Singer, fit, masks, standardise

HERE = Path(__file__).parent
EPOCHS = 100
FRAME_SHIPPED = 744  # samples at 16 kHz: the bins (21.5 Hz) and steps (11.6 ms) of the shipped network's at 44.1 kHz
SINGERS = ("abjones", "amy")
VALIDATION = ("abjones_5", "amy_16")  # songs of the training singers that only follow the training
# Huang et al. (2014), tables 1 to 3, and Huang et al. (2015): GNSDR, GSIR, GSAR in dB on the 825 clips of 17 singers.
PUBLISHED = {
    "RPCA": (3.15, 4.43, 11.09),
    "MLRR": (3.85, 5.63, 10.70),
    "RNMF": (4.97, 7.66, 10.03),
    "feed-forward network of 3 frames": (6.93, 10.99, 10.15),
    "recurrent network, discriminative (2014)": (7.45, 13.08, 9.68),
}


@dataclass(frozen=True)
class Clip:
    """A clip by the protocol.

    Attributes:
        name: singer_song_clip.
        voice: float32 (sample,) of unit energy.
        backing: float32 (sample,) of unit energy.
    """

    name: str
    voice: Samples
    backing: Samples

    @property
    def singer(self) -> str:
        """Who sings."""
        return self.name.split("_")[0]

    @property
    def song(self) -> str:
        """The song, as singer_song."""
        return self.name.rpartition("_")[0]


def load(folders: Iterable[Path]) -> list[Clip]:
    """Read every clip, each channel scaled to unit energy.

    Raises:
        AudioError, DatasetError: a folder without clips, a file that is not a clip, or one of another sample rate.
    """
    clips = []
    for path in (path for folder in folders for below in subfolders(folder) for path in clip_files(below)):
        vocals, accompaniment = read_clip(path)[0].truth
        if vocals.sample_rate != SAMPLE_RATE:
            raise DatasetError(f"{path.name} has {vocals.sample_rate} Hz; MIR-1K has {SAMPLE_RATE} Hz")
        clips.append(Clip(path.stem, *(unit(stem.samples[0]) for stem in (vocals, accompaniment))))
    return clips


def subfolders(folder: Path) -> list[Path]:
    """List the folders that hold clips: the folder itself, or those in it."""
    return sorted(path for path in folder.iterdir() if path.is_dir()) or [folder]


def unit(waveform: Samples) -> Samples:
    """Scale to unit energy."""
    return (waveform / np.sqrt(np.square(waveform, dtype=np.float64).sum())).astype(np.float32)


def joined(clips: Iterable[Clip]) -> dict[str, Singer]:
    """Put the clips of each singer end to end, each at unit power."""
    found: dict[str, list[Clip]] = {}
    for clip in clips:
        found.setdefault(clip.singer, []).append(clip)
    return {
        singer: Singer(*(np.concatenate([getattr(clip, stem) * len(clip.voice) ** 0.5 for clip in theirs])
                         for stem in ("voice", "backing")))
        for singer, theirs in found.items()
    }  # fmt: skip


def scores(clip: Clip, estimate: Samples) -> tuple[float, float, float]:
    """Score an estimate (sample,) of the voice: NSDR, SIR and SAR in dB."""
    references = References(np.stack([clip.voice, clip.backing]).astype(np.float64))
    separated = references.score(estimate.astype(np.float64), 0)
    mixture = references.score((clip.voice + clip.backing).astype(np.float64), 0)
    return separated.sdr - mixture.sdr, separated.sir, separated.sar


def summary(clips: list[Clip], rows: list[tuple[float, float, float]]) -> dict[str, float]:
    """Weigh the scores of the clips by their lengths."""
    lengths = [len(clip.voice) for clip in clips]
    means = np.average(np.array(rows), axis=0, weights=lengths)
    return {name: round(float(mean), 2) for name, mean in zip(("GNSDR", "GSIR", "GSAR"), means, strict=True)}


def separated(network: RecurrentMasker, clip: Clip, frame: int) -> Samples:
    """Estimate the voice (sample,) of a clip by the soft mask of a network that was trained with such frames."""
    mixture = torch.from_numpy(clip.voice + clip.backing)[None]
    X = stft(mixture, frame)
    with torch.inference_mode():
        return istft(masks(network, X) * X, mixture.shape[1]).numpy()[0]


def report(
    shipped: RecurrentMasker,
    config: RecurrentConfig,
    recipe: Recipe,
    epochs: int,
    clips: list[Clip],
    seed: int,
    runs: Path,
) -> dict[str, Any]:
    """Train on the clips of the two singers and score all others, also with the shipped network.

    Raises:
        DatasetError: the clips of the training singers, or of others, are missing.
    """
    training = [clip for clip in clips if clip.singer in SINGERS and clip.song not in VALIDATION]
    validation = [clip for clip in clips if clip.song in VALIDATION]
    test = [clip for clip in clips if clip.singer not in SINGERS]
    if not training or not validation or not test:
        raise DatasetError(f"MIR-1K needs clips of {' and '.join(SINGERS)} to train on and of others to test on")
    held_out = [
        tuple(stft(torch.from_numpy(stem)[None], FRAME)[0] for stem in (c.voice, c.backing)) for c in validation
    ]
    untouched = [scores(clip, separated(shipped, clip, FRAME_SHIPPED)) for clip in test]
    torch.manual_seed(seed)
    network = RecurrentMasker(config)
    standardise(network, joined(training), recipe, seed)
    fitted, curve = fit(network, recipe, epochs, joined(training), held_out, seed, runs)
    rows = [scores(clip, separated(fitted, clip, FRAME)) for clip in test]
    return {
        "protocol": __doc__.split("Protocol of ")[1].split(" What is trained")[0].replace("\n", " "),
        "seed": seed,
        "recipe": asdict(recipe),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "clips": {"training": len(training), "validation": len(validation), "test": len(test)},
        "test_singers": len({clip.singer for clip in test}),
        "test_minutes": round(sum(len(clip.voice) for clip in test) / SAMPLE_RATE / 60, 1),
        "untouched": summary(test, untouched),
        "voice": summary(test, rows),
        "by_singer": by_singer(test, rows),
        "curve": curve,
    }


def by_singer(clips: list[Clip], rows: list[tuple[float, float, float]]) -> dict[str, float]:
    """Give each singer's GNSDR."""
    found: dict[str, list[int]] = {}
    for index, clip in enumerate(clips):
        found.setdefault(clip.singer, []).append(index)
    return {
        singer: summary([clips[index] for index in theirs], [rows[index] for index in theirs])["GNSDR"]
        for singer, theirs in sorted(found.items())
    }


def table(found: dict[str, Any]) -> str:
    """Write our figures below the published ones."""
    clips, ours, untouched = found["clips"], found["voice"], found["untouched"]
    lines = ["| voice | GNSDR | GSIR | GSAR |", "|---|---|---|---|"]
    lines += [f"| {name} | {' | '.join(f'{value:.2f}' for value in values)} |" for name, values in PUBLISHED.items()]
    lines.append(f"| ours as shipped, no clip of MIR-1K heard | {' | '.join(f'{v:.2f}' for v in untouched.values())} |")
    lines.append(
        f"| **ours, trained on the two singers alone** | {' | '.join(f'**{v:.2f}**' for v in ours.values())} |"
    )
    note = (
        f"MIR-1K by its protocol: trained on {clips['training']} clips of {' and '.join(SINGERS)} "
        f"({clips['validation']} more follow it), tested on {clips['test']} clips of {found['test_singers']} "
        f"other singers ({found['test_minutes']:g} minutes); the published figures are on all 825. BSS Eval v3, in dB, "
        "weighted by length; 16 kHz. `make mir1k-report DATA=MIR1K` trains and measures; the weights are not shipped."
    )
    return "\n".join([note, "", *lines])


def main() -> int:
    """Train, measure and write; 2 and one line for what the user can put right."""
    parser = argparse.ArgumentParser(prog="python -m training.separation.mir1k", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of clips, or one of such folders")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/mir1k"), help="folder of weights and state, to go on from"
    )
    parser.add_argument("--out", type=Path, default=HERE, help="folder of mir1k.json")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    try:
        shipped = from_checkpoint(checkpoint.shipped("band-split"))
        found = report(shipped, CONFIG, Recipe(), given.epochs, load(given.data), given.seed, given.runs)
        (given.out / "mir1k.json").write_text(json.dumps(found, indent=1) + "\n")
        if given.out == HERE:
            pages.write("mir1k-report", table(found))
    except (AudioError, CheckpointError, DatasetError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
