"""VD-VAE, as the loop sees it."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from roboact_ros.policies.nets.clap.vd_vae import VdVae
from roboact_train.clap.act_judge import by_arm as actions_by_arm
from roboact_train.clap.pairs import Pairs
from roboact_train.clap.patch_cache import Features
from roboact_train.clap.stream import drawn, weights_of
from roboact_train.clap.tokenizer_settings import VD_VAE, VdVaeSettings
from roboact_train.clap.trained import STATISTICS, codebook_id
from roboact_train.clap.vd_judge import judged
from roboact_train.clap.vd_objective import VdObjective
from roboact_train.training.finished import write_model
from roboact_train.training.learner import Gather, Judgement
from roboact_train.training.order import Place, check_share

_AT_ONCE = 256


@dataclass(slots=True)
class PairBatch:
    """Some pairs; see :meth:`~roboact_train.clap.vd_objective.VdObjective.terms`."""

    looked: Tensor
    clean: Tensor
    done: Tensor
    arms: Tensor
    unlabelled: Tensor

    def to(self, device: torch.device) -> PairBatch:
        """Return the same on a device."""
        parts = (self.looked, self.clean, self.done, self.arms, self.unlabelled)
        return PairBatch(*(part.to(device) for part in parts))

    def arguments(self) -> dict[str, Tensor]:
        """Return them by name."""
        return {name: getattr(self, name) for name in self.__slots__}


class VdLearner:
    """See :class:`~roboact_train.training.learner.Learner`.

    Args:
        pairs: The data.
        features: Of its images.
        model: With the trained Act-VAE in it.
        settings: How it is trained.
        place: This process.
        encoder: What names the frozen encoder of patches, for the manifest, and its ``fingerprint``.
        statistics: The statistics file of the Act-VAE.

    Raises:
        ConfigurationError: The processes cannot share a batch, or the weights of the robots are wrong.
    """

    def __init__(
        self,
        pairs: Pairs,
        features: Features,
        model: VdVae,
        settings: VdVaeSettings,
        place: Place,
        encoder: Mapping[str, Any],
        statistics: str,
    ) -> None:
        check_share(settings, place)
        self.batches_per_epoch = settings.steps * settings.accumulate
        frozen = f"{encoder['fingerprint']} {codebook_id(model)}".encode()
        self.fingerprint = zlib.crc32(frozen, pairs.fingerprint)
        self._pairs, self._features, self._settings, self._place = pairs, features, settings, place
        self._encoder, self._statistics = encoder, statistics
        self._probabilities = weights_of(pairs.robots[pairs.train], settings.weights)
        self._done = done_by(model, pairs, quantised=settings.form == "released")
        self._objective = VdObjective(model, settings)

    @property
    def module(self) -> nn.Module:
        """The model, its teacher and its loss."""
        return self._objective

    def batch(self, rows: NDArray[np.int64], look: int) -> PairBatch:
        """Return some pairs, seen in a light; 0 is the one that they were taken in."""
        pairs = self._pairs
        parts = self._features[rows, look], self._features[rows, 0]
        looked, clean = (torch.from_numpy(np.asarray(part, dtype=np.float32)) for part in parts)
        rest = (torch.from_numpy(part[rows]) for part in (pairs.arms, pairs.unlabelled))
        return PairBatch(looked, clean, self._done[torch.from_numpy(rows)], *rest)

    def batches(self, first: int) -> Generator[PairBatch, None, None]:
        """See the contract; all pairs of a batch are seen in their light of the same number."""
        settings, lights = self._settings, self._features.shape[1] - 1
        stream = drawn(self._probabilities, settings.batch, settings.seed, self._place, first)
        for number, rows in enumerate(stream, first):
            yield self.batch(self._pairs.train[rows], 1 + number % lights if lights else 0)

    def inputs(self, batch: PairBatch, gather: Gather) -> dict[str, Tensor]:
        """See the contract."""
        return batch.arguments()

    def judge(self, gather: Gather) -> Judgement:
        """Return metrics of pairs that are kept aside, all in their own light.

        If there are none, of some that are learned from, with ``train`` before the name.
        """
        unseen = self._pairs.validation

        def judgement(rows: NDArray[np.int64]) -> Judgement:
            return judged(self._objective, self._pairs, lambda some: self.batch(some, 0), rows, self._settings)

        if len(unseen):
            return judgement(unseen)
        learned = judgement(self._pairs.train)
        return Judgement(learned.score, {f"train {name}": value for name, value in learned.metrics.items()})

    def export(self, folder: Path, notes: Mapping[str, Any]) -> None:
        """See the contract; the tensors have the names of the released checkpoints, the encoder of patches is named."""
        model = self._objective.model
        shape = asdict(model.visual)
        manifest = {"kind": VD_VAE, VD_VAE: shape, "encoder": dict(self._encoder), **notes}
        write_model(folder, model.state_dict(), {VD_VAE: shape}, manifest)
        (folder / STATISTICS).write_text(self._statistics)


@torch.no_grad()
def done_by(model: VdVae, pairs: Pairs, quantised: bool) -> Tensor:
    """Return (N, 2, tokens * width) what the Act-VAE, which nothing changes, says of what each arm did."""
    found = []
    for begin in range(0, len(pairs.actions), _AT_ONCE):
        arms = actions_by_arm(torch.from_numpy(pairs.actions[begin : begin + _AT_ONCE]).to(model.bias.device))
        vectors = model.action_vae.encode(arms.flatten(0, 1))
        said = model.vq_t(vectors)[0] if quantised else vectors
        found.append(said.reshape(len(arms), arms.shape[1], -1).cpu())
    return torch.cat(found)
