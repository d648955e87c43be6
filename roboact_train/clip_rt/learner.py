"""What ``clip_rt`` and ``clip_rt_action`` learn: the words of the motion, or a token of its own for each motion."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from roboact_ros.errors import ConfigurationError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.policies.nets.action_tokens import with_action_tokens
from roboact_ros.policies.nets.clip import ClipNetwork
from roboact_train.clip_rt import contrastive
from roboact_train.clip_rt.batch import Batch, Preparation
from roboact_train.clip_rt.export import write_clip
from roboact_train.clip_rt.fed import Fed
from roboact_train.clip_rt.feed import Feed
from roboact_train.clip_rt.ways import moved_with_image
from roboact_train.data.samples import DONE_LABEL, VOCABULARY, Sample, motion_of
from roboact_train.training.learner import Gather, Judgement
from roboact_train.training.settings import TrainSettings

_AMOUNTS = 4
"""Primitives of one direction."""


class ContrastiveLearner(Fed):
    """See :class:`~roboact_train.training.learner.Learner`.

    Args:
        kind: ``clip_rt`` or ``clip_rt_action``.
        network: The model, which is trained in place.
        feed: The data.
        settings: How it is trained.
    """

    def __init__(self, kind: str, network: ClipNetwork, feed: Feed, settings: TrainSettings) -> None:
        self._kind, self._network, self._settings = kind, network, settings
        if kind == "clip_rt_action":
            network = with_action_tokens(network)
        phrase = _canonical if kind == "clip_rt_action" else _as_said
        self._judge = Preparation(network, 0.0, settings.seed, phrase)
        self._says_done = False
        self._motions = network.tokenize([motion.phrase for motion in PRIMITIVES])
        self._towers = contrastive.Towers(network, settings.checkpoint_gradients)
        train = Preparation(network, settings.image_augmentation, settings.seed, phrase, moved_with_image)
        loss = contrastive.ContrastiveImitation(self._towers, settings.loss, settings.way, settings.place)
        super().__init__(feed, train, loss)

    def inputs(self, batch: Batch, gather: Gather) -> dict[str, Tensor]:
        """See the contract."""
        # Asked until it is so, as the answer waits for the device.
        self._says_done = self._says_done or bool((batch.labels == DONE_LABEL).any())
        try:
            vocabulary = self._motions.to(batch.labels.device) if self._settings.contrast_vocabulary else None
            return contrastive.inputs(batch, gather, vocabulary)
        except ValueError as error:
            raise ConfigurationError(f"{error}; data of several vocabularies cannot be mixed") from error

    @torch.no_grad()
    def judge(self, gather: Gather) -> Judgement | None:
        """Return how often the policy would choose the right motion (``accuracy``), or at least its direction."""
        if not self._feed.validates:
            return None
        device = next(self._module.parameters()).device
        motions = self._towers.texts(self._motions.to(device))
        right = torch.zeros(3, dtype=torch.int64, device=device)
        for batch in self._feed.validation(self._judge):
            batch = batch.to(device)
            chosen, labels = contrastive.chosen(self._towers, batch, motions), batch.labels
            motion = labels < len(PRIMITIVES)
            direction = (chosen // _AMOUNTS == labels // _AMOUNTS) & (
                (labels < len(PRIMITIVES) - 2) | (chosen == labels)
            )
            right += torch.stack([((chosen == labels) & motion).sum(), (direction & motion).sum(), motion.sum()])
        same, direction_same, count = gather(right).view(-1, 3).sum(0).tolist()
        if not count:
            return None
        accuracy = same / count
        return Judgement(accuracy, {"accuracy": accuracy, "direction accuracy": direction_same / count})

    def export(self, folder: Path, notes: Mapping[str, Any]) -> None:
        """See the contract."""
        with torch.no_grad():
            self._towers.model.logit_scale.clamp_(max=math.log(100.0))
        space = {"vocabulary": VOCABULARY, "motions": len(PRIMITIVES), "units": "metre, radian", "frame": "robot base"}
        space["done"] = self._says_done
        weights = self._towers.model.state_dict()
        write_clip(folder, self._network, weights, self._settings.export, self._kind, space, notes)


def _as_said(sample: Sample) -> str:
    return sample.supervision


def _canonical(sample: Sample) -> str:
    return motion_of(sample.label).phrase
