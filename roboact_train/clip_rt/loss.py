"""Contrastive imitation loss (https://arxiv.org/abs/2411.00508, section III-B), as released, as in the paper, and ours.

The first two are binary cross-entropies over all pairs of M contexts and M supervisions; a pair is positive when both
samples have the same action. Supervisions with the same words have the same column, which is computed once and counted.
The third lets the supervisions compete, as they do where the policy takes the best.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Form = Literal["released", "paper", "softmax"]


def released_context(image: Tensor, prompt: Tensor) -> Tensor:
    """Return (n, d) contexts as the released code trains: both parts normalised, their sum not."""
    return functional.normalize(image, dim=-1) + functional.normalize(prompt, dim=-1)


def paper_context(image: Tensor, prompt: Tensor) -> Tensor:
    """Return (n, d) contexts as in the paper and as at run time: parts as they are, their sum normalised."""
    return functional.normalize(image + prompt, dim=-1)


def context_of(image: Tensor, prompt: Tensor, form: Form) -> Tensor:
    """Return (n, d) contexts of un-normalised (n, d) embeddings of images and prompts."""
    return released_context(image, prompt) if form == "released" else paper_context(image, prompt)


def contrastive_imitation_loss(
    context: Tensor, supervision: Tensor, positive: Tensor, counts: Tensor, logit_scale: Tensor
) -> Tensor:
    """Return the mean binary cross-entropy over ``n`` contexts and all samples of the batch.

    With a batch spread over processes, each holds some rows of the matrix and all of its columns; the mean over
    processes is the loss of the whole matrix, and the mean of their gradients is its gradient.

    Args:
        context: (n, d), from :func:`context_of`.
        supervision: (k, d) un-normalised embeddings of the different supervisions of the batch.
        positive: (n, k) bool, whether context and supervision belong to the same action.
        counts: (k,) how many samples of the batch have this supervision.
        logit_scale: Factor of the cosines, already exponentiated.
    """
    logits = logit_scale * context @ functional.normalize(supervision, dim=-1).T
    losses = functional.binary_cross_entropy_with_logits(logits, positive.to(logits.dtype), reduction="none")
    weights = counts.to(losses.dtype)
    return (losses @ weights).mean() / weights.sum()


def competing_loss(context: Tensor, supervision: Tensor, positive: Tensor, logit_scale: Tensor) -> Tensor:
    """Return the mean negative log-likelihood that a softmax over the different supervisions picks a positive one.

    Not in the released procedure. Each row stands alone, so processes need not know each other's rows.

    Args:
        context: (n, d), from :func:`context_of`.
        supervision: (k, d) un-normalised embeddings of different supervisions.
        positive: (n, k) bool, at least one of each row.
        logit_scale: Factor of the cosines, already exponentiated.
    """
    logits = logit_scale * context @ functional.normalize(supervision, dim=-1).T
    right = logits.masked_fill(~positive, -torch.inf)
    return (logits.logsumexp(-1) - right.logsumexp(-1)).mean()


def different_rows(tokens: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the different rows of (m, context) tokens, with their labels and how often each occurs.

    Raises:
        ValueError: Equal rows have different labels.
    """
    rows, place, counts = torch.unique(tokens, dim=0, return_inverse=True, return_counts=True)
    of_row = torch.zeros(len(rows), dtype=labels.dtype, device=labels.device).scatter_(0, place, labels)
    if not torch.equal(of_row[place], labels):
        raise ValueError("the same words of supervision stand for different actions in one batch")
    return rows, of_row, counts
