"""What is measured: free runs, memory, recovery, losses; cards and the report."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from models import checkpoint
from models.composition.blues_form import BEBOP
from models.composition.encoding import CHORD_UNITS, UNITS, chord_roll
from models.composition.generate import trained
from models.composition.markov import Markov
from models.composition.networks import Group, Network, NetworkConfig
from training import pages
from training.composition import corpus
from training.composition.cards import card
from training.composition.corpus import CORPORA
from training.composition.evaluate import evaluate_markov, evaluate_walk, excess_bits
from training.composition.free_runs import (
    THRESHOLDS,
    foreign_chords,
    foreign_chords_by_threshold,
    form_scores,
    free_run,
    memory_scores,
    recovery,
    return_to_form,
)
from training.composition.online import PaperPreset, learn_chords
from training.composition.report import spread, summary
from training.composition.tables import markdown, table_in_brief

ROOT = Path(__file__).parent.parent


class Metronome(Network):
    """A network that counts: plays the chart from the first step, whatever it hears.

    Perhaps with a wrong start, or less than certain: logits of +-certainty.
    """

    def __init__(self, late=0, certainty=40.0):
        super().__init__(NetworkConfig(groups=(Group("chords", 12),)), torch.Generator())
        self.late, self.certainty = late, certainty

    def initial_state(self, batch=1):
        return (torch.full((batch, 1), -self.late),)

    def forward(self, inputs, state):
        (count,) = state
        places = count + torch.arange(inputs.shape[1])
        logits = (torch.from_numpy(chord_roll(BEBOP))[places % BEBOP.steps] - 0.5) * 2 * self.certainty
        return logits, (count + inputs.shape[1],)


def test_a_network_that_counts_is_perfect_and_never_lost():
    network = Metronome()
    roll = free_run(network, 2, 3 * BEBOP.steps, np.random.default_rng(0))
    assert roll.shape == (2, 288, UNITS)
    scores = form_scores(roll, BEBOP)
    assert scores == {"chord_accuracy": 1.0, "first_failing_bar": None, "foreign_chords_per_chorus": 0.0}
    found = recovery(network, BEBOP, 4, np.random.default_rng(0))
    assert found == {"probability": 1.0, "in_place": 1.0, "bars": 0.0}


def test_a_network_that_is_a_bar_late_fails_at_once_but_is_in_the_form():
    roll = free_run(Metronome(late=8), 1, 2 * BEBOP.steps, np.random.default_rng(0))
    assert form_scores(roll, BEBOP)["first_failing_bar"] == 1
    assert return_to_form(roll[0], BEBOP, 0) == (8, 0.0)
    assert form_scores(roll, BEBOP)["foreign_chords_per_chorus"] == 0.0


def test_a_threshold_beyond_the_probabilities_yields_one_foreign_chord_that_never_ends():
    hesitant = Metronome(certainty=np.log(0.7 / 0.3))  # probabilities 0.7 and 0.3
    found = foreign_chords_by_threshold(hesitant, BEBOP, np.random.default_rng(0))
    assert list(found) == [f"{threshold:g}" for threshold in THRESHOLDS]
    for threshold, foreign in found.items():
        assert foreign == (0 if 0.3 < float(threshold) < 0.7 else 0.1)  # all units or none, for ten choruses


def test_a_return_is_timed_to_the_step():
    roll = np.zeros((3 * BEBOP.steps, UNITS), np.float32)
    roll[:, :CHORD_UNITS] = np.tile(chord_roll(BEBOP), (3, 1))
    roll[20] = 0
    assert return_to_form(roll, BEBOP, 13) == (0, 1.0)
    assert return_to_form(roll[:-1], BEBOP, 13) == (0, 1.0)
    roll[-1] = 0
    assert return_to_form(roll, BEBOP, 13) is None


def test_foreign_chords_are_counted_once_while_they_last():
    roll = np.concatenate([chord_roll(BEBOP), np.zeros((96, 13), np.float32)], axis=1)
    assert foreign_chords(roll, BEBOP) == 0
    roll[10:14, :CHORD_UNITS] = 1
    roll[40, :CHORD_UNITS] = 0
    assert foreign_chords(roll, BEBOP) == 2


@pytest.mark.parametrize("form", CORPORA)
def test_melodies_are_read_back_as_codes(form):
    songs = np.concatenate([corpus.seen_codes()[:6], corpus.unseen_codes()[:2]])
    rolls = CORPORA[form].rolls(songs).reshape(2, -1, UNITS)
    rolls[0, :2, CHORD_UNITS:] = 0  # spoils the first bar of the first song
    scores = memory_scores(rolls, CORPORA[form])
    assert scores["copies"] == 5 / 8
    assert scores["recombinations"] == 2 / 8
    assert scores["incomplete"] == 1 / 8
    assert scores["segments"]["?"] == 1 / 96
    assert scores["distinct"] == 7
    assert 6.9 < scores["distinct_if_random"] <= 7


def test_the_tables_know_the_chart_and_cannot_know_the_bar():
    scores = evaluate_markov(CORPORA["basic"], np.random.default_rng(0))
    assert scores["chord_accuracy"] > 0.99
    assert 0 <= scores["excess_bits"]["unseen"]["chords"] < 0.1
    assert scores["excess_bits"]["unseen"]["categorical"] > 1.0
    assert scores["segments"]["?"] > 0.1


def test_four_songs_have_the_statistics_of_all():
    chosen = CORPORA["bebop"]
    bars = np.arange(12)
    four = np.stack([(bars * odd + first) % 2 for odd in (0, 1) for first in (0, 1)]).astype(np.uint8)
    few, many = (Markov(BEBOP, chosen.melodies(codes).tolist()) for codes in (four, corpus.codes()))
    for song in chosen.melodies(corpus.codes()[:3]).tolist():
        before = [(pitch, 2) for pitch in song[20:23]]
        one, other = (player.melody.probabilities(before, BEBOP.chart()[46]) for player in (few, many))
        assert max(one, key=one.get) == max(other, key=other.get)
        assert one == pytest.approx(other, abs=0.01)


def test_the_walk_finds_segments_by_chance_only():
    assert evaluate_walk(CORPORA["basic"], np.random.default_rng(0))["segments"]["?"] > 0.9


def test_five_figures_become_a_median_and_extremes():
    assert spread([3, 1, 2]) == {"median": 2, "low": 1, "high": 3}
    assert spread([None, 5, None]) == {"median": None, "low": 5, "high": None}


def test_the_report_becomes_a_table():
    model = summary([evaluate_walk(CORPORA["bebop"], np.random.default_rng(seed)) for seed in range(2)])
    floors = {"categorical_bits": 12.0, "independent_bits": 24.0}
    chart = {"models": {"random-walk": model}, "floors": floors, "songs": {"all": 4096, "unseen": 512}}
    chart["paper_recipe"] = learn_chords("bebop", 10, 0, PaperPreset())
    text = markdown({"charts": {"bebop": chart}})
    row = next(line for line in text.splitlines() if line.startswith("| random-walk"))
    head = next(line for line in text.splitlines() if line.startswith("| model"))
    assert row.count("|") == head.count("|")
    assert f"{model['segments']['?']:.1%}" in row
    assert "87.5%" in text
    assert "after 10 updates" in text


def test_the_committed_report_is_of_these_corpora_and_its_tables_are_its_own():
    folder = ROOT / "training" / "composition"
    report = json.loads((folder / "report.json").read_text())
    assert (folder / "report.md").read_text() == markdown(report)
    text = pages.RESULTS.read_text()
    assert pages.written(text, "composition-report", table_in_brief(report)) == text
    for form, chart in report["charts"].items():
        assert chart["corpus"] == CORPORA[form].digest()
        assert chart["models"]["lstm-chords"]["seeds"] == 5
        for model in chart["models"].values():
            assert 0 <= model.get("perfect_seeds", 0) <= model["seeds"]
            assert len(model.get("curves", range(model["seeds"]))) == model["seeds"]


def test_evaluate_command_measures_the_shipped_network(tmp_path):
    out = tmp_path / "scores.json"
    command = [sys.executable, "-m", "training.composition.evaluate", "--model", "lstm", "--json", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    scores = json.loads(out.read_text())
    assert scores["parameters"] == 1542
    assert scores["first_failing_bar"] is None
    assert scores["excess_bits"]["unseen"]["melody"] > 0


def test_shipped_network_is_near_the_floor_and_never_below():
    network, segments = trained("lstm")
    assert segments == CORPORA["bebop"].segments
    excess = excess_bits(network, CORPORA["bebop"], corpus.unseen_codes())
    assert 0 < excess["chords"] < 0.5
    assert 0 < excess["melody"] < 2.0
    assert 0 < excess["categorical"] < 2.0
    roll = free_run(network, 4, 20 * BEBOP.steps, np.random.default_rng(99))
    assert form_scores(roll, BEBOP)["first_failing_bar"] is None
    shares = memory_scores(roll, CORPORA["bebop"])["segments"]
    assert shares["?"] < 0.25
    assert min(shares["A"], shares["B"]) > 0.25


def test_a_card_tells_what_the_checkpoint_carries():
    shipped = checkpoint.shipped("lstm-chords-basic")
    text = card(shipped, "lstm-chords-basic-00000000.safetensors", 5)
    assert text.startswith("# lstm-chords-basic\n")
    assert "664 parameters" in text
    assert f"--form basic --seed {shipped.provenance['seed']}" in text
    assert f"{shipped.provenance['scores']['excess_bits']['unseen']['chords']:.3f} bits" in text
    assert "5 seeds" in text


def test_a_table_replaces_what_stands_between_its_marks_and_nothing_else():
    page = "a\n<!-- one -->\nold\n<!-- end of one -->\nb\n<!-- two -->\n<!-- end of two -->\n"
    assert pages.written(page, "one", "new\n") == page.replace("old", "new")
    for wrong in ("three", "on"):
        with pytest.raises(ValueError, match=f"<!-- {wrong} -->"):
            pages.written(page, wrong, "new")
