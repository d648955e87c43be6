"""Makes the executor of an arm from the description of its cell, whatever arm that is."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from roboact_ros.cells.description import Cell
from roboact_ros.execution.arm_kinematics import ArmKinematics
from roboact_ros.execution.calibrated import CalibratedKinematics, Calibration
from roboact_ros.execution.executor import Executor
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.limits import Limits
from roboact_ros.execution.poses import pose_from_vector
from roboact_ros.execution.trajectory import ToolLimits
from roboact_ros.robots import robot_model
from roboact_ros.types import FloatArray
from roboact_ros.urdf import read_urdf


def rate_of(cell: Cell) -> float:
    """Return the control rate of a single arm [Hz]."""
    return cell.arm.rate_hz if cell.arm.model == "urdf" else robot_model(cell.arm.model).rate_hz


def kinematics_of(cell: Cell, table: FloatArray | None = None) -> ArmKinematics:
    """Return the kinematics of a single arm.

    Args:
        cell: The cell of that arm.
        table: (4, 6) theta, a, d, alpha of this individual as its controller reports them, None for the published ones.

    Raises:
        ConfigurationError: The arm is that of a URDF, which cannot be used; see :func:`~roboact_ros.urdf.read_urdf`.
    """
    pose_tool = pose_from_vector(*cell.arm.tcp)
    if cell.arm.model == "urdf":
        from roboact_ros.execution.urdf_kinematics import UrdfKinematics

        arm = read_urdf(Path(cell.arm.urdf), cell.arm.base, cell.arm.tool)
        return UrdfKinematics(arm, np.array(cell.arm.home), cell.arm.link_radius, pose_tool)
    model = robot_model(cell.arm.model)
    if table is None:
        return Kinematics(model, pose_tool)
    theta, a, d, alpha = table
    return CalibratedKinematics(model, pose_tool, Calibration.from_table(model, theta, d, a, alpha))


def executor_of(cell: Cell, table: FloatArray | None = None) -> Executor:
    """Return the executor of a single arm; see :func:`kinematics_of`."""
    kinematics = kinematics_of(cell, table)
    return Executor(
        kinematics,
        Limits.from_cell(cell, kinematics),
        ToolLimits.from_safety(cell.safety),
        np.array(cell.arm.home),
        1.0 / rate_of(cell),
        has_gripper=cell.gripper.kind != "none",
    )
