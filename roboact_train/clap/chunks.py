"""Chunks of episodes: what CLAP's models learn from at one frame, and which frames teach nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from roboact_ros.errors import PolicyError, RecordingError
from roboact_ros.policies.clap.layout import GRIPPERS
from roboact_ros.policies.clap.representation import chunk_relative, is_static, why_refused
from roboact_ros.policies.clap.robots import ClapRobot
from roboact_ros.policies.clap.statistics import Quantiles
from roboact_ros.types import FloatArray
from roboact_train.clap.episode import ClapEpisode

STEPS = 32
"""Steps of a chunk, and frames from its first image to its last."""
STRIDE = 8
"""Chunks begin at every eighth frame."""
_LEAST = (0.02, 0.02, 0.02, 0.1, 0.1, 0.1, 0.0)
"""Smallest range of measured statistics of an arm [m, rad]; grippers are not scaled."""
_ACTS = 0.2
"""A gripper acts that is told to move, or does, by more than this of -1 … 1."""
_STILL = "arms and grippers stay where they are"


@dataclass(frozen=True, slots=True, eq=False)
class ClapSample:
    """What is learned from one frame.

    Attributes:
        actions: (steps, 14) normalised actions.
        state: (14,) normalised state.
        robot: Who did it; its layout says which columns count.
        task: The instruction.
        subtask: The part of it that is being done.
    """

    actions: FloatArray
    state: FloatArray
    robot: ClapRobot
    task: str
    subtask: str


def relative_chunk(episode: ClapEpisode, frame: int, steps: int = STEPS) -> FloatArray:
    """Return the (steps, 14) actions from a frame on, relative to the state there; the last command stays.

    Raises:
        RecordingError: There is no such frame, the episode was cut off before the chunk ends, or the chunk has NaN in
            it or jumps; says where.
    """
    if not 0 <= frame < len(episode.states):
        raise RecordingError(f"{episode.name} has no frame {frame}; it has {len(episode.states)}")
    if frame >= episode.beginnings(steps):
        raise RecordingError(f"{episode.name}, frame {frame}: the episode was cut off before the chunk ends")
    rows = np.minimum(np.arange(frame, frame + steps), len(episode.commands) - 1)
    if np.isnan(episode.commands[rows]).all(axis=1).any():
        raise RecordingError(f"{episode.name}, frame {frame}: images are missing on the way")
    relative = chunk_relative(episode.commands[rows], episode.states[frame])
    if refusal := why_refused(relative, episode.robot.layout, 1.0 / episode.fps):
        raise RecordingError(f"{episode.name}, frame {frame}: {refusal}")
    return relative


def sample(episode: ClapEpisode, frame: int, quantiles: Quantiles, steps: int = STEPS) -> ClapSample:
    """Return what is learned from a frame.

    Raises:
        RecordingError: The chunk has NaN in it or jumps, or the statistics are those of another robot; says where.
    """
    _check_robot(episode, quantiles)
    relative = relative_chunk(episode, frame, steps)
    state = normalised_state(episode, frame, quantiles)
    words = episode.tasks[frame], episode.subtasks[frame]
    return ClapSample(quantiles.normalised_actions(relative), state, episode.robot, *words)


def normalised_state(episode: ClapEpisode, frame: int, quantiles: Quantiles) -> FloatArray:
    """Return the (14,) normalised state at a frame.

    Raises:
        RecordingError: The statistics are those of another robot, or the robot was never there; says where.
    """
    _check_robot(episode, quantiles)
    try:
        return quantiles.normalised_state(episode.states[frame])
    except PolicyError as error:
        raise RecordingError(f"{episode.name}, frame {frame}: {error}") from error


def _check_robot(episode: ClapEpisode, quantiles: Quantiles) -> None:
    if quantiles.robot != episode.robot:
        raise RecordingError(
            f"{episode.name} was done by {episode.robot.name}; these are statistics of another robot, "
            f"{quantiles.robot.name}"
        )


def usable_frames(episode: ClapEpisode, steps: int = STEPS, stride: int = STRIDE) -> tuple[list[int], dict[int, str]]:
    """Return the frames where chunks may begin, and why others may not, by frame."""
    found = dict(chunks_or_reasons(episode, steps, stride))
    refused = {frame: reason for frame, reason in found.items() if isinstance(reason, str)}
    return [frame for frame in found if frame not in refused], refused


def chunks_or_reasons(
    episode: ClapEpisode, steps: int = STEPS, stride: int = STRIDE
) -> Iterator[tuple[int, FloatArray | str]]:
    """Yield every so many frames with the (steps, 14) relative actions from there on, or why no chunk begins there."""
    for frame in range(0, len(episode.states), stride):
        try:
            relative = relative_chunk(episode, frame, steps)
        except RecordingError as error:
            yield frame, str(error)
        else:
            yield frame, _STILL if _nothing_moves(episode, frame, relative) else relative


def _nothing_moves(episode: ClapEpisode, frame: int, relative: FloatArray) -> bool:
    """Whether a chunk teaches nothing; arms that stand while a gripper closes or opens do teach something."""
    if not is_static(relative, episode.robot.layout):
        return False
    seen = episode.states[frame : frame + len(relative)]
    return all(np.ptp(rows[:, list(GRIPPERS)], axis=0).max() <= _ACTS for rows in (relative, seen))


def measured_statistics(episodes: Iterable[ClapEpisode], steps: int = STEPS, stride: int = 1) -> Quantiles:
    """Return the statistics of the data of one robot.

    Args:
        episodes: Its episodes.
        steps: Length of the chunks.
        stride: A chunk begins at every so many frames.

    Raises:
        RecordingError: There is none, they are of several robots, or a chunk cannot be used.
        PolicyError: The robot has no actions.
    """
    chosen: Sequence[ClapEpisode] = list(episodes)
    robots = {episode.robot.name: episode.robot for episode in chosen}
    if len(robots) != 1:
        raise RecordingError(f"statistics are those of one robot, not of: {', '.join(robots) or '(no episode)'}")
    chunks = [
        relative_chunk(episode, frame, steps)
        for episode in chosen
        for frame in range(0, episode.beginnings(steps), stride)
    ]
    (robot,) = robots.values()
    return quantiles_of(robot, np.concatenate(chunks), np.concatenate([episode.states for episode in chosen]))


def quantiles_of(robot: ClapRobot, actions: FloatArray, states: FloatArray) -> Quantiles:
    """Return the statistics of (n, 14) chunk-relative actions and (m, 14) states of a robot.

    What hardly moves keeps a range of at least 2 cm and 0.1 rad, so that noise is not learned as motion.

    Raises:
        PolicyError: They are not those of that robot.
    """
    bounds = [np.quantile(rows, (0.01, 0.99), axis=0) for rows in (actions, states)]
    wanted = np.where(robot.layout.columns, np.tile(_LEAST, 2), 0.0)
    for both in bounds:
        missing = np.maximum(wanted - np.ptp(both, axis=0), 0.0) / 2.0
        both += np.stack((-missing, missing))
    return Quantiles(robot, *bounds)
