"""Strangers at the door: rates per visitor and address, quotas, a full disk, forged addresses."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from tabs import limits
from tabs.limits import Allowance, Limits, Rules

TIGHT = Rules(
    listener=Allowance(3, 1),
    page=Allowance(3, 1),
    listening=Allowance(6, 1),
    calls=Allowance(6, 1),
    sessions=Allowance(2, 0.1),
    uploads=Allowance(1000, 10),
    disk=5000,
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def echo(request: Request) -> JSONResponse:
    return JSONResponse({"bytes": len(await request.body())})


Visitor = Callable[..., TestClient]


@pytest.fixture
def visitor(clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setenv(limits.PROXIES_VARIABLE, "1")
    app = Limits(Starlette(routes=[Route("/{path:path}", echo, methods=["GET", "POST"])]), TIGHT, clock)
    return lambda address="198.51.100.1": TestClient(app, headers={"X-Forwarded-For": address})


def statuses(asks: int, ask: Callable[[], object]) -> list[int]:
    return [ask().status_code for _ in range(asks)]


def test_a_listener_who_asks_too_fast_waits_and_loses_nothing(visitor: Visitor, clock: Clock) -> None:
    one, other = ({"X-Resume-Code": code} for code in ("one", "other"))
    client = visitor()
    assert statuses(4, lambda: client.get("/listen/small/trial", headers=one)) == [200, 200, 200, 429]
    refused = client.get("/listen/small/trial", headers=one)
    assert refused.json()["detail"].startswith("Too many requests from here just now. Nothing is lost")
    assert int(refused.headers["Retry-After"]) == 2
    clock.now += int(refused.headers["Retry-After"])
    assert client.get("/listen/small/trial", headers=other).status_code == 200
    assert client.get("/listen/small/trial", headers=one).status_code == 200


def test_new_codes_do_not_outwit_the_address(visitor: Visitor) -> None:
    codes = iter(range(100))
    client = visitor()
    asked = statuses(8, lambda: client.get("/listen/arena/battle", headers={"X-Resume-Code": f"code-{next(codes)}"}))
    assert asked == [200] * 6 + [429] * 2
    assert visitor("198.51.100.2").get("/listen/arena/battle").status_code == 200


def test_sessions_cannot_be_begun_without_end(visitor: Visitor) -> None:
    client = visitor()
    assert statuses(3, lambda: client.post("/listen/small/session")) == [200, 200, 429]


def test_calls_are_counted_by_page_and_arrive_whole(visitor: Visitor) -> None:
    client, call = visitor(), {"fn_index": 3, "session_hash": "abc", "data": ["x" * 1000]}
    assert client.post("/gradio_api/queue/join", json=call).json()["bytes"] > 1000
    assert statuses(3, lambda: client.post("/gradio_api/queue/join", json=call)) == [200, 200, 429]
    other = {**call, "session_hash": "other"}
    assert client.post("/gradio_api/queue/join", json=other).status_code == 200
    assert visitor().get("/gradio_api/info").status_code == 200


@pytest.mark.parametrize("forged", ["203.0.113.7, 198.51.100.1", "198.51.100.1", "nonsense, 198.51.100.1"])
def test_what_a_visitor_writes_before_the_proxy_is_not_believed(visitor: Visitor, forged: str) -> None:
    assert statuses(6, lambda: visitor("198.51.100.1").get("/listen/studies")) == [200] * 6
    assert visitor(forged).get("/listen/studies").status_code == 429


def test_one_network_of_ipv6_is_one_visitor(visitor: Visitor) -> None:
    hosts = iter(range(1, 100))
    asked = statuses(7, lambda: visitor(f"2001:db8:1:2::{next(hosts)}").get("/listen/studies"))
    assert asked == [200] * 6 + [429]
    assert visitor("2001:db8:1:3::1").get("/listen/studies").status_code == 200


def test_uploads_have_a_quota_in_bytes(visitor: Visitor, clock: Clock) -> None:
    client = visitor()
    assert client.post("/gradio_api/upload", content=b"x" * 800).json()["bytes"] == 800
    refused = client.post("/gradio_api/upload", content=b"x" * 800)
    assert refused.status_code == 429 and "within an hour" in refused.json()["detail"]
    clock.now += 60
    assert client.post("/gradio_api/upload", content=b"x" * 800).status_code == 200


def test_a_full_disk_takes_no_uploads_and_no_calls_but_every_rating(
    visitor: Visitor, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "song.wav").write_bytes(b"x" * 4500)
    client = visitor()
    assert client.post("/gradio_api/upload", content=b"x" * 600).status_code == 507
    assert client.post("/gradio_api/queue/join", json={}).status_code == 200
    (tmp_path / "stems.wav").write_bytes(b"x" * 600)
    clock.now += limits.SECONDS_BETWEEN_LOOKS
    assert client.post("/gradio_api/queue/join", json={}).json() == {"detail": limits.DISK_FULL}
    assert client.post("/listen/small/answer", json={}).status_code == 200


@pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/call/compose"])
def test_a_body_without_a_length_or_with_a_huge_one_is_not_read(visitor: Visitor, path: str) -> None:
    claims = {"Content-Length": str(2**40)}
    assert visitor().post(path, headers=claims).status_code == 413
    assert visitor().post(path, content=iter([b"x"])).status_code == 413


def test_the_oldest_visitors_are_forgotten(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_REMEMBERED", 2)
    buckets, once = limits.Buckets(clock), Allowance(1, 0.001)
    assert [buckets.wait((key,), once) for key in "abc"] == [0, 0, 0]
    assert buckets.wait(("c",), once) > 0 and buckets.wait(("a",), once) == 0


def test_the_number_of_proxies_has_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.PROXIES_VARIABLE, "all")
    with pytest.raises(ValueError, match="TRUSTED_PROXIES is the number of proxies before this server, got 'all'"):
        Limits(echo)


def test_an_allowance_holds_tokens() -> None:
    with pytest.raises(ValueError, match="needs tokens"):
        Allowance(0, 1)
