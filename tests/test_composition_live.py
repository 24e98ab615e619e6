"""Trading fours: what a call may be, what an answer is, and whether the note bank holds what a page plays from it."""

from dataclasses import replace

import numpy as np
import pytest

import audio
from models.composition.accompaniment import FEELS
from models.composition.blues_form import FORMS, TICKS_PER_BAR
from models.composition.context import STYLES
from models.composition.note_bank import DRUMS, SAMPLE_RATE, SOLOISTS, NoteBank, note_bank
from models.composition.score import Note
from models.composition.trading import LAP_CHORUSES, MOST_NOTES, TRADES, Band, Call, answer

PLAYED = ((0, 6, 72, 80), (0, 12, 60, 90), (8, 30, 75, 100), (30, 6, 79, 64))
CALL = {"form": "jazz", "key": "C", "style": "licks", "bars": 1, "first_bar": 5, "seed": 3, "notes": PLAYED}
LARGEST_BANK = 3e6  # bytes that every visitor loads


@pytest.fixture(scope="module")
def bank() -> NoteBank:
    return note_bank()


@pytest.mark.parametrize("bars", TRADES)
def test_an_answer_fills_no_more_than_its_bars_and_repeats(bars: int) -> None:
    call = Call.of({**CALL, "bars": bars})
    answers = [answer(replace(call, seed=seed)) for seed in range(4)]
    assert all(note.start + note.duration <= bars * TICKS_PER_BAR for notes in answers for note in notes)
    assert len(set(answers)) == len(answers)
    assert answer(call) == answers[call.seed]


def test_an_answer_moves_with_the_key_of_the_call() -> None:
    moved = tuple((start, duration, pitch + 3, velocity) for start, duration, pitch, velocity in PLAYED)
    in_c, in_eb = (answer(Call.of({**CALL, **changed})) for changed in ({}, {"key": "Eb", "notes": moved}))
    assert in_eb == tuple(replace(note, pitch=note.pitch + 3) for note in in_c)


def test_of_notes_struck_together_the_upper_line_is_answered() -> None:
    line = ((0, 6, 72, 80), (8, 22, 75, 100), (30, 6, 79, 64))
    assert answer(Call.of(CALL)) == answer(Call.of({**CALL, "notes": line}))


@pytest.mark.parametrize("notes", [(), ((0, 1, 0, 1), (47, 1, 127, 127))])
def test_silence_and_the_ends_of_the_keyboard_are_answered(notes: tuple[tuple[int, ...], ...]) -> None:
    for key in ("G", "F#"):
        assert answer(Call.of({**CALL, "key": key, "notes": notes}))


@pytest.mark.parametrize("style", STYLES)
def test_no_answer_of_a_single_bar_is_silent(style: str) -> None:
    question = ((0, 6, 60, 90), (12, 6, 63, 90), (20, 8, 65, 90))  # one that often has a bar of rests drawn
    call = Call.of({**CALL, "form": "quick-change", "style": style, "notes": question})
    assert all(answer(replace(call, seed=seed, first_bar=2 * (seed % 20) + 1)) for seed in range(40))


@pytest.mark.parametrize(
    "wrong",
    [
        *({"form": "waltz"}, {"form": []}, {"key": "H"}, {"key": 3}, {"style": "polka"}, {"style": {}}),
        *({"bars": 3}, {"bars": 1.0}, {"bars": True}, {"first_bar": -1}, {"first_bar": 10**9}, {"seed": "7"}),
        *({"notes": None}, {"notes": 5}, {"notes": "abcd"}, {"notes": ["abcd"]}, {"notes": [[0, 1, 60]]}),
        *({"notes": [[0, 0, 60, 90]]}, {"notes": [[48, 1, 60, 90]]}, {"notes": [[40, 9, 60, 90]]}),
        *({"notes": [[0, 1, 128, 90]]}, {"notes": [[0, 1, 60, 0]]}, {"notes": [[0.5, 1, 60, 90]]}),
        *({"notes": [[0, 1, 60, 90]] * (MOST_NOTES + 1)}, {"more": 1}),
    ],
)
def test_what_is_no_call_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Call.of({**CALL, **wrong})


@pytest.mark.parametrize("data", [None, [], "call", {}, {"form": "jazz"}])
def test_what_is_no_dictionary_of_a_call_or_a_band_is_refused(data: object) -> None:
    for kind in (Call, Band):
        with pytest.raises(ValueError, match="reload the page"):
            kind.of(data)


@pytest.mark.parametrize("wrong", [{"form": "waltz"}, {"key": "H"}, {"feel": "tango"}, {"seed": -1}, {"seed": None}])
def test_a_band_that_cannot_play_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"unknown|choose|out of range"):
        Band.of({"form": "jazz", "key": "C", "feel": "swing", "seed": 1, **wrong}).score()


@pytest.mark.parametrize("form", FORMS)
def test_the_band_plays_four_choruses_of_every_form(form: str) -> None:
    score = Band(form, "F", "swing", 1).score()
    bars = len(FORMS[form].bars)
    assert score.length == LAP_CHORUSES * bars * TICKS_PER_BAR
    assert {note.part for note in score.notes} == {"chords", "bass", "drums"}
    symbols = [chord.symbol for chord in score.chords]
    assert symbols == symbols[: len(symbols) // LAP_CHORUSES] * LAP_CHORUSES
    assert sum(chord.duration for chord in score.chords) == score.length


def test_the_bank_is_small_and_every_note_is_where_it_says(bank: NoteBank, tmp_path) -> None:
    audio.write(tmp_path / "bank.flac", bank.sound)
    assert (tmp_path / "bank.flac").stat().st_size < LARGEST_BANK
    samples = sorted((sample for found in bank.samples.values() for sample in found), key=lambda sample: sample.offset)
    ends = [0.0, *(sample.offset + sample.duration for sample in samples)]
    assert [sample.offset for sample in samples] == pytest.approx(ends[:-1])
    assert ends[-1] == pytest.approx(bank.sound.duration)


def test_every_note_begins_at_once_and_dies_away(bank: NoteBank) -> None:
    for found in bank.samples.values():
        for sample in found:
            note = np.abs(_samples(bank, sample.offset, sample.duration))
            onset_s = np.argmax(note > 0.01 * note.max()) / SAMPLE_RATE
            assert onset_s <= 0.0015
            assert note[-1] < 1e-3


@pytest.mark.parametrize("name", SOLOISTS)
def test_notes_of_the_bank_have_their_pitch(bank: NoteBank, name: str) -> None:
    for sample in bank.samples[name]:
        note = _samples(bank, sample.offset, 1.0)
        spectrum = np.abs(np.fft.rfft(note * np.hanning(len(note)), 1 << 18))
        hertz = np.fft.rfftfreq(1 << 18, 1 / SAMPLE_RATE)
        written = 440 * 2 ** ((sample.pitch - 69) / 12)
        near = np.abs(12 * np.log2(np.maximum(hertz, 1) / written)) < 6
        heard = hertz[near][np.argmax(spectrum[near])]
        assert abs(12 * np.log2(heard / written)) < 0.3


def test_the_bank_holds_every_drum_and_a_pitch_near_every_other_note(bank: NoteBank) -> None:
    notes: list[Note] = []
    for feel in FEELS:
        notes += Band("jazz", "F#", feel, 2).score().notes
    kit = {sample.pitch for sample in bank.samples[DRUMS]}
    assert {note.pitch for note in notes if note.part == "drums"} <= kit
    for part, name in (("chords", "Piano"), ("bass", "Double bass")):
        pitches = [sample.pitch for sample in bank.samples[name]]
        assert all(min(abs(note.pitch - pitch) for pitch in pitches) <= 4 for note in notes if note.part == part)


def _samples(bank: NoteBank, offset: float, seconds: float) -> np.ndarray:
    begin = round(offset * SAMPLE_RATE)
    return bank.sound.samples[0, begin : begin + round(seconds * SAMPLE_RATE)]
