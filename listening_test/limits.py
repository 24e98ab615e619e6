"""Limits of the screening rules: defaults that a study may change before it has answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

Grade = Annotated[float, Field(ge=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class Limits:
    """From where on a listener is left out.

    Attributes:
        reference_grade: the hidden reference below it is a miss (BS.1534-3).
        mid_anchor_grade: the mid anchor above it is a miss (BS.1534-3).
        share_of_items: misses in more than this share of the items exclude (BS.1534-3).
        guard: an item on which more than this share of the listeners miss the mid anchor does not count (BS.1534-3).
        catch_failures: share of catch trials that may fail; one may always.
        repeats: hidden repeats from which their agreement is looked at.
        repeats_chance: a coin would agree as often with a higher probability than this.
        side_bias: p below which one slot was favoured.
        variance: of grades on a scale from 1 to 5, below which one button was pressed (P.808 toolkit).
        completed: share of the trials that has to be answered.
    """

    reference_grade: Grade = 90
    mid_anchor_grade: Grade = 90
    share_of_items: Share = 0.15
    guard: Share = 0.25
    catch_failures: Share = 1 / 3
    repeats: Annotated[int, Field(ge=1)] = 4
    repeats_chance: Share = 0.75
    side_bias: Share = 0.001
    variance: Annotated[float, Field(ge=0)] = 0.1
    completed: Share = 0.5

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
