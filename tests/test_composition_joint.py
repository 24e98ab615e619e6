"""The joint model, its batches, its training, and the table that it is compared with."""

import json
import shutil
from itertools import product

import numpy as np
import pytest
import torch

from models import checkpoint
from models.composition.context import COLUMNS, FIRST_PITCH, NOTHING, REST, tokens, velocity_of
from models.composition.events import DURATIONS, Event
from models.composition.joint import JointConfig, JointModel
from training.composition import ablation, joint_figures, joint_report, joint_train, licks
from training.composition.event_table import TOKENS, EventTable
from training.composition.joint_batches import batch, tokens_of, whole, window
from training.composition.joint_train import Recipe, bits_per_note, losses, train

PIECES = [tokens_of(licks.piece(seed)) for seed in range(6)]
SMALL = Recipe(updates=6, windows=4, length=24, cells=16)


def model(chain=True):
    torch.manual_seed(0)
    return JointModel(JointConfig(cells=16, chain=chain)).eval()


def logits(network, duration, pitch):
    given = whole(PIECES[0])
    hidden, _ = network(given.columns[:, :1], given.chords[:, :1])
    told = torch.tensor([[duration]]), torch.tensor([[pitch]])
    return network.pitch_logits(hidden, told[0], given.columns[:, :1]), network.velocity_logits(hidden, *told)


def test_each_head_sees_what_was_drawn_before_and_the_twin_does_not():
    for chain in (True, False):
        pitches = [logits(model(chain), duration, 9)[0] for duration in (2, 10)]
        velocities = [logits(model(chain), 2, pitch)[1] for pitch in (REST, 20)]
        assert torch.equal(*pitches) is not chain
        assert torch.equal(*velocities) is not chain


def test_the_twin_has_the_same_size_and_the_shipped_model_no_more_than_a_million_weights():
    sizes = [sum(weight.numel() for weight in model(chain).parameters()) for chain in (True, False)]
    assert sizes[0] == sizes[1]
    shipped = checkpoint.shipped("joint")
    assert sum(tensor.numel() for tensor in shipped.tensors.values()) <= 1_000_000
    assert shipped.config["chain"]


def test_velocities_keep_their_bin():
    for velocity in range(1, 128):
        event = Event(12, 60, velocity)
        again = Event(12, 60, velocity_of(tokens(event)[2]))
        assert tokens(again) == tokens(event)
        assert abs(again.velocity - velocity) <= 8


def test_pitches_out_of_range_are_moved_by_octaves():
    assert tokens(Event(12, 30, 90))[1] == tokens(Event(12, 54, 90))[1]
    assert tokens(Event(12, 100, 90))[1] == tokens(Event(12, 88, 90))[1]


def test_an_undisturbed_window_hears_what_was_drawn():
    for piece in PIECES:
        columns, chords, drawn = window(piece, 0, 60, None)
        names = list(COLUMNS)
        assert np.array_equal(columns[1:, names.index("pitch")], drawn[:-1, 1])
        assert np.array_equal(columns[1:, names.index("duration")], drawn[:-1, 0] + 1)
        assert columns[0, names.index("pitch")] == NOTHING
        assert np.array_equal(columns[:, names.index("root")], chords[:, :12].argmax(axis=1))
        ticks = np.cumsum([DURATIONS[duration] for duration in drawn[:-1, 0]])
        assert np.array_equal(columns[1:, 0], ticks % 48)


def test_the_event_of_two_bars_ago_is_heard_again():
    piece = PIECES[0]
    columns, _, drawn = window(piece, 0, len(piece.starts), None)
    place = int(np.flatnonzero(piece.starts == 4 * 48)[0])
    earlier = int(np.searchsorted(piece.starts, 2 * 48, side="right")) - 1
    assert columns[place, list(COLUMNS).index("pitch-2")] == drawn[earlier, 1]
    assert columns[0, list(COLUMNS).index("pitch-2")] == NOTHING


def test_disturbances_move_contexts_with_their_key_and_leave_rhythms_and_rests_to_be_said():
    piece = PIECES[1]
    _, _, plain = window(piece, 0, len(piece.starts), None)
    heard_wrong = 0
    for seed in range(20):
        columns, chords, drawn = window(piece, 0, len(piece.starts), np.random.default_rng(seed))
        assert np.array_equal(drawn[:, [0, 2]], plain[:, [0, 2]])
        is_note = plain[:, 1] >= FIRST_PITCH
        assert np.array_equal(drawn[~is_note, 1], plain[~is_note, 1])
        shift = (drawn[is_note, 1] - plain[is_note, 1]) % 12
        assert len(set(shift)) == 1  # one key for all notes, and the chords go along
        root = list(COLUMNS).index("root")
        assert np.array_equal((columns[:, root] - piece.fixed[:, root]) % 12, np.full(len(columns), shift[0]))
        assert np.array_equal(columns[:, root], chords[:, :12].argmax(axis=1))
        heard_wrong += (columns[1:, list(COLUMNS).index("pitch")] != drawn[:-1, 1]).any()
    assert 4 <= heard_wrong <= 16  # half of them


def test_padding_counts_for_nothing():
    given = batch(PIECES, 5, 500, np.random.default_rng(0))
    bits = losses(model(), given)
    assert (bits[given.told == 0] == 0).all()
    assert (bits[given.told == 1] > 0).all()


def test_an_untrained_model_of_zeros_pays_the_logarithm_of_the_vocabularies():
    network = model()
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
    piece = PIECES[0]
    notes = (piece.drawn[:, 1] >= FIRST_PITCH).sum()
    expected = np.log2([len(DURATIONS), NOTHING, 9]) * len(piece.drawn) / notes
    assert list(bits_per_note(network, [piece]).values()) == pytest.approx(expected, abs=1e-3)


def test_an_interrupted_run_goes_on_to_the_same_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(joint_train, "SAVE_EVERY", 2)
    kept = joint_train._save

    def save(out, *rest):
        kept(out, *rest)
        if not (tmp_path / "early.safetensors").exists():
            shutil.copy(out, tmp_path / "early.safetensors")

    monkeypatch.setattr(joint_train, "_save", save)
    found = {"licks": PIECES}
    whole_run = train(SMALL, found, tmp_path / "run.safetensors")
    assert len(checkpoint.load(tmp_path / "early.safetensors").provenance["curve"]) == 1
    resumed = train(SMALL, found, tmp_path / "early.safetensors")
    for one, other in zip(whole_run.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)
    with pytest.raises(ValueError, match="another recipe"):
        train(Recipe(seed=1), found, tmp_path / "run.safetensors")


def test_training_lowers_the_bits():
    before = sum(
        bits_per_note(train(Recipe(updates=1, windows=4, length=24, cells=16), {"licks": PIECES}), PIECES).values()
    )
    after = sum(
        bits_per_note(train(Recipe(updates=40, windows=4, length=24, cells=16), {"licks": PIECES}), PIECES).values()
    )
    assert after < before - 2


def test_the_transition_table_sums_to_one_and_knows_what_it_counted():
    song = np.array([[0, 5], [1, 6], [2, 7]] * 20)
    table = EventTable([song])
    every = list(product(range(len(DURATIONS)), range(NOTHING)))
    assert len(every) == TOKENS
    for context in ([], [(0, 5)], [(0, 5), (1, 6), (2, 7)], [(9, 9)]):
        assert sum(table.probability(context, token) for token in every) == pytest.approx(1)
    # Witten-Bell by hand: a context of order 1 with n counts of one follower mixes n/(n+1) of it with the order below.
    order_0 = (20 + 3 / TOKENS) / (60 + 3)
    assert table.probability([(0, 5)], (1, 6)) == pytest.approx((20 + order_0) / 21)
    assert table.bits_per_note([song]) < 0.5


def test_the_ablation_says_that_a_note_is_one_thing():
    report = json.loads(ablation.REPORT.read_text())
    chain, independent = report["runs"]["chain"], report["runs"]["independent"]
    assert len(chain) == len(independent) == report["seeds"] >= 5
    for measure in joint_figures.PANELS:
        assert max(run[measure] for run in chain) < min(run[measure] for run in independent)
    assert max(run["weimar_bits"] for run in independent) < report["third_order_table"]["weimar_bits"]


def test_the_figure_is_drawn_from_the_report(tmp_path):
    joint_figures.draw_ablation(json.loads(ablation.REPORT.read_text()), tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_text() == ablation.FIGURE.read_text()


def test_card_and_results_say_what_was_measured():
    report = json.loads(joint_report.REPORT.read_text())
    assert joint_report.CARD_PATH.read_text() == joint_report.card(report)
    table = joint_report.table(json.loads(ablation.REPORT.read_text()), report)
    assert table in joint_report.pages.RESULTS.read_text()
