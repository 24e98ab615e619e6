"""The store of a running test: sessions, trials as presented, answers. Rows are inserted and never changed.

Whatever is written goes through the journal in the same transaction. What a study's owner does with the ratings
afterwards stands in `archive`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import sqlalchemy as sql
from pydantic import TypeAdapter

from listening_test import journal
from listening_test.assignment import Cell
from listening_test.database import Database
from listening_test.plan import Purpose, Step
from listening_test.schema import HEADPHONES, OPENING, PRESENTATION, QUESTIONNAIRE, RATING, SESSION, TRIAL, TRIALS
from listening_test.trial import Answer, Presentation, Rating, SecondVoteError, Trial, UnknownError

RATINGS = TypeAdapter(Rating)
RATING_FIELDS = ("uuid", "trial", "response", "heard_ms", "shown_ms", "answered_ms", "events")


@dataclass(frozen=True)
class Session:
    """What is known of a listener's session from its beginning.

    Attributes:
        id: the listener's receipt.
        number: from 0, in the order in which the sessions of the study began.
        seed: of the headphone tests; never leaves the server.
        plan: which kind of trial comes when.
    """

    id: str
    number: int
    seed: int
    plan: tuple[Step, ...]


@dataclass(frozen=True)
class Past:
    """A trial that a session had already: what it was for, and what it presented."""

    ordinal: int
    purpose: Purpose
    cell: Cell


class Store(Database):
    """All that is kept about listeners."""

    def add_session(self, row: dict[str, Any], draw: Callable[[int], tuple[Step, ...]]) -> None:
        """Begin a session.

        Args:
            row: of the table `session`, without number and plan.
            draw: gets the number of the session, returns its plan.

        Raises:
            UnknownError: the study is closed.
        """
        same = SESSION.c.study == row["study"]
        with self.transaction(writes=True) as connection:
            if connection.execute(sql.select(OPENING).where(OPENING.c.study == row["study"])).first():
                raise UnknownError("this study is closed; thank you for your interest")
            number = connection.execute(sql.select(sql.func.count()).select_from(SESSION).where(same)).scalar_one()
            plan = [list(astuple(step)) for step in draw(number)]
            journal.insert(connection, row["id"], [(SESSION, {**row, "number": number, "plan": plan})])

    def session(self, code_sha256: str, study: str) -> Session:
        """Return the session of a resume code.

        Raises:
            UnknownError: no session of this study has the code.
        """
        query = sql.select(SESSION).where(SESSION.c.code_sha256 == code_sha256, SESSION.c.study == study)
        with self.transaction() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise UnknownError("this session is not known here; start a new one")
        return Session(row.id, row.number, row.seed, tuple(Step(*step) for step in row.plan))

    def add_questionnaire(self, session: str, answers: dict[str, str], now_ms: int) -> None:
        """Store the answers to the questionnaire; once given, they stay."""
        row = {"session": session, "answers": answers, "received_ms": now_ms}
        with self.transaction(writes=True) as connection:
            if not connection.execute(sql.select(QUESTIONNAIRE).where(QUESTIONNAIRE.c.session == session)).first():
                journal.insert(connection, session, [(QUESTIONNAIRE, row)])

    def questionnaire(self, session: str) -> dict[str, str] | None:
        """Return the answers to the questionnaire, or None."""
        query = sql.select(QUESTIONNAIRE.c.answers).where(QUESTIONNAIRE.c.session == session)
        with self.transaction() as connection:
            answers: dict[str, str] | None = connection.execute(query).scalar()
        return answers

    def add_headphones(self, session: str, test: str, correct: int, of: int, now_ms: int) -> None:
        """Store one attempt at a headphone test."""
        row = {"session": session, "test": test, "correct": correct, "of": of, "received_ms": now_ms}
        with self.transaction(writes=True) as connection:
            own = (HEADPHONES.c.session == session) & (HEADPHONES.c.test == test)
            attempt = connection.execute(sql.select(sql.func.count()).select_from(HEADPHONES).where(own)).scalar_one()
            journal.insert(connection, session, [(HEADPHONES, {**row, "attempt": attempt})])

    def headphones(self, session: str) -> dict[str, list[int]]:
        """Return how many answers were right in each attempt, by test."""
        query = sql.select(HEADPHONES).where(HEADPHONES.c.session == session).order_by(HEADPHONES.c.attempt)
        found: dict[str, list[int]] = defaultdict(list)
        with self.transaction() as connection:
            for row in connection.execute(query):
                found[row.test].append(row.correct)
        return dict(found)

    def current_trial(
        self, session: Session, reserved_since_ms: int, make: Callable[[Sequence[Past], dict[Cell, int]], Trial]
    ) -> Trial | None:
        """Return the trial that waits for its answer; when none does, make and store the next.

        Args:
            session: whose trial.
            reserved_since_ms: a trial without answer counts as served when it is not older than this.
            make: gets what this session had, and how often each cell of the study is served; returns the next trial.

        Returns:
            The trial, or None when the session is complete.
        """
        mine = sql.select(TRIAL, RATING.c.uuid).select_from(TRIALS).where(TRIAL.c.session == session.id)
        with self.transaction(writes=True) as connection:
            rows = connection.execute(mine.order_by(TRIAL.c.ordinal)).all()
            if rows and rows[-1].uuid is None:
                return _trial(rows[-1], _presentations(connection, TRIAL.c.id == rows[-1].id)[rows[-1].id])
            if len(rows) >= len(session.plan):
                return None
            past = [Past(row.ordinal, row.purpose, _cell(row)) for row in rows]
            trial = make(past, _served(connection, session.id, reserved_since_ms))
            journal.insert(connection, session.id, _trial_rows(session, trial))
        return trial

    def trial(self, session: str, trial: str) -> Trial:
        """Return a trial of a session.

        Raises:
            UnknownError: the session has no such trial.
        """
        query = sql.select(TRIAL).where(TRIAL.c.session == session, TRIAL.c.id == trial)
        with self.transaction() as connection:
            row = connection.execute(query).first()
            if row is None:
                raise UnknownError("this trial is not part of your session")
            return _trial(row, _presentations(connection, TRIAL.c.id == trial)[trial])

    def add_rating(self, session: str, trial: Trial, rating: Rating, now_ms: int) -> None:
        """Store an answer with the order it refers to. The same answer again changes nothing.

        Raises:
            SecondVoteError: the trial has another answer, or the answer's UUID was used for another trial.
        """
        row = RATINGS.dump_python(rating, mode="json")
        row |= {"conditions": " ".join(trial.conditions), "received_ms": now_ms}
        same = sql.or_(RATING.c.uuid == row["uuid"], RATING.c.trial == trial.id)
        with self.transaction(writes=True) as connection:
            earlier = connection.execute(sql.select(RATING.c.uuid, RATING.c.trial).where(same)).all()
            if not earlier:
                journal.insert(connection, session, [(RATING, row)])
            elif earlier != [(row["uuid"], trial.id)]:
                raise SecondVoteError("this trial has been answered before; the first answer stands")

    def stimulus_of(self, token: str) -> tuple[str, str, str]:
        """Return the study and the session that a token was given out for, and the hash of the stimulus.

        Raises:
            UnknownError: never given out, or its trial is answered.
        """
        query = (
            sql.select(SESSION.c.study, SESSION.c.id, PRESENTATION.c.stimulus_sha256)
            .select_from(TRIALS.join(PRESENTATION, PRESENTATION.c.trial == TRIAL.c.id))
            .where(PRESENTATION.c.token == token, RATING.c.uuid.is_(None))
        )
        with self.transaction() as connection:
            found = connection.execute(query).first()
        if found is None:
            raise UnknownError("there is no such sound")
        return found.study, found.id, found.stimulus_sha256

    def answers(self, study: str, session: str | None = None) -> list[Answer]:
        """Return every answer of a study, or of one of its sessions, in the order in which they came."""
        own = SESSION.c.study == study if session is None else SESSION.c.id == session
        fields = (RATING.c[name] for name in (*RATING_FIELDS, "received_ms"))
        query = sql.select(TRIAL, *fields).select_from(RATING.join(TRIAL).join(SESSION)).where(own)
        with self.transaction() as connection:
            sounds = _presentations(connection, own)
            rows = connection.execute(query.order_by(RATING.c.received_ms, RATING.c.uuid))
            return [_answer(study, row, sounds[row.id]) for row in rows]


def _served(connection: sql.Connection, session: str, reserved_since_ms: int) -> dict[Cell, int]:
    """Count, over the study of a session, what is answered for the analysis and what is on a page now."""
    study = sql.select(SESSION.c.study).where(SESSION.c.id == session).scalar_subquery()
    cell = (TRIAL.c.item, TRIAL.c.attribute, TRIAL.c.conditions, TRIAL.c.reference)
    counts = (
        sql.select(*cell, sql.func.count().label("served"))
        .select_from(TRIALS)
        .where(SESSION.c.study == study, TRIAL.c.purpose == "main")
        .where(sql.or_(RATING.c.uuid.is_not(None), TRIAL.c.presented_ms >= reserved_since_ms))
        .group_by(*cell)
    )
    return {_cell(row): row.served for row in connection.execute(counts)}


def _presentations(connection: sql.Connection, own: sql.ColumnElement[bool]) -> dict[str, list[Presentation]]:
    """Return the sounds of the trials that fit, by trial, in the order of the slots."""
    query = sql.select(PRESENTATION).select_from(PRESENTATION.join(TRIAL).join(SESSION)).where(own)
    found: dict[str, list[Presentation]] = defaultdict(list)
    for row in connection.execute(query.order_by(PRESENTATION.c.trial, PRESENTATION.c.slot)):
        found[row.trial].append(Presentation(row.condition, row.role, row.stimulus_sha256, row.token))
    return found


def _trial_rows(session: Session, trial: Trial) -> journal.Rows:
    purpose = session.plan[trial.ordinal - 1].purpose
    row: dict[str, Any] = {"id": trial.id, "session": session.id, "purpose": purpose}
    row |= {"conditions": " ".join(trial.conditions), "reference": trial.reference and trial.reference.condition}
    same = ("ordinal", "kind", "material", "item", "attribute", "repeat_of", "start", "presented_ms")
    row |= {name: getattr(trial, name) for name in same}
    sounds = [
        {"token": shown.token, "trial": trial.id, "slot": slot, "condition": shown.condition, "role": shown.role}
        | {"stimulus_sha256": shown.sha256}
        for slot, shown in enumerate(trial.sounds)
    ]
    return [(TRIAL, row), *((PRESENTATION, sound) for sound in sounds)]


def _cell(row: sql.Row[Any]) -> Cell:
    return Cell(row.item, row.attribute, tuple(row.conditions.split()), row.reference)


def _trial(row: sql.Row[Any], sounds: list[Presentation]) -> Trial:
    n_slots = len(row.conditions.split())
    return Trial(
        id=row.id,
        ordinal=row.ordinal,
        kind=row.kind,
        material=row.material,
        item=row.item,
        attribute=row.attribute,
        slots=tuple(sounds[:n_slots]),
        reference=sounds[n_slots] if len(sounds) > n_slots else None,
        practice=row.purpose == "practice",
        catch=row.purpose == "catch",
        repeat_of=row.repeat_of,
        start=row.start,
        presented_ms=row.presented_ms,
    )


def _answer(study: str, row: sql.Row[Any], sounds: list[Presentation]) -> Answer:
    rating = RATINGS.validate_python({name: getattr(row, name) for name in RATING_FIELDS})
    return Answer(study, row.session, _trial(row, sounds), rating, row.received_ms)
