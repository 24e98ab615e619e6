"""Kinds of trial, and what a listener answers in each: immutable values that refuse what is not on their scale.

A slot is a number from 0; the page shows it as A, B, C and so on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import ConfigDict, Field

Kind = Literal["preference", "which-human", "rating", "mushra", "abx", "adjustment", "triplet"]

KINDS: tuple[Kind, ...] = get_args(Kind)
PAIRED: tuple[Kind, ...] = ("preference", "which-human", "abx", "triplet")  # two slots
GRADED: tuple[Kind, ...] = ("rating", "mushra")  # all conditions at once, one attribute
WITH_REFERENCE: tuple[Kind, ...] = ("mushra", "abx", "triplet")  # an open sound beside the slots

HIGHEST_GRADE = 100.0  # of the continuous quality scale, ITU-R BS.1534-3
HIGHEST_COMPARISON = 3  # of the seven-grade comparison scale, ITU-R BS.562-3


@dataclass(frozen=True)
class Comparison:
    """B compared with A on the seven-grade scale: -3 much worse, 0 the same, +3 much better."""

    value: Annotated[int, Field(strict=True)]

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def __post_init__(self) -> None:
        """Refuse a grade that is not on the scale."""
        if abs(self.value) > HIGHEST_COMPARISON:
            raise ValueError(f"a comparison goes from -3 to +3, got {self.value}")


@dataclass(frozen=True)
class Choice:
    """One of two slots, 0 or 1, with a confidence from 1 (guessed) to 4 (sure) where it is asked for."""

    slot: Annotated[int, Field(strict=True)]
    confidence: Annotated[int, Field(strict=True)] | None = None

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def __post_init__(self) -> None:
        """Refuse a slot that does not exist and a confidence that is not on the scale."""
        if self.slot not in (0, 1):
            raise ValueError(f"a choice is slot 0 or 1, got {self.slot}")
        if self.confidence not in (None, 1, 2, 3, 4):
            raise ValueError(f"a confidence goes from 1 to 4, got {self.confidence}")


@dataclass(frozen=True)
class Ratings:
    """One grade from 0 to 100 for each slot, in the order of the slots."""

    values: tuple[float, ...]

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def __post_init__(self) -> None:
        """Refuse grades that are not on the scale."""
        if not self.values or not all(0 <= value <= HIGHEST_GRADE for value in self.values):
            raise ValueError(f"grades go from 0 to 100, got {list(self.values)}")


@dataclass(frozen=True)
class Adjustment:
    """The alpha that the listener set, from 0 to 1."""

    alpha: float

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def __post_init__(self) -> None:
        """Refuse an alpha that is not on the slider."""
        if not 0 <= self.alpha <= 1:
            raise ValueError(f"alpha goes from 0 to 1, got {self.alpha}")


Response = Comparison | Choice | Ratings | Adjustment

RESPONSES: dict[Kind, type[Response]] = {
    "preference": Comparison,
    "which-human": Choice,
    "rating": Ratings,
    "mushra": Ratings,
    "abx": Choice,
    "adjustment": Adjustment,
    "triplet": Choice,
}
