"""Assignment: what kinds of trial a session consists of, and which sounds the next one presents in which order.

The plan of a session is drawn once, when it begins. The sounds of a trial are chosen when it is due: a cell is an item
with an order of conditions, and the least-served cell comes next, so that cells stay balanced over listeners even when
many leave half-way. Slots and blocks follow the rows of Williams squares (Williams, Aust. J. Sci. Res. A 2, 1949):
every condition precedes every other equally often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from random import Random

from listening_test.block import Block
from listening_test.trial import Role

BETTER: tuple[Role, ...] = ("human", "copy", "reference")
WORSE: tuple[Role, ...] = ("bad-anchor", "low-anchor", "noise-anchor")

Comparison = tuple[str, str | None, frozenset[str]]  # item, attribute and conditions, whatever their order
Known = Container[tuple[str, str]]  # (item, condition) of every stimulus that is prepared


@dataclass(frozen=True)
class Cell:
    """One item with its conditions in one order.

    Attributes:
        item: name of the item.
        attribute: what is graded, else None.
        order: condition of each slot.
        reference: condition of the open reference or of X, else None.
    """

    item: str
    attribute: str | None
    order: tuple[str, ...]
    reference: str | None

    @cached_property
    def group(self) -> frozenset[str]:
        """The conditions, whichever comes first."""
        return frozenset(self.order)

    @cached_property
    def comparison(self) -> Comparison:
        """What the orders of the same conditions on an item have in common."""
        return self.item, self.attribute, self.group


@cache
def williams(n: int) -> tuple[tuple[int, ...], ...]:
    """Return the rows of a Williams square: n of them for even n, 2 n for odd n above 1.

    Over all rows every number stands equally often in every place, and equally often directly before every other.
    """
    first = [0] + [step // 2 + 1 if step % 2 == 0 else n - 1 - step // 2 for step in range(n - 1)]
    rows = [tuple((each + shift) % n for each in first) for shift in range(n)]
    return tuple(dict.fromkeys(rows if n % 2 == 0 else rows + [row[::-1] for row in rows]))


def cells(block: Block, known: Known) -> tuple[Cell, ...]:
    """Return every cell of a block whose stimuli are prepared."""
    pairs = block.pairs or (block.slot_conditions,)
    return tuple(_cells(block, pairs, known))


def catches(block: Block, known: Known) -> tuple[Cell, ...]:
    """Return the cells of a block whose right answer is known: a human or a copy beside an anchor."""
    if block.trial not in ("preference", "which-human", "abx"):
        return ()
    better = BETTER[:1] if block.trial == "which-human" else BETTER
    role = {name: condition.role for name, condition in block.conditions.items()}
    pairs = [pair for pair in product(role, role) if role[pair[0]] in better and role[pair[1]] in WORSE]
    return tuple(_cells(block, pairs, known))


def _cells(block: Block, groups: Sequence[tuple[str, ...]], known: Known) -> Iterator[Cell]:
    attributes = tuple(block.attributes) or (None,)
    for item, group, attribute in product(block.items, groups, attributes):
        there = tuple(name for name in group if (item, name) in known)
        if len(there) < 2 or (block.pairs and there != group):
            continue  # a condition that the study's owner did not supply, such as the human one
        orders = (there,) if block.trial == "adjustment" else _orders(there)
        references = there if block.trial == "abx" else (block.reference,)
        yield from (Cell(item, attribute, order, reference) for order, reference in product(orders, references))


def _orders(conditions: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(conditions[each] for each in row) for row in williams(len(conditions)))


def next_cell(
    available: Sequence[Cell],
    served: Mapping[Cell, int],
    seen: Sequence[Cell],
    last: str | None,
    number: int,
    chance: Random,
) -> Cell:
    """Choose the next cell for a listener.

    Args:
        available: the cells that may come.
        served: how often each cell was answered, or is being answered now, by anybody.
        seen: what this listener had so far; no comparison comes twice while another is left.
        last: item of the trial before, which does not come twice running if avoidable.
        number: of the session; it gives the row in which its items come, where nothing else decides.
        chance: breaks the ties that are left.

    Returns:
        The least-served cell. Ties go to the group of conditions, then the item, that this listener had least; then to
        the comparison that is least served in all orders together; then to the item that the row of the session
        names first; then to chance.
    """
    had = {cell.comparison for cell in seen}
    open_cells = [cell for cell in available if cell.comparison not in had] or available
    open_cells = [cell for cell in open_cells if cell.item != last] or open_cells
    groups, times = Counter(cell.group for cell in seen), Counter(cell.item for cell in seen)
    all_orders: Counter[Comparison] = Counter()
    for cell, count in served.items():
        all_orders[cell.comparison] += count
    items = tuple(dict.fromkeys(cell.item for cell in available))
    rows = williams(len(items))
    place = {items[each]: position for position, each in enumerate(rows[number % len(rows)])}

    def rank(cell: Cell) -> tuple[int, int, int, int, int, float]:
        total = all_orders[cell.comparison]
        return served.get(cell, 0), groups[cell.group], times[cell.item], total, place[cell.item], chance.random()

    return min(open_cells, key=rank)
