"""A listener without a browser, who takes the way of the page request by request and keeps every byte that comes."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx


@dataclass
class HttpListener:
    """One session of a study, with headphones if it asks for them; each sound is heard for so long."""

    client: httpx.Client
    study: str = "kinds"
    heard_ms: int = 150
    code: str = ""
    received: list[bytes] = field(default_factory=list)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"X-Resume-Code": self.code} if self.code else {}
        response = self.client.request(method, path, headers=headers, **options)
        self.received += [repr(sorted(response.headers.items())).encode(), response.content]
        assert response.is_success, response.text
        return response

    def get(self, path: str) -> Any:
        return self.request("GET", f"listen/{self.study}/{path}").json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self.request("POST", f"listen/{self.study}/{path}", json=body).json()

    def enter(self) -> None:
        """Agree, fill in the questionnaire, take the headphone test."""
        study = self.get("study")
        entry = {"consent_version": study["consent"]["version"], "language": study["language"], "device": {}}
        self.code = self.post("session", entry)["code"]
        answers = {question["id"]: question["options"][0] for question in study["questionnaire"]}
        self.post("questionnaire", {"answers": answers})
        for number in range(6):
            self.request("GET", f"listen/{self.study}/headphones/huggins/{number}.wav")
        self.post("headphones", {"test": "huggins", "choices": [0] * 6})

    def answer(self, trial: dict[str, Any]) -> None:
        """Give a trial the first answer that its kind takes."""
        response: dict[str, Any] = {
            "preference": {"value": -1},
            "rating": {"values": [50.0] * len(trial["sounds"])},
            "mushra": {"values": [50.0] * len(trial["sounds"])},
            "adjustment": {"alpha": 0.5},
        }.get(trial["kind"], {"slot": 0, "confidence": 2})
        sounds = 1 if trial["layers"] else len(trial["sounds"]) + (trial["reference"] is not None)
        times = {"heard_ms": [self.heard_ms] * sounds, "shown_ms": 1, "answered_ms": 2, "events": []}
        self.post("answer", {"uuid": str(uuid4()), "trial": trial["trial"], "response": response, **times})

    def advance(self, kind: str) -> dict[str, Any]:
        """Answer until a trial of a kind comes; returns it."""
        while (trial := self.get("trial"))["kind"] != kind:
            self.answer(trial)
        return trial
