"""Power by simulation: how many listeners a study needs, with and without the listeners that screening leaves out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from statsmodels.stats.power import TTestPower

from listening_test.contrasts import independent_p, listener_means, scored, trial_differences
from listening_test.limits import Limits
from listening_test.resampling import Array, Interval, ratio_interval, sign_flip_test, wilson
from listening_test.screening import screen, without_excluded
from listening_test.simulated_study import FIRST, SECOND, World, listener_mean, table

ALPHA = 0.05
DRAWS = 2000  # sign patterns, shared by all simulated studies
MINIMUM_MS = 1000
FEWEST_LISTENERS = 6  # five cannot reach p = 0.05: the two extreme patterns of signs have 2 / 2^5
MOST_LISTENERS = 2000


@dataclass(frozen=True)
class Rate:
    """Share of simulated studies in which something happened.

    Attributes:
        happened: number of studies.
        studies: of so many.
    """

    happened: int
    studies: int

    @property
    def share(self) -> float:
        """Of all studies."""
        return self.happened / self.studies

    @property
    def interval(self) -> Interval:
        """95 % interval; simulated studies are independent."""
        return wilson(self.happened, self.studies) or (0.0, 1.0)

    def __str__(self) -> str:
        """The share with its interval."""
        return f"{self.share:.3f} ({self.interval[0]:.3f} to {self.interval[1]:.3f})"


@dataclass(frozen=True)
class Outcome:
    """What simulated studies of one world found.

    Attributes:
        world: what was true.
        significant: sign-flip p at or below 5 %, everybody counted.
        screened: the same after screening.
        independent: p at or below 5 % when every answer is taken as independent.
        covered: 95 % interval over listeners held the true mean of everybody, the careless among them.
        left_out: mean share of the listeners that screening excludes.
    """

    world: World
    significant: Rate
    screened: Rate
    independent: Rate
    covered: Rate
    left_out: float


def run(world: World, studies: int, generator: np.random.Generator, bounds: Limits | None = None) -> Outcome:
    """Simulate studies of one world and analyse each as a real one.

    Args:
        world: what is true.
        studies: how many.
        generator: chance.
        bounds: of the screening.

    Raises:
        ValueError: no studies.
    """
    if studies < 1:
        raise ValueError(f"{studies} studies: simulate at least 1")
    long = table(world, studies, generator)
    verdicts = screen(long, bounds or Limits(), world.answers, MINIMUM_MS)
    differences = trial_differences(scored(long), FIRST, SECOND)
    kept = without_excluded(differences, verdicts)
    everybody, rest = (listener_means(rows) for rows in (differences, kept))
    sums, counts = (everybody[column].unstack().to_numpy() for column in ("sum", "count"))  # (study, listener)
    low, high = ratio_interval(sums, counts, generator)
    truth, _ = listener_mean(world)
    naive = independent_p(differences, votes=world.kind != "mushra")
    return Outcome(
        world,
        significant=_rate(sign_flip_test(_means(everybody), generator, DRAWS) <= ALPHA),
        screened=_rate(sign_flip_test(_means(rest), generator, DRAWS) <= ALPHA),
        independent=_rate(naive.to_numpy() <= ALPHA),
        covered=_rate((low <= truth) & (truth <= high)),
        left_out=1 - len(rest) / len(everybody),
    )


def planned_power(world: World) -> float:
    """Power of the t test over listeners, which the sign-flip test nearly is (noncentral t; no screening).

    Where answers come in steps, so does their sum: a flip moves it by two, and half of that is lost.
    """
    mean, sd = listener_mean(world)
    lost = 0 if world.kind == "mushra" else 1 / (world.answers * world.listeners)
    return float(TTestPower().power(max(0.0, abs(mean) - lost) / sd, world.listeners, ALPHA))


def listeners_needed(world: World, power: float, studies: int, seed: int) -> Outcome:
    """Find the smallest number of listeners whose simulated studies find the effect often enough, before screening.

    Args:
        world: all but its number of listeners, which is ignored.
        power: share of studies that should find the effect.
        studies: to simulate for each number of listeners.
        seed: of every simulation; the same for each number, so that power rises with it.

    Raises:
        ValueError: no effect to find, or one that `MOST_LISTENERS` do not find.
    """
    if world.effect == 0:
        raise ValueError("an effect of 0 cannot be planned for: give the smallest effect that matters")
    if planned_power(replace(world, listeners=MOST_LISTENERS)) < power:
        raise ValueError(f"{MOST_LISTENERS} listeners do not find an effect of {world.effect} {power:.0%} of the time")

    def outcome(listeners: int) -> Outcome:
        return run(replace(world, listeners=listeners), studies, np.random.default_rng(seed))

    enough = (planned_power(replace(world, listeners=n)) >= power for n in range(FEWEST_LISTENERS, MOST_LISTENERS))
    low, found = FEWEST_LISTENERS - 1, outcome(FEWEST_LISTENERS + list(enough).index(True))
    while found.significant.share < power:  # the sign-flip test needs a few more than the t test
        low = found.world.listeners
        found = outcome(low + 1 + low // 10)
    low = max(low, found.world.listeners * 3 // 4)
    while found.world.listeners - low > 1:
        tried = outcome((low + found.world.listeners) // 2)
        low, found = (low, tried) if tried.significant.share >= power else (tried.world.listeners, found)
    return found


def _means(sums: pd.DataFrame) -> Array:
    """(study, listener); a listener who was left out has 0, which no flip changes."""
    return np.asarray((sums["sum"] / sums["count"]).unstack().fillna(0.0))


def _rate(happened: np.typing.NDArray[np.bool_]) -> Rate:
    return Rate(int(happened.sum()), happened.size)
