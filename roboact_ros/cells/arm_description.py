"""What a system file may say of an arm and its gripper."""

from __future__ import annotations

from math import pi
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from roboact_ros.cells.values import STRICT, Number, Positive, Six

ARMS = ("left", "right")
"""Names of the arms of a cell that has two."""


def topic_of_arm(arm: str, topic: str) -> str:
    """Return the name of a topic below that of its arm; the only arm of a cell has none."""
    return f"{arm}/{topic}" if arm else topic


@dataclass(frozen=True, config=STRICT)
class ArmDescription:
    """The arm.

    Attributes:
        model: Published kinematics to use; ``urdf`` for those of a file, whose arm is reached over ROS topics.
        robot_ip: Address of the controller; ``sim`` starts a simulated one at ``sim.address``.
        tcp: Tool centre point in the flange (of ``urdf``: in ``tool``, by default its origin): x, y, z [m], rotation
            vector [rad].
        home: Joint positions of the home pose [rad]; the default is the one of the CLIP-RT authors.
        calibrated: Use the robot's own calibrated kinematics when it offers them.
        urdf: URDF file, relative to the folder of the system file.
        base: Frame of the file in which the tool is moved.
        tool: Frame of the file that is moved.
        link_radius: Radius of the capsules that stand for the links of ``urdf`` [m].
        rate_hz: Joint targets per second of ``urdf``; those of the other models are given.
        command: Topic that the joint targets of ``urdf`` are published on, as JointTrajectory.
        joint_states: Topic on which the arm of ``urdf`` tells its joints, as JointState.
    """

    model: Literal["ur5", "ur5e", "urdf"] = "ur5e"
    robot_ip: str = "sim"
    tcp: Six = (0.0, 0.0, 0.15, 0.0, 0.0, 0.0)
    home: tuple[Number, ...] = (pi, -pi / 2, pi / 2, 3 * pi / 2, -pi / 2, -pi / 2)
    calibrated: bool = True
    urdf: str = ""
    base: str = ""
    tool: str = ""
    link_radius: Positive = 0.06
    rate_hz: Annotated[float, Field(ge=10.0, le=1000.0)] = 100.0
    command: str = "/joint_trajectory_controller/joint_trajectory"
    joint_states: str = "/joint_states"

    @property
    def simulated(self) -> bool:
        """Whether a simulated robot takes its place."""
        return self.robot_ip == "sim" and self.model != "urdf"


@dataclass(frozen=True, config=STRICT)
class PlacedArmDescription(ArmDescription):
    """One arm of two.

    Attributes:
        pose_base_in_cell: Where its base stands: x, y, z [m], rotation vector [rad]. The frame of the cell is any that
            both arms are measured in.
    """

    pose_base_in_cell: Six = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, config=STRICT)
class GripperDescription:
    """The gripper; of a cell with two arms, that of each.

    Attributes:
        kind: ``robotiq`` (its socket on the controller), ``digital_output`` (one output pin) or ``none``.
        pin: Standard digital output that closes a ``digital_output`` gripper when high.
    """

    kind: Literal["robotiq", "digital_output", "none"] = "robotiq"
    pin: Annotated[int, Field(ge=0, le=7)] = 0
