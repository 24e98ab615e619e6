"""What the analysis finds where the truth is known: false positives, coverage, and effects that were planted.

Each study has listeners who differ in the effect itself, and one in ten who answers at random.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from listening_test.power import ALPHA, Outcome, planned_power, run
from listening_test.resampling import CONFIDENCE
from listening_test.simulated_study import World

WORLDS = (
    World("preference", listeners=40, answers=12, effect=0.4, careless=0.1),
    World("which-human", listeners=60, answers=12, effect=0.09, careless=0.1),
    World("mushra", listeners=24, answers=8, effect=5.0, careless=0.1),
)
COVERAGE = (0.93, 0.97)


@dataclass(frozen=True)
class Verification:
    """One world without an effect, and the same with one.

    Attributes:
        null: studies in which there is nothing to find.
        planted: studies in which there is.
        planned: probability of finding it, from the noncentral t distribution.
    """

    null: Outcome
    planted: Outcome
    planned: float

    def faults(self) -> Iterator[str]:
        """Yield what is not as it should be."""
        kind = self.null.world.kind
        for name, rate in (("everybody", self.null.significant), ("after screening", self.null.screened)):
            if not rate.interval[0] <= ALPHA <= rate.interval[1]:
                yield f"{kind}: false positives {rate} ({name}) exclude {ALPHA}"
        for outcome in (self.null, self.planted):
            if not COVERAGE[0] <= outcome.covered.share <= COVERAGE[1]:
                yield f"{kind}: {CONFIDENCE:.0%} intervals hold the truth {outcome.covered}"
        if not self.planted.significant.interval[0] <= self.planned <= self.planted.significant.interval[1]:
            yield f"{kind}: the planted effect was found {self.planted.significant}, planned {self.planned:.3f}"


def verify(world: World, studies: int, seed: int) -> Verification:
    """Simulate one world without and with its effect."""
    generator = np.random.default_rng(seed)
    return Verification(
        run(replace(world, effect=0.0), studies, generator), run(world, studies, generator), planned_power(world)
    )


def lines(result: Verification) -> Iterator[str]:
    """Yield the lines of a report."""
    null, planted, world = result.null, result.planted, result.planted.world
    yield f"{world.kind}: {null.significant.studies} studies of {world.listeners} listeners x {world.answers} answers"
    yield f"  false positives at 5 %, by listener   {null.significant}"
    yield f"  the same after screening              {null.screened}, {null.left_out:.1%} of the listeners left out"
    yield f"  the same, answers as independent      {null.independent}"
    yield f"  95 % intervals that hold the truth    {null.covered} without, {planted.covered} with an effect"
    yield f"  effect of {world.effect:<5g} found                 {planted.significant}, planned {result.planned:.3f}"
    yield f"  the same after screening              {planted.screened}"
