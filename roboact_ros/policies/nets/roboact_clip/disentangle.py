"""Fusion of the parts of a video (eq. 8) and its disentanglement into subject, object and action (eq. 9, 10, 21)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.roboact_clip.shape import EncoderShape, Feature, Joined, Logits, Parts, Tokens


def mlp(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Return two fully connected layers with GELU in between."""
    return nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, outputs))


@dataclass(frozen=True, slots=True)
class Branches:
    """Features of the three branches.

    Raises:
        PolicyError: Their shapes differ.
    """

    subject: Feature
    object: Feature
    action: Feature

    def __post_init__(self) -> None:
        shapes = [tuple(branch.shape) for branch in (self.subject, self.object, self.action)]
        if shapes[0] != shapes[1] or shapes[0] != shapes[2]:
            raise PolicyError(f"branches have different shapes: subject, object, action {shapes}")

    @property
    def joined(self) -> Joined:
        """All three, in the order of eq. 23."""
        return torch.cat([self.subject, self.object, self.action], dim=-1)


@dataclass(frozen=True, slots=True)
class ActLogits:
    """What the auxiliary heads say (eq. 21), before the softmax."""

    subject: Logits
    object: Logits
    action: Logits


class Fusion(nn.Module):
    """Eq. 8; F_v has a token for each part, so that attention has a sequence, or is a single one."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self._tokens, self._width = shape.tokens, shape.width
        outputs = shape.tokens * shape.width
        self.mlp = mlp(shape.parts * shape.embedding, outputs, outputs)
        own = shape.tokens if shape.tokens > 1 else 0
        self.project = nn.ModuleList(nn.Linear(shape.embedding, shape.width) for _ in range(own))

    def forward(self, parts: Parts) -> Tokens:
        """Return F_v: what the MLP makes of all parts, and each token's own part."""
        tokens: Tensor = self.mlp(parts.flatten(1)).view(-1, self._tokens, self._width)
        if self.project:
            tokens = tokens + torch.stack([layer(parts[:, k]) for k, layer in enumerate(self.project)], dim=1)
        return tokens


class Disentanglement(nn.Module):
    """Self-attention over F_v and an MLP for each branch, with a classifier beside each."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        width, inputs = shape.width, shape.tokens * shape.width
        self.attention = nn.MultiheadAttention(width, shape.heads, batch_first=True)
        self.subject, self.object, self.action = (mlp(inputs, width, width) for _ in range(3))
        self.classify_subject = mlp(inputs, width, shape.subjects)
        self.classify_object = mlp(inputs, width, shape.objects)
        self.classify_action = mlp(inputs, width, shape.actions)

    def attended(self, tokens: Tokens) -> Tensor:
        """Return F_attn, (n, tokens · width)."""
        y: Tensor = self.attention(tokens, tokens, tokens, need_weights=False)[0]
        return y.flatten(1)

    def branches(self, attended: Tensor) -> Branches:
        """Return eq. 10."""
        return Branches(self.subject(attended), self.object(attended), self.action(attended))

    def logits(self, attended: Tensor) -> ActLogits:
        """Return eq. 21."""
        return ActLogits(
            self.classify_subject(attended), self.classify_object(attended), self.classify_action(attended)
        )


class TextBranches(nn.Module):
    """Eq. 2: an MLP for each branch on the feature of a text."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.subject, self.object, self.action = (mlp(shape.embedding, shape.width, shape.width) for _ in range(3))

    def forward(self, text: Tensor) -> Branches:
        """Return the branches of (n, embedding) features."""
        return Branches(self.subject(text), self.object(text), self.action(text))
