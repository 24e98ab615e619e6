"""A study: what is compared with what, under which question. One YAML file, read into frozen values.

A study has blocks; a block has items (one per seed) that every condition of the block renders, and the pairs of
conditions that listeners compare. An error in the file names its line.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, ClassVar

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

SHIPPED = Path(__file__).parent / "studies" / "default"
FILE_NAME = "study.yaml"

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Setting = bool | int | float | Annotated[str, Field(max_length=100)]


class StudyError(ValueError):
    """A study that cannot be run; the message names file, line and reason."""


@dataclass(frozen=True)
class Block:
    """Items of one kind that are compared under one question.

    Attributes:
        kind: which renderer makes the sounds; `listening_test.prepare` knows the kinds.
        question: what the listener answers.
        seeds: one item per seed, so that no item can be picked by ear.
        conditions: settings of each condition by its name; the name never leaves the server.
        pairs: the pairs of conditions that are compared on every item.
        settings: what all conditions have in common.
    """

    kind: Slug
    question: Text
    seeds: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**31)], ...], Field(min_length=1, max_length=100)]
    conditions: Annotated[dict[Slug, dict[Slug, Setting]], Field(min_length=2, max_length=20)]
    pairs: Annotated[tuple[tuple[Slug, Slug], ...], Field(min_length=1, max_length=190)]
    settings: dict[Slug, Setting] = field(default_factory=dict)

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def __post_init__(self) -> None:
        """Refuse repeated seeds, and pairs that are repeated or name an unknown condition."""
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds {list(self.seeds)} repeat themselves")
        for pair in self.pairs:
            unknown = set(pair) - set(self.conditions)
            if unknown or pair[0] == pair[1]:
                raise ValueError(f"pair {list(pair)} must name two of the conditions {', '.join(self.conditions)}")
        if len({frozenset(pair) for pair in self.pairs}) < len(self.pairs):
            raise ValueError("a pair is listed twice; both orders are presented anyway")

    @property
    def items(self) -> dict[str, int]:
        """Seed of each item by its name."""
        return {f"{self.kind}-{seed}": seed for seed in self.seeds}


@dataclass(frozen=True)
class Study:
    """What one listener is asked, and how much of it.

    Attributes:
        name: with the version, the name under which answers and stimuli are kept.
        version: raised by whoever changes anything in the file.
        title: heading of the welcome page.
        instructions: paragraphs of the welcome page.
        trials: pairs that one listener compares.
        minimum_seconds: of each sound, before an answer counts.
        blocks: the material.
        no_preference: whether "no preference" is an answer.
        digest: SHA-256 of the file.
    """

    name: Slug
    version: Annotated[int, Field(ge=1, le=9999)]
    title: Text
    instructions: Annotated[tuple[Text, ...], Field(max_length=10)]
    trials: Annotated[int, Field(ge=1, le=100)]
    minimum_seconds: Annotated[float, Field(ge=0, le=60)]
    blocks: Annotated[tuple[Block, ...], Field(min_length=1, max_length=20)]
    no_preference: bool = True
    digest: str = ""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def __post_init__(self) -> None:
        """Refuse two blocks with the same items, and more trials than there is to compare."""
        kinds = [block.kind for block in self.blocks]
        if len(set(kinds)) < len(kinds):
            raise ValueError(f"two blocks are of one kind: {', '.join(kinds)}")
        available = sum(len(block.seeds) * len(block.pairs) for block in self.blocks)
        if self.trials > available:
            raise ValueError(f"{self.trials} trials for each listener, but only {available} pairs of sounds")

    @property
    def label(self) -> str:
        """Name and version, as they stand beside every answer."""
        return f"{self.name}-{self.version}"

    @property
    def items(self) -> tuple[str, ...]:
        """Names of all items, block by block."""
        return tuple(chain.from_iterable(block.items for block in self.blocks))

    def block_of(self, item: str) -> Block:
        """Return the block that an item belongs to."""
        return next(block for block in self.blocks if item in block.items)


def folder() -> Path:
    """Return the folder of the study to run: the environment's STUDY, or the shipped one."""
    return Path(os.environ.get("STUDY") or SHIPPED)


def load(study_folder: str | Path) -> Study:
    """Read `study.yaml` of a folder.

    Raises:
        StudyError: not there, not YAML, or not a study.
    """
    path = Path(study_folder) / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except OSError as error:
        raise StudyError(f"no study at {path}: give the folder that holds {FILE_NAME}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StudyError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise StudyError(f"{path} holds no study: name, version, title, blocks and so on are missing")
    digest = hashlib.sha256(text.encode()).hexdigest()
    try:
        return TypeAdapter(Study).validate_python({**content, "digest": digest})
    except ValidationError as error:
        # A misspelt key is two errors, one missing and one unexpected; the unexpected one has a line.
        first = min(error.errors(include_url=False), key=lambda each: each["type"] == "missing")
        place = ".".join(str(step) for step in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise StudyError(f"{path}:{_line(root, first['loc'])}: {place or 'study'}: {reason}") from error


def _line(node: Any, place: tuple[int | str, ...]) -> int:
    """Return the line (from 1) of the deepest node on the way to `place`."""
    line = int(node.start_mark.line)
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(step)]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = [(node.value[step], node.value[step])]
        else:
            found = []
        if not found:
            break
        key, node = found[0]
        line = int(key.start_mark.line)
    return line + 1
