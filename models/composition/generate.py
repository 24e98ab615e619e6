"""New pieces: a trained network as an iterator of steps, the walks and songs it is compared with, and `compose`.

After Eck & Schmidhuber (2002), section 5: the network hears its own predictions; chord units above a threshold
sound, and of the melody units, renormalised to sum to one, exactly one is drawn. Before that the listener's seed
notes are played to it. Rolls are (step, unit) as in `encoding`, in C. The joint model plays in ticks over any form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import torch

from models import checkpoint
from models.composition.blues_form import (
    BEBOP,
    Form,
    form_named,
    transposition,
)
from models.composition.encoding import CHORD_UNITS, UNITS, Roll, decode, melody_roll
from models.composition.events import notes_of
from models.composition.improvise import Wish, after_opening
from models.composition.markov import Markov
from models.composition.networks import Network, NetworkConfig, build
from models.composition.primer import MOST_PRIMER_NOTES, in_register
from models.composition.score import Score, check_tempo
from models.composition.walks import over_chart, random_walk

MOST_CHORUSES = 8
HIGHEST_SEED = 2**32 - 1
LOWEST_THRESHOLD, HIGHEST_THRESHOLD = 0.05, 0.95
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.1, 2.0

Segments = tuple[tuple[tuple[int, ...], ...], ...]  # (bar, A or B, beat) -> MIDI pitch


class CompositionError(ValueError):
    """A request that cannot be composed; the message says which value and what is allowed."""


@dataclass(frozen=True)
class Request:
    """What to compose, in C.

    Attributes:
        form: the chart; the network plays the one that it learned.
        choruses: 1-8 times round the form.
        seed: 0 to 2^32 - 1; the same request with the same seed gives the same notes.
        primer: up to 24 seed notes, MIDI numbers 60-72, a quarter each: the piece begins with them.
        threshold: chord units more probable than this sound, 0.05-0.95; the paper's is 0.5.
        temperature: 0.1-2; below 1 the melody keeps to likelier notes, above 1 it strays.
        style: licks or weimar, of the joint model.
        meter: 4/4 or 12/8.
        density: notes per bar that the joint model shall play, None if it may choose.
        limit: most notes in a row that the joint model may copy, None for any.
    """

    form: Form
    choruses: int = 1
    seed: int = 0
    primer: tuple[int, ...] = ()
    threshold: float = 0.5
    temperature: float = 1.0
    style: str = "licks"
    meter: str = "4/4"
    density: float | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        _check("choruses", self.choruses, 1, MOST_CHORUSES)
        _check("seed", self.seed, 0, HIGHEST_SEED)
        _check("chord threshold", self.threshold, LOWEST_THRESHOLD, HIGHEST_THRESHOLD)
        _check("temperature", self.temperature, LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE)
        if len(self.primer) > MOST_PRIMER_NOTES:
            raise CompositionError(f"{len(self.primer)} seed notes are too many; use at most {MOST_PRIMER_NOTES}")


def _check(name: str, value: float, lowest: float, highest: float) -> None:
    """Raise CompositionError unless lowest <= value <= highest."""
    if not lowest <= value <= highest:
        raise CompositionError(f"{name} {value} is out of range; choose {lowest} to {highest}")


def checkpoint_name(model: str, form: Form) -> str:
    """Name the shipped checkpoint of a network for a form: lstm for bebop, lstm-basic for basic."""
    return model if form == BEBOP else f"{model}-{form.name}"


@cache
def trained(model: str, form: Form = BEBOP) -> tuple[Network, Segments]:
    """Load a shipped network and the segments of the corpus that it learned; both are only read.

    Raises:
        CheckpointError: not shipped, damaged or of another kind.
    """
    name = checkpoint_name(model, form)
    shipped = checkpoint.shipped(name)
    return network_of(shipped, name), tuple(tuple(map(tuple, pair)) for pair in shipped.provenance["segments"])


def network_of(saved: checkpoint.Checkpoint, name: str = "the file") -> Network:
    """Rebuild the network of a checkpoint; `name` is for the message.

    Raises:
        CheckpointError: it holds something else than a network of this room.
    """
    try:
        network = build(NetworkConfig.from_dict(saved.config), torch.Generator())
        network.load_state_dict({key: saved.tensors[key] for key in network.state_dict()})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise checkpoint.CheckpointError(f"{name} is a checkpoint of another kind, not of the composer") from error
    return network.eval()


@cache
def transition_tables(form: Form) -> Markov:
    """Count the third-order tables of the corpus of a form.

    Four notes in a row touch at most two bars, and bars are chosen independently. So the songs AAAA..., BBBB...,
    ABAB... and BABA..., in which every pair of neighbours occurs once, have the statistics of all 4096.
    """
    _, segments = trained("lstm", form)
    choices = [[(bar * odd + first) % 2 for bar in range(len(segments))] for odd in (0, 1) for first in (0, 1)]
    return Markov(form, [_melody(segments, choice) for choice in choices])


def _melody(segments: Segments, choices: Sequence[int]) -> list[int]:
    """Return the pitches of the song that takes these segments, bar by bar."""
    return [pitch for pair, choice in zip(segments, choices, strict=True) for pitch in pair[choice]]


def steps(network: Network, request: Request, generator: np.random.Generator) -> Iterator[Roll]:
    """Play on for ever: yield one step (unit,) after another, from silence, the primer first.

    The primer fixes the melody only; its chords are the network's own from the first step on. A network of chords
    alone leaves the melody silent.
    """
    primer = melody_roll(request.primer)
    heard, state = torch.zeros(1, network.units), network.initial_state()
    count = 0
    while True:
        probabilities, state = network.step(heard, state)
        step = np.zeros(UNITS, np.float32)
        step[:CHORD_UNITS] = probabilities[0, :CHORD_UNITS] > request.threshold
        if count < len(primer):
            step[CHORD_UNITS:] = primer[count]
        elif network.units == UNITS:
            step[CHORD_UNITS + draw(probabilities[0, CHORD_UNITS:].numpy(), request.temperature, generator)] = 1.0
        heard, count = torch.from_numpy(step[None, : network.units]), count + 1
        yield step


def draw(probabilities: npt.NDArray[np.float32], temperature: float, generator: np.random.Generator) -> int:
    """Draw one melody unit from independent probabilities (unit,), sharpened by 1 / temperature and renormalised."""
    logarithms = np.log(np.maximum(probabilities.astype(np.float64), 1e-30)) / temperature
    weights = np.exp(logarithms - logarithms.max())
    return int(generator.choice(len(weights), p=weights / weights.sum()))


def _network(model: str, request: Request, generator: np.random.Generator) -> Roll:
    """Free run of a shipped network."""
    network, _ = trained(model, request.form)
    if request.primer and network.units < UNITS:
        raise CompositionError(f"{model} plays chords only; leave the seed notes out")
    return np.stack(list(islice(steps(network, request, generator), request.form.steps * request.choruses)))


def _markov(request: Request, generator: np.random.Generator) -> Roll:
    """Free run of the transition tables."""
    playing = transition_tables(request.form).steps(request.primer, generator)
    return np.stack(list(islice(playing, request.form.steps * request.choruses)))


def _random_walk(request: Request, generator: np.random.Generator) -> Roll:
    """Walk at random over the chart."""
    return random_walk(request.form, request.choruses, request.primer, generator)


def _corpus(request: Request, generator: np.random.Generator) -> Roll:
    """Draw songs from the training corpus, one per chorus."""
    if request.primer:
        raise CompositionError("the corpus model plays songs as they are; leave the seed notes out")
    _, segments = trained("lstm", request.form)
    songs = generator.integers(0, 2, (request.choruses, len(segments))).tolist()
    return over_chart(request.form, request.choruses, [pitch for song in songs for pitch in _melody(segments, song)])


def _joint(request: Request, tempo: float) -> Score:
    """Improvise over the chart, after the seed notes."""
    wish = Wish(
        request.form,
        bars=1,
        seed=request.seed,
        style=request.style,
        temperature=request.temperature,
        density=request.density,
        limit=request.limit,
        meter=request.meter,
    )
    melody = after_opening(request.primer, request.choruses, wish)
    chart = decode(over_chart(request.form, request.choruses, ()), tempo, request.form)
    return replace(chart, notes=tuple(sorted((*chart.notes, *notes_of(melody)))))


NETWORKS = ("feedforward", "rnn", "lstm-chords", "lstm", "lstm-wide")
COMPOSERS: MappingProxyType[str, Callable[[Request, np.random.Generator], Roll]] = MappingProxyType(
    {name: partial(_network, name) for name in NETWORKS}
    | {"markov": _markov, "random-walk": _random_walk, "corpus": _corpus}
)
JOINT = "joint"
MODELS = (*COMPOSERS, JOINT)
DEFAULT = "lstm"


def available(form: str = "bebop") -> tuple[str, ...]:
    """Name the models that can play a form here: the networks that are shipped for it, and those that need none.

    Raises:
        FormError: no form has this name.
    """
    chart = form_named(form)
    needs = {name: name for name in NETWORKS} | {"markov": "lstm", "corpus": "lstm"}  # the segments are the lstm's
    return tuple(
        name for name in MODELS if name not in needs or checkpoint.is_shipped(checkpoint_name(needs[name], chart))
    )


def compose(
    model: str = "default",
    *,
    form: str = "bebop",
    key: str = "C",
    tempo: float = 120,
    choruses: int = 1,
    seed: int = 0,
    primer: Sequence[int] = (),
    threshold: float = 0.5,
    temperature: float = 1.0,
    style: str = "licks",
    meter: str = "4/4",
    density: float | None = None,
    limit: int | None = None,
) -> Score:
    """Compose a blues.

    Args:
        model: a name in MODELS; default is lstm. Its chords are its own if it is a network of 2002 or markov.
        form: name of the chart.
        key: tonic; the piece is transposed by the shorter way.
        tempo: 40-300 beats per minute.
        choruses: 1-8.
        seed: 0 to 2^32 - 1.
        primer: up to 24 seed notes as they shall sound, MIDI 0-127, brought by octaves into the melody's register.
        threshold: of chord units, 0.05-0.95; only networks of 2002 heed it.
        temperature: of the melody's draws, 0.1-2; only networks heed it.
        style: licks or weimar; only the joint model heeds this and what follows but the meter.
        meter: 4/4 or 12/8.
        density: notes per bar, 0-16; None leaves it to the model.
        limit: no run of more notes than this, 5 or greater, is copied from the style's corpus.

    Raises:
        ValueError: a value out of range or unknown (CompositionError, FormError, ScoreError).
    """
    name = DEFAULT if model == "default" else model
    if name not in MODELS:
        raise CompositionError(f"unknown model {model!r}; choose one of {', '.join(MODELS)}")
    if name not in available(form):
        raise CompositionError(f"no {name} is shipped for the form {form}; choose {', '.join(available(form))}")
    check_tempo(tempo)
    semitones = transposition(key)
    for pitch in primer:
        _check("seed note", pitch, 0, 127)
    folded = tuple(in_register(pitch - semitones) for pitch in primer)
    request = Request(form_named(form), choruses, seed, folded, threshold, temperature, style, meter, density, limit)
    if name == JOINT:
        score = _joint(request, tempo)
    else:
        score = decode(COMPOSERS[name](request, np.random.default_rng(seed)), tempo, request.form)
    return replace(score, meter=meter).transposed(semitones, key)
