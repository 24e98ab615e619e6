"""The lick grammar: what its choruses promise, and that reserved licks stay out of training."""

import numpy as np
import pytest

from models.composition.blues_form import FORMS, TICKS_PER_BAR, chord_classes, form_named
from models.composition.events import notes_of
from training.composition import licks
from training.composition.lick_pitches import HIGHEST, LOWEST, adapted, inverted

PIECES = [licks.piece(seed) for seed in range(40)]


def test_the_same_seed_gives_the_same_piece_and_another_seed_another():
    assert licks.piece(3) == PIECES[3]
    assert len({piece.events for piece in PIECES}) == len(PIECES)
    assert {piece.form.name for piece in PIECES} == set(FORMS)


def test_a_piece_is_two_choruses_of_call_and_answer_in_the_register():
    for piece in PIECES:
        bars = 2 * len(piece.form.bars)
        assert sum(event.duration for event in piece.events) == bars * TICKS_PER_BAR
        assert [number for number, _ in piece.places] == [bar % len(piece.form.bars) for bar in range(bars)]
        span = piece.roles.index(2)
        assert piece.roles == tuple(1 + bar // span % 2 for bar in range(bars))
        assert all(LOWEST <= note.pitch <= HIGHEST for note in notes_of(piece.events))


def test_long_notes_are_chord_tones_and_blue_notes_come_between():
    notes = [(piece.form, note) for piece in PIECES for note in notes_of(piece.events)]
    fits = [(note.duration, note.pitch % 12 in chord_classes(form.chord_at(note.start))) for form, note in notes]
    assert np.mean([fit for duration, fit in fits if duration >= 12]) > 0.99
    assert 0.3 < np.mean([fit for duration, fit in fits if duration < 12]) < 0.8


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("span", [1, 2, 4])
def test_calls_with_reserved_licks_are_in_all_held_out_pieces_and_in_no_other(held_out, span):
    for form in FORMS.values():
        for seed in range(6):
            phrases = licks.choruses(form, span, np.random.default_rng(seed), held_out)
            assert any(licks.is_reserved(phrase.rhythm) for phrase in phrases[::2]) == held_out
            assert all(sum(map(abs, phrase.rhythm)) == span * TICKS_PER_BAR for phrase in phrases)
            assert all(sum(ticks > 0 for ticks in phrase.rhythm) == len(phrase.pitches) for phrase in phrases)


def test_about_one_lick_in_sixteen_is_reserved():
    generator = np.random.default_rng(0)
    drawn = [tuple(generator.integers(1, 13, 6).tolist()) for _ in range(4000)]
    assert abs(np.mean([licks.is_reserved(rhythm) for rhythm in drawn]) - licks.RESERVED_SHARE) < 0.015


def test_a_repeated_call_keeps_its_shape_and_meets_the_new_chord():
    onsets = [(0, 8), (8, 4), (12, 24)]
    assert adapted((64, 65, 67), onsets, form_named("basic"), 0) == (64, 65, 67)  # over C: ends on its fifth
    over_f = adapted(
        (64, 65, 67), [(start + 4 * TICKS_PER_BAR, ticks) for start, ticks in onsets], form_named("basic"), 0
    )
    assert over_f == (62, 63, 65) or over_f == (66, 67, 69)
    assert inverted((64, 65, 67)) == (64, 63, 61)


def test_the_last_part_of_a_swung_beat_is_louder_than_what_stands_before_it():
    assert licks.accented(90, 8, 4) > licks.accented(90, 0, 8) > licks.accented(90, 4, 4)
    assert licks.accented(126, 8, 24) == 127
