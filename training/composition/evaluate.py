"""How well a composer learned a corpus: losses over the exact floor, long free runs, recovery, memorisation.

    python -m training.composition.evaluate --json FILE [--model NAME] [--form NAME] [--checkpoint FILE]

Losses are in bits per song: of the chords and the melody as the paper counts them, summed binary cross-entropies of
independent units, and of the melody as it is played, one note drawn after renormalising. Free runs go on for 100
choruses in several streams, from silence: chords above 0.5, melody drawn at temperature 1. Bars count from 1. Which
figures of several runs make up report.json is told in `training.composition.report`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from models import checkpoint
from models.composition.blues_form import BEBOP
from models.composition.encoding import CHORD_UNITS, UNITS
from models.composition.generate import (
    COMPOSERS,
    HIGHEST_SEED,
    MOST_CHORUSES,
    NETWORKS,
    Request,
    checkpoint_name,
    network_of,
)
from models.composition.markov import Markov, preceding, quarters
from models.composition.networks import Network
from training.composition.corpus import CORPORA, Codes, Corpus, seen_codes, unseen_codes
from training.composition.free_runs import (
    foreign_chords_by_threshold,
    form_scores,
    free_run,
    memory_scores,
    recovery,
)

STREAMS, CHORUSES = 10, 100
WRONG_UNITS = (1, 2, 4, 8)

Bits = dict[str, float]


def delayed(chorus: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """Return the inputs that go with a chorus as targets: one step late, starting with the step before (song, unit)."""
    return torch.cat([before[:, None], chorus[:, :-1]], dim=1)


def group_losses(network: Network, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the binary cross-entropy of each group's units, nats per song, from (song, step, unit)."""
    losses = binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(dim=1).mean(dim=0)
    return torch.stack([part.sum() for part in losses.split([group.units for group in network.config.groups])])


@torch.inference_mode()
def excess_bits(network: Network, corpus: Corpus, codes: Codes) -> Bits:
    """Return the mean losses on these songs over the floors, in bits per song; each song follows another of them."""
    songs = torch.from_numpy(corpus.rolls(codes))[:, :, : network.units]
    others = songs.roll(1, dims=0)
    _, state = network(delayed(others, torch.zeros_like(others[:, 0])), network.initial_state(len(songs)))
    logits, _ = network(delayed(songs, others[:, -1]), state)
    bits = [float(loss) / math.log(2) for loss in group_losses(network, logits, songs)]
    if network.units == CHORD_UNITS:
        return {"chords": bits[0]}
    independent, categorical = (corpus.floor_nats(independent=law) / math.log(2) for law in (True, False))
    laws = torch.log_softmax(logsigmoid(logits[:, :, CHORD_UNITS:]), dim=2)  # as drawn: renormalised
    drawn = -float((laws * songs[:, :, CHORD_UNITS:]).sum(dim=(1, 2)).mean()) / math.log(2)
    return {"chords": bits[0], "melody": bits[1] - independent, "categorical": drawn - categorical}


def markov_excess_bits(player: Markov, corpus: Corpus, codes: Codes) -> Bits:
    """Return the same for the transition tables, whose law is categorical; each song goes round."""
    chart, beats = player.chart, corpus.form.chart()[::2]
    chords = [player.chords.probabilities(preceding(chart, place), "")[chord] for place, chord in enumerate(chart)]
    total = 0.0
    for song in map(quarters, corpus.melodies(codes).tolist()):
        laws = (player.melody.probabilities(preceding(song, beat), beats[beat]) for beat in range(len(song)))
        total -= sum(math.log2(law[note]) for law, note in zip(laws, song, strict=True))
    floor = corpus.floor_nats(independent=False) / math.log(2)
    return {"chords": -sum(map(math.log2, chords)), "categorical": total / len(codes) - floor}


def evaluate(network: Network, corpus: Corpus) -> dict[str, Any]:
    """Measure a network: losses on songs seen and unseen, free runs, recovery."""
    generator = np.random.default_rng(0)
    rolls = free_run(network, STREAMS, CHORUSES * corpus.form.steps, generator)
    return {
        "parameters": network.parameter_count(),
        "excess_bits": {
            "seen": excess_bits(network, corpus, seen_codes()[: len(unseen_codes())]),
            "unseen": excess_bits(network, corpus, unseen_codes()),
        },
        **form_scores(rolls, corpus.form),
        **(memory_scores(rolls, corpus) if network.units == UNITS else {}),
        "foreign_chords_by_threshold": foreign_chords_by_threshold(network, corpus.form, generator),
        "recovery": {str(wrong): recovery(network, corpus.form, wrong, generator) for wrong in WRONG_UNITS},
    }


def evaluate_markov(corpus: Corpus, generator: np.random.Generator) -> dict[str, Any]:
    """Learn transition tables from as many seen songs as there are unseen ones, and measure them."""
    player = Markov(corpus.form, corpus.melodies(generator.permutation(seen_codes())[: len(unseen_codes())]).tolist())
    steps = CHORUSES * corpus.form.steps
    rolls = np.stack([list(islice(player.steps((), generator), steps)) for _ in range(STREAMS)])
    return {
        "parameters": player.parameter_count(),
        "excess_bits": {"unseen": markov_excess_bits(player, corpus, unseen_codes())},
        **form_scores(rolls, corpus.form),
        **memory_scores(rolls, corpus),
    }


def evaluate_walk(corpus: Corpus, generator: np.random.Generator) -> dict[str, Any]:
    """Measure the random walk over the chart, whose chords are given."""
    requests = [
        Request(corpus.form, choruses=MOST_CHORUSES, seed=int(generator.integers(HIGHEST_SEED)))
        for _ in range(STREAMS * CHORUSES // MOST_CHORUSES)
    ]
    rolls = np.stack([COMPOSERS["random-walk"](request, np.random.default_rng(request.seed)) for request in requests])
    return {"parameters": 0, **memory_scores(rolls, corpus)}


def main() -> int:
    """Evaluate a checkpoint, by default the shipped lstm."""
    parser = argparse.ArgumentParser(
        prog="python -m training.composition.evaluate", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--json", type=Path, required=True, help="file to write the report to")
    parser.add_argument("--model", choices=(*NETWORKS, "markov"), default="lstm")
    parser.add_argument("--form", choices=CORPORA, default=BEBOP.name)
    parser.add_argument("--checkpoint", type=Path, help="instead of the shipped one")
    arguments = parser.parse_args()
    corpus = CORPORA[arguments.form]
    torch.set_num_threads(1)  # measured: more threads are slower at this size
    try:
        if arguments.model == "markov":
            report = evaluate_markov(corpus, np.random.default_rng(0))
        else:
            name = checkpoint_name(arguments.model, corpus.form)
            found = checkpoint.load(arguments.checkpoint) if arguments.checkpoint else checkpoint.shipped(name)
            report = evaluate(network_of(found), corpus)
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
