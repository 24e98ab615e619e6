"""The mirror against a stand-in of the hub: nothing is replaced, everything comes back, the withdrawn does not."""

import json
from collections.abc import Iterator
from random import Random

import pytest
from hub_stand_in import Hub
from simulated_listeners import Listener, running_test
from small_study import EVERY_KIND, parsed

from listening_test import archive, journal, mirror
from listening_test.database import Database
from listening_test.mirror import Mirror, MirrorError
from listening_test.session import ListeningTest
from listening_test.store import Store

REPO = "owner/ratings"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub() as hub:
        yield hub


@pytest.fixture
def dataset(hub: Hub) -> Mirror:
    return Mirror(REPO, "hf_token", hub.endpoint)


@pytest.fixture
def test(ratings_url: str) -> Iterator[ListeningTest]:
    store = Store(ratings_url)
    yield running_test(parsed(EVERY_KIND), store)
    store.close()


def everything(database: Database) -> dict[str, list[str]]:
    with database.transaction() as connection:
        return journal.contents(connection)


def once(test: ListeningTest, dataset: Mirror) -> None:
    """Write what is new, as the server does every minute."""
    mirror.follow(test.store, dataset, lambda: True)


def test_what_is_restored_equals_the_original(test: ListeningTest, dataset: Mirror, hub: Hub) -> None:
    for seed in range(3):
        Listener(test, Random(seed)).finish()
        once(test, dataset)
    once(test, dataset)  # nothing new
    assert hub.datasets[REPO]["private"] and len(hub.files(REPO)) == 3
    copy = Store("sqlite://")
    assert mirror.restore(copy, dataset) == len(archive.entries(test.store))
    assert everything(copy) == everything(test.store)
    assert archive.check(copy) == len(archive.entries(test.store))
    copy.close()


def test_a_restored_server_goes_on_in_new_segments(test: ListeningTest, dataset: Mirror, hub: Hub) -> None:
    one = Listener(test, Random(0))
    one.step()
    once(test, dataset)
    first = dict(hub.files(REPO))
    after_restart = Store("sqlite://")
    mirror.restore(after_restart, dataset)
    again = running_test(test.study, after_restart)
    Listener(again, Random(1), one.code).finish()
    once(again, dataset)
    files = hub.files(REPO)
    assert len(files) == 2 and {name: files[name] for name in first} == first, "a segment was written twice"
    third = Store("sqlite://")
    mirror.restore(third, dataset)
    assert everything(third) == everything(after_restart)
    for store in (after_restart, third):
        store.close()


def test_a_withdrawal_reaches_the_segments_and_their_history(test: ListeningTest, dataset: Mirror, hub: Hub) -> None:
    leaves, stays = Listener(test, Random(0)), Listener(test, Random(1))
    leaves.step()
    stays.step()
    once(test, dataset)
    receipt = leaves.receipt
    secret = test.store.answers("kinds-1", receipt)[0].rating.uuid
    assert str(secret) in str(hub.files(REPO))
    test.withdraw(leaves.code)
    once(test, dataset)
    assert str(secret) not in str(hub.files(REPO)) and hub.commits == ["squashed"]
    copy = Store("sqlite://")
    mirror.restore(copy, dataset)
    assert everything(copy) == everything(test.store) and archive.check(copy)
    copy.close()


def test_a_public_dataset_is_refused(test: ListeningTest, dataset: Mirror, hub: Hub) -> None:
    hub.datasets[REPO] = {"private": False, "files": {}}
    Listener(test, Random(0)).step()
    for run in (lambda: once(test, dataset), lambda: mirror.restore(test.store, dataset)):
        with pytest.raises(MirrorError, match="is public"):
            run()
    assert not hub.files(REPO)


def test_entries_wait_for_a_hub_that_does_not_answer(
    test: ListeningTest, dataset: Mirror, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    Listener(test, Random(0)).step()
    rounds = iter((False, False, True, True))

    def is_over() -> bool:
        hub.down = next(rounds) is False
        return not hub.down

    mirror.follow(test.store, dataset, is_over, pause_s=0.0)
    assert "the entries wait" in capsys.readouterr().err
    assert dataset.last() == len(archive.entries(test.store))


def test_a_segment_that_was_changed_is_not_restored(test: ListeningTest, dataset: Mirror, hub: Hub) -> None:
    Listener(test, Random(0)).step()
    once(test, dataset)
    [(name, content)] = hub.files(REPO).items()
    lines = [json.loads(line) for line in content.decode().splitlines()]
    lines[1]["rows"] = lines[1]["rows"].replace('"answered_ms":2000', '"answered_ms":3000').replace("blues", "blunt")
    hub.datasets[REPO]["files"][name] = "\n".join(map(json.dumps, lines)).encode()
    copy = Store("sqlite://")
    with pytest.raises(journal.JournalError, match="was changed"):
        mirror.restore(copy, dataset)
    copy.close()
