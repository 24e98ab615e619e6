"""The corpora, training, and what is measured: floors, free runs, memory, recovery, the report's figures."""

import json
import math
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from models import checkpoint
from models.composition.blues_form import BASIC, BEBOP, FORMS
from models.composition.encoding import CHORD_UNITS, UNITS, chord_roll
from models.composition.generate import network_of, trained
from models.composition.markov import Markov
from models.composition.networks import Group, Network, NetworkConfig, build
from training.composition import corpus
from training.composition.cards import card
from training.composition.corpus import CORPORA
from training.composition.evaluate import delayed, evaluate_markov, evaluate_walk, excess_bits, group_losses
from training.composition.free_runs import (
    foreign_chords,
    form_scores,
    free_run,
    memory_scores,
    recovery,
    return_to_form,
)
from training.composition.online import OnlineLearner, PaperPreset, learn_chords
from training.composition.report import spread, summary
from training.composition.tables import markdown
from training.composition.train import train

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("form", FORMS)
def test_a_table_of_the_segments_reaches_both_floors(form):
    """An oracle that knows the corpus: certain except where the two segments of a bar first differ."""
    songs = CORPORA[form].rolls(corpus.codes()).astype(np.float64)
    logits = np.where(songs > 0, 40.0, -40.0)
    categorical = 0.0
    for bar, (first, second) in enumerate(CORPORA[form].segments):
        beat = next(beat for beat in range(4) if first[beat] != second[beat])
        units = [CHORD_UNITS + segment[beat] - 60 for segment in (first, second)]
        logits[:, bar * 8 + beat * 2, units] = 0.0
        categorical += math.log(2)
    network = build(NetworkConfig(), torch.Generator())
    chords, melody = group_losses(network, torch.from_numpy(logits), torch.from_numpy(songs)).tolist()
    assert abs(melody - CORPORA[form].floor_nats(independent=True)) < 1e-9
    assert abs(categorical - CORPORA[form].floor_nats(independent=False)) < 1e-9
    assert chords < 1e-9
    assert CORPORA[form].floor_nats(independent=True) == pytest.approx(24 * math.log(2))


def test_unseen_songs_are_an_eighth_and_apart_from_the_seen():
    seen, unseen = ({tuple(code) for code in codes.tolist()} for codes in (corpus.seen_codes(), corpus.unseen_codes()))
    assert len(unseen) == 512
    assert len(seen | unseen) == 4096
    assert 0.4 < corpus.unseen_codes().mean() < 0.6


@pytest.mark.parametrize(("form", "window"), [(BEBOP, 9), (BASIC, 32)])
def test_the_window_that_makes_every_next_chord_certain(form, window):
    chart = np.concatenate([chord_roll(form)] * 2)

    def certain(length):
        following = {}
        for step in range(form.steps, 2 * form.steps):
            heard = chart[step - length : step].tobytes()
            if following.setdefault(heard, chart[step].tobytes()) != chart[step].tobytes():
                return False
        return True

    assert certain(window)
    assert not certain(window - 1)


def test_training_goes_on_where_it_stopped(tmp_path, monkeypatch):
    whole = train("lstm", CORPORA["bebop"], "quick", 3, tmp_path / "whole")
    real_save = checkpoint.save
    for place in range(1, 8):  # stopped anew at each epoch and between the stages
        saved = []

        def save_some(path, content, saved=saved, place=place):
            if len(saved) == place:
                raise KeyboardInterrupt
            saved.append(real_save(path, content))

        monkeypatch.setattr(checkpoint, "save", save_some)
        folder = tmp_path / f"broken{place}"
        try:
            train("lstm", CORPORA["bebop"], "quick", 3, folder)
        except KeyboardInterrupt:
            monkeypatch.setattr(checkpoint, "save", real_save)
            resumed = train("lstm", CORPORA["bebop"], "quick", 3, folder)
        assert all(torch.equal(resumed.tensors[name], whole.tensors[name]) for name in whole.tensors)
        assert resumed.provenance["curve"] == whole.provenance["curve"]
    with pytest.raises(ValueError, match="another recipe"):
        train("lstm", CORPORA["basic"], "quick", 3, tmp_path / "whole")


def test_training_keeps_the_best_candidate_and_leaves_its_cells_alone(tmp_path):
    melody = train("rnn", CORPORA["basic"], "quick", 1, tmp_path)
    chords = checkpoint.load(tmp_path / "rnn-chords-1.safetensors")
    losses = chords.provenance["curve"][-1]
    assert len(losses) == 2
    assert chords.provenance["kept"] == int(np.argmin(losses))
    assert melody.provenance["curve"][1][1] < melody.provenance["curve"][0][1]  # the melody is learned
    inputs = torch.rand(1, 20, UNITS)
    of_chords, with_melody = network_of(chords), network_of(melody)
    alone, _ = of_chords(inputs[..., :CHORD_UNITS], of_chords.initial_state())
    together, _ = with_melody(inputs, with_melody.initial_state())
    torch.testing.assert_close(together[..., :CHORD_UNITS], alone)


class Metronome(Network):
    """A network that counts: plays the chart from the first step, whatever it hears; perhaps with a wrong start."""

    def __init__(self, late=0):
        super().__init__(NetworkConfig(groups=(Group("chords", 12),)), torch.Generator())
        self.late = late

    def initial_state(self, batch=1):
        return (torch.full((batch, 1), -self.late),)

    def forward(self, inputs, state):
        (count,) = state
        places = count + torch.arange(inputs.shape[1])
        logits = (torch.from_numpy(chord_roll(BEBOP))[places % BEBOP.steps] - 0.5) * 80
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


@pytest.mark.parametrize("form", FORMS)
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
    text = markdown({"charts": {"bebop": chart}})
    row = next(line for line in text.splitlines() if line.startswith("| random-walk"))
    head = next(line for line in text.splitlines() if line.startswith("| model"))
    assert row.count("|") == head.count("|")
    assert f"{model['segments']['?']:.1%}" in row
    assert "87.5%" in text


def test_the_committed_report_is_of_these_corpora_and_its_tables_are_its_own():
    folder = ROOT / "training" / "composition"
    report = json.loads((folder / "report.json").read_text())
    assert (folder / "report.md").read_text() == markdown(report)
    for form, chart in report["charts"].items():
        assert chart["corpus"] == CORPORA[form].digest()
        assert chart["models"]["lstm-chords"]["seeds"] == 5
        for model in chart["models"].values():
            assert 0 <= model.get("perfect_seeds", 0) <= model["seeds"]
            assert len(model.get("curves", range(model["seeds"]))) == model["seeds"]


@pytest.mark.parametrize("form", FORMS)
def test_corpus_command_writes_all_songs(tmp_path, form):
    command = [sys.executable, "-m", "training.composition.corpus", "--form", form, "--out", str(tmp_path)]
    subprocess.run([*command, "--midi", "2"], cwd=ROOT, check=True, capture_output=True)
    with np.load(tmp_path / "corpus.npz") as written:
        assert written["songs"].shape == (4096, BEBOP.steps, UNITS)
        assert written["codes"].shape == (4096, 12)
        assert written["segments"].shape == (12, 2, 4)
    assert len(list(tmp_path.glob("*.mid"))) == 2


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


def test_a_chorus_is_heard_one_step_late():
    chorus = torch.arange(6.0).reshape(1, 3, 2)
    assert delayed(chorus, torch.tensor([[8.0, 9.0]])).tolist() == [[[8, 9], [0, 1], [2, 3]]]


def test_the_papers_learning_steps_along_the_gradient():
    """Without recurrent weights no error is cut off, so the sum of its updates is the full gradient."""
    network = build(NetworkConfig(groups=(Group("chords", 12),), weight_range=0.8), torch.Generator().manual_seed(5))
    with torch.no_grad():
        network.hidden_weight[:, CHORD_UNITS:] = 0
    steps = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (7, CHORD_UNITS)).astype(np.float32))
    learner = OnlineLearner(network, PaperPreset(step_size=1e-9, momentum=0.0, gross_error=1.0))
    for inputs, targets in pairwise(steps.double().numpy()):
        learner.step(inputs, targets)
    logits, _ = network(steps[None, :-1], network.initial_state())
    torch.nn.functional.binary_cross_entropy_with_logits(logits[0], steps[1:], reduction="sum").backward()
    learned = {
        "hidden_weight": learner.hidden,
        "hidden_bias": learner.hidden_bias,
        "output_weight": learner.output,
        "output_bias": learner.output_bias,
    }
    for name, weight in network.named_parameters():
        change = (learned[name] - weight.detach().double().numpy()) / 1e-9
        gradient = weight.grad.numpy().copy()
        if name == "hidden_weight":  # those by the cells' own activations are learned too, but only within the step
            change, gradient = change[:, :CHORD_UNITS], gradient[:, :CHORD_UNITS]
        np.testing.assert_allclose(change, -gradient, atol=2e-5)


def test_the_papers_learning_has_momentum():
    inputs, targets = np.eye(12)[0], np.ones(12)
    changes = []
    for momentum in (0.0, 0.9):
        network = build(NetworkConfig(groups=(Group("chords", 12),)), torch.Generator().manual_seed(0))
        learner = OnlineLearner(network, PaperPreset(step_size=1e-9, momentum=momentum, gross_error=1.0))
        places = [learner.output_bias.copy()]
        for _ in range(2):
            learner.step(inputs, targets)
            places.append(learner.output_bias.copy())
        changes.append(np.diff(places, axis=0))
    plain, heavy = changes
    np.testing.assert_allclose(heavy[0], plain[0], rtol=1e-6)
    np.testing.assert_allclose(heavy[1], plain[1] + 0.9 * plain[0], rtol=1e-5)


def test_a_gross_error_changes_the_weights_and_then_resets():
    inputs, targets = np.eye(12)[0], np.ones(12)
    network = build(NetworkConfig(groups=(Group("chords", 12),)), torch.Generator().manual_seed(0))
    patient, strict = (OnlineLearner(network, PaperPreset(step_size=1e-3, gross_error=error)) for error in (1.0, 0.3))
    assert np.array_equal(patient.step(inputs, targets), strict.step(inputs, targets))
    assert np.array_equal(patient.hidden, strict.hidden)
    assert not np.array_equal(strict.output, network.output_weight.detach().double().numpy())
    assert patient.state.all()
    assert patient.partials.any()
    assert not strict.state.any()
    assert not strict.activation.any()
    assert not strict.partials.any()


def test_the_papers_learning_learns_to_hold_a_chord():
    found = learn_chords("bebop", 20_000, 0, PaperPreset(step_size=1e-3))
    losses = [share["nats_per_step"] for share in found["progress"]]
    assert losses[-1] < losses[0] / 1.5
    assert found["progress"][-1]["updates"] == 20_000
