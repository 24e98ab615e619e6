"""Preparing a study: what the models and people play, and what cannot be rendered."""

import threading
from pathlib import Path

import pytest
from small_study import STUDY, rendered, write_small_study

from listening_test import check, prepare, stimuli, study
from listening_test.study import StudyError


def plan(tmp_path: Path, text: str = STUDY) -> study.Study:
    folder = write_small_study(tmp_path / "study")
    (folder / study.FILE_NAME).write_text(text)
    return study.load(folder)


def test_two_preparations_at_once_render_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, rendering = plan(tmp_path), []

    def render(of: study.Study, _choruses: object) -> object:
        rendering.append(of)
        return rendered(of)

    monkeypatch.setattr(prepare, "_render", render)
    threads = [threading.Thread(target=prepare.prepare, args=(small, tmp_path / "data" / "out")) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rendering) == 1
    assert len(stimuli.read(tmp_path / "data" / "out", small).of) == 9


def test_an_unknown_kind_of_material_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be rendered; use one of blues, separation"):
        prepare.prepare(plan(tmp_path), tmp_path / "out")
    assert not (tmp_path / "out").exists()


MODELS = """
name: models
version: 1
title: One item of each kind
instructions: []
trials: 2
minimum_seconds: 1
blocks:
  - material: blues
    trial: preference
    question: Which blues?
    seeds: [1]
    settings: {tempo: 300}
    conditions: {lstm: {model: lstm}, walk: {model: random-walk}}
    pairs: [[lstm, walk]]
  - material: separation
    trial: preference
    question: Which voice?
    seeds: [1]
    settings: {model: default, start: 4.4, seconds: 2}
    conditions: {low: {alpha: 0.3}, high: {alpha: 0.7}}
    pairs: [[low, high]]
"""


def test_the_models_render_stimuli_that_pass_the_check(tmp_path: Path) -> None:
    models = plan(tmp_path, MODELS)
    prepared = prepare.prepare(models, tmp_path / "out")
    for block in models.blocks:
        for item in block.items:
            check.check_item(item, block, prepared)
    assert len({each.sha256 for each in prepared.of.values()}) == 4, "two conditions sound the same"
    made = prepared.of["separation-preference-1", "high"].provenance
    assert made["alpha"] == 0.7 and made["seed"] == 1 and len(made["checkpoints"]) >= 2
    assert prepare.prepare(models, tmp_path / "out") == prepared


@pytest.mark.parametrize(
    ("wrong", "instead_of", "message"),
    [
        ("{tempi: 300}", "{tempo: 300}", "blues-preference-1.*tempi"),
        ("{tempo: 3000}", "{tempo: 300}", "3000"),
        ("{model: lstn}", "{model: lstm}", "lstn"),
        (
            "start: 4.4, seconds: 2",
            "model: default, start: 4.4, seconds: 2",
            "separation-preference-1: the setting 'model' is missing",
        ),
        ("start: 400", "start: 4.4", "not empty"),
    ],
)
def test_a_setting_that_no_model_knows_or_that_is_missing_is_refused(
    tmp_path: Path, wrong: str, instead_of: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        prepare.prepare(plan(tmp_path, MODELS.replace(instead_of, wrong)), tmp_path / "out")
