"""What RoboAct-CLIP learns, as the loop sees it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from roboact_ros.policies.nets.roboact_clip.checkpoint import KIND
from roboact_ros.policies.nets.roboact_clip.model import RoboActClip
from roboact_ros.policies.nets.roboact_clip.shape import EncoderShape
from roboact_train.roboact_clip.clips import FRAMES
from roboact_train.roboact_clip.corpus import Corpus
from roboact_train.roboact_clip.features import Features
from roboact_train.roboact_clip.judge import Judge, TextFeatures
from roboact_train.roboact_clip.objective import Objective, Texts
from roboact_train.roboact_clip.settings import RoboActClipSettings
from roboact_train.training.finished import write_model
from roboact_train.training.learner import Gather, Judgement
from roboact_train.training.order import Order, Place, batches_per_epoch

_STATISTICS_OF = 4096
"""Clips that mean and deviation of the features are taken over."""


@dataclass(slots=True)
class VideoBatch:
    """Some clips: (n, 16, embedding) features of frames, (n, 3) classes, (n,) texts."""

    frames: Tensor
    labels: Tensor
    texts: Tensor

    def to(self, device: torch.device) -> VideoBatch:
        """Return the same on a device."""
        return VideoBatch(*(part.to(device, non_blocking=True) for part in (self.frames, self.labels, self.texts)))


class VideoLearner:
    """See :class:`~roboact_train.training.learner.Learner`.

    Args:
        corpus: The data.
        frames: (clips, 16, embedding) features of its frames.
        texts: Features of its texts.
        clip: What names the frozen CLIP, for the manifest.
        settings: How it is trained.
        place: This process.

    Raises:
        ConfigurationError: A batch takes more clips than there are, or cannot be shared by the processes.
        PolicyError: The sizes of the model do not go together.
    """

    def __init__(
        self,
        corpus: Corpus,
        frames: Features,
        texts: TextFeatures,
        clip: Mapping[str, Any],
        settings: RoboActClipSettings,
        place: Place,
    ) -> None:
        self.batches_per_epoch = batches_per_epoch(len(corpus.parts.train), "clips", settings, place)
        self.fingerprint = corpus.fingerprint
        self._corpus, self._frames, self._clip, self._settings, self._place = corpus, frames, clip, settings, place
        self._judge = Judge(corpus, frames, texts)
        self._objective = _objective(corpus, frames, texts, settings)

    @property
    def module(self) -> nn.Module:
        """The model, its banks and its loss."""
        return self._objective

    @property
    def model(self) -> RoboActClip:
        """What is exported."""
        return self._objective.model

    def batches(self, first: int) -> Generator[VideoBatch, None, None]:
        """See the contract; the features are memory-mapped, so that there is nothing to do beside the training."""
        corpus, settings, train = self._corpus, self._settings, np.array(self._corpus.parts.train)
        order = Order(len(train), settings.batch, self.batches_per_epoch, settings.seed, self._place, first)
        for keys in order:
            rows = train[[number for _, number in keys]]
            parts = self._frames[rows], corpus.labels[rows], corpus.text_of[rows]
            yield VideoBatch(*(torch.from_numpy(np.asarray(part)) for part in parts))

    def inputs(self, batch: VideoBatch, gather: Gather) -> dict[str, Tensor]:
        """See the contract."""
        begin, share = self._place.rank * len(batch.labels), len(batch.labels)
        return {
            "frames": gather(batch.frames),
            "labels": gather(batch.labels),
            "texts": gather(batch.texts),
            "own": torch.arange(begin, begin + share, device=batch.labels.device),
        }

    def judge(self, gather: Gather) -> Judgement:
        """Return metrics; the score is the mean of action accuracy and retrieval of texts, else the negative loss."""
        terms = self._objective.means()
        metrics = self._judge.metrics(self._objective)
        if "action accuracy" in metrics:
            score = (metrics["action accuracy"] + metrics["text R@1"]) / 2.0
        else:
            score = -terms["loss clip"]
        return Judgement(score, metrics | terms)

    def export(self, folder: Path, notes: Mapping[str, Any]) -> None:
        """See the contract; the frozen CLIP is named, not copied."""
        model, classes = self._objective.model, self._corpus.classes
        manifest = {
            "kind": KIND,
            "encoder": asdict(model.shape),
            "clip": dict(self._clip),
            "classes": {name: list(names) for name, names in asdict(classes).items()},
            **notes,
        }
        write_model(folder, model.state_dict(), {KIND: asdict(model.shape)}, manifest)


def _objective(corpus: Corpus, frames: Features, texts: TextFeatures, settings: RoboActClipSettings) -> Objective:
    classes = corpus.classes
    shape = EncoderShape(
        frames.shape[-1],
        len(classes.subjects),
        len(classes.actions),
        len(classes.objects),
        settings.width,
        settings.layers,
        settings.heads,
        FRAMES,
        attention=settings.attention,
    ).ablated(settings.ablation)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        model = RoboActClip(shape)
    train = np.array(corpus.parts.train)
    some = train[np.linspace(0, len(train) - 1, min(len(train), _STATISTICS_OF)).astype(int)]
    descriptions = texts.descriptions[np.unique(corpus.text_of[train])]
    model.standardise(torch.from_numpy(np.asarray(frames[some])), torch.cat([descriptions, texts.recombined]))
    return Objective(model, Texts(texts.descriptions, torch.from_numpy(corpus.recombined), texts.recombined), settings)
