"""The study file: what it may ask, and that every error names its line."""

from dataclasses import replace
from pathlib import Path

import pytest
from small_study import EVERY_KIND, STUDY, parsed

from listening_test import check, study
from listening_test.response import KINDS
from listening_test.study import StudyError


@pytest.mark.parametrize("folder", sorted(study.SHIPPED.iterdir()), ids=lambda folder: folder.name)
def test_a_shipped_study_takes_consecutive_seeds_and_enough_of_them(folder: Path) -> None:
    shipped = study.load(folder)
    assert shipped.name == folder.name and shipped.consent is not None and shipped.questionnaire
    for block in shipped.blocks:
        assert block.seeds == tuple(range(1, len(block.seeds) + 1)) and len(block.seeds) >= check.FEWEST_ITEMS


def test_the_shipped_studies_ask_in_every_way() -> None:
    blues, separation = (study.load(study.SHIPPED / name) for name in ("blues", "separation"))
    assert {block.trial for block in (*blues.blocks, *separation.blocks)} == set(KINDS)
    roles = {condition.role for block in blues.blocks for condition in block.conditions.values()}
    assert roles == {"human", "copy", "reference", "system", "bad-anchor"}
    mushra = next(block for block in separation.blocks if block.trial == "mushra")
    anchors = {condition.role for condition in mushra.conditions.values()} - {"system"}
    assert anchors == {"reference", "low-anchor", "mid-anchor", "mixture-anchor", "noise-anchor"}


@pytest.mark.parametrize(
    ("wrong", "instead_of", "message"),
    [
        ("version: one", "version: 1", "study.yaml:3: version: .*valid integer"),
        ("trials: 99", "trials: 4", "99 trials for each listener, but there are only 6"),
        ("trails: 4", "trials: 4", "study.yaml:6: trails: Unexpected"),
        ("seeds: [1, 2, -3]", "seeds: [1, 2, 3]", "study.yaml:16: blocks.0.seeds.2"),
        ("seeds: [1, 2, 2]", "seeds: [1, 2, 3]", "repeat themselves"),
        ("- [kx7vq2mwp, other]", "- [kx7vq2mwp, zr4hd9tbn]", "must name two of the conditions"),
        ("- [zr4hd9tbn, zr4hd9tbn]", "- [kx7vq2mwp, zr4hd9tbn]", "must name two of the conditions"),
        ("- [wj3fy8glc, kx7vq2mwp]", "- [kx7vq2mwp, zr4hd9tbn]", "a pair is listed twice"),
        ("name: ../small", "name: small", "study.yaml:2: name"),
        ("blocks: [", "blocks:", "is not YAML"),
    ],
)
def test_a_wrong_study_is_refused_with_its_line(wrong: str, instead_of: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        parsed(STUDY.replace(instead_of, wrong, 1))


@pytest.mark.parametrize(
    ("wrong", "instead_of", "message"),
    [
        ("trial: duel", "trial: preference", "study.yaml:11: blocks.0.trial"),
        ("role: person", "role: human", "study.yaml:15: blocks.0.conditions.bach.role"),
        ("pairs: [[lstm, walk]]\n    tie: true", "pairs: [[lstm, bach]]", "only a preference may end in a tie"),
        ("pairs: [[lstm, noise]]", "pairs: [[lstm, bach]]", "must have the role human"),
        ("", "pairs: [[lstm, bach]]", "need pairs"),
        ("", "attributes: {overall: Overall quality, form: Coherence of form}", "need pairs.* attributes"),
        ("mid: {}", "mid: {role: mid-anchor}", "needs a low-anchor and a mid-anchor"),
        ("taught: {}", "taught: {role: reference}", "a triplet block has 1 condition with the role reference"),
        ("walk: {role: reference}", "walk: {}", "has 0 condition with the role reference"),
        ("repeats: 2", "repeats: 0.2", "study.yaml:8: repeats"),
        ("consent: {version: 1}", "repeats: 0.2", "study.yaml:8: consent: .*text|study.yaml:8: consent.text"),
        ("headphones: maybe", "repeats: 0.2", "study.yaml:8: headphones"),
    ],
)
def test_a_block_that_its_kind_cannot_present_is_refused(wrong: str, instead_of: str, message: str) -> None:
    parsed(EVERY_KIND)
    with pytest.raises(StudyError, match=message):
        parsed(EVERY_KIND.replace(instead_of, wrong))


def test_a_study_asks_for_consent_answers_and_headphones() -> None:
    study = parsed(
        EVERY_KIND
        + """
consent: {version: 3, text: Your answers are stored without your name.}
questionnaire:
  - {id: age, question: Your age, options: [under 30, 30 or older]}
headphones: require
break_after: 6
language: de
screening: {catch_failures: 0.3}
"""
    )
    assert study.consent is not None and study.consent.version == 3
    assert study.questionnaire[0].options == ("under 30", "30 or older")
    assert (study.headphones, study.break_after, study.language) == ("require", 6, "de")
    assert study.screening.catch_failures == 0.3 and study.practice == 1


def test_a_missing_study_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"give the folder that holds study\.yaml"):
        study.load(tmp_path / "nowhere")


def test_the_x_of_a_triplet_stands_in_no_slot() -> None:
    [block] = [block for block in parsed(EVERY_KIND).blocks if block.trial == "triplet"]
    assert block.reference == "taught" and block.slot_conditions == ("lstm", "walk")
    with pytest.raises(ValueError, match="must name two of the conditions lstm, walk"):
        replace(block, pairs=(("lstm", "taught"),))


def test_two_blocks_of_one_kind_are_refused() -> None:
    study = parsed(EVERY_KIND)
    with pytest.raises(ValueError, match="two blocks are of one kind: preference of blues"):
        replace(study, blocks=(study.blocks[0], study.blocks[0]))
