"""Are the parts of a note independent? The chain rule against independent heads, same size, same budget, five seeds.

    python -m training.composition.ablation --weimar DIR

Small networks learn both styles. Measured on choruses with reserved licks and on solos of held-out performers: bits per
note, of the solos without the velocity, which is ours, and beside a third-order table (Mozer's rival for CONCERT).
Measured on events drawn freely, without the masks of the player: the share of notes of a beat or more that lie outside
the chord, and of events that no instrument can play. Writes ablation.json and its figure.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from models.composition.blues_form import FORMS, TICKS_PER_BAR, chord_classes
from models.composition.context import FIRST_PITCH, REST, TIE, Setting, pitch_of, velocity_of
from models.composition.events import DURATIONS, Event
from models.composition.joint import JointModel
from models.composition.line import Line
from training.composition import licks, weimar
from training.composition.event_table import EventTable
from training.composition.joint_batches import tokens_of
from training.composition.joint_figures import draw_ablation
from training.composition.joint_train import Recipe, bits_per_note, corpora, train

HERE = Path(__file__).parent
REPORT, FIGURE = HERE / "ablation.json", HERE / "figures" / "ablation.svg"
SEEDS = 5
TRAINING_PIECES, HELD_OUT_PIECES = 400, 40
DRAWN_CHORUSES = 10
LONG = 12  # ticks
HEADS = {"chain": True, "independent": False}


def recipe(seed: int, heads: str) -> Recipe:
    """Return the recipe of one of the small networks."""
    chain = HEADS[heads]
    return Recipe(seed, updates=600, windows=16, length=64, step_size=5e-3, human_share=0.4, chain=chain, cells=64)


def ablation(folder: Path) -> dict[str, Any]:
    """Train and measure all networks and the table; `folder` holds the tables of human solos."""
    found = corpora(folder, TRAINING_PIECES)
    seen, unseen = weimar.split(weimar.solos(folder))
    held_out = {
        "licks": [tokens_of(licks.piece(seed, held_out=True)) for seed in range(HELD_OUT_PIECES)],
        "weimar": [tokens_of(solo.piece) for solo in unseen],
    }
    runs: dict[str, list[dict[str, float]]] = {heads: [] for heads in HEADS}
    started = time.process_time()
    for seed in range(SEEDS):
        for heads, measured in runs.items():
            model = train(recipe(seed, heads), found)
            bits = {style: bits_per_note(model, pieces) for style, pieces in held_out.items()}
            figures = {"licks_bits": sum(bits["licks"].values())}
            figures["weimar_bits"] = bits["weimar"]["duration"] + bits["weimar"]["pitch"]
            measured.append({name: round(figure, 4) for name, figure in (figures | freely_drawn(model)).items()})
            print(f"{heads}, seed {seed}: {measured[-1]}", flush=True)
    table = EventTable([tokens_of(solo.piece).drawn[:, :2] for solo in seen])
    return {
        "command": "python -m training.composition.ablation --weimar DIR",
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "updates": recipe(0, "chain").updates,
        "seeds": SEEDS,
        "cpu_seconds": round(time.process_time() - started),
        "runs": runs,
        "third_order_table": {
            "weimar_bits": round(table.bits_per_note([p.drawn[:, :2] for p in held_out["weimar"]]), 4)
        },
        "held_out_performers": weimar.HELD_OUT_PERFORMERS,
        "held_out_notes": {name: notes(pieces) for name, pieces in held_out.items()},
    }


def notes(pieces: Sequence[Any]) -> int:
    """Count the notes of pieces."""
    return sum(int((piece.drawn[:, 1] >= FIRST_PITCH).sum()) for piece in pieces)


def freely_drawn(model: JointModel) -> dict[str, float]:
    """Draw choruses as the heads say, and count what is off: long notes outside the chord, impossible events."""
    long_notes, outside, impossible, events = 0, 0, 0, 0
    for seed in range(DRAWN_CHORUSES):
        form = list(FORMS.values())[seed % len(FORMS)]
        places = tuple((bar, len(form.bars)) for bar in range(len(form.bars)))
        line = Line(Setting(form, "licks", places, (1, 1, 2, 2)), 0, 0, model)
        generator = torch.Generator().manual_seed(seed)
        while line.now < form.ticks:
            event, is_impossible = _drawn(line, generator)
            if event.pitch is not None and not event.tied and event.duration >= LONG:
                long_notes += 1
                outside += event.pitch % 12 not in chord_classes(form.chord_at(line.now))
            line.hear(event)
            impossible, events = impossible + is_impossible, events + 1
    return {"long_notes_outside": outside / max(long_notes, 1), "impossible_events": impossible / events}


def _drawn(line: Line, generator: torch.Generator) -> tuple[Event, bool]:
    """Draw an event without masks; one that cannot be is mended, and it is said that it could not.

    Impossible are a rest with a velocity, a note without one, a tie to nothing, and an event over the bar line.
    """
    duration = _multinomial(line.duration_scores(), generator)
    pitch = _multinomial(line.pitch_scores(duration), generator)
    velocity = _multinomial(line.velocity_scores(duration, pitch), generator)
    room = TICKS_PER_BAR - line.now % TICKS_PER_BAR
    ticks = max(each for each in DURATIONS if each <= min(DURATIONS[duration], room))
    impossible = (
        (pitch == REST) != (velocity == 0) or (pitch == TIE and not line.sounding) or DURATIONS[duration] > room
    )
    if pitch == REST or (pitch == TIE and not line.sounding):
        return Event(ticks, None, 0), impossible
    if pitch == TIE and line.sounding:
        return Event(ticks, *line.sounding, tied=True), impossible
    return Event(ticks, pitch_of(pitch), velocity_of(max(velocity, 1))), impossible


def _multinomial(scores: torch.Tensor, generator: torch.Generator) -> int:
    """Draw a token at temperature one."""
    return int(torch.multinomial(torch.softmax(scores, dim=0), 1, generator=generator))


def main() -> int:
    """Measure and draw."""
    parser = argparse.ArgumentParser(
        prog="python -m training.composition.ablation", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--weimar", type=Path, required=True, help="folder of the tables of human solos")
    arguments = parser.parse_args()
    try:
        report = ablation(arguments.weimar)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    REPORT.write_text(json.dumps(report, indent=1) + "\n")
    draw_ablation(report, FIGURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
