"""Studies whose truth is known: error rates, coverage and power of the analysis."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from listening_test.__main__ import main
from listening_test.contrasts import independent_p, listener_means, scored, trial_differences
from listening_test.power import listeners_needed, planned_power, run
from listening_test.resampling import wilson
from listening_test.simulate import WORLDS, verify
from listening_test.simulated_study import FIRST, SECOND, World, listener_mean, table

STUDIES = 1000
IDS = [world.kind for world in WORLDS]


@pytest.mark.parametrize("world", WORLDS, ids=IDS)
def test_rates_are_nominal_and_planted_effects_are_found(world: World) -> None:
    """With this seed; a fair check at 95 % is off in one of twenty, so the seed is fixed."""
    result = verify(world, STUDIES, seed=1)
    assert list(result.faults()) == []
    assert result.null.independent.interval[0] > 0.07, "answers as independent find too much"
    assert result.null.independent.share > 1.6 * result.null.significant.share


def test_a_thousand_studies_analysed_as_independent_are_a_fault() -> None:
    result = verify(WORLDS[1], 400, seed=2)
    wrong = replace(result, null=replace(result.null, significant=result.null.independent))
    assert any("false positives" in fault for fault in wrong.faults())
    narrow = replace(result, planted=replace(result.planted, covered=result.planted.significant))
    assert any("hold the truth" in fault for fault in narrow.faults())


@pytest.mark.parametrize("world", WORLDS, ids=IDS)
def test_simulated_listeners_follow_the_closed_form(world: World) -> None:
    rows = scored(table(world, 200, np.random.default_rng(3)))
    sums = listener_means(trial_differences(rows, FIRST, SECOND))
    means = sums["sum"] / sums["count"]
    mean, sd = listener_mean(world)
    assert means.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(len(means)))
    assert means.std() == pytest.approx(sd, rel=0.05)


def test_many_answers_leave_the_listeners_alone() -> None:
    """With endless answers the SD is that of the listeners' own shares, Phi(0.5 z)."""
    z = np.random.default_rng(4).normal(size=200_000)
    _, sd = listener_mean(World("which-human", answers=10**9))
    assert sd == pytest.approx(norm.cdf(0.5 * z).std(), rel=0.01)


def test_the_independent_votes_are_the_binomial_test() -> None:
    world = World("which-human", listeners=5, answers=4)
    differences = trial_differences(scored(table(world, 1, np.random.default_rng(5))), FIRST, SECOND)
    first = int((differences.difference > 0).sum())
    assert independent_p(differences, votes=True).iloc[0] == pytest.approx(binomtest(first, 20).pvalue)


def test_the_planner_finds_the_listeners_that_theory_asks_for() -> None:
    world = World("mushra", answers=8, effect=6.0)
    found = listeners_needed(world, 0.8, 300, seed=6)
    theory = next(n for n in range(6, 100) if planned_power(replace(world, listeners=n)) >= 0.8)
    assert found.significant.share >= 0.8 and abs(found.world.listeners - theory) <= 0.2 * theory + 1


def test_screening_helps_where_some_answer_at_random() -> None:
    outcome = run(World("mushra", listeners=20, answers=8, effect=6.0, careless=0.25), 200, np.random.default_rng(7))
    assert outcome.left_out == pytest.approx(0.25, abs=0.04)
    assert outcome.screened.interval[0] > outcome.significant.interval[1]


def test_power_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["power", "--kind", "mushra", "--effect", "10", "--answers", "6", "--studies", "100"]
    assert main([*arguments, "--json", str(tmp_path / "power.json")]) == 0
    said, stored = capsys.readouterr().out, json.loads((tmp_path / "power.json").read_text())
    assert said.startswith(f"{stored['world']['listeners']} listeners x 6 answers") and "after screening" in said
    rate = stored["significant"]
    assert f"{wilson(rate['happened'], rate['studies'])[0]:.3f}" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["power", "--effect", "0"], "give the smallest effect that matters"),
        (["power", "--effect", "9"], "use at most 2.5"),
        (["power", "--effect", "0.001", "--kind", "mushra"], "2000 listeners do not find"),
        (["power", "--effect", "1", "--careless", "1"], "0 to below 1"),
        (["simulate", "--studies", "0"], "simulate at least 1"),
    ],
)
def test_what_cannot_be_simulated_is_said_in_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
