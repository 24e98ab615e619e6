"""Routes of the listening test, below /listen. The page gets questions, opaque tokens and sounds; it gives answers.

Nothing that tells conditions apart passes here: no name, no hash, no header that differs between the slots of a
trial. A session is named by the header X-Resume-Code.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import Field

from listening_test import study
from listening_test.arena import COMPOSERS, MINIMUM_MS, Leaderboard, Vote
from listening_test.arena_host import Arena
from listening_test.database import StoreError, database_url
from listening_test.hosting import Hosts
from listening_test.stimuli import StimulusError
from listening_test.study import Study, StudyError
from listening_test.trial import Rating, RefusedAnswerError, SecondVoteError, Trial, UnknownError

LARGEST_BODY = 2**17  # bytes: an answer with all its events
WAV = "audio/wav"
SOUNDS_AT_ONCE = 2  # each costs some ten milliseconds of computing, and no answer shall wait for them
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
ArenaCode = Annotated[str, Header(min_length=16, max_length=64)]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Short = Annotated[str, Field(max_length=200)]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """How a listener enters: the consent agreed to, the language, and what the browser says of its audio device."""

    consent_version: int | None = None
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = "en"
    device: Annotated[dict[Short, int | float | Short], Field(max_length=20)] = field(default_factory=dict)


@dataclass(frozen=True)
class Questionnaire:
    """One option for each question, by id."""

    answers: Annotated[dict[Short, Short], Field(max_length=20)]


@dataclass(frozen=True)
class Heard:
    """The choices in one attempt at a headphone test, by question."""

    test: Short
    choices: Annotated[tuple[int, ...], Field(max_length=20)]


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
        # A response that fits no kind is one error for each kind; what its own kind says of a value is the reason.
        first = min(error.errors(), key=lambda each: each["type"] != "value_error")
        reason = str(first["msg"]).removeprefix("Value error, ")
        place = ".".join(str(step) for step in first["loc"][1:])  # without "body" or "header"
        sentence = f"the request was not understood: {place + ': ' if place else ''}{reason}"
    if isinstance(error, StoreError | StimulusError):
        log.error("%s", error)
        sentence = NOT_SAVED if isinstance(error, StoreError) else NOT_READY
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    return JSONResponse({"detail": sentence}, status)


def router(folders: Sequence[Path] | None = None, url: str | None = None) -> APIRouter:
    """Build the routes.

    Args:
        folders: of the studies to run; without them that of the environment's STUDY, or all that ship.
        url: the ratings database; without it that of the environment's DATABASE_URL, or the default.
    """
    try:
        hosts = Hosts(folders or study.folders(), url or database_url())
    except (StudyError, StoreError) as error:
        log.error("the listening test cannot run: %s", error)
        closed = APIRouter(prefix="/listen")
        closed.add_api_route("/studies", lambda: {"studies": []})
        return closed
    routes = APIRouter(prefix="/listen", route_class=GuardedRoute, lifespan=hosts.running)
    if len(hosts.by_name) > 1:  # who runs one study alone wants no visitors drawn away
        _add_arena(routes, hosts.arena)
    _add_welcome(routes, hosts)
    _add_entry(routes, hosts)
    _add_trials(routes, hosts)
    return routes


def _add_arena(routes: APIRouter, arena: Arena) -> None:
    """A battle, its sounds, the vote that names the composers, and the leaderboard; a listener makes up the code."""

    @routes.get("/arena/battle")
    def battle(x_resume_code: ArenaCode) -> dict[str, Any]:
        found = arena.battle(x_resume_code)
        if found is None:
            return {"state": "rendering"}
        sounds = [f"listen/arena/sound/{token}" for token in found.tokens]
        return {"state": "ready", "battle": found.id, "sounds": sounds, "minimum_ms": MINIMUM_MS}

    sounds = CapacityLimiter(SOUNDS_AT_ONCE)

    @routes.get("/arena/sound/{token}")
    async def sound(token: str, x_resume_code: ArenaCode) -> Response:
        return Response(await to_thread.run_sync(arena.sound, x_resume_code, token, limiter=sounds), media_type=WAV)

    @routes.post("/arena/vote")
    def vote(x_resume_code: ArenaCode, given: Vote) -> dict[str, Any]:
        over = arena.vote(x_resume_code, given)
        composers = [COMPOSERS[name] for name in over.composers]
        return {"acknowledged": str(given.uuid), "composers": composers, "seed": over.seed}

    @routes.get("/arena/leaderboard")
    def leaderboard() -> Leaderboard:
        return arena.leaderboard()


def _add_welcome(routes: APIRouter, hosts: Hosts) -> None:
    @routes.get("/studies")
    def studies() -> dict[str, Any]:
        entries = [
            {
                "name": name,
                "title": host.study.title,
                "translations": host.translations,
                "state": host.state(),
                "minutes": host.minutes(),
            }
            for name, host in hosts.by_name.items()
        ]
        return {"studies": entries}

    @routes.get("/{study}/study")
    def welcome(study: str) -> dict[str, Any]:
        host = hosts[study]
        plan = host.study
        return {
            "state": host.state(),
            "title": plan.title,
            "language": plan.language,
            "translations": host.translations,
            "instructions": plan.instructions,
            "consent": plan.consent,
            "questionnaire": plan.questionnaire,
            "headphones": plan.headphones,
            "trials": plan.trials,
            "minimum_ms": round(plan.minimum_seconds * 1000),
            "break_after": plan.break_after,
        }


def _add_entry(routes: APIRouter, hosts: Hosts) -> None:
    """From consent to the first trial."""

    @routes.post("/{study}/session", status_code=201)
    def begin(study: str, entry: Entry | None = None) -> dict[str, str]:
        entry = entry or Entry()
        return {"code": hosts[study].test.begin(entry.consent_version, entry.language, entry.device)}

    @routes.get("/{study}/session")
    def resume(study: str, x_resume_code: ResumeCode) -> dict[str, Any]:
        test = hosts[study].test
        session = test.session(x_resume_code)
        return {"receipt": session.id, "missing": test.missing(session)}

    @routes.post("/{study}/questionnaire")
    def questionnaire(study: str, x_resume_code: ResumeCode, filled: Questionnaire) -> dict[str, bool]:
        hosts[study].test.answer_questionnaire(x_resume_code, filled.answers)
        return {"acknowledged": True}

    @routes.get("/{study}/headphones/level.wav")
    def level(study: str) -> Response:
        return Response(hosts[study].level, media_type=WAV)

    @routes.get("/{study}/headphones/{test}/{number}.wav")
    def headphone_sound(study: str, test: str, number: int, x_resume_code: ResumeCode) -> Response:
        return Response(hosts[study].test.headphone_sound(x_resume_code, test, number), media_type=WAV)

    @routes.post("/{study}/headphones")
    def headphones(study: str, x_resume_code: ResumeCode, heard: Heard) -> dict[str, Any]:
        correct, passed = hosts[study].test.answer_headphones(x_resume_code, heard.test, heard.choices)
        return {"correct": correct, "of": len(heard.choices), "passed": passed}


def _add_trials(routes: APIRouter, hosts: Hosts) -> None:
    @routes.get("/{study}/trial")
    def current(study: str, x_resume_code: ResumeCode) -> dict[str, Any]:
        test = hosts[study].test
        trial = test.current(x_resume_code)
        session = test.session(x_resume_code)
        if trial is None:
            return {"finished": True, "receipt": session.id, "debrief": test.debrief(x_resume_code)}
        return {"finished": False, "of": len(session.plan), **_page(test.study, trial)}

    sounds = CapacityLimiter(SOUNDS_AT_ONCE)

    @routes.get("/stimulus/{token}")
    async def stimulus(token: str, x_resume_code: Annotated[str | None, Header(max_length=64)] = None) -> Response:
        return Response(await to_thread.run_sync(hosts.sound, token, x_resume_code, limiter=sounds), media_type=WAV)

    @routes.post("/{study}/answer")
    def answer(study: str, x_resume_code: ResumeCode, rating: Rating) -> dict[str, str]:
        hosts[study].test.answer(x_resume_code, rating)
        return {"acknowledged": str(rating.uuid)}

    @routes.post("/{study}/withdraw")
    def withdraw(study: str, x_resume_code: ResumeCode) -> dict[str, bool]:
        hosts[study].test.withdraw(x_resume_code)
        return {"withdrawn": True}


def _page(plan: Study, trial: Trial) -> dict[str, Any]:
    """Return what the page shows of a trial; whether it repeats another or is a catch trial stays here."""
    block = plan.block_of(trial.item)
    sounds = [f"listen/stimulus/{shown.token}" for shown in trial.sounds]
    slots, reference = sounds[: len(trial.slots)], sounds[len(trial.slots) :]
    layered = trial.kind == "adjustment"
    return {
        "trial": trial.id,
        "number": trial.ordinal,
        "practice": trial.practice,
        "kind": trial.kind,
        "question": block.question,
        "attribute": None if trial.attribute is None else block.attributes[trial.attribute],
        "tie": block.tie,
        "sounds": [] if layered else slots,
        "layers": slots if layered else [],
        "reference": reference[0] if reference else None,
        "start": trial.start,
        "minimum_ms": round(plan.minimum_seconds * 1000),
    }
