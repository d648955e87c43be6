"""CLAP-RF, as the loop sees it."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from roboact_ros.errors import ConfigurationError
from roboact_train.clap.corpus import spread
from roboact_train.clap.ntp_data import NtpData
from roboact_train.clap.rf_base import RfBase
from roboact_train.clap.rf_batch import RfBatch, RfBatches
from roboact_train.clap.rf_export import write_run
from roboact_train.clap.rf_objective import RfObjective
from roboact_train.clap.rf_settings import RfSettings
from roboact_train.training.learner import Gather, Judgement
from roboact_train.training.optimiser import adamw_of
from roboact_train.training.order import Order, Place, batches_per_epoch
from roboact_train.training.settings import LoopSettings


class RfLearner:
    """See :class:`~roboact_train.training.learner.Learner`.

    Args:
        data: What is learned from.
        batches: Of the same data.
        base: The language model.
        objective: It, the head and the loss.
        settings: How.
        place: This process.

    Raises:
        ConfigurationError: A step of the optimiser takes more samples than there are, or cannot be shared.
    """

    def __init__(
        self,
        data: NtpData,
        batches: RfBatches,
        base: RfBase,
        objective: RfObjective,
        settings: RfSettings,
        place: Place,
    ) -> None:
        self.batches_per_epoch = batches_per_epoch(len(data.corpus.train), "samples", settings, place)
        self.fingerprint = zlib.crc32(f"{' '.join(batches.views)} {base.fingerprint}".encode(), data.fingerprint)
        self._corpus, self._batches, self._base = data.corpus, batches, base
        self._objective, self._settings, self._place = objective.train(), settings, place

    @property
    def module(self) -> nn.Module:
        """The language model, the head and the loss."""
        return self._objective

    def batches(self, first: int) -> Generator[RfBatch, None, None]:
        """See the contract."""
        settings, train = self._settings, self._corpus.train
        for keys in Order(len(train), settings.batch, self.batches_per_epoch, settings.seed, self._place, first):
            yield self._batches.batch(train[[number for _, number in keys]].tolist())

    def inputs(self, batch: RfBatch, gather: Gather) -> dict[str, Tensor]:
        """See the contract."""
        return self._batches.inputs(batch)

    @torch.no_grad()
    def judge(self, gather: Gather) -> Judgement | None:
        """Return how far chunks of unseen episodes are from what was done.

        That is the root mean square ``error`` of normalised actions, and the mean distance of the tools in ``mm``.
        """
        rows = spread(self._corpus.validation, self._settings.judged).tolist()
        if not rows:
            return None
        device = next(self._objective.parameters()).device
        noise = torch.Generator().manual_seed(self._settings.seed)
        low, high = torch.from_numpy(self._batches.quantiles.action[:, self._batches.columns]).float().to(device)
        squares, metres = [], []
        for start in range(0, len(rows), self._settings.batch):  # few enough for every process to judge all of them
            inputs = self._batches.inputs(self._batches.batch(rows[start : start + self._settings.batch]).to(device))
            wanted = inputs["actions"]
            begin = torch.randn(wanted.shape, generator=noise).to(device)
            seen = {name: inputs[name] for name in ("ids", "attention", "pixels", "grids", "state") if name in inputs}
            off = self._objective.chunks(begin, **seen).float() - wanted
            squares.append(off.square().flatten())
            arms = (off * (high - low) / 2.0).unflatten(-1, (-1, 7))[..., :3]
            metres.append(arms.norm(dim=-1).flatten())
        error, far = float(torch.cat(squares).mean().sqrt()), float(torch.cat(metres).mean())
        return Judgement(-error, {"error": error, "mm": 1e3 * far})

    def export(self, folder: Path, notes: Mapping[str, Any]) -> None:
        """See the contract; the folder is as a released run."""
        write_run(folder, self._objective, self._base, self._batches, self._settings, notes)


def rf_adamw(module: nn.Module, settings: LoopSettings) -> AdamW:
    """Return the optimiser: the language model learns at a rate of its own, and everything decays as released.

    Raises:
        ConfigurationError: They are settings of something else.
    """
    if not isinstance(settings, RfSettings):
        raise ConfigurationError(f"clap_rf is trained with its own settings, not {type(settings).__name__}")
    named = [(name, weight) for name, weight in module.named_parameters() if weight.requires_grad]
    groups = [
        {"params": [w for n, w in named if n.startswith("model.")], "scale": settings.vlm_rate},
        {"params": [w for n, w in named if not n.startswith("model.")], "scale": 1.0},
    ]
    return adamw_of([group for group in groups if group["params"]], settings)
