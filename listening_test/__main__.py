"""Command line of a study's owner: python -m listening_test prepare|check|export|analyse."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from listening_test import export, statistics, stimuli, study
from listening_test.store import Store, database_url
from listening_test.study import Study


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 on success, 2 with one line on standard error otherwise."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options, study.load(options.study), Store(database_url()))
    except (ValueError, OSError) as error:
        print(f"listening_test: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m listening_test", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in (
        ("prepare", _prepare, "render the stimuli of a study"),
        ("check", _check, "measure the stored stimuli: all there, equal length, equal loudness"),
        ("export", _export, "write one row of CSV for each answer"),
        ("analyse", _analyse, "count preferences, with confidence intervals"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        command.add_argument("--study", type=Path, default=study.folders()[0], help=f"folder with {study.FILE_NAME}")
        if name in ("prepare", "check"):
            command.add_argument("--out", type=Path, help="folder of the stimuli (beside the database)")
        if name == "export":
            command.add_argument("--out", type=Path, help="CSV file (standard output)")
        if name == "analyse":
            command.add_argument("--json", type=Path, help="write the report to this file as well")
    return parser


def _prepare(options: argparse.Namespace, plan: Study, store: Store) -> None:
    from listening_test import prepare  # here alone, so that the other commands load no model

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that a half-written folder is removed
    prepared = prepare.prepare(plan, options.out or stimuli.folder_of(plan, store.folder))
    print(f"{len(prepared.of)} stimuli of {plan.label} in {prepared.folder}")


def _check(options: argparse.Namespace, plan: Study, store: Store) -> None:
    prepared = stimuli.read(options.out or stimuli.folder_of(plan, store.folder), plan)
    stimuli.check(prepared, plan)
    print(f"{len(prepared.of)} stimuli of {plan.label}: complete, equal in length and loudness within each item")


def _export(options: argparse.Namespace, plan: Study, store: Store) -> None:
    answers = store.answers(plan.label)
    if options.out is None:
        export.write_csv(sys.stdout, answers)
        return
    with options.out.open("w", newline="", encoding="utf-8") as file:
        export.write_csv(file, answers)
    print(f"{len(answers)} answers of {plan.label} in {options.out}")


def _analyse(options: argparse.Namespace, plan: Study, store: Store) -> None:
    analysis = statistics.analyse(plan, store.answers(plan.label))
    print("\n".join(export.report(analysis)))
    if options.json is not None:
        options.json.write_text(json.dumps(asdict(analysis), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
