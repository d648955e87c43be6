"""What all learners share whose batches come from a feed."""

from __future__ import annotations

from collections.abc import Generator

from torch import nn

from roboact_train.clip_rt.batch import Batch, Preparation
from roboact_train.clip_rt.feed import Feed


class Fed:
    """The part of :class:`~roboact_train.training.learner.Learner` that a feed answers.

    Args:
        feed: The data.
        preparation: Makes batches to learn from.
        module: What is trained.
    """

    def __init__(self, feed: Feed, preparation: Preparation, module: nn.Module) -> None:
        self._feed, self._preparation, self._module = feed, preparation, module

    @property
    def module(self) -> nn.Module:
        """The model and its loss."""
        return self._module

    @property
    def fingerprint(self) -> int:
        """Of the data."""
        return self._feed.fingerprint

    @property
    def batches_per_epoch(self) -> int:
        """See the contract."""
        return self._feed.batches_per_epoch

    def batches(self, first: int) -> Generator[Batch, None, None]:
        """See the contract."""
        return self._feed.batches(self._preparation, first)
