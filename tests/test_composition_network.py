"""The networks: topology, equations, stepping."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from models.composition.encoding import CHORD_UNITS, UNITS
from models.composition.networks import BlockLSTM, Group, NetworkConfig, build
from training.composition.presets import NETWORKS, side_by_side


@pytest.fixture
def network():
    return BlockLSTM(NetworkConfig(weight_range=0.8), torch.Generator().manual_seed(1))


def test_parameter_counts_of_both_experiments(network):
    # Chords: gates 12 * (12 + 8 + 1), cells 8 * (12 + 8), outputs 12 * (12 + 8 + 1).
    # Melody: gates 12 * (13 + 16 + 1), cells 8 * (13 + 16), outputs 13 * (13 + 8 + 1).
    chords = BlockLSTM(NetworkConfig(groups=(Group("chords", 12),)), torch.Generator())
    assert chords.parameter_count() == 252 + 160 + 252 == 664
    assert network.parameter_count() == 664 + 360 + 232 + 286 == 1542


def test_parameter_counts_of_the_networks_compared():
    counts = {name: build(config, torch.Generator()).parameter_count() for name, config in NETWORKS.items()}
    # Chords: 13 * (12 + 13 + 1) + 12 * (12 + 13 + 1); melody: 13 * (13 + 26 + 1) + 13 * (13 + 13 + 1).
    assert counts["rnn"] == 338 + 312 + 520 + 351 == 1521
    # Chords: 4 * (9 * 12 + 1) + 12 * (12 + 4 + 1); melody: 3 * (9 * 25 + 1) + 13 * (13 + 3 + 1).
    assert counts["feedforward"] == 436 + 204 + 678 + 221 == 1539
    assert counts["lstm-chords"] == 664
    assert counts["lstm"] == 1542


def test_initial_biases_are_the_papers(network):
    ladder = [-0.5, -1.0, -1.5, -2.0] * 2
    assert network.hidden_bias.tolist() == ladder * 3
    wide = build(NETWORKS["lstm-wide"], torch.Generator())
    assert wide.hidden_bias.tolist() == ladder[:4] * 5 * 3
    assert network.output_bias.tolist() == [0.5] * 25


def test_config_survives_a_checkpoint(network):
    assert NetworkConfig.from_dict(json.loads(json.dumps(asdict(network.config)))) == network.config


@pytest.mark.parametrize("name", ["lstm", "rnn", "feedforward"])
def test_chords_never_hear_the_melody_and_the_melody_hears_the_chords(name):
    network = build(NETWORKS[name], torch.Generator().manual_seed(1))
    inputs = torch.rand(1, 6, UNITS, requires_grad=True)
    logits, _ = network(inputs, network.initial_state())
    (of_chords,) = torch.autograd.grad(logits[0, -1, :CHORD_UNITS].sum(), inputs, retain_graph=True)
    (of_melody,) = torch.autograd.grad(logits[0, -1, CHORD_UNITS:].sum(), inputs)
    assert torch.all(of_chords[..., CHORD_UNITS:] == 0)
    assert torch.all(of_chords[..., :CHORD_UNITS].abs().sum(dim=-1) > 0)
    assert torch.all(of_melody[..., CHORD_UNITS:].abs().sum(dim=-1) > 0)
    assert torch.all(of_melody[0, :-1, :CHORD_UNITS].abs().sum(dim=-1) > 0)
    if name != "feedforward":  # recurrent cells hear the chords' cells, one step late
        assert torch.all(of_melody[0, -1, :CHORD_UNITS] == 0)


@pytest.mark.parametrize("name", ["lstm", "rnn", "feedforward"])
def test_step_by_step_equals_the_sequence(name):
    network = build(NETWORKS[name], torch.Generator().manual_seed(1))
    inputs, state = torch.rand(3, 15, UNITS), network.initial_state(3)
    logits, last = network(inputs, state)
    for time in range(15):
        probabilities, state = network.step(inputs[:, time], state)
        torch.testing.assert_close(probabilities, torch.sigmoid(logits[:, time]).detach())
    torch.testing.assert_close(state, tuple(part.detach() for part in last))


def test_the_feed_forward_network_forgets_what_is_older_than_its_window():
    network = build(NETWORKS["feedforward"], torch.Generator().manual_seed(1))
    inputs = torch.rand(1, 20, UNITS, requires_grad=True)
    logits, _ = network(inputs, network.initial_state())
    (gradient,) = torch.autograd.grad(logits[0, -1].sum(), inputs)
    reached = gradient[0].abs().sum(dim=1) > 0
    assert reached.tolist() == [False] * 11 + [True] * 9


@pytest.mark.parametrize("kind", ["lstm", "rnn", "feedforward"])
def test_a_part_is_adopted_and_taken_out_whole(kind):
    config = replace(NETWORKS[kind], weight_range=0.5)
    chords = build(replace(config, groups=config.groups[:1]), torch.Generator().manual_seed(2))
    network = build(config, torch.Generator().manual_seed(1))
    network.adopt(chords)
    inputs = torch.rand(2, 12, UNITS)
    alone, _ = chords(inputs[..., :CHORD_UNITS], chords.initial_state(2))
    together, _ = network(inputs, network.initial_state(2))
    torch.testing.assert_close(together[..., :CHORD_UNITS], alone)
    taken = network.part([0])
    assert all(torch.equal(one, two) for one, two in zip(taken.parameters(), chords.parameters(), strict=True))


@pytest.mark.parametrize("kind", ["lstm", "rnn", "feedforward"])
def test_candidates_side_by_side_are_so_many_networks_of_their_own(kind):
    together = build(side_by_side(NETWORKS[f"{kind}-chords"], 3), torch.Generator().manual_seed(4))
    inputs = torch.rand(2, 12, 3 * CHORD_UNITS)
    expected, _ = together(inputs, together.initial_state(2))
    for number, part in enumerate(inputs.split(CHORD_UNITS, dim=2)):
        alone = together.part([number])
        logits, _ = alone(part, alone.initial_state(2))
        torch.testing.assert_close(logits, expected[..., number * CHORD_UNITS : (number + 1) * CHORD_UNITS])


def test_the_simple_rnn_equals_its_equation():
    network = build(NETWORKS["rnn-chords"], torch.Generator().manual_seed(3))
    random = np.random.default_rng(0)
    inputs, hidden = random.random(CHORD_UNITS), random.normal(size=13)
    (probabilities, (next_hidden,)) = network.step(
        torch.tensor(inputs[None], dtype=torch.float32), (torch.tensor(hidden[None], dtype=torch.float32),)
    )
    weight, bias, output, output_bias = (
        part.detach().double().numpy()
        for part in (network.hidden_weight, network.hidden_bias, network.output_weight, network.output_bias)
    )
    expected = np.tanh(weight @ np.concatenate([inputs, hidden]) + bias)
    np.testing.assert_allclose(next_hidden[0].numpy(), expected, atol=1e-6)
    net = output @ np.concatenate([inputs, expected]) + output_bias
    np.testing.assert_allclose(probabilities[0].numpy(), logistic(net), atol=1e-6)


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
