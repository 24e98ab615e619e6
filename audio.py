"""Sound as a value: read, write, resample, loudness, fades.

Waveforms are float32 (channel, sample) with full scale at 1.0; a decoded peak may exceed it. Durations are in
seconds, loudness in LUFS (ITU-R BS.1770), rates in hertz. The only module that imports soundfile, soxr and
pyloudnorm.
"""

from __future__ import annotations

import math
import os
import warnings
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
SUBTYPES = {"wav": "PCM_16", "flac": "PCM_16", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}
MP3_CHANNELS, MP3_RATE_HZ = 2, 48_000
WRITE_SAMPLES = 2**18  # at once, so that writing a long song copies little of it
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
    path = Path(path)
    if not path.is_file():
        raise AudioError(f"{path.name} is not there")
    if path.stat().st_size == 0:
        raise AudioError(f"{path.name} is empty (0 bytes); choose another file")
    try:
        with soundfile.SoundFile(path) as file:
            _refuse_lengths(path.name, file.frames / file.samplerate, longest, 0.0)
            if file.channels > MOST_CHANNELS:
                raise AudioError(f"{path.name} has {file.channels} channels; at most {MOST_CHANNELS} are read")
            if file.frames * file.channels > MOST_SAMPLES:
                found = f"{file.frames} samples in {file.channels} channels at {file.samplerate} Hz"
                raise AudioError(f"{path.name} holds {found}, too many to read; export it in stereo at 48 kHz")
            samples, rate = file.read(dtype="float32", always_2d=True), file.samplerate
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path.name} cannot be read as audio; use {READABLE}") from error
    if not len(samples):
        raise AudioError(f"{path.name} holds no samples; choose another file")
    _refuse_lengths(path.name, len(samples) / rate, longest, shortest)
    return Audio(np.ascontiguousarray(samples.T), rate)


def _refuse_lengths(name: str, seconds: float, longest: float, shortest: float) -> None:
    """Raise AudioError for a duration outside [shortest, longest] seconds."""
    if seconds > longest:
        raise AudioError(
            f"{name} lasts {seconds / 60:.1f} minutes; the limit here is {longest / 60:.0f} minutes. "
            "Cut it to the part you want to hear"
        )
    if seconds < shortest:
        raise AudioError(f"{name} lasts {seconds:.2f} s; at least {shortest:g} s are needed")


def write(path: str | os.PathLike[str], audio: Audio) -> None:
    """Write 16-bit WAV or FLAC, OGG Vorbis or MP3, by suffix; peaks over full scale are clipped.

    Raises:
        AudioError: a suffix that is none of these, or more than an MP3 can hold.
    """
    suffix = Path(path).suffix.lower().lstrip(".")
    if suffix not in SUBTYPES:
        raise AudioError(f"cannot write .{suffix}; use one of {', '.join(SUBTYPES)}")
    if suffix == "mp3" and (audio.channels > MP3_CHANNELS or audio.sample_rate > MP3_RATE_HZ):
        found = f"{audio.channels} channels at {audio.sample_rate} Hz"
        raise AudioError(f"an MP3 holds 2 channels at up to 48000 Hz, not {found}; choose WAV or FLAC")
    finest = 0.0 if suffix == "mp3" else None  # variable bit rate, about 250 kbit/s
    with soundfile.SoundFile(
        path, "w", audio.sample_rate, audio.channels, SUBTYPES[suffix], compression_level=finest
    ) as file:
        for start in range(0, audio.samples.shape[1], WRITE_SAMPLES):
            file.write(np.clip(audio.samples[:, start : start + WRITE_SAMPLES].T, -1.0, 1.0))


def resample(audio: Audio, sample_rate: int) -> Audio:
    """Change the rate (soxr, high quality); the same object comes back when the rate is right already."""
    if sample_rate == audio.sample_rate:
        return audio
    channels = (soxr.resample(channel, audio.sample_rate, sample_rate, quality="HQ") for channel in audio.samples)
    return Audio(np.stack(list(channels)), sample_rate)


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
