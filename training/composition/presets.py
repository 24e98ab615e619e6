"""What is trained, and how: the networks that are compared, all of about the paper's size, and the ways to fit them.

Every network has the paper's topology: a group of cells for the chords, which hear no melody, and one for the melody,
which hears the chords. Chords alone are experiment 1; a network with a melody goes on from one of chords alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.composition.networks import Group, NetworkConfig

WEIGHT_RANGE = 1.0  # found with the step size by a small search on the chords
# The least window that makes every next chord of the bebop form certain; basic takes 32, which is out of proportion.
WINDOW = 9


def _network(kind: str, chords: int, melody: int = 0, cells_per_block: int = 1, window: int = 1) -> NetworkConfig:
    """Describe a network by its blocks for the chords and for the melody, if it has one."""
    groups = (Group("chords", 12, chords, cells_per_block),)
    if melody:
        groups += (Group("melody", 13, melody, cells_per_block, hears=("chords",)),)
    return NetworkConfig(kind, groups, weight_range=WEIGHT_RANGE, window=window)


NETWORKS = {
    "lstm-chords": _network("lstm", 4, cells_per_block=2),  # 664 parameters
    "rnn-chords": _network("rnn", 13),  # 650
    "feedforward-chords": _network("feedforward", 4, window=WINDOW),  # 640
    "lstm": _network("lstm", 4, 4, cells_per_block=2),  # 1542
    "rnn": _network("rnn", 13, 13),  # 1521
    "feedforward": _network("feedforward", 4, 3, window=WINDOW),  # 1539
    "lstm-wide": _network("lstm", 4, 16, cells_per_block=2),  # 5550
}
# The network of chords alone that each network with a melody begins as.
BEGINNINGS = {
    "lstm": "lstm-chords",
    "lstm-wide": "lstm-chords",
    "rnn": "rnn-chords",
    "feedforward": "feedforward-chords",
}


def side_by_side(config: NetworkConfig, candidates: int) -> NetworkConfig:
    """Describe several networks as one whose last group is there several times; the copies do not hear one another.

    To compute them together takes little longer than one alone.
    """
    *shared, last = config.groups
    copies = [replace(last, name=f"{last.name} {number}") for number in range(candidates)]
    return replace(config, groups=(*shared, *copies))


@dataclass(frozen=True)
class Stage:
    """How to learn the chords, or the melody beside them.

    Attributes:
        epochs: passes of `Preset.updates` updates, one chorus per update.
        batch: streams side by side; one is enough for the chords, which never vary.
        step_size: of Adam at the start; it falls to a hundredth along a cosine.
        candidates: networks from different initial weights that learn side by side, of which the best is kept.
        enough: an epoch's mean loss of the best, in nats per song over the floor, that ends the stage early.
    """

    epochs: int
    batch: int
    step_size: float
    candidates: int
    enough: float


@dataclass(frozen=True)
class Preset:
    """How to fit with mini-batches and Adam.

    Attributes:
        chords: the first stage.
        melody: the second stage, of networks that have a melody.
        updates: per epoch.
        choruses: songs per stream before it starts again from silence.
        largest_gradient: norm to which the gradients of each group of cells are clipped.
    """

    chords: Stage
    melody: Stage
    updates: int = 128
    choruses: int = 4
    largest_gradient: float = 1.0


PRESETS = {
    "practical": Preset(
        Stage(150, 1, 0.02, candidates=8, enough=0.1),
        Stage(100, 32, 0.03, candidates=3, enough=0.3),
    ),
    "quick": Preset(
        Stage(2, 1, 0.06, candidates=2, enough=0.1), Stage(2, 4, 0.03, candidates=2, enough=0.2), updates=8
    ),
}
