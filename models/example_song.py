"""A song that the project makes itself: a blues by the composer, its melody sung by a synthesised voice.

The voice is additive: harmonics of a gliding fundamental with vibrato, shaped by a glottal slope and the formants of
sung vowels (Peterson & Barney, JASA 24, 1952, Table II, women), with a breath of noise and a consonant at each
note. It is no singer, but it has what a separator looks for: harmonics that move together, formants, vibrato,
breaths. Waveforms are (channel, sample) at 44.1 kHz.

    python -m models.example_song --songs 24 --first-seed 1000 --out DIR

writes songs in many keys, tempos and instruments as DIR/vocals/SEED.flac and DIR/accompaniment/SEED.flac: material to
train a separator with. The app and the listening test sing seeds below 1000 only.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, fftconvolve, sosfilt

import audio
from audio import Audio
from models.composition.blues_form import PITCH_CLASSES
from models.composition.generate import compose
from models.composition.render import render
from models.composition.score import DEFAULT_INSTRUMENTS, INSTRUMENTS, Note, Score

Wave = npt.NDArray[np.float64]

SAMPLE_RATE = 44_100
CONTROL_STEP = 64  # samples between two values of pitch, vowel and strength
TEMPO = 116
VOICE_LUFS, BAND_LUFS = -19.0, -20.0
GLIDE_S, ATTACK_S, RELEASE_S = 0.05, 0.03, 0.08
VIBRATO_HZ, VIBRATO_CENTS, VIBRATO_DELAY_S = 5.6, 35.0, 0.18
HIGHEST_HARMONIC_HZ = 12_000.0
# Formant frequencies in hertz; below them, shared: bandwidths in hertz and levels in dB.
VOWELS = {
    "ah": (850, 1220, 2810, 3800, 4950),
    "eh": (610, 2330, 2990, 3900, 4950),
    "oh": (590, 920, 2710, 3700, 4950),
    "oo": (370, 950, 2670, 3700, 4950),
}
BANDWIDTHS = (90, 110, 170, 250, 300)
LEVELS_DB = (0, -5, -14, -17, -22)


def example_song(
    seed: int = 1, *, key: str = "C", tempo: float = TEMPO, instrument: str = "Piano"
) -> tuple[Audio, Audio]:
    """Compose, sing and play one chorus.

    Args:
        seed: chooses the melody, the vowels and the small irregularities of the voice.
        key: tonic.
        tempo: beats per minute.
        instrument: plays the chords.

    Returns:
        (vocals, accompaniment): stereo, 44.1 kHz, equal length, about 25 s; their sum is the song.

    Raises:
        models.composition.render.RenderError: the sound font or libfluidsynth is missing.
    """
    rng = np.random.default_rng(seed)
    score = compose("lstm", key=key, tempo=tempo, seed=seed)
    chords = render(score.part("chords"), instruments=DEFAULT_INSTRUMENTS | {"chords": instrument})
    band = audio.at_loudness(chords, BAND_LUFS, highest_peak=0.6)
    dry = sing(score, band.samples.shape[1], rng)
    vocals = audio.at_loudness(Audio(_room(dry, rng), SAMPLE_RATE), VOICE_LUFS, highest_peak=0.6)
    return vocals, band


def sing(score: Score, n_samples: int, rng: np.random.Generator) -> Wave:
    """Sing the melody of a score, mono (sample,), with a breath at the end of every second bar."""
    beat = 60.0 / score.tempo
    phrase = 2 * 4 * 12  # ticks in two bars
    notes = [note for note in score.part("melody").notes if (note.start + note.duration) % phrase != 0]
    time = np.arange(0, n_samples, CONTROL_STEP) / SAMPLE_RATE
    spans = [(note.start / 12 * beat, (note.start + note.duration) / 12 * beat) for note in notes]
    pitch = _pitch(time, notes, spans, rng)
    strength = _strength(time, spans)
    vowels = rng.choice(len(VOWELS), size=len(notes))
    fine = np.arange(n_samples) / SAMPLE_RATE
    voiced = _harmonics(np.interp(fine, time, pitch), _formants(time, spans, vowels), time)
    breath = _breath(n_samples, rng) * 0.012
    consonants = _consonants(n_samples, spans, rng)
    return (voiced + breath) * np.interp(fine, time, strength) + consonants


def _pitch(time: Wave, notes: list[Note], spans: list[tuple[float, float]], rng: np.random.Generator) -> Wave:
    """Fundamental in hertz at each control time: glides between notes, delayed vibrato, slow drift."""
    midi = np.full_like(time, notes[0].pitch)
    vibrato = np.zeros_like(time)
    for note, (start, end) in zip(notes, spans, strict=True):
        midi[time >= start - GLIDE_S / 2] = note.pitch
        depth = np.clip((time - start - VIBRATO_DELAY_S) / 0.2, 0.0, 1.0) * (time < end)
        vibrato = np.where((time >= start) & (time < end), depth, vibrato)
    width = round(GLIDE_S * SAMPLE_RATE / CONTROL_STEP)
    window = np.hanning(width + 2)[1:-1]
    midi = np.convolve(np.pad(midi, width, mode="edge"), window / window.sum(), mode="same")[width:-width]
    knots = np.arange(0.0, time[-1] + 0.25, 0.25)
    drift = np.interp(time, knots, rng.normal(0, 6, size=len(knots)))
    cents = VIBRATO_CENTS * vibrato * np.sin(2 * np.pi * VIBRATO_HZ * time) + drift
    hertz: Wave = 440.0 * 2.0 ** ((midi - 69 + cents / 100) / 12)
    return hertz


def _strength(time: Wave, spans: list[tuple[float, float]]) -> Wave:
    """Loudness curve of the voice in 0..1: a quick attack, a slight swell, a release before the next note."""
    strength = np.zeros_like(time)
    for start, end in spans:
        rise = np.clip((time - start) / ATTACK_S, 0, 1)
        fall = np.clip((end - time) / RELEASE_S, 0, 1)
        swell = 0.85 + 0.15 * np.sin(np.pi * np.clip((time - start) / (end - start), 0, 1))
        strength = np.maximum(strength, rise * fall * swell * (time >= start))
    return strength


def _formants(time: Wave, spans: list[tuple[float, float]], vowels: npt.NDArray[np.int64]) -> Wave:
    """Formant frequencies (control time, formant), moving from vowel to vowel within 60 ms."""
    table = np.array(list(VOWELS.values()), dtype=float)
    centres = np.array([0.5 * (start + end) for start, end in spans])
    nearest = np.abs(time[:, None] - centres[None, :]).argmin(axis=1)
    width = round(0.06 * SAMPLE_RATE / CONTROL_STEP)
    smooth = np.ones(width) / width
    tracks = table[vowels[nearest]]
    padded = np.pad(tracks, ((width, width), (0, 0)), mode="edge")
    return np.stack([np.convolve(track, smooth, mode="same")[width:-width] for track in padded.T], axis=1)


def _harmonics(hertz: Wave, formants: Wave, time: Wave) -> Wave:
    """Sum of harmonics (sample,): 12 dB per octave glottal slope, 6 dB lip radiation, formant resonances."""
    fine = np.arange(len(hertz)) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
    coarse_hertz = np.interp(time, fine, hertz)
    voice = np.zeros_like(hertz)
    for harmonic in range(1, int(HIGHEST_HARMONIC_HZ / hertz.min()) + 1):
        frequency = harmonic * coarse_hertz
        gain = _resonance(frequency, formants) / harmonic
        gain *= np.clip((HIGHEST_HARMONIC_HZ - frequency) / 1000.0, 0, 1)
        voice += np.interp(fine, time, gain) * np.sin(harmonic * phase)
    return voice


def _resonance(frequency: Wave, formants: Wave) -> Wave:
    """Magnitude of the parallel formant resonators at each control time's frequency."""
    total = np.zeros_like(frequency)
    for centre, bandwidth, level in zip(formants.T, BANDWIDTHS, LEVELS_DB, strict=True):
        total += 10 ** (level / 20) / np.sqrt(1 + ((frequency - centre) / (bandwidth / 2 + 0.04 * centre)) ** 2)
    return total


def _breath(n_samples: int, rng: np.random.Generator) -> Wave:
    """Aspiration noise (sample,): what of a voice has no pitch."""
    return _band(rng.normal(size=n_samples), 1500, 9000)


def _band(noise: Wave, low_hz: float, high_hz: float) -> Wave:
    """Keep one band of a noise (sample,)."""
    return np.asarray(sosfilt(butter(2, [low_hz, high_hz], "bandpass", fs=SAMPLE_RATE, output="sos"), noise))


def _consonants(n_samples: int, spans: list[tuple[float, float]], rng: np.random.Generator) -> Wave:
    """Short bursts (sample,) before the notes: a fricative or a stop for each syllable."""
    noise = rng.normal(size=n_samples)
    hiss, burst = _band(noise, 4000, 11_000), _band(noise, 1500, 5000)
    out = np.zeros(n_samples)
    for start, _ in spans:
        kind, seconds, gain = (hiss, 0.07, 0.10) if rng.random() < 0.4 else (burst, 0.025, 0.12)
        begin = max(0, round((start - seconds * 0.7) * SAMPLE_RATE))
        length = min(round(seconds * SAMPLE_RATE), n_samples - begin)
        out[begin : begin + length] += gain * np.hanning(length) * kind[begin : begin + length]
    return out


def _room(dry: Wave, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Put the voice in the middle of a small room: (2, sample), same length as the dry voice."""
    decay = np.exp(-np.arange(round(0.5 * SAMPLE_RATE)) / (0.11 * SAMPLE_RATE))
    tails = [fftconvolve(dry, rng.normal(size=len(decay)) * decay)[: len(dry)] for _ in range(2)]
    scale = 0.22 * np.sqrt(np.mean(dry**2) / np.mean(np.square(tails)))
    return np.stack([dry + scale * tail for tail in tails]).astype(np.float32)


def main() -> None:
    """Write songs for training; key, tempo and instrument are drawn from each song's seed."""
    parser = argparse.ArgumentParser(prog="python -m models.example_song", description=__doc__.split("\n")[0])
    parser.add_argument("--songs", type=int, default=24)
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.songs):
        rng = np.random.default_rng(seed)
        key, instrument = str(rng.choice(PITCH_CLASSES)), str(rng.choice(list(INSTRUMENTS)))
        stems = example_song(seed, key=key, tempo=float(rng.integers(80, 160)), instrument=instrument)
        for name, stem in zip(("vocals", "accompaniment"), stems, strict=True):
            folder = arguments.out / name
            folder.mkdir(parents=True, exist_ok=True)
            audio.write(folder / f"{seed}.flac", stem)


if __name__ == "__main__":
    main()
