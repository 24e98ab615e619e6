"""The band plays what the chords say: bass, comping and drums by rule."""

from functools import cache
from itertools import groupby, pairwise, product

import numpy as np
import pytest

from models.composition.accompaniment import BAND, FEELS, accompany
from models.composition.blues_form import FORMS, TICKS_PER_BAR, TICKS_PER_BEAT, form_named
from models.composition.comping import HIGHEST as COMPING_HIGHEST
from models.composition.comping import LOWEST as COMPING_LOWEST
from models.composition.comping import WIDEST, shell, voicing
from models.composition.drums import CRASH, KICK, PEDAL_HAT, RIDE, SNARE
from models.composition.harmony import Harmony, harmonies, harmony_at
from models.composition.score import Chord, Note, Score, ScoreError
from models.composition.walking_bass import HIGHEST, LARGEST_LEAP, LOWEST

SEEDS = range(2)


def lead_sheet(form="bebop", choruses=2):
    """A score of chord symbols only."""
    chords = []
    for bar, symbols in enumerate(form_named(form).bars * choruses):
        share = TICKS_PER_BAR // len(symbols)
        chords += [Chord(bar * TICKS_PER_BAR + place * share, share, symbol) for place, symbol in enumerate(symbols)]
    return Score((), tuple(chords), 120, choruses * len(form_named(form).bars) * TICKS_PER_BAR)


@cache
def takes():
    """Every form in every feel: (feel, chart, score)."""
    sheets = [lead_sheet(form) for form in FORMS]
    return [
        (feel, harmonies(sheet), accompany(sheet, feel=feel, seed=seed))
        for sheet, feel, seed in product(sheets, FEELS, SEEDS)
    ]


def on_beats(score, part):
    return [note for note in score.part(part).notes if note.start % TICKS_PER_BEAT == 0]


def test_bass_walks_on_every_beat_in_its_register_without_large_leaps():
    for _, chart, score in takes():
        walk = on_beats(score, "bass")
        assert [note.start for note in walk] == list(range(0, score.length, TICKS_PER_BEAT))
        assert all(LOWEST <= note.pitch <= HIGHEST for note in walk)
        leaps = np.abs(np.diff([note.pitch for note in walk]))
        assert leaps.max() <= LARGEST_LEAP
        assert np.mean(leaps <= 5) > 0.9
        for note in walk:
            here = harmony_at(chart, note.start)
            if note.start == here.start:
                assert note.pitch % 12 == here.root
            elif note.start % (2 * TICKS_PER_BEAT) == 0:
                assert note.pitch % 12 in here.classes


def test_bass_leads_into_every_new_root():
    for _, chart, score in takes():
        for before, after in pairwise(chart):
            last = next(note for note in on_beats(score, "bass") if note.start == after.start - TICKS_PER_BEAT)
            if before.end - before.start > TICKS_PER_BEAT:
                assert (last.pitch - after.root) % 12 in (1, 2, 7, 10, 11)


def test_comping_plays_each_chord_by_its_own_tones_and_moves_little():
    for feel, chart, score in takes():
        strokes = [
            (start, sorted(note.pitch for note in notes))
            for start, notes in groupby(score.part("chords").notes, key=lambda note: note.start)
        ]
        heard = set()
        for start, pitches in strokes:
            anticipates = start % TICKS_PER_BEAT == FEELS[feel]
            reach = TICKS_PER_BEAT - FEELS[feel] if anticipates else 0
            harmony = harmony_at(chart, (start + reach) % score.length)
            heard.add(harmony)
            colours = {(harmony.root + 2) % 12} if 4 in harmony.tones else set()
            assert {pitch % 12 for pitch in pitches} <= harmony.classes | colours
            assert COMPING_LOWEST <= pitches[0] < pitches[-1] <= COMPING_HIGHEST
            assert len(pitches) == 3
            assert pitches[-1] - pitches[0] <= WIDEST
        assert heard == set(chart)
        moves = [np.abs(np.subtract(after, before)).max() for (_, before), (_, after) in pairwise(strokes)]
        assert np.mean(np.array(moves) <= 4) > 0.9


@pytest.mark.parametrize(
    ("tones", "shown"),
    [
        ((0, 4, 7, 10), (4, 10, 2)),  # dominant: third, seventh, ninth
        ((0, 4, 7), (4, 2, 7)),
        ((0, 3, 7, 10), (3, 10, 7)),
        ((0, 3, 6, 9), (3, 9, 6)),
        ((0, 3, 6, 10), (3, 10, 6)),
        ((0, 5, 7, 10), (5, 10, 7)),  # suspended: the fourth for the third
    ],
)
def test_a_shell_tells_chords_apart(tones, shown):
    assert shell(tones) == shown


def test_the_nearest_voicing_is_taken():
    g7, c7 = Harmony(0, 48, 7, (0, 4, 7, 10)), Harmony(0, 48, 0, (0, 4, 7, 10))
    assert voicing(g7, (53, 57, 59)) == (53, 57, 59)
    assert voicing(c7, (53, 57, 59)) == (52, 58, 62)


def test_drums_keep_time_and_mark_the_form():
    score = accompany(lead_sheet(), feel="swing", seed=1)
    bars = [[note for note in score.part("drums").notes if note.start // TICKS_PER_BAR == bar] for bar in range(24)]
    played = [{(note.start % TICKS_PER_BAR, note.pitch) for note in bar} for bar in bars]
    for bar in (1, 2, 4, 5, 6, 13):
        assert {tick for tick, drum in played[bar] if drum == RIDE} == {0, 12, 20, 24, 36, 44}
    for strokes in played:
        assert {(12, PEDAL_HAT), (36, PEDAL_HAT), (0, KICK)} <= strokes
    assert [bar for bar, strokes in enumerate(played) if (0, CRASH) in strokes] == [12]
    fills = [bar for bar, strokes in enumerate(played) if not {tick for tick, drum in strokes if drum == RIDE} >= {36}]
    assert fills == [3, 7, 11, 15, 19, 23]
    straight = accompany(lead_sheet(), feel="straight").part("drums").notes
    assert {note.start % 6 for note in straight} == {0}
    backbeat = {
        note.start % TICKS_PER_BAR for note in straight if note.pitch == SNARE and note.start < 3 * TICKS_PER_BAR
    }
    assert backbeat == {12, 36}


def test_notes_of_one_pitch_never_collide_and_stay_within_the_piece():
    for _, _, score in takes():
        for _, notes in groupby(
            sorted(score.notes, key=lambda n: (n.part, n.pitch, n.start)), lambda n: (n.part, n.pitch)
        ):
            assert all(before.start + before.duration <= after.start for before, after in pairwise(notes))


def test_the_seed_decides_and_the_players_are_independent():
    sheet = lead_sheet()
    assert accompany(sheet, seed=5) == accompany(sheet, seed=5)
    assert accompany(sheet, seed=5) != accompany(sheet, seed=6)
    whole = accompany(sheet, seed=5)
    for part in BAND:
        assert accompany(sheet, seed=5, parts=(part,)) == whole.part(part)


def test_what_the_score_has_stays_and_silence_stays_silent():
    tune, struck = Note(0, 12, 72, 90, "melody"), Note(0, 24, 50, 60, "chords")
    bare = Score((struck, tune), (Chord(0, 24, "C-E-G#"), Chord(48, 48, "F7")), 120, 96)
    score = accompany(bare, parts=("bass", "drums"))
    assert {tune, struck} <= set(score.notes)
    bass = on_beats(score, "bass")
    assert [note.start for note in bass] == [0, 12, 48, 60, 72, 84]
    assert (bass[0].pitch % 12, bass[2].pitch % 12) == (0, 5)
    assert struck not in accompany(bare).notes


@pytest.mark.parametrize(("options", "named"), [({"feel": "polka"}, "polka"), ({"parts": ("tuba",)}, "tuba")])
def test_unknown_feels_and_players_are_refused(options, named):
    with pytest.raises(ScoreError, match=named):
        accompany(lead_sheet(), **options)
