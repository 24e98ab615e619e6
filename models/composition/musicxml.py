"""A piece as sheet music: MusicXML 4.0 partwise, which notation programs open (https://www.w3.org/2021/06/musicxml40).

Two parts at sounding pitch, melody and chords, with the chord symbols over the melody. One division is one tick, so
every duration is exact; what one note value cannot say is tied. Notes that overlap within a part are cut where
another begins or ends, and tied: one voice holds them all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from models.composition.blues_form import BEATS_PER_BAR, TICKS_PER_BAR, TICKS_PER_BEAT, pitch_class
from models.composition.score import DEFAULT_INSTRUMENTS, Note, Score, program

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC '
    '"-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_CLEFS = {"melody": ("G", "2"), "chords": ("F", "4")}
# Ticks -> note type, dots, and whether it is one of three in the time of two; largest first.
_VALUES = {
    48: ("whole", 0, False),
    36: ("half", 1, False),
    24: ("half", 0, False),
    18: ("quarter", 1, False),
    12: ("quarter", 0, False),
    9: ("eighth", 1, False),
    8: ("quarter", 0, True),
    6: ("eighth", 0, False),
    4: ("eighth", 0, True),
    3: ("16th", 0, False),
    2: ("16th", 0, True),
    1: ("32nd", 0, True),
}
_KINDS = {"": "major", "7": "dominant", "m": "minor", "dim": "diminished-seventh"}
_ROOT = re.compile(r"[A-G][#b]?")
_LINE_OF_FIFTHS = "FCGDAEB"  # repeats with one more sharp each time; C is place 0
_NO_CHORD = "N.C."


def write_musicxml(
    path: str | os.PathLike[str], score: Score, instruments: Mapping[str, str] = DEFAULT_INSTRUMENTS
) -> None:
    """Write a MusicXML file; a last bar that the score does not fill is filled with rests.

    Raises:
        ScoreError: an instrument that is not in the list.
    """
    root = Element("score-partwise", version="4.0")
    _text(SubElement(root, "work"), "work-title", f"Blues in {score.key}")
    _text(SubElement(SubElement(root, "identification"), "encoding"), "software", "The Listening Room")
    listed = SubElement(root, "part-list")
    for number, name in enumerate(score.parts, start=1):
        _list_part(listed, f"P{number}", name, instruments.get(name, DEFAULT_INSTRUMENTS[name]), number)
    for number, name in enumerate(score.parts, start=1):
        _add_part(SubElement(root, "part", id=f"P{number}"), name, score)
    indent(root)
    Path(path).write_text(_HEAD + tostring(root, encoding="unicode") + "\n", encoding="utf-8")


def _text(parent: Element, tag: str, content: object, **attributes: str) -> Element:
    """Append an element that holds text."""
    element = SubElement(parent, tag, attributes)
    element.text = str(content)
    return element


def _list_part(listed: Element, identity: str, name: str, instrument: str, channel: int) -> None:
    """Announce a part with its instrument; MusicXML counts programs from 1."""
    part = SubElement(listed, "score-part", id=identity)
    _text(part, "part-name", name.capitalize())
    _text(SubElement(part, "score-instrument", id=f"{identity}-I1"), "instrument-name", instrument)
    midi = SubElement(part, "midi-instrument", id=f"{identity}-I1")
    _text(midi, "midi-channel", channel)
    _text(midi, "midi-program", program(instrument) + 1)


def _add_part(part: Element, name: str, score: Score) -> None:
    """Write the measures of a part, harmony over the melody."""
    harmonies = _harmonies(score) if name == "melody" else {}
    for start, ticks, sounding in _slices(score.part(name).notes, score.length):
        if start % TICKS_PER_BAR == 0:
            measure = SubElement(part, "measure", number=str(start // TICKS_PER_BAR + 1))
        if start == 0:
            _add_attributes(measure, name, score.key)
        if start == 0 and name == "melody":
            _add_tempo(measure, score.tempo)
        for at in range(start, start + ticks):
            if at in harmonies:
                _add_harmony(measure, harmonies[at], at - start, score.key)
        _add_notes(measure, start, ticks, sounding, score.key)
    _text(SubElement(measure, "barline", location="right"), "bar-style", "light-heavy")


def _slices(notes: tuple[Note, ...], length: int) -> Iterator[tuple[int, int, tuple[Note, ...]]]:
    """Cut time at bar lines and wherever a note begins or ends, then into note values: start, ticks, notes."""
    edges = {edge for note in notes for edge in (note.start, note.start + note.duration)}
    cuts = sorted(edges | set(range(0, length + TICKS_PER_BAR, TICKS_PER_BAR)))
    for start, end in pairwise(cuts):
        sounding = tuple(note for note in notes if note.start <= start < note.start + note.duration)
        while start < end:
            ticks = next(value for value in _VALUES if value <= end - start)
            yield start, ticks, sounding
            start += ticks


def _harmonies(score: Score) -> dict[int, str]:
    """Map ticks to the chord symbol that begins there; a stretch without one begins with N.C."""
    ends = {chord.start + chord.duration: _NO_CHORD for chord in score.chords}
    ends.pop(score.length, None)
    return ends | {chord.start: chord.symbol for chord in score.chords}


def _add_attributes(measure: Element, name: str, key: str) -> None:
    """Write time unit, key, meter and clef."""
    attributes = SubElement(measure, "attributes")
    _text(attributes, "divisions", TICKS_PER_BEAT)
    signature = SubElement(attributes, "key")
    _text(signature, "fifths", _fifths(key))
    _text(signature, "mode", "major")
    time = SubElement(attributes, "time")
    _text(time, "beats", BEATS_PER_BAR)
    _text(time, "beat-type", 4)
    clef = SubElement(attributes, "clef")
    sign, line = _CLEFS[name]
    _text(clef, "sign", sign)
    _text(clef, "line", line)


def _add_tempo(measure: Element, tempo: float) -> None:
    """Write quarter notes per minute, for the eye and for the player."""
    direction = SubElement(measure, "direction", placement="above")
    metronome = SubElement(SubElement(direction, "direction-type"), "metronome")
    _text(metronome, "beat-unit", "quarter")
    _text(metronome, "per-minute", f"{tempo:g}")
    SubElement(direction, "sound", tempo=f"{tempo:g}")


def _add_harmony(measure: Element, symbol: str, offset: int, key: str) -> None:
    """Write a chord symbol `offset` ticks after the note that follows it in the file."""
    harmony = SubElement(measure, "harmony")
    root = SubElement(harmony, "root")
    match = _ROOT.match(symbol)
    if match is None or symbol == _NO_CHORD:
        _text(root, "root-step", "C", text="")  # the format asks for a root even where nothing sounds
        _text(harmony, "kind", "none", text=_NO_CHORD)
    else:
        step, alter = _spelled(pitch_class(match[0]), key)
        _text(root, "root-step", step)
        if alter:
            _text(root, "root-alter", alter)
        quality = symbol[match.end() :]
        _text(harmony, "kind", _KINDS.get(quality, "other"), text=quality)
    if offset:
        _text(harmony, "offset", offset)


def _add_notes(measure: Element, start: int, ticks: int, sounding: tuple[Note, ...], key: str) -> None:
    """Write one value: a note, several struck together, or a rest; tied to what was or will be cut off."""
    if not sounding:
        rest = SubElement(measure, "note")
        SubElement(rest, "rest")
        _add_value(rest, ticks, ())
    for voice, sound in enumerate(sounding):
        note = SubElement(measure, "note")
        if voice:
            SubElement(note, "chord")
        _add_pitch(note, sound.pitch, key)
        ends, goes_on = sound.start < start, start + ticks < sound.start + sound.duration
        _add_value(note, ticks, ("stop",) * ends + ("start",) * goes_on)


def _add_value(note: Element, ticks: int, ties: tuple[str, ...]) -> None:
    """Write how long a note or rest lasts, as heard and as seen, in the order that the format prescribes."""
    kind, dots, triplet = _VALUES[ticks]
    _text(note, "duration", ticks)
    for tie in ties:
        SubElement(note, "tie", type=tie)
    _text(note, "voice", 1)
    _text(note, "type", kind)
    for _ in range(dots):
        SubElement(note, "dot")
    if triplet:
        modification = SubElement(note, "time-modification")
        _text(modification, "actual-notes", 3)
        _text(modification, "normal-notes", 2)
    if ties:
        notations = SubElement(note, "notations")
        for tie in ties:
            SubElement(notations, "tied", type=tie)


def _add_pitch(note: Element, midi: int, key: str) -> None:
    """Write a MIDI pitch; 60 is C in octave 4, 59 spelled Cb stands in octave 4 too."""
    step, alter = _spelled(midi % 12, key)
    pitch = SubElement(note, "pitch")
    _text(pitch, "step", step)
    if alter:
        _text(pitch, "alter", alter)
    _text(pitch, "octave", (midi - alter) // 12 - 1)


def _fifths(key: str) -> int:
    """Count the sharps of a major key, flats as negative numbers: -5 to 6."""
    return (pitch_class(key) * 7 + 5) % 12 - 5


def _spelled(number: int, key: str) -> tuple[str, int]:
    """Spell a pitch class as a step and its alteration in semitones.

    The twelve places on the line of fifths that surround the tonic (five flatwards, six sharpwards), moved so far that
    no double accidental is needed.
    """
    lowest = max(_fifths(key) - 5, -8)
    place = lowest + (number * 7 - lowest) % 12
    return _LINE_OF_FIFTHS[(place + 1) % 7], (place + 1) // 7
