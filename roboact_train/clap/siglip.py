"""Pulls the codes of what is seen to those of what is done (https://arxiv.org/abs/2601.04061, after SigLIP)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def siglip_loss(seen: Tensor, done: Tensor, temperature: Tensor, bias: Tensor, first: int = 0) -> Tensor:
    """Return the loss of n pairs in the released form; every other pair of rows is a negative one.

    Args:
        seen: (n, d), one row for each sample and arm, of any length.
        done: (m, d) what belongs to them, row by row from ``first`` on; the others are negative for all.
        temperature: Logarithm of what the cosine is multiplied by.
        bias: What is added to it.
        first: Row of ``done`` that belongs to the first of ``seen``.
    """
    # Both directions have the same terms, so their mean is either of them.
    return _loss(temperature.exp() * cosines(seen, done) + bias, first)


def paper_loss(seen: Tensor, done: Tensor, temperature: Tensor, bias: Tensor, first: int = 0) -> Tensor:
    """Return the loss in the form of the paper (eq. 3), where the bias is one of the cosine, before the temperature.

    Args:
        seen: As in :func:`siglip_loss`.
        done: Likewise.
        temperature: Logarithm of what the difference is multiplied by, -log tau.
        bias: b.
        first: As in :func:`siglip_loss`.
    """
    return _loss(temperature.exp() * (cosines(seen, done) - bias), first)


def cosines(seen: Tensor, done: Tensor) -> Tensor:
    """Return the (n, m) cosines of (n, d) and (m, d) rows."""
    return functional.normalize(seen, dim=-1) @ functional.normalize(done, dim=-1).T


def _loss(logits: Tensor, first: int) -> Tensor:
    rows = torch.arange(len(logits), device=logits.device)
    signs = -torch.ones_like(logits)
    signs[rows, first + rows] = 1.0
    return functional.softplus(-signs * logits).sum() / len(logits)
