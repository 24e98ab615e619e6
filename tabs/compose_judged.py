"""What is known of a take of the joint model: copied notes with their source, and its measures beside human solos."""

from __future__ import annotations

import math
from typing import Any

from models.composition.generate import JOINT
from models.composition.originality import SHORTEST_RUN, Run, index
from models.composition.panel import MEASURES, bands, panel
from tabs.compose_take import Take

MARGIN = 0.25  # of the band's width, left free on either side of what a strip shows


def judged(take: Take) -> dict[str, Any]:
    """Pack copies and measures for the page; a network of 2002 has none, for it plays songs that all are copies."""
    if take.model != JOINT:
        return {"copied": [], "measures": []}
    return {"copied": _copies(take), "measures": _measures(take)}


def verdict(take: Take) -> str:
    """Say how new the melody is, beside what the pieces of its corpus share with one another."""
    known = index(take.wishes.style)
    longest = known.longest(take.score.part("melody").notes)
    if longest is None:
        return f"No {SHORTEST_RUN} notes in a row are copied from what the network learned."
    usual = f"the pieces that it learned from share runs of {known.usual_run} with one another, in the median"
    return f"It copies at most {longest.notes} notes in a row from what it learned; {usual}."


def _runs(take: Take) -> tuple[Run, ...]:
    """Find the runs of the melody that are copied, longer than the pieces of the corpus usually share."""
    known = index(take.wishes.style)
    copied = known.copied(take.score.part("melody").notes)
    return tuple(run for run in copied if run.notes > known.usual_run)


def _copies(take: Take) -> list[dict[str, Any]]:
    """Pack the long copied runs: place and number of notes, from which tick to which, source."""
    melody = take.score.part("melody").notes
    packed = []
    for run in _runs(take):
        last = melody[run.first + run.notes - 1]
        span = {"from": melody[run.first].start, "to": last.start + last.duration}
        packed.append({"first": run.first, "notes": run.notes, "source": run.source} | span)
    return packed


def _measures(take: Take) -> list[dict[str, Any]]:
    """Pack the measures that the melody has, each with the band of human solos and the ends of its strip."""
    values, human = panel(take.score), bands()
    packed = []
    for measure in MEASURES:
        value, (low, high) = values[measure.name], human[measure.name]
        if math.isnan(value):
            continue
        margin = MARGIN * (high - low)
        ends = {"least": min(low, value) - margin, "most": max(high, value) + margin}
        words = f"{value:.2f}, usual {low:.2f}\u2013{high:.2f}"
        packed.append({"name": measure.text, "value": value, "low": low, "high": high, "words": words} | ends)
    return packed
