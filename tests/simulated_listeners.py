"""Listeners who answer at random, straight at a running test; sounds that nobody hears, and a clock that is set."""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from listening_test.response import Adjustment, Choice, Comparison, Ratings, Response
from listening_test.session import ListeningTest
from listening_test.stimuli import Stimuli, Stimulus
from listening_test.store import Store
from listening_test.study import Study
from listening_test.trial import Event, Rating, Trial


@dataclass
class Clock:
    """Milliseconds since 1970, moved by the tests."""

    ms: int = 1_700_000_000_000

    def __call__(self) -> int:
        return self.ms


def silent_stimuli(study: Study) -> Stimuli:
    """Every stimulus of a study by name alone; there is no file."""
    names = [(item, name) for block in study.blocks for item in block.items for name in block.conditions]
    made = {
        name: Stimulus(*name, f"{number:064x}", 44_100, -23.0, -3.0, 0.0, {}) for number, name in enumerate(names, 1)
    }
    return Stimuli(Path("nowhere"), made)


def running_test(study: Study, store: Store, clock: Clock | None = None, seed: int = 1) -> ListeningTest:
    return ListeningTest(study, silent_stimuli(study), store, Random(seed), clock or Clock())


def response(trial: Trial, chance: Random) -> Response:
    if trial.kind == "preference":
        return Comparison(chance.randint(-3, 3))
    if trial.kind == "adjustment":
        return Adjustment(chance.random())
    if trial.kind in ("rating", "mushra"):
        return Ratings(tuple(chance.uniform(0, 100) for _ in trial.slots))
    return Choice(chance.randint(0, 1), chance.randint(1, 4) if trial.kind == "which-human" else None)


@dataclass
class Listener:
    """One listener of a running test."""

    test: ListeningTest
    chance: Random
    code: str = field(default="")

    def __post_init__(self) -> None:
        self.code = self.code or self.test.begin()

    @property
    def receipt(self) -> str:
        return self.test.session(self.code).id

    def rating(self, trial: Trial, **changes: Any) -> Rating:
        values = {
            "uuid": UUID(int=self.chance.getrandbits(128), version=4),
            "trial": trial.id,
            "response": response(trial, self.chance),
            "heard_ms": (100,) * trial.players,
            "shown_ms": 1_000,
            "answered_ms": 2_000,
            "events": (Event("play", 0, 10, 0), Event("switch", 1, 400, 390), Event("blur", None, 900, 890)),
        }
        return Rating(**{**values, **changes})

    def step(self) -> Trial | None:
        """Answer the current trial; None when there is none left."""
        trial = self.test.current(self.code)
        if trial is not None:
            self.test.answer(self.code, self.rating(trial))
        return trial

    def finish(self) -> list[Trial]:
        return list(iter(self.step, None))
