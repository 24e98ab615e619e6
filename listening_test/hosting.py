"""The studies of this server: each with its stimuli, all with one store. Missing stimuli are rendered meanwhile."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from listening_test import arena_pool, headphones, mirror, stimuli, study, translation
from listening_test.arena_host import Arena
from listening_test.levels import SAMPLE_RATE
from listening_test.session import ListeningTest
from listening_test.stimuli import StimulusError
from listening_test.store import Store
from listening_test.trial import UnknownError

State = Literal["ready", "rendering", "failed"]
SECONDS_TO_ANSWER = 10  # beside listening to each sound once, for the estimate of a session's length
SECONDS_TO_COPY = 30  # what is left to mirror when the server ends
log = logging.getLogger(__name__)


class Host:
    """One study on this server."""

    def __init__(self, study_folder: Path, store: Store) -> None:
        """Read the study.

        Raises:
            StudyError: not a study.
        """
        self.study = study.load(study_folder)
        self.translations = translation.load(study_folder, self.study)
        self._store = store
        self._study_folder = study_folder
        self._folder = stimuli.folder_of(self.study, store.folder)
        self._renderer: subprocess.Popen[bytes] | None = None

    @cached_property
    def test(self) -> ListeningTest:
        """The running test; StimulusError as long as there is nothing to hear."""
        return ListeningTest(self.study, stimuli.read(self._folder, self.study), self._store)

    @cached_property
    def level(self) -> bytes:
        """The sound that a listener sets the volume with."""
        return stimuli.wav_of(headphones.level(np.random.default_rng(0)))

    def start(self) -> None:
        """Begin to render if need be."""
        if not self._folder.exists():
            folders = {"--study": self._study_folder.absolute(), "--out": self._folder.absolute()}
            self._renderer = _command("prepare", *(str(each) for pair in folders.items() for each in pair))

    def stop(self) -> None:
        """End the renderer with the server."""
        if self._renderer is not None:
            self._renderer.terminate()

    def state(self) -> State:
        """Tell whether the test can be taken."""
        rendering = self._renderer is not None and self._renderer.poll() is None
        try:
            stimuli.read(self._folder, self.study)
        except StimulusError as error:
            if not rendering:
                log.error("the listening test cannot be taken: %s", error)
            return "rendering" if rendering else "failed"
        return "ready"

    def minutes(self) -> int | None:
        """Estimate the length of a session; None as long as there is nothing to hear."""
        if self.state() != "ready":
            return None
        sounds = self.test.sounds.of.values()
        seconds = sum(sound.frames for sound in sounds) / len(sounds) / SAMPLE_RATE
        slots = sum(2 if block.pairs else len(block.conditions) for block in self.study.blocks)
        trials = self.study.trials + self.study.practice * len(self.study.blocks)
        return max(1, round(trials * (slots / len(self.study.blocks) * seconds + SECONDS_TO_ANSWER) / 60))


class Hosts:
    """All studies of this server."""

    def __init__(self, folders: Sequence[Path], url: str) -> None:
        """Read the studies.

        Raises:
            StudyError: one of them is no study, or two have the same name.
            StoreError: not the address of a database.
        """
        self.store = Store(url)
        self.by_name = {host.study.name: host for host in (Host(folder, self.store) for folder in folders)}
        self.arena = Arena(self.store, self._render_arena)
        if len(self.by_name) < len(folders):
            raise study.StudyError(f"two studies have the same name: {', '.join(map(str, folders))}")

    def __getitem__(self, name: str) -> Host:
        """Return the host of a study.

        Raises:
            UnknownError: there is no such study here.
        """
        if name not in self.by_name:
            raise UnknownError("there is no such study here")
        return self.by_name[name]

    def sound(self, token: str, code: str | None) -> bytes:
        """Return the WAV file behind a token.

        Raises:
            UnknownError: never given out, its trial is answered, or another session's than that of the code.
        """
        label, session, sha256 = self.store.stimulus_of(token)
        host = next((each for each in self.by_name.values() if each.study.label == label), None)
        if host is None or (code is not None and host.test.session(code).id != session):
            raise UnknownError("there is no such sound")
        return host.test.sound(sha256, token)

    @asynccontextmanager
    async def running(self, _app: object) -> AsyncIterator[None]:
        """Start rendering with the server, and end it with the server."""
        copier = self._start_mirror() if os.environ.get(mirror.REPO_VARIABLE) else None
        for host in self.by_name.values():
            host.start()
        try:
            yield
        finally:
            for host in self.by_name.values():
                host.stop()
            self.arena.stop()
            self.store.close()
            if copier is not None:
                copier.kill()  # whatever it was at, the next one begins with it
                with suppress(subprocess.TimeoutExpired):
                    self._mirror("--once").wait(SECONDS_TO_COPY)

    def _render_arena(self) -> subprocess.Popen[bytes]:
        return _command("arena", "--out", str(arena_pool.folder_of(self.store.folder).absolute()))

    def _start_mirror(self) -> subprocess.Popen[bytes] | None:
        """Restore the ratings, then copy what is added; without the ratings no study is offered."""
        if self._mirror("--restore").wait() == 0:
            return self._mirror()
        log.error("the listening test is closed: its ratings could not be restored")
        self.by_name.clear()
        return None

    def _mirror(self, *arguments: str) -> subprocess.Popen[bytes]:
        url = self.store.url.render_as_string(hide_password=False)
        return _command("mirror", *arguments, DATABASE_URL=url, HF_HUB_OFFLINE="0")


def _command(*arguments: str, **variables: str) -> subprocess.Popen[bytes]:
    """Run a command of this room in a process of its own, at low priority and on one core: the app stays responsive."""
    # A session of its own: Ctrl-C reaches the app alone, which ends the process in order.
    return subprocess.Popen(
        ["nice", sys.executable, "-m", "listening_test", *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "OMP_NUM_THREADS": "1", **variables},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
