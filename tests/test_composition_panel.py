"""The panel's figures: worked out by hand, unmoved by key, equal to muspy's where the definitions meet."""

import math

import muspy
import numpy as np
import pytest

from models.composition import panel as measures
from models.composition.blues_form import BASIC, TICKS_PER_BAR, TICKS_PER_BEAT
from models.composition.panel import MEASURES, panel
from models.composition.score import Chord, Note, Score

BAR, BEAT = TICKS_PER_BAR, TICKS_PER_BEAT


def score(notes, bars, chords=()):
    """A score in C of (start, duration, pitch)."""
    return Score(tuple(Note(*note, 90, "melody") for note in notes), chords, 120, bars * BAR)


def quarters(*bars):
    """Bars of four quarters, pitch by pitch."""
    return score([(place * BEAT, BEAT, pitch) for place, pitch in enumerate(sum(bars, ()))], len(bars))


def random_chorus(seed):
    """Twelve bars of random short notes, none of which touches the next beat, over the basic chart."""
    generator = np.random.default_rng(seed)
    starts = np.unique(generator.integers(0, 12 * 4, 40) * BEAT + generator.choice([0, 4, 6, 8], 40))
    notes = [(int(start), 2, int(generator.integers(55, 80))) for start in starts]
    chords = tuple(Chord(bar * BAR, BAR, symbols[0]) for bar, symbols in enumerate(BASIC.bars))
    return score(notes, 12, chords)


def as_muspy(piece):
    notes = [muspy.Note(note.start, note.pitch, note.duration, 64) for note in piece.notes]
    return muspy.Music(resolution=BEAT, tracks=[muspy.Track(notes=notes)])


def test_entropy_counts_pitch_classes_in_windows_that_sound():
    one, four = (60, 72, 48, 60), (60, 62, 64, 65)
    assert measures.pitch_class_entropy(quarters(one, one), 1) == 0
    assert measures.pitch_class_entropy(quarters(four, four), 1) == 2
    assert measures.pitch_class_entropy(quarters(one, four), 1) == 1
    mixed = -(5 / 8 * math.log2(5 / 8) + 3 / 8 * math.log2(1 / 8))
    assert measures.pitch_class_entropy(quarters(one, four), 2) == pytest.approx(mixed)
    silent_between = score([(0, BAR, 60), (2 * BAR, BEAT, 60), (2 * BAR + BEAT, BEAT, 61)], 3)
    assert measures.pitch_class_entropy(silent_between, 1) == 0.5


def test_groove_counts_equal_ticks():
    off_by_two_onsets = score([(0, 4, 60), (BAR, 4, 60), (BAR + 6, 4, 60), (BAR + 30, 4, 60)], 2)
    assert measures.grooving_similarity(off_by_two_onsets, [1]) == pytest.approx(1 - 2 / BAR)


def test_a_repeated_phrase_shows_at_its_lag():
    phrase = [(0, 12, 60), (20, 8, 63), (BAR, 4, 67), (BAR + 4, 4, 65), (2 * BAR + 36, 12, 58), (3 * BAR + 12, 30, 70)]
    repeated = score([(start + 4 * turn * BAR, *rest) for turn in range(3) for start, *rest in phrase], 12)
    assert measures.bar_similarity(repeated, [4]) == measures.bar_similarity(repeated, [8]) == pytest.approx(1)
    assert measures.bar_similarity(repeated, [2]) == 0
    figures = panel(repeated)
    assert figures["structure_long"] > figures["structure_short"]


def test_chord_tones_are_asked_of_beats_one_and_three():
    chords = (Chord(0, BAR, "C7"), Chord(BAR, BAR, "F7"))
    notes = [(0, 6, 70), (6, 6, 61), (BEAT, 6, 61), (2 * BEAT, 6, 61), (BAR, 6, 69), (BAR + 2 * BEAT, 6, 63)]
    assert measures.strong_beat_chord_tones(score(notes, 2, chords)) == 3 / 4
    assert math.isnan(measures.strong_beat_chord_tones(score(notes, 2)))


def test_counts_of_a_bar_written_out():
    figures = panel(score([(0, 12, 60), (12, 6, 63), (18, 6, 66), (24, 12, 78)], 1))
    assert figures["blue_notes"] == 3 / 4
    assert figures["in_scale"] == 1 / 4
    assert figures["rests"] == figures["empty_beats"] == 1 / 4
    assert figures["mean_interval"] == 6
    assert figures["steps"] == 0
    assert (figures["density"], figures["range"]) == (4, 18)


def test_the_key_does_not_matter():
    piece = random_chorus(1)
    assert panel(piece.transposed(3, "Eb")) == panel(piece)


@pytest.mark.parametrize("seed", range(5))
def test_muspy_agrees(seed):
    piece = random_chorus(seed)
    other, figures = as_muspy(piece), panel(piece)
    assert measures.pitch_class_entropy(piece, 12) == pytest.approx(muspy.pitch_class_entropy(other))
    assert figures["in_scale"] == pytest.approx(muspy.pitch_in_scale_rate(other, 0, "major"))
    assert figures["range"] == muspy.pitch_range(other)
    last = piece.notes[-1]
    bars = (last.start + last.duration) // BAR + 1  # muspy ends with the last note
    heard = Score(piece.notes, (), 120, bars * BAR)
    assert measures.grooving_similarity(heard, [1]) == pytest.approx(muspy.groove_consistency(other, BAR))
    beats = (last.start + last.duration) // BEAT + 1
    assert 1 - (1 - figures["empty_beats"]) * 48 / beats == pytest.approx(muspy.empty_beat_rate(other))


def test_a_melody_without_notes_has_no_figures_but_silence():
    figures = panel(score([], 12))
    assert figures.pop("rests") == figures.pop("empty_beats") == 1
    assert figures.pop("density") == 0
    assert figures.pop("groove") == 1
    assert all(math.isnan(figure) for figure in figures.values())


def test_every_measure_has_one_name():
    assert len({measure.name for measure in MEASURES}) == len(MEASURES) >= 10


@pytest.mark.parametrize("style", ["weimar", "licks"])
def test_every_measure_has_a_band(style):
    found = measures.bands(style)
    assert list(found) == [measure.name for measure in MEASURES]
    assert all(low < high for low, high in found.values())


def test_bands_of_an_unknown_style_are_refused():
    with pytest.raises(ValueError, match="'bebop'; choose one of"):
        measures.bands("bebop")
