"""What ``clip_rt_plus`` learns: the next actions as numbers, by their L1 distance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from roboact_ros.policies.chunk_space import ChunkSpace
from roboact_ros.policies.nets.chunk_decoder import decoder_of
from roboact_ros.policies.nets.clip import ClipNetwork, with_chunk_decoder
from roboact_train.clip_rt.batch import Batch, Preparation
from roboact_train.clip_rt.contrastive import Towers
from roboact_train.clip_rt.export import write_clip
from roboact_train.clip_rt.fed import Fed
from roboact_train.clip_rt.feed import Feed
from roboact_train.data.samples import Sample
from roboact_train.training.learner import Gather, Judgement
from roboact_train.training.settings import TrainSettings

_SMALLEST = 1e-6
"""Deviation below which an axis does not move in the data; it is not divided by."""
_GRIPPER = 6


class ChunkRegression(nn.Module):
    """The loss of a batch as a module; unknown actions are NaN and count as right.

    Args:
        towers: The towers of a model with a decoder.
        space: What its numbers mean.
    """

    def __init__(self, towers: Towers, space: ChunkSpace) -> None:
        super().__init__()
        self.towers = towers
        towers.model.logit_scale.requires_grad_(False)  # no cosine is taken
        self.register_buffer("mean", torch.tensor(space.mean, dtype=torch.float32), persistent=False)
        self.register_buffer("deviation", torch.tensor(space.deviation, dtype=torch.float32), persistent=False)

    def forward(self, pixels: Tensor, prompts: Tensor, prompt_of: Tensor, chunks: Tensor) -> Tensor:
        """Return the mean L1 distance of normalised actions."""
        return self.errors(pixels, prompts, prompt_of, chunks).mean()

    def errors(self, pixels: Tensor, prompts: Tensor, prompt_of: Tensor, chunks: Tensor) -> Tensor:
        """Return the (n, steps, 7) distances of normalised actions, zero where they are not known."""
        prompt = self.towers.texts(prompts)[prompt_of]
        decoder: Any = decoder_of(self.towers.model)
        output = decoder(self.towers.images(pixels, prompt), prompt)
        with torch.autocast(pixels.device.type, enabled=False):
            wanted: Any = (chunks - self.mean) / self.deviation
            return torch.where(wanted.isnan(), 0.0, (output.float() - wanted.nan_to_num()).abs())


class ChunkLearner(Fed):
    """See :class:`~roboact_train.training.learner.Learner`.

    Args:
        network: The model, which is trained in place; it gets a decoder if it has none.
        feed: The data.
        space: What the numbers of the model mean; see :func:`space_of`.
        settings: How it is trained.
    """

    def __init__(self, network: ClipNetwork, feed: Feed, space: ChunkSpace, settings: TrainSettings) -> None:
        self._network = with_chunk_decoder(network, settings.chunk, settings.seed)
        self._space, self._settings = space, settings
        self._judge = Preparation(network, 0.0, settings.seed, _nothing)
        self._towers = Towers(network, settings.checkpoint_gradients)
        self._regression = ChunkRegression(self._towers, space)
        train = Preparation(network, settings.image_augmentation, settings.seed, _nothing)
        super().__init__(feed, train, self._regression)

    def inputs(self, batch: Batch, gather: Gather) -> dict[str, Tensor]:
        """See the contract."""
        return {
            "pixels": batch.pixels,
            "prompts": batch.prompts,
            "prompt_of": batch.prompt_of,
            "chunks": batch.targets,
        }

    @torch.no_grad()
    def judge(self, gather: Gather) -> Judgement | None:
        """Return how far the actions are off (``error`` normalised, ``error_mm`` of a step's way), lower is better."""
        if not self._feed.validates:
            return None
        device = next(self._module.parameters()).device
        sums = torch.zeros(3, dtype=torch.float64, device=device)
        for batch in self._feed.validation(self._judge):
            batch = batch.to(device)
            errors = self._regression.errors(**self.inputs(batch, gather)).double()
            way = (errors * self._regression.deviation)[..., :3].norm(dim=-1)
            known = ~batch.targets[..., 0].isnan()
            sums += torch.stack([errors.mean(dim=-1)[known].sum(), way[known].sum(), known.sum()])
        error, way_m, count = gather(sums).view(-1, 3).sum(0).tolist()
        if not count:
            return None
        return Judgement(-error / count, {"error": error / count, "error_mm": 1e3 * way_m / count})

    def export(self, folder: Path, notes: Mapping[str, Any]) -> None:
        """See the contract."""
        weights, space = self._towers.model.state_dict(), self._space.to_notes()
        write_clip(folder, self._network, weights, self._settings.export, "clip_rt_plus", space, notes)


def space_of(chunks: NDArray[np.float32], period: float, executed: int) -> ChunkSpace:
    """Return the action space of some (n, steps, 7) chunks to learn from: the statistics of their first steps.

    Args:
        chunks: The chunks.
        period: Time of a step [s].
        executed: Steps that are carried out of each, at most all.
    """
    first = chunks[:, 0].astype(np.float64)
    mean, deviation = np.nan_to_num(np.nanmean(first, axis=0)), np.nan_to_num(np.nanstd(first, axis=0))
    deviation = np.where(deviation < _SMALLEST, 1.0, deviation)
    return ChunkSpace(mean, deviation, round(period * 1e9), min(executed, chunks.shape[1]))


def _nothing(sample: Sample) -> str:
    """Return the words that are learned from: none."""
    return ""
