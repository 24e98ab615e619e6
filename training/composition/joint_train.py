"""Fit the joint model to the lick grammar and to human solos, on one CPU core in minutes.

    python -m training.composition.joint_train --weimar DIR --out FILE [--seed N] [--updates N] [--snapshots DIR]

Next-event prediction by teacher forcing over windows of both corpora, one style token apart. FILE is written now and
then; a second call goes on from it. Losses are bits: of duration, pitch and velocity per event.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from models import checkpoint
from models.checkpoint import Checkpoint
from models.composition.joint import JointConfig, JointModel
from training.composition import licks, weimar
from training.composition.joint_batches import Batch, Tokens, batch, tokens_of, whole

PARTS = ("duration", "pitch", "velocity")
SAVE_EVERY = 100  # updates


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        seed: of weights and batches.
        updates: steps of Adam.
        windows: of a batch.
        length: events of a window.
        step_size: of Adam at its highest.
        human_share: of the windows that come from human solos.
        chain: the joint model, or its twin with independent heads.
        cells: of the recurrent layer.
    """

    seed: int = 0
    updates: int = 2000
    windows: int = 32
    length: int = 96
    step_size: float = 4e-3
    human_share: float = 0.3
    chain: bool = True
    cells: int = 128


def corpora(
    folder: Path | None, pieces: int = licks.TRAINING_CHORUSES // licks.CHORUSES_PER_PIECE
) -> dict[str, list[Tokens]]:
    """Read the training pieces of both styles; without a folder of human solos only the grammar's."""
    found = {"licks": [tokens_of(licks.piece(seed)) for seed in range(pieces)]}
    if folder is not None:
        seen, _ = weimar.split(weimar.solos(folder))
        found["weimar"] = [tokens_of(solo.piece) for solo in seen]
    return found


def losses(model: JointModel, given: Batch) -> torch.Tensor:
    """Cross-entropies in bits, (batch, time, part), 0 where a window is over."""
    hidden, _ = model(given.columns, given.chords)
    duration, pitch, velocity = given.drawn.unbind(-1)
    logits = (
        model.duration_logits(hidden),
        model.pitch_logits(hidden, duration, given.columns),
        model.velocity_logits(hidden, duration, pitch),
    )
    parts = [
        cross_entropy(scores.transpose(1, 2), drawn, reduction="none")
        for scores, drawn in zip(logits, (duration, pitch, velocity), strict=True)
    ]
    return torch.stack(parts, dim=-1) * given.told[..., None] / math.log(2)


def train(
    recipe: Recipe, found: Mapping[str, Sequence[Tokens]], out: Path | None = None, snapshots: Path | None = None
) -> JointModel:
    """Fit from scratch, or on from what an unfinished run left in `out`; keep early states in the folder `snapshots`.

    Raises:
        ValueError: `out` holds a run of another recipe.
    """
    torch.set_num_threads(1)  # measured: more threads are slower at this size
    torch.manual_seed(recipe.seed)
    model = JointModel(JointConfig(recipe.cells, recipe.chain))
    optimiser = torch.optim.Adam(model.parameters(), lr=recipe.step_size)
    done, story = _resume(out, recipe, model, optimiser) if out and out.exists() else (0, _story(recipe))
    started, total = time.process_time() - story["seconds"], np.zeros(len(PARTS))
    for update in range(done, recipe.updates):
        rng = np.random.default_rng((recipe.seed, update))
        style = "weimar" if "weimar" in found and rng.random() < recipe.human_share else "licks"
        given = batch(found[style], recipe.windows, recipe.length, rng)
        torch.manual_seed(int(rng.integers(2**31)))  # of dropout, so that an interrupted run goes on alike
        for group in optimiser.param_groups:
            group["lr"] = recipe.step_size * _schedule(update / recipe.updates)
        model.train()
        parts = losses(model, given).sum(dim=(0, 1)) / given.told.sum()
        optimiser.zero_grad()
        parts.sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        total += parts.detach().numpy()
        if (update + 1) % SAVE_EVERY == 0 or update + 1 == recipe.updates:
            story["seconds"] = round(time.process_time() - started, 1)
            story["curve"].append([update + 1, *(total / SAVE_EVERY).round(4).tolist()])
            total[:] = 0
            if out:
                print(f"{out.stem}: {story['curve'][-1]} {story['seconds']} s", flush=True)
                _save(out, model, optimiser if update + 1 < recipe.updates else None, story)
            if snapshots and (update + 1 == recipe.updates or ((update + 1) // SAVE_EVERY).bit_count() == 1):
                _save(snapshots / f"{update + 1:05d}.safetensors", model, None, story)
    return model.eval()


def _schedule(progress: float) -> float:
    """Warm up over a fiftieth, then fall along a cosine."""
    return min(1.0, progress * 50 + 0.02) * (0.005 + 0.995 * (0.5 + 0.5 * math.cos(math.pi * progress)))


def _story(recipe: Recipe) -> dict[str, Any]:
    """Begin the provenance of a run."""
    return {"recipe": asdict(recipe), "grammar": licks.VERSION, "curve": [], "seconds": 0.0}


def _save(out: Path, model: JointModel, optimiser: torch.optim.Optimizer | None, story: dict[str, Any]) -> None:
    """Write the network, with the moments of Adam as long as the run may go on."""
    tensors = dict(model.state_dict())
    for index, values in optimiser.state_dict()["state"].items() if optimiser else ():
        tensors |= {f"adam.{index}.{name}": value for name, value in values.items()}
    checkpoint.save(out, Checkpoint(tensors, asdict(model.config), story))


def _resume(
    out: Path, recipe: Recipe, model: JointModel, optimiser: torch.optim.Optimizer
) -> tuple[int, dict[str, Any]]:
    """Restore an unfinished run; return how many updates are done, and its provenance."""
    found = checkpoint.load(out)
    if found.provenance.get("recipe") != asdict(recipe):
        raise ValueError(f"{out} holds a run of another recipe; choose another --out")
    model.load_state_dict({name: found.tensors[name] for name in model.state_dict()})
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in found.tensors.items():
        if name.startswith("adam."):
            _, index, moment = name.split(".")
            moments.setdefault(int(index), {})[moment] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    return found.provenance["curve"][-1][0], found.provenance


@torch.no_grad()
def bits_per_note(model: JointModel, pieces: Sequence[Tokens]) -> dict[str, float]:
    """Measure held-out pieces: bits of durations, pitches and velocities, each divided by the number of notes."""
    total, notes = np.zeros(len(PARTS)), 0
    for piece in pieces:
        given = whole(piece)
        total += losses(model.eval(), given).sum(dim=(0, 1)).numpy()
        notes += int((given.drawn[..., 1] > 1).sum())
    return dict(zip(PARTS, (total / notes).round(4).tolist(), strict=True))


def main() -> int:
    """Train, measure and perhaps ship."""
    parser = argparse.ArgumentParser(
        prog="python -m training.composition.joint_train", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--weimar", type=Path, required=True, help="folder of the tables of human solos")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write, and to go on from")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--updates", type=int, default=Recipe.updates)
    parser.add_argument("--snapshots", type=Path, help="folder for the states after 100, 200, 400 ... updates")
    parser.add_argument("--ship", action="store_true", help="put it among the shipped checkpoints as joint")
    arguments = parser.parse_args()
    try:
        found = corpora(arguments.weimar)
        model = train(Recipe(arguments.seed, arguments.updates), found, arguments.out, arguments.snapshots)
        _, unseen = weimar.split(weimar.solos(arguments.weimar))
        held_out = {"weimar": [tokens_of(solo.piece) for solo in unseen]}
        held_out["licks"] = [tokens_of(licks.piece(seed, held_out=True)) for seed in range(64)]
        for style, pieces in held_out.items():
            print(style, bits_per_note(model, pieces))
        if arguments.ship:
            print(checkpoint.ship(arguments.out, "joint").name)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
