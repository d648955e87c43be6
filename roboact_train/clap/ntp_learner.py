"""CLAP-NTP, as the loop sees it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from roboact_ros.policies.clap.ntp_folder import KIND
from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer
from roboact_train.clap.corpus import spread
from roboact_train.clap.episode import one_rate
from roboact_train.clap.ntp_base import NtpBase, model_fingerprint
from roboact_train.clap.ntp_batch import NtpBatch, NtpBatches
from roboact_train.clap.ntp_data import NtpData
from roboact_train.clap.ntp_export import write_ntp
from roboact_train.clap.ntp_objective import NtpObjective
from roboact_train.clap.ntp_settings import NtpSettings
from roboact_train.clap.stream import drawn, weights_of
from roboact_train.training.learner import Gather, Judgement
from roboact_train.training.order import Place, check_share


class NtpLearner:
    """See :class:`~roboact_train.training.learner.Learner`.

    Args:
        data: The samples.
        base: What is trained.
        tokenizer: The Act-VAE that made the codes.
        settings: How.
        place: This process.

    Raises:
        ConfigurationError: The processes cannot share a batch, or the weights of the robots are wrong.
    """

    def __init__(
        self, data: NtpData, base: NtpBase, tokenizer: ActionTokenizer, settings: NtpSettings, place: Place
    ) -> None:
        check_share(settings, place)
        self.batches_per_epoch = settings.steps * settings.accumulate
        self.fingerprint = model_fingerprint(base.model, data.fingerprint)
        self._data, self._base, self._tokenizer = data, base, tokenizer
        self._settings, self._place = settings, place
        self._probabilities = weights_of(data.corpus.robots[data.corpus.train], settings.weights)
        self._batches = NtpBatches(data, base, settings)
        self._objective = NtpObjective(base.model, base.answers.actions).train()

    @property
    def module(self) -> nn.Module:
        """The model and its loss."""
        return self._objective

    def batches(self, first: int) -> Generator[NtpBatch, None, None]:
        """See the contract."""
        settings, place = self._settings, self._place
        stream = drawn(self._probabilities, settings.batch, settings.seed, place, first)
        for number, rows in enumerate(stream, first):
            random = np.random.default_rng((settings.seed, number, place.rank, 1))
            bare = random.random(len(rows)) < settings.drop_wrists
            yield self._batches.batch(self._data.corpus.train[rows].tolist(), bare.tolist())

    def inputs(self, batch: NtpBatch, gather: Gather) -> dict[str, Tensor]:
        """See the contract."""
        return self._batches.inputs(batch)

    @torch.no_grad()
    def judge(self, gather: Gather) -> Judgement | None:
        """Return the mean ``loss unseen`` of a token, and how many ``codes`` are right if those before them are."""
        loss, tokens, right, codes = 0.0, 0, 0, 0
        for batch in self._unseen():
            lost, count, found = self._objective.judged(**self._batches.inputs(batch))
            loss, tokens = loss + float(lost), tokens + int(count)
            right, codes = right + int(found.sum()), codes + len(found)
        if not tokens:
            return None
        # Few enough for every process to judge all of them.
        return Judgement(-loss / tokens, {"loss unseen": loss / tokens, "codes": right / codes})

    def export(self, folder: Path, notes: Mapping[str, Any]) -> None:
        """See the contract; the folder is as the released one, so that CLAP-RF can begin with it."""
        settings, corpus = self._settings, self._data.corpus
        used = [corpus.episodes[number] for number in np.unique(corpus.episode_of)]
        episodes = [episode for episode in used if episode.robot.statistics]
        robots = Counter(e.robot.name for e in episodes)
        about = {
            "views": list(self._batches.views),
            "image_size": [settings.width, settings.height],
            "robot": next(iter(robots)) if len(robots) == 1 else "",
            "fps": one_rate(episodes) or 0.0,
        }
        dtype = getattr(torch, settings.export)
        statistics = corpus.statistics.values()
        write_ntp(folder, self._base, self._tokenizer, statistics, dtype, {"kind": KIND, KIND: about, **notes})

    def _unseen(self) -> Iterator[NtpBatch]:
        rows = spread(self._data.corpus.validation, self._settings.judged)
        for start in range(0, len(rows), self._settings.batch):
            some = rows[start : start + self._settings.batch].tolist()
            device = next(self._objective.parameters()).device
            yield self._batches.batch(some, [False] * len(some)).to(device)
