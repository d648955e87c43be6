"""Builds the loose objects: blocks, cans and bowls."""

from __future__ import annotations

from math import cos, hypot, pi, sin
from typing import Any

import mujoco
import numpy as np

from roboact_ros.sim.scene import COLOURS, Block, Bowl, Can, Tray
from roboact_ros.sim.shapes import box, cylinder

_GRIP = {"friction": [1.0, 0.01, 0.0003], "condim": 4, "solref": [0.01, 1.0]}
_BOARD, _POST = 350.0, 0.012
"""Density of trays [kg/m^3] and radius of their posts [m]."""
_WALLS = 14
_PROFILE = 12
_HIDDEN = 3
"""Geom group that only collides; the pictures show groups 0 to 2."""


def add_block(spec: Any, block: Block) -> None:
    """Add a cube of wood; its frame is at its centre."""
    body = spec.worldbody.add_body(name=block.name)
    body.add_freejoint(name=block.name)
    half = block.size / 2
    box(body, (0, 0, 0), (half, half, half), rgba=[*COLOURS[block.colour], 1.0], density=550.0, **_GRIP)


def add_can(spec: Any, can: Can) -> None:
    """Add an upright can; its frame is at its centre."""
    body = spec.worldbody.add_body(name=can.name)
    body.add_freejoint(name=can.name)
    half = can.height / 2
    cylinder(body, (0, 0, -half), (0, 0, half), can.radius, rgba=[*COLOURS[can.colour], 1.0], density=500.0, **_GRIP)


def add_tray(spec: Any, tray: Tray) -> None:
    """Add a tray; its frame is at the middle of the board's bottom."""
    body = spec.worldbody.add_body(name=tray.name)
    body.add_freejoint(name=tray.name)
    half = [size / 2 for size in tray.size]
    box(body, (0, 0, half[2]), half, density=_BOARD, friction=[0.8, 0.01, 0.0003], **_painted(tray, "drawer"))
    for side in (-1, 1):
        y = side * tray.posts / 2
        cylinder(
            body, (0, y, tray.size[2]), (0, y, tray.reach), _POST, density=_BOARD, **_painted(tray, "handle"), **_GRIP
        )


def _painted(tray: Tray, material: str) -> dict[str, Any]:
    return {"material": material} if tray.colour is None else {"rgba": [*COLOURS[tray.colour], 1.0]}


def add_bowl(spec: Any, bowl: Bowl) -> None:
    """Add a bowl; its frame is at the middle of its foot. Flat staves collide, a smooth shell is shown."""
    body = spec.worldbody.add_body(name=bowl.name)
    body.add_freejoint(name=bowl.name)
    foot, thickness = 0.55 * bowl.radius, 0.003
    rise, spread = bowl.height, bowl.radius - foot
    cylinder(body, (0, 0, 0), (0, 0, 2 * thickness), foot, group=_HIDDEN, mass=0.15, **_GRIP)
    slope = np.arctan2(rise, spread)
    for k in range(_WALLS):
        angle = 2 * pi * k / _WALLS
        middle = (foot + bowl.radius) / 2
        half = (hypot(rise, spread) / 2, pi * bowl.radius / _WALLS, thickness)
        stave = box(body, (middle * cos(angle), middle * sin(angle), rise / 2), half, group=_HIDDEN, mass=0.01, **_GRIP)
        stave.quat = _turn(angle, -slope)
    vertices, faces = _shell(foot, bowl.radius, bowl.height, thickness)
    spec.add_mesh(name=bowl.name, uservert=vertices.ravel().tolist(), userface=faces.ravel().tolist())
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname=bowl.name,
        rgba=[*COLOURS[bowl.colour], 1.0],
        contype=0,
        conaffinity=0,
        mass=0.0,
    )


def _turn(yaw: float, pitch: float) -> list[float]:
    """Return the quaternion (w, x, y, z) of a turn about z after a turn about y [rad]."""
    cz, sz, cy, sy = cos(yaw / 2), sin(yaw / 2), cos(pitch / 2), sin(pitch / 2)
    return [cz * cy, -sz * sy, cz * sy, sz * cy]


def _shell(foot: float, rim: float, height: float, thickness: float) -> tuple[Any, Any]:
    """Return vertices (N, 3) [m] and triangles (M, 3) of a closed surface of revolution."""
    t = np.linspace(0.0, 1.0, _PROFILE // 2)
    outer = np.stack([foot + (rim - foot) * np.sin(t * pi / 2), height * (1 - np.cos(t * pi / 2))], axis=1)
    inner = outer[::-1] - [2 * thickness, 0.0]
    inner[:, 1] = np.maximum(inner[:, 1], 2 * thickness)
    profile = np.vstack([[0.0, 0.0], outer, inner, [0.0, 2 * thickness]])
    turns = 40
    angles = np.linspace(0.0, 2 * pi, turns, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    vertices = np.array([[r * c, r * s, z] for r, z in profile for c, s in ring])
    # Points on the axis would be 40 times the same vertex: keep them a hair apart from it.
    vertices[:turns, :2] = vertices[-turns:, :2] = 1e-4 * ring
    faces = []
    for level in range(len(profile) - 1):
        for k in range(turns):
            a, b = level * turns + k, level * turns + (k + 1) % turns
            faces += [(a, b, b + turns), (a, b + turns, a + turns)]
    return vertices, np.array(faces)
