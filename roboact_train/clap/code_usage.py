"""Which codes of a table something falls on, and new places for those that nothing falls on."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, distributed, nn


class CodeUsage(nn.Module):
    """Counts codes over all processes; what it knows is part of the state of a training, not of a model.

    Args:
        codes: Size of the table.
        every: Batches between two restarts of dead codes.
        by: What replaces one: ``codes``, others of the table (as released), or ``encodings`` of the batch.
    """

    counts: Tensor
    batches: Tensor

    def __init__(self, codes: int, every: int, by: Literal["codes", "encodings"]) -> None:
        super().__init__()
        self._every, self._by = every, by
        self.register_buffer("counts", torch.zeros(codes, dtype=torch.long))
        self.register_buffer("batches", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def count(self, indices: Tensor) -> None:
        """Note the codes of a batch."""
        self.counts += summed(torch.bincount(indices.flatten(), minlength=len(self.counts)))
        self.batches += 1

    @torch.no_grad()
    def restart(self, table: Tensor, encodings: Tensor) -> int:
        """Replace the dead codes if it is time to, and return how many.

        Args:
            table: (codes, width) what is changed.
            encodings: (…, width) vectors of the next batch.
        """
        batches = int(self.batches)
        if not batches or batches % self._every:
            return 0
        dead = torch.nonzero(self.counts < 1)[:, 0]
        source = table.detach() if self._by == "codes" else encodings.detach().reshape(-1, table.shape[1])
        order = torch.randperm(len(source), device=source.device)
        rows = source[order.repeat(math.ceil(len(dead) / len(order)))[: len(dead)]].to(table.dtype)
        if distributed.is_available() and distributed.is_initialized():
            distributed.broadcast(rows, 0)
        table[dead] = rows
        self.counts.zero_()
        return len(dead)


def summed(counts: Tensor) -> Tensor:
    """Return the sum over all processes."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.all_reduce(counts)
    return counts


def perplexity(counts: Tensor) -> float:
    """Return the number of codes that would be used as evenly: e to the entropy, 1 … their number."""
    part = counts[counts > 0].double()
    part = part / part.sum()
    return float(torch.exp(-(part * part.log()).sum()))
