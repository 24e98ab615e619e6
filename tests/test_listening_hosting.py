"""A study on a server: closed when it is broken, rendered when its stimuli are missing."""

import time
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from listening_test import routes, study


def test_a_broken_study_closes_the_test_and_nothing_else(tmp_path: Path) -> None:
    app = FastAPI()
    app.include_router(routes.router([tmp_path / "nowhere"], f"sqlite:///{tmp_path / 'ratings.sqlite'}"))
    assert TestClient(app).get("/listen/studies").json() == {"studies": []}


RENDERED = """
name: rendered
version: 1
title: Rendered when missing
instructions: []
trials: 1
minimum_seconds: 1
blocks:
  - material: KIND
    trial: preference
    question: Which blues?
    seeds: [1]
    settings: {tempo: 300}
    conditions: {lstm: {model: lstm}, walk: {model: random-walk}}
    pairs: [[lstm, walk]]
"""


@pytest.mark.parametrize(("kind", "outcome"), [("blues", "ready"), ("unknown", "failed")])
def test_missing_stimuli_are_rendered_by_another_process(tmp_path: Path, kind: str, outcome: str) -> None:
    (tmp_path / study.FILE_NAME).write_text(RENDERED.replace("KIND", kind))
    app = FastAPI()
    app.include_router(routes.router([tmp_path], f"sqlite:///{tmp_path / 'data' / 'ratings.sqlite'}"))
    with TestClient(app) as visitor:
        assert visitor.get("/listen/rendered/study").json()["state"] == "rendering"
        assert visitor.post("/listen/rendered/session").json()["detail"] == routes.NOT_READY
        deadline = time.monotonic() + 120
        while (
            state := visitor.get("/listen/rendered/study").json()["state"]
        ) == "rendering" and time.monotonic() < deadline:
            time.sleep(0.2)
        assert state == outcome
        assert visitor.post("/listen/rendered/session").status_code == (201 if outcome == "ready" else 503)
