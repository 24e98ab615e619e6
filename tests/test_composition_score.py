"""Form, score, MIDI and the paper's encoding."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.composition.blues_form import (
    BEBOP,
    CHORD_PITCHES,
    MAJOR_PENTATONIC,
    MELODY_PITCHES,
    PAPER_FORMS,
    PITCH_CLASSES,
    STEPS_PER_BEAT,
    FormError,
    chord_classes,
    chord_symbol,
    pitch_class,
    transposed_symbol,
    transposition,
)
from models.composition.encoding import (
    CHORD_UNITS,
    UNITS,
    EncodingError,
    chord_roll,
    decode,
    encode,
    melody_roll,
)
from models.composition.primer import seed_notes
from models.composition.score import Chord, Note, Score, ScoreError, read_midi, write_midi
from training.composition import corpus
from training.composition.corpus import CORPORA

tempos = st.integers(40, 300)
melody_pitches = st.lists(st.integers(MELODY_PITCHES[0], MELODY_PITCHES[-1]), min_size=1, max_size=40)


def test_bebop_form_is_twelve_bars_of_eight_steps():
    assert BEBOP.steps == 12 * 8
    chart = BEBOP.chart()
    assert (chart[0], chart[8], chart[24], chart[28], chart[95]) == ("C", "F7", "Gm", "C", "G")
    assert chord_roll(BEBOP).sum(axis=1).min() == 3


@pytest.mark.parametrize(("symbol", "spelled"), [("C", {0, 4, 7}), ("F7", {5, 9, 0, 3}), ("Fdim", {5, 8, 11, 2})])
def test_chords_are_spelled_and_named_back(symbol, spelled):
    assert chord_classes(symbol) == spelled
    assert chord_symbol(frozenset(spelled)) == symbol


def test_unknown_spellings_are_shown_as_notes_and_move_with_the_key():
    assert chord_symbol(frozenset({0, 4, 8})) == "C-E-Ab"
    assert transposed_symbol("C-E-Ab", 2) == "D-F#-Bb"
    assert transposed_symbol("Fdim", -5) == "Cdim"


@given(st.sampled_from(PITCH_CLASSES))
def test_transposition_reaches_the_key_by_the_shorter_way(key):
    assert -5 <= transposition(key) <= 6
    assert transposition(key) % 12 == pitch_class(key)


@pytest.mark.parametrize("key", ["H", "", "c", "C##", "Cm"])
def test_unknown_keys_are_named(key):
    with pytest.raises(FormError, match="unknown key"):
        transposition(key)


def test_seconds_follow_from_tempo():
    score = decode(CORPORA["bebop"].rolls(corpus.codes()[:1])[0], tempo=120)
    assert score.seconds == 12 * 4 * 0.5
    assert score.part("melody").seconds == score.seconds


@pytest.mark.parametrize("tempo", [39.9, 300.1, math.nan, math.inf, -1])
def test_tempo_out_of_range_is_refused(tempo):
    with pytest.raises(ScoreError, match="tempo"):
        Score((), (), tempo, 48)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(PAPER_FORMS), st.integers(0, corpus.SONGS - 1), tempos)
def test_corpus_songs_survive_the_encoding(form, song, tempo):
    roll = CORPORA[form.name].rolls(corpus.codes()[[song]])[0]
    score = decode(roll, tempo, form)
    assert len(score.part("melody").notes) == 48
    assert [chord.symbol for chord in score.chords] == [s for s, _ in _runs(form.chart())]
    assert np.array_equal(encode(score), roll)
    assert decode(encode(score), tempo, form) == score


def _runs(chart):
    starts = [0, *(i for i, (one, next_one) in enumerate(pairwise(chart), 1) if one != next_one)]
    return [(chart[start], start) for start in starts]


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 24).flatmap(lambda steps: st.lists(st.integers(0, 2**12 - 1), min_size=steps, max_size=steps)),
    st.data(),
)
def test_any_one_voiced_roll_survives_the_score(chords, data):
    roll = np.zeros((len(chords), UNITS), np.float32)
    for step, bits in enumerate(chords):
        roll[step, :CHORD_UNITS] = [bits >> unit & 1 for unit in range(CHORD_UNITS)]
        voice = data.draw(st.integers(CHORD_UNITS, UNITS))
        if voice < UNITS:
            roll[step, voice] = 1
    assert np.array_equal(encode(decode(roll, 120)), roll)


@pytest.mark.parametrize(
    ("note", "fault"), [(Note(1, 6, 60, 90, "melody"), "grid"), (Note(0, 6, 73, 90, "melody"), "range")]
)
def test_scores_that_the_code_cannot_hold_are_refused(note, fault):
    with pytest.raises(EncodingError, match=fault):
        encode(Score((note,), (), 120, 48))


@settings(max_examples=40, deadline=None)
@given(pitches=melody_pitches, tempo=tempos, key=st.sampled_from(PITCH_CLASSES), gap=st.booleans())
def test_midi_round_trip(tmp_path_factory, pitches, tempo, key, gap):
    roll = np.zeros((len(pitches) * STEPS_PER_BEAT, UNITS), np.float32)
    roll[:, CHORD_UNITS:] = melody_roll(pitches)
    roll[:, :CHORD_UNITS] = np.resize(chord_roll(BEBOP), (len(roll), CHORD_UNITS))
    if gap:  # a stretch without a chord
        roll[1:2, :CHORD_UNITS] = 0
    score = decode(roll, tempo).transposed(transposition(key), key)
    path = tmp_path_factory.mktemp("midi") / "take.mid"
    write_midi(path, score)
    assert read_midi(path) == score


def test_foreign_midi_becomes_seed_notes(tmp_path):
    score = Score(
        (Note(3, 5, 80, 64, "melody"), Note(3, 5, 76, 64, "melody"), Note(30, 2, 20, 1, "melody")), (), 90, 48
    )
    write_midi(tmp_path / "phrase.mid", score)
    assert seed_notes(read_midi(tmp_path / "phrase.mid")) == (80, 20)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a midi file at all", b"MThd", b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\xff\xff\0", b"RIFF" + bytes(500)],
)
def test_midi_garbage_is_refused(tmp_path, content):
    path = tmp_path / "garbage.mid"
    path.write_bytes(content)
    with pytest.raises(ScoreError, match=r"garbage\.mid"):
        read_midi(path)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_midi_is_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("midi") / "damaged.mid"
    write_midi(path, decode(melody_and_chart([60, 64, 67, 72]), 120))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        assert read_midi(path).notes
    except ScoreError as error:
        assert "damaged.mid" in str(error)


def melody_and_chart(pitches):
    chords = np.resize(chord_roll(BEBOP), (len(pitches) * STEPS_PER_BEAT, CHORD_UNITS))
    return np.concatenate([chords, melody_roll(pitches)], axis=1)


def test_huge_midi_is_refused(tmp_path):
    (tmp_path / "huge.mid").write_bytes(bytes(1024 * 1024 + 1))
    with pytest.raises(ScoreError, match="bytes"):
        read_midi(tmp_path / "huge.mid")


def test_chord_without_a_place_is_refused():
    with pytest.raises(ScoreError, match="does not hold"):
        Score((), (Chord(0, 49, "C"),), 120, 48)


@pytest.mark.parametrize("form", CORPORA)
def test_every_segment_is_pentatonic_singable_and_has_an_alternative(form):
    segments = CORPORA[form].segments
    scales = [{(root + step) % 12 for step in MAJOR_PENTATONIC} for root in range(12)]
    for bar, pair in enumerate(segments):
        assert pair[0] != pair[1]
        for segment in pair:
            assert len(segment) == 4
            assert all(pitch in MELODY_PITCHES for pitch in segment)
            assert any({pitch % 12 for pitch in segment} <= scale for scale in scales)
            assert all(0 < abs(one - two) <= 5 for one, two in pairwise(segment))
            assert all(abs(segment[0] - before[-1]) <= 5 for before in segments[bar - 1])
    assert CHORD_PITCHES[-1] < MELODY_PITCHES[0]


@pytest.mark.parametrize("form", CORPORA)
def test_there_are_4096_distinct_songs(form):
    melodies = CORPORA[form].melodies(corpus.codes())
    assert melodies.shape == (4096, 48)
    assert len(np.unique(melodies, axis=0)) == 4096
