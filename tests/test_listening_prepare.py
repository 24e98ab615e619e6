"""Preparing a study: what the models and people play, and what cannot be rendered."""

import threading
from pathlib import Path

import numpy as np
import pytest
from small_study import STUDY, parsed, rendered

from listening_test import check, prepare, stimuli, study
from listening_test.block import Block, Condition
from listening_test.prepare import blues, separation
from listening_test.study import StudyError
from models.composition.blues_form import TICKS_PER_BAR
from models.composition.generate import compose
from models.composition.score import write_midi


def test_two_preparations_at_once_render_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, rendering = parsed(STUDY), []

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
        prepare.prepare(parsed(STUDY), tmp_path / "out")
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
    settings: {model: deep-karaoke, start: 4.4, seconds: 2}
    conditions: {low: {alpha: 0.3}, high: {alpha: 0.7}}
    pairs: [[low, high]]
"""


def test_the_models_render_stimuli_that_pass_the_check(tmp_path: Path) -> None:
    models = parsed(MODELS)
    prepared = prepare.prepare(models, tmp_path / "out")
    for block in models.blocks:
        for item in block.items:
            check.check_item(item, block, prepared)
    assert len({each.sha256 for each in prepared.of.values()}) == 4, "two conditions sound the same"
    made = prepared.of["separation-preference-1", "high"].provenance
    assert made["alpha"] == 0.7 and made["seed"] == 1 and len(made["checkpoints"]) >= 2
    assert prepare.prepare(models, tmp_path / "out") == prepared


BLUES = """
name: people
version: 1
title: People and a shuffler
instructions: []
trials: 1
minimum_seconds: 1
blocks:
  - material: blues
    trial: preference
    question: Which blues?
    seeds: [1, 2]
    settings: {tempo: 300, key: Eb}
    conditions:
      person: {role: human}
      song: {role: copy, model: corpus}
      shuffled: {role: bad-anchor, model: corpus, shuffled: true}
    pairs: [[person, song]]
"""


def write_choruses(folder: Path) -> Path:
    """Two choruses of MIDI with their licence; by their form any composer's will do."""
    folder.mkdir()
    (folder / "LICENCE").write_text("CC0-1.0, written for this test")
    for seed in (7, 8):
        write_midi(folder / f"{seed}.mid", compose("corpus", seed=seed))
    return folder


def test_people_play_where_the_owner_supplies_their_choruses(tmp_path: Path) -> None:
    people, folder = parsed(BLUES), write_choruses(tmp_path / "choruses")
    prepared = prepare.prepare(people, tmp_path / "out", folder)
    by_people = [prepared.of[item, "person"] for item in people.items]
    assert {stimulus.provenance["licence"] for stimulus in by_people} == {"CC0-1.0, written for this test"}
    assert {stimulus.provenance["source"] for stimulus in by_people} == {"7.mid", "8.mid"}
    assert len({prepared.of[people.items[0], name].frames for name in people.blocks[0].conditions}) == 1
    for item in people.items:
        check.check_item(item, people.blocks[0], prepared)
    assert prepare.prepare(people, tmp_path / "out") == prepared


def test_without_choruses_people_are_left_out_and_cannot_be_added_later(tmp_path: Path) -> None:
    people = parsed(BLUES)
    prepared = prepare.prepare(people, tmp_path / "out")
    assert {condition for _, condition in prepared.of} == {"song", "shuffled"}
    with pytest.raises(StudyError, match="without people's choruses: remove it"):
        prepare.prepare(people, tmp_path / "out", write_choruses(tmp_path / "choruses"))


def test_choruses_that_no_condition_asks_for_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="models-1 has no condition with the role human"):
        prepare.prepare(parsed(MODELS), tmp_path / "out", write_choruses(tmp_path / "choruses"))


@pytest.mark.parametrize("seed", range(4))
def test_the_bad_anchor_keeps_the_notes_and_the_beginning_of_every_bar(seed: int) -> None:
    piece = compose("corpus", seed=seed)
    spoilt = blues.shuffled_within_bars(piece, np.random.default_rng(seed))
    for bar in range(12):
        before, after = ([n for n in score.notes if n.start // TICKS_PER_BAR == bar] for score in (piece, spoilt))
        assert sorted((n.pitch, n.part) for n in before) == sorted((n.pitch, n.part) for n in after)
        assert before[0].start == after[0].start
        assert all(n.start + n.duration <= (bar + 1) * TICKS_PER_BAR for n in after)
    assert spoilt.notes != piece.notes


def test_the_layers_of_an_adjustment_sum_to_the_voice_of_every_alpha() -> None:
    settings = {"model": "deep-karaoke", "start": 5, "seconds": 1}
    layers = Block("separation", "adjustment", "?", (1,), {f"l{k}": Condition() for k in range(4)}, settings=settings)
    whole = Block(
        "separation",
        "preference",
        "?",
        (1,),
        {f"a{k}": Condition(settings={"alpha": k / 4}) for k in range(5)},
        (("a0", "a1"),),
        settings=settings,
    )
    parts, voices = separation.rendered(layers, 1), separation.rendered(whole, 1)
    for k in range(5):
        total = sum((parts[f"l{j}"][0].samples for j in range(k, 4)), start=np.float32(0))
        assert np.allclose(total, voices[f"a{k}"][0].samples, atol=1e-5)


@pytest.mark.parametrize(
    ("wrong", "instead_of", "message"),
    [
        ("{tempi: 300}", "{tempo: 300}", "blues-preference-1.*tempi"),
        ("{tempo: 3000}", "{tempo: 300}", "3000"),
        ("{model: lstn}", "{model: lstm}", "lstn"),
        (
            "start: 4.4, seconds: 2",
            "model: deep-karaoke, start: 4.4, seconds: 2",
            "separation-preference-1: the setting 'model' is missing",
        ),
        ("start: 400", "start: 4.4", "not empty"),
    ],
)
def test_a_setting_that_no_model_knows_or_that_is_missing_is_refused(
    tmp_path: Path, wrong: str, instead_of: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        prepare.prepare(parsed(MODELS.replace(instead_of, wrong)), tmp_path / "out")
