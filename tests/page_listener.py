"""A listener who talks to the routes as the page does, and a server for it."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

ROOT = Path(__file__).parent.parent


class Listener:
    """A listener who talks to the routes as the page does."""

    def __init__(self, client: Any, study: str = "small") -> None:
        self.client, self.study = client, f"/listen/{study}"
        self.headers = {"X-Resume-Code": client.post(f"{self.study}/session").json()["code"]}

    def trial(self) -> dict[str, Any]:
        return self.client.get(f"{self.study}/trial", headers=self.headers).json()

    def send(self, trial: str, **changes: Any) -> Any:
        body = {"uuid": str(uuid4()), "trial": trial, "response": {"value": -1}, "heard_ms": [400, 500], **changes}
        body = {"shown_ms": 1_000, "answered_ms": 2_000, **body}
        return self.client.post(f"{self.study}/answer", headers=self.headers, json=body)

    def finish(self) -> str:
        while not (trial := self.trial())["finished"]:
            assert self.send(trial["trial"], response={"value": (-1, 3, 0)[trial["number"] % 3]}).status_code == 200
        return trial["receipt"]


SERVER = """
import sys, uvicorn
from pathlib import Path
from fastapi import FastAPI
from listening_test import routes
app = FastAPI()
app.include_router(routes.router([Path(sys.argv[1])], sys.argv[2]))
uvicorn.run(app, port=int(sys.argv[3]), log_level="error")
"""


def start_server(study_folder: Path, url: str) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [sys.executable, "-c", SERVER, str(study_folder), url, str(port)]
    process = subprocess.Popen(arguments, env={**os.environ, "PYTHONPATH": str(ROOT)})
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            if httpx.get(f"{address}/listen/small/study").json()["state"] == "ready":
                return process, address
        except httpx.TransportError:
            assert process.poll() is None
            time.sleep(0.1)
    process.kill()
    raise AssertionError("the server did not start")
