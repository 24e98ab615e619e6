"""A session: one listener, one trial at a time, from consent to receipt.

What a trial is made of is decided and stored before the page hears of it, and the page hears of tokens only. A
listener is known by a resume code that only the listener's browser keeps; the store has its hash.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from random import Random, SystemRandom

from listening_test import archive, assignment, headphones, plan, stimuli
from listening_test.assignment import Cell
from listening_test.debrief import Debrief, debrief
from listening_test.plan import Step, Supply
from listening_test.response import Comparison
from listening_test.stimuli import Stimuli
from listening_test.store import Past, Session, Store
from listening_test.study import Study
from listening_test.trial import Presentation, Rating, RefusedAnswerError, Trial, UnknownError, check_response

TOKEN_BYTES = 16
RECEIPT_BYTES = 5
CLOCK_TOLERANCE_MS = 1000  # the sound card's clock against the server's, over one trial
RESERVED_MS = 30 * 60 * 1000  # so long does a trial without answer count as served
MOST_ATTEMPTS = 3  # at a headphone test
HEADPHONE_TESTS = ("huggins", "antiphase")


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

    @cached_property
    def supplies(self) -> tuple[Supply, ...]:
        """What each block can present."""
        known = self.sounds.of
        return tuple(
            Supply(assignment.cells(block, known), assignment.catches(block, known)) for block in self.study.blocks
        )

    def begin(
        self, consent_version: int | None = None, language: str = "en", device: Mapping[str, str | float] | None = None
    ) -> str:
        """Begin a session and return its resume code.

        Raises:
            RefusedAnswerError: the listener did not agree to the present version of the consent.
        """
        if self.study.consent is not None and consent_version != self.study.consent.version:
            raise RefusedAnswerError(f"agree to version {self.study.consent.version} of the consent first")
        code = secrets.token_urlsafe(TOKEN_BYTES)
        row = {
            "id": secrets.token_hex(RECEIPT_BYTES),
            "code_sha256": _hash(code),
            "study": self.study.label,
            "seed": secrets.randbits(62),
            "consent_version": consent_version,
            "language": language,
            "device": dict(device or {}),
            "created_ms": self.now_ms(),
        }
        self.store.add_session(row, lambda number: plan.draw(self.study, self.supplies, number, self.chance))
        return code

    def session(self, code: str) -> Session:
        """Return the session of a resume code; its id is the receipt under which its answers are exported.

        Raises:
            UnknownError: no session of this study has the code.
        """
        return self.store.session(_hash(code), self.study.label)

    def answer_questionnaire(self, code: str, answers: Mapping[str, str]) -> None:
        """Store the answers to the questionnaire.

        Raises:
            RefusedAnswerError: not one of the options to each question.
        """
        session = self.session(code)
        asked = {question.id: question.options for question in self.study.questionnaire}
        wrong = [name for name in asked if answers.get(name) not in asked[name]] + sorted(set(answers) - set(asked))
        if wrong:
            raise RefusedAnswerError(f"choose one of the options to each question; look at {', '.join(wrong)}")
        self.store.add_questionnaire(session.id, dict(answers), self.now_ms())

    def headphone_sound(self, code: str, test: str, number: int) -> bytes:
        """Return the WAV file of one question of a headphone test, new in every attempt.

        Raises:
            UnknownError: no session of this study has the code, or the test has no such question.
        """
        session = self.session(code)
        if not 0 <= number < headphones.QUESTIONS.get(test, 0):
            raise UnknownError("there is no such sound")
        attempt = len(self.store.headphones(session.id).get(test, ()))
        return stimuli.wav_of(headphones.question(test, number, session.seed + attempt))

    def answer_headphones(self, code: str, test: str, choices: Sequence[int]) -> tuple[int, bool]:
        """Count and store the right choices of a headphone test; tell the count and whether the test is passed.

        Raises:
            RefusedAnswerError: another test, not one choice for each question, or one attempt too many.
        """
        session = self.session(code)
        if len(choices) != headphones.QUESTIONS.get(test):
            raise RefusedAnswerError(f"one choice for each question of {', '.join(headphones.QUESTIONS)}, please")
        attempts = self.store.headphones(session.id).get(test, [])
        if len(attempts) >= MOST_ATTEMPTS:
            raise RefusedAnswerError(f"{MOST_ATTEMPTS} attempts are all there are")
        correct = headphones.correct(test, choices, session.seed + len(attempts))
        self.store.add_headphones(session.id, test, correct, len(choices), self.now_ms())
        return correct, headphones.passed(test, correct)

    def missing(self, session: Session) -> tuple[str, ...]:
        """Return what has to be done before the first trial: questionnaire, headphones."""
        open_steps = []
        if self.study.questionnaire and self.store.questionnaire(session.id) is None:
            open_steps.append("questionnaire")
        if self.study.headphones != "off":
            attempts = self.store.headphones(session.id)
            tested = [headphones.passed(test, count) for test in HEADPHONE_TESTS for count in attempts.get(test, ())]
            if not (any(tested) if self.study.headphones == "require" else tested):
                open_steps.append("headphones")
        return tuple(open_steps)

    def current(self, code: str) -> Trial | None:
        """Return the trial that the listener is at, or None when all are answered.

        Raises:
            UnknownError: no session of this study has the code.
            RefusedAnswerError: something has to be done before the first trial.
        """
        session = self.session(code)
        if missing := self.missing(session):
            raise RefusedAnswerError(f"before the first trial come: {', '.join(missing)}")
        make = partial(self._next, session)
        return self.store.current_trial(session, self.now_ms() - RESERVED_MS, make)

    def answer(self, code: str, rating: Rating) -> None:
        """Store an answer; the same answer again is acknowledged again.

        Raises:
            UnknownError: the trial is not one of this session.
            RefusedAnswerError: a response that the trial does not take; a sound not heard for the minimum, or longer
                than the trial has existed; or a tie where the study does not offer it.
            SecondVoteError: the trial has another answer.
        """
        session = self.session(code).id
        trial = self.store.trial(session, rating.trial)
        check_response(trial, rating)
        now = self.now_ms()
        if min(rating.heard_ms) < round(self.study.minimum_seconds * 1000):
            raise RefusedAnswerError(f"listen to each sound for at least {self.study.minimum_seconds:g} s")
        if sum(rating.heard_ms) > now - trial.presented_ms + CLOCK_TOLERANCE_MS:
            raise RefusedAnswerError("the listening times are longer than the time since the trial was presented")
        if rating.response == Comparison(0) and not self.study.block_of(trial.item).tie:
            raise RefusedAnswerError("this study asks for a preference: choose A or B")
        self.store.add_rating(session, trial, rating, now)

    def sound(self, sha256: str, token: str) -> bytes:
        """Return the WAV file of a stimulus, with bytes of its own for every token."""
        wav = self.sounds.read(sha256)
        return stimuli.redithered(wav, int.from_bytes(hashlib.sha256(token.encode()).digest()))

    def debrief(self, code: str) -> Debrief:
        """Return what a listener may know at the end."""
        return debrief(self.store.answers(self.study.label, self.session(code).id))

    def withdraw(self, code: str) -> None:
        """Delete what is known of a session."""
        archive.withdraw(self.store, self.study.label, self.session(code).id, self.now_ms())

    def _next(self, session: Session, past: Sequence[Past], served: dict[Cell, int]) -> Trial:
        step = session.plan[len(past)]
        cell = self._cell(step, session.number, past, served)
        block = self.study.blocks[step.block]

        def present(condition: str) -> Presentation:
            sha256 = self.sounds.of[cell.item, condition].sha256
            return Presentation(condition, block.conditions[condition].role, sha256, _token())

        return Trial(
            id=_token(),
            ordinal=len(past) + 1,
            kind=block.trial,
            material=block.material,
            item=cell.item,
            attribute=cell.attribute,
            slots=tuple(present(condition) for condition in cell.order),
            reference=None if cell.reference is None else present(cell.reference),
            practice=step.purpose == "practice",
            catch=step.purpose == "catch",
            repeat_of=step.repeat_of,
            start=self.chance.random() if block.trial == "adjustment" else None,
            presented_ms=self.now_ms(),
        )

    def _cell(self, step: Step, number: int, past: Sequence[Past], served: dict[Cell, int]) -> Cell:
        """Choose what a step of the plan presents."""
        supply = self.supplies[step.block]
        last = past[-1].cell.item if past else None
        if step.repeat_of is not None:
            original = past[step.repeat_of - 1].cell
            same = [cell for cell in supply.cells if cell.comparison == original.comparison]
            return self.chance.choice([cell for cell in same if cell.order != original.order] or same)
        available = [cell for cell in supply.cells if cell.attribute == step.attribute]
        if step.purpose == "main":
            seen = [each.cell for each in past if each.purpose == "main"]
            return assignment.next_cell(available, served, seen, last, number, self.chance)
        choices = supply.catches if step.purpose == "catch" else available
        return self.chance.choice([cell for cell in choices if cell.item != last] or choices)


def _token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
