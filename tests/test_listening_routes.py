"""From consent to withdrawal over HTTP: what comes first comes first, and the right answers stay on the server."""

import io
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from page_listener import Listener
from small_study import STUDY, prepare_small_study

from listening_test import archive, headphones, routes, study
from listening_test.session import MOST_ATTEMPTS
from listening_test.store import Store

ENTRY = """
consent: {version: 2, text: Your answers are stored without your name.}
questionnaire:
  - {id: training, question: Your instrument, options: [some, none]}
headphones: require
language: de
break_after: 2
"""
ENTERED = {"consent_version": 2, "language": "de", "device": {"sample_rate": 48_000, "latency": 0.01, "kind": "phone"}}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two studies below one data folder: one asks everything first, one asks nothing."""
    room = tmp_path_factory.mktemp("routes")
    texts = {"strict": STUDY.replace("name: small", "name: strict") + ENTRY, "small": STUDY}
    return [prepare_small_study(room, text, name)[0] for name, text in texts.items()]


@pytest.fixture
def url(prepared: list[Path], tmp_path: Path) -> str:
    (tmp_path / "stimuli").symlink_to(prepared[0].parent / "stimuli")
    return f"sqlite:///{tmp_path / 'ratings.sqlite'}"


@pytest.fixture
def client(prepared: list[Path], url: str) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(routes.router(prepared, url))
    with TestClient(app, base_url="http://room.test") as test_client:
        yield test_client


@pytest.fixture
def headers(client: TestClient) -> dict[str, str]:
    """Resume code of a listener who has consented to the strict study."""
    return {"X-Resume-Code": client.post("/listen/strict/session", json=ENTERED).json()["code"]}


def test_every_study_is_offered_with_its_length(client: TestClient) -> None:
    found = client.get("/listen/studies").json()["studies"]
    assert [(each["name"], each["state"]) for each in found] == [("strict", "ready"), ("small", "ready")]
    assert all(each["title"] == "A small study" and each["minutes"] >= 1 for each in found)
    assert client.get("/listen/nowhere/study").status_code == 404


def test_the_welcome_page_gets_texts_and_no_material(client: TestClient) -> None:
    welcome = client.get("/listen/strict/study").json()
    assert welcome["consent"] == {"version": 2, "text": "Your answers are stored without your name."}
    assert welcome["questionnaire"][0]["options"] == ["some", "none"]
    assert (welcome["headphones"], welcome["language"], welcome["break_after"]) == ("require", "de", 2)
    assert client.get("/listen/small/study").json()["consent"] is None
    assert "blocks" not in welcome and "screening" not in welcome


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"consent_version": 1},
        {"consent_version": 2, "language": "Klingon"},
        {"consent_version": 2, "device": {"a": "x" * 300}},
        {"consent_version": 2, "device": {str(n): n for n in range(30)}},
    ],
)
def test_nobody_begins_without_consent_to_the_present_text(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post("/listen/strict/session", json=body).status_code == 422


def test_the_trials_wait_for_questionnaire_and_headphones(client: TestClient, headers: dict[str, str]) -> None:
    def missing() -> list[str]:
        return client.get("/listen/strict/session", headers=headers).json()["missing"]

    assert missing() == ["questionnaire", "headphones"]
    refused = client.get("/listen/strict/trial", headers=headers)
    assert refused.status_code == 422 and "questionnaire, headphones" in refused.json()["detail"]
    for wrong in ({}, {"training": "perhaps"}, {"training": "none", "age": "9"}):
        reply = client.post("/listen/strict/questionnaire", headers=headers, json={"answers": wrong})
        assert reply.status_code == 422
    for option in ("none", "some"):  # the first answer stands
        client.post("/listen/strict/questionnaire", headers=headers, json={"answers": {"training": option}})
    assert missing() == ["headphones"]
    assert pass_headphones(client, headers)["passed"]
    assert missing() == []
    assert not client.get("/listen/strict/trial", headers=headers).json()["finished"]


def pass_headphones(client: TestClient, headers: dict[str, str]) -> dict[str, Any]:
    """Hear with two ears: of the intervals, the one in which the ears differ."""
    sounds = [
        client.get(f"/listen/strict/headphones/huggins/{number}.wav", headers=headers).content
        for number in range(headphones.QUESTIONS["huggins"])
    ]
    body = {"test": "huggins", "choices": [interval_with_a_difference(sound) for sound in sounds]}
    return client.post("/listen/strict/headphones", headers=headers, json=body).json()


def interval_with_a_difference(wav: bytes) -> int:
    with wave.open(io.BytesIO(wav)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float).reshape(-1, 2)
    energy = [np.square(part[:, 0] - part[:, 1]).sum() for part in np.array_split(samples, 3)]
    return int(np.argmax(energy))


def test_attempts_are_counted_and_every_attempt_sounds_anew(client: TestClient, headers: dict[str, str]) -> None:
    def sound() -> bytes:
        return client.get("/listen/strict/headphones/huggins/0.wav", headers=headers).content

    heard = {sound(), sound()}
    assert len(heard) == 1, "a reload changes the question"
    for _ in range(MOST_ATTEMPTS):
        reply = client.post("/listen/strict/headphones", headers=headers, json={"test": "huggins", "choices": [0] * 6})
        assert reply.status_code == 200 and set(reply.json()) == {"correct", "of", "passed"}
        heard.add(sound())
    assert len(heard) == MOST_ATTEMPTS + 1
    again = client.post("/listen/strict/headphones", headers=headers, json={"test": "huggins", "choices": [0] * 6})
    assert again.status_code == 422


@pytest.mark.parametrize("path", ["huggins/6", "huggins/-1", "piano/0"])
def test_other_questions_are_not_found(client: TestClient, headers: dict[str, str], path: str) -> None:
    assert client.get(f"/listen/strict/headphones/{path}.wav", headers=headers).status_code == 404
    wrong = {"test": path.split("/")[0], "choices": [0]}
    assert client.post("/listen/strict/headphones", headers=headers, json=wrong).status_code == 422


def test_the_level_sound_is_a_wav_for_everybody(client: TestClient) -> None:
    reply = client.get("/listen/strict/headphones/level.wav")
    assert reply.status_code == 200 and reply.content[:4] == b"RIFF" and reply.headers["cache-control"] == "no-store"


def test_a_token_of_another_session_is_not_found(client: TestClient) -> None:
    one, other = Listener(client), Listener(client)
    [sound, _] = one.trial()["sounds"]
    other.trial()
    assert client.get(f"/{sound}", headers=other.headers).status_code == 404
    assert client.get(f"/{sound}", headers=one.headers).status_code == 200


def test_a_code_is_good_for_its_own_study_alone(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/listen/small/trial", headers=headers).status_code == 404


def test_a_trial_says_no_more_than_the_page_needs(client: TestClient) -> None:
    trial = Listener(client).trial()
    assert set(trial) == {
        *("finished", "trial", "number", "of", "practice", "kind", "question", "attribute", "tie"),
        *("sounds", "layers", "reference", "start", "minimum_ms"),
    }
    assert (trial["kind"], trial["of"], trial["tie"], trial["practice"]) == ("preference", 4, True, False)
    assert len(trial["sounds"]) == 2 and trial["layers"] == [] and trial["reference"] is None


def test_the_debrief_counts_and_the_withdrawal_deletes(client: TestClient, url: str) -> None:
    one = Listener(client)
    receipt = one.finish()
    end = one.trial()
    assert end["finished"] and end["receipt"] == receipt
    assert end["debrief"] == {"answers": 4, "known": 0, "right": 0, "repeated": 0, "same": 0, "listened_s": 4}
    assert client.post("/listen/small/withdraw", headers=one.headers).json() == {"withdrawn": True}
    assert client.get("/listen/small/trial", headers=one.headers).status_code == 404
    store = Store(url)
    assert store.answers("small-1") == [] and archive.check(store)
    store.close()


def test_an_answer_with_all_its_events_fits(client: TestClient) -> None:
    one = Listener(client)
    event = {"type": "seek", "slot": 1, "t_ms": 123_456, "pos_ms": 12_345}
    trial = one.trial()["trial"]
    assert one.send(trial, events=[event] * 3000).status_code in (413, 422)
    assert one.send(trial, events=[{**event, "type": "applause"}]).status_code == 422
    assert one.send(trial, events=[event] * 1000).status_code == 200


def test_the_shipped_studies_are_offered_when_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STUDY", raising=False)
    assert [path.name for path in study.folders()] == ["blues", "separation"]
    monkeypatch.setenv("STUDY", "mine")
    assert study.folders() == (Path("mine"),)
