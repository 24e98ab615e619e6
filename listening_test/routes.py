"""Routes of the listening test, below /listen. The page gets questions, opaque tokens and sounds; it gives answers.

Nothing that tells conditions apart passes here: no name, no hash, no header that differs between the slots of a
trial. A session is named by the header X-Resume-Code.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from listening_test import stimuli, study
from listening_test.session import ListeningTest
from listening_test.stimuli import StimulusError
from listening_test.store import Store, StoreError, database_url
from listening_test.study import StudyError
from listening_test.trial import Rating, RefusedAnswerError, SecondVoteError, UnknownError

LARGEST_BODY = 2048  # bytes
STATUS: dict[type[Exception], int] = {
    UnknownError: 404,
    SecondVoteError: 409,
    RefusedAnswerError: 422,
    RequestValidationError: 422,
    StimulusError: 503,
    StoreError: 503,
}
NOT_SAVED = "The answers cannot be saved just now. Nothing is lost: wait a moment and try again."
NOT_READY = "The stimuli are not there yet. Wait a moment and try again."

ResumeCode = Annotated[str, Header(max_length=64)]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
log = logging.getLogger(__name__)


class Host:
    """One study on this server. While the server runs, stimuli that are missing are rendered by another process."""

    def __init__(self, study_folder: Path, url: str) -> None:
        """Read the study.

        Raises:
            StudyError: not a study.
            StoreError: not the address of a database.
        """
        self.study = study.load(study_folder)
        self.store = Store(url)
        self._study_folder = study_folder
        self._folder = stimuli.folder_of(self.study, self.store.folder)
        self._renderer: subprocess.Popen[bytes] | None = None

    @cached_property
    def test(self) -> ListeningTest:
        """The running test; StimulusError as long as there is nothing to hear."""
        return ListeningTest(self.study, stimuli.read(self._folder, self.study), self.store)

    @asynccontextmanager
    async def running(self, _app: object) -> AsyncIterator[None]:
        """Start rendering with the server if need be, and end it with the server."""
        if not self._folder.exists():
            self._renderer = _start_rendering(self._study_folder, self._folder)
        try:
            yield
        finally:
            if self._renderer is not None:
                self._renderer.terminate()

    def state(self) -> str:
        """Return "ready", "rendering" or "failed"."""
        rendering = self._renderer is not None and self._renderer.poll() is None
        try:
            stimuli.read(self._folder, self.study)
        except StimulusError as error:
            if not rendering:
                log.error("the listening test cannot be taken: %s", error)
            return "rendering" if rendering else "failed"
        return "ready"


def _start_rendering(study_folder: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Render in a process of its own, at low priority and on one core, so that the app stays responsive."""
    command = ["nice", sys.executable, "-m", "listening_test", "prepare"]
    command += ["--study", str(study_folder.absolute()), "--out", str(folder.absolute())]
    # A session of its own: Ctrl-C reaches the app alone, which ends the renderer in order.
    return subprocess.Popen(
        command,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


class GuardedRoute(APIRoute):
    """Bounds bodies, refuses other origins, and turns the room's errors into a status and one sentence."""

    def get_route_handler(self) -> Handler:
        """Wrap FastAPI's handler."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                _refuse_foreign_origin(request)
                _refuse_large_body(request)
                response = await handle(request)
            except tuple(STATUS) as error:
                response = _refusal(error)
            response.headers["Cache-Control"] = "no-store"
            return response

        return guarded


def _refuse_foreign_origin(request: Request) -> None:
    """Answer only pages of this site; other clients send no Origin at all."""
    origin = request.headers.get("origin")
    hosts = (request.headers.get("host"), request.headers.get("x-forwarded-host"))
    if origin is not None and urlsplit(origin).netloc not in hosts:
        raise HTTPException(403, "requests from other sites are not answered")


def _refuse_large_body(request: Request) -> None:
    """Demand a length, and a small one, before anything is read."""
    length = request.headers.get("content-length", "0")
    if "transfer-encoding" in request.headers or not length.isdecimal() or int(length) > LARGEST_BODY:
        raise HTTPException(413, f"at most {LARGEST_BODY} bytes, with their length, are taken")


def _refusal(error: Exception) -> JSONResponse:
    """Say what went wrong in a sentence for the listener; what only the owner can mend goes to the log."""
    sentence = str(error)
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        reason = str(first["msg"]).removeprefix("Value error, ")
        place = ".".join(str(step) for step in first["loc"][1:])  # without "body" or "header"
        sentence = f"the request was not understood: {place + ': ' if place else ''}{reason}"
    if isinstance(error, StoreError | StimulusError):
        log.error("%s", error)
        sentence = NOT_SAVED if isinstance(error, StoreError) else NOT_READY
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    return JSONResponse({"detail": sentence}, status)


def router(study_folder: Path | None = None, url: str | None = None) -> APIRouter:
    """Build the routes.

    Args:
        study_folder: the study to run; without it that of the environment's STUDY, or the shipped one.
        url: the ratings database; without it that of the environment's DATABASE_URL, or the default.
    """
    try:
        host = Host(study_folder or study.folders()[0], url or database_url())
    except (StudyError, StoreError) as error:
        log.error("the listening test cannot run: %s", error)
        closed = APIRouter(prefix="/listen")
        closed.add_api_route("/study", lambda: {"state": "failed"})
        return closed
    routes = APIRouter(prefix="/listen", route_class=GuardedRoute, lifespan=host.running)
    _add_routes(routes, host)
    return routes


def _add_routes(routes: APIRouter, host: Host) -> None:
    @routes.get("/study")
    def welcome() -> dict[str, Any]:
        return {
            "state": host.state(),
            "title": host.study.title,
            "instructions": host.study.instructions,
            "trials": host.study.trials,
            "minimum_ms": round(host.study.minimum_seconds * 1000),
            "no_preference": host.study.blocks[0].tie,
        }

    @routes.post("/session", status_code=201)
    def begin() -> dict[str, str]:
        return {"code": host.test.begin()}

    @routes.get("/trial")
    def current(x_resume_code: ResumeCode) -> dict[str, Any]:
        trial = host.test.current(x_resume_code)
        if trial is None:
            return {"finished": True, "receipt": host.test.receipt(x_resume_code)}
        return {
            "finished": False,
            "trial": trial.id,
            "number": trial.ordinal,
            "question": host.study.block_of(trial.item).question,
            "sounds": [f"listen/stimulus/{shown.token}" for shown in trial.slots],
        }

    @routes.get("/stimulus/{token}")
    def stimulus(token: str) -> Response:
        return Response(host.test.sound(token), media_type="audio/wav")

    @routes.post("/answer")
    def answer(x_resume_code: ResumeCode, rating: Rating) -> dict[str, str]:
        host.test.answer(x_resume_code, rating)
        return {"acknowledged": str(rating.uuid)}
