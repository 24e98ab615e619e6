"""A hummed melody -> notes on the grid: pitch by pYIN, cut where the voice stops, dips or moves on, at a known tempo.

Pitch tracking is librosa's pYIN (Mauch & Dixon, ICASSP 2014). The singer's own tuning is measured and taken out before
pitches are rounded to semitones. The first note is taken to fall on the first beat. Frames are HOP samples apart.
"""

from __future__ import annotations

import math
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter

from audio import Audio, resample
from models.composition.blues_form import BEATS_PER_BAR, TICKS_PER_BAR, TICKS_PER_BEAT
from models.composition.call import MOST_BARS
from models.composition.score import Note, Score, check_tempo

LONGEST_S = 120.0
SAMPLE_RATE = 22_050
HOP = 512
GRID = 4  # ticks: a third of a beat, on which swung eighths lie, too
LOWEST_HZ, HIGHEST_HZ = 65.4, 1046.5  # C2 to C6
VELOCITY = 90
_SILENT_PEAK = 1e-3  # -60 dB
_QUIET_DB = 20.0  # below the loudest frame: not part of the tune
_DIP_DB = 6.0  # so far below its surroundings the level falls between two notes of one pitch
_DIP_FRAMES = 15  # the surroundings, 0.35 s
_SMOOTHED_FRAMES = 7  # 0.16 s, about one period of vibrato
_SHORTEST_FRAMES = 4  # 0.09 s: what is shorter is a slide
_LEAST_VOICED = 0.4  # of what sounds; of noise pYIN finds much less voiced

Floats = npt.NDArray[np.float64]
Heard = tuple[int, int, int]  # first frame, frame after the last, MIDI pitch


class HumError(ValueError):
    """A recording without a melody; the message says what is wrong and what to do."""


def transcribed(recording: Audio, tempo: float) -> Score:
    """Write down what was hummed.

    Args:
        recording: any rate; of several channels the mean is heard. Only as much as the longest call lasts is read.
        tempo: beats per minute, 40-300, at which it was hummed.

    Returns:
        A melody of one voice on the grid, from the first beat on, without chords.

    Raises:
        HumError: silence, or nothing with a pitch.
        ScoreError: a tempo out of range.
    """
    check_tempo(tempo)
    voice = _sounding(recording, MOST_BARS * BEATS_PER_BAR * 60.0 / tempo)
    pitch, level = _tracked(voice)
    heard = _segments(pitch, level)
    ticks_per_frame = HOP / SAMPLE_RATE * tempo / 60.0 * TICKS_PER_BEAT
    notes = _on_grid(heard, ticks_per_frame)
    length = math.ceil((notes[-1].start + notes[-1].duration) / TICKS_PER_BAR) * TICKS_PER_BAR
    return Score(notes, (), tempo, length)


def warm_up() -> None:
    """Let the pitch tracker compile, which takes it some ten seconds once."""
    time = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    _tracked(np.sin(2 * np.pi * 220.0 * time))


def _sounding(recording: Audio, seconds: float) -> Floats:
    """Return the mono sound from its beginning on, for so many seconds."""
    mono = Audio(recording.samples.mean(axis=0, keepdims=True), recording.sample_rate)
    peak = float(np.abs(mono.samples).max())
    if peak < _SILENT_PEAK:
        raise HumError("the recording is silent; check the microphone and hum again, closer to it")
    first = int(np.argmax(np.abs(mono.samples[0]) > 0.05 * peak))
    cut = mono.samples[:, first : first + round(seconds * mono.sample_rate)]
    heard: Floats = resample(Audio(cut, mono.sample_rate), SAMPLE_RATE).samples[0].astype(np.float64)
    return heard


def _tracked(voice: Floats) -> tuple[Floats, Floats]:
    """Track pitch, in MIDI numbers with fraction, nan where there is none, and level in dB: (frame,) each."""
    import librosa  # only here: it compiles at first use

    frequency, voiced, _ = librosa.pyin(voice, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, sr=SAMPLE_RATE, hop_length=HOP)
    pitch = np.where(voiced, 69.0 + 12.0 * np.log2(np.where(voiced, frequency, 440.0) / 440.0), np.nan)
    power = librosa.feature.rms(y=voice, frame_length=2 * HOP, hop_length=HOP)[0]
    return pitch, 20.0 * np.log10(np.maximum(power[: len(pitch)], 1e-9))


def _segments(pitch: Floats, level: Floats) -> list[Heard]:
    """Cut the track into notes.

    Raises:
        HumError: too little of what sounds has a pitch.
    """
    sounds = level > level.max() - _QUIET_DB
    sung = ~np.isnan(pitch) & sounds
    if sung.sum() < max(_LEAST_VOICED * sounds.sum(), _SHORTEST_FRAMES):
        raise HumError("no melody was heard; hum or sing one note after another, without other sounds around")
    tuning = np.angle(np.exp(2j * np.pi * pitch[sung]).mean()) / (2 * np.pi)  # the mean deviation from semitones
    struck = level < median_filter(level, _DIP_FRAMES) - _DIP_DB
    held = sung & ~struck
    heard: list[Heard] = []
    for is_held, run in groupby(range(len(pitch)), lambda frame: bool(held[frame])):
        frames = list(run)
        if is_held and len(frames) >= _SHORTEST_FRAMES:
            smooth = median_filter(pitch[frames] - tuning, _SMOOTHED_FRAMES, mode="nearest")
            heard += [(frames[0] + first, frames[0] + end, number) for first, end, number in _steady(np.rint(smooth))]
    if not heard:
        raise HumError("no note lasted long enough to be heard; hum more slowly")
    return heard


def _steady(semitones: Floats) -> list[Heard]:
    """Cut a run of frames where its semitone changes for good; what is too short belongs to the note before it."""
    edges = [0, *(np.flatnonzero(np.diff(semitones)) + 1).tolist(), len(semitones)]
    runs: list[Heard] = []
    for first, end in pairwise(edges):
        number = int(semitones[first])
        if runs and (end - first < _SHORTEST_FRAMES or number == runs[-1][2]):
            runs[-1] = (runs[-1][0], end, runs[-1][2])
        elif runs and runs[-1][1] - runs[-1][0] < _SHORTEST_FRAMES:  # the slide that the run began with
            runs[-1] = (runs[-1][0], end, number)
        else:
            runs.append((first, end, number))
    return runs


def _on_grid(heard: list[Heard], ticks_per_frame: float) -> tuple[Note, ...]:
    """Move notes to the grid, the first to tick 0; of two at one place the later is heard, short gaps are closed."""
    begin = heard[0][0]
    snapped = [
        (_snap((first - begin) * ticks_per_frame), _snap((end - begin) * ticks_per_frame), number)
        for first, end, number in heard
    ]
    at = {start: (end, number) for start, end, number in snapped}
    starts = [*sorted(at), math.inf]
    notes = []
    for start, following in pairwise(starts):
        end, number = at[int(start)]
        end = int(min(max(end, start + GRID), following))
        if following - end <= GRID:
            end = int(following)
        notes.append(Note(int(start), end - int(start), number, VELOCITY, "melody"))
    return tuple(notes)


def _snap(ticks: float) -> int:
    """Round to the grid."""
    return round(ticks / GRID) * GRID
