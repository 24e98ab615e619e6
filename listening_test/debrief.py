"""The debrief: what a listener may know about the own session when it is over. It names no condition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from listening_test.assignment import BETTER
from listening_test.response import Choice, Comparison
from listening_test.trial import Answer


@dataclass(frozen=True)
class Debrief:
    """Counts over the answers of one session, practice left out.

    Attributes:
        answers: all of them.
        known: trials that have a right answer: which is X, which did a person write, an anchor beside a human piece.
        right: how often the listener gave it.
        repeated: paired trials that came twice.
        same: how often the listener preferred or chose the same sound again.
        listened_s: seconds of sound.
    """

    answers: int
    known: int
    right: int
    repeated: int
    same: int
    listened_s: int


def debrief(answers: Sequence[Answer]) -> Debrief:
    """Count over the answers of one session."""
    counted = [answer for answer in answers if not answer.trial.practice]
    verdicts = [verdict for verdict in map(_is_right, counted) if verdict is not None]
    chosen = {answer.trial.ordinal: _chosen(answer) for answer in counted if answer.trial.kind != "abx"}
    pairs = [(answer.trial.repeat_of, answer.trial.ordinal) for answer in counted if answer.trial.repeat_of is not None]
    again = [(chosen[first], chosen[second]) for first, second in pairs if first in chosen and second in chosen]
    again = [pair for pair in again if pair[0] is not None]
    heard = sum(sum(answer.rating.heard_ms) for answer in answers)
    same = sum(first == second for first, second in again)
    return Debrief(len(counted), len(verdicts), sum(verdicts), len(again), same, round(heard / 1000))


def _chosen(answer: Answer) -> str | None:
    """Return the condition that was preferred or chosen, "" for a tie; None where the response names none."""
    response = answer.rating.response
    if isinstance(response, Choice):
        return answer.conditions[response.slot]
    if isinstance(response, Comparison):
        return "" if response.value == 0 else answer.conditions[int(response.value > 0)]
    return None


def _is_right(answer: Answer) -> bool | None:
    """Tell whether the right answer was given; None where there is none."""
    trial = answer.trial
    if trial.kind == "abx" and trial.reference is not None:
        return _chosen(answer) == trial.reference.condition
    if trial.kind == "which-human":
        return _chosen(answer) == _with_role(answer, ("human",))
    if trial.catch:
        return _chosen(answer) == _with_role(answer, BETTER)
    return None


def _with_role(answer: Answer, roles: Iterable[str]) -> str:
    return next(condition for condition, role in zip(answer.conditions, answer.roles, strict=True) if role in roles)
