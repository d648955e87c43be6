"""Reads the arms and words of LeRobot data sets, versions 2.0, 2.1 and 3.0, as CLAP learns them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from roboact_ros.errors import ConfigurationError, PolicyError, RecordingError, did_you_mean
from roboact_ros.policies.clap.euler import euler_from_rotation, rotation_from_rows
from roboact_ros.policies.clap.layout import WIDTH
from roboact_ros.policies.clap.robots import ClapRobot, robot_named
from roboact_ros.types import FloatArray
from roboact_train.clap.episode import ClapEpisode, following, without_subtasks
from roboact_train.clap.tool_poses import GAP, forget_across_gaps, rows_of_tool
from roboact_train.data.frames import GRIPPER
from roboact_train.data.lerobot_episode import is_truncated
from roboact_train.data.lerobot_files import LeRobotFiles

COMMAND, STATE = "cartesian_so3_dict.cartesian_pose_command", "cartesian_so3_dict.cartesian_pose_state"
"""34 numbers of a body with two arms: torso, left arm, right arm, head and chassis."""
OBSERVED = "observation.state"
_DROID_FOLDER = "droid_1.0.1_lerobot"
"""A data set of this name is DROID's, whatever it says of its robot."""
CARTESIAN_WIDTH, _DROID_WIDTH = 34, 8
CARTESIAN_ARMS = ((9, 18), (19, 28))
"""First column of an arm's x, y, z and two rows of a rotation, and column of its gripper (0 open … 100 closed)."""
_DROID_COLUMNS = [0, 1, 2, 3, 4, 5, 7]


class ClapDataset:
    """A data set on the disk.

    Attributes:
        files: Its files, images included.
        robot: Whose it is.
        views: Column with the images of each view (``head``, ``right``, ``left``) that there is.
        episodes: Numbers of its episodes.
    """

    def __init__(self, folder: Path) -> None:
        """Open a data set.

        Raises:
            RecordingError: The data set cannot be read, or its columns are not known.
            ConfigurationError: Its robot is not known.
        """
        self.files = LeRobotFiles(folder)
        name = "droid" if folder.resolve().name == _DROID_FOLDER else str(self.files.info.get("robot_type"))
        try:
            self.robot = robot_named(name)
        except ConfigurationError as error:
            raise ConfigurationError(f"{folder}: {error}") from error
        self._read = _reader(self.files, self.robot)
        self.views = views_in(self.files)
        self.episodes = self.files.episodes

    def episode(self, number: int) -> ClapEpisode:
        """Return an episode.

        Raises:
            RecordingError: It cannot be read, or has another number of columns.
        """
        table, where = self.files.table(number, self.files.cameras), str(self.files.data_file(number))
        try:
            states, commands = self._read(table, where)
            states, commands = (self.robot.layout.padded(rows) for rows in (states, commands))
        except PolicyError as error:
            raise RecordingError(f"{where}: {error}") from error
        if "timestamp" in table.column_names:
            forget_across_gaps(commands, self._seconds(table, where), self.files.fps)
        tasks, subtasks = self._words(table, where)
        name = f"{self.files.folder.name}/episode_{number:06d}"
        cut = is_truncated(table)
        return ClapEpisode(name, self.robot, self.files.fps, states, commands, tasks, subtasks, cut)

    def _seconds(self, table: Any, where: str) -> FloatArray:
        """Return when the (N,) frames were taken [s].

        Raises:
            RecordingError: That is another rate than the data set says it has.
        """
        seconds = _vectors(table, "timestamp", 1, where)[:, 0]
        apart = float(np.median(np.diff(seconds))) if len(seconds) > 1 else 1.0 / self.files.fps
        if not 0.5 < apart * self.files.fps < GAP:
            raise RecordingError(
                f"{where}: the timestamps are {apart:.4g} s apart, but the data set says {self.files.fps:g} frames a "
                "second"
            )
        return seconds

    def _words(self, table: Any, where: str) -> tuple[list[str], list[str]]:
        rows = [np.ravel(row) for row in _column(table, "task_index", where)]
        if {len(row) for row in rows} not in ({1}, {2}):
            raise RecordingError(f"{where}: task_index has a task, or a task and a part of it, in every row or in none")
        numbers = np.stack(rows)
        try:
            words = [[self.files.tasks[number] for number in row] for row in numbers.tolist()]
        except KeyError as error:
            raise RecordingError(f"{where}: there is no task {error}; tasks: {self.files.tasks}") from error
        if numbers.shape[1] == 1:
            return without_subtasks([row[0] for row in words])
        return [row[0] for row in words], [row[1] for row in words]


_Reader = Callable[[Any, str], tuple[FloatArray, FloatArray]]


def _reader(files: LeRobotFiles, robot: ClapRobot) -> _Reader:
    """Return what reads the states and commands of the arms of a data set, by its columns."""
    features = files.features
    if not robot.statistics:
        return _unknown
    if COMMAND in features and STATE in features:
        return _two_arms
    if robot.name == "droid" and OBSERVED in features:
        return _droid
    if {"tool_pose", OBSERVED, "action"} <= set(features) and files.names(OBSERVED)[-1:] == [GRIPPER]:
        return _own
    known = f"{COMMAND} and {STATE}; {OBSERVED} of a droid; tool_pose and a gripper, as roboact convert writes them"
    raise RecordingError(
        f"{files.folder} has no columns with poses and grippers: {', '.join(features)}. Known: {known}"
    )


def _unknown(table: Any, where: str) -> tuple[FloatArray, FloatArray]:
    nothing = np.full((table.num_rows, WIDTH), np.nan)  # of people nobody knows what their arms did
    return nothing, nothing


def _two_arms(table: Any, where: str) -> tuple[FloatArray, FloatArray]:
    states, commands = (_arms(_vectors(table, name, CARTESIAN_WIDTH, where)) for name in (STATE, COMMAND))
    return states, commands


def _arms(rows: FloatArray) -> FloatArray:
    """Return (N, 14) poses and grippers of the (N, 34) numbers of a body."""
    parts = []
    for start, gripper in CARTESIAN_ARMS:
        angles = euler_from_rotation(rotation_from_rows(rows[:, start + 3 : start + 9]))
        parts += [rows[:, start : start + 3], angles, (rows[:, [gripper]] / 50.0 - 1.0).clip(-1.0, 1.0)]
    return np.hstack(parts)


def _droid(table: Any, where: str) -> tuple[FloatArray, FloatArray]:
    states = _vectors(table, OBSERVED, _DROID_WIDTH, where)[:, _DROID_COLUMNS]
    states[:, -1] = (2.0 * states[:, -1] - 1.0).clip(-1.0, 1.0)
    return states, following(states)


def _own(table: Any, where: str) -> tuple[FloatArray, FloatArray]:
    poses = _vectors(table, "tool_pose", 7, where)
    measured, wanted = (_vectors(table, name, None, where)[:, -1] for name in (OBSERVED, "action"))
    return rows_of_tool(poses, measured, following(wanted))


def _vectors(table: Any, name: str, width: int | None, where: str) -> FloatArray:
    """Return the (N, width) rows of a column; NaN is left to whoever makes chunks of them."""
    rows = _column(table, name, where)
    lengths = {np.size(row) for row in rows}
    if len(lengths) != 1 or (width is not None and lengths != {width}):
        raise RecordingError(f"{where}: {name} should have {width or 'equally many'} columns, not {sorted(lengths)}")
    return np.stack(rows).astype(np.float64).reshape(len(rows), -1)


def _column(table: Any, name: str, where: str) -> Any:
    if name not in table.column_names:
        raise RecordingError(f'{where} has no column "{name}": {did_you_mean(name, table.column_names)}')
    return table[name].to_numpy(zero_copy_only=False)


def views_in(files: LeRobotFiles) -> dict[str, str]:
    """Return the column with the images of each view (``head``, ``right``, ``left``) that there is."""
    names = {
        "head": ("images_dict.head.rgb", "observation.images.exterior_image_1_left", "observation.images.front"),
        "right": ("images_dict.right.rgb", "observation.images.wrist_image_left", "observation.images.wrist"),
        "left": ("images_dict.left.rgb",),
    }
    cameras = files.cameras
    return {view: next(c for c in known if c in cameras) for view, known in names.items() if set(known) & set(cameras)}
