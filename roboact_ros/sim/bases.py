"""Where the arms of a cell stand in its simulated world, whose frame is the base of the first arm."""

from __future__ import annotations

import numpy as np

from roboact_ros.cells.description import Cell
from roboact_ros.errors import SimulationError
from roboact_ros.execution.poses import inverse_pose, pose_from_vector, vector_from_pose
from roboact_ros.sim.scene import Planar

_LEVEL = 1e-6


def planar_bases(cell: Cell) -> list[Planar]:
    """Return a place for each arm.

    Raises:
        SimulationError: The bases do not stand upright on one plane, which is all that can be simulated.
    """
    if not cell.arms:
        return [Planar(0.0, 0.0)]
    poses = [pose_from_vector(*cell.arms[name].pose_base_in_cell) for name in ("left", "right")]
    x, y, z, rx, ry, yaw = vector_from_pose(inverse_pose(poses[0]) @ poses[1]).tolist()
    if max(np.abs((z, rx, ry))) > _LEVEL:
        raise SimulationError(
            f"simulated arms stand upright on one plane; the right one is {z:g} m above the left one, turned by"
            f" ({rx:g}, {ry:g}, {yaw:g}) rad"
        )
    return [Planar(0.0, 0.0), Planar(x, y, yaw)]
