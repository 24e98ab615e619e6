"""The ratings database, SQLite and PostgreSQL alike: what is stored comes back, once, and nothing changes behind it."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations
from random import Random

import pytest
import sqlalchemy as sql
from simulated_listeners import Clock, Listener, running_test
from small_study import EVERY_KIND, parsed

from listening_test import archive, journal
from listening_test.block import Condition
from listening_test.journal import JournalError
from listening_test.response import KINDS, Comparison
from listening_test.session import RESERVED_MS, ListeningTest
from listening_test.store import Store
from listening_test.study import Study
from listening_test.trial import RefusedAnswerError, SecondVoteError, UnknownError


@pytest.fixture(scope="module")
def study() -> Study:
    return parsed(EVERY_KIND)


@pytest.fixture
def store(ratings_url: str) -> Iterator[Store]:
    store = Store(ratings_url)
    yield store
    store.close()


@pytest.fixture
def test(study: Study, store: Store) -> ListeningTest:
    return running_test(study, store)


def listener(test: ListeningTest, seed: int = 0) -> Listener:
    return Listener(test, Random(seed))


def everything(store: Store) -> dict[str, list[str]]:
    with store.transaction() as connection:
        return journal.contents(connection)


def test_every_kind_of_trial_and_answer_comes_back_as_it_was(test: ListeningTest) -> None:
    one, given = listener(test), []
    while (trial := test.current(one.code)) is not None:
        given.append((trial, one.rating(trial)))
        test.answer(one.code, given[-1][1])
    answers = test.store.answers("kinds-1")
    assert {trial.kind for trial, _ in given} == set(KINDS)
    by_ordinal = sorted(answers, key=lambda answer: answer.trial.ordinal)
    assert [(answer.trial, answer.rating) for answer in by_ordinal] == given
    assert {answer.session for answer in answers} == {one.receipt}
    assert test.store.answers("other-1") == [] and test.store.answers("kinds-1", one.receipt) == answers


def test_practice_repeats_and_order_follow_the_plan(test: ListeningTest) -> None:
    one = listener(test)
    steps, trials = test.session(one.code).plan, one.finish()
    assert len(trials) == len(steps) and [trial.ordinal for trial in trials] == list(range(1, len(steps) + 1))
    assert [trial.practice for trial in trials] == [step.purpose == "practice" for step in steps]
    for trial, step in zip(trials, steps, strict=True):
        assert trial.kind == test.study.blocks[step.block].trial and trial.catch == (step.purpose == "catch")
        if step.repeat_of is not None:
            original = trials[step.repeat_of - 1]
            assert (trial.item, trial.attribute, set(trial.conditions)) == (
                *(original.item, original.attribute),
                set(original.conditions),
            )
            assert trial.conditions != original.conditions or trial.kind == "adjustment"
            assert not {shown.token for shown in trial.sounds} & {shown.token for shown in original.sounds}


def test_the_same_answer_again_changes_nothing_and_another_is_refused(test: ListeningTest) -> None:
    one = listener(test)
    trial = test.current(one.code)
    assert trial is not None and test.current(one.code) == trial
    rating = one.rating(trial)
    for _ in range(3):
        test.answer(one.code, rating)
    with pytest.raises(SecondVoteError, match="the first answer stands"):
        test.answer(one.code, one.rating(trial))
    following = test.current(one.code)
    assert following is not None
    with pytest.raises(SecondVoteError):
        test.answer(one.code, one.rating(following, uuid=rating.uuid))
    assert [answer.rating for answer in test.store.answers("kinds-1")] == [rating]


def test_a_token_belongs_to_its_session_and_dies_with_the_answer(test: ListeningTest) -> None:
    one = listener(test)
    trial = test.current(one.code)
    assert trial is not None
    for shown in trial.sounds:
        assert test.store.stimulus_of(shown.token) == ("kinds-1", one.receipt, shown.sha256)
    test.answer(one.code, one.rating(trial))
    for token in (*(shown.token for shown in trial.sounds), "forged"):
        with pytest.raises(UnknownError):
            test.store.stimulus_of(token)


def wide(study: Study) -> Study:
    """Five systems on eight items: 160 cells, ten trials for each listener."""
    systems = {name: Condition() for name in "abcde"}
    pairs = tuple(combinations(systems, 2))
    block = replace(study.blocks[0], conditions=systems, pairs=pairs, seeds=tuple(range(8)))
    return replace(study, blocks=(block,), trials=10, practice=0, repeats=0.0, catch_every=0)


def test_60_listeners_of_whom_18_leave_are_spread_evenly(study: Study, store: Store) -> None:
    """Eight at a time, 20 s for a trial; who leaves keeps a reservation, which expires."""
    clock, chance = Clock(), Random(5)
    test = running_test(wide(study), store, clock)
    stays = chance.sample([*(chance.randrange(10) for _ in range(18)), *[10] * 42], 60)
    waiting, present = list(enumerate(stays)), []
    while waiting or present:
        while waiting and len(present) < 8:
            number, stay = waiting.pop(0)
            present.append((listener(test, number), stay))
        one, stay = present.pop(chance.randrange(len(present)))
        clock.ms += 20_000 // 8
        if stay == 0:
            test.current(one.code)  # looks at the trial and leaves
        elif one.step() is not None:
            present.append((one, stay - 1))
    answers = store.answers("kinds-1")
    served = Counter((answer.trial.item, answer.conditions) for answer in answers)
    counts = [served[cell.item, cell.order] for cell in test.supplies[0].cells]
    assert len(counts) == 160 and sum(counts) == sum(stays) and max(counts) - min(counts) <= 2
    pairs = Counter(frozenset(answer.conditions) for answer in answers)
    assert max(pairs.values()) - min(pairs.values()) <= 4
    left = Counter(answer.conditions[0] for answer in answers)
    right = Counter(answer.conditions[1] for answer in answers)
    assert all(abs(left[name] - right[name]) <= 4 for name in "abcde")


def test_a_reservation_expires(study: Study, store: Store) -> None:
    """Of the two cells of a study the first listener looks at one and leaves."""
    clock = Clock()
    triplet = replace(study.blocks[3], seeds=(1,))
    small = replace(study, blocks=(triplet,), trials=1, practice=0, repeats=0.0)
    test = running_test(small, store, clock)
    first = test.current(listener(test).code)
    second = test.current(listener(test).code)
    assert first is not None and second is not None and first.conditions == second.conditions[::-1]
    answered = listener(test, 3)
    assert answered.step() is not None
    clock.ms += RESERVED_MS + 1
    done = store.answers("kinds-1")[0].conditions
    later = test.current(listener(test).code)
    assert later is not None and later.conditions == done[::-1]


def test_answers_at_the_same_moment_leave_one_chain(test: ListeningTest) -> None:
    listeners = [listener(test, number) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        trials = list(pool.map(Listener.finish, listeners))
    assert len(test.store.answers("kinds-1")) == sum(map(len, trials))
    entries = archive.check(test.store)
    assert entries == 8 + 2 * sum(map(len, trials))


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE rating SET response = '{\"value\": 3}'",
        "UPDATE rating SET received_ms = received_ms + 1",
        "DELETE FROM rating",
        "UPDATE journal SET rows = replace(rows, 'answered_ms', 'answered_mx')",
        "UPDATE journal SET rows = NULL WHERE sequence = 3",
        "UPDATE journal SET session = 'another' WHERE sequence = 3",
        "DELETE FROM journal WHERE sequence = 2",
        "DELETE FROM journal WHERE sequence = (SELECT max(sequence) FROM journal)",
    ],
)
def test_whatever_is_changed_behind_the_store_is_found(test: ListeningTest, tamper: str) -> None:
    one = listener(test)
    one.step()
    one.step()
    assert archive.check(test.store) == 5
    with test.store.transaction(writes=True) as connection:
        connection.execute(sql.text(tamper.replace(":", "\\:")))
    with pytest.raises(JournalError):
        archive.check(test.store)


def test_a_withdrawal_leaves_a_tombstone_and_nothing_else(test: ListeningTest) -> None:
    leaves, stays = listener(test, 1), listener(test, 2)
    for _ in range(3):
        leaves.step()
        stays.step()
    archive.exclude(test.store, "kinds-1", [archive.Exclusion(leaves.receipt, "fast-1", 1.0, 2.0)], 5)
    before, receipt = test.store.answers("kinds-1", stays.receipt), leaves.receipt
    test.withdraw(leaves.code)
    with pytest.raises(UnknownError, match="not known here"):
        test.current(leaves.code)
    assert test.store.answers("kinds-1") == before
    tables = everything(test.store)
    assert [name for name, found in tables.items() if receipt in str(found)] == ["journal", "withdrawal"]
    [tombstone] = tables["withdrawal"]
    assert tombstone == f'["{receipt}","kinds-1",3,{test.now_ms()}]'
    assert not [entry for entry in archive.entries(test.store)[:-1] if entry["session"] == receipt and entry["rows"]]
    archive.check(test.store)
    assert stays.step() is not None, "a withdrawal disturbs another session"


def test_exclusions_are_kept_in_versions(test: ListeningTest) -> None:
    receipts = [listener(test, number).receipt for number in range(3)]
    first = [archive.Exclusion(receipts[0], "catch-1", 0.5, 0.33)]
    second = [archive.Exclusion(receipt, "catch-2", 0.6, 0.4) for receipt in sorted(receipts[1:])]
    assert archive.exclude(test.store, "kinds-1", first, 7) == 1
    assert archive.exclude(test.store, "kinds-1", second, 8) == 2
    assert archive.exclusions(test.store, "kinds-1", 1) == first
    assert archive.exclude(test.store, "kinds-1", [], 9) == 3
    assert archive.exclusions(test.store, "kinds-1", 2) == second
    assert archive.latest_version(test.store, "kinds-1") == 3 and not archive.exclusions(test.store, "kinds-1", 3)
    archive.check(test.store)


def test_a_database_rebuilt_from_the_journal_equals_the_original(test: ListeningTest) -> None:
    stays, leaves = listener(test, 1), listener(test, 2)
    stays.finish()
    leaves.step()
    early = archive.entries(test.store)
    test.withdraw(leaves.code)
    copy = Store("sqlite://")
    assert archive.rebuild(copy, early) == len(early)
    assert archive.rebuild(copy, archive.entries(test.store)) == 1
    assert everything(copy) == everything(test.store)
    assert archive.rebuild(copy, archive.entries(test.store)) == 0
    assert Listener(running_test(test.study, copy), Random(0), stays.code).step() is None, "the session is over"
    copy.close()


def test_databases_that_have_grown_apart_are_not_mixed(test: ListeningTest) -> None:
    listener(test, 1)
    other = Store("sqlite://")
    listener(running_test(test.study, other), 2)
    with pytest.raises(JournalError, match="grown apart"):
        archive.rebuild(other, archive.entries(test.store))
    other.close()


def test_a_study_that_is_opened_takes_no_new_session(test: ListeningTest) -> None:
    one = listener(test)
    assert not archive.is_open(test.store, "kinds-1")
    archive.open_conditions(test.store, "kinds-1", "0" * 64, 9)
    archive.open_conditions(test.store, "kinds-1", "1" * 64, 10)
    assert archive.is_open(test.store, "kinds-1") and "1" * 64 not in str(everything(test.store)["opening"])
    with pytest.raises(UnknownError, match="closed"):
        listener(test)
    assert one.step() is not None, "who began may finish"


def test_an_answer_has_to_fit_its_trial(test: ListeningTest) -> None:
    one = listener(test)
    while (trial := test.current(one.code)) is not None:
        with pytest.raises(RefusedAnswerError, match="heard_ms states"):
            test.answer(one.code, one.rating(trial, heard_ms=(100,) * (trial.players + 1)))
        if trial.kind != "preference":
            with pytest.raises(RefusedAnswerError, match="not Comparison"):
                test.answer(one.code, one.rating(trial, response=Comparison(1)))
        test.answer(one.code, one.rating(trial))
