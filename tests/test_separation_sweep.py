"""The sweep over alpha: the law of the curves, the best alpha, SAR at equal SIR, stems that do not fit."""

import numpy as np
import pytest
import torch

from audio import Audio
from models.separation.bss_eval import BssEvalError
from models.separation.mask import ideal_ratio, quantise
from models.separation.separate import Probabilities, predict, split
from models.separation.spectrogram import istft, stft
from models.separation.sweep import (
    ACCOMPANIMENT,
    ALPHAS,
    VOCALS,
    Curve,
    SweepError,
    best_alpha,
    like_to_like,
    prepared,
    score,
    scored,
    sweep,
)

RATE = 44_100


def stems(seconds: float = 2.0, channels: int = 1) -> tuple[Audio, Audio]:
    """Noise whose bins are as unevenly loud as those of music: in each, one of the two stems rules."""
    rng, length = np.random.default_rng(0), round(seconds * RATE)
    spectra = stft(torch.from_numpy(rng.standard_normal((2 * channels, length)).astype(np.float32)))
    spectra = spectra * torch.from_numpy(np.exp(2 * rng.standard_normal((2 * channels, *spectra.shape[1:]))))
    sound = istft(spectra.to(torch.complex64), length).numpy()
    return Audio(sound[:channels], RATE), Audio(sound[channels:], RATE)


def ideal(truth: tuple[Audio, Audio]) -> Probabilities:
    """A model that knows the stems: the vocals' share of the energy as probability."""
    V, A = (stft(torch.from_numpy(stem.samples)).abs()[0] for stem in truth)  # noqa: N806
    return Probabilities(quantise(ideal_ratio(V, A)).numpy(), "ideal")


def line(offset: float, sirs: np.ndarray) -> Curve:
    """A curve on which SAR is offset - SIR for both stems."""
    both = np.stack([sirs, sirs])
    return Curve(np.linspace(0.1, 0.9, len(sirs)), both * 0.0, both, offset - both)


@pytest.mark.parametrize("rule", ["paper", "complement"])
def test_less_of_the_other_source_is_left_as_alpha_rises_and_one_half_cuts_energies_best(rule: str) -> None:
    truth = stems()
    curve = sweep(truth, ideal(truth), rule=rule)
    inner = slice(1, 9)
    assert (np.diff(curve.sir[VOCALS, inner]) > 0).all()
    rising = np.diff(curve.sir[ACCOMPANIMENT, 2:10]) > 0
    assert rising.all() if rule == "paper" else not rising.any()
    assert best_alpha(curve) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("softness", [0.0, 1.0])
@pytest.mark.parametrize("rule", ["paper", "complement"])
def test_a_sweep_scores_what_split_cuts(rule: str, softness: float) -> None:
    truth = stems(0.5)
    song, probabilities = Audio(truth[0].samples + truth[1].samples, RATE), ideal(truth)
    curve = sweep(truth, probabilities, (0.2, 0.7), rule=rule, softness=softness)
    for index, alpha in enumerate((0.2, 0.7)):
        cut = score(prepared(truth), split(song, probabilities, alpha, rule=rule, softness=softness))
        for stem in (VOCALS, ACCOMPANIMENT):
            expected = [cut[stem].sdr, cut[stem].sir, cut[stem].sar]
            measured = [curve.sdr[stem, index], curve.sir[stem, index], curve.sar[stem, index]]
            assert measured == pytest.approx(expected, abs=1e-3)


def test_alpha_0_is_the_mixture_and_alpha_1_is_silent_and_has_no_score() -> None:
    truth = stems()
    curve = sweep(truth, ideal(truth))
    ratio = 10 * np.log10(sum(truth[0].samples[0] ** 2) / sum(truth[1].samples[0] ** 2))
    assert curve.sdr[:, 0] == pytest.approx([ratio, -ratio], abs=0.3)  # filters fit noise of 2 s a little
    assert curve.sdr[:, 0] == pytest.approx(curve.sir[:, 0], abs=1e-6)
    assert np.isnan(np.stack([curve.sdr[:, -1], curve.sir[:, -1], curve.sar[:, -1]])).all()
    assert np.isfinite(np.stack([curve.sdr[:, :-1], curve.sir[:, :-1], curve.sar[:, :-1]])).all()


def test_a_sweep_can_be_taken_step_by_step_and_share_its_references() -> None:
    truth = stems(0.5, channels=2)
    probabilities, references = ideal(stems(0.5)), prepared(truth)
    whole = sweep(truth, probabilities, references=references)
    steps = Curve.of(ALPHAS[:3], scored(truth, probabilities, ALPHAS[:3]))
    assert np.array_equal(steps.sar, whole.sar[:, :3])


def test_a_mono_stem_beside_a_stereo_one_scores_like_the_mean_of_channels() -> None:
    (vocals, accompaniment), mono = stems(0.5, channels=2), stems(0.5)
    mean = Audio(accompaniment.samples.mean(axis=0, keepdims=True), RATE)
    probabilities = ideal(mono)
    mixed, both = sweep((vocals, mean), probabilities), sweep((vocals, accompaniment), probabilities)
    assert np.array_equal(mixed.sir, both.sir, equal_nan=True)


def test_any_model_of_the_separator_can_be_swept() -> None:
    truth = stems(0.5)
    song = Audio(truth[0].samples + truth[1].samples, RATE)
    curve = sweep(truth, predict(song), (0.2, 0.8))
    assert curve.sdr.shape == (2, 2)


def test_perfect_estimates_score_far_above_all_others() -> None:
    truth = stems(0.5)
    assert min(stem.sdr for stem in score(prepared(truth), truth)) > 100


def test_the_best_alpha_is_the_peak_between_grid_points() -> None:
    alphas = np.linspace(0, 1, 11)
    sdr = np.stack([5 - 20 * (alphas - 0.437) ** 2, alphas])
    assert best_alpha(Curve(alphas, sdr, sdr, sdr)) == pytest.approx(0.437)
    sdr[0, 5:] = np.nan  # the best point, at 0.4, has a silent neighbour
    assert best_alpha(Curve(alphas, sdr, sdr, sdr)) == pytest.approx(0.4)
    sdr[0] = np.nan
    with pytest.raises(SweepError, match="silent at every alpha"):
        best_alpha(Curve(alphas, sdr, sdr, sdr))


def test_like_to_like_reads_both_curves_at_the_same_sir_and_only_where_both_are() -> None:
    first, second = line(23.0, np.linspace(2, 12, 9)), line(20.0, np.linspace(5.1, 30, 40))
    grid, gain = like_to_like(first, second, VOCALS)
    assert (grid[0], grid[-1]) == (5.25, 12.0)
    assert gain == pytest.approx(np.full(len(grid), 3.0))
    _, reverse = like_to_like(second, first, VOCALS)
    assert reverse == pytest.approx(-gain)


def test_like_to_like_leaves_out_where_sir_falls_back_and_what_separates_nothing() -> None:
    straight = line(20.0, np.linspace(2, 12, 9))
    bent = line(20.0, np.linspace(2, 12, 9))
    bent.sir[VOCALS, -1], bent.sar[VOCALS, -1] = 7.0, -30.0  # both measures fall at the highest alpha
    bent.sir[VOCALS, 0], bent.sar[VOCALS, 0] = 0.0, 150.0  # the mixture itself
    grid, gain = like_to_like(bent, straight, VOCALS)
    assert (grid[0], grid[-1]) == (3.25, 10.75)
    assert np.abs(gain).max() < 1e-9


def test_like_to_like_reads_a_curve_whose_sir_falls_with_alpha_backwards() -> None:
    falling = line(23.0, np.linspace(12, 2, 9))
    grid, gain = like_to_like(falling, line(20.0, np.linspace(0, 30, 9)), ACCOMPANIMENT)
    assert (grid[0], grid[-1]) == (2.0, 12.0)
    assert gain == pytest.approx(np.full(len(grid), 3.0))


def test_like_to_like_of_curves_that_share_no_sir_is_empty() -> None:
    nothing = Curve(np.array([0.5]), *np.full((3, 2, 1), np.nan))
    for other in (line(20.0, np.linspace(15, 30, 5)), nothing):
        grid, gain = like_to_like(line(20.0, np.linspace(2, 12, 9)), other, VOCALS)
        assert len(grid) == len(gain) == 0


def test_stems_that_do_not_fit_are_refused_in_words() -> None:
    vocals, accompaniment = stems(0.5)
    shorter = Audio(vocals.samples[:, :-2205], RATE)
    slower = Audio(vocals.samples, 22_050)
    silent = Audio(0 * vocals.samples, RATE)
    with pytest.raises(SweepError, match=r"vocals last 0\.45 s and the accompaniment 0\.50 s; export both"):
        prepared((shorter, accompaniment))
    with pytest.raises(SweepError, match="vocals have 22050 Hz and the accompaniment 44100 Hz; export both"):
        prepared((slower, accompaniment))
    with pytest.raises(BssEvalError, match="reference 0 is silent"):
        prepared((silent, accompaniment))


def test_values_that_are_no_curve_are_refused() -> None:
    with pytest.raises(SweepError, match="alphas must rise"):
        Curve(np.array([0.5, 0.5]), *np.zeros((3, 2, 2)))
    with pytest.raises(SweepError, match=r"sar must be \(2, 1\)"):
        Curve(np.array([0.5]), np.zeros((2, 1)), np.zeros((2, 1)), np.zeros((1, 1)))
