"""The block LSTM of Eck & Schmidhuber (2002): memory blocks whose cells share one gate triple (Gers et al. 2000).

Sequences are (batch, time, unit) with units 0.0 or 1.0. Groups of blocks see only their own units and hear only the
groups named, one step late: experiment 2 has chords -> chords, chords -> melody, melody -> melody and never melody ->
chords. One dense matrix holds all connections; a fixed mask of the topology makes the absent ones exactly zero.
`torch.nn.LSTM` is another network: it has a gate triple per cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

State = tuple[Tensor, Tensor]  # (hidden, cell), each (batch, cell)


@dataclass(frozen=True)
class Group:
    """Blocks that serve some of the units; `hears` names the groups whose cells they see besides their own."""

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
class BlockLSTMConfig:
    """Topology and initial values, by default the paper's experiment 2.

    Attributes:
        groups: in order of their units.
        gate_biases: initial bias of all three gates of a group's first, second, ... block, so that they come in one
            by one.
        output_bias: initial bias of the output units.
        weight_range: weights start uniform in +- this; not recalled from the paper.
    """

    groups: tuple[Group, ...] = (Group("chords", 12), Group("melody", 13, hears=("chords",)))
    gate_biases: tuple[float, ...] = (-0.5, -1.0, -1.5, -2.0)
    output_bias: float = 0.5
    weight_range: float = 0.2

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> BlockLSTMConfig:
        """Rebuild from the JSON of a checkpoint."""
        groups = tuple(Group(**{**group, "hears": tuple(group["hears"])}) for group in values["groups"])
        return cls(**{**values, "groups": groups, "gate_biases": tuple(values["gate_biases"])})


class BlockLSTM(nn.Module):
    """Next-step predictor: logistic outputs, read as independent probabilities of the units."""

    hidden_mask: Tensor
    output_mask: Tensor

    def __init__(self, config: BlockLSTMConfig, generator: torch.Generator) -> None:
        """Draw initial weights from the generator."""
        super().__init__()
        self.config = config
        groups = config.groups
        self.units, self.cells, self.blocks = (
            sum(getattr(group, count) for group in groups) for count in ("units", "cells", "blocks")
        )
        self.cells_per_block = groups[0].cells_per_block
        assert all(group.cells_per_block == self.cells_per_block for group in groups)
        hidden_mask, output_mask = self._masks()
        self.register_buffer("hidden_mask", hidden_mask, persistent=False)
        self.register_buffer("output_mask", output_mask, persistent=False)
        self.hidden_weight = nn.Parameter(_uniform(hidden_mask, config.weight_range, generator))
        self.output_weight = nn.Parameter(_uniform(output_mask, config.weight_range, generator))
        ladder = torch.cat([torch.tensor(config.gate_biases[: group.blocks]) for group in groups])
        self.gate_bias = nn.Parameter(ladder.repeat(3))
        self.output_bias = nn.Parameter(torch.full((self.units,), config.output_bias))

    def _masks(self) -> tuple[Tensor, Tensor]:
        """Draw the topology: (gate or cell input, unit + cell) and (output unit, unit + cell), 1 where connected.

        Rows of the first: input, forget and output gates of all blocks, then all cell inputs.
        """
        groups = self.config.groups
        block_group = torch.cat([torch.full((group.blocks,), i) for i, group in enumerate(groups)])
        cell_group = block_group.repeat_interleave(self.cells_per_block)
        unit_group = torch.cat([torch.full((group.units,), i) for i, group in enumerate(groups)])
        heard = torch.tensor([[of.name in (by.name, *by.hears) for of in groups] for by in groups])
        rows = torch.cat([block_group.repeat(3), cell_group])
        hidden = torch.cat([rows[:, None] == unit_group, heard[rows][:, cell_group]], dim=1)
        output = torch.cat([unit_group[:, None] == unit_group, unit_group[:, None] == cell_group], dim=1)
        return hidden.float(), output.float()

    def parameter_count(self) -> int:
        """Count the connections and biases that exist; masked places do not count."""
        biases = self.gate_bias.numel() + self.output_bias.numel()
        return int(self.hidden_mask.sum() + self.output_mask.sum()) + biases

    def initial_state(self, batch: int = 1) -> State:
        """Return the state before the first step: nothing in the cells."""
        return torch.zeros(batch, self.cells), torch.zeros(batch, self.cells)

    def forward(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Predict the step after each step of a sequence.

        Args:
            inputs: (batch, time, unit).
            state: as left by the steps before.

        Returns:
            Logits of the next steps (batch, time, unit), and the state after the last one.
        """
        weight = self.hidden_weight * self.hidden_mask
        bias = torch.cat([self.gate_bias, self.gate_bias.new_zeros(self.cells)])  # cell inputs have no bias
        driven = inputs @ weight[:, : self.units].T + bias  # (batch, time, gate or cell input)
        recurrent = weight[:, self.units :].T
        hidden, cell = state
        hiddens = []
        for now in driven.unbind(dim=1):
            net = now + hidden @ recurrent
            gates = torch.sigmoid(net[:, : 3 * self.blocks]).repeat_interleave(self.cells_per_block, dim=1)
            let_in, keep, let_out = torch.split(gates, self.cells, dim=1)
            cell = keep * cell + let_in * torch.tanh(net[:, 3 * self.blocks :])
            hidden = let_out * torch.tanh(cell)
            hiddens.append(hidden)
        seen = torch.cat([inputs, torch.stack(hiddens, dim=1)], dim=2)  # the outputs see the inputs too
        return seen @ (self.output_weight * self.output_mask).T + self.output_bias, (hidden, cell)

    @torch.inference_mode()
    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Predict one step: (batch, unit) in, probabilities (batch, unit) and the next state out."""
        logits, state = self(inputs[:, None], state)
        return torch.sigmoid(logits[:, 0]), state


def _uniform(mask: Tensor, weight_range: float, generator: torch.Generator) -> Tensor:
    """Draw weights uniform in +-weight_range where the mask is 1, exact zero elsewhere."""
    return (torch.rand(mask.shape, generator=generator) * 2 - 1) * weight_range * mask
