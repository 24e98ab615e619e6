"""Fit the block LSTM of experiment 2 to the corpus, on one CPU core in minutes.

    python -m training.composition.train --preset practical --seed N --out FILE [--ship]

Next-step prediction of endless choruses: each stream of a batch plays one random song after another from silence on,
with full back-propagation through each chorus and the state carried on to the next. The paper's own learning (online,
step size 1e-5, momentum 0.9) is slower; the loss, the network and its initial biases are the paper's. Losses are
nats per song over the exact floor of the corpus. FILE is written after each epoch; a second call resumes from it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from models import checkpoint
from models.checkpoint import Checkpoint
from models.composition.encoding import CHORD_UNITS
from models.composition.networks import BlockLSTM, BlockLSTMConfig, State
from training.composition import corpus
from training.composition.evaluate import evaluate, write_card

Losses = tuple[float, float]


@dataclass(frozen=True)
class TrainConfig:
    """How to fit.

    Attributes:
        epochs: passes of as many songs as the corpus has.
        batch: streams side by side.
        choruses: songs per stream before it starts again from silence.
        step_size: of Adam at the start; it falls to a hundredth along a cosine.
        largest_gradient: norm to which gradients are clipped.
    """

    epochs: int = 60
    batch: int = 64
    choruses: int = 4
    step_size: float = 1e-2
    largest_gradient: float = 1.0


PRESETS = {"practical": TrainConfig(), "quick": TrainConfig(epochs=1, batch=256)}


def chorus_losses(logits: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the chords' and the melody's binary cross-entropy, nats per song, from (song, step, unit)."""
    losses = binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(dim=1).mean(dim=0)
    return losses[:CHORD_UNITS].sum(), losses[CHORD_UNITS:].sum()


def streams(config: TrainConfig, random: np.random.Generator) -> Iterator[list[torch.Tensor]]:
    """Yield one epoch: lists of choruses (song, step, unit) that follow one another in each stream."""
    for _ in range(corpus.SONGS // (config.batch * config.choruses)):
        codes = random.integers(0, 2, (config.choruses, config.batch, corpus.BARS), dtype=np.uint8)
        yield [torch.from_numpy(corpus.rolls(chorus)) for chorus in codes]


def delayed(chorus: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """Return the inputs that go with a chorus as targets: one step late, starting with the step before (song, unit)."""
    return torch.cat([before[:, None], chorus[:, :-1]], dim=1)


def run_epoch(
    network: BlockLSTM, optimiser: torch.optim.Optimizer, config: TrainConfig, random: np.random.Generator
) -> Losses:
    """Fit one epoch and return the mean chord and melody losses in nats per song."""
    totals, count = np.zeros(2), 0
    for choruses in streams(config, random):
        state: State = network.initial_state(config.batch)
        before = torch.zeros(config.batch, network.units)
        for chorus in choruses:
            logits, state = network(delayed(chorus, before), state)
            chords, melody = chorus_losses(logits, chorus)
            optimiser.zero_grad()
            (chords + melody).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), config.largest_gradient)
            optimiser.step()
            state, before = (state[0].detach(), state[1].detach()), chorus[:, -1]
            totals, count = totals + (chords.item(), melody.item()), count + 1
    return float(totals[0] / count), float(totals[1] / count)


def train(config: TrainConfig, seed: int, out: Path) -> Checkpoint:
    """Fit from scratch, or on from `out` if that holds an unfinished run of the same config and seed.

    Raises:
        ValueError: `out` holds another run.
    """
    torch.set_num_threads(1)  # measured: more threads are slower at this size
    network = BlockLSTM(BlockLSTMConfig(), torch.Generator().manual_seed(seed))
    optimiser = torch.optim.Adam(network.parameters())
    recipe = {"train": asdict(config), "seed": seed, "corpus": corpus.digest()}
    curve: list[list[float]] = []
    if out.exists():
        curve = _resume(out, recipe, network, optimiser)
    floor = corpus.floor_nats(independent=True)
    started = time.perf_counter()
    for epoch in range(len(curve), config.epochs):
        _set_step_size(optimiser, config, epoch)
        chords, melody = run_epoch(network, optimiser, config, np.random.default_rng((seed, epoch)))
        curve.append([round(chords, 4), round(melody - floor, 4)])
        print(
            f"epoch {epoch + 1}/{config.epochs}: excess nats per song, chords {chords:.4f}, melody {melody - floor:.4f}"
            f" ({time.perf_counter() - started:.0f} s)",
            flush=True,
        )
        checkpoint.save(out, _checkpoint(network, {**recipe, "curve": curve}, optimiser))
    return _checkpoint(network, {**recipe, "curve": curve})


def _set_step_size(optimiser: torch.optim.Optimizer, config: TrainConfig, epoch: int) -> None:
    """Follow a cosine from the full step size to a hundredth of it."""
    share = 0.01 + 0.99 * (0.5 + 0.5 * np.cos(np.pi * epoch / config.epochs))
    for group in optimiser.param_groups:
        group["lr"] = config.step_size * share


def _checkpoint(
    network: BlockLSTM, provenance: dict[str, Any], optimiser: torch.optim.Optimizer | None = None
) -> Checkpoint:
    """Pack the network; with the optimiser's moments as long as the run may be resumed."""
    tensors = dict(network.state_dict())
    if optimiser is not None:
        for index, moments in optimiser.state_dict()["state"].items():
            tensors |= {f"adam.{index}.{name}": value for name, value in moments.items()}
    segments = [[list(segment) for segment in pair] for pair in corpus.SEGMENTS]
    return Checkpoint(tensors, asdict(network.config), {**provenance, "segments": segments})


def _resume(
    out: Path, recipe: dict[str, Any], network: BlockLSTM, optimiser: torch.optim.Optimizer
) -> list[list[float]]:
    """Restore the network, the optimiser and the loss curve so far."""
    found = checkpoint.load(out)
    if {key: found.provenance.get(key) for key in recipe} != recipe:
        raise ValueError(f"{out} holds a run with another preset, seed or corpus; choose another --out")
    network.load_state_dict({name: value for name, value in found.tensors.items() if not name.startswith("adam.")})
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in found.tensors.items():
        if name.startswith("adam."):
            _, index, moment = name.split(".")
            moments.setdefault(int(index), {})[moment] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    return list(found.provenance["curve"])
