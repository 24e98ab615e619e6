"""Score -> sound through FluidSynth. The only module that imports fluidsynth (package pyfluidsynth).

Stereo float32 (channel, sample). A fresh synthesiser per render makes the result bit-identical: reverb and chorus of
a used one ring on. Loudness is set by ITU-R BS.1770, never by peak.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audio import Audio, at_loudness
from models.composition.score import DEFAULT_INSTRUMENTS, PARTS, Score, part_program

SOUND_FONTS = (Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"), Path("/usr/share/soundfonts/FluidR3_GM.sf2"))
RELEASE_S = 1.5  # after the final bar line: the last notes and the room die away
LOUDNESS_LUFS = -18.0
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8_000, 96_000  # FluidSynth's own limits
_APT = "apt-get install libfluidsynth3 fluid-soundfont-gm"
_GAIN = 0.6  # leaves headroom: six voices stay below half of full scale


class RenderError(ValueError):
    """Nothing to render with; the message says what to install."""


def render(
    score: Score,
    *,
    instruments: Mapping[str, str] = DEFAULT_INSTRUMENTS,
    sample_rate: int = 44_100,
    loudness: float = LOUDNESS_LUFS,
) -> Audio:
    """Play a score.

    Args:
        score: notes and tempo.
        instruments: name of an instrument for each part.
        sample_rate: 8000-96000 Hz.
        loudness: integrated loudness in LUFS.

    Returns:
        Stereo audio of exactly `score.seconds` + RELEASE_S, faded out within the release.

    Raises:
        RenderError: libfluidsynth or the sound font is missing, or the rate is out of range.
        ScoreError: an instrument that is not in the list.
    """
    if not LOWEST_RATE_HZ <= sample_rate <= HIGHEST_RATE_HZ:
        raise RenderError(f"sample rate {sample_rate} Hz is out of range; use {LOWEST_RATE_HZ}-{HIGHEST_RATE_HZ}")
    programs = [part_program(part, instruments) for part in PARTS if part != "drums"]
    length = round(score.seconds * sample_rate)
    release = round(RELEASE_S * sample_rate)
    with _synthesiser(sample_rate, programs) as synth:
        samples = _played(synth, score, sample_rate, length + release)
    samples[:, length:] *= (0.5 + 0.5 * np.cos(np.pi * np.linspace(0.0, 1.0, release))).astype(np.float32)
    return at_loudness(Audio(samples, sample_rate), loudness)


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
def _synthesiser(sample_rate: int, programs: list[int]) -> Iterator[Any]:
    """Open a fresh synthesiser with one program per channel."""
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
        for channel, preset in enumerate(programs):
            if synth.program_select(channel, number, 0, preset) != 0:
                raise RenderError(f"{font.name} has no General MIDI program {preset}; {_APT}")
        yield synth
    finally:
        synth.delete()


def _played(synth: Any, score: Score, sample_rate: int, length: int) -> npt.NDArray[np.float32]:
    """Send the notes at their samples and collect the sound as (channel, sample)."""
    events = []  # (sample, on, channel, pitch, velocity): at equal times off comes before on
    per_tick = score.seconds_per_tick * sample_rate
    for note in score.notes:
        channel = PARTS.index(note.part)
        events.append((round(note.start * per_tick), 1, channel, note.pitch, note.velocity))
        events.append((round((note.start + note.duration) * per_tick), 0, channel, note.pitch, 0))
    blocks, now = [np.zeros(0, np.int16)], 0
    for at, on, channel, pitch, velocity in sorted(events):
        if at > now:
            blocks.append(synth.get_samples(at - now))
            now = at
        if on:
            synth.noteon(channel, pitch, velocity)
        else:
            synth.noteoff(channel, pitch)
    blocks.append(synth.get_samples(length - now))
    interleaved = np.concatenate(blocks).reshape(-1, 2)
    return np.ascontiguousarray(interleaved.T, dtype=np.float32) / np.float32(32768.0)
