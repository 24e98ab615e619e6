"""The arena's rows: battles as presented, and votes. They are inserted, never changed, and journalled like all rows."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

import sqlalchemy as sql

from listening_test import journal
from listening_test.arena import Battle, Counted, Pair, Prepared, Vote
from listening_test.database import Database
from listening_test.schema import ARENA_BATTLE, ARENA_VOTE
from listening_test.trial import SecondVoteError, UnknownError

BATTLES = ARENA_BATTLE.outerjoin(ARENA_VOTE)
Draw = Callable[[frozenset[str], Mapping[Pair, int]], tuple[Prepared, Battle]]


def voted(database: Database, prepared: Container[str]) -> set[str]:
    """Return those prepared battles that somebody voted on."""
    query = sql.select(ARENA_BATTLE.c.prepared).select_from(ARENA_BATTLE.join(ARENA_VOTE))
    with database.transaction() as connection:
        return {row.prepared for row in connection.execute(query) if row.prepared in prepared}


def current(database: Database, listener: str, pool: Container[str], busy_since_ms: int, draw: Draw) -> Battle:
    """Return the battle that waits for a listener's vote; when none does, draw and store one.

    Args:
        database: the ratings database.
        listener: hash of the listener's code.
        pool: ids of the prepared battles; one that is not there any more cannot be heard.
        busy_since_ms: a battle without vote that was presented before is not being listened to any more.
        draw: gets the prepared battles that are being listened to, and the votes on each pair.
    """
    waiting = sql.select(ARENA_BATTLE).select_from(BATTLES).where(ARENA_VOTE.c.uuid.is_(None))
    with database.transaction(writes=True) as connection:
        mine = connection.execute(waiting.where(ARENA_BATTLE.c.listener == listener)).all()
        for row in mine:
            if row.prepared in pool:
                return _battle(row)
        others = connection.execute(waiting.where(ARENA_BATTLE.c.presented_ms >= busy_since_ms))
        prepared, battle = draw(frozenset(row.prepared for row in others), _served(connection))
        journal.insert(connection, listener, [(ARENA_BATTLE, _row(listener, prepared, battle))])
    return battle


def battle(database: Database, listener: str, battle_id: str) -> Battle:
    """Return a battle of a listener.

    Raises:
        UnknownError: the listener has no such battle.
    """
    query = sql.select(ARENA_BATTLE).where(ARENA_BATTLE.c.id == battle_id, ARENA_BATTLE.c.listener == listener)
    with database.transaction() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise UnknownError("this battle is not yours")
    return _battle(row)


def add_vote(database: Database, listener: str, vote: Vote, now_ms: int) -> None:
    """Store a vote. The same vote again changes nothing.

    Raises:
        SecondVoteError: the battle has another vote, or the vote's UUID was used for another battle.
    """
    row: dict[str, Any] = {"uuid": str(vote.uuid), "battle": vote.battle, "preferred": vote.preferred}
    row |= {"heard_ms": list(vote.heard_ms), "received_ms": now_ms}
    same = sql.or_(ARENA_VOTE.c.uuid == row["uuid"], ARENA_VOTE.c.battle == vote.battle)
    with database.transaction(writes=True) as connection:
        earlier = connection.execute(sql.select(ARENA_VOTE.c.uuid, ARENA_VOTE.c.battle).where(same)).all()
        if not earlier:
            journal.insert(connection, listener, [(ARENA_VOTE, row)])
        elif earlier != [(row["uuid"], vote.battle)]:
            raise SecondVoteError("this battle has a vote; the first one stands")


def sound_of(database: Database, token: str, listener: str) -> tuple[str, str]:
    """Return the prepared battle and the composer behind a listener's token.

    Raises:
        UnknownError: never given out, given to somebody else, or its battle is over.
    """
    given = sql.or_(ARENA_BATTLE.c.first_token == token, ARENA_BATTLE.c.second_token == token)
    query = sql.select(ARENA_BATTLE).select_from(BATTLES).where(given, ARENA_VOTE.c.uuid.is_(None))
    with database.transaction() as connection:
        row = connection.execute(query.where(ARENA_BATTLE.c.listener == listener)).first()
    if row is None:
        raise UnknownError("there is no such sound")
    return row.prepared, row.first if row.first_token == token else row.second


def votes(database: Database) -> list[Counted]:
    """Return all votes, for the leaderboard."""
    query = sql.select(ARENA_BATTLE, ARENA_VOTE.c.preferred).select_from(ARENA_BATTLE.join(ARENA_VOTE))
    with database.transaction() as connection:
        rows = connection.execute(query.order_by(ARENA_VOTE.c.received_ms, ARENA_VOTE.c.uuid)).all()
    sides = [((row.first, row.second), row) for row in rows]
    return [Counted(row.listener, pair, None if row.preferred is None else pair[row.preferred]) for pair, row in sides]


def _served(connection: sql.Connection) -> dict[Pair, int]:
    sides = (ARENA_BATTLE.c.first, ARENA_BATTLE.c.second)
    query = sql.select(*sides, sql.func.count().label("votes")).select_from(ARENA_BATTLE.join(ARENA_VOTE))
    served: dict[Pair, int] = {}
    for row in connection.execute(query.group_by(*sides)):
        pair = frozenset((row.first, row.second))
        served[pair] = served.get(pair, 0) + row.votes
    return served


def _row(listener: str, prepared: Prepared, battle: Battle) -> dict[str, Any]:
    (first, second), (first_token, second_token) = battle.composers, battle.tokens
    return {
        "id": battle.id,
        "listener": listener,
        "prepared": prepared.id,
        "seed": prepared.seed,
        "first": first,
        "second": second,
        "first_token": first_token,
        "second_token": second_token,
        "made": dict(prepared.made),
        "presented_ms": battle.presented_ms,
    }


def _battle(row: sql.Row[Any]) -> Battle:
    tokens = (row.first_token, row.second_token)
    return Battle(row.id, row.prepared, row.seed, (row.first, row.second), tokens, row.presented_ms)
