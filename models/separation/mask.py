"""Masks: ideal ones from known stems, and the paper's probabilistic binary mask at a threshold alpha.

Probabilities are kept as 256 uint8 levels q = floor(256 p), and alpha as the edge round(256 alpha), once for all
rules: the vocals keep q >= edge, so a tie goes to the vocals, alpha = 0 keeps everything and alpha = 1 nothing. The
paper's second threshold, p < 1 - alpha for the accompaniment, is the same rule on the mirrored levels 255 - q.
Axes (bin, frame).
"""

from __future__ import annotations

import torch
from torch import Tensor

LEVELS = 256


def ideal_binary(vocals: Tensor, accompaniment: Tensor) -> Tensor:
    """Return 1 where the vocals' magnitude is the larger one, else 0; the target of training (paper, section 2)."""
    return (vocals > accompaniment).float()


def ideal_ratio(vocals: Tensor, accompaniment: Tensor) -> Tensor:
    """Return the vocals' share of the energy, 0 to 1; 0 where both are silent."""
    energy = vocals**2
    return energy / (energy + accompaniment**2).clamp_min(torch.finfo(energy.dtype).tiny)


def quantise(probability: Tensor) -> Tensor:
    """Keep probabilities 0 to 1 as uint8 levels floor(256 p)."""
    return (probability * LEVELS).clamp(0, LEVELS - 1).to(torch.uint8)


def vocal_mask(levels: Tensor, alpha: float, softness: float = 0.0) -> Tensor:
    """Turn probabilities into the mask of the vocals.

    Args:
        levels: uint8 from `quantise`, any shape.
        alpha: 0 (everything is vocals) to 1 (nothing is).
        softness: 0 for the binary mask; s > 0 for sigmoid((logit p - logit alpha) / s), which is p itself at
            alpha = 0.5 and s = 1 and tends to the binary mask as s goes to 0.

    Returns:
        float32 gains 0 to 1; they never grow with alpha.

    Raises:
        ValueError: alpha outside 0 to 1, or negative softness.
    """
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"alpha must lie between 0 and 1, got {alpha:g}")
    if softness < 0.0:
        raise ValueError(f"softness must not be negative, got {softness:g}")
    edge = round(alpha * LEVELS)
    if softness == 0.0 or edge in (0, LEVELS):
        return (levels.to(torch.int16) >= edge).float()  # int16: uint8 cannot hold the edge 256
    centre = (levels.float() + 0.5) / LEVELS
    return torch.sigmoid((torch.logit(centre) - torch.logit(torch.tensor(edge / LEVELS))) / softness)


def accompaniment_mask(levels: Tensor, alpha: float, softness: float = 0.0) -> Tensor:
    """Turn probabilities into the paper's own mask of the accompaniment, p < 1 - alpha; see `vocal_mask`."""
    return vocal_mask(LEVELS - 1 - levels, alpha, softness)
