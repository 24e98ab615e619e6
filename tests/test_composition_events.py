"""Forms, events and scores with real rhythm: round trips through events and through MIDI."""

from dataclasses import replace
from itertools import accumulate

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.composition.blues_form import (
    FORMS,
    PITCH_CLASSES,
    TICKS_PER_BAR,
    FormError,
    chord_classes,
    chord_parts,
    transposition,
)
from models.composition.events import DURATIONS, Event, EventError, events_of, notes_of
from models.composition.score import METERS, PARTS, Chord, Note, Score, ScoreError, read_midi, write_midi

# Gaps and durations of one voice in ticks: swing, triplets, sixteenths, notes over bar lines.
spans = st.lists(st.tuples(st.integers(0, 30), st.one_of(st.sampled_from(DURATIONS), st.integers(1, 200))), max_size=12)


@st.composite
def lines(draw, part="melody"):
    """A line of one voice; it begins anywhere and each note ends before the next."""
    notes, now = [], 0
    for gap, duration in draw(spans):
        pitch, velocity = draw(st.integers(0, 127)), draw(st.integers(1, 127))
        notes.append(Note(now + gap, duration, pitch, velocity, part))
        now += gap + duration
    return tuple(notes)


def whole_bars(notes, **more):
    end = max((note.start + note.duration for note in notes), default=1)
    return Score(tuple(sorted(notes)), (), 120, -(-end // TICKS_PER_BAR) * TICKS_PER_BAR, **more)


@settings(max_examples=200, deadline=None)
@given(lines())
def test_events_are_gapless_keep_to_the_bars_and_give_the_melody_back(notes):
    score = whole_bars(notes)
    events = events_of(score)
    assert notes_of(events) == notes
    ends = list(accumulate(event.duration for event in events))
    assert ends[-1] == score.length
    for event, end in zip(events, ends, strict=True):
        assert (end - event.duration) // TICKS_PER_BAR == (end - 1) // TICKS_PER_BAR  # no bar line within
    assert events_of(replace(score, notes=notes_of(events))) == events
    assert notes_of(events, 96) == tuple(replace(note, start=note.start + 96) for note in notes)


def test_a_syncopated_note_over_the_bar_line_is_two_tied_events():
    score = whole_bars((Note(44, 10, 60, 90, "melody"),))
    silence = [event for event in events_of(score) if event.pitch is None]
    assert [event for event in events_of(score) if event.pitch] == [
        Event(4, 60, 90),
        Event(6, 60, 90, tied=True),
    ]
    assert sum(event.duration for event in silence) == 96 - 10


@pytest.mark.parametrize(
    "wrong",
    [(7, 60, 90), (49, None, 0), (12, 128, 90), (12, 60, 0), (12, None, 90), (12, None, 0, True)],
)
def test_impossible_events_are_refused(wrong):
    with pytest.raises(EventError):
        Event(*wrong)


@pytest.mark.parametrize(
    "before", [(), (Event(12, None, 0),), (Event(12, 61, 90),), (Event(12, 60, 90), Event(12, None, 0))]
)
def test_a_tie_to_anything_but_the_note_before_is_refused(before):
    with pytest.raises(EventError, match="tied"):
        notes_of((*before, Event(12, 60, 90, tied=True)))


def test_chords_are_no_line_and_open_bars_no_events():
    with pytest.raises(EventError, match="overlap at tick 6"):
        events_of(whole_bars((Note(0, 12, 60, 90, "melody"), Note(6, 12, 64, 90, "melody"))))
    with pytest.raises(EventError, match="last bar"):
        events_of(Score((), (), 120, 50))


@settings(max_examples=120, deadline=None)
@given(
    voices=st.tuples(*(lines(part) for part in PARTS)).filter(lambda voices: any(voices[:3])),
    tempo=st.integers(40, 300),
    key=st.sampled_from(PITCH_CLASSES),
    meter=st.sampled_from(list(METERS)),
)
def test_four_parts_survive_midi_at_any_tempo_in_both_meters(tmp_path_factory, voices, tempo, key, meter):
    score = whole_bars([note for voice in voices for note in voice], key=key, meter=meter)
    score = replace(score, tempo=tempo, chords=(Chord(0, TICKS_PER_BAR, "Fm7b5"),))
    path = tmp_path_factory.mktemp("midi") / "take.mid"
    write_midi(path, score)
    assert read_midi(path) == score
    channels = {
        message.channel for track in mido.MidiFile(path).tracks if track.name == "drums" for message in track[1:-1]
    }
    assert channels <= {9}  # the tenth, counted from 0


def test_drums_alone_are_no_melody(tmp_path):
    write_midi(tmp_path / "drums.mid", whole_bars((Note(0, 12, 36, 90, "drums"),)))
    with pytest.raises(ScoreError, match="no notes"):
        read_midi(tmp_path / "drums.mid")


def test_an_unknown_meter_is_refused():
    with pytest.raises(ScoreError, match="3/4"):
        Score((), (), 120, 48, meter="3/4")


@pytest.mark.parametrize("key", PITCH_CLASSES)
def test_the_key_moves_all_parts_but_the_drums(key):
    notes = tuple(Note(0, 12, 60, 90, part) for part in sorted(PARTS))
    moved = Score(notes, (), 120, 48).transposed(transposition(key), key)
    assert {note.part: note.pitch - 60 for note in moved.notes} == {
        part: 0 if part == "drums" else transposition(key) for part in PARTS
    }


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_has_the_bars_of_its_name_and_goes_round(form):
    assert len(form.bars) == {"eight-bar": 8, "sixteen-bar": 16}.get(form.name, 12)
    assert form.ticks == len(form.bars) * TICKS_PER_BAR
    for step, symbol in enumerate(form.chart()):
        assert chord_parts(symbol)[0] in chord_classes(symbol)
        assert form.chord_at(step * 6) == form.chord_at(step * 6 + 5 + form.ticks) == symbol
    assert chord_parts(form.bars[0][0])[0] == 0  # all begin on the tonic


def test_unknown_qualities_are_named():
    with pytest.raises(FormError, match="'Cxyz'"):
        chord_classes("Cxyz")
