"""A study: what is asked about what. One YAML file, read into frozen values; an error names its line.

What is heard stands in blocks; a block has items (one per seed) that every condition of the block renders.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from listening_test.block import Block, Slug, Text
from listening_test.limits import Limits

SHIPPED = Path(__file__).parent / "studies"
FILE_NAME = "study.yaml"

FORBID = ConfigDict(extra="forbid")


class StudyError(ValueError):
    """A study that cannot be run; the message names file, line and reason."""


@dataclass(frozen=True)
class Consent:
    """What a listener agrees to before anything is stored; a changed text gets a new version."""

    version: Annotated[int, Field(ge=1, le=9999)]
    text: Annotated[str, Field(min_length=1, max_length=5000)]

    __pydantic_config__: ClassVar[ConfigDict] = FORBID


@dataclass(frozen=True)
class Question:
    """One question of the questionnaire, answered by one of its options."""

    id: Slug
    question: Text
    options: Annotated[tuple[Text, ...], Field(min_length=2, max_length=20)]

    __pydantic_config__: ClassVar[ConfigDict] = FORBID


@dataclass(frozen=True)
class Study:
    """What one listener is asked, and how much of it.

    Attributes:
        name: with the version, the name under which answers and stimuli are kept.
        version: raised by whoever changes anything in the file.
        title: heading of the welcome page.
        instructions: paragraphs of the welcome page.
        trials: that one listener answers for the analysis; practice, repeats and catch trials come on top.
        minimum_seconds: of each sound, before an answer counts.
        blocks: the material.
        language: of all texts, ISO 639-1.
        consent: asked first; without one the study's owner has it in another way.
        questionnaire: asked before the first trial.
        headphones: whether the headphone test is left out, recorded, or must be passed.
        practice: trials at the beginning of each block, which are kept but never analysed.
        repeats: share of the trials that come again, hidden, in another order.
        catch_every: after how many trials one is hidden whose right answer is known; 0 for never.
        break_after: how many trials come before the pause; None for no pause.
        screening: from where on a rule of `listening_test.screening` leaves a listener out.
        digest: SHA-256 of the file.
    """

    name: Slug
    version: Annotated[int, Field(ge=1, le=9999)]
    title: Text
    instructions: Annotated[tuple[Text, ...], Field(max_length=10)]
    trials: Annotated[int, Field(ge=1, le=100)]
    minimum_seconds: Annotated[float, Field(ge=0, le=60)]
    blocks: Annotated[tuple[Block, ...], Field(min_length=1, max_length=20)]
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = "en"
    consent: Consent | None = None
    questionnaire: Annotated[tuple[Question, ...], Field(max_length=20)] = ()
    headphones: Literal["off", "record", "require"] = "off"
    practice: Annotated[int, Field(ge=0, le=5)] = 1
    repeats: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    catch_every: Annotated[int, Field(ge=0, le=100)] = 10
    break_after: Annotated[int, Field(ge=1, le=100)] | None = None
    screening: Limits = field(default_factory=Limits)
    digest: str = ""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID

    def __post_init__(self) -> None:
        """Refuse two blocks with the same items, and more trials than there is to compare."""
        kinds = [f"{block.trial} of {block.material}" for block in self.blocks]
        if len(set(kinds)) < len(kinds):
            raise ValueError(f"two blocks are of one kind: {', '.join(kinds)}")
        available = sum(block.comparisons for block in self.blocks)
        if self.trials > available:
            raise ValueError(f"{self.trials} trials for each listener, but there are only {available}")
        if len({each.id for each in self.questionnaire}) < len(self.questionnaire):
            raise ValueError("two questions have the same id")

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


def folders() -> tuple[Path, ...]:
    """Return the folders of the studies to run: the environment's STUDY alone, or all that ship."""
    named = os.environ.get("STUDY")
    return (Path(named),) if named else tuple(sorted(path.parent for path in SHIPPED.glob(f"*/{FILE_NAME}")))


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
    # ValueError: a date such as 2001-99-99, or bytes that are no text; RecursionError: a thousand open brackets.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
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
