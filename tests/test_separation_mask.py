"""The laws of the probabilistic binary mask: nested, extreme, additive, mirrored."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.separation.mask import LEVELS, accompaniment_mask, ideal_binary, ideal_ratio, quantise, vocal_mask

EVERY_LEVEL = torch.arange(LEVELS, dtype=torch.uint8)
alphas = st.floats(0.0, 1.0)
softnesses = st.sampled_from([0.0, 0.25, 1.0, 2.0])


@given(low=alphas, high=alphas, softness=softnesses)
def test_masks_are_nested(low: float, high: float, softness: float) -> None:
    low, high = sorted((low, high))
    assert (vocal_mask(EVERY_LEVEL, low, softness) >= vocal_mask(EVERY_LEVEL, high, softness)).all()


@given(softness=softnesses)
def test_alpha_0_keeps_everything_and_alpha_1_nothing(softness: float) -> None:
    assert (vocal_mask(EVERY_LEVEL, 0.0, softness) == 1).all()
    assert (vocal_mask(EVERY_LEVEL, 1.0, softness) == 0).all()
    assert (accompaniment_mask(EVERY_LEVEL, 0.0, softness) == 1).all()
    assert (accompaniment_mask(EVERY_LEVEL, 1.0, softness) == 0).all()


def test_both_rules_agree_at_one_half() -> None:
    assert torch.equal(accompaniment_mask(EVERY_LEVEL, 0.5), 1 - vocal_mask(EVERY_LEVEL, 0.5))


@given(alpha=alphas)
def test_the_papers_rules_share_bins_below_one_half_and_leave_some_out_above(alpha: float) -> None:
    both = vocal_mask(EVERY_LEVEL, alpha) + accompaniment_mask(EVERY_LEVEL, alpha)
    edge = round(alpha * LEVELS)
    assert int((both == 2).sum()) == max(0, LEVELS - 2 * edge)
    assert int((both == 0).sum()) == max(0, 2 * edge - LEVELS)


@pytest.mark.parametrize(("alpha", "kept"), [(0.25, 192), (0.5, 128), (0.999, 0), (0.996, 1)])
def test_binary_mask_keeps_the_levels_above_the_edge(alpha: float, kept: int) -> None:
    assert int(vocal_mask(EVERY_LEVEL, alpha).sum()) == kept


def test_softness_1_at_one_half_is_the_probability_and_0_its_limit() -> None:
    assert torch.allclose(vocal_mask(EVERY_LEVEL, 0.5, 1.0), (EVERY_LEVEL + 0.5) / LEVELS, atol=1e-6)
    assert torch.allclose(vocal_mask(EVERY_LEVEL, 0.3, 1e-4), vocal_mask(EVERY_LEVEL, 0.3), atol=1e-6)


def test_quantising_keeps_probabilities_within_one_level() -> None:
    p = torch.linspace(0, 1, 1001)
    levels = quantise(p)
    assert levels.dtype == torch.uint8
    assert ((levels.float() / LEVELS - p).abs() <= 1 / LEVELS).all()
    assert int(levels[-1]) == 255


def test_ideal_masks_in_closed_form() -> None:
    vocals, accompaniment = torch.tensor([3.0, 1.0, 0.0, 0.0]), torch.tensor([4.0, 1.0, 0.0, 2.0])
    assert ideal_binary(vocals, accompaniment).tolist() == [0, 0, 0, 0]
    assert ideal_binary(accompaniment, vocals).tolist() == [1, 0, 0, 1]
    assert ideal_ratio(vocals, accompaniment).tolist() == pytest.approx([9 / 25, 0.5, 0.0, 0.0])


@pytest.mark.parametrize(("alpha", "softness"), [(-0.01, 0.0), (1.01, 0.0), (float("nan"), 0.0), (0.5, -1.0)])
def test_values_out_of_range_are_refused_by_name(alpha: float, softness: float) -> None:
    with pytest.raises(ValueError, match=r"alpha must lie|softness must not"):
        vocal_mask(EVERY_LEVEL, alpha, softness)
