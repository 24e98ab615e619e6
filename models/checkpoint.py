"""A checkpoint: one file in, one object out. Tensors, the configuration that rebuilds the network, provenance.

The file is safetensors; configuration and provenance are JSON in its metadata, so a network is rebuilt from the
file alone and no pickle is ever opened. A shipped file is named `<model>-<first 8 hex digits of its SHA-256>`,
with a card `<model>.md` beside it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes

WEIGHTS = Path(__file__).parent / "weights"
LARGEST_SHIPPED_BYTES = 10 * 1024 * 1024


class CheckpointError(ValueError):
    """A checkpoint that is missing, damaged or of another kind than asked for."""


@dataclass(frozen=True)
class Checkpoint:
    """What a network is rebuilt from.

    Attributes:
        tensors: the state dictionary.
        config: keyword arguments of the network's configuration.
        provenance: data, seed, commit, loss curve, scores: how it was made.
    """

    tensors: dict[str, torch.Tensor]
    config: dict[str, Any]
    provenance: dict[str, Any]


def save(path: str | Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint whole or not at all (a temporary file takes the name at the end)."""
    path = Path(path)
    metadata = {"config": json.dumps(checkpoint.config), "provenance": json.dumps(checkpoint.provenance)}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in checkpoint.tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(to_bytes(tensors, metadata))
    partial.replace(path)
    return path


def load(path: str | Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: not there, damaged, or without configuration.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except SafetensorError as error:
        raise CheckpointError(f"{path.name} is damaged or not a safetensors file") from error
    if "config" not in metadata:
        raise CheckpointError(f"{path.name} carries no configuration; it was not written by this project")
    return Checkpoint(tensors, json.loads(metadata["config"]), json.loads(metadata.get("provenance", "{}")))


def ship(source: str | Path, name: str, weights: Path = WEIGHTS) -> Path:
    """Copy a finished checkpoint among the shipped ones under its hash, in place of the previous one.

    Raises:
        CheckpointError: it is over the 10 MB that a shipped checkpoint may have.
    """
    content = Path(source).read_bytes()
    if len(content) > LARGEST_SHIPPED_BYTES:
        raise CheckpointError(f"{source} has {len(content)} bytes; at most {LARGEST_SHIPPED_BYTES} are shipped")
    weights.mkdir(parents=True, exist_ok=True)
    target = weights / f"{name}-{hashlib.sha256(content).hexdigest()[:8]}.safetensors"
    target.write_bytes(content)
    for old in _files(name, weights):
        if old != target:
            old.unlink()
    return target


def shipped(name: str, weights: Path = WEIGHTS) -> Checkpoint:
    """Load the shipped checkpoint of a model, after checking it against the hash in its name.

    Raises:
        CheckpointError: none or several are shipped under that name, or the content is not what the name says.
    """
    found = _files(name, weights)
    if len(found) != 1:
        raise CheckpointError(f"{len(found)} checkpoints named {name} in {weights}, expected one")
    digest = hashlib.sha256(found[0].read_bytes()).hexdigest()
    if not found[0].stem.endswith(digest[:8]):
        raise CheckpointError(f"{found[0].name} is damaged: its SHA-256 begins with {digest[:8]}")
    return load(found[0])


def is_shipped(name: str, weights: Path = WEIGHTS) -> bool:
    """Tell whether a checkpoint is shipped under this name."""
    return bool(_files(name, weights))


def _files(name: str, weights: Path) -> list[Path]:
    """Files of exactly this model: `lstm` does not find `lstm-wide`."""
    return [path for path in sorted(weights.glob(f"{name}-*.safetensors")) if path.stem.rpartition("-")[0] == name]
