"""The arena: one blind pair of fresh blues at a time, the composers named after the vote, and a leaderboard.

It is open to whoever comes by, so it proves less than a study, and never enters one: it has tables of its own. A
prepared battle is one seed that two composers wrote a blues for; who hears it gets the sides by chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random
from typing import Annotated, Any, ClassVar
from uuid import UUID

import numpy as np
from pydantic import ConfigDict, Field

from listening_test import bradley_terry
from listening_test.trial import LONGEST_LISTENING_MS

COMPOSERS = {
    "lstm": "The network of 2002",
    "lstm-wide": "The wide network",
    "markov": "Transition tables",
    "random-walk": "A random walk",
}  # by the names that the models have
BASELINE = "lstm"
MINIMUM_MS = 3000  # of each sound, before a vote counts
FEWEST_VOTES = 30  # of a pair, before it counts on the leaderboard

Pair = frozenset[str]
Heard = Annotated[int, Field(strict=True, ge=0, le=LONGEST_LISTENING_MS)]
PAIRS = tuple(frozenset(pair) for pair in combinations(COMPOSERS, 2))


@dataclass(frozen=True)
class Prepared:
    """A battle that waits for a listener.

    Attributes:
        id: names its sounds on the server.
        seed: that both composers began with.
        made: how each composer's sound was made.
    """

    id: str
    seed: int
    made: Mapping[str, dict[str, Any]]

    def __post_init__(self) -> None:
        """Refuse anything but two different composers of the arena."""
        if self.pair not in PAIRS:
            raise ValueError(f"a battle is between two of {', '.join(COMPOSERS)}, got {', '.join(self.made)}")

    @property
    def pair(self) -> Pair:
        """The two composers."""
        return frozenset(self.made)


@dataclass(frozen=True)
class Battle:
    """A prepared battle before one listener.

    Attributes:
        id: opaque, given to the page.
        prepared: whose sounds are heard.
        seed: that both composers began with.
        composers: behind A and B.
        tokens: under which the page fetches A and B, until the vote.
        presented_ms: when the battle was stored.
    """

    id: str
    prepared: str
    seed: int
    composers: tuple[str, str]
    tokens: tuple[str, str]
    presented_ms: int


@dataclass(frozen=True)
class Vote:
    """What a listener prefers.

    Attributes:
        uuid: made by the page; the same vote sent again is recognised by it.
        battle: id of the battle.
        preferred: 0 for A, 1 for B, None for neither.
        heard_ms: how long A and B were audible.
    """

    uuid: UUID
    battle: Annotated[str, Field(max_length=64)]
    preferred: Annotated[int, Field(strict=True, ge=0, le=1)] | None
    heard_ms: tuple[Heard, Heard]

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Counted:
    """A vote as the leaderboard sees it: who voted, between whom, and for which of them (None for neither)."""

    listener: str
    composers: tuple[str, str]
    winner: str | None


@dataclass(frozen=True)
class Standing:
    """One line of the leaderboard.

    Attributes:
        composer: title.
        win_probability: against the baseline, by Bradley and Terry; 0.5 for the baseline itself.
        low: lower limit at 95 %, over listeners.
        high: upper limit.
        rank_low: best rank over the draws of listeners.
        rank_high: worst rank.
    """

    composer: str
    win_probability: float
    low: float
    high: float
    rank_low: int
    rank_high: int


@dataclass(frozen=True)
class Leaderboard:
    """What the votes say.

    Attributes:
        baseline: title of the composer that all are compared with.
        votes: how many there are.
        listeners: who gave them.
        fewest: votes of a pair, before it counts.
        pairs: titles of each pair and its votes.
        standings: the strongest first; empty as long as no pair with the baseline has votes enough.
    """

    baseline: str
    votes: int
    listeners: int
    fewest: int
    pairs: tuple[tuple[str, str, int], ...]
    standings: tuple[Standing, ...]


def drawn(
    pool: Sequence[Prepared], busy: frozenset[str], served: Mapping[Pair, int], chance: Random
) -> tuple[Prepared, tuple[str, str]]:
    """Choose a battle and its sides.

    Args:
        pool: prepared battles without a vote, at least one.
        busy: those that somebody else is listening to; they come when there is no other.
        served: how often each pair was voted on.
        chance: breaks the ties, and draws the sides.

    Returns:
        The battle whose pair is served least, and the composers behind A and B.
    """
    battle = min(pool, key=lambda each: (each.id in busy, served.get(each.pair, 0), chance.random()))
    first, second = chance.sample(sorted(battle.pair), 2)
    return battle, (first, second)


def scarcest(pool: Sequence[Prepared], chance: Random) -> Pair:
    """Return the pair that the pool has least of, which is to be rendered next."""
    there = Counter(each.pair for each in pool)
    return min(PAIRS, key=lambda pair: (there[pair], chance.random()))


def leaderboard(votes: Sequence[Counted], generator: np.random.Generator) -> Leaderboard:
    """Fit strengths to the pairs with votes enough; one listener's votes are one cluster, however many there are."""
    counts = Counter(frozenset(vote.composers) for vote in votes)
    return Leaderboard(
        baseline=COMPOSERS[BASELINE],
        votes=len(votes),
        listeners=len({vote.listener for vote in votes}),
        fewest=FEWEST_VOTES,
        pairs=tuple((COMPOSERS[a], COMPOSERS[b], counts[frozenset((a, b))]) for a, b in combinations(COMPOSERS, 2)),
        standings=_standings(votes, [pair for pair in PAIRS if counts[pair] >= FEWEST_VOTES], generator),
    )


def _standings(votes: Sequence[Counted], pairs: Sequence[Pair], generator: np.random.Generator) -> tuple[Standing, ...]:
    composers = tuple(name for name in COMPOSERS if name in _connected(pairs))
    votes = [vote for vote in votes if frozenset(vote.composers) in pairs and vote.composers[0] in composers]
    listeners = {name: n for n, name in enumerate(sorted({vote.listener for vote in votes}))}
    wins, ties = np.zeros((2, len(listeners), len(composers), len(composers)))
    for vote in votes:
        who, (a, b) = listeners[vote.listener], map(composers.index, vote.composers)
        if vote.winner is None:
            ties[who, [a, b], [b, a]] += 1
        else:
            won = composers.index(vote.winner)
            wins[who, won, a + b - won] += 1
    found = bradley_terry.strengths(wins, ties, composers, BASELINE, generator)
    if found is None:
        return ()
    titles = (COMPOSERS[name] for name in composers)
    columns = zip(titles, found.win_probability, found.low, found.high, found.rank_low, found.rank_high, strict=True)
    return tuple(sorted((Standing(*column) for column in columns), key=lambda each: -each.win_probability))


def _connected(pairs: Sequence[Pair]) -> set[str]:
    """Return the composers that a chain of pairs leads to from the baseline; others cannot be compared with it."""
    reached = {BASELINE}
    for _ in COMPOSERS:
        reached |= {name for pair in pairs if pair & reached for name in pair}
    return reached
