"""The state of a training on disk, from which it goes on where it was stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models import checkpoint
from models.checkpoint import Checkpoint, CheckpointError


def store(
    path: Path,
    networks: nn.Module,
    optimiser: torch.optim.Optimizer,
    config: dict[str, Any],
    curve: list[dict[str, float]],
) -> None:
    """Write the networks, the optimiser, the configuration and the curve, whole or not at all."""
    tensors = {f"network/{name}": tensor for name, tensor in networks.state_dict().items()}
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{index}/{name}": tensor for name, tensor in state.items()}
    checkpoint.save(path, Checkpoint(tensors, config, {"curve": curve}))


def restored(
    path: Path, networks: nn.Module, optimiser: torch.optim.Optimizer, config: dict[str, Any]
) -> list[dict[str, float]]:
    """Load what `store` wrote into the networks and the optimiser; return the curve, which is empty without a file.

    Raises:
        CheckpointError: the file was written with another configuration.
    """
    if not path.exists():
        return []
    stored = checkpoint.load(path)
    if stored.config != json.loads(json.dumps(config)):  # JSON knows no tuples
        raise CheckpointError(f"{path.name} belongs to another training; delete it or choose another place")
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in stored.tensors.items():
        if name.startswith("optimiser/"):
            _, index, key = name.split("/")
            state.setdefault(int(index), {})[key] = tensor
    networks.load_state_dict({k.removeprefix("network/"): v for k, v in stored.tensors.items() if k[0] == "n"})
    optimiser.load_state_dict(optimiser.state_dict() | {"state": state})
    return list(stored.provenance["curve"])
