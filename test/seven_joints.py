"""A URDF arm with seven joints for tests, and the numbers it is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from roboact_ros.types import FloatArray
from roboact_ros.urdf import UrdfArm, read_urdf

JOINTS = (
    # name, origin xyz in the frame before, axis, lower, upper, velocity
    ("shoulder_yaw", (0.0, 0.0, 0.30), (0.0, 0.0, 1.0), -2.9, 2.9, 2.2),
    ("shoulder_pitch", (0.0, 0.0, 0.0), (0.0, 1.0, 0.0), -1.8, 1.8, 2.2),
    ("shoulder_roll", (0.0, 0.0, 0.20), (0.0, 0.0, 1.0), -2.9, 2.9, 2.2),
    ("elbow", (0.0, 0.0, 0.20), (0.0, 1.0, 0.0), -0.1, 2.6, 2.2),
    ("forearm_roll", (0.0, 0.0, 0.19), (0.0, 0.0, 1.0), -2.9, 2.9, 3.0),
    ("wrist_pitch", (0.0, 0.0, 0.19), (0.0, 1.0, 0.0), -1.8, 2.1, 3.0),
    ("wrist_roll", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), -2.9, 2.9, 3.0),
)
LOW, HIGH, SPEED = (np.array([joint[k] for joint in JOINTS]) for k in (3, 4, 5))
TOOL = (0.0, 0.0, 0.16)
HOME = (0.0, 0.35, 0.0, 1.6, 0.0, 1.1, 0.0)
"""The elbow up, the tool down."""


def urdf_text(kind: str = "revolute") -> str:
    """Return the file; the second joint is of a type that may be chosen."""
    lines = ['<robot name="seven">', '  <link name="world"/>', '  <link name="stand"/>']
    lines.append('  <joint name="mount" type="fixed"><parent link="world"/><child link="stand"/>')
    lines.append('    <origin xyz="1 2 3" rpy="0 0 0.5"/></joint>')
    before = "stand"
    for number, (name, xyz, axis, lower, upper, velocity) in enumerate(JOINTS):
        link = f"link_{number + 1}"
        lines += [
            f'  <link name="{link}"/>',
            f'  <joint name="{name}" type="{kind if number == 1 else "revolute"}">',
            f'    <parent link="{before}"/><child link="{link}"/>',
            f'    <origin xyz="{_words(xyz)}" rpy="0 0 0"/><axis xyz="{_words(axis)}"/>',
            f'    <limit lower="{lower}" upper="{upper}" velocity="{velocity}" effort="50"/>',
            "  </joint>",
        ]
        before = link
    lines.append('  <link name="grasp"/>')
    lines.append(f'  <joint name="hand" type="fixed"><parent link="{before}"/><child link="grasp"/>')
    lines.append(f'    <origin xyz="{_words(TOOL)}" rpy="0 0 0"/></joint>')
    return "\n".join([*lines, "</robot>", ""])


def written(folder: Path, text: str | None = None) -> Path:
    """Write the file and return its path."""
    path = folder / "seven.urdf"
    path.write_text(urdf_text() if text is None else text)
    return path


def seven_arm(folder: Path) -> UrdfArm:
    """Return the arm as the file describes it."""
    return read_urdf(written(folder), "stand", "grasp")


def forward_by_hand(q: FloatArray) -> FloatArray:
    """Return the (4, 4) pose of the tool in the stand, from the numbers above and plain rotations."""
    pose = np.eye(4)
    for angle, (_, xyz, axis, *_) in zip(q, JOINTS, strict=True):
        c, s = np.cos(angle), np.sin(angle)
        turn = np.eye(4)
        turn[:3, :3] = [[c, -s, 0], [s, c, 0], [0, 0, 1]] if axis[2] else [[c, 0, s], [0, 1, 0], [-s, 0, c]]
        turn[:3, 3] = xyz
        pose = pose @ turn
    hand = np.eye(4)
    hand[:3, 3] = TOOL
    return np.asarray(pose @ hand)


def _words(numbers: tuple[float, ...]) -> str:
    return " ".join(f"{number:g}" for number in numbers)


def cell_text(folder: Path, **arm: object) -> str:
    """Write the URDF and return a system file with one such arm."""
    written(folder)
    keys = {"model": "urdf", "urdf": "seven.urdf", "base": "stand", "tool": "grasp", "home": list(HOME), **arm}
    lines = [f"  {key}: {value}" for key, value in keys.items() if value is not None]
    return "\n".join(["arm:", *lines, "safety:", "  table_z: 0.0", ""])


def written_cell(folder: Path, **arm: object) -> str:
    """Write a system file with one such arm and return its path."""
    path = folder / "seven.yaml"
    path.write_text(cell_text(folder, **arm))
    return str(path)
