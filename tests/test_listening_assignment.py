"""Plans and cells: what comes when, over many listeners, some of whom leave."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from scipy.stats import chisquare
from small_study import EVERY_KIND, parsed

from listening_test import assignment, plan
from listening_test.assignment import Cell, williams
from listening_test.plan import Step, Supply
from listening_test.study import Study


class Everything:
    """All stimuli are prepared."""

    def __contains__(self, _stimulus: object) -> bool:
        return True


def supplies(study: Study, known: object = Everything()) -> list[Supply]:
    return [Supply(assignment.cells(block, known), assignment.catches(block, known)) for block in study.blocks]


def simulate(study: Study, listeners: int, drop_out: float) -> tuple[Counter[Cell], list[list[Cell]]]:
    """Main trials of sessions one after another; some listeners leave after any trial, what they saw is counted."""
    chance, there = Random(1), supplies(study)
    served, sessions = Counter[Cell](), []
    for number in range(listeners):
        seen: list[Cell] = []
        for step in plan.draw(study, there, number, chance):
            available = [cell for cell in there[step.block].cells if cell.attribute == step.attribute]
            last = seen[-1].item if seen else None
            cell = assignment.next_cell(available, served, seen, last, number, chance)
            seen.append(cell)
            served[cell] += 1
            if chance.random() < drop_out:
                break
        sessions.append(seen)
    return served, sessions


@pytest.fixture(scope="module")
def study() -> Study:
    return parsed(EVERY_KIND)


@pytest.fixture(scope="module")
def bare(study: Study) -> Study:
    """The same without practice, repeats and catch trials."""
    return replace(study, practice=0, repeats=0.0, catch_every=0)


@pytest.fixture(scope="module")
def crowd(bare: Study) -> tuple[Counter[Cell], list[list[Cell]]]:
    """What 2000 listeners are served, of whom a third leaves early."""
    return simulate(bare, 2000, drop_out=0.03)


@pytest.mark.parametrize("n", range(1, 13))
def test_williams_rows_balance_places_and_predecessors(n: int) -> None:
    rows = williams(n)
    assert len(rows) == (n if n % 2 == 0 or n == 1 else 2 * n)
    for place in range(n):
        assert set(Counter(row[place] for row in rows).values()) == {len(rows) // n}
    before = Counter(pair for row in rows for pair in itertools.pairwise(row))
    assert len(before) == n * (n - 1) and len(set(before.values())) <= 1


def test_every_kind_has_its_cells(study: Study) -> None:
    count = {block.trial: len(supply.cells) for block, supply in zip(study.blocks, supplies(study), strict=True)}
    # items x pairs x orders (x what X is); items x attributes x rows of the square of 3 and of 4; items.
    assert count == {
        **{"preference": 2 * 2 * 2, "which-human": 2 * 1 * 2, "abx": 2 * 1 * 2 * 2, "triplet": 2 * 1 * 2},
        **{"rating": 2 * 2 * 6, "mushra": 2 * 1 * 4, "adjustment": 2},
    }


def test_slots_hold_what_the_kind_asks_for(study: Study) -> None:
    for block, supply in zip(study.blocks, supplies(study), strict=True):
        for cell in supply.cells:
            if block.trial == "mushra":
                assert cell.reference in cell.order and len(cell.order) == 4
            elif block.trial == "abx":
                assert cell.reference in cell.order
            elif block.trial == "triplet":
                assert cell.reference is not None and cell.reference not in cell.order
            elif block.trial == "adjustment":
                assert cell.order == tuple(block.conditions)
            else:
                assert cell.reference is None


def test_catch_trials_set_an_anchor_beside_something_better(study: Study) -> None:
    for block, supply in zip(study.blocks, supplies(study), strict=True):
        roles = [{block.conditions[name].role for name in cell.order} for cell in supply.catches]
        assert bool(roles) == (block.trial in ("preference", "which-human", "abx"))
        assert all(pair & {"bad-anchor", "low-anchor"} and pair & {"human", "reference"} for pair in roles)


def test_conditions_that_were_not_supplied_are_left_out(study: Study) -> None:
    names = {(item, name) for block in study.blocks for item in block.items for name in block.conditions}
    known = {(item, name) for item, name in names if name != "bach"}
    there = {block.trial: supply for block, supply in zip(study.blocks, supplies(study, known), strict=True)}
    assert not there["which-human"].cells and there["preference"].cells and there["rating"].cells
    steps = plan.draw(study, list(there.values()), 0, Random(0))
    assert not [step for step in steps if study.blocks[step.block].trial == "which-human"]
    assert sum(step.purpose == "main" for step in steps) == study.trials


def steps_of(study: Study, number: int) -> tuple[Step, ...]:
    return plan.draw(study, supplies(study), number, Random(number))


def test_a_plan_has_practice_first_then_every_block_alike(study: Study) -> None:
    for number in range(40):
        steps = steps_of(study, number)
        count = Counter(step.purpose for step in steps)
        assert count["main"] == study.trials == 12 and count["practice"] == len(study.blocks)
        assert count["repeat"] == round(study.repeats * study.trials)
        runs = [list(group) for _, group in itertools.groupby(steps, key=lambda step: step.block)]
        assert len(runs) == len(study.blocks), "a block is interrupted by another"
        assert all(run[0].purpose == "practice" for run in runs)
        mains = [sum(step.purpose == "main" for step in run) for run in runs]
        assert max(mains) - min(mains) <= 1


def test_catch_trials_come_one_in_so_many_and_at_no_fixed_place(study: Study) -> None:
    places = set()
    for number in range(60):
        steps = steps_of(replace(study, catch_every=6), number)
        catches = [index for index, step in enumerate(steps) if step.purpose == "catch"]
        assert len(catches) <= 2
        places |= set(catches)
    assert len(places) > 8


def test_a_repeat_refers_to_an_earlier_trial_of_its_block(study: Study) -> None:
    for number in range(60):
        steps = steps_of(replace(study, repeats=0.4, catch_every=3), number)
        for ordinal, step in enumerate(steps, start=1):
            if step.repeat_of is not None:
                original = steps[step.repeat_of - 1]
                assert step.purpose == "repeat" and step.repeat_of < ordinal
                assert (original.purpose, original.block) == ("main", step.block)
                assert original.attribute == step.attribute
        originals = [step.repeat_of for step in steps if step.repeat_of is not None]
        assert len(originals) == len(set(originals)) == 5


def test_a_repeat_keeps_its_distance_where_the_block_is_long_enough(bare: Study) -> None:
    alone = replace(bare, blocks=bare.blocks[:1], trials=4, repeats=0.5)
    for number in range(40):
        steps = steps_of(alone, number)
        gaps = [ordinal - step.repeat_of for ordinal, step in enumerate(steps, 1) if step.repeat_of is not None]
        assert len(gaps) == 2 and min(gaps) >= plan.LEAST_DISTANCE


def test_blocks_come_in_the_rows_of_a_williams_square(bare: Study) -> None:
    rows = williams(len(bare.blocks))
    for number, row in enumerate(rows):
        assert tuple(dict.fromkeys(step.block for step in steps_of(bare, number))) == row


@pytest.mark.parametrize(
    ("total", "first", "share"),
    [(4, 0, {"a": 2, "b": 1, "c": 1}), (4, 2, {"a": 1, "b": 1, "c": 2}), (9, 0, {"a": 2, "b": 1, "c": 3})],
)
def test_what_is_dealt_is_even_and_within_the_capacity(total: int, first: int, share: dict[str, int]) -> None:
    assert plan.dealt(total, {"a": 2, "b": 1, "c": 3}, first) == share


def imbalance(served: Counter[Cell], cells: Sequence[Cell]) -> int:
    counts = [served[cell] for cell in cells]
    return max(counts) - min(counts)


def test_2000_sessions_serve_the_cells_of_a_block_alike(
    bare: Study, crowd: tuple[Counter[Cell], list[list[Cell]]]
) -> None:
    served, sessions = crowd
    for supply in supplies(bare):
        for attribute in supply.comparisons:
            assert imbalance(served, [cell for cell in supply.cells if cell.attribute == attribute]) <= 2
    first = Counter(seen[0].order[0] for seen in sessions if {"lstm", "walk"} == set(seen[0].order))
    assert chisquare([first["lstm"], first["walk"]]).pvalue > 0.001
    for seen in sessions:
        assert len({cell.comparison for cell in seen}) == len(seen), "a comparison came twice"


def test_an_item_never_comes_twice_running(bare: Study) -> None:
    _, sessions = simulate(bare, 200, drop_out=0.0)
    assert all(a.item != b.item for seen in sessions for a, b in itertools.pairwise(seen))


def test_2000_sessions_put_every_condition_into_every_slot_alike(
    bare: Study, crowd: tuple[Counter[Cell], list[list[Cell]]]
) -> None:
    served, _ = crowd
    for trial in ("mushra", "rating"):
        [supply] = [s for block, s in zip(bare.blocks, supplies(bare), strict=True) if block.trial == trial]
        slots: Counter[tuple[int, str]] = Counter()
        for cell in supply.cells:
            slots.update({(slot, name): served[cell] for slot, name in enumerate(cell.order)})
        assert chisquare(list(slots.values())).pvalue > 0.05
