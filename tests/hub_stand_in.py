"""A stand-in for the file API of the hub: datasets in memory, commits as huggingface_hub sends them."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hub:
    """A hub on this machine; `datasets` maps a name to its visibility and files."""

    def __init__(self) -> None:
        self.datasets: dict[str, dict[str, Any]] = {}
        self.commits: list[str] = []
        self.down = False  # refuses everything
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Hub":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def files(self, repo: str) -> dict[str, bytes]:
        return self.datasets[repo]["files"]

    def create(self, body: dict[str, Any]) -> tuple[int, Any]:
        repo = f"{body['organization']}/{body['name']}" if body.get("organization") else body["name"]
        if repo in self.datasets:
            return 409, {"error": "You already created this dataset repo", "url": f"{self.endpoint}/datasets/{repo}"}
        self.datasets[repo] = {"private": body["visibility"] == "private", "files": {}}
        return 200, {"url": f"{self.endpoint}/datasets/{repo}"}

    def info(self, repo: str) -> tuple[int, Any]:
        entry = self.datasets[repo]
        siblings = [{"rfilename": name} for name in entry["files"]]
        return 200, {"id": repo, "private": entry["private"], "siblings": siblings, "sha": "0" * 40, "tags": []}

    def commit(self, repo: str, lines: list[dict[str, Any]]) -> tuple[int, Any]:
        files = dict(self.files(repo))
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                self.commits.append(value["summary"])
            elif line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        self.datasets[repo]["files"] = files
        return 200, {
            "commitOid": "1" * 40,
            "commitUrl": f"{self.endpoint}/datasets/{repo}/commit/{'1' * 40}",
            "success": True,
        }


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if "/resolve/" in path:
            repo, name = path.removeprefix("/datasets/").split("/resolve/main/")
            self._send(200, self.hub.files(repo)[name])
        elif "/tree/" in path:
            repo = path.removeprefix("/api/datasets/").split("/tree/")[0]
            files = self.hub.files(repo).items()
            self._reply(200, [{"type": "file", "path": k, "size": len(v), "oid": "2" * 40} for k, v in files])
        else:
            self._reply(*self.hub.info(path.removeprefix("/api/datasets/").split("/revision/")[0]))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        path = self.path.split("?")[0]
        repo = "/".join(path.removeprefix("/api/datasets/").split("/")[:2])
        if path == "/api/repos/create":
            self._reply(*self.hub.create(json.loads(body)))
        elif "/preupload/" in path:
            files = [{**each, "uploadMode": "regular", "shouldIgnore": False} for each in json.loads(body)["files"]]
            self._reply(200, {"files": files})
        elif "/commit/" in path:
            self._reply(*self.hub.commit(repo, [json.loads(line) for line in body.splitlines()]))
        elif "/super-squash/" in path:
            self.hub.commits = ["squashed"]
            self._reply(200, {})
        else:
            self._reply(404, {"error": path})

    def _reply(self, status: int, content: Any) -> None:
        self._send(403 if self.hub.down else status, json.dumps(content).encode(), "application/json")

    def _send(self, status: int, content: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
