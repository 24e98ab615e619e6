"""The comparison of all networks on both forms: trains, measures, writes report.json, report.md, the table in brief.

    python -m training.composition.report [--runs DIR] [--out DIR] [--finished] [--ship]

Finished runs and their scores are kept below DIR, so that a second call goes on where the first was stopped. Five
seeds of each network; of their figures the report gives {"median", "low", "high"}, the last two being the extremes.

report.json is {"charts": {FORM: {"models": {NAME: {...}}, "floors": {"categorical_bits", "independent_bits"},
"songs": {"all", "unseen"}, "corpus": SHA-256, "paper_recipe": {...}}}}, the last as `online.learn_chords` tells it. A
model has "parameters" and "seeds"; unless its chords are given (the random walk), "perfect_seeds" (all bars right in
all streams of 100 choruses), "chord_accuracy",
"first_failing_bar" (from 1; null: never) and "foreign_chords_per_chorus". Those that learn have "excess_chord_bits",
and with a melody "excess_bits_per_song" (chords and melody as independent units, over their floor) and
"excess_categorical_bits" (the melody as it is drawn, over its own), all on unseen songs, and
"excess_seen_bits_per_song". Those that play a melody have "segments" (medians of A, B, ?), "copies", "recombinations"
and "incomplete" choruses, "distinct" songs and "distinct_if_random". Networks have "recovery" {WRONG UNITS:
{"probability", "in_place", "bars"}}, "foreign_chords_by_threshold" {THRESHOLD: per chorus}, "curves" (a list of losses
per epoch for each seed, nats per song over the floor), "candidates_learned" (of those side by side, below 1 nat at the
end), "epochs" and "minutes", of the network's own stage: chords, or melody beside the chords of NAME-chords.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from models import checkpoint
from models.checkpoint import Checkpoint
from models.composition.generate import checkpoint_name, network_of
from training import pages
from training.composition.cards import card
from training.composition.corpus import CORPORA, SONGS, UNSEEN_SONGS, Corpus
from training.composition.evaluate import evaluate, evaluate_markov, evaluate_walk
from training.composition.online import PaperPreset, learn_chords
from training.composition.presets import NETWORKS
from training.composition.tables import markdown, table_in_brief
from training.composition.train import train

SEEDS = range(5)
PRESET = "practical"
SHIPPED = ("feedforward", "rnn", "lstm-chords", "lstm", "lstm-wide")
LEARNED_NATS = 1.0
PAPER_UPDATES = 1_000_000  # of the paper's own recipe, which learns online; one seed
HERE = Path(__file__).parent

Scores = dict[str, Any]


def run(model: str, corpus: Corpus, seed: int, runs: Path) -> tuple[Checkpoint, Scores]:
    """Train and measure one network, unless that was done before."""
    folder = runs / corpus.form.name
    trained = train(model, corpus, PRESET, seed, folder)
    path = folder / f"{model}-{seed}.json"
    if not path.exists():
        print(f"measuring {model}-{seed} on {corpus.form.name}", flush=True)
        path.write_text(json.dumps(evaluate(network_of(trained), corpus)))
    return trained, json.loads(path.read_text())


def runs_of(model: str, corpus: Corpus, runs: Path, finished: bool) -> list[tuple[Checkpoint, Scores]]:
    """Train and measure a network with every seed, or take only what was finished before."""
    folder = runs / corpus.form.name
    seeds = [seed for seed in SEEDS if not finished or (folder / f"{model}-{seed}.json").exists()]
    return [run(model, corpus, seed, runs) for seed in seeds]


def network_summary(results: list[tuple[Checkpoint, Scores]]) -> Scores:
    """Sum up the runs of a network."""
    stories = [trained.provenance for trained, _ in results]
    learned = [sum(loss < LEARNED_NATS for loss in story["curve"][-1]) for story in stories]
    return {
        **summary([scores for _, scores in results]),
        "recovery": {
            wrong: {
                name: spread([scores["recovery"][wrong][name] for _, scores in results])
                for name in ("probability", "in_place", "bars")
            }
            for wrong in results[0][1]["recovery"]
        },
        "foreign_chords_by_threshold": {
            threshold: spread([scores["foreign_chords_by_threshold"][threshold] for _, scores in results])
            for threshold in results[0][1]["foreign_chords_by_threshold"]
        },
        "curves": [[losses[story["kept"]] for losses in story["curve"]] for story in stories],
        "candidates_learned": spread(learned),
        "epochs": spread([len(story["curve"]) for story in stories]),
        "minutes": spread([story["seconds"] / 60 for story in stories]),
    }


def summary(results: list[Scores]) -> Scores:
    """Sum up what all players are measured by over seeds."""
    found: Scores = {
        "parameters": results[0]["parameters"],
        "seeds": len(results),
    }
    if "chord_accuracy" in results[0]:
        for name in ("chord_accuracy", "foreign_chords_per_chorus"):
            found[name] = spread([scores[name] for scores in results])
        failing = spread([scores["first_failing_bar"] for scores in results])
        found["first_failing_bar"] = None if failing["low"] is None else failing
        found["perfect_seeds"] = sum(scores["first_failing_bar"] is None for scores in results)
    unseen = [scores["excess_bits"]["unseen"] for scores in results if "excess_bits" in scores]
    if unseen:
        found["excess_chord_bits"] = spread([bits["chords"] for bits in unseen])
    if unseen and "melody" in unseen[0]:
        found["excess_bits_per_song"] = spread([bits["chords"] + bits["melody"] for bits in unseen])
        seen = [scores["excess_bits"]["seen"] for scores in results]
        found["excess_seen_bits_per_song"] = spread([bits["chords"] + bits["melody"] for bits in seen])
    if unseen and "categorical" in unseen[0]:
        found["excess_categorical_bits"] = spread([bits["categorical"] for bits in unseen])
    if "segments" in results[0]:
        letters = {letter: [scores["segments"][letter] for scores in results] for letter in "AB?"}
        found["segments"] = {letter: float(np.median(shares)) for letter, shares in letters.items()}
        for name in ("copies", "recombinations", "incomplete", "distinct", "distinct_if_random"):
            found[name] = spread([scores[name] for scores in results])
    return found


def spread(values: list[float | None]) -> dict[str, float | None]:
    """Median and extremes; None stands for never, beyond all numbers."""
    ordered = sorted(float("inf") if value is None else float(value) for value in values)
    figures = {"median": float(np.median(ordered)), "low": ordered[0], "high": ordered[-1]}
    return {name: None if np.isinf(value) else round(value, 5) for name, value in figures.items()}


def paper_recipe(corpus: Corpus, runs: Path, finished: bool) -> Scores | None:
    """Learn the chords by the paper's own recipe, unless that was done before."""
    path = runs / corpus.form.name / "paper-recipe.json"
    if not path.exists() and not finished:
        print(f"the paper's recipe on {corpus.form.name}", flush=True)
        path.write_text(json.dumps(learn_chords(corpus.form.name, PAPER_UPDATES, 0, PaperPreset())))
    return json.loads(path.read_text()) if path.exists() else None


def chart(corpus: Corpus, runs: Path, finished: bool) -> Scores:
    """Compare all players on one form."""
    results = {model: runs_of(model, corpus, runs, finished) for model in NETWORKS}
    models = {model: network_summary(found) for model, found in results.items() if found}
    for name, measure in (("markov", evaluate_markov), ("random-walk", evaluate_walk)):
        models[name] = summary([measure(corpus, np.random.default_rng(seed)) for seed in SEEDS])
    laws = {"categorical_bits": False, "independent_bits": True}
    return {
        "models": models,
        "floors": {name: round(corpus.floor_nats(independent=law) / np.log(2), 6) for name, law in laws.items()},
        "songs": {"all": SONGS, "unseen": UNSEEN_SONGS},
        "corpus": corpus.digest(),
        "paper_recipe": paper_recipe(corpus, runs, finished),
    }


def ship(corpus: Corpus, runs: Path, finished: bool) -> None:
    """Put the median run of each network among the shipped models, with its card.

    The median is by the loss on unseen songs, so that what is shipped is what one should expect, not the best.
    """
    for model in SHIPPED:
        results = runs_of(model, corpus, runs, finished)
        if results:
            losses = [sum(scores["excess_bits"]["unseen"].values()) for _, scores in results]
            trained, scores = results[int(np.argsort(losses)[len(losses) // 2])]
            name = checkpoint_name(model, corpus.form)
            provenance = {**trained.provenance, "scores": scores}
            path = runs / corpus.form.name / f"{name}.safetensors"
            shipped = checkpoint.ship(checkpoint.save(path, replace(trained, provenance=provenance)), name)
            (checkpoint.WEIGHTS / f"{name}.md").write_text(card(checkpoint.load(shipped), shipped.name, len(results)))
            print(f"shipped {shipped.name}")


def main() -> int:
    """Write the report, and ship if asked to."""
    parser = argparse.ArgumentParser(prog="python -m training.composition.report", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("runs/composition"), help="folder of the runs")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of report.json and report.md")
    parser.add_argument("--finished", action="store_true", help="train nothing: report the runs that are finished")
    parser.add_argument("--ship", action="store_true", help="put the median runs among the shipped models")
    arguments = parser.parse_args()
    try:
        report = {
            "charts": {name: chart(corpus, arguments.runs, arguments.finished) for name, corpus in CORPORA.items()}
        }
        (arguments.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
        (arguments.out / "report.md").write_text(markdown(report))
        if arguments.out == HERE:
            pages.write("composition-report", table_in_brief(report))
        if arguments.ship:
            for corpus in CORPORA.values():
                ship(corpus, arguments.runs, arguments.finished)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
