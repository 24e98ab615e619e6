"""New pieces: the trained network as an iterator of steps, the walks and songs it is compared with, and `compose`.

After Eck & Schmidhuber (2002), section 5: the network hears its own predictions; chord units above a threshold
sound, and of the melody units, renormalised to sum to one, exactly one is drawn. Before that the listener's seed
notes are played to it. Rolls are (step, unit) as in `encoding`, in C.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import torch

from models import checkpoint
from models.composition.blues_form import (
    BEATS_PER_BAR,
    MAJOR_PENTATONIC,
    MELODY_PITCHES,
    Form,
    form_named,
    transposition,
)
from models.composition.encoding import CHORD_UNITS, Roll, chord_roll, decode, melody_roll
from models.composition.networks import BlockLSTM, BlockLSTMConfig
from models.composition.score import Score, check_tempo

MOST_CHORUSES = 8
MOST_PRIMER_NOTES = 24  # the paper's limit
HIGHEST_SEED = 2**32 - 1
LOWEST_THRESHOLD, HIGHEST_THRESHOLD = 0.05, 0.95
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.1, 2.0


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
    """

    form: Form
    choruses: int = 1
    seed: int = 0
    primer: tuple[int, ...] = ()
    threshold: float = 0.5
    temperature: float = 1.0

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


@cache
def trained(name: str) -> tuple[BlockLSTM, tuple[tuple[tuple[int, ...], ...], ...]]:
    """Load a shipped network and the segments (bar, A or B, beat) of the corpus it learned; it is only read.

    Raises:
        CheckpointError: not shipped or damaged.
    """
    shipped = checkpoint.shipped(name)
    network = network_of(shipped)
    return network, tuple(tuple(map(tuple, pair)) for pair in shipped.provenance["segments"])


def network_of(saved: checkpoint.Checkpoint) -> BlockLSTM:
    """Rebuild the network of a checkpoint."""
    network = BlockLSTM(BlockLSTMConfig.from_dict(saved.config), torch.Generator())
    weights = {name: value for name, value in saved.tensors.items() if name in network.state_dict()}
    network.load_state_dict(weights)
    return network.eval()


def steps(network: BlockLSTM, request: Request, generator: np.random.Generator) -> Iterator[Roll]:
    """Play on for ever: yield one step (unit,) after another, from silence, the primer first.

    The primer fixes the melody only; its chords are the network's own from the first step on.
    """
    primer = melody_roll(request.primer)
    heard, state = torch.zeros(1, network.units), network.initial_state()
    count = 0
    while True:
        probabilities, state = network.step(heard, state)
        step = np.zeros(network.units, np.float32)
        step[:CHORD_UNITS] = probabilities[0, :CHORD_UNITS] > request.threshold
        if count < len(primer):
            step[CHORD_UNITS:] = primer[count]
        else:
            step[CHORD_UNITS + draw(probabilities[0, CHORD_UNITS:].numpy(), request.temperature, generator)] = 1.0
        heard, count = torch.from_numpy(step)[None], count + 1
        yield step


def draw(probabilities: npt.NDArray[np.float32], temperature: float, generator: np.random.Generator) -> int:
    """Draw one melody unit from independent probabilities (unit,), sharpened by 1 / temperature and renormalised."""
    logarithms = np.log(np.maximum(probabilities.astype(np.float64), 1e-30)) / temperature
    weights = np.exp(logarithms - logarithms.max())
    return int(generator.choice(len(weights), p=weights / weights.sum()))


def _lstm(request: Request, generator: np.random.Generator) -> Roll:
    """Free run of the shipped network of experiment 2."""
    network, _ = trained("lstm")
    return np.stack(list(islice(steps(network, request, generator), request.form.steps * request.choruses)))


def _random_walk(request: Request, generator: np.random.Generator) -> Roll:
    """Step up and down the pentatonic scale of C over the chart: the paper's own informal comparison."""
    scale = [pitch for pitch in MELODY_PITCHES if pitch % 12 in MAJOR_PENTATONIC]
    beats = len(request.form.bars) * BEATS_PER_BAR * request.choruses
    melody = list(request.primer[:beats])
    place = int(np.abs(np.subtract(scale, melody[-1])).argmin()) if melody else int(generator.integers(len(scale)))
    while len(melody) < beats:
        place = min(max(place + int(generator.choice((-1, 1))), 0), len(scale) - 1)
        melody.append(scale[place])
    return _over_chart(request, melody)


def _corpus(request: Request, generator: np.random.Generator) -> Roll:
    """Draw songs from the training corpus, one per chorus."""
    if request.primer:
        raise CompositionError("the corpus model plays songs as they are; leave the seed notes out")
    _, segments = trained("lstm")
    melody = [pitch for _ in range(request.choruses) for pair in segments for pitch in pair[int(generator.integers(2))]]
    return _over_chart(request, melody)


def _over_chart(request: Request, melody: Sequence[int]) -> Roll:
    """Set a melody of quarters over the chart."""
    chords = np.tile(chord_roll(request.form), (request.choruses, 1))
    return np.concatenate([chords, melody_roll(melody)], axis=1)


COMPOSERS: MappingProxyType[str, Callable[[Request, np.random.Generator], Roll]] = MappingProxyType(
    {"lstm": _lstm, "random-walk": _random_walk, "corpus": _corpus}
)
DEFAULT = "lstm"


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
) -> Score:
    """Compose a blues.

    Args:
        model: lstm (the default), random-walk or corpus.
        form: name of the chart.
        key: tonic; the piece is transposed by the shorter way.
        tempo: 40-300 beats per minute.
        choruses: 1-8.
        seed: 0 to 2^32 - 1.
        primer: up to 24 seed notes as they shall sound, MIDI 0-127, brought by octaves into the melody's register.
        threshold: of chord units, 0.05-0.95; only the lstm heeds it.
        temperature: of the melody's draws, 0.1-2; only the lstm heeds it.

    Raises:
        ValueError: a value out of range or unknown (CompositionError, FormError, ScoreError).
    """
    name = DEFAULT if model == "default" else model
    if name not in COMPOSERS:
        raise CompositionError(f"unknown model {model!r}; choose one of {', '.join(COMPOSERS)}")
    check_tempo(tempo)
    semitones = transposition(key)
    folded = tuple(in_register(pitch - semitones) for pitch in primer)
    request = Request(form_named(form), choruses, seed, folded, threshold, temperature)
    roll = COMPOSERS[name](request, np.random.default_rng(seed))
    return decode(roll, tempo, request.form).transposed(semitones, key)


def in_register(pitch: int) -> int:
    """Bring a pitch in C into the melody's thirteen notes by octaves."""
    lowest = MELODY_PITCHES[0]
    return pitch if pitch in MELODY_PITCHES else lowest + (pitch - lowest) % 12


def seed_notes(score: Score) -> tuple[int, ...]:
    """Take seed notes from a score: the highest melody note of each onset, at most the first 24."""
    highest: dict[int, int] = {}
    for note in score.part("melody").notes:
        highest[note.start] = max(note.pitch, highest.get(note.start, 0))
    return tuple(highest.values())[:MOST_PRIMER_NOTES]
