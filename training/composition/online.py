"""The paper's own way of learning: online, by the truncated gradient of Gers, Schmidhuber & Cummins (2000).

    python -m training.composition.online --steps N --form NAME --seed N --json FILE

The weights change after every step. Errors flow back within the step only; what cells remember of earlier steps is
carried along as partial derivatives of the cell states (section 3 there). After a gross error the weights still
change, then activations, cell states and partial derivatives are reset and the song begins again. What counts as gross
is not recalled from the paper, nor is the range of the initial weights: both are fields.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from models.composition.blues_form import BEBOP, PAPER_FORMS, STEPS_PER_BAR, form_named
from models.composition.encoding import chord_roll
from models.composition.networks import BlockLSTM, Group, NetworkConfig

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PaperPreset:
    """Values of the paper.

    Attributes:
        step_size: of every update.
        momentum: share of the last update that is added to the next.
        gross_error: a unit further off than this resets the network.
        weight_range: weights start uniform in +- this.
    """

    step_size: float = 1e-5
    momentum: float = 0.9
    gross_error: float = 0.9
    weight_range: float = 0.2


class OnlineLearner:
    """A block LSTM that learns step by step; weights as in `BlockLSTM`, in float64."""

    def __init__(self, network: BlockLSTM, preset: PaperPreset) -> None:
        """Start from a network's weights."""
        self.preset, self.units = preset, network.units
        self.blocks, self.block = network.blocks, np.repeat(np.arange(network.blocks), network.cells_per_block)
        weights = {name: weight.detach().double().numpy().copy() for name, weight in network.named_parameters()}
        self.hidden_mask, self.output_mask = network.hidden_mask.numpy(), network.output_mask.numpy()
        self.hidden, self.output = weights["hidden_weight"], weights["output_weight"]
        self.hidden_bias, self.output_bias = weights["hidden_bias"], weights["output_bias"]
        self.velocities: dict[str, Floats] = {name: np.zeros_like(weight) for name, weight in weights.items()}
        self.reset()

    def reset(self) -> None:
        """Forget activations, cell states and partial derivatives."""
        cells, columns = len(self.block), self.hidden.shape[1] + 1  # the last column is the bias
        self.activation, self.state = np.zeros(cells), np.zeros(cells)
        self.partials = np.zeros((3, cells, columns))  # of the states by weights of input gate, forget gate, cell

    def step(self, inputs: Floats, targets: Floats) -> Floats:
        """Predict from one step's inputs, learn from the targets, and return the probabilities (unit,)."""
        seen = np.concatenate([inputs, self.activation, [1.0]])
        net = self.hidden @ seen[:-1] + np.concatenate([self.hidden_bias, np.zeros(len(self.block))])
        let_in, keep, let_out = logistic(net[: 3 * self.blocks]).reshape(3, -1)[:, self.block]
        entering, before = np.tanh(net[3 * self.blocks :]), self.state
        self.state = keep * before + let_in * entering
        squashed = np.tanh(self.state)
        self.activation = let_out * squashed
        shown = np.concatenate([inputs, self.activation])
        probabilities = logistic(self.output @ shown + self.output_bias)
        slopes = np.stack([entering * let_in * (1 - let_in), before * keep * (1 - keep), let_in * (1 - entering**2)])
        self.partials = keep[:, None] * self.partials + slopes[:, :, None] * seen
        error = targets - probabilities
        at_cells = self.output[:, self.units :].T @ error
        of_states = let_out * (1 - squashed**2) * at_cells
        of_out_gates = let_out * (1 - let_out) * squashed * at_cells
        self._change(error, shown, of_states[:, None] * self.partials, of_out_gates[:, None] * seen)
        if np.abs(error).max() > self.preset.gross_error:
            self.reset()
        return probabilities

    def _change(self, error: Floats, shown: Floats, by_state: Floats, by_out_gate: Floats) -> None:
        """Change all weights once; gradients come per cell, (cell, column), and add up over a block for its gates."""
        gates = np.zeros((3, self.blocks, by_out_gate.shape[1]))
        for gate, per_cell in enumerate((by_state[0], by_state[1], by_out_gate)):
            np.add.at(gates[gate], self.block, per_cell)
        rows = np.concatenate([*gates, by_state[2]])
        for name, weights, gradient in (
            ("hidden_weight", self.hidden, rows[:, :-1] * self.hidden_mask),
            ("hidden_bias", self.hidden_bias, rows[: 3 * self.blocks, -1]),
            ("output_weight", self.output, np.outer(error, shown) * self.output_mask),
            ("output_bias", self.output_bias, error),
        ):
            self.velocities[name] = self.preset.momentum * self.velocities[name] + self.preset.step_size * gradient
            weights += self.velocities[name]


def logistic(net: Floats) -> Floats:
    """Squash to 0-1."""
    return 1 / (1 + np.exp(-net))


def learn_chords(form: str, steps: int, seed: int, preset: PaperPreset) -> dict[str, Any]:
    """Learn a chart by the paper's recipe for a number of updates and tell how far it came.

    Returns:
        The recipe; for each tenth of the updates the mean loss in nats per step, the share of resets, and the most
        bars that were played without a gross error in a row.
    """
    chart = chord_roll(form_named(form)).astype(np.float64)
    config = NetworkConfig(groups=(Group("chords", chart.shape[1]),), weight_range=preset.weight_range)
    learner = OnlineLearner(BlockLSTM(config, torch.Generator().manual_seed(seed)), preset)
    progress: list[dict[str, float]] = []
    place, inputs = 0, np.zeros(chart.shape[1])
    for count in range(10):
        losses, resets, longest = 0.0, 0, 0
        for _ in range(steps // 10):
            targets = chart[place % len(chart)]
            probabilities = learner.step(inputs, targets)
            likelihoods = np.where(targets > 0, probabilities, 1 - probabilities)
            losses -= float(np.log(likelihoods).sum())
            longest = max(longest, place)
            place, inputs = place + 1, targets
            if likelihoods.min() < 1 - preset.gross_error:
                place, inputs, resets = 0, np.zeros_like(targets), resets + 1
        share = {"nats_per_step": losses / (steps // 10), "resets_per_step": resets / (steps // 10)}
        progress.append({"updates": (count + 1) * (steps // 10), **share, "bars": longest / STEPS_PER_BAR})
    return {"form": form, "seed": seed, "preset": asdict(preset), "progress": progress}


def main() -> None:
    """Learn and write what came of it."""
    parser = argparse.ArgumentParser(prog="python -m training.composition.online", description=__doc__.splitlines()[0])
    parser.add_argument("--form", choices=[form.name for form in PAPER_FORMS], default=BEBOP.name)
    parser.add_argument("--steps", type=int, default=1_000_000, help="updates, one per step of the song")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, required=True, help="file to write the progress to")
    arguments = parser.parse_args()
    if arguments.steps < 10:
        parser.error(f"--steps must be at least 10, got {arguments.steps}")
    found = learn_chords(arguments.form, arguments.steps, arguments.seed, PaperPreset())
    arguments.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
