"""Fit a network to a corpus, on one CPU core in minutes.

    python -m training.composition.train --model NAME --form NAME --preset practical --seed N --out DIR

Next-step prediction of endless choruses: each stream of a batch plays one random song of those that may be seen after
another from silence on, with full back-propagation through each chorus and the state carried on to the next. First
the chords are learned (experiment 1), then the melody beside the chords' cells, which stay as they are. In both stages
several candidates from different initial weights learn side by side, until one of them has nearly no loss left or time
is up; the best is kept. Losses are nats per song over the exact floor of the corpus.

DIR/NAME-SEED.safetensors is written after each epoch; a second call goes on from it. A network with a melody goes on
from DIR/NAME-chords-SEED.safetensors, which is trained first if it is not there.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models import checkpoint
from models.checkpoint import Checkpoint
from models.composition.blues_form import BEBOP
from models.composition.encoding import CHORD_UNITS
from models.composition.generate import network_of
from models.composition.networks import Network, build
from training.composition.corpus import CORPORA, Corpus, seen_codes
from training.composition.evaluate import delayed, group_losses
from training.composition.presets import BEGINNINGS, NETWORKS, PRESETS, Preset, Stage, side_by_side

Moments = dict[int, dict[str, torch.Tensor]]  # of Adam, by parameter


@dataclass
class Run:
    """What a run consists of at the end of an epoch.

    Attributes:
        network: as learned so far, with all candidates.
        moments: of Adam.
        curve: loss of each candidate, by epoch.
        seconds: of computing.
    """

    network: Network
    moments: Moments
    curve: list[list[float]]
    seconds: float


def train(model: str, corpus: Corpus, preset: str, seed: int, folder: Path) -> Checkpoint:
    """Fit from scratch, or on from what an unfinished run of the same recipe left in the folder.

    Raises:
        ValueError: the folder holds another run under the same name.
    """
    torch.set_num_threads(1)  # measured: more threads are slower at this size
    out, how = folder / f"{model}-{seed}.safetensors", PRESETS[preset]
    recipe: dict[str, Any] = {
        "model": model,
        "form": corpus.form.name,
        "preset": preset,
        "seed": seed,
        "corpus": corpus.digest(),
    }
    stage = how.melody if model in BEGINNINGS else how.chords
    recipe["train"] = {**asdict(stage), "updates": how.updates, "choruses": how.choruses}
    recipe["train"]["largest_gradient"] = how.largest_gradient
    found = _found(out, recipe)
    if found and "kept" in found.provenance:
        return found
    network = build(side_by_side(NETWORKS[model], stage.candidates), torch.Generator().manual_seed(seed))
    shared = len(NETWORKS[model].groups) - 1
    if shared:
        network.adopt(network_of(train(BEGINNINGS[model], corpus, preset, seed, folder)))
    run = _resumed(found, network) if found else Run(network, {}, [], 0.0)
    while len(run.curve) < stage.epochs and not (run.curve and min(run.curve[-1]) < stage.enough):
        _run_epoch(run, how, stage, corpus, seed, shared)
        print(f"{out.stem} on {corpus.form.name}: epoch {len(run.curve)}/{stage.epochs}: {run.curve[-1]}", flush=True)
        checkpoint.save(out, _checkpoint(run, recipe, corpus))
    kept = int(np.argmin(run.curve[-1]))
    best = replace(run, network=network.part([*range(shared), shared + kept]), moments={})
    finished = _checkpoint(best, {**recipe, "kept": kept}, corpus)
    checkpoint.save(out, finished)
    return finished


def _run_epoch(run: Run, preset: Preset, stage: Stage, corpus: Corpus, seed: int, shared: int) -> None:
    """Fit one epoch; the first `shared` groups stay as they are."""
    started, epoch, network = time.monotonic(), len(run.curve), run.network
    optimiser = _optimiser(network, stage, epoch, run.moments)
    random = np.random.default_rng((seed, epoch))
    losses = []
    for choruses in _streams(preset, stage, corpus, random, shared):
        state, before = network.initial_state(stage.batch), torch.zeros_like(choruses[0, :, 0])
        for chorus in choruses:
            logits, state = network(delayed(chorus, before), state)
            parts = group_losses(network, logits, chorus)[shared:]
            optimiser.zero_grad()
            parts.sum().backward()
            _clip(network, preset.largest_gradient, range(shared))
            optimiser.step()
            state, before = tuple(part.detach() for part in state), chorus[:, -1]
            losses.append(parts.detach())
    floor = corpus.floor_nats(independent=True) if shared else 0.0
    run.curve.append([round(loss - floor, 4) for loss in torch.stack(losses).mean(dim=0).tolist()])
    run.moments = optimiser.state_dict()["state"]
    run.seconds += time.monotonic() - started


def _streams(
    preset: Preset, stage: Stage, corpus: Corpus, random: np.random.Generator, shared: int
) -> Iterator[torch.Tensor]:
    """Yield one epoch: (chorus, song, step, unit), choruses that follow one another in each stream.

    The units of the chords, or if these are shared those of the melody, are there for each candidate.
    """
    codes = seen_codes()
    for _ in range(preset.updates // preset.choruses):
        drawn = random.integers(0, len(codes), (preset.choruses, stage.batch))
        songs = np.stack([corpus.rolls(codes[chosen]) for chosen in drawn])
        chords, melody = songs[..., :CHORD_UNITS], songs[..., CHORD_UNITS:]
        copies = [chords, *[melody] * stage.candidates] if shared else [chords] * stage.candidates
        yield torch.from_numpy(np.concatenate(copies, axis=-1))


@torch.no_grad()
def _clip(network: Network, largest: float, held: Sequence[int]) -> None:
    """Scale the gradients of each group down to a norm; those within the groups held are dropped."""
    groups, still = network.row_groups(), network.weights_among(held)
    squares = torch.zeros(len(network.config.groups))
    for name, weight in network.named_parameters():
        assert weight.grad is not None
        weight.grad[still[name]] = 0.0
        squares.index_add_(0, groups[name], weight.grad.square().view(len(weight), -1).sum(dim=1))
    scale = (largest / (squares.sqrt() + 1e-6)).clamp(max=1.0)
    for name, weight in network.named_parameters():
        assert weight.grad is not None
        weight.grad *= scale[groups[name]].view(-1, *[1] * (weight.dim() - 1))


def _optimiser(network: Network, stage: Stage, epoch: int, moments: Moments) -> torch.optim.Optimizer:
    """Set Adam up for an epoch of a stage: moments so far, step size along the cosine."""
    share = 0.01 + 0.99 * (0.5 + 0.5 * np.cos(np.pi * epoch / stage.epochs))
    optimiser = torch.optim.Adam(network.parameters(), lr=stage.step_size * float(share), fused=True)
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    return optimiser


def _checkpoint(run: Run, recipe: dict[str, Any], corpus: Corpus) -> Checkpoint:
    """Pack the network, with the moments of Adam as long as the run may go on."""
    tensors = dict(run.network.state_dict())
    for index, values in run.moments.items():
        tensors |= {f"adam.{index}.{name}": value for name, value in values.items()}
    segments = [[list(segment) for segment in pair] for pair in corpus.segments]
    provenance = {**recipe, "curve": run.curve, "seconds": round(run.seconds, 1), "segments": segments}
    return Checkpoint(tensors, asdict(run.network.config), provenance)


def _found(out: Path, recipe: dict[str, Any]) -> Checkpoint | None:
    """Load what is there of a run, None if nothing is."""
    if not out.exists():
        return None
    found = checkpoint.load(out)
    if {key: found.provenance.get(key) for key in recipe} != recipe:
        raise ValueError(f"{out} holds a run of another recipe or corpus; choose another --out")
    return found


def _resumed(found: Checkpoint, network: Network) -> Run:
    """Restore an unfinished run."""
    network.load_state_dict({name: found.tensors[name] for name in network.state_dict()})
    moments: Moments = {}
    for name, value in found.tensors.items():
        if name.startswith("adam."):
            _, index, moment = name.split(".")
            moments.setdefault(int(index), {})[moment] = value
    return Run(network, moments, list(found.provenance["curve"]), found.provenance["seconds"])


def main() -> int:
    """Train one network."""
    parser = argparse.ArgumentParser(prog="python -m training.composition.train", description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=NETWORKS, default="lstm")
    parser.add_argument("--form", choices=CORPORA, default=BEBOP.name)
    parser.add_argument("--preset", choices=PRESETS, default="practical")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="folder to write the run to, and to go on from")
    arguments = parser.parse_args()
    try:
        train(arguments.model, CORPORA[arguments.form], arguments.preset, arguments.seed, arguments.out)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
