"""A third-order transition table over events: the rival that Mozer's CONCERT was heard against, on today's events.

A token is a pair of duration and pitch tokens. Orders 3, 2, 1, 0 and the uniform are interpolated after Witten & Bell
(IEEE Trans. Information Theory 37(4), 1991): a context counts the less, the more different tokens have followed it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from models.composition.context import FIRST_PITCH, NOTHING
from models.composition.events import DURATIONS

ORDER = 3
TOKENS = len(DURATIONS) * NOTHING

Pairs = npt.NDArray[np.int64]  # (event, 2): duration, pitch
Token = tuple[int, int]


class EventTable:
    """Counts of what followed every context of up to three events."""

    def __init__(self, pieces: Iterable[Pairs]) -> None:
        """Count."""
        self._followed: defaultdict[tuple[Token, ...], Counter[Token]] = defaultdict(Counter)
        for tokens in map(_tokens, pieces):
            for place, token in enumerate(tokens):
                for order in range(min(ORDER, place) + 1):
                    self._followed[tuple(tokens[place - order : place])][token] += 1

    def probability(self, context: Sequence[Token], token: Token) -> float:
        """Probability of a token after at most the last three of a context."""
        estimate = 1.0 / TOKENS
        for order in range(min(ORDER, len(context)) + 1):
            counts = self._followed.get(tuple(context[len(context) - order :]))
            if counts:
                different = len(counts)
                estimate = (counts[token] + different * estimate) / (counts.total() + different)
        return estimate

    def bits_per_note(self, pieces: Iterable[Pairs]) -> float:
        """Bits of all events of pieces, divided by the number of notes."""
        bits, notes = 0.0, 0
        for tokens in map(_tokens, pieces):
            for place, token in enumerate(tokens):
                bits -= math.log2(self.probability(tokens[max(place - ORDER, 0) : place], token))
                notes += token[1] >= FIRST_PITCH
        return bits / notes


def _tokens(pairs: Pairs) -> list[Token]:
    """Pairs as tuples."""
    return [(duration, pitch) for duration, pitch in pairs.tolist()]
