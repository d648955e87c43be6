"""What an episode teaches CLAP: where the arms were, where they were told to go, and in which words."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.policies.clap.layout import WIDTH
from roboact_ros.policies.clap.robots import ClapRobot
from roboact_ros.types import FloatArray
from roboact_train.data.frames import same_rate

NO_SUBTASK = "[subtask] "
"""Put before the task where the data name no subtask; the task then stands for both."""


@dataclass(frozen=True, slots=True, eq=False)
class ClapEpisode:
    """One episode of N frames.

    Attributes:
        name: What to call it.
        robot: Who did it.
        fps: Frames per second [1/s].
        states: (N, 14) measured poses in the base [m, rad] and grippers (-1 open … 1 closed).
        commands: (N, 14) where the arms should be when the next frame is taken, likewise.
        tasks: N instructions.
        subtasks: N parts of them.
        truncated: Whether it was cut off: what the arms did next is not known, so no chunk goes past its end.

    Raises:
        RecordingError: They are not equally many, or there are none.
    """

    name: str
    robot: ClapRobot
    fps: float
    states: FloatArray
    commands: FloatArray
    tasks: Sequence[str]
    subtasks: Sequence[str]
    truncated: bool = False

    def __post_init__(self) -> None:
        count = len(self.states)
        shapes = [self.states.shape, self.commands.shape, (len(self.tasks),), (len(self.subtasks),)]
        if not count or shapes != [(count, WIDTH), (count, WIDTH), (count,), (count,)]:
            raise RecordingError(
                f"{self.name}: states and commands have {WIDTH} columns and each frame has a task and a subtask, "
                f"not the shapes {shapes}"
            )

    def beginnings(self, steps: int) -> int:
        """Return at how many of the first frames chunks of so many steps may begin."""
        return max(len(self.states) - steps, 0) if self.truncated else len(self.states)


def one_rate(episodes: Iterable[ClapEpisode]) -> float | None:
    """Return the frames per second of all episodes [1/s], None if they have several rates or there are none."""
    rates = [episode.fps for episode in episodes]
    middle = statistics.median_low(rates) if rates else 0.0
    return middle if rates and all(same_rate(rate, middle) for rate in rates) else None


def following(rows: FloatArray) -> FloatArray:
    """Return for each of (N, …) rows the next one; the last one stays."""
    return np.concatenate((rows[1:], rows[-1:]))


def without_subtasks(tasks: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the instructions and subtasks of data that have instructions only."""
    return [f"{NO_SUBTASK}{task}" for task in tasks], list(tasks)
