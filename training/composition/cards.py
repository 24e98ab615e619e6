"""Cards: what a shipped network is, where it comes from, how well it does, in Markdown."""

from __future__ import annotations

from typing import Any

from models.checkpoint import Checkpoint
from models.composition.encoding import UNITS
from models.composition.generate import network_of

KINDS = {
    "lstm": "the block LSTM of Eck & Schmidhuber (2002)",
    "rnn": "a simple recurrent network, trained like the LSTM that it is compared with",
    "feedforward": "a feed-forward network that sees the last {window} steps, trained like the LSTM",
}

POLICY = "{} seeds were trained; this is the one with the median loss on unseen songs, not the best"

CARD = """# {name}

What: next-step predictor, {kind}; groups of hidden cells: {groups}; {parameters} parameters; {units} inputs and
outputs, one step per eighth note. Form: {form}. Shipped file: `{file}`.

Data: {data} (`training/composition/corpus.py`, SHA-256 {corpus:.8}...), released under CC0. Licence of weights and
code: Apache-2.0.

Recipe: `python -m training.composition.train --model {model} --form {form} --seed {seed} --out DIR`,
one CPU core, {seconds:.0f} s for this stage{beginning}. Seed policy: {policy}.

Loss over the exact floor in nats per song, of each of the candidates that learned side by side:
{curve}

Scores: on unseen songs {excess} bits per song over the floor. Ten free runs of 100 choruses: {accuracy:.2%} of the
steps have the right chord; {failing}.{melody}

Limits: quarter notes without rests, one form, one key before transposition. The chord cells hear no melody. The charts
are recollections; the chords' and the melody's octave are our choice.
"""


def card(shipped: Checkpoint, file: str, seeds: int) -> str:
    """Write the card of a checkpoint that carries its story and its scores; `seeds` is how many were compared."""
    story, network = shipped.provenance, network_of(shipped)
    scores, config = story["scores"], network.config
    has_melody = network.units == UNITS
    failing = scores["first_failing_bar"]
    facts: dict[str, Any] = {
        "name": file.rpartition("-")[0],
        "kind": KINDS[config.kind].format(window=config.window),
        "groups": ", ".join(f"{group.cells} for the {group.name.split()[0]}" for group in config.groups),
        "parameters": network.parameter_count(),
        "units": network.units,
        "data": "3584 of 4096 songs made of 24 one-bar segments of our own" if has_melody else "the chord chart",
        "beginning": f"; its chord cells are those of {config.kind}-chords, same seed" if has_melody else "",
        "excess": ", ".join(f"{name} {bits:.3f}" for name, bits in scores["excess_bits"]["unseen"].items()),
        "failing": "no bar of them fails" if failing is None else f"the first bar that fails is bar {failing}",
        "accuracy": scores["chord_accuracy"],
        "curve": _curve(story["curve"]),
        "melody": _melody(scores) if has_melody else "",
        "policy": POLICY.format(seeds) if seeds > 1 else "a single run",
        "file": file,
    }
    return CARD.format(**facts, **{name: story[name] for name in ("model", "form", "seed", "corpus", "seconds")})


def _curve(curve: list[list[float]]) -> str:
    """List every tenth epoch's losses."""
    last = len(curve) - 1
    shown = sorted({0, *range(9, last, 10), last})
    return "\n".join(f"- epoch {epoch + 1}: {', '.join(f'{loss:.2f}' for loss in curve[epoch])}" for epoch in shown)


def _melody(scores: dict[str, Any]) -> str:
    """Tell what the melodies were made of."""
    shares = ", ".join(f"{letter} {share:.1%}" for letter, share in scores["segments"].items())
    return (
        f" Bars of the melody: {shares}. Choruses: {scores['copies']:.1%} songs of the training, "
        f"{scores['recombinations']:.1%} new recombinations, {scores['incomplete']:.1%} with another bar."
    )
