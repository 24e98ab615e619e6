"""SDR, SIR and SAR over alpha: the curves of Simpson, Roma & Plumbley (2015), the best alpha, and SAR at equal SIR.

The network has run before; here the stored probabilities are cut at one alpha after another and both stems scored
against the true ones. As in the paper the signals are mono, the mean of the channels, which costs less and changes
nothing: one mask serves all channels. Scores are in dB, axes (stem, alpha), stem 0 the vocals, 1 the accompaniment.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audio import Audio
from models.separation.bss_eval import References, Scores
from models.separation.separate import Probabilities, Rule, split

Array = npt.NDArray[np.float64]
Stems = tuple[Audio, Audio]
Pair = tuple[Scores, Scores]  # of the vocals and of the accompaniment

ALPHAS = tuple(step / 10 for step in range(11))
VOCALS, ACCOMPANIMENT = 0, 1
WHOLE_DB = 60.0  # SAR of an estimate that kept all of the mixture but some rounding: it separated nothing
SIR_STEP_DB = 0.25


class SweepError(ValueError):
    """True stems that are not of one song, or curves that nothing can be read from; the message says why."""


@dataclass(frozen=True)
class Curve:
    """Scores of both stems over alpha; NaN where a stem is silent.

    Attributes:
        alphas: (alpha,), rising, 0 to 1.
        sdr: (stem, alpha).
        sir: (stem, alpha).
        sar: (stem, alpha).
    """

    alphas: Array
    sdr: Array
    sir: Array
    sar: Array

    def __post_init__(self) -> None:
        """Refuse alphas that do not rise and scores of another shape."""
        if self.alphas.ndim != 1 or not len(self.alphas) or (np.diff(self.alphas) <= 0).any():
            raise SweepError(f"alphas must rise, got {self.alphas}")
        for name in ("sdr", "sir", "sar"):
            if getattr(self, name).shape != (2, len(self.alphas)):
                raise SweepError(f"{name} must be (2, {len(self.alphas)}), got {getattr(self, name).shape}")

    @staticmethod
    def of(alphas: Sequence[float], pairs: Iterable[Pair]) -> Curve:
        """Gather the scores that `scored` yields for these alphas."""
        measured = np.array([[(stem.sdr, stem.sir, stem.sar) for stem in pair] for pair in pairs])
        sdr, sir, sar = measured.transpose(2, 1, 0)  # from (alpha, stem, score)
        return Curve(np.array(alphas, dtype=np.float64), sdr, sir, sar)


def mono(truth: Stems) -> Stems:
    """Take the mean of the channels of true stems; a mono stem may stand beside a stereo one.

    Raises:
        SweepError: the stems differ in length or rate.
    """
    vocals, accompaniment = truth
    if vocals.sample_rate != accompaniment.sample_rate:
        raise SweepError(
            f"the vocals have {vocals.sample_rate} Hz and the accompaniment {accompaniment.sample_rate} Hz; "
            "export both at one rate"
        )
    if vocals.samples.shape[1] != accompaniment.samples.shape[1]:
        raise SweepError(
            f"the vocals last {vocals.duration:.2f} s and the accompaniment {accompaniment.duration:.2f} s; "
            "export both from the same start to the same end"
        )
    return _mean(vocals), _mean(accompaniment)


def prepared(truth: Stems) -> References:
    """Factorise true stems once, for all that is scored against them.

    Raises:
        SweepError: see `mono`.
        BssEvalError: a stem is silent, or both are too short.
    """
    return References(np.concatenate([stem.samples for stem in mono(truth)]).astype(np.float64))


def score(references: References, estimates: Stems) -> Pair:
    """Score vocals and accompaniment as estimated, whatever estimated them."""
    vocals, accompaniment = (_mean(estimate).samples[0].astype(np.float64) for estimate in estimates)
    return references.score(vocals, VOCALS), references.score(accompaniment, ACCOMPANIMENT)


def scored(
    truth: Stems,
    probabilities: Probabilities,
    alphas: Sequence[float] = ALPHAS,
    *,
    rule: Rule = "paper",
    softness: float = 0.0,
    references: References | None = None,
) -> Iterator[Pair]:
    """Score one alpha after another, for callers that show progress or stop in between; see `sweep`."""
    vocals, accompaniment = mono(truth)
    references = references or prepared(truth)
    song = Audio(vocals.samples + accompaniment.samples, vocals.sample_rate)

    @functools.cache
    def at(alpha: float) -> Pair:
        return score(references, split(song, probabilities, alpha, softness=softness))

    for alpha in alphas:
        # p < 1 - alpha is where p > 1 - alpha is not: the paper's accompaniment is what the cut at 1 - alpha leaves.
        mirrored = alpha if rule == "complement" else 1.0 - alpha
        yield at(round(alpha, 9))[VOCALS], at(round(mirrored, 9))[ACCOMPANIMENT]


def sweep(
    truth: Stems,
    probabilities: Probabilities,
    alphas: Sequence[float] = ALPHAS,
    *,
    rule: Rule = "paper",
    softness: float = 0.0,
    references: References | None = None,
) -> Curve:
    """Score both stems at every alpha.

    Args:
        truth: true vocals and accompaniment, of one length and rate.
        probabilities: what a model predicted for their sum.
        alphas: thresholds, rising, 0 to 1.
        rule: "paper" draws the paper's curves; "complement" scores song minus vocals as the accompaniment.
        softness: 0 for binary masks; see `mask.vocal_mask`.
        references: the true stems as `prepared` gives them, to spare a second model the same work.

    Raises:
        SweepError, BssEvalError: see `prepared`.
    """
    steps = scored(truth, probabilities, alphas, rule=rule, softness=softness, references=references)
    return Curve.of(alphas, steps)


def best_alpha(curve: Curve) -> float:
    """Find the alpha with the highest SDR of the vocals: the peak of a parabola through the best point and its two.

    Raises:
        SweepError: the vocals are silent at every alpha.
    """
    sdr = curve.sdr[VOCALS]
    if np.isnan(sdr).all():
        raise SweepError("the vocals are silent at every alpha: none is the best")
    best = int(np.nanargmax(sdr))
    around = slice(max(best - 1, 0), best + 2)
    if len(sdr[around]) < 3 or np.isnan(sdr[around]).any():
        return float(curve.alphas[best])
    curvature, slope, _ = np.polyfit(curve.alphas[around] - curve.alphas[best], sdr[around], 2)
    return float(curve.alphas[best] - slope / (2 * curvature)) if curvature < 0 else float(curve.alphas[best])


def like_to_like(first: Curve, second: Curve, stem: int) -> tuple[Array, Array]:
    """Compare two models where they suppress the other source equally well (the paper's like-to-like comparison).

    SAR is interpolated linearly in SIR along alpha, over the points at which SIR reaches a new height. Points that kept
    the whole mixture are left out, and nothing is extrapolated.

    Returns:
        The SIRs that both curves reach, in steps of 0.25 dB, and how much higher the first one's SAR is there, in dB;
        both empty if the curves have no SIR in common.
    """
    curves = [_rising(curve, stem) for curve in (first, second)]
    if not all(len(sir) for sir, _ in curves):
        return np.empty(0), np.empty(0)
    low, high = max(sir[0] for sir, _ in curves), min(sir[-1] for sir, _ in curves)
    grid = np.arange(np.ceil(low / SIR_STEP_DB), np.floor(high / SIR_STEP_DB) + 1) * SIR_STEP_DB
    sar, other_sar = (np.interp(grid, *curve) for curve in curves)
    return grid, sar - other_sar


def _rising(curve: Curve, stem: int) -> tuple[Array, Array]:
    """Return SIR and SAR in the direction in which SIR rises, of the points where it reaches a new height."""
    sir, sar = curve.sir[stem], curve.sar[stem]
    usable = np.isfinite(sir) & (sar < WHOLE_DB)
    sir, sar = sir[usable], sar[usable]
    if len(sir) and sir[-1] < sir[0]:  # of the accompaniment by the complementary rule
        sir, sar = sir[::-1], sar[::-1]
    new = sir > np.maximum.accumulate(np.concatenate([[-np.inf], sir]))[:-1]
    return sir[new], sar[new]


def _mean(audio: Audio) -> Audio:
    return Audio(audio.samples.mean(axis=0, keepdims=True), audio.sample_rate)
