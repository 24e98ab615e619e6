"""A lick grammar of our own: choruses of calls and answers over any form, the synthetic corpus of the joint model.

Rhythm comes first: cells of one or two beats on the grid of 12, more and shorter notes towards the middle of a chorus,
a long note and a rest at the end of a phrase. Then pitches: chord tones on strong beats and under long notes, guide
tones where the chord changes, the rest leads into them by scale steps, approaches and enclosures. An answer repeats,
sequences or inverts its call, fitted to its own chords, or says something new. Random choices come from a table of
probabilities below; they are ours, no data stand behind them.

A lick is the rhythm of a call. One lick in sixteen, chosen by a hash of its content, is reserved: training never sees a
piece with one of these, and the held-out pieces all have one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.composition.blues_form import FORMS, TICKS_PER_BAR, Form
from models.composition.events import events_of
from models.composition.score import Note, Score
from training.composition.lick_pitches import adapted, inverted, sung
from training.composition.pieces import Piece

VERSION = 1
TRAINING_CHORUSES = 4096
CHORUSES_PER_PIECE = 2
RESERVED_SHARE = 1 / 16

# Cells: durations in ticks, rests negative; weights in a sparse and in a dense phrase.
CELLS = {
    (12,): (2.0, 1.0),
    (8, 4): (2.0, 5.0),
    (4, 4, 4): (0.2, 1.2),
    (-8, 4): (1.5, 0.8),
    (-4, 4, 4): (0.2, 0.5),
    (6, 6): (0.1, 0.3),
    (3, 3, 3, 3): (0.0, 0.4),
    (24,): (2.0, 0.2),
    (20, 4): (2.0, 0.6),
    (8, 16): (1.5, 0.9),
    (8, 4, 12): (1.0, 1.4),
    (12, 8, 4): (1.0, 1.4),
    (16, 8): (0.8, 0.4),
    (8, 8, 8): (0.4, 0.5),
    (-12, 8, 4): (0.8, 0.4),
}
ENDINGS = ((24,), (20, -4), (12, -12), (16, -8), (8, -16), (8, 16))
PICK_UPS = ((), (), (), (-8, 4), (-12,), (-20, 4))
SPANS = (1, 2, 2, 2, 2, 4)  # bars of a call and of its answer
ANSWERS = {"repeat": 0.3, "sequence": 0.2, "tail": 0.15, "invert": 0.1, "new": 0.25}
CALL_LOUDNESS, ANSWER_LOUDNESS = 92, 86
GRACE, GRACE_TICKS = 0.2, 4  # blue third into the third

Rhythm = tuple[int, ...]  # durations in ticks, rests negative


@dataclass(frozen=True)
class Phrase:
    """A call or an answer: signed durations, and the pitches of those that sound."""

    rhythm: Rhythm
    pitches: tuple[int, ...]


def piece(seed: int, held_out: bool = False) -> Piece:
    """Write two choruses over a form drawn at random; the same seed gives the same piece.

    Args:
        seed: 0 or greater.
        held_out: with reserved licks; otherwise without any.
    """
    rng = np.random.default_rng((VERSION, seed))
    form = FORMS[str(rng.choice(list(FORMS)))]
    span = int(rng.choice(SPANS))
    phrases = choruses(form, span, rng, held_out)
    notes = _notes(phrases, span, form, rng)
    length = CHORUSES_PER_PIECE * form.ticks
    events = events_of(Score(notes, (), 120, length))
    roles = tuple(1 + bar // span % 2 for bar in range(length // TICKS_PER_BAR))
    places = tuple((bar % len(form.bars), len(form.bars)) for bar in range(length // TICKS_PER_BAR))
    return Piece(f"licks {seed}", "licks", form, events, places, roles)


def choruses(form: Form, span: int, rng: np.random.Generator, held_out: bool) -> list[Phrase]:
    """Write the phrases of a piece, call and answer in turn, of `span` bars each; drawn again until the split fits."""
    while True:
        phrases = [phrase for _ in range(CHORUSES_PER_PIECE) for phrase in _chorus(form, span, rng)]
        if any(is_reserved(phrase.rhythm) for phrase in phrases[::2]) == held_out:
            return phrases


def is_reserved(rhythm: Rhythm) -> bool:
    """Tell whether a lick is kept out of training."""
    digest = hashlib.sha256(repr(rhythm).encode()).digest()
    return digest[0] < 256 * RESERVED_SHARE


def _chorus(form: Form, span: int, rng: np.random.Generator) -> list[Phrase]:
    """Write one chorus as calls, each but perhaps the last followed by its answer."""
    phrases: list[Phrase] = []
    count, colour = len(form.bars) // span, str(rng.choice(("blues", "chord")))
    last = int(rng.integers(62, 73))
    for number in range(count):
        density = float(np.sin(np.pi * (number + 0.7) / (count + 0.4))) * rng.uniform(0.6, 1.0)
        start = number * span * TICKS_PER_BAR
        call = phrases[-1] if number % 2 else None
        phrase = _answer(call, form, start, density, colour, rng) if call else None
        phrase = phrase or _new(form, start, span, density, colour, last, rng)
        phrases.append(phrase)
        last = phrase.pitches[-1]
    return phrases


def _new(form: Form, start: int, span: int, density: float, colour: str, last: int, rng: np.random.Generator) -> Phrase:
    """Invent a phrase that begins near the pitch `last`."""
    rhythm = _rhythm(span, density, rng)
    return Phrase(rhythm, sung(_onsets(rhythm, start), form, colour, last, rng))


def _answer(
    call: Phrase, form: Form, start: int, density: float, colour: str, rng: np.random.Generator
) -> Phrase | None:
    """Answer a call by its own means; None if something new shall be said."""
    kind = str(rng.choice(list(ANSWERS), p=list(ANSWERS.values())))
    if kind == "new":
        return None
    shift = int(rng.choice((-5, -4, -3, -2, 2, 3, 5))) if kind == "sequence" else 0
    if kind == "tail" and len(call.rhythm) > 4:
        return _with_new_tail(call, form, start, density, colour, rng)
    line = inverted(call.pitches) if kind == "invert" else call.pitches
    return Phrase(call.rhythm, adapted(line, _onsets(call.rhythm, start), form, shift))


def _with_new_tail(
    call: Phrase, form: Form, start: int, density: float, colour: str, rng: np.random.Generator
) -> Phrase:
    """Repeat the first half of a call and end it differently."""
    whole = _ticks(call.rhythm)
    half = next(place for place in range(1, len(call.rhythm)) if _ticks(call.rhythm[:place]) >= whole / 2)
    rhythm = call.rhythm[:half] + _filled(whole - _ticks(call.rhythm[:half]), density, rng)
    kept, sounding = sum(ticks > 0 for ticks in call.rhythm[:half]), _onsets(rhythm, start)
    head = adapted(call.pitches[:kept], sounding[:kept], form, 0)
    last = head[-1] if head else call.pitches[0]
    return Phrase(rhythm, head + sung(sounding[kept:], form, colour, last, rng))


def _ticks(rhythm: Rhythm) -> int:
    """Length of a rhythm."""
    return sum(map(abs, rhythm))


def _rhythm(span: int, density: float, rng: np.random.Generator) -> Rhythm:
    """Draw the rhythm of a phrase: pick-up, cells, a long note, a rest that lets the other player breathe."""
    pick_up: Rhythm = PICK_UPS[int(rng.integers(len(PICK_UPS)))]
    return pick_up + _filled(span * TICKS_PER_BAR - _ticks(pick_up), density, rng)


def _filled(ticks: int, density: float, rng: np.random.Generator) -> Rhythm:
    """Fill a stretch with cells, an ending and a rest."""
    beats = ticks // 12
    breath = 12 * int(rng.integers(0, max(1, round(beats * (0.6 - 0.3 * density)))))
    ending = ENDINGS[int(rng.integers(len(ENDINGS)))]
    room = ticks - breath - _ticks(ending)
    found: list[int] = [-(room % 12)] if room % 12 > 0 else []
    room -= room % 12 if room > 0 else 0
    weights = np.array([sparse * (1 - density) + dense * density for sparse, dense in CELLS.values()])
    cells = list(CELLS)
    while room >= 12:
        fits = np.array([_ticks(cell) <= room for cell in cells])
        cell = cells[int(rng.choice(len(cells), p=weights * fits / (weights * fits).sum()))]
        found += cell
        room -= _ticks(cell)
    end = [*found, *ending, -breath] if breath else [*found, *ending]
    return _trimmed(end, ticks)


def _trimmed(rhythm: Sequence[int], ticks: int) -> Rhythm:
    """Cut a rhythm that is too long for its stretch, as the ending of a short one may be."""
    kept, left = [], ticks
    for signed in rhythm:
        kept.append(int(np.sign(signed)) * min(abs(signed), left))
        left -= abs(kept[-1])
    return (*(signed for signed in kept if signed), *((-left,) if left else ()))


def _onsets(rhythm: Rhythm, start: int) -> list[tuple[int, int]]:
    """Start and duration of what sounds, in ticks from the beginning of the chorus."""
    found = []
    for signed in rhythm:
        if signed > 0:
            found.append((start, signed))
        start += abs(signed)
    return found


def _notes(phrases: Sequence[Phrase], span: int, form: Form, rng: np.random.Generator) -> tuple[Note, ...]:
    """Set the phrases one after another, with dynamics and graces."""
    notes: list[Note] = []
    for number, phrase in enumerate(phrases):
        loudness = ANSWER_LOUDNESS if number % 2 else CALL_LOUDNESS
        sounding = _onsets(phrase.rhythm, number * span * TICKS_PER_BAR)
        top = max(phrase.pitches, default=0)
        for (start, duration), pitch in zip(sounding, phrase.pitches, strict=True):
            velocity = accented(loudness + 6 * (pitch == top), start, duration)
            notes += _graced(Note(start, duration, pitch, velocity, "melody"), form, rng)
    return tuple(notes)


def accented(loudness: int, start: int, duration: int) -> int:
    """Velocity of a note: the last part of a beat is accented, long notes too, the middle of a triplet is light."""
    within = start % 12
    accent = 12 if within in (6, 8, 9) else 0 if within == 0 else -10
    return min(max(loudness + accent + (6 if duration >= 16 else 0), 1), 127)


def _graced(note: Note, form: Form, rng: np.random.Generator) -> list[Note]:
    """Slide into a long third from the blue note below, now and then."""
    is_third = form.degree(note.pitch, note.start) == 4
    if note.duration < 12 or not is_third or rng.random() > GRACE:
        return [note]
    grace = replace(note, duration=GRACE_TICKS, pitch=note.pitch - 1, velocity=note.velocity - 20)
    return [grace, replace(note, start=note.start + GRACE_TICKS, duration=note.duration - GRACE_TICKS)]
