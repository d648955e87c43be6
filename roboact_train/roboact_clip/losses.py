"""Every term of RoboAct-CLIP's loss (eq. 11-24)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from roboact_ros.policies.nets.roboact_clip.disentangle import ActLogits, Branches
from roboact_ros.policies.nets.roboact_clip.shape import Joined, PerRow, Scalar
from roboact_train.roboact_clip.banks import Labels
from roboact_train.roboact_clip.settings import RoboActClipSettings


@dataclass(frozen=True, slots=True)
class Losses:
    """All terms, without their weights; zero where an ablation has none."""

    clip: Scalar
    similarity: Scalar
    l2: Scalar
    recombination: Scalar
    subject: Scalar
    action: Scalar
    object: Scalar

    def total(self, settings: RoboActClipSettings) -> Scalar:
        """Return eq. 24."""
        disentangled = settings.lambda_ortho * (self.similarity + self.l2) + settings.lambda_recomb * self.recombination
        weights = settings.alpha
        auxiliary = weights[0] * self.subject + weights[1] * self.action + weights[2] * self.object
        return self.clip + settings.lambda_disent * disentangled + settings.lambda_aux * auxiliary

    def stacked(self) -> Tensor:
        """Return all terms in the order of :data:`TERMS`."""
        return torch.stack([getattr(self, name) for name in TERMS])


TERMS = tuple(field.name for field in dataclasses.fields(Losses))


def contrastive(video: Joined, text: Joined, target: PerRow, scale: Scalar, symmetric: bool = False) -> Scalar:
    """Return how badly videos find their texts among all (eq. 19, 23).

    Texts are different from one another. A batch of single actions has many equal ones, and equal texts in the
    denominator could never be told apart.

    Args:
        video: (n, output).
        text: (m, output).
        target: (n,) place of each video's text.
        scale: 1 / tau.
        symmetric: The mean of this and of how badly texts find their videos, of which any is as good.
    """
    logits = scale * functional.normalize(video, dim=-1) @ functional.normalize(text, dim=-1).T
    loss = functional.cross_entropy(logits, target)
    if not symmetric:
        return loss
    own = functional.one_hot(target, len(text)).T.to(logits.dtype)
    has = own.sum(1) > 0
    back = -(own * logits.T.log_softmax(dim=1)).sum(1)[has] / own.sum(1)[has]
    return (loss + back.mean()) / 2.0


def similarity(branches: Branches, form: Literal["squared", "absolute"]) -> Scalar:
    """Return the mean squared, or absolute, cosine of the three pairs of branches (eq. 11, to be small)."""
    cosines = pair_cosines(branches)
    return (cosines.square() if form == "squared" else cosines.abs()).mean()


def pair_cosines(branches: Branches) -> Tensor:
    """Return (3, n) cosines: subject and action, subject and object, action and object."""
    pairs = (
        (branches.subject, branches.action),
        (branches.subject, branches.object),
        (branches.action, branches.object),
    )
    return torch.stack([functional.cosine_similarity(a, b, dim=-1) for a, b in pairs])


def l2(branches: Branches, factor: float) -> Scalar:
    """Return eq. 12, the mean over the batch."""
    lengths = [branch.norm(dim=-1).mean() for branch in (branches.subject, branches.action, branches.object)]
    return factor * (lengths[0] + lengths[1] + lengths[2])


def auxiliary(logits: ActLogits, labels: Labels) -> tuple[Scalar, Scalar, Scalar]:
    """Return the cross-entropies of subject, action and object (eq. 22, to be small)."""
    return (
        functional.cross_entropy(logits.subject.float(), labels[:, 0]),
        functional.cross_entropy(logits.action.float(), labels[:, 1]),
        functional.cross_entropy(logits.object.float(), labels[:, 2]),
    )
