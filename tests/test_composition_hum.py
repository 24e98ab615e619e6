"""Hummed melodies of known notes are written down as they were meant; what holds no melody is refused."""

import numpy as np
import pytest
from mir_eval.transcription import precision_recall_f1_overlap

from audio import Audio
from models.composition.blues_form import TICKS_PER_BAR
from models.composition.hum import GRID, HumError, transcribed
from models.composition.score import ScoreError

RATE = 16_000
TUNE = ((0, 12, 57), (12, 8, 60), (20, 4, 62), (24, 12, 62), (36, 12, 64), (56, 16, 67), (72, 8, 64), (80, 16, 60))
TEMPO = 100.0


def hummed(tune, *, detuned=0.0, vibrato=0.3, breath=0.003, lead_s=0.4):
    """A voice of eight harmonics; start, ticks and pitch of each note; vibrato and tuning in semitones."""
    rng = np.random.default_rng(1)
    tick = 60.0 / TEMPO / 12
    out = breath * rng.standard_normal(round((lead_s + (tune[-1][0] + tune[-1][1]) * tick + 0.5) * RATE))
    for start, ticks, pitch in tune:
        time = np.arange(round((ticks * tick - 0.05) * RATE)) / RATE  # a breath before the next
        bend = vibrato * np.sin(2 * np.pi * 5.5 * time)
        phase = 2 * np.pi * np.cumsum(440 * 2 ** ((pitch + detuned + bend - 69) / 12)) / RATE
        tone = sum(np.sin(k * phase) / k**1.5 for k in range(1, 9))
        edge = np.minimum(1.0, np.minimum(time, time[-1] - time) / 0.03)
        first = round((lead_s + start * tick) * RATE)
        out[first : first + len(time)] += 0.2 * edge * tone
    return Audio(np.stack([out, out]).astype(np.float32), RATE)


def as_mir_eval(notes):
    """Intervals in seconds and pitches in hertz of (start, ticks, pitch)."""
    tick = 60.0 / TEMPO / 12
    intervals = np.array([(start * tick, (start + ticks) * tick) for start, ticks, _ in notes])
    return intervals, np.array([440 * 2 ** ((pitch - 69) / 12) for *_, pitch in notes])


@pytest.mark.parametrize("voice", [{}, {"detuned": 0.4, "vibrato": 0.0}, {"detuned": -0.3, "breath": 0.01}])
def test_a_hum_of_known_notes_is_written_down(voice):
    score = transcribed(hummed(TUNE, **voice), TEMPO)
    found = [(note.start, note.duration, note.pitch) for note in score.notes]
    precision, recall, _, overlap = precision_recall_f1_overlap(
        *as_mir_eval(TUNE), *as_mir_eval(found), offset_ratio=0.4
    )
    assert (precision, recall) == (1.0, 1.0)
    assert overlap > 0.8
    assert {note.start % GRID for note in score.notes} == {0}
    assert (score.tempo, score.length % TICKS_PER_BAR) == (TEMPO, 0)


def test_only_as_much_as_a_call_may_last_is_heard():
    long = [(24 * place, 24, 60 + place % 5) for place in range(20)]
    score = transcribed(hummed(long), TEMPO)
    assert score.length == 8 * TICKS_PER_BAR
    assert [note.pitch for note in score.notes] == [pitch for *_, pitch in long[:16]]


def noise(level):
    return np.random.default_rng(2).normal(0, level, (1, 2 * RATE)).astype(np.float32)


@pytest.mark.parametrize(
    ("samples", "named"),
    [
        (np.zeros((1, RATE), np.float32), "silent"),
        (noise(0.0001), "silent"),
        (noise(0.1), "no melody was heard"),
    ],
)
def test_silence_and_noise_are_refused(samples, named):
    with pytest.raises(HumError, match=named):
        transcribed(Audio(samples, RATE), TEMPO)


def test_a_tempo_out_of_range_is_refused():
    with pytest.raises(ScoreError, match="tempo 500"):
        transcribed(hummed(TUNE[:1]), 500)
