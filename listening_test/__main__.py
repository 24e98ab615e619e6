"""Command line of a study's owner: python -m listening_test COMMAND; --help lists the commands."""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import sys
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from random import SystemRandom
from typing import Any, get_args

import pandas as pd

from listening_test import (
    archive,
    arena_pool,
    check,
    document,
    export,
    figures,
    mirror,
    power,
    public,
    report,
    simulate,
    statistics,
    stimuli,
    study,
)
from listening_test.archive import Exclusion
from listening_test.database import database_url
from listening_test.document import Picture
from listening_test.simulated_study import World, WorldKind
from listening_test.statistics import Analysis
from listening_test.store import Store
from listening_test.study import Study


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 on success, 2 with one line on standard error otherwise, 1 when a simulation is off."""
    options = _parser().parse_args(arguments)
    try:
        if "study" in options:
            with closing(Store(database_url())) as store:
                options.run(options, study.load(options.study), store)
            return 0
        return int(options.run(options))
    except (ValueError, OSError) as error:
        print(f"listening_test: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m listening_test", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in (
        ("prepare", _prepare, "render the stimuli of a study"),
        ("check", _check, "measure the stored stimuli and refuse what would give conditions away"),
        ("export", _export, "write the answers as a table, one row per trial and slot"),
        ("analyse", _analyse, "print the results, with and without screening"),
        ("report", _report, "write the results as HTML and Markdown, with drawings and checklist"),
        ("withdraw", _withdraw, "delete everything about one session but the fact that it was withdrawn"),
        ("unblind", _unblind, "close the study for good; from then on exports name the conditions"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        command.add_argument("--study", type=Path, default=study.folders()[0], help=f"folder with {study.FILE_NAME}")
        _add_arguments(command, name)
    _add_arena(commands)
    _add_mirror(commands)
    _add_simulations(commands)
    return parser


def _add_arguments(command: argparse.ArgumentParser, name: str) -> None:
    """Add what one command of a study takes beside the study."""
    if name in ("prepare", "check"):
        command.add_argument("--out", type=Path, help="folder of the stimuli (beside the database)")
    if name == "prepare":
        command.add_argument("--human", type=Path, help="folder of choruses that people played: Weimar tables or MIDI")
    if name == "export":
        command.add_argument("--out", type=Path, help=f"file, {' or '.join(export.FILES)} (CSV on standard output)")
        tables = command.add_mutually_exclusive_group()
        tables.add_argument("--pairs", action="store_true", help="one row per paired trial instead")
        tables.add_argument("--webmushra", action="store_true", help="the columns of webMUSHRA instead")
        tables.add_argument("--public", type=Path, help="folder: data set, codebook, card and leaderboard")
    if name == "report":
        command.add_argument("--out", type=Path, required=True, help="folder of the report")
        command.add_argument("--curves", type=Path, help="report.json of the separation, drawn behind alphas")
    if name == "analyse":
        command.add_argument("--json", type=Path, help="write the report to this file as well")
    if name == "withdraw":
        command.add_argument("receipt", help="of the listener who withdraws")
    if name == "unblind":
        command.add_argument("--plan", type=Path, required=True, help="plan of analysis; its hash is recorded")


def _add_arena(commands: Any) -> None:
    text = "render battles until the arena's pool is full"
    command = commands.add_parser("arena", help=text, description=text)
    command.set_defaults(run=_arena)
    command.add_argument("--out", type=Path, help="folder of the pool (beside the database)")


def _add_mirror(commands: Any) -> None:
    text = "copy the ratings to the private dataset RATINGS_DATASET until told to stop; HF_TOKEN gives the right"
    command = commands.add_parser("mirror", help=text, description=text)
    command.set_defaults(run=_mirror)
    ways = command.add_mutually_exclusive_group()
    ways.add_argument("--once", action="store_true", help="copy what is new and stop")
    ways.add_argument("--restore", action="store_true", help="rebuild the database from the dataset instead")


def _add_simulations(commands: Any) -> None:
    """Add the commands that need neither a study nor answers."""
    for name, run, text in (
        ("simulate", _simulate, "analyse studies whose truth is known: false positives, coverage, planted effects"),
        ("power", _power, "say how many listeners an effect needs, with and without screening"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        command.add_argument("--studies", type=int, default=1000, help="to simulate (%(default)s)")
        command.add_argument("--seed", type=int, default=1, help="of all chance (%(default)s)")
        command.add_argument("--json", type=Path, help="write the figures to this file as well")
    for flag, default, text in (
        ("--answers", 12, "of one listener to the comparison (%(default)s)"),
        ("--careless", 0.1, "share of listeners who answer at random (%(default)s)"),
        ("--power", 0.8, "share of studies that should find the effect (%(default)s)"),
    ):
        command.add_argument(flag, type=type(default), default=default, help=text)
    kinds = get_args(WorldKind)
    command.add_argument("--kind", choices=kinds, default=kinds[0], help="what listeners do (%(default)s)")
    effect = "the smallest that matters: steps of the comparison, share beyond one half, or points"
    command.add_argument("--effect", type=float, required=True, help=effect)


def _prepare(options: argparse.Namespace, plan: Study, store: Store) -> None:
    from listening_test import prepare  # here alone, so that the other commands load no model

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that a half-written folder is removed
    prepared = prepare.prepare(plan, options.out or stimuli.folder_of(plan, store.folder), options.human)
    print(f"{len(prepared.of)} stimuli of {plan.label} in {prepared.folder}")


def _arena(options: argparse.Namespace) -> int:
    from listening_test.prepare import arena  # here alone, as above

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    with closing(Store(database_url())) as store:
        folder = options.out or arena_pool.folder_of(store.folder)
    print(f"{arena.fill(folder, SystemRandom())} battles added to {folder}")
    return 0


def _check(options: argparse.Namespace, plan: Study, store: Store) -> None:
    prepared = stimuli.read(options.out or stimuli.folder_of(plan, store.folder), plan)
    check.check(prepared, plan)
    archive.check(store)
    print(f"{len(prepared.of)} stimuli of {plan.label}: nothing but the sound tells conditions apart")


def _export(options: argparse.Namespace, plan: Study, store: Store) -> None:
    _, long = _table(plan, store)
    if options.public is not None:
        public.write(options.public, plan, long)
        print(f"{plan.label}: data set in {options.public}")
        return
    table = export.pair_table(long) if options.pairs else export.webmushra(long) if options.webmushra else long
    if options.out is None:
        table.to_csv(sys.stdout, index=False, lineterminator="\n")
        return
    export.write_table(table, options.out)
    print(f"{len(table)} rows of {plan.label} in {options.out}")


def _withdraw(options: argparse.Namespace, plan: Study, store: Store) -> None:
    answers = archive.withdraw(store, plan.label, options.receipt, time.time_ns() // 1_000_000)
    print(f"session {options.receipt} of {plan.label} is withdrawn; {answers} answers are deleted")


def _unblind(options: argparse.Namespace, plan: Study, store: Store) -> None:
    digest = hashlib.sha256(options.plan.read_bytes()).hexdigest()
    archive.open_conditions(store, plan.label, digest, time.time_ns() // 1_000_000)
    print(f"{plan.label} is closed, and its conditions are named; plan of analysis {digest}")


def _mirror(options: argparse.Namespace) -> int:
    dataset = mirror.from_environment()
    with closing(Store(database_url())) as store:
        if options.restore:
            print(f"{mirror.restore(store, dataset)} entries restored from {dataset.repo}")
            return 0
        mirror.follow(store, dataset, is_over=lambda: bool(options.once))
    return 0


def _table(plan: Study, store: Store) -> tuple[Study, pd.DataFrame]:
    """Return study and long table, the conditions under codes as long as the study is not unblinded."""
    answers = store.answers(plan.label)
    if archive.is_open(store, plan.label):
        return plan, export.long_table(answers)
    return archive.coded_study(plan), export.long_table(archive.coded(answers, plan))


def _analyse(options: argparse.Namespace, plan: Study, store: Store) -> None:
    plan, long = _table(plan, store)
    analysis = statistics.analyse(plan, long)
    parts = report.report(plan, analysis, long)
    print(document.markdown(part for part in parts if not isinstance(part, Picture)))
    _write_json(options.json, asdict(analysis))
    _record(store, plan, analysis)


def _record(store: Store, plan: Study, analysis: Analysis) -> None:
    """Keep who is left out by which rule, as a new version where it is not the latest one."""
    out = [Exclusion(each.listener, each.rule, each.value, each.threshold) for each in analysis.verdicts]
    out.sort(key=lambda each: (each.session, each.rule))
    version = archive.latest_version(store, plan.label)
    if out != archive.exclusions(store, plan.label, version):
        archive.exclude(store, plan.label, out, time.time_ns() // 1_000_000)


def _report(options: argparse.Namespace, plan: Study, store: Store) -> None:
    model = next((block.settings.get("model") for block in plan.blocks if block.trial == "adjustment"), None)
    if options.curves and model is None:
        raise ValueError(f"{plan.label} lets nobody set alpha, so there is nothing to draw over {options.curves}")
    curves = figures.read_curves(options.curves, str(model)) if options.curves else None
    plan, long = _table(plan, store)
    parts = list(report.report(plan, statistics.analyse(plan, long), long, curves))
    report.write(options.out, plan.language, parts)
    print(f"{plan.label}: report.html and report.md in {options.out}")


def _simulate(options: argparse.Namespace) -> bool:
    results = []
    for world in simulate.WORLDS:
        results.append(simulate.verify(world, options.studies, options.seed))
        print("\n".join(simulate.lines(results[-1])), flush=True)
    _write_json(options.json, [asdict(result) for result in results])
    faults = [fault for result in results for fault in result.faults()]
    print("\n".join(faults or ["All is as it should be: every interval above holds what it should."]))
    return bool(faults)


def _write_json(path: Path | None, figures: Any) -> None:
    if path is not None:
        path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _power(options: argparse.Namespace) -> int:
    world = World(options.kind, answers=options.answers, effect=options.effect, careless=options.careless)
    found = power.listeners_needed(world, options.power, options.studies, options.seed)
    print(f"{found.world.listeners} listeners x {world.answers} answers ({world.kind}, effect {world.effect:g})")
    print(f"  find the effect                {found.significant}")
    print(f"  find it after screening        {found.screened}, {found.left_out:.1%} of the listeners left out")
    _write_json(options.json, asdict(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
