"""Recorded speech made to sing: python -m training.separation.singing --speech DIR --out DIR [--seed 0].

Open recordings of singers are few; open recordings of speakers are many. WORLD (Morise, Yokomori & Ozawa, IEICE
Trans. E99-D(7), 2016) takes speech apart into fundamental, spectral envelope and aperiodicity, 5 ms a frame. Each
syllable is then held on a note of a melody: consonants keep their length, vowels are stretched, the fundamental glides
from note to note and trembles. Formants are shifted a little, so that one speaker gives several voices. Speech at
16 kHz gets a made-up top, or the separator would learn that voices have none. Envelopes are (frame, bin).
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyworld

from audio import Audio, AudioError, read, resample, write
from training.separation.dataset import SUFFIXES

Array = npt.NDArray[np.float64]

RATE = 32_000  # the network sees 16 kHz
FRAME_S = 0.005
TOP_HZ = (6_000.0, 7_300.0)  # speech at 16 kHz is continued from this band upwards
SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 6, 7, 10), (0, 2, 4, 7, 9))
NOTE_S = (0.15, 0.2, 0.3, 0.4, 0.6, 0.9, 1.6)
NOTE_SHARES = (0.15, 0.2, 0.2, 0.2, 0.12, 0.08, 0.05)
SHORTEST_VOWEL, LONGEST_VOWEL, LONGEST_CONSONANT = 10, 40, 36  # frames
EDGE = 6  # frames at both ends of a vowel that are not stretched


@dataclass(frozen=True)
class Speech:
    """A recording taken apart.

    Attributes:
        pitch: hertz (frame,), 0 where unvoiced.
        envelope: power (frame, bin).
        aperiodicity: share of noise 0 to 1 (frame, bin).
    """

    pitch: Array
    envelope: Array
    aperiodicity: Array


@dataclass(frozen=True)
class Style:
    """How one singer sings: scale, centre in semitones (MIDI), portamento, vibrato, formant shift as a factor."""

    scale: tuple[int, ...]
    centre: float
    tempo: float
    glide_s: float
    vibrato_hz: float
    vibrato_cents: float
    formants: float

    @staticmethod
    def draw(speaking: float, rng: np.random.Generator) -> Style:
        """Draw a style for a voice that speaks at `speaking` (MIDI): people sing higher than they speak."""
        shift = rng.uniform(-3.0, 10.0)
        return Style(
            scale=SCALES[rng.integers(len(SCALES))],
            centre=speaking + shift,
            tempo=rng.uniform(0.7, 1.5),
            glide_s=rng.uniform(0.03, 0.15),
            vibrato_hz=rng.uniform(4.8, 6.6),
            vibrato_cents=rng.uniform(0.0, 80.0) * (rng.random() < 0.8),
            formants=2 ** ((rng.normal(0.0, 1.0) + 0.15 * shift) / 12),
        )


def analyse(speech: Audio) -> Speech:
    """Take speech apart, at 32 kHz."""
    x = resample(speech, RATE).samples.mean(0).astype(np.float64)
    pitch, time = pyworld.dio(x, RATE, f0_floor=60.0, f0_ceil=500.0, frame_period=1000 * FRAME_S)
    pitch = pyworld.stonemask(x, pitch, time, RATE)
    envelope = pyworld.cheaptrick(x, pitch, time, RATE)
    return Speech(pitch, envelope, pyworld.d4c(x, pitch, time, RATE))


def syllables(pitch: Array, strength: Array) -> list[tuple[int, int, int]]:
    """Find (first frame of the consonant, first of the vowel, end): voiced stretches, cut where they are weakest."""
    voiced = np.concatenate([[False], pitch > 0, [False]])
    starts, stops = np.flatnonzero(~voiced[:-1] & voiced[1:]), np.flatnonzero(voiced[:-1] & ~voiced[1:])
    found, before = [], 0
    for start, stop in zip(starts, stops, strict=True):
        while stop - start >= SHORTEST_VOWEL:
            end = stop
            if stop - start > LONGEST_VOWEL:
                end = start + SHORTEST_VOWEL + int(strength[start + SHORTEST_VOWEL : start + LONGEST_VOWEL].argmin())
            found.append((max(before, start - LONGEST_CONSONANT), start, end))
            start = before = end
        before = stop
    return found


def sung(speech: Speech, style: Style, seconds: float, rng: np.random.Generator, above: int = 0) -> Array:
    """Sing a melody on the syllables of a recording.

    Args:
        speech: whose voice and words.
        style: how.
        seconds: at least this long.
        rng: draws melody, rhythm and pauses; the same state gives the same line.
        above: degrees of the scale over the melody, for a second voice.

    Returns:
        Samples at 32 kHz; none if the recording has no vowel.
    """
    strength = speech.envelope.sum(1)
    words = syllables(speech.pitch, strength)
    frames: list[Array] = []
    midi: list[Array] = []
    degree, length = 0, 0
    at = int(rng.integers(len(words))) if words else 0
    while words and length * FRAME_S < seconds:
        for consonant, vowel, end in phrase(words, at, int(rng.integers(4, 10))):
            degree = int(np.clip(degree + rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 3]), -5, 6))
            held = rng.choice(NOTE_S, p=NOTE_SHARES) / style.tempo
            frames.append(held_positions(consonant, vowel, end, round(held / FRAME_S)))
            octave, step = divmod(degree + above, len(style.scale))
            midi.append(np.full(len(frames[-1]), style.centre + 12 * octave + style.scale[step]))
            at = (at + 1) % len(words)
        rest = round(rng.uniform(0.1, 0.7) / FRAME_S)
        frames.append(np.full(rest, -1.0))
        midi.append(np.full(rest, midi[-1][-1]))
        length = sum(map(len, frames))
    if not words:
        return np.zeros(0)
    return synthesised(speech, np.concatenate(frames), np.concatenate(midi), style, rng)


def phrase(words: Sequence[tuple[int, int, int]], at: int, count: int) -> list[tuple[int, int, int]]:
    """List the next syllables, from the beginning again after the last."""
    return [words[(at + i) % len(words)] for i in range(count)]


def held_positions(consonant: int, vowel: int, end: int, n_frames: int) -> Array:
    """List the frames of speech to read, one per frame of song: the middle of the vowel is stretched to the note."""
    n_frames = max(n_frames, 2 * EDGE)
    middle = np.linspace(vowel + EDGE, max(end - EDGE, vowel + EDGE), max(n_frames - 2 * EDGE, 0))
    edges = np.arange(EDGE)
    return np.concatenate([np.arange(consonant, vowel), vowel + edges, middle, end - EDGE + edges]).clip(0, end - 1)


def synthesised(speech: Speech, positions: Array, midi: Array, style: Style, rng: np.random.Generator) -> Array:
    """Put a voice together from frames of speech and a melody, both per frame of song; position -1 is a breath."""
    resting = positions < 0
    lower = np.where(resting, 0, positions).astype(int)
    share = (positions - lower)[:, None] * ~resting[:, None]
    upper = np.minimum(lower + 1, len(speech.pitch) - 1)
    logs = np.log(speech.envelope + 1e-16)
    envelope = continued(moved((1 - share) * logs[lower] + share * logs[upper], style.formants), rng)
    aperiodicity = np.clip(speech.aperiodicity[lower], 1e-3, 1.0)
    bins = envelope.shape[1]
    aperiodicity[:, round(TOP_HZ[1] / (RATE / 2) * (bins - 1)) :] = rng.uniform(0.3, 0.9)
    envelope[resting] = np.log(np.exp(logs[speech.pitch == 0]).mean(0) + 1e-16) - rng.uniform(2.0, 6.0)
    aperiodicity[resting] = 1.0
    voiced = (speech.pitch[lower] > 0) & ~resting
    pitch = np.where(voiced, melody_hz(midi, style, rng), 0.0)
    return np.asarray(pyworld.synthesize(pitch, np.exp(envelope), aperiodicity, RATE, 1000 * FRAME_S))


def melody_hz(midi: Array, style: Style, rng: np.random.Generator) -> Array:
    """Turn notes per frame into hertz: glides, vibrato that sets in late, slow drift."""
    window = np.hanning(round(style.glide_s / FRAME_S) + 3)
    smooth = np.convolve(np.pad(midi, len(window), mode="edge"), window / window.sum(), mode="same")
    smooth = smooth[len(window) : -len(window)]
    frame = np.arange(len(midi))
    changes = np.concatenate([[0], np.flatnonzero(np.diff(midi)) + 1])
    since = (frame - changes[np.searchsorted(changes, frame, side="right") - 1]) * FRAME_S
    vibrato = np.clip((since - 0.2) / 0.2, 0.0, 1.0) * np.sin(2 * np.pi * style.vibrato_hz * frame * FRAME_S)
    knots = np.arange(0, len(midi) + 50, 50)
    drift = np.interp(frame, knots, rng.normal(0.0, 10.0, len(knots)))
    return np.asarray(440.0 * 2 ** ((smooth - 69 + (style.vibrato_cents * vibrato + drift) / 100) / 12))


def moved(envelope: Array, factor: float) -> Array:
    """Shift formants: what was at f comes to f times `factor`."""
    n_bins = envelope.shape[1]
    source = np.minimum(np.arange(n_bins) / factor, n_bins - 1)
    lower = source.astype(int)
    share = source - lower
    upper = np.minimum(lower + 1, n_bins - 1)
    return np.asarray((1 - share) * envelope[:, lower] + share * envelope[:, upper])


def continued(envelope: Array, rng: np.random.Generator) -> Array:
    """Continue logarithmic envelopes above the top of 16 kHz speech, falling by 4 to 14 dB per octave."""
    hz = np.linspace(0.0, RATE / 2, envelope.shape[1])
    top = hz > TOP_HZ[1]
    level = envelope[:, (hz > TOP_HZ[0]) & ~top].mean(1, keepdims=True)
    slope = rng.uniform(4.0, 14.0) * np.log(10) / 10
    ripple = np.interp(hz[top], np.linspace(TOP_HZ[1], RATE / 2, 6), rng.normal(0.0, 0.7, 6))
    return np.concatenate([envelope[:, ~top], level - slope * np.log2(hz[top] / TOP_HZ[1]) + ripple], axis=1)


def performed(speech: Audio, seconds: float, rng: np.random.Generator) -> Audio:
    """Let a speaker sing, alone or with a second voice (doubling, or a third above); stereo if there are two."""
    parts = analyse(speech)
    if not (parts.pitch > 0).any():
        return Audio(np.zeros((1, 0), np.float32), RATE)
    style = Style.draw(69 + 12 * np.log2(np.median(parts.pitch[parts.pitch > 0]) / 440.0), rng)
    line = int(rng.integers(2**31))
    takes = [sung(parts, style, seconds, np.random.default_rng(line))]
    if rng.random() < 0.25:
        takes.append(sung(parts, style, seconds, np.random.default_rng(line), above=int(rng.choice([0, 2]))))
        late = int(rng.uniform(0.005, 0.03) * RATE)
        takes[1] = np.concatenate([np.zeros(late), 0.7 * takes[1]])[: len(takes[0])]
        takes = [takes[0] + 0.3 * takes[1], 0.7 * takes[0] + takes[1]]
    samples = np.stack(takes).astype(np.float32)
    return resample(Audio(0.7 * samples / max(float(np.abs(samples).max(initial=0.0)), 1e-6), RATE), 44_100)


def main() -> int:
    """Write one sung line per recording of speech, OUT/SPEAKER/NAME.flac; 2 and one line for bad input."""
    parser = argparse.ArgumentParser(prog="python -m training.separation.singing", description=__doc__)
    parser.add_argument("--speech", type=Path, required=True, help="folder of speech, one folder or file per speaker")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of a line")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    files = [path for path in sorted(arguments.speech.rglob("*")) if path.suffix.lower() in SUFFIXES]
    if not files:
        print(f"no sound file below {arguments.speech}", file=sys.stderr)
        return 2
    for path in files:
        name = path.relative_to(arguments.speech).with_suffix(".flac")
        digest = int.from_bytes(hashlib.sha256(name.as_posix().encode()).digest()[:4])
        try:
            line = performed(read(path), arguments.seconds, np.random.default_rng([arguments.seed, digest]))
        except AudioError as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            return 2
        if line.samples.shape[1]:
            (arguments.out / name).parent.mkdir(parents=True, exist_ok=True)
            write(arguments.out / name, line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
