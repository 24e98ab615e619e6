"""Short-time Fourier transform and sliding windows, each with its inverse.

After Simpson, Roma & Plumbley (2015): frames of 2048 samples, 512 apart, Hann, at 44.1 kHz, and windows of 20
frames (0.267 s) that slide over the spectrogram. Waveforms are float32 (channel, sample), spectra complex64
(channel, bin, frame), magnitudes float32 of the same axes. Frame t is centred on sample 512 t, so nothing comes back
early.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

SAMPLE_RATE = 44_100
FRAME = 2048
HOP = 512
BINS = FRAME // 2 + 1
WINDOW_FRAMES = 20


def stft(waveform: Tensor) -> Tensor:
    """Transform a waveform of any length, also one shorter than a frame; silence is assumed around it.

    Args:
        waveform: (channel, sample).

    Returns:
        (channel, bin, frame) with `frames(sample)` frames.
    """
    return torch.stft(
        waveform, FRAME, HOP, window=torch.hann_window(FRAME), center=True, pad_mode="constant", return_complex=True
    )


def istft(spectrum: Tensor, length: int) -> Tensor:
    """Invert `stft` exactly, to `length` samples: overlap-add over the sum of squared windows."""
    return torch.istft(spectrum, FRAME, HOP, window=torch.hann_window(FRAME), center=True, length=length)


def mid_side(spectrum: Tensor) -> Tensor:
    """Turn left and right into middle and sides, (L + R) / sqrt 2 and (L - R) / sqrt 2.

    Per bin their power together is that of left and right. Any other number of channels is left as it is.
    """
    if spectrum.shape[0] != 2:
        return spectrum
    left, right = spectrum
    return torch.stack([left + right, left - right]) / math.sqrt(2)


def frames(length: int) -> int:
    """Count the frames that `stft` makes of `length` samples."""
    return 1 + length // HOP


def windows(magnitude: Tensor, size: int = WINDOW_FRAMES, stride: int = 1) -> Tensor:
    """Slide a window over a spectrogram; silence is added at the end until the last window is whole.

    Args:
        magnitude: (feature, frame).
        size: frames in a window.
        stride: frames from one window to the next, at most `size`.

    Returns:
        (window, frame, feature).
    """
    missing = -(magnitude.shape[1] - size) % stride if magnitude.shape[1] > size else size - magnitude.shape[1]
    return functional.pad(magnitude, (0, missing)).unfold(1, size, stride).permute(1, 2, 0)


def overlap_average(windowed: Tensor, n_frames: int, stride: int = 1) -> Tensor:
    """Invert `windows`: the mean per frame over all windows that cover it, each aligned to its own frame.

    The released code of the paper averages inside one window instead and so blurs over 20 frames and shifts by 10.

    Args:
        windowed: (window, frame, feature).
        n_frames: frames of the spectrogram that was windowed.
        stride: as given to `windows`.

    Returns:
        (feature, frame).
    """
    n_windows, size, n_features = windowed.shape
    total = torch.zeros((n_windows - 1) * stride + size, n_features)
    covers = torch.zeros(len(total), 1)
    starts = torch.arange(n_windows) * stride
    for offset in range(size):
        total.index_add_(0, starts + offset, windowed[:, offset])
        covers.index_add_(0, starts + offset, torch.ones(n_windows, 1))
    return (total / covers)[:n_frames].T
