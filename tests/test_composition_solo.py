"""Solos over a form: the call stays, the model answers, and bars can be played anew while others stay."""

from dataclasses import replace
from itertools import pairwise

import pytest

from models.composition.blues_form import FORMS, TICKS_PER_BAR, form_named, transposition
from models.composition.call import MOST_BARS, call_events, line, phrase, remarks
from models.composition.events import events_of
from models.composition.score import Note, Score
from models.composition.solo import Manner, lead_sheet, replayed, solo

BIRD = form_named("bird")


def bar_notes(score, bar):
    return [note for note in score.part("melody").notes if note.start // TICKS_PER_BAR == bar]


def tune(*notes):
    return tuple(Note(start, duration, pitch, 90, "melody") for start, duration, pitch in notes)


@pytest.mark.parametrize("form", FORMS)
def test_a_lead_sheet_holds_the_chart_and_nothing_else(form):
    chart = form_named(form)
    sheet = lead_sheet(chart, key="C", choruses=2, meter="12/8")
    assert (sheet.notes, sheet.meter, sheet.length) == ((), "12/8", 2 * len(chart.bars) * TICKS_PER_BAR)
    for chord in sheet.chords:
        assert chart.chord_at(chord.start) == chart.chord_at(chord.start + chord.duration - 1) == chord.symbol
    assert all(before.start + before.duration == after.start for before, after in pairwise(sheet.chords))


def test_a_solo_begins_with_its_call_in_any_key():
    call = tune((0, 8, 67), (8, 4, 70), (12, 30, 72), (60, 36, 63))
    for key in ("C", "Eb", "A"):
        moved = [replace(note, pitch=note.pitch + transposition(key)) for note in call]
        score = solo(lead_sheet(BIRD, key=key), BIRD, Manner(), 4, call_events(moved, key))
        assert bar_notes(score, 0) + bar_notes(score, 1) == moved
        assert len(score.part("melody").notes) > len(call)
        assert events_of(score)  # one voice, and it ends at the last bar line


def test_replayed_bars_change_and_all_others_stay():
    first = solo(lead_sheet(BIRD, key="F", choruses=2), BIRD, Manner(), 7)
    wanted = {2, 3, 10, 23}
    second = replayed(first, BIRD, wanted, Manner(), 8)
    assert second == replayed(first, BIRD, wanted, Manner(), 8)
    for bar in range(24):
        if bar in wanted:
            continue
        sounding = {
            n
            for n in first.part("melody").notes
            if n.start // TICKS_PER_BAR == bar and n.duration <= TICKS_PER_BAR - n.start % TICKS_PER_BAR
        }
        assert sounding <= set(second.notes)
    assert any(bar_notes(first, bar) != bar_notes(second, bar) for bar in wanted)
    assert replayed(first, BIRD, (), Manner(), 8) == first


def test_a_note_held_into_a_kept_bar_is_struck_there():
    held = Score(tune((0, 96, 67)), lead_sheet(BIRD).chords, 120, BIRD.ticks)
    score = replayed(held, BIRD, {0}, Manner(), 1)
    assert Note(TICKS_PER_BAR, TICKS_PER_BAR, 67, 90, "melody") in score.notes


def test_of_notes_together_the_highest_is_taken():
    chords = tune((0, 24, 60), (0, 24, 67), (12, 12, 64), (18, 12, 72), (36, 6, 60))
    assert line(chords) == tune((0, 18, 67), (18, 12, 72), (36, 6, 60))


def test_a_phrase_starts_at_its_bar_is_bounded_and_says_what_it_leaves_out():
    notes = tune((100, 10, 60), *((48 * bar + 20, 60, 62 + bar) for bar in range(3, 14)), (48 * 13 + 20, 12, 40))
    score = Score(notes, (), 120, 48 * 16)
    taken = phrase(score)
    assert taken[0] == Note(4, 10, 60, 90, "melody")
    assert max(note.start + note.duration for note in taken) == MOST_BARS * TICKS_PER_BAR
    assert remarks(score) == (
        "notes sound together; the 12 highest of 13 are taken",
        "the first 8 bars are taken; 4 later notes are left out",
    )
    assert remarks(Score(tune((0, 12, 60)), (), 120, 48)) == ()


def test_a_call_is_brought_into_the_models_register_whole_bars():
    events = call_events(tune((4, 8, 30), (20, 8, 100)), "C")
    assert [event.pitch for event in events if event.pitch] == [66, 76]
    assert sum(event.duration for event in events) == TICKS_PER_BAR
    assert call_events((), "C") == ()
