"""Learn the bases of the supervised NMF: vocals and accompaniment apart, on windows of the drawn stems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.separation.baselines import PAPER, TINY, NmfConfig, updated
from models.separation.spectrogram import windows
from training.separation.dataset import Material
from training.separation.fit import mixtures

SILENCE = 1e-3  # of the mean window: what is quieter teaches nothing


@dataclass(frozen=True)
class NmfRecipe:
    """How bases are learned.

    Attributes:
        mixtures: mixtures of 6 s that are drawn for their stems, 25 windows of each stem.
        iterations: updates of bases and activations.
    """

    mixtures: int
    iterations: int = 100


NMF_PRESETS = {
    "nmf": (NmfConfig(), NmfRecipe(mixtures=240, iterations=50)),
    "nmf-paper": (PAPER, NmfRecipe(mixtures=600)),
    "nmf-smoke": (NmfConfig(narrow=8, bases=3), NmfRecipe(mixtures=2, iterations=5)),
}


def fit_bases(
    config: NmfConfig, recipe: NmfRecipe, material: Material, seed: int
) -> tuple[dict[str, Tensor], dict[str, float]]:
    """Learn the bases of both sources.

    Returns:
        Bases (feature, base) per source, each scaled to a largest entry of 1; and per source the divergence that is
        left, as a share of the sum of all magnitudes.
    """
    drawn = mixtures(material, recipe.mixtures, np.random.default_rng(seed))
    bases, left = {}, {}
    for index, source in enumerate(("vocals", "accompaniment")):
        V = stacked(config, [stems[index].abs() for stems in drawn])
        W, H = factorise(V, config.bases, recipe.iterations, torch.Generator().manual_seed(seed + index))
        bases[source] = W / W.amax(0)
        left[source] = round(divergence(V, W @ H) / float(V.sum()), 4)
        print(f"{source}: {V.shape[1]} windows, divergence {left[source]} of their magnitude", flush=True)
    return bases, left


def stacked(config: NmfConfig, magnitudes: list[Tensor]) -> Tensor:
    """Cut magnitudes (bin, frame) into windows that do not overlap, (feature, window), without the silent ones."""
    cut = [windows(config.banded(X), config.frames, config.frames)[:-1].flatten(1) for X in magnitudes]
    V = torch.cat(cut).T
    sums = V.sum(0)
    return V[:, sums > SILENCE * sums.mean()].contiguous()


def factorise(V: Tensor, n_bases: int, iterations: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Factorise V by multiplicative updates for the Kullback-Leibler divergence (Lee & Seung 2001, theorem 2).

    Args:
        V: non-negative (feature, window).
        n_bases: number of bases.
        iterations: updates of activations and bases in turn; the divergence rises at none.
        generator: draws the first bases.

    Returns:
        W (feature, base), columns that sum to 1, and H (base, window).
    """
    W = torch.rand(len(V), n_bases, generator=generator)
    W /= W.sum(0)
    H = (V.sum(0) / n_bases).repeat(n_bases, 1)
    for _ in range(iterations):
        H = updated(V, W, H)
        sums = H.sum(1).clamp_min(TINY)
        W = updated(V.T, H.T / sums, W.T * sums[:, None]).T  # the same rule on V' = H' W'
        H = H / sums[:, None] * W.sum(0)[:, None]
        W = W / W.sum(0).clamp_min(TINY)
    return W, H


def divergence(V: Tensor, Y: Tensor) -> float:
    """Return the generalised Kullback-Leibler divergence D(V || Y)."""
    return float((torch.xlogy(V, V / Y.clamp_min(TINY)) - V + Y).sum(dtype=torch.float64))


def bases_card(provenance: dict[str, Any], size: int) -> str:
    """Say in the card what the bases are and how well they fit what they were learned from."""
    recipe, left = provenance["recipe"], provenance["divergence"]
    return f"""The supervised non-negative matrix factorisation that Simpson, Roma & Plumbley, "Deep Karaoke" (2015),
set their network against: {provenance["bases"]} bases of vocals and as many of accompaniment, each 20 frames of an STFT
(2048/512, 44.1 kHz) whose upper bins are summed into bands: what fits {size / 1e6:.1f} MB. The paper has 1500 and 1500
over all bins: preset `nmf-paper`.

Trained by `python -m training.separation.train --preset {provenance["model"]}`:
{recipe["iterations"]} multiplicative updates on the stems of {recipe["mixtures"]} mixtures of 6 s, drawn at random from
the recordings below (seed {provenance["seed"]}). What is left of the divergence is {left["vocals"]:.1%} of the vocals'
magnitude and {left["accompaniment"]:.1%} of the accompaniment's."""
