"""What a system file must say of its arms beyond types: joints, and the URDF of arms that have one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from roboact_ros.cells.description import Cell
from roboact_ros.errors import ConfigurationError
from roboact_ros.urdf import read_urdf

_UR_JOINTS = 6
_ORIGIN = (0.0,) * 6


def complete_urdf_arms(content: dict[str, Any], folder: Path) -> None:
    """Fill in, for arms of a URDF, what is a matter of course there.

    Args:
        content: What a system file says, not yet validated; changed in place.
        folder: Where it lies; paths of URDF files are relative to it.
    """
    arms = [content.get("arm"), *(arms.values() if isinstance(arms := content.get("arms"), dict) else ())]
    for arm in arms:
        if not isinstance(arm, dict) or arm.get("model") != "urdf":
            continue
        arm.setdefault("tcp", list(_ORIGIN))
        arm.setdefault("home", [])
        if isinstance(arm.get("urdf"), str) and arm["urdf"]:
            arm["urdf"] = str((folder / Path(arm["urdf"]).expanduser()).absolute())
        content.setdefault("gripper", {"kind": "none"})


def check_joints(cell: Cell, origin: str) -> None:
    """Refuse arms whose home or URDF cannot be used.

    Args:
        cell: The cell.
        origin: Names it in error messages.

    Raises:
        ConfigurationError: With the key, the bad value and the valid ones.
    """
    heard: dict[tuple[str, str], str] = {}
    for name in cell.arm_names:
        one, key = cell.of_arm(name), f"arms.{name}" if name else "arm"
        if one.arm.model == "urdf":
            for joint in _check_urdf(one, origin, key):
                topic = one.arm.joint_states
                if (other := heard.setdefault((topic, joint), key)) != key:
                    raise ConfigurationError(
                        f"{origin}: {other} and {key} would both take {joint} on {topic} for their own; give each arm"
                        " its own joint_states, or a URDF with joint names of its own"
                    )
        elif len(one.arm.home) != _UR_JOINTS:
            raise ConfigurationError(
                f"{origin}: {key}.home has {len(one.arm.home)} joints, the {one.arm.model} has {_UR_JOINTS}"
            )


def _check_urdf(cell: Cell, origin: str, key: str) -> tuple[str, ...]:
    """Return the names of the joints, after checking that the arm can be used."""
    arm = cell.arm
    if missing := [field for field in ("urdf", "base", "tool", "home") if not getattr(arm, field)]:
        raise ConfigurationError(f"{origin}: {key} of model urdf also needs {', '.join(missing)}")
    if arm.robot_ip != "sim":
        raise ConfigurationError(
            f"{origin}: {key}.robot_ip is {arm.robot_ip}, but an arm of a URDF is reached over the topics "
            f"{key}.command and {key}.joint_states"
        )
    if cell.gripper.kind != "none":
        raise ConfigurationError(
            f"{origin}: gripper.kind {cell.gripper.kind} is driven by Universal Robots only; with a URDF, valid: none"
        )
    try:
        found = read_urdf(Path(arm.urdf), arm.base, arm.tool)
    except ConfigurationError as error:
        raise ConfigurationError(f"{origin}: {key}: {error}") from None
    try:
        found.check_inside(arm.home)
    except ConfigurationError as error:
        raise ConfigurationError(f"{origin}: {key}.home: {error}") from None
    return found.joints
