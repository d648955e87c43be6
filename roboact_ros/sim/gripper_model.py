"""Builds a two-finger parallel gripper with the stroke and length of a Robotiq 2F-85.

The fingers slide along the tool's y axis, coupled so that they stay symmetric; the middle between the fingertips, the
tool centre point, is 0.15 m before the flange.
"""

from __future__ import annotations

from typing import Any

import mujoco

from roboact_ros.sim.look import add_camera
from roboact_ros.sim.shapes import box, cylinder

STROKE = 0.085
"""Distance between the open fingers [m]."""
TOOL_LENGTH = 0.15
"""Distance of the tool centre point from the flange [m]."""
SPEEDS = (0.02, 0.15)
"""Slowest and fastest speed between the fingers [m/s]."""
FORCES = (10.0, 80.0)
"""Smallest and largest grip force [N]; well below the real one, which would crush a simulated block."""

_STIFFNESS = 6000.0
_DAMPING = 120.0


def finger_names(arm: int) -> tuple[str, str]:
    """Names of the two finger joints; position 0 is closed, ``STROKE`` / 2 open [m]."""
    return f"arm{arm}/finger0", f"arm{arm}/finger1"


def gripper_name(arm: int) -> str:
    """Name of the actuator that moves both fingers; its control is half the distance between them [m]."""
    return f"arm{arm}/gripper"


def add_gripper(spec: Any, link: Any, arm: int, flange_z: float, bits: dict[str, int]) -> None:
    """Add the gripper of arm ``arm`` to its last link, at ``flange_z`` [m] along the tool's z."""
    hand = link.add_body(name=f"arm{arm}/hand", pos=[0, 0, flange_z], gravcomp=1.0)
    look = {**bits, "density": 1200.0}
    cylinder(hand, (0, 0, 0), (0, 0, 0.018), 0.0375, material="dark", **look)
    box(hand, (0, 0, 0.048), (0.028, 0.036, 0.030), material="gripper", **look)
    box(hand, (0, 0, 0.083), (0.020, 0.060, 0.006), material="dark", **look)
    name = "wrist" if arm == 0 else f"wrist {arm}"
    add_camera(hand, name, (-0.10, 0, 0.045), (-0.03, 0, 0.2), up=(1, 0, 0), fovy=65.0)
    for side, name in zip((1.0, -1.0), finger_names(arm), strict=True):
        _add_finger(hand, name, side, look)
    _couple(spec, arm)


def _add_finger(hand: Any, name: str, side: float, look: dict[str, Any]) -> None:
    finger = hand.add_body(name=name, gravcomp=1.0)
    finger.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_SLIDE,
        axis=[0, side, 0],
        range=[0.0, STROKE / 2],
        limited=True,
        armature=0.3,
        damping=5.0,
    )
    box(finger, (0, side * 0.013, 0.115), (0.010, 0.006, 0.028), material="gripper", **look)
    box(finger, (0, side * 0.010, 0.148), (0.011, 0.005, 0.014), material="gripper", **look)
    pad = box(finger, (0, side * 0.0025, 0.148), (0.011, 0.0025, 0.014), material="pad", **look)
    pad.friction = [1.5, 0.02, 0.0005]
    pad.condim = 4
    pad.priority = 1
    pad.solref = [0.008, 1.0]
    pad.solimp = [0.95, 0.99, 0.001, 0.5, 2.0]


def _couple(spec: Any, arm: int) -> None:
    first, second = finger_names(arm)
    together = spec.add_equality(type=mujoco.mjtEq.mjEQ_JOINT, name1=first, name2=second)
    together.objtype = mujoco.mjtObj.mjOBJ_JOINT
    together.data[:5] = [0.0, 1.0, 0.0, 0.0, 0.0]
    together.solref = [0.005, 1.0]
    tendon = spec.add_tendon(name=gripper_name(arm))
    for name in (first, second):
        tendon.wrap_joint(name, 0.5)
    motor = spec.add_actuator(name=gripper_name(arm), target=gripper_name(arm), trntype=mujoco.mjtTrn.mjTRN_TENDON)
    motor.set_to_position(kp=_STIFFNESS, kv=_DAMPING)
    motor.forcelimited = True
    motor.forcerange = [-FORCES[1], FORCES[1]]
