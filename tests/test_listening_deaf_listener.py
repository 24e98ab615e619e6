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
from listening_test.deaf_listener import discrimination, logistic
from listening_test.store import Store
from listening_test.trial import Trial

SESSIONS = 24
SLOTS = 5
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
    assert found.interval[0] <= 0.5 <= found.interval[1], found


def test_two_bytes_more_would_give_it_away(observed: dict[str, np.ndarray]) -> None:
    leaking = observed["features"].copy()
    leaking[observed["target"], 0] += 2  # the length of the file
    found = discrimination(**{**observed, "features": leaking}, generator=np.random.default_rng(0))
    assert found.auc > 0.95


def test_a_favourite_place_would_give_it_away(observed: dict[str, np.ndarray]) -> None:
    """The reference in the first slot of half the pages, at chance elsewhere."""
    generator = np.random.default_rng(1)
    target = np.zeros_like(observed["target"])
    for page in np.unique(observed["pages"]):
        rows = np.flatnonzero(observed["pages"] == page)
        target[rows[0] if generator.random() < 0.5 else generator.choice(rows)] = True
    found = discrimination(**{**observed, "target": target}, generator=np.random.default_rng(0))
    assert found.interval[0] > 0.5


def test_too_few_sessions_are_refused() -> None:
    few = np.zeros(4, dtype=np.int64)
    with pytest.raises(ValueError, match="1 sessions: at least 5"):
        discrimination(np.zeros((4, 2)), np.arange(4) == 0, few, few, np.random.default_rng(0))


def test_logistic_regression_in_closed_form() -> None:
    """One feature that is 0 or 1, many rows: intercept and weight are the log odds of the two groups."""
    group = np.repeat([0.0, 1.0], 100_000)
    target = np.concatenate([np.arange(100_000) < 20_000, np.arange(100_000) < 60_000])
    intercept, weight = logistic(group[:, None], target)
    assert intercept == pytest.approx(np.log(0.2 / 0.8), abs=0.01)
    assert weight == pytest.approx(np.log(0.6 / 0.4) - np.log(0.2 / 0.8), abs=0.01)
