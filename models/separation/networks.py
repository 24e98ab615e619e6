"""The paper's feed-forward network over 20-frame windows, at any width.

Simpson, Roma & Plumbley (2015): one hidden layer of 20500 biased sigmoids between 20 frames of 1025 magnitudes and
as many output sigmoids, each the probability that vocals dominate that bin. The shipped preset is the same family
with fewer weights: magnitudes on a logarithmic scale, one linear map shared by all frames down to bands and one back
up, and residual layers between. Magnitudes are (channel, bin, frame), network input (batch, time, feature).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.checkpoint import Checkpoint
from models.separation.spectrogram import BINS, MAGNITUDE_RMS, WINDOW_FRAMES, overlap_average, rms, stft_blocks, windows

SIGMOID_BIAS = 6.0  # hidden units of the paper: 1 / (1 + exp(6 - x))
BATCH = 64  # windows at once, bounds memory
PEAK_FRAMES = 125  # transformed at once to find the peak


@dataclass(frozen=True)
class KaraokeConfig:
    """Shape of a network of this family.

    Attributes:
        frames: length of a window.
        bins: lowest bins that the network sees; those above follow the mean of its top quarter.
        bands: width of the linear maps shared by all frames; 0 leaves them out, as in the paper.
        hidden: units per hidden layer.
        stride: frames from one window to the next when predicting.
        scale: "peak" divides by the song's largest magnitude (paper); "log" is log(1 + 1000 x / the song's RMS),
            standardised per bin.
        activation: "biased-sigmoid" (paper), or "gelu" in normalised residual layers.
    """

    frames: int = WINDOW_FRAMES
    bins: int = 743  # 16 kHz
    bands: int = 96
    hidden: tuple[int, ...] = (768, 768, 768)
    stride: int = 5
    scale: Literal["peak", "log"] = "log"
    activation: Literal["biased-sigmoid", "gelu"] = "gelu"

    def __post_init__(self) -> None:
        """Refuse shapes that no spectrogram has."""
        if not 1 <= self.bins <= BINS or not 1 <= self.stride <= self.frames or not self.hidden:
            raise ValueError(f"not a network of this family: {self}")


PAPER = KaraokeConfig(bins=BINS, bands=0, hidden=(20500,), stride=1, scale="peak", activation="biased-sigmoid")


def published_start(linear: nn.Linear) -> nn.Linear:
    """Draw the paper's initial weights and biases, uniform within 4 sqrt(6 / (fan in + fan out))."""
    bound = 4 * math.sqrt(6 / (linear.in_features + linear.out_features))
    nn.init.uniform_(linear.weight, -bound, bound)
    nn.init.uniform_(linear.bias, -bound, bound)
    return linear


class BiasedSigmoidLayer(nn.Module):
    """Linear map and the paper's biased sigmoid."""

    def __init__(self, n_in: int, n_out: int) -> None:
        """Create the layer with the paper's initial weights."""
        super().__init__()
        self.linear = published_start(nn.Linear(n_in, n_out))

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_in) to (batch, n_out)."""
        return torch.sigmoid(self.linear(x) - SIGMOID_BIAS)


class ResidualLayer(nn.Module):
    """Layer norm, linear map and GELU; added to the input where the widths agree."""

    def __init__(self, n_in: int, n_out: int) -> None:
        """Create the layer."""
        super().__init__()
        self.norm = nn.LayerNorm(n_in)
        self.linear = nn.Linear(n_in, n_out)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_in) to (batch, n_out)."""
        y = functional.gelu(self.linear(self.norm(x)))
        return x + y if x.shape == y.shape else y


class DeepKaraoke(nn.Module):
    """Windows of magnitudes to logits of "vocals dominate here"."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: KaraokeConfig) -> None:
        """Build the layers; on torch's meta device this costs no memory at any width."""
        super().__init__()
        self.config = config
        self.context = 2 * config.frames  # what lies two windows away reaches no frame
        width = config.bands or config.bins
        layer = ResidualLayer if config.activation == "gelu" else BiasedSigmoidLayer
        widths = (config.frames * width, *config.hidden)
        self.register_buffer("mean", torch.zeros(config.bins))
        self.register_buffer("deviation", torch.ones(config.bins))
        self.analysis = nn.Linear(config.bins, config.bands) if config.bands else nn.Identity()
        self.layers = nn.Sequential(*(layer(n_in, n_out) for n_in, n_out in pairwise(widths)))
        self.output = nn.Linear(widths[-1], config.frames * width)
        if config.activation == "biased-sigmoid":
            published_start(self.output)
        self.synthesis = nn.Linear(config.bands, config.bins) if config.bands else nn.Identity()

    def forward(self, windowed: Tensor) -> Tensor:
        """Map scaled magnitudes (batch, frame, bin) to logits of the same shape."""
        x = self.analysis(windowed).flatten(1)  # (batch, frame * band)
        x = self.output(self.layers(x)).unflatten(1, (self.config.frames, -1))
        return self.synthesis(x)  # type: ignore[no-any-return]

    def song_level(self, waveform: Iterable[Tensor]) -> float:
        """Measure the reference level of a song given in blocks (channel, sample): of its magnitudes, peak or RMS."""
        if self.config.scale == "log":
            return MAGNITUDE_RMS * rms(waveform)
        return max((self.level(spectrum.abs()) for spectrum in stft_blocks(waveform, PEAK_FRAMES)), default=0.0)

    def level(self, magnitude: Tensor) -> float:
        """Measure the reference level of magnitudes (channel, bin, frame): their peak or their RMS."""
        power = magnitude.square()
        if self.config.scale == "peak":
            return math.sqrt(float(power.mean(0).max()))
        return math.sqrt(float(power.mean(dtype=torch.float64)))

    def scaled(self, magnitude: Tensor, level: float) -> Tensor:
        """Bring (bin, frame) to the network's input range; the result does not depend on the playing level."""
        x = magnitude[: self.config.bins] / max(level, torch.finfo(torch.float32).tiny)
        if self.config.scale == "peak":
            return x
        return (torch.log1p(1000 * x) - self.mean[:, None]) / self.deviation[:, None]

    def standardise(self, magnitude: Tensor) -> None:
        """Take mean and deviation per bin from magnitudes (bin, frame) of mixtures, each divided by its own level."""
        compressed = torch.log1p(1000 * magnitude[: self.config.bins])
        self.mean.copy_(compressed.mean(1))
        self.deviation.copy_(compressed.std(1).clamp_min(0.01))

    @torch.inference_mode()
    def predict_proba(self, magnitude: Tensor, level: float | None = None) -> Tensor:
        """Predict how probable it is that vocals dominate, one mask for all channels.

        Args:
            magnitude: (channel, 1025, frame), at any level.
            level: reference level of the whole song where `magnitude` is a part of it; by default its own.

        Returns:
            Probabilities (1025, frame): means over all windows that cover a frame.
        """
        n_frames = magnitude.shape[-1]
        level = self.level(magnitude) if level is None else level
        cut = windows(self.scaled(merged(magnitude), level), self.config.frames, self.config.stride)
        predicted = torch.cat([torch.sigmoid(with_top(self(batch))) for batch in torch.split(cut, BATCH)])
        return overlap_average(predicted, n_frames, self.config.stride)


def with_top(logits: Tensor) -> Tensor:
    """Append the bins (..., bin) that a network does not see: the mean of its top quarter."""
    n_bins = logits.shape[-1]
    top = logits[..., -(n_bins // 4 or 1) :].mean(-1, keepdim=True)
    return torch.cat([logits, top.expand(*logits.shape[:-1], BINS - n_bins)], -1)


def merged(magnitude: Tensor) -> Tensor:
    """Merge channels by power: (channel, bin, frame) to (bin, frame)."""
    return magnitude.square().mean(0).sqrt()


def from_checkpoint(checkpoint: Checkpoint) -> DeepKaraoke:
    """Rebuild a network, ready to predict, from its checkpoint alone."""
    config = KaraokeConfig(**{**checkpoint.config, "hidden": tuple(checkpoint.config["hidden"])})
    network = DeepKaraoke(config)
    network.load_state_dict({name: tensor.float() for name, tensor in checkpoint.tensors.items()})
    return network.eval().requires_grad_(False)
