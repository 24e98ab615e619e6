"""The commands of a study's owner on a real database, before and after the conditions may be named."""

import json
from contextlib import closing
from pathlib import Path
from random import Random

import answered_study
import pandas as pd
import pytest
from simulated_listeners import Listener, running_test

from listening_test import archive
from listening_test.__main__ import main
from listening_test.store import Store

LISTENERS = 5
NAMES = ("lstm", "walk", "shuffled", "person", "clean", "mask", "soft", "learned")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Folder of the study, and the address of a database in which listeners answered everything at random."""
    room = tmp_path_factory.mktemp("commands")
    text = answered_study.STUDY.replace("minimum_seconds: 1", "minimum_seconds: 0").replace("trials: 24", "trials: 20")
    url = f"sqlite:///{room / 'ratings.sqlite'}"
    plan = answered_study.load(room / "study", text)
    with closing(Store(url)) as store:
        test = running_test(plan, store)
        for number in range(LISTENERS):
            Listener(test, Random(number)).finish()
    return room / "study", url


def run(place: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, command: str, *arguments: str) -> int:
    monkeypatch.setenv("DATABASE_URL", place[1])
    return main([command, "--study", str(place[0]), *arguments])


def named(text: str) -> set[str]:
    return {name for name in NAMES if f"| {name} " in text or f",{name}," in text or f'"{name}"' in text}


def test_conditions_have_codes_until_the_study_is_unblinded(
    place: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(place, monkeypatch, "analyse", "--json", str(tmp_path / "blind.json")) == 0
    assert run(place, monkeypatch, "export") == 0
    said = capsys.readouterr().out + (tmp_path / "blind.json").read_text()
    assert not named(said) and " - K" in said and f"by {LISTENERS} listeners" in said
    (tmp_path / "plan.md").write_text("Everything that is planned.")
    assert run(place, monkeypatch, "unblind", "--plan", str(tmp_path / "plan.md")) == 0
    assert run(place, monkeypatch, "analyse", "--json", str(tmp_path / "open.json")) == 0
    assert {"lstm", "walk", "person", "mask"} <= named(capsys.readouterr().out)
    blind, opened = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("blind", "open"))
    first, same = (each["everybody"]["sections"][0]["contrasts"][0] for each in (blind, opened))
    assert first["difference"] == same["difference"] and first["first"] != same["first"] == "lstm"


def test_who_is_left_out_is_kept_by_rule_and_version(
    place: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Five listeners who answer at random: the rule on the hidden reference names them, once and for all."""
    for _ in range(2):
        assert run(place, monkeypatch, "analyse", "--json", str(tmp_path / "a.json")) == 0
    verdicts = json.loads((tmp_path / "a.json").read_text())["verdicts"]
    with closing(Store(place[1])) as store:
        assert archive.latest_version(store, "every-kind-2") == 1
        kept = archive.exclusions(store, "every-kind-2", 1)
    assert {(each.session, each.rule) for each in kept} == {(each["listener"], each["rule"]) for each in verdicts}
    assert any(each.rule == "bs1534-hidden-reference/1" for each in kept)


def test_every_export_and_the_report_are_written(
    place: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, option in (("long", ()), ("pairs", ("--pairs",)), ("mushra", ("--webmushra",))):
        assert run(place, monkeypatch, "export", "--out", str(tmp_path / f"{name}.csv"), *option) == 0
        assert len(pd.read_csv(tmp_path / f"{name}.csv")) > LISTENERS
    assert run(place, monkeypatch, "export", "--public", str(tmp_path / "public")) == 0
    assert run(place, monkeypatch, "report", "--out", str(tmp_path / "report")) == 0
    assert {path.name for path in (tmp_path / "public").iterdir()} == {
        *("answers.csv", "answers.codebook.json", "README.md", "leaderboard.json")
    }
    assert "Every kind of trial" in (tmp_path / "report" / "report.html").read_text()
