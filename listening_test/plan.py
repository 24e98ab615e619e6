"""The plan of a session: which kind of trial comes when. It is drawn once and stored before the first trial.

Blocks come one after another, each with its practice first; the trials of the analysis are dealt evenly to blocks and
attributes. Catch trials and hidden repeats stand among them at random places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal, TypeVar

from listening_test.assignment import Cell, williams
from listening_test.study import Study

Name = TypeVar("Name")
Purpose = Literal["main", "practice", "catch", "repeat"]
LEAST_DISTANCE = 3  # between a trial and its repeat, where the block is long enough


@dataclass(frozen=True)
class Step:
    """One trial of a session, as far as it is decided beforehand.

    Attributes:
        block: number of the block, from 0.
        purpose: of the trial.
        attribute: what is graded, else None.
        repeat_of: ordinal of the trial that is repeated, else None.
    """

    block: int
    purpose: Purpose
    attribute: str | None = None
    repeat_of: int | None = None


@dataclass(frozen=True)
class Supply:
    """What a block can present.

    Attributes:
        cells: for the analysis.
        catches: whose right answer is known.
    """

    cells: tuple[Cell, ...]
    catches: tuple[Cell, ...]

    @property
    def comparisons(self) -> dict[str | None, int]:
        """How many different trials there are by attribute, orders aside."""
        every = {cell.comparison for cell in self.cells}
        attributes = dict.fromkeys(cell.attribute for cell in self.cells)
        return {name: sum(attribute == name for _, attribute, _ in every) for name in attributes}


def draw(study: Study, supplies: Sequence[Supply], number: int, chance: Random) -> tuple[Step, ...]:
    """Draw the plan of a session.

    Args:
        study: how many trials of which purpose.
        supplies: what each block can present.
        number: of the session, from 0; it gives the row of the Williams square in which the blocks come.
        chance: places catch trials and repeats.
    """
    capacity = {block: sum(supply.comparisons.values()) for block, supply in enumerate(supplies)}
    quota = dealt(study.trials, capacity, number)
    rows = williams(len(supplies))
    steps: list[Step] = []
    for block in rows[number % len(rows)]:
        by_attribute = dealt(quota[block], supplies[block].comparisons, number)
        if quota[block]:
            steps += [Step(block, "practice", next(iter(by_attribute)))] * study.practice
        steps += [Step(block, "main", attribute) for attribute, count in by_attribute.items() for _ in range(count)]
    steps = _with_repeats(steps, round(study.repeats * study.trials), chance)
    return tuple(_with_catches(steps, study.catch_every, supplies, chance))


def dealt(total: int, capacity: Mapping[Name, int], first: int) -> dict[Name, int]:
    """Deal `total` evenly to names, none beyond its capacity; what is left over goes to `first` and those after it."""
    names = list(capacity)
    share = dict.fromkeys(names, 0)
    total = min(total, sum(capacity.values()))
    turn = first
    while total:
        name = names[turn % len(names)]
        turn += 1
        if share[name] < capacity[name]:
            share[name] += 1
            total -= 1
    return share


def _with_repeats(steps: list[Step], count: int, chance: Random) -> list[Step]:
    """Insert repeats, each later in the block of its original."""
    end = {step.block: index + 1 for index, step in enumerate(steps)}
    mains = [index for index, step in enumerate(steps) if step.purpose == "main"]
    early = [index for index in mains if index + LEAST_DISTANCE <= end[steps[index].block]] or mains
    for index in sorted(chance.sample(early, min(count, len(early))), reverse=True):
        step = steps[index]
        place = chance.randint(min(index + LEAST_DISTANCE, end[step.block]), end[step.block])
        steps = _inserted(steps, place, replace(step, purpose="repeat", repeat_of=index + 1))
    return steps


def _with_catches(steps: list[Step], every: int, supplies: Sequence[Supply], chance: Random) -> list[Step]:
    """Insert one catch trial at a random place in each full run of `every` trials, where a block offers one."""
    mains = [index for index, step in enumerate(steps) if step.purpose == "main"]
    runs = [mains[start : start + every] for start in range(0, len(mains) - every + 1, every)] if every else []
    for run in reversed(runs):
        places = [index for index in run if supplies[steps[index].block].catches]
        if places:
            place = chance.choice(places)
            steps = _inserted(steps, place + 1, Step(steps[place].block, "catch"))
    return steps


def _inserted(steps: list[Step], place: int, step: Step) -> list[Step]:
    """Insert a step; ordinals that repeats refer to move with their trials."""
    moved = [
        replace(each, repeat_of=each.repeat_of + 1) if each.repeat_of is not None and each.repeat_of > place else each
        for each in steps
    ]
    return [*moved[:place], step, *moved[place:]]
