"""Bands that back a singer: python -m training.separation.bands --out DIR --fonts FONT.sf2... [--bands 90] [--seed 0].

Openly licensed instrumentals have hardly any rock, pop or jazz band. So loops of chords are played through FluidSynth
by drums, bass, chords and pads in many styles and General MIDI programs. A third of the bands has a lead that a
separator takes for a voice: strings, reeds, brass, synthesisers and choirs with vibrato and bends. Times are seconds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import fluidsynth
import numpy as np

from audio import Audio, write

RATE = 44_100
CHORDS = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "5": (0, 7, 12),
}
# Loops of (semitones over the tonic, chord), one bar each.
LOOPS = (
    ((0, ""), (7, ""), (9, "m"), (5, "")),
    ((9, "m"), (5, ""), (0, ""), (7, "")),
    ((0, "m"), (8, ""), (3, ""), (10, "")),
    ((0, "5"), (0, "5"), (3, "5"), (5, "5")),
    ((2, "m7"), (7, "7"), (0, "maj7"), (9, "m7")),
    (
        (0, "7"),
        (5, "7"),
        (0, "7"),
        (0, "7"),
        (5, "7"),
        (5, "7"),
        (0, "7"),
        (0, "7"),
        (7, "7"),
        (5, "7"),
        (0, "7"),
        (7, "7"),
    ),
    ((0, "m7"), (5, "m7"), (10, "7"), (7, "7")),
    ((0, ""), (5, ""), (0, ""), (7, "")),
)
# Sixteenths of a bar at which kick, snare and cymbal strike, the cymbal's key, and the share of a swung beat.
DRUMS = {
    "rock": ((0, 7, 8), (4, 12), range(0, 16, 2), 42, 0.5),
    "disco": ((0, 4, 8, 12), (4, 12), range(2, 16, 4), 46, 0.5),
    "funk": ((0, 3, 6, 10), (4, 7, 12, 15), range(16), 42, 0.5),
    "ballad": ((0, 10), (8,), range(0, 16, 4), 51, 0.5),
    "shuffle": ((0, 8), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14), 42, 0.66),
    "jazz": ((0, 10), (6, 14), (0, 4, 6, 8, 12, 14), 51, 0.66),
    "none": ((), (), (), 42, 0.5),
}
KITS = (0, 8, 16, 24, 25, 32, 40)
BASSES = (32, 33, 34, 35, 36, 38, 39)
COMPERS = (0, 1, 2, 4, 5, 6, 7, 11, 16, 17, 18, 21, 24, 25, 26, 27, 28, 29, 30, 46)
PADS = (48, 49, 50, 51, 52, 61, 62, 88, 89, 90, 91, 94)
LEADS = (22, 29, 30, 40, 41, 42, 52, 53, 54, 56, 57, 59, 60, 64, 65, 66, 67, 68, 71, 73, 75, 80, 81, 85)
DRUM_CHANNEL = 9


@dataclass(frozen=True, order=True)
class Message:
    """What a synthesiser is told and when: (at, order, kind, channel, two numbers)."""

    at: float
    order: int  # at equal times, ends come before beginnings
    kind: str
    channel: int
    first: int
    second: int = 0


class Band:
    """Players that share one loop of chords, written down as messages."""

    def __init__(self, seconds: float, rng: np.random.Generator) -> None:
        """Draw key, tempo, loop and style."""
        self.rng = rng
        self.seconds = seconds
        self.beat = 60.0 / rng.uniform(66.0, 165.0)
        self.key = int(rng.integers(12))
        self.loop = LOOPS[rng.integers(len(LOOPS))]
        self.style = str(rng.choice(list(DRUMS)))
        self.bars = int(seconds / (4 * self.beat))
        self.messages: list[Message] = []

    def at(self, bar: int, sixteenth: int) -> float:
        """Return the time of a sixteenth of a bar; the second half of a swung beat comes late, and nobody is exact."""
        beats, within = divmod(sixteenth, 4)
        swing = DRUMS[self.style][4]
        place = (within / 2 * swing) if within <= 2 else swing + (within - 2) / 2 * (1 - swing)
        return max(0.0, (4 * bar + beats + place) * self.beat + self.rng.normal(0.0, 0.004))

    def note(self, channel: int, at: float, held: float, pitch: int, strength: float) -> None:
        """Write a note down."""
        velocity = int(np.clip(strength * 100 + self.rng.normal(0.0, 8.0), 20, 127))
        pitch = int(np.clip(pitch, 12, 115))
        self.messages += [
            Message(at, 1, "on", channel, pitch, velocity),
            Message(at + max(held, 0.03), 0, "off", channel, pitch),
        ]

    def drums(self) -> None:
        """Play the style's pattern, with fills at the end of every fourth bar."""
        kick, snare, cymbal, key, _ = DRUMS[self.style]
        for bar in range(self.bars):
            hits = [(36, s) for s in kick] + [(38, s) for s in snare] + [(key, s) for s in cymbal]
            hits += [(49, 0)] if bar % 8 == 0 and kick else []
            if bar % 4 == 3 and kick:
                hits += [(int(self.rng.choice([41, 45, 48, 38])), s) for s in range(12, 16)]
            for drum, sixteenth in hits:
                if self.rng.random() < 0.95:
                    self.note(DRUM_CHANNEL, self.at(bar, sixteenth), 0.1, drum, 0.6 if drum == key else 0.95)

    def bass(self, channel: int) -> None:
        """Play roots on eighths, roots and fifths, or walk."""
        manner = self.rng.integers(3)
        for bar in range(self.bars):
            root, quality = self.loop[bar % len(self.loop)]
            low = 28 + (self.key + root - 4) % 12
            for sixteenth in range(0, 16, (2, 8, 4)[manner]):
                step = (0, 7 * (sixteenth == 8), int(self.rng.choice([*CHORDS[quality], 2, 5])))[manner]
                step = step if sixteenth else 0
                self.note(channel, self.at(bar, sixteenth), (0.45, 1.8, 0.95)[manner] * self.beat, low + step, 0.85)

    def chords(self, channel: int, *, sustained: bool) -> None:
        """Hold chords, strike them in a rhythm of the band's own, or break them."""
        rhythm = sorted(self.rng.choice(16, size=int(self.rng.integers(2, 9)), replace=False))
        broken = not sustained and self.rng.random() < 0.35
        centre = int(self.rng.integers(48, 65))
        for bar in range(self.bars):
            root, quality = self.loop[bar % len(self.loop)]
            pitches = [centre + (self.key + root + step - centre) % 12 for step in CHORDS[quality]]
            if sustained:
                rhythm = [0]
            for count, sixteenth in enumerate(range(0, 16, 2) if broken else rhythm):
                held = 3.9 * self.beat if sustained else self.rng.uniform(0.2, 1.2) * self.beat
                for number, pitch in enumerate([pitches[count % len(pitches)]] if broken else pitches):
                    self.note(channel, self.at(bar, int(sixteenth)) + 0.008 * number, held, pitch, 0.7)

    def lead(self, channel: int) -> None:
        """Play phrases over the chords, with vibrato and bends as a singer has them."""
        pitch, sixteenth = int(self.rng.integers(58, 78)), 0
        while sixteenth < 16 * self.bars:
            length = int(self.rng.choice([1, 2, 2, 3, 4, 6, 8, 12]))
            if self.rng.random() < 0.8:
                root, quality = self.loop[sixteenth // 16 % len(self.loop)]
                tones = [(self.key + root + step) % 12 for step in (*CHORDS[quality], 2)]
                goal = pitch + int(self.rng.integers(-7, 8))
                pitch = min(range(54, 86), key=lambda p: (p % 12 not in tones, abs(p - goal)))
                start = self.at(sixteenth // 16, sixteenth % 16)
                held = 0.95 * length * self.beat / 4
                self.note(channel, start, held, pitch, 0.85)
                self.tremble(channel, start, held)
            sixteenth += length

    def tremble(self, channel: int, start: float, held: float) -> None:
        """Bend into a note and let it tremble, in the wheel's units (8192 is two semitones)."""
        rate, depth = self.rng.uniform(4.5, 6.5), self.rng.uniform(0.0, 0.5)
        scoop = self.rng.choice([0.0, -1.0]) * self.rng.uniform(0.3, 1.5)
        for t in np.arange(0.0, held, 0.02):
            semitones = scoop * np.exp(-t / 0.05) + depth * min(max(t - 0.15, 0) / 0.2, 1) * np.sin(
                2 * np.pi * rate * t
            )
            self.messages.append(Message(start + t, 2, "bend", channel, int(8192 / 2 * semitones)))


def played(band: Band, font: Path) -> Audio:
    """Choose instruments, let the band play and record it in stereo."""
    rng = band.rng
    synth = fluidsynth.Synth(gain=0.5, samplerate=float(RATE), **{"synth.dynamic-sample-loading": 1})
    try:
        number = synth.sfload(str(font))
        programs = [int(rng.choice(pool)) for pool in (BASSES, COMPERS, COMPERS, PADS, LEADS)]
        for channel, program in enumerate(programs):
            synth.program_select(channel, number, 0, program)
            synth.cc(channel, 10, int(rng.integers(20, 108)) if channel else 64)  # pan
            synth.cc(channel, 7, int(rng.integers(60, 127)))  # volume
        if synth.program_select(DRUM_CHANNEL, number, 128, int(rng.choice(KITS))) != 0:
            synth.program_select(DRUM_CHANNEL, number, 128, 0)
        _write_parts(band)
        blocks, now = [], 0
        for message in sorted(band.messages):
            at = min(round(message.at * RATE), round(band.seconds * RATE))
            if at > now:
                blocks.append(synth.get_samples(at - now))
                now = at
            _tell(synth, message)
    finally:
        synth.delete()
    samples = np.concatenate(blocks).reshape(-1, 2).T.astype(np.float32)
    return Audio(np.ascontiguousarray(0.8 * samples / max(float(np.abs(samples).max()), 1.0)), RATE)


def _write_parts(band: Band) -> None:
    """Let those play whom chance chooses; there is always one who plays chords."""
    band.drums()
    band.chords(1, sustained=False)
    if band.rng.random() < 0.85:
        band.bass(0)
    if band.rng.random() < 0.5:
        band.chords(2, sustained=False)
    if band.rng.random() < 0.5:
        band.chords(3, sustained=True)
    if band.rng.random() < 0.35:
        band.lead(4)


def _tell(synth: fluidsynth.Synth, message: Message) -> None:
    if message.kind == "on":
        synth.noteon(message.channel, message.first, message.second)
    elif message.kind == "off":
        synth.noteoff(message.channel, message.first)
    else:
        synth.pitch_bend(message.channel, message.first)


def perform(out: Path, fonts: Sequence[Path], count: int, seconds: float, seed: int) -> None:
    """Write OUT/FONT/NUMBER.flac."""
    for number in range(count):
        font = fonts[number % len(fonts)]
        folder = out / font.stem
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / f"band{number}.flac", played(Band(seconds, np.random.default_rng([seed, number])), font))


def main() -> int:
    """Write bands; 2 and one line for a font that is not there."""
    parser = argparse.ArgumentParser(prog="python -m training.separation.bands", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fonts", type=Path, nargs="+", required=True, help="sound fonts, taken in turn")
    parser.add_argument("--bands", type=int, default=90)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    missing = [font for font in arguments.fonts if not font.is_file()]
    if missing:
        print(f"no sound font at {missing[0]}", file=sys.stderr)
        return 2
    perform(arguments.out, arguments.fonts, arguments.bands, arguments.seconds, arguments.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
