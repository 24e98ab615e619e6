"""Votes and choices: closed forms, scipy and evalica as judges."""

import evalica
import numpy as np
import pytest
from evalica import Winner
from scipy.stats import norm

from listening_test import bradley_terry
from listening_test.signal_detection import guessing_power, guessing_test, sensitivity

CONDITIONS = ("lstm", "random-walk", "human")


def votes(seed: int, listeners: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Random votes by listener: (listener, winner, loser) and symmetric ties."""
    generator = np.random.default_rng(seed)
    wins = generator.integers(0, 4, size=(listeners, 3, 3)) * [[0, 2, 1], [1, 0, 1], [2, 3, 0]]
    ties = np.triu(generator.integers(0, 3, size=(listeners, 3, 3)), 1)
    return wins, ties + ties.transpose(0, 2, 1)


def test_two_conditions_in_closed_form() -> None:
    """Without ties the odds are those of the votes; v makes the expected ties the counted ones."""
    s, v = bradley_terry.fit([[0, 30], [10, 0]], np.zeros((2, 2)), prior=0)
    assert s[0] / s[1] == pytest.approx(3, rel=1e-4) and v == 0
    s, v = bradley_terry.fit([[0, 30], [30, 0]], [[0, 40], [40, 0]], prior=0)
    assert s == pytest.approx([1, 1]) and v / (1 + v) == pytest.approx(0.4, abs=1e-5)


def test_strengths_with_ties_are_evalicas() -> None:
    wins, ties = (table.sum(0) for table in votes(1))
    xs, ys, winners, weights = [], [], [], []
    for i, first in enumerate(CONDITIONS):
        for j, second in enumerate(CONDITIONS):
            for winner, count in ((Winner.X, wins[i, j]), (Winner.Draw, ties[i, j] / 2)):
                if i != j:
                    xs, ys = [*xs, first], [*ys, second]
                    winners, weights = [*winners, winner], [*weights, float(count)]
    expected = evalica.newman(xs, ys, winners, weights=weights, tolerance=1e-10, limit=5000)
    s, v = bradley_terry.fit(wins, ties, prior=0)
    reference = expected.scores.loc[list(CONDITIONS)].to_numpy()
    assert s / s[0] == pytest.approx(reference / reference[0], rel=1e-3)
    assert float(v) == pytest.approx(expected.v, rel=1e-3)


def test_intervals_hold_the_estimate_and_the_baseline_is_certain() -> None:
    result = bradley_terry.strengths(*votes(2), CONDITIONS, "random-walk", np.random.default_rng(0))
    assert result is not None
    assert all(
        low <= share <= high for low, share, high in zip(result.low, result.win_probability, result.high, strict=True)
    )
    assert (result.low[1], result.win_probability[1], result.high[1]) == (0.5, 0.5, 0.5)
    assert all(1 <= best <= worst <= 3 for best, worst in zip(result.rank_low, result.rank_high, strict=True))


def test_a_condition_that_never_loses_stays_finite() -> None:
    wins = np.tile([[0, 2, 2], [0, 0, 1], [0, 1, 0]], (5, 1, 1))
    result = bradley_terry.strengths(wins, np.zeros((5, 3, 3)), CONDITIONS, "human", np.random.default_rng(0))
    assert result is not None and 0.9 < result.win_probability[0] < 1 and result.rank_high[0] == 1
    assert bradley_terry.strengths(wins[:1], wins[:1], CONDITIONS, "human", np.random.default_rng(0)) is None


def test_d_prime_in_closed_form() -> None:
    """Right with probability p in both orders: d' is sqrt(2) z(p), and no slot is favoured."""
    right = np.repeat([True, False], 10_000)
    said = np.concatenate([np.arange(10_000) < 7500, np.arange(10_000) >= 7500])
    result = sensitivity(said, right)
    assert result.d_prime == pytest.approx(np.sqrt(2) * norm.ppf(0.75), abs=1e-3)
    assert result.criterion == pytest.approx(0, abs=1e-9)


def test_d_prime_of_nobody_erring_is_finite_and_a_favourite_shows() -> None:
    right = np.array([True, False] * 4)
    assert 1 < sensitivity(right, right).d_prime < 3
    always_first = sensitivity(np.ones(8), right)
    assert always_first.d_prime == pytest.approx(0) and always_first.criterion < -1


def test_abx_in_closed_form() -> None:
    assert guessing_test(12, 16) == pytest.approx(0.0384, abs=5e-5)
    assert guessing_test(11, 16) == pytest.approx(0.1051, abs=5e-5)
    assert guessing_test(0, 0) == 1


@pytest.mark.parametrize(("share", "first", "stable"), [(0.60, 199, 210), (0.65, 90, 97), (0.70, 49, 54)])
def test_votes_needed_against_guessing(share: float, first: int, stable: int) -> None:
    """The smallest number with power .8, and the smallest from which it stays there: power is a sawtooth."""
    enough = np.array([guessing_power(n, share) >= 0.8 for n in range(1, 400)])
    assert enough.argmax() + 1 == first
    assert len(enough) - enough[::-1].argmin() + 1 == stable
