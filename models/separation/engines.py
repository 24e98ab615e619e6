"""Separators of other people behind the interface of ours, where the user has installed them: so far Demucs.

An engine hears the waveform, so what it predicts from is the spectrum with its phase. The share of a bin that its
vocals have among its stems is taken as the probability, so that alpha and softness act on it as on our own models.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from models.checkpoint import CheckpointError
from models.separation.spectrogram import HOP, istft, rms, stft

DEMUCS = "htdemucs"  # Rouard, Massa & Défossez, Hybrid Transformers for Music Source Separation, ICASSP 2023
CONTEXT_FRAMES = 344  # 4 s, half of what this network hears at once
INSTALLED = importlib.util.find_spec("demucs") is not None
HOW_TO_ADD = "Demucs is not installed here: `pip install demucs` adds it, its weights come over the net at first use."


class Engine:
    """A separator of waveforms that answers with probabilities."""

    def __init__(self, separate: Callable[[Tensor], Tensor]) -> None:
        """Take a function from stereo of RMS 1 (2, sample) to stems (stem, 2, sample), the vocals last."""
        self.context = CONTEXT_FRAMES
        self._separate = separate

    def song_level(self, waveform: Iterable[Tensor]) -> float:
        """Measure the RMS of a song given in blocks (channel, sample)."""
        return rms(waveform)

    @torch.inference_mode()
    def predict_proba(self, spectrum: Tensor, level: float | None = None) -> Tensor:
        """Predict which share of each bin the vocals have, one mask for all channels.

        Args:
            spectrum: complex (channel, 1025, frame); of more than two channels the engine hears the mean.
            level: RMS of the whole song's waveform; by default its own.

        Returns:
            Shares 0 to 1 (1025, frame); 0 where all is silent.
        """
        stereo = spectrum if spectrum.shape[0] == 2 else spectrum.mean(0, keepdim=True).expand(2, -1, -1)
        waveform = istft(stereo, (spectrum.shape[-1] - 1) * HOP)
        level = rms([waveform]) if level is None else level
        stems = self._separate(waveform / max(level, torch.finfo(torch.float32).tiny))
        vocals, rest = (stft(stem).abs().square().sum(0).sqrt() for stem in (stems[-1], stems[:-1].sum(0)))
        return vocals / (vocals + rest).clamp_min(torch.finfo(torch.float32).tiny)


def demucs() -> Engine:
    """Load Demucs; its weights are fetched at the first use.

    Raises:
        CheckpointError: its weights cannot be fetched.
    """
    from demucs.apply import apply_model
    from demucs.pretrained import get_model

    try:
        model = get_model(DEMUCS).eval()
    except (OSError, RuntimeError) as error:
        raise CheckpointError(f"the weights of {DEMUCS} could not be fetched: {error}") from error
    vocals = model.sources.index("vocals")
    order = [*(stem for stem in range(len(model.sources)) if stem != vocals), vocals]
    return Engine(lambda waveform: apply_model(model, waveform[None], shifts=0)[0][order])
