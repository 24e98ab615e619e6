"""Files for other programs: MusicXML read back by a reader of our own, MIDI by mido and pretty_midi."""

from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import mido
import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.composition.__main__ import main
from models.composition.blues_form import PITCH_CLASSES, TICKS_PER_BAR, pitch_class, transposed_symbol
from models.composition.generate import compose
from models.composition.musicxml import write_musicxml
from models.composition.score import METERS, PARTS, Chord, Note, Score, write_midi

# Quarters per note type, as the format defines them.
TYPES = {"whole": 4, "half": 2, "quarter": 1, "eighth": 0.5, "16th": 0.25, "32nd": 0.125}
SHARPS = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F#": 6, "Db": -5, "Ab": -4, "Eb": -3, "Bb": -2, "F": -1}


def written(folder, score: Score) -> Element:
    write_musicxml(folder / "take.musicxml", score)
    return ElementTree.parse(folder / "take.musicxml").getroot()


def midi_pitch(note: Element) -> int:
    if (drum := note.find("instrument")) is not None:
        return int(drum.get("id").removeprefix("drum-"))
    steps = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
    octave = int(note.findtext("pitch/octave"))
    return 12 * (octave + 1) + steps[note.findtext("pitch/step")] + int(note.findtext("pitch/alter", "0"))


def placed(part: Element) -> Iterator[tuple[int, Element]]:
    """Every note of a part with its start in divisions; the members of a chord start with the first."""
    now = start = 0
    for note in part.iter("note"):
        if note.find("chord") is None:
            start, now = now, now + int(note.findtext("duration"))
        yield start, note


def notes_of(part: Element) -> list[tuple[int, int, int]]:
    """Start, duration and pitch of what sounds, tied notes joined."""
    found, open_ties = [], {}
    for start, note in placed(part):
        if note.find("rest") is not None:
            continue
        pitch, duration = midi_pitch(note), int(note.findtext("duration"))
        ties = {tie.get("type") for tie in note.findall("tie")}
        assert ties == {tied.get("type") for tied in note.iterfind("notations/tied")}
        if "stop" in ties:
            start, before = open_ties.pop(pitch)
            duration += before
        if "start" in ties:
            open_ties[pitch] = (start, duration)
        else:
            found.append((start, duration, pitch))
    assert not open_ties
    return sorted(found)


def expected(score: Score, part: str) -> list[tuple[int, int, int]]:
    return sorted((note.start, note.duration, note.pitch) for note in score.part(part).notes)


def assert_bars_are_full(root: Element, bars: int, quarters: int = 4) -> None:
    """Durations sum to the bar, as counted and as drawn."""
    for part in root.iter("part"):
        measures = part.findall("measure")
        assert [measure.get("number") for measure in measures] == [str(bar) for bar in range(1, bars + 1)]
        for measure in measures:
            notes = [note for note in measure.iter("note") if note.find("chord") is None]
            assert sum(int(note.findtext("duration")) for note in notes) == TICKS_PER_BAR
            assert sum(drawn(note) for note in notes) == pytest.approx(quarters)


def drawn(note: Element) -> float:
    """Quarters that a note lasts by its type, dots and tuplet."""
    dots = 2 - 0.5 ** len(note.findall("dot"))
    actual, normal = note.findtext("time-modification/actual-notes"), note.findtext("time-modification/normal-notes")
    return TYPES[note.findtext("type")] * dots * (int(normal) / int(actual) if actual else 1)


@pytest.mark.parametrize("key", PITCH_CLASSES)
def test_a_blues_in_any_key_is_written_note_for_note(tmp_path, key):
    score = compose(key=key, tempo=132, choruses=2, seed=7)
    root = written(tmp_path, score)
    assert (root.tag, root.get("version")) == ("score-partwise", "4.0")
    assert root.findtext("work/work-title") == f"Blues in {key}"
    assert_bars_are_full(root, 24)
    for name, part in zip(score.parts, root.iter("part"), strict=True):
        assert notes_of(part) == expected(score, name)
        assert int(part.findtext("measure/attributes/divisions")) == 12
        assert int(part.findtext("measure/attributes/key/fifths")) == SHARPS[key]
        assert [part.findtext(f"measure/attributes/time/{tag}") for tag in ("beats", "beat-type")] == ["4", "4"]
    assert root.findtext("part/measure/direction/direction-type/metronome/per-minute") == "132"
    assert root.find("part/measure/direction/sound").get("tempo") == "132"


def chord_symbols(part: Element) -> list[tuple[int, int, str]]:
    """Start in divisions, pitch class of the root and kind of every chord symbol."""
    found, now = [], 0
    for element in part.iter():
        if element.tag == "note" and element.find("chord") is None:
            now += int(element.findtext("duration"))
        if element.tag == "harmony":
            root = element.findtext("root/root-step") + {"1": "#", "-1": "b"}.get(
                element.findtext("root/root-alter"), ""
            )
            kind = element.find("kind")
            found.append((now + int(element.findtext("offset", "0")), pitch_class(root), kind.text, kind.get("text")))
    return found


def test_chord_symbols_stand_where_the_chords_change(tmp_path):
    score = compose(key="E", seed=1)
    kinds = {"": "major", "7": "dominant", "m": "minor", "dim": "diminished-seventh"}
    melody, chords = written(tmp_path, score).iter("part")
    wanted = []
    for chord in score.chords:
        quality = chord.symbol.lstrip("ABCDEFG").lstrip("#b")
        root = pitch_class(chord.symbol.removesuffix(quality))
        wanted.append((chord.start, root, kinds[quality], quality))
    assert chord_symbols(melody) == wanted
    assert chord_symbols(chords) == []
    assert chords.findtext("measure/attributes/clef/sign") == "F"


def test_silence_foreign_chords_and_changes_within_a_note_are_shown(tmp_path):
    chords = (Chord(0, 18, "C-E-Ab"), Chord(30, 18, "Bbm"))
    score = Score((Note(0, 48, 60, 90, "melody"),), chords, 90.5, 60, "Bb")
    root = written(tmp_path, score)
    melody, accompaniment = root.iter("part")
    assert chord_symbols(melody) == [
        (0, 0, "other", "-E-Ab"),
        (18, 0, "none", "N.C."),
        (30, 10, "minor", "m"),
        (48, 0, "none", "N.C."),
    ]
    assert_bars_are_full(root, 2)  # the second bar is filled up
    assert notes_of(accompaniment) == []
    assert root.findtext("part/measure/direction/direction-type/metronome/per-minute") == "90.5"


def test_keys_are_spelled_as_musicians_write_them(tmp_path):
    notes = tuple(Note(12 * place, 12, pitch, 90, "melody") for place, pitch in enumerate((64, 68, 71, 67)))
    melody, _ = written(tmp_path, Score(notes, (Chord(0, 48, "Db7"),), 120, 48, "E")).iter("part")
    spelled = [
        note.findtext("pitch/step") + "#" * int(note.findtext("pitch/alter", "0")) for note in melody.iter("note")
    ]
    assert spelled == ["E", "G#", "B", "G"]
    assert melody.findtext("measure/harmony/root/root-step") == "C"  # C sharp, not D flat
    assert transposed_symbol("A7", 4) == "Db7"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 120), st.integers(1, 100), st.integers(0, 127), st.sampled_from(PARTS)),
        max_size=12,
        unique_by=lambda note: note[2],
    ),
    st.sampled_from(PITCH_CLASSES),
    st.sampled_from(list(METERS)),
)
def test_any_notes_survive_ties_and_overlaps_in_both_meters(tmp_path_factory, notes, key, meter):
    sounding = tuple(sorted(Note(start, duration, pitch, 90, part) for start, duration, pitch, part in notes))
    score = Score(sounding, (), 120, 240, key, meter)
    root = written(tmp_path_factory.mktemp("paper"), score)
    assert_bars_are_full(root, 5, quarters=round(4 * METERS[meter]))
    for name, part in zip(score.parts, root.iter("part"), strict=True):
        assert notes_of(part) == expected(score, name)


def test_a_slow_blues_in_twelve_eight_has_dotted_beats_and_no_triplets(tmp_path):
    swung = (Note(0, 8, 60, 90, "melody"), Note(8, 4, 62, 90, "melody"), Note(12, 24, 64, 90, "melody"))
    root = written(tmp_path, Score(swung, (), 60, 48, meter="12/8"))
    values = [(note.findtext("type"), len(note.findall("dot"))) for note in root.find("part").iter("note")]
    assert values == [("quarter", 0), ("eighth", 0), ("half", 1), ("quarter", 1)]
    assert root.find("part//time-modification") is None
    assert [root.findtext(f"part/measure/attributes/time/{tag}") for tag in ("beats", "beat-type")] == ["12", "8"]
    assert root.find("part/measure/direction/direction-type/metronome/beat-unit-dot") is not None
    assert root.find("part/measure/direction/sound").get("tempo") == "90"


def test_swing_in_four_is_tied_at_the_beat_and_written_as_triplets(tmp_path):
    swung = (Note(0, 8, 60, 90, "melody"), Note(8, 16, 62, 90, "melody"), Note(24, 20, 64, 90, "melody"))
    part = written(tmp_path, Score(swung, (), 120, 48)).find("part")
    assert [int(note.findtext("duration")) for note in part.iter("note")] == [8, 4, 12, 12, 8, 4]
    triplets = [note.find("time-modification") is not None for note in part.iter("note")]
    assert triplets == [True, True, False, False, True, True]


def test_drums_are_unpitched_instruments_on_channel_ten(tmp_path):
    hits = (Note(0, 12, 36, 90, "drums"), Note(0, 4, 51, 90, "drums"))
    root = written(tmp_path, Score(hits, (), 120, 48))
    sounds = [(each.findtext("midi-channel"), each.findtext("midi-unpitched")) for each in root.iter("midi-instrument")]
    assert sounds[-2:] == [("10", "37"), ("10", "52")]  # counted from 1
    assert {each.get("id") for each in root.iter("score-instrument")} >= {"drum-36", "drum-51"}
    assert root.findall("part")[-1].find("measure/note/unpitched/display-step") is not None


def test_midi_opens_elsewhere_with_the_same_notes(tmp_path):
    score = compose(key="Ab", tempo=97, choruses=2, seed=3)
    write_midi(tmp_path / "take.mid", score)
    wanted = {part: expected(score, part) for part in score.parts}

    pretty = pretty_midi.PrettyMIDI(str(tmp_path / "take.mid"))
    ticks = 12 / (60 / 97)
    for track in pretty.instruments:
        heard = [(note.start * ticks, (note.end - note.start) * ticks, note.pitch) for note in track.notes]
        np.testing.assert_allclose(sorted(heard), wanted[track.name], atol=0.01)  # tempo: whole microseconds

    file = mido.MidiFile(tmp_path / "take.mid")
    named = {track.name: track for track in file.tracks}
    assert {name: mido_notes(named[name], file.ticks_per_beat) for name in score.parts} == wanted


def mido_notes(track: mido.MidiTrack, ticks_per_beat: int) -> list[tuple[int, int, int]]:
    """Start, duration and pitch in twelfths of a beat."""
    now, sounding, found = 0, {}, []
    for message in track:
        now += message.time
        if message.type == "note_on" and message.velocity:
            sounding[message.note] = now
        elif message.type in ("note_on", "note_off"):
            start = sounding.pop(message.note)
            found.append((start * 12 // ticks_per_beat, (now - start) * 12 // ticks_per_beat, message.note))
    return sorted(found)


def test_command_writes_sheet_music(tmp_path):
    assert main(["--key", "G", "--seed", "7", "--out", str(tmp_path / "take.musicxml")]) == 0
    root = ElementTree.parse(tmp_path / "take.musicxml").getroot()
    assert notes_of(next(root.iter("part"))) == expected(compose(key="G", seed=7), "melody")
