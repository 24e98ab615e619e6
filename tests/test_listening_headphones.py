"""The headphone tests: what each ear gets, what a loudspeaker would make of it, and what guessing earns."""

import numpy as np
import pytest
from scipy.stats import binom

import audio
from audio import Audio
from listening_test import headphones

RATE = 44_100
FIRST, STEP = RATE, round(1.5 * RATE)  # samples of an interval, and from one interval to the next


def intervals(sound: Audio) -> list[np.ndarray]:
    """The three intervals, (channel, sample) each; between them there is silence."""
    assert sound.samples.shape == (2, 2 * STEP + FIRST)
    gaps = [sound.samples[:, place * STEP + FIRST : (place + 1) * STEP] for place in range(2)]
    assert all(not gap.any() for gap in gaps)
    return [sound.samples[:, place * STEP : place * STEP + FIRST].astype(float) for place in range(3)]


def band_energy(wave: np.ndarray, lowest_hz: float, highest_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(wave)) ** 2
    hertz = np.fft.rfftfreq(len(wave), 1 / RATE)
    return float(spectrum[(hertz >= lowest_hz) & (hertz <= highest_hz)].sum())


@pytest.mark.parametrize("target", range(3))
def test_huggins_ears_differ_by_the_sign_of_one_band_of_the_target(target: int) -> None:
    for place, (left, right) in enumerate(intervals(headphones.huggins(target, np.random.default_rng(1)))):
        if place != target:
            assert (left == right).all()
            continue
        difference, total = (left - right) / 2, (left + right) / 2
        assert band_energy(difference, 580, 620) == pytest.approx(band_energy(left, 580, 620), rel=0.02)
        assert band_energy(difference, 700, 20_000) < 1e-4 * band_energy(left, 700, 20_000)
        assert band_energy(total, 580, 620) < 1e-2 * band_energy(left, 580, 620)


def test_neither_ear_alone_hears_the_huggins_pitch() -> None:
    """The band is as strong in the target as in the others, in each ear; only chance moves it."""
    rng = np.random.default_rng(2)
    ratios = []
    for _ in range(10):
        bursts = intervals(headphones.huggins(1, rng))
        strength = [band_energy(burst[1], 564, 636) / band_energy(burst[1], 100, 20_000) for burst in bursts]
        ratios.append(strength[1] / np.mean([strength[0], strength[2]]))
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.15)  # 72 bins: 12 % each, 4-5 % over ten


@pytest.mark.parametrize("target", range(3))
def test_antiphase_the_softer_tone_is_right_on_headphones_and_wrong_in_the_air(target: int) -> None:
    tones = intervals(headphones.antiphase(target, np.random.default_rng(3)))
    ears = np.array([np.sqrt(np.mean(tone**2)) for tone in tones])
    in_air = np.array([np.sqrt(np.mean((tone.sum(axis=0) / 2) ** 2)) for tone in tones])
    assert ears.argmin() == target
    assert 20 * np.log10(ears[target] / ears.max()) == pytest.approx(-6.0, abs=0.01)
    assert in_air.argmin() != target and in_air.min() < 1e-6


def test_the_inverted_tone_is_either_of_the_other_two() -> None:
    rng, inverted = np.random.default_rng(4), set()
    for _ in range(10):
        tones = intervals(headphones.antiphase(0, rng))
        inverted.add(int(np.argmin([np.abs(tone.sum(axis=0)).max() for tone in tones])))
    assert inverted == {1, 2}


def test_left_is_left() -> None:
    for side in range(2):
        samples = headphones.left_right(side, np.random.default_rng(5)).samples
        assert samples[side].any() and not samples[1 - side].any()


def test_the_level_sound_is_pink_and_loops_without_a_step() -> None:
    sound = headphones.level(np.random.default_rng(6))
    left = sound.samples[0].astype(float)
    octaves = [band_energy(left, lowest, 2 * lowest) for lowest in (100, 400, 1600, 6400)]
    assert np.allclose(octaves, np.mean(octaves), rtol=0.15)  # equal energy in every octave
    steps = np.abs(np.diff(left))
    assert abs(left[0] - left[-1]) < steps.max()


@pytest.mark.parametrize("test", headphones.QUESTIONS)
def test_a_question_comes_back_with_its_seed_at_the_level_of_the_stimuli(test: str) -> None:
    asked, again = (headphones.question(test, 0, seed=7) for _ in range(2))
    assert (asked.samples == again.samples).all()
    others = [headphones.question(test, 0, seed) for seed in range(8, 12)]
    assert any((asked.samples != other.samples).any() for other in others)
    assert audio.loudness(asked) == pytest.approx(-23.0, abs=0.1)
    assert np.abs(asked.samples).max() < 1.0


def test_whoever_hears_the_sounds_answers_all_right() -> None:
    softest = [
        int(np.argmin([np.abs(tone[0]).max() for tone in intervals(headphones.question("antiphase", number, 11))]))
        for number in range(6)
    ]
    assert headphones.correct("antiphase", softest, 11) == 6
    assert headphones.correct("antiphase", [(choice + 1) % 3 for choice in softest], 11) == 0


def test_answers_are_spread_over_the_choices() -> None:
    always_first = [headphones.correct("huggins", [0] * 6, seed) for seed in range(400)]
    assert np.mean(always_first) == pytest.approx(2.0, abs=0.25)  # 6 / 3, standard error 0.06
    assert np.mean([count >= 5 for count in always_first]) < 0.05


@pytest.mark.parametrize(("test", "options", "chance"), [("huggins", 3, 13 / 729), ("left-right", 2, 1 / 8)])
def test_guessing_passes_seldom(test: str, options: int, chance: float) -> None:
    counts = range(headphones.QUESTIONS[test] + 1)
    least = min(count for count in counts if headphones.passed(test, count))
    assert binom.sf(least - 1, headphones.QUESTIONS[test], 1 / options) == pytest.approx(chance)


@pytest.mark.parametrize(("test", "number", "message"), [("hearing", 0, "'hearing'"), ("huggins", 6, "not 6")])
def test_a_question_that_does_not_exist_is_refused(test: str, number: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        headphones.question(test, number, 1)


def test_a_test_is_answered_as_a_whole() -> None:
    with pytest.raises(ValueError, match="huggins has 6 questions, got 2 answers"):
        headphones.correct("huggins", [0, 1], 1)
