"""What a task for two arms may look at: the true state of the table, taken from the physics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from roboact_ros.errors import SimulationError
from roboact_ros.sim.scene import Tray
from roboact_ros.sim.world import World
from roboact_ros.types import FloatArray, GripperState

LEFT, RIGHT = 0, 1

_GRIP = 0.055
"""Where a post is held: above the bottom of the board [m]."""


@dataclass(frozen=True, slots=True, eq=False)
class PairSituation:
    """One moment of a world with two arms; everything in the base frame of the left one.

    Attributes:
        tools: (2, 3) tool centre points, left and right [m].
        grippers: Measured states of the grippers.
        poses: (4, 4) pose of every object [m]; of a drawer or lid, the part that moves.
        openings: How far drawers [m] and lids [rad] are open.
        table_z: Height of the table top [m].
    """

    tools: FloatArray
    grippers: tuple[GripperState, GripperState]
    poses: Mapping[str, FloatArray]
    openings: Mapping[str, float]
    table_z: float

    def posts(self, tray: Tray) -> FloatArray:
        """Return (2, 3) where its posts are held, left and right [m]."""
        ends = np.array([[0.0, side * tray.posts / 2, _GRIP, 1.0] for side in (1, -1)])
        held: FloatArray = (ends @ self.poses[tray.name].T)[:, :3]
        return held

    def holds(self, arm: int, point: FloatArray) -> bool:
        """Whether a gripper holds what is at ``point``, (3,) [m]."""
        return self.grippers[arm].holding and float(np.linalg.norm(self.tools[arm] - point)) < 0.035


def observe_pair(world: World) -> PairSituation:
    """Return the present situation of a world with two arms.

    Raises:
        SimulationError: It has another number of arms.
    """
    if len(world.arms) != 2:
        raise SimulationError(f"a task for two arms needs two, not {len(world.arms)}")
    left, right = world.arms
    contents = world.scene.contents
    opened = [drawer.name for drawer in contents.drawers] + [box.name for box in contents.boxes]
    return PairSituation(
        tools=np.array([arm.pose_tool_in_world[:3, 3] for arm in world.arms]),
        grippers=(left.read().gripper, right.read().gripper),
        poses={name: world.pose_object_in_base(name) for name in world.objects},
        openings={name: world.opening(name) for name in opened},
        table_z=world.scene.table_z,
    )
