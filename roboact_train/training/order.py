"""Which samples make which batch, in an order that depends on the seed alone, and whose share of it is whose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from roboact_ros.errors import ConfigurationError
from roboact_train.training.settings import LoopSettings


@dataclass(frozen=True, slots=True)
class Place:
    """Where this process is among all: its number and theirs."""

    rank: int = 0
    processes: int = 1


class Order:
    """Endless batches of (epoch, number) keys: this process's share of each batch of the shuffled samples.

    Args:
        samples: Number of samples.
        batch: Size of a whole batch.
        per_epoch: Batches of an epoch; samples that are left over wait for the next one.
        seed: Of the shuffling.
        place: This process.
        first: Number of the first batch.
    """

    def __init__(self, samples: int, batch: int, per_epoch: int, seed: int, place: Place, first: int) -> None:
        self._samples, self._batch, self._per_epoch = samples, batch, per_epoch
        self._seed, self._place, self._first = seed, place, first

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        share = self._batch // self._place.processes
        epoch, start = divmod(self._first, self._per_epoch)
        while True:
            order = np.random.default_rng((self._seed, epoch)).permutation(self._samples)
            for number in range(start, self._per_epoch):
                begin = number * self._batch + self._place.rank * share
                yield [(epoch, int(index)) for index in order[begin : begin + share]]
            epoch, start = epoch + 1, 0


def check_share(settings: LoopSettings, place: Place) -> None:
    """Refuse batches that the processes cannot share.

    Raises:
        ConfigurationError: They cannot.
    """
    if settings.batch % place.processes:
        raise ConfigurationError(f"batch = {settings.batch} cannot be shared equally by {place.processes} processes")


def batches_per_epoch(count: int, what: str, settings: LoopSettings, place: Place) -> int:
    """Return how many batches ``count`` samples give, a multiple of those that make one step.

    Args:
        count: What there is to learn from.
        what: How it is called.
        settings: How the model is trained.
        place: This process.

    Raises:
        ConfigurationError: A step of the optimiser takes more than there is, or a batch cannot be shared.
    """
    check_share(settings, place)
    per_step = settings.batch * settings.accumulate
    if count < per_step:
        raise ConfigurationError(
            f"a step takes {per_step} {what} (batch {settings.batch} x accumulate {settings.accumulate}), and "
            f"there are {count} to learn from; a smaller --batch is needed"
        )
    return count // per_step * settings.accumulate
