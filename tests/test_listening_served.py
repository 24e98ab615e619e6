"""A graded trial as a listener gets it: real anchors of a noise, served with an open and a hidden reference."""

import io
import wave
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from page_listener import Listener
from small_study import write_small_study

import audio
from audio import Audio
from listening_test import anchors, routes, stimuli, study

STUDY = """
name: small
version: 1
title: Anchors
instructions: []
trials: 1
minimum_seconds: 1
practice: 0
repeats: 0
catch_every: 0
blocks:
  - material: noise
    trial: mushra
    question: Grade every sound.
    seeds: [1]
    conditions:
      open: {role: reference}
      low: {role: low-anchor}
      mid: {role: mid-anchor}
      chirps: {role: noise-anchor}
      louder: {}
    attributes: {quality: "How good is it?"}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list, object]]:
    """The replies for the slots of one trial, and for its open reference."""
    folder = tmp_path_factory.mktemp("served")
    plan = study.load(write_small_study(folder / "study", STUDY))
    rng = np.random.default_rng(1)
    noise = Audio(rng.normal(0, 0.05, (2, 2 * 44_100)).astype(np.float32), 44_100)
    sounds = {
        "open": noise,
        "low": anchors.low_passed(noise, anchors.LOW),
        "mid": anchors.low_passed(noise, anchors.MID),
        "chirps": anchors.with_musical_noise(noise, rng),
        "louder": Audio(noise.samples[:, 100:] * np.float32(2), 44_100),
    }
    made = {name: (sound, {}) for name, sound in sounds.items()}
    stimuli.write(stimuli.folder_of(plan, folder), plan, [(plan.items[0], made)])
    app = FastAPI()
    app.include_router(routes.router([folder / "study"], f"sqlite:///{folder / 'ratings.sqlite'}"))
    with TestClient(app, base_url="http://room.test") as client:
        trial = Listener(client).trial()
        yield [client.get("/" + sound) for sound in trial["sounds"]], client.get("/" + trial["reference"])


def samples(content: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 44_100)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).T / np.float32(32768)


def test_all_sounds_of_a_trial_are_alike_but_for_the_sound(served: tuple[list, object]) -> None:
    slots, reference = served
    assert len(slots) == 5
    replies = [*slots, reference]
    assert len({len(reply.content) for reply in replies}) == 1
    assert len({reply.content[:44] for reply in replies}) == 1
    assert all(dict(reply.headers) == dict(reference.headers) for reply in slots)
    loudness = [audio.loudness(Audio(samples(reply.content), 44_100)) for reply in replies]
    assert max(loudness) - min(loudness) <= 0.1


def test_the_hidden_reference_is_the_open_one_in_other_bytes(served: tuple[list, object]) -> None:
    slots, reference = served
    assert all(first.content != second.content for first, second in combinations([*slots, reference], 2))
    opened = samples(reference.content)
    residual_db = sorted(20 * np.log10(np.sqrt(np.mean((samples(slot.content) - opened) ** 2))) for slot in slots)
    assert residual_db[0] < -90 and residual_db[1] > -60  # one of them is the reference, no other is near it
