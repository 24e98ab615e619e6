"""The arena over HTTP: names after the vote alone, foreign and used tokens unknown, and nothing of it in a study."""

import io
import shutil
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import arena_battles
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from page_listener import Listener
from small_study import STUDY, prepare_small_study

from listening_test import arena_pool, routes
from listening_test.__main__ import main
from listening_test.arena import COMPOSERS

CODES = tuple(f"{name:-<32}" for name in ("ann", "bob"))


@pytest.fixture
def place(arena_pool_folder: Path, tmp_path: Path) -> tuple[Path, str]:
    shutil.copytree(arena_pool_folder, arena_pool.folder_of(tmp_path))
    return prepare_small_study(tmp_path)


@pytest.fixture
def client(place: tuple[Path, str]) -> Iterator[TestClient]:
    app = FastAPI()
    other, _ = prepare_small_study(place[0].parent, STUDY.replace("name: small", "name: other"), "other")
    app.include_router(routes.router([place[0], other], place[1]))
    with TestClient(app, base_url="http://room.test") as test_client:
        yield test_client


def headers(code: str = CODES[0]) -> dict[str, str]:
    return {"X-Resume-Code": code}


def send(client: TestClient, battle: str, code: str = CODES[0], **changes: Any) -> Any:
    body = {"uuid": str(uuid4()), "battle": battle, "preferred": 0, "heard_ms": [0, 0], **changes}
    return client.post("/listen/arena/vote", headers=headers(code), json=body)


def test_the_composers_are_named_after_the_vote_alone(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listening_test.arena_host.MINIMUM_MS", 0)
    before = client.get("/listen/arena/battle", headers=headers())
    battle = before.json()
    sounds = [client.get(f"/{path}", headers=headers()) for path in battle["sounds"]]
    received = before.text + "".join(repr(sorted(each.headers.items())) for each in sounds)
    assert not any(name in received for pair in COMPOSERS.items() for name in pair)
    assert len({len(each.content) for each in sounds}) == 1 and sounds[0].content != sounds[1].content
    with wave.open(io.BytesIO(sounds[0].content)) as file:
        assert file.getnframes() / file.getframerate() == arena_battles.SECONDS
    uuid = str(uuid4())
    shown = [send(client, battle["battle"], uuid=uuid).json() for _ in range(2)]
    assert shown[0] == shown[1] and set(shown[0]["composers"]) < set(COMPOSERS.values())
    assert send(client, battle["battle"]).status_code == 409
    # The tokens have died with the vote.
    assert all(client.get(f"/{path}", headers=headers()).status_code == 404 for path in battle["sounds"])
    assert client.get("/listen/arena/leaderboard").json()["votes"] == 1


def test_foreign_battles_and_tokens_are_unknown(client: TestClient) -> None:
    battle = client.get("/listen/arena/battle", headers=headers()).json()
    assert send(client, battle["battle"], CODES[1]).status_code == 404
    assert send(client, "nonsense").status_code == 404
    for path in (*battle["sounds"], "listen/arena/sound/nonsense"):
        assert client.get(f"/{path}", headers=headers(CODES[1])).status_code == 404


def test_a_study_that_runs_alone_has_no_arena(place: tuple[Path, str]) -> None:
    app = FastAPI()
    app.include_router(routes.router([place[0]], place[1]))
    with TestClient(app) as alone:
        assert alone.get("/listen/small/study").status_code == 200
        assert alone.get("/listen/arena/battle", headers=headers()).status_code == 404
        assert alone.get("/listen/arena/leaderboard").status_code == 404


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"heard_ms": [2999, 3000]}, "listen to each blues for at least 3 s"),
        ({"heard_ms": [90_000, 90_000]}, "longer than the time since"),
        ({"heard_ms": [-1, 0]}, "greater than or equal to 0"),
        ({"preferred": 2}, "less than or equal to 1"),
        ({"preferred": True}, "valid integer"),
        ({"rating": 5}, "rating"),
    ],
)
def test_a_vote_that_does_not_count_is_refused(client: TestClient, changes: dict[str, Any], reason: str) -> None:
    battle = client.get("/listen/arena/battle", headers=headers()).json()
    refused = send(client, battle["battle"], **changes)
    assert refused.status_code == 422 and reason in refused.json()["detail"]
    assert client.get("/listen/arena/leaderboard").json()["votes"] == 0


def test_no_vote_of_the_arena_is_in_a_study(
    client: TestClient,
    place: tuple[Path, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("listening_test.arena_host.MINIMUM_MS", 0)
    monkeypatch.setenv("DATABASE_URL", place[1])
    for _ in range(3):
        Listener(client).finish()

    def owner_sees() -> tuple[str, str, str]:
        study = ("--study", str(place[0]))
        assert main(["export", *study]) == main(["analyse", *study]) == 0
        assert main(["export", *study, "--pairs"]) == main(["export", *study, "--webmushra"]) == 0
        assert main(["report", *study, "--out", str(tmp_path / "report")]) == 0
        return (
            capsys.readouterr().out,
            *((tmp_path / "report" / f"report.{kind}").read_text() for kind in ("md", "html")),
        )

    before = owner_sees()
    for _ in range(4):
        battle = client.get("/listen/arena/battle", headers=headers()).json()
        assert send(client, battle["battle"]).status_code == 200
    assert client.get("/listen/arena/leaderboard").json()["votes"] == 4
    assert owner_sees() == before
