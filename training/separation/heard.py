"""What a visitor hears: every model at its own alpha and softness, on singers that it has never heard.

    python -m training.separation.heard --data SONGS --clips MIR1K --voices SOLOS --backings FILE... [--runs DIR]

writes heard.json and the table in RESULTS.md. Groups are songs with stems, clips in the manner of MIR-1K, and solo
voices over instrumentals. SDR is BSS Eval v3 of the vocals and of song minus vocals, on the mean of the channels; a
voice is low if the median of its fundamental is below 220 Hz. A traditional method, whose mask nobody tuned, is
credited with the better of its binary and its soft mask at alpha 0.5.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import librosa
import numpy as np
import torch

from audio import Audio, AudioError, read, resample
from models import checkpoint
from models.separation.separate import DEFAULT, MODELS, defaults, predict, split
from models.separation.sweep import prepared, score
from training import pages
from training.separation.dataset import DatasetError, block_levels
from training.separation.excerpts import Excerpt, balanced, clip_files, read_clip, read_song, song_folders
from training.separation.measure import learned_from

HERE = Path(__file__).parent
TRADITIONAL = ("nmf", "repet-sim", "hpss")
SECONDS, EXCERPTS = 15.0, 4
LOW_HZ = 220.0
GROUPS = {
    "songs": "Songs that no model learned from",
    "clips": "Clips of MIR-1K",
    "solos": "Solo voices over instrumentals",
}


@dataclass(frozen=True)
class Heard:
    """One excerpt by one model; levels in dB, `mixture` the vocals' ratio before anything is done."""

    group: str
    singer: str
    excerpt: str
    model: str
    low_voice: bool
    vocals: float
    accompaniment: float
    mixture: float


def solos(voices: Path, backings: list[Path]) -> Iterator[Excerpt]:
    """Put every solo voice over every instrumental, in the middle, from the instrumental's loudest place."""
    for path in clip_files(voices):
        voice = resample(read(path), 44_100).samples.mean(0)
        for backing in backings:
            band = resample(read(backing), 44_100)
            length = min(len(voice), band.samples.shape[1], round(SECONDS * 44_100))
            levels = np.convolve(block_levels(band), np.ones(round(length / 4410)), "valid")
            start = min(int(levels.argmax()) * 4410, band.samples.shape[1] - length)
            sung = np.broadcast_to(voice[:length], (band.channels, length)).copy()
            played = np.ascontiguousarray(band.samples[:, start : start + length])
            yield Excerpt("solos", path.stem, backing.stem, (Audio(sung, 44_100), Audio(played, 44_100)))


def material(given: argparse.Namespace) -> Iterator[Excerpt]:
    """Read everything that is listened to, the vocals at 0 dB."""
    seen = set().union(*(learned_from(model) for model in MODELS))
    for data in given.data:
        for folder in song_folders(data):
            if folder.name not in seen:
                for excerpt in read_song(folder, EXCERPTS, SECONDS):
                    yield Excerpt("songs", excerpt.song, excerpt.name, excerpt.truth)
    for clips in given.clips:
        for path in clip_files(clips):
            yield from read_clip(path)
    for voices in given.voices:
        yield from solos(voices, given.backings)


def is_low(vocals: Audio) -> bool:
    """Tell a low voice from a high one by the median of its fundamental where it is loud."""
    x = resample(vocals, 16_000).samples.mean(0)
    pitch = librosa.yin(x, fmin=65.0, fmax=1000.0, sr=16_000, frame_length=1024, hop_length=512)
    level = librosa.feature.rms(y=x, frame_length=1024, hop_length=512)[0]
    return bool(np.median(pitch[level > 0.3 * level.max()]) < LOW_HZ)


def heard(excerpt: Excerpt, model: str, runs: Path) -> Heard:
    """Separate an excerpt as a visitor's would be, and score it; what is kept below `runs` is not done again."""
    weights = [path.name for path in checkpoint.WEIGHTS.glob(f"{model}-????????.safetensors")]
    digest = hashlib.sha256(repr((model, weights, defaults(model))).encode())
    for stem in excerpt.truth:
        digest.update(stem.samples.tobytes())
    kept = runs / f"heard-{model}-{digest.hexdigest()[:16]}.json"
    if kept.exists():
        return Heard(**json.loads(kept.read_text()))
    probabilities = predict(excerpt.mixture, model)
    references = prepared(excerpt.truth)
    tried = ((0.5, 0.0), (0.5, 1.0)) if model in TRADITIONAL else (defaults(model),)
    scores = [score(references, split(excerpt.mixture, probabilities, a, softness=s)) for a, s in tried]
    vocals, accompaniment = max(scores, key=lambda pair: pair[0].sdr)
    mixture = score(references, (excerpt.mixture, excerpt.mixture))[0].sdr
    figures = (float(vocals.sdr), float(accompaniment.sdr), float(mixture))
    result = Heard(excerpt.group, excerpt.song, excerpt.name, model, is_low(excerpt.truth[0]), *figures)
    runs.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(asdict(result)))
    return result


def table(results: list[Heard], group: str) -> str:
    """Write one row per model: medians of all, of low and of high voices, and the singers that were made worse."""
    lines = [
        "| model | vocals SDR | low voices | high voices | accompaniment SDR | singers below the mixture |",
        "|" + "---|" * 6,
    ]
    for model in MODELS:
        rows = [row for row in results if row.group == group and row.model == model]
        if rows:
            cells = [median([row.vocals for row in rows])]
            cells += [median([row.vocals for row in rows if row.low_voice is low]) for low in (True, False)]
            cells += [median([row.accompaniment for row in rows])]
            gains = gain_of_singers(rows)
            below = [singer for singer, gain in gains.items() if gain < 0]
            cells += [f"{len(below)} of {len(gains)}"]
            lines.append(f"| {f'**{model}**' if model == DEFAULT else model} | {' | '.join(cells)} |")
    return "\n".join(lines)


def ahead(results: list[Heard], group: str) -> str:
    """Say how far the default model is above the best traditional method, by the medians of both."""
    found = {
        model: [row.vocals for row in results if row.group == group and row.model == model]
        for model in (DEFAULT, *TRADITIONAL)
    }
    medians = {model: float(np.median(values)) for model, values in found.items() if values}
    rivals = [model for model in TRADITIONAL if model in medians]
    if DEFAULT not in medians or not rivals:
        return ""
    best = max(rivals, key=medians.__getitem__)
    return f"{DEFAULT} is {medians[DEFAULT] - medians[best]:+.1f} dB from the best traditional method, {best}."


def median(values: list[float]) -> str:
    """Write a median in dB and of how many; a dash for none."""
    return f"{np.median(values):.1f} ({len(values)})" if values else "-"


def gain_of_singers(rows: list[Heard]) -> dict[str, float]:
    """Average the gain over the mixture's own ratio, per singer."""
    singers = sorted({row.singer for row in rows})
    return {s: float(np.mean([row.vocals - row.mixture for row in rows if row.singer == s])) for s in singers}


def markdown(results: list[Heard]) -> str:
    """Write all groups."""
    alphas = ", ".join(
        f"{m} alpha {defaults(m)[0]:g} softness {defaults(m)[1]:g}" for m in MODELS if m not in TRADITIONAL
    )
    parts = [
        "Medians in dB over excerpts (their number in brackets) at the defaults of the app: "
        f"{alphas}; accompaniment = song minus vocals; vocals at 0 dB of the accompaniment. Traditional "
        "methods get the better of their binary and soft mask. Written by `python -m training.separation.heard`."
    ]
    for group, title in GROUPS.items():
        if any(row.group == group for row in results):
            names = sorted({row.singer for row in results if row.group == group})
            parts += ["", f"**{title}** ({', '.join(names)}).", "", table(results, group), "", ahead(results, group)]
    return "\n".join(parts) + "\n"


def main() -> int:
    """Listen to everything and write what was heard; 2 and one line for what the user can put right."""
    parser = argparse.ArgumentParser(prog="python -m training.separation.heard", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data",
        type=Path,
        nargs="*",
        default=[],
        help="folders of songs with stems, some never learned from",
    )
    parser.add_argument("--clips", type=Path, nargs="*", default=[], help="folders of clips as in MIR-1K")
    parser.add_argument("--voices", type=Path, nargs="*", default=[], help="folders of solo voices")
    parser.add_argument("--backings", type=Path, nargs="*", default=[], help="instrumentals to put under them")
    parser.add_argument("--models", nargs="*", choices=MODELS, default=list(MODELS))
    parser.add_argument("--runs", type=Path, default=Path("runs/separation"), help="folder of what was measured")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of the report")
    given = parser.parse_args()
    torch.set_num_threads(1)
    try:
        excerpts = [balanced(excerpt, 0.0) for excerpt in material(given)]
        results = [heard(excerpt, model, given.runs) for model in given.models for excerpt in excerpts]
    except (AudioError, DatasetError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    given.out.mkdir(parents=True, exist_ok=True)
    rows = ",\n".join(json.dumps(asdict(row)) for row in results)
    (given.out / "heard.json").write_text(f"[\n{rows}\n]\n")
    if given.out == HERE:
        pages.write("separation-heard", markdown(results))
    print(markdown(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
