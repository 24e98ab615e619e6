"""Simulated studies: listeners who differ, items that differ, careless people, catch trials and hidden repeats.

Answers come from a normal model whose true effect is known in closed form. The tables they make go through the same
screening, tests and intervals as real answers. Points are on the scale of the kind: 0-100, or steps of the
comparison scale; the effect of which-human is the share of right answers beyond guessing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from listening_test.resampling import Array

WorldKind = Literal["preference", "which-human", "mushra"]

FIRST, SECOND = "condition-1", "condition-2"
THRESHOLDS = np.array([-1.5, -0.9, -0.3, 0.3, 0.9, 1.5])  # between the seven grades, in SDs of one answer
CATCH_PASSED = 0.95  # share of catch trials that an attentive listener passes
ANSWER_SD = 10.0  # points, of one grade
OFFSET_SD = 6.0  # points, of a listener's and of an item's grades as a whole
LISTENER_SD = 0.5  # SDs of one answer (a logit SD of about 0.8): how much listeners differ in the effect itself
TASTE = 0.8  # share of an answer's variance that returns when the same pair returns
RESPONSE_MS = 30_000  # to answer a trial
LARGEST = {"preference": 2.5, "which-human": 0.45, "mushra": 20.0}  # beyond, grades crowd at the end of the scale


@dataclass(frozen=True)
class World:
    """What is true in a simulated study, and how it is run.

    Attributes:
        kind: what listeners do.
        listeners: of one study.
        answers: of one listener to the contrast.
        effect: true mean, in favour of the first condition: points, steps, or share beyond one half.
        careless: share of listeners who answer at random.
        catches: catch trials of one listener (not in mushra, where the hidden reference serves).
        repeats: hidden repeats of one listener.
    """

    kind: WorldKind = "preference"
    listeners: int = 40
    answers: int = 12
    effect: float = 0.0
    careless: float = 0.0
    catches: int = 2
    repeats: int = 4

    def __post_init__(self) -> None:
        """Refuse a study without people or answers, and effects off the scale."""
        if self.listeners < 2 or self.answers < 1 or not 0 <= self.repeats <= self.answers or self.catches < 0:
            raise ValueError(f"{self.listeners} listeners x {self.answers} answers, {self.repeats} repeats: too few")
        if not 0 <= self.careless < 1:
            raise ValueError(f"{self.careless} is no share of careless listeners: use 0 to below 1")
        if abs(self.effect) > LARGEST[self.kind]:
            raise ValueError(f"an effect of {self.effect} in {self.kind}: use at most {LARGEST[self.kind]}")


def table(world: World, studies: int, generator: np.random.Generator) -> pd.DataFrame:
    """Simulate studies; returns their long table, with the columns that screening and contrasts look at.

    Args:
        world: what is true.
        studies: how many, numbered from 0 in the column study.
        generator: chance.
    """
    careless = generator.random((studies, world.listeners)) < world.careless
    parts = [_mushra(world, careless, generator)] if world.kind == "mushra" else _paired(world, careless, generator)
    return pd.concat(parts, ignore_index=True)


def listener_mean(world: World) -> tuple[float, float]:
    """Mean and SD over listeners of one listener's mean difference, in closed form: what the answers should show."""
    if world.kind == "mushra":
        between, within, careless = (ANSWER_SD * LISTENER_SD) ** 2, 2 * ANSWER_SD**2, 2 * 100**2 / 12
    else:
        between, within = _spread(world)
        careless = float(np.mean(_values(world) ** 2))
    attentive = between + within / world.answers + world.effect**2
    mean = (1 - world.careless) * world.effect
    square = (1 - world.careless) * attentive + world.careless * careless / world.answers
    return mean, float(np.sqrt(square - mean**2))


def _values(world: World) -> Array:
    """What one answer can be, in favour of the first condition."""
    return np.array([-0.5, 0.5]) if world.kind == "which-human" else np.arange(-3.0, 4.0)


def _thresholds(world: World) -> Array:
    """Where one value ends and the next begins, in SDs of one answer."""
    return np.zeros(1) if world.kind == "which-human" else THRESHOLDS


def _expected(world: World, latent: npt.ArrayLike, sd: float) -> tuple[Array, Array]:
    """Mean and mean square of the answers that a normal of this mean and SD gives."""
    edges = np.concatenate([[-np.inf], _thresholds(world), [np.inf]])
    share = np.diff(norm.cdf((edges - np.asarray(latent)[..., None]) / sd), axis=-1)
    return share @ _values(world), share @ _values(world) ** 2


def _latent_effect(world: World) -> float:
    """Mean of the normal behind the answers that gives the effect, in SDs of one answer."""
    sd = float(np.hypot(1, LISTENER_SD))
    return float(brentq(lambda mean: float(_expected(world, mean, sd)[0]) - world.effect, -9, 9))


def _spread(world: World) -> tuple[float, float]:
    """Variance between listeners, and within one, by Gauss-Hermite quadrature over listeners."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    mean, square = _expected(world, _latent_effect(world) + LISTENER_SD * nodes, 1.0)
    weights = weights / weights.sum()
    between = weights @ mean**2 - (weights @ mean) ** 2
    return float(between), float(weights @ (square - mean**2))


def _paired(world: World, careless: npt.NDArray[np.bool_], generator: np.random.Generator) -> list[pd.DataFrame]:
    """Scored trials, their hidden repeats, and catch trials."""
    own = _latent_effect(world) + LISTENER_SD * generator.normal(size=careless.shape)
    liking = own[..., None] + np.sqrt(TASTE) * generator.normal(size=(*careless.shape, world.answers))
    scored = _grades(world, liking, careless, generator)
    repeats = _grades(world, liking[..., : world.repeats], careless, generator)
    # The better sound of a catch trial is far better; an attentive listener passes with the stated probability.
    obvious = np.full((*careless.shape, world.catches), norm.ppf(CATCH_PASSED, THRESHOLDS[3], np.sqrt(1 - TASTE)))
    catches = _grades(world, obvious, careless, generator)
    after = 1 + world.answers
    return [
        _pairs(world, scored, 1, (FIRST, SECOND), generator),
        _pairs(world, repeats, after, (FIRST, SECOND), generator, repeat=True),
        _pairs(world, catches, after + world.repeats, ("known-good", "known-bad"), generator, catch=True),
    ]


def _grades(world: World, liking: Array, careless: npt.NDArray[np.bool_], generator: np.random.Generator) -> Array:
    """Answers in favour of the first condition, (study, listener, trial)."""
    latent = liking + np.sqrt(1 - TASTE) * generator.normal(size=liking.shape)
    values = _values(world)
    attentive = values[np.searchsorted(_thresholds(world), latent)]
    return np.asarray(np.where(careless[..., None], generator.choice(values, size=latent.shape), attentive))


def _pairs(
    world: World,
    grades: Array,
    ordinal: int,
    conditions: tuple[str, str],
    generator: np.random.Generator,
    *,
    repeat: bool = False,
    catch: bool = False,
) -> pd.DataFrame:
    """Two rows for each trial, the first condition in either slot."""
    study, listener, trial = (axis.ravel() for axis in np.indices(grades.shape))
    first_slot = generator.integers(0, 2, size=grades.size)
    rows = []
    for sign, condition in zip((1, -1), conditions, strict=True):
        value = sign * grades.ravel()
        columns = {
            **{"study": study, "listener": listener, "trial": ordinal + trial, "kind": world.kind, "item": trial},
            **{"practice": False, "catch": catch, "repeat_of": 1.0 + trial if repeat else np.nan},
            **{"slot": first_slot if sign == 1 else 1 - first_slot, "condition": condition},
            **{"role": "bad-anchor" if condition == "known-bad" else "system"},
            **{
                "value": 0.5 + value if world.kind == "which-human" else value,
                "reference": "",
                "response_ms": RESPONSE_MS,
            },
        }
        rows.append(pd.DataFrame(columns))
    return pd.concat(rows, ignore_index=True)


def _mushra(world: World, careless: npt.NDArray[np.bool_], generator: np.random.Generator) -> pd.DataFrame:
    """One page for each answer: two systems, the hidden reference and the mid anchor."""
    shape = (*careless.shape, world.answers)
    study, listener, page = (axis.ravel() for axis in np.indices(shape))
    offset = generator.normal(size=(*careless.shape, 1)) + generator.normal(size=(careless.shape[0], 1, world.answers))
    own = ANSWER_SD * LISTENER_SD * generator.normal(size=(*careless.shape, 1))
    half = (world.effect + own) / 2
    fixed = np.ones(1)
    means = {FIRST: (50 + half, 1.0), SECOND: (50 - half, 1.0)}
    means |= {"reference": (98 * fixed, 0.2), "mid-anchor": (35 * fixed, 1.0)}  # mean, spread
    rows = []
    for slot, (condition, (mean, spread)) in enumerate(means.items()):
        grade = mean + spread * (OFFSET_SD * offset + ANSWER_SD * generator.normal(size=shape))
        random = generator.uniform(0, 100, size=shape)
        value = np.where(careless[..., None], random, np.clip(grade, 0, 100))
        columns = {
            **{"study": study, "listener": listener, "trial": 1 + page, "kind": "mushra", "item": page},
            **{"practice": False, "catch": False, "repeat_of": np.nan, "slot": slot, "condition": condition},
            **{"role": condition if condition in ("reference", "mid-anchor") else "system"},
            **{"value": value.ravel(), "reference": "", "response_ms": RESPONSE_MS},
        }
        rows.append(pd.DataFrame(columns))
    return pd.concat(rows, ignore_index=True)
