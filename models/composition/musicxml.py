"""A piece as sheet music: MusicXML 4.0 partwise, which notation programs open (https://www.w3.org/2021/06/musicxml40).

The parts at sounding pitch, the bass too, with the chord symbols over the melody. One division is one tick, so
every duration is exact; what one note value cannot say is tied. Notes that overlap within a part are cut where
another begins or ends, and tied: one voice holds them all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from models.composition.blues_form import TICKS_PER_BAR, TICKS_PER_BEAT, pitch_class
from models.composition.notation import add_notes, drum_identity, fifths, slices, spelled, text
from models.composition.score import DEFAULT_INSTRUMENTS, METERS, Score, program

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC '
    '"-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_CLEFS = {"melody": ("G", 2), "chords": ("F", 4), "bass": ("F", 4), "drums": ("percussion", None)}
_DRUM_CHANNEL = 10
_KINDS = {
    "": "major",
    "m": "minor",
    "6": "major-sixth",
    "m6": "minor-sixth",
    "maj7": "major-seventh",
    "m7": "minor-seventh",
    "m7b5": "half-diminished",
    "dim": "diminished-seventh",
    "dim7": "diminished-seventh",
    "sus": "suspended-fourth",
    "9": "dominant-ninth",
    "13": "dominant-13th",
} | dict.fromkeys(("7", "7sus", "9sus", "7b9", "7#9", "7#5", "9#11", "7b13", "7alt"), "dominant")
_ROOT = re.compile(r"[A-G][#b]?")
_NO_CHORD = "N.C."


def write_musicxml(
    path: str | os.PathLike[str], score: Score, instruments: Mapping[str, str] = DEFAULT_INSTRUMENTS
) -> None:
    """Write a MusicXML file; a last bar that the score does not fill is filled with rests.

    Raises:
        ScoreError: an instrument that is not in the list.
    """
    root = Element("score-partwise", version="4.0")
    text(SubElement(root, "work"), "work-title", f"Blues in {score.key}")
    text(SubElement(SubElement(root, "identification"), "encoding"), "software", "The Listening Room")
    listed = SubElement(root, "part-list")
    for number, name in enumerate(score.parts, start=1):
        if name == "drums":
            _list_drums(listed, f"P{number}", score)
        else:
            _list_part(listed, f"P{number}", name, instruments.get(name) or DEFAULT_INSTRUMENTS[name], number)
    for number, name in enumerate(score.parts, start=1):
        _add_part(SubElement(root, "part", id=f"P{number}"), name, score)
    indent(root)
    Path(path).write_text(_HEAD + tostring(root, encoding="unicode") + "\n", encoding="utf-8")


def _list_part(listed: Element, identity: str, name: str, instrument: str, channel: int) -> None:
    """Announce a part with its instrument; MusicXML counts programs from 1."""
    part = SubElement(listed, "score-part", id=identity)
    text(part, "part-name", name.capitalize())
    text(SubElement(part, "score-instrument", id=f"{identity}-I1"), "instrument-name", instrument)
    midi = SubElement(part, "midi-instrument", id=f"{identity}-I1")
    text(midi, "midi-channel", channel)
    text(midi, "midi-program", program(instrument) + 1)


def _list_drums(listed: Element, identity: str, score: Score) -> None:
    """Announce the drums, each an instrument of its own; MusicXML counts MIDI notes from 1."""
    part = SubElement(listed, "score-part", id=identity)
    text(part, "part-name", "Drums")
    drums = sorted({note.pitch for note in score.part("drums").notes})
    for drum in drums:
        text(SubElement(part, "score-instrument", id=drum_identity(drum)), "instrument-name", f"Drum {drum}")
    for drum in drums:
        midi = SubElement(part, "midi-instrument", id=drum_identity(drum))
        text(midi, "midi-channel", _DRUM_CHANNEL)
        text(midi, "midi-unpitched", drum + 1)


def _add_part(part: Element, name: str, score: Score) -> None:
    """Write the measures of a part, harmony over the melody."""
    harmonies = _harmonies(score) if name == "melody" else {}
    for start, ticks, sounding in slices(score.part(name).notes, score.length, score.meter):
        if start % TICKS_PER_BAR == 0:
            measure = SubElement(part, "measure", number=str(start // TICKS_PER_BAR + 1))
        if start == 0:
            _add_attributes(measure, name, score)
        if start == 0 and name == "melody":
            _add_tempo(measure, score)
        for at in range(start, start + ticks):
            if at in harmonies:
                _add_harmony(measure, harmonies[at], at - start, score.key)
        add_notes(measure, start, ticks, sounding, score.key, score.meter)
    text(SubElement(measure, "barline", location="right"), "bar-style", "light-heavy")


def _harmonies(score: Score) -> dict[int, str]:
    """Map ticks to the chord symbol that begins there; a stretch without one begins with N.C."""
    ends = {chord.start + chord.duration: _NO_CHORD for chord in score.chords}
    ends.pop(score.length, None)
    return ends | {chord.start: chord.symbol for chord in score.chords}


def _add_attributes(measure: Element, name: str, score: Score) -> None:
    """Write time unit, key, meter and clef."""
    attributes = SubElement(measure, "attributes")
    text(attributes, "divisions", round(TICKS_PER_BEAT / METERS[score.meter]))
    signature = SubElement(attributes, "key")
    text(signature, "fifths", fifths(score.key))
    text(signature, "mode", "major")
    time = SubElement(attributes, "time")
    beats, unit = score.meter.split("/")
    text(time, "beats", beats)
    text(time, "beat-type", unit)
    clef = SubElement(attributes, "clef")
    sign, line = _CLEFS[name]
    text(clef, "sign", sign)
    if line:
        text(clef, "line", line)


def _add_tempo(measure: Element, score: Score) -> None:
    """Write beats per minute for the eye, quarters per minute for the player."""
    direction = SubElement(measure, "direction", placement="above")
    metronome = SubElement(SubElement(direction, "direction-type"), "metronome")
    text(metronome, "beat-unit", "quarter")
    if score.meter == "12/8":
        SubElement(metronome, "beat-unit-dot")
    text(metronome, "per-minute", f"{score.tempo:g}")
    SubElement(direction, "sound", tempo=f"{score.tempo * METERS[score.meter]:g}")


def _add_harmony(measure: Element, symbol: str, offset: int, key: str) -> None:
    """Write a chord symbol `offset` ticks after the note that follows it in the file."""
    harmony = SubElement(measure, "harmony")
    root = SubElement(harmony, "root")
    match = _ROOT.match(symbol)
    if match is None or symbol == _NO_CHORD:
        text(root, "root-step", "C", text="")  # the format asks for a root even where nothing sounds
        text(harmony, "kind", "none", text=_NO_CHORD)
    else:
        step, alter = spelled(pitch_class(match[0]), key)
        text(root, "root-step", step)
        if alter:
            text(root, "root-alter", alter)
        quality = symbol[match.end() :]
        text(harmony, "kind", _KINDS.get(quality, "other"), text=quality)
    if offset:
        text(harmony, "offset", offset)
