"""What happens on a table with two arms, frame by frame, as CLAP's data sets have it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.errors import ConfigurationError
from roboact_ros.sim.motion_kernel import STEP
from roboact_ros.types import FloatArray
from roboact_train.clap.episode import following
from roboact_train.clap.lerobot import CARTESIAN_ARMS, CARTESIAN_WIDTH, COMMAND, STATE
from roboact_train.data.lerobot_episode import LeRobotEpisode, Vectors
from roboact_train.data.pictures import Encoded, Pixels, jpeg
from roboact_train.pair_table import PairTable

ROBOT, UNKNOWN = "two-ur5e", "human"
"""``robot_type`` of data of two arms, and of videos without actions."""
_TOLD = round(0.02 / STEP)
"""Periods after a frame within which a gripper is told what belongs to the step that ends there."""


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    stamp_ns: int
    tools: FloatArray
    openings: FloatArray
    images: dict[str, Encoded]


class PairFilm:
    """Takes a frame of a table every so often in simulated time, while its arms move.

    Args:
        table: The table; one film at a time.
        hertz: Frames per second [1/s].

    Raises:
        ConfigurationError: See :func:`frame_ticks`.
    """

    def __init__(self, table: PairTable, hertz: float) -> None:
        self._every = frame_ticks(hertz)
        self._table, self._hertz = table, hertz
        self._taken: list[_Moment] = []
        self._wanted: list[tuple[float, ...]] = []
        self._ticks = 0
        table.runner.watch = self._watch
        self._take()

    def episode(self, name: str, actions: bool) -> LeRobotEpisode:
        """Return what was taken.

        Args:
            name: What to call it.
            actions: Say what the arms did; otherwise the video is as those of people.
        """
        vectors = {}
        if actions:
            tools = np.array([moment.tools for moment in self._taken])
            openings = np.array([moment.openings for moment in self._taken])
            # The command is where things are, or what a gripper was told, when the next frame is taken.
            vectors[STATE] = Vectors(_NAMES, _rows(tools, openings))
            vectors[COMMAND] = Vectors(_NAMES, _rows(following(tools), following(np.array(self._wanted))))
        views = self._taken[0].images
        return LeRobotEpisode(
            name,
            self._hertz,
            ROBOT if actions else UNKNOWN,
            [moment.stamp_ns for moment in self._taken],
            [self._table.episode.instruction] * len(self._taken),
            vectors,
            pictures={f"images_dict.{view}.rgb": [moment.images[view] for moment in self._taken] for view in views},
            truncated=False,
        )

    def _watch(self) -> None:
        self._ticks += 1
        since = self._ticks % self._every
        if since == 0:
            self._take()
        elif since == min(_TOLD, self._every - 1):
            self._wanted[-1] = self._table.runner.wanted

    def _take(self) -> None:
        table, runner = self._table, self._table.runner
        seen = {view: Encoded(jpeg(Pixels(image)), view) for view, image in table.images().items()}
        self._taken.append(_Moment(runner.now_ns, table.tools(), table.openings(), seen))
        self._wanted.append(runner.wanted)


def frame_ticks(hertz: float) -> int:
    """Return how many periods of the simulation a frame takes, of which data sets say whole numbers per second.

    Raises:
        ConfigurationError: It takes no whole number of them.
    """
    ticks = round(1.0 / STEP)
    if hertz < 1.0 or not float(hertz).is_integer() or ticks % hertz:
        raise ConfigurationError(f"--hertz {hertz:g}: a whole number that divides {ticks}, e.g. 5, 10, 20 or 25")
    return round(ticks / hertz)


def _rows(tools: FloatArray, openings: FloatArray) -> FloatArray:
    """Return the (N, 34) columns for (N, 2, 4, 4) poses and (N, 2) openings; those of no arm are zero."""
    rows = np.zeros((len(tools), CARTESIAN_WIDTH))
    for arm, (start, gripper) in enumerate(CARTESIAN_ARMS):
        rows[:, start : start + 3] = tools[:, arm, :3, 3]
        rows[:, start + 3 : start + 9] = tools[:, arm, :2, :3].reshape(-1, 6)
        rows[:, gripper] = 100.0 * (1.0 - openings[:, arm])
    return rows


def _names() -> tuple[str, ...]:
    names = [f"unused {number}" for number in range(CARTESIAN_WIDTH)]
    for arm, (start, gripper) in zip(("left", "right"), CARTESIAN_ARMS, strict=True):
        axes = ("x", "y", "z", "r00", "r01", "r02", "r10", "r11", "r12")
        names[start : start + 9] = [f"{arm}/{axis}" for axis in axes]
        names[gripper] = f"{arm}/gripper"
    return tuple(names)


_NAMES = _names()
