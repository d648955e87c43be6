"""Finds out what a path holds, and gives its episodes one by one."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.recording.folders import check_finished, find_bags, mcap_files
from roboact_ros.recording.reader import Episode
from roboact_train.data import clip_rt_csv, clip_rt_raw, lerobot, rlds
from roboact_train.data.bags import samples_from_bag
from roboact_train.data.demonstrations import Demonstration, samples_from_demonstration
from roboact_train.data.samples import EpisodeSamples
from roboact_train.data.shards import read_shard, shard_files
from roboact_train.data.supervision import Bounds, quantile_bounds
from roboact_train.data.tfrecord import read_tfrecord

KINDS = "bags, task_*/episode_* folders, *.csv, *.tar, LeRobot data sets (meta/info.json), *.npz, *.tfrecord*"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person chose about the sources.

    Attributes:
        camera: Camera of bags and LeRobot data sets; empty: the only one, or the policy's.
        instruction: The task of bags, in place of what was recorded.
        layout: Name of the columns of LeRobot data sets; see :data:`roboact_train.data.lerobot.LAYOUTS`.
        hertz: Steps per second of LeRobot data sets.
        seed: Seed of the words that 7-D actions get.
    """

    camera: str = ""
    instruction: str = ""
    layout: str = "standard"
    hertz: float = lerobot.HERTZ
    seed: int = 0


class Source(Protocol):
    """One episode, not read yet; small enough to be sent to another machine."""

    @property
    def name(self) -> str:
        """What to call it."""
        ...

    def read(self) -> EpisodeSamples:
        """Read it.

        Raises:
            RecordingError: It cannot be read; the file at fault is named.
        """
        ...


@dataclass(frozen=True, slots=True)
class PathSource:
    """A bag, an episode of the released layout, a table, a shard, or a file of RLDS episodes."""

    kind: str
    path: Path
    choices: Choices = field(default_factory=Choices)
    bounds: Bounds | None = None

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def read(self) -> EpisodeSamples:
        """Read it."""
        if self.kind == "bag":
            return samples_from_bag(self.path, self.choices.camera, self.choices.instruction)
        if self.kind == "raw":
            return clip_rt_raw.read_episode(self.path)
        if self.kind == "csv":
            return clip_rt_csv.read_table(self.path)
        if self.kind == "shard":
            return EpisodeSamples(list(read_shard(self.path)), Counter())
        generator = _generator(self.choices.seed, self.name)
        found = EpisodeSamples([], Counter())
        for demonstration in _demonstrations(self.kind, self.path, self.choices):
            episode = samples_from_demonstration(demonstration, self.bounds, generator)
            found.samples.extend(episode.samples)
            found.skipped.update(episode.skipped)
        return found


@dataclass(frozen=True, slots=True)
class LeRobotSource:
    """One episode of a LeRobot data set."""

    folder: Path
    episode: int
    choices: Choices
    bounds: Bounds

    @property
    def name(self) -> str:
        """The data set and the number of the episode."""
        return f"{self.folder}, episode {self.episode}"

    def read(self) -> EpisodeSamples:
        """Read it."""
        generator = _generator(self.choices.seed, self.name)
        dataset = _open(self.folder, self.choices)
        return samples_from_demonstration(dataset.demonstration(self.episode), self.bounds, generator)


def find_sources(paths: Iterable[str | Path], choices: Choices | None = None) -> list[Source]:
    """Return every episode below some paths.

    Raises:
        RecordingError: A path holds nothing that can be read.
    """
    return [source for path in paths for source in _sources(Path(path), choices or Choices())]


def cut_off(sources: Iterable[Source]) -> list[str]:
    """Return a warning for each bag that was cut off in the middle: what can still be read of it, and what to do."""
    warnings = []
    for source in sources:
        if isinstance(source, PathSource) and source.kind == "bag":
            with Episode(source.path) as episode:
                if not episode.complete:
                    warnings.append(episode.damage)
    return warnings


def _sources(path: Path, choices: Choices) -> list[Source]:
    found: list[Source] = []
    if not path.exists():
        raise RecordingError(f"{path} does not exist")
    if path.is_file():
        kinds = {".csv": "csv", ".tar": "shard", ".npz": "npz", ".mcap": "bag"}
        kind = "tfrecord" if ".tfrecord" in path.name else kinds.get(path.suffix)
        found = _paths(kind, [path], choices) if kind is not None else []
    elif mcap_files(path) or (path / "metadata.yaml").is_file():
        found = _paths("bag", [path], choices)
    elif (path / "meta" / "info.json").is_file():
        dataset = _open(path, choices)
        bounds = quantile_bounds(np.concatenate([dataset.actions(episode) for episode in dataset.episodes]))
        found = [LeRobotSource(path, episode, choices, bounds) for episode in dataset.episodes]
    else:
        found = (
            _paths("raw", clip_rt_raw.episode_folders(path) or clip_rt_raw.own_episode(path), choices)
            or _paths("shard", shard_files(path), choices)
            or _paths("csv", sorted(path.glob("*.csv")), choices)
            or _paths("npz", sorted(path.glob("*.npz")), choices)
            or _paths("tfrecord", sorted(path.glob("*.tfrecord*")), choices)
            or _paths("bag", _bags(path), choices)
        )
    if not found:
        raise RecordingError(f"{path} holds nothing that can be read; readable: {KINDS}")
    return found


def _bags(folder: Path) -> list[Path]:
    return [bag.path for bag in find_bags(folder)]


def _paths(kind: str, paths: list[Path], choices: Choices) -> list[Source]:
    bounds = None
    if kind == "bag":
        for path in paths:
            check_finished(path)
    if kind in ("npz", "tfrecord") and paths:
        episodes = (episode for path in paths for episode in _demonstrations(kind, path, choices))
        bounds = quantile_bounds(np.concatenate([episode.actions for episode in episodes]))
    return [PathSource(kind, path, choices, bounds) for path in paths]


def _demonstrations(kind: str, path: Path, choices: Choices) -> Iterator[Demonstration]:
    return read_tfrecord(path, choices.camera) if kind == "tfrecord" else iter([rlds.read_npz(path)])


def demonstrations_of(source: LeRobotSource | PathSource) -> Iterator[Demonstration]:
    """Return the episodes of a LeRobot data set or a file of RLDS episodes, with their exact actions.

    Raises:
        RecordingError: It cannot be read.
    """
    if isinstance(source, LeRobotSource):
        return iter([_open(source.folder, source.choices).demonstration(source.episode)])
    return _demonstrations(source.kind, source.path, source.choices)


def _open(folder: Path, choices: Choices) -> lerobot.LeRobotDataset:
    return lerobot.LeRobotDataset(folder, lerobot.layout(choices.layout), choices.camera, choices.hertz)


def _generator(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng((seed, zlib.crc32(name.encode())))
