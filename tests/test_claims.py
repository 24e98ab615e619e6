"""What we claim: the page says what the committed measurements say, and every command is there."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

from training import pages
from training.claims import CLAIMS, Claim, table

ROOT = Path(__file__).parent.parent


def test_the_readme_shows_the_committed_measurements() -> None:
    text = pages.README.read_text()
    assert pages.written(text, "claims", table()) == text


def doubled(measured: Any) -> Any:
    if isinstance(measured, dict):
        return {name: doubled(value) for name, value in measured.items()}
    if isinstance(measured, list):
        return [doubled(value) for value in measured]
    return 2 * measured if isinstance(measured, int | float) else measured


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.text[:40])
def test_each_figure_follows_its_measurement(claim: Claim) -> None:
    measured = json.loads((ROOT / claim.evidence).read_text())
    assert claim.figure(doubled(measured)) != claim.figure(measured)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.text[:40])
def test_each_command_exists_and_its_evidence_is_kept(claim: Claim) -> None:
    program, *words = claim.command.split()
    if program == "make":
        assert re.search(rf"^(?:[\w-]+ )*{words[0]}(?: [\w-]+)*:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    else:
        assert words[0] == "-m"  # which finds the project's modules from its folder
        assert importlib.util.find_spec(words[1]) is not None
    assert (ROOT / claim.evidence).is_file()
