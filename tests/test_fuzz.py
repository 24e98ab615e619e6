"""The parsers of what strangers send, under mutated input: briefly here, and for a minute each beside the tests."""

import subprocess
from pathlib import Path
from random import Random

import fuzz
import pytest
from conftest import FUZZ_SECONDS

INPUTS = 40


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


def test_a_minute_for_each_parser_finds_nothing(fuzzing: subprocess.Popen[str]) -> None:
    """It began with the session, at low priority; this test comes last and waits for the rest of it."""
    output, _ = fuzzing.communicate(timeout=len(fuzz.PARSERS) * FUZZ_SECONDS * 3)
    assert fuzzing.returncode == 0, output
    assert output.count("all read or refused") == len(fuzz.PARSERS)
