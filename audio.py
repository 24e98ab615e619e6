"""Sound as a value: read, write, resample, loudness, fades.

Waveforms are float32 (channel, sample) with full scale at 1.0; a decoded peak may exceed it. Durations are in
seconds, loudness in LUFS (ITU-R BS.1770), rates in hertz. The only module that imports soundfile, soxr and
pyloudnorm.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

Samples = npt.NDArray[np.float32]

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4_000, 384_000
MOST_CHANNELS = 16
MOST_SAMPLES = 2**27  # of all channels: ten minutes of stereo at 96 kHz; silence packs so well that size says nothing
SUBTYPES = {
    "wav": {"16": "PCM_16", "24": "PCM_24", "float": "FLOAT"},
    "flac": {"16": "PCM_16", "24": "PCM_24"},
    "ogg": {"16": "VORBIS"},
    "mp3": {"16": "MPEG_LAYER_III"},
}  # by suffix and bits of a sample; lossy formats know no bits
BLOCK_SAMPLES = 2**18  # read and written at once, so that a long song takes little memory
LARGEST_WAV_BYTES = 2**32 - 2**16  # its header counts bytes in 32 bits
MP3_CHANNELS, MP3_RATE_HZ = 2, 48_000
READABLE = "WAV, FLAC, OGG or MP3"


class AudioError(ValueError):
    """Audio from outside that cannot be used; the message says what is wrong with it and what to do."""


@dataclass(frozen=True)
class Audio:
    """A finite waveform.

    Attributes:
        samples: float32 (channel, sample), at least one of each.
        sample_rate: hertz.
    """

    samples: Samples
    sample_rate: int

    def __post_init__(self) -> None:
        """Refuse anything that is not a finite float32 (channel, sample) array with a plausible rate."""
        if self.samples.ndim != 2 or 0 in self.samples.shape:
            raise AudioError(f"audio must be (channel, sample) and not empty, got shape {self.samples.shape}")
        if self.samples.dtype != np.float32:
            raise AudioError(f"audio must be float32, got {self.samples.dtype}")
        if not LOWEST_RATE_HZ <= self.sample_rate <= HIGHEST_RATE_HZ:
            raise AudioError(f"sample rate {self.sample_rate} Hz is outside {LOWEST_RATE_HZ}-{HIGHEST_RATE_HZ} Hz")
        if not np.isfinite(self.samples).all():
            raise AudioError("the audio holds samples that are not numbers (NaN or infinity); export it again")

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return int(self.samples.shape[1]) / self.sample_rate

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    def to_int16(self) -> npt.NDArray[np.int16]:
        """Return int16 (sample, channel) at unchanged level, as players and gr.Audio take it; peaks are clipped."""
        return np.round(np.clip(self.samples.T, -1.0, 1.0) * 32767.0).astype(np.int16)


def read(path: str | os.PathLike[str], *, longest: float = math.inf, shortest: float = 0.0) -> Audio:
    """Read a sound file by its content, whatever its name ends in.

    Args:
        path: WAV, FLAC, OGG or MP3, any rate, any number of channels up to 16.
        longest: refuse more seconds than this, before decoding.
        shortest: refuse fewer seconds than this.

    Returns:
        The audio at the file's own rate and channels. A file that breaks off is read up to where it breaks.

    Raises:
        AudioError: not there, empty, not audio, too long, too short, or holding NaN; the message says which.
    """
    name = Path(path).name
    with _opened(path) as file:
        _refuse_lengths(name, file.frames / file.samplerate, longest, 0.0)
        if file.frames * file.channels > MOST_SAMPLES:
            found = f"{file.frames} samples in {file.channels} channels at {file.samplerate} Hz"
            raise AudioError(f"{name} holds {found}, too many to read; export it in stereo at 48 kHz")
        samples, rate = _decoded(file, name), file.samplerate
    _refuse_lengths(name, len(samples) / rate, longest, shortest)
    return Audio(np.ascontiguousarray(samples.T), rate)


def read_blocks(path: str | os.PathLike[str]) -> Iterator[Audio]:
    """Read a sound file as `read` does, one block after the other; the blocks joined are the whole.

    Raises:
        AudioError: as `read`, also in the middle of the file.
    """
    with _opened(path) as file:
        samples = _decoded(file, Path(path).name, BLOCK_SAMPLES)
        while len(samples):
            yield Audio(np.ascontiguousarray(samples.T), file.samplerate)
            samples = file.read(BLOCK_SAMPLES, dtype="float32", always_2d=True)


@dataclass(frozen=True)
class Format:
    """What a sound file holds, as its header says; the length of a file that breaks off may be less.

    Attributes:
        sample_rate: hertz.
        channels: number of channels.
        length: samples per channel.
    """

    sample_rate: int
    channels: int
    length: int


def format_of(path: str | os.PathLike[str]) -> Format:
    """Read the header of a sound file.

    Raises:
        AudioError: not there, empty, not audio, or more than 16 channels.
    """
    with _opened(path) as file:
        return Format(file.samplerate, file.channels, file.frames)


def _opened(path: str | os.PathLike[str]) -> soundfile.SoundFile:
    path = Path(path)
    if not path.is_file():
        raise AudioError(f"{path.name} is not there")
    if path.stat().st_size == 0:
        raise AudioError(f"{path.name} is empty (0 bytes); choose another file")
    try:
        file = soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path.name} cannot be read as audio; use {READABLE}") from error
    if file.channels > MOST_CHANNELS:
        file.close()
        raise AudioError(f"{path.name} has {file.channels} channels; at most {MOST_CHANNELS} are read")
    return file


def _decoded(file: soundfile.SoundFile, name: str, length: int = -1) -> Samples:
    """Read the first (sample, channel) of a file.

    Raises:
        AudioError: there is none, or it cannot be decoded.
    """
    try:
        samples: Samples = file.read(length, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{name} cannot be read as audio; use {READABLE}") from error
    if not len(samples):
        raise AudioError(f"{name} holds no samples; choose another file")
    return samples


def _refuse_lengths(name: str, seconds: float, longest: float, shortest: float) -> None:
    """Raise AudioError for a duration outside [shortest, longest] seconds."""
    if seconds > longest:
        raise AudioError(
            f"{name} lasts {seconds / 60:.1f} minutes; the limit here is {longest / 60:.0f} minutes. "
            "Cut it to the part you want to hear"
        )
    if seconds < shortest:
        raise AudioError(f"{name} lasts {seconds:.2f} s; at least {shortest:g} s are needed")


def write(path: str | os.PathLike[str], audio: Audio, bits: str = "16") -> None:
    """Write a sound file by suffix; peaks over full scale are clipped, but for float samples.

    Raises:
        AudioError: a suffix, bits, rate or number of channels that cannot be written.
    """
    blocks = range(0, audio.samples.shape[1], BLOCK_SAMPLES)
    parts = (Audio(audio.samples[:, start : start + BLOCK_SAMPLES], audio.sample_rate) for start in blocks)
    write_blocks(path, parts, Format(audio.sample_rate, audio.channels, audio.samples.shape[1]), bits)


def write_blocks(path: str | os.PathLike[str], blocks: Iterable[Audio], format: Format, bits: str = "16") -> None:
    """Write what `write` does, block by block.

    Args:
        path: WAV, FLAC, OGG or MP3 by its suffix.
        blocks: of the rate and channels of `format`.
        format: what the file will hold.
        bits: "16", "24" or "float" as SUBTYPES has them.

    Raises:
        AudioError: a suffix, bits, rate, number of channels or length that cannot be written.
    """
    refuse_unwritable(path, format, bits)
    suffix = Path(path).suffix.lower().lstrip(".")
    subtype = SUBTYPES[suffix][bits]
    finest = 0.0 if suffix == "mp3" else None  # variable bit rate, about 250 kbit/s
    with soundfile.SoundFile(path, "w", format.sample_rate, format.channels, subtype, compression_level=finest) as file:
        for block in blocks:
            file.write(block.samples.T if bits == "float" else np.clip(block.samples.T, -1.0, 1.0))


def refuse_unwritable(path: str | os.PathLike[str], format: Format, bits: str = "16") -> None:
    """Raise AudioError for what `write_blocks` cannot do, before hours of work; see there."""
    suffix = Path(path).suffix.lower().lstrip(".")
    if suffix not in SUBTYPES:
        raise AudioError(f"cannot write .{suffix}; use one of {', '.join(SUBTYPES)}")
    if bits not in SUBTYPES[suffix]:
        raise AudioError(f"{suffix} has no {bits} bits; use {' or '.join(SUBTYPES[suffix])}, or wav")
    if suffix == "mp3" and (format.channels > MP3_CHANNELS or format.sample_rate > MP3_RATE_HZ):
        found = f"{format.channels} channels at {format.sample_rate} Hz"
        raise AudioError(f"an MP3 holds 2 channels at up to 48000 Hz, not {found}; choose WAV or FLAC")
    n_bytes = format.length * format.channels * {"16": 2, "24": 3, "float": 4}[bits]
    if suffix == "wav" and n_bytes > LARGEST_WAV_BYTES:
        raise AudioError(f"a wav file holds 4 GB, this would have {n_bytes / 1e9:.1f} GB; use flac")


def resample(audio: Audio, sample_rate: int) -> Audio:
    """Change the rate (soxr, high quality); the same object comes back when the rate is right already."""
    if sample_rate == audio.sample_rate:
        return audio
    channels = (soxr.resample(channel, audio.sample_rate, sample_rate, quality="HQ") for channel in audio.samples)
    return Audio(np.stack(list(channels)), sample_rate)


def resample_blocks(blocks: Iterable[Audio], sample_rate: int) -> Iterator[Audio]:
    """Change the rate of one waveform that comes in blocks, as `resample` changes it whole."""
    stream = None
    for block in blocks:
        if block.sample_rate == sample_rate:
            yield block
            continue
        if stream is None:
            stream = soxr.ResampleStream(block.sample_rate, sample_rate, block.channels, quality="HQ")
        yield from _whole(stream.resample_chunk(np.ascontiguousarray(block.samples.T)), sample_rate)
    if stream is not None:
        rest = stream.resample_chunk(np.empty((0, block.channels), np.float32), last=True)
        yield from _whole(rest, sample_rate)


def _whole(samples: Samples, sample_rate: int) -> Iterator[Audio]:
    """Give (sample, channel) as audio, or nothing where there is none."""
    if len(samples):
        yield Audio(np.ascontiguousarray(samples.reshape(len(samples), -1).T), sample_rate)


def loudness(audio: Audio) -> float:
    """Integrated loudness in LUFS (ITU-R BS.1770-4); minus infinity for silence and for less than 0.4 s."""
    block = 0.4  # seconds, the standard's gating block: shorter audio has no integrated loudness
    if audio.duration < block:
        return -math.inf
    import pyloudnorm  # brings scipy's filters, 70 MB that separation does without

    # BS.1770 weighs at most five channels; what lies beyond them is not heard by the meter.
    samples = audio.samples.T[:, :5].astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # log of zero, for silence: the answer is -inf
        return float(pyloudnorm.Meter(audio.sample_rate).integrated_loudness(samples))


def at_loudness(audio: Audio, target: float, *, highest_peak: float = 1.0) -> Audio:
    """Scale to `target` LUFS, by less where the peak would pass `highest_peak`; silence comes back as it is."""
    return Audio(audio.samples * np.float32(gain_to(audio, target, highest_peak=highest_peak)), audio.sample_rate)


def gain_to(audio: Audio, target: float, *, highest_peak: float = 1.0) -> float:
    """Find the factor that scales to `target` LUFS, less where the peak would pass `highest_peak`; 1 for silence."""
    now = loudness(audio)
    peak = float(np.abs(audio.samples).max())
    if math.isinf(now) or peak == 0.0:
        return 1.0
    return min(10 ** ((target - now) / 20), highest_peak / peak)


def faded(audio: Audio, seconds: float = 0.02) -> Audio:
    """Raised-cosine fade in and out, each `seconds` long (at most half of the audio)."""
    length = min(round(seconds * audio.sample_rate), audio.samples.shape[1] // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(length, 1))).astype(np.float32)
    samples = audio.samples.copy()
    samples[:, :length] *= ramp
    samples[:, samples.shape[1] - length :] *= ramp[::-1]
    return Audio(samples, audio.sample_rate)
