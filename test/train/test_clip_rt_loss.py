"""The contrastive imitation loss, against numbers computed by hand and against its whole matrix."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from roboact_train.clip_rt.loss import (
    competing_loss,
    contrastive_imitation_loss,
    different_rows,
    paper_context,
    released_context,
)


def _softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def test_two_samples_by_hand() -> None:
    image, prompt = torch.tensor([[2.0, 0.0], [0.0, 3.0]]), torch.tensor([[0.0, 5.0], [0.0, 7.0]])
    supervision, one = torch.tensor([[4.0, 0.0], [0.0, 9.0]]), torch.ones(2)
    same, scale = torch.eye(2, dtype=torch.bool), torch.tensor(2.0)
    # Released: contexts (1, 1) and (0, 2); logits 2 · [[1, 1], [0, 2]].
    by_hand = (_softplus(-2) + _softplus(2) + _softplus(0) + _softplus(-4)) / 4
    loss = contrastive_imitation_loss(released_context(image, prompt), supervision, same, one, scale)
    assert loss.item() == pytest.approx(by_hand, rel=1e-6)
    # Paper: contexts (2, 5)/√29 and (0, 1).
    a, b = 4 / math.sqrt(29), 10 / math.sqrt(29)
    by_hand = (_softplus(-a) + _softplus(b) + _softplus(0) + _softplus(-2)) / 4
    loss = contrastive_imitation_loss(paper_context(image, prompt), supervision, same, one, scale)
    assert loss.item() == pytest.approx(by_hand, rel=1e-6)


def _batch(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    context = torch.randn(12, 5, generator=generator)
    texts = torch.randn(4, 5, generator=generator)
    which = torch.randint(0, 4, (12,), generator=generator)
    return context, texts, which


def test_counted_columns_equal_the_whole_matrix() -> None:
    context, texts, which = _batch()
    action = torch.tensor([0, 1, 1, 2])  # two texts may mean the same action
    scale = torch.tensor(3.0)
    whole = functional.binary_cross_entropy_with_logits(
        scale * context @ functional.normalize(texts[which], dim=-1).T,
        (action[which][:, None] == action[which][None]).float(),
    )
    rows, labels, counts = different_rows(which[:, None].repeat(1, 3), action[which])
    counted = contrastive_imitation_loss(
        context, texts[rows[:, 0]], action[which][:, None] == labels[None], counts, scale
    )
    torch.testing.assert_close(counted, whole)


def test_rows_of_several_processes_make_the_same_loss_and_gradient() -> None:
    context, texts, which = _batch(1)
    positive, counts, scale = (
        which[:, None] == torch.arange(4)[None],
        torch.bincount(which, minlength=4),
        torch.tensor(2.0),
    )
    gradients, losses = [], []
    for rows in (slice(0, 12), slice(0, 6), slice(6, 12)):
        weight = texts.clone().requires_grad_()
        loss = contrastive_imitation_loss(context[rows], weight, positive[rows], counts, scale)
        loss.backward()
        gradients.append(weight.grad)
        losses.append(loss.detach())
    torch.testing.assert_close(losses[0], (losses[1] + losses[2]) / 2)
    torch.testing.assert_close(gradients[0], (gradients[1] + gradients[2]) / 2)


def test_competing_motions_are_a_cross_entropy_whose_positives_add_up() -> None:
    context, texts, which = _batch(2)
    scale, alone = torch.tensor(2.0), torch.eye(4, dtype=torch.bool)
    logits = scale * context @ functional.normalize(texts, dim=-1).T
    expected = functional.cross_entropy(logits, which)
    torch.testing.assert_close(competing_loss(context, texts, alone[which], scale), expected)
    # Each text twice: both are right, so nothing changes.
    doubled = competing_loss(context, texts.repeat(2, 1), alone[which].repeat(1, 2), scale)
    torch.testing.assert_close(doubled, expected)


def test_same_words_with_different_actions_are_refused() -> None:
    with pytest.raises(ValueError, match="different actions"):
        different_rows(torch.tensor([[1, 2], [1, 2]]), torch.tensor([3, 4]))
