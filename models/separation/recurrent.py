"""The successor of the paper's network: band-split recurrent layers, stereo magnitudes in, soft mask out.

After Luo & Yu, *Music Source Separation With Band-Split RNN*, IEEE/ACM TASLP 31, 2023, at a size that trains and runs
on two processor cores: each band becomes one vector, then layers go over time (the same one for every band) and over
bands (the same one at every time), and each band's vector becomes the mask of its bins. It hears the middle and the
sides of a stereo recording apart, since singers mostly stand in the middle. Magnitudes are (channel, bin, frame),
network input (batch, frame, feature).

A bidirectional network hears everything that it is given. So prediction is defined on the blocks of
`spectrogram.overlapping`, whose grid begins at the song's first sample, each run with `context` frames on both sides.
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
from models.separation.spectrogram import BINS, MAGNITUDE_RMS, rms

CONTEXT_FRAMES = 96  # 1.1 s, a multiple of the stack: by then the layers have forgotten where the block began
COMPRESSION = 1000.0  # log(1 + 1000 x): linear 60 dB below the song's level, logarithmic above
# About 110 Hz up to 1 kHz, 260 Hz to 4 kHz, 0.5 kHz to 8 kHz, 1 kHz to 16 kHz, in bins of 21.5 Hz.
BANDS = (*[5] * 10, *[12] * 12, *[23] * 8, *[46] * 7, 43)


@dataclass(frozen=True)
class RecurrentConfig:
    """Shape of a network of this family.

    Attributes:
        bands: widths in bins, from the lowest bin up; bins above them follow the mean of the top quarter.
        features: per band, and units of a recurrent layer in each direction.
        layers: pairs of a recurrent layer over time and one over bands.
        stack: frames that one step of the layers takes together.
    """

    bands: tuple[int, ...] = BANDS
    features: int = 64
    layers: int = 2
    stack: int = 4

    def __post_init__(self) -> None:
        """Refuse shapes that no spectrogram has."""
        if not 1 <= self.bins <= BINS or min(*self.bands, self.features, self.layers, self.stack) < 1:
            raise ValueError(f"not a network of this family: {self}")

    @property
    def bins(self) -> int:
        """Number of bins that the network sees."""
        return sum(self.bands)


class ResidualRecurrence(nn.Module):
    """Layer norm, a bidirectional LSTM along the second axis and a linear map, added to the input."""

    def __init__(self, features: int) -> None:
        """Build the layers."""
        super().__init__()
        self.norm = nn.LayerNorm(features)
        self.recurrent = nn.LSTM(features, features, bidirectional=True, batch_first=True)
        self.linear = nn.Linear(2 * features, features)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, step, feature) to the same shape."""
        return x + self.linear(self.recurrent(self.norm(x))[0])  # type: ignore[no-any-return]


class RecurrentMasker(nn.Module):
    """Magnitudes of middle and sides to logits of the vocals' share."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: RecurrentConfig) -> None:
        """Build the layers."""
        super().__init__()
        self.config = config
        self.context = CONTEXT_FRAMES
        n, stack = config.features, config.stack
        self.register_buffer("mean", torch.zeros(2, config.bins))
        self.register_buffer("deviation", torch.ones(2, config.bins))
        self.analysis = nn.ModuleList(nn.Linear(2 * stack * width, n) for width in config.bands)
        self.over_time = nn.ModuleList(ResidualRecurrence(n) for _ in range(config.layers))
        self.over_bands = nn.ModuleList(ResidualRecurrence(n) for _ in range(config.layers))
        self.norm = nn.LayerNorm(n)
        self.synthesis = nn.ModuleList(
            nn.Sequential(nn.Linear(n, 2 * n), nn.GELU(), nn.Linear(2 * n, stack * width)) for width in config.bands
        )

    def forward(self, scaled: Tensor) -> Tensor:
        """Map scaled magnitudes (batch, frame, 2 bin) to logits (batch, frame, bin)."""
        batch, n_frames, _ = scaled.shape
        stack, n_bands = self.config.stack, len(self.config.bands)
        x = functional.pad(scaled, (0, 0, 0, -n_frames % stack))
        x = x.reshape(batch, -1, stack, 2, self.config.bins).permute(0, 1, 4, 3, 2)
        parts = torch.split(x, list(self.config.bands), 2)
        y = torch.stack([layer(part.flatten(2)) for layer, part in zip(self.analysis, parts, strict=True)], 1)
        for over_time, over_bands in zip(self.over_time, self.over_bands, strict=True):  # y is (batch, band, step, .)
            y = over_time(y.flatten(0, 1)).unflatten(0, (batch, n_bands)).transpose(1, 2)
            y = over_bands(y.flatten(0, 1)).unflatten(0, (batch, -1)).transpose(1, 2)
        bands = zip(self.synthesis, self.norm(y).unbind(1), strict=True)
        z = torch.cat([layer(band).unflatten(-1, (-1, stack)) for layer, band in bands], 2)
        return z.transpose(2, 3).flatten(1, 2)[:, :n_frames]

    def song_level(self, waveform: Iterable[Tensor]) -> float:
        """Measure the RMS of a song's magnitudes; the song comes in blocks (channel, sample)."""
        return MAGNITUDE_RMS * rms(waveform)

    def level(self, magnitude: Tensor) -> float:
        """Measure the RMS of magnitudes (channel, bin, frame)."""
        return math.sqrt(float(magnitude.square().mean(dtype=torch.float64)))

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

    @torch.no_grad()
    def lower(self, edge: float) -> None:
        """Lower all logits, so that what was predicted at the logit `edge` becomes one half."""
        for layer in self.synthesis:
            layer.get_parameter("2.bias").sub_(edge)

    @torch.inference_mode()
    def predict_proba(self, magnitude: Tensor, level: float | None = None) -> Tensor:
        """Predict which share of each bin the vocals have, one mask for all channels.

        Args:
            magnitude: (channel, 1025, frame), at any level; two channels are middle and sides.
            level: RMS of the whole song where `magnitude` is a part of it; by default its own.

        Returns:
            Shares 0 to 1 (1025, frame).
        """
        level = self.level(magnitude) if level is None else level
        logits = self(self.scaled(magnitude, level)[None])[0]
        return torch.sigmoid(with_top(logits)).T


def from_checkpoint(checkpoint: Checkpoint) -> RecurrentMasker:
    """Rebuild a network, ready to predict, from its checkpoint alone."""
    shape = {name: value for name, value in checkpoint.config.items() if name not in ("alpha", "softness")}
    network = RecurrentMasker(RecurrentConfig(**shape | {"bands": tuple(shape["bands"])}))
    network.load_state_dict({name: tensor.float() for name, tensor in checkpoint.tensors.items()})
    return network.eval().requires_grad_(False)
