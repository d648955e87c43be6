"""Reads the motions of LeRobot data sets as displacements from step to step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from roboact_ros.errors import ConfigurationError, RecordingError, did_you_mean
from roboact_ros.policies.clap.euler import rotation_from_rows
from roboact_ros.types import FloatArray
from roboact_train.data.demonstrations import Demonstration
from roboact_train.data.lerobot_files import LeRobotFiles

ACTION = "action"
HERTZ = 3.0
"""Steps per second by default: at 30 Hz hardly a step is long enough to have a name."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a data set keeps the motion of one arm.

    Attributes:
        name: Column with a vector for each frame.
        kind: ``delta``: x, y, z, rx, ry, rz displacements from frame to frame. ``pose``: x, y, z [m] and the first two
            rows of the rotation matrix, absolute.
        start: First entry of the displacement or pose.
        gripper: Entry of the absolute gripper command.
        closed: Its value when closed.
        opened: Its value when open.
        task: Which entry of ``task_index`` names the task, where there are several.
    """

    name: str = ACTION
    kind: str = "delta"
    start: int = 0
    gripper: int = 6
    closed: float = 0.0
    opened: float = 1.0
    task: int = 0

    def __post_init__(self) -> None:
        if self.kind not in ("delta", "pose"):
            raise ConfigurationError(f'columns of kind "{self.kind}": {did_you_mean(self.kind, ("delta", "pose"))}')


_ASTRIBOT = "cartesian_so3_dict.cartesian_pose_command"
LAYOUTS = {
    "standard": Columns(),
    "astribot_left": Columns(_ASTRIBOT, "pose", 9, 18, closed=100.0, opened=0.0),
    "astribot_right": Columns(_ASTRIBOT, "pose", 19, 28, closed=100.0, opened=0.0),
}
"""Layouts by name."""


class LeRobotDataset:
    """A data set on the disk.

    Attributes:
        folder: Its folder.
        episodes: Numbers of its episodes.
        cameras: Names of its videos and image columns, those whose files are missing left out.
    """

    def __init__(self, folder: Path, columns: Columns | None = None, camera: str = "", hertz: float = HERTZ) -> None:
        """Open a data set.

        Args:
            folder: Its folder, which holds ``meta/info.json``.
            columns: Where the motion is; ``LAYOUTS["standard"]`` by default.
            camera: Whose images to take; may be left out when there is only one.
            hertz: Steps per second [1/s]; the frames between two steps are added up.

        Raises:
            RecordingError: The data set cannot be read, or has another version.
            ConfigurationError: It has no such camera or column, or its actions are joint angles.
        """
        self.folder, self._columns = folder, columns or LAYOUTS["standard"]
        self._files = LeRobotFiles(folder)
        self.episodes, self.cameras = self._files.episodes, self._files.cameras
        self._stride = max(1, round(self._files.fps / hertz))
        features = self._files.features
        if self._columns.name not in features:
            vectors = [name for name, feature in features.items() if feature["dtype"].startswith("float")]
            raise ConfigurationError(
                f'{folder} has no column "{self._columns.name}": {did_you_mean(self._columns.name, vectors)}'
            )
        if self._columns.name == ACTION and any("joint" in str(name) for name in features[ACTION].get("names") or ()):
            raise ConfigurationError(
                f"{folder}: its actions are joint angles, not displacements; convert the bags it was made of instead"
            )
        self._camera = camera or (self.cameras[0] if len(self.cameras) == 1 else "")
        if self._camera not in self.cameras:
            raise ConfigurationError(
                f'{folder}: camera "{camera}" cannot be used: {did_you_mean(camera, self.cameras)} (choose one)'
            )

    def actions(self, episode: int) -> FloatArray:
        """Return the (N, 7) actions of an episode: displacement [m, rad] and gripper (0 closed … 1 open).

        Raises:
            RecordingError: The episode cannot be read.
        """
        return self._actions(self._files.table(episode), episode)

    def demonstration(self, episode: int) -> Demonstration:
        """Return an episode with its images.

        Raises:
            RecordingError: The episode cannot be read.
        """
        table = self._files.table(episode)
        actions = self._actions(table, episode)
        frames = (np.arange(len(actions)) * self._stride).tolist()
        tasks = np.stack(table["task_index"].to_numpy(zero_copy_only=False)).reshape(table.num_rows, -1)
        entry = min(self._columns.task, tasks.shape[1] - 1)
        stamps = np.asarray(table["timestamp"].to_numpy(), dtype=np.float64)
        return Demonstration(
            f"{self.folder.name}/episode_{episode:06d}",
            self._files.pictures(episode, self._camera, frames, table),
            [self._files.tasks.get(int(tasks[frame, entry]), "") for frame in frames],
            actions,
            [round(float(stamps[frame]) * 1e9) for frame in frames],
        )

    def _actions(self, table: Any, episode: int) -> FloatArray:
        path, columns = self._files.data_file(episode), self._columns
        if not {columns.name, "task_index", "timestamp"} <= set(table.column_names):
            raise RecordingError(f"{path}: {columns.name}, task_index or timestamp is missing: {table.column_names}")
        rows = np.stack(table[columns.name].to_numpy(zero_copy_only=False)).astype(np.float64)
        needed = max(columns.start + (9 if columns.kind == "pose" else 6), columns.gripper + 1)
        if rows.ndim != 2 or rows.shape[1] < needed or not np.isfinite(rows).all():
            raise RecordingError(
                f"{path}: {columns.name} should be {needed} or more finite numbers in each frame, not {rows.shape}"
            )
        gripper = (rows[:, columns.gripper] - columns.closed) / (columns.opened - columns.closed)
        motion = (
            _between(rows, columns, self._stride) if columns.kind == "pose" else _summed(rows, columns, self._stride)
        )
        last = np.minimum(np.arange(1, len(motion) + 1) * self._stride, len(rows)) - 1
        return np.column_stack((motion, _decided(gripper)[last]))


def _decided(gripper: FloatArray) -> FloatArray:
    """Return the gripper as open or closed; while it is on its way, as what it is on its way to."""
    known = np.flatnonzero((gripper < 0.05) | (gripper > 0.95))
    if not known.size:
        return (gripper > 0.5).astype(np.float64)
    after = known[np.minimum(np.searchsorted(known, np.arange(len(gripper))), len(known) - 1)]
    return (gripper[after] > 0.5).astype(np.float64)


def _summed(rows: FloatArray, columns: Columns, stride: int) -> FloatArray:
    """Return the (N, 6) displacements of every ``stride`` frames; small rotations add up."""
    return np.add.reduceat(rows[:, columns.start : columns.start + 6], np.arange(0, len(rows), stride), axis=0)


def _between(rows: FloatArray, columns: Columns, stride: int) -> FloatArray:
    """Return the (N, 6) displacements between every ``stride``-th pose; what is left at the end is no step."""
    chosen = rows[::stride, columns.start : columns.start + 9]
    turn = Rotation.from_matrix(rotation_from_rows(chosen[:, 3:9]))
    turned = (turn[1:] * turn[:-1].inv()).as_rotvec()
    return np.column_stack((np.diff(chosen[:, :3], axis=0), turned))


def layout(name: str) -> Columns:
    """Return a layout by name.

    Raises:
        ConfigurationError: There is none of that name.
    """
    if name not in LAYOUTS:
        raise ConfigurationError(f'layout "{name}": {did_you_mean(name, LAYOUTS)}')
    return LAYOUTS[name]
