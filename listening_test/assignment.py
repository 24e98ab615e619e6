"""Assignment: which item, which pair, which of them first. The least-served cell comes next.

A cell is (item, condition in slot A, condition in slot B); every pair has two cells per item, one for each order.
Serving the least-served cell keeps pairs and orders balanced over listeners even when many leave half-way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from listening_test.study import Study


@dataclass(frozen=True)
class Cell:
    """One pair on one item in one order.

    Attributes:
        item: name of the item.
        order: conditions of slots A and B.
    """

    item: str
    order: tuple[str, str]

    @property
    def pair(self) -> frozenset[str]:
        """The two conditions, whichever comes first."""
        return frozenset(self.order)

    @property
    def comparison(self) -> tuple[str, frozenset[str]]:
        """What the two orders of a pair on an item have in common."""
        return self.item, self.pair


def cells(study: Study) -> tuple[Cell, ...]:
    """Return every cell of a study."""
    return tuple(
        Cell(item, order)
        for block in study.blocks
        for item in block.items
        for first, second in block.pairs
        for order in ((first, second), (second, first))
    )


def next_cell(available: Sequence[Cell], served: Mapping[Cell, int], seen: Sequence[Cell], chance: Random) -> Cell:
    """Choose the next cell for a listener.

    Args:
        available: every cell of the study.
        served: how often each cell was answered, or is being answered now, by anybody.
        seen: what this listener had so far, in order; no comparison comes twice, no item twice running if avoidable.
        chance: breaks the ties that are left.

    Returns:
        The least-served cell. Ties go to the pair, then the item, that this listener had least; then to the
        comparison that is least served in both orders together; then to chance.
    """
    had = {cell.comparison for cell in seen}
    open_cells = [cell for cell in available if cell.comparison not in had]
    if seen:
        open_cells = [cell for cell in open_cells if cell.item != seen[-1].item] or open_cells
    both_orders: dict[tuple[str, frozenset[str]], int] = {}
    for cell, count in served.items():
        both_orders[cell.comparison] = both_orders.get(cell.comparison, 0) + count

    def rank(cell: Cell) -> tuple[int, int, int, int, float]:
        pairs = sum(cell.pair == past.pair for past in seen)
        items = sum(cell.item == past.item for past in seen)
        return served.get(cell, 0), pairs, items, both_orders.get(cell.comparison, 0), chance.random()

    return min(open_cells, key=rank)
