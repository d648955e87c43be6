"""Vectors to the nearest of a table, and their numbers."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Codebook(nn.Module):
    """A table of codes.

    Args:
        codes: How many there are.
        width: Of each.
    """

    def __init__(self, codes: int, width: int) -> None:
        super().__init__()
        self.codebook = nn.Embedding(codes, width)
        nn.init.uniform_(self.codebook.weight, -1.0 / codes, 1.0 / codes)

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Return the nearest codes of (…, width) vectors and their (…) numbers.

        Gradients pass the codes as if they were the vectors; the table gets none.
        """
        flat = vectors.detach().reshape(-1, vectors.shape[-1])
        indices = torch.cdist(flat[None], self.codebook.weight.detach()[None])[0].argmin(dim=-1)
        indices = indices.reshape(vectors.shape[:-1])
        codes = self.codebook(indices).detach()
        return vectors + (codes - vectors).detach(), indices
