"""The reporting checklist of ITU-R BS.1534-3 (pages 18 and 19), filled in from the study and its results."""

from __future__ import annotations

from collections.abc import Iterator

from listening_test.levels import TOLERANCE_LU
from listening_test.response import GRADED
from listening_test.statistics import Analysis, Results
from listening_test.study import Study

HEADPHONES = {
    "off": "not tested",
    "record": "tested (Huggins pitch, antiphase) and recorded",
    "require": "tested (Huggins pitch, antiphase); who fails does not take part",
}


def rows(plan: Study, analysis: Analysis) -> Iterator[tuple[str, str]]:
    """Yield what the standard asks for, and the answer."""
    everybody, kept = analysis.everybody, analysis.screened
    yield "Method", ", ".join(dict.fromkeys(f"{block.trial} ({block.material})" for block in plan.blocks))
    yield "Material and its selection", "; ".join(dict.fromkeys(_material(plan)))
    yield "Conditions and roles", "; ".join(dict.fromkeys(_conditions(plan)))
    yield "Anchors and their code", _anchors(plan)
    yield from _procedure(plan)
    yield "Assessors", f"{everybody.listeners} before and {kept.listeners} after post-screening; not a trained panel"
    yield "Post-screening", f"by rules with versions, fixed beforehand; broken {len(analysis.verdicts)} times"
    yield "Statistics", "medians, quartiles, box plots with all points; means with 95 % intervals; planned contrasts"
    yield "Deviation: permutation test", "signs are flipped within listeners; the standard pools observations (Att. 3)"
    yield "Deviation: level and room", "not controlled, so that absolute grades do not compare with a laboratory's"
    yield "Sensitivity of the test", _sensitivity(everybody)
    yield "Spread of the grades", _spread(everybody)


def _procedure(plan: Study) -> Iterator[tuple[str, str]]:
    """Yield how one session goes."""
    catches = f"a catch trial every {plan.catch_every} trials" if plan.catch_every else "no catch trials"
    yield "Training", f"practice trials before each block: {plan.practice}; their grades are never used"
    yield "Order", "new for each listener, balanced over listeners; slots in the rows of Williams squares"
    yield "Replication", f"{plan.repeats:.0%} of the trials come again, hidden; {catches}"
    yield "Switching and loops", "5 ms out, then 5 ms in, on one clock, never a cross-fade; loops of 500 ms or more"
    yield "Scale", "0 to 100, continuous, five bands" if _any_graded(plan) else "seven grades, or a choice between two"
    yield "Loudness", f"equal within {TOLERANCE_LU} LU in each trial, which `check` measures"
    yield "Listening conditions", "where the listener is, unsupervised, at a level that the listener sets"
    yield "Transducers", f"headphones {HEADPHONES[plan.headphones]}"


def _material(plan: Study) -> Iterator[str]:
    for block in plan.blocks:
        seeds = ", ".join(map(str, block.seeds))
        yield f"{len(block.seeds)} items of {block.material}, seeds {seeds} taken as they came"


def _conditions(plan: Study) -> Iterator[str]:
    for block in plan.blocks:
        yield f"{block.material}: " + ", ".join(f"{name} ({each.role})" for name, each in block.conditions.items())


def _anchors(plan: Study) -> str:
    roles = {each.role for block in plan.blocks for each in block.conditions.values() if each.role.endswith("anchor")}
    return f"{', '.join(sorted(roles))}: listening_test/anchors.py and prepare" if roles else "none"


def _any_graded(plan: Study) -> bool:
    return any(block.trial in GRADED for block in plan.blocks)


def _sensitivity(results: Results) -> str:
    """A null result proves nothing unless the same listeners told something apart."""
    found = [
        f"{each.first} - {each.second} ({section.material})"
        for section in results.sections
        for each in section.contrasts
        if each.hochberg <= 0.05
    ]
    return f"differences found: {', '.join(found)}" if found else "no difference found, so none is excluded either"


def _spread(results: Results) -> str:
    medians = [each.median for section in results.sections for each in section.grades if each.role != "reference"]
    if not medians:
        return "no grades"
    high = sum(median >= 80 for median in medians)
    verdict = "; most lie in the top band, so the test may not be valid" if 2 * high > len(medians) else ""
    return f"medians from {min(medians):.0f} to {max(medians):.0f}{verdict}"
