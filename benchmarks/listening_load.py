"""Fifty listeners at once: how long does a submitted answer take to be acknowledged, and is every one stored?

    python -m benchmarks.listening_load --listeners 50

The server is the real one (uvicorn, the routes of the listening test, SQLite with full synchronisation) in a process
of its own; every listener is a connection that fetches a trial and both of its sounds, waits as somebody who listens
would, and submits. Written to benchmarks/results/listening_load.json with the number of cores.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import httpx
import numpy as np

from audio import Audio
from listening_test import archive, stimuli, study
from listening_test.store import Store

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "benchmarks" / "results" / "listening_load.json"
CONDITIONS = tuple("abcde")
LIMITS = httpx.Limits(keepalive_expiry=1)  # before the server closes a connection that waits
STUDY = """
name: load
version: 1
title: Load
instructions: []
trials: 12
minimum_seconds: 0
blocks:
  - material: tones
    trial: preference
    question: Which do you prefer?
    seeds: [1, 2, 3, 4, 5, 6, 7, 8]
    conditions: {a: {}, b: {}, c: {}, d: {}, e: {}}
    pairs: [[a, b], [a, c], [a, d], [a, e], [b, c], [b, d], [b, e], [c, d], [c, e], [d, e]]
"""
SERVER = """
import sys, uvicorn
from pathlib import Path
from fastapi import FastAPI
from listening_test import routes
app = FastAPI()
app.include_router(routes.router([Path(sys.argv[1])], sys.argv[2]))
uvicorn.run(app, port=int(sys.argv[3]), log_level="error")
"""


def prepared(room: Path, seconds: float) -> tuple[Path, str]:
    """Write the study with noise of the given length; return its folder and the address of the database."""
    folder = room / "study"
    folder.mkdir()
    (folder / study.FILE_NAME).write_text(STUDY)
    plan, rng = study.load(folder), np.random.default_rng(0)
    noise = [rng.normal(0, 0.05, (2, round(44_100 * seconds))).astype(np.float32) for _ in CONDITIONS]
    sounds = {name: (Audio(samples, 44_100), {}) for name, samples in zip(CONDITIONS, noise, strict=True)}
    stimuli.write(stimuli.folder_of(plan, room), plan, ((item, sounds) for item in plan.items))
    return folder, f"sqlite:///{room / 'ratings.sqlite'}"


def started(folder: Path, url: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start the server; return it and its address when it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", SERVER, str(folder), url, str(port)]
    server = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    address = f"http://127.0.0.1:{port}"
    while server.poll() is None:
        try:
            httpx.get(f"{address}/listen/studies")
            return server, address
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


async def patient(ask: Callable[..., Awaitable[httpx.Response]], *arguments: Any, **options: Any) -> Any:
    """Ask again until the server has time, as a listener does who is told to wait a moment."""
    while (reply := await ask(*arguments, **options)).status_code == 503:
        await asyncio.sleep(1)
    return reply.json()


async def listen(address: str, number: int, pause_s: float, took: list[float]) -> int:
    """Take one session; return how many answers were acknowledged."""
    chance, answered = Random(number), 0
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=LIMITS) as client:
        await asyncio.sleep(chance.uniform(0, pause_s))
        code = (await patient(client.post, "/listen/load/session"))["code"]
        headers = {"X-Resume-Code": code}
        while not (trial := await patient(client.get, "/listen/load/trial", headers=headers))["finished"]:
            for sound in trial["sounds"]:
                (await client.get(f"/{sound}", headers=headers)).raise_for_status()
            await asyncio.sleep(chance.expovariate(1 / pause_s))
            answer = {"uuid": str(UUID(int=chance.getrandbits(128), version=4)), "trial": trial["trial"]}
            answer |= {"response": {"value": chance.choice((-2, -1, 1, 2))}, "heard_ms": [500, 500]}
            answer |= {"shown_ms": 1, "answered_ms": 2}
            begun = time.perf_counter()
            reply = await client.post("/listen/load/answer", headers=headers, json=answer)
            took.append(time.perf_counter() - begun)
            answered += reply.status_code == 200
    return answered


async def load(address: str, listeners: int, pause_s: float) -> tuple[list[float], int]:
    """Let all listeners take their sessions at once; return the seconds of every answer, and how many counted."""
    took: list[float] = []
    answered = await asyncio.gather(*(listen(address, number, pause_s, took) for number in range(listeners)))
    return took, sum(answered)


def main() -> None:
    """Start the server, load it, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, default=50, help="at once (%(default)s)")
    parser.add_argument("--seconds", type=float, default=24.0, help="length of each sound (%(default)s)")
    parser.add_argument("--pause", type=float, default=10.0, help="mean seconds between two answers (%(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        folder, url = prepared(Path(room), options.seconds)
        server, address = started(folder, url)
        try:
            took, acknowledged = asyncio.run(load(address, options.listeners, options.pause))
        finally:
            server.terminate()
            server.wait()
        with closing(Store(url)) as store:
            stored = len(store.answers("load-1"))
            entries = archive.check(store)
    cut = statistics.quantiles(took, n=100)
    figures = {"cores": os.cpu_count(), "listeners": options.listeners, "submitted": len(took)}
    figures |= {"acknowledged": acknowledged, "stored": stored, "journal_entries": entries}
    figures |= {f"p{percent}_ms": round(1000 * cut[percent - 1], 1) for percent in (50, 95, 99)}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
