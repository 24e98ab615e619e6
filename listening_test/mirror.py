"""A copy of the journal in a private dataset of the Hugging Face hub, for servers whose disk does not last.

New entries become a segment: one JSONL file under a name that is used once and never written again, so that no upload
can replace what another left. A server that starts with an empty disk rebuilds its database from the segments. When a
listener withdraws, the segments that hold rows of the session are written anew without them, and the history of the
dataset is squashed: what was erased here is erased there.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from httpx2 import HTTPError  # what huggingface_hub raises
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_session

from listening_test import archive
from listening_test.database import Database
from listening_test.journal import Entry, withdrawn

SEGMENT = re.compile(r"ratings-(\d{9})-(\d{9})-[0-9TZ]+-[0-9a-f]{32}\.jsonl")
PAUSE_S = 60.0
REPO_VARIABLE = "RATINGS_DATASET"
DATASET: dict[str, Any] = {"repo_type": "dataset"}


class MirrorError(ValueError):
    """A dataset that cannot be used as a mirror, or a hub that does not answer just now."""


@dataclass(frozen=True)
class Mirror:
    """A private dataset, by its name.

    Attributes:
        repo: owner/name.
        token: with the right to write.
        endpoint: of the hub; None for the public one.
    """

    repo: str
    token: str | None = None
    endpoint: str | None = None

    @property
    def _api(self) -> HfApi:
        return HfApi(endpoint=self.endpoint, token=self.token)

    def open(self) -> None:
        """Create the dataset if need be, and make sure that nobody else can read it.

        Raises:
            MirrorError: it is public, or the hub refuses.
        """
        self._ask(lambda api: api.create_repo(self.repo, private=True, exist_ok=True, **DATASET))
        # `private` is ignored where the dataset exists already.
        if not self._ask(lambda api: api.repo_info(self.repo, **DATASET)).private:
            raise MirrorError(f"the dataset {self.repo} is public; ratings are personal, make it private")

    def segments(self) -> list[str]:
        """Return the names of all segments, in the order of their entries."""
        names = self._ask(lambda api: api.list_repo_files(self.repo, **DATASET))
        return sorted(name for name in names if SEGMENT.fullmatch(name))

    def last(self) -> int:
        """Return the number of the last entry that is mirrored, 0 for none."""
        return max((int(match[2]) for name in self.segments() if (match := SEGMENT.fullmatch(name))), default=0)

    def read(self) -> list[Entry]:
        """Return all entries, in order; one that stands in two segments counts once."""
        found = {entry["sequence"]: entry for name in self.segments() for entry in self._entries(name)}
        return [found[sequence] for sequence in sorted(found)]

    def write(self, entries: list[Entry]) -> None:
        """Write a new segment; sessions that withdraw in it vanish from the earlier ones."""
        self._commit([_segment(entries)], f"Add entries {entries[0]['sequence']} to {entries[-1]['sequence']}")
        if sessions := withdrawn(entries):
            self.erase(sessions)

    def erase(self, sessions: set[str]) -> None:
        """Write the segments that know rows of the sessions anew without them, and forget how they were."""
        operations: list[CommitOperationAdd | CommitOperationDelete] = []
        for name in self.segments():
            entries = self._entries(name)
            kept = [{**entry, "rows": None} if _is_erased(entry, sessions) else entry for entry in entries]
            if kept != entries:
                operations += [CommitOperationDelete(name), _segment(kept)]
        if operations:
            self._commit(operations, "Erase what was withdrawn")
            self._ask(lambda api: api.super_squash_history(self.repo, **DATASET))

    def _entries(self, name: str) -> list[Entry]:
        def download(api: HfApi) -> str:
            url = f"{api.endpoint}/datasets/{self.repo}/resolve/main/{name}"
            headers = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
            reply = get_session().get(url, headers=headers, follow_redirects=True)
            reply.raise_for_status()
            return str(reply.text)

        return [json.loads(line) for line in self._ask(download).splitlines()]

    def _commit(self, operations: Iterable[CommitOperationAdd | CommitOperationDelete], message: str) -> None:
        self._ask(lambda api: api.create_commit(self.repo, list(operations), commit_message=message, **DATASET))

    def _ask(self, question: Callable[[HfApi], Any]) -> Any:
        try:
            return question(self._api)
        except (HTTPError, OSError) as error:
            raise MirrorError(f"the hub does not answer for {self.repo}: {' '.join(str(error).split())}") from error


def from_environment() -> Mirror:
    """Return the mirror that RATINGS_DATASET, HF_TOKEN and HF_ENDPOINT name.

    Raises:
        MirrorError: there is none.
    """
    repo = os.environ.get(REPO_VARIABLE)
    if not repo:
        raise MirrorError(f"no dataset to mirror to: set {REPO_VARIABLE} to owner/name and HF_TOKEN to a token")
    return Mirror(repo, os.environ.get("HF_TOKEN"), os.environ.get("HF_ENDPOINT"))


def restore(database: Database, mirror: Mirror) -> int:
    """Rebuild a database from its mirror; one that knows the beginning gets the rest.

    Returns:
        How many entries were added.

    Raises:
        MirrorError: the dataset is public, or the hub refuses.
        JournalError: the mirror is broken, or belongs to another database.
    """
    mirror.open()
    return archive.rebuild(database, mirror.read())


def follow(database: Database, mirror: Mirror, is_over: Callable[[], bool], pause_s: float = PAUSE_S) -> None:
    """Write what is new to the mirror, again and again; once more when it is over.

    Args:
        database: whose journal is mirrored.
        mirror: the dataset.
        is_over: told once a second.
        pause_s: seconds between two segments.

    Raises:
        MirrorError: the dataset is public, or the hub refuses the very first look.
    """
    mirror.open()
    last = mirror.last()
    over = False
    while not over:
        until = time.monotonic() + pause_s
        while not (over := is_over()) and time.monotonic() < until:
            time.sleep(min(1.0, pause_s))
        try:
            entries = archive.entries(database, last)
            if entries:
                mirror.write(entries)
                last = entries[-1]["sequence"]
        except MirrorError as error:
            print(f"mirror: {error}; the entries wait", file=sys.stderr, flush=True)


def _segment(entries: list[Entry]) -> CommitOperationAdd:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    name = f"ratings-{entries[0]['sequence']:09d}-{entries[-1]['sequence']:09d}-{stamp}-{uuid4().hex}.jsonl"
    lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
    return CommitOperationAdd(name, lines.encode())


def _is_erased(entry: Entry, sessions: set[str]) -> bool:
    return entry["session"] in sessions and not withdrawn([entry])
