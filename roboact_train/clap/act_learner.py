"""Act-VAE, as the loop sees it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from roboact_ros.policies.clap.statistics import write_statistics
from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer
from roboact_train.clap.act_judge import reconstruction
from roboact_train.clap.act_objective import ActObjective
from roboact_train.clap.corpus import Corpus
from roboact_train.clap.stream import drawn, weights_of
from roboact_train.clap.tokenizer_settings import ACT_VAE, ActVaeSettings
from roboact_train.clap.trained import STATISTICS
from roboact_train.training.finished import write_model
from roboact_train.training.learner import Gather, Judgement
from roboact_train.training.order import Place, check_share


@dataclass(slots=True)
class ChunkBatch:
    """Some chunks: (n, 32, 14) actions and (n, 2) arms that exist."""

    actions: Tensor
    arms: Tensor

    def to(self, device: torch.device) -> ChunkBatch:
        """Return the same on a device."""
        return ChunkBatch(self.actions.to(device), self.arms.to(device))


class ActLearner:
    """See :class:`~roboact_train.training.learner.Learner`.

    Args:
        corpus: The data.
        model: The tokenizer to train.
        settings: How.
        place: This process.

    Raises:
        ConfigurationError: The processes cannot share a batch, or the weights of the robots are wrong.
    """

    def __init__(self, corpus: Corpus, model: ActionTokenizer, settings: ActVaeSettings, place: Place) -> None:
        check_share(settings, place)
        self.batches_per_epoch = settings.steps * settings.accumulate
        self.fingerprint = corpus.fingerprint
        self._corpus, self._settings, self._place = corpus, settings, place
        self._probabilities = weights_of(corpus.robots[corpus.train], settings.weights)
        self._objective = ActObjective(model, settings)

    @property
    def module(self) -> nn.Module:
        """The model, its loss and the use of its codes."""
        return self._objective

    def batches(self, first: int) -> Generator[ChunkBatch, None, None]:
        """See the contract."""
        corpus, settings = self._corpus, self._settings
        for rows in drawn(self._probabilities, settings.batch, settings.seed, self._place, first):
            chosen = corpus.train[rows]
            yield ChunkBatch(torch.from_numpy(corpus.actions[chosen]), torch.from_numpy(corpus.arms[chosen]))

    def inputs(self, batch: ChunkBatch, gather: Gather) -> dict[str, Tensor]:
        """See the contract."""
        return {"actions": batch.actions, "arms": batch.arms}

    def judge(self, gather: Gather) -> Judgement:
        """Return metrics of the chunks that are kept aside and, with ``train`` before the name, of the others."""
        corpus, model = self._corpus, self._objective.model
        learned = {f"train {name}": value for name, value in reconstruction(model, corpus, corpus.train).items()}
        if not len(corpus.validation):
            return Judgement(-learned["train MSE"], learned)
        unseen = reconstruction(model, corpus, corpus.validation)
        return Judgement(-unseen["MSE"], unseen | learned)

    def export(self, folder: Path, notes: Mapping[str, Any]) -> None:
        """See the contract; the tensors have the names of the released checkpoints."""
        model = self._objective.model
        shape = asdict(model.shape)
        write_model(folder, model.state_dict(), {ACT_VAE: shape}, {"kind": ACT_VAE, ACT_VAE: shape, **notes})
        write_statistics(folder / STATISTICS, self._corpus.statistics.values())
