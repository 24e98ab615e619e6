"""The notation of a bar: note values, ties, triplets, spelling, as MusicXML elements.

A value never hides a beat: what begins within a beat ends with it, what begins on a beat lasts whole beats and then
goes on in the next. What one value cannot say is tied. Drums stand on the lines that drummers read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement

from models.composition.blues_form import TICKS_PER_BAR, TICKS_PER_BEAT, pitch_class
from models.composition.score import Note

_LINE_OF_FIFTHS = "FCGDAEB"  # repeats with one more sharp each time; C is place 0
# Ticks -> note type, dots, and whether it is one of three in the time of two; largest first.
_IN_FOUR = {
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
_IN_TWELVE = {
    48: ("whole", 1, False),
    24: ("half", 1, False),
    12: ("quarter", 1, False),
    8: ("quarter", 0, False),
    6: ("eighth", 1, False),
    4: ("eighth", 0, False),
    3: ("16th", 1, False),
    2: ("16th", 0, False),
    1: ("32nd", 0, False),
}
VALUES = {"4/4": _IN_FOUR, "12/8": _IN_TWELVE}
# General MIDI drum -> step and octave on the staff.
_DRUM_LINES = {
    35: "F4",
    36: "F4",
    37: "C5",
    38: "C5",
    40: "C5",
    42: "G5",
    44: "D4",
    46: "G5",
    49: "A5",
    51: "F5",
    53: "F5",
}
_OTHER_DRUM = "E5"


def slices(notes: tuple[Note, ...], length: int, meter: str) -> Iterator[tuple[int, int, tuple[Note, ...]]]:
    """Cut time at bar lines and wherever a note begins or ends, then into note values: start, ticks, notes."""
    edges = {edge for note in notes for edge in (note.start, note.start + note.duration)}
    cuts = sorted(edges | set(range(0, length + TICKS_PER_BAR, TICKS_PER_BAR)))
    for start, end in pairwise(cuts):
        sounding = tuple(note for note in notes if note.start <= start < note.start + note.duration)
        while start < end:
            ticks = _value(start, end - start, meter)
            yield start, ticks, sounding
            start += ticks


def _value(start: int, room: int, meter: str) -> int:
    """Choose how long the first of the values that fill a stretch lasts."""
    within = start % TICKS_PER_BEAT
    if within == 0 and room in VALUES[meter]:
        return room
    if within == 0 and room > TICKS_PER_BEAT:
        return next(value for value in VALUES[meter] if value <= room and value % TICKS_PER_BEAT == 0)
    return next(value for value in VALUES[meter] if value <= min(room, TICKS_PER_BEAT - within))


def text(parent: Element, tag: str, content: object, **attributes: str) -> Element:
    """Append an element that holds text."""
    element = SubElement(parent, tag, attributes)
    element.text = str(content)
    return element


def add_notes(measure: Element, start: int, ticks: int, sounding: tuple[Note, ...], key: str, meter: str) -> None:
    """Write one value: a note, several struck together, or a rest; tied to what was or will be cut off."""
    if not sounding:
        rest = SubElement(measure, "note")
        SubElement(rest, "rest")
        _add_value(rest, ticks, (), meter)
    for voice, sound in enumerate(sounding):
        note = SubElement(measure, "note")
        if voice:
            SubElement(note, "chord")
        drum = sound.pitch if sound.part == "drums" else None
        if drum is None:
            _add_pitch(note, sound.pitch, key)
        else:
            _add_drum(note, drum)
        ends, goes_on = sound.start < start, start + ticks < sound.start + sound.duration
        _add_value(note, ticks, ("stop",) * ends + ("start",) * goes_on, meter, drum)


def _add_value(note: Element, ticks: int, ties: tuple[str, ...], meter: str, drum: int | None = None) -> None:
    """Write how long a note or rest lasts, as heard and as seen, in the order that the format prescribes."""
    kind, dots, triplet = VALUES[meter][ticks]
    text(note, "duration", ticks)
    for tie in ties:
        SubElement(note, "tie", type=tie)
    if drum is not None:
        SubElement(note, "instrument", id=drum_identity(drum))
    text(note, "voice", 1)
    text(note, "type", kind)
    for _ in range(dots):
        SubElement(note, "dot")
    if triplet:
        modification = SubElement(note, "time-modification")
        text(modification, "actual-notes", 3)
        text(modification, "normal-notes", 2)
    if ties:
        notations = SubElement(note, "notations")
        for tie in ties:
            SubElement(notations, "tied", type=tie)


def _add_pitch(note: Element, midi: int, key: str) -> None:
    """Write a MIDI pitch; 60 is C in octave 4, 59 spelled Cb stands in octave 4 too."""
    step, alter = spelled(midi % 12, key)
    pitch = SubElement(note, "pitch")
    text(pitch, "step", step)
    if alter:
        text(pitch, "alter", alter)
    text(pitch, "octave", (midi - alter) // 12 - 1)


def _add_drum(note: Element, drum: int) -> None:
    """Write where a drum stands on the staff."""
    line = _DRUM_LINES.get(drum, _OTHER_DRUM)
    place = SubElement(note, "unpitched")
    text(place, "display-step", line[0])
    text(place, "display-octave", line[1])


def drum_identity(drum: int) -> str:
    """Name a drum within the file."""
    return f"drum-{drum}"


def fifths(key: str) -> int:
    """Count the sharps of a major key, flats as negative numbers: -5 to 6."""
    return (pitch_class(key) * 7 + 5) % 12 - 5


def spelled(number: int, key: str) -> tuple[str, int]:
    """Spell a pitch class as a step and its alteration in semitones.

    The twelve places on the line of fifths that surround the tonic (five flatwards, six sharpwards), moved so far that
    no double accidental is needed.
    """
    lowest = max(fifths(key) - 5, -8)
    place = lowest + (number * 7 - lowest) % 12
    return _LINE_OF_FIFTHS[(place + 1) % 7], (place + 1) // 7
