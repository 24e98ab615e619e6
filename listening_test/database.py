"""The connection to the ratings database: SQLite by default, PostgreSQL by address; one way to read, one to write.

SQLite runs with a write-ahead log and full synchronisation, so a committed answer survives the process. Every write is
one transaction that takes the lock at its beginning, so two listeners never decide on the same counts and the journal
grows by one entry at a time, whichever database it is.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from listening_test.schema import TABLES

DEFAULT_URL = "sqlite:///data/ratings.sqlite"
LOCK_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 5
JOURNAL_LOCK = 0x1157E4  # any number; PostgreSQL's advisory locks have no names


class StoreError(ValueError):
    """A ratings database that cannot be read or written just now; whoever tries again may succeed."""


def database_url() -> str:
    """Return the environment's DATABASE_URL, or the default below ./data."""
    return os.environ.get("DATABASE_URL") or DEFAULT_URL


class Database:
    """A database by its address. Nothing is opened before the first transaction."""

    def __init__(self, url: str, *, lock_timeout: float = LOCK_TIMEOUT_S) -> None:
        """Name the database.

        Args:
            url: SQLAlchemy address.
            lock_timeout: seconds to wait for another writer before giving up.

        Raises:
            StoreError: not an address, or of a database without a driver here.
        """
        try:
            self.url = sql.make_url(url)
            self.url.get_dialect().import_dbapi()
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise StoreError(f"DATABASE_URL is not the address of a database, such as {DEFAULT_URL}") from error
        self._is_sqlite = self.url.drivername.startswith("sqlite")
        self._lock_timeout = lock_timeout
        self._writing = threading.Lock()

    @property
    def folder(self) -> Path:
        """Where the stimuli are kept: beside a SQLite file, else ./data."""
        return Path(self.url.database).parent if self._is_sqlite and self.url.database else Path("data")

    @cached_property
    def _engine(self) -> sql.Engine:
        if self._is_sqlite:
            if self.url.database:
                self.folder.mkdir(parents=True, exist_ok=True)
            engine = sql.create_engine(self.url, connect_args={"timeout": self._lock_timeout})
            sql.event.listen(engine, "connect", _durable)
            sql.event.listen(engine, "begin", _begin_sqlite)
        else:
            options = {"connect_timeout": CONNECT_TIMEOUT_S, "options": f"-c lock_timeout={self._lock_timeout:g}s"}
            engine = sql.create_engine(self.url, connect_args=options, pool_pre_ping=True)
            sql.event.listen(engine, "begin", _begin_postgresql)
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            TABLES.create_all(connection)
        return engine

    def close(self) -> None:
        """Close what was opened; the next transaction opens it again."""
        if "_engine" in vars(self):
            self._engine.dispose()

    @contextmanager
    def transaction(self, *, writes: bool = False) -> Iterator[sql.Connection]:
        """Open one transaction; whatever the database refuses becomes StoreError."""
        try:
            with (
                self._turn() if writes else nullcontext(),
                self._engine.connect().execution_options(writes=writes) as connection,
                connection.begin(),
            ):
                yield connection
        except (SQLAlchemyError, OSError) as error:
            reason = " ".join(str(getattr(error, "orig", error)).split())
            raise StoreError(f"the ratings database {self.url.render_as_string()} cannot be used: {reason}") from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Queue the writers of this process: SQLite lets them try again and again, and serves whoever is lucky."""
        if not self._writing.acquire(timeout=self._lock_timeout):
            raise TimeoutError("too many answers at once")
        try:
            yield
        finally:
            self._writing.release()


def _durable(connection: Any, _record: object) -> None:
    """Set SQLite up so that a committed answer outlives the process, and leave BEGIN to `_begin_sqlite`."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sql.Connection) -> None:
    writes = connection.get_execution_options()["writes"]
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgresql(connection: sql.Connection) -> None:
    # pool_pre_ping and the dialect's own first look open transactions without the option.
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({JOURNAL_LOCK})")
