"""The ratings database: sessions, trials as presented, answers. With `schema` the only module that imports SQLAlchemy.

Rows are inserted and never changed. SQLite runs with a write-ahead log and full synchronisation, so a committed
answer survives the process. Every write is one transaction that takes the lock at its beginning, so two listeners
never decide on the same counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sql
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from listening_test.assignment import Cell
from listening_test.response import Comparison
from listening_test.schema import PRESENTATION, RATING, SESSION, TABLES, TRIAL, TRIALS
from listening_test.trial import Answer, Presentation, Rating, SecondVoteError, Trial, UnknownError

DEFAULT_URL = "sqlite:///data/ratings.sqlite"
LOCK_TIMEOUT_S = 3.0


class StoreError(ValueError):
    """A ratings database that cannot be read or written just now; whoever tries again may succeed."""


def database_url() -> str:
    """Return the environment's DATABASE_URL, or the default below ./data."""
    return os.environ.get("DATABASE_URL") or DEFAULT_URL


class Store:
    """All that is kept about listeners. Nothing is opened before the first call."""

    def __init__(self, url: str, *, lock_timeout: float = LOCK_TIMEOUT_S) -> None:
        """Name the database.

        Args:
            url: SQLAlchemy address.
            lock_timeout: seconds to wait for another writer before giving up (SQLite).

        Raises:
            StoreError: not an address, or of a database without a driver here.
        """
        try:
            self.url = sql.make_url(url)
            self.url.get_dialect()
        except (ArgumentError, NoSuchModuleError) as error:
            raise StoreError(f"DATABASE_URL is not the address of a database, such as {DEFAULT_URL}") from error
        self._is_sqlite = self.url.drivername.startswith("sqlite")
        self._lock_timeout = lock_timeout

    @property
    def folder(self) -> Path:
        """Where the stimuli are kept: beside a SQLite file, else ./data."""
        return Path(self.url.database).parent if self._is_sqlite and self.url.database else Path("data")

    @cached_property
    def _engine(self) -> sql.Engine:
        if self._is_sqlite:
            self.folder.mkdir(parents=True, exist_ok=True)
            engine = sql.create_engine(self.url, connect_args={"timeout": self._lock_timeout})
            sql.event.listen(engine, "connect", _durable)
            sql.event.listen(engine, "begin", _begin)
        else:
            engine = sql.create_engine(self.url)
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            TABLES.create_all(connection)
        return engine

    @contextmanager
    def _transaction(self, *, writes: bool = False) -> Iterator[sql.Connection]:
        """Open one transaction; whatever the database refuses becomes StoreError."""
        try:
            with self._engine.connect().execution_options(writes=writes) as connection, connection.begin():
                yield connection
        except (DBAPIError, OSError) as error:
            reason = getattr(error, "orig", error)
            raise StoreError(f"the ratings database {self.url.render_as_string()} cannot be used: {reason}") from error

    def add_session(self, session: str, code_sha256: str, study: str, now_ms: int) -> None:
        """Begin a session."""
        row = {"id": session, "code_sha256": code_sha256, "study": study, "created_ms": now_ms}
        with self._transaction(writes=True) as connection:
            connection.execute(sql.insert(SESSION).values(row))

    def session_of(self, code_sha256: str, study: str) -> str:
        """Return the session of a resume code.

        Raises:
            UnknownError: no session of this study has the code.
        """
        query = sql.select(SESSION.c.id).where(SESSION.c.code_sha256 == code_sha256, SESSION.c.study == study)
        return self._one(query, "this session is not known here; start a new one")

    def current_trial(
        self, session: str, most: int, reserved_since_ms: int, make: Callable[[dict[Cell, int], list[Cell]], Trial]
    ) -> Trial | None:
        """Return the trial that waits for its answer; when none does, make and store the next.

        Args:
            session: whose trial.
            most: trials of a session.
            reserved_since_ms: a trial without answer counts as served when it is not older than this.
            make: gets how often each cell of the study is served, and what this session had; returns the next trial.

        Returns:
            The trial, or None when the session is complete.
        """
        mine = sql.select(TRIAL, RATING.c.uuid).select_from(TRIALS).where(TRIAL.c.session == session)
        with self._transaction(writes=True) as connection:
            rows = connection.execute(mine.order_by(TRIAL.c.ordinal)).all()
            if rows and rows[-1].uuid is None:
                return _trial(connection, rows[-1])
            if len(rows) >= most:
                return None
            trial = make(_served(connection, session, reserved_since_ms), [_cell(row) for row in rows])
            _insert_trial(connection, session, trial)
        return trial

    def trial(self, session: str, trial: str) -> Trial:
        """Return a trial of a session.

        Raises:
            UnknownError: the session has no such trial.
        """
        query = sql.select(TRIAL).where(TRIAL.c.session == session, TRIAL.c.id == trial)
        with self._transaction() as connection:
            row = connection.execute(query).first()
            if row is None:
                raise UnknownError("this pair is not part of your session")
            return _trial(connection, row)

    def add_rating(self, trial: Trial, rating: Rating, now_ms: int) -> None:
        """Store an answer with the order it refers to. The same answer again changes nothing.

        Raises:
            SecondVoteError: the trial has another answer, or the answer's UUID was used for another trial.
        """
        row = {
            "uuid": str(rating.uuid),
            "trial": trial.id,
            "conditions": " ".join(trial.conditions),
            "response": asdict(rating.response),
            "heard_ms": rating.heard_ms,
            "shown_ms": rating.shown_ms,
            "answered_ms": rating.answered_ms,
            "received_ms": now_ms,
        }
        same = sql.or_(RATING.c.uuid == row["uuid"], RATING.c.trial == trial.id)
        with self._transaction(writes=True) as connection:
            earlier = connection.execute(sql.select(RATING.c.uuid, RATING.c.trial).where(same)).all()
            if not earlier:
                connection.execute(sql.insert(RATING).values(row))
            elif earlier != [(row["uuid"], trial.id)]:
                raise SecondVoteError("this pair has been answered before; the first answer stands")

    def stimulus_of(self, token: str) -> str:
        """Return the hash of the stimulus behind a token.

        Raises:
            UnknownError: never given out, or its trial is answered.
        """
        query = (
            sql.select(PRESENTATION.c.stimulus_sha256)
            .outerjoin(RATING, RATING.c.trial == PRESENTATION.c.trial)
            .where(PRESENTATION.c.token == token, RATING.c.uuid.is_(None))
        )
        return self._one(query, "there is no such sound")

    def _one(self, query: sql.Select[str], otherwise: str) -> str:
        """Return the one value of a query, or raise UnknownError with the sentence `otherwise`."""
        with self._transaction() as connection:
            found: str | None = connection.execute(query).scalar()
        if found is None:
            raise UnknownError(otherwise)
        return found

    def answers(self, study: str) -> list[Answer]:
        """Return every answer of a study, in the order in which they came."""
        query = sql.select(RATING, SESSION.c.study, TRIAL.c.session).select_from(RATING.join(TRIAL).join(SESSION))
        query = query.where(SESSION.c.study == study).order_by(RATING.c.received_ms, RATING.c.uuid)
        with self._transaction() as connection:
            return [_answer(connection, row) for row in connection.execute(query)]


def _durable(connection: Any, _record: object) -> None:
    """Set SQLite up so that a committed answer outlives the process, and leave BEGIN to `_begin`."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sql.Connection) -> None:
    writes = connection.get_execution_options()["writes"]
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _served(connection: sql.Connection, session: str, reserved_since_ms: int) -> dict[Cell, int]:
    """Count, over the study of a session, what is answered and what is on a page now."""
    study = sql.select(SESSION.c.study).where(SESSION.c.id == session).scalar_subquery()
    counts = (
        sql.select(TRIAL.c.item, TRIAL.c.conditions, sql.func.count().label("served"))
        .select_from(TRIALS)
        .where(SESSION.c.study == study)
        .where(sql.or_(RATING.c.uuid.is_not(None), TRIAL.c.presented_ms >= reserved_since_ms))
        .group_by(TRIAL.c.item, TRIAL.c.conditions)
    )
    return {_cell(row): row.served for row in connection.execute(counts)}


def _insert_trial(connection: sql.Connection, session: str, trial: Trial) -> None:
    row = {"id": trial.id, "session": session, "ordinal": trial.ordinal, "item": trial.item}
    row |= {"conditions": " ".join(trial.conditions), "presented_ms": trial.presented_ms}
    connection.execute(sql.insert(TRIAL).values(row))
    for slot, shown in enumerate(trial.slots):
        row = {"token": shown.token, "trial": trial.id, "slot": slot, "stimulus_sha256": shown.sha256}
        connection.execute(sql.insert(PRESENTATION).values(row))


def _cell(row: sql.Row[Any]) -> Cell:
    first, second = row.conditions.split()
    return Cell(row.item, (first, second))


def _trial(connection: sql.Connection, row: sql.Row[Any]) -> Trial:
    query = sql.select(PRESENTATION).where(PRESENTATION.c.trial == row.id).order_by(PRESENTATION.c.slot)
    first, second = (
        Presentation(condition, "system", sound.stimulus_sha256, sound.token)
        for condition, sound in zip(row.conditions.split(), connection.execute(query), strict=True)
    )
    return preference_trial(row.id, row.ordinal, row.item, (first, second), row.presented_ms)


def preference_trial(
    trial: str, ordinal: int, item: str, slots: tuple[Presentation, Presentation], presented_ms: int
) -> Trial:
    """Return a paired comparison; its item is named after the material."""
    material = item.split("-preference-")[0]
    return Trial(
        trial, ordinal, "preference", material, item, None, slots, None, False, False, None, None, presented_ms
    )


def _answer(connection: sql.Connection, row: sql.Row[Any]) -> Answer:
    heard = tuple(row.heard_ms)
    rating = Rating(UUID(row.uuid), row.trial, Comparison(**row.response), heard, row.shown_ms, row.answered_ms)
    trial = connection.execute(sql.select(TRIAL).where(TRIAL.c.id == row.trial)).one()
    return Answer(row.study, row.session, _trial(connection, trial), rating, row.received_ms)
