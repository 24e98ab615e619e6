"""What a study's owner does by command: blind exports, opening the conditions, withdrawals, the mirror."""

import csv
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import httpx
import pytest
from hub_stand_in import Hub
from page_listener import ROOT, start_server
from page_listener import Listener as PageListener
from simulated_listeners import Clock, Listener, running_test
from small_study import CANARIES, prepare_small_study
from sqlalchemy import text

from listening_test import archive, study
from listening_test.__main__ import main
from listening_test.mirror import Mirror
from listening_test.store import Store

REPO = "owner/ratings"


@pytest.fixture
def place(tmp_path: Path, ratings_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the small study, with answers of two listeners in a database of either kind."""
    folder, _ = prepare_small_study(tmp_path)
    monkeypatch.setenv("STUDY", str(folder))
    monkeypatch.setenv("DATABASE_URL", ratings_url)
    return folder


@pytest.fixture
def receipts(place: Path, ratings_url: str) -> list[str]:
    with closing(Store(ratings_url)) as store:
        test = running_test(study.load(place), store, Clock())
        listeners = [Listener(test, Random(seed)) for seed in (1, 2)]
        for one in listeners:
            while (trial := test.current(one.code)) is not None:
                test.answer(one.code, one.rating(trial, heard_ms=(400, 400)))
        return [one.receipt for one in listeners]


def exported(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    capsys.readouterr()
    assert main(["export"]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_an_export_is_blind_until_the_study_is_closed(
    receipts: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blind = exported(capsys)
    assert {row["condition"] for row in blind} == {"K1", "K2", "K3"}
    assert not [name for name in CANARIES if name in str(blind)]
    plan = tmp_path / "plan.md"
    plan.write_text("Sign flips by listener, Holm over two contrasts.\n")
    assert main(["unblind", "--plan", str(plan)]) == 0
    said = capsys.readouterr().out
    assert "is closed" in said and len(said.split()[-1]) == 64
    named = exported(capsys)
    assert {row["condition"] for row in named} == set(CANARIES)
    key = {(row["condition"], code["condition"]) for row, code in zip(named, blind, strict=True)}
    assert len(key) == 3, "a code stands for two conditions"


def test_a_withdrawal_by_receipt_deletes_one_session(
    receipts: list[str], ratings_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["withdraw", receipts[0]]) == 0
    assert "4 answers are deleted" in capsys.readouterr().out
    with closing(Store(ratings_url)) as store:
        assert {answer.session for answer in store.answers("small-1")} == {receipts[1]}
        archive.check(store)
    assert main(["withdraw", receipts[0]]) == 2
    assert "no session" in capsys.readouterr().err


def test_an_answer_that_was_changed_fails_the_check_of_the_journal(receipts: list[str], ratings_url: str) -> None:
    with closing(Store(ratings_url)) as store:
        archive.check(store)
        with store.transaction(writes=True) as connection:
            connection.execute(
                text("UPDATE rating SET heard_ms = '[9000, 9000]' WHERE uuid = (SELECT min(uuid) FROM rating)")
            )
        with pytest.raises(archive.journal.JournalError, match="table rating"):
            archive.check(store)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mirror"], "RATINGS_DATASET"),
        (["unblind", "--plan", "nowhere.md"], "nowhere.md"),
        (["withdraw", "0000000000"], "no session 0000000000"),
    ],
)
def test_what_an_owner_can_get_wrong_ends_in_one_line(
    place: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RATINGS_DATASET", raising=False)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err and len(captured.err.splitlines()) == 1 and captured.out == ""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        monkeypatch.setenv("HF_TOKEN", "hf_token")
        monkeypatch.setenv("RATINGS_DATASET", REPO)
        yield hub


def test_a_server_that_lost_its_disk_goes_on_where_it_was(tmp_path: Path, hub: Hub) -> None:
    folder, url = prepare_small_study(tmp_path)
    server, address = start_server(folder, url)
    with httpx.Client(base_url=address, timeout=60) as client:
        one = PageListener(client)
        assert one.send(one.trial()["trial"]).status_code == 200
    server.send_signal(signal.SIGTERM)
    server.wait(60)
    assert Mirror(REPO, "hf_token", hub.endpoint).last() == 3  # session, trial, answer
    for file in tmp_path.glob("ratings.sqlite*"):
        file.unlink()
    server, address = start_server(folder, url)
    with httpx.Client(base_url=address, headers=one.headers, timeout=60) as client:
        assert client.get("/listen/small/trial").json()["number"] == 2
    server.send_signal(signal.SIGTERM)
    server.wait(60)


def test_without_its_mirror_a_server_offers_no_study(tmp_path: Path, hub: Hub) -> None:
    hub.datasets[REPO] = {"private": False, "files": {}}
    command = [sys.executable, "-m", "listening_test", "mirror", "--restore"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": f"sqlite:///{tmp_path / 'ratings.sqlite'}"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 2 and "is public" in result.stderr
