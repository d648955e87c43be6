"""Pulls the codes of what is seen to those of what is done (https://arxiv.org/abs/2601.04061, after SigLIP)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def siglip_loss(seen: Tensor, done: Tensor, temperature: Tensor, bias: Tensor) -> Tensor:
    """Return the loss of n pairs; every other pair of rows is a negative one.

    Args:
        seen: (n, d), one row for each sample and arm, of any length.
        done: (n, d) what belongs to it.
        temperature: Logarithm of what the cosine is multiplied by.
        bias: What is added to it.
    """
    logits = temperature.exp() * functional.normalize(seen, dim=-1) @ functional.normalize(done, dim=-1).T + bias
    signs = 2.0 * torch.eye(len(logits), device=logits.device) - 1.0
    # Both directions have the same terms, so their mean is either of them.
    return functional.softplus(-signs * logits).sum() / len(logits)
