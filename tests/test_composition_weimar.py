"""Human solos as pieces: tables in the database's layout, written here, with each of its traps."""

import gzip

import pytest

from models.composition.blues_form import chord_classes
from models.composition.events import notes_of
from training.composition import weimar

NOTES = "melid,chorus_id,bar,beat,tatum,division,beats_per_bar,onset,duration,pitch,chord,phrase_id,phrase_begin\n"
BEATS = "melid,chorus_id,bar,beat,onset,chord,bass,form\n"
SOLOS = "melid,performer,title,instrument,style,rhythmfeel,avgtempo,key,tonality_type,signature,chorus_count\n"


def folder(tmp_path, notes, chords=("Bb7", "Eb7"), key="Bb-maj", signature="4/4"):
    """One solo of as many bars as chords at 120 beats per minute; notes are (bar, beat, tatum, division, s, pitch)."""
    rows = [
        f"7,1,{bar},{beat},{tatum},{division},4,0,{'' if seconds is None else seconds},{pitch},x,1,0\n"
        for bar, beat, tatum, division, seconds, pitch in notes
    ]
    beats = [
        f"7,1,{bar},{beat},{(bar * 4 + beat) * 0.5},{chord},30,A1\n"
        for bar, chord in enumerate(chords, start=1)
        for beat in range(1, 5)
    ]
    for name, text in (("notes", NOTES + "".join(rows)), ("beats", BEATS + "".join(beats))):
        (tmp_path / f"wjd_blues_{name}.csv.gz").write_bytes(gzip.compress(text.encode()))
    solo = f"7,Ada,Blues,ts,BEBOP,SWING,120,{key},BLUES,{signature},1\n"
    (tmp_path / "wjd_blues_solos.csv").write_text(SOLOS + solo)
    return tmp_path


def line(solo):
    return [(note.start, note.duration, note.pitch % 12) for note in notes_of(solo.piece.events)]


def test_a_solo_is_transposed_to_c_and_put_on_the_grid(tmp_path):
    notes = [(1, 1, 1, 1, 0.5, 70), (1, 2, 2, 3, 0.33, 74), (1, 3, 1, 1, 0.5, 77), (2, 1, 3, 5, 0.1, 70)]
    (solo,) = weimar.solos(folder(tmp_path, notes))
    assert line(solo) == [(0, 16, 0), (16, 8, 4), (24, 12, 7), (53, 3, 0)]  # 16: the second third of a beat
    assert [solo.piece.form.chord_at(tick) for tick in (0, 48)] == ["C7", "F7"]
    assert solo.piece.places == ((0, 12), (1, 12))
    assert max(solo.rounding) == pytest.approx(0.2)  # 2/5 of a beat are 4.8 ticks
    assert solo.left_out == 0


def test_short_silences_belong_to_the_note_and_long_ones_are_rests(tmp_path):
    (solo,) = weimar.solos(folder(tmp_path, [(1, 1, 1, 1, 0.35, 70), (1, 2, 1, 1, 0.1, 72), (1, 4, 1, 1, 0.5, 74)]))
    assert line(solo)[:2] == [(0, 12, 0), (12, 4, 2)]  # 0.35 s are 8.4 of 12 ticks; 0.1 s are 2.4 of 24


def test_overlaps_are_clipped_and_what_has_no_place_is_left_out(tmp_path):
    notes = [
        (0, 4, 1, 1, 0.5, 60),  # a pick-up before the first bar
        (1, 1, 1, 1, 3.0, 70),  # overlaps the next
        (1, 2, 1, 1, 0.5, 72),
        (1, 2, 1, 1, 0.5, 74),  # on the tick of the one before
        (2, 1, 1, 1, None, 75),  # the last note of a solo has no duration
    ]
    (solo,) = weimar.solos(folder(tmp_path, notes))
    assert line(solo) == [(0, 12, 0), (12, 12, 4)]
    assert solo.left_out == 3


def test_silence_of_the_band_keeps_the_chord(tmp_path):
    (solo,) = weimar.solos(folder(tmp_path, [(1, 1, 1, 1, 0.5, 70)], chords=("NC", "Bb7", "NC")))
    assert {solo.piece.form.chord_at(tick) for tick in (0, 48, 96)} == {"C7"}


def test_other_meters_are_left_out_and_missing_tables_named(tmp_path):
    assert weimar.solos(folder(tmp_path, [(1, 1, 1, 1, 0.5, 70)], signature="3/4")) == ()
    with pytest.raises(weimar.WeimarError, match="three tables"):
        weimar.solos(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "ours"),
    [("Bb-7", "Bbm7"), ("Ebj7911#", "Ebmaj7#11"), ("F7/C", "F7"), ("Bo", "Bdim"), ("Fsus7913", "F9sus")],
)
def test_chords_are_read_as_ours(text, ours):
    assert weimar.symbol(text) == ours
    assert chord_classes(ours)


@pytest.mark.parametrize("text", ["H7", "Bb77", "C-7b5#", ""])
def test_an_unknown_chord_is_named(tmp_path, text):
    with pytest.raises(weimar.WeimarError, match="unknown chord"):
        weimar.symbol(text)


def test_the_split_keeps_performers_and_tunes_apart(tmp_path):
    (solo,) = weimar.solos(folder(tmp_path, [(1, 1, 1, 1, 0.5, 70)]))
    held = weimar.HELD_OUT_PERFORMERS[0]
    others = [
        weimar.Solo(solo.piece, performer, title, (), 0)
        for performer, title in ((held, "Tune"), ("Ada", "Tune"), ("Ada", "Another"), (held, "Blues"))
    ]
    seen, unseen = weimar.split(others)
    assert [(each.performer, each.title) for each in seen] == [("Ada", "Another")]
    assert {each.performer for each in unseen} == {held}
