"""What must not reach a listener: names, and whatever a name can be read from."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from listening_test import stimuli


def secrets_of(folder: Path, names: Iterable[str]) -> tuple[str, ...]:
    """The names, and those of the items and stimulus files that a folder of prepared studies holds."""
    found = set(names)
    for manifest in folder.rglob(stimuli.MANIFEST):
        for sound in json.loads(manifest.read_text())["stimuli"]:
            found |= {sound["item"], sound["sha256"]}
    return tuple(sorted(found))


def disguises(name: str) -> Iterator[bytes]:
    """A name as it is, in base64 at each of its three alignments, in hex, backwards, and its usual hashes."""
    raw = name.encode()
    yield from (raw, raw[::-1], raw.hex().encode())
    for offset in range(3):
        whole = base64.b64encode(bytes(offset) + raw)
        inner = whole[-(-8 * offset // 6) :]  # letters that depend on the name alone
        yield inner.rstrip(b"=")[: -1 if (offset + len(raw)) % 3 else None]
    for algorithm in ("md5", "sha1", "sha256"):
        digest = hashlib.new(algorithm, raw)
        yield from (digest.hexdigest().encode(), base64.b64encode(digest.digest()).rstrip(b"="))
        yield base64.urlsafe_b64encode(digest.digest()).rstrip(b"=")


def leaks(names: Iterable[str], received: Iterable[bytes]) -> list[str]:
    """Which names can be found in what was received, in capitals or not."""
    everything = b"\n".join(received).lower()
    wanted = {name: {disguise.lower() for disguise in disguises(name)} for name in names}
    return [name for name, forms in wanted.items() if any(form in everything for form in forms)]
