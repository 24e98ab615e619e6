"""The journal of the ratings database: every row once more, in the order of writing, chained by hashes.

An entry is a list of rows that were inserted together. Its hash covers the hash of the entry before, so that nothing
can be changed or taken out without breaking the chain. When a listener withdraws, the rows of the session are erased
here as well; the hash of what was erased stays, so the chain still closes, and the withdrawal is an entry itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sql

from listening_test.schema import JOURNAL, OF_A_SESSION, PRESENTATION, RATING, SESSION, TABLES, TRIAL, WITHDRAWAL

BEGINNING = "0" * 64

Rows = Sequence[tuple[sql.Table, dict[str, Any]]]
Entry = dict[str, Any]  # a row of the journal


class JournalError(ValueError):
    """A chain that is broken, or tables that say something else than the journal."""


def insert(connection: sql.Connection, session: str, rows: Rows) -> None:
    """Insert rows that belong together, and the entry that records them. The caller holds the write lock."""
    text = _canonical([[table.name, row] for table, row in rows])
    last = connection.execute(sql.select(JOURNAL).order_by(JOURNAL.c.sequence.desc()).limit(1)).first()
    sequence, previous = (1, BEGINNING) if last is None else (last.sequence + 1, last.sha256)
    rows_sha256 = hashlib.sha256(text.encode()).hexdigest()
    entry = {"sequence": sequence, "session": session, "rows": text, "rows_sha256": rows_sha256}
    replay(connection, {**entry, "prev_sha256": previous, "sha256": _chained(previous, sequence, session, rows_sha256)})


def replay(connection: sql.Connection, entry: Entry) -> None:
    """Write an entry, and do what it records: insert its rows, and erase a session that withdraws."""
    connection.execute(sql.insert(JOURNAL).values(entry))
    for name, row in json.loads(entry["rows"] or "[]"):
        connection.execute(sql.insert(TABLES.tables[name]).values(row))
        if name == WITHDRAWAL.name:
            _erase(connection, row["session"], entry["sequence"])


def entries(connection: sql.Connection, after: int = 0) -> Iterator[Entry]:
    """Yield the entries that follow a number, in order."""
    query = sql.select(JOURNAL).where(JOURNAL.c.sequence > after).order_by(JOURNAL.c.sequence)
    yield from (dict(row._mapping) for row in connection.execute(query))


def check_chain(chain: Iterable[Entry]) -> int:
    """Recompute every hash of a whole journal.

    Returns:
        The number of entries.

    Raises:
        JournalError: the first entry that does not follow from the one before.
    """
    gone: set[str] = set()
    erased: set[str] = set()
    previous, sequence = BEGINNING, 0
    for sequence, entry in enumerate(chain, start=1):
        text = entry["rows"]
        expected = _chained(previous, sequence, entry["session"], entry["rows_sha256"])
        whole = text is None or hashlib.sha256(text.encode()).hexdigest() == entry["rows_sha256"]
        links = (entry["sequence"], entry["prev_sha256"], entry["sha256"]) == (sequence, previous, expected)
        if not whole or not links:
            raise JournalError(f"entry {entry['sequence']} of the journal was changed, or one before it is missing")
        gone |= withdrawn([entry])
        erased |= {entry["session"]} if text is None else set()
        previous = expected
    if erased - gone:
        raise JournalError(f"the journal lacks the rows of {', '.join(erased - gone)}, who did not withdraw")
    return sequence


def withdrawn(chain: Iterable[Entry]) -> set[str]:
    """Return the sessions whose withdrawal the entries record."""
    rows = [row for entry in chain for row in json.loads(entry["rows"] or "[]")]
    return {row["session"] for name, row in rows if name == WITHDRAWAL.name}


def contents(connection: sql.Connection) -> dict[str, list[str]]:
    """Return every row of every table as sorted canonical text, so that two databases can be compared."""
    return {
        table.name: sorted(_canonical(list(row)) for row in connection.execute(sql.select(table)))
        for table in TABLES.sorted_tables
    }


def _erase(connection: sql.Connection, session: str, until: int) -> None:
    """Delete what is known of a session, in the tables and in the journal before entry `until`."""
    trials = sql.select(TRIAL.c.id).where(TRIAL.c.session == session)
    for table in (RATING, PRESENTATION):
        connection.execute(sql.delete(table).where(table.c.trial.in_(trials)))
    for table in (*OF_A_SESSION, TRIAL):
        connection.execute(sql.delete(table).where(table.c.session == session))
    connection.execute(sql.delete(SESSION).where(SESSION.c.id == session))
    known = (JOURNAL.c.session == session) & (JOURNAL.c.sequence < until)
    connection.execute(sql.update(JOURNAL).where(known).values(rows=None))


def _chained(previous: str, sequence: int, session: str, rows_sha256: str) -> str:
    return hashlib.sha256(f"{previous} {sequence} {session} {rows_sha256}".encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
