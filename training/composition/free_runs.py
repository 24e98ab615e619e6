"""Long free runs of players, and what is counted in them: the form, the songs, the way back after a disturbance.

Rolls are (stream, step, unit): several streams side by side. Chord units above 0.5 sound unless another threshold is
given, the melody is drawn at temperature 1, as when composing. Bars of a report count from 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from models.composition.blues_form import STEPS_PER_BAR, Form
from models.composition.encoding import CHORD_UNITS, UNITS, Roll, chord_roll
from models.composition.metrics import chord_accuracy, form_errors, segment_letters
from models.composition.networks import Network
from training.composition.corpus import BARS, Corpus, seen_codes

WRONG_STEPS = 4  # half a bar of wrong notes
POINTS = 100  # at which a run is disturbed
BARS_TO_RECOVER = 48
THRESHOLDS = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
STREAMS_BY_THRESHOLD = 5


@torch.inference_mode()
def free_run(
    network: Network,
    streams: int,
    steps: int,
    generator: np.random.Generator,
    flips: npt.NDArray[np.bool_] | None = None,
    threshold: float = 0.5,
) -> Roll:
    """Play many streams side by side from silence.

    Args:
        network: its melody is drawn, if it has one, else silent.
        streams: how many.
        steps: how long each.
        generator: of the draws.
        flips: (step, stream, chord unit), where the network hears the opposite of what it played.
        threshold: chord units that are more probable sound.

    Returns:
        What was played, (stream, step, unit).
    """
    roll = np.zeros((streams, steps, UNITS), np.float32)
    heard, state = torch.zeros(streams, network.units), network.initial_state(streams)
    for step in range(steps):
        probabilities, state = network.step(heard, state)
        played = roll[:, step]
        played[:, :CHORD_UNITS] = probabilities[:, :CHORD_UNITS] > threshold
        if network.units == UNITS:
            heights = np.cumsum(probabilities[:, CHORD_UNITS:].numpy(), axis=1)
            drawn = (heights < heights[:, -1:] * generator.random((streams, 1))).sum(axis=1)
            played[np.arange(streams), CHORD_UNITS + drawn] = 1.0
        heard = torch.from_numpy(played[:, : network.units].copy())
        if flips is not None:
            heard[:, :CHORD_UNITS] = torch.from_numpy(flips[step] != (played[:, :CHORD_UNITS] > 0)).float()
    return roll


def form_scores(rolls: Roll, form: Form) -> dict[str, Any]:
    """Measure how streams (stream, step, unit) keep the form; shares are 0-1, null means that no bar fails."""
    failing = [bars[0] + 1 for bars in (form_errors(roll, form) for roll in rolls) if bars]
    return {
        "chord_accuracy": float(np.mean([chord_accuracy(roll, form) for roll in rolls])),
        "first_failing_bar": min(failing, default=None),
        "foreign_chords_per_chorus": float(np.mean([foreign_chords(roll, form) for roll in rolls])),
    }


def foreign_chords(roll: Roll, form: Form) -> float:
    """Count the chords, runs of equal steps, that are no chord of the form at all (silence too), per chorus."""
    chords = roll[:, :CHORD_UNITS]
    known = (chords[:, None] == np.unique(chord_roll(form), axis=0)).all(axis=2).any(axis=1)
    begins = np.concatenate([[True], (chords[1:] != chords[:-1]).any(axis=1)])
    return float((begins & ~known).sum()) / (len(roll) / form.steps)


def foreign_chords_by_threshold(network: Network, form: Form, generator: np.random.Generator) -> dict[str, float]:
    """Count the foreign chords per chorus of free runs in which other thresholds than 0.5 decide what sounds."""
    found = {}
    for threshold in THRESHOLDS:
        rolls = free_run(network, STREAMS_BY_THRESHOLD, 10 * form.steps, generator, threshold=threshold)
        found[f"{threshold:g}"] = float(np.mean([foreign_chords(roll, form) for roll in rolls]))
    return found


def memory_scores(rolls: Roll, corpus: Corpus) -> dict[str, Any]:
    """Decode the melodies of streams (stream, step, unit) as 12-bit codes of the corpus.

    Returns:
        Shares of bars A, B and ? (neither); shares of the choruses that are exact copies of songs seen in training,
        that are new recombinations, and that hold a bar ?; of the songs found, how many differ, and how many would if
        each were drawn at random.
    """
    letters = [segment_letters(roll, corpus.segments) for roll in rolls]
    choruses = [line[start : start + BARS] for line in letters for start in range(0, len(line), BARS)]
    songs = [chorus for chorus in choruses if "?" not in chorus]
    seen = {"".join("AB"[bit] for bit in code) for code in seen_codes()}
    copies = sum(song in seen for song in songs)
    everything = "".join(letters)
    return {
        "segments": {letter: everything.count(letter) / len(everything) for letter in "AB?"},
        "copies": copies / len(choruses),
        "recombinations": (len(songs) - copies) / len(choruses),
        "incomplete": 1 - len(songs) / len(choruses),
        "distinct": len(set(songs)),
        "distinct_if_random": 2**BARS * (1 - (1 - 2.0**-BARS) ** len(songs)),
    }


def recovery(network: Network, form: Form, wrong: int, generator: np.random.Generator) -> dict[str, float | None]:
    """Play wrong chord units to the network for half a bar, somewhere in the second chorus, and see what follows.

    Args:
        network: trained on the form.
        form: its chart.
        wrong: chord units flipped in each of the wrong steps, other ones at each.
        generator: of points and units.

    Returns:
        probability: share of the points after which the network is back in the form within 48 bars, and then plays a
        faultless chorus to the end; in_place: share that is back at the place where it would be undisturbed; bars:
        median of the bars until it is back, null if it never is.
    """
    starts = form.steps + generator.integers(0, form.steps, POINTS)
    steps = 3 * form.steps + WRONG_STEPS + BARS_TO_RECOVER * STEPS_PER_BAR
    flips = np.zeros((steps, POINTS, CHORD_UNITS), bool)
    for point, start in enumerate(starts):
        for step in range(start, start + WRONG_STEPS):
            flips[step, point, generator.choice(CHORD_UNITS, wrong, replace=False)] = True
    rolls = free_run(network, POINTS, steps, generator, flips)
    returns = [return_to_form(roll, form, start + WRONG_STEPS) for roll, start in zip(rolls, starts, strict=True)]
    found = [(shift, wait) for shift, wait in filter(None, returns) if wait <= BARS_TO_RECOVER]
    return {
        "probability": len(found) / POINTS,
        "in_place": sum(shift == 0 for shift, _ in found) / POINTS,
        "bars": float(np.median([wait for _, wait in found])) if found else None,
    }


def return_to_form(roll: Roll, form: Form, first: int) -> tuple[int, float] | None:
    """Find how a roll (step, unit) ends in the form: displaced by how many steps, and after how many bars from `first`.

    None if its last chorus is not the form, begun at any step.
    """
    chords, chart = roll[:, :CHORD_UNITS], chord_roll(form)
    for shift in range(form.steps):
        expected = chart[(np.arange(len(roll)) - shift) % form.steps]
        if (chords[-form.steps :] == expected[-form.steps :]).all():
            wrong = np.flatnonzero((chords != expected).any(axis=1))
            last = int(wrong[-1]) if len(wrong) else -1
            return shift, max(last + 1 - first, 0) / STEPS_PER_BAR
    return None
