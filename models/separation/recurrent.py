"""The successor of the paper's network: a bidirectional LSTM over log-compressed magnitudes, stereo in, soft mask out.

After Open-Unmix (Stöter, Uhlich, Liutkus & Mitsufuji, JOSS 4(41), 2019) at a size that ships: a linear map per frame,
recurrent layers over pairs of frames, a skip around them, a linear map back. It hears the middle and the sides of a
stereo recording apart, since singers mostly stand in the middle. Magnitudes are (channel, bin, frame), network input
(batch, frame, feature).

A bidirectional network hears everything that it is given. So prediction is defined on the blocks of
`separate.with_context`, whose grid begins at the song's first sample, each run with `context` frames on both sides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.checkpoint import Checkpoint
from models.separation.networks import merged, with_top
from models.separation.spectrogram import BINS

CONTEXT_FRAMES = 250  # 2.9 s: by then the recurrent layers have forgotten where the block began
COMPRESSION = 1000.0  # log(1 + 1000 x): linear 60 dB below the song's level, logarithmic above


@dataclass(frozen=True)
class RecurrentConfig:
    """Shape of a network of this family.

    Attributes:
        bins: lowest bins that the network sees; those above follow the mean of its top quarter.
        width: features per frame after the input map and before the output map.
        stack: frames that one step of the recurrent layers takes together.
        hidden: units of a recurrent layer in each direction.
        layers: recurrent layers.
    """

    bins: int = 743  # 16 kHz
    width: int = 256
    stack: int = 2
    hidden: int = 216
    layers: int = 3

    def __post_init__(self) -> None:
        """Refuse shapes that no spectrogram has."""
        if not 1 <= self.bins <= BINS or min(self.width, self.stack, self.hidden, self.layers) < 1:
            raise ValueError(f"not a network of this family: {self}")


class RecurrentMasker(nn.Module):
    """Magnitudes of middle and sides to logits of the vocals' share."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: RecurrentConfig) -> None:
        """Build the layers."""
        super().__init__()
        self.config = config
        self.context = CONTEXT_FRAMES
        stacked = config.stack * config.width
        self.register_buffer("mean", torch.zeros(2, config.bins))
        self.register_buffer("deviation", torch.ones(2, config.bins))
        self.analysis = nn.Linear(2 * config.bins, config.width)
        self.norm = nn.LayerNorm(stacked)
        self.recurrent = nn.LSTM(stacked, config.hidden, config.layers, bidirectional=True, batch_first=True)
        self.joint = nn.Linear(stacked + 2 * config.hidden, stacked)
        self.synthesis = nn.Linear(config.width, config.bins)

    def forward(self, scaled: Tensor) -> Tensor:
        """Map scaled magnitudes (batch, frame, 2 bin) to logits (batch, frame, bin)."""
        batch, n_frames, _ = scaled.shape
        x = functional.pad(self.analysis(scaled), (0, 0, 0, -n_frames % self.config.stack))
        x = torch.tanh(self.norm(x.reshape(batch, -1, self.config.stack * self.config.width)))
        y = functional.gelu(self.joint(torch.cat([x, self.recurrent(x)[0]], -1)))
        return self.synthesis(y.reshape(batch, -1, self.config.width)[:, :n_frames])  # type: ignore[no-any-return]

    def level(self, magnitudes: Iterable[Tensor]) -> float:
        """Measure the RMS of a song given in blocks (channel, bin, frame)."""
        energy, count = 0.0, 0
        for magnitude in magnitudes:
            power = magnitude.square().mean(0)
            energy, count = energy + float(power.sum(dtype=torch.float64)), count + power.numel()
        return math.sqrt(energy / max(count, 1))

    def scaled(self, magnitude: Tensor, level: float) -> Tensor:
        """Bring (channel, bin, frame) to the network's input (frame, 2 bin); the playing level drops out.

        One channel is all middle; two are middle and sides, see `spectrogram.mid_side`; of more than two, which have
        no one middle, the sides are left out.
        """
        n_channels = magnitude.shape[0]
        middle = magnitude[0] / math.sqrt(2) if n_channels == 2 else merged(magnitude)
        sides = magnitude[1] / math.sqrt(2) if n_channels == 2 else torch.zeros_like(middle)
        x = torch.stack([middle, sides])[:, : self.config.bins] / max(level, torch.finfo(torch.float32).tiny)
        x = (torch.log1p(COMPRESSION * x) - self.mean[..., None]) / self.deviation[..., None]
        return x.flatten(0, 1).T

    def standardise(self, middle_and_sides: Tensor) -> None:
        """Take mean and deviation per bin from magnitudes (2, bin, frame) of mixtures, each divided by its level."""
        compressed = torch.log1p(COMPRESSION * middle_and_sides[:, : self.config.bins])
        self.mean.copy_(compressed.mean(2))
        self.deviation.copy_(compressed.std(2).clamp_min(0.1))

    @torch.inference_mode()
    def predict_proba(self, magnitude: Tensor, level: float | None = None) -> Tensor:
        """Predict which share of each bin the vocals have, one mask for all channels.

        Args:
            magnitude: (channel, 1025, frame), at any level; two channels are middle and sides.
            level: RMS of the whole song where `magnitude` is a part of it; by default its own.

        Returns:
            Shares 0 to 1 (1025, frame).
        """
        level = self.level([magnitude]) if level is None else level
        logits = self(self.scaled(magnitude, level)[None])[0]
        return torch.sigmoid(with_top(logits)).T


def from_checkpoint(checkpoint: Checkpoint) -> RecurrentMasker:
    """Rebuild a network, ready to predict, from its checkpoint alone."""
    shape = {name: value for name, value in checkpoint.config.items() if name not in ("alpha", "softness")}
    network = RecurrentMasker(RecurrentConfig(**shape))
    network.load_state_dict({name: tensor.float() for name, tensor in checkpoint.tensors.items()})
    return network.eval().requires_grad_(False)
