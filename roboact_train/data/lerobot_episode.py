"""An episode as a LeRobot data set has it: columns of numbers and words, and images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from roboact_ros.types import FloatArray
from roboact_train.data.frames import EpisodeFrames
from roboact_train.data.pictures import Picture

TRUNCATED = "next.truncated"
"""Column that says at the last frame of an episode whether it was cut off there."""


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """A column of vectors: (N, entries) numbers and the names of the entries."""

    names: tuple[str, ...]
    rows: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class LeRobotEpisode:
    """One episode, N frames long.

    Attributes:
        name: What to call it.
        fps: Frames per second [1/s].
        robot: ``robot_type``, empty when unknown.
        stamps_ns: (N,) moments of exposure [ns].
        tasks: N instructions.
        vectors: Columns of numbers.
        words: Columns of N words each.
        pictures: N images of each column of images.
        truncated: Whether it was cut off before what is shown had ended; None where nobody said.
    """

    name: str
    fps: float
    robot: str
    stamps_ns: Sequence[int]
    tasks: Sequence[str]
    vectors: Mapping[str, Vectors]
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pictures: Mapping[str, Sequence[Picture]] = field(default_factory=dict)
    truncated: bool | None = None

    @property
    def entries(self) -> tuple[str, ...]:
        """Names of the entries of the first column of numbers."""
        return next((column.names for column in self.vectors.values()), ())


def image_column(camera: str) -> str:
    """Return the name of the column with the images of a camera."""
    return f"observation.images.{camera}"


def is_truncated(table: Any) -> bool:
    """Whether the table of an episode says that it was cut off."""
    return TRUNCATED in table.column_names and bool(np.any(table[TRUNCATED][-1].as_py()))


def as_lerobot(frames: EpisodeFrames) -> LeRobotEpisode:
    """Return the frames of a bag: joints, where they are known poses of the tool, and all cameras."""
    vectors = {"observation.state": Vectors(frames.names, frames.state), "action": Vectors(frames.names, frames.action)}
    if np.isfinite(frames.tool_pose).any():
        vectors["tool_pose"] = Vectors(("x", "y", "z", "qx", "qy", "qz", "qw"), frames.tool_pose)
    return LeRobotEpisode(
        frames.name,
        frames.fps,
        frames.robot,
        frames.stamps_ns,
        frames.tasks,
        vectors,
        {"motion": frames.motions, "source": frames.sources},
        {image_column(camera): pictures for camera, pictures in frames.pictures.items()},
        frames.truncated,
    )
