"""People's choruses: which are taken, and what becomes of their notes, chords, key and register."""

import gzip
from pathlib import Path

import pytest

from listening_test.prepare import human
from listening_test.prepare.human import HumanError
from models.composition.blues_form import TICKS_PER_STEP
from models.composition.generate import compose
from models.composition.score import Score, write_midi

BEAT_S = 0.4
CHORDS = ["Bb7", "Eb7/G", "Bb7", "Bb7", "Eb7913", "Eo7", "Bb7", "G7alt", "C-7", "Em7b5", "Bbj7", "F7"]
TRIADS = ["C", "F", "C", "C", "F", "F#dim", "C", "A", "Dm", "F#dim", "C", "G"]  # the same, two semitones up


def write_weimar(
    folder: Path, notes: list[tuple[int, int, int, int, float, int]], *, key: str = "Bb-maj", signature: str = "4/4"
) -> None:
    """Write the three tables: one solo of one chorus from bar 3 on, preceded by a pick-up without chords.

    Args:
        folder: is made.
        notes: (bar from 0, beat from 1, tatum from 1, division, duration in beats, pitch).
        key: as in the database.
        signature: likewise.
    """
    folder.mkdir(parents=True)
    solos = f"melid,performer,title,signature,avgtempo,key\n7,A. Player,Some Blues,{signature},{60 / BEAT_S},{key}\n"
    (folder / "cut_solos.csv").write_text(solos)
    beats = ["melid,chorus_id,bar,beat,onset,chord", *(f"7,0,2,{beat},0,NC" for beat in (3, 4))]
    beats += [f"7,1,{bar + 3},{beat},0,{CHORDS[bar]}" for bar in range(12) for beat in range(1, 5)]
    (folder / "cut_beats.csv.gz").write_bytes(gzip.compress("\n".join(beats).encode()))
    rows = ["melid,chorus_id,bar,beat,tatum,division,duration,pitch", "7,0,2,3,1,1,0.1,99"]
    rows += [
        f"7,1,{bar + 3},{beat},{tatum},{div},{beats * BEAT_S},{pitch}" for bar, beat, tatum, div, beats, pitch in notes
    ]
    (folder / "cut_notes.csv").write_text("\n".join(rows))


def quarters() -> list[tuple[int, int, int, int, float, int]]:
    """A quarter on every beat, up and down from Bb3."""
    return [(bar, beat, 1, 1, 1.0, 58 + beat + bar % 2) for bar in range(12) for beat in range(1, 5)]


def melody(score: Score) -> list[tuple[int, int, int]]:
    """(start in eighths, length in eighths, pitch) of the melody."""
    notes = score.part("melody").notes
    return [(note.start // TICKS_PER_STEP, note.duration // TICKS_PER_STEP, note.pitch) for note in notes]


def test_a_chorus_comes_to_c_into_the_register_at_one_velocity_over_triads(tmp_path: Path) -> None:
    write_weimar(tmp_path / "cut", quarters())
    (chorus,) = human.choruses(tmp_path / "cut")
    assert chorus.source == "A. Player, Some Blues, chorus 1" and chorus.licence.startswith("ODbL")
    score = chorus.score
    # Bb3 to C4 is two semitones up; the median then lies at 63, within the networks' octave.
    expected = [(2 * place, 2, pitch + 2) for place, (*_, pitch) in enumerate(quarters())]
    assert melody(score) == expected
    assert {note.velocity for note in score.part("melody").notes} == {100}
    assert score.key == "C" and score.length == compose("lstm", seed=1).length
    on_bars = {chord.start // (8 * TICKS_PER_STEP): chord.symbol for chord in score.chords}
    assert [on_bars[max(start for start in on_bars if start <= bar)] for bar in range(12)] == TRIADS
    register = {note.pitch for note in score.part("chords").notes}
    assert register <= set(range(48, 60)), "the chords are not in the octave of the networks"


@pytest.mark.parametrize(
    ("tatum", "division", "eighth"), [(1, 1, 0), (2, 2, 1), (2, 3, 1), (3, 3, 1), (2, 4, 1), (3, 4, 1), (4, 4, 2)]
)
def test_a_note_goes_to_the_nearest_eighth(tmp_path: Path, tatum: int, division: int, eighth: int) -> None:
    """A triplet's third note, the swung eighth, is an eighth; the last sixteenth belongs to the next beat."""
    notes = [note for note in quarters() if note[:2] not in {(0, 1), (0, 2)}]
    write_weimar(tmp_path / "cut", [(0, 1, tatum, division, 0.4, 60), *notes])
    (chorus,) = human.choruses(tmp_path / "cut")
    assert melody(chorus.score)[0][:2] == (eighth, 1)


def test_a_note_ends_where_the_next_begins_and_the_first_of_two_on_an_eighth_stays(tmp_path: Path) -> None:
    crowded = [(0, 1, 1, 4, 3.0, 60), (0, 1, 2, 8, 0.1, 70), *quarters()[1:]]
    write_weimar(tmp_path / "cut", crowded)
    (chorus,) = human.choruses(tmp_path / "cut")
    assert melody(chorus.score)[:2] == [(0, 2, 62), (2, 2, 62)]


def test_low_choruses_are_raised_by_octaves(tmp_path: Path) -> None:
    write_weimar(tmp_path / "cut", [(*note[:5], note[5] - 24) for note in quarters()])
    (chorus,) = human.choruses(tmp_path / "cut")
    assert melody(chorus.score)[0][2] == 61


@pytest.mark.parametrize("why", ["minor", "waltz", "sparse", "too fast for the grid"])
def test_a_chorus_that_cannot_be_matched_is_not_taken(tmp_path: Path, why: str) -> None:
    notes = quarters()
    if why == "sparse":
        notes = notes[::3]
    elif why == "too fast for the grid":
        notes += [(*note[:2], 2, 8, 0.1, 70) for note in quarters()[:10]]
    key, signature = ("Bb-min" if why == "minor" else "Bb-maj"), ("3/4" if why == "waltz" else "4/4")
    write_weimar(tmp_path / "cut", notes, key=key, signature=signature)
    with pytest.raises(HumanError, match="cut holds no chorus of twelve bars"):
        human.choruses(tmp_path / "cut")


def test_midi_files_of_one_chorus_come_back_as_they_were(tmp_path: Path) -> None:
    piece = compose("corpus", seed=3, key="Eb")
    write_midi(tmp_path / "mine.mid", piece)
    write_midi(tmp_path / "two.mid", compose("corpus", seed=3, choruses=2))
    with pytest.raises(HumanError, match="states no licence"):
        human.choruses(tmp_path)
    (tmp_path / human.LICENCE_FILE).write_text("CC0-1.0, me\nand more\n")
    (chorus,) = human.choruses(tmp_path)
    assert chorus.licence == "CC0-1.0, me" and chorus.source == "mine.mid"
    assert melody(chorus.score) == melody(piece.transposed(-3, "C"))
    assert [note for note in chorus.score.notes if note.part == "chords"] == [
        note for note in compose("corpus", seed=3).notes if note.part == "chords"
    ]


def test_choruses_come_in_an_order_of_their_own(tmp_path: Path) -> None:
    (tmp_path / human.LICENCE_FILE).write_text("CC0-1.0")
    for seed in range(6):
        write_midi(tmp_path / f"{seed}.mid", compose("corpus", seed=seed))
    order = [chorus.source for chorus in human.choruses(tmp_path)]
    for seed in range(6):
        (tmp_path / f"{seed}.mid").rename(tmp_path / f"other-{9 - seed}.mid")
    renamed = [chorus.source for chorus in human.choruses(tmp_path)]
    assert renamed == [f"other-{9 - int(name[0])}.mid" for name in order]


@pytest.mark.parametrize("content", ["nothing", "other columns", "no beats", "cut off", "no numbers"])
def test_a_folder_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    folder = tmp_path / "cut"
    if content == "nothing":
        folder.mkdir()
    else:
        write_weimar(folder, quarters())
        notes, beats = folder / "cut_notes.csv", folder / "cut_beats.csv.gz"
        if content == "other columns":
            notes.write_text("a,b\n1,2\n")
        elif content == "no beats":
            beats.unlink()
        elif content == "cut off":
            beats.write_bytes(beats.read_bytes()[:-20])
        else:
            notes.write_text(notes.read_text().replace(",1,1,", ",1,0,"))
    with pytest.raises(HumanError, match=r"holds no chorus|has no|lacks|cannot be read"):
        human.choruses(folder)
