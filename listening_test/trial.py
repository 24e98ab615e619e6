"""What travels between session, store and routes: a trial as it is presented, a rating as it is given.

All values are immutable: a trial is made once and stored before the page shows it, a rating is written once. Times
are milliseconds since 1970, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from listening_test.response import PAIRED, RESPONSES, WITH_REFERENCE, Choice, Kind, Ratings, Response

Role = Literal[
    "system",
    "human",
    "copy",
    "reference",
    "low-anchor",
    "mid-anchor",
    "mixture-anchor",
    "noise-anchor",
    "bad-anchor",
]
EventType = Literal["play", "stop", "switch", "seek", "loop", "rate", "blur", "stall"]

LONGEST_LISTENING_MS = 24 * 3600 * 1000
LATEST_MS = 2**43  # the year 2248: what a clock can show without nonsense
MOST_EVENTS = 2000


class UnknownError(ValueError):
    """A resume code, trial or token that this study did not give out, or that is used up."""


class SecondVoteError(ValueError):
    """Another answer to a trial that has one; nothing is overwritten."""


class RefusedAnswerError(ValueError):
    """An answer that does not count: a sound not heard for the minimum, or a choice that is not offered."""


@dataclass(frozen=True)
class Presentation:
    """What stands in one slot of a trial.

    Attributes:
        condition: never leaves the server.
        role: what the condition is there for; neither does it.
        sha256: the stimulus.
        token: under which the page fetches the sound, for this trial and slot alone.
    """

    condition: str
    role: Role
    sha256: str
    token: str


@dataclass(frozen=True)
class Trial:
    """One page of questions about one item.

    Attributes:
        id: opaque, given to the page.
        ordinal: from 1, in the order of presentation.
        kind: what the listener does.
        material: what the sounds are made of, such as blues.
        item: name of the item.
        attribute: what is graded (rating, mushra), else None.
        slots: what is A, B and so on. In an adjustment the layers of one voice: layer k of n holds what an alpha
            of k / n keeps and one of (k + 1) / n no longer does.
        reference: the open reference (mushra) or X (abx, triplet), else None.
        practice: whether the answer is kept but never analysed.
        catch: whether the right answer is known beforehand.
        repeat_of: ordinal of the trial that this one repeats in another order, else None.
        start: where the slider stands at first (adjustment), else None.
        presented_ms: when the trial was stored.
    """

    id: str
    ordinal: int
    kind: Kind
    material: str
    item: str
    attribute: str | None
    slots: tuple[Presentation, ...]
    reference: Presentation | None
    practice: bool
    catch: bool
    repeat_of: int | None
    start: float | None
    presented_ms: int

    def __post_init__(self) -> None:
        """Refuse a trial that cannot be answered, or that presents one condition or token twice."""
        if self.ordinal < 1 or (self.repeat_of is not None and not 1 <= self.repeat_of < self.ordinal):
            raise ValueError(f"trials are counted from 1 and repeat earlier ones, got {self.ordinal}, {self.repeat_of}")
        if self.kind in PAIRED and len(self.slots) != 2:
            raise ValueError(f"{self.kind} trial {self.id} needs two slots, got {len(self.slots)}")
        if (self.reference is not None) != (self.kind in WITH_REFERENCE):
            raise ValueError(f"{self.kind} trial {self.id} has a reference, or lacks it")
        tokens = [sound.token for sound in self.sounds]
        if len(set(self.conditions)) < len(self.slots) or len(set(tokens)) < len(tokens):
            raise ValueError(f"trial {self.id} has the same in two slots")

    @property
    def conditions(self) -> tuple[str, ...]:
        """Condition of each slot."""
        return tuple(shown.condition for shown in self.slots)

    @property
    def roles(self) -> tuple[Role, ...]:
        """Role of each slot."""
        return tuple(shown.role for shown in self.slots)

    @property
    def sounds(self) -> tuple[Presentation, ...]:
        """The slots, then the reference where there is one."""
        return self.slots if self.reference is None else (*self.slots, self.reference)

    @property
    def players(self) -> int:
        """How many listening times an answer states: one for each sound, one for all layers of an adjustment."""
        return 1 if self.kind == "adjustment" else len(self.sounds)


@dataclass(frozen=True)
class Event:
    """What the listener did with the player.

    Attributes:
        type: what happened.
        slot: to which sound, where that is known; the reference comes after the last slot.
        t_ms: since the trial was shown.
        pos_ms: position in the sound.
    """

    type: EventType
    slot: int | None
    t_ms: Annotated[int, Field(ge=0, le=LONGEST_LISTENING_MS)]
    pos_ms: Annotated[int, Field(ge=0, le=LONGEST_LISTENING_MS)]

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Rating:
    """One answer.

    Attributes:
        uuid: made by the page; the same answer sent again is recognised by it.
        trial: id of the trial.
        response: what was answered; its type belongs to the kind of the trial.
        heard_ms: how long each sound was audible: the slots, then the reference; for an adjustment one time in all.
        shown_ms: when the page showed the trial, by the listener's clock.
        answered_ms: when the listener answered, by the listener's clock.
        events: what the player did in between, in order.
    """

    uuid: UUID
    trial: str
    response: Response
    heard_ms: tuple[int, ...]
    shown_ms: int
    answered_ms: int
    events: Annotated[tuple[Event, ...], Field(max_length=MOST_EVENTS)] = ()

    def __post_init__(self) -> None:
        """Refuse times that no clock shows."""
        if not all(0 <= heard <= LONGEST_LISTENING_MS for heard in self.heard_ms):
            raise ValueError(f"listening times {self.heard_ms} ms are out of range")
        if not 0 <= self.shown_ms <= self.answered_ms <= LATEST_MS:
            raise ValueError("an answer comes after its trial was shown")


def check_response(trial: Trial, rating: Rating) -> None:
    """Compare the shape of an answer with its trial: the one place that knows which kind takes which response.

    Raises:
        RefusedAnswerError: a response of another kind, or not one value for each slot or sound.
    """
    expected = RESPONSES[trial.kind]
    if not isinstance(rating.response, expected):
        raise RefusedAnswerError(f"this trial takes {expected.__name__}, not {type(rating.response).__name__}")
    if isinstance(rating.response, Ratings) and len(rating.response.values) != len(trial.slots):
        raise RefusedAnswerError(f"give {len(trial.slots)} grades, one for each sound")
    if trial.kind == "which-human" and isinstance(rating.response, Choice) and rating.response.confidence is None:
        raise RefusedAnswerError("say how sure you are, from 1 to 4")
    if len(rating.heard_ms) != trial.players:
        raise RefusedAnswerError(f"heard_ms states {len(rating.heard_ms)} times, but there are {trial.players} sounds")


@dataclass(frozen=True)
class Answer:
    """A rating with the trial it belongs to, as it is exported and analysed.

    Attributes:
        study: name and version.
        session: the listener's receipt.
        trial: what was presented.
        rating: what was answered.
        received_ms: when the answer was stored, by the server's clock.
    """

    study: str
    session: str
    trial: Trial
    rating: Rating
    received_ms: int

    @property
    def conditions(self) -> tuple[str, ...]:
        """Condition of each slot."""
        return self.trial.conditions

    @property
    def roles(self) -> tuple[Role, ...]:
        """Role of each slot."""
        return self.trial.roles
