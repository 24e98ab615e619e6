"""A complete session by HTTP: no byte names a condition, and the sounds of a trial differ in nothing but the sound."""

from collections.abc import Iterator

import httpx
import pytest
from http_listener import HttpListener
from leaks import leaks, secrets_of
from listen_house import CANARIES, House


@pytest.fixture
def listener(listen_house: House) -> Iterator[HttpListener]:
    with httpx.Client(base_url=listen_house.url, timeout=60) as client:
        yield HttpListener(client)


def test_nothing_that_is_served_names_a_condition(listener: HttpListener, listen_house: House) -> None:
    listener.request("GET", "listen/studies")
    listener.enter()
    kinds = set()
    while not (trial := listener.get("trial"))["finished"]:
        kinds.add(trial["kind"])
        sounds = [*trial["sounds"], *trial["layers"], *filter(None, [trial["reference"]])]
        served_as = [listener.request("GET", path) for path in sounds]
        assert len({len(sound.content) for sound in served_as}) == 1
        assert len({sound.content for sound in served_as}) == len(sounds)
        headers = [{**sound.headers, "date": ""} for sound in served_as]
        assert headers == [headers[0]] * len(sounds)
        assert {sound.content[:44] for sound in served_as} == {served_as[0].content[:44]}
        listener.answer(trial)
        assert [listener.client.get(path).status_code for path in sounds] == [404] * len(sounds)
    assert len(kinds) == 7
    assert leaks(secrets_of(listen_house.folder, CANARIES), listener.received) == []


def test_a_token_of_another_listener_gives_nothing(listener: HttpListener) -> None:
    listener.enter()
    first = listener.advance("preference")["sounds"][0]
    other = HttpListener(listener.client)
    other.enter()
    assert listener.client.get(first, headers={"X-Resume-Code": other.code}).status_code == 404
    assert listener.client.get(first, headers={"X-Resume-Code": listener.code}).status_code == 200
