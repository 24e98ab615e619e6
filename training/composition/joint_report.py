"""Measure the shipped joint model and tell its story: joint_report.json, its card, and a table in RESULTS.md.

    python -m training.composition.joint_report --weimar DIR

The ablation (`training.composition.ablation`) must have run before; its figures are told beside.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models import checkpoint
from models.composition.improvise import trained
from training import pages
from training.composition import ablation, licks, weimar
from training.composition.joint_batches import tokens_of
from training.composition.joint_train import bits_per_note
from training.composition.perturbation import SEEDS, recovery

REPORT = Path(__file__).parent / "joint_report.json"
CARD_PATH = checkpoint.WEIGHTS / "joint.md"
MARK = "joint-report"

CARD = """# joint

What: joint model of an event's duration, pitch and velocity by the chain rule, a recurrent layer of {cells} cells and
three heads (`models/composition/joint.py`); {parameters} parameters. Styles: licks and weimar. Forms: all
of `models/composition/blues_form.py`. Shipped file: `{file}`.

Data: 4096 choruses of our own lick grammar (`training/composition/licks.py`, version {grammar}), synthetic, CC0; and
{solos} improvised blues solos of the Weimar Jazz Database (Jazzomat Research Project: Martin Pfleiderer, Klaus Frieler,
Jakob Abeßer, Wolf-Georg Zaddach, Benjamin Burkhart), Open Database License 1.0, by way of the R package
klausfrieler/jazzodata, MIT. Onsets were rounded to twelfths of a beat: {on_grid:.1%} of them lay there, the rest moved
by {moved:.3f} beats on average. {left_out} of {listed} notes were left out (no duration, before the first chorus, or on
the tick of the next). The solos carry no loudness; theirs is a rule of accents. No notes of the database are shipped.

Held out: choruses with reserved licks, other takes of the held-out tunes, and all solos of
{performers}.

Recipe: `python -m training.composition.joint_train --weimar DIR --out FILE --seed {seed} --ship`, {updates} updates,
{seconds:.0f} s of one core. Half of the contexts were disturbed: wrong and missing notes, calls off the chords. One
run, no choice among seeds. Licence of weights and code: Apache-2.0.

Scores, by `python -m training.composition.joint_report --weimar DIR`: {licks_bits} bits per note on choruses with
unseen licks (duration, pitch, velocity), {weimar_bits} on solos of unseen performers (duration, pitch).
{perturbation}

Limits: one voice, four beats in a bar, no micro-timing, velocities in eight bins. Long phrases are remembered as far as
four bars back. What it learned of jazz are these solos, most of them on saxophones.
"""


def measured(folder: Path) -> dict[str, Any]:
    """Measure the shipped model; `folder` holds the tables of human solos."""
    torch.set_num_threads(1)
    found = weimar.solos(folder)
    seen, unseen = weimar.split(found)
    model, rounding = trained("joint"), np.concatenate([solo.rounding for solo in found])
    unseen_licks = [tokens_of(licks.piece(seed, held_out=True)) for seed in range(ablation.HELD_OUT_PIECES)]
    notes = sum(ablation.notes([tokens_of(solo.piece)]) for solo in found)
    left_out = sum(solo.left_out for solo in found)
    return {
        "command": "python -m training.composition.joint_report --weimar DIR",
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "solos": {"training": len(seen), "held_out": len(unseen), "notes": notes, "left_out": left_out},
        "rounding": {
            "on_grid": round(float((rounding < 1e-3).mean()), 4),
            "mean_beats_of_the_rest": round(float(rounding[rounding >= 1e-3].mean()) / 12, 4),
        },
        "bits_per_note": {
            "licks": bits_per_note(model, unseen_licks),
            "weimar": bits_per_note(model, [tokens_of(solo.piece) for solo in unseen]),
        },
        "perturbation": {style: recovery(style, range(SEEDS)) for style in ("licks", "weimar")},
    }


def card(report: dict[str, Any]) -> str:
    """Write the card of the shipped checkpoint."""
    shipped = checkpoint.shipped("joint")
    story, solos, bits = shipped.provenance, report["solos"], report["bits_per_note"]
    (file,) = checkpoint.WEIGHTS.glob("joint-????????.safetensors")
    return CARD.format(
        cells=shipped.config["cells"],
        file=file.name,
        parameters=report["parameters"],
        grammar=story["grammar"],
        solos=solos["training"],
        on_grid=report["rounding"]["on_grid"],
        moved=report["rounding"]["mean_beats_of_the_rest"],
        left_out=solos["left_out"],
        listed=solos["notes"] + solos["left_out"],
        performers=", ".join(weimar.HELD_OUT_PERFORMERS),
        seed=story["recipe"]["seed"],
        updates=story["recipe"]["updates"],
        seconds=story["seconds"],
        licks_bits=round(sum(bits["licks"].values()), 2),
        weimar_bits=round(bits["weimar"]["duration"] + bits["weimar"]["pitch"], 2),
        perturbation=recovered(report),
    )


def recovered(report: dict[str, Any]) -> str:
    """Say in a sentence how the model goes on after a wrong call."""
    styles = [
        f"{style} {one['after_wrong_call']:.1%} against {one['undisturbed']:.1%}"
        for style, one in report["perturbation"].items()
    ]
    return (
        f"Chord tones in the four bars after a two-bar call a semitone off the chords, against those after the call\n"
        f"as it was, {SEEDS} seeds: {', '.join(styles)}."
    )


def table(found: dict[str, Any], report: dict[str, Any]) -> str:
    """Write the ablation as a table, and the shipped model's figures under it."""
    rows = {
        "bits per note, choruses with unseen licks": ("licks_bits", "{:.2f}"),
        "bits per note, solos of unseen performers": ("weimar_bits", "{:.2f}"),
        "long notes outside the chord": ("long_notes_outside", "{:.1%}"),
        "impossible events": ("impossible_events", "{:.1%}"),
    }
    lines = [
        "| median of 5 seeds (lowest to highest) | chain rule | independent heads | third-order table |",
        "|---|---|---|---|",
    ]
    for name, (measure, form) in rows.items():
        cells = [_spread([run[measure] for run in found["runs"][heads]], form) for heads in ablation.HEADS]
        rival = found["third_order_table"].get(measure)
        lines.append(f"| {name} | {' | '.join(cells)} | {form.format(rival) if rival else ''} |")
    bits = report["bits_per_note"]["weimar"]
    shipped = (
        f"The shipped model: {bits['duration'] + bits['pitch']:.2f} bits per note on the solos of unseen performers."
    )
    return "\n".join([*lines, "", shipped, recovered(report)])


def _spread(values: list[float], form: str) -> str:
    """Median, lowest and highest."""
    return f"{form.format(statistics.median(values))} ({form.format(min(values))} to {form.format(max(values))})"


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        prog="python -m training.composition.joint_report", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--weimar", type=Path, required=True, help="folder of the tables of human solos")
    arguments = parser.parse_args()
    try:
        report = measured(arguments.weimar)
        REPORT.write_text(json.dumps(report, indent=1) + "\n")
        CARD_PATH.write_text(card(report))
        pages.write(MARK, table(json.loads(ablation.REPORT.read_text()), report))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
