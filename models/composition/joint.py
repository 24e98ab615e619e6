"""The joint model: an event's duration, pitch and velocity by the chain rule, each head seeing what was drawn before.

    p(duration | h) p(pitch or rest | h, duration) p(velocity | h, duration, pitch),   h = GRU(context)

The 2002 network takes its outputs as independent; `chain=False` builds its like at the same size: the heads see a
constant in place of what was drawn. A pitch is scored as itself, as an interval from the note before and as a degree of
the chord; the scores are added, so what is learned over one chord serves over all. Tensors are (batch, time, ...).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.composition.context import (
    CHORD_FEATURES,
    COLUMNS,
    FIRST_PITCH,
    NOTHING,
    PITCHES,
    VELOCITY_BINS,
)
from models.composition.events import DURATIONS

WIDEST_INTERVAL = 19  # larger ones count as this
LAST, ROOT = (list(COLUMNS).index(name) for name in ("last", "root"))


@dataclass(frozen=True)
class JointConfig:
    """Sizes of the joint model.

    Attributes:
        cells: of the recurrent layer.
        chain: heads see what was drawn before; otherwise they are independent.
        dropout: share of the layer's inputs and outputs that are dropped in training.
    """

    cells: int = 128
    chain: bool = True
    dropout: float = 0.2


class JointModel(nn.Module):
    """Recurrent layer and three heads."""

    def __init__(self, config: JointConfig) -> None:
        """Set up the layers; initial weights come from torch's default generator."""
        super().__init__()
        self.config = config
        sizes = {name: _embedding_size(name) for name in COLUMNS}
        self.embeddings = nn.ModuleDict({name: nn.Embedding(COLUMNS[name], size) for name, size in sizes.items()})
        self.recurrent = nn.GRU(sum(sizes.values()) + CHORD_FEATURES, config.cells, batch_first=True)
        self.dropout = nn.Dropout(config.dropout)
        self.drawn_duration = nn.Embedding(len(DURATIONS) + 1, 24)  # the last: not told
        self.drawn_pitch = nn.Embedding(NOTHING + 1, 24)
        self.duration = nn.Linear(config.cells, len(DURATIONS))
        self.pitch_hidden = nn.Linear(config.cells + 24, 128)
        self.pitch = nn.Linear(128, NOTHING + 2 * WIDEST_INTERVAL + 1 + 12)
        self.velocity = nn.Linear(config.cells + 48, VELOCITY_BINS + 1)

    def forward(self, columns: Tensor, chords: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Read contexts.

        Args:
            columns: integers (batch, time, column) in the order of COLUMNS.
            chords: (batch, time, CHORD_FEATURES).
            state: (1, batch, cell), of the contexts before.

        Returns:
            h (batch, time, cell), and the state.
        """
        parts = [self.embeddings[name](columns[..., place]) for place, name in enumerate(COLUMNS)]
        hidden, state = self.recurrent(self.dropout(torch.cat([*parts, chords], dim=-1)), state)
        return self.dropout(hidden), state

    def duration_logits(self, hidden: Tensor) -> Tensor:
        """Score durations, (batch, time, place in DURATIONS)."""
        logits: Tensor = self.duration(hidden)
        return logits

    def pitch_logits(self, hidden: Tensor, duration: Tensor, columns: Tensor) -> Tensor:
        """Score pitch tokens given the duration, (batch, time, token)."""
        told = duration if self.config.chain else torch.full_like(duration, len(DURATIONS))
        inner = torch.tanh(self.pitch_hidden(torch.cat([hidden, self.drawn_duration(told)], dim=-1)))
        alone, intervals, degrees = self.pitch(inner).split([NOTHING, 2 * WIDEST_INTERVAL + 1, 12], dim=-1)
        last, root = columns[..., [LAST]], columns[..., [ROOT]]
        steps = torch.arange(len(PITCHES))
        interval = (steps - last).clamp(-WIDEST_INTERVAL, WIDEST_INTERVAL) + WIDEST_INTERVAL
        degree = (steps + PITCHES[0] - root) % 12
        relative = intervals.gather(-1, interval) + degrees.gather(-1, degree)
        return torch.cat([alone[..., :FIRST_PITCH], alone[..., FIRST_PITCH:] + relative], dim=-1)

    def velocity_logits(self, hidden: Tensor, duration: Tensor, pitch: Tensor) -> Tensor:
        """Score velocity tokens given duration and pitch, (batch, time, token)."""
        if not self.config.chain:
            duration, pitch = torch.full_like(duration, len(DURATIONS)), torch.full_like(pitch, NOTHING)
        drawn = [self.drawn_duration(duration), self.drawn_pitch(pitch)]
        logits: Tensor = self.velocity(torch.cat([hidden, *drawn], dim=-1))
        return logits


def _embedding_size(name: str) -> int:
    """Numbers that a column becomes."""
    kind, _, lag = name.partition("-")
    size = {"pitch": 20, "duration": 10, "position": 16, "last": 12}.get(kind, 6)
    return size // 2 if lag else size
