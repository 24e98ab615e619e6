"""A melody as it grows: what was played so far, and what the joint model makes of it."""

from __future__ import annotations

import numpy as np
import torch

from models.composition.context import (
    FIRST_PITCH,
    MIDDLE,
    NOTHING,
    Setting,
    chord_features,
    lookback,
    tokens,
)
from models.composition.events import Event
from models.composition.joint import JointModel


class Line:
    """One player's line; it belongs to one call and is never shared.

    Attributes:
        now: tick where the next event begins.
        notes: onset and pitch of each note so far.
        sounding: pitch and velocity of the note that ends now, if one does.
    """

    def __init__(self, setting: Setting, start: int, density: int, model: JointModel) -> None:
        """Begin at a tick, with nothing heard; density is a class of `context.density_class`."""
        self.now = start
        self.notes: list[tuple[int, int]] = []
        self.sounding: tuple[int, int] | None = None
        self._setting, self._density, self._model = setting, density, model
        self._starts: list[int] = []
        self._tokens: list[tuple[int, int, int]] = []
        self._last = MIDDLE
        self._state: torch.Tensor | None = None
        self._read()

    def hear(self, event: Event) -> None:
        """Go on by one event, whoever played it."""
        if event.pitch is not None and not event.tied:
            self.notes.append((self.now, event.pitch))
        self.sounding = None if event.pitch is None else (event.pitch, event.velocity)
        duration, pitch, velocity = tokens(event)
        self._starts.append(self.now)
        self._tokens.append((duration, pitch, velocity))
        self._last = self._last if pitch < FIRST_PITCH else pitch - FIRST_PITCH
        self.now += event.duration
        self._read()

    def worn_pitch(self, most: int) -> int | None:
        """Name the pitch that has come so many times in a row, if one has."""
        latest = [pitch for _, pitch in self.notes[-most:]]
        return latest[0] if len(latest) == most and len(set(latest)) == 1 else None

    @torch.inference_mode()
    def duration_scores(self) -> torch.Tensor:
        """Logits of durations, (place in DURATIONS,)."""
        return self._model.duration_logits(self._hidden)[0, 0]

    @torch.inference_mode()
    def pitch_scores(self, duration: int) -> torch.Tensor:
        """Logits of pitch tokens given a duration, (token,)."""
        return self._model.pitch_logits(self._hidden, torch.tensor([[duration]]), self._columns)[0, 0]

    @torch.inference_mode()
    def velocity_scores(self, duration: int, pitch: int) -> torch.Tensor:
        """Logits of velocity tokens given duration and pitch, (token,)."""
        return self._model.velocity_logits(self._hidden, torch.tensor([[duration]]), torch.tensor([[pitch]]))[0, 0]

    @torch.inference_mode()
    def _read(self) -> None:
        """Let the model read the context of the next event."""
        duration, pitch, velocity = self._tokens[-1] if self._tokens else (-1, NOTHING, 0)
        row = [*self._setting.row(self.now, self._density), duration + 1, pitch, velocity, self._last]
        for place in lookback(self._starts, self.now):
            row += [self._tokens[place][1], self._tokens[place][0] + 1] if place >= 0 else [NOTHING, 0]
        chords = np.concatenate([chord_features(symbol) for symbol in self._setting.chords(self.now)])
        self._columns = torch.tensor([[row]])
        self._hidden, self._state = self._model(self._columns, torch.from_numpy(chords)[None, None], self._state)
