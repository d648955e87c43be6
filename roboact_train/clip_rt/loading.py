"""Feeds batches to the training, in an order that depends on the seed alone, so that it can go on where it ended."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info

from roboact_ros.errors import ConfigurationError, RoboactError
from roboact_train.clip_rt.batch import Batch, Item, Preparation
from roboact_train.data.samples import Sample
from roboact_train.data.shards import read_shard
from roboact_train.training.order import Order, Place


class MemoryData(Dataset[Item | RoboactError]):
    """Samples in memory, asked for by (epoch, number); ``targets`` are their (k, 7), if a model learns numbers."""

    def __init__(self, samples: Sequence[Sample], preparation: Preparation, targets: Any = None) -> None:
        self._samples, self._preparation, self._targets = samples, preparation, targets

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, key: tuple[int, int]) -> Item | RoboactError:
        try:
            return self.item(*key)
        except RoboactError as error:  # raised in another process, it would arrive as a traceback
            return error

    def item(self, epoch: int, number: int) -> Item:
        """Prepare a sample.

        Raises:
            RecordingError: Its image cannot be read.
        """
        target = None if self._targets is None else self._targets[number]
        return self._preparation.item(self._samples[number], epoch, number, target)


class ShardStream(IterableDataset[Item | RoboactError]):
    """Samples of shards that are larger than the memory, endlessly, each shard in one process at a time.

    Args:
        shards: At least one for each process and worker.
        preparation: Makes the items.
        place: This process.
        batch: Samples of a batch in this process.
        first: Number of the first batch; those before are passed over unread.
        shuffle: Samples among which the next one is drawn.
        seed: Of the order.
    """

    def __init__(
        self,
        shards: Sequence[Path],
        preparation: Preparation,
        place: Place,
        batch: int,
        first: int,
        shuffle: int,
        seed: int,
    ) -> None:
        self._shards, self._preparation, self._place = shards, preparation, place
        self._batch, self._first, self._shuffle, self._seed = batch, first, shuffle, seed

    def __iter__(self) -> Iterator[Item | RoboactError]:
        worker = get_worker_info()
        number, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        # Batch i is the work of worker i modulo their number, and the loader begins with worker 0.
        number = (number + self._first) % workers
        passed = self._batch * ((self._first - number + workers - 1) // workers)
        try:
            for place, (epoch, sample) in enumerate(self._shuffled(self._place.rank * workers + number, workers)):
                if place >= passed:
                    yield self._preparation.item(sample, epoch, place)
        except RoboactError as error:
            while True:  # the loader drops a batch that is not full
                yield error

    def _shuffled(self, reader: int, workers: int) -> Iterator[tuple[int, Sample]]:
        generator = np.random.default_rng((self._seed, reader))
        waiting: list[tuple[int, Sample]] = []
        epoch, step = 0, self._place.processes * workers
        while True:
            order = np.random.default_rng((self._seed, epoch)).permutation(len(self._shards))[reader::step]
            for shard in order:
                for sample in read_shard(self._shards[shard]):
                    waiting.append((epoch, sample))
                    if len(waiting) >= self._shuffle:
                        yield _drawn(waiting, generator)
            epoch += 1
            if not waiting:
                raise ConfigurationError(f"the shards {', '.join(str(self._shards[s]) for s in order)} hold no sample")
            while len(waiting) > self._shuffle // 2:
                yield _drawn(waiting, generator)


def _drawn(waiting: list[tuple[int, Sample]], generator: np.random.Generator) -> tuple[int, Sample]:
    index = int(generator.integers(len(waiting)))
    waiting[index], waiting[-1] = waiting[-1], waiting[index]
    return waiting.pop()


def from_memory(
    data: MemoryData, order: Order, preparation: Preparation, workers: int, pin: bool
) -> Generator[Batch, None, None]:
    """Yield endless batches; ``pin`` puts them in memory that a GPU reads directly.

    Raises:
        RecordingError: An image cannot be read.
    """
    loader: Any = DataLoader(data, batch_sampler=order, **_common(preparation, workers, pin))  # type: ignore[arg-type]
    return _good(loader)


def from_shards(
    stream: ShardStream, batch: int, preparation: Preparation, workers: int, pin: bool
) -> Generator[Batch, None, None]:
    """Yield endless batches of ``batch`` samples.

    Raises:
        RecordingError: A shard cannot be read.
    """
    return _good(DataLoader(stream, batch_size=batch, drop_last=True, **_common(preparation, workers, pin)))


def in_order(data: MemoryData, batch: int, preparation: Preparation, place: Place) -> Iterator[Batch]:
    """Yield the batches of this process's share of all samples, each sample once, the last batch smaller.

    Raises:
        RecordingError: An image cannot be read.
    """
    numbers = range(place.rank, len(data), place.processes)
    for start in range(0, len(numbers), batch):
        yield preparation.batch([data.item(0, number) for number in numbers[start : start + batch]])


@dataclass(frozen=True, slots=True)
class _Collate:
    preparation: Preparation

    def __call__(self, items: Sequence[Item | RoboactError]) -> Batch | RoboactError:
        good = [item for item in items if isinstance(item, Item)]
        wrong = [item for item in items if not isinstance(item, Item)]
        try:
            return wrong[0] if wrong else self.preparation.batch(good)
        except RoboactError as error:
            return error


def _common(preparation: Preparation, workers: int, pin: bool) -> dict[str, Any]:
    # A process that is forked from one with OpenCV's threads waits for them for ever.
    cv2.setNumThreads(0)
    several = {"prefetch_factor": 4} if workers else {}
    shared = {"num_workers": workers, "collate_fn": _Collate(preparation), "pin_memory": pin}
    return {**shared, "worker_init_fn": _one_core, **several}


def _good(batches: Any) -> Generator[Batch, None, None]:
    # Nothing else may hold the iterator: its workers end when this ends, by an error or because it is closed.
    for batch in batches:
        if isinstance(batch, RoboactError):
            raise batch
        yield batch


def _one_core(worker: int) -> None:
    """Set up a process beside the training: one core, and signals are for the training, which ends it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    torch.set_num_threads(1)
