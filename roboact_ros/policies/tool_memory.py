"""Remembers where a tool was and what its gripper did, for policies that see images from a moment ago."""

from __future__ import annotations

from collections import deque

from roboact_ros.types import FloatArray, ToolState

_REMEMBERED = 256
"""Poses, and states of the gripper: five seconds of each."""

_NEAR_NS = 60_000_000
"""A pose is known at a time when there is one that is so near to it [ns]; 50 a second are told."""


class ToolMemory:
    """Of one arm; times are all of one clock [ns]. A cell without a gripper has one that is open.

    One thread may tell while another asks: nothing is iterated over but copies, which Python makes in one go.
    """

    def __init__(self) -> None:
        self._poses: deque[tuple[int, FloatArray]] = deque(maxlen=_REMEMBERED)
        self._grippers: deque[tuple[int, bool, float]] = deque(maxlen=_REMEMBERED)

    @property
    def newest_ns(self) -> int | None:
        """When the newest pose was; None before the first."""
        return self._poses[-1][0] if self._poses else None

    def moved(self, stamp_ns: int, pose: FloatArray) -> None:
        """Note a pose (4, 4) of the tool in the base [m]."""
        self._poses.append((stamp_ns, pose))

    def gripped(self, stamp_ns: int, is_open: bool, opening: float) -> None:
        """Note whether the gripper is open, and how far, 0 closed … 1 open."""
        self._grippers.append((stamp_ns, is_open, opening))

    def at(self, stamp_ns: int) -> ToolState | None:
        """Return the state at a time; None if no pose is near to it.

        Between two poses the position is interpolated, and the rotation is that of the nearer one. The gripper is as it
        was told last before.
        """
        pose = self._pose_at(stamp_ns)
        if pose is None:
            return None
        grippers = list(self._grippers)
        told = [one for one in grippers if one[0] <= stamp_ns] or grippers[:1] or [(0, True, 1.0)]
        return ToolState(pose, *told[-1][1:])

    def _pose_at(self, stamp_ns: int) -> FloatArray | None:
        poses = list(self._poses)
        after = next((number for number, (at_ns, _) in enumerate(poses) if at_ns >= stamp_ns), len(poses))
        around = poses[max(0, after - 1) : after + 1]
        if not around:
            return None
        nearest_ns, nearest = min(around, key=lambda one: abs(one[0] - stamp_ns))
        if abs(nearest_ns - stamp_ns) > _NEAR_NS:
            return None
        pose = nearest.copy()
        if len(around) == 2 and around[0][0] < around[1][0]:
            (first_ns, first), (second_ns, second) = around
            share = (stamp_ns - first_ns) / (second_ns - first_ns)
            pose[:3, 3] = first[:3, 3] + share * (second[:3, 3] - first[:3, 3])
        return pose
