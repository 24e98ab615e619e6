"""Fuzz every parser of what strangers send: mutated MIDI, sound, study and JSON may be refused, and nothing else.

    PYTHONPATH=. python tests/fuzz.py --seconds 60

An exception that the parser does not document, a status of 500, an input that takes more than ten seconds of the
processor or 4 GiB: each ends the run with status 1 and prints the input, so that it can be kept as a test.
"""

import argparse
import base64
import json
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import numpy as np
from fastapi import FastAPI
from fastapi.testclient import TestClient
from small_study import EVERY_KIND, STUDY, prepare_small_study, tone

import audio
from listening_test import routes, study
from models.composition.score import Chord, Note, Score, ScoreError, read_midi, write_midi

LONGEST_S = 10  # of the processor, for one input
LARGEST_BYTES = 4 * 2**30  # of memory, for all of them
TELLING = (b"\0", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\x80\0\0\0")
WORDS = (
    *(b"null", b"NaN", b"1e999", b"-1", b"true", b'"\\ud800"', b'"\\u0000"', b"[" * 2000, b'{"a":' * 500, b"9" * 400),
    *(
        b"&a [*a, *a]",
        b"*a",
        b"!!python/object:os.system",
        b"2001-99-99",
        b"0o9",
        b"<<: ",
        b"? ",
        b"\n  - ",
        b"\xed\xa0\x80",
    ),
)
Parse = Callable[[bytes], None]


@dataclass(frozen=True)
class Parser:
    """Something that reads bytes from outside: whole inputs to begin with, and what to do with one."""

    seeds: tuple[bytes, ...]
    parse: Parse


def mutated(seeds: Sequence[bytes], chance: Random) -> bytes:
    """Change a seed in one to eight places, and cut one in ten short."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 8)):
        at, length = chance.randrange(len(data) + 1), chance.choice((1, 1, 2, 4, 16, 64))
        piece, other = bytes(data[at : at + length]), chance.choice(seeds)[at : at + 64]
        flipped = bytes(byte ^ 1 << chance.randrange(8) for byte in piece)
        known = (chance.choice(TELLING), chance.choice(WORDS))
        new = chance.choice((b"", piece * 2, chance.randbytes(length), flipped, other, *known))
        data[at : at + chance.choice((0, length))] = new
    return bytes(data[: chance.randrange(len(data) + 1)]) if chance.random() < 0.1 else bytes(data)


def file_parser(path: Path, read: Callable[[Path], object], refusal: type[Exception]) -> Parse:
    """Parse a file, which may be refused in one way."""

    def parse(data: bytes) -> None:
        path.write_bytes(data)
        with suppress(refusal):
            read(path)

    return parse


@contextmanager
def midi(folder: Path) -> Iterator[Parser]:
    """Files of the composer, with and without chords."""
    notes = tuple(Note(12 * step, 9, 60 + step, 80, part) for step in range(8) for part in ("melody", "chords"))
    write_midi(folder / "seed-1.mid", Score(notes, (), 120, 96))
    write_midi(folder / "seed-2.mid", Score(notes[:2], (Chord(0, 48, "C7"),), 90, 96, "Eb", "12/8"))
    seeds = tuple(path.read_bytes() for path in sorted(folder.glob("seed*.mid")))
    yield Parser(seeds, file_parser(folder / "input.mid", read_midi, ScoreError))


@contextmanager
def sound(folder: Path) -> Iterator[Parser]:
    """Short sounds in every container that is written here, and archives that are none."""
    for suffix in audio.SUBTYPES:
        audio.write(folder / f"seed.{suffix}", tone(220, seconds=0.1, rate=16_000))
    seeds = [path.read_bytes() for path in sorted(folder.glob("seed.*"))]

    def read(path: Path) -> None:
        samples = audio.read(path, longest=600).samples
        assert np.isfinite(samples).all() and samples.size <= audio.MOST_SAMPLES

    yield Parser((*seeds, b"PK\x03\x04" + bytes(60)), file_parser(folder / "input.wav", read, audio.AudioError))


@contextmanager
def study_file(folder: Path) -> Iterator[Parser]:
    """The studies that ship and those of the tests."""
    shipped = tuple((place / study.FILE_NAME).read_bytes() for place in study.folders())
    path = folder / study.FILE_NAME
    yield Parser(
        (*shipped, STUDY.encode(), EVERY_KIND.encode()),
        file_parser(path, lambda _: study.load(folder), study.StudyError),
    )


@contextmanager
def answers(folder: Path) -> Iterator[Parser]:
    """Every body that the listening test takes."""
    plans = [
        prepare_small_study(folder, STUDY.replace("name: small", f"name: {name}"), name) for name in ("small", "other")
    ]
    app = FastAPI()
    app.include_router(routes.router([plan for plan, _ in plans], plans[0][1]))
    times = {"heard_ms": [400, 500], "shown_ms": 1, "answered_ms": 2}
    events = [{"type": "play", "t_ms": 5, "slot": 0, "position_ms": 0}]
    uuid = "7f8b1f6e-8b6e-4b0e-9a6e-2f3c4d5e6f70"
    bodies: dict[str, Any] = {
        "small/session": {"consent_version": 1, "language": "en", "device": {"sample_rate": 48_000, "kind": "phone"}},
        "small/questionnaire": {"answers": {"age": "under 30"}},
        "small/headphones": {"test": "huggins", "choices": [0, 1, 2, 0, 1, 2]},
        "small/answer": {"uuid": uuid, "trial": "t", "response": {"value": -1}, **times, "events": events},
        "small/withdraw": {},
        "arena/vote": {"uuid": uuid, "battle": "b", "value": 1, **times},
    }
    with TestClient(app) as client:
        code = client.post("/listen/small/session").json()["code"]
        trial = client.get("/listen/small/trial", headers={"X-Resume-Code": code}).json()["trial"]
        bodies["small/answer"]["trial"] = trial
        seeds = tuple(f"{path}\n{json.dumps(body)}".encode() for path, body in bodies.items())

        def parse(data: bytes) -> None:
            path, _, body = data.partition(b"\n")
            name = path.decode("latin-1")
            place = name if name in bodies else "small/answer"
            headers = {"X-Resume-Code": code, "Content-Type": "application/json"}
            reply = client.post(f"/listen/{place}", content=body, headers=headers)
            assert reply.status_code < 500, f"{reply.status_code} {reply.text}"

        yield Parser(seeds, parse)


PARSERS = {"midi": midi, "sound": sound, "study": study_file, "answers": answers}


def fuzz(parser: Parser, chance: Random, is_over: Callable[[], bool]) -> tuple[int, str | None]:
    """Try inputs until it is over; return how many, and what the first that is not refused in order does."""
    for number, seed in enumerate(parser.seeds):
        if fault := fault_of(parser.parse, seed):
            return number, fault
    tried = 0
    while not is_over():
        if fault := fault_of(parser.parse, mutated(parser.seeds, chance)):
            return tried, fault
        tried += 1
    return tried, None


def fault_of(parse: Parse, data: bytes) -> str | None:
    """Say what an input does that it may not do, and print it in a form that can be pasted into a test."""
    signal.setitimer(signal.ITIMER_PROF, LONGEST_S)
    try:
        parse(data)
    except Exception as error:
        return f"{type(error).__name__}: {error}\nbase64.b64decode({base64.b64encode(data).decode()!r})"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return None


def _too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"an input took more than {LONGEST_S} s of the processor")


def main() -> int:
    """Fuzz each parser for so many seconds."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=60, help="for each parser (%(default)s)")
    options.add_argument("--seed", type=int, default=0, help="of all chance (%(default)s)")
    options.add_argument("parsers", nargs="*", default=list(PARSERS), help=f"of {', '.join(PARSERS)} (all)")
    given = options.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_BYTES, LARGEST_BYTES))
    signal.signal(signal.SIGPROF, _too_slow)
    for name in given.parsers:
        with ExitStack() as stack:
            parser = stack.enter_context(PARSERS[name](Path(stack.enter_context(TemporaryDirectory()))))
            until = time.monotonic() + given.seconds
            tried, fault = fuzz(parser, Random(given.seed), lambda until=until: time.monotonic() >= until)
        print(f"{name}: {tried} inputs{', all read or refused' if fault is None else f', then {fault}'}", flush=True)
        if fault is not None:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
