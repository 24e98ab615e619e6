"""Visitors of the whole app, as programs: one composes, one separates, one listens and rates. The app is a process.

What a page of Gradio does is done by its protocol: a call joins the queue, and its events are read until it is done.
"""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx

from benchmarks.listening_load import LIMITS, patient, prepared

ROOT = Path(__file__).parent.parent
SOUND_SECONDS = 5.0
PATIENCE_S = 600


@dataclass
class Seen:
    """What the visitors met."""

    submits_s: list[float] = field(default_factory=list)
    jobs_s: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    queued: int = 0  # calls that had to wait for their turn
    told: int = 0  # of these: were told their place and when their turn would come
    resident_mb: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class App:
    """The running app: its address, its process, and what its page is made of."""

    url: str
    pid: int
    page: dict[str, Any]

    def resident_mb(self) -> float:
        """Return the resident set of the process in megabytes (Linux)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def call(self, name: str, song: dict[str, Any] | None = None) -> tuple[int, list[Any]]:
        """Return the number of a call of the page and what the page would send: its values, and perhaps a song."""
        dependency = next(each for each in self.page["dependencies"] if each["api_name"] == name)
        components = {each["id"]: each for each in self.page["components"]}
        inputs = [components[number] for number in dependency["inputs"]]
        data = [each["props"].get("value") for each in inputs]
        sounds = [place for place, each in enumerate(inputs) if each["type"] == "audio"]
        if song is not None:
            data[sounds[0]] = song
        return int(dependency["id"]), data


@contextmanager
def app(room: Path) -> Iterator[App]:
    """Start the app with one study of short sounds, and wait until its models are there."""
    folder, url = prepared(room, SOUND_SECONDS)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"HOST": "127.0.0.1", "PORT": str(port), "STUDY": str(folder), "DATABASE_URL": url}
    environment = {**os.environ, **own, "GRADIO_TEMP_DIR": str(room / "gradio")}
    with (room / "app.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        while not has_models(address):
            if process.poll() is not None:
                raise SystemExit((room / "app.log").read_text())
            time.sleep(0.5)
        yield App(address, process.pid, httpx.get(f"{address}/config").json())
    finally:
        process.terminate()
        process.wait()
    if "Traceback" in (written := (room / "app.log").read_text()):
        raise SystemExit(written)


def has_models(address: str) -> bool:
    """Tell whether the app answers and has loaded what its first visitors would wait for."""
    try:
        return bool(httpx.get(f"{address}/healthz", timeout=60).json()["models"] != "loading")
    except httpx.TransportError:
        return False


async def run(client: httpx.AsyncClient, fn_index: int, data: list[Any], seen: Seen) -> None:
    """Join the queue as a page that was just opened, and read its events until the call is done; note an error."""
    session = uuid4().hex[:12]
    joined = await client.post(
        "/gradio_api/queue/join", json={"fn_index": fn_index, "data": data, "session_hash": session}
    )
    if joined.status_code != 200:
        seen.errors.append(f"{joined.status_code} {joined.text[:200]}")
        return
    places = []
    async with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as events:
        async for line in events.aiter_lines():
            event = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            if event.get("msg") == "estimation":
                places.append((event["rank"], event["rank_eta"]))
            if event.get("msg") == "process_completed":
                seen.queued += any(rank for rank, _ in places)
                seen.told += any(rank and eta is not None for rank, eta in places)
                seen.errors += [] if event["success"] else [str(event["output"])[:300]]
                return
    seen.errors.append("the events ended before the call did")


async def listen(client: httpx.AsyncClient, number: int, until: float, seen: Seen) -> None:
    """Take one session after another: fetch both sounds, wait a little, submit."""
    chance = Random(number)
    while time.monotonic() < until:
        code = (await patient(client.post, "/listen/load/session"))["code"]
        headers = {"X-Resume-Code": code}
        while time.monotonic() < until:
            trial = await patient(client.get, "/listen/load/trial", headers=headers)
            if trial["finished"]:
                break
            for sound in trial["sounds"]:
                (await client.get(f"/{sound}", headers=headers)).raise_for_status()
            await asyncio.sleep(chance.uniform(2, 8))
            answer = {"uuid": str(UUID(int=chance.getrandbits(128), version=4)), "trial": trial["trial"]}
            answer |= {"response": {"value": 1}, "heard_ms": [500, 500], "shown_ms": 1, "answered_ms": 2}
            began = time.perf_counter()
            reply = await client.post("/listen/load/answer", headers=headers, json=answer)
            seen.submits_s.append(time.perf_counter() - began)
            if reply.status_code != 200:
                seen.errors.append(f"{reply.status_code} {reply.text[:200]}")


async def repeat(app: App, client: httpx.AsyncClient, name: str, until: float, seen: Seen, song: Path | None) -> None:
    """Let one visitor after another make a call of the page, with the page's own settings."""
    chance = Random(id(client))
    while time.monotonic() < until:
        began = time.perf_counter()
        file = None if song is None else await upload(client, song)
        await run(client, *app.call(name, file), seen)
        seen.jobs_s.setdefault(name, []).append(time.perf_counter() - began)
        await asyncio.sleep(chance.uniform(2, 10))


async def upload(client: httpx.AsyncClient, song: Path) -> dict[str, Any]:
    """Upload a song; return what stands for it in a call."""
    reply = await client.post("/gradio_api/upload", files={"files": (song.name, song.read_bytes())})
    return {"path": reply.raise_for_status().json()[0], "orig_name": song.name, "meta": {"_type": "gradio.FileData"}}


async def watch(app: App, until: float, seen: Seen) -> None:
    """Note the memory of the app every second."""
    while time.monotonic() < until:
        seen.resident_mb.append(app.resident_mb())
        await asyncio.sleep(1)


async def visit(app: App, visitors: Counter[str], seconds: float, song: Path, seen: Seen) -> None:
    """Let so many visitors of each kind come at once, for so long."""
    until = time.monotonic() + seconds
    async with AsyncExitStack() as stack:
        work = [watch(app, until, seen)]
        for number, kind in enumerate(visitors.elements()):
            client = await stack.enter_async_context(
                httpx.AsyncClient(base_url=app.url, timeout=PATIENCE_S, limits=LIMITS)
            )
            if kind == "listen":
                work.append(listen(client, number, until, seen))
            else:
                work.append(repeat(app, client, kind, until, seen, song if kind == "_separate" else None))
        await asyncio.gather(*work)


def figures(visitors: Counter[str], seconds: float, seen: Seen) -> dict[str, Any]:
    """Return what is written down of a visit."""
    cut = statistics.quantiles(seen.submits_s, n=100)
    return {
        "cores": os.cpu_count(),
        "seconds": seconds,
        "visitors": dict(visitors),
        "errors": len(seen.errors),
        "first_errors": seen.errors[:5],
        "ratings": len(seen.submits_s),
        **{f"submit_p{percent}_ms": round(1000 * cut[percent - 1], 1) for percent in (50, 95, 99)},
        "calls": {name: len(took) for name, took in seen.jobs_s.items()},
        "call_median_s": {name: round(statistics.median(took), 1) for name, took in seen.jobs_s.items()},
        "queued": seen.queued,
        "told_place_and_eta": seen.told,
        "resident_mb": [round(seen.resident_mb[0]), round(max(seen.resident_mb)), round(seen.resident_mb[-1])],
    }
