"""Nothing but the sound finds the hidden reference: a classifier on all else, through the real routes."""

import string
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from small_study import tone

from listening_test import routes, stimuli, study
from listening_test.deaf_listener import RIDGE, dealt, discrimination, ordered, ridge
from listening_test.store import Store
from listening_test.trial import Trial

SESSIONS = 24
SLOTS = 5
CONSPICUOUS = 4.5  # standard deviations; tokens and latencies cannot be seeded, and an honest page must not fail
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
RIFF_BYTES = 44
STUDY = """
name: deaf
version: 1
title: A page of five
instructions: []
trials: 6
minimum_seconds: 0
practice: 0
repeats: 0
catch_every: 0
blocks:
  - material: tones
    trial: mushra
    question: How close is it to the reference?
    seeds: [1, 2, 3]
    attributes: {overall: Overall quality, artefacts: Freedom from artefacts}
    conditions: {open: {role: reference}, low: {role: low-anchor}, mid: {role: mid-anchor}, net: {}, other: {}}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    room = tmp_path_factory.mktemp("deaf")
    (room / "study").mkdir()
    (room / "study" / study.FILE_NAME).write_text(STUDY)
    plan = study.load(room / "study")
    pitches = {name: 90.0 * place for place, name in enumerate(plan.blocks[0].conditions, start=3)}
    made = (
        (item, {name: (tone(hertz, seconds=0.5), {"seed": seed}) for name, hertz in pitches.items()})
        for item, seed in plan.blocks[0].items.items()
    )
    stimuli.write(stimuli.folder_of(plan, room), plan, made)
    return room / "study", f"sqlite:///{room / 'ratings.sqlite'}"


def observe(client: TestClient) -> Iterator[tuple[str, int, int, list[float]]]:
    """Take one session; yields for every slot of every page the trial, its slot and all that is not sound."""
    headers = {"X-Resume-Code": client.post("/listen/deaf/session").json()["code"]}
    while not (page := client.get("/listen/deaf/trial", headers=headers).json())["finished"]:
        for slot, url in enumerate(page["sounds"]):
            start = time.perf_counter()
            answer = client.get(f"/{url}", headers=headers)
            latency = time.perf_counter() - start
            yield page["trial"], page["number"], slot, features(url, page["number"], slot, answer, latency)
        answer = {"values": [50.0] * SLOTS}
        body = {"uuid": str(uuid4()), "trial": page["trial"], "response": answer, "heard_ms": [0] * (SLOTS + 1)}
        sent = client.post("/listen/deaf/answer", headers=headers, json={**body, "shown_ms": 0, "answered_ms": 1})
        assert sent.status_code == 200


def features(url: str, number: int, slot: int, answer: Any, latency: float) -> list[float]:
    """Address, place on the page and in the session, headers, length, file header and how long it took."""
    token = url.rpartition("/")[2]
    bits = [float(ALPHABET.index(letter) >> bit & 1) for letter in token for bit in range(6)]
    places = [float(slot == each) for each in range(SLOTS)]
    headers = [float(len(name) + 31 * len(value)) for name, value in sorted(answer.headers.items())]
    return [
        *(float(len(answer.content)), np.log(latency), *places, *(number * each for each in places)),
        *(*bits, *headers, *map(float, answer.content[:RIFF_BYTES])),
    ]


@pytest.fixture(scope="module")
def observed(place: tuple[Path, str]) -> dict[str, np.ndarray]:
    """Everything that was received in all sessions, and what the server knows: where the hidden reference stood."""
    app = FastAPI()
    app.include_router(routes.router([place[0]], place[1]))
    rows: list[tuple[int, str, int, list[float]]] = []
    with TestClient(app, base_url="http://room.test") as client:
        for session in range(SESSIONS):
            rows += [(session, trial, slot, seen) for trial, _, slot, seen in observe(client)]
    trials: dict[str, Trial] = {answer.trial.id: answer.trial for answer in Store(place[1]).answers("deaf-1")}
    pages = {trial: page for page, trial in enumerate(trials)}
    return {
        "features": np.array([seen for *_, seen in rows]),
        "target": np.array([trials[trial].roles[slot] == "reference" for _, trial, slot, _ in rows]),
        "pages": np.array([pages[trial] for _, trial, _, _ in rows]),
        "sessions": np.array([session for session, *_ in rows]),
    }


def test_the_hidden_reference_cannot_be_found_without_listening(observed: dict[str, np.ndarray]) -> None:
    assert observed["target"].sum() == SESSIONS * 6 == len(np.unique(observed["pages"]))
    found = discrimination(**observed, generator=np.random.default_rng(0))
    assert abs(found.z) < CONSPICUOUS, found


def test_two_bytes_more_would_give_it_away(observed: dict[str, np.ndarray]) -> None:
    leaking = observed["features"].copy()
    leaking[observed["target"], 0] += 2  # the length of the file
    found = discrimination(**{**observed, "features": leaking}, generator=np.random.default_rng(0))
    assert found.auc > 0.95 and found.z > CONSPICUOUS


def test_a_favourite_place_would_give_it_away(observed: dict[str, np.ndarray]) -> None:
    """The reference in the first slot of three pages out of four, at chance elsewhere."""
    generator = np.random.default_rng(1)
    target = dealt(observed["pages"], generator)
    for page in np.unique(observed["pages"]):
        if page % 4:
            rows = np.flatnonzero(observed["pages"] == page)
            target[rows] = rows == rows[0]
    found = discrimination(**{**observed, "target": target}, generator=np.random.default_rng(0))
    assert found.z > CONSPICUOUS


def test_guessing_is_as_far_from_a_half_as_said() -> None:
    """Features that know nothing: over many tests, z has mean 0 and standard deviation 1."""
    generator = np.random.default_rng(2)
    sessions = np.repeat(np.arange(10), 12)
    pages = np.repeat(np.arange(30), 4)
    scores = []
    for _ in range(100):
        features = generator.integers(0, 2, (len(pages), 20)).astype(float)
        scores.append(discrimination(features, dealt(pages, generator), pages, sessions, generator).z)
    assert np.mean(scores) == pytest.approx(0, abs=0.3)
    assert np.std(scores) == pytest.approx(1, abs=0.25)


def test_too_few_sessions_are_refused() -> None:
    few = np.zeros(4, dtype=np.int64)
    with pytest.raises(ValueError, match="1 sessions: at least 5"):
        discrimination(np.zeros((4, 2)), np.arange(4) == 0, few, few, np.random.default_rng(0))


def test_ridge_regression_against_its_definition() -> None:
    """The prediction of the weights that minimise the squared error plus the penalty (by least squares, rows added)."""
    generator = np.random.default_rng(3)
    seen, unseen, responses = generator.normal(size=(30, 4)), generator.normal(size=(7, 4)), generator.normal(size=30)
    stacked = np.vstack([seen, np.sqrt(RIDGE) * np.eye(4)])
    weights = np.linalg.lstsq(stacked, np.concatenate([responses, np.zeros(4)]))[0]
    np.testing.assert_allclose(ridge(seen, unseen) @ responses, unseen @ weights, atol=1e-12)


def test_pairs_in_closed_form() -> None:
    """Two pages of three: the target before both others, then one tie and one other before it."""
    pages = np.array([0, 0, 0, 1, 1, 1])
    target = np.array([True, False, False, False, True, False])
    scores = np.array([3.0, 1.0, 2.0, 5.0, 4.0, 4.0])
    centred = target - 1 / 3
    smoother = np.outer(scores, centred) / (centred @ centred)
    assert ordered(smoother, target[:, None], pages) == pytest.approx([2.5 / 4])
