"""Short-time Fourier transform and sliding windows, each with its inverse.

After Simpson, Roma & Plumbley (2015): frames of 2048 samples, 512 apart, Hann, at 44.1 kHz, and windows of 20
frames (0.267 s) that slide over the spectrogram. Waveforms are float32 (channel, sample), spectra complex64
(channel, bin, frame), magnitudes float32 of the same axes. Frame t is centred on sample 512 t, so nothing comes back
early.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain

import torch
from torch import Tensor
from torch.nn import functional

SAMPLE_RATE = 44_100
FRAME = 2048
HOP = FRAME // 4
BINS = FRAME // 2 + 1
WINDOW_FRAMES = 20
# RMS of all bins for a waveform of RMS 1, but for what stands in the first and the last bin (Parseval: the squared
# windows over a sample add up to 3/2, and half a spectrum has half the energy).
MAGNITUDE_RMS = math.sqrt(1.5 * HOP * (FRAME / 2) / BINS)


def stft(waveform: Tensor, frame: int = FRAME) -> Tensor:
    """Transform a waveform of any length, also one shorter than a frame; silence is assumed around it.

    Args:
        waveform: (channel, sample).
        frame: samples in a frame; frames begin a quarter of it apart.

    Returns:
        (channel, bin, frame) with `frames(sample)` frames.
    """
    window = torch.hann_window(frame)
    return torch.stft(waveform, frame, frame // 4, window=window, center=True, pad_mode="constant", return_complex=True)


def istft(spectrum: Tensor, length: int) -> Tensor:
    """Invert `stft` exactly, to `length` samples: overlap-add over the sum of squared windows."""
    frame = 2 * (spectrum.shape[-2] - 1)
    return torch.istft(spectrum, frame, frame // 4, window=torch.hann_window(frame), center=True, length=length)


def stft_blocks(blocks: Iterable[Tensor], n_frames: int) -> Iterator[Tensor]:
    """Transform a waveform that comes in blocks (channel, sample) of any length: `stft` of the whole.

    Yields:
        (channel, bin, frame), `n_frames` frames each, the last ones fewer.
    """
    return (transformed(part) for part, _ in overlapping(blocks, n_frames))


def transformed(part: Tensor) -> Tensor:
    """Transform what `overlapping` gives."""
    return torch.stft(part, FRAME, HOP, window=torch.hann_window(FRAME), center=False, return_complex=True)


def pieces(part: Tensor, n_frames: int) -> Iterator[Tensor]:
    """Transform what `overlapping` gives in pieces of `n_frames` frames, which take little memory."""
    for start in range(0, part.shape[1] - FRAME + 1, n_frames * HOP):
        yield transformed(part[:, start : start + (n_frames - 1) * HOP + FRAME])


def overlapping(blocks: Iterable[Tensor], n_frames: int, context: int = 0) -> Iterator[tuple[Tensor, slice]]:
    """Cut a waveform that comes in blocks (channel, sample) anew, so that each part has frames of its own.

    Yields:
        The samples under the next `n_frames` frames (the last ones fewer) and up to `context` more on each side, and
        which of these frames are the next ones.
    """
    waiting, before = torch.empty(0), 0
    for block in chain(_between_silences(blocks), [None]):
        if block is not None:
            waiting = torch.cat([waiting, block], 1) if waiting.numel() else block
        n_waiting = max((waiting.shape[-1] - FRAME) // HOP + 1, 0)
        while n_waiting - before >= (1 if block is None else n_frames + context):
            stop = min(before + n_frames, n_waiting)
            last = min(stop + context, n_waiting)
            yield waiting[:, : (last - 1) * HOP + FRAME], slice(before, stop)
            done = max(stop - context, 0)
            waiting, n_waiting, before = waiting[:, done * HOP :], n_waiting - done, stop - done


def _between_silences(blocks: Iterable[Tensor]) -> Iterator[Tensor]:
    """Put half a frame of silence before the first and after the last block."""
    silence = None
    for block in blocks:
        if silence is None:
            yield (silence := torch.zeros(block.shape[0], FRAME // 2))
        yield block
    if silence is not None:
        yield silence


def istft_blocks(spectra: Iterable[Tensor]) -> Iterator[Tensor]:
    """Invert `stft_blocks` for spectra (channel, bin, frame) that follow one another.

    Yields:
        (channel, sample); joined they are `istft` of the whole, and up to half a frame more.
    """
    return joined(map(overlapped, spectra))


def overlapped(spectrum: Tensor) -> Tensor:
    """Add up the frames of a spectrum (channel, bin, frame) for `joined`: (channel, sample), the windows last."""
    window = torch.hann_window(FRAME)
    sound = torch.fft.irfft(spectrum.mT, FRAME).mul_(window)  # (channel, frame, sample)
    return torch.cat([_added(sound), _added(window.square().expand(1, sound.shape[1], FRAME))])


def joined(parts: Iterable[Tensor]) -> Iterator[Tensor]:
    """Join what `overlapped` makes of spectra that follow one another; yields as `istft_blocks`."""
    early, carried = FRAME // 2, torch.empty(0)
    for added in parts:
        added[:, : carried.shape[-1]] += carried
        carried = added[:, -(FRAME - HOP) :]
        whole = added[:, : -(FRAME - HOP)]
        if whole.shape[1] > early:
            yield _levelled(whole[:, early:])
        early = max(early - whole.shape[1], 0)
    if carried.numel():
        yield _levelled(carried[:, early:])


def _added(sound: Tensor) -> Tensor:
    """Add up frames (channel, frame, sample), each HOP samples after the one before: (channel, sample)."""
    n_frames, n_hops = sound.shape[1], FRAME // HOP
    added = torch.zeros(sound.shape[0], n_frames + n_hops - 1, HOP)
    for hop in range(n_hops):
        added[:, hop : hop + n_frames] += sound[..., hop * HOP : (hop + 1) * HOP]
    return added.flatten(1)


def _levelled(added: Tensor) -> Tensor:
    """Divide overlapped sound by the squares of the windows over it, which are the last channel."""
    return added[:-1] / added[-1].clamp_min(torch.finfo(added.dtype).eps)


def mid_side(spectrum: Tensor) -> Tensor:
    """Turn left and right into middle and sides, (L + R) / sqrt 2 and (L - R) / sqrt 2.

    Per bin their power together is that of left and right. Any other number of channels is left as it is.
    """
    if spectrum.shape[0] != 2:
        return spectrum
    left, right = spectrum
    return torch.stack([left + right, left - right]).mul_(math.sqrt(0.5))


def frames(length: int) -> int:
    """Count the frames that `stft` makes of `length` samples."""
    return 1 + length // HOP


def rms(waveform: Iterable[Tensor]) -> float:
    """Measure a waveform given in blocks (channel, sample); 0 if there is none."""
    energy, count = 0.0, 0
    for block in waveform:
        energy += float(block.square().sum(dtype=torch.float64))
        count += block.numel()
    return math.sqrt(energy / max(count, 1))


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
