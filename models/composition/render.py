"""Score -> sound through FluidSynth. The only module that imports fluidsynth (package pyfluidsynth).

Stereo float32 (channel, sample). Every part has a synthesiser of its own, so that parts can be heard alone and sum to
the mix; a fresh one per render makes the result bit-identical, for reverb and chorus of a used one ring on. Loudness is
set by ITU-R BS.1770, never by peak.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from audio import Audio, gain_to
from models.composition.score import DEFAULT_INSTRUMENTS, PARTS, Score, part_program

SOUND_FONTS = (Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"), Path("/usr/share/soundfonts/FluidR3_GM.sf2"))
RELEASE_S = 1.5  # after the final bar line: the last notes and the room die away
LOUDNESS_LUFS = -18.0
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8_000, 96_000  # FluidSynth's own limits
# Levels of the band in dB, under which the melody leads, and its places from left (0) to right (127).
BALANCE_DB = MappingProxyType({"melody": 0.0, "chords": 3.0, "bass": 0.0, "drums": 6.0})
PAN = MappingProxyType({"melody": 70, "chords": 32, "bass": 64, "drums": 64})
CENTRE = 64
DRUM_CHANNEL, DRUM_BANK = 9, 128  # where General MIDI and its sound fonts keep the drums
_PAN_CONTROL = 10
_APT = "apt-get install libfluidsynth3 fluid-soundfont-gm"
_GAIN = 0.6  # leaves headroom: six voices stay below half of full scale


Samples = npt.NDArray[np.float32]  # (channel, sample)


class RenderError(ValueError):
    """Nothing to render with; the message says what to install."""


@dataclass(frozen=True)
class Voice:
    """How a part is played: MIDI channel from 0, bank and program of the sound font, pan 0-127."""

    channel: int
    bank: int
    program: int
    pan: int


def render(
    score: Score,
    *,
    instruments: Mapping[str, str] = DEFAULT_INSTRUMENTS,
    gains: Mapping[str, float] = BALANCE_DB,
    sample_rate: int = 44_100,
    loudness: float = LOUDNESS_LUFS,
) -> Audio:
    """Play a score: the sum of its `stems`, which takes the same arguments and raises the same errors.

    Returns:
        Stereo audio of exactly `score.seconds` + RELEASE_S, faded out within the release.
    """
    return mixed(stems(score, instruments=instruments, gains=gains, sample_rate=sample_rate, loudness=loudness))


def stems(
    score: Score,
    *,
    instruments: Mapping[str, str] = DEFAULT_INSTRUMENTS,
    gains: Mapping[str, float] = BALANCE_DB,
    sample_rate: int = 44_100,
    loudness: float = LOUDNESS_LUFS,
) -> dict[str, Audio]:
    """Play each part of a score by itself, at one common gain, so that they sum to the mix.

    Args:
        score: notes and tempo.
        instruments: name of an instrument for each part but the drums; a part without one has the usual one.
        gains: level of each part in dB; what is not named stays at 0, minus infinity mutes.
        sample_rate: 8000-96000 Hz.
        loudness: integrated loudness of the mix in LUFS.

    Returns:
        For each of `score.parts` stereo audio as long as `render` makes it.

    Raises:
        RenderError: libfluidsynth or the sound font is missing, or the rate is out of range.
        ScoreError: an instrument that is not in the list.
    """
    if not LOWEST_RATE_HZ <= sample_rate <= HIGHEST_RATE_HZ:
        raise RenderError(f"sample rate {sample_rate} Hz is out of range; use {LOWEST_RATE_HZ}-{HIGHEST_RATE_HZ}")
    voices = {part: _voice(part, instruments, is_band=len(score.parts) > 2) for part in score.parts}
    played = {part: _played(score.part(part), voice, sample_rate) for part, voice in voices.items()}
    for part, samples in played.items():
        samples *= 10 ** (gains.get(part, 0.0) / 20)
    raw = {part: Audio(samples, sample_rate) for part, samples in played.items()}
    gain = np.float32(gain_to(mixed(raw), loudness))
    return {part: Audio(sound.samples * gain, sample_rate) for part, sound in raw.items()}


def mixed(parts: Mapping[str, Audio]) -> Audio:
    """Sum the parts of a piece."""
    samples = np.stack([part.samples for part in parts.values()])  # (part, channel, sample)
    return Audio(samples.sum(axis=0), next(iter(parts.values())).sample_rate)


def _voice(part: str, instruments: Mapping[str, str], *, is_band: bool) -> Voice:
    """Say how a part is played: drums on their channel, the others on that of their place among PARTS."""
    pan = PAN[part] if is_band else CENTRE  # two players share the middle
    if part == "drums":
        return Voice(DRUM_CHANNEL, DRUM_BANK, 0, pan)
    return Voice(PARTS.index(part), 0, part_program(part, instruments), pan)


def sound_font() -> Path:
    """Find the sound font: SOUNDFONT in the environment, else FluidR3 where distributions put it.

    Raises:
        RenderError: not there.
    """
    chosen = os.environ.get("SOUNDFONT")
    for path in (Path(chosen),) if chosen else SOUND_FONTS:
        if path.is_file():
            return path
    where = f"SOUNDFONT names {chosen}, which is not a file" if chosen else "no General MIDI sound font was found"
    raise RenderError(f"{where}; install one ({_APT}) or set SOUNDFONT to an .sf2 file")


@contextmanager
def _synthesiser(sample_rate: int, voice: Voice) -> Iterator[Any]:
    """Open a fresh synthesiser that plays one voice."""
    font = sound_font()
    try:
        import fluidsynth  # only here: whoever does not render needs no C library
    except ImportError as error:
        raise RenderError(f"the FluidSynth library is missing; {_APT}") from error
    # Loading only the samples in use keeps the 148 MB of the font out of memory.
    synth = fluidsynth.Synth(gain=_GAIN, samplerate=float(sample_rate), **{"synth.dynamic-sample-loading": 1})
    try:
        number = synth.sfload(str(font))
        if number == -1:
            raise RenderError(f"{font.name} is not a sound font that FluidSynth can read; {_APT}")
        if synth.program_select(voice.channel, number, voice.bank, voice.program) != 0:
            raise RenderError(f"{font.name} has no General MIDI program {voice.program} in bank {voice.bank}; {_APT}")
        synth.cc(voice.channel, _PAN_CONTROL, voice.pan)
        yield synth
    finally:
        synth.delete()


def _played(score: Score, voice: Voice, sample_rate: int) -> Samples:
    """Send the notes of one part at their samples and collect the sound as (channel, sample), faded at its end."""
    length, release = round(score.seconds * sample_rate), round(RELEASE_S * sample_rate)
    if not score.notes:
        return np.zeros((2, length + release), np.float32)
    events = []  # (sample, on, pitch, velocity): at equal times off comes before on
    per_tick = score.seconds_per_tick * sample_rate
    for note in score.notes:
        events.append((round(note.start * per_tick), 1, note.pitch, note.velocity))
        events.append((round((note.start + note.duration) * per_tick), 0, note.pitch, 0))
    blocks, now = [np.zeros(0, np.int16)], 0
    with _synthesiser(sample_rate, voice) as synth:
        for at, on, pitch, velocity in sorted(events):
            if at > now:
                blocks.append(synth.get_samples(at - now))
                now = at
            if on:
                synth.noteon(voice.channel, pitch, velocity)
            else:
                synth.noteoff(voice.channel, pitch)
        blocks.append(synth.get_samples(length + release - now))
    samples = np.concatenate(blocks).reshape(-1, 2).T.astype(np.float32, order="C") / np.float32(32768.0)
    samples[:, length:] *= (0.5 + 0.5 * np.cos(np.pi * np.linspace(0.0, 1.0, release))).astype(np.float32)
    return samples
