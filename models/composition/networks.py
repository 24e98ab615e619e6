"""Next-step predictors of Eck & Schmidhuber (2002): the block LSTM, and the networks that it is compared with.

Sequences are (batch, time, unit) with units 0.0 or 1.0. Hidden cells stand in groups that see only their own units and
hear only the groups named, one step late: experiment 2 has chords -> chords, chords -> melody, melody -> melody and
never melody -> chords. Fixed masks of that topology make the absent connections exactly zero. All networks have the
paper's output layer: logistic units that see the hidden cells and the inputs of their group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]  # each (batch, ...)


@dataclass(frozen=True)
class Group:
    """Blocks of hidden cells that serve some of the units; `hears` names the groups that they hear besides their own.

    Only the LSTM's blocks share anything, their gates; elsewhere a group simply has blocks * cells_per_block cells.
    """

    name: str
    units: int
    blocks: int = 4
    cells_per_block: int = 2
    hears: tuple[str, ...] = ()

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.blocks * self.cells_per_block


@dataclass(frozen=True)
class NetworkConfig:
    """Topology and initial values, by default the paper's experiment 2.

    Attributes:
        kind: lstm, rnn or feedforward.
        groups: in order of their units.
        gate_biases: initial bias of all three gates of a group's first, second, ... block, so that they come in one
            by one; a group with more blocks goes round again.
        output_bias: initial bias of the output units.
        weight_range: weights start uniform in +- this; not recalled from the paper.
        window: steps that the feed-forward network sees; the others see one.
    """

    kind: str = "lstm"
    groups: tuple[Group, ...] = (Group("chords", 12), Group("melody", 13, hears=("chords",)))
    gate_biases: tuple[float, ...] = (-0.5, -1.0, -1.5, -2.0)
    output_bias: float = 0.5
    weight_range: float = 0.2
    window: int = 1

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> NetworkConfig:
        """Rebuild from the JSON of a checkpoint."""
        groups = tuple(Group(**{**group, "hears": tuple(group["hears"])}) for group in values["groups"])
        return cls(**{**values, "groups": groups, "gate_biases": tuple(values["gate_biases"])})


class Network(nn.Module):
    """What all kinds share: topology, output layer, stepping. A kind adds its hidden layer."""

    hidden_mask: Tensor
    output_mask: Tensor

    def __init__(self, config: NetworkConfig, generator: torch.Generator) -> None:
        """Draw initial weights from the generator."""
        super().__init__()
        self.config = config
        groups = config.groups
        self.units, self.cells, self.blocks = (
            sum(getattr(group, count) for group in groups) for count in ("units", "cells", "blocks")
        )
        self.cells_per_block = groups[0].cells_per_block
        assert all(group.cells_per_block == self.cells_per_block for group in groups)
        self._block_group = torch.cat([torch.full((group.blocks,), i) for i, group in enumerate(groups)])
        self._cell_group = self._block_group.repeat_interleave(self.cells_per_block)
        self._unit_group = torch.cat([torch.full((group.units,), i) for i, group in enumerate(groups)])
        self._heard = torch.tensor([[of.name in (by.name, *by.hears) for of in groups] for by in groups])
        self._output_columns = torch.cat([self._unit_group, self._cell_group])
        self._rows, self._columns = self._cell_group, self._output_columns  # groups of hidden_weight's
        hidden_mask = self._hidden_mask().float()
        output_mask = (self._unit_group[:, None] == self._output_columns).float()
        self.register_buffer("hidden_mask", hidden_mask, persistent=False)
        self.register_buffer("output_mask", output_mask, persistent=False)
        self.hidden_weight = nn.Parameter(_uniform(hidden_mask, config.weight_range, generator))
        self.output_weight = nn.Parameter(_uniform(output_mask, config.weight_range, generator))
        self.hidden_bias = nn.Parameter(self._initial_bias())
        self.output_bias = nn.Parameter(torch.full((self.units,), config.output_bias))

    def _hidden_mask(self) -> Tensor:
        """Draw the hidden layer's topology: (row, unit + cell), true where connected."""
        own = self._rows[:, None] == self._unit_group
        return torch.cat([own, self._heard[self._rows][:, self._cell_group]], dim=1)

    def _initial_bias(self) -> Tensor:
        """Return the initial biases of the hidden layer."""
        return torch.zeros(self.cells)

    def parameter_count(self) -> int:
        """Count the connections and biases that exist; masked places do not count."""
        biases = self.hidden_bias.numel() + self.output_bias.numel()
        return int(self.hidden_mask.sum() + self.output_mask.sum()) + biases

    def row_groups(self) -> dict[str, Tensor]:
        """Return, for each parameter, the number of the group that each of its rows belongs to."""
        hidden, output = self._rows, self._unit_group
        biases = {"hidden_bias": hidden[: len(self.hidden_bias)], "output_bias": output}
        return {"hidden_weight": hidden, "output_weight": output, **biases}

    def weights_among(self, groups: Sequence[int]) -> dict[str, Tensor]:
        """Mark, for each parameter, the weights of connections among some of the groups; bool, in its shape."""
        some = torch.tensor(groups)
        marks = {name: torch.isin(rows, some) for name, rows in self.row_groups().items()}
        for name, columns in (("hidden_weight", self._columns), ("output_weight", self._output_columns)):
            marks[name] = marks[name][:, None] & torch.isin(columns, some)
        return marks

    @torch.no_grad()
    def adopt(self, part: Network) -> None:
        """Take over the weights of a network of this kind that consists of the first groups alone."""
        for name, taken in self.weights_among(range(len(part.config.groups))).items():
            self.get_parameter(name)[taken] = part.get_parameter(name).flatten()

    @torch.no_grad()
    def part(self, groups: Sequence[int]) -> Network:
        """Return some groups, which hear no others, as a network of their own."""
        config = replace(self.config, groups=tuple(self.config.groups[group] for group in groups))
        alone = build(config, torch.Generator())
        for name, own in self.weights_among(groups).items():
            alone.get_parameter(name).copy_(self.get_parameter(name)[own].view(alone.get_parameter(name).shape))
        return alone

    def initial_state(self, batch: int = 1) -> State:
        """Return the state before the first step: nothing in the cells."""
        return (torch.zeros(batch, self.cells),)

    def hidden(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Run the hidden layer over (batch, time, unit); return its cells (batch, time, cell) and the last state."""
        raise NotImplementedError

    def forward(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Predict the step after each step of a sequence.

        Args:
            inputs: (batch, time, unit).
            state: as left by the steps before.

        Returns:
            Logits of the next steps (batch, time, unit), and the state after the last one.
        """
        cells, state = self.hidden(inputs, state)
        seen = torch.cat([inputs, cells], dim=2)
        return seen @ (self.output_weight * self.output_mask).T + self.output_bias, state

    @torch.inference_mode()
    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Predict one step: (batch, unit) in, probabilities (batch, unit) and the next state out."""
        logits, state = self(inputs[:, None], state)
        return torch.sigmoid(logits[:, 0]), state


class BlockLSTM(Network):
    """Memory blocks whose cells share one gate triple (Gers et al. 2000); the state is (hidden, cell).

    Torch's LSTM has a gate triple per cell. It serves here as a fast kernel: each block's gate weights are repeated
    for its cells, so that all of them hold the same gate. Rows of `hidden_weight`: input, forget and output gates of
    all blocks, then the cell inputs, which have no bias.
    """

    def _hidden_mask(self) -> Tensor:
        self._rows = torch.cat([self._block_group.repeat(3), self._cell_group])
        return super()._hidden_mask()

    def _initial_bias(self) -> Tensor:
        ladder = torch.tensor(self.config.gate_biases)
        return torch.cat([ladder[torch.arange(group.blocks) % len(ladder)] for group in self.config.groups]).repeat(3)

    def initial_state(self, batch: int = 1) -> State:
        """Return the state before the first step: nothing in the cells."""
        return torch.zeros(batch, self.cells), torch.zeros(batch, self.cells)

    def hidden(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Run the blocks over (batch, time, unit); return (batch, time, cell) and the last (hidden, cell)."""
        weight = self._per_cell(self.hidden_weight * self.hidden_mask)
        bias = self._per_cell(torch.cat([self.hidden_bias, self.hidden_bias.new_zeros(self.cells)]))
        weights = [weight[:, : self.units], weight[:, self.units :], bias, torch.zeros_like(bias)]
        cells, hidden, cell = torch.lstm(
            inputs, [part[None] for part in state], weights, True, 1, 0.0, True, False, True
        )
        return cells, (hidden[0], cell[0])

    def _per_cell(self, rows: Tensor) -> Tensor:
        """Repeat the gates of each block for its cells, in the order that torch wants: in, forget, cell, out."""
        let_in, keep, let_out, cell = torch.split(rows, [self.blocks] * 3 + [self.cells])
        gates = [gate.repeat_interleave(self.cells_per_block, dim=0) for gate in (let_in, keep, let_out)]
        return torch.cat([gates[0], gates[1], cell, gates[2]])


class SimpleRNN(Network):
    """Tanh units that hear themselves one step late (Elman); the state is (hidden,)."""

    def hidden(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Run the units over (batch, time, unit); return (batch, time, cell) and the last (hidden,)."""
        weight = self.hidden_weight * self.hidden_mask
        bias = self.hidden_bias
        weights = [weight[:, : self.units], weight[:, self.units :], bias, torch.zeros_like(bias)]
        cells, hidden = torch.rnn_tanh(inputs, state[0][None], weights, True, 1, 0.0, True, False, True)
        return cells, (hidden[0],)


class FeedForward(Network):
    """Tanh units that see the last `window` steps and nothing else; the state is (window - 1 steps before,)."""

    def _hidden_mask(self) -> Tensor:
        self._columns = self._unit_group.repeat(self.config.window)
        return self._heard[self._rows][:, self._columns]

    def initial_state(self, batch: int = 1) -> State:
        """Return the state before the first step: silence."""
        return (torch.zeros(batch, self.config.window - 1, self.units),)

    def hidden(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """See the window that ends at each step; return (batch, time, cell) and the last window - 1 steps."""
        steps = torch.cat([state[0], inputs], dim=1)
        windows = steps.unfold(1, self.config.window, 1).transpose(2, 3).flatten(2)  # (batch, time, step and unit)
        weight = self.hidden_weight * self.hidden_mask
        return torch.tanh(windows @ weight.T + self.hidden_bias), (steps[:, inputs.shape[1] :],)


KINDS: dict[str, type[Network]] = {"lstm": BlockLSTM, "rnn": SimpleRNN, "feedforward": FeedForward}


def build(config: NetworkConfig, generator: torch.Generator) -> Network:
    """Make the network that a configuration describes."""
    return KINDS[config.kind](config, generator)


def _uniform(mask: Tensor, weight_range: float, generator: torch.Generator) -> Tensor:
    """Draw weights uniform in +-weight_range where the mask is 1, exact zero elsewhere."""
    return (torch.rand(mask.shape, generator=generator) * 2 - 1) * weight_range * mask
