"""One training on several processes or machines, started by torchrun; each hears its share of every step's mixtures.

`torchrun --nproc-per-node 2 -m training.separation.train ...` gives the loss curve of one process, since a mixture is
drawn from its own place (seed, epoch, step, number), whoever draws it, and gradients are averaged over all windows
(PyTorch's DistributedDataParallel, Li et al., VLDB 2020). What grows with the processes: mixtures drawn and
learned from per second. What does not: the gradients that every step exchanges (the network's own size, 9 MB) and the
steps themselves, which wait for all processes; so with more of them the batch has to grow, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Crew:
    """The processes of one training: how many there are and which one this is."""

    size: int
    rank: int

    @property
    def leads(self) -> bool:
        """Whether this process measures, prints and writes."""
        return self.rank == 0

    def generators(self, n: int, place: tuple[int, ...]) -> list[np.random.Generator]:
        """Return the generators of this process's share of a step's n mixtures, one for each."""
        return [np.random.default_rng([*place, number]) for number in range(self.rank, n, self.size)]

    def wrapped(self, network: nn.Module) -> nn.Module:
        """Let gradients be averaged over all processes."""
        return DistributedDataParallel(network)

    def weight(self, n_windows: int) -> float:
        """Weigh this process's mean loss so that the average over the processes is the mean over all windows."""
        total = torch.tensor(n_windows)
        torch.distributed.all_reduce(total)
        return n_windows * self.size / int(total)

    def mean(self, losses: list[float]) -> float:
        """Average the weighted losses of an epoch over steps and processes."""
        total = torch.tensor(losses).mean()
        torch.distributed.all_reduce(total)
        return total.item() / self.size


@contextmanager
def crew() -> Iterator[Crew | None]:
    """Join the other processes if torchrun has started this one; None where there is nobody to join."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        yield None
        return
    torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield Crew(torch.distributed.get_world_size(), torch.distributed.get_rank())
    finally:
        torch.distributed.destroy_process_group()
