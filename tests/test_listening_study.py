"""The study file, the assignment and the stimuli: what is decided before anybody listens."""

import itertools
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from scipy.stats import chisquare
from small_study import STUDY, write_small_study

from listening_test import assignment, study
from listening_test.assignment import Cell
from listening_test.study import StudyError


def plan(tmp_path: Path, text: str = STUDY) -> study.Study:
    folder = write_small_study(tmp_path / "study")
    (folder / study.FILE_NAME).write_text(text)
    return study.load(folder)


def test_the_shipped_study_compares_models_and_alphas_on_consecutive_seeds() -> None:
    shipped = study.load(study.SHIPPED / "default")
    blues, separation = shipped.blocks
    assert set(blues.conditions) == {"lstm", "random-walk", "corpus"} and len(blues.pairs) == 3
    assert [condition.settings["alpha"] for condition in separation.conditions.values()] == [0.3, 0.7]
    assert all(block.seeds == tuple(range(1, len(block.seeds) + 1)) for block in shipped.blocks)


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
def test_a_wrong_study_is_refused_with_its_line(tmp_path: Path, wrong: str, instead_of: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        plan(tmp_path, STUDY.replace(instead_of, wrong, 1))


def test_a_missing_study_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"give the folder that holds study\.yaml"):
        study.load(tmp_path / "nowhere")


def simulate(listeners: int, drop_out: float) -> tuple[study.Study, Counter[Cell], list[list[Cell]]]:
    """Sessions of the shipped study, one after another; some leave after any trial."""
    shipped, chance = study.load(study.SHIPPED / "default"), Random(1)
    available, served, sessions = assignment.cells(shipped), Counter[Cell](), []
    for _ in range(listeners):
        seen: list[Cell] = []
        while len(seen) < shipped.trials:
            cell = assignment.next_cell(available, served, seen, chance)
            seen.append(cell)
            served[cell] += 1
            if chance.random() < drop_out:
                break
        sessions.append(seen)
    return shipped, served, sessions


def test_2000_sessions_serve_every_cell_alike() -> None:
    shipped, served, sessions = simulate(2000, drop_out=0.03)
    counts = [served[cell] for cell in assignment.cells(shipped)]
    assert max(counts) - min(counts) <= 2
    first = Counter(seen[0].order[0] for seen in sessions)  # a session's first sound favours no condition of a block
    assert chisquare([first[name] for name in ("alpha-0.3", "alpha-0.7")]).pvalue > 0.001
    for seen in sessions:
        assert len({cell.comparison for cell in seen}) == len(seen), "a comparison came twice"


def test_an_item_never_comes_twice_running() -> None:
    _, _, sessions = simulate(200, drop_out=0.0)
    assert all(a.item != b.item for seen in sessions for a, b in itertools.pairwise(seen))


def test_a_listener_meets_all_pairs_and_both_sides_are_used() -> None:
    shipped, served, sessions = simulate(200, drop_out=0.0)
    pairs = {cell.pair for cell in assignment.cells(shipped)}
    assert all({cell.pair for cell in seen} == pairs for seen in sessions)
    left = sum(count for cell, count in served.items() if cell.order == ("lstm", "corpus"))
    right = sum(count for cell, count in served.items() if cell.order == ("corpus", "lstm"))
    assert abs(left - right) <= 4
