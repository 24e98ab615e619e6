"""Mixtures that never existed: stems of different songs and singers, changed and mixed at random, as spectra.

Everything is drawn from the generator that is passed in. Waveforms are mono float32 (sample,) at 44.1 kHz, spectra
complex64 (bin, frame).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.signal import fftconvolve
from torch import Tensor

from audio import Audio, resample
from models.separation.spectrogram import BINS, SAMPLE_RATE, stft
from training.separation.dataset import Material, Recording

Waveform = npt.NDArray[np.float32]

SECONDS = 6.0
LENGTH = round(SECONDS * SAMPLE_RATE)
VOICE_SEMITONES = (-8.0, 4.0)  # the open voices are mostly high ones
BACKING_SEMITONES = (-3.0, 3.0)
RATIO_DB = 6.0  # standard deviation of vocals over accompaniment
EQ_DB = 4.0  # standard deviation per band of a random equaliser


@dataclass(frozen=True)
class Chances:
    """Probabilities of the choices made per mixture."""

    same_song: float = 0.35
    song_voice: float = 0.3
    song_backing: float = 0.3
    no_vocals: float = 0.1
    only_vocals: float = 0.05
    vocals_pause: float = 0.2
    second_voice: float = 0.1
    reverb: float = 0.4
    low_pass: float = 0.1


def draw(material: Material, rng: np.random.Generator, chances: Chances = Chances()) -> tuple[Tensor, Tensor]:
    """Draw one mixture of 6 s.

    Returns:
        Spectra (bin, frame) of vocals and accompaniment; their sum is the mixture's.
    """
    if material.songs and rng.random() < chances.same_song:
        song = material.songs[rng.integers(len(material.songs))]
        semitones, at = rng.uniform(*BACKING_SEMITONES), rng.random()
        vocals, accompaniment = (excerpt(stem, rng, semitones, at) for stem in (song.vocals, song.accompaniment))
        bandwidth = SAMPLE_RATE / 2
    else:
        vocals, bandwidth = draw_voice(material, rng, chances)
        accompaniment = draw_backing(material, rng, chances)
    if rng.random() < chances.vocals_pause:
        start, stop = np.sort(rng.integers(0, LENGTH, 2))
        vocals[start:stop] = 0.0
    share = rng.random()
    vocals *= 10 ** (rng.normal(0.0, RATIO_DB) / 20) * (share >= chances.no_vocals)
    accompaniment *= 0.0 if share > 1.0 - chances.only_vocals else 1.0
    if rng.random() < chances.low_pass:
        bandwidth = min(bandwidth, rng.uniform(3_500.0, 16_000.0))
    V, A = (stft(torch.from_numpy(x)[None])[0] * equaliser(rng, bandwidth) for x in (vocals, accompaniment))
    return V, A


def draw_voice(material: Material, rng: np.random.Generator, chances: Chances) -> tuple[Waveform, float]:
    """Draw phrases of one folder, or of one song's singer, until 6 s are full.

    Returns:
        The voice and the bandwidth in hertz that its recordings have.
    """
    if not material.voices or (material.songs and rng.random() < chances.song_voice):
        pool: tuple[Recording, ...] = (material.songs[rng.integers(len(material.songs))].vocals,)
    else:
        folder = material.voices[rng.integers(len(material.voices))]
        pack = folder[rng.integers(len(folder))].names[:-1]
        pool = tuple(recording for recording in folder if recording.names[:-1] == pack)
    semitones = rng.uniform(*VOICE_SEMITONES)
    voice = phrases(pool, rng, semitones)
    if rng.random() < chances.second_voice:
        voice = voice + phrases(pool, rng, semitones)
    if rng.random() < chances.reverb:
        voice = reverberated(voice, rng)
    return voice, min(recording.sample_rate for recording in pool) / 2 * min(1.0, 2 ** (semitones / 12))


def phrases(pool: tuple[Recording, ...], rng: np.random.Generator, semitones: float) -> Waveform:
    """String excerpts of the pool together, each up to 2 semitones off the given shift, with gaps of up to 0.6 s."""
    voice = np.zeros(LENGTH, np.float32)
    at = 0
    while at < LENGTH:
        shift = semitones + rng.uniform(-2.0, 2.0)
        piece = excerpt(pool[rng.integers(len(pool))], rng, shift, rng.random(), wrap=False)[: LENGTH - at]
        voice[at : at + len(piece)] = piece
        at += len(piece) + int(rng.uniform(0.0, 0.6) * SAMPLE_RATE)
    return voice


def draw_backing(material: Material, rng: np.random.Generator, chances: Chances) -> Waveform:
    """Draw an instrumental or a song's accompaniment."""
    if not material.instrumentals or (material.songs and rng.random() < chances.song_backing):
        recording = material.songs[rng.integers(len(material.songs))].accompaniment
    else:
        recording = material.instrumentals[rng.integers(len(material.instrumentals))]
    return excerpt(recording, rng, rng.uniform(*BACKING_SEMITONES), rng.random())


def excerpt(recording: Recording, rng: np.random.Generator, semitones: float, at: float, wrap: bool = True) -> Waveform:
    """Cut up to 6 s, mix the channels in a random proportion, shift pitch and tempo together, set its level to 0.1.

    Args:
        recording: the stem.
        rng: draws the proportion of the channels.
        semitones: shift; the samples are read as if they had been taken at another rate.
        at: where to cut, 0 (start) to 1 (as late as possible).
        wrap: repeat a shorter recording until 6 s are full.
    """
    rate = round(recording.sample_rate * 2 ** (semitones / 12))
    wanted = int(np.ceil(LENGTH * rate / SAMPLE_RATE)) + 1
    start = int(at * max(recording.samples.shape[1] - wanted, 0))
    cut = recording.samples[:, start : start + wanted].astype(np.float32)
    weights = rng.uniform(0.25, 0.75, len(cut)).astype(np.float32)
    mono = (weights / weights.sum()) @ cut * (0.1 / max(recording.level, 1e-4))
    if wrap and len(mono) < wanted:
        mono = np.resize(mono, wanted)
    return resample(Audio(mono[None], rate), SAMPLE_RATE).samples[0, :LENGTH].copy()


def reverberated(x: Waveform, rng: np.random.Generator) -> Waveform:
    """Add a room: noise that decays by 60 dB in 0.3 to 1.5 s, 6 to 18 dB under the dry sound."""
    decay_s = rng.uniform(0.3, 1.5)
    t = np.arange(round(decay_s * SAMPLE_RATE)) / SAMPLE_RATE
    room = rng.standard_normal(len(t)) * 10 ** (-3 * t / decay_s)
    room *= 10 ** (-rng.uniform(6.0, 18.0) / 20) / np.sqrt((room**2).sum())
    return (x + fftconvolve(x, room)[: len(x)]).astype(np.float32)


def equaliser(rng: np.random.Generator, bandwidth_hz: float) -> Tensor:
    """Draw smooth gains (bin, 1) over log frequency, zero above the bandwidth."""
    hz = np.arange(BINS) * SAMPLE_RATE / 2 / (BINS - 1)
    corners = np.geomspace(60.0, 16_000.0, 6)
    gains = 10 ** (np.interp(np.log(hz + 1.0), np.log(corners), rng.normal(0.0, EQ_DB, 6)) / 20)
    return torch.from_numpy((gains * (hz <= bandwidth_hz)).astype(np.float32))[:, None]
