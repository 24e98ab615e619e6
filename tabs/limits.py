"""Limits for strangers: how fast one visitor and one address may ask, how much they may upload, how full the disk gets.

A visitor is the resume code of a listener or the session of a Gradio page. Both are made up by whoever asks, so the
address is counted as well, more generously: a whole class may sit behind one. The counts are in memory and are
forgotten with the process; with several processes behind one address each counts for itself.
"""

from __future__ import annotations

import os
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROXIES_VARIABLE = "TRUSTED_PROXIES"
MOST_REMEMBERED = 20_000  # visitors and addresses; the one that has been quiet for longest is forgotten first
LARGEST_CALL = 2**22  # bytes of a call that is no upload
LARGEST_UPLOAD = 2**28  # bytes of one request with files; Gradio bounds each file
SECONDS_BETWEEN_LOOKS = 5  # at the disk
SESSION_HASH = re.compile(rb'"session_hash"\s*:\s*"([^"]{1,64})"')
UPLOAD, CALLS, LISTEN = "/gradio_api/upload", "/gradio_api/", "/listen/"
TOO_FAST = "Too many requests from here just now. Nothing is lost: wait {} s and try again."
TOO_MUCH = "Too much was uploaded from here within an hour. Wait {} s and try again."
TOO_LARGE = "A request may have at most {} bytes, and has to say how many it has."
DISK_FULL = "The disk of this server is full for the moment. It is cleared every hour: try again later."


@dataclass(frozen=True)
class Allowance:
    """A bucket of tokens.

    Attributes:
        burst: tokens in a full bucket.
        per_second: tokens that flow in.
    """

    burst: float
    per_second: float

    def __post_init__(self) -> None:
        """Refuse a bucket that never holds a token."""
        if self.burst <= 0 or self.per_second <= 0:
            raise ValueError(f"an allowance needs tokens: burst {self.burst}, {self.per_second} per second")


@dataclass(frozen=True)
class Rules:
    """What is allowed.

    Attributes:
        listener, page: requests of one listener, and calls of one Gradio page.
        listening, calls: the same for everybody at one address.
        sessions: begun at one address.
        uploads: bytes from one address.
        disk: bytes that uploads and results may take together.
    """

    listener: Allowance = Allowance(120, 10)
    page: Allowance = Allowance(60, 5)
    listening: Allowance = Allowance(3_000, 200)
    calls: Allowance = Allowance(600, 20)
    sessions: Allowance = Allowance(200, 0.1)
    uploads: Allowance = Allowance(2e9, 2e9 / 3600)
    disk: float = 10e9


class Buckets:
    """One bucket for each of many keys, filled as time goes by."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with full buckets."""
        self._clock = clock
        self._levels: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()

    def wait(self, key: tuple[str, ...], allowance: Allowance, tokens: float = 1) -> float:
        """Take tokens; return 0, or the seconds until there are enough, and take none."""
        now = self._clock()
        level, then = self._levels.pop(key, (allowance.burst, now))
        level = min(allowance.burst, level + (now - then) * allowance.per_second)
        missing = min(tokens, allowance.burst) - level
        self._levels[key] = (level if missing > 0 else level - tokens, now)
        while len(self._levels) > MOST_REMEMBERED:
            self._levels.popitem(last=False)
        return max(0.0, missing / allowance.per_second)


class Disk:
    """How many bytes lie below a folder, looked at every few seconds."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Name the folder; it need not be there yet."""
        self._folder, self._clock = folder, clock
        self._used, self._looked = 0, -float("inf")

    def used(self) -> int:
        """Return the bytes."""
        if self._clock() - self._looked >= SECONDS_BETWEEN_LOOKS:
            self._used, self._looked = _size(self._folder), self._clock()
        return self._used


class RefusalError(Exception):
    """A request that is not passed on: its status, its sentence, and when to come back."""

    def __init__(self, status: int, sentence: str, wait_s: float = 0) -> None:
        """Say why; `{}` in the sentence becomes the whole seconds to wait."""
        self.wait_s = int(wait_s) + 1
        super().__init__(sentence.format(self.wait_s))
        self.status = status

    def response(self) -> JSONResponse:
        """Return what the visitor gets."""
        return JSONResponse({"detail": str(self)}, self.status, {"Retry-After": str(self.wait_s)})


class Limits:
    """Stands before the app and refuses what is too fast, too large or too much."""

    def __init__(self, app: ASGIApp, rules: Rules | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Stand before an app, which keeps uploads and results in the environment's GRADIO_TEMP_DIR.

        Raises:
            ValueError: TRUSTED_PROXIES is not a number.
        """
        self._app, self._rules, self._proxies = app, rules or Rules(), _proxies()
        self._buckets, self._disk = Buckets(clock), Disk(Path(os.environ["GRADIO_TEMP_DIR"]), clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with a status and one sentence."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            if scope["path"].startswith(LISTEN):
                self._listener(scope)
            elif scope["method"] == "POST" and scope["path"].startswith(UPLOAD):
                self._upload(scope)
            elif scope["method"] == "POST" and scope["path"].startswith(CALLS):
                receive = await self._call(scope, receive)
        except RefusalError as refusal:
            return await refusal.response()(scope, receive, send)
        return await self._app(scope, receive, send)

    def _listener(self, scope: Scope) -> None:
        """Count a request of a listener, and the beginning of a session."""
        address = address_of(scope, self._proxies)
        self._count(("listening", address), self._rules.listening)
        if scope["method"] == "POST" and scope["path"].endswith("/session"):
            self._count(("sessions", address), self._rules.sessions)
        if code := Headers(scope=scope).get("x-resume-code"):
            self._count(("listener", code[:64]), self._rules.listener)

    def _upload(self, scope: Scope) -> None:
        """Count the bytes of an upload before any of them is read."""
        length = _length(scope, LARGEST_UPLOAD)
        self._refuse_full_disk(length)
        self._count(("calls", address_of(scope, self._proxies)), self._rules.calls)
        self._count(("uploads", address_of(scope, self._proxies)), self._rules.uploads, length, TOO_MUCH)

    async def _call(self, scope: Scope, receive: Receive) -> Receive:
        """Count a call of a Gradio page, which names its session in the body; return the body once more."""
        _length(scope, LARGEST_CALL)
        self._count(("calls", address_of(scope, self._proxies)), self._rules.calls)
        self._refuse_full_disk()
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            body, more = body + message.get("body", b""), message.get("more_body", False)
        if session := SESSION_HASH.search(body):
            self._count(("page", session[1].decode("latin-1")), self._rules.page)
        return _once(body, receive)

    def _count(self, key: tuple[str, str], allowance: Allowance, tokens: float = 1, sentence: str = TOO_FAST) -> None:
        if wait := self._buckets.wait(key, allowance, tokens):
            raise RefusalError(429, sentence, wait)

    def _refuse_full_disk(self, coming: int = 0) -> None:
        if self._disk.used() + coming > self._rules.disk:
            raise RefusalError(507, DISK_FULL, 600)


def _proxies() -> int:
    """Return how many proxies stand before this server: TRUSTED_PROXIES, or one on a Space and none elsewhere."""
    number = os.environ.get(PROXIES_VARIABLE) or str(int("SPACE_ID" in os.environ))
    if not number.isdecimal():
        raise ValueError(f"{PROXIES_VARIABLE} is the number of proxies before this server, got {number!r}")
    return int(number)


def address_of(scope: Scope, proxies: int) -> str:
    """Return the address that a request came from; of IPv6 the network, which one visitor has to himself.

    Behind proxies it is that many entries from the right of X-Forwarded-For: what stands further left is whatever the
    visitor wrote there.
    """
    client = scope.get("client") or ("unknown", 0)
    hops = [hop.strip() for hop in ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")]
    address = hops[-proxies] if proxies and len(hops) >= proxies and hops[-proxies] else client[0]
    try:
        parsed = ip_address(address)
    except ValueError:
        return str(client[0])
    return parsed.exploded[:19] if isinstance(parsed, IPv6Address) else str(parsed)


def _length(scope: Scope, largest: int) -> int:
    """Return the length that a request claims, which the server holds it to."""
    headers = Headers(scope=scope)
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdecimal() or int(length) > largest:
        raise RefusalError(413, TOO_LARGE.replace("{}", str(largest)))
    return int(length)


def _once(body: bytes, receive: Receive) -> Receive:
    """Return what an app receives that gets a body in one piece."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again


def _size(folder: Path) -> int:
    """Add up the files below a folder; one that is cleared meanwhile counts nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue
    return total
