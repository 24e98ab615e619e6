"""What a study's owner does with the ratings database: exclude, withdraw, close and open, check, rebuild."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace

import sqlalchemy as sql

from listening_test import journal
from listening_test.database import Database
from listening_test.schema import EXCLUSION, JOURNAL, OPENING, RATING, SCREENING, SESSION, TRIAL, WITHDRAWAL
from listening_test.study import Study
from listening_test.trial import Answer, Presentation, Trial, UnknownError

NOBODY = ""  # session of an entry that concerns the whole study


@dataclass(frozen=True)
class Exclusion:
    """A session that a screening rule leaves out of the analysis; its answers stay where they are.

    Attributes:
        session: the listener's receipt.
        rule: name and version of the rule.
        value: what was measured.
        threshold: what it was compared with.
    """

    session: str
    rule: str
    value: float
    threshold: float


def exclude(database: Database, study: str, exclusions: Sequence[Exclusion], now_ms: int) -> int:
    """Store a new list of exclusions, perhaps an empty one; earlier lists stay.

    Returns:
        The version of the list, from 1.
    """
    with database.transaction(writes=True) as connection:
        version = _latest(connection, study) + 1
        journal.insert(connection, NOBODY, [(SCREENING, {"study": study, "version": version, "decided_ms": now_ms})])
        for each in exclusions:
            journal.insert(connection, each.session, [(EXCLUSION, {**asdict(each), "version": version})])
    return version


def latest_version(database: Database, study: str) -> int:
    """Return the version of the latest list of exclusions of a study; 0 without one."""
    with database.transaction() as connection:
        return _latest(connection, study)


def exclusions(database: Database, study: str, version: int) -> list[Exclusion]:
    """Return one version of the list of exclusions of a study."""
    query = sql.select(EXCLUSION).select_from(EXCLUSION.join(SESSION))
    query = query.where(SESSION.c.study == study, EXCLUSION.c.version == version)
    with database.transaction() as connection:
        rows = connection.execute(query.order_by(EXCLUSION.c.session, EXCLUSION.c.rule))
        return [Exclusion(row.session, row.rule, row.value, row.threshold) for row in rows]


def withdraw(database: Database, study: str, session: str, now_ms: int) -> int:
    """Delete everything about a session but the fact that it was withdrawn.

    Returns:
        How many answers were deleted.

    Raises:
        UnknownError: the study has no such session.
    """
    own = sql.select(sql.func.count()).select_from(RATING.join(TRIAL)).where(TRIAL.c.session == session)
    known = sql.select(SESSION.c.id).where(SESSION.c.id == session, SESSION.c.study == study)
    with database.transaction(writes=True) as connection:
        if connection.execute(known).first() is None:
            raise UnknownError(f"there is no session {session} in {study}")
        answers = connection.execute(own).scalar_one()
        row = {"session": session, "study": study, "answers": answers, "withdrawn_ms": now_ms}
        journal.insert(connection, session, [(WITHDRAWAL, row)])
    return answers


def open_conditions(database: Database, study: str, plan_sha256: str, now_ms: int) -> None:
    """Close a study for good, so that its conditions may be named. The first plan of analysis counts.

    Args:
        database: of the ratings.
        study: name and version.
        plan_sha256: hash of the plan of analysis, as it stood before anybody saw a condition.
        now_ms: when.
    """
    row = {"study": study, "plan_sha256": plan_sha256, "opened_ms": now_ms}
    with database.transaction(writes=True) as connection:
        if connection.execute(sql.select(OPENING).where(OPENING.c.study == study)).first() is None:
            journal.insert(connection, NOBODY, [(OPENING, row)])


def is_open(database: Database, study: str) -> bool:
    """Whether the conditions of a study may be named: it is closed, and its plan of analysis is fixed."""
    with database.transaction() as connection:
        return connection.execute(sql.select(OPENING).where(OPENING.c.study == study)).first() is not None


def codes(study: Study) -> dict[str, str]:
    """Return K1, K2 and so on for every condition, in an order that the study's file does not tell."""
    names = {name for block in study.blocks for name in block.conditions}
    by_hash = sorted(names, key=lambda name: hashlib.sha256(f"{study.digest} {name}".encode()).digest())
    return {name: f"K{number}" for number, name in enumerate(by_hash, start=1)}


def coded_study(study: Study) -> Study:
    """Replace the names of conditions in a study, for an analysis that does not know them."""
    code = codes(study)
    blocks = (
        replace(
            block,
            conditions={code[name]: condition for name, condition in block.conditions.items()},
            pairs=tuple((code[first], code[second]) for first, second in block.pairs),
        )
        for block in study.blocks
    )
    return replace(study, blocks=tuple(blocks))


def coded(answers: Sequence[Answer], study: Study) -> list[Answer]:
    """Replace the names of conditions in answers."""
    code = codes(study)

    def hidden(shown: Presentation) -> Presentation:
        return replace(shown, condition=code[shown.condition])

    def hidden_trial(trial: Trial) -> Trial:
        reference = None if trial.reference is None else hidden(trial.reference)
        return replace(trial, slots=tuple(map(hidden, trial.slots)), reference=reference)

    return [replace(answer, trial=hidden_trial(answer.trial)) for answer in answers]


def entries(database: Database, after: int = 0) -> list[journal.Entry]:
    """Return the entries of the journal that follow a number."""
    with database.transaction() as connection:
        return list(journal.entries(connection, after))


def rebuild(database: Database, chain: Iterable[journal.Entry]) -> int:
    """Replay the entries that an empty database, or one that knows the beginning of the same journal, lacks.

    Returns:
        How many entries were added.

    Raises:
        JournalError: the database knows other entries, or the chain is broken.
    """
    chain = list(chain)
    journal.check_chain(chain)
    with database.transaction(writes=True) as connection:
        known = {row.sequence: row.sha256 for row in connection.execute(sql.select(JOURNAL))}
        if any(known.get(entry["sequence"], entry["sha256"]) != entry["sha256"] for entry in chain):
            raise journal.JournalError("the database and its mirror have grown apart; start with an empty database")
        missing = [entry for entry in chain if entry["sequence"] not in known]
        for entry in missing:
            journal.replay(connection, entry)
    return len(missing)


def check(database: Database) -> int:
    """Recompute the chain, rebuild all tables from it in memory, and compare them with those of the database.

    Returns:
        The number of entries.

    Raises:
        JournalError: an entry or a row that was changed, added or removed.
    """
    with database.transaction() as connection:
        chain = list(journal.entries(connection))
        there = journal.contents(connection)
    with closing(Database("sqlite://")) as copy:
        rebuild(copy, chain)
        with copy.transaction() as connection:
            expected = journal.contents(connection)
    wrong = [name for name in expected if expected[name] != there[name]]
    if wrong:
        raise journal.JournalError(f"the journal says something else than the table {', '.join(wrong)}")
    return len(chain)


def _latest(connection: sql.Connection, study: str) -> int:
    latest = sql.select(sql.func.max(SCREENING.c.version)).where(SCREENING.c.study == study)
    return connection.execute(latest).scalar() or 0
