"""Fit a separation network to mixtures that are drawn anew for every step, and calibrate it.

Each epoch writes a file to resume from, and one epoch is the most that is lost.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.separation.mask import ideal_binary
from models.separation.networks import PAPER, DeepKaraoke, KaraokeConfig
from models.separation.spectrogram import windows
from training.separation.dataset import Material
from training.separation.distributed import Crew
from training.separation.remix import Chances, draw
from training.separation.resume import restored, store

LEVEL_DB = 3.0  # standard deviation: a song's reference level is not that of one excerpt
WEIGHT_POWER = 0.75  # of the magnitude: loud bins decide what is heard
ALPHAS = np.linspace(0.1, 0.9, 17)
# Mixtures as songs are: one voice and a band, both all the time and with all their highs.
WHOLE = Chances(no_vocals=0.0, only_vocals=0.0, vocals_pause=0.0, second_voice=0.0, low_pass=0.0)


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        epochs: number of epochs; after each a file to resume from is written.
        steps: steps per epoch.
        mixtures: mixtures of 6 s per step, 24 or 25 windows each.
        batch: windows per step, of those that the mixtures give; None takes all.
        loss: "weighted-bce" weighs bins by a power of their magnitude; "mse" is the paper's.
        optimiser: "adamw" with a one-cycle rate, or the paper's "sgd" with momentum 0.5 at a constant rate.
        rate: (highest) learning rate.
        validation: mixtures drawn from the validation material; as many set mean and deviation of the input.
    """

    epochs: int
    steps: int
    mixtures: int = 12
    batch: int | None = None
    loss: Literal["weighted-bce", "mse"] = "weighted-bce"
    optimiser: Literal["adamw", "sgd"] = "adamw"
    rate: float = 6e-4
    validation: int = 32


PRESETS = {
    "deep-karaoke": (KaraokeConfig(), Recipe(epochs=64, steps=50)),
    "paper": (PAPER, Recipe(epochs=100, steps=150, mixtures=5, batch=100, loss="mse", optimiser="sgd", rate=0.1)),
    "smoke": (KaraokeConfig(bands=16, hidden=(32,)), Recipe(epochs=2, steps=3, mixtures=2, validation=2)),
}


def fit(
    config: KaraokeConfig,
    recipe: Recipe,
    material: Material,
    validation: Material,
    seed: int,
    resume: Path,
    crew: Crew | None = None,
) -> tuple[DeepKaraoke, list[dict[str, float]]]:
    """Fit a network, resuming from `resume` if that file exists; with a crew, together with its other processes.

    Returns:
        The network and one row of losses per epoch; measured and written by the process that leads.
    """
    torch.manual_seed(seed)
    network = DeepKaraoke(config)
    optimiser = _optimiser(network, recipe)
    if config.scale == "log":
        magnitudes = [(V + A).abs() for V, A in mixtures(material, recipe.validation, np.random.default_rng(seed))]
        network.standardise(torch.cat([X / max(network.level(X[None]), 1e-6) for X in magnitudes], dim=1))
    shape = asdict(config)
    curve = restored(resume, network, optimiser, shape)
    held_out = mixtures(validation, recipe.validation, np.random.default_rng([seed, 0]))
    learner = network if crew is None else crew.wrapped(network)
    for epoch in range(len(curve), recipe.epochs):
        loss = _epoch(learner, network, optimiser, recipe, material, (seed, 1 + epoch), crew)
        if crew is None or crew.leads:
            score = max(sweep(network, held_out))
            curve.append({"loss": round(loss, 5), "validation_sdr_db": round(score, 3)})
            print(f"epoch {epoch + 1}/{recipe.epochs} {curve[-1]}", flush=True)
            store(resume, network, optimiser, shape, curve)
    return network.eval(), curve


def _epoch(
    learner: nn.Module,
    network: DeepKaraoke,
    optimiser: torch.optim.Optimizer,
    recipe: Recipe,
    material: Material,
    place: tuple[int, int],
    crew: Crew | None,
) -> float:
    """Learn from as many mixtures as an epoch has, drawn from their place (seed, epoch); returns the mean loss."""
    rng = np.random.default_rng(place)
    losses = []
    for step in range(recipe.steps):
        _set_rate(optimiser, recipe, ((place[1] - 1) * recipe.steps + step) / (recipe.epochs * recipe.steps))
        generators = [rng] * recipe.mixtures if crew is None else crew.generators(recipe.mixtures, (*place, step))
        planes = batch(network, [draw(material, each) for each in generators], generators)
        n_windows = recipe.batch and recipe.batch // (1 if crew is None else crew.size)
        loss = _loss(learner, recipe, *(plane[:n_windows] for plane in planes))
        if crew is not None:
            loss = loss * crew.weight(len(planes[0][:n_windows]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return float(np.mean(losses)) if crew is None else crew.mean(losses)


def mixtures(material: Material, n: int, rng: np.random.Generator) -> list[tuple[Tensor, Tensor]]:
    """Draw spectra (vocals, accompaniment) of n mixtures."""
    return [draw(material, rng) for _ in range(n)]


def batch(
    network: DeepKaraoke, drawn: list[tuple[Tensor, Tensor]], generators: list[np.random.Generator]
) -> tuple[Tensor, ...]:
    """Cut mixtures into windows that do not overlap, each with its generator.

    Returns:
        Scaled magnitudes, ideal binary mask and weights (mean 1 per mixture), each (window, frame, bin).
    """
    size, n_bins = network.config.frames, network.config.bins
    parts = []
    for (V, A), rng in zip(drawn, generators, strict=True):
        start = rng.integers(size)
        X = (V + A)[:, start:].abs()
        level = network.level(X[None]) * 10 ** (rng.normal(0.0, LEVEL_DB) / 20)
        weight = X[:n_bins] ** WEIGHT_POWER
        target = ideal_binary(V[:n_bins, start:].abs(), A[:n_bins, start:].abs())
        planes = (network.scaled(X, level), target, weight / weight.mean().clamp_min(1e-12))
        parts.append([windows(plane, size, size)[:-1] for plane in planes])
    return tuple(torch.cat(planes) for planes in zip(*parts, strict=True))


def _loss(network: nn.Module, recipe: Recipe, x: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    if recipe.loss == "mse":
        return 0.5 * ((torch.sigmoid(network(x)) - target) ** 2).sum((1, 2)).mean()
    return functional.binary_cross_entropy_with_logits(network(x), target, weight)


def sweep(network: DeepKaraoke, drawn: list[tuple[Tensor, Tensor]]) -> list[float]:
    """Measure, for each of ALPHAS, the mean SDR in dB of the binary-masked mixture against the vocals, on spectra."""
    rows = []
    for V, A in drawn:
        if V.any() and A.any():
            p = network.predict_proba((V + A).abs()[None])
            errors = torch.stack([torch.where(p > alpha, A, V).abs().square().sum() for alpha in ALPHAS])
            rows.append(10 * torch.log10(V.abs().square().sum() / errors))
    return [float(mean) for mean in torch.stack(rows).mean(0)]


def calibrate(network: DeepKaraoke, recipe: Recipe, validation: Material, seed: int) -> float:
    """Shift the logits so that the best alpha of the validation mixtures becomes 0.5.

    Returns:
        The alpha that was best before.
    """
    rng = np.random.default_rng([seed, 0])
    held_out = [draw(validation, rng, WHOLE) for _ in range(recipe.validation)]
    best = float(ALPHAS[np.argmax(sweep(network, held_out))])
    last = network.synthesis if network.config.bands else network.output
    with torch.no_grad():
        last.bias -= np.log(best / (1 - best))
    return best


def _optimiser(network: DeepKaraoke, recipe: Recipe) -> torch.optim.Optimizer:
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(network.parameters(), recipe.rate, momentum=0.5)
    return torch.optim.AdamW(network.parameters(), recipe.rate, weight_decay=0.01)


def _set_rate(optimiser: torch.optim.Optimizer, recipe: Recipe, progress: float) -> None:
    """Warm up over the first 3 % of training, then fall along a cosine; SGD keeps its rate."""
    if recipe.optimiser == "adamw":
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * min(progress / 0.03 + 0.01, 0.5 + 0.5 * np.cos(np.pi * progress))
