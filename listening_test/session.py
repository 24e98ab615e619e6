"""A session: one listener, one trial at a time, from the first click to the receipt.

What a trial is made of is decided and stored before the page hears of it, and the page hears of tokens only. A
listener is known by a resume code that only the listener's browser keeps; the store has its hash.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random, SystemRandom

from listening_test import assignment, stimuli
from listening_test.assignment import Cell
from listening_test.response import Comparison
from listening_test.stimuli import Stimuli
from listening_test.store import Store, preference_trial
from listening_test.study import Study
from listening_test.trial import Presentation, Rating, RefusedAnswerError, Trial, check_response

TOKEN_BYTES = 16
RECEIPT_BYTES = 5
CLOCK_TOLERANCE_MS = 1000  # the sound card's clock against the server's, over one trial
RESERVED_MS = 30 * 60 * 1000  # so long does a trial without answer count as served


@dataclass(frozen=True)
class ListeningTest:
    """A study that runs: its stimuli, its ratings, its clock and its chance.

    Attributes:
        study: what is asked.
        sounds: the prepared stimuli.
        store: where everything is kept.
        chance: breaks ties in the assignment.
        now_ms: milliseconds since 1970, UTC.
    """

    study: Study
    sounds: Stimuli
    store: Store
    chance: Random = field(default_factory=SystemRandom)
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000

    def begin(self) -> str:
        """Begin a session and return its resume code."""
        code = secrets.token_urlsafe(TOKEN_BYTES)
        receipt = secrets.token_hex(RECEIPT_BYTES)
        self.store.add_session(receipt, _hash(code), self.study.label, self.now_ms())
        return code

    def receipt(self, code: str) -> str:
        """Return the receipt of a session, under which its answers are exported.

        Raises:
            UnknownError: no session of this study has the code.
        """
        return self.store.session_of(_hash(code), self.study.label)

    def current(self, code: str) -> Trial | None:
        """Return the trial that the listener is at, or None when all are answered.

        Raises:
            UnknownError: no session of this study has the code.
        """
        session = self.receipt(code)
        return self.store.current_trial(session, self.study.trials, self.now_ms() - RESERVED_MS, self._next)

    def answer(self, code: str, rating: Rating) -> None:
        """Store an answer; the same answer again is acknowledged again.

        Raises:
            UnknownError: the trial is not one of this session.
            RefusedAnswerError: a sound was not heard for the minimum, or longer than the trial has existed; or no
                preference where the study does not offer it.
            SecondVoteError: the trial has another answer.
        """
        trial = self.store.trial(self.receipt(code), rating.trial)
        check_response(trial, rating)
        now = self.now_ms()
        least = round(self.study.minimum_seconds * 1000)
        if min(rating.heard_ms) < least:
            raise RefusedAnswerError(f"listen to A and to B for at least {self.study.minimum_seconds:g} s each")
        if sum(rating.heard_ms) > now - trial.presented_ms + CLOCK_TOLERANCE_MS:
            raise RefusedAnswerError("the listening times are longer than the time since the pair was presented")
        if rating.response == Comparison(0) and not self.study.block_of(trial.item).tie:
            raise RefusedAnswerError("this study asks for a preference: choose A or B")
        self.store.add_rating(trial, rating, now)

    def sound(self, token: str) -> bytes:
        """Return the WAV file behind a token; every token has bytes of its own.

        Raises:
            UnknownError: never given out, or its trial is answered.
        """
        wav = self.sounds.read(self.store.stimulus_of(token))
        return stimuli.redithered(wav, int.from_bytes(hashlib.sha256(token.encode()).digest()))

    def _next(self, served: dict[Cell, int], seen: list[Cell]) -> Trial:
        cell = assignment.next_cell(assignment.cells(self.study), served, seen, self.chance)
        block = self.study.block_of(cell.item)
        hashes = {condition: self.sounds.of[cell.item, condition].sha256 for condition in cell.order}
        first, second = (
            Presentation(condition, block.conditions[condition].role, sha256, secrets.token_urlsafe(TOKEN_BYTES))
            for condition, sha256 in hashes.items()
        )
        identity = (secrets.token_urlsafe(TOKEN_BYTES), len(seen) + 1)
        return preference_trial(*identity, cell.item, (first, second), self.now_ms())


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
