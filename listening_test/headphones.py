"""Sounds before the first trial: left and right, level, and two tests that only headphones pass.

Huggins pitch (Milne et al., Behavior Research Methods 53:1551, 2021): of three bursts of white noise one has a band
around 600 Hz inverted in one ear. The difference between the ears is heard as a faint tone; either ear alone, or a
loudspeaker, gives noise. Antiphase (Woods et al., Attention, Perception & Psychophysics 79:2064, 2017): of three low
tones one is softer and another inverted in one ear; in the air, or mixed to mono, the inverted one cancels and seems
the softest. Who guesses passes either test with probability 13 / 3^6 = 1.8 %.

Waveforms are stereo float32 (channel, sample) at the rate of the stimuli, left first; durations are in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

import audio
from audio import Audio
from listening_test.levels import SAMPLE_RATE, TARGET_LUFS

Wave = npt.NDArray[np.float64]

INTERVALS = 3
INTERVAL_S, GAP_S = 1.0, 0.5
NOISE_RAMP_S, TONE_RAMP_S = 0.03, 0.1
HUGGINS_HZ, HUGGINS_HALF_WIDTH = 600.0, 0.06  # of the centre, either side
TONE_HZ, SOFTER_DB = 200.0, 6.0
SIDES = 2
LOWEST_PINK_HZ, LEVEL_S = 20.0, 8.0
QUESTIONS = MappingProxyType({"left-right": 3, "huggins": 6, "antiphase": 6})
LEAST_CORRECT = MappingProxyType({"left-right": 3, "huggins": 5, "antiphase": 5})


def question(test: str, number: int, seed: int) -> Audio:
    """Make the sound of one question; the same seed gives the same sounds again.

    Args:
        test: left-right, huggins or antiphase.
        number: from 0, below QUESTIONS[test].
        seed: of the listener's session, at least 0.

    Raises:
        ValueError: another test or number.
    """
    rng = _chance(test, number, seed)
    return MAKERS[test](_answer(test, rng), rng)


def correct(test: str, choices: Sequence[int], seed: int) -> int:
    """Count the right choices: the interval (0, 1, 2) that holds the pitch or the softer tone, or the side (0 is left).

    Raises:
        ValueError: another test, or not one choice for each question.
    """
    if len(choices) != QUESTIONS.get(test, len(choices)):
        raise ValueError(f"{test} has {QUESTIONS[test]} questions, got {len(choices)} answers")
    right = [_answer(test, _chance(test, number, seed)) for number in range(len(choices))]
    return sum(choice == answer for choice, answer in zip(choices, right, strict=True))


def passed(test: str, n_correct: int) -> bool:
    """Whether so many right answers pass a test."""
    return n_correct >= LEAST_CORRECT[test]


def huggins(target: int, rng: np.random.Generator) -> Audio:
    """Three bursts of white noise, the same in both ears but for the Huggins band of the target."""
    return _in_a_row([_noise_burst(rng, inverted=place == target) for place in range(INTERVALS)], NOISE_RAMP_S)


def antiphase(target: int, rng: np.random.Generator) -> Audio:
    """Three tones: the target is softer, and one of the other two is inverted in the right ear."""
    inverted = int(rng.choice([place for place in range(INTERVALS) if place != target]))
    time = np.arange(round(INTERVAL_S * SAMPLE_RATE)) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * TONE_HZ * time)
    softer = 10 ** (-SOFTER_DB / 20)
    intervals = [
        np.stack([tone, -tone if place == inverted else tone]) * (softer if place == target else 1.0)
        for place in range(INTERVALS)
    ]
    return _in_a_row(intervals, TONE_RAMP_S)


def left_right(side: int, rng: np.random.Generator) -> Audio:
    """A burst of noise in one ear and silence in the other."""
    burst = _noise_burst(rng, inverted=False)
    burst[1 - side] = 0.0
    return _in_a_row([burst], NOISE_RAMP_S)


def level(rng: np.random.Generator) -> Audio:
    """Pink noise, as loud as the stimuli, to set the volume with; its end leads back to its beginning."""
    n_samples = round(LEVEL_S * SAMPLE_RATE)
    spectrum = np.fft.rfft(rng.normal(size=n_samples))
    hertz = np.fft.rfftfreq(n_samples, 1 / SAMPLE_RATE)
    spectrum *= np.where(hertz < LOWEST_PINK_HZ, 0.0, 1 / np.sqrt(np.maximum(hertz, LOWEST_PINK_HZ)))
    return _at_target(np.tile(np.fft.irfft(spectrum, n_samples), (2, 1)))


def _chance(test: str, number: int, seed: int) -> np.random.Generator:
    """Return what draws one question: first its answer, then its noise."""
    if test not in MAKERS:
        raise ValueError(f"unknown headphone test {test!r}; choose one of {', '.join(MAKERS)}")
    if not 0 <= number < QUESTIONS[test]:
        raise ValueError(f"{test} has questions 0 to {QUESTIONS[test] - 1}, not {number}")
    return np.random.default_rng([seed, list(MAKERS).index(test), number])


def _answer(test: str, rng: np.random.Generator) -> int:
    return int(rng.integers(SIDES if test == "left-right" else INTERVALS))


def _noise_burst(rng: np.random.Generator, *, inverted: bool) -> Wave:
    """White noise (2, sample); the right ear's Huggins band is shifted by 180 degrees where asked."""
    left = rng.normal(size=round(INTERVAL_S * SAMPLE_RATE))
    if not inverted:
        return np.stack([left, left])
    spectrum = np.fft.rfft(left)
    hertz = np.fft.rfftfreq(len(left), 1 / SAMPLE_RATE)
    spectrum[np.abs(hertz - HUGGINS_HZ) <= HUGGINS_HALF_WIDTH * HUGGINS_HZ] *= -1
    return np.stack([left, np.fft.irfft(spectrum, len(left))])


def _in_a_row(intervals: list[Wave], ramp_s: float) -> Audio:
    """Fade the intervals in and out and set them apart by gaps, all at one gain."""
    faded = [audio.faded(Audio(each.astype(np.float32), SAMPLE_RATE), ramp_s).samples for each in intervals]
    gap = np.zeros((2, round(GAP_S * SAMPLE_RATE)), np.float32)
    parts = [part for interval in faded for part in (gap, interval)][1:]
    return _at_target(np.concatenate(parts, axis=1))


def _at_target(samples: npt.NDArray[np.floating]) -> Audio:
    return audio.at_loudness(Audio(samples.astype(np.float32), SAMPLE_RATE), TARGET_LUFS)


MAKERS: Mapping[str, Callable[[int, np.random.Generator], Audio]] = MappingProxyType(
    {"left-right": left_right, "huggins": huggins, "antiphase": antiphase}
)
