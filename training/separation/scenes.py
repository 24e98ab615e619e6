"""Stereo mixtures that never existed, as a recording studio would place them: the singer in the middle, a band around.

Voices and backings are drawn apart, transformed once and mixed several times with different partners, gains and
widths: transforms are linear, and drawing costs more than mixing. Spectra are complex64 (2, bin, frame), middle and
sides, up to 16 kHz; waveforms float32 (channel, sample) at 44.1 kHz.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch
from scipy.signal import fftconvolve
from torch import Tensor
from torch.utils.data import IterableDataset

from audio import Audio, resample
from models.separation.recurrent import RecurrentConfig, RecurrentMasker
from models.separation.spectrogram import BINS, SAMPLE_RATE, mid_side, stft
from training.separation.dataset import Material, Recording
from training.separation.remix import LENGTH, VOICE_SEMITONES, Waveform, equaliser, phrases

Stereo = npt.NDArray[np.float32]

RATIO_DB = (-1.0, 6.0)  # mean and standard deviation of vocals over accompaniment
LEVEL_DB = 3.0  # standard deviation: a song's level is not that of one excerpt
WEIGHT_POWER = 0.75  # of the magnitude: what is loud is heard
PARTNERS = 6  # mixtures that a voice or a backing takes part in
SPEECH_BAND_HZ = 8_000.0
N_BINS = RecurrentConfig().bins  # nothing above is learned from


@dataclass(frozen=True)
class Chances:
    """Probabilities of the choices made per voice, backing or mixture."""

    same_song: float = 0.15
    song_voice: float = 0.12
    song_backing: float = 0.12
    no_vocals: float = 0.08
    only_vocals: float = 0.04
    vocals_pause: float = 0.25
    second_voice: float = 0.2
    reverb: float = 0.6
    compression: float = 0.3
    off_centre: float = 0.2
    mono: float = 0.25
    low_pass: float = 0.15


@dataclass(frozen=True)
class Placed:
    """A voice or a backing, transformed, and the bandwidth that its recording has."""

    spectrum: Tensor
    bandwidth_hz: float

    @staticmethod
    def of(sound: Stereo, bandwidth_hz: float = SAMPLE_RATE / 2, width: float = 1.0) -> Placed:
        """Transform left and right, narrow or widen them."""
        spectrum = mid_side(stft(torch.from_numpy(sound))[:, :N_BINS])
        spectrum[1] *= width
        return Placed(spectrum, bandwidth_hz)

    def rolled(self, rng: np.random.Generator) -> Placed:
        """Begin elsewhere, so that a voice never meets a backing at the same place twice."""
        return Placed(self.spectrum.roll(int(rng.integers(self.spectrum.shape[2])), 2), self.bandwidth_hz)


def voice(material: Material, rng: np.random.Generator, chances: Chances) -> Placed:
    """Draw a singer's phrases and place them: mostly in the middle, with a room around and sometimes a second voice."""
    if not material.voices or (material.songs and rng.random() < chances.song_voice):
        pool: tuple[Recording, ...] = (material.songs[rng.integers(len(material.songs))].vocals,)
    else:
        folder = material.voices[rng.integers(len(material.voices))]
        pack = folder[rng.integers(len(folder))].names[:-1]
        pool = tuple(recording for recording in folder if recording.names[:-1] == pack)
    semitones = rng.uniform(*VOICE_SEMITONES)
    x = phrases(pool, rng, semitones)
    if rng.random() < chances.compression:
        x = compressed(x, rng.uniform(0.3, 0.7))
    pan = rng.uniform(-0.7, 0.7) if rng.random() < chances.off_centre else rng.normal(0.0, 0.03)
    sound = panned(x, pan)
    if rng.random() < chances.second_voice:
        other = phrases(pool, rng, semitones) if rng.random() < 0.6 else np.roll(x, int(rng.uniform(400, 1500)))
        sound = sound + panned(other, rng.uniform(-1.0, 1.0)) * rng.uniform(0.2, 0.9)
    if rng.random() < chances.reverb:
        sound = roomy(sound, rng)
    if rng.random() < chances.vocals_pause:
        start, stop = np.sort(rng.integers(0, LENGTH, 2))
        sound[:, start:stop] = 0.0
    band = min(recording.sample_rate for recording in pool) / 2 * min(1.0, 2 ** (semitones / 12))
    return Placed.of(sound, band)


def backing(material: Material, rng: np.random.Generator, chances: Chances) -> Placed:
    """Draw an instrumental or a song's accompaniment, narrower or wider than it was."""
    if not material.instrumentals or (material.songs and rng.random() < chances.song_backing):
        recording = material.songs[rng.integers(len(material.songs))].accompaniment
    else:
        recording = material.instrumentals[rng.integers(len(material.instrumentals))]
    sound = stretch(recording, rng.uniform(-4.0, 4.0), rng.random())
    return Placed.of(sound, width=rng.uniform(0.4, 1.5))


def song(material: Material, rng: np.random.Generator) -> tuple[Placed, Placed]:
    """Draw six seconds of one song, both stems from the same place."""
    both = material.songs[rng.integers(len(material.songs))]
    semitones, at = rng.uniform(-5.0, 4.0), rng.random()
    vocals, accompaniment = (Placed.of(stretch(stem, semitones, at)) for stem in (both.vocals, both.accompaniment))
    return vocals, accompaniment


def stretch(recording: Recording, semitones: float, at: float) -> Stereo:
    """Cut 6 s as two channels, shift pitch and tempo together, set the level to 0.1; shorter ones are repeated."""
    rate = round(recording.sample_rate * 2 ** (semitones / 12))
    wanted = int(np.ceil(LENGTH * rate / SAMPLE_RATE)) + 1
    start = int(at * max(recording.samples.shape[1] - wanted, 0))
    cut = recording.samples[:, start : start + wanted].astype(np.float32) * np.float32(0.1 / max(recording.level, 1e-4))
    if cut.shape[1] < wanted:
        cut = np.tile(cut, -(-wanted // cut.shape[1]))[:, :wanted]
    sound = resample(Audio(np.ascontiguousarray(cut), rate), SAMPLE_RATE).samples[:, :LENGTH]
    return np.ascontiguousarray(np.broadcast_to(sound[:2], (2, LENGTH)))


def panned(x: Waveform, place: float) -> Stereo:
    """Place a mono sound between left (-1) and right (1), in the middle without loss."""
    angle = (place + 1) * np.pi / 4
    return (np.sqrt(2) * np.stack([np.cos(angle) * x, np.sin(angle) * x])).astype(np.float32)


def roomy(sound: Stereo, rng: np.random.Generator) -> Stereo:
    """Add a room: noise that decays by 60 dB in 0.3 to 1.8 s, 4 to 18 dB under the dry sound, its own on each side."""
    decay_s, wet_db = rng.uniform(0.3, 1.8), -rng.uniform(4.0, 18.0)
    t = np.arange(round(decay_s * SAMPLE_RATE)) / SAMPLE_RATE
    room = rng.standard_normal((2, len(t)), np.float32) * (10 ** (-3 * t / decay_s)).astype(np.float32)
    room *= np.float32(10 ** (wet_db / 20)) / np.sqrt((room**2).sum(1, keepdims=True))
    return sound + fftconvolve(sound, room, axes=1)[:, :LENGTH]


def compressed(x: Waveform, amount: float) -> Waveform:
    """Even out the level, measured over 50 ms: 0 leaves it as it is, 1 makes it constant."""
    size = round(0.05 * SAMPLE_RATE)
    power = np.convolve((x[: len(x) // size * size].reshape(-1, size) ** 2).mean(1), np.hanning(5) / 2, "same")
    level = np.interp(np.arange(len(x)), (np.arange(len(power)) + 0.5) * size, np.sqrt(power))
    return (x * (0.1 / np.maximum(level, 0.01)) ** amount).astype(np.float32)


def mixed(vocals: Placed, accompaniment: Placed, rng: np.random.Generator, chances: Chances) -> tuple[Tensor, Tensor]:
    """Set gains, timbre, width and bandwidth of a mixture; returns the spectra of vocals and accompaniment."""
    part = rng.random()
    gain = 10 ** (np.clip(rng.normal(*RATIO_DB), -14.0, 12.0) / 20) * (part >= chances.no_vocals)
    band = min(vocals.bandwidth_hz, accompaniment.bandwidth_hz)
    if rng.random() < chances.low_pass:
        band = min(band, float(rng.choice([SPEECH_BAND_HZ, rng.uniform(5_000.0, 16_000.0)])))
    sides = 0.0 if rng.random() < chances.mono else float(rng.choice([1.0, -1.0]))  # -1 swaps left and right
    hz = torch.arange(vocals.spectrum.shape[1]) * SAMPLE_RATE / 2 / (BINS - 1)
    kept = (hz <= band).float()[:, None] * torch.tensor([1.0, sides])[:, None, None]
    gains = (gain, float(part <= 1.0 - chances.only_vocals))
    V, A = (
        placed.spectrum * (gain * kept * coloured(rng))
        for placed, gain in zip((vocals, accompaniment), gains, strict=True)
    )
    return V, A


def coloured(rng: np.random.Generator) -> Tensor:
    """Draw an equaliser's gains (bin, 1) for a part of a mixture."""
    return equaliser(rng, SAMPLE_RATE)[:N_BINS]


def drawn(material: Material, rng: np.random.Generator, chances: Chances, pool: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Draw mixtures without end, from `pool` voices and backings at a time."""
    voices = [voice(material, rng, chances) for _ in range(pool)]
    backings = [backing(material, rng, chances) for _ in range(pool)]
    while True:
        at = int(rng.integers(pool))
        voices[at], backings[at] = voice(material, rng, chances), backing(material, rng, chances)
        for _ in range(PARTNERS):
            if material.songs and rng.random() < chances.same_song:
                pair = song(material, rng)
            else:
                pair = voices[rng.integers(pool)].rolled(rng), backings[rng.integers(pool)]
            yield mixed(*pair, rng, chances)


def share(V: Tensor, X: Tensor, power: Tensor) -> Tensor:
    """Return the gain 0 to 1 per bin that takes the mixture X closest to V in all channels together.

    The phase-sensitive mask (Erdogan, Hershey, Watanabe & Le Roux, ICASSP 2015), one for middle and sides: its
    conditional mean, which cross-entropy learns, is the soft mask of least squared error, and one half of it the
    best threshold of a binary one.

    Args:
        V: vocals (2, bin, frame).
        X: mixture.
        power: of the mixture, (bin, frame).
    """
    v, x = torch.view_as_real(V), torch.view_as_real(X)
    return ((v * x).sum((0, 3)) / power.clamp_min(1e-12)).clamp_(0.0, 1.0)


class Lessons(IterableDataset[tuple[Tensor, ...]]):
    """Input, target and weight of mixtures, (frame, feature); each epoch goes on where the last one ended."""

    def __init__(
        self, network: RecurrentMasker, material: Material, count: int, pool: int, seed: tuple[int, ...]
    ) -> None:
        """Keep what the mixtures are drawn from; the network gives the input's scale, `count` is one epoch's number."""
        self.network, self.count = network, count
        self.rng = np.random.default_rng(seed)
        self.mixtures = drawn(material, self.rng, Chances(), pool)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """Go on with the next epoch."""
        torch.set_num_threads(1)
        for V, A in islice(self.mixtures, self.count):
            yield lesson(self.network, V, A, self.rng)


def level_of(X: Tensor) -> float:
    """Measure the RMS as networks do, over all bins, though those above 16 kHz were left out."""
    return float(torch.view_as_real(X).square().sum() / (2 * BINS * X.shape[2])) ** 0.5


def lesson(network: RecurrentMasker, V: Tensor, A: Tensor, rng: np.random.Generator) -> tuple[Tensor, ...]:
    """Turn a mixture into the network's input, target and weights (mean 1), float16: two processes share them."""
    X = V + A
    power = torch.view_as_real(X).square().sum(3)
    both = power.sum(0)
    level = level_of(X) * 10 ** (rng.normal(0.0, LEVEL_DB) / 20)
    weight = both ** (WEIGHT_POWER / 2)
    weight = weight / weight.mean().clamp_min(1e-12)
    planes = (network.scaled(power.sqrt_(), level), share(V, X, both).T, weight.T.clamp(max=50.0))
    return tuple(plane.half() for plane in planes)
