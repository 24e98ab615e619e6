"""The arena of this server: hands out battles, takes votes, names the composers then, and keeps its pool filled."""

from __future__ import annotations

import hashlib
import logging
import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random, SystemRandom

import numpy as np

from listening_test import arena, arena_pool, arena_store, stimuli
from listening_test.arena import MINIMUM_MS, Battle, Leaderboard, Pair, Prepared, Vote
from listening_test.database import Database
from listening_test.session import CLOCK_TOLERANCE_MS, TOKEN_BYTES
from listening_test.stimuli import StimulusError
from listening_test.trial import RefusedAnswerError, UnknownError

BUSY_MS = 10 * 60 * 1000  # so long does a battle without vote count as being listened to
log = logging.getLogger(__name__)


class Arena:
    """Battles, votes and the leaderboard, with one database and one pool."""

    def __init__(
        self,
        database: Database,
        render: Callable[[], subprocess.Popen[bytes]],
        chance: Random | None = None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        """Name the parts; nothing is rendered before the first listener comes.

        Args:
            database: where battles and votes are kept, and beside which the pool is.
            render: starts the process that fills the pool.
            chance: draws the battles.
            now_ms: milliseconds since 1970, UTC.
        """
        self._database = database
        self._folder = arena_pool.folder_of(database.folder)
        self._render = render
        self._renderer: subprocess.Popen[bytes] | None = None
        self._chance = chance or SystemRandom()
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._board: Leaderboard | None = None

    def battle(self, code: str) -> Battle | None:
        """Return the battle that a listener is at; None while the first ones are being rendered.

        Raises:
            StimulusError: there is nothing to hear, and nothing will come.
        """
        pool = self._pool()
        if not pool:
            return None
        draw = partial(self._draw, list(pool.values()))
        return arena_store.current(self._database, _hash(code), pool, self._now_ms() - BUSY_MS, draw)

    def vote(self, code: str, vote: Vote) -> Battle:
        """Store a vote and return its battle, whose composers may now be named; the same vote again likewise.

        Raises:
            UnknownError: the battle is not the listener's.
            RefusedAnswerError: a sound not heard for the minimum, or longer than the battle has existed.
            SecondVoteError: the battle has another vote.
        """
        listener = _hash(code)
        battle = arena_store.battle(self._database, listener, vote.battle)
        now = self._now_ms()
        if min(vote.heard_ms) < MINIMUM_MS:
            raise RefusedAnswerError(f"listen to each blues for at least {MINIMUM_MS / 1000:g} s")
        if sum(vote.heard_ms) > now - battle.presented_ms + CLOCK_TOLERANCE_MS:
            raise RefusedAnswerError("the listening times are longer than the time since the battle was presented")
        arena_store.add_vote(self._database, listener, vote, now)
        arena_pool.remove(self._folder, battle.prepared)
        return battle

    def sound(self, code: str, token: str) -> bytes:
        """Return the WAV file behind a token, with bytes of its own.

        Raises:
            UnknownError: never given out, given to somebody else, or its battle is over.
        """
        prepared, composer = arena_store.sound_of(self._database, token, _hash(code))
        try:
            wav = arena_pool.sound(self._folder, prepared, composer)
        except OSError as error:  # another listener, who was given the same battle later, has voted
            raise UnknownError("this battle is over; take the next one") from error
        return stimuli.redithered(wav, int.from_bytes(hashlib.sha256(token.encode()).digest()))

    def leaderboard(self) -> Leaderboard:
        """Return the leaderboard, fitted again when there are votes that it does not know."""
        votes = arena_store.votes(self._database)
        with self._lock:
            if self._board is None or self._board.votes != len(votes):
                self._board = arena.leaderboard(votes, np.random.default_rng(0))
            return self._board

    def stop(self) -> None:
        """End the renderer with the server."""
        if self._renderer is not None:
            self._renderer.terminate()

    def _draw(
        self, pool: Sequence[Prepared], busy: frozenset[str], served: Mapping[Pair, int]
    ) -> tuple[Prepared, Battle]:
        prepared, sides = arena.drawn(pool, busy, served, self._chance)
        tokens = (secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(TOKEN_BYTES))
        id_ = secrets.token_urlsafe(TOKEN_BYTES)
        return prepared, Battle(id_, prepared.id, prepared.seed, sides, tokens, self._now_ms())

    def _pool(self) -> dict[str, Prepared]:
        """Return the prepared battles without a vote, and see to it that there will be more."""
        pool = {each.id: each for each in arena_pool.read(self._folder)}
        # What a server that was stopped between vote and removal left behind.
        for over in arena_store.voted(self._database, pool):
            arena_pool.remove(self._folder, over)
            del pool[over]
        if len(pool) < arena_pool.REFILL_BELOW:
            self._refill(empty=not pool)
        return pool

    def _refill(self, *, empty: bool) -> None:
        """Start the renderer, unless it runs or has failed: what failed once would fail with every visitor."""
        with self._lock:
            status = self._renderer.poll() if self._renderer is not None else 0
            if status == 0:
                self._renderer = self._render()
        if status and empty:
            raise StimulusError(f"the arena has no sounds: its renderer ended with status {status}")


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
