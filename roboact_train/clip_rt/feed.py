"""Where the batches of a training come from: samples in memory, or shards that are read as they are needed."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from roboact_ros.errors import ConfigurationError, RecordingError
from roboact_train.clip_rt.batch import Batch, Preparation
from roboact_train.clip_rt.corpus import Corpus
from roboact_train.clip_rt.loading import MemoryData, ShardStream, from_memory, from_shards, in_order
from roboact_train.data.samples import Sample
from roboact_train.data.shards import read_shard
from roboact_train.training.order import Order, Place, batches_per_epoch, check_share
from roboact_train.training.settings import TrainSettings

_MOST_JUDGED = 4096
"""Samples of streamed shards that a model is judged by."""


class Feed(Protocol):
    """Gives a training its batches."""

    @property
    def counts(self) -> Counter[str]:
        """Samples of one epoch by source."""
        ...

    @property
    def fingerprint(self) -> int:
        """A number that changes with the data."""
        ...

    @property
    def batches_per_epoch(self) -> int:
        """Batches of one epoch, a multiple of those that make one step."""
        ...

    @property
    def validates(self) -> bool:
        """Whether there is data to judge by."""
        ...

    def batches(self, preparation: Preparation, first: int) -> Generator[Batch, None, None]:
        """Return this process's share of the endless batches from ``first`` on; close it to end its workers."""
        ...

    def validation(self, preparation: Preparation) -> Iterator[Batch]:
        """Return this process's share of what the model is judged by."""
        ...


class MemoryFeed:
    """Samples in memory.

    Args:
        corpus: The samples.
        settings: How the model is trained.
        place: This process.
        pin: Put batches where a GPU reads them directly.
        targets: Of the samples to learn from and of those to judge by, each (n, k, 7); None where only words teach.

    Raises:
        ConfigurationError: A step of the optimiser takes more samples than there are.
    """

    def __init__(
        self, corpus: Corpus, settings: TrainSettings, place: Place, pin: bool, targets: tuple[Any, Any] = (None, None)
    ) -> None:
        self._corpus, self._settings, self._place, self._pin = corpus, settings, place, pin
        self._targets = targets
        self.batches_per_epoch = batches_per_epoch(len(corpus.train), "samples", settings, place)
        self.counts = corpus.counts
        self.fingerprint = corpus.fingerprint
        self.validates = bool(corpus.validation)

    def batches(self, preparation: Preparation, first: int) -> Generator[Batch, None, None]:
        """See :class:`Feed`."""
        data = MemoryData(self._corpus.train, preparation, self._targets[0])
        settings = self._settings
        order = Order(len(data), settings.batch, self.batches_per_epoch, settings.seed, self._place, first)
        return from_memory(data, order, preparation, settings.workers, self._pin)

    def validation(self, preparation: Preparation) -> Iterator[Batch]:
        """See :class:`Feed`."""
        data = MemoryData(self._corpus.validation, preparation, self._targets[1])
        return in_order(data, self._settings.batch, preparation, self._place)


class ShardFeed:
    """Shards that are read as they are needed, for data that is larger than the memory.

    Args:
        shards: Files.
        settings: How the model is trained.
        place: This process.
        pin: Put batches where a GPU reads them directly.

    Raises:
        ConfigurationError: There are fewer shards than processes, or an epoch is shorter than a step.
        RecordingError: The shards that are kept aside cannot be read.
    """

    def __init__(self, shards: Sequence[Path], settings: TrainSettings, place: Place, pin: bool) -> None:
        check_share(settings, place)
        per_step = settings.batch * settings.accumulate
        self.batches_per_epoch = settings.samples_per_epoch // per_step * settings.accumulate
        if not self.batches_per_epoch:
            raise ConfigurationError(
                f"samples_per_epoch = {settings.samples_per_epoch} is less than a step, {per_step}"
            )
        aside = min(math.ceil(settings.validation * len(shards)), len(shards) - place.processes)
        self._shards = list(shards[: len(shards) - max(aside, 0)])
        if len(self._shards) < place.processes:
            raise ConfigurationError(f"{len(shards)} shards are too few for {place.processes} processes, one for each")
        self._settings, self._place, self._pin = settings, place, pin
        self._judged: list[Sample] = []
        for shard in shards[len(self._shards) :]:
            self._judged += list(read_shard(shard))[: _MOST_JUDGED - len(self._judged)]
        self.counts = Counter({"streamed": settings.samples_per_epoch})
        names = " ".join(f"{path.name} {path.stat().st_size}" for path in shards)
        self.fingerprint = zlib.crc32(f"{names} {settings.workers}".encode())
        self.validates = bool(self._judged)

    def batches(self, preparation: Preparation, first: int) -> Generator[Batch, None, None]:
        """See :class:`Feed`."""
        settings, place = self._settings, self._place
        share = settings.batch // place.processes
        workers = min(settings.workers, len(self._shards) // place.processes)
        stream = ShardStream(self._shards, preparation, place, share, first, settings.shuffle, settings.seed)
        return from_shards(stream, share, preparation, workers, self._pin)

    def validation(self, preparation: Preparation) -> Iterator[Batch]:
        """See :class:`Feed`."""
        return in_order(MemoryData(self._judged, preparation), self._settings.batch, preparation, self._place)


def shards_below(paths: Sequence[Path]) -> list[Path]:
    """Return the shards that some files and folders are made of.

    Raises:
        RecordingError: One of them is none and holds none.
    """
    found = []
    for path in paths:
        shards = [path] if path.suffix == ".tar" else sorted(path.glob("*.tar"))
        if not shards or not all(shard.is_file() for shard in shards):
            raise RecordingError(
                f"{path} holds no shards (*.tar), and nothing else can be streamed; see roboact convert"
            )
        found += shards
    return found
