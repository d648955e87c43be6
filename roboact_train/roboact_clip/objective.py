"""The model with its banks and its loss, as the module that is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from roboact_ros.policies.nets.roboact_clip.disentangle import Branches
from roboact_ros.policies.nets.roboact_clip.model import Encoded, RoboActClip
from roboact_train.roboact_clip import losses
from roboact_train.roboact_clip.banks import FeatureBanks, Labels
from roboact_train.roboact_clip.losses import TERMS, Losses
from roboact_train.roboact_clip.settings import RoboActClipSettings

_MOST_SCALE = math.log(100.0)
"""Largest logarithm of 1 / tau, as in CLIP."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Features of the texts that the objective contrasts with.

    Attributes:
        descriptions: (texts, embedding) of the videos' descriptions.
        triplets: (pool, 3) classes of what may be recombined.
        recombined: (pool, embedding) of their texts (eq. 18).
    """

    descriptions: Tensor
    triplets: Labels
    recombined: Tensor


class Objective(nn.Module):
    """Returns the loss of a batch and keeps count of its terms.

    Args:
        model: Trained in place.
        texts: See :class:`Texts`.
        settings: Weights and forms of the terms.
    """

    logit_scale: Tensor
    steps: Tensor
    sums: Tensor
    descriptions: Tensor
    triplets: Tensor
    recombined: Tensor

    def __init__(self, model: RoboActClip, texts: Texts, settings: RoboActClipSettings) -> None:
        super().__init__()
        self.model, self._settings = model, settings
        shape = model.shape
        self.banks = FeatureBanks((shape.subjects, shape.actions, shape.objects), shape.width)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1.0 / settings.temperature)))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("sums", torch.zeros(len(TERMS) + 1, dtype=torch.float64))
        self.register_buffer("descriptions", texts.descriptions, persistent=False)
        self.register_buffer("triplets", texts.triplets, persistent=False)
        self.register_buffer("recombined", texts.recombined, persistent=False)

    def forward(self, frames: Tensor, labels: Labels, texts: Tensor, own: Tensor) -> Tensor:
        """Return the loss of this process's videos against the texts of the whole batch.

        Args:
            frames: (n, 16, embedding) of the whole batch.
            labels: (n, 3) numbers of subject, action and object.
            texts: (n,) places among the descriptions.
            own: (k,) places of this process's share in the batch.
        """
        terms = self.terms(frames, labels, texts, own)
        self.sums += torch.cat([terms.stacked().detach().double(), self.sums.new_ones(1)])
        return terms.total(self._settings)

    def terms(self, frames: Tensor, labels: Labels, texts: Tensor, own: Tensor) -> Losses:
        """Return all terms; see :meth:`forward`."""
        settings = self._settings
        # Texts look for their videos among those of all processes.
        rows = torch.arange(len(frames), device=frames.device) if settings.symmetric else own
        video = self.model.encode_video(frames[rows])
        different, target = texts.unique(return_inverse=True)
        text = self.model.encode_text(self.descriptions[different])
        with torch.autocast(frames.device.type, enabled=False):
            scale = self.logit_scale.clamp(max=_MOST_SCALE).exp()
            clip = losses.contrastive(
                video.joined.float(), text.joined.float(), target[rows], scale, settings.symmetric
            )
            none = torch.zeros_like(clip)
            if video.branches is None or video.logits is None:
                return Losses(clip, none, none, none, none, none, none)
            branches = Branches(
                *(b.float() for b in (video.branches.subject, video.branches.object, video.branches.action))
            )
            similar = losses.similarity(branches, settings.similarity)
            length = losses.l2(branches, settings.l2_factor)
            subject, action, thing = losses.auxiliary(video.logits, labels[rows])
        if self.training:
            self._keep(video, frames, labels, len(rows))
        return Losses(clip, similar, length, self._recombination(len(frames), scale, none), subject, action, thing)

    def _keep(self, video: Encoded, frames: Tensor, labels: Labels, rows: int) -> None:
        if int(self.steps) % self._settings.bank_update_interval == 0:
            with torch.no_grad():
                every = video if rows == len(frames) else self.model.encode_video(frames)
            if every.branches is not None:
                self.banks.update(every.branches, labels)
        self.steps += 1

    def _recombination(self, count: int, scale: Tensor, none: Tensor) -> Tensor:
        """Return how badly recombined features find their texts among those of as many triplets (eq. 19)."""
        ready = self.banks.filled(self.triplets).nonzero()[:, 0]
        if len(ready) < 2:
            return none
        # Drawn on the CPU, where the numbers do not depend on the device; the loop seeds them anew for each batch.
        chosen = ready[torch.randperm(len(ready))[:count].to(ready.device)]
        features = self.banks.recombined(self.triplets[chosen]).joined
        text = self.model.encode_text(self.recombined[chosen]).joined
        with torch.autocast(features.device.type, enabled=False):
            place = torch.arange(len(chosen), device=chosen.device)
            return losses.contrastive(features, text.float(), place, scale, self._settings.symmetric)

    def means(self) -> dict[str, float]:
        """Return the mean of each term since the last call."""
        *sums, count = self.sums.tolist()
        self.sums.zero_()
        return {f"loss {name}": value / max(count, 1.0) for name, value in zip(TERMS, sums, strict=True)}
