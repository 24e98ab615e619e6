"""Every way to write into the ratings database, by name: what a process does that is killed, and how to look for it.

A write gets what its caller keeps until the acknowledgement, so the same write can be sent again.
"""

import hashlib
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from simulated_listeners import Listener

from listening_test import archive, arena_store
from listening_test.archive import Exclusion
from listening_test.arena import PAIRS, Battle, Prepared, Vote
from listening_test.session import ListeningTest
from listening_test.trial import Rating, RefusedAnswerError, SecondVoteError, Trial, UnknownError

PLAN_SHA256 = "0" * 64


@dataclass(frozen=True)
class Write:
    """A write by name, and what has to hold for ever once it is acknowledged with a result."""

    name: str
    arguments: tuple[Any, ...]
    holds: Callable[[ListeningTest, Any], bool]


def begin(test: ListeningTest) -> str:
    return test.begin()


def questionnaire(test: ListeningTest, code: str, answers: dict[str, str]) -> None:
    test.store.add_questionnaire(test.session(code).id, answers, test.now_ms())


def headphones(test: ListeningTest, code: str) -> None:
    with suppress(RefusedAnswerError):  # after so many attempts that were stored and not acknowledged
        test.answer_headphones(code, "huggins", (0,) * 6)


def trial(test: ListeningTest, code: str) -> Trial | None:
    return test.current(code)


def answer(test: ListeningTest, code: str, rating: Rating) -> None:
    test.answer(code, rating)


def battle(test: ListeningTest, listener: str, number: int) -> Battle:
    first, second = sorted(PAIRS[number % len(PAIRS)])
    prepared = Prepared(f"pool-{number}", number, {first: {}, second: {}})
    drawn = Battle(f"battle-{number}", prepared.id, number, (first, second), (f"a{number}", f"b{number}"), 1)
    return arena_store.current(test.store, listener, {prepared.id}, 0, lambda busy, served: (prepared, drawn))


def vote(test: ListeningTest, listener: str, given: Vote) -> None:
    arena_store.add_vote(test.store, listener, given, test.now_ms())


def exclude(test: ListeningTest, receipt: str) -> int:
    exclusions = [Exclusion(receipt, rule, 1.0, 0.5) for rule in ("one-1", "two-1")]
    return archive.exclude(test.store, test.study.label, exclusions, test.now_ms())


def unblind(test: ListeningTest, study: str) -> None:
    archive.open_conditions(test.store, study, PLAN_SHA256, test.now_ms())


def withdraw(test: ListeningTest, code: str) -> None:
    with suppress(UnknownError):  # it is done, only the acknowledgement was lost
        test.withdraw(code)


WRITES: dict[str, Callable[..., Any]] = {
    write.__name__: write
    for write in (begin, questionnaire, headphones, trial, answer, battle, vote, exclude, unblind, withdraw)
}


def outbox(test: ListeningTest, chance: Random) -> Generator[Write, Any, None]:
    """Yield what one listener after another writes, and now and then the study's owner; is sent each result."""
    for number in count():
        leaves = number % 3 == 2
        code = yield Write("begin", (), lambda test, code, leaves=leaves: leaves or not is_gone(code, test, None))
        if leaves:
            yield Write("withdraw", (code,), partial(is_gone, code))
            continue
        receipt = test.session(code).id
        answers = {"training": f"{number} years"}
        yield Write("questionnaire", (code, answers), partial(is_questionnaire, receipt, answers))
        yield Write("headphones", (code,), lambda test, _, receipt=receipt: bool(test.store.headphones(receipt)))
        for _ in range(3):
            due = yield Write("trial", (code,), partial(is_trial, receipt))
            rating = Listener(test, chance, code).rating(due)
            yield Write("answer", (code, rating), partial(is_answer, receipt, rating))
        listener = hashlib.sha256(code.encode()).hexdigest()
        drawn = yield Write("battle", (listener, number), partial(is_battle, listener))
        given = Vote(UUID(int=chance.getrandbits(128), version=4), drawn.id, chance.choice((0, 1, None)), (3000, 3000))
        yield Write("vote", (listener, given), partial(is_vote, listener, given))
        yield Write("exclude", (receipt,), is_list_of_exclusions)
        yield Write("unblind", (f"other-{number}",), partial(is_open, f"other-{number}"))


def is_gone(code: str, test: ListeningTest, _: None) -> bool:
    try:
        test.session(code)
    except UnknownError:
        return True
    return False


def is_questionnaire(receipt: str, answers: dict[str, str], test: ListeningTest, _: None) -> bool:
    return test.store.questionnaire(receipt) == answers


def is_trial(receipt: str, test: ListeningTest, due: Trial) -> bool:
    return test.store.trial(receipt, due.id) == due


def is_answer(receipt: str, rating: Rating, test: ListeningTest, _: None) -> bool:
    return [each.rating for each in test.store.answers(test.study.label, receipt)].count(rating) == 1


def is_battle(listener: str, test: ListeningTest, drawn: Battle) -> bool:
    return arena_store.battle(test.store, listener, drawn.id) == drawn


def is_vote(listener: str, given: Vote, test: ListeningTest, _: None) -> bool:
    """The vote stands: sent again it is acknowledged, and another one is refused."""
    arena_store.add_vote(test.store, listener, given, test.now_ms())
    other = Vote(UUID(int=given.uuid.int ^ 1), given.battle, given.preferred, given.heard_ms)
    try:
        arena_store.add_vote(test.store, listener, other, test.now_ms())
    except SecondVoteError:
        return True
    return False


def is_list_of_exclusions(test: ListeningTest, version: int) -> bool:
    return len(archive.exclusions(test.store, test.study.label, version)) == 2


def is_open(study: str, test: ListeningTest, _: None) -> bool:
    return archive.is_open(test.store, study)
