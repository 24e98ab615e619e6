"""The paper's own way of learning: its gradient, its momentum, its resets."""

from itertools import pairwise

import numpy as np
import torch

from models.composition.encoding import CHORD_UNITS
from models.composition.networks import Group, NetworkConfig, build
from training.composition.online import OnlineLearner, PaperPreset, learn_chords


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
