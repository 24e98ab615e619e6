"""One address before several processes: what listeners ask goes to each in turn, Gradio's own calls to the first.

A page of Gradio lives in one process, so a proxy has to keep its calls together; the listening test needs no such care.
A process that does not answer any more is passed over.
"""

import threading
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

PASSED_ON_BY_US = ("transfer-encoding", "connection", "date", "server")


class RoundRobin:
    """A proxy; `served` counts by kind of request and process."""

    def __init__(self, addresses: list[str]) -> None:
        self.addresses, self.served, self._asked = addresses, Counter[tuple[str, str]](), Counter[str]()
        self.client = httpx.Client(timeout=60)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "RoundRobin":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.client.close()

    def in_turn(self, path: str) -> tuple[str, list[str]]:
        """The kind of a request, and the processes in the order in which to ask them."""
        parts = path.split("?")[0].split("/")
        if parts[1] != "listen":
            return "page", self.addresses
        kind = parts[2] if parts[2] == "stimulus" else parts[-1]
        first = self._asked[kind] % len(self.addresses)
        self._asked[kind] += 1
        return kind, self.addresses[first:] + self.addresses[:first]


class _Handler(BaseHTTPRequestHandler):
    proxy: RoundRobin

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body, headers = self.rfile.read(length), dict(self.headers)
        kind, addresses = self.proxy.in_turn(self.path)
        for address in addresses:
            try:
                with self.proxy.client.stream(
                    self.command, address + self.path, headers=headers, content=body
                ) as reply:
                    self.proxy.served[kind, address] += 1
                    return self._send(reply)
            except httpx.ConnectError:
                continue
        self.send_error(502)

    def do_POST(self) -> None:
        self.do_GET()

    def _send(self, reply: httpx.Response) -> None:
        self.send_response(reply.status_code)
        for name, value in reply.headers.multi_items():
            if name not in PASSED_ON_BY_US:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        with suppress(ConnectionError, httpx.ReadError):  # the page is closed, or the process is gone
            for piece in reply.iter_raw():
                self.wfile.write(piece)
                self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
