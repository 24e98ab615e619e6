"""Fit the block LSTM of experiment 2 to the corpus, on one CPU core in minutes.

    python -m training.composition.train --preset practical --seed N --out FILE [--ship]

Next-step prediction of endless choruses: each stream of a batch plays one random song after another from silence on,
with full back-propagation through each chorus and the state carried on to the next. First the chords alone are
learned (experiment 1), then chords and melody. The paper's own learning (online, step size 1e-5, momentum 0.9) is
slower; the loss, the topology and the initial biases are the paper's. Losses are nats per song over the exact floor
of the corpus. FILE is written after each epoch; a second call goes on from it. At the end it holds the network with its
scores.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models import checkpoint
from models.checkpoint import Checkpoint
from models.composition.generate import network_of
from models.composition.networks import BlockLSTM, NetworkConfig
from training.composition import corpus
from training.composition.evaluate import chorus_losses, delayed, evaluate

Moments = dict[int, dict[str, torch.Tensor]]  # of Adam, by parameter


@dataclass(frozen=True)
class Stage:
    """A part of the training.

    Attributes:
        epochs: passes of `TrainConfig.updates` updates, one chorus per update.
        batch: streams side by side; one is enough for the chords, which never vary.
        step_size: of Adam at the start; it falls to a hundredth along a cosine.
        melody: whether the melody is learned too.
    """

    epochs: int
    batch: int
    step_size: float
    melody: bool


@dataclass(frozen=True)
class TrainConfig:
    """How to fit.

    Attributes:
        stages: one after the other, each with fresh moments.
        updates: per epoch.
        choruses: songs per stream before it starts again from silence.
        largest_gradient: norm to which gradients are clipped.
        weight_range: weights start uniform in +- this; chosen with the step size of the chords by a small search.
    """

    stages: tuple[Stage, ...]
    updates: int = 128
    choruses: int = 4
    largest_gradient: float = 1.0
    weight_range: float = 1.0


PRESETS = {
    "practical": TrainConfig((Stage(30, 1, 0.06, False), Stage(160, 32, 0.03, True))),
    "quick": TrainConfig((Stage(1, 1, 0.06, False), Stage(2, 4, 0.03, True)), updates=8),
}


def streams(config: TrainConfig, stage: Stage, random: np.random.Generator) -> Iterator[list[torch.Tensor]]:
    """Yield one epoch: lists of choruses (song, step, unit) that follow one another in each stream."""
    for _ in range(config.updates // config.choruses):
        codes = random.integers(0, 2, (config.choruses, stage.batch, corpus.BARS), dtype=np.uint8)
        yield [torch.from_numpy(corpus.rolls(chorus)) for chorus in codes]


def run_epoch(
    network: BlockLSTM,
    optimiser: torch.optim.Optimizer,
    config: TrainConfig,
    stage: Stage,
    random: np.random.Generator,
) -> list[float]:
    """Fit one epoch and return the mean chord and melody losses in nats per song."""
    losses = []
    for choruses in streams(config, stage, random):
        state = network.initial_state(stage.batch)
        before = torch.zeros(stage.batch, network.units)
        for chorus in choruses:
            logits, state = network(delayed(chorus, before), state)
            chords, melody = chorus_losses(logits, chorus)
            optimiser.zero_grad()
            (chords + melody if stage.melody else chords).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), config.largest_gradient)
            optimiser.step()
            state, before = (state[0].detach(), state[1].detach()), chorus[:, -1]
            losses.append([chords.item(), melody.item()])
    return [float(mean) for mean in np.mean(losses, axis=0)]


def train(config: TrainConfig, seed: int, out: Path) -> Checkpoint:
    """Fit from scratch, or on from `out` if that holds an unfinished run of the same config and seed.

    Raises:
        ValueError: `out` holds another run.
    """
    torch.set_num_threads(1)  # measured: more threads are slower at this size
    network = BlockLSTM(NetworkConfig(weight_range=config.weight_range), torch.Generator().manual_seed(seed))
    recipe = {"train": asdict(config), "seed": seed, "corpus": corpus.digest()}
    recipe = json.loads(json.dumps(recipe))  # as it comes back from a checkpoint
    moments, curve = _resume(out, recipe, network) if out.exists() else ({}, [])
    floor = corpus.floor_nats(independent=True)
    schedule = [(stage, epoch) for stage in config.stages for epoch in range(stage.epochs)]
    for number, (stage, epoch) in list(enumerate(schedule))[len(curve) :]:
        optimiser = _optimiser(network, stage, epoch, moments if epoch else {})
        chords, melody = run_epoch(network, optimiser, config, stage, np.random.default_rng((seed, number)))
        moments = optimiser.state_dict()["state"]
        curve.append([round(chords, 4), round(melody - floor, 4)])
        print(f"epoch {number + 1}/{len(schedule)}: nats per song over the floor: {curve[-1]}", flush=True)
        checkpoint.save(out, _checkpoint(network, {**recipe, "curve": curve}, moments))
    return _checkpoint(network, {**recipe, "curve": curve}, {})


def _optimiser(network: BlockLSTM, stage: Stage, epoch: int, moments: Moments) -> torch.optim.Optimizer:
    """Set Adam up for an epoch of a stage: moments so far, step size along the cosine."""
    share = 0.01 + 0.99 * (0.5 + 0.5 * np.cos(np.pi * epoch / stage.epochs))
    optimiser = torch.optim.Adam(network.parameters(), lr=stage.step_size * float(share))
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    return optimiser


def _checkpoint(network: BlockLSTM, provenance: dict[str, Any], moments: Moments) -> Checkpoint:
    """Pack the network, with the moments of Adam as long as the run may go on."""
    tensors = dict(network.state_dict())
    for index, values in moments.items():
        tensors |= {f"adam.{index}.{name}": value for name, value in values.items()}
    segments = [[list(segment) for segment in pair] for pair in corpus.SEGMENTS]
    return Checkpoint(tensors, asdict(network.config), {**provenance, "segments": segments})


def _resume(out: Path, recipe: dict[str, Any], network: BlockLSTM) -> tuple[Moments, list[list[float]]]:
    """Restore the network; return the moments of Adam and the loss curve so far."""
    found = checkpoint.load(out)
    if {key: found.provenance.get(key) for key in recipe} != recipe:
        raise ValueError(f"{out} holds a run with another preset, seed or corpus; choose another --out")
    network.load_state_dict({name: found.tensors[name] for name in network.state_dict()})
    moments: Moments = {}
    for name, value in found.tensors.items():
        if name.startswith("adam."):
            _, index, moment = name.split(".")
            moments.setdefault(int(index), {})[moment] = value
    return moments, list(found.provenance["curve"])


CARD = """# lstm: the block LSTM of experiment 2

What: next-step predictor of Eck & Schmidhuber (2002), 8 blocks of 2 cells, {parameters} parameters, 25 inputs and
outputs (12 chord, 13 melody units), one step per eighth note. Shipped file: `{file}`.

Data: 4096 songs made of 24 one-bar segments of our own (`training/composition/corpus.py`, SHA-256 {corpus:.8}...),
released under CC0. Licence of weights and code: Apache-2.0.

Recipe: `python -m training.composition.train --preset {preset} --seed {seed} --out FILE --ship`, one CPU core.
Seed policy: {policy}

Loss over the exact floor in nats per song (chords, melody):
{curve}

Scores, teacher-forced on random songs of the corpus: chords {excess_chord_nats:.3f}, melody {excess_melody_nats:.3f}
nats per song over the floor. Free runs of {run_choruses} choruses each:

| primer (MIDI) | steps with the right chord | perfect choruses | bars A | bars B | other bars |
|---|---|---|---|---|---|
{runs}

Limits: quarter notes without rests, one form, one key before transposition. All songs of the corpus may be drawn in
training, so nothing is said about unseen songs. The chord blocks hear no melody: from any primer the chords are the
same. The chart is a recollection of the paper's figure; the chords' and the melody's octave are our choice.
"""


def card(finished: Checkpoint, file: str, preset: str, policy: str) -> str:
    """Write the card of a shipped checkpoint from what it carries."""
    provenance = finished.provenance
    scores = provenance["scores"]
    last = len(provenance["curve"]) - 1
    shown = sorted({0, *range(9, last, 10), last})
    curve = "\n".join("- epoch {}: {:.2f}, {:.2f}".format(epoch + 1, *provenance["curve"][epoch]) for epoch in shown)
    rows = []
    for run in scores["runs"]:
        bars = " | ".join(f"{run['bars'][letter]:.3f}" for letter in "AB?")
        primer = " ".join(map(str, run["primer"])) or "none"
        rows.append(f"| {primer} | {run['chord_accuracy']:.4f} | {run['perfect_choruses']:.2f} | {bars} |")
    facts = {**scores, "runs": "\n".join(rows), "curve": curve, "corpus": provenance["corpus"], "file": file}
    count = network_of(finished).parameter_count()
    return CARD.format(**facts, preset=preset, seed=provenance["seed"], policy=policy, parameters=count)


def main() -> int:
    """Train, score, and ship if asked to."""
    parser = argparse.ArgumentParser(prog="python -m training.composition.train", description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=PRESETS, default="practical")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write, and to go on from")
    parser.add_argument("--ship", action="store_true", help="put it among the shipped models, with its card")
    parser.add_argument("--policy", default="a single run", help="for the card: how the seed was chosen")
    arguments = parser.parse_args()
    try:
        finished = train(PRESETS[arguments.preset], arguments.seed, arguments.out)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    scores = evaluate(network_of(finished))
    finished = replace(finished, provenance={**finished.provenance, "scores": scores})
    print(json.dumps(scores, indent=1))
    checkpoint.save(arguments.out, finished)
    if arguments.ship:
        shipped = checkpoint.ship(arguments.out, "lstm")
        (checkpoint.WEIGHTS / "lstm.md").write_text(card(finished, shipped.name, arguments.preset, arguments.policy))
        print(f"shipped {shipped.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
