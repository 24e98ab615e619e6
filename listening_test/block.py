"""A block of a study: items of one material, made in several ways, in trials of one kind.

Paired trials compare the listed pairs of conditions; graded trials present all conditions of the block at once; an
adjustment presents them as the layers of one sound.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field

from listening_test.response import GRADED, PAIRED, WITH_REFERENCE, Kind
from listening_test.trial import Role

MOST_SLOTS = 12  # signals of one trial, ITU-R BS.1534-3 section 5.3

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Setting = bool | int | float | Annotated[str, Field(max_length=100)]


@dataclass(frozen=True)
class Condition:
    """One way in which every item of a block is made. Role and settings never leave the server.

    Attributes:
        role: what the condition is there for.
        settings: what its renderer needs beside the settings of the block.
    """

    role: Role = "system"
    settings: dict[Slug, Setting] = field(default_factory=dict)


def _condition(entry: Any) -> Any:
    """Read `{role: ROLE, setting: value ...}`."""
    if not isinstance(entry, dict):
        return entry
    role = {"role": entry["role"]} if "role" in entry else {}
    return {**role, "settings": {name: value for name, value in entry.items() if name != "role"}}


@dataclass(frozen=True)
class Block:
    """Items of one material in trials of one kind.

    Attributes:
        material: what the sounds are made of; `listening_test.prepare` knows the materials.
        trial: what the listener does.
        question: what the listener answers.
        seeds: one item per seed, so that no item can be picked by ear.
        conditions: by name, in the order of the layers for an adjustment; the name never leaves the server.
        pairs: the pairs of conditions that paired trials present on every item.
        attributes: what is graded (rating, mushra), one attribute in a trial, in this order; name and question.
        tie: whether a preference may be 0, the same.
        settings: what all conditions have in common.
    """

    material: Slug
    trial: Kind
    question: Text
    seeds: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**31)], ...], Field(min_length=1, max_length=100)]
    conditions: Annotated[
        dict[Slug, Annotated[Condition, BeforeValidator(_condition)]], Field(min_length=2, max_length=20)
    ]
    pairs: Annotated[tuple[tuple[Slug, Slug], ...], Field(max_length=190)] = ()
    attributes: Annotated[dict[Slug, Text], Field(max_length=8)] = field(default_factory=dict)
    tie: bool = False
    settings: dict[Slug, Setting] = field(default_factory=dict)

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def __post_init__(self) -> None:
        """Refuse what this kind of trial cannot present."""
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds {list(self.seeds)} repeat themselves")
        if bool(self.pairs) != (self.trial in PAIRED) or bool(self.attributes) != (self.trial in GRADED):
            raise ValueError(
                f"{', '.join(PAIRED)} need pairs; {', '.join(GRADED)} need attributes; no other takes them"
            )
        if self.tie and self.trial != "preference":
            raise ValueError("only a preference may end in a tie")
        if self.trial in GRADED and len(self.conditions) > MOST_SLOTS:
            raise ValueError(f"at most {MOST_SLOTS} conditions in one trial, got {len(self.conditions)}")
        self._check_roles()
        self._check_pairs()

    def _check_roles(self) -> None:
        roles = [condition.role for condition in self.conditions.values()]
        expected = int(self.trial in ("mushra", "triplet"))
        if roles.count("reference") != expected and self.trial != "abx":
            raise ValueError(f"a {self.trial} block has {expected} condition with the role reference")
        if self.trial == "mushra" and not {"low-anchor", "mid-anchor"} <= set(roles):
            raise ValueError("a mushra block needs a low-anchor and a mid-anchor (ITU-R BS.1534-3)")

    def _check_pairs(self) -> None:
        for pair in self.pairs:
            unknown = set(pair) - set(self.slot_conditions)
            if unknown or pair[0] == pair[1]:
                raise ValueError(f"pair {list(pair)} must name two of the conditions {', '.join(self.slot_conditions)}")
            humans = sum(self.conditions[name].role == "human" for name in pair)
            if self.trial == "which-human" and humans != 1:
                raise ValueError(f"one of the pair {list(pair)} must have the role human")
        if len({frozenset(pair) for pair in self.pairs}) < len(self.pairs):
            raise ValueError("a pair is listed twice; both orders are presented anyway")

    @property
    def items(self) -> dict[str, int]:
        """Seed of each item by its name."""
        return {f"{self.material}-{self.trial}-{seed}": seed for seed in self.seeds}

    @property
    def reference(self) -> str | None:
        """The condition that stands beside the slots: the open reference (mushra) or X (triplet)."""
        named = [name for name, condition in self.conditions.items() if condition.role == "reference"]
        return named[0] if self.trial in WITH_REFERENCE and self.trial != "abx" else None

    @property
    def slot_conditions(self) -> tuple[str, ...]:
        """The conditions that may stand in a slot: all but the X of a triplet."""
        return tuple(name for name in self.conditions if self.trial != "triplet" or name != self.reference)

    @property
    def comparisons(self) -> int:
        """How many different trials there are, orders aside."""
        return len(self.seeds) * max(1, len(self.pairs)) * max(1, len(self.attributes))
