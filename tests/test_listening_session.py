"""Sessions through the real routes: blind, resumable, balanced, idempotent, and nothing acknowledged is ever lost."""

import base64
import hashlib
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from page_listener import Listener
from ratings_database import rows
from small_study import CANARIES, KIND, prepare_small_study, write_small_study

from listening_test import routes, study
from listening_test.database import StoreError
from listening_test.response import Comparison
from listening_test.store import Store
from listening_test.trial import Answer

ROOT = Path(__file__).parent.parent
TRIALS = 4
Place = tuple[Path, str]  # folder of the study, address of the database


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folder of the small study, and of its stimuli."""
    room = tmp_path_factory.mktemp("small")
    study_folder, _ = prepare_small_study(room)
    return study_folder, room / "stimuli"


@pytest.fixture
def place(prepared: tuple[Path, Path], ratings_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Folder of the small study, and a fresh database beside its stimuli."""
    study_folder, prepared_stimuli = prepared
    (tmp_path / "data").mkdir()
    for folder in (tmp_path, tmp_path / "data"):  # beside a SQLite file, else below ./data
        (folder / "stimuli").symlink_to(prepared_stimuli)
    monkeypatch.chdir(tmp_path)
    return study_folder, ratings_url


@pytest.fixture
def client(place: Place) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(routes.router([place[0]], place[1]))
    with TestClient(app, base_url="http://room.test") as test_client:
        yield test_client


def answers_in(place: Place) -> list[Answer]:
    with closing(Store(place[1])) as store:
        return store.answers("small-1")


def test_a_session_goes_from_start_to_receipt(client: TestClient, place: Place) -> None:
    listener = Listener(client)
    receipt = listener.finish()
    answers = answers_in(place)
    assert [answer.trial.ordinal for answer in answers] == [1, 2, 3, 4]
    assert [answer.rating.response for answer in answers] == [Comparison(value) for value in (3, 0, -1, 3)]
    assert {answer.session for answer in answers} == {receipt}
    assert all(set(answer.conditions) < set(CANARIES) for answer in answers)
    assert answers[0].rating.heard_ms == (400, 500)
    assert all(answer.trial.presented_ms <= answer.received_ms for answer in answers)


def test_the_order_is_stored_before_the_page_shows_it(client: TestClient, place: Place) -> None:
    shown = Listener(client).trial()
    [(trial, conditions)] = rows(place[1], "SELECT id, conditions FROM trial")
    tokens = rows(place[1], "SELECT token FROM presentation ORDER BY slot")
    assert trial == shown["trial"] and set(conditions.split()) <= set(CANARIES)
    assert [f"listen/stimulus/{token}" for (token,) in tokens] == shown["sounds"]


def test_a_reload_resumes_at_the_same_trial_with_the_same_order(client: TestClient) -> None:
    listener = Listener(client)
    listener.send(listener.trial()["trial"])
    assert listener.trial() == listener.trial()
    assert listener.trial()["number"] == 2


def test_the_same_answer_again_is_acknowledged_and_counted_once(client: TestClient, place: Place) -> None:
    listener, uuid = Listener(client), str(uuid4())
    trial = listener.trial()["trial"]
    replies = [listener.send(trial, uuid=uuid) for _ in range(3)]
    assert all(reply.status_code == 200 and reply.json() == {"acknowledged": uuid} for reply in replies)
    assert len(answers_in(place)) == 1


def test_a_second_vote_is_refused_and_overwrites_nothing(client: TestClient, place: Place) -> None:
    listener = Listener(client)
    trial = listener.trial()["trial"]
    assert listener.send(trial, response={"value": -1}).status_code == 200
    second = listener.send(trial, response={"value": 1})
    assert second.status_code == 409 and "answered before" in second.json()["detail"]
    assert [answer.rating.response for answer in answers_in(place)] == [Comparison(-1)]


def test_an_answers_uuid_cannot_serve_another_trial(client: TestClient) -> None:
    listener, uuid = Listener(client), str(uuid4())
    assert listener.send(listener.trial()["trial"], uuid=uuid).status_code == 200
    assert listener.send(listener.trial()["trial"], uuid=uuid).status_code == 409


def test_forged_and_foreign_ids_are_not_found(client: TestClient) -> None:
    one, other = Listener(client), Listener(client)
    assert one.send("forged").status_code == 404
    assert one.send(other.trial()["trial"]).status_code == 404
    assert client.get("/listen/stimulus/forged").status_code == 404
    assert client.get("/listen/small/trial", headers={"X-Resume-Code": "forged"}).status_code == 404
    assert "start a new one" in client.get("/listen/small/trial", headers={"X-Resume-Code": "forged"}).json()["detail"]


def test_a_token_dies_with_the_answer(client: TestClient) -> None:
    listener = Listener(client)
    shown = listener.trial()
    assert [client.get("/" + sound).status_code for sound in shown["sounds"]] == [200, 200]
    listener.send(shown["trial"])
    assert [client.get("/" + sound).status_code for sound in shown["sounds"]] == [404, 404]


def test_the_sounds_of_a_trial_differ_in_nothing_but_the_sound(client: TestClient) -> None:
    hashes = set()
    for _ in range(2):
        first, second = (client.get("/" + sound) for sound in Listener(client).trial()["sounds"])
        assert dict(first.headers) == dict(second.headers)
        assert first.headers["cache-control"] == "no-store" and first.headers["content-type"] == "audio/wav"
        assert not {"etag", "last-modified", "content-disposition"} & set(first.headers)
        assert len(first.content) == len(second.content) and first.content[:44] == second.content[:44]
        hashes |= {hashlib.sha256(reply.content).hexdigest() for reply in (first, second)}
    assert len(hashes) == 4  # fresh dither for every token, even where the stimulus is the same


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"heard_ms": [400, 299]}, "Listen to each sound for at least 0.3 s"),
        ({"heard_ms": [400, 3_600_000]}, "longer than the time since"),
        ({"heard_ms": [400]}, "heard_ms states 1 times, but there are 2 sounds"),
        ({"heard_ms": [-1, 400]}, "out of range"),
        ({"response": {"value": 4}}, "from -3 to +3, got 4"),
        ({"response": {"value": True}}, "response"),
        ({"response": {"choice": "A"}}, "response"),
        ({"response": {"slot": 0}}, "takes Comparison, not Choice"),
        ({"response": {"values": [10, 20]}}, "takes Comparison, not Ratings"),
        ({"uuid": "not-a-uuid"}, "uuid"),
        ({"answered_ms": 500}, "after its trial was shown"),
        ({"answered_ms": 10**30}, "answer"),
        ({"shown_ms": "yesterday"}, "shown_ms"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(client: TestClient, changes: dict[str, Any], sentence: str) -> None:
    listener = Listener(client)
    reply = listener.send(listener.trial()["trial"], **changes)
    assert reply.status_code == 422
    assert sentence.lower() in reply.json()["detail"].lower()


def test_no_preference_is_an_answer_only_where_it_is_offered(place: Place, tmp_path: Path) -> None:
    folder = write_small_study(tmp_path / "strict")
    text = (folder / study.FILE_NAME).read_text().replace("tie: true", "tie: false")
    (folder / study.FILE_NAME).write_text(text.replace("name: small", "name: strict"))
    manifest = json.loads((tmp_path / "stimuli" / "small-1" / "manifest.json").read_text())
    prepared_folder = tmp_path / "strict-data" / "stimuli" / "strict-1"
    prepared_folder.parent.mkdir(parents=True)
    subprocess.run(["cp", "-r", str(tmp_path / "stimuli" / "small-1"), str(prepared_folder)], check=True)
    manifest["study_sha256"] = study.load(folder).digest
    (prepared_folder / "manifest.json").write_text(json.dumps(manifest))
    app = FastAPI()
    app.include_router(routes.router([folder], f"sqlite:///{tmp_path / 'strict-data' / 'ratings.sqlite'}"))
    listener = Listener(TestClient(app), "strict")
    reply = listener.send(listener.trial()["trial"], response={"value": 0})
    assert reply.status_code == 422 and "asks for a preference" in reply.json()["detail"]


def test_large_bodies_and_other_sites_are_refused(client: TestClient) -> None:
    listener = Listener(client)
    assert listener.send("x" * routes.LARGEST_BODY).status_code == 413
    for origin, status in (("http://elsewhere.test", 403), ("null", 403), ("http://room.test", 201)):
        assert client.post("/listen/small/session", headers={"Origin": origin}).status_code == status


def test_no_condition_leaves_the_server(client: TestClient, place: Place) -> None:
    """Random condition names, the kind, items and stimulus hashes appear in no byte that a listener gets."""
    listener, served = Listener(client), []

    def keep(reply: httpx.Response) -> httpx.Response:
        served.append(repr(list(reply.headers.raw)).encode() + reply.content)
        return reply

    keep(client.get("/listen/small/study"))
    while True:
        shown = keep(client.get("/listen/small/trial", headers=listener.headers)).json()
        if shown["finished"]:
            break
        for sound in shown["sounds"]:
            keep(client.get("/" + sound))
        keep(listener.send(shown["trial"], response={"value": 9}))
        keep(listener.send(shown["trial"]))
        keep(listener.send(shown["trial"]))
    manifest = json.loads(Path("stimuli", "small-1", "manifest.json").read_text())
    secrets = [*CANARIES, KIND, *(entry["sha256"] for entry in manifest["stimuli"])]
    everything = b"".join(served)
    for secret in secrets:
        forms = {secret, base64.b64encode(secret.encode()).decode().rstrip("="), secret.encode().hex()}
        forms.add(hashlib.sha256(secret.encode()).hexdigest())
        assert not any(form.encode() in everything for form in forms), secret


def test_concurrent_sessions_stay_balanced_and_lose_nothing(client: TestClient, place: Place) -> None:
    listeners = [Listener(client) for _ in range(24)]
    with ThreadPoolExecutor(8) as pool:
        receipts = set(pool.map(Listener.finish, listeners))
    answers = answers_in(place)
    assert len(receipts) == 24 and len(answers) == 24 * TRIALS
    cells = Counter((answer.trial.item, answer.conditions) for answer in answers)
    assert len(cells) == 12 and max(cells.values()) - min(cells.values()) <= 2


def test_two_votes_at_the_same_moment_count_once(client: TestClient, place: Place) -> None:
    listener = Listener(client)
    trial = listener.trial()["trial"]
    with ThreadPoolExecutor(8) as pool:
        statuses = Counter(pool.map(lambda _: listener.send(trial).status_code, range(8)))
    assert statuses == {200: 1, 409: 7}
    assert len(answers_in(place)) == 1


def test_a_database_that_cannot_be_opened_is_said_clearly(place: Place) -> None:
    Path("folder.sqlite").mkdir()  # a folder where the file should be
    app = FastAPI()
    app.include_router(routes.router([place[0]], "sqlite:///folder.sqlite"))
    reply = TestClient(app).post("/listen/small/session")
    assert reply.status_code == 503
    assert reply.json()["detail"] == routes.NOT_SAVED


def test_an_answer_refused_by_a_locked_database_is_taken_later(client: TestClient, place: Place) -> None:
    listener, uuid = Listener(client), str(uuid4())
    trial = listener.trial()["trial"]
    with closing(Store(place[1])) as other, other.transaction(writes=True):
        refused = listener.send(trial, uuid=uuid)
    assert refused.status_code == 503 and refused.json()["detail"] == routes.NOT_SAVED
    assert not answers_in(place)
    assert listener.send(trial, uuid=uuid).status_code == 200


@pytest.mark.parametrize("url", ["nonsense", "sqlite", "oracle+nothing://user:secret@host/db"])
def test_a_wrong_database_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(StoreError, match="not the address of a database") as caught:
        Store(url)
    assert "secret" not in str(caught.value)
