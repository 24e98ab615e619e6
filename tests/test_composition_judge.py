"""Choruses against human solos: the judgement, the borrowing of a corpus, the committed figures."""

import json

import pytest

from models.composition.blues_form import FORMS, TICKS_PER_BAR
from models.composition.events import Event, notes_of
from models.composition.improvise import trained
from models.composition.originality import STYLES, Index, Run, index, tokens_of, windows_of
from models.composition.panel import MEASURES, bands
from models.composition.score import Note, Score
from training.composition import judge, licks, originality_curve
from training.composition.choruses import BARS, choruses, improvised
from training.composition.judge import is_inside, measured, table
from training.composition.judge_figures import draw_curve, draw_panel
from training.composition.pieces import Piece
from training.composition.yardsticks import BORROWING, borrowing

REPORT = json.loads(judge.REPORT.read_text())
CURVE = json.loads(originality_curve.REPORT.read_text())


def piece(bars, silent=()):
    """A piece of one whole note a bar, rising; bars numbered as a twelve-bar form from its second bar on."""
    events = tuple(
        Event(TICKS_PER_BAR, None, 0) if bar in silent else Event(TICKS_PER_BAR, 60 + bar % 12, 90)
        for bar in range(bars)
    )
    places = tuple(((bar - 1) % BARS, BARS) for bar in range(bars))
    return Piece("a piece", "weimar", FORMS["jazz"], events, places, (0,) * bars)


def test_choruses_are_cut_at_their_first_bars():
    found = list(choruses(piece(30)))
    assert [chorus.notes[0].pitch for chorus in found] == [61, 61]
    assert [note.start for note in found[0].notes] == [bar * TICKS_PER_BAR for bar in range(BARS)]
    assert found[0].chords[0].symbol == FORMS["jazz"].chord_at(TICKS_PER_BAR)


def test_a_chorus_with_a_silent_phrase_is_none():
    assert len(list(choruses(piece(25)))) == 2
    assert len(list(choruses(piece(25, silent=range(5, 9))))) == 1
    assert len(list(choruses(piece(24)))) == 1


def test_borrowing_tells_the_spread_of_copied_runs():
    pitches = (60, 67, 61, 66, 63, 72, 58, 70, 59, 62, 71, 57, 68, 64, 73, 65)
    notes = [Note(12 * place, 12, pitch, 90, "melody") for place, pitch in enumerate(pitches)]
    corpus = Index.of([("half", windows_of(tokens_of(notes[:6]))), ("other", windows_of(tokens_of(notes[::-1])))])
    whole, part, short = (Score(tuple(notes[:count]), (), 120, 192) for count in (16, 6, 4))
    found = borrowing([(whole, corpus), (part, corpus), (short, corpus)])
    assert found["choruses"] == 3
    assert found["longest_run"] == {"median": 6, "mean": 4, "low": pytest.approx(0.3), "high": 6}
    assert found["novelty"]["4"]["low"] == pytest.approx(0.0208)  # of 5/6 and 0; the shortest has no n-gram


def test_committed_bands_and_medians_agree_with_what_is_shipped():
    assert set(REPORT["styles"]) == set(STYLES)
    for style, judgement in REPORT["styles"].items():
        assert judgement["limit"] == index(style).usual_run
        assert {name: tuple(figures["band"]) for name, figures in judgement["measures"].items()} == bands()
        assert judgement["corpus"] == json.loads(BORROWING.read_text())[style]


def test_the_shipped_index_is_of_the_grammar_that_is_here():
    for seed in (0, licks.TRAINING_CHORUSES // licks.CHORUSES_PER_PIECE - 1):
        piece = licks.piece(seed)
        notes = notes_of(piece.events)
        assert index("licks").longest(notes) == Run(0, len(notes), piece.name)


@pytest.mark.parametrize("style", STYLES)
def test_of_a_hundred_choruses_eight_measures_are_human_and_copies_no_longer_than_the_corpus_s_own(style):
    judgement = REPORT["styles"][style]
    assert REPORT["choruses"] == judgement["limited"]["choruses"] == 100
    assert judgement["measures_inside"] == sum(map(is_inside, judgement["measures"].values())) >= 8
    assert judgement["limited"]["longest_run"]["median"] <= judgement["corpus"]["longest_run"]["median"]
    assert judgement["limited"]["longest_run"]["high"] <= judgement["limit"]


@pytest.mark.parametrize("style", STYLES)
def test_fresh_choruses_are_judged_alike(style):
    corpus = index(style)
    scores = [improvised(trained("joint"), style, 1000 + seed, corpus.usual_run) for seed in range(7)]
    assert sum(map(is_inside, measured(scores).values())) >= 8
    assert borrowing((score, corpus) for score in scores)["longest_run"]["high"] <= corpus.usual_run


def test_table_and_pictures_are_drawn_from_the_reports(tmp_path):
    rows = table(REPORT).splitlines()
    assert len(rows) == 2 + len(MEASURES) + 1 + len(STYLES)
    for draw, report in ((draw_panel, REPORT), (draw_curve, CURVE)):
        draw(report, tmp_path / "figure.svg")
        assert all(style in (tmp_path / "figure.svg").read_text() for style in STYLES)


def test_the_curve_follows_training_in_both_styles():
    for found in CURVE["styles"].values():
        updates = [state["updates"] for state in found["states"]]
        assert len(updates) >= 5
        assert updates == sorted(updates)
        assert found["states"][-1]["bits"] < found["states"][0]["bits"]
