"""The chunks of a data set as the training sees them: normalised, and some episodes kept aside."""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.clap.robots import ROBOTS, ClapRobot
from roboact_ros.policies.clap.statistics import Quantiles, read_statistics
from roboact_ros.types import FloatArray
from roboact_train.clap.chunks import STEPS, chunks_or_reasons, normalised_state, quantiles_of
from roboact_train.clap.episode import ClapEpisode

IntArray = NDArray[np.int64]
_REASONS = 5
"""Most reasons for frames that are left out that are told."""

Statistics = Callable[[ClapRobot], Quantiles | None]
"""Returns the statistics of a robot; None where they are to be measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """N chunks.

    Attributes:
        actions: (N, 32, 14) normalised actions.
        arms: (N, 2) which arms exist, left and right.
        episodes: Their episodes.
        episode_of: (N,) episode of each chunk.
        frame_of: (N,) frame at which it begins.
        train: Chunks that are learned from.
        validation: Chunks of other episodes.
        statistics: What they were normalised with, by robot type.
        left_out: How many frames begin no chunk, by reason.
    """

    actions: NDArray[np.float32]
    arms: NDArray[np.bool_]
    episodes: Sequence[ClapEpisode]
    episode_of: IntArray
    frame_of: IntArray
    train: IntArray
    validation: IntArray
    statistics: Mapping[str, Quantiles]
    left_out: Counter[str]

    @property
    def robots(self) -> NDArray[np.str_]:
        """(N,) who did each."""
        return np.array([episode.robot.name for episode in self.episodes])[self.episode_of]

    @property
    def fingerprint(self) -> int:
        """A number that changes with the chunks and their parts."""
        return zlib.crc32(self.actions.tobytes() + self.train.tobytes() + self.arms.tobytes())

    @property
    def counts(self) -> dict[str, int]:
        """How many chunks are what."""
        by_robot = {f"of {name}": count for name, count in sorted(Counter(self.robots.tolist()).items())}
        return {"to learn from": len(self.train), "kept aside": len(self.validation), **by_robot}

    def left_out_lines(self) -> Iterator[str]:
        """Yield lines that say how many frames begin no chunk, and why."""
        common = self.left_out.most_common(_REASONS)
        yield from (f"{count} frames begin no chunk: {reason}" for reason, count in common)
        if others := self.left_out.total() - sum(count for _, count in common):
            yield f"{others} frames begin no chunk for other reasons"


def spread(rows: IntArray, most: int) -> IntArray:
    """Return some of many rows, evenly spread over all, so that no episode or robot stands for the others."""
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(int)] if len(rows) else rows


def statistics_in(path: Path) -> Statistics:
    """Return what looks robots up in a statistics file."""
    return lambda robot: read_statistics(path, robot)


def measured(robot: ClapRobot) -> None:
    """Say that the statistics of a robot are to be measured on the data."""
    return


def corpus_of(
    episodes: Sequence[ClapEpisode], statistics: Statistics, validation: float, seed: int, stride: int
) -> Corpus:
    """Return a corpus.

    Args:
        episodes: All of them.
        statistics: Of their robots.
        validation: Part of the chunks of each robot whose episodes are kept aside, if it has more than one episode.
        seed: Of the choice.
        stride: Chunks begin at every so many frames.

    Raises:
        ConfigurationError: No frame begins a chunk.
        RecordingError: The statistics are those of another robot.
        PolicyError: They cannot be read, or are not those of the robot.
    """
    left_out: Counter[str] = Counter()
    found = [_relative(episode, stride, left_out) for episode in episodes]
    known = {name: _statistics(ROBOTS[name], statistics, episodes, found) for name in _robots(episodes, found)}
    rows = [(place, frame) for place, chunks in enumerate(found) for frame in chunks]
    if not rows:
        reasons = "; ".join(f"{count} frames: {reason}" for reason, count in left_out.most_common(3))
        raise ConfigurationError(f"{len(episodes)} episodes have no chunk to learn from ({reasons or 'no frame'})")
    actions = np.stack([known[episodes[p].robot.name].normalised_actions(found[p][f]) for p, f in rows])
    episode_of, frame_of = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    aside = _aside([len(chunks) for chunks in found], episodes, validation, seed)
    kept = np.isin(episode_of, aside)
    return Corpus(
        actions.astype(np.float32),
        np.array([episodes[place].robot.layout.mask for place in episode_of]),
        episodes,
        episode_of,
        frame_of,
        np.flatnonzero(~kept),
        np.flatnonzero(kept),
        known,
        left_out,
    )


def _relative(episode: ClapEpisode, stride: int, left_out: Counter[str]) -> dict[int, FloatArray]:
    """Return the chunks of an episode by frame, those left out that are broken or in which nothing moves."""
    found = {}
    for frame, relative in chunks_or_reasons(episode, STEPS, stride):
        if isinstance(relative, str):
            left_out[relative.rpartition(": ")[2]] += 1  # without the name of the episode, the frame and the step
        else:
            found[frame] = relative
    return found


def _robots(episodes: Sequence[ClapEpisode], found: Sequence[Mapping[int, FloatArray]]) -> list[str]:
    return sorted({episode.robot.name for episode, chunks in zip(episodes, found, strict=True) if chunks})


def _statistics(
    robot: ClapRobot,
    statistics: Statistics,
    episodes: Sequence[ClapEpisode],
    found: Sequence[Mapping[int, FloatArray]],
) -> Quantiles:
    own = [(e, chunks) for e, chunks in zip(episodes, found, strict=True) if e.robot == robot and chunks]
    quantiles = statistics(robot)
    if quantiles is None:
        chunks = np.concatenate([chunk for _, chunks in own for chunk in chunks.values()])
        states = np.concatenate([episode.states[list(chunks)] for episode, chunks in own])
        return quantiles_of(robot, chunks, states)
    for episode, some in own:
        for frame in some:
            normalised_state(episode, frame, quantiles)  # refuses states that this robot never was in
    return quantiles


def _aside(sizes: Sequence[int], episodes: Sequence[ClapEpisode], part: float, seed: int) -> list[int]:
    """Return the episodes that are kept aside: of each robot that has several, some."""
    random = np.random.default_rng((seed, len(sizes)))
    of: dict[str, list[int]] = defaultdict(list)
    for place, episode in enumerate(episodes):
        if sizes[place]:
            of[episode.robot.name].append(place)
    aside: list[int] = []
    for name in sorted(of):
        wanted, taken = part * sum(sizes[place] for place in of[name]), 0
        for place in random.permutation(of[name])[:-1]:
            if taken >= wanted:
                break
            aside.append(int(place))
            taken += sizes[place]
    return aside
