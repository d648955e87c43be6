"""Builds a Universal Robots arm from its Denavit-Hartenberg table out of primitive shapes.

Body i carries link i and its frame is the DH frame i-1 turned by joint i, so that MuJoCo's joint angles are the
robot's. Off the joint axes, the shape follows the real arm: the upper arm runs beside the shoulder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco

from roboact_ros.robots import RobotModel
from roboact_ros.sim.scene import ArmPlacement
from roboact_ros.sim.shapes import WORLD_BIT, capsule, cylinder, quaternion_x, quaternion_z


@dataclass(frozen=True, slots=True)
class JointDrive:
    """Servo of one joint: stiffness [N m/rad], damping [N m s/rad], rotor inertia [kg m^2], torque limit [N m]."""

    stiffness: float
    damping: float
    armature: float
    torque: float


_BIG = JointDrive(stiffness=30000.0, damping=500.0, armature=0.5, torque=150.0)
_SMALL = JointDrive(stiffness=5000.0, damping=60.0, armature=0.1, torque=28.0)
DRIVES = (_BIG, _BIG, _BIG, _SMALL, _SMALL, _SMALL)

_DENSITY = 1100.0
"""Gives the links about the masses that the maker publishes [kg/m^3]."""


def joint_name(arm: int, joint: int) -> str:
    """Name of joint ``joint`` (0 … 5) of arm ``arm``; its actuator has the same name."""
    return f"arm{arm}/joint{joint}"


def flange_name(arm: int) -> str:
    """Name of the site at the flange of arm ``arm``."""
    return f"arm{arm}/flange"


def contact_bits(arm: int, arms: int) -> dict[str, int]:
    """Contact type and affinity of arm ``arm``: it meets the world and every other arm, but not itself."""
    others = sum(2 << other for other in range(arms) if other != arm)
    return {"contype": 2 << arm, "conaffinity": WORLD_BIT | others}


def add_arm(spec: Any, arm: int, placement: ArmPlacement, arms: int, floor_z: float) -> Any:
    """Add arm number ``arm`` of ``arms`` to ``spec``, on a pedestal that stands at ``floor_z`` [m].

    Returns:
        The body of the last link; the tool is attached to it at the flange site.
    """
    model, base = placement.model, placement.base
    look = {**contact_bits(arm, arms), "density": _DENSITY}
    body = spec.worldbody.add_body(name=f"arm{arm}/base", pos=[base.x, base.y, 0.0], quat=quaternion_z(base.yaw))
    cylinder(body, (0, 0, floor_z), (0, 0, -0.012), 0.085, material="pedestal", **look)
    cylinder(body, (0, 0, -0.012), (0, 0, 0.0), 0.11, material="dark", **look)
    cylinder(body, (0, 0, 0.0), (0, 0, model.d[0] - 0.07), 0.075, material="aluminium", **look)
    offset = (0.0, 0.0, 0.0)
    twist = 0.0
    for joint in range(6):
        body = body.add_body(name=f"arm{arm}/link{joint}", pos=list(offset), quat=quaternion_x(twist), gravcomp=1.0)
        drive = DRIVES[joint]
        limit = model.position_limit[joint]
        body.add_joint(
            name=joint_name(arm, joint),
            type=mujoco.mjtJoint.mjJNT_HINGE,
            axis=[0, 0, 1],
            range=[-limit, limit],
            limited=True,
            armature=drive.armature,
        )
        _add_servo(spec, joint_name(arm, joint), drive)
        _LINK_SHAPES[joint](body, model, look)
        offset = (model.a[joint], 0.0, model.d[joint])
        twist = model.alpha[joint]
    body.add_site(name=flange_name(arm), pos=list(offset), quat=quaternion_x(twist), group=4)
    return body


def _add_servo(spec: Any, name: str, drive: JointDrive) -> None:
    servo = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    servo.set_to_position(kp=drive.stiffness, kv=drive.damping)
    servo.forcelimited = True
    servo.forcerange = [-drive.torque, drive.torque]


def _beside(model: RobotModel) -> float:
    """Distance of the upper arm's tube from the shoulder along its joint axis [m]."""
    return model.d[3] + 0.005


def _shoulder(body: Any, model: RobotModel, look: dict[str, Any]) -> None:
    z = model.d[0]
    cylinder(body, (0, 0, z - 0.07), (0, 0, z - 0.058), 0.062, material="dark", **look)
    cylinder(body, (0, 0, z - 0.058), (0, 0, z + 0.045), 0.060, material="aluminium", **look)
    cylinder(body, (0, 0, z + 0.045), (0, 0, z + 0.058), 0.054, material="ur blue", **look)
    cylinder(body, (0, 0.02, z), (0, 0.012 - _beside(model) / 2, z), 0.056, material="aluminium", **look)


def _upper_arm(body: Any, model: RobotModel, look: dict[str, Any]) -> None:
    length, z = model.a[1], _beside(model)
    for x in (0.0, length):
        radius = 0.060 if x == 0.0 else 0.055
        cylinder(body, (x, 0, z - 0.062), (x, 0, z + 0.050), radius, material="aluminium", **look)
        cylinder(body, (x, 0, z + 0.050), (x, 0, z + 0.064), radius - 0.006, material="ur blue", **look)
    cylinder(body, (0, 0, z - 0.070), (0, 0, z - 0.062), 0.061, material="dark", **look)
    capsule(body, (0, 0, z), (length, 0, z), 0.046, material="tube", **look)


def _forearm(body: Any, model: RobotModel, look: dict[str, Any]) -> None:
    length, z = model.a[2], 0.012
    reach = _beside(model) - 0.062
    cylinder(body, (0, 0, reach - 0.008), (0, 0, reach), 0.056, material="dark", **look)
    cylinder(body, (0, 0, z - 0.052), (0, 0, reach - 0.008), 0.054, material="aluminium", **look)
    cylinder(body, (0, 0, z - 0.066), (0, 0, z - 0.052), 0.048, material="ur blue", **look)
    capsule(body, (0, 0, z), (length, 0, z), 0.038, material="tube", **look)
    cylinder(body, (length, 0, z - 0.045), (length, 0, z + 0.048), 0.042, material="aluminium", **look)
    cylinder(body, (length, 0, z - 0.057), (length, 0, z - 0.045), 0.036, material="ur blue", **look)


def _wrist(along: float, other: float, body: Any, look: dict[str, Any]) -> None:
    """Add one wrist joint: a barrel along the joint up to ``along``, one across it towards y = ``other``."""
    side = 1.0 if other > 0 else -1.0
    cylinder(body, (0, 0, 0.052), (0, 0, along), 0.038, material="aluminium", **look)
    cylinder(body, (0, 0, 0.045), (0, 0, 0.052), 0.040, material="dark", **look)
    cylinder(body, (0, -side * 0.040, along), (0, side * 0.045, along), 0.039, material="aluminium", **look)
    cylinder(body, (0, -side * 0.051, along), (0, -side * 0.040, along), 0.034, material="ur blue", **look)


def _wrist_1(body: Any, model: RobotModel, look: dict[str, Any]) -> None:
    # The forearm's end covers the first 6 cm of this barrel.
    _wrist(model.d[3], -1.0, body, look)


def _wrist_2(body: Any, model: RobotModel, look: dict[str, Any]) -> None:
    _wrist(model.d[4], 1.0, body, look)


def _wrist_3(body: Any, model: RobotModel, look: dict[str, Any]) -> None:
    end = model.d[5]
    cylinder(body, (0, 0, 0.045), (0, 0, end - 0.018), 0.038, material="aluminium", **look)
    cylinder(body, (0, 0, end - 0.018), (0, 0, end), 0.0375, material="dark", **look)


_LINK_SHAPES = (_shoulder, _upper_arm, _forearm, _wrist_1, _wrist_2, _wrist_3)
