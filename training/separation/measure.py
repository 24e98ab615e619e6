"""One excerpt, one model: the sweep over alpha, or the one point of an estimate without alpha; mir_eval as judge.

`mixture` takes the song itself for both stems; `ibm` and `irm` are the ideal binary and ratio mask, the ceilings of
masking. What was measured can be kept in files, so that a long run goes on where it was stopped.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mir_eval.separation import bss_eval_sources

from audio import resample
from models import checkpoint
from models.separation.bss_eval import References
from models.separation.mask import ideal_binary, ideal_ratio, quantise
from models.separation.separate import MODELS, Probabilities, predict, split
from models.separation.spectrogram import SAMPLE_RATE, stft
from models.separation.sweep import WHOLE_DB, Curve, Stems, mono, prepared, score, sweep
from training.separation.excerpts import Excerpt

ORACLES = {"ibm": (ideal_binary, 0.0), "irm": (ideal_ratio, 1.0)}  # mask, and the softness that keeps its shape
NAMES = (*MODELS, "ibm", "irm", "mixture")
ALPHAS = (0.0, 0.02, *(step / 20 for step in range(1, 20)), 0.98, 1.0)
JUDGED_ALPHA = 0.5


@dataclass(frozen=True)
class Result:
    """How a model did on an excerpt.

    Attributes:
        group: group of the excerpt.
        song: song or singer of the excerpt.
        excerpt: name of the excerpt within the song.
        model: one of NAMES.
        held_out: whether the model learned nothing from this song.
        curve: scores over alpha; a single point at alpha NaN for what knows no alpha.
        judged_db: largest difference to mir_eval at one alpha; NaN if mir_eval was not asked.
    """

    group: str
    song: str
    excerpt: str
    model: str
    held_out: bool
    curve: Curve
    judged_db: float


@functools.cache
def learned_from(model: str) -> frozenset[str]:
    """Name the songs that a shipped model was trained, followed or calibrated on."""
    if not checkpoint.is_shipped(model):
        return frozenset()
    story = checkpoint.shipped(model).provenance
    names = (story["training"]["songs"], story.get("validation", {}).get("names", ()), story.get("calibration", ()))
    return frozenset().union(*names)


def measure(excerpt: Excerpt, models: Sequence[str], judged: bool, runs: Path | None) -> list[Result]:
    """Score models on an excerpt.

    Args:
        excerpt: what to separate.
        models: some of NAMES.
        judged: whether mir_eval scores one alpha of each as well.
        runs: folder of what was measured before, in which to keep what is measured now.

    Raises:
        BssEvalError: the excerpt is too short to be scored.
    """
    references = prepared(excerpt.truth)
    results = []
    for model in models:
        kept = runs / f"{_key(excerpt, model, judged)}.json" if runs else None
        if kept and kept.exists():
            curve, judged_db = _restored(kept)
        else:
            curve, judged_db = _measured(excerpt, model, references, judged)
            if kept:
                _keep(kept, curve, judged_db)
        held_out = excerpt.song not in learned_from(model)
        results.append(Result(excerpt.group, excerpt.song, excerpt.name, model, held_out, curve, judged_db))
    return results


def _measured(excerpt: Excerpt, model: str, references: References, judged: bool) -> tuple[Curve, float]:
    if model in MODELS:
        probabilities = predict(excerpt.mixture, model)
        curve = sweep(excerpt.truth, probabilities, ALPHAS, references=references)
        at = ALPHAS.index(JUDGED_ALPHA)
    else:
        probabilities, at = None, 0
        curve = Curve.of([math.nan], [score(references, estimates(excerpt, model, None))])
    return curve, judgement(excerpt.truth, estimates(excerpt, model, probabilities), curve, at) if judged else math.nan


def estimates(excerpt: Excerpt, model: str, probabilities: Probabilities | None) -> Stems:
    """Separate an excerpt: a model at JUDGED_ALPHA, where both rules agree, an oracle, or the mixture twice."""
    if probabilities is not None:
        return split(excerpt.mixture, probabilities, JUDGED_ALPHA)
    return oracle(excerpt, model) if model in ORACLES else (excerpt.mixture, excerpt.mixture)


def oracle(excerpt: Excerpt, name: str) -> Stems:
    """Mask the mixture as the true stems say: as a model would that knows the ideal mask as its probabilities."""
    V, A = (stft(torch.from_numpy(resample(stem, SAMPLE_RATE).samples)).abs()[0] for stem in mono(excerpt.truth))
    ideal, softness = ORACLES[name]
    return split(excerpt.mixture, Probabilities(quantise(ideal(V, A)).numpy(), name), 0.5, softness=softness)


def judgement(truth: Stems, stems: Stems, curve: Curve, at: int) -> float:
    """Return the largest difference in dB between mir_eval's scores and those of a curve at one of its points.

    A SAR where nothing but rounding is left is not compared.
    """
    reference, estimate = (
        np.concatenate([s.samples for s in mono(pair)]).astype(np.float64) for pair in (truth, stems)
    )
    if not estimate.any(1).all():
        return math.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # mir_eval announces the end of its separation module
        sdr, sir, sar = bss_eval_sources(reference, estimate, compute_permutation=False)[:3]
    sar_error = np.where(sar < WHOLE_DB, np.abs(sar - curve.sar[:, at]), 0.0)
    return float(np.max([np.abs(sdr - curve.sdr[:, at]), np.abs(sir - curve.sir[:, at]), sar_error]))


def _key(excerpt: Excerpt, model: str, judged: bool) -> str:
    """Name a measurement by all that it depends on but the code: the sound, the weights, the alphas."""
    weights = [path.name for path in checkpoint.WEIGHTS.glob(f"{model}-????????.safetensors")]
    digest = hashlib.sha256(repr((model, weights, judged, ALPHAS, excerpt.mixture.sample_rate)).encode())
    for stem in excerpt.truth:
        digest.update(stem.samples.tobytes())
    return f"{model}-{digest.hexdigest()[:16]}"


def _keep(path: Path, curve: Curve, judged_db: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = {name: getattr(curve, name).tolist() for name in ("alphas", "sdr", "sir", "sar")}
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(values | {"judged_db": judged_db}))
    partial.replace(path)


def _restored(path: Path) -> tuple[Curve, float]:
    values = json.loads(path.read_text())
    return Curve(*(np.array(values[name]) for name in ("alphas", "sdr", "sir", "sar"))), float(values["judged_db"])
