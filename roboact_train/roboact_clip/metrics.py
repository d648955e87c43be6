"""How good features of videos are: retrieval of texts, classification of actions, and how much branches share."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from roboact_ros.policies.nets.roboact_clip.disentangle import Branches
from roboact_ros.policies.nets.roboact_clip.shape import Joined, PerRow
from roboact_train.roboact_clip.losses import pair_cosines


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Parts of the queries that were answered rightly.

    Attributes:
        text: Videos whose nearest text is their own.
        text_5: Videos whose text is among the five nearest.
        video: Texts, of those with videos, whose nearest video is one of theirs.
        action: Videos whose nearest text names their action, whatever else it says.
    """

    text: float
    text_5: float
    video: float
    action: float


def retrieval(video: Joined, text: Joined, text_of: PerRow, action_of_text: PerRow) -> Retrieval:
    """Return how well videos and texts find one another by their cosine.

    Args:
        video: (n, output).
        text: (m, output), of texts that are all different.
        text_of: (n,) the text of each video.
        action_of_text: (m,) class of the action that each text names.
    """
    scores = functional.normalize(video, dim=-1) @ functional.normalize(text, dim=-1).T
    ranked = scores.topk(min(5, len(text)), dim=1).indices
    right = ranked == text_of[:, None]
    asked = text_of.unique()
    return Retrieval(
        _mean(right[:, 0]),
        _mean(right.any(1)),
        _mean(text_of[scores[:, asked].argmax(0)] == asked),
        _mean(action_of_text[ranked[:, 0]] == action_of_text[text_of]),
    )


def readout_accuracy(features: Tensor, labels: PerRow, others: Tensor, wanted: PerRow, penalty: float = 1e-2) -> float:
    """Return how often a linear readout of frozen features names the class: ridge regression to one-hot classes.

    Args:
        features: (n, width) to learn the readout from.
        labels: (n,) their classes.
        others: (m, width) to try it on.
        wanted: (m,) their classes.
        penalty: Of large weights, relative to the variance of a feature.
    """
    mean, deviation = features.mean(0), features.std(0, correction=0).clamp(min=1e-6)
    x, y = ((part - mean) / deviation for part in (features.double(), others.double()))
    names, target = labels.unique(return_inverse=True)
    one_hot = functional.one_hot(target, len(names)).double()
    gram = x.T @ x + penalty * len(x) * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    weights = torch.linalg.solve(gram, x.T @ (one_hot - one_hot.mean(0)))
    return _mean(names[(y @ weights + one_hot.mean(0)).argmax(1)] == wanted)


def branch_cosine(branches: Branches) -> float:
    """Return the mean absolute cosine of the three pairs of branches."""
    return float(pair_cosines(branches).detach().abs().mean())


def found_among(features: Joined, texts: Joined, own: PerRow) -> float:
    """Return the part of features whose nearest text is their own.

    Args:
        features: (n, output).
        texts: (m, output).
        own: (n,) place of each one's text.
    """
    return _mean((functional.normalize(features, dim=-1) @ functional.normalize(texts, dim=-1).T).argmax(1) == own)


def _mean(right: Tensor) -> float:
    return float(right.double().mean())
