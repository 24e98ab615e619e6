"""Intervals and tests over listeners: closed forms, and scipy as the judge."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test, ttest_1samp

from listening_test.resampling import (
    cluster_bootstrap,
    expanded_quantiles,
    median_interval,
    ratio_interval,
    sign_flip_test,
    wilson,
)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@settings(deadline=None)  # a busy machine is no fault
@given(st.integers(1, 500), st.data())
def test_wilson_is_scipys(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    expected = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert wilson(successes, trials) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_without_answers_there_is_no_interval() -> None:
    assert wilson(0, 0) is None
    assert cluster_bootstrap([], [], generator()) is None
    assert cluster_bootstrap([3], [4], generator()) is None
    assert cluster_bootstrap([3, 0], [4, 0], generator()) is None
    assert median_interval([1, 2, 3], ["one"] * 3, generator()) is None


def test_listeners_who_agree_exactly_leave_no_doubt() -> None:
    assert cluster_bootstrap([3] * 7, [4] * 7, generator()) == (0.75, 0.75)


def test_two_opposite_listeners_leave_every_doubt() -> None:
    assert cluster_bootstrap([5, 0], [5, 5], generator()) == (0.0, 1.0)


def test_ten_copies_of_every_vote_do_not_narrow_the_interval() -> None:
    firsts = np.array([1] * 12 + [0] * 8)
    once, ten_times = (cluster_bootstrap(n * firsts, np.full(20, n), generator(2)) for n in (1, 10))
    assert once is not None and once == ten_times
    narrow = wilson(120, 200) or (0, 1)
    assert narrow[1] - narrow[0] < 0.5 * (once[1] - once[0])


def test_the_interval_of_a_mean_is_students() -> None:
    """For bell-shaped listeners the expanded percentile interval is that of the t test, up to the draws."""
    values = generator(3).normal(50, 10, size=12)
    expected = ttest_1samp(values, 0).confidence_interval(0.95)
    low, high = ratio_interval(values, np.ones(12), generator(4))
    width = expected.high - expected.low
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), abs=0.08 * width)


def test_leading_axes_are_separate_estimates() -> None:
    values = generator(5).normal(size=(3, 9))
    low, high = ratio_interval(values, np.ones((3, 9)), generator(6))
    alone = [cluster_bootstrap(row, np.ones(9), generator(6)) for row in values]
    assert np.stack([low, high], 1) == pytest.approx(np.array(alone))
    p = sign_flip_test(values, generator())
    assert p == pytest.approx([float(sign_flip_test(row, generator())) for row in values])


def test_quantiles_move_outwards_as_listeners_get_fewer() -> None:
    draws = generator(7).normal(size=10_000)
    widths = [np.subtract(*expanded_quantiles(draws, n)[::-1]) for n in (5, 20, 10_000)]
    assert widths[0] > widths[1] > widths[2] == pytest.approx(2 * 1.96, rel=0.03)


def test_median_interval_holds_the_median_and_draws_listeners() -> None:
    values = generator(8).normal(size=200)
    many = median_interval(values, np.arange(200), generator(9))
    few = median_interval(np.sort(values), np.repeat(np.arange(5), 40), generator(9))
    assert many is not None and few is not None
    assert many[0] < np.median(values) < many[1]
    assert few[1] - few[0] > 3 * (many[1] - many[0])


def test_sign_flips_in_closed_form() -> None:
    """Five equal differences: only the two patterns of one sign are as extreme, 2 / 2^5."""
    assert float(sign_flip_test([1.0] * 5, generator())) == 2 / 32
    assert float(sign_flip_test([1.0, -1.0], generator())) == 1.0


def test_sign_flips_are_scipys_permutation_test() -> None:
    differences = generator(10).normal(0.6, 1, size=11)
    reference = permutation_test((differences, np.zeros(11)), lambda x, y, axis: (x - y).mean(axis=axis),
                                 permutation_type="samples", vectorized=True, n_resamples=np.inf)  # fmt: skip
    assert float(sign_flip_test(differences, generator())) == pytest.approx(reference.pvalue)


def test_drawn_sign_flips_approach_the_exact_ones() -> None:
    differences = generator(11).normal(0.5, 1, size=12)
    exact = float(sign_flip_test(differences, generator(), draws=2**12))
    assert float(sign_flip_test(differences, generator(12), draws=4000)) == pytest.approx(exact, abs=0.02)
