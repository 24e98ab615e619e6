"""The report of a study: what was asked, who is counted, every result with and without screening, and the checklist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from listening_test import checklist, document, figures, tables
from listening_test.contrasts import scored
from listening_test.document import Heading, Paragraph, Part, Picture, Table
from listening_test.figures import Curves
from listening_test.resampling import RESAMPLES
from listening_test.statistics import Analysis, Section
from listening_test.study import Study


def write(folder: Path, language: str, parts: list[Part]) -> None:
    """Write report.html, report.md and its pictures into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.html").write_text(document.html(language, parts), encoding="utf-8")
    (folder / "report.md").write_text(document.markdown(parts), encoding="utf-8")
    for part in parts:
        if isinstance(part, Picture):
            (folder / f"{part.name}.svg").write_text(part.svg, encoding="utf-8")


def report(plan: Study, analysis: Analysis, long: pd.DataFrame, curves: Curves | None = None) -> Iterator[Part]:
    """Yield the parts of a report.

    Args:
        plan: the study.
        analysis: its results.
        long: the long table behind them, for the drawings.
        curves: objective scores over alpha, drawn behind the alphas that listeners set.
    """
    yield Heading(1, f"{plan.title}: results of {analysis.study}")
    yield from _people(plan, analysis)
    pairs = zip(analysis.everybody.sections, analysis.screened.sections, strict=True)
    for number, (section, kept) in enumerate(pairs, start=1):
        yield Heading(2, ", ".join(filter(None, (section.material, section.kind, section.attribute))))
        yield Paragraph(f"Asked: {section.question} {section.answers} answers by {section.listeners} listeners.")
        if not section.answers:
            continue
        rows = scored(long[(long.kind == section.kind) & (long.material == section.material)])
        rows = rows[rows.attribute == section.attribute] if section.attribute else rows
        yield from _pictures(f"figure-{number}", section, rows, curves)
        yield from tables.tables({"all": section, "screened": kept} if analysis.verdicts else {"all": section})
    yield Heading(2, "Reporting checklist of ITU-R BS.1534-3")
    yield Table("What the standard asks a report to say", ("asked for", "here"), tuple(checklist.rows(plan, analysis)))


def _people(plan: Study, analysis: Analysis) -> Iterator[Part]:
    everybody, kept = analysis.everybody, analysis.screened
    rows = tuple(
        (name, str(results.listeners), str(results.complete), str(results.answers))
        for name, results in (("everybody", everybody), ("after screening", kept))
    )
    yield Table("Who is counted", ("", "listeners", "of them complete", "answers"), rows)
    rules = Counter(verdict.rule for verdict in analysis.verdicts)
    found = tuple((rule, str(count)) for rule, count in sorted(rules.items())) or (("none", "0"),)
    yield Table("Listeners excluded, by rule (one may break several)", ("rule", "listeners"), found)
    yield Paragraph(
        f"Intervals are 95 %, from {RESAMPLES} bootstrap draws of whole listeners; p is from sign flips within "
        f"listeners; both say what other listeners would do with these items. Planned contrasts are corrected for "
        f"their number by Hochberg and Holm. What treats answers as independent stands beside as a warning only."
    )


def _pictures(name: str, section: Section, rows: pd.DataFrame, curves: Curves | None) -> Iterator[Part]:
    if section.grades:
        caption = "Every grade of everybody, box plots, means with 95 % (red)"
        yield Picture(name, figures.grades(rows, section.grades), caption)
    if section.votes and all(each.share is not None for each in section.votes):
        names = [f"{each.first} over {each.second}" for each in section.votes]
        values, intervals = [each.share or 0.0 for each in section.votes], [each.interval for each in section.votes]
        yield Picture(name, figures.shares(names, values, intervals, "share of votes"), "Shares of decided votes, 95 %")
    if section.guessing:
        found = section.guessing
        values, intervals = [each.share for each in found.values()], [each.interval for each in found.values()]
        drawing = figures.shares(list(found), values, intervals, "share of right answers")
        yield Picture(name, drawing, "Right answers, 95 %; guessing is one half")
    if section.adjusted:
        whole = section.adjusted[0]
        drawing = figures.alphas(whole.settings, whole.median, whole.median_interval, curves)
        yield Picture(name, drawing, "The alphas that listeners set")
