"""The parsers of what strangers send, under mutated input: briefly here, and for a minute each."""

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import fuzz
import pytest

INPUTS = 40
SECONDS = 60  # for each parser


@pytest.mark.parametrize("name", fuzz.PARSERS)
def test_mutated_input_is_read_or_refused(name: str, tmp_path: Path) -> None:
    with fuzz.PARSERS[name](tmp_path) as parser:
        left = iter(range(INPUTS))
        tried, fault = fuzz.fuzz(parser, Random(1), lambda: next(left, None) is None)
    assert (tried, fault) == (INPUTS, None)


def test_a_fault_is_found_and_its_input_is_printed() -> None:
    def parse(data: bytes) -> None:
        if b"\xff" in data:
            raise KeyError("a fault")

    _, fault = fuzz.fuzz(fuzz.Parser((b"seed of the fuzzer",), parse), Random(0), lambda: False)
    assert fault is not None and fault.startswith("KeyError: 'a fault'\nbase64.b64decode(")


def test_a_minute_for_each_parser_finds_nothing() -> None:
    command = [sys.executable, fuzz.__file__, f"--seconds={SECONDS}"]
    environment = {**os.environ, "PYTHONPATH": str(Path(fuzz.__file__).parent.parent)}
    # The decoder of MP3 writes a line for every fault in a file, which nobody reads.
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    done = subprocess.run(command, env=environment, timeout=len(fuzz.PARSERS) * SECONDS * 3, **output)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("all read or refused") == len(fuzz.PARSERS)
