"""What ``clip`` learns: images and captions, so that there is a plain CLIP where no released one is at hand.

A caption is the task and what was done about it: "close the lid: move the arm down by five centimeters".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.nets.clip import ClipNetwork
from roboact_train.clip_rt.batch import Batch, Preparation
from roboact_train.clip_rt.contrastive import Towers
from roboact_train.clip_rt.export import write_clip
from roboact_train.clip_rt.fed import Fed
from roboact_train.clip_rt.feed import Feed
from roboact_train.data.samples import Sample
from roboact_train.training.learner import Gather, Judgement
from roboact_train.training.settings import TrainSettings

_MOST_SCALE = math.log(100.0)
"""Largest logarithm of the logit scale, as in CLIP."""


class Captioning(nn.Module):
    """The loss of a batch: each image finds its caption among the different ones of all processes.

    Args:
        towers: The model.
    """

    def __init__(self, towers: Towers) -> None:
        super().__init__()
        self.towers = towers

    def forward(self, pixels: Tensor, captions: Tensor, caption_of: Tensor) -> Tensor:
        """Return the mean cross-entropy.

        Args:
            pixels: (n, 3, height, width) uint8.
            captions: (k, context) tokens, all different.
            caption_of: (n,) place of each image's caption.
        """
        scores = self.scores(pixels, captions)
        scale = self.towers.model.logit_scale.clamp(max=_MOST_SCALE).exp()
        return functional.cross_entropy(scale * scores, caption_of)

    def scores(self, pixels: Tensor, captions: Tensor) -> Tensor:
        """Return the (n, k) cosines."""
        images = self.towers.images(pixels, pixels.new_zeros(0))
        words = self.towers.texts(captions)
        with torch.autocast(pixels.device.type, enabled=False):
            return functional.normalize(images, dim=-1) @ functional.normalize(words, dim=-1).T


class CaptionLearner(Fed):
    """See :class:`~roboact_train.training.learner.Learner`.

    Args:
        network: The model, which is trained in place.
        feed: The data.
        settings: How it is trained.

    Raises:
        ConfigurationError: The model looks with a prompt in mind.
    """

    def __init__(self, network: ClipNetwork, feed: Feed, settings: TrainSettings) -> None:
        self._network, self._settings = network, settings
        self._judge = Preparation(network, 0.0, settings.seed, caption)
        self._towers = Towers(network, settings.checkpoint_gradients)
        if self._towers.has_maps:
            raise ConfigurationError(
                f"model {network.name} looks with a prompt in mind; clip is a plain open_clip model"
            )
        self._captioning = Captioning(self._towers)
        train = Preparation(network, settings.image_augmentation, settings.seed, caption)
        super().__init__(feed, train, self._captioning)

    def inputs(self, batch: Batch, gather: Gather) -> dict[str, Tensor]:
        """See the contract; every process embeds all captions of the batch, so that no embedding has to travel."""
        own = len(batch.labels)
        every, place = torch.unique(
            torch.cat([batch.supervision, gather(batch.supervision)]), dim=0, return_inverse=True
        )
        return {"pixels": batch.pixels, "captions": every, "caption_of": place[:own]}

    @torch.no_grad()
    def judge(self, gather: Gather) -> Judgement | None:
        """Return how often an image finds its caption among those of its batch (``image R@1``)."""
        if not self._feed.validates:
            return None
        device = next(self._module.parameters()).device
        found = torch.zeros(2, dtype=torch.int64, device=device)
        for batch in self._feed.validation(self._judge):
            batch = batch.to(device)
            captions, place = torch.unique(batch.supervision, dim=0, return_inverse=True)
            right = self._captioning.scores(batch.pixels, captions).argmax(1) == place
            found += torch.stack([right.sum(), torch.tensor(len(right), device=device)])
        right_count, count = gather(found).view(-1, 2).sum(0).tolist()
        return Judgement(right_count / count, {"image R@1": right_count / count}) if count else None

    def export(self, folder: Path, notes: Mapping[str, Any]) -> None:
        """See the contract."""
        weights = self._towers.model.state_dict()
        write_clip(folder, self._network, weights, self._settings.export, "clip", {}, notes)


def caption(sample: Sample) -> str:
    """Return the caption of a sample."""
    return f"{sample.instruction}: {sample.supervision}"
