"""A song in, its vocals and its accompaniment out.

The network runs once per song (`predict`); `split` thresholds the stored probabilities at any alpha. The model works at
44.1 kHz, and the subtraction happens at the rate and the channels of the input. Both walk over the song in blocks with
context on each side that is thrown away, so that blocks change nothing and memory beyond the audio itself stays flat.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from audio import Audio, Samples, resample
from models import checkpoint
from models.separation import baselines, engines, mask, networks, recurrent
from models.separation.blocks import in_threads
from models.separation.spectrogram import (
    BINS,
    HOP,
    SAMPLE_RATE,
    frames,
    istft_blocks,
    mid_side,
    overlapping,
    pieces,
    stft_blocks,
)

Rule = Literal["complement", "paper"]

BLOCK_FRAMES = 800  # 9 s, a multiple of every stride in use
PIECE_FRAMES = 125  # of these: what is transformed at once, which takes far more memory than the waveform


class SeparationError(ValueError):
    """A request that no model can answer; the message says what to change."""


@dataclass(frozen=True)
class Probabilities:
    """How probable it is that vocals dominate, per bin and frame of a song.

    Attributes:
        levels: uint8 (bin, frame), floor(256 p), on the frames of the song at 44.1 kHz.
        model: name of the model that predicted them.
    """

    levels: npt.NDArray[np.uint8]
    model: str

    def __post_init__(self) -> None:
        """Refuse an array of another kind."""
        if self.levels.dtype != np.uint8 or self.levels.ndim != 2 or self.levels.shape[0] != BINS:
            raise SeparationError(f"probabilities must be uint8 ({BINS}, frame), got {self.levels.shape}")


class Predictor(Protocol):
    """What gives probabilities: a network, or a traditional method.

    Attributes:
        context: frames on each side of a block that its probabilities depend on, a multiple of the stride.
    """

    context: int

    def song_level(self, waveform: Iterable[Tensor]) -> float:
        """Measure the reference level of a whole song given in blocks (channel, sample) at 44.1 kHz."""

    def predict_proba(self, magnitude: Tensor, /, level: float | None = None) -> Tensor:
        """Turn magnitudes (channel, bin, frame) into probabilities (bin, frame) that vocals dominate.

        Two channels are middle and sides, see `spectrogram.mid_side`. An `engines.Engine` takes the spectrum itself.
        """


LOADERS: dict[str, Callable[[], Predictor]] = {
    "band-split": lambda: recurrent.from_checkpoint(checkpoint.shipped("band-split")),
    "deep-karaoke": lambda: networks.from_checkpoint(checkpoint.shipped("deep-karaoke")),
    "nmf": lambda: baselines.from_checkpoint(checkpoint.shipped("nmf")),
    "repet-sim": baselines.RepetSim,
    "hpss": baselines.Hpss,
    **({"demucs": engines.demucs} if engines.INSTALLED else {}),
}
MODELS = tuple(LOADERS)
DEFAULT = "band-split"


@functools.cache
def predictor(model: str) -> Predictor:
    """Load a model once; it is only read afterwards.

    Raises:
        SeparationError: there is no model of that name.
    """
    name = DEFAULT if model == "default" else model
    if name == "demucs" and not engines.INSTALLED:
        raise SeparationError(engines.HOW_TO_ADD)
    if name not in MODELS:
        raise SeparationError(f"there is no model {model!r}; choose one of default, {', '.join(MODELS)}")
    return LOADERS[name]()


@functools.cache
def defaults(model: str) -> tuple[float, float]:
    """Return the alpha and the softness that a model is best heard at: its checkpoint's, else the binary mask's.

    Raises:
        SeparationError: there is no model of that name.
    """
    predictor(model)
    name = DEFAULT if model == "default" else model
    config = checkpoint.shipped(name).config if checkpoint.is_shipped(name) else {}
    soft = 1.0 if isinstance(predictor(model), engines.Engine) else 0.0  # an engine's probabilities are shares
    return float(config.get("alpha", 0.5)), float(config.get("softness", soft))


def predict(audio: Audio, model: str = "default", progress: Callable[[float], None] | None = None) -> Probabilities:
    """Run a model over a song, once for all alphas.

    Args:
        audio: any rate, any number of channels, any length.
        model: one of MODELS, or "default".
        progress: is told the share done, 0 to 1, after each block; what it raises stops the work.
    """
    blocks = []
    for done, block in predicted_blocks(audio, model):
        blocks.append(block)
        if progress is not None:
            progress(done)
    return Probabilities(np.concatenate(blocks, axis=1), DEFAULT if model == "default" else model)


def predicted_blocks(audio: Audio, model: str = "default") -> Iterator[tuple[float, npt.NDArray[np.uint8]]]:
    """Run a model block by block, for callers that want to stop in between.

    Yields:
        The share done, 0 to 1, and the uint8 levels (bin, frame) of the next block.
    """
    chosen = predictor(model)
    samples = resample(audio, SAMPLE_RATE).samples
    n_frames, stop = frames(samples.shape[1]), 0
    level = chosen.song_level(blocks_of(samples))
    parts = overlapping(blocks_of(samples), BLOCK_FRAMES, chosen.context)
    for levels in in_threads(lambda part: predicted(chosen, level, *part), parts):
        stop += levels.shape[1]
        yield stop / n_frames, levels.numpy()


def predicted(chosen: Predictor, level: float, part: Tensor, inner: slice) -> Tensor:
    """Predict a part of a song.

    Args:
        chosen: the model.
        level: of the whole song.
        part: samples (channel, sample) with context around them, see `spectrogram.overlapping`.
        inner: which frames are not context.

    Returns:
        Their uint8 levels (bin, frame).
    """
    spectra = pieces(part, PIECE_FRAMES)
    if isinstance(chosen, engines.Engine):
        heard = torch.cat(list(spectra), -1)
    else:
        heard = torch.cat([mid_side(spectrum).abs().mT for spectrum in spectra], 1).mT  # as they lie in memory
    return mask.quantise(chosen.predict_proba(heard, level)[:, inner])


def split(
    audio: Audio, probabilities: Probabilities, alpha: float = 0.5, *, rule: Rule = "complement", softness: float = 0.0
) -> tuple[Audio, Audio]:
    """Cut a song in two at alpha, without the network.

    Args:
        audio: the song that the probabilities were predicted for.
        probabilities: from `predict`.
        alpha: vocals are where p > alpha: 0 gives the whole song, 1 silence.
        rule: "complement" takes the accompaniment as song minus vocals; "paper" takes where p < 1 - alpha, so that
            below 0.5 both stems share bins and above 0.5 some bins are in neither.
        softness: 0 for binary masks; see `mask.vocal_mask`.

    Returns:
        Vocals and accompaniment, at the rate, channels and length of the song.

    Raises:
        SeparationError: the probabilities belong to another song, or the rule is unknown.
        ValueError: alpha or softness out of range.
    """
    if rule not in ("complement", "paper"):
        raise SeparationError(f"there is no rule {rule!r}; choose complement or paper")
    levels = torch.from_numpy(probabilities.levels)
    vocals = masked(audio, levels, lambda part: mask.vocal_mask(part, alpha, softness))
    if rule == "paper":
        return vocals, masked(audio, levels, lambda part: mask.accompaniment_mask(part, alpha, softness))
    return vocals, Audio(audio.samples - vocals.samples, audio.sample_rate)


def masked(audio: Audio, levels: Tensor, to_mask: Callable[[Tensor], Tensor]) -> Audio:
    """Keep what the mask of the levels keeps; a mask of ones gives the song itself, above 22 kHz too."""
    gains = to_mask(torch.arange(mask.LEVELS, dtype=torch.uint8))  # a mask is a function of the level alone
    if bool((gains == 1).all()):
        return Audio(audio.samples.copy(), audio.sample_rate)
    kept = _weighted(resample(audio, SAMPLE_RATE).samples, levels, gains)
    return _fitted(resample(Audio(kept, SAMPLE_RATE), audio.sample_rate), audio.samples.shape[1])


def _weighted(samples: Samples, levels: Tensor, gains: Tensor) -> Samples:
    """Weigh every bin by the gain of its level, at 44.1 kHz."""
    if frames(samples.shape[1]) != levels.shape[1]:
        raise SeparationError("the probabilities were predicted for another recording; predict them again")
    parts = zip(spectra(samples), torch.split(levels, BLOCK_FRAMES, 1), strict=True)
    kept = istft_blocks(spectrum * gains[part.int()] for spectrum, part in parts)
    return torch.cat(list(kept), 1)[:, : samples.shape[1]].numpy()


def spectra(samples: Samples) -> Iterator[Tensor]:
    """Transform a waveform (channel, sample) at 44.1 kHz, BLOCK_FRAMES frames at a time."""
    return stft_blocks(blocks_of(samples), BLOCK_FRAMES)


def blocks_of(samples: Samples) -> tuple[Tensor, ...]:
    """Cut a waveform (channel, sample) into blocks."""
    return torch.split(torch.from_numpy(samples), BLOCK_FRAMES * HOP, 1)


def common_gain(*stems: Audio) -> float:
    """Return the gain, at most 1, at which none of the stems clips; applied to all of them their balance stays."""
    peak = max(float(max(stem.samples.max(), -stem.samples.min())) for stem in stems)
    return min(1.0, 1.0 / peak) if peak > 0.0 else 1.0


def _fitted(audio: Audio, length: int) -> Audio:
    """Cut, or extend by silence, what resampling there and back left some samples off."""
    missing = length - audio.samples.shape[1]
    if missing == 0:
        return audio
    return Audio(np.pad(audio.samples[:, :length], ((0, 0), (0, max(missing, 0)))), audio.sample_rate)
