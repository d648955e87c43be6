"""LeRobot data sets to bags: one for each episode, to be looked at and replayed with the tools of ROS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.recording.bag_writer import BagWriter
from roboact_ros.recording.schema import typestore
from roboact_ros.recording.version import installed_version
from roboact_ros.types import FloatArray
from roboact_train.data.frames import GRIPPER
from roboact_train.data.lerobot_episode import is_truncated
from roboact_train.data.lerobot_files import LeRobotFiles
from roboact_train.data.pictures import jpeg

EPOCH_NS = 1_000_000_000
"""Unix time [ns] of the first frame of data that do not say when they were recorded."""
_VECTORS = ("observation.state", "action")
_STRING, _IMAGE = "std_msgs/msg/String", "sensor_msgs/msg/CompressedImage"
_JOINTS, _ACTION = "sensor_msgs/msg/JointState", "trajectory_msgs/msg/JointTrajectory"


def write_bag(dataset: LeRobotFiles, episode: int, path: Path) -> int:
    """Write one episode as the new bag ``path``, and return the number of its frames.

    ``observation.state`` becomes ``joint_states`` (and ``gripper``), ``action`` becomes ``executor/action``, each video
    or image column a camera. Numbers keep the names that the data set gives them.

    Raises:
        RecordingError: The episode cannot be read.
    """
    table = dataset.table(episode)
    count = int(table.num_rows)
    stamps = _stamps(table, dataset.fps)
    tasks = [dataset.tasks.get(_first(task), "") for task in table["task_index"].to_pylist()]
    vectors = {name: _vectors(dataset, table, name) for name in _VECTORS}
    images = {_camera(name): dataset.pictures(episode, name, range(count), table) for name in dataset.cameras}
    notes = {
        "instruction": tasks[0],
        "outcome": "cut off" if is_truncated(table) else "saved",
        "converted_from": f"{dataset.folder.name}, episode {episode}",
        "roboact_version": installed_version(),
    }
    with BagWriter(path, notes) as bag:
        said = ""
        for row, stamp in enumerate(stamps):
            if tasks[row] != said:
                said = tasks[row]
                bag.write("/instruction", _STRING, _cdr(_STRING, data=said), stamp)
            for camera, pictures in images.items():
                data = np.frombuffer(jpeg(pictures[row]), np.uint8)
                message = _cdr(_IMAGE, header=_header(stamp, camera), format="rgb8; jpeg compressed bgr8", data=data)
                bag.write(f"/camera/{camera}/image/compressed", _IMAGE, message, stamp)
            for topic, names, values in _states(*vectors["observation.state"], row):
                bag.write(topic, _JOINTS, _joints(stamp, names, values), stamp)
            names, rows = vectors["action"]
            if names:
                bag.write("/executor/action", _ACTION, _target(stamp, names, rows[row]), stamp)
    return count


def bag_name(dataset: LeRobotFiles, episode: int) -> str:
    """Return the name of the bag of an episode."""
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '_', dataset.folder.resolve().name)}_episode_{episode:06d}"


def _states(names: Sequence[str], rows: FloatArray, row: int) -> list[tuple[str, Sequence[str], FloatArray]]:
    if not names:
        return []
    if names[-1] != GRIPPER or len(names) == 1:
        return [("/joint_states", names, rows[row])]
    return [("/joint_states", names[:-1], rows[row, :-1]), ("/gripper", names[-1:], rows[row, -1:])]


def _vectors(dataset: LeRobotFiles, table: Any, name: str) -> tuple[list[str], FloatArray]:
    """Return the names of the entries and the (N, M) rows of a column; no names where there is none."""
    if name not in table.column_names:
        return [], np.empty((0, 0))
    rows = np.stack(table[name].to_numpy(zero_copy_only=False)).astype(np.float64).reshape(table.num_rows, -1)
    given = dataset.names(name)
    if len(given) != rows.shape[1]:
        given = [f"{name.rpartition('.')[2]}_{i}" for i in range(rows.shape[1])]
    return given, rows


def _stamps(table: Any, fps: float) -> list[int]:
    if "stamp_ns" in table.column_names:
        return [int(_first(stamp)) for stamp in table["stamp_ns"].to_pylist()]
    seconds = np.asarray(table["timestamp"].to_numpy(), dtype=np.float64)
    # Stored in single precision: the frame that it stands for is meant.
    frames = np.round(seconds * fps)
    exact = frames / fps if np.allclose(frames / fps, seconds, atol=1e-3) else seconds
    return [EPOCH_NS + round(at * 1e9) for at in exact.tolist()]


def _camera(column: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "_", column.removeprefix("observation.").removeprefix("images."))


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


def _joints(stamp: int, names: Sequence[str], values: FloatArray) -> bytes:
    none = np.empty(0)
    return _cdr(_JOINTS, header=_header(stamp, "base"), name=list(names), position=values, velocity=none, effort=none)


def _target(stamp: int, names: Sequence[str], values: FloatArray) -> bytes:
    types = typestore().types
    none = np.empty(0)
    point = types["trajectory_msgs/msg/JointTrajectoryPoint"](
        positions=values,
        velocities=none,
        accelerations=none,
        effort=none,
        time_from_start=types["builtin_interfaces/msg/Duration"](sec=0, nanosec=0),
    )
    return _cdr(_ACTION, header=_header(stamp, "dataset"), joint_names=list(names), points=[point])


def _header(stamp: int, frame: str) -> object:
    types = typestore().types
    time = types["builtin_interfaces/msg/Time"](sec=stamp // 10**9, nanosec=stamp % 10**9)
    return types["std_msgs/msg/Header"](stamp=time, frame_id=frame)


def _cdr(type_name: str, **fields: object) -> bytes:
    store = typestore()
    return bytes(store.serialize_cdr(store.types[type_name](**fields), type_name))


def check_dataset(path: Path) -> LeRobotFiles:
    """Open a LeRobot data set.

    Raises:
        RecordingError: It is none, or has nothing that bags hold.
    """
    if not (path / "meta" / "info.json").is_file():
        raise RecordingError(f"{path} is no LeRobot data set (it has no meta/info.json); only those become bags")
    dataset = LeRobotFiles(path)
    if not set(_VECTORS) & set(dataset.features):
        raise RecordingError(
            f"{path} has neither {' nor '.join(_VECTORS)}, so what the arms did would be lost in a bag; it has "
            f"{', '.join(dataset.features)}"
        )
    return dataset
