"""A song as 256 layers of probability, for whoever mixes them while the song plays.

Layer k is D_k = iSTFT(1[q = k] X), what the song holds where the level of probability is k. The inverse transform is
linear and every mask is a function of the level alone, so with one gain per level

    sum_k g_k D_k = iSTFT(g[q] X)

the layers sum to the song (g = 1), and `split` at any alpha, softness and rule, and every mix of its stems, is one
table of 256 gains. A player therefore needs the song and its levels, never the stems (tabs/static/layers.js).
"""

from __future__ import annotations

import gzip

from audio import Audio, resample
from models.separation.separate import Probabilities
from models.separation.spectrogram import SAMPLE_RATE

HEARD_CHANNELS = 2
GZIP_LEVEL = 1  # higher ones take twice as long and save nothing


def listening_copy(song: Audio) -> Audio:
    """Bring a song to the rate of the levels; more than two channels become their mean."""
    if song.channels > HEARD_CHANNELS:
        song = Audio(song.samples.mean(axis=0, keepdims=True), song.sample_rate)
    return resample(song, SAMPLE_RATE)


def packed(probabilities: Probabilities) -> bytes:
    """Pack the levels as a player reads them: gzip of uint8 (frame, bin)."""
    return gzip.compress(probabilities.levels.T.tobytes(), GZIP_LEVEL, mtime=0)
