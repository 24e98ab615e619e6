"""How well a trained network learned the corpus: losses over the exact floor, and long free runs.

    python -m training.composition.evaluate --json FILE [--checkpoint FILE]

Teacher-forced losses are the paper's, summed binary cross-entropies in nats per song. Free runs go on for many
choruses from several primers, as a listener would hear them: chords above 0.5, melody drawn at temperature 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from models import checkpoint
from models.composition.blues_form import BEBOP
from models.composition.encoding import CHORD_UNITS, Roll
from models.composition.generate import Request, network_of, steps
from models.composition.metrics import chord_accuracy, segment_letters
from models.composition.networks import BlockLSTM
from training.composition import corpus

RUN_CHORUSES = 100
# No primer, one note, a segment, four bars off the corpus, and the most that is allowed.
PRIMERS: tuple[tuple[int, ...], ...] = (
    (),
    (72,),
    corpus.SEGMENTS[0][1],
    (60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 71, 70, 69),
    (67,) * 24,
)


def delayed(chorus: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """Return the inputs that go with a chorus as targets: one step late, starting with the step before (song, unit)."""
    return torch.cat([before[:, None], chorus[:, :-1]], dim=1)


def chorus_losses(logits: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the chords' and the melody's binary cross-entropy, nats per song, from (song, step, unit)."""
    losses = binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(dim=1).mean(dim=0)
    return losses[:CHORD_UNITS].sum(), losses[CHORD_UNITS:].sum()


@torch.inference_mode()
def teacher_forced(network: BlockLSTM, streams: int = 256, choruses: int = 4) -> dict[str, float]:
    """Return the mean excess of chord and melody loss over the floor, on random songs in endless streams."""
    random = np.random.default_rng(0)
    state, before = network.initial_state(streams), torch.zeros(streams, network.units)
    losses = []
    for _ in range(choruses):
        codes = random.integers(0, 2, (streams, corpus.BARS), dtype=np.uint8)
        chorus = torch.from_numpy(corpus.rolls(codes))
        logits, state = network(delayed(chorus, before), state)
        losses.append([float(loss) for loss in chorus_losses(logits, chorus)])
        before = chorus[:, -1]
    chords, melody = np.mean(losses, axis=0)
    return {"excess_chord_nats": float(chords), "excess_melody_nats": melody - corpus.floor_nats(independent=True)}


def free_run(network: BlockLSTM, primer: tuple[int, ...], seed: int, choruses: int = RUN_CHORUSES) -> Roll:
    """Play choruses on from a primer; (step, unit)."""
    playing = steps(network, Request(BEBOP, primer=primer), np.random.default_rng(seed))
    return np.stack(list(islice(playing, choruses * BEBOP.steps)))


def evaluate(network: BlockLSTM) -> dict[str, Any]:
    """Measure losses and free runs; shares are 0-1."""
    runs = []
    for seed, primer in enumerate(PRIMERS):
        roll = free_run(network, primer, seed)
        choruses = roll.reshape(RUN_CHORUSES, BEBOP.steps, -1)
        letters = segment_letters(roll, corpus.SEGMENTS)
        runs.append(
            {
                "primer": list(primer),
                "chord_accuracy": chord_accuracy(roll, BEBOP),
                "perfect_choruses": float(np.mean([chord_accuracy(chorus, BEBOP) == 1 for chorus in choruses])),
                "bars": {letter: letters.count(letter) / len(letters) for letter in "AB?"},
            }
        )
    return {**teacher_forced(network), "run_choruses": RUN_CHORUSES, "runs": runs}


def main() -> int:
    """Evaluate a checkpoint, by default the shipped one."""
    parser = argparse.ArgumentParser(
        prog="python -m training.composition.evaluate", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--json", type=Path, required=True, help="file to write the report to")
    parser.add_argument("--checkpoint", type=Path, help="instead of the shipped lstm")
    arguments = parser.parse_args()
    try:
        found = checkpoint.load(arguments.checkpoint) if arguments.checkpoint else checkpoint.shipped("lstm")
        report = evaluate(network_of(found))
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
