"""The arena: balanced blind battles, one vote each, a leaderboard, and a pool that stays filled."""

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from listening_test import archive, arena, arena_pool, bradley_terry
from listening_test.arena import BASELINE, COMPOSERS, FEWEST_VOTES, PAIRS, Counted, Prepared, Vote
from listening_test.arena_host import BUSY_MS, Arena
from listening_test.stimuli import StimulusError
from listening_test.store import Store
from listening_test.trial import SecondVoteError, UnknownError

CODES = tuple(f"{name:-<32}" for name in ("ann", "bob"))
HEARD = (3000, 4000)


class Clock:
    """Milliseconds that pass as the test says."""

    now = 1_000_000

    def __call__(self) -> int:
        return self.now


class Room:
    """An arena whose renderer only counts how often it was asked for."""

    def __init__(self, store: Store) -> None:
        self.store, self.folder, self.clock, self.status = store, arena_pool.folder_of(store.folder), Clock(), 0
        self.rendering: list[subprocess.Popen[bytes]] = []
        self.arena = Arena(store, self.render, Random(1), self.clock)

    def render(self) -> subprocess.Popen[bytes]:
        self.rendering.append(subprocess.Popen(["sh", "-c", f"exit {self.status}"]))
        self.rendering[-1].wait()
        return self.rendering[-1]

    def vote(self, code: str, battle: str, preferred: int | None = 0, **changes: Any) -> arena.Battle:
        self.clock.now += 20_000
        return self.arena.vote(
            code, Vote(**{"uuid": uuid4(), "heard_ms": HEARD, **changes}, battle=battle, preferred=preferred)
        )


@pytest.fixture
def room(ratings_url: str, arena_pool_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.chdir(tmp_path)  # where the data of a PostgreSQL server's app go
    with closing(Store(ratings_url)) as store:
        shutil.copytree(arena_pool_folder, arena_pool.folder_of(store.folder))
        yield Room(store)


def test_battles_go_to_the_pair_with_fewest_votes_and_to_both_sides_alike() -> None:
    chance, served, firsts = Random(3), Counter[arena.Pair](), Counter[str]()
    pool = [Prepared(f"{n}", n, {name: {} for name in pair}) for n, pair in enumerate(PAIRS * 2)]
    for _ in range(600):
        battle, sides = arena.drawn(pool, frozenset(), served, chance)
        served[battle.pair] += 1
        firsts[sides[0]] += 1
        assert set(sides) == battle.pair
    assert max(served.values()) - min(served.values()) == 0 and len(served) == len(PAIRS)
    # Each composer is in 300 battles, and behind A in 150 of them but for chance: 4 standard deviations are 35.
    assert all(abs(firsts[name] - 150) < 35 for name in COMPOSERS)


def test_a_battle_that_somebody_hears_comes_only_when_there_is_no_other() -> None:
    pool = [Prepared(f"{n}", n, {name: {} for name in PAIRS[n]}) for n in range(2)]
    served = {PAIRS[1]: 5}
    assert arena.drawn(pool, frozenset({"0"}), served, Random(1))[0].id == "1"
    assert arena.drawn(pool, frozenset({"0", "1"}), served, Random(1))[0].id == "0"


def test_the_scarcest_pair_is_rendered_next() -> None:
    pool = [Prepared(f"{n}", n, {name: {} for name in pair}) for n, pair in enumerate(PAIRS[1:])]
    assert arena.scarcest(pool, Random(1)) == PAIRS[0]


def test_a_battle_is_between_two_known_composers() -> None:
    for wrong in ({"lstm": {}}, {"lstm": {}, "bach": {}}, {name: {} for name in COMPOSERS}):
        with pytest.raises(ValueError, match="a battle is between two of"):
            Prepared("x", 1, wrong)


def simulated_votes(listeners: int, each: int, pairs: tuple[arena.Pair, ...] = PAIRS) -> list[Counted]:
    """Votes of listeners who like the earlier of the composers better, and sometimes neither."""
    chance, votes = Random(5), []
    for listener in range(listeners):
        for n in range(each):
            sides = tuple(chance.sample(sorted(pairs[n % len(pairs)]), 2))
            better = min(sides, key=list(COMPOSERS).index)
            winner = chance.choices((better, next(name for name in sides if name != better), None), (6, 3, 1))[0]
            votes.append(Counted(f"{listener}", (sides[0], sides[1]), winner))
    return votes


def test_the_leaderboard_is_that_of_bradley_and_terry_over_listeners() -> None:
    votes = simulated_votes(40, 12)
    names = tuple(COMPOSERS)
    wins, ties = np.zeros((2, 40, len(names), len(names)))
    for vote in votes:
        a, b = (names.index(name) for name in vote.composers)
        if vote.winner is None:
            ties[int(vote.listener), a, b] += 1
            ties[int(vote.listener), b, a] += 1
        elif vote.winner == vote.composers[0]:
            wins[int(vote.listener), a, b] += 1
        else:
            wins[int(vote.listener), b, a] += 1
    strengths, _ = bradley_terry.fit(wins.sum(0), ties.sum(0))
    expected = strengths / (strengths + strengths[names.index(BASELINE)])
    board = arena.leaderboard(votes, np.random.default_rng(1))
    found = {each.composer: each for each in board.standings}
    assert [found[COMPOSERS[name]].win_probability for name in names] == pytest.approx(expected)
    shares = [each.win_probability for each in board.standings]
    assert shares == sorted(shares, reverse=True) and board.votes == 480 and board.listeners == 40
    assert all(each.low <= each.win_probability <= each.high for each in board.standings)


def test_a_pair_counts_once_it_has_votes_enough_and_a_way_to_the_baseline() -> None:
    with_baseline = frozenset((BASELINE, "markov"))
    few = simulated_votes(FEWEST_VOTES - 1, 1, (with_baseline,))
    assert arena.leaderboard(few, np.random.default_rng(1)).standings == ()
    enough = arena.leaderboard([*few, *few[:1]], np.random.default_rng(1))
    assert {each.composer for each in enough.standings} == {COMPOSERS[BASELINE], COMPOSERS["markov"]}
    apart = simulated_votes(FEWEST_VOTES, 1, (frozenset(("lstm-wide", "random-walk")),))
    both = arena.leaderboard([*few, *few[:1], *apart], np.random.default_rng(1))
    assert both.standings == enough.standings and both.votes == 2 * FEWEST_VOTES
    assert arena.leaderboard(apart, np.random.default_rng(1)).standings == ()


def test_one_vote_for_each_battle_and_the_same_again_changes_nothing(room: Room) -> None:
    battle = room.arena.battle(CODES[0])
    assert battle is not None and room.arena.battle(CODES[0]) == battle
    uuid = uuid4()
    for _ in range(2):
        assert room.vote(CODES[0], battle.id, uuid=uuid) == battle
    with pytest.raises(SecondVoteError):
        room.vote(CODES[0], battle.id, 1)
    following = room.arena.battle(CODES[0])
    assert following is not None and following.prepared != battle.prepared
    with pytest.raises(SecondVoteError):
        room.vote(CODES[0], following.id, uuid=uuid)
    board = room.arena.leaderboard()
    assert board.votes == sum(n for *_, n in board.pairs) == 1
    room.vote(CODES[0], following.id, None)
    assert room.arena.leaderboard().votes == 2 and archive.check(room.store) == 4


def test_two_listeners_hear_different_battles_until_one_has_gone(room: Room) -> None:
    one, other = (room.arena.battle(code) for code in CODES)
    assert one is not None and other is not None and one.prepared != other.prepared
    with pytest.raises(UnknownError):
        room.vote(CODES[1], one.id)
    for token in one.tokens:
        with pytest.raises(UnknownError):
            room.arena.sound(CODES[1], token)
    seen = {one.prepared, other.prepared}
    for number in range(10):
        battle = room.arena.battle(f"{number:->32}")
        assert battle is not None and battle.prepared not in seen
        seen.add(battle.prepared)
    room.clock.now += BUSY_MS + 1
    again = room.arena.battle("another listener")
    assert again is not None and again.prepared in seen


def test_sounds_of_a_battle_that_is_over_are_deleted_and_the_pool_refilled(room: Room) -> None:
    for left in range(11, 4, -1):
        battle = room.arena.battle(CODES[0])
        assert battle is not None
        room.vote(CODES[0], battle.id)
        assert len(arena_pool.read(room.folder)) == left and not (room.folder / battle.prepared).exists()
    assert room.rendering == []
    room.arena.battle(CODES[0])
    assert len(room.rendering) == 1


def test_a_renderer_that_failed_is_not_tried_again(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path / 'ratings.sqlite'}")) as store:
        empty = Room(store)
        empty.status = 2
        assert empty.arena.battle(CODES[0]) is None
        for _ in range(2):
            with pytest.raises(StimulusError, match="ended with status 2"):
                empty.arena.battle(CODES[0])
        assert len(empty.rendering) == 1
