"""SDR, SIR and SAR: closed forms on sources that no delay makes overlap, mir_eval as judge, and what has no score."""

import math

import numpy as np
import pytest
from mir_eval.separation import bss_eval_sources

from models.separation.bss_eval import TAPS, BssEvalError, References, Scores

THIRD = 6000


def apart(seed: int = 0) -> np.ndarray:
    """Vocals, accompaniment and artifact, one after the other with pauses of TAPS: orthogonal under all delays."""
    signals = np.zeros((3, 3 * THIRD))
    for index, noise in enumerate(np.random.default_rng(seed).standard_normal((3, THIRD - TAPS))):
        signals[index, index * THIRD : (index + 1) * THIRD - TAPS] = noise / np.linalg.norm(noise)
    return signals


def noise(n_sources: int = 2, n_samples: int = 20_000, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n_sources, n_samples))


def values(scores: Scores) -> list[float]:
    return [scores.sdr, scores.sir, scores.sar]


def judged(references: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    with pytest.warns(FutureWarning, match="mir_eval"):
        return np.array(bss_eval_sources(references, estimates, compute_permutation=False)[:3]).T


@pytest.mark.parametrize(("leak", "artifact"), [(0.1, 0.1), (0.5, 0.01), (1e-3, 2.0)])
def test_orthogonal_sources_score_what_their_gains_say(leak: float, artifact: float) -> None:
    vocals, accompaniment, other = apart()
    scores = References(np.stack([vocals, accompaniment])).score(vocals + leak * accompaniment + artifact * other, 0)
    expected = [1 / (leak**2 + artifact**2), 1 / leak**2, (1 + leak**2) / artifact**2]
    assert values(scores) == pytest.approx(10 * np.log10(expected), abs=1e-9)


@pytest.mark.parametrize("delay", [1, 100, TAPS - 1])
@pytest.mark.parametrize("gain", [1e-4, -30.0])
def test_level_sign_and_a_delay_within_the_filter_change_nothing(delay: int, gain: float) -> None:
    signals = apart()
    references, estimate = References(signals[:2]), np.array([1.0, 0.2, 0.3]) @ signals
    expected = values(references.score(estimate, 0))
    assert values(references.score(gain * np.roll(estimate, delay), 0)) == pytest.approx(expected, abs=1e-9)


def test_an_estimate_that_comes_one_sample_early_is_not_forgiven() -> None:
    references, estimate = noise(), noise()[0] + 0.1 * noise()[1]
    early = np.append(estimate[1:], 0.0)
    scores = References(references)
    assert scores.score(early, 0).sdr < scores.score(estimate, 0).sdr - 10
    assert values(scores.score(early, 0)) == pytest.approx(judged(references, np.stack([early, early]))[0], abs=1e-3)


def band_limited(n_samples: int, stop_band: float) -> np.ndarray:
    """Noise with little or nothing above a fifth of the band, as lossy files have it above 16 kHz."""
    spectra = np.fft.rfft(noise(n_samples=n_samples))
    spectra[:, n_samples // 10 :] *= stop_band
    return np.fft.irfft(spectra, n_samples)


def near_singular() -> dict[str, np.ndarray]:
    mostly_silent, impulse, dependent = noise(), noise(), noise()
    mostly_silent[0, 500:] = 0.0
    impulse[0] = np.eye(1, 20_000, 300)
    dependent[1] = dependent[0] + 1e-4 * dependent[1]
    t = np.arange(20_000) / 44_100
    tones = np.stack([sum(np.sin(2 * np.pi * f * k * t) / k for k in range(1, 9)) for f in (220.0, 330.0)])
    names = ("mostly silent", "impulse", "dependent", "band-limited", "tones")
    return dict(zip(names, (mostly_silent, impulse, dependent, band_limited(20_000, 1e-4), tones), strict=True))


@pytest.mark.parametrize("n_sources", [2, 3])
@pytest.mark.parametrize("n_samples", [3_000, 20_000, 33_001])
def test_mir_eval_agrees_on_noise(n_sources: int, n_samples: int) -> None:
    references = noise(n_sources, n_samples)
    estimates = references + 0.3 * np.roll(references, 1, axis=0) + 0.1 * noise(n_sources, n_samples, seed=1)
    ours = References(references)
    measured = [values(ours.score(estimate, source)) for source, estimate in enumerate(estimates)]
    assert np.abs(measured - judged(references, estimates)).max() < 1e-3


@pytest.mark.parametrize("case", near_singular())
def test_mir_eval_agrees_where_the_gram_matrix_is_nearly_singular(case: str) -> None:
    references = near_singular()[case]
    estimates = references + 0.3 * references[::-1] + 0.05 * noise(seed=2)
    ours = References(references)
    measured = [values(ours.score(estimate, source)) for source, estimate in enumerate(estimates)]
    assert np.abs(measured - judged(references, estimates)).max() < 1e-3


def by_definition(references: np.ndarray, estimate: np.ndarray) -> list[float]:
    """Score source 0 by projecting on the delayed sources themselves, without a Gram matrix."""
    padded, n_samples = np.pad(estimate, (0, TAPS - 1)), references.shape[1]
    delayed = np.zeros((n_samples + TAPS - 1, 2, TAPS))
    for delay in range(TAPS):
        delayed[delay : delay + n_samples, :, delay] = references.T
    own, basis = np.linalg.qr(delayed[:, 0])[0], np.linalg.qr(delayed.reshape(len(delayed), -1))[0]
    target, explained = own @ (own.T @ padded), basis @ (basis.T @ padded)
    parts = [(target, padded - target), (target, explained - target), (explained, padded - explained)]
    return [10 * math.log10((signal @ signal) / (error @ error)) for signal, error in parts]


def test_references_with_hardly_any_highs_score_what_the_definition_says() -> None:
    references = band_limited(3_000, 1e-4)
    estimate = references[0] + 0.3 * references[1] + 0.05 * noise(n_samples=3_000, seed=2)[0]
    expected = by_definition(references, estimate)
    assert values(References(references).score(estimate, 0)) == pytest.approx(expected, abs=1e-3)


def test_equal_references_still_tell_how_much_is_artifact() -> None:
    vocals, _, other = apart()
    scores = References(np.stack([vocals, vocals])).score(vocals + 0.1 * other, 0)
    assert [scores.sdr, scores.sar] == pytest.approx([20.0, 20.0], abs=1e-3)
    assert scores.sir > 60


def test_the_mixture_has_no_artifacts_and_the_input_ratio_as_sdr_and_sir() -> None:
    vocals, accompaniment, _ = apart()
    scores = References(np.stack([vocals, accompaniment])).score(vocals + 2 * accompaniment, 0)
    assert [scores.sdr, scores.sir] == pytest.approx([-20 * math.log10(2)] * 2, abs=1e-9)
    assert 100 < scores.sar < math.inf


def test_a_swapped_pair_is_not_put_right() -> None:
    references = noise()
    ours = References(references)
    assert ours.score(references[1], 0).sdr < -10 < 100 < ours.score(references[1], 1).sdr


def test_a_silent_estimate_has_no_score() -> None:
    assert all(math.isnan(value) for value in values(References(noise()).score(np.zeros(20_000), 1)))


def test_nothing_handed_in_is_changed() -> None:
    references, estimate = noise(), noise(seed=1)[0]
    before = references.copy(), estimate.copy()
    References(references).score(estimate, 0)
    assert np.array_equal(references, before[0]) and np.array_equal(estimate, before[1])


@pytest.mark.parametrize(
    ("references", "message"),
    [
        (noise(1), "at least two sources, got \\(1, 20000\\)"),
        (noise()[0], "got \\(20000,\\)"),
        (noise(2, 1023), "1023 samples are too short.*at least 1024"),
        (noise() * np.array([[1.0], [0.0]]), "reference 1 is silent"),
        (noise() * np.array([[np.nan], [1.0]]), "reference 0 holds samples that are not numbers"),
    ],
)
def test_unusable_references_are_refused_in_words(references: np.ndarray, message: str) -> None:
    with pytest.raises(BssEvalError, match=message):
        References(references)


def test_unusable_estimates_are_refused_in_words() -> None:
    references = References(noise())
    with pytest.raises(BssEvalError, match="shape \\(7,\\), the references have 20000 samples"):
        references.score(np.ones(7), 0)
    with pytest.raises(BssEvalError, match="not numbers"):
        references.score(np.full(20_000, np.inf), 0)
