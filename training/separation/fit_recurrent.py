"""Fit the recurrent network to stereo mixtures that are drawn anew for every step.

Cross-entropy against the phase-sensitive share, weighted by the mixture's magnitude; AdamW with a warm-up and a
cosine; a running mean of the weights is what is kept. A second process draws the mixtures. Each epoch writes a file to
resume from.
"""

from __future__ import annotations

import copy
import time
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from models.separation.recurrent import RecurrentConfig, RecurrentMasker
from training.separation.dataset import Material
from training.separation.resume import restored, store
from training.separation.scenes import Chances, Lessons, drawn, level_of

WARM_UP = 0.03  # of the training
GRADIENT_NORM = 1.0
MEMORY = 0.995  # of the running mean, per step
ALPHAS = np.linspace(0.2, 0.8, 25)
SOFTNESSES = (0.25, 0.5, 0.75, 1.0, 1.25)
WHOLE = Chances(same_song=0.0, no_vocals=0.0, only_vocals=0.0, low_pass=0.0)


@dataclass(frozen=True)
class RecurrentRecipe:
    """How a recurrent network is trained.

    Attributes:
        epochs: number of epochs; after each a file to resume from is written.
        steps: steps per epoch.
        mixtures: mixtures per step, of 3 s: one step takes the first halves of as many drawn ones, the next the second.
        rate: highest learning rate.
        validation: mixtures drawn from the validation material; as many set mean and deviation of the input, and
            twice as many of the calibration material set the best threshold.
        pool: voices and backings from which mixtures are made at a time.
    """

    epochs: int
    steps: int
    mixtures: int = 8
    rate: float = 2e-3
    validation: int = 24
    pool: int = 150


RECURRENT_PRESETS = {
    "band-split": (RecurrentConfig(), RecurrentRecipe(epochs=66, steps=120)),
    "band-split-smoke": (
        RecurrentConfig(features=8, layers=1),
        RecurrentRecipe(epochs=2, steps=2, mixtures=2, validation=2, pool=2),
    ),
}


def fit_recurrent(
    config: RecurrentConfig, recipe: RecurrentRecipe, training: Material, validation: Material, seed: int, resume: Path
) -> tuple[RecurrentMasker, list[dict[str, float]]]:
    """Fit a network, resuming from `resume` if that file exists.

    Returns:
        The running mean of the network, and one row of losses per epoch.
    """
    torch.manual_seed(seed)
    network = RecurrentMasker(config)
    standardise(network, training, recipe, seed)
    mean = copy.deepcopy(network).eval().requires_grad_(False)
    optimiser = torch.optim.AdamW(network.parameters(), recipe.rate, weight_decay=0.01)
    both = nn.ModuleList([network, mean])
    curve = restored(resume, both, optimiser, asdict(config))
    held_out = list(islice(drawn(validation, np.random.default_rng([seed, 0]), WHOLE, few(recipe)), recipe.validation))
    lessons = Lessons(network, training, recipe.steps * recipe.mixtures // 2, recipe.pool, (seed, 1 + len(curve)))
    loader = DataLoader(lessons, recipe.mixtures, num_workers=1, prefetch_factor=8, persistent_workers=True)
    for epoch in range(len(curve), recipe.epochs):
        began = time.monotonic()
        losses = []
        halves = (zip(*(plane.chunk(2, 1) for plane in batch), strict=True) for batch in loader)
        for step, batch in enumerate(chain.from_iterable(halves)):
            progress = (epoch + step / recipe.steps) / recipe.epochs
            for group in optimiser.param_groups:
                group["lr"] = recipe.rate * min(progress / WARM_UP + 0.01, 0.5 + 0.5 * np.cos(np.pi * progress))
            losses.append(_step(network, optimiser, *(plane.float() for plane in batch)))
            _remember(mean, network, min(MEMORY, 1 - 1 / (10 + epoch * recipe.steps + step)))
        score = float(np.mean([sdr_db(V, A, predicted(mean, V + A)) for V, A in held_out]))
        curve.append({"loss": round(float(np.mean(losses)), 5), "validation_sdr_db": round(score, 3)})
        print(f"epoch {epoch + 1}/{recipe.epochs} {curve[-1]} {time.monotonic() - began:.0f} s", flush=True)
        store(resume, both, optimiser, asdict(config), curve)
    return mean, curve


def few(recipe: RecurrentRecipe) -> int:
    """Return the size of the pool for as many mixtures as validation takes."""
    return min(recipe.pool, recipe.validation // 2)


def standardise(network: RecurrentMasker, material: Material, recipe: RecurrentRecipe, seed: int) -> None:
    """Set the mean and the deviation of the network's input from mixtures of the material."""
    mixtures = drawn(material, np.random.default_rng(seed), Chances(mono=0.0), few(recipe))
    parts = [V + A for V, A in islice(mixtures, recipe.validation)]
    network.standardise(torch.cat([X.abs() / max(level_of(X) * 2**0.5, 1e-6) for X in parts], dim=2))


def _step(
    network: RecurrentMasker, optimiser: torch.optim.Optimizer, x: Tensor, target: Tensor, weight: Tensor
) -> float:
    loss = functional.binary_cross_entropy_with_logits(network(x), target, weight)
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_NORM)
    optimiser.step()
    return loss.item()


def _remember(mean: RecurrentMasker, network: RecurrentMasker, memory: float) -> None:
    """Move the running mean towards the network."""
    for kept, new in zip(mean.parameters(), network.parameters(), strict=True):
        kept.lerp_(new.detach(), 1 - memory)


def predicted(network: RecurrentMasker, X: Tensor) -> Tensor:
    """Predict the vocals' share of a mixture (2, bin, frame) of this module's material."""
    return network.predict_proba(X.abs(), level_of(X))[: X.shape[1]]


def sdr_db(V: Tensor, A: Tensor, mask: Tensor) -> float:
    """Measure the SDR in dB of a masked mixture against its vocals, on spectra."""
    error = V - mask * (V + A)
    return float(10 * torch.log10(V.abs().square().sum() / error.abs().square().sum()))


@dataclass(frozen=True)
class Calibration:
    """What the calibration mixtures asked for: the best alpha before the shift, the best softness, their SDR in dB."""

    alpha: float
    softness: float
    sdr_db: float


def calibrate_recurrent(
    network: RecurrentMasker, recipe: RecurrentRecipe, material: Material, seed: int
) -> Calibration:
    """Find the alpha and the softness that together score best, and shift the logits so that alpha becomes 0.5."""
    mixtures = drawn(material, np.random.default_rng([seed, 0]), WHOLE, recipe.validation)
    pairs = list(islice(mixtures, 2 * recipe.validation))
    odds = [torch.logit(predicted(network, V + A), 1e-6) for V, A in pairs]

    def mean_sdr(alpha: float, softness: float) -> float:
        edge = float(np.log(alpha / (1 - alpha)))
        masks = (torch.sigmoid((logit - edge) / softness) for logit in odds)
        return float(np.mean([sdr_db(V, A, mask) for mask, (V, A) in zip(masks, pairs, strict=True)]))

    scores = {(alpha, softness): mean_sdr(alpha, softness) for alpha in ALPHAS for softness in SOFTNESSES}
    alpha, softness = max(scores, key=scores.__getitem__)
    network.lower(float(np.log(alpha / (1 - alpha))))
    return Calibration(round(float(alpha), 3), softness, round(scores[alpha, softness], 3))
