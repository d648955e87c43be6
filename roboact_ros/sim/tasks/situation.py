"""What a task may look at: the true state of the table, taken from the physics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from roboact_ros.sim.world import World
from roboact_ros.types import FloatArray, GripperState


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """One moment of a world with one arm; everything in the base frame.

    Attributes:
        tool: (3,) tool centre point [m].
        gripper: Measured state of the gripper.
        poses: (4, 4) pose of every object [m]; of a drawer or lid, the part that moves.
        openings: How far drawers [m] and lids [rad] are open.
        table_z: Height of the table top [m].
    """

    tool: FloatArray
    gripper: GripperState
    poses: Mapping[str, FloatArray]
    openings: Mapping[str, float]
    table_z: float

    def position(self, name: str) -> FloatArray:
        """Return the (3,) position of an object [m]."""
        return self.poses[name][:3, 3]

    def holds(self, name: str, grip: FloatArray | None = None) -> bool:
        """Whether the gripper holds an object by its point ``grip``, (3,) [m]; by default its middle."""
        point = self.position(name) if grip is None else grip
        return self.gripper.holding and bool(np.linalg.norm(self.tool - point) < 0.035)

    def free_of(self, name: str) -> bool:
        """Whether the gripper is open and well away from an object, which therefore stands by itself."""
        away = float(np.linalg.norm(self.tool - self.position(name)))
        return self.gripper.opening > 0.8 and away > 0.06

    def resting_on_table(self, name: str, height: float) -> bool:
        """Whether the middle of an object is as high above the table as it is when it stands there [m]."""
        return abs(float(self.position(name)[2]) - self.table_z - height) < 0.008


def observe(world: World) -> Situation:
    """Return the present situation of a world, as seen from its arm 0."""
    contents = world.scene.contents
    opened = [drawer.name for drawer in contents.drawers] + [box.name for box in contents.boxes]
    return Situation(
        tool=world.arms[0].pose_tool_in_world[:3, 3],
        gripper=world.arms[0].read().gripper,
        poses={name: world.pose_object_in_base(name) for name in world.objects},
        openings={name: world.opening(name) for name in opened},
        table_z=world.scene.table_z,
    )


def from_report(
    report: Mapping[str, Mapping[str, Any]], tool: FloatArray, gripper: GripperState, table_z: float
) -> Situation:
    """Return the situation of a world in another process.

    Args:
        report: The objects, as :meth:`World.report` and the port of the simulated world tell them.
        tool: (3,) tool centre point in the base [m], from the arm.
        gripper: State of the gripper, from the gripper.
        table_z: Height of the table top in the base [m], from the scene.
    """
    poses = {}
    for name, item in report.items():
        w, x, y, z = item["quaternion"]
        poses[name] = np.eye(4)
        poses[name][:3, :3] = Rotation.from_quat([x, y, z, w]).as_matrix()
        poses[name][:3, 3] = item["position"]
    openings = {name: float(item["opening"]) for name, item in report.items() if "opening" in item}
    return Situation(np.array(tool), gripper, poses, openings, table_z)
