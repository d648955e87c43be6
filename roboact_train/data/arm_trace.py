"""The measured arm of an episode, by time."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from roboact_ros.errors import RecordingError
from roboact_ros.recording.reader import Episode
from roboact_train.data.samples import ArmTrace

_Rows = list[tuple[int, list[float]]]


class ArmStates:
    """Tool poses and joints of one bag; empty where they were not recorded.

    Raises:
        RecordingError: A number in them is not finite.
    """

    def __init__(self, episode: Episode) -> None:
        self._poses = _read(episode, "tcp_pose", _pose)
        self._joints = _read(episode, "joint_states", lambda message: message.position)

    def trace(self, before_ns: int, after_ns: int) -> ArmTrace | None:
        """Return the arm at two times [ns, log time], or None when it was not measured until then."""
        pose, joints = (_rows_at(rows, before_ns, after_ns) for rows in (self._poses, self._joints))
        if pose is None or joints is None:
            return None
        vectors = [(*p[:3], *Rotation.from_quat(p[3:]).as_rotvec().tolist()) for p in pose]
        return ArmTrace(vectors[0], vectors[1], tuple(joints[0]), tuple(joints[1]))


def _pose(message: Any) -> list[float]:
    p, o = message.pose.position, message.pose.orientation
    return [p.x, p.y, p.z, o.x, o.y, o.z, o.w]


def _read(episode: Episode, topic: str, numbers: Callable[[Any], Any]) -> _Rows:
    if episode.full_name(topic) not in episode.topics:
        return []
    rows = []
    for name, logged, message in episode.messages([topic]):
        row = np.asarray(numbers(message), dtype=np.float64)
        if not np.isfinite(row).all():
            seconds = (logged - episode.start_ns) / 1e9
            raise RecordingError(f"{episode.path}, topic {name}: {row.tolist()} {seconds:.2f} s after the start")
        rows.append((logged, row.tolist()))
    return rows


def _rows_at(rows: _Rows, *times_ns: int) -> list[list[float]] | None:
    places = [bisect.bisect_right(rows, at, key=lambda row: row[0]) for at in times_ns]
    return [rows[place - 1][1] for place in places] if all(places) else None
