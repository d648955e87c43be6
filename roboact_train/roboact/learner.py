"""What a policy on a frozen encoder learns: the motion that was chosen, or the steps that followed."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from roboact_ros.policies.chunk_space import ChunkSpace
from roboact_ros.policies.encoders.load import Frozen
from roboact_ros.policies.nets.behaviour import Behaviour, BehaviourShape
from roboact_ros.policies.roboact import MOTIONS
from roboact_ros.types import CHUNK_AXES
from roboact_train.roboact.settings import RoboActSettings
from roboact_train.training.finished import write_model
from roboact_train.training.learner import Gather, Judgement
from roboact_train.training.order import Order, Place, batches_per_epoch

KIND = "roboact"


@dataclass(slots=True)
class StepBatch:
    """Some steps: what is seen (n, visual), asked (n, text), felt (n, 10), and labels (n,) or chunks (n, k, 7)."""

    seen: Tensor
    asked: Tensor
    felt: Tensor
    wanted: Tensor

    def to(self, device: torch.device) -> StepBatch:
        """Return the same on a device."""
        parts = (self.seen, self.asked, self.felt, self.wanted)
        return StepBatch(*(part.to(device, non_blocking=True) for part in parts))

    def rows(self, places: Tensor) -> StepBatch:
        """Return some of them."""
        return StepBatch(self.seen[places], self.asked[places], self.felt[places], self.wanted[places])

    def __len__(self) -> int:
        return len(self.wanted)


class Cloning(nn.Module):
    """The loss of a batch: cross-entropy of motions, or the L1 distance of normalised steps, NaN for unknown ones.

    Args:
        network: What is trained.
        space: What steps mean; None for motions.
    """

    def __init__(self, network: Behaviour, space: ChunkSpace | None) -> None:
        super().__init__()
        self.network, self._chunks = network, space is not None
        if space is not None:
            self.register_buffer("mean", torch.tensor(space.mean, dtype=torch.float32), persistent=False)
            self.register_buffer("deviation", torch.tensor(space.deviation, dtype=torch.float32), persistent=False)

    def forward(self, seen: Tensor, asked: Tensor, felt: Tensor, wanted: Tensor) -> Tensor:
        """Return the mean loss."""
        return self.errors(seen, asked, felt, wanted).mean()

    def errors(self, seen: Tensor, asked: Tensor, felt: Tensor, wanted: Tensor) -> Tensor:
        """Return the (n,) losses."""
        output = self.network(seen, asked, felt).float()
        if not self._chunks:
            return functional.cross_entropy(output, wanted, reduction="none")
        target: Any = (wanted - self.mean) / self.deviation
        far = (output.view(target.shape) - target.nan_to_num()).abs()
        return torch.where(target.isnan(), 0.0, far).mean(dim=(1, 2))


class CloningLearner:
    """See :class:`~roboact_train.training.learner.Learner`.

    Args:
        frozen: What is below the policy.
        train: Steps to learn from.
        validation: Steps of other episodes to judge by; may be empty.
        space: What chunks mean; None for motions.
        fingerprint: Of the data.
        settings: How it is trained.
        place: This process.

    Raises:
        ConfigurationError: A step of the optimiser takes more samples than there are, or cannot be shared.
    """

    def __init__(
        self,
        frozen: Frozen,
        train: StepBatch,
        validation: StepBatch,
        space: ChunkSpace | None,
        fingerprint: int,
        settings: RoboActSettings,
        place: Place,
    ) -> None:
        self.batches_per_epoch = batches_per_epoch(len(train), "samples", settings, place)
        self.fingerprint = fingerprint
        self._frozen, self._train, self._validation = frozen, train, validation
        self._space, self._settings, self._place = space, settings, place
        outputs = len(MOTIONS) if space is None else settings.chunk * len(CHUNK_AXES)
        shape = BehaviourShape(train.seen.shape[1], train.asked.shape[1], outputs, settings.hidden, settings.layers)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            network = Behaviour(shape, settings.dropout)
        network.standardise(train.seen, train.asked, train.felt)
        self._module = Cloning(network, space)

    @property
    def module(self) -> nn.Module:
        """The network and its loss."""
        return self._module

    def batches(self, first: int) -> Generator[StepBatch, None, None]:
        """See the contract."""
        settings = self._settings
        order = Order(len(self._train), settings.batch, self.batches_per_epoch, settings.seed, self._place, first)
        for keys in order:
            yield self._train.rows(torch.tensor([number for _, number in keys]))

    def inputs(self, batch: StepBatch, gather: Gather) -> dict[str, Tensor]:
        """See the contract."""
        return {"seen": batch.seen, "asked": batch.asked, "felt": batch.felt, "wanted": batch.wanted}

    @torch.no_grad()
    def judge(self, gather: Gather) -> Judgement | None:
        """Return the mean ``error``, and of motions how often the right one is the best (``accuracy``)."""
        if not len(self._validation):
            return None
        # Small enough for every process to judge all of it.
        batch = self._validation.to(next(self._module.parameters()).device)
        error = float(self._module.errors(batch.seen, batch.asked, batch.felt, batch.wanted).mean())
        if self._space is not None:
            return Judgement(-error, {"error": error})
        best = self._module.network(batch.seen, batch.asked, batch.felt).argmax(1)
        accuracy = float(np.mean((best == batch.wanted).cpu().numpy()))
        return Judgement(accuracy, {"accuracy": accuracy, "error": error})

    def export(self, folder: Path, notes: Mapping[str, Any]) -> None:
        """See the contract; the frozen CLIP or ResNet is named, the network of RoboAct-CLIP is copied."""
        network = self._module.network
        weights = {f"policy.{name}": value for name, value in network.state_dict().items()}
        weights |= {f"encoder.{name}": value for name, value in self._frozen.weights.items()}
        space = {} if self._space is None else {"action_space": self._space.to_notes()}
        shape = asdict(network.shape)
        manifest = {
            "kind": KIND,
            "actions": self._settings.actions,
            **self._frozen.notes,
            "behaviour": shape,
            **space,
            **notes,
        }
        write_model(folder, weights, {KIND: shape}, manifest)
