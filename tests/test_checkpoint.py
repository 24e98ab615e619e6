"""Checkpoints: what goes in comes out; damage is noticed."""

from pathlib import Path

import pytest
import torch

from models import checkpoint
from models.checkpoint import Checkpoint, CheckpointError


def example() -> Checkpoint:
    tensors = {"weight": torch.arange(6.0).reshape(2, 3), "half": torch.ones(4, dtype=torch.float16)}
    return Checkpoint(tensors, {"cells": 2}, {"seed": 7, "scores": [0.5]})


def test_round_trip(tmp_path: Path) -> None:
    back = checkpoint.load(checkpoint.save(tmp_path / "net.safetensors", example()))
    assert back.config == {"cells": 2}
    assert back.provenance == {"seed": 7, "scores": [0.5]}
    assert {name: tensor.dtype for name, tensor in back.tensors.items()} == {
        "weight": torch.float32,
        "half": torch.float16,
    }
    assert torch.equal(back.tensors["weight"], example().tensors["weight"])


def test_a_shipped_checkpoint_is_found_by_its_exact_name_and_replaced_whole(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    source = checkpoint.save(tmp_path / "run.safetensors", example())
    first = checkpoint.ship(source, "lstm", weights)
    checkpoint.ship(source, "lstm-wide", weights)
    assert checkpoint.shipped("lstm", weights).config == {"cells": 2}
    changed = Checkpoint(example().tensors, {"cells": 3}, {})
    second = checkpoint.ship(checkpoint.save(source, changed), "lstm", weights)
    assert not first.exists()
    assert second.exists()
    assert checkpoint.shipped("lstm", weights).config == {"cells": 3}
    assert checkpoint.shipped("lstm-wide", weights).config == {"cells": 2}


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = checkpoint.ship(checkpoint.save(tmp_path / "run.safetensors", example()), "lstm", tmp_path / "weights")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match="is damaged"):
        checkpoint.shipped("lstm", tmp_path / "weights")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint at all", b"\x80\x04pickle"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "net.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged or not a safetensors file"):
        checkpoint.load(tmp_path / "net.safetensors")


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="0 checkpoints named unheard"):
        checkpoint.shipped("unheard", tmp_path)


def test_every_shipped_checkpoint_is_whole_small_and_has_its_card() -> None:
    files = sorted(checkpoint.WEIGHTS.glob("*.safetensors"))
    assert files
    for path in files:
        name = path.stem.rpartition("-")[0]
        assert path.stat().st_size <= checkpoint.LARGEST_SHIPPED_BYTES
        assert checkpoint.shipped(name).provenance
        card = (checkpoint.WEIGHTS / f"{name}.md").read_text()
        assert "icence" in card or "icense" in card, f"{name}.md names no licence"
