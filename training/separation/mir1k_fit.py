"""Fit a band-split network to the two training singers of MIR-1K, from nothing.

Frames of 1024 samples, 64 ms at 16 kHz, as in the published systems.

The recordings are few, so that no mixture is met twice: voices and accompaniments are cut anywhere, moved against each
other (Huang et al., ISMIR 2014, section 4.1, in steps of any length), shifted in pitch and formants together, coloured
and mixed anew at every step. Waveforms are mono float32 (sample,) at 16 kHz, spectra complex64 (bin, frame).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from audio import Audio, Samples, resample
from models.separation import spectrogram
from models.separation.recurrent import RecurrentConfig, RecurrentMasker
from models.separation.spectrogram import stft
from training.separation.resume import restored, store

SAMPLE_RATE = 16_000
FRAME = 1024
BINS = FRAME // 2 + 1
# About 110 Hz up to 1 kHz, 260 Hz to 4 kHz, 0.5 kHz to 8 kHz, in bins of 15.6 Hz.
CONFIG = RecurrentConfig(bands=(*[7] * 10, *[17] * 11, *[32] * 8))
VOICE_SEMITONES, BACKING_SEMITONES = 5.0, 4.0  # largest shift; the 17 test singers are higher and lower than the two
RATIO_DB = 3.0  # standard deviation of voice over accompaniment, 0 dB over every clip of the benchmark
COLOUR_DB, COLOUR_BANDS = 4.0, 8  # standard deviation of a gain, gains over log frequency
ALIGNED = 0.3  # share of mixtures whose stems stay together
LARGEST_GRADIENT = 5.0  # norm
SDR_FLOOR = 1e-4  # of the mixture's energy
WARM_UP = 100  # steps over which the rate rises
STANDARD = 40  # mixtures that set the scale of the input


@dataclass(frozen=True)
class Recipe:
    """How the network is trained.

    Attributes:
        steps: steps per epoch; each epoch ends with a file to go on from.
        batch: mixtures per step.
        frames: frames per mixture.
        rate: learning rate; the running mean of the weights makes up for one that does not fall.
        average: decay per step of the running mean of the weights that is kept.
    """

    steps: int = 60
    batch: int = 8
    frames: int = 192
    rate: float = 2e-3
    average: float = 0.998


@dataclass(frozen=True)
class Singer:
    """All clips of one singer, end to end; the two stems are aligned.

    Attributes:
        voice: float32 (sample,).
        backing: float32 (sample,).
    """

    voice: Samples
    backing: Samples


def draw(singers: Mapping[str, Singer], n_frames: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draw one mixture; return the spectra (bin, frame) of its voice and its accompaniment.

    Levels are those of the clips, not of the cut: a breath in a pause stays as soft as it is.
    """
    names = sorted(singers)
    length = (n_frames - 1) * FRAME // 4
    singer, band = (singers[names[rng.integers(len(names))]] for _ in range(2))
    semitones = rng.uniform(-1.0, 1.0, 2) * (VOICE_SEMITONES, BACKING_SEMITONES)
    at = rng.random(2)
    if rng.random() < ALIGNED:
        band, semitones[1], at[1] = singer, semitones[0], at[0]
    stems = (shifted(singer.voice, at[0], semitones[0], length), shifted(band.backing, at[1], semitones[1], length))
    gains_db = (rng.normal(0.0, RATIO_DB), 0.0)
    V, A = (
        stft(torch.from_numpy(10 ** (gain / 20) * stem).float()[None], FRAME)[0] * colour(rng)
        for stem, gain in zip(stems, gains_db, strict=True)
    )
    return V, A


def shifted(waveform: Samples, at: float, semitones: float, length: int) -> Samples:
    """Cut `length` samples at a place 0 (start) to 1 (as late as possible), read as if taken at another rate."""
    rate = round(SAMPLE_RATE * 2 ** (semitones / 12))
    wanted = length * rate // SAMPLE_RATE + 2
    start = int(at * (len(waveform) - wanted))
    cut = Audio(waveform[None, start : start + wanted], rate)
    return resample(cut, SAMPLE_RATE).samples[0, :length]


def colour(rng: np.random.Generator) -> Tensor:
    """Draw smooth gains (bin, 1) over log frequency, as of another microphone."""
    hz = np.arange(BINS) * SAMPLE_RATE / FRAME
    corners = np.geomspace(100.0, SAMPLE_RATE / 2, COLOUR_BANDS)
    gains_db = np.interp(np.log(hz + 1.0), np.log(corners), rng.normal(0.0, COLOUR_DB, COLOUR_BANDS))
    return torch.from_numpy(10 ** (gains_db / 20)).float()[:, None]


def sdr(mask: Tensor, V: Tensor, A: Tensor) -> Tensor:
    """Signal to distortion in dB of a masked mixture against its voice, before any filter is forgiven; at most 40.

    Args:
        mask: (batch, bin, frame).
        V: spectra of the voices, same axes.
        A: spectra of the accompaniments.

    Returns:
        (batch,).
    """
    error, voice, mixture = (x.abs().square().sum((1, 2)) for x in (mask * (V + A) - V, V, V + A))
    floor = SDR_FLOOR * mixture  # where the voice pauses there is nothing to divide
    return 10 * torch.log10((voice + floor) / (error + floor))


def masks(network: RecurrentMasker, X: Tensor) -> Tensor:
    """Predict the voice's share of mixtures (batch, bin, frame), each at its own level."""
    return torch.sigmoid(network(inputs(network, X))).transpose(1, 2)[:, : X.shape[1]]


def inputs(network: RecurrentMasker, X: Tensor) -> Tensor:
    """Bring mixtures (batch, bin, frame) to the network's input (batch, frame, feature); mono has no sides."""
    magnitudes = padded(X)[:, None]  # (batch, channel, bin, frame)
    return torch.stack([network.scaled(magnitude, network.level(magnitude)) for magnitude in magnitudes])


def padded(X: Tensor) -> Tensor:
    """Return magnitudes (..., bin, frame) with silence up to the bins that the networks count."""
    return functional.pad(X.abs(), (0, 0, 0, spectrogram.BINS - X.shape[-2]))


def fit(
    network: RecurrentMasker,
    recipe: Recipe,
    epochs: int,
    singers: Mapping[str, Singer],
    held_out: Sequence[tuple[Tensor, Tensor]],
    seed: int,
    runs: Path,
) -> tuple[RecurrentMasker, list[dict[str, float]]]:
    """Fit a network, going on from what is in the folder `runs`.

    Args:
        network: what to begin with; it is changed.
        recipe: how.
        epochs: how long; what was trained for fewer before goes on, to the same result.
        singers: the training material by name.
        held_out: spectra (bin, frame) of voice and accompaniment of clips to follow the training on.
        seed: of all that is drawn.
        runs: folder that keeps the state after each epoch.

    Returns:
        The network with the averaged weights, and one row of figures per epoch.
    """
    optimiser = torch.optim.AdamW(network.parameters(), recipe.rate, weight_decay=0.01)
    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(recipe.average))
    both = nn.ModuleList([network, averaged])
    state = runs / "mir1k.resume"
    curve = restored(state, both, optimiser, asdict(recipe))
    for epoch in range(len(curve), epochs):
        rng = np.random.default_rng([seed, 1 + epoch])
        loss = train(network, averaged, optimiser, recipe, epoch, singers, rng)
        score = validate(averaged.module, held_out)
        curve.append({"training_sdr_db": round(-loss, 3), "validation_sdr_db": score})
        print(f"epoch {epoch + 1}/{epochs} {curve[-1]}", flush=True)
        store(state, both, optimiser, asdict(recipe), curve)
    return averaged.module.eval(), curve


def train(
    network: RecurrentMasker,
    averaged: AveragedModel,
    optimiser: torch.optim.Optimizer,
    recipe: Recipe,
    epoch: int,
    singers: Mapping[str, Singer],
    rng: np.random.Generator,
) -> float:
    """Train for one epoch and return the mean loss: minus the SDR in dB, so that every mixture weighs the same."""
    network.train()
    losses = []
    for step in range(recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * min((epoch * recipe.steps + step + 1) / WARM_UP, 1.0)
        drawn = [draw(singers, recipe.frames, rng) for _ in range(recipe.batch)]
        V, A = (torch.stack(spectra) for spectra in zip(*drawn, strict=True))
        loss = -sdr(masks(network, V + A), V, A).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        optimiser.step()
        averaged.update_parameters(network)
        losses.append(loss.item())
    return float(np.mean(losses))


def standardise(network: RecurrentMasker, singers: Mapping[str, Singer], recipe: Recipe, seed: int) -> None:
    """Set the mean and the deviation of the network's input from mixtures of the training material."""
    rng = np.random.default_rng([seed, 0])
    planes = []
    for _ in range(STANDARD):
        X = sum(draw(singers, recipe.frames, rng))
        middle = padded(X)
        planes.append(torch.stack([middle, torch.zeros_like(middle)]) / network.level(middle[None]))
    network.standardise(torch.cat(planes, 2))


@torch.inference_mode()
def validate(network: RecurrentMasker, held_out: Sequence[tuple[Tensor, Tensor]]) -> float:
    """Measure the mean SDR in dB over clips."""
    network.eval()
    found = [sdr(masks(network, (V + A)[None]), V[None], A[None]) for V, A in held_out]
    return round(float(torch.cat(found).mean()), 3)
