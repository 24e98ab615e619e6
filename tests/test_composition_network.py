"""The block LSTM, its losses' floor, and training."""

import json
import math
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from models import checkpoint
from models.composition.blues_form import BEBOP
from models.composition.encoding import CHORD_UNITS, UNITS
from models.composition.generate import network_of
from models.composition.metrics import chord_accuracy, segment_letters
from models.composition.networks import BlockLSTM, Group, NetworkConfig
from training.composition import corpus
from training.composition.evaluate import PRIMERS, chorus_losses, free_run, teacher_forced
from training.composition.train import PRESETS, card, train

ROOT = Path(__file__).parent.parent


@pytest.fixture
def network():
    return BlockLSTM(NetworkConfig(weight_range=0.8), torch.Generator().manual_seed(1))


def test_parameter_counts_of_both_experiments(network):
    # Chords: gates 12 * (12 + 8 + 1), cells 8 * (12 + 8), outputs 12 * (12 + 8 + 1).
    # Melody: gates 12 * (13 + 16 + 1), cells 8 * (13 + 16), outputs 13 * (13 + 8 + 1).
    chords = BlockLSTM(NetworkConfig(groups=(Group("chords", 12),)), torch.Generator())
    assert chords.parameter_count() == 252 + 160 + 252 == 664
    assert network.parameter_count() == 664 + 360 + 232 + 286 == 1542


def test_initial_biases_are_the_papers(network):
    ladder = [-0.5, -1.0, -1.5, -2.0] * 2
    assert network.hidden_bias.tolist() == ladder * 3
    assert network.output_bias.tolist() == [0.5] * 25


def test_config_survives_a_checkpoint(network):
    assert NetworkConfig.from_dict(json.loads(json.dumps(asdict(network.config)))) == network.config


def test_chords_never_hear_the_melody_and_the_melody_hears_the_chords(network):
    inputs = torch.rand(1, 12, UNITS, requires_grad=True)
    logits, _ = network(inputs, network.initial_state())
    (of_chords,) = torch.autograd.grad(logits[0, -1, :CHORD_UNITS].sum(), inputs, retain_graph=True)
    (of_melody,) = torch.autograd.grad(logits[0, -1, CHORD_UNITS:].sum(), inputs)
    assert torch.all(of_chords[..., CHORD_UNITS:] == 0)
    assert torch.all(of_chords[..., :CHORD_UNITS].abs().sum(dim=-1) > 0)
    assert torch.all(of_melody[..., CHORD_UNITS:].abs().sum(dim=-1) > 0)
    assert torch.all(of_melody[0, :-1, :CHORD_UNITS].abs().sum(dim=-1) > 0)
    assert torch.all(of_melody[0, -1, :CHORD_UNITS] == 0)  # one step late


def test_absent_connections_stay_absent_whatever_their_weights(network):
    inputs, state = torch.rand(2, 5, UNITS), network.initial_state(2)
    expected, _ = network(inputs, state)
    with torch.no_grad():
        network.hidden_weight += 9.0 * (1 - network.hidden_mask)
        network.output_weight += 9.0 * (1 - network.output_mask)
    assert torch.equal(network(inputs, state)[0], expected)


def test_step_equals_the_equations_written_out_per_block(network):
    """Gers et al. (2000): y_in, y_phi, y_out per block; s = y_phi s + y_in g(net); y = y_out h(s)."""
    random = np.random.default_rng(0)
    inputs, hidden, cell = random.random(UNITS), random.normal(size=16), random.normal(size=16)
    probabilities, (next_hidden, next_cell) = network.step(
        torch.tensor(inputs[None], dtype=torch.float32),
        (torch.tensor(hidden[None], dtype=torch.float32), torch.tensor(cell[None], dtype=torch.float32)),
    )
    weight = (network.hidden_weight * network.hidden_mask).detach().double().numpy()
    bias = network.hidden_bias.detach().double().numpy()
    seen = np.concatenate([inputs, hidden])
    expected_cell, expected_hidden = np.zeros(16), np.zeros(16)
    for block in range(8):
        let_in, keep, let_out = (
            logistic(weight[gate * 8 + block] @ seen + bias[gate * 8 + block]) for gate in range(3)
        )
        for index in (2 * block, 2 * block + 1):
            expected_cell[index] = keep * cell[index] + let_in * math.tanh(weight[24 + index] @ seen)
            expected_hidden[index] = let_out * math.tanh(expected_cell[index])
    output = (network.output_weight * network.output_mask).detach().double().numpy()
    net = output @ np.concatenate([inputs, expected_hidden]) + network.output_bias.detach().double().numpy()
    np.testing.assert_allclose(next_cell[0].numpy(), expected_cell, atol=1e-6)
    np.testing.assert_allclose(next_hidden[0].numpy(), expected_hidden, atol=1e-6)
    np.testing.assert_allclose(probabilities[0].numpy(), logistic(net), atol=1e-6)


def logistic(net):
    return 1 / (1 + np.exp(-net))


def test_step_by_step_equals_the_sequence(network):
    inputs, state = torch.rand(3, 10, UNITS), network.initial_state(3)
    logits, last = network(inputs, state)
    for time in range(10):
        probabilities, state = network.step(inputs[:, time], state)
        torch.testing.assert_close(probabilities, torch.sigmoid(logits[:, time]).detach())
    torch.testing.assert_close(state, (last[0].detach(), last[1].detach()))


def test_a_table_of_the_segments_reaches_the_floor():
    """An oracle that knows the corpus: certain except where the two segments of a bar first differ."""
    codes = corpus.codes()
    songs = corpus.rolls(codes).astype(np.float64)
    logits = np.where(songs > 0, 40.0, -40.0)
    categorical = 0.0
    for bar, (first, second) in enumerate(corpus.SEGMENTS):
        beat = next(beat for beat in range(4) if first[beat] != second[beat])
        step = bar * 8 + beat * 2
        units = [CHORD_UNITS + segment[beat] - 60 for segment in (first, second)]
        logits[:, step, units] = 0.0
        categorical += math.log(2)
    chords, melody = chorus_losses(torch.from_numpy(logits), torch.from_numpy(songs))
    assert abs(melody.item() - corpus.floor_nats(independent=True)) < 1e-9
    assert abs(categorical - corpus.floor_nats(independent=False)) < 1e-9
    assert chords.item() < 1e-9
    assert corpus.floor_nats(independent=True) == pytest.approx(24 * math.log(2))


def test_training_goes_on_where_it_stopped(tmp_path, monkeypatch):
    whole = train(PRESETS["quick"], 3, tmp_path / "whole.safetensors")
    saved = []
    real_save = checkpoint.save

    def save_once(path, content):
        if saved:
            raise KeyboardInterrupt
        saved.append(real_save(path, content))

    monkeypatch.setattr(checkpoint, "save", save_once)
    with pytest.raises(KeyboardInterrupt):
        train(PRESETS["quick"], 3, tmp_path / "broken.safetensors")
    monkeypatch.setattr(checkpoint, "save", real_save)
    resumed = train(PRESETS["quick"], 3, tmp_path / "broken.safetensors")
    assert resumed.provenance == whole.provenance
    assert all(torch.equal(resumed.tensors[name], whole.tensors[name]) for name in whole.tensors)
    curve = whole.provenance["curve"]
    assert len(curve) == 3
    assert curve[2][1] < curve[0][1]  # the melody is learned in the second stage
    with pytest.raises(ValueError, match="another preset, seed"):
        train(PRESETS["quick"], 4, tmp_path / "whole.safetensors")


def test_shipped_network_was_scored_over_many_choruses_and_several_primers():
    shipped = checkpoint.shipped("lstm")
    assert shipped.provenance["corpus"] == corpus.digest()
    scores = shipped.provenance["scores"]
    assert scores["run_choruses"] >= 20
    assert len(scores["runs"]) >= 3
    assert all(run["perfect_choruses"] == 1.0 for run in scores["runs"])


@pytest.mark.parametrize("primer", PRIMERS)
def test_shipped_network_keeps_the_form_and_finds_the_segments(primer):
    roll = free_run(network_of(checkpoint.shipped("lstm")), primer, seed=99, choruses=20)
    assert chord_accuracy(roll, BEBOP) == 1.0
    letters = segment_letters(roll, corpus.SEGMENTS)
    assert letters.count("?") < len(letters) / 4
    assert letters.count("A") > len(letters) / 4
    assert letters.count("B") > len(letters) / 4


def test_shipped_network_is_near_the_floor_and_never_below():
    excess = teacher_forced(network_of(checkpoint.shipped("lstm")))
    assert 0 < excess["excess_chord_nats"] < 0.1
    assert -1e-6 < excess["excess_melody_nats"] < 1.0


def test_card_tells_what_the_checkpoint_carries():
    shipped = checkpoint.shipped("lstm")
    text = card(shipped, "lstm-00000000.safetensors", "practical", "a test")
    assert f"{shipped.provenance['scores']['excess_melody_nats']:.3f}" in text
    assert "1542 parameters" in text
    assert (checkpoint.WEIGHTS / "lstm.md").read_text().startswith("# lstm")


def test_corpus_command_writes_all_songs(tmp_path):
    command = [sys.executable, "-m", "training.composition.corpus", "--out", str(tmp_path), "--midi", "2"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with np.load(tmp_path / "corpus.npz") as written:
        assert written["songs"].shape == (4096, BEBOP.steps, UNITS)
        assert written["codes"].shape == (4096, 12)
        assert written["segments"].shape == (12, 2, 4)
    assert len(list(tmp_path.glob("*.mid"))) == 2
