"""Twelve-bar choruses as scores, of the corpora and of improvisations: on them melodies are measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from models.composition.blues_form import FORMS, TICKS_PER_BAR, TICKS_PER_BEAT, Form
from models.composition.events import notes_of
from models.composition.improvise import Wish, improvising
from models.composition.joint import JointModel
from models.composition.score import Chord, Note, Score
from training.composition import licks, weimar
from training.composition.pieces import Piece

BARS = 12
TWELVE_BAR_FORMS = tuple(form for form in FORMS.values() if len(form.bars) == BARS)
PHRASE = 4 * TICKS_PER_BAR
TEMPO = 120  # of no consequence for what is counted in ticks


def corpus(style: str, folder: Path) -> list[tuple[Piece, frozenset[str]]]:
    """Read the pieces of a style, each with the names of its kin: itself, others of its tune, others by its player.

    Args:
        style: weimar or licks.
        folder: of the tables of human solos.
    """
    if style == "licks":
        seeds = range(licks.TRAINING_CHORUSES // licks.CHORUSES_PER_PIECE)
        return [(piece, frozenset([piece.name])) for piece in map(licks.piece, seeds)]
    solos = weimar.solos(folder)
    return [
        (
            solo.piece,
            frozenset(
                other.piece.name for other in solos if solo.performer == other.performer or solo.title == other.title
            ),
        )
        for solo in solos
    ]


def choruses(piece: Piece) -> Iterator[Score]:
    """Cut the twelve-bar choruses out of a piece, those in which no phrase of four bars is silent, in C."""
    notes = notes_of(piece.events)
    places = [place if bars == BARS else None for place, bars in piece.places]
    for first in range(len(places) - BARS + 1):
        if places[first : first + BARS] == list(range(BARS)):
            chorus = chorus_of(notes, piece.form, first)
            if len({note.start // PHRASE for note in chorus.notes}) == BARS * TICKS_PER_BAR // PHRASE:
                yield chorus


def improvised(model: JointModel, style: str, seed: int, limit: int | None = None) -> Score:
    """Improvise a chorus; the twelve-bar forms take turns with the seeds.

    Args:
        model: the joint model, or an early state of it.
        style: weimar or licks.
        seed: 0 or greater.
        limit: no run of more notes is copied from the corpus of the style.
    """
    form = TWELVE_BAR_FORMS[seed % len(TWELVE_BAR_FORMS)]
    return chorus_of(notes_of(tuple(improvising(Wish(form, BARS, seed, style, limit=limit), model))), form)


def chorus_of(notes: Sequence[Note], form: Form, first_bar: int = 0) -> Score:
    """Cut twelve bars out of a melody over a form; what began before is left out, what goes on after is clipped."""
    start, length = first_bar * TICKS_PER_BAR, BARS * TICKS_PER_BAR
    kept = [
        replace(note, start=note.start - start, duration=min(note.duration, start + length - note.start))
        for note in notes
        if start <= note.start < start + length
    ]
    chords, now = [], 0
    for symbol, beats in groupby(form.chord_at(tick) for tick in range(start, start + length, TICKS_PER_BEAT)):
        duration = len(list(beats)) * TICKS_PER_BEAT
        chords.append(Chord(now, duration, symbol))
        now += duration
    return Score(tuple(kept), tuple(chords), TEMPO, length)
