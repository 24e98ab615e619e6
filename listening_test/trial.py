"""What travels between session, store and routes: a trial as it is presented, a rating as it is given.

Both are immutable: a trial is made once and stored before the page shows it, a rating is written once with the order
it belongs to. Times are milliseconds since 1970, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

SLOTS = ("A", "B")
NO_PREFERENCE = "none"
LONGEST_LISTENING_MS = 24 * 3600 * 1000
LATEST_MS = 2**43  # the year 2248: what a clock can show without nonsense


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
        sha256: the stimulus.
        token: under which the page fetches the sound, once for this trial and slot.
    """

    condition: str
    sha256: str
    token: str


@dataclass(frozen=True)
class Trial:
    """One comparison on one listener's page.

    Attributes:
        id: opaque, given to the page.
        ordinal: from 1, in the order of presentation.
        item: name of the item.
        slots: what is A and what is B.
        presented_ms: when the trial was stored.
    """

    id: str
    ordinal: int
    item: str
    slots: tuple[Presentation, Presentation]
    presented_ms: int

    def __post_init__(self) -> None:
        """Refuse a trial that compares a condition with itself."""
        if self.ordinal < 1:
            raise ValueError(f"trials are counted from 1, got {self.ordinal}")
        if self.slots[0].condition == self.slots[1].condition or self.slots[0].token == self.slots[1].token:
            raise ValueError(f"trial {self.id} has the same in both slots")

    @property
    def order(self) -> tuple[str, str]:
        """Conditions of slots A and B."""
        return self.slots[0].condition, self.slots[1].condition


@dataclass(frozen=True)
class Rating:
    """One answer.

    Attributes:
        uuid: made by the page; the same answer sent again is recognised by it.
        trial: id of the trial.
        choice: "A", "B" or "none".
        heard_ms: how long each slot was audible.
        shown_ms: when the page showed the trial, by the listener's clock.
        answered_ms: when the listener answered, by the listener's clock.
    """

    uuid: UUID
    trial: str
    choice: str
    heard_ms: tuple[int, int]
    shown_ms: int
    answered_ms: int

    def __post_init__(self) -> None:
        """Refuse an unknown choice and times that no clock shows."""
        if self.choice not in (*SLOTS, NO_PREFERENCE):
            raise ValueError(f"choice {self.choice!r} is none of A, B, none")
        if not all(0 <= heard <= LONGEST_LISTENING_MS for heard in self.heard_ms):
            raise ValueError(f"listening times {self.heard_ms} ms are out of range")
        if not 0 <= self.shown_ms <= self.answered_ms <= LATEST_MS:
            raise ValueError("an answer comes after its trial was shown")


@dataclass(frozen=True)
class Answer:
    """A rating with the trial it belongs to, as it is exported and analysed.

    Attributes:
        study: name and version.
        session: the listener's receipt.
        ordinal: position of the trial in the session, from 1.
        item: name of the item.
        order: conditions of slots A and B.
        rating: what was answered.
        presented_ms: when the trial was stored, by the server's clock.
        received_ms: when the answer was stored, by the server's clock.
    """

    study: str
    session: str
    ordinal: int
    item: str
    order: tuple[str, str]
    rating: Rating
    presented_ms: int
    received_ms: int

    @property
    def preferred(self) -> str | None:
        """The condition that was preferred, or None."""
        return None if self.rating.choice == NO_PREFERENCE else self.order[SLOTS.index(self.rating.choice)]
