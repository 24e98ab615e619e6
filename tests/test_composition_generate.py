"""Generation: seeds, primers, requests, what each composer plays."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.composition.blues_form import BEBOP, FORMS, MELODY_PITCHES, PAPER_FORMS, form_named
from models.composition.encoding import CHORD_UNITS, decode
from models.composition.generate import (
    MODELS,
    CompositionError,
    Request,
    available,
    compose,
    draw,
    steps,
    trained,
)
from models.composition.metrics import chord_accuracy, form_errors, roll_in_c, segment_letters
from models.composition.primer import in_register


@pytest.mark.parametrize("model", ["lstm", "markov", "random-walk", "corpus"])
def test_same_seed_same_piece_and_another_seed_another(model):
    assert compose(model, seed=5) == compose(model, seed=5)
    assert compose(model, seed=5) != compose(model, seed=6)
    assert compose(model, seed=5).seconds == 24.0


@pytest.mark.parametrize("form", [form.name for form in PAPER_FORMS])
def test_the_network_of_experiment_one_plays_its_chart_and_no_melody(form):
    score = compose("lstm-chords", form=form, key="G", choruses=8, seed=1)
    assert form_errors(score, form_named(form)) == ()
    assert score.part("melody").notes == ()
    assert {note.part for note in score.notes} == {"chords"}
    with pytest.raises(CompositionError, match="chords only"):
        compose("lstm-chords", form=form, primer=[60])


@pytest.mark.parametrize("form", FORMS)
def test_a_model_that_is_not_shipped_for_a_form_is_refused_by_name(form):
    assert {"random-walk", "joint"} <= set(available(form)) <= set(MODELS)
    for model in set(MODELS) - set(available(form)):
        with pytest.raises(CompositionError, match=f"no {model} is shipped for the form {form}"):
            compose(model, form=form)


def test_form_errors_name_the_bars_counted_through_all_choruses():
    score = compose("random-walk", choruses=2, key="Eb")
    assert form_errors(score, form_named("bebop")) == ()
    wrong = [note for note in score.notes if not (note.part == "chords" and note.start // 48 in (3, 20))]
    spoilt = replace(score, notes=tuple(wrong))
    assert form_errors(spoilt, form_named("bebop")) == (3, 20)
    assert len(form_errors(score, form_named("basic"))) > 10


def test_the_tables_play_the_primer_and_the_chart():
    score = compose("markov", choruses=4, primer=(60, 64, 67), seed=4)
    assert form_errors(score, form_named("bebop")) == ()
    assert [note.pitch for note in score.part("melody").notes[:3]] == [60, 64, 67]


def test_iterator_and_compose_play_the_same():
    network, _ = trained("lstm")
    request = Request(BEBOP, seed=11, primer=(60, 64, 67))
    roll = np.stack(list(islice(steps(network, request, np.random.default_rng(11)), BEBOP.steps)))
    assert decode(roll, 96) == compose(seed=11, primer=(60, 64, 67), tempo=96)


def test_composing_leaves_the_shared_network_and_torch_alone():
    network, _ = trained("lstm")
    before = [weight.clone() for weight in network.parameters()]
    random_state = torch.get_rng_state()
    compose(seed=1)
    assert all(torch.equal(one, two) for one, two in zip(before, network.parameters(), strict=True))
    assert torch.equal(random_state, torch.get_rng_state())


@pytest.mark.parametrize("count", range(25))
def test_every_length_of_primer_begins_the_piece(count):
    primer = tuple(60 + (5 * note) % 13 for note in range(count))
    melody = compose(seed=2, primer=primer).part("melody").notes
    assert tuple(note.pitch for note in melody[:count]) == primer
    assert melody[-1].start + melody[-1].duration == 12 * 48


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(["C", "G", "F#", "Bb", "A#"]),
    st.lists(st.integers(0, 127), max_size=24),
    st.floats(0.05, 0.95),
    st.floats(0.1, 2.0),
    st.integers(0, 2**32 - 1),
)
def test_any_allowed_request_gives_a_whole_one_voiced_piece(key, primer, threshold, temperature, seed):
    score = compose(key=key, primer=primer, threshold=threshold, temperature=temperature, seed=seed)
    roll = roll_in_c(score)
    assert len(roll) == BEBOP.steps
    assert (roll[:, CHORD_UNITS:].sum(axis=1) == 1).all()
    played = [note.pitch % 12 for note in score.part("melody").notes[: len(primer)]]
    assert played == [pitch % 12 for pitch in primer]


@given(st.integers(-20, 140))
def test_register_keeps_the_pitch_class(pitch):
    assert in_register(pitch) in MELODY_PITCHES
    assert (in_register(pitch) - pitch) % 12 == 0


def test_notes_are_drawn_in_proportion_to_their_probabilities():
    generator = np.random.default_rng(0)
    probabilities = np.array([0.6, 0.2, 0.0], np.float32)
    counts = np.bincount([draw(probabilities, 1.0, generator) for _ in range(4000)], minlength=3)
    assert counts[0] == pytest.approx(3000, abs=140)  # five standard deviations
    assert counts[2] == 0
    cold = [draw(probabilities, 0.1, generator) for _ in range(200)]
    assert set(cold) == {0}


def test_corpus_songs_are_made_of_the_segments_and_walks_are_pentatonic():
    _, segments = trained("lstm")
    song, walk = (roll_in_c(compose(model, seed=3, choruses=3, key="Eb")) for model in ("corpus", "random-walk"))
    assert "?" not in segment_letters(song, segments)
    assert chord_accuracy(song, BEBOP) == chord_accuracy(walk, BEBOP) == 1.0
    pitches = {note.pitch % 12 for note in compose("random-walk", choruses=8).part("melody").notes}
    assert pitches <= {0, 2, 4, 7, 9}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"model": "gpt"}, "gpt"),
        ({"form": "waltz"}, "waltz"),
        ({"key": "H"}, "H"),
        ({"tempo": 301}, "301"),
        ({"tempo": float("nan")}, "nan"),
        ({"choruses": 0}, "0"),
        ({"choruses": 9}, "9"),
        ({"seed": -1}, "-1"),
        ({"seed": 2**32}, "4294967296"),
        ({"primer": [60] * 25}, "25"),
        ({"threshold": 1.0}, "1"),
        ({"temperature": 0.0}, "0"),
        ({"model": "corpus", "primer": [60]}, "seed notes"),
    ],
)
def test_values_out_of_range_are_refused_by_value(wrong, named):
    with pytest.raises(ValueError, match=named):
        compose(**wrong)


def test_requests_refuse_nonsense():
    with pytest.raises(CompositionError, match="temperature"):
        Request(BEBOP, temperature=float("nan"))
