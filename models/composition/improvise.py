"""Improvise over a form, event by event: the one engine behind whole pieces and live answers.

Everything is in C; whoever asks transposes. What was heard before, a call or the melody so far, ends at the bar line
where the improvisation begins. Events stay within their bars and within the bars that were asked for; no pitch comes
more than three times in a row. Ticks count from a first bar of the form.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch

from models import checkpoint
from models.composition.blues_form import BEATS_PER_BAR, TICKS_PER_BAR, TICKS_PER_BEAT, Form
from models.composition.context import (
    ANSWER,
    CALL,
    FIRST_PITCH,
    NOTHING,
    REST,
    STYLES,
    TIE,
    UNKNOWN,
    Setting,
    density_class,
    pitch_of,
    velocity_of,
)
from models.composition.events import DURATIONS, Event
from models.composition.joint import JointConfig, JointModel
from models.composition.line import Line
from models.composition.originality import Index, index

REGISTER = range(55, 85)
MOST_BARS = 256
MOST_EQUAL = 3
NUCLEUS = 0.95
HIGHEST_DENSITY = 16.0
SHORTEST_LIMIT = 5
SEED_VELOCITY = 90
# Where notes end: straight and swung in four, on thirds of the beat in 12/8.
GRIDS = {"4/4": 1, "12/8": 4}


class ImproviseError(ValueError):
    """A request that cannot be improvised on; the message says which value and what is allowed."""


@dataclass(frozen=True)
class Wish:
    """What to improvise.

    Attributes:
        form: the chart, which goes round and round.
        bars: how many, 1-256.
        seed: 0 or greater; the same wish gives the same events.
        style: licks or weimar.
        first_bar: bar of the form to begin in, counted from 0 through all choruses.
        heard: what was played up to the bar line of `first_bar`, whole bars.
        temperature: 0.1-2; below 1 the likelier is likelier still, above 1 less so.
        density: notes per bar that are wanted, 0-16; None leaves it to the model.
        limit: no run of more notes than this, 5 or greater, is copied from the style's corpus.
        model: name of the checkpoint.
        meter: 4/4, or 12/8, where notes end on thirds of the beat.
        answering: what was heard is a call, and this is its answer; otherwise calls and answers of two bars alternate.
    """

    form: Form
    bars: int
    seed: int
    style: str = "licks"
    first_bar: int = 0
    heard: tuple[Event, ...] = ()
    temperature: float = 1.0
    density: float | None = None
    limit: int | None = None
    model: str = "joint"
    meter: str = "4/4"
    answering: bool = False

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        _check("style", self.style, STYLES)
        _check("meter", self.meter, GRIDS)
        _check_range("bars", self.bars, 1, MOST_BARS)
        _check_range("first bar", self.first_bar, 0, math.inf)
        _check_range("seed", self.seed, 0, math.inf)
        _check_range("temperature", self.temperature, 0.1, 2.0)
        _check_range("density", self.density or 0.0, 0.0, HIGHEST_DENSITY)
        _check_range("limit", SHORTEST_LIMIT if self.limit is None else self.limit, SHORTEST_LIMIT, math.inf)
        rest = sum(event.duration for event in self.heard) % TICKS_PER_BAR
        if rest:
            raise ImproviseError(f"what was heard ends {rest} ticks after a bar line; fill up its last bar with a rest")

    def setting(self) -> tuple[Setting, int]:
        """Lay out the bars from a first bar of the form on, and say at which of them what was heard begins."""
        before = sum(event.duration for event in self.heard) // TICKS_PER_BAR
        begin = (self.first_bar - before) % len(self.form.bars)
        roles: tuple[int, ...] = (CALL, CALL, ANSWER, ANSWER)
        if self.style == "weimar":
            roles = (UNKNOWN,)  # nobody said who calls in the solos
        elif self.answering:
            call = min(before, self.bars)
            roles = (UNKNOWN,) * (begin + before - call) + (CALL,) * call + (ANSWER,) * self.bars
        places = tuple((bar, len(self.form.bars)) for bar in range(len(self.form.bars)))
        return Setting(self.form, self.style, places, roles), begin


def improvise(
    *,
    form: Form,
    bars: int,
    seed: int,
    style: str = "licks",
    first_bar: int = 0,
    heard: Sequence[Event] = (),
    temperature: float = 1.0,
    density: float | None = None,
    limit: int | None = None,
    model: str = "joint",
    meter: str = "4/4",
    answering: bool = False,
) -> tuple[Event, ...]:
    """Improvise whole bars; for the arguments see `Wish`.

    Raises:
        ImproviseError: a value out of range.
        CheckpointError: the model is not shipped.
    """
    wish = Wish(form, bars, seed, style, first_bar, tuple(heard), temperature, density, limit, model, meter, answering)
    return tuple(improvising(wish, trained(model)))


def improvising(wish: Wish, model: JointModel) -> Iterator[Event]:
    """Yield the events of a wish one by one, each as soon as it is drawn."""
    setting, begin = wish.setting()
    line = Line(setting, begin * TICKS_PER_BAR, density_class(wish.density), model)
    for event in wish.heard:
        line.hear(event)
    start, end = line.now, line.now + wish.bars * TICKS_PER_BAR
    corpus = None if wish.limit is None else index(wish.style)
    generator = np.random.default_rng(wish.seed)
    while line.now < end:
        event = _drawn(line, wish, corpus, generator, may_tie=line.now > start)
        line.hear(event)
        yield event


def after_opening(pitches: Sequence[int], choruses: int, wish: Wish) -> tuple[Event, ...]:
    """Play seed notes as quarters, rest up to the next bar line, and improvise until the choruses are full.

    Args:
        pitches: the seed notes, in C.
        choruses: how many, the opening included.
        wish: the other wishes; its bars and what was heard are replaced.
    """
    played = tuple(Event(TICKS_PER_BEAT, pitch, SEED_VELOCITY) for pitch in pitches)
    heard = played + (Event(TICKS_PER_BEAT, None, 0),) * (-len(played) % BEATS_PER_BAR)
    first_bar = len(heard) // BEATS_PER_BAR
    bars = len(wish.form.bars) * choruses - first_bar
    return heard + tuple(improvising(replace(wish, bars=bars, first_bar=first_bar, heard=heard), trained(wish.model)))


@cache
def trained(model: str) -> JointModel:
    """Load a shipped model; it is only read.

    Raises:
        CheckpointError: not shipped, damaged or of another kind.
    """
    return model_of(checkpoint.shipped(model), model)


def model_of(saved: checkpoint.Checkpoint, name: str) -> JointModel:
    """Rebuild the model of a checkpoint; `name` is for the message.

    Raises:
        CheckpointError: it holds something else.
    """
    try:
        network = JointModel(JointConfig(**saved.config))
        network.load_state_dict({key: saved.tensors[key] for key in network.state_dict()})
    except (KeyError, TypeError, RuntimeError) as error:
        raise checkpoint.CheckpointError(f"{name} is a checkpoint of another kind, not a joint model") from error
    return network.eval()


def _check(name: str, value: str, known: Collection[str]) -> None:
    """Raise ImproviseError unless the value is known."""
    if value not in known:
        raise ImproviseError(f"unknown {name} {value!r}; choose one of {', '.join(known)}")


def _check_range(name: str, value: float, lowest: float, highest: float) -> None:
    """Raise ImproviseError unless lowest <= value <= highest."""
    if not lowest <= value <= highest:
        raise ImproviseError(f"{name} {value} is out of range; choose {lowest} to {highest}")


def _drawn(line: Line, wish: Wish, corpus: Index | None, generator: np.random.Generator, *, may_tie: bool) -> Event:
    """Draw duration, then pitch, then velocity."""
    room = TICKS_PER_BAR - line.now % TICKS_PER_BAR
    fits = np.array([ticks <= room and (line.now + ticks) % GRIDS[wish.meter] == 0 for ticks in DURATIONS])
    duration = _sample(line.duration_scores(), fits, wish.temperature, generator)
    scores, allowed = line.pitch_scores(duration), _allowed(line, may_tie)
    pitch = _sample(scores, allowed, wish.temperature, generator)
    while corpus and wish.limit and pitch >= FIRST_PITCH and _copies(line, pitch, corpus, wish.limit):
        allowed[pitch] = False
        pitch = _sample(scores, allowed, wish.temperature, generator)
    if pitch == REST:
        return Event(DURATIONS[duration], None, 0)
    if pitch == TIE and line.sounding:
        return Event(DURATIONS[duration], *line.sounding, tied=True)
    velocities = line.velocity_scores(duration, pitch)
    velocity = _sample(velocities, np.arange(len(velocities)) > 0, wish.temperature, generator)
    return Event(DURATIONS[duration], pitch_of(pitch), velocity_of(velocity))


def _allowed(line: Line, may_tie: bool) -> npt.NDArray[np.bool_]:
    """Say which pitch tokens may come: rests, ties of what sounds, and the register without a pitch that is worn."""
    worn = line.worn_pitch(MOST_EQUAL)
    allowed = np.array([pitch_of(token) in REGISTER and pitch_of(token) != worn for token in range(NOTHING)])
    allowed[REST], allowed[TIE] = True, may_tie and line.sounding is not None
    return allowed


def _copies(line: Line, token: int, corpus: Index, limit: int) -> bool:
    """Tell whether this note would finish a copy that is too long."""
    if not line.notes:
        return False
    start, before = line.notes[-1]
    played = [(later[1] - note[1], later[0] - note[0]) for note, later in pairwise(line.notes[-limit - 1 :])]
    return corpus.completes(played, (pitch_of(token) - before, line.now - start), limit)


def _sample(
    scores: torch.Tensor, allowed: npt.NDArray[np.bool_], temperature: float, generator: np.random.Generator
) -> int:
    """Draw from the nucleus, the likeliest of the allowed that together have NUCLEUS of the probability."""
    weights = np.where(allowed, scores.numpy().astype(np.float64) / temperature, -np.inf)
    probabilities = np.exp(weights - weights.max())
    probabilities /= probabilities.sum()
    order = np.argsort(-probabilities, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(probabilities[order]), NUCLEUS)) + 1]
    return int(generator.choice(kept, p=probabilities[kept] / probabilities[kept].sum()))
